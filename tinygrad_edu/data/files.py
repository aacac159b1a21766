"""Your own data, from an .npz file, looked at before anything is trained on it.  Floor 6.

Make the file with NumPy, rows as scikit-learn and pandas keep them:

    np.savez("mine.npz", X=table[["height", "weight"]].to_numpy(float), y=table["label"].to_numpy(int))
"""

import os
import zipfile
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError, DTypeError

__all__ = ["load_npz"]

# What NumPy and zipfile raise on files that are cut short, damaged, encrypted or not what their name says.
_UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)


def load_npz(
    path: str | os.PathLike[str], dtype: npt.DTypeLike = np.float64
) -> tuple[npt.NDArray[np.floating[Any]], npt.NDArray[np.int64]]:
    """The arrays X and y of the file, X turned so that columns are examples.

    path: an .npz file with X (N, features), finite numbers, and y (N,), integer labels 0, 1, ...  Rows are examples
    in the file, as scikit-learn and pandas keep them.  Other arrays in it are left aside.
    Returns X: (features, N) as `dtype`, and y: (N,) as int64.  X is not scaled.
    Raises DataError, with the file, the finding and the cure, if the file cannot be read, an array is missing, has
    the wrong number of axes, is empty, or is no plain numbers (pickled objects are never loaded); if X and y differ
    in length or X holds NaN or infinity; if labels are not integers, are negative, or are all the same.
    DTypeError if dtype is no floating-point type.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "mine.npz")
    >>> np.savez(path, X=[[1, 2], [3, 4], [5, 6]], y=[0, 1, 1])
    >>> X, y = load_npz(path)
    >>> X, y
    (array([[1., 3., 5.],
           [2., 4., 6.]]), array([0, 1, 1]))
    >>> folder.cleanup()
    """
    if np.dtype(dtype).kind != "f":
        raise DTypeError(f"load_npz: dtype is {np.dtype(dtype)}; training needs floating point: use float64, float32")
    file = os.fspath(path)
    X, y = _read(file)
    _check_shapes(file, X, y)
    return _columns(file, X, np.dtype(dtype)), _labels(file, y)


def _read(file: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The arrays X and y as they stand in the file."""
    try:
        with open(file, "rb") as stream:
            archive = np.load(stream, allow_pickle=False)
            if isinstance(archive, np.lib.npyio.NpzFile):
                with archive:
                    return _member(file, archive, "X"), _member(file, archive, "y")
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(
            f"{file}: there is no such file; is the path, seen from the working directory, right?"
        ) from error
    except IsADirectoryError as error:
        raise DataError(f"{file}: this is a directory; give the .npz file in it") from error
    except PermissionError as error:
        raise DataError(f"{file}: no permission to read it; change the file's permissions or copy it") from error
    except _UNREADABLE as error:
        raise DataError(f"{file}: not a readable .npz file; make one with np.savez('data.npz', X=X, y=y)") from error
    raise DataError(
        f"{file}: this is an .npy file with one array; save X and y together: np.savez('data.npz', X=X, y=y)"
    )


def _member(file: str, archive: Any, name: str) -> npt.NDArray[Any]:
    """One array out of the archive, never unpickled."""
    if name not in archive.files:
        found = ", ".join(map(str, archive.files)) or "nothing"
        raise DataError(f"{file}: there is no array {name} in it; it holds {found}; save with np.savez(path, X=X, y=y)")
    try:
        array = archive[name]
    except _UNREADABLE as error:
        if "pickle" in str(error):
            raise DataError(
                f"{file}: {name} is an array of Python objects, which is never loaded, because unpickling can run any "
                f"program; save numbers: {name}.astype({'float' if name == 'X' else 'int'})"
            ) from error
        raise DataError(f"{file}: {name} is damaged ({error}); save the file again") from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"{file}: {name} is not an array; make the file with np.savez(path, X=X, y=y)")
    return array


def _check_shapes(file: str, X: npt.NDArray[Any], y: npt.NDArray[Any]) -> None:
    """X: (N, features) and y: (N,), neither empty."""
    if X.ndim != 2:
        cure = "X.reshape(-1, 1)" if X.ndim < 2 else "X.reshape(len(X), -1)"
        raise DataError(f"{file}: X is {X.shape}; it must be (N, features), one row per example: {cure}")
    if y.ndim != 1:
        cure = "; from one-hot rows: y.argmax(axis=1)" if y.ndim == 2 and 1 not in y.shape else ": y.ravel()"
        raise DataError(f"{file}: y is {y.shape}; it must be (N,), one label per example{cure}")
    if X.size == 0 or y.size == 0:
        raise DataError(f"{file}: X is {X.shape}, y is {y.shape}; there is no example in it")
    if X.shape[0] != y.shape[0]:
        cure = "; are the examples in the columns?  Save X.T" if X.shape[1] == y.shape[0] else ""
        raise DataError(f"{file}: X has {X.shape[0]} rows, y has {y.shape[0]} labels; each row needs its label{cure}")


def _columns(file: str, X: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[np.floating[Any]]:
    """X as columns of finite numbers, (features, N)."""
    if X.dtype.kind not in "fiub":
        raise DataError(
            f"{file}: X is {X.dtype}, not real numbers; turn its columns into numbers and save X.astype(float)"
        )
    finite = np.isfinite(X)
    if not finite.all():
        row, column = (int(i) for i in np.argwhere(~finite)[0])
        raise DataError(
            f"{file}: X holds {X[row, column]} in row {row}, column {column} ({(~finite).sum()} such values in all); "
            f"leave those rows out: keep = np.isfinite(X).all(axis=1); X, y = X[keep], y[keep]"
        )
    with np.errstate(over="ignore"):  # reported below
        columns = np.ascontiguousarray(X.T, dtype=dtype)
    if not np.isfinite(columns).all():
        raise DataError(
            f"{file}: X holds {float(abs(X).max()):g}, too large for {dtype}; scale it: (X - X.mean(0)) / X.std(0)"
        )
    return columns


def _labels(file: str, y: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """y as int64, two classes at least."""
    if y.dtype.kind not in "iub":
        cure = "y.astype(int)" if y.dtype.kind == "f" else "np.unique(y, return_inverse=True)[1]"
        raise DataError(f"{file}: y is {y.dtype}; labels must be integers 0, 1, ...: {cure}")
    low, high = int(y.min()), int(y.max())
    if low < 0 or high > np.iinfo(np.int64).max:
        raise DataError(
            f"{file}: y reaches from {low} to {high}; labels must be 0, 1, ...: np.unique(y, return_inverse=True)[1]"
        )
    if low == high:
        raise DataError(f"{file}: every label in y is {low}; a classifier needs two classes at least")
    return y.astype(np.int64)

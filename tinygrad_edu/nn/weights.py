"""Weights on disk: a plain .npz of numbers, written whole or not at all, read without running anything.  Floor 6."""

import os
import uuid
import zipfile
from pathlib import Path

import numpy as np

from ..errors import DataError
from .module import Module

__all__ = ["load_weights", "save_weights"]


def save_weights(module: Module, path: str | os.PathLike[str]) -> None:
    """Write every parameter, under its name, to an .npz file; a file that is there is replaced when all is written.

    Raises DataError where the file cannot be written.

    >>> import tempfile
    >>> from tinygrad_edu.nn import Dense
    >>> layer, other = Dense(2, 1, seed=0), Dense(2, 1, seed=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_weights(layer, folder + "/layer.npz")
    ...     load_weights(other, folder + "/layer.npz")
    >>> bool((other.W.data == layer.W.data).all())
    True
    """
    path, state = Path(path), module.state_dict()
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with zipfile.ZipFile(unfinished, "w") as archive:  # np.savez would take a parameter called "file" for its own
            for name, array in state.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                    np.lib.format.write_array(stream, array, allow_pickle=False)
        os.replace(unfinished, path)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def load_weights(module: Module, path: str | os.PathLike[str]) -> None:
    """Set every parameter from a file that `save_weights` wrote.  Pickled objects in it are never loaded.

    Raises DataError for what is no such file or does not fit, ShapeError or DTypeError for arrays that do not; then
    no parameter has been changed.

    >>> load_weights(Module(), "nowhere.npz")
    Traceback (most recent call last):
        ...
    tinygrad_edu.errors.DataError: nowhere.npz does not exist.
    """
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as archive:
            state = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise DataError(f"{path} does not exist.") from None
    except (OSError, ValueError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        pickled = isinstance(error, ValueError) and "allow_pickle" in str(error)
        why = "it holds no plain arrays, and objects are never loaded" if pickled else str(error).rstrip(".")
        raise DataError(f"{path} is no readable .npz file of weights: {why}.") from error
    module.load_state_dict(state)

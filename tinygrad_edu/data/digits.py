"""Real handwriting that ships with the package.  Floor 6."""

from importlib.resources import files
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DTypeError
from .split import Split

__all__ = ["load_digits"]


def load_digits(dtype: npt.DTypeLike = np.float64) -> Split:
    """1797 handwritten digits, 8x8 pixels, by 13 people: 1438 to train on, 359 to test on.

    Returns Split(X_train (64, 1438), y_train (1438,), X_test (64, 359), y_test (359,)).  X: the share of ink in each
    pixel, 0 to 1 in steps of 1/16, row by row, as `dtype` (float64, float32, ...); X_train[:, i].reshape(8, 8) is a
    picture.  y: the digits 0 ... 9 as int64.  Each call returns new arrays.
    The test part was drawn once, each digit in proportion, and is stored with the data.  The 13 people are in both
    parts, so the test accuracy speaks of new digits by known hands.
    Raises DTypeError if dtype is no floating-point type.

    Source: the test set of E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository, https://doi.org/10.24432/C50P49, licence CC BY 4.0.  `digits.txt` beside this file says how
    the array was made.

    >>> digits = load_digits()
    >>> digits.X_train.shape, digits.X_test.shape
    ((64, 1438), (64, 359))
    >>> for row in digits.X_train[:, 0].reshape(8, 8):
    ...     print("".join("_-+#"[int(3 * ink)] for ink in row))
    ___+-___
    __++-+__
    __+__+-_
    __+__--_
    __-__--_
    __+__+-_
    __+_-+__
    __-+-___
    """
    if np.dtype(dtype).kind != "f":
        raise DTypeError(
            f"load_digits: dtype is {np.dtype(dtype)}; pixels are shares from 0 to 1: use float64, float32"
        )
    # Through importlib and in memory, so that it works from any directory and out of a zip file.
    with np.load(BytesIO(files(__package__).joinpath("digits.npz").read_bytes()), allow_pickle=False) as archive:
        images: npt.NDArray[np.uint8] = archive["images"]  # (1797, 64), 0 ... 16
        labels: npt.NDArray[np.uint8] = archive["labels"]  # (1797,)
        test: npt.NDArray[np.bool_] = archive["test"]  # (1797,)
    X: npt.NDArray[Any] = np.ascontiguousarray(images.T, dtype=dtype) / 16
    y = labels.astype(np.int64)
    return Split(X.compress(~test, axis=1), y[~test], X.compress(test, axis=1), y[test])

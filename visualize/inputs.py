"""What the pictures of training are handed: real numbers in arrays or Tensors, names of classes, numbers of epochs."""

import operator
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from tinygrad_edu import Tensor
from tinygrad_edu.errors import ShapeError

from .errors import NotDrawableError, OptionError
from .text import visible

__all__ = ["label_text", "plain", "real_numbers", "size_of", "whole_epochs"]


def plain(a: Any) -> np.ndarray:
    """The array in a Tensor, or whatever else NumPy makes an array of."""
    return a.data if isinstance(a, Tensor) else np.asarray(a)


def real_numbers(a: Any, what: str) -> np.ndarray:
    """The entries of an array or Tensor as float64.  Raises NotDrawableError for complex ones and what is no number.

    >>> real_numbers([1, True], "a histogram")
    array([1., 1.])
    """
    try:
        array = plain(a)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"the dtype is {array.dtype}")
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotDrawableError(f"{what} shows real numbers, and this is none: {error}.") from error


def label_text(label: int, names: Sequence[Any] | None) -> str:
    """The name of a class; the label itself where it has none.

    >>> label_text(1, ["even", "odd"]), label_text(2, ["even", "odd"])
    ('odd', '2')
    """
    known = names is not None and 0 <= label < len(names)
    return visible(str(names[label] if known and names is not None else label))


def size_of(numbers: np.ndarray) -> tuple[float, float]:
    """Root mean square and largest |entry| of finite numbers, without a square that overflows; 0 where there are none.

    >>> size_of(np.array([3e300, -4e300])), size_of(np.array([]))
    ((3.5355339059327377e+300, 4e+300), (0.0, 0.0))
    """
    largest = float(np.abs(numbers).max(initial=0.0))
    return (largest * float(np.sqrt(np.mean((numbers / largest) ** 2))) if largest else 0.0), largest


def whole_epochs(epochs: Sequence[int], where: str) -> list[int]:
    """Increasing whole numbers, at least one.  Raises NotDrawableError, ShapeError or OptionError.

    >>> whole_epochs(range(1, 4), "curves(epochs, panels)")
    [1, 2, 3]
    """
    try:
        found = [operator.index(e) for e in epochs]
    except TypeError as error:
        raise NotDrawableError(f"{where}: epochs are whole numbers, such as range(1, 21): {error}.") from error
    if not found:
        raise ShapeError(f"{where}: epochs is empty; train for at least one epoch.")
    for before, after in pairwise(found):
        if before >= after:
            raise OptionError(f"{where}: epochs must increase, and {after} comes after {before}.")
    return found

"""What may stand in an operation beside Tensors, and what a Tensor may hold.  Floor 1."""

from typing import Any

import numpy as np

from .errors import DTypeError, ShapeError

__all__ = ["RAW", "numbers", "operand"]

#: The types that go to NumPy as they are.
RAW = {bool, int, float, complex, np.ndarray, np.bool_, np.int32, np.int64, np.float16, np.float32, np.float64}


def operand(x: Any) -> Any:
    """A raw operand as the rules expect it: lists become arrays, and what is no number is refused."""
    if type(x) in RAW or hasattr(x, "__tinygrad_record__"):
        return x
    return numbers(x)


def numbers(data: Any, dtype: Any = None) -> np.ndarray:
    """data as a plain array of numbers, sharing its memory as np.asarray does.

    Raises DTypeError for what holds no numbers or more than numbers (masks, matrices), ShapeError for ragged lists.
    """
    if isinstance(data, list | tuple) and any(hasattr(x, "__tinygrad_record__") for x in data):
        raise DTypeError("a list of Tensors is not a Tensor: join them with np.stack or np.concatenate.")
    if isinstance(data, np.ma.MaskedArray | np.matrix):
        raise DTypeError(f"a {type(data).__name__} means more than its entries: use a plain array.")
    try:
        array = np.asarray(data, dtype)
    except ValueError as error:
        raise ShapeError(f"this {type(data).__name__} is no array: {error}.") from error
    if array.dtype.kind not in "biufc":
        raise DTypeError(f"a Tensor holds numbers; this {type(data).__name__} became an array of dtype {array.dtype}.")
    return array

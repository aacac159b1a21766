"""What NumPy's arguments mean: an axis, an index, a dtype, and those that no rule covers.  Floor 2: NumPy only.

No operation is declared here; every chapter of the book may import from this file.  `function` is the name that an
error says, that of the function which was called.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import DTypeError, IndexingError, NoRuleError, ShapeError
from ..operands import operand

__all__ = [
    "array_of",
    "axes_of",
    "axis_of",
    "cast",
    "common_shape",
    "floats",
    "lined_up",
    "misfit",
    "refuse",
    "refuse_complex",
    "whole_numbers",
]

# Arrays and dtypes


def array_of(x: Any) -> Any:
    """x itself if it is an array or a Tensor; numbers and lists as an array."""
    return x if hasattr(x, "dtype") and hasattr(x, "ndim") else np.asarray(x)


def cast(x: Any, dtype: Any) -> Any:
    """x as an array of the dtype; as it is where none is named."""
    x = array_of(x)
    return x if dtype is None or x.dtype == dtype else x.astype(dtype)


def floats(x: Any) -> Any:
    """x as an array, integers and booleans as float64: a difference of unsigned integers would wrap around."""
    x = array_of(x)
    return x if x.dtype.kind in "fc" else x.astype(np.float64)


def misfit(v: Any, dtype: Any) -> str:
    """What is wrong with putting v among entries of this dtype: NumPy would cut off fractions or imaginary parts."""
    kind = np.result_type(v).kind
    if kind not in "fc" or dtype.kind in ("fc" if kind == "f" else "c"):
        return ""
    whole = "float" if kind == "f" else "complex"
    return f"a {whole} value put into {dtype} would be cut off: use x.astype({whole}) first."


# Axes, shapes and indices


def axes_of(function: str, x: Any, axis: Any) -> tuple[int, ...]:
    """The axes that `axis` names, all where it is None, counted from the front."""
    if axis is None:
        return tuple(range(np.ndim(x)))
    try:
        return tuple(np.lib.array_utils.normalize_axis_tuple(axis, np.ndim(x)))
    except ValueError as error:
        raise IndexingError(f"{function}: the array is {np.shape(x)}; {error}.") from error
    except TypeError as error:
        raise DTypeError(f"{function}: an axis is a whole number; {error}.") from error


def axis_of(function: str, x: Any, axis: Any) -> int:
    """The one axis that `axis` names, counted from the front."""
    (axis,) = axes_of(function, x, [axis])
    return axis


def lined_up(function: str, a: Any, axis: Any) -> tuple[Any, int]:
    """(a, the axis counted from the front); a in one line where the axis is None."""
    return (np.ravel(a), 0) if axis is None else (operand(a), axis_of(function, a, axis))


def common_shape(function: str, arrays: Sequence[Any]) -> tuple[int, ...]:
    """The shape that the arrays broadcast to."""
    shapes = [np.shape(x) for x in arrays]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ShapeError(f"{function}: the shapes {', '.join(map(str, shapes))} do not broadcast to one.") from None


def whole_numbers(function: str, indices: Any) -> Any:
    """Indices, lengths or widths as an array, even from a Tensor."""
    array = np.asarray(indices)
    if array.size and array.dtype.kind not in "biu":
        raise DTypeError(f"{function}: whole numbers are needed, and these are {array.dtype}.")
    return array.astype(np.intp)


# What is refused


def refuse(function: str, **arguments: Any) -> None:
    """Raise NoRuleError for an argument of NumPy's that is given and that no rule covers, such as out=."""
    for name, value in arguments.items():
        if value is not None:
            raise NoRuleError(
                f"{function}(..., {name}=...): no gradient rule covers the argument {name!r}; "
                f"leave it out, or call NumPy on `.data` if no gradient is wanted."
            )


def refuse_complex(x: Any) -> None:
    """Raise TypeError for complex numbers, in a forward function: its error will name the operation and its operand."""
    if x.dtype.kind == "c":
        raise TypeError("complex numbers have no order: take np.real() or np.abs()")

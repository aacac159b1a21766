"""Say what went wrong in an op, in the names of its operands.  Floor 1.

NumPy's own messages know neither the op's name nor the operands'; these add both, and the cure where it is known.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .errors import DomainError, DTypeError, IndexingError, MatrixError, ShapeError, TinygradEduError

__all__ = ["explain", "operand_names"]


def operand_names(op: Any, operands: Sequence[Any]) -> list[str]:
    """Each operand as the reader knows it: a tensor's name, a number, or the op's own name for the input."""
    inputs = op.inputs * len(operands) if op.variadic else op.inputs
    names = []
    for i, (x, letter) in enumerate(zip(operands, inputs)):
        if getattr(x, "name", None):
            names.append(str(x.name))
        elif isinstance(x, int | float):
            names.append(repr(x))
        else:
            names.append(f"{letter}[{i}]" if op.variadic else letter)
    return names


def explain(op: Any, operands: Sequence[Any], params: Any, error: Exception) -> TinygradEduError:
    """The error to raise instead of `error`, which op.forward raised on these operands."""
    names = operand_names(op, operands)
    shapes = [np.shape(getattr(x, "_array", x)) for x in operands]
    given = [f"{k}={v!r}" for k, v in params.items() if v is not None and k != "rng"]
    call = f"{op.name}({', '.join(names + given)})"
    if isinstance(error, DomainError):
        return DomainError(f"{call}: {error}")
    if isinstance(error, TinygradEduError):
        return type(error)(*error.args)  # not error itself: `raise error from error` would be a cycle
    if isinstance(error, TypeError | AttributeError):
        dtypes = ", ".join(f"{n} is {getattr(x, 'dtype', type(x).__name__)}" for n, x in zip(names, operands))
        return DTypeError(f"{call}: {dtypes}; {str(error).rstrip('.')}.")
    facts = [f"{n} is {s}" for n, s in zip(names, shapes) if s or len(shapes) == 1]
    if isinstance(error, np.linalg.LinAlgError):
        return MatrixError(f"{call}: {', '.join(facts)}; {str(error).rstrip('.')}.")
    kind = IndexingError if isinstance(error, IndexError) else ShapeError
    return kind(f"{call}: {', '.join(facts)}; {_reason(op, names, shapes, str(error))}.")


def _reason(op: Any, names: list[str], shapes: list[tuple[int, ...]], message: str) -> str:
    if op.name in ("matmul", "affine") and all(shapes[:2]):
        (a, b) = shapes[:2]
        inner = b[-2] if len(b) > 1 else b[0]
        if a[-1] != inner:
            return f"the inner sizes {a[-1]} and {inner} differ{_transposed(names, a, b)}"
        if op.name == "affine" and len(a) == len(b) == 2 and shapes[2] != (a[0], 1):
            return f"b should be ({a[0]}, 1)"
    if "broadcast" in message and len(shapes) > 1:
        axes = max(len(s) for s in shapes)
        for axis, sizes in enumerate(zip(*((1,) * (axes - len(s)) + s for s in shapes), strict=True)):
            distinct = [n for n in dict.fromkeys(sizes) if n != 1]
            if len(distinct) > 1:
                differing = " and ".join(map(str, distinct))
                return f"along axis {axis} the sizes {differing} differ, and neither is 1{_as_column(names, shapes)}"
    return message.rstrip(".")


def _transposed(names: list[str], a: tuple[int, ...], b: tuple[int, ...]) -> str:
    """The product that would fit, if turning one of two matrices makes it fit."""
    if len(a) == len(b) == 2:
        if a[0] == b[0]:
            return f"; {names[0]}.T @ {names[1]} would fit"
        if a[1] == b[1]:
            return f"; {names[0]} @ {names[1]}.T would fit"
    return ""


def _as_column(names: list[str], shapes: list[tuple[int, ...]]) -> str:
    """The cure for a vector with one entry per row, laid along the columns."""
    for i, j in ((0, 1), (1, 0)):
        if len(shapes) == 2 and len(shapes[i]) == 1 and len(shapes[j]) == 2 and shapes[i][0] == shapes[j][0]:
            return f"; {names[i]}[:, None] would fit"
    return ""

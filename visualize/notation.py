"""An operation as it stands on the board: `W1 @ X + b1`, `sum(x, axis=1)`, `x[0, 1:]`.

It is written as `tinygrad_edu.derive` writes it; only numbers and arrays are as short as the text of a box.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu.derivation.notation import Written, param_text, python
from tinygrad_edu.tracing import Step

from .text import TINY, array_text, visible

__all__ = ["expression", "scalar_text"]


def expression(t: Any, operands: Sequence[Any]) -> str:
    """The right-hand side of the equation of a Tensor t that was computed.

    operands: for each of its inputs a name, or the number that it is.

    >>> from tinygrad_edu import Tensor
    >>> x = Tensor(np.ones((2, 3)), requires_grad=True)
    >>> expression(x @ x.T, ["W", "X"]), expression(x.sum(axis=1), ["Z"]), expression(x**-0.5, ["x", -0.5])
    ('W @ X', 'sum(Z, axis=1)', 'x ** -0.5')
    """
    written = [Written(x) if isinstance(x, str) else BOARD.number(x) for x in operands]
    return BOARD.step(Step(t, t.op, t.inputs, t.params), written).text


def scalar_text(x: Any) -> str:
    """A raw number inside an equation.

    >>> scalar_text(2.0), scalar_text(-0.5), scalar_text(1 / 3)
    ('2.0', '-0.5', '0.3333')
    """
    text = repr(x) if isinstance(x, bool | int | float | complex) and not isinstance(x, np.generic) else array_text(x)
    return text if len(text) <= 8 else array_text(x)


def _called(step: Step, operands: list[str], keywords: list[str]) -> str:
    return f"{visible(step.op.name)}({', '.join(operands + keywords)})"


def _param(x: Any) -> str:
    return param_text(x, _value)


def _value(x: Any) -> str:
    """A parameter's value, and never an address in memory: the same graph gives the same picture."""
    if x is None or isinstance(x, bool | int | float | complex | str):
        return repr(x)
    if isinstance(x, np.dtype) or (isinstance(x, type) and issubclass(x, np.generic)):
        return np.dtype(x).name
    if isinstance(x, np.ndarray | np.generic):
        return array_text(x) if 0 < x.size <= TINY else f"array{x.shape}"
    return visible(str(getattr(x, "__name__", type(x).__name__)))


BOARD = python(_called, scalar_text, _param)

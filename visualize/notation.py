"""An operation as it stands on the board: `W1 @ X + b1`, `sum(x, axis=1)`, `x[0, 1:]`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .text import TINY, array_text, visible

__all__ = ["expression", "scalar_text"]

#: Two operands with a sign between them.
INFIX = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "power": "**",
    "matmul": "@",
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
}

#: Operations with a form of their own, where they have no other parameters than the default ones.
FORMS = {
    "negative": "-{}",
    "positive": "+{}",
    "affine": "{} @ {} + {}",
    "transpose": "{}.T",
}


def expression(op: str, operands: Sequence[str], params: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """The right-hand side of the step's equation; parameters only where they differ from their defaults.

    >>> expression("matmul", ["W", "X"], {}, {})
    'W @ X'
    >>> expression("sum", ["Z"], {"axis": 1, "keepdims": False}, {"axis": None, "keepdims": False})
    'sum(Z, axis=1)'
    """
    if op == "getitem" and "key" in params and len(operands) == 1:
        return f"{operands[0]}[{_key(params['key'])}]"
    special = {k: v for k, v in params.items() if not (k in defaults and _same(v, defaults[k]))}
    if not special and len(operands) == 2 and op in INFIX:
        return f"{operands[0]} {INFIX[op]} {operands[1]}"
    if not special and op in FORMS and FORMS[op].count("{}") == len(operands):
        return FORMS[op].format(*operands)
    return f"{op}({', '.join([*operands, *(f'{k}={_param(v)}' for k, v in special.items())])})"


def scalar_text(x: Any) -> str:
    """A raw number inside an equation; a negative one in brackets, so that `x ** (-2.0)` reads right.

    >>> scalar_text(2.0), scalar_text(-0.5), scalar_text(1 / 3)
    ('2.0', '(-0.5)', '0.3333')
    """
    text = repr(x) if isinstance(x, bool | int | float | complex) and not isinstance(x, np.generic) else array_text(x)
    if len(text) > 8:
        text = array_text(x)
    return f"({text})" if text.startswith("-") else text


def _same(a: Any, b: Any) -> bool:
    return a is b or (isinstance(a, bool | int | float | str) and type(a) is type(b) and a == b)


def _key(key: Any) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join(map(_param, parts)) if parts else "()"


def _param(x: Any) -> str:
    """A parameter's value, and never an address in memory: the same graph gives the same picture."""
    if isinstance(x, slice):
        ends = f"{'' if x.start is None else _param(x.start)}:{'' if x.stop is None else _param(x.stop)}"
        return ends if x.step is None else f"{ends}:{_param(x.step)}"
    if x is Ellipsis:
        return "..."
    if isinstance(x, tuple):
        return f"({', '.join(map(_param, x))}{',' if len(x) == 1 else ''})"
    if isinstance(x, list):
        return f"[{', '.join(map(_param, x))}]"
    if x is None or isinstance(x, bool | int | float | complex | str):
        return repr(x)
    if isinstance(x, np.dtype) or (isinstance(x, type) and issubclass(x, np.generic)):
        return np.dtype(x).name
    if isinstance(x, np.ndarray | np.generic):
        return array_text(x) if 0 < x.size <= TINY else f"array{x.shape}"
    return visible(str(getattr(x, "__name__", type(x).__name__)))

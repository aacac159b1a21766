"""An operation as Python writes it: `W.T @ dZ`, `dA * (Z > 0)`, `sum(dZ, axis=1, keepdims=True)`.  Floor 6.

Expressions are put together from the inside out, each with how tightly it binds, so that parentheses stand only where
precedence needs them.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from ..primitives import Primitive
from ..rules import elementwise as rules
from ..rules.indexing import getitem
from ..rules.linalg import affine, matmul
from ..rules.rounding import floor_divide, remainder
from ..rules.shape import transpose
from ..tensor import Tensor
from ..tracing import Step
from .lines import Line
from .naming import Names, Size

__all__ = [
    "Binds",
    "Dialect",
    "INFIX",
    "Parentheses",
    "TEXT",
    "Written",
    "infix",
    "is_dtype",
    "key_text",
    "param_text",
    "python",
    "special",
    "text_param",
    "write_line",
    "written_line",
]


class Binds(IntEnum):
    """How tightly operators bind, as in Python; names, calls and indexing bind tightest.

    A matrix product binds as any other in Python, and tighter where it stands without a sign, in a book.
    """

    COMPARISON = 1
    SUM = 2
    PRODUCT = 3
    MATRIX = 4
    SIGN = 5
    POWER = 6
    ATOM = 7


INFIX: dict[Primitive, tuple[str, Binds]] = {
    rules.add: ("+", Binds.SUM),
    rules.subtract: ("-", Binds.SUM),
    rules.multiply: ("*", Binds.PRODUCT),
    rules.divide: ("/", Binds.PRODUCT),
    matmul: ("@", Binds.PRODUCT),
    floor_divide: ("//", Binds.PRODUCT),
    remainder: ("%", Binds.PRODUCT),
    rules.equal: ("==", Binds.COMPARISON),
    rules.not_equal: ("!=", Binds.COMPARISON),
    rules.less: ("<", Binds.COMPARISON),
    rules.less_equal: ("<=", Binds.COMPARISON),
    rules.greater: (">", Binds.COMPARISON),
    rules.greater_equal: (">=", Binds.COMPARISON),
}


#: Arrays of more entries than this are named by their shape.
LONGEST = 12


Parentheses = tuple[str, str]


class Written(NamedTuple):
    """An expression's text, and how tightly its outermost operator binds."""

    text: str
    binds: int = Binds.ATOM

    def within(self, binds: int, parentheses: Parentheses = ("(", ")")) -> str:
        """As an operand of what binds so tightly, in parentheses if it must be."""
        return self.text if self.binds >= binds else self.text.join(parentheses)


class Dialect(NamedTuple):
    """How a language writes a name, a number, and a step of operands that are written already."""

    name: Callable[[str], Written]
    number: Callable[[Any], Written]
    step: Callable[[Step, Sequence[Written]], Written]


def write_line(line: Line, names: Names, dialect: Dialect) -> str:
    """The right-hand side of the line's equation."""
    return written_line(line, names, dialect).text


def written_line(line: Line, names: Names, dialect: Dialect) -> Written:
    """Likewise, with how tightly it binds."""
    written: dict[Any, Written] = {}

    def operand(x: Any) -> Written:
        if type(x) is Tensor:
            return written[x] if x in written else dialect.name(names.of[x])
        return dialect.name(x.name) if type(x) is Size else dialect.number(x)

    for step in line.steps:
        written[step.out] = dialect.step(step, [operand(x) for x in step.inputs])
    return operand(line.end)


def python(
    called: Callable[[Step, list[str], list[str]], str], number: Callable[[Any], str], param: Callable[[Any], str]
) -> Dialect:
    """Python, in which an operation is called so, with its operands and keywords; and numbers and parameters are so."""

    def signed(x: Any) -> Written:
        text = number(x)
        return Written(text, Binds.SIGN if text.startswith("-") else Binds.ATOM)

    def written(step: Step, operands: Sequence[Written]) -> Written:
        if step.op is getitem:
            return Written(f"{operands[0].within(Binds.ATOM)}[{key_text(step.params['key'], param)}]")
        keywords = [f"{k}={param(v)}" for k, v in special(step).items()]
        plain = None if keywords else _operator(step.op, operands)
        return plain or Written(called(step, [x.text for x in operands], keywords))

    return Dialect(Written, signed, written)


def _operator(op: Primitive, operands: Sequence[Written]) -> Written | None:
    """The step written with an operator, if there is one."""
    if op in INFIX:
        return infix(*INFIX[op], operands)
    if op is rules.power:
        return Written(f"{operands[0].within(Binds.ATOM)} ** {operands[1].within(Binds.SIGN)}", Binds.POWER)
    if op is rules.negative:
        return Written(f"-{operands[0].within(Binds.SIGN)}", Binds.SIGN)
    if op is affine:
        return infix("+", Binds.SUM, [infix("@", Binds.PRODUCT, operands[:2]), operands[2]])
    if op is transpose:
        return Written(f"{operands[0].within(Binds.ATOM)}.T")
    return None


def infix(sign: str, binds: Binds, operands: Sequence[Written], parentheses: Parentheses = ("(", ")")) -> Written:
    """Two operands with a sign between them."""
    left = operands[0].within(binds + (binds is Binds.COMPARISON), parentheses)  # a < b < c means something else
    return Written(f"{left} {sign} {operands[1].within(binds + 1, parentheses)}", binds)


def special(step: Step) -> dict[str, Any]:
    """The parameters that differ from their defaults; one axis as a number, though the engine names it in a tuple."""
    defaults = step.op.defaults
    found = {k: v for k, v in step.params.items() if not (k in defaults and _same(v, defaults[k]))}
    return {k: v[0] if k == "axis" and type(v) is tuple and len(v) == 1 else v for k, v in found.items()}


def key_text(key: Any, param: Callable[[Any], str]) -> str:
    """What stands between the brackets of an index."""
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join(_index(x, param) for x in parts) + ("," if len(parts) == 1 and key is parts else "") or "()"


def _index(x: Any, param: Callable[[Any], str]) -> str:
    if isinstance(x, slice):
        start, stop, step = ("" if end is None else param(end) for end in (x.start, x.stop, x.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    return "..." if x is Ellipsis else param(x)


def _same(a: Any, b: Any) -> bool:
    return a is b or (isinstance(a, bool | int | float | str) and type(a) is type(b) and a == b)


def param_text(x: Any, other: Callable[[Any], str]) -> str:
    """A parameter's value, of which `other` writes what is no sequence and no part of an index."""
    if isinstance(x, tuple):
        return f"({', '.join(param_text(y, other) for y in x)}{',' if len(x) == 1 else ''})"
    if isinstance(x, list | range):
        return f"[{', '.join(param_text(y, other) for y in x)}]"
    if isinstance(x, slice):
        return f"slice({x.start}, {x.stop}, {x.step})"
    return "..." if x is Ellipsis else other(x)


def text_param(x: Any) -> str:
    """A parameter's value for a reader."""
    return param_text(x, _text_value)


def _text_value(x: Any) -> str:
    if is_dtype(x):
        return np.dtype(x).name
    if isinstance(x, np.ndarray):
        return text_param(x.tolist()) if 0 < x.size <= LONGEST else f"array of shape {x.shape}"
    if isinstance(x, np.generic):
        return str(x)
    return repr(x) if x is None or isinstance(x, bool | int | float | complex | str) else type(x).__name__


def is_dtype(x: Any) -> bool:
    """Whether x is a dtype of NumPy's, or a type that stands for one."""
    return isinstance(x, np.dtype) or (isinstance(x, type) and issubclass(x, np.generic))


TEXT = python(lambda step, args, keywords: f"{step.op.name}({', '.join(args + keywords)})", str, text_param)

"""An equation as it is set in a book: dW^{[2]} = dZ^{[2]} A^{[1]\\top}.  Floor 6."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..rules import elementwise as rules
from ..rules.indexing import getitem
from ..rules.linalg import affine, matmul
from ..rules.shape import transpose
from ..tracing import Step
from .notation import INFIX, Binds, Dialect, Written, infix, key_text, special, text_param

__all__ = ["LATEX", "latex_name"]

#: Functions that LaTeX sets upright by itself.
UPRIGHT = {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "max", "min", "det"}

RELATIONS = {"==": "=", "!=": r"\neq", "<=": r"\leq", ">=": r"\geq", "%": r"\bmod", "//": r"\mathbin{/\!/}"}

PARENTHESES = (r"\left(", r"\right)")

GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "pi",
    "rho", "sigma", "tau", "phi", "chi", "psi", "omega",
}  # fmt: skip


def latex_name(name: str) -> str:
    r"""A layer's number as the course writes it, other numbers below, long names upright.

    >>> print(latex_name("dW2"), latex_name("t1"), latex_name("theta"), latex_name("loss_a"))
    dW^{[2]} t_{1} \theta \mathrm{loss\_a}
    """
    if layer := re.fullmatch(r"(d?[WbZA])(\d+)", name):
        return f"{layer[1]}^{{[{layer[2]}]}}"
    stem, number = re.fullmatch(r"(.*?)_?(\d*)", name).groups()  # type: ignore[union-attr]  # it matches everything
    d, rest = ("d", stem[1:]) if len(stem) > 1 and stem[0] == "d" else ("", stem)
    if rest.rstrip("_") in GREEK:
        text = f"{d}\\{rest.rstrip('_')}"
    else:
        text = f"{d}{rest}" if len(rest) == 1 else rf"\mathrm{{{stem}}}".replace("_", r"\_")
    return f"{text}_{{{number}}}" if number else text


def _number(x: Any) -> Written:
    text = str(x)
    if re.fullmatch(r"-?[\d.]+e[+-]?\d+", text):
        digits, power = text.split("e")
        return Written(rf"{digits} \cdot 10^{{{int(power)}}}", Binds.PRODUCT)
    text = {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{NaN}"}.get(text, text)
    return Written(text, Binds.SIGN if text.startswith("-") else Binds.ATOM)


def _step(step: Step, operands: Sequence[Written]) -> Written:
    op = step.op.name
    if step.op is getitem:
        key = _escaped(key_text(step.params["key"], text_param))
        return Written(f"{{{operands[0].within(Binds.ATOM, PARENTHESES)}}}_{{[{key}]}}")  # it may have an index already
    keywords = [rf"\mathrm{{{_escaped(k)}}}={_value(v)}" for k, v in special(step).items()]
    if not keywords and (plain := _plain(step, operands)):
        return plain
    name = f"\\{op}" if op in UPRIGHT else rf"\operatorname{{{_escaped(op)}}}"
    arguments = r",\, ".join([*(x.text for x in operands), *keywords])
    return Written(rf"{name}\left({arguments}\right)")


def _plain(step: Step, operands: Sequence[Written]) -> Written | None:
    """The step written with an operator, if there is one."""
    op = step.op
    if op is rules.divide:
        return Written(rf"\frac{{{operands[0].text}}}{{{operands[1].text}}}", Binds.MATRIX)
    if op is rules.multiply:
        return _between(r"\odot" if all(np.ndim(x) for x in step.inputs) else r"\cdot", Binds.PRODUCT, operands)
    if op is matmul:
        return _between(r"\,", Binds.MATRIX, operands)
    if op in INFIX:
        sign, binds = INFIX[op]
        return _between(RELATIONS.get(sign, sign), binds, operands)
    if op is rules.power:
        return Written(f"{_raised(operands[0], operands[1].text)}", Binds.POWER)
    if op is rules.negative:
        return Written(f"-{operands[0].within(Binds.SIGN, PARENTHESES)}", Binds.SIGN)
    if op is affine:
        return _between("+", Binds.SUM, [_between(r"\,", Binds.MATRIX, operands[:2]), operands[2]])
    if op is transpose:
        return Written(_raised(operands[0], r"\top"), Binds.POWER)
    return None


def _between(sign: str, binds: Binds, operands: Sequence[Written]) -> Written:
    return infix(sign, binds, operands, PARENTHESES)


def _raised(x: Written, power: str) -> str:
    """x to a power, or transposed; a layer's number stays in its brackets."""
    if layer := re.fullmatch(r"(d?[WbZA])\^\{(\[\d+\])\}", x.text):
        return f"{layer[1]}^{{{layer[2]}{power}}}" if power == r"\top" else rf"\left({x.text}\right)^{{{power}}}"
    return f"{x.within(Binds.ATOM, PARENTHESES)}^{{{power}}}"


def _value(x: Any) -> str:
    text = _escaped(text_param(x))
    return rf"\mathrm{{{text}}}" if x is None or isinstance(x, bool) else text


def _escaped(text: str) -> str:
    return re.sub(r"([_{}&%$#])", r"\\\1", text)


LATEX = Dialect(lambda name: Written(latex_name(name)), _number, _step)

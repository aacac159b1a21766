"""What a person would not have written: times 1, W.T.T, ones spread out for a product, sums of numbers.  Floor 6.

Every change leaves the numbers as they are, to the last bit.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ..primitives import Primitive
from ..rules.elementwise import add, divide, multiply, negative, power, subtract
from ..rules.shape import broadcast_to, transpose
from ..tensor import Tensor
from ..tracing import Step

__all__ = ["simplified"]


def _spreads(op: Primitive) -> bool:
    """Whether the operation spreads its operands itself, and takes numbers among them."""
    return op is power or (isinstance(op.forward, np.ufunc) and op.forward.signature is None)


def simplified(
    steps: Sequence[Step], literals: Sequence[Tensor], seed: Tensor | None, named: Collection[Tensor]
) -> tuple[list[Step], dict[Tensor, Any]]:
    """(the steps that remain, {tensor: the tensor or number that stands for it}).

    literals: the constants without a name; those without axes are read as numbers.  seed: a number, spread out;
    None to read it as any other tensor.
    named: the results that have a name, and keep their steps.
    """
    stands: dict[Tensor, Any] = {t: _whole(t.data[()]) for t in literals if t.ndim == 0}
    spread: dict[Tensor, Any] = (
        {} if seed is None else {seed: _whole(seed.data.flat[0])}
    )  # and the result of broadcast_to -> what was spread
    negated: dict[Tensor, Any] = {}  # the result of a sign -> what is behind it
    mixed = _mixed(steps, {*stands, *spread})
    turned: dict[Tensor, Any] = {}  # the result of a .T -> what it is of
    found = []
    for step in steps:
        step = step._replace(inputs=tuple(_standing(x, stands, step, mixed) for x in step.inputs))
        if _spreads(step.op):
            step = _uniform(step._replace(inputs=_unspread(step.inputs, spread, step.out.shape)), spread)
        step = _signed(step, negated)
        plain = None if step.out in named else _plain(step, negated, turned)
        if plain is not None:
            stands[step.out] = plain
            continue
        found.append(step)
        if step.op is broadcast_to:
            spread[step.out] = step.inputs[0]
        elif step.op is negative and step.out not in named:
            negated[step.out] = step.inputs[0]
        elif step.op is transpose and step.params == transpose.defaults and step.out not in named:
            turned[step.out] = step.inputs[0]
    return found, stands


def _mixed(steps: Sequence[Step], numbers: set[Tensor]) -> set[Tensor]:
    """What of these numbers goes, sooner or later, into a step with an operand of another dtype: its own counts."""
    for step in steps:
        if numbers.issuperset(step.parents):
            numbers.add(step.out)
    mixed: set[Tensor] = set()
    for step in reversed(steps):
        if step.out in mixed or len({x.dtype for x in step.parents}) > 1:
            mixed.update(numbers.intersection(step.parents))
    return mixed


def _standing(x: Any, stands: Mapping[Tensor, Any], step: Step, mixed: Collection[Tensor]) -> Any:
    """What stands for x: a Python number where it gives the same dtype, else one of NumPy, which has a dtype."""
    if type(x) is not Tensor or x not in stands or type(stands[x]) is Tensor:
        return stands.get(x, x) if type(x) is Tensor else x
    found = stands[x]
    if step.op is broadcast_to:
        return found
    others = {y.dtype for y in step.parents if y is not x}
    alike = x.dtype in others if others else x.dtype.char in "dD" and step.out not in mixed  # as of Python's numbers
    if _spreads(step.op) and alike:
        return found.item() if isinstance(found, np.float64 | np.complex128) else found
    return x.data[()]


def _unspread(inputs: tuple[Any, ...], spread: Mapping[Tensor, Any], shape: tuple[int, ...]) -> tuple[Any, ...]:
    """The operands, with what was spread as it was before, where another operand gives the result its shape."""
    for i, x in enumerate(inputs):
        others = inputs[:i] + inputs[i + 1 :]
        if type(x) is Tensor and x in spread and any(np.shape(y) == shape for y in others):
            narrow = (*inputs[:i], spread[x], *inputs[i + 1 :])
            if _dtype(narrow) != _dtype(inputs):  # Python numbers leave the dtype to the other operand
                narrow = (*inputs[:i], x.dtype.type(spread[x]), *inputs[i + 1 :])
            inputs = narrow
    return inputs


def _dtype(operands: tuple[Any, ...]) -> Any:
    """The dtype in which NumPy computes with these."""
    return np.result_type(*(x.dtype if type(x) is Tensor else x for x in operands))


def _uniform(step: Step, spread: Mapping[Tensor, Any]) -> Step:
    """What is computed from numbers alone, spread out, as that number spread out, if it is whole."""
    numbers = all(type(spread.get(x, x) if type(x) is Tensor else x) is not Tensor for x in step.inputs)
    if numbers and step.parents and step.out.size:
        value = _whole(step.out.data.flat[0])
        if type(value) is int:
            return step._replace(op=broadcast_to, inputs=(value,), params={"shape": step.out.shape})
    return step


def _signed(step: Step, negated: Mapping[Tensor, Any]) -> Step:
    """-1 * x as -x, and x + -y as x - y."""
    if step.op is multiply:
        for x, one in (step.inputs, step.inputs[::-1]):
            if _is(one, -1) and _alike(x, step.out):
                return step._replace(op=negative, inputs=(x,))
    if step.op is add:
        x, y = step.inputs
        if type(y) is Tensor and y in negated:
            return step._replace(op=subtract, inputs=(x, negated[y]))
    return step


def _plain(step: Step, negated: Mapping[Tensor, Any], turned: Mapping[Tensor, Any]) -> Any:
    """The Tensor or number that the step's result is anyway; None if it is neither."""
    inputs, out = step.inputs, step.out
    if not any(type(x) is Tensor for x in inputs):
        value = _whole(out.data[()]) if out.ndim == 0 else None
        return value if type(value) is int else None
    if step.op is negative and type(inputs[0]) is Tensor:
        return negated.get(inputs[0])
    if step.op is transpose and type(inputs[0]) is Tensor and step.params == transpose.defaults:
        return turned.get(inputs[0])
    pairs: list[tuple[Any, ...]] = []
    if step.op is multiply:
        pairs = [inputs, inputs[::-1]]
    elif step.op in (divide, power):
        pairs = [inputs]
    for x, one in pairs:
        if _is(one, 1) and _alike(x, out):
            return x
    return None


def _is(x: Any, number: int) -> bool:
    return type(x) is not Tensor and x == number


def _alike(x: Any, out: Tensor) -> bool:
    return type(x) is Tensor and (x.shape, x.dtype) == (out.shape, out.dtype)


def _whole(x: Any) -> Any:
    """A whole number without its point."""
    return (
        int(x)
        if np.asarray(x).dtype.kind == "f" and x == np.floor(x) and np.abs(x) < 1e9 and (x or not np.signbit(x))
        else x
    )

"""Walk a graph forwards and backwards with every step written down, those of the rules too.  Floor 6.

`walked(J, ...)` replays the graph and feeds the rules with Tensors; what `derive` and `walk` print is what ran here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from ..backprop import backpropagate, seed_for
from ..errors import DomainError, GradientError
from ..modes import recording
from ..rules.elementwise import divide
from ..rules.loss import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, mse
from ..rules.reduce import mean
from ..tensor import Tensor
from ..tracing import Contribution, Step, replay, tracing
from .naming import Names, Size

__all__ = ["Convention", "Traced", "check_end", "leaves", "named_m", "numbers_of", "walked", "with_sizes"]

Convention = Literal["gradient", "course"]

#: How many examples a step averages over.
MEANS: dict[Any, Callable[[Tensor], int]] = {
    binary_cross_entropy: lambda t: t.inputs[0].size,
    binary_cross_entropy_with_logits: lambda t: t.inputs[0].size,
    cross_entropy: lambda t: t.inputs[0].size // t.inputs[0].shape[t.params["axis"]],
    mean: lambda t: t.inputs[0].size // t.size,
    mse: lambda t: t.inputs[0].size,
}


class Traced(NamedTuple):
    """Both passes.  steps: what ran.  twins: {tensor: the one that stands for it among the steps}, inputs first.

    seed: what the backward pass began with.  m: by how much it is too large, 1 in the convention "gradient".
    parts: {tensor: its gradient, times m}.  true: likewise, divided by m at leaves.
    contributions: what was passed back, in order.
    """

    steps: list[Step]
    twins: dict[Tensor, Tensor]
    seed: Tensor
    m: int
    parts: dict[Tensor, Any]
    true: dict[Tensor, Any]
    contributions: list[Contribution]


def check_end(J: Any, caller: str, what: str, convention: str) -> None:
    """Raise GradientError, ShapeError, DTypeError or DomainError unless J is one number with a gradient to read out.

    caller: the function that was called with J; what: what it does with a graph.
    """
    if type(J) is not Tensor:
        raise GradientError(f"{caller}() takes a Tensor, the end of a recorded graph; this is a {type(J).__name__}.")
    if convention not in ("gradient", "course"):
        raise DomainError(f"convention={convention!r}: it is 'gradient' or 'course'.")
    seed_for(J, None)  # refuses what is no real number
    if J.op is None or not J.requires_grad:
        raise GradientError(f"{J._label()} was not computed from anything that requires a gradient: nothing to {what}.")


def walked(J: Tensor, names: Names, convention: Convention, targets: Sequence[Tensor]) -> Traced:
    """The graph behind J, run anew, and backwards to the targets.  No `.grad` is read or written, no hook called.

    Raises GradientError where the course's m is not told, DomainError for one that cannot be, GraphFreedError,
    ChangedDataError, NoRuleError.
    """
    contributions: list[Contribution] = []
    token = recording.set(True)
    try:
        with np.errstate(all="ignore"), tracing(contributions) as steps:
            twins = replay(J)
            m = _examples(J, twins, names) if convention == "course" else 1
            if m < 1 or m > int(np.finfo(J.dtype).max):
                raise DomainError(f"convention='course' with m={m}: m is 1 or more, and no more than {J.dtype} holds.")
            seed = Tensor(np.full(J.shape, m, J.dtype))
            grads = backpropagate(twins[J], seed, create_graph=True, keep_all=True, wanted=_between(twins, targets))
            parts = {t: grads[twin] for t, twin in twins.items() if twin in grads and t is not J}
            true = {t: dt / m if t.op is None and convention == "course" else dt for t, dt in parts.items()}
    finally:
        recording.reset(token)
    return Traced(steps, twins, seed, m, parts, true, contributions)


def numbers_of(J: Tensor, m: int) -> tuple[dict[Tensor, Any], list[Contribution]]:
    """({tensor: its gradient, times m}, what was passed back), computed by rules on arrays, as backward() does.

    Fed with Tensors the rules compute the same, but NumPy rounds a number and an array of one entry differently here
    and there, and these are the engine's own numbers.
    """
    contributions: list[Contribution] = []
    with np.errstate(all="ignore"):
        twins = replay(J)
        with tracing(contributions):
            grads = backpropagate(twins[J], np.full(J.shape, m, J.dtype), keep_all=True)
    found = set(twins.values())
    return {t: grads[twin] for t, twin in twins.items() if twin in grads}, [x for x in contributions if x.t in found]


def _between(twins: Mapping[Tensor, Tensor], targets: Sequence[Tensor]) -> set[Tensor]:
    """The twins of what lies between the targets and the end."""
    depends = set(targets)
    for t in twins:  # each after its inputs
        if any(type(x) is Tensor and x in depends for x in t.inputs):
            depends.add(t)
    return {twins[t] for t in depends if t.requires_grad}


def _examples(J: Tensor, behind: Iterable[Tensor], names: Names) -> int:
    """m: as named, or what the loss averages over."""
    for size in names.sizes.values():
        if size.name == "m":
            return size.value
    found = {MEANS[t.op](t) for t in behind if t.op in MEANS}
    if len(found) != 1:
        raise GradientError(
            f"convention='course' needs m, the number of examples, and {J._label()} has {len(found) or 'no'} means "
            f'that tell it: give it, names={{"m": 209}}.'
        )
    (m,) = found
    return m


def named_m(names: Names, m: int) -> Size:
    """The number of examples, by its name."""
    return next((x for x in names.sizes.values() if x.name == "m"), None) or Size(names.distinct("m"), m)


def with_sizes(step: Step, names: Names, size: Size | None) -> Step:
    """The step, divided by a number that has a name."""
    if step.op is divide and type(step.inputs[1]) is int:
        named = size or names.sizes.get(step.inputs[1])
        return step._replace(inputs=(step.inputs[0], named)) if named else step
    return step


def leaves(steps: Sequence[Step]) -> list[Tensor]:
    """What the steps take in."""
    made = {step.out for step in steps}
    return [x for x in dict.fromkeys(x for step in steps for x in step.parents) if x not in made]

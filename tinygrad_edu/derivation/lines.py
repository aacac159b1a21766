"""Which steps stand in which equation: a named result gets a line, an unnamed one is part of what uses it.  Floor 6."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..tensor import Tensor
from ..tracing import Step
from .naming import Names

__all__ = ["Line", "Root", "lines"]

#: An expression of more operations than this gets a name, and a line of its own.
LONGEST = 12


#: The name of a result, its tensor, and the tensor or number that stands for it.
Root = tuple[str, Tensor, Any]


class Line(NamedTuple):
    """name = end, which the steps compute from what has a line before this one."""

    name: str
    end: Any  # a Tensor or a number
    steps: tuple[Step, ...]
    tensor: Tensor  # what is computed: its shape and dtype


def lines(steps: Sequence[Step], wanted: Sequence[Root], names: Names, known: set[Tensor]) -> list[Line]:
    """A line for each root that is wanted, in order, and for what several of them use.

    known: what needs no line.
    """
    place = {step.out: i for i, step in enumerate(steps) if step.out not in known}
    ends = [end for _, _, end in wanted if type(end) is Tensor]
    live = _behind(ends, place, steps)
    uses = Counter(x for i in live for x in steps[i].parents)
    uses.update(ends)
    found: list[Line] = []
    for name, tensor, end in wanted:
        folded: dict[Tensor, set[int]] = {}  # the steps that are part of an unnamed result's expression
        for i in _behind([end], place, steps):
            out, parents = steps[i].out, steps[i].parents
            mine = {i}.union(*(folded.get(x, ()) for x in parents))
            if out is not end and parents and (uses[out] > 1 or len(mine) > LONGEST):
                found.append(Line(names.of.get(out) or names.give_any(out), out, _at(steps, mine), out))
                del place[out]
            else:
                folded[out] = mine
        found.append(Line(name, end, _at(steps, folded.get(end, ())), tensor))
        if type(end) is Tensor:
            names.of.setdefault(end, name)
            place.pop(end, None)
    return found


def _at(steps: Sequence[Step], places: Iterable[int]) -> tuple[Step, ...]:
    return tuple(steps[i] for i in sorted(places))


def _behind(ends: Sequence[Any], place: Mapping[Tensor, int], steps: Sequence[Step]) -> list[int]:
    """The places of the steps that the ends are made from, among those that have a place, in order."""
    found: set[int] = set()
    waiting = list(ends)
    while waiting:
        x = waiting.pop()
        if type(x) is Tensor and x in place and place[x] not in found:
            found.add(place[x])
            waiting.extend(steps[place[x]].parents)
    return sorted(found)

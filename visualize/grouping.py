"""Which boxes belong together: the layers that names tell, W1 b1 Z1 A1, and the modules that made them.

Knows nothing of tensors: a graph is the numbers of each node's inputs, inputs before their users, and what a node is.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .folding import users_of

__all__ = ["Group", "Made", "layers", "modules", "nested"]

#: The course's names of what belongs to a layer.
LAYER_NAME = re.compile(r"(W|b|Z|A)_?\[?(\d+)\]?")


@dataclass(frozen=True, slots=True)
class Made:
    """A module's result `end`, made of these inputs."""

    title: str
    end: int
    inputs: frozenset[int]


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes under one title.  parent: the number of the group around it, or None."""

    title: str
    members: frozenset[int]
    parent: int | None = None


def layers(names: Mapping[int, str], inputs: Sequence[Sequence[int]], leaf: Sequence[bool]) -> list[Group]:
    """A group for each l with a result Z[l] or A[l]; what has no name and stands between them belongs to it too.

    names: of the nodes that have one.  leaf: whether a node was given, not computed.

    >>> names = {0: "W1", 1: "X", 3: "Z1", 4: "A1"}  # 2: W1 @ X
    >>> layers(names, [(), (), (0, 1), (2,), (3,)], [True, True, False, False, False])
    [Group(title='layer 1: W[1] → Z[1], A[1]', members=frozenset({0, 2, 3, 4}), parent=None)]
    """
    letters: dict[int, dict[str, int]] = {}
    for i, name in names.items():
        if found := LAYER_NAME.fullmatch(name):
            letter, l = found[1], int(found[2])
            if leaf[i] == (letter in "Wb"):
                letters.setdefault(l, {}).setdefault(letter, i)
    users = users_of(dict(enumerate(inputs)))
    found_groups = []
    for l, mine in sorted(letters.items()):
        if not mine.keys() & {"Z", "A"}:
            continue
        inside = set(mine.values())
        behind = set(inside)  # what they lead to, by nodes without a name
        for i in range(min(inside), max(inside) + 1):
            if i not in names and not leaf[i] and any(x in behind for x in inputs[i]):
                behind.add(i)
        for i in reversed(range(min(inside), max(inside) + 1)):
            if i in behind and users[i] and all(u in inside for u in users[i]):
                inside.add(i)
        given, made = (", ".join(f"{c}[{l}]" for c in letters if c in mine) for letters in ("Wb", "ZA"))
        found_groups.append(Group(f"layer {l}: {given} → {made}" if given else f"layer {l}: {made}", frozenset(inside)))
    return found_groups


def modules(made: Iterable[Made], inputs: Sequence[Sequence[int]], own: Sequence[bool]) -> list[Group]:
    """A group for each module's result: the steps between its inputs and it, and the parameters that only they use.

    own: whether a leaf belongs to whoever uses it, as a parameter does, and data does not.
    """
    users = users_of(dict(enumerate(inputs)))
    found = []
    for mark in made:
        inside, waiting = {mark.end}, [mark.end]
        while waiting:
            for x in inputs[waiting.pop()]:
                if x not in inside and x not in mark.inputs:
                    inside.add(x)
                    waiting.append(x)
        leaves = {i for i in inside if not inputs[i]}
        inside -= {i for i in leaves if not own[i] or not all(u in inside for u in users[i])}
        found.append(Group(mark.title, frozenset(inside)))
    return found


def nested(groups: Iterable[Group], results: frozenset[int]) -> list[Group]:
    """The groups with their parents, outer ones first, without those that would say nothing.

    A group has one parent: the smallest that holds it whole.  One that overlaps another without holding it gives up
    what they share.  One with a single result, or with but one less than its parent, is left out.
    """
    by_size = sorted(groups, key=lambda g: (-len(g.members), max(g.members)))
    chosen: list[Group] = []
    inner: list[int] = []  # the number of results of each
    innermost: dict[int, int] = {}  # node -> the smallest of the chosen that holds it
    for group in by_size:
        members = group.members
        touched = _around(chosen, {innermost[i] for i in members if i in innermost})
        for k in touched:
            if not members <= chosen[k].members:
                members -= chosen[k].members
        around = [k for k in touched if members <= chosen[k].members]
        parent = around[-1] if around else None  # the smallest of them
        mine = len(members & results)
        room = inner[parent] if parent is not None else len(results)
        if mine >= 2 and mine <= room - 2:
            innermost.update(dict.fromkeys(members, len(chosen)))
            chosen.append(Group(group.title, members, parent))
            inner.append(mine)
    return chosen


def _around(groups: Sequence[Group], numbers: Iterable[int]) -> list[int]:
    """These groups and those around them, outer ones first."""
    found: set[int] = set()
    for number in numbers:
        k: int | None = number
        while k is not None and k not in found:
            found.add(k)
            k = groups[k].parent
    return sorted(found)

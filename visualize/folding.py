"""Make a large graph small enough to read: what is alike becomes one box, a loop is shown once.

Knows nothing of tensors: a graph is a list of vertices, inputs before their users, each with a label that says what it
is, and its inputs' numbers.  A fold is a list that says for each node which node stands for it in the picture.

    fold = fold_sums(nodes)            # a + b + c + d is one sum of four
    fold = fold_alike(nodes, fold)     # sixteen neurons that do the same with the same are one, sixteen times
    fold = fold_loops(nodes, fold)     # what comes again and again, each time on what came before, is shown once
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .masks import stretches

__all__ = [
    "Fold",
    "SUMS",
    "Vertex",
    "fold_alike",
    "fold_leaves",
    "fold_loops",
    "fold_sums",
    "folded",
    "quotient",
    "users_of",
]

#: node -> the node that stands for it.
Fold = list[int]

#: Operations of which a run may be told as one, and as what.
SUMS = {"add": "sum", "multiply": "product", "maximum": "maximum", "minimum": "minimum", "logaddexp": "logaddexp"}

#: A run of fewer is left as it is.
FEWEST = 3

#: A loop's body has no more nodes than this.
LONGEST_BODY = 400


@dataclass(frozen=True, slots=True)
class Vertex:
    """label: what it is, the same for nodes that do the same.  op: its operation, "" for a leaf."""

    label: Hashable
    op: str
    inputs: tuple[int, ...]


def quotient(nodes: Sequence[Vertex], fold: Fold) -> dict[int, tuple[int, ...]]:
    """{node that is shown: the shown nodes that it or what it stands for uses, each once}, in order."""
    found: dict[int, dict[int, None]] = {fold[i]: {} for i in range(len(nodes))}
    for i, node in enumerate(nodes):
        found[fold[i]].update((fold[x], None) for x in node.inputs if fold[x] != fold[i])
    return {i: tuple(inputs) for i, inputs in sorted(found.items())}


def users_of(inputs: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    """{node: who uses it, once for each place}, of the inputs of all nodes.

    >>> users_of({0: (), 1: (0, 0), 2: (0, 1)})
    {0: [1, 1, 2], 1: [2], 2: []}
    """
    users: dict[int, list[int]] = {i: [] for i in inputs}
    for i, mine in inputs.items():
        for x in mine:
            users[x].append(i)
    return users


def fold_sums(nodes: Sequence[Vertex], fold: Fold) -> Fold:
    """A run of additions (or products, maxima) whose results nothing else uses stands in its last one.

    >>> x, add = Vertex("x", "", ()), lambda *terms: Vertex("+", "add", terms)
    >>> nodes = [x, x, add(0, 1), x, add(2, 3), x, add(4, 5)]
    >>> fold_sums(nodes, list(range(7)))
    [0, 1, 6, 3, 6, 5, 6]
    """
    users = Counter(x for node in nodes for x in node.inputs)
    last: dict[int, int] = {}  # a link of a run -> the run's last
    for i in reversed(range(len(nodes))):
        if nodes[i].op in SUMS and fold[i] == i:
            for x in nodes[i].inputs:
                if nodes[x].op == nodes[i].op and users[x] == 1 and fold[x] == x:
                    last[x] = last.get(i, i)
    runs = Counter(last.values())
    return [last[i] if i in last and runs[last[i]] + 1 >= FEWEST else fold[i] for i in range(len(nodes))]


def fold_alike(nodes: Sequence[Vertex], fold: Fold) -> Fold:
    """Vertexs that do the same with the same, and are used for the same, stand in the last of them.

    Each gets the class of what it is and of what it uses, from the leaves to the end; then of what it is used for, from
    the end to the leaves.  How many of a class it uses does not count: a sum of 2 is a sum as one of 16 is.
    """
    shown = quotient(nodes, fold)
    number: dict[Any, int] = {}  # a description -> its class
    above: dict[int, int] = {}
    for i, inputs in shown.items():
        key = ("above", nodes[i].label, frozenset(above[x] for x in inputs if x in above))
        above[i] = number.setdefault(key, len(number))
    users = users_of(shown)
    both: dict[int, int] = {}
    for i in reversed(shown):
        key = ("both", above[i], frozenset(both[u] for u in users[i] if u in both))
        both[i] = number.setdefault(key, len(number))
    last = {both[i]: i for i in shown}
    return [last[both[fold[i]]] for i in range(len(nodes))]


def fold_leaves(nodes: Sequence[Vertex], fold: Fold) -> Fold:
    """Leaves of one label that the same nodes use stand in the last of them, from `FEWEST` on."""
    shown = quotient(nodes, fold)
    users = users_of(shown)
    alike: dict[Any, list[int]] = {}
    for i, inputs in shown.items():
        if not inputs and not nodes[i].op:
            alike.setdefault((nodes[i].label, tuple(users[i])), []).append(i)
    last = {i: same[-1] for same in alike.values() if len(same) >= FEWEST for i in same}
    return [last.get(x, x) for x in fold]


def fold_loops(nodes: Sequence[Vertex], fold: Fold) -> Fold:
    """What comes three times or more in a row, each time on what came before, stands in its last coming.

    >>> x, step = Vertex("x", "", ()), lambda i: Vertex("f", "exp", (i,))
    >>> fold_loops([x, step(0), step(1), step(2), step(3)], list(range(5)))
    [0, 4, 4, 4, 4]
    """
    shown = quotient(nodes, fold)
    ids: list[int] = []
    placed: set[int] = set()
    for i, inputs in shown.items():  # a leaf stands before who uses it first, as it would in a loop
        if inputs:
            ids += [x for x in (*inputs, i) if x == i or (not shown[x] and x not in placed)]
            placed.update(inputs)
    ids += [i for i in shown if not shown[i] and i not in placed]
    stands = dict(zip(ids, ids))
    for start, body, times in _loops([nodes[i].label for i in ids], [shown[i] for i in ids], ids):
        last = start + body * (times - 1)
        for k in range(start, last):
            stands[ids[k]] = ids[last + (k - start) % body]
    return [stands[x] for x in fold]


def _loops(
    labels: Sequence[Hashable], rows: Sequence[tuple[int, ...]], ids: Sequence[int]
) -> list[tuple[int, int, int]]:
    """(start, length of the body, how many times) of loops that do not overlap, those of short bodies first."""
    numbers: dict[Hashable, int] = {}
    kinds = np.array([numbers.setdefault((label, len(row)), len(numbers)) for label, row in zip(labels, rows)])
    place = {i: k for k, i in enumerate(ids)}
    inputs = np.full((max(map(len, rows), default=0), len(ids)), -1)  # a column a node
    for k, row in enumerate(rows):
        inputs[: len(row), k] = sorted(place[x] for x in row)
    found = []
    for body in range(1, min(LONGEST_BODY, len(ids) // FEWEST) + 1):
        for start, end in stretches(kinds[body:] == kinds[:-body], (FEWEST - 1) * body):
            before, after = inputs[:, start:end], inputs[:, start + body : end + body]
            moved, stayed = after == before + body, after == before
            follows = (moved | stayed).all(axis=0)
            steady = (moved[:, body:] == moved[:, :-body]).all(axis=0) & follows[body:] & follows[:-body]
            for first, behind in stretches(steady, (FEWEST - 2) * body):
                first, times = start + first, (behind - first) // body + 2
                loop = slice(first, first + body * times)
                if (kinds[loop] >= 0).all():
                    found.append((first, body, times))
                    kinds[loop] = -1 - np.arange(loop.start, loop.stop)  # no part of another loop
    return found


def folded(nodes: Sequence[Vertex], fold: Fold, most: int) -> Fold:
    """The fold, and further ones one after the other, until at most so many nodes are shown or nothing is alike."""
    for further in (fold_sums, fold_alike, fold_loops, fold_leaves):
        if len(set(fold)) <= most:
            break
        fold = further(nodes, fold)
    return fold

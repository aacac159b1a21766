"""Which calls become one loop: chains of elementwise calls over one shape, and the sums that end them.  Floor 6.

    add(t1, b1, t2); maximum(t2, 0, t3); greater(t2, 0, t4)    one pass: reads t1 and b1, writes t3 and t4

A call's level is one above what it waits for, and the same where both are elementwise over the same entries.  Calls
of one level that share an array become one loop, so no loop waits for another that waits for it.
"""

import heapq
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np

from .program import Call, Program, Value

__all__ = ["Entries", "entries_of", "fused"]

#: What a loop computes as fast as NumPy or faster; exp, tanh, log and their like of many entries stay calls.
FUSIBLE: set[Any] = {
    np.add,
    np.subtract,
    np.multiply,
    np.divide,
    np.negative,
    np.absolute,
    np.maximum,
    np.minimum,
    np.square,
}
FUSIBLE |= {np.sqrt, np.reciprocal, np.sign, np.logical_and, np.logical_or, np.logical_not, np.where}
FUSIBLE |= {np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.ndarray.astype}
#: NumPy computes many of these at once, a loop one by one: it is faster up to so few that the call itself costs more.
FEW = 128
FUSIBLE_IF_FEW: set[Any] = {np.exp, np.expm1, np.log, np.log1p}
#: Of these results in bools too.
TRUTHS: set[Any] = {np.logical_and, np.logical_or, np.logical_not, np.where, np.ndarray.astype}
TRUTHS |= {np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal}
#: Of bool, float32 and float64.
DTYPES = "?fd"
#: A loop over more arrays than this is cut: each costs time at the start, and pairs are checked for overlap.
MANY = 14


class Entries(NamedTuple):
    """What a call goes over: a shape, and its axes from the outermost in memory to the innermost."""

    shape: tuple[int, ...]
    axes: tuple[int, ...]


def fused(program: Program) -> Program:
    """The same program with loops in place of the calls that they take."""
    levels, entries, waits = _levels(program)
    groups: list[list[Call]] = []
    for calls in _alike(program, levels, entries):
        for group in _connected(calls, entries):
            groups += _cut(group)
    needed = _needed_outside(program, groups)
    loops: dict[Call, Call] = {}
    for group in groups:
        if len(group) > 1 or group[0].kind == "reduce":
            loop = _loop(group, needed)
            loops |= dict.fromkeys(group, loop)
    ordered = _ordered(program.calls, loops, waits)
    return Program(ordered, program.results, program.states, program.writes)


def _levels(program: Program) -> tuple[dict[Call, int], dict[Call, Entries], dict[Call, list[Call]]]:
    """Each call's level, what the fusible ones go over, and what each waits for."""
    made: dict[Value, Call] = {}
    parts: dict[Value, list[Call]] = defaultdict(list)  # of a block
    levels: dict[Call, int] = {}
    entries: dict[Call, Entries] = {}
    waits: dict[Call, list[Call]] = {}
    for call in program.calls:
        waits[call] = [p for x in call.values for p in ([made[x]] if x in made else parts[x])]
        over = entries_of(call)
        if over is not None:
            entries[call] = over
        levels[call] = max(
            (
                levels[p] + (over is None or p.kind == "reduce" or p.out.base is not None or entries.get(p) != over)
                for p in waits[call]
            ),
            default=0,
        )
        made[call.out] = call
        if call.out.base is not None:
            parts[call.out.base].append(call)
    return levels, entries, waits


def entries_of(call: Call) -> Entries | None:
    """What a call goes over, if it can be part of a loop."""
    x = call.out
    if call.kind == "reduce":
        if call.function.__self__ is not np.add or call.out.array.dtype.char not in "fd":
            return None
        x = call.args[0]
    elif call.kind == "view" or call.function not in (TRUTHS if x.array.dtype == bool else _taken(x.array.size)):
        return None
    array = x.array
    over = Entries(array.shape, tuple(sorted(range(array.ndim), key=lambda i: -abs(array.strides[i]))))
    operands = [y for y in call.args if type(y) is Value]
    plain = len(operands) == len(call.args) or call.function is np.ndarray.astype
    plain |= all(type(y) in (Value, int, float) for y in call.args) and any(y.array.dtype != bool for y in operands)
    dtypes = {y.array.dtype for y in (*operands, call.out)}
    if array.size < 2 or not plain or any(d.char not in DTYPES or not d.isnative for d in dtypes):
        return None
    return over if all(_lies_as(y.array, over) for y in (x, *operands)) else None


def _taken(size: int) -> set[Any]:
    return FUSIBLE | FUSIBLE_IF_FEW if size <= FEW else FUSIBLE


def _lies_as(a: np.ndarray, over: Entries) -> bool:
    """Whether the array, spread over the entries, lies densely in their order, its own axes in memory."""
    expected = a.itemsize
    for axis in reversed(over.axes):
        i = axis - len(over.shape) + a.ndim
        if i >= 0 and a.shape[i] > 1:
            if a.strides[i] != expected:
                return False
            expected *= a.shape[i]
    return True


def _alike(program: Program, levels: dict[Call, int], entries: dict[Call, Entries]) -> list[list[Call]]:
    """The fusible calls of each level, by what they go over."""
    alike: dict[Any, list[Call]] = defaultdict(list)
    for call in program.calls:
        if call in entries:
            alike[levels[call], entries[call]].append(call)
    return list(alike.values())


def _connected(calls: list[Call], entries: dict[Call, Entries]) -> list[list[Call]]:
    """Calls that share arrays of full size, together."""
    leader: dict[Any, Any] = {}

    def find(x: Any) -> Any:
        while leader.setdefault(x, x) is not x:
            leader[x] = x = leader[leader[x]]
        return x

    for call in calls:
        for x in (call.out, *call.values):
            if x.array.shape == entries[call].shape:
                leader[find(x)] = find(call)
    groups: dict[Any, list[Call]] = defaultdict(list)
    for call in calls:
        groups[find(call)].append(call)
    return list(groups.values())


def _cut(calls: list[Call]) -> list[list[Call]]:
    """In order, so that no part of a group has too many arrays."""
    groups: list[list[Call]] = [[]]
    arrays: set[Value] = set()
    for call in calls:
        more = {call.out, *call.values}
        if groups[-1] and len(arrays | more) > 2 * MANY:  # about half of them stay inside
            groups.append([])
            arrays = set()
        groups[-1].append(call)
        arrays |= more
    return groups


def _needed_outside(program: Program, groups: list[list[Call]]) -> set[Value]:
    """Values that something else than their own group reads."""
    group_of = {call: i for i, group in enumerate(groups) for call in group}
    made_in = {call.out: i for call, i in group_of.items()}
    needed = {*program.results, *program.writes.values()}
    for call in program.calls:
        needed.update(x for x in call.values if x not in made_in or group_of.get(call) != made_in[x])
    return needed


def _loop(calls: list[Call], needed: set[Value]) -> Call:
    """One call in place of these."""
    made = {call.out for call in calls}
    inputs = tuple(dict.fromkeys(x for call in calls for x in call.values if x not in made))
    outs = [call.out for call in calls if call.out in needed or call.out.base is not None]
    loop = Call("loop", tuple(calls), inputs, {}, *outs)
    for x in outs:
        x.call = loop
    return loop


def _ordered(calls: list[Call], loops: dict[Call, Call], waits: dict[Call, list[Call]]) -> list[Call]:
    """Each after what it waits for, else in the order they had; random ones keep theirs."""
    users: dict[Call, set[Call]] = defaultdict(set)
    place: dict[Call, int] = {}
    drawn: Call | None = None
    for i, call in enumerate(calls):
        node = loops.get(call, call)
        place.setdefault(node, i)
        before = [loops.get(p, p) for p in waits[call]]
        if call.kind == "random":
            before += [drawn] if drawn else []
            drawn = call
        for p in before:
            if p is not node:
                users[p].add(node)
    missing = dict.fromkeys(place, 0)
    for followers in users.values():
        for node in followers:
            missing[node] += 1
    ready = [(i, node) for node, i in place.items() if not missing[node]]
    heapq.heapify(ready)
    ordered = []
    while ready:
        _, node = heapq.heappop(ready)
        ordered.append(node)
        for follower in users[node]:
            missing[follower] -= 1
            if not missing[follower]:
                heapq.heappush(ready, (place[follower], follower))
    return ordered

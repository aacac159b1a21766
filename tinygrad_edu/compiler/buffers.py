"""Which memory each computed value lives in: buffers are shared by lifetime, and a value may take a dying one's place.

A state's new value is computed in the state's own memory where nothing reads the old one any more.  Floor 6.
"""

from collections import defaultdict
from typing import NamedTuple, final

import numpy as np

from .program import Call, Program, Value

__all__ = ["Buffer", "Plan", "allocated", "planned"]

#: Calls whose result can be put where we say.
INTO = {"elementwise", "reduce", "matmul", "cast", "loop"}
#: Functions whose real results are exact to the last bit, however NumPy's loops go.  Of the others, and of complex
#: numbers, NumPy has faster loops that it leaves where the result overwrites an operand, and they round otherwise.
EXACT = {np.add, np.subtract, np.multiply, np.divide, np.negative, np.absolute, np.maximum, np.minimum, np.sqrt}
EXACT |= {np.square, np.sign, np.positive, np.logical_not, np.logical_and, np.logical_or}


@final
class Buffer:
    """Memory for values of up to so many bytes, or a state's."""

    __slots__ = ("nbytes", "state")

    def __init__(self, nbytes: int, state: Value | None = None):
        self.nbytes, self.state = nbytes, state


class Plan(NamedTuple):
    """places: {value: its buffer}, for those that are computed into one.  copies: (state, value) at the end."""

    places: dict[Value, Buffer]
    copies: list[tuple[Value, Value]]


def planned(program: Program) -> Plan:
    """A place for every value that a call can be told where to put."""
    last = _last_uses(program)
    handed_out = {x.root for x in program.results}
    targets = _targets(program, last, handed_out)
    places: dict[Value, Buffer] = {}
    free: list[Buffer] = []
    users: dict[Buffer, int] = defaultdict(int)
    dying: dict[int, list[Value]] = defaultdict(list)
    for value, i in last.items():
        dying[i].append(value)
    for i, call in enumerate(program.calls):
        for out in call.outs if call.kind in INTO else ():
            if out.base is not None:  # part of a block, which has memory of its own
                places[out] = places.setdefault(out.base, Buffer(out.base.array.nbytes))
                users[places[out]] = len(program.calls)  # and keeps it: between its parts there are zeros
            elif out in targets:
                places[out] = Buffer(out.array.nbytes, targets[out])
            elif out not in handed_out or call.kind == "loop":
                places[out] = _in_place(call, out, i, last, places) or _taken(free, out.array.nbytes)
                users[places[out]] += 1
        for value in dying[i]:
            buffer = places.get(value)
            if buffer and buffer.state is None:
                users[buffer] -= 1
                if not users[buffer]:
                    free.append(buffer)
    copies = [(state, x) for state, x in program.writes.items() if targets.get(x) is not state and x is not state]
    return Plan(places, copies)


def _last_uses(program: Program) -> dict[Value, int]:
    """{root: the number of the last call that reads it}; what is wanted at the end is read after the last one."""
    last: dict[Value, int] = {}
    for i, call in enumerate(program.calls):
        for x in (*call.outs, *call.values):
            last[x.root] = i
    for x in (*program.results, *program.writes.values()):
        last[x.root] = len(program.calls)
    return last


def _targets(program: Program, last: dict[Value, int], handed_out: set[Value]) -> dict[Value, Value]:
    """{a state's new value: the state}, where it can be computed in the state's own memory."""
    made = {out: i for i, call in enumerate(program.calls) for out in call.outs}
    ends = list(program.writes.values())
    targets = {}
    safe = max((i for i, call in enumerate(program.calls) if _may_refuse(call)), default=-1)
    for state, x in program.writes.items():
        i = made.get(x)
        if i is None or x in handed_out or ends.count(x) > 1 or state in map(_root, ends) or state in handed_out:
            continue
        if i < safe:  # where a call refuses, no state has changed
            continue
        call = program.calls[i]
        read_here = any(y.root is state for y in call.values)
        in_step = _may_overwrite(call, x) and all(y is state for y in call.values if y.root is state)
        if call.kind in INTO and last.get(state, -1) <= i and (in_step or not read_here) and _alike(x, state):
            targets[x] = state
    return targets


def _may_refuse(call: Call) -> bool:
    """Whether the call may raise, depending on the entries: an index, or a function with a domain."""
    if call.kind not in ("other", "random"):
        return False
    if call.function in (np.ndarray.__getitem__, np.ndarray.take, np.take_along_axis):
        return len(call.values) > 1
    return not (getattr(call.function, "__module__", None) or "numpy").startswith("numpy")


def _may_overwrite(call: Call, out: Value) -> bool:
    """Whether the result may take the place of an operand of its form without another rounding."""
    if call.kind == "loop":  # it reads an entry of everything before it writes one; a sum, when it has read many
        return any(part.out is out and part.kind != "reduce" for part in call.function)
    return call.function in EXACT and all(x.array.dtype.kind != "c" for x in (call.out, *call.values))


def _root(x: Value) -> Value:
    return x.root


def _alike(a: Value, b: Value) -> bool:
    return a.array.shape == b.array.shape and a.array.dtype == b.array.dtype and a.array.strides == b.array.strides


def _in_place(call: Call, out: Value, i: int, last: dict[Value, int], places: dict[Value, Buffer]) -> Buffer | None:
    """The buffer of an operand that is not needed any more."""
    if not _may_overwrite(call, out):
        return None
    taken = {places.get(other) for other in call.outs}
    for x in call.values:
        buffer = places.get(x)
        dies = buffer and buffer.state is None and last[x] == i and _alike(x, out) and buffer not in taken
        if dies and all(y is x for y in call.values if y.root is x):
            return buffer
    return None


def _taken(free: list[Buffer], nbytes: int) -> Buffer:
    """The smallest free buffer that is large enough, or the largest one grown, or a new one."""
    fitting = [b for b in free if b.nbytes >= nbytes]
    best = min(fitting, key=lambda b: b.nbytes, default=None) or max(free, key=lambda b: b.nbytes, default=None)
    if best is None:
        return Buffer(nbytes)
    free.remove(best)
    best.nbytes = max(best.nbytes, nbytes)
    return best


def allocated(buffer: Buffer, value: Value, memory: dict[Buffer, np.ndarray]) -> np.ndarray:
    """The value's array in the buffer, with the shape, dtype and order in memory that it has."""
    like = value.array
    if buffer not in memory:
        memory[buffer] = np.zeros(buffer.nbytes, np.uint8)
    axes = sorted(range(like.ndim), key=lambda i: -abs(like.strides[i]))
    start = value.start * like.itemsize
    dense = memory[buffer][start : start + like.nbytes].view(like.dtype).reshape([like.shape[i] for i in axes])
    if not like.ndim:
        return dense
    backwards = tuple(slice(None, None, -1 if stride < 0 else None) for stride in like.strides)
    return dense.transpose(np.argsort(axes))[backwards]

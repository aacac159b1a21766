"""Updates of many small states side by side: laid out in one block, they take one call where there were many.  Floor 6.

    multiply(lr, dW1, t1); subtract(W1, t1, W1); multiply(lr, db1, t2); subtract(b1, t2, b1); ...
    multiply(lr, dblock, t); subtract(block, t, block)

The states become parts of a block, and so do the values that the updates start from; the sums are the same, entry by
entry.
"""

from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np

from .buffers import EXACT, INTO
from .program import Call, Program, Value

__all__ = ["Block", "side_by_side"]

#: A state with more entries than this is updated alone: calls are cheap beside its arithmetic.
SMALL = 32768
#: Entries between the starts of two parts are a multiple of this: 64 bytes of float32.
STEP = 16


class Block(NamedTuple):
    """parts: the values in it, each with the entry where it starts."""

    value: Value
    parts: list[tuple[Value, int]]


class _NotAlike(Exception):
    """The updates do not go in step."""


def side_by_side(program: Program) -> list[Block]:
    """Lay out updates of the same form in blocks, in place in the program.  Returns the blocks of states."""
    users: dict[Value, list[Call]] = defaultdict(list)
    for call in program.calls:
        for x in call.values:
            users[x].append(call)
    forms: dict[Any, list[Value]] = defaultdict(list)
    for state, new in program.writes.items():
        array = state.array
        if new.call is not None and 0 < array.size <= SMALL and array.flags.c_contiguous and array.dtype.kind == "f":
            forms[_form(new, state, 0)].append(state)
    blocks = []
    for states in forms.values():
        if len(states) > 1:
            try:
                blocks.append(_Batch(program, states, users).laid_out())
            except _NotAlike:
                continue
    return blocks


def _form(x: Value, state: Value, depth: int) -> Any:
    """How the value is computed from the state, to the depth where shapes differ."""
    if x is state:
        return "state"
    if x.call is None or x.call.function not in EXACT or x.array.shape != state.array.shape or depth > 8:
        return x.array.dtype, x if not x.array.ndim else None
    parts = [_form(y, state, depth + 1) if type(y) is Value else (type(y), repr(y)) for y in x.call.args]
    return x.call.function, x.array.dtype, tuple(parts)


class _Batch:
    """Some states whose updates have one form."""

    def __init__(self, program: Program, states: list[Value], users: dict[Value, list[Call]]):
        self.program, self.states, self.users = program, states, users
        sizes = [-(-x.array.size // STEP) * STEP for x in states]
        self.starts = [sum(sizes[:i]) for i in range(len(sizes))]
        self.size = sum(sizes)
        self.replaced: set[Call] = set()
        self.calls: list[Call] = []
        self.members: list[tuple[Value, list[Value]]] = []  # blocks and what becomes part of them

    def laid_out(self) -> Block:
        """Change the program; raises _NotAlike before anything is changed."""
        old = self._block(self.states, "state")
        new = self._joined([self.program.writes[state] for state in self.states], old)
        outs = {call.out for call in self.replaced}
        ends = set(self.program.results) | {x for x in self.program.writes.values() if x not in outs}
        if any(x.root in outs for x in ends) or any(set(self.users[x]) - self.replaced for x in outs):
            raise _NotAlike
        for block, values in self.members:
            for value, start in zip(values, self.starts):
                value.base, value.start = block, start
        old.name = "states"
        self.program.calls = [call for call in self.program.calls if call not in self.replaced] + self.calls
        self.program.states.append(old)
        for state in self.states:
            del self.program.writes[state]
        self.program.writes[old] = new
        return Block(old, list(zip(self.states, self.starts)))

    def _block(self, values: list[Value], origin: str) -> Value:
        block = Value(np.zeros(self.size, values[0].array.dtype), origin)
        self.members.append((block, values))
        return block

    def _joined(self, values: list[Value], old: Value) -> Value:
        """The block of these values, one per state."""
        if values == self.states:
            return old
        if len(set(values)) == 1 and not values[0].array.ndim:
            return values[0]  # a rate, for all of them
        first = values[0].call
        calls = [x.call for x in values]
        if (
            first is None
            or any(call is None or call.kind not in INTO for call in calls)
            or len(set(values)) < len(values)
        ):
            raise _NotAlike
        fits = all(x.array.shape == state.array.shape for x, state in zip(values, self.states))
        if not fits or any(not x.array.flags.c_contiguous or x.base is not None for x in values):
            raise _NotAlike
        if first.function in EXACT and all(call.function is first.function for call in calls if call):
            return self._called(values, [call for call in calls if call], old)
        if any(x in self.program.results for x in values):
            raise _NotAlike
        return self._block(values, "computed")

    def _called(self, values: list[Value], calls: list[Call], old: Value) -> Value:
        args: list[Any] = []
        for operands in zip(*(call.args for call in calls)):
            if type(operands[0]) is Value:
                args.append(self._joined(list(operands), old))
            elif all(type(x) is type(operands[0]) and repr(x) == repr(operands[0]) for x in operands):
                args.append(operands[0])
            else:
                raise _NotAlike
        out = Value(np.zeros(self.size, values[0].array.dtype), "computed")
        out.call = Call("elementwise", calls[0].function, tuple(args), {}, out)
        self.calls.append(out.call)
        self.replaced |= set(calls)
        return out

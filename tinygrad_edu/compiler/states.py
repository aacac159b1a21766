"""Where the states of a program are: in arrays of its own where it writes to them, so that nobody else's changes.

A Tensor holds the very array that the program writes to.  As long as nobody else does, which the number of references
tells, its data can be updated in place.  Who has kept `W.data` from an earlier call keeps it as it was.  Floor 6.
"""

import sys
from typing import Any, NamedTuple, final

import numpy as np

from ..tensor import Tensor
from .lanes import Block
from .lowering import outline
from .program import Value

__all__ = ["Memory", "State"]


class State(NamedTuple):
    """A value of the program, and the Tensors that hold it; none for a block."""

    value: Value
    tensors: list[Tensor]
    is_written: bool


@final
class Memory:
    """The arrays of some states, in order; those of a block are views of the block's."""

    def __init__(self, states: list[State], blocks: list[Block]):
        index = {state.value: i for i, state in enumerate(states)}
        self.arrays: list[Any] = [None] * len(states)
        self.holders: list[tuple[Tensor | None, Any, int]] = []
        self.tensors = [state.tensors[0] if state.tensors else None for state in states]
        self.outlines = [outline(state.value.array) for state in states]
        members = {index[value] for block in blocks for value, _ in block.parts}
        self.read = [i for i, state in enumerate(states) if state.tensors and not state.is_written and i not in members]
        self.alone = [i for i, state in enumerate(states) if state.tensors and state.is_written]
        self.blocks = [
            (index[block.value], block.value.array.shape, [(index[value], start) for value, start in block.parts])
            for block in blocks
        ]
        self.own = sorted({*self.alone, *members, *(i for i, _, _ in self.blocks)})
        self.written: list[Any] = [self.tensors[i] for i in self.own if self.tensors[i] is not None]

    def stands(self) -> bool:
        """Whether all is as it was left: each Tensor has its array, and nobody else has one that is written to."""
        for t, array, holders in self.holders:
            if t is not None and t._array is not array:
                return False
            if holders and sys.getrefcount(array) != holders:
                return False
        return True

    def is_alike(self) -> bool:
        """Whether all data lie in memory in the program's order: in another, sums round otherwise."""
        for t, like in zip(self.tensors, self.outlines):
            if t is not None and t._array.strides != like.strides and _order(t._array) != _order(like):
                return False
        return True

    def find(self) -> None:
        """Take over what the Tensors hold now."""
        self.holders = []
        for i in self.read:
            self.arrays[i] = self._tensor(i)._array
        for i in self.alone:
            self.arrays[i] = np.empty_like(self.outlines[i])  # in the order that the program was made for
            self.arrays[i][...] = self._tensor(i)._array
            self._tensor(i)._array = self.arrays[i]
        for i, shape, parts in self.blocks:
            block = np.zeros(shape, self._tensor(parts[0][0]).dtype)
            self.arrays[i] = block
            for j, start in parts:
                t = self._tensor(j)
                part = block[start : start + t.size].reshape(t.shape)
                part[...] = t._array
                self.arrays[j] = t._array = part

    def count(self) -> None:
        """Remember how many hold each array now, when nobody else does."""
        self.holders = [(t, array, 0) for t, array in zip(self.tensors, self.arrays)]
        for i, (t, array, _) in enumerate(self.holders):  # held by as many names as in `stands`
            holders = sys.getrefcount(array) if i in self.own else 0
            self.holders[i] = t, array, holders

    def _tensor(self, i: int) -> Tensor:
        t = self.tensors[i]
        assert t is not None
        return t


def _order(a: np.ndarray) -> list[int]:
    return [n for n, size in zip(a.strides, a.shape) if size > 1]

"""A fused loop as text: what one pass over the entries loads, computes and stores, for a compiler to machine code.

    def loop(a0, a1, a2):
        n0, n1 = a0.shape
        for i0 in range(n0):
            v0 = a1[i0]
            for i1 in range(n1):
                v1 = a0[i0, i1]
                v2 = v1 + v0
                a2[i0, i1] = v2

Axes of length 1 are left out, and neighbours that all arrays have, or sum over, in the same way are one axis.  Shapes
are read from the arrays, so all layers of a form share one text.  Floor 6.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, final

import numpy as np

from .fusion import entries_of
from .program import Call, Value

__all__ = ["Loop", "View", "loop_of"]

#: What each function computes, of operands cast to the dtype in which NumPy computes it.
EXPRESSIONS: dict[Any, str] = {
    np.add: "{0} + {1}",
    np.subtract: "{0} - {1}",
    np.multiply: "{0} * {1}",
    np.divide: "{0} / {1}",
    np.negative: "-{0}",
    np.absolute: "abs({0})",
    np.maximum: "{0} if {0} >= {1} or {0} != {0} else {1}",
    np.minimum: "{0} if {0} <= {1} or {0} != {0} else {1}",
    np.square: "{0} * {0}",
    np.sqrt: "sqrt({0})",
    np.exp: "exp({0})",
    np.expm1: "expm1({0})",
    np.log: "log({0})",
    np.log1p: "log1p({0})",
    np.reciprocal: "{one} / {0}",
    np.sign: "{0} if {0} != {0} else {one} if {0} > {zero} else -{one} if {0} < {zero} else {zero}",
    np.greater: "{0} > {1}",
    np.greater_equal: "{0} >= {1}",
    np.less: "{0} < {1}",
    np.less_equal: "{0} <= {1}",
    np.equal: "{0} == {1}",
    np.not_equal: "{0} != {1}",
    np.logical_and: "{0} & {1}",
    np.logical_or: "{0} | {1}",
    np.logical_not: "not {0}",
    np.where: "{1} if {0} else {2}",
    np.ndarray.astype: "{0}",
}
#: They ask of each operand whether it is zero.
LOGICAL = {np.logical_and, np.logical_or, np.logical_not}


class View(NamedTuple):
    """How an array is handed to a loop: its axes in this order, then in this shape; None where it has them so."""

    axes: tuple[int, ...] | None
    shape: tuple[int, ...] | None


class Loop(NamedTuple):
    """text: the function.  signature: of each parameter dtype, number of axes, whether it is written to.

    parameters: the value that each is given, and the view of it.
    """

    text: str
    signature: tuple[tuple[str, int, bool], ...]
    parameters: list[tuple[Value, View]]


def loop_of(call: Call, memory_of: Callable[[Value], Any]) -> Loop:
    """The loop of a fused call.  memory_of: equal for values in one place, which become one parameter."""
    return _Text(call, memory_of).loop()


@final
class _Text:
    """Lines of a loop, level by level: level d is inside d loops."""

    def __init__(self, call: Call, memory_of: Callable[[Value], Any]):
        self.call, self.memory_of = call, memory_of
        entries = entries_of(call.function[0])
        assert entries is not None, "only calls that go over the same entries are fused"
        self.shape, self.order = entries
        self.removed: dict[Value, set[int]] = {}  # the axes that a sum goes over, where they are gone from its shape
        for part in call.function:
            if part.kind == "reduce" and not part.options["keepdims"]:
                self.removed[part.out] = _axes(part)
        self.merged = self._merged()
        self.depth = len(self.merged)
        self.names: dict[Any, str] = {}
        self.parameters: list[tuple[Value, View]] = []
        self.written: set[str] = set()
        self.start: list[str] = []
        self.before: list[list[str]] = [[] for _ in range(self.depth + 1)]
        self.after: list[list[str]] = [[] for _ in range(self.depth + 1)]
        self.stores: list[str] = []

    def loop(self) -> Loop:
        arrays = [*self.call.values, *self.call.outs]
        for x in arrays:
            if x.array.size > 1 or x.origin != "constant":
                self._parameter(x)
        for x in self.call.values:
            self._load(x)
        for part in self.call.function:
            if part.kind == "reduce":
                self._sum(part)
            else:
                self._compute(part)
        for x in self.call.outs:
            if all(self._has(x)):
                self._store(x)
        types = [(x.array.dtype.name, len(self._dims(x)), f"a{i}" in self.written) for i, x in self._numbered()]
        return Loop("\n".join(self._lines()) + "\n", tuple(types), self.parameters)

    def _numbered(self) -> list[tuple[int, Value]]:
        return [(i, x) for i, (x, _) in enumerate(self.parameters)]

    # axes

    def _strides(self, x: Value) -> dict[int, int]:
        """{axis of the entries: stride}, for those of more than one entry that the array has."""
        kept = [axis for axis in range(len(self.shape)) if axis not in self.removed.get(x, ())]
        kept = kept[len(kept) - x.array.ndim :]
        return {axis: s for axis, s, n in zip(kept, x.array.strides, x.array.shape) if n > 1}

    def _merged(self) -> list[list[int]]:
        arrays = [self._strides(x) for x in (*self.call.values, *self.call.outs)]
        merged: list[list[int]] = []
        for axis in self.order:
            if self.shape[axis] == 1:
                continue
            if merged and all((axis in has) == (merged[-1][-1] in has) for has in arrays):
                merged[-1].append(axis)
            else:
                merged.append([axis])
        return merged

    def _has(self, x: Value) -> tuple[bool, ...]:
        strides = self._strides(x)
        return tuple(axes[0] in strides for axes in self.merged)

    def _dims(self, x: Value) -> tuple[int, ...]:
        return tuple(
            math.prod(self.shape[axis] for axis in axes) for axes, has in zip(self.merged, self._has(x)) if has
        )

    def _view(self, x: Value) -> View:
        strides = x.array.strides
        axes = tuple(sorted(range(x.array.ndim), key=lambda i: (x.array.shape[i] > 1, -strides[i])))
        long = [i for i in range(x.array.ndim) if x.array.shape[i] > 1]
        dims = self._dims(x)
        in_order = long == sorted(long, key=lambda i: -strides[i])
        return View(None if in_order else axes, None if in_order and dims == x.array.shape else dims)

    def _index(self, x: Value) -> str:
        return ", ".join(f"i{k}" for k, has in enumerate(self._has(x)) if has) or "()"

    # lines

    def _parameter(self, x: Value) -> str:
        key = "parameter", self.memory_of(x), self._dims(x), x.array.dtype
        if key not in self.names:
            self.names[key] = f"a{len(self.parameters)}"
            self.parameters.append((x, self._view(x)))
        if x in self.call.outs:
            self.written.add(self.names[key])
        return self.names[key]

    def _load(self, x: Value) -> None:
        if x.array.size == 1 and x.origin == "constant":
            self.names[x] = _number(x.array.item(), x.array.dtype)
            return
        self.names[x] = f"v{len(self.names)}"
        level = max((k + 1 for k, has in enumerate(self._has(x)) if has), default=0)
        self.before[level].append(f"{self.names[x]} = {self._parameter(x)}[{self._index(x)}]")

    def _compute(self, call: Call) -> None:
        operands = [x for x in call.args if type(x) in (Value, bool, int, float)]
        if call.function in LOGICAL:
            wanted = [np.dtype(bool)] * len(operands)
        elif call.function is np.where:
            wanted = [np.dtype(bool), call.out.array.dtype, call.out.array.dtype]
        elif call.function is np.ndarray.astype:
            wanted = [call.out.array.dtype]
        else:
            given = [x.array.dtype if type(x) is Value else type(x) for x in operands]
            wanted = list(call.function.resolve_dtypes((*given, None))[:-1])
        texts = [self._operand(x, dtype) for x, dtype in zip(operands, wanted)]
        text = EXPRESSIONS[call.function].format(*texts, one=_number(1, wanted[-1]), zero=_number(0, wanted[-1]))
        self.names[call.out] = f"v{len(self.names)}"
        self.before[self.depth].append(f"{self.names[call.out]} = {text}")

    def _operand(self, x: Any, dtype: np.dtype[Any]) -> str:
        if type(x) is not Value:
            return _number(x, dtype)
        name = self.names[x]
        if x.array.dtype == dtype:
            return name
        return f"({name} != {_number(0, x.array.dtype)})" if dtype.kind == "b" else f"{dtype.name}({name})"

    def _store(self, x: Value) -> None:
        self.stores.append(f"{self._parameter(x)}[{self._index(x)}] = {self.names[x]}")

    def _sum(self, call: Call) -> None:
        """In a variable while the innermost axes are summed over, and in memory across others."""
        has = self._has(call.out)
        entry = self._operand(call.args[0], call.out.array.dtype)
        if all(has):  # over axes of length 1
            self.names[call.out] = entry
            return
        inner = self.depth
        while inner and not has[inner - 1]:
            inner -= 1
        out, index = self._parameter(call.out), self._index(call.out)
        across = not all(has[:inner])
        if across:
            self.start.append(f"{out}[...] = 0")
        if inner == self.depth:
            self.before[self.depth].append(f"{out}[{index}] += {entry}")
            return
        total = f"s{len(self.names)}"
        self.names[call.out] = total
        self.before[inner].append(f"{total} = float64(0)")
        self.before[self.depth].append(f"{total} = plus({total}, float64({entry}))")
        sign = "+=" if across else "="
        self.after[inner].append(f"{out}[{index}] {sign} {call.out.array.dtype.name}({total})")

    def _lines(self) -> list[str]:
        lines = [f"def loop({', '.join(f'a{i}' for i in range(len(self.parameters)))}):"]
        for k in range(self.depth):
            i, axis = next((i, sum(self._has(x)[:k])) for i, x in self._numbered() if self._has(x)[k])
            lines.append(f"    n{k} = a{i}.shape[{axis}]")
        lines += [f"    {line}" for line in self.start]
        for k in range(self.depth + 1):
            lines += ["    " * (k + 1) + line for line in self.before[k]]
            if k < self.depth:
                lines.append("    " * (k + 1) + f"for i{k} in range(n{k}):")
        lines += ["    " * (self.depth + 1) + line for line in self.stores]
        for k in reversed(range(self.depth)):
            lines += ["    " * (k + 1) + line for line in self.after[k]]
        return lines


def _axes(call: Call) -> set[int]:
    axis, ndim = call.options["axis"], call.args[0].array.ndim
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return {i % ndim for i in axes}


def _number(x: Any, dtype: np.dtype[Any]) -> str:
    if dtype.kind == "b":
        return repr(bool(x))
    return f"{dtype.name}({float(dtype.type(x))!r})"

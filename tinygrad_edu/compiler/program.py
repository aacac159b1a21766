"""The flat program: values, each made by one call of a NumPy function.  Floor 6.

Passes over it: equal calls become one, calls of constants become constants, calls that nobody needs are dropped.
"""

from collections.abc import Iterable, Mapping
from typing import Any, final

import numpy as np

__all__ = ["Call", "Program", "Value", "tidied"]


@final
class Value:
    """An array of the program.

    start: in a block of many, the entry where this one begins; its base is the block.

    array: what it was when the function was run; its shape, dtype and order in memory are those of every call.
    origin: "argument", "state", "number" (read at each call), "captured" (an array that others hold too),
    "constant" or "computed".  call: what computes it.  base: the value whose memory it is a view of, or None.
    """

    __slots__ = ("array", "base", "call", "name", "origin", "start")

    def __init__(self, array: np.ndarray, origin: str, call: "Call | None" = None, base: "Value | None" = None):
        self.array, self.origin, self.call, self.base = array, origin, call, base
        self.name: str | None = None
        self.start = 0

    @property
    def root(self) -> "Value":
        """The value whose memory this one uses."""
        return self if self.base is None else self.base.root


@final
class Call:
    """out = function(*args, **options).

    kind: "elementwise" (a ufunc, with out=), "reduce" (a ufunc's reduce, with out=), "matmul" (with out=), "cast"
    (copyto), "view" (no entry moves), "other" (makes an array of its own), "random" (as other; neither shared nor left
    out, because it draws or checks), "loop" (of all the calls in `function`, with more than one result in `outs`).
    """

    __slots__ = ("args", "function", "kind", "options", "out", "outs")

    def __init__(
        self,
        kind: str,
        function: Any,
        args: tuple[Any, ...],
        options: Mapping[str, Any],
        out: Value,
        *others: Value,
    ):
        self.kind, self.function, self.args, self.options, self.out = kind, function, args, options, out
        self.outs = (out, *others)

    @property
    def values(self) -> list[Value]:
        """The arguments that are values, those in lists too."""
        return list(_values(self.args))

    def key(self, args: tuple[Any, ...]) -> Any:
        """Equal for calls with equal results; args: with one value for all equal ones."""
        return self.kind, self.function, _key(args), _key(tuple(self.options.items()))


@final
class Program:
    """Calls in order, the values they end in, and {state: its value after the call}."""

    __slots__ = ("calls", "results", "states", "writes")

    def __init__(
        self, calls: list[Call], results: list[Value], states: list[Value], writes: dict[Value, Value]
    ) -> None:
        self.calls, self.results, self.states, self.writes = calls, results, states, writes


def _values(args: Any) -> Iterable[Value]:
    for x in args:
        if type(x) is Value:
            yield x
        elif isinstance(x, tuple | list):
            yield from _values(x)


def _key(x: Any) -> Any:
    if isinstance(x, tuple | list):
        return type(x), tuple(map(_key, x))
    if type(x) is slice:
        return slice, _key((x.start, x.stop, x.step))
    if isinstance(x, np.generic):
        return type(x), x.tobytes()
    if isinstance(x, float | complex):
        return type(x), repr(x)  # 0.0 is not -0.0
    if isinstance(x, np.ndarray | dict):
        return id(x)
    return type(x), x


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether entries that are equal lie alike in memory too: what is computed from them may depend on it."""
    return a.dtype == b.dtype and all(m == n for m, n, size in zip(a.strides, b.strides, a.shape) if size > 1)


@final
class _Merging:
    """Which values are equal, and so may be one; `apart` are none with others."""

    def __init__(self, program: Program, apart: set[Value]):
        self.stands: dict[Value, Value] = {}
        self.constants: list[Value] = []
        self.calls: list[tuple[Call, tuple[Any, ...]]] = []  # that are left, and their arguments
        self.mirrored: set[Value] = set()
        same: dict[Any, Value] = {}
        constant: set[Value] = set()
        for call in program.calls:
            args, out = self.now(call.args), call.out
            if call.kind == "random":
                self.calls.append((call, args))
                continue
            if out not in apart:
                if call.function is np.positive and _alike(args[0].array, out.array):
                    self.stands[out] = args[0]  # values do not change, so a copy is the value
                    continue
                first = same.setdefault(call.key(args), out)
                if first is not out:
                    self.stands[out] = first
                    continue
            values = list(_values(args))
            if values and all(x.origin == "constant" or x in constant for x in values):
                constant.add(out)
                continue
            self.calls.append((call, args))
            if call.kind in ("matmul", "other"):
                self._look(call)
        self.constants = list(constant)

    def now(self, x: Any) -> Any:
        """The values that stand for these."""
        if type(x) is Value:
            return self.stands.get(x, x)
        return type(x)(map(self.now, x)) if isinstance(x, tuple | list) else x

    def _look(self, call: Call) -> None:
        """A product of a matrix and its own transpose is rounded otherwise than one with a copy of it."""
        roots: dict[Value, Value] = {}
        for x in call.values:
            first = roots.setdefault(self._memory(x), x.root)
            if first is not x.root:
                self.mirrored.add(x.root if x.root in self.stands else first)

    def _memory(self, x: Value) -> Value:
        root = x.root
        return self._memory(self.stands[root]) if root in self.stands else root


def tidied(program: Program) -> Program:
    """The same results from fewer calls."""
    apart: set[Value] = set()
    while (merging := _Merging(program, apart)).mirrored - apart:
        apart |= merging.mirrored
    for x in merging.constants:
        x.origin, x.call, x.base = "constant", None, None
    calls, now = [], merging.now
    for call, args in merging.calls:
        call.args = args
        if call.out.base is not None:
            call.out.base = now(call.out.base)
        calls.append(call)
    results, writes = now(program.results), {state: now(x) for state, x in program.writes.items()}
    needed = {x for end in (*results, *writes.values()) for x in (end, end.root)}
    kept = []
    for call in reversed(calls):
        if call.out in needed or call.kind == "random":
            kept.append(call)
            needed.update(y for x in call.values for y in (x, x.root))
    kept.reverse()
    used = {y for call in kept for x in call.values for y in (x, x.root)} | needed
    states = [x for x in program.states if x in used or x in writes]
    return Program(kept, results, states, writes)

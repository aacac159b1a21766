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
    (copyto), "view" (no entry moves), "other" (makes an array of its own), "random" (as other; never shared), "loop"
    (of all the calls in `function`, with more than one result in `outs`).
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

    def key(self) -> Any:
        """Equal for calls with equal results."""
        return self.kind, self.function, _key(self.args), _key(tuple(self.options.items()))


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


def tidied(program: Program) -> Program:
    """The same results from fewer calls."""
    same: dict[Any, Value] = {}
    stands: dict[Value, Value] = {}

    def now(x: Any) -> Any:
        if type(x) is Value:
            return stands.get(x, x)
        return type(x)(map(now, x)) if isinstance(x, tuple | list) else x

    calls = []
    for call in program.calls:
        call.args = now(call.args)
        if call.out.base is not None:
            call.out.base = now(call.out.base)
        if call.kind == "random":
            calls.append(call)
            continue
        if call.function is np.positive and call.args[0].array.dtype == call.out.array.dtype:
            stands[call.out] = call.args[0]  # values do not change, so a copy is the value
            continue
        first = same.setdefault(call.key(), call.out)
        if first is not call.out:
            stands[call.out] = first
        elif call.values and all(x.origin == "constant" for x in call.values):
            call.out.origin, call.out.call, call.out.base = "constant", None, None
        else:
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

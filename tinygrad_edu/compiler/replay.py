"""A program at work: it finds the state, takes the steps, and returns what the function would have.  Floor 6."""

import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, final

import numpy as np

from ..errors import CompileError
from ..hooks import hooks_of
from ..primitives import clock
from ..tensor import Tensor, constant
from ..trees import leaves, rebuild
from .buffers import planned
from .capture import Capture
from .fusion import fused
from .guards import SETTINGS, Guards, same
from .lanes import Block, side_by_side
from .lowering import lowered
from .program import Program, Value, tidied
from .states import Memory, State
from .writing import Written, written

__all__ = ["Replay", "replay_of"]


@final
class _Values:
    """The Value of each array that a capture knows, and of each that it finds on the way."""

    def __init__(self, seen: Capture, arguments: list[np.ndarray]):
        self.of: dict[int, Value] = {}
        self.arguments = [self.add(x, "argument") for x in arguments]
        self.numbers = [self.add(x, "number") for x, _ in seen.numbers]
        self.tensors: dict[Value, list[Tensor]] = {}
        for t, array in seen.states:
            value = self.of[id(array)] if id(array) in self.of else self.add(array, "state")
            value.name = value.name or t.name
            self.tensors.setdefault(value, []).append(t)
        self.alone = _held_by_nobody(seen)

    def add(self, array: np.ndarray, origin: str) -> Value:
        self.of[id(array)] = value = Value(array, origin)
        return value

    def __call__(self, array: np.ndarray) -> Value:
        if id(array) not in self.of:
            self.add(array, "constant" if id(array) in self.alone else "captured")
        return self.of[id(array)]

    def bind(self, array: np.ndarray, value: Value) -> None:
        """From here on the array stands for this value."""
        self.of[id(array)] = value


def _held_by_nobody(seen: Capture) -> set[int]:
    """The ids of arrays that went into steps and that only the capture holds, so that nobody can change them."""
    ours = [x for step in seen.steps for x in step.inputs] + [array for _, array in seen.found.values()]
    uses = Counter(map(id, ours)) + Counter(seen.known.keys())
    arrays = {id(x): x for x in ours if isinstance(x, np.ndarray) and x.base is None}
    arrays[0] = np.empty(0)
    del ours
    counts = {key: sys.getrefcount(x) for key, x in arrays.items()}
    return {key for key, n in counts.items() if n - counts[0] == uses[key]}


def replay_of(
    seen: Capture, arguments: list[np.ndarray], given: Any, result: list[Any], fast: bool
) -> tuple["Replay", Any]:
    """The program of what was seen, and what the function returned, as later calls will return it.

    result: the one, which is taken out of the list, so that nobody here holds what the function may have kept.
    """
    kinds: list[str] = []
    ends: list[np.ndarray] = []

    def leaf(x: Any) -> Any:
        if type(x) is Tensor or isinstance(x, np.ndarray):
            ends.append(x._array if type(x) is Tensor else x)
            kinds.append("tensor" if type(x) is Tensor else "array")
            return _Place(len(ends) - 1)
        if type(x) not in SETTINGS and not isinstance(x, np.generic):
            seen.refuse(
                f"compile: the function returns a {type(x).__name__}, which later calls would return as it is now: "
                f"return arrays, Tensors, numbers and texts, or dicts, lists and tuples of them."
            )
        return x

    skeleton = None if result[0] is None else rebuild(leaf, result[0])
    result.clear()
    seen.check_left([*arguments, *(array for array, _ in seen.numbers), *(array for _, array in seen.states)])
    values = _Values(seen, arguments)
    calls = lowered(seen, values)
    gradients: dict[Tensor, Any] = {t: t._grad for t in seen.gradients}
    kept = [t for t, gradient in gradients.items() if gradient is not None]
    wanted = [values(x) for x in ends] + [values(gradients[t]._array) for t in kept]
    owner = {t: value for value, tensors in values.tensors.items() for t in tensors}
    writes = {owner[t]: values(t._array) for t in seen.written if t in owner}
    program = tidied(Program(calls, wanted, list(values.tensors), writes))
    blocks = side_by_side(program)
    by_tensors = _by_tensors(program.results, values, [kind is Tensor for kind in given.kinds])
    kinds = ["tensor" if kind == "tensor" and by else "array" for kind, by in zip(kinds, by_tensors)]
    if fast:
        program = fused(program)
    replay = Replay(
        written(program, planned(program), values.arguments, values.numbers),
        [State(x, values.tensors.get(x, []), x in program.writes) for x in program.states],
        blocks,
        seen,
        _Handout(skeleton, kinds, kept, [t for t in gradients if gradients[t] is None]),
        fast,
    )
    first = [np.array(x) for x in ends]
    return replay, replay.handout.value(first)


def _by_tensors(results: list[Value], values: _Values, are_tensors: list[bool]) -> list[bool]:
    """Whether each result depends on a Tensor: a state's, or one that was handed over."""
    tensors = {x for x, is_tensor in zip(values.arguments, are_tensors) if is_tensor}
    known: dict[Value, bool] = {}

    def depends(x: Value) -> bool:
        pending = [x]
        while pending:
            y = pending[-1]
            inputs = [] if y.call is None else y.call.values
            missing = [z for z in inputs if z not in known]
            if missing:
                pending += missing
            else:
                known[y] = y in tensors or y.origin in ("state", "number") or any(known[z] for z in inputs)
                pending.pop()
        return known[x]

    return [depends(x) for x in results]


@final
class _Place:
    """Stands in the skeleton of a result where array number `index` goes."""

    __slots__ = ("index",)

    def __init__(self, index: int):
        self.index = index


@final
class _Handout:
    """What a call returns and which gradients it leaves."""

    def __init__(self, skeleton: Any, kinds: list[str], kept: list[Tensor], cleared: list[Tensor]):
        self.skeleton, self.kinds, self.kept, self.cleared = skeleton, kinds, kept, cleared
        self.single = type(skeleton) is _Place

    def value(self, arrays: Any) -> Any:
        """The function's result with these arrays in it."""
        if self.skeleton is None:
            return None
        if self.single:
            return self.leaf(0, arrays[0])
        return rebuild(lambda x: self.leaf(x.index, arrays[x.index]) if type(x) is _Place else x, self.skeleton)

    def leaf(self, i: int, array: Any) -> Any:
        return constant(np.asarray(array)) if self.kinds[i] == "tensor" else array[()]


@final
class Replay:
    """One program.

    source: its text.  guards: what the function read of the variables around it.  to_verify: how many calls are still
    to be compared with the function itself.
    """

    def __init__(
        self, text: Written, states: list[State], blocks: list[Block], seen: Capture, handout: _Handout, fast: bool
    ):
        self.source = "\n\n".join([*text.loops, text.source])
        self.fast = fast
        self.guards = Guards([])
        self.to_verify = 0
        self.handout = handout
        self.names = text.names
        exec(text.source, self.names)
        self.memory = Memory(states, blocks)
        self.tensors = [t for state in states for t in state.tensors[:1]]
        self.written = self.memory.written
        #: Of two Tensors with one array one gets another: what the program says of both holds at no later call.
        self.once = any(len(state.tensors) > 1 and any(t in seen.written for t in state.tensors) for state in states)
        self.twins = [(a, b) for state in states for a, b in pairwise(state.tensors)]
        before = dict(seen.states)
        chosen = {key for key, name in seen.settings if name == "_requires_grad"}
        self.needed = [(t, t._requires_grad, hooks_of(t)) for t in before if id(t) not in chosen]
        self.hooked = [(t, hooks_of(t)) for t in before if id(t) in chosen]
        self.fresh = [t for t in seen.fresh if t in before]
        self.settings = [(x, name, old) for x, name, old in seen.settings.values() if old is not None]
        self.numbers = [(array, ask) for array, ask in seen.numbers]
        switched = seen.switched
        self.effects: list[Callable[[], None]] = [*seen.effects, *([partial(_switch, switched)] if switched else [])]
        self.generators = [x for step in seen.steps for x in step.params.values() if isinstance(x, np.random.Generator)]
        self.step: Any = None
        self.stands = False

    def fits(self) -> bool:
        """Whether all that the program took for granted is still so; to be asked before each call."""
        for t, needed, hooks in self.needed:
            if t._requires_grad is not needed or ((t.extras is not None or hooks) and hooks_of(t) is not hooks):
                return False
        for t, hooks in self.hooked:
            if hooks_of(t) is not hooks:
                return False
        for t in self.fresh:
            if t._grad is not None:
                return False
        for a, b in self.twins:
            if a._array is not b._array:
                return False
        for x, name, old in self.settings:
            if getattr(x, name) is not old and not same(getattr(x, name), old):
                return False
        if not self.guards.hold():
            return False
        self.stands = self.step is not None and self.memory.stands()
        return self.stands or self.memory.is_alike()

    def __call__(self, arrays: list[np.ndarray]) -> Any:
        """The function's result for these inputs."""
        if not self.stands:
            self.step = None  # which holds views of the arrays
            self.memory.find()
            self.step = self.names["setup"](*self.memory.arrays)
            self.memory.count()
        for number, ask in self.numbers:
            number[()] = ask()
        if self.written:
            clock[0] += 1
            now = clock[0]
            for t in self.written:
                t.stamp = now
        results = self.step(*arrays)
        handout = self.handout
        for t in handout.cleared:
            t._grad = None
        if handout.kept:
            for t, array in zip(handout.kept, results[-len(handout.kept) :]):
                t._grad = constant(np.asarray(array))
        for effect in self.effects:
            effect()
        return handout.value(results)

    def verified(self, given: Any, f: Callable[[], Any]) -> Any:
        """The function's own result, after the program's was found to be the same; raises CompileError."""
        self.to_verify -= 1
        before = [(t, t._array, t._array.copy()) for t in self.written]
        gradients = [(t, t._grad) for t in (*self.handout.kept, *self.handout.cleared)]
        states = [g.bit_generator.state for g in self.generators]
        effects, self.effects = self.effects, []
        try:
            ours, our_values = self._outcome(self(given.arrays))
        finally:
            self.effects = effects
        for t, array, entries in before:
            if t._array is array:  # which the program has written to
                array[...] = entries
            t._array = array
        for t, gradient in gradients:
            t._grad = gradient
        for generator, state in zip(self.generators, states):
            generator.bit_generator.state = state
        result = f()
        theirs, their_values = self._outcome(result)
        differing = [name for (name, a), (_, b) in zip(ours, theirs) if not self._equal(a, b)]
        if len(ours) != len(theirs) or len(our_values) != len(their_values):
            differing = ["the number of results"]
        elif not differing and not all(map(same, our_values, their_values)):
            differing = ["a result"]
        if differing:
            raise CompileError(
                f"compile: {differing[0]} of the compiled function is not what the function gives: something it "
                f"depends on is neither an argument nor a Tensor; hand it over, or keep it in a Tensor."
            )
        return self.handout.value([a for _, a in theirs[: len(self.handout.kinds)]])

    def _equal(self, a: np.ndarray, b: np.ndarray) -> bool:
        """The same numbers; from fused loops, to half of their digits."""
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        inexact = a.dtype.kind in "fc"
        if not self.fast or not inexact:
            return np.array_equal(a, b, equal_nan=inexact)
        rounding = np.sqrt(np.finfo(a.dtype).eps)
        return np.allclose(a, b, rounding, rounding * np.abs(b[np.isfinite(b)]).max(initial=0), equal_nan=True)

    def _outcome(self, result: Any) -> tuple[list[tuple[str, np.ndarray]], list[Any]]:
        """What a call has led to: results, states, gradients; and the results that are no arrays."""
        ends = [] if result is None else list(leaves(result))
        arrays = [x for x in ends if isinstance(x, Tensor | np.ndarray | np.generic)]
        found = [("a result", np.array(x._array if type(x) is Tensor else x)) for x in arrays]
        found += [(t._label(), t._array.copy()) for t in self.tensors]
        found += [(f"the .grad of {t._label()}", _array_of(t._grad)) for t in self.handout.kept]
        return found, [x for x in ends if not isinstance(x, Tensor | np.ndarray | np.generic)]


def _array_of(gradient: Any) -> np.ndarray:
    return np.empty(0) if gradient is None else gradient._array


def _switch(settings: list[tuple[Any, str, Any]]) -> None:
    for x, name, value in settings:
        setattr(x, name, value)

"""Run a function once and write down all that it does: the steps, the state it reads and writes, what it returns.

A value is known by its array: every Tensor that holds the same array object stands for the same value.  So
`.data`, `.detach()` and `Tensor(t)` need no steps of their own.  Floor 6.
"""

import gc
import pickle
import random
import weakref
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextvars import copy_context
from typing import Any, NamedTuple, NoReturn, final

import numpy as np

from ..errors import CompileError
from ..hooks import hooks_of
from ..modes import Observer, current_watch, watching
from ..primitives import Primitive, clock
from ..tensor import Tensor

__all__ = ["Capture", "Step", "capture"]


def _draws(generator: Any) -> str:
    kinds = {id(np.random): "np.random, as np.random.permutation(...) does", id(random): "Python's random"}
    which = kinds.get(id(generator), f"a {type(generator).__name__} around it")
    return (
        f"compile: the function draws random numbers by itself (from {which}), and they would be repeated at every "
        f"call: use tg.functions.dropout, or draw them outside and hand them over."
    )


class Step(NamedTuple):
    """out = function(*inputs, **params), of arrays and Python numbers; function: an op's forward, or a rule."""

    out: np.ndarray
    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    params: Mapping[str, Any]


@final
class Capture(Observer):
    """What a run did.

    steps: in order.  known: the arrays of arguments, states and results.  written: {tensor that got new data: its
    array and stamp before}.  gradients: {tensor whose `.grad` was set: the `.grad` before}.  numbers: the arrays that
    stand for Python numbers, and the functions that say them.  flags: {module: whether it was training}.
    effects: what else is to be done after each call.  fresh: the tensors that are to have no `.grad` before a call.
    """

    captures = True

    def __init__(self, arguments: Sequence[np.ndarray], kinds: Sequence[type], generators: Sequence[Any]) -> None:
        clock[0] += 1
        self.start = clock[0]  # tensors made from now on have a stamp from now on
        self.kinds = dict(zip(map(id, arguments), kinds))
        self.generators = {id(g): (g, _state(g)) for g in generators}  # and their states before
        self.drawn = {key: state for key, (_, state) in self.generators.items()}  # up to where steps have drawn
        self.caught: Exception | None = None
        self.hooked: dict[Tensor, Any] = {}
        self.ahead: Counter[Any] = Counter()
        self.refused: CompileError | None = None
        self.fresh: list[Tensor] = []
        self.steps: list[Step] = []
        self.known: dict[int, np.ndarray] = {id(x): x for x in arguments}  # which so keep their ids
        self.found: dict[int, tuple[Callable[[], Tensor | None], np.ndarray]] = {}  # by the id of the Tensor
        self.before: set[int] = set()  # the ids of arrays that Tensors held before
        self.settings: dict[tuple[int, str], tuple[Any, str, Any]] = {}
        self.written: dict[Tensor, tuple[np.ndarray, int]] = {}
        self.gradients: dict[Tensor, Any] = {}
        self.numbers: list[tuple[np.ndarray, Callable[[], float]]] = []
        self.effects: list[Callable[[], None]] = []
        self.made: list[weakref.ref[Tensor]] = []  # the results, gradients among them

    # What a Tensor tells

    def stepped(self, out: Tensor, op: Primitive, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> None:
        """A step was taken."""
        self.made.append(weakref.ref(out))
        self._took(out._array, op.forward, tuple(map(self._plain, inputs)), params)
        if "rng" in params:
            self.drawn[id(params["rng"])] = _state(params["rng"])

    def failed(self, error: Exception) -> None:
        """A step raised this.  Whether it does may depend on the entries, so the function may not catch it."""
        self.caught = error

    def applied(self, rule: Callable[..., Any], args: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """What a rule makes of these Tensors' arrays, as a Tensor; the rule is a step."""
        plain = tuple(map(self._plain, args))
        try:
            dx = rule(*plain, **params)
        except Exception as error:
            self.failed(error)
            raise
        if not isinstance(dx, np.ndarray | np.generic):
            return dx  # which is an error that the walk knows
        array = np.asarray(dx)
        self._took(array, getattr(rule, "anew", rule), plain, params)
        return self._remembered(Tensor(array))

    def _remembered(self, t: Tensor) -> Tensor:
        self.made.append(weakref.ref(t))
        return t

    def _took(self, out: np.ndarray, function: Any, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> None:
        if id(out) not in self.known:
            self.known[id(out)] = out
            self.steps.append(Step(out, function, inputs, params))

    def refuse(self, message: str) -> NoReturn:
        """Raise CompileError, and again at the end: the function may have caught it, and gone on without the value."""
        self.refused = CompileError(message)
        raise self.refused

    def cast(self, t: Tensor, dtype: Any) -> np.ndarray:
        """t's array in another dtype."""
        array = self._plain(t)
        new: np.ndarray = array.astype(dtype)
        self._took(new, _cast, (array,), {"dtype": np.dtype(dtype)})
        return new

    def overwrites(self, t: Tensor) -> None:
        """`t += v`: raise CompileError where t stands for an array of the caller's, who would see the sum in it."""
        if self.kinds.get(id(t._array)) is np.ndarray:
            self.refuse(
                "compile: the function writes into an array that was handed over (`x += v`), and what it has got is a "
                "Tensor: write `x = x + v`, and return it."
            )

    def data_of(self, t: Tensor) -> Tensor:
        """What `t.data` gives inside: a Tensor, so that what is computed from it stays recorded."""
        return self._remembered(Tensor(self._plain(t)))

    def new_data(self, t: Tensor, new: Any) -> Any:
        """The array that `t.data = new` puts there."""
        if id(t._array) in self.kinds:
            self.refuse(
                f"compile: the function gives {t._label()}, which was handed over, new data: let the function find it "
                f"around itself, or return the data."
            )
        if t not in self.written:
            self._plain(t)
            self.written[t] = t._array, t.stamp
        if type(new) is Tensor:
            return self._plain(new)
        return new if type(new) is np.ndarray else np.asarray(new)

    def gets_gradient(self, t: Tensor) -> None:
        """backward() is about to add to t's `.grad`."""
        self.reads_gradient(t)
        self.sets_gradient(t)

    def reads_gradient(self, t: Tensor) -> None:
        """Raise CompileError for a gradient that is left from before."""
        if t in self.gradients:
            return
        if t._grad is not None:
            self.refuse(
                f"compile: {t._label()} has a .grad from before this call, which a compiled function cannot add to: "
                f"begin the function with zero_grad(), or set .grad = None."
            )
        self.fresh.append(t)

    def sets_gradient(self, t: Tensor) -> None:
        """t's `.grad` is about to be replaced."""
        self._plain(t)
        self.gradients.setdefault(t, t._grad)

    def number(self, ask: Callable[[], float], dtype: Any) -> Tensor:
        """A Tensor that stands for what `ask` says at each call."""
        array = np.array(ask(), dtype)
        self.known[id(array)] = array
        self.numbers.append((array, ask))
        return Tensor(array)

    def after(self, effect: Callable[[], None], counts: Iterable[Any]) -> None:
        """Do this after each call; these counts will then go up."""
        self.effects.append(effect)
        self.ahead.update(counts)

    def index(self, t: Tensor) -> np.ndarray:
        """The array of a Tensor that names entries; raises CompileError for a mask, whose count may differ."""
        if t._array.dtype == bool and id(t._array) in self.known:
            self.refuse(
                f"compile: {t._label()} is a mask, and how many entries it takes is known only at the call: use "
                f"np.where(mask, x, 0), or choose the entries before you call the compiled function."
            )
        return self._plain(t)

    def keeps(self, array: np.ndarray) -> bool:
        """Whether the array stands for a value of the run, so that a copy of it would not."""
        return id(array) in self.known

    def _plain(self, x: Any) -> Any:
        if type(x) is not Tensor:
            return x
        array = x._array
        if id(array) not in self.known:
            self.known[id(array)] = array
            self.before.add(id(array))
        if id(array) in self.before and x.op is None:
            there = self.found.get(id(x))
            if there is None or there[0]() is not x:
                self.found[id(x)] = weakref.ref(x), array
        return array

    @property
    def states(self) -> list[tuple[Tensor, np.ndarray]]:
        """The Tensors that outlive the run, and what they held before it."""
        alive = ((ref(), array) for ref, array in self.found.values())
        return [(t, array) for t, array in alive if t is not None]

    def _is_new(self, t: Tensor) -> bool:
        """Whether the function has made the tensor."""
        return (self.written[t][1] if t in self.written else t.stamp) >= self.start

    def setting(self, x: Any, name: str) -> None:
        """x's attribute is about to be read or set; the function is compiled for each value it has before the call."""
        if type(x) is not Tensor or not self._is_new(x):
            self.settings.setdefault((id(x), name), (x, name, getattr(x, name, None)))

    @property
    def switched(self) -> list[tuple[Any, str, Any]]:
        """The settings that the function has changed, and their new values."""
        now = [(x, name, old, getattr(x, name)) for x, name, old in self.settings.values()]
        return [(x, name, new) for x, name, old, new in now if old is not None and new is not old]

    def hooks(self, t: Tensor) -> None:
        """t is about to get a hook, or to lose one."""
        if not self._is_new(t):
            self.hooked.setdefault(t, hooks_of(t))

    def check_left(self, values: Collection[np.ndarray]) -> None:
        """Raise CompileError for a result that somebody still holds, and that follows from one of these values."""
        if not self._left():
            return
        gc.collect()
        follows = {id(x) for x in values}
        for step in self.steps:
            if "rng" in step.params or any(id(x) in follows for x in step.inputs):
                follows.add(id(step.out))
        for t in self._left():
            if id(t._array) in follows:
                self.refuse(
                    f"compile: the function leaves {t._label()} somewhere around it, and later calls would not: return "
                    f"it and keep it outside, or write to the .data of a Tensor that is there."
                )

    def _left(self) -> list[Tensor]:
        """The results that are neither data or gradients that the run leaves, nor part of their graphs."""
        pending: list[Any] = [*self.written, *self.fresh, *self.gradients, *(x for x, _, _ in self.settings.values())]
        pending += [t._grad for t in self.gradients]
        ours: set[Any] = set()
        while pending:
            t = pending.pop()
            if type(t) is Tensor and t not in ours:
                ours.add(t)
                pending += t.inputs
        return [t for t in (ref() for ref in self.made) if t is not None and t not in ours]

    def draws(self, generator: np.random.Generator) -> None:
        """A step is about to draw from the generator; raises CompileError where somebody else has."""
        state = _state(generator)
        self.generators.setdefault(id(generator), (generator, state))
        if self.drawn.setdefault(id(generator), state) != state:
            self.refuse(_draws(generator))

    def check(self) -> None:
        """Raise CompileError for what cannot be replayed, now that the function has returned."""
        if self.refused:
            raise self.refused
        if self.caught:
            raise CompileError(
                f"compile: the function catches an error ({type(self.caught).__name__}: {self.caught}), and whether it "
                f"comes may differ from call to call: choose with np.where(condition, a, b), or catch it outside."
            ) from self.caught
        for key, (generator, _) in self.generators.items():
            if _state(generator) != self.drawn[key]:
                raise CompileError(_draws(generator))
        for t, hooks in self.hooked.items():
            if (hooks or {}) != (hooks_of(t) or {}):
                raise CompileError(
                    f"compile: the function changes the hooks of {t._label()}, and later calls would not: register and "
                    f"remove them outside, or do both inside."
                )

    def stop(self) -> None:
        """Be told nothing any more."""
        if self in watching:
            watching.remove(self)

    def undo(self) -> None:
        """Put back all that the run has replaced."""
        for t, (array, stamp) in self.written.items():
            t._array, t.stamp = array, stamp
        for t, gradient in self.gradients.items():
            t._grad = gradient
        for x, name, old in self.settings.values():
            if old is not None:
                setattr(x, name, old)
        for t, hooks in self.hooked.items():
            t._remember("hooks", hooks or {})
        for generator, state in self.generators.values():
            _restore(generator, state)


def _cast(x: Any, *, dtype: Any) -> Any:
    return x.astype(dtype)


def capture(
    arguments: Sequence[np.ndarray], kinds: Sequence[type], generators: Sequence[Any], body: Callable[[Capture], Any]
) -> Any:
    """body(what it has done so far), while all that it does is written down; where it raises, nothing has happened.

    kinds: the class of each argument as it was handed over.  Raises CompileError where random numbers were drawn from
    np.random, from Python's random or, by no step, from one of these generators; and for an error that was caught.
    """
    generators = [np.random, random, *generators]
    running = Capture(arguments, kinds, generators)
    context = copy_context()  # which is left in one C call, so that no Ctrl-C keeps the capture on
    try:
        try:
            watching.append(running)
            value = context.run(_watched, running, body)
        finally:
            running.stop()
        running.check()
        for variable in context:  # what the function has set there stays set
            if variable is not current_watch and variable.get(None) is not context[variable]:
                variable.set(context[variable])
    except BaseException:
        try:
            running.undo()
        finally:  # Ctrl-C may come in the midst of it
            running.stop()
            running.undo()
        raise
    return value


def _watched(running: Capture, body: Callable[[Capture], Any]) -> Any:
    current_watch.set(running)
    return body(running)


def _state(generator: Any) -> bytes:
    """How far a generator of random numbers has got: of Python's, NumPy's old or new ones, or a bit generator."""
    for name in ("getstate", "get_state"):
        if hasattr(generator, name):
            return pickle.dumps(getattr(generator, name)())
    return pickle.dumps(getattr(generator, "bit_generator", generator).state)


def _restore(generator: Any, state: bytes) -> None:
    for name in ("setstate", "set_state"):
        if hasattr(generator, name):
            getattr(generator, name)(pickle.loads(state))
            return
    getattr(generator, "bit_generator", generator).state = pickle.loads(state)

"""Run a function once and write down all that it does: the steps, the state it reads and writes, what it returns.

A value is known by its array: every Tensor that holds the same array object stands for the same value.  So
`.data`, `.detach()` and `Tensor(t)` need no steps of their own.  Floor 6.
"""

import gc
import pickle
import random
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn, final

import numpy as np

from ..errors import CompileError
from ..modes import Observer, current_watch, watching
from ..primitives import Primitive
from ..tensor import Tensor

__all__ = ["Capture", "Step", "capture"]


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

    def __init__(self, arguments: Sequence[np.ndarray], kinds: Sequence[type]) -> None:
        self.kinds = dict(zip(map(id, arguments), kinds))
        self.refused: CompileError | None = None
        self.required: dict[Tensor, bool] = {}
        self.drawn: dict[Any, Any] = {}
        self.fresh: list[Tensor] = []
        self.steps: list[Step] = []
        self.known: dict[int, np.ndarray] = {id(x): x for x in arguments}  # which so keep their ids
        self.found: dict[int, tuple[Callable[[], Tensor | None], np.ndarray]] = {}  # by the id of the Tensor
        self.before: set[int] = set()  # the ids of arrays that Tensors held before
        self.flags: dict[Any, bool] = {}
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

    def applied(self, rule: Callable[..., Any], args: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """What a rule makes of these Tensors' arrays, as a Tensor; the rule is a step."""
        plain = tuple(map(self._plain, args))
        dx = rule(*plain, **params)
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

    def after(self, effect: Callable[[], None]) -> None:
        """Do this after each call."""
        self.effects.append(effect)

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
        pending: list[Any] = [*self.written, *self.required, *self.fresh, *self.gradients]
        pending += [t._grad for t in self.gradients]
        ours: set[Any] = set()
        while pending:
            t = pending.pop()
            if type(t) is Tensor and t not in ours:
                ours.add(t)
                pending += t.inputs
        return [t for t in (ref() for ref in self.made) if t is not None and t not in ours]

    def requires(self, t: Tensor) -> None:
        """t's `requires_grad` is about to be set."""
        self.required.setdefault(t, t._requires_grad)

    def draws(self, generator: np.random.Generator) -> None:
        """A step is about to draw from the generator."""
        self.drawn.setdefault(generator, generator.bit_generator.state)

    def flag(self, module: Any, value: bool) -> bool:
        """The function asks whether it is training; it is compiled for each answer."""
        self.flags[module] = value
        return value

    def undo(self) -> None:
        """Put back the data and gradients that the run has replaced."""
        for t, (array, stamp) in self.written.items():
            t._array, t.stamp = array, stamp
        for t, gradient in self.gradients.items():
            t._grad = gradient
        for t, required in self.required.items():
            t._requires_grad = required
        for generator, state in self.drawn.items():
            generator.bit_generator.state = state


def _cast(x: Any, *, dtype: Any) -> Any:
    return x.astype(dtype)


@contextmanager
def capture(arguments: Sequence[np.ndarray], kinds: Sequence[type], generators: Sequence[Any]) -> Iterator[Capture]:
    """Write down what runs inside; where it raises, nothing has happened.

    kinds: the class of each argument as it was handed over.  Raises CompileError where random numbers were drawn from
    np.random, from Python's random or, by no step, from one of these generators.
    """
    running = Capture(arguments, kinds)
    watching.append(running)
    token = current_watch.set(running)
    before = _random(generators)
    try:
        yield running
        if running.refused:
            raise running.refused
        drawn = {id(x) for step in running.steps for x in step.params.values()}
        moved = [pickle.dumps(a) != pickle.dumps(b) for a, b in zip(before, _random(generators))]
        if any(moved[:2]) or any(moved[i] for i, g in enumerate(generators, 2) if id(g) not in drawn):
            raise CompileError(
                "compile: the function draws random numbers by itself, and they would be repeated at every call: "
                "use tg.functions.dropout, or draw them outside and hand them over."
            )
    except BaseException:
        running.undo()
        _restore(generators, before)
        raise
    finally:
        current_watch.reset(token)
        watching.remove(running)


def _random(generators: Sequence[Any]) -> list[Any]:
    """Where the random numbers of NumPy, of Python and of these generators have got to."""
    return [np.random.get_state(), random.getstate(), *map(_state, generators)]


def _state(generator: Any) -> Any:
    legacy = isinstance(generator, np.random.RandomState)
    return generator.get_state() if legacy else generator.bit_generator.state


def _restore(generators: Sequence[Any], states: list[Any]) -> None:
    np.random.set_state(states[0])
    random.setstate(states[1])
    for generator, state in zip(generators, states[2:]):
        if isinstance(generator, np.random.RandomState):
            generator.set_state(state)
        else:
            generator.bit_generator.state = state

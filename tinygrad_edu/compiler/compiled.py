"""`compile`: run a function once to see what it does, and from then on replay it as flat NumPy.  Floor 6."""

import copy
import functools
import inspect
import threading
import types
import warnings
from collections.abc import Callable
from typing import Any, final

from ..errors import CompileError
from ..modes import capturing, current_watch, recording, watching
from .capture import Capture, capture
from .replay import Replay, replay_of
from .signature import Arguments
from .surroundings import Surroundings

__all__ = ["Compiled", "compile", "has_numba"]

#: How many programs one function may have before it warns.
MANY = 8


def compile(f: Callable[..., Any] | None = None, *, fast: bool | None = None, verify: bool = False) -> Any:
    """f, replayed as a flat NumPy program: `step = tg.compile(step)`, or as a decorator.

    f is a training step, or any function of arrays.  At its first call with arguments of some shapes and dtypes it
    runs as it is, and everything it does is written down: forward, backward, the optimizer's update.  Later calls take
    the same steps in buffers that were made once.  The results are the same, to the last bit unless `fast`.

    Tensors that f reads or writes (parameters, an optimizer's state) are read and updated at each call.  Arrays and
    Tensors handed in are inputs; Python numbers, texts and modes (`no_grad`, `train()`, `eval()`) choose the program.
    `requires_grad`, `train()` and `eval()` may be set inside.  An optimizer may go several steps in one call, with the
    `lr` that it has before the call.  Results are new arrays, or Tensors without a graph, in dicts, lists and tuples.
    fast: with numba, chains of elementwise steps and the sums that end them become one loop each: the same results to
    rounding, without NumPy's warnings about overflow and the like.  Machine code is made at the first call, in a second
    or two, and kept in the user's cache directory.  None: where numba is installed (`tinygrad_edu[fast]`); False: every
    bit as without.
    verify: compare the first calls of each program with f itself, and raise CompileError where they differ.

    What f finds around itself is compared at each call, and another program made where it has changed: the variables
    and attributes that its code names, as far as your own functions, methods, properties and classes lead, all
    attributes of your objects where it says vars, asdict or a getattr whose name it puts together, and the items of
    lists, dicts, sets and deques there, of dicts in their order.  Not compared: what NumPy computes from arrays that
    are no arguments, other names that code puts together (eval, globals, a module's or a class's attributes), rules of
    yours that run where NumPy's functions are called, what other packages and threads do, lists of more than 10 000
    items and what lies inside the items of one of more than 100, and whatever is further away than the nearest 5000
    places.  There the old value stays: hand it over, or make a Tensor of it.  `verify` finds most of this.
    Arguments are arrays, Tensors, numbers, texts, dicts, lists and tuples of them, and objects with a hash, which are
    compared as what is around f: make a dataclass with eq=False.  An array around f that an argument indexes has to be
    a Tensor: `tg.Tensor(np.eye(3))[y]`.
    Raises CompileError where f takes a value out of the graph (`float(J)`, `if J < 1`, `.item()`, `.numpy()`), writes
    to an argument, sets a variable, attribute or item that is compared, leaves a Tensor anywhere around it, reads an
    iterator, draws random numbers from np.random, from Python's, from a generator around it or one made without a seed,
    calls tg.seed, adds to a `.grad` from before the call, sets an optimizer's `lr`, reads its `steps` or makes one,
    leaves a hook, calls what `checkpoint` made, runs a hook that gives another gradient, or catches an error. Then no
    Tensor and no generator has changed, and what f has set in the places that are compared is put back.
    What Python does beside computing (printing, appending texts to a list) happens at the first call only.
    An error in the midst of an optimizer's update (Ctrl-C, np.errstate(all="raise")) may leave some parameters moved.

    >>> import numpy as np, tinygrad_edu as tg
    >>> W = tg.Tensor([1.0, 2.0], requires_grad=True, name="W")
    >>> @tg.compile
    ... def step(x):
    ...     J = ((W - x) ** 2).sum()
    ...     W.grad = None
    ...     J.backward()
    ...     W.data = W.data - 0.25 * W.grad.data
    ...     return J
    >>> [float(step(np.array([3.0, 3.0]))) for _ in range(3)]
    [5.0, 1.25, 0.3125]
    >>> step.traces
    1
    """
    if f is None:
        return functools.partial(compile, fast=fast, verify=verify)
    if not callable(f):
        raise CompileError(f"compile takes a function, and got a {type(f).__name__}: give f itself, not f(x).")
    if inspect.iscoroutinefunction(f) or inspect.isgeneratorfunction(f) or inspect.isasyncgenfunction(f):
        raise CompileError(
            f"compile: the body of {_name(f)} runs in parts, after the call: compile the function that makes one part."
        )
    return Compiled(f, fast, verify)


@final
class Compiled:
    """A compiled function.  traces: how often it was written down.  source: its latest program, after its loops.

    As a method it keeps a program for each object that it was called on, and the object, for as long as it lives.
    """

    _settings, _asked = ("_f",), ()  # what a compiled function that calls this one takes for granted

    def __init__(self, f: Callable[..., Any], fast: bool | None, verify: bool):
        functools.update_wrapper(self, f)
        self.traces = 0
        self.source = ""
        self._f = f
        self._fast = has_numba() if fast is None else fast
        if fast and not has_numba():
            raise CompileError(
                "compile: fast=True needs numba, which is not here or does not run with this NumPy: "
                "pip install 'tinygrad_edu[fast]'."
            )
        self._verify = 3 if verify else 0
        self._programs: dict[Any, list[Replay]] = {}
        self._last: Any = ()  # the key of the latest program
        self._lock = threading.RLock()  # a function may call itself

    def __repr__(self) -> str:
        return f"<compiled {_name(self._f)}, traces={self.traces}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> "Compiled":
        """Another one, with programs of its own to come, of the copied object's method where f is one."""
        return Compiled(copy.deepcopy(self._f, memo), self._fast, self._verify > 0)

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return self if owner is None else types.MethodType(self, owner)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """f(*args, **kwargs)."""
        if watching and (capturing() is not None or current_watch.get() is not None):
            return self._f(*args, **kwargs)  # who watches wants to see the steps
        given = Arguments(args, kwargs, recording.get())
        with self._lock:
            for replay in self._programs.get(given.key, ()):
                if replay.fits():
                    if replay.to_verify:
                        return replay.verified(given, lambda: self._f(*args, **kwargs))
                    return replay(given.arrays)
            return self._traced(given)

    def _run(self, seen: Capture, args: Any, kwargs: Any) -> list[Any]:
        """[what f returns]; where NumPy has put its own error in place of a refusal, the refusal."""
        try:
            return [self._f(*args, **kwargs)]
        except Exception as error:
            if seen.refused is not None and error is not seen.refused:
                raise seen.refused from error
            raise

    def _why(self, given: Arguments) -> str:
        """What made another program necessary, as far as it can be told."""
        if given.key in self._programs:
            changed = self._programs[given.key][0].guards.changed()
            return f"a change of {changed}" if changed else "a change of a mode, a .grad or a hook"
        old, new = self._last, given.key
        names = inspect.getfullargspec(self._f).args if inspect.isfunction(self._f) else []
        for i, (a, b) in enumerate(zip(old[1:], new[1:])):
            if a != b:
                return f"another shape, dtype or number in {names[i] if i < len(names) else f'argument {i + 1}'}"
        return "other arguments"

    def _traced(self, given: Arguments) -> Any:
        """Run f as it is, and keep what it did as a program."""
        why = self._why(given) if self.traces + 1 >= MANY else ""
        arrays = [x[...] for x in given.arrays]  # an argument may be an array that f knows by another name too
        around = Surroundings(self._f, given.objects)

        def body(seen: Capture) -> Any:
            args, kwargs = given.with_arrays(arrays)
            result = self._run(seen, args, kwargs)
            guards = around.guards(_name(self._f))
            del args, kwargs
            return *replay_of(seen, arrays, given, result, self._fast), guards

        try:
            replay, value, guards = capture(arrays, given.kinds, around.generators, body)
        except CompileError:
            around.restore()
            raise
        replay.guards, replay.to_verify = guards, self._verify
        if not replay.once:
            self._programs.setdefault(given.key, []).insert(0, replay)
        self.source = replay.source
        self.traces += 1
        for effect in replay.effects:
            effect()
        if self.traces >= MANY and self.traces & (self.traces - 1) == 0:
            warnings.warn(
                f"compile: {_name(self._f)} was traced {self.traces} times, the last time for {why}; each change "
                f"around it and each combination of shapes, dtypes and Python numbers has a program of its own: give "
                f"batches one shape, and hand numbers that change over as arrays of the parameters' dtype, "
                f"np.asarray(lr, W.dtype).",
                stacklevel=3,
            )
        self._last = given.key
        return value


@functools.cache
def has_numba() -> bool:
    """Whether there is a numba that runs here."""
    try:
        import numba  # noqa: F401
    except ImportError:  # it may be there and refuse this NumPy
        return False
    return True


def _name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", "the function")

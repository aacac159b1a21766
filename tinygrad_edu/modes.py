"""Whether steps are recorded, and whether they are watched.  Floor 1, below all who record or ask.

A mode lives in a context variable, so each thread and each async task has its own.
"""

import inspect
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import Any, NamedTuple

from .errors import GradientError

__all__ = [
    "Mode",
    "Observer",
    "after_call",
    "ahead",
    "capturing",
    "chooses",
    "current_watch",
    "each_call",
    "no_grad",
    "recording",
    "refuse_compiled",
    "watching",
]

#: False inside `no_grad()`.
recording: ContextVar[bool] = ContextVar("recording", default=True)

#: Who is told of every step: the watch of `detect_anomaly()`, a trace, the capture of `compile`, or None.
current_watch: ContextVar[Any] = ContextVar("current_watch", default=None)
#: The observers in any thread: an empty list is asked sooner than a context variable, and steps are many.
watching: list[Any] = []


class Observer:
    """Abstract: what an observer is told.  `captures`: what it is told will be replayed, so that no value may hide."""

    captures = False

    def stepped(self, out: Any, op: Any, inputs: Any, params: Any) -> None:
        """out = op(*inputs, **params) was computed."""

    def added_up(self, dz: Any, t: Any, seed: Any) -> None:
        """The gradient dz of t is complete, in a walk from this seed."""

    def unlike(self, dx: Any, x: Any, t: Any) -> None:
        """t's rule for its input x made dx, which is about to be brought to x's shape and dtype."""

    def passed_back(self, dx: Any, dz: Any, x: Any, t: Any, order: Any) -> None:
        """t's rule for its input x made dx of dz; the order of the walk so far ends in what is still to come."""

    def release_graph(self, end: Any) -> None:
        """The graph behind end was walked for the last time."""


def capturing() -> Any:
    """The capture that `compile` makes of the running function, or None."""
    watch = current_watch.get() if watching else None
    return watch if watch is not None and watch.captures else None


def refuse_compiled(why: str) -> None:
    """In a function that `compile` runs, raise CompileError with this message; elsewhere, nothing."""
    capture = capturing()
    if capture is not None:
        capture.refuse(why)


def each_call(number: Callable[[], float], dtype: Any) -> Any:
    """number(), which in a compiled function is asked anew at each call: a rate, or what follows from a count of steps.

    There it stands as a Tensor of no axes of this dtype, to which NumPy would cast the Python number.
    """
    capture = capturing()
    return number() if capture is None else capture.number(number, dtype)


def after_call(effect: Callable[[], None], *counts: Any) -> None:
    """effect() now, and in a compiled function at the end of each call: these counts go up."""
    capture = capturing()
    if capture is None:
        effect()
    else:
        capture.after(effect, counts)


def ahead(count: Any) -> int:
    """How often `after_call` has put off that this count goes up."""
    capture = capturing()
    return 0 if capture is None else capture.ahead[count]


def chooses(x: Any, name: str) -> None:
    """x's attribute is about to be read or set: a compiled function is one for each value it has before the call."""
    capture = capturing() if watching else None
    if capture is not None:
        capture.setting(x, name)


#: The open blocks of this context, so that one instance may serve many threads.
_open: ContextVar[tuple["_Block", ...]] = ContextVar("open", default=())


class Mode(ContextDecorator):
    """Abstract: `with mode:`, or as a decorator, sets `variable` to what `opened()` returns.

    As a decorator it is for plain functions; a generator or async function raises GradientError, because its
    body runs after the decorator is done: open the block inside it, around code that does not yield.
    """

    variable: ContextVar[Any]

    def opened(self) -> Any:
        """The variable's value inside."""
        raise NotImplementedError

    def closed(self, value: Any) -> None:
        """Called with that value at the end, whatever happened inside."""

    def __call__(self, func: Callable[..., Any]) -> Any:
        if inspect.iscoroutinefunction(func) or inspect.isgeneratorfunction(func) or inspect.isasyncgenfunction(func):
            mode = type(self).__name__
            raise GradientError(
                f"@{mode}() on {func.__name__}, whose body runs later: use `with {mode}():` inside it, "
                f"around code that does not yield."
            )
        return super().__call__(func)

    def __enter__(self) -> None:
        value = self.opened()
        _open.set((*_open.get(), _Block(self, value, self.variable.get())))
        self.variable.set(value)

    def __exit__(self, *error: object) -> None:
        """Blocks that generators opened may close in any order: only the innermost one changes the mode."""
        blocks = list(_open.get())
        mine = next((i for i in reversed(range(len(blocks))) if blocks[i].mode is self), None)
        if mine is None:  # opened in another context, which still has it
            return
        block = blocks.pop(mine)
        above = next((i for i in range(mine, len(blocks)) if blocks[i].mode.variable is self.variable), None)
        if above is None:
            self.variable.set(block.outside)
        else:
            blocks[above] = blocks[above]._replace(outside=block.outside)
        _open.set(tuple(blocks))
        self.closed(block.value)


class _Block(NamedTuple):
    """An open block: the variable's value in it, and outside."""

    mode: Mode
    value: Any
    outside: Any


class no_grad(Mode):
    """Nothing is recorded inside: `with no_grad(): ...`, or as a decorator.  Per thread and per async task.

    Raises GradientError on a generator or async function: open the block inside it.

    >>> from tinygrad_edu import Tensor
    >>> x = Tensor(2.0, requires_grad=True)
    >>> with no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    variable = recording

    def opened(self) -> bool:
        """False: not recording."""
        return False

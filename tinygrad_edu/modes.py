"""Whether steps are recorded, and whether they are watched.  Floor 1, below all who record or ask.

A mode lives in a context variable, so each thread and each async task has its own.
"""

import inspect
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import Any, NamedTuple

from .errors import GradientError

__all__ = ["Mode", "current_watch", "no_grad", "recording", "watching"]

#: False inside `no_grad()`.
recording: ContextVar[bool] = ContextVar("recording", default=True)

#: The watch of an open `detect_anomaly()`, or None.
current_watch: ContextVar[Any] = ContextVar("current_watch", default=None)
#: The watches open in any thread: an empty list is asked sooner than a context variable, and steps are many.
watching: list[Any] = []

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

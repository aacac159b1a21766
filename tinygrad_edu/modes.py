"""Whether steps are recorded.  Floor 1, below all who record or ask.

A mode lives in a context variable, so each thread and each async task has its own.
"""

import inspect
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import Any

from .errors import GradientError

__all__ = ["no_grad", "recording"]

#: False inside `no_grad()`.
recording: ContextVar[bool] = ContextVar("recording", default=True)


#: What `recording` was outside each open `no_grad()`: kept per context, so that one instance may serve many threads.
_outer: ContextVar[tuple[bool, ...]] = ContextVar("outer", default=())


class no_grad(ContextDecorator):
    """Nothing is recorded inside: `with no_grad(): ...`, or as a decorator.  Per thread and per async task.

    As a decorator it is for plain functions; a generator or async function raises GradientError, because its
    body runs after the decorator is done: open the block inside it.

    >>> from tinygrad_edu import Tensor
    >>> x = Tensor(2.0, requires_grad=True)
    >>> with no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    def __call__(self, func: Callable[..., Any]) -> Any:
        if inspect.iscoroutinefunction(func) or inspect.isgeneratorfunction(func) or inspect.isasyncgenfunction(func):
            raise GradientError(
                f"@no_grad() on {func.__name__}, whose body runs later: use `with no_grad():` inside it."
            )
        return super().__call__(func)

    def __enter__(self) -> None:
        _outer.set((*_outer.get(), recording.get()))
        recording.set(False)

    def __exit__(self, *error: object) -> None:
        *outer, before = _outer.get()
        _outer.set(tuple(outer))
        recording.set(before)

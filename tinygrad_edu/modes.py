"""Whether steps are recorded.  Floor 1, below all who record or ask.

A mode lives in a context variable, so each thread and each async task has its own.
"""

import inspect
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from typing import Any

from .errors import GradientError

__all__ = ["no_grad", "recording"]

#: False inside `no_grad()`.
recording: ContextVar[bool] = ContextVar("recording", default=True)


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

    def __init__(self) -> None:
        self._tokens: list[Token[bool]] = []

    def _recreate_cm(self) -> "no_grad":
        return no_grad()  # a decorated function may run in several threads at once

    def __call__(self, func: Callable[..., Any]) -> Any:
        if inspect.iscoroutinefunction(func) or inspect.isgeneratorfunction(func) or inspect.isasyncgenfunction(func):
            raise GradientError(
                f"@no_grad() on {func.__name__}, whose body runs later: use `with no_grad():` inside it."
            )
        return super().__call__(func)

    def __enter__(self) -> None:
        self._tokens.append(recording.set(False))

    def __exit__(self, *error: object) -> None:
        recording.reset(self._tokens.pop())

"""Ctrl-C once stops the work and keeps what there is; Ctrl-C again does not lose it.  Floor 7."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

__all__ = ["ignore_interrupts", "one_interrupt"]


@contextmanager
def one_interrupt() -> Iterator[None]:
    """The first Ctrl-C raises KeyboardInterrupt and later ones do nothing, so that what was learned gets written."""
    if threading.current_thread() is not threading.main_thread():  # signals arrive in the main thread only
        yield
        return

    def stop(number: int, frame: Any) -> NoReturn:
        ignore_interrupts()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def ignore_interrupts() -> None:
    """From here on Ctrl-C does nothing, until the enclosing `one_interrupt` ends."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)

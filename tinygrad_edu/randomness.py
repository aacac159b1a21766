"""Where random numbers come from: one default generator, or the one you hand in.  Floor 1."""

from collections.abc import Callable
from contextvars import ContextVar

import numpy as np

from .modes import capturing, refuse_compiled

__all__ = ["generator", "lenders", "seed"]

_default = np.random.default_rng()

#: Each is asked in turn, lender(source, found), for the generator to hand out instead of `found`: a checkpoint lends
#: copies of generators when it runs a function for the second time.
lenders: ContextVar[tuple[Callable[[np.random.Generator | None, np.random.Generator], np.random.Generator], ...]]
lenders = ContextVar("lenders", default=())


def seed(n: int | None = None) -> None:
    """Start the default generator anew from n, so that layers and dropout repeat themselves.

    >>> seed(0)
    >>> first = generator().random()
    >>> seed(0)
    >>> first == generator().random()
    True
    """
    refuse_compiled(
        "compile: the function calls tg.seed, and later calls would not start the generator anew: seed it outside, "
        "before the call."
    )
    _default.bit_generator.state = np.random.default_rng(n).bit_generator.state  # who holds it goes on with it


def generator(source: int | np.random.Generator | None = None) -> np.random.Generator:
    """A generator: `source` itself, a new one from a seed, or (None) the default one that `seed` sets."""
    capture = capturing()
    if source is not None and not isinstance(source, np.random.Generator):
        if capture is not None:
            capture.refuse(
                f"compile: a generator made from the seed {source} would start anew at each call of yours, and go on "
                f"in the compiled function: make np.random.default_rng({source}) outside, or use tg.seed."
            )
        return np.random.default_rng(source)
    found = _default if source is None else source
    for lender in lenders.get():
        found = lender(source, found)
    if capture is not None:
        capture.draws(found)
    return found

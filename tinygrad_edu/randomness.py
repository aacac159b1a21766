"""Where random numbers come from: one default generator, or the one you hand in.  Floor 1."""

import numpy as np

__all__ = ["generator", "seed"]

_default = np.random.default_rng()


def seed(n: int | None = None) -> None:
    """Start the default generator anew from n, so that layers and dropout repeat themselves.

    >>> seed(0)
    >>> first = generator().random()
    >>> seed(0)
    >>> first == generator().random()
    True
    """
    global _default
    _default = np.random.default_rng(n)


def generator(source: int | np.random.Generator | None = None) -> np.random.Generator:
    """A generator: `source` itself, a new one from a seed, or (None) the default one that `seed` sets."""
    if source is None:
        return _default
    return source if isinstance(source, np.random.Generator) else np.random.default_rng(source)

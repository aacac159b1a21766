"""Where something is true along an axis: the stretches of a mask."""

from typing import Any

import numpy as np

__all__ = ["stretches"]


def stretches(mask: Any, shortest: int = 1) -> list[tuple[int, int]]:
    """(start, end) of each stretch of True that is at least so long.

    mask: (n,) of bool.

    >>> stretches([True, True, False, True]), stretches([True, True, False, True], 2)
    ([(0, 2), (3, 4)], [(0, 2)])
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2]) if b - a >= shortest]

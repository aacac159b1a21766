"""Random masks.  Floor 2: NumPy only."""

from typing import Any

import numpy as np

from ..primitives import primitive


@primitive()
def dropout_mask(x: Any, *, rate: float, rng: np.random.Generator) -> Any:
    """z = 1 / (1 - rate) with probability 1 - rate, else 0, in x's shape and dtype; drawn anew at each call."""
    keep = 1 - rate
    return (rng.random(x.shape) < keep).astype(x.dtype) / x.dtype.type(keep)

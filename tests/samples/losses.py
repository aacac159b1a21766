"""Samples of rules.loss and rules.random."""

from typing import Any

import numpy as np

from .drawing import Draws, sample

draw = Draws(4)
normal, within = draw.normal, draw.within


def one_hot(classes: int, m: int) -> Any:
    return np.eye(classes)[:, draw.rng.integers(classes, size=m)]


sample("binary_cross_entropy", within(0.1, 0.9, 1, 6), within(0, 1, 1, 6))
sample("binary_cross_entropy", within(0.1, 0.9, 2, 3), np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]))
sample("binary_cross_entropy", within(0.1, 0.9), within(0, 1))
sample("binary_cross_entropy_with_logits", normal(1, 6), within(0, 1, 1, 6), skip="complex")
sample("binary_cross_entropy_with_logits", normal(2, 3) * 5, np.ones((2, 3)), skip="complex")
sample("binary_cross_entropy_with_logits", normal(), within(0, 1), skip="complex")
sample("cross_entropy", normal(3, 5), one_hot(3, 5), axis=0)
sample("cross_entropy", normal(5, 3), one_hot(3, 5).T, axis=-1)
sample("cross_entropy", normal(3, 4), within(0, 1, 3, 4), axis=0)
sample("cross_entropy", normal(2, 3, 4), within(0, 1, 2, 3, 4), axis=1)
sample("cross_entropy", normal(4), one_hot(4, 1)[:, 0], axis=0)
for shape in ((3, 4), (5,), ()):
    sample("mse", normal(*shape), normal(*shape))
for axis, dtype in ((0, np.float64), (1, np.float32), (-1, np.float64)):
    sample("one_hot", np.array([[2, 0, 1, 2], [1, 1, 0, 0]]), classes=3, axis=axis, dtype=np.dtype(dtype))
sample("one_hot", np.zeros(0, int), classes=3, axis=0, dtype=np.dtype(float))

# Random: no gradient; only its shape and dtype are promised

for shape, rate in (((3, 4), 0.5), ((), 0.2)):
    sample("dropout_mask", normal(*shape), rate=rate, rng=np.random.default_rng(0))

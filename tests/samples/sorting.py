"""Samples of rules.sorting."""

import numpy as np

from .drawing import Draws, sample

draw = Draws(18)
distinct, complex_normal, normal = draw.distinct, draw.complex_normal, draw.normal

for shape in ((3, 4), (2, 3, 2)):
    for axis in (0, 1, -1, -2, None):
        sample("sort", distinct(*shape), axis=axis)
        sample("argsort", distinct(*shape), axis=axis)
sample("sort", distinct(7))
sample("sort", distinct(2, 3), axis=np.int64(0))
for kind in ("stable", "quicksort", "heapsort"):
    sample("sort", distinct(2, 4), kind=kind)
    sample("argsort", distinct(2, 4), kind=kind)
sample("sort", distinct(4), stable=True)
sample("argsort", np.array([2.0, 1.0, 2.0, 1.0]), stable=True)
sample("sort", distinct(1))
sample("sort", distinct(), axis=None)
sample("sort", distinct(0, 3))
sample("sort", distinct(0, 3), axis=0)
sample("sort", complex_normal(2, 4))
sample("sort", complex_normal(2, 2), axis=None)
for values in (distinct, complex_normal):
    sample("sort_complex", values(5), skip="complex float32")
    sample("sort_complex", values(2, 3), skip="complex float32")

# Ranks that leave the rest no choice, so that all algorithms agree

sample("partition", distinct(3), kth=1)
sample("partition", distinct(3), kth=-2, kind="introselect")
for axis in (0, 1, -1):
    sample("partition", distinct(3, 3), kth=1, axis=axis)
    sample("argpartition", distinct(3, 3), kth=1, axis=axis)
sample("partition", distinct(2, 3), kth=(1, 3, 4), axis=None)
sample("partition", distinct(2, 5), kth=(0, 1, 3))
sample("partition", complex_normal(3), kth=1)
sample("argpartition", distinct(2, 2), kth=[0, 1, 2], axis=None)
sample("argpartition", distinct(3), kth=1, kind="introselect")
sample("argpartition", distinct(3, 3), kth=1)

STEPS = np.array([0.0, 1.0, 1.0, 2.0])
for side in ("left", "right"):
    sample("searchsorted", STEPS, np.array([[-1.0, 1.0], [0.5, 3.0]]), side=side)
    sample("searchsorted", STEPS, 1.0, side=side)
sample("searchsorted", STEPS, normal(3))
sample("searchsorted", STEPS[::-1], 1.0, sorter=np.array([3, 2, 1, 0]))
for right in (False, True):
    sample("digitize", np.array([-1.0, 1.0, 1.5]), STEPS, right=right)
    sample("digitize", np.array([[0.5, 1.0]]), STEPS[::-1], right=right)
sample("digitize", 0.5, STEPS)
sample("digitize", 1.0, STEPS)

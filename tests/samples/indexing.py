"""Samples of rules.indexing."""

from typing import Any

import numpy as np

from .drawing import Draws, sample

draw = Draws(6)
normal, distinct, complex_normal = draw.normal, draw.distinct, draw.complex_normal

# (shape, key); the array keys name some entries twice

MASK = np.array([[True, False, True], [False, True, True]])
KEYS: list[tuple[tuple[int, ...], list[Any]]] = [
    ((), [(), None, ..., True, np.array(True)]),
    ((3,), [(), True, False]),
    ((0, 3), [slice(None)]),
    ((4,), [1, -1, slice(1, 3), slice(None, None, -1), slice(3, None, -2), slice(2, 2), None, ..., np.array(2)]),
    ((4,), [[0, 0, 1], np.array([3, -1, 3, 0]), np.array([[0, 2], [2, 2]]), np.zeros(0, int)]),
    ((4,), [np.array([True, False, True, True]), [True, False, False, True], np.zeros(4, bool)]),
    ((3, 4), [1, np.int64(-2), (1, 2), (slice(None), 1), (slice(None), slice(1, 3)), (..., 0)]),
    ((3, 4), [(None, 1, slice(None, None, 2)), (slice(None), None, slice(2, 0, -1)), (np.array(1), np.array(2))]),
    ((3, 4), [[0, 2], np.array([[0, 2], [2, 2]]), ([0, 1, 0], [1, 2, 1]), (np.array([[0], [2]]), np.array([1, 1, 3]))]),
    ((3, 4), [(slice(None), [1, 1, 0]), (1, [0, 0, 2]), (np.array([True, False, True]), [1, 1])]),
    ((3, 4), [(slice(None), np.array([False, True, True, False])), (np.bool_(True), [1, 1]), (True, 1, None)]),
    ((3, 4), [np.array([1, 1, -1]), np.array([[0, 0], [2, 0]]), np.array([1, 0, 1], np.int8), np.array(2)]),
    ((3, 4), [np.array([2, 2], np.uint8), (np.array([0, 0]),), np.zeros((0, 2), int), np.array([False, True, True])]),
    ((3, 4), [(slice(None, None, -1), [1, 1]), (..., None, [0, 0]), ([0, 0], ...), ([1], [[1], [1]], None)]),
    ((3, 2, 2), [np.array([1, 1, 0]), np.array([[-1], [-1]]), (np.array([0, 0]), -1), (slice(2, 0, -1), 1, [1, 1])]),
    ((2, 3), [MASK, (np.array([True, False]), slice(None)), (None, None), (None, MASK)]),
    ((2, 3, 4), [(0, ..., -1), ([1, 1], slice(None), [0, 0]), (slice(None), [0, 2, 0], slice(1, 3)), (..., [0, 0])]),
    ((2, 3, 4), [([0, 1], None, [2, 2]), (None, ..., [1, 1], 2), MASK, (..., np.array([True, False, False, True]))]),
]
for shape, key in ((shape, key) for shape, keys in KEYS for key in keys):
    sample("getitem", normal(*shape), key=key)
    block = normal(*shape)[key].shape
    sample("scatter_add", normal(*block), key=key, shape=shape)
    sample("index_set", normal(*shape), normal(*block), key=key)
    sample("index_set", normal(*shape), normal(), key=key)
sample("index_set", normal(3, 4), normal(4), key=slice(1, 3))
sample("index_set", normal(3, 4), normal(3, 1), key=(slice(None), [0, 2, 0]))
sample("index_set", normal(3, 4), normal(1, 4), key=1)
sample("index_set", normal(3), 2.5, key=0)
sample("index_set", np.zeros(3), normal(2), key=[2, 0])

# Entries taken by their numbers

for indices in ([0, 5, -1, 0], 2, [[1, 1], [0, 3]], np.zeros((0,), int), [True, False]):
    sample("take", normal(2, 3), indices=indices)
for indices in ([0, 1, -1, 0], 1, [[1, 1], [0, 0]]):
    for axis in (0, 1, -1):
        sample("take", normal(2, 3), indices=indices, axis=axis)
for mode in ("wrap", "clip"):
    sample("take", normal(2, 3), indices=[0, 2, 3, 7, -1, -5], axis=1, mode=mode)
    sample("take", normal(2, 3), indices=[5, 6, -7], mode=mode)
sample("take", complex_normal(3), indices=[1, 1])
sample("take", normal(), indices=[0, 0])
sample("take_along_axis", normal(2, 3), indices=np.array([[0, 2, 2, -1], [1, 0, 1, 1]]), axis=1)
sample("take_along_axis", normal(2, 3), indices=np.array([[0, 1, 0]]), axis=0)
sample("take_along_axis", normal(2, 1), indices=np.array([[0, 1, 0], [1, 1, 0]]), axis=0)
sample("take_along_axis", normal(2, 3, 2), indices=np.array([[[2, 0], [0, 0]], [[1, 1], [2, -1]]]), axis=-2)
sample("take_along_axis", complex_normal(3), indices=np.array([2, 2]), axis=-1)
sample("take_along_axis", normal(2, 3), indices=np.array([5, 0, 0]), axis=None)
sample("choose", np.array([[0, 2, 1], [1, 1, 0]]), normal(3, 2, 3))
sample("choose", np.array([2, 0, 1, 2]), normal(3, 4))
sample("choose", np.array([[2], [0]]), normal(3, 4))
sample("choose", np.array([1, 0]), normal(2))
sample("choose", np.array(1), complex_normal(2, 3))
for mode in ("wrap", "clip"):
    sample("choose", np.array([-1, 5, 3, 2, -4]), normal(3, 5), mode=mode)

# Entries taken by conditions

CONDITIONS = np.array([[True, False, True, False], [True, True, False, False]])
sample("select", CONDITIONS, normal(2, 4))
sample("select", CONDITIONS, normal(2, 4), default=1.5)
sample("select", CONDITIONS[::-1], normal(2, 4), default=-2)
sample("select", CONDITIONS[:, :, None], normal(2, 4, 2))
sample("select", CONDITIONS[:1], complex_normal(1, 4), default=1j)
for condition in ([True, False, True], [False, True], [False, False]):
    sample("compress", np.array(condition), normal(3, 2))
    sample("compress", np.array(condition), normal(3, 2), axis=0)
    sample("compress", np.array(condition), complex_normal(2, 3), axis=-1)
sample("extract", np.array([[True, False, True], [False, False, True]]), normal(2, 3))
sample("extract", np.array([True, False, True, True]), normal(2, 2))
sample("extract", np.array([0.0, 2.0]) > 1, complex_normal(2))
sample("piecewise", distinct(5), condlist=distinct(5) > 0, funclist=(np.sin, np.exp))
sample("piecewise", distinct(5), condlist=(distinct(5) > 0, distinct(5) > 0.1), funclist=(np.sin, 3.0))
sample("piecewise", distinct(2, 3), condlist=(distinct(2, 3) > 0,), funclist=(np.exp, np.square))
sample("piecewise", distinct(2, 3), condlist=(distinct(2, 3) < 9,), funclist=(np.exp, np.square))
sample("piecewise", complex_normal(3), condlist=([True, False, False],), funclist=(np.exp,))
sample("piecewise", normal(), condlist=(False, True), funclist=(np.exp, np.sin))
sample("piecewise", normal(), condlist=False, funclist=(np.exp, np.cos))

# Entries left out, entries put between

for obj in ([0, 2], 1, -1, slice(None, None, 2), [], np.array([True, False, True]), [2, 2], (1,)):
    sample("delete", normal(3, 3), obj=obj, axis=1)
    sample("delete", normal(3, 2), obj=obj, axis=-2)
    if not isinstance(obj, np.ndarray):
        sample("delete", normal(2, 2), obj=obj)
sample("delete", complex_normal(3), obj=0)
for shape, obj, values, axis in (
    ((2, 3), 1, (), None), ((2, 3), 1, (), 0), ((2, 3), 1, (2,), 1), ((2, 3), [1], (2, 1), 1), ((2, 3), 3, (2, 2), 1),
    ((4,), [2, 0], (2,), None), ((3, 2), [3, -1, 0, 0], (4, 2), 0), ((4,), slice(0, 3, 2), (2,), 0), ((4,), 2, (3,), 0),
    ((4,), slice(1, 2), (3,), 0), ((3,), [1, 1], (), 0), ((2, 3), [0, 2], (2, 1), 1), ((2, 3, 2), 0, (3, 2), 0),
    ((2, 3, 2), 1, (2, 3), -1), ((2, 3, 2), [1, 2], (2, 2, 2), 1), ((2, 3), [0, 2], (2,), -1), ((3,), (1, 3), (2,), 0),
    ((2, 2), -1, (1, 2), 0), ((0, 2), 0, (2,), 0),
):  # fmt: skip
    sample("insert", normal(*shape), obj, normal(*values), axis=axis)
sample("insert", normal(2, 3), [1, 2], 5.0, axis=1)
sample("insert", complex_normal(3), 1, normal(2))
sample("insert", np.array([1, 2]), 1, 3)
for trim in ("fb", "f", "b", "BF"):  # of whole numbers: a difference quotient would make entries of the zeros
    for filt in ([0, 0, 1, 0, 2, 0], [3, 0, 0], [0, 0, 4], [0, 0], [1]):
        sample("trim_zeros", np.array(filt), trim=trim)
sample("trim_zeros", np.array([0, 1, 0]))
for shape in ((4,), (2, 3)):
    for op in ("argwhere", "flatnonzero"):
        sample(op, (distinct(*shape) > 0) * distinct(*shape))
for op in ("argwhere", "flatnonzero"):
    sample(op, normal())
    sample(op, np.zeros((0, 2)))
for take in (0, 1):
    sample("where (more)", np.array([[0, 2, 0], [1, 0, 3]]), take=take)

"""Samples of rules.joining."""

import numpy as np

from .drawing import Draws, sample

draw = Draws(7)
normal, complex_normal = draw.normal, draw.complex_normal

sample("concatenate", normal(2, 3), normal(4, 3))
sample("concatenate", normal(2, 3), normal(2, 1), normal(2, 2), axis=1)
sample("concatenate", normal(2, 3), normal(2, 1), axis=-1)
sample("concatenate", normal(2, 3, 2), normal(2, 1, 2), axis=-2)
sample("concatenate", normal(2, 3), normal(4), normal(), axis=None)
sample("concatenate", normal(3))
sample("concatenate", normal(2), normal(0), normal(3))
sample("concatenate", normal(2), np.array([1.0, 2.0]), np.array([1, 2]), normal(1), skip="float32")
sample("concatenate", *(normal(1 + i % 3, 2) for i in range(20)))
sample("stack", normal(2, 3), normal(2, 3))
sample("stack", normal(2, 3), normal(2, 3), normal(2, 3), axis=1)
sample("stack", normal(2, 3), normal(2, 3), axis=-1)
sample("stack", normal(2, 3), normal(2, 3), axis=-2)
for inputs in ([normal(), normal(), normal()], [normal(3)]):
    sample("stack", *inputs)
sample("stack", normal(0), normal(0), axis=-1)
sample("stack", *(normal(2) for _ in range(9)), axis=1)
sample("append", normal(2, 3), normal(2))
sample("append", normal(2, 3), normal(2, 1), axis=1)
sample("append", normal(1, 3), complex_normal(2, 3), axis=-2)
sample("append", normal(2), 1.5)
sample("append", 1.5, normal(2), axis=None)
for op in ("vstack", "hstack", "dstack", "column_stack"):  # of an array's parts; lists of arrays: test_joining_rules.py
    for shape in ((2, 3, 2), (3, 2), (2, 1, 2, 2), (1, 2, 3)):
        sample(op, normal(*shape))
    sample(op, normal(3))
    sample(op, complex_normal(2, 2))
sample("block", normal(2, 3))
sample("block", normal())

# Cut

sample("split", normal(6), indices_or_sections=3, take=1)
for cuts, take in (([1, 4], 1), ((1, 4), 2)):
    sample("split", normal(6, 2), indices_or_sections=cuts, take=take)
sample("split", normal(2, 6), indices_or_sections=2, axis=1, take=0)
sample("split", normal(2, 6), indices_or_sections=np.array([2, 3]), axis=-1, take=1)
for cuts, take in (([2, 9], 1), ([2, 9], 2), ([-2], 1)):
    sample("split", normal(5), indices_or_sections=cuts, take=take)
sample("split", normal(0, 2), indices_or_sections=3, take=2)
for cuts in (1, 3, 9, [1, 4], (0, 7), np.array([2]), [-3, 6]):
    for take in {0, 1, -1} if np.ndim(cuts) or cuts > 1 else {0}:
        sample("array_split", normal(7), indices_or_sections=cuts, take=take)
        sample("array_split", normal(2, 7), indices_or_sections=cuts, axis=-1, take=take)
sample("array_split", normal(5, 2), indices_or_sections=2, take=1)
sample("array_split", complex_normal(2, 3, 2), indices_or_sections=2, axis=1, take=0)
for op in ("hsplit", "vsplit", "dsplit"):
    for take in (0, 1):
        sample(op, normal(4, 2, 2), indices_or_sections=2, take=take)
        sample(op, complex_normal(2, 4, 6), indices_or_sections=[1], take=take)
for take in (0, 1):
    sample("hsplit", normal(4), indices_or_sections=2, take=take)
    sample("hsplit", normal(3, 2), indices_or_sections=2, take=take)
    sample("vsplit", normal(2, 3), indices_or_sections=2, take=take)

# Repeat

for repeats in (2, 0, 1, np.array([2]), [3], np.int8(2)):
    sample("repeat", normal(2, 3), repeats=repeats)
    for axis in (0, 1, -1):
        sample("repeat", normal(2, 3), repeats=repeats, axis=axis)
    sample("repeat", normal(2, 2, 2), repeats=repeats, axis=1)
sample("repeat", normal(2, 3), repeats=[1, 0, 2], axis=1)
sample("repeat", normal(2, 3), repeats=[3, 1], axis=-2)
sample("repeat", normal(2, 3), repeats=(1, 2, 0, 3, 1, 1))
sample("repeat", complex_normal(2, 2), repeats=np.array([1, 2]), axis=0)
sample("repeat", normal(), repeats=3)
sample("repeat", normal(0), repeats=2)
for reps in (2, (2,), (2, 1, 3), (1, 2), 0, (), [3, 2], np.array([2, 2])):
    sample("tile", normal(2, 3), reps=reps)
    sample("tile", normal(2), reps=reps)
sample("tile", normal(), reps=(2, 1))
sample("tile", normal(2, 1, 2), reps=(2, 3))
sample("tile", complex_normal(2, 2), reps=(1, 2))
sample("tile", normal(0, 2), reps=2)

# Pad

for pad_width in (2, (1, 2), [(1, 2)]):
    sample("pad", normal(3), pad_width=pad_width)
for width in (1, (2,), (0, 2), ((1, 2),), ((1,), (2,)), ((1, 0), (2, 3)), 0):
    sample("pad", normal(2, 3), pad_width=width)
sample("pad", normal(2, 3), pad_width=np.array([[1, 0], [0, 3]]), constant_values=1.5)
sample("pad", normal(0, 2), pad_width=1, mode="constant", constant_values=((1.0, 2.0), (3.0, 4.0)))
for mode in ("edge", "reflect", "symmetric", "wrap"):
    for width in (1, (2, 0), (1, 2), [(0, 5)]):
        sample("pad (more)", normal(3), pad_width=width, mode=mode)
    sample("pad (more)", normal(2, 3), pad_width=((1, 0), (2, 4)), mode=mode)
    sample("pad (more)", complex_normal(2, 1, 2), pad_width=((0, 0), (1, 0), (0, 1)), mode=mode)
    sample("pad (more)", normal(2, 2), pad_width=0, mode=mode)
for mode in ("reflect", "symmetric"):
    sample("pad (more)", normal(3), pad_width=2, mode=mode, reflect_type="even")

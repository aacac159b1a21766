"""Samples of rules.shape."""

import numpy as np

from .drawing import Draws, sample

draw = Draws(5)
normal, distinct, complex_normal = draw.normal, draw.distinct, draw.complex_normal

for shape in ((3, 4), (-1,), -1):
    sample("reshape", normal(2, 6), shape=shape)
sample("reshape", normal(2, 3, 2), shape=(2, -1))
sample("reshape", normal(), shape=(1, 1))
sample("reshape", normal(1), shape=())
sample("reshape", normal(0, 3), shape=(3, 0))
sample("transpose", normal(2, 3))
sample("transpose", normal(2, 3, 4))
for axes in ((1, 2, 0), (-1, 0, 1), [2, 0, -2]):
    sample("transpose", normal(2, 3, 4), axes=axes)
sample("transpose", normal(3))
sample("transpose", normal())
sample("transpose", normal(0, 2), axes=(1, 0))
sample("swapaxes", normal(2, 3, 4), axis1=0, axis2=-1)
sample("swapaxes", normal(2, 3, 4), axis1=1, axis2=0)
sample("swapaxes", normal(2, 3), axis1=1, axis2=1)
sample("moveaxis", normal(2, 3, 4), source=0, destination=-1)
sample("moveaxis", normal(2, 3, 4), source=(0, -1), destination=(1, 0))
sample("moveaxis", normal(2, 3, 4, 2), source=[0, 1], destination=[-1, -2])
for axis in (None, -1, (0, 2)):
    sample("squeeze", normal(1, 3, 1), axis=axis)
sample("squeeze", normal(1, 1))
for axis in (0, -1, (0, 2, -1)):
    sample("expand_dims", normal(2, 3), axis=axis)
sample("expand_dims", normal(), axis=0)
sample("ravel", normal(2, 3))
sample("ravel", normal())
sample("flip", normal(2, 3))
sample("flip", normal(2, 3), axis=0)
sample("flip", normal(2, 3, 2), axis=(0, -1))
sample("flip", normal(4), axis=-1)
sample("flip", normal(0, 2), axis=1)
sample("broadcast_to", normal(3, 1), shape=(3, 4))
sample("broadcast_to", normal(3), shape=(2, 3))
sample("broadcast_to", normal(), shape=(2, 3))
sample("broadcast_to", normal(), shape=())
sample("broadcast_to", normal(1), shape=4)
sample("broadcast_to", normal(2, 1, 3), shape=(2, 2, 4, 3))
sample("broadcast_to", normal(1, 3), shape=(0, 3))
sample("clip", distinct(3, 4), a_min=-0.3, a_max=0.3)
sample("clip", distinct(3, 4), a_min=-0.3, a_max=None)
sample("clip", distinct(3, 4), a_min=None, a_max=0.3)
sample("clip", distinct(3, 4), a_min=np.array([-0.3, -0.2, -0.1, 0.0]), a_max=np.array([[0.1], [0.2], [0.3]]))

for order in ("F", "C"):
    for shape in ((3, 4), (-1, 2), -1, (2, 2, 3)):
        sample("reshape (more)", normal(2, 6), shape, order=order)
    sample("reshape (more)", complex_normal(2, 3, 2), (3, -1), order=order)
    sample("ravel (more)", normal(2, 3, 2), order=order)
    sample("ravel (more)", normal(), order=order)

# Axes added, moved and turned

for op in ("atleast_1d", "atleast_2d", "atleast_3d"):
    for shape in ((), (3,), (2, 3), (2, 1, 2), (1, 2, 1, 2), (0,)):
        sample(op, normal(*shape))
    sample(op, normal(3), np.arange(4), take=0)
    sample(op, np.arange(3), normal(2), take=1)
for op in ("matrix_transpose", "linalg.matrix_transpose"):
    for shape in ((2, 3), (2, 1, 3), (2, 2, 1, 3)):
        sample(op, normal(*shape))
for axis, start in ((2, 0), (0, 3), (1, 1), (-1, -2), (0, 2), (1, -3), (2, 2), (-3, 1)):
    sample("rollaxis", normal(2, 3, 2), axis=axis, start=start)
sample("rollaxis", normal(2, 3, 2), axis=1)
for op in ("fliplr", "flipud"):
    sample(op, normal(2, 3))
    sample(op, complex_normal(2, 2, 2))
sample("flipud", normal(3))
for k in range(-2, 6):
    sample("rot90", normal(2, 3), k=k)
sample("rot90", normal(2, 3))
for axes in ((1, 0), (0, 2), (-1, 0), (2, 1)):
    sample("rot90", normal(2, 3, 2), axes=axes)
    sample("rot90", complex_normal(2, 1, 2), k=3, axes=axes)
for shift, axis in (
    (2, None),
    (-7, None),
    ((1, 2), None),
    (1, 0),
    (-2, 1),
    ((1, -2), (0, 1)),
    (1, (0, 1)),
    ([1, 1], 1),
):
    sample("roll", normal(2, 5), shift=shift, axis=axis)
sample("roll", complex_normal(3), shift=1)
sample("roll", normal(3), shift=np.array(2), axis=-1)
sample("roll", normal(0, 2), shift=1, axis=0)
sample("roll", normal(), shift=1)
sample("copy", normal(2, 3))
sample("copy", normal())
for take in (0, 1):
    sample("broadcast_arrays", *(normal(2, 1), np.arange(3))[:: 1 - 2 * take], take=take)
sample("broadcast_arrays", normal(2, 3), 1.5, take=0)
sample("broadcast_arrays", normal(), take=0)
if hasattr(np, "unstack"):
    sample("unstack", normal(2, 3), take=1)
    for axis in (1, -1):
        sample("unstack", normal(2, 3, 2), axis=axis, take=0)
for indexing in ("xy", "ij"):
    for sparse in (False, True):
        for take in range(3):
            xi = [np.arange(2), np.arange(3), np.arange(4)]
            xi[take] = normal(2 + take)
            sample("meshgrid", *xi, take=take, indexing=indexing, sparse=sparse)
sample("meshgrid", normal(2), np.arange(3), take=0)
sample("meshgrid", np.arange(3), normal(), take=1, copy=False)
sample("meshgrid", normal(3), take=0)
for new_shape in ((3, 4), 4, (2, 0), (), (1, 2), [7], np.array([2, 2])):
    sample("resize", normal(2, 3), new_shape=new_shape)
sample("resize", normal(), new_shape=(2,))

# Diagonals and triangles

for shape in ((3, 4), (4, 2), (1, 1), (0, 2)):
    for k in (0, 1, 2, -1, -2, -3):
        sample("diagonal", normal(*shape), offset=k)
        sample("diag", normal(*shape), k=k)
        sample("tril", normal(*shape), k=k)
        sample("triu", normal(*shape), k=k)
        sample("trace", normal(*shape), offset=k)
for k in (0, 1, -2):
    for op in ("diag", "diagflat", "tril", "triu"):
        sample(op, normal(3), k=k)
        sample(op, complex_normal(2), k=k)
    sample("diagflat", normal(2, 2), k=k)
    sample("tril", normal(2, 3, 3), k=k)
    sample("triu", normal(2, 3, 3), k=k)
    for op in ("linalg.diagonal", "linalg.trace"):
        sample(op, normal(3, 4), offset=k)
        sample(op, complex_normal(2, 1, 3, 2), offset=k)
sample("diagflat", normal(0))
sample("diagflat", normal())
for op in ("diagonal", "trace"):
    sample(op, normal(2, 3))
    for axes in ((1, 2), (2, 0), (-1, 1), (0, -1), (1, 0)):
        sample(op, normal(2, 3, 4), axis1=axes[0], axis2=axes[1])
        sample(op, complex_normal(2, 3, 2), offset=1, axis1=axes[0], axis2=axes[1])
    sample(op, normal(2, 2, 2, 2), offset=-1, axis1=3, axis2=1)
for op in ("diag", "diagflat", "tril", "triu"):
    sample(op, normal(2, 2))

# What has a shape of its own; no gradient flows from what lends its shape

for fill_value in (normal(2, 3), normal(3), normal(), normal(2, 1)):
    sample("full_like", normal(2, 3), fill_value, dtype=np.float64, skip="float32 complex")
sample("full_like", normal(3), normal(2), shape=(4, 2), dtype=np.float64, skip="float32 complex")
sample("full_like", normal(3), complex_normal(3), dtype=np.complex128, skip="float32 complex")
sample("full_like", complex_normal(3), normal(3), dtype=np.complex128, skip="float32")
sample("full_like", normal(3), 2.5)
sample("full_like", normal(), 2, shape=(2, 2))
sample("full_like", np.array([1, 2]), 7)
sample("empty_like", normal(0, 2))
sample("empty_like", normal(3), dtype=np.float32, shape=(2, 0))
for op in ("zeros_like", "ones_like"):
    sample(op, normal(2, 3), dtype=int)
    sample(op, normal(2, 3), shape=(4,))
for op in ("zeros_like", "ones_like", "shape", "ndim", "size"):
    sample(op, normal(2, 3))
    sample(op, normal())
    sample(op, normal(0, 2))
sample("size", normal(2, 3), axis=-1)
sample("size", normal(2, 3), axis=0)
sample("linalg.diagonal", normal(3, 3))
sample("diagonal", normal(6, 2), offset=-1)
sample("diagonal", normal(6, 2), offset=-5)

"""Rearranging entries: reshape, transpose, index, join, pad.  Floor 2: NumPy only.

Nothing is computed here, entries only move, so each gradient is the same move backwards.  Operations come in
transposed pairs: reshape/reshape, transpose/transpose, getitem/scatter_add, broadcast_to/sum.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import NoRuleError, ShapeError
from ..primitives import composition, primitive

# One array, other axes


@primitive(numpy=np.reshape, dx=lambda dz, z, x, *, shape: dz.reshape(x.shape))
def reshape(x: Any, *, shape: Any) -> Any:
    """z = x with the same entries in the same (C) order, in another shape."""
    return x.reshape(shape)


def transpose_dx(dz: Any, z: Any, x: Any, *, axes: Any) -> Any:
    """The inverse permutation of the axes."""
    return dz.T if axes is None else dz.transpose(tuple(int(i) for i in np.argsort([i % x.ndim for i in axes])))


@primitive(numpy=np.transpose, dx=transpose_dx)
def transpose(x: Any, *, axes: Any = None) -> Any:
    """z = x with its axes permuted; reversed where axes is None."""
    return x.transpose(axes)


@primitive(numpy=np.swapaxes, dx=lambda dz, z, x, *, axis1, axis2: dz.swapaxes(axis1, axis2))
def swapaxes(x: Any, *, axis1: int, axis2: int) -> Any:
    """z = x with two axes exchanged."""
    return x.swapaxes(axis1, axis2)


@primitive(numpy=np.moveaxis, dx=lambda dz, z, x, *, source, destination: np.moveaxis(dz, destination, source))
def moveaxis(x: Any, *, source: Any, destination: Any) -> Any:
    """z = x with the source axes moved to the destinations, the others in their order."""
    return np.moveaxis(x, source, destination)


@primitive(numpy=np.squeeze, dx=lambda dz, z, x, *, axis: dz.reshape(x.shape))
def squeeze(x: Any, *, axis: Any = None) -> Any:
    """z = x without its axes of length 1 (those named, or all)."""
    return x.squeeze(axis)


@primitive(numpy=np.expand_dims, dx=lambda dz, z, x, *, axis: dz.reshape(x.shape))
def expand_dims(x: Any, *, axis: Any) -> Any:
    """z = x with new axes of length 1."""
    return np.expand_dims(x, axis)


@primitive(numpy=np.ravel, dx=lambda dz, z, x: dz.reshape(x.shape))
def ravel(x: Any) -> Any:
    """z = x as one axis."""
    return x.ravel()


@primitive(numpy=np.flip, dx=lambda dz, z, x, *, axis: np.flip(dz, axis))
def flip(x: Any, *, axis: Any = None) -> Any:
    """z = x with the order of entries reversed along the axes."""
    return np.flip(x, axis)


@primitive(numpy=np.broadcast_to, dx=lambda dz, z, x, *, shape: dz)  # the engine sums over what was stretched
def broadcast_to(x: Any, *, shape: Any) -> Any:
    """z = x, repeated along new or stretched axes until it has the shape."""
    z = np.empty(shape, x.dtype)  # writable and its own, unlike NumPy's view
    if x.ndim > z.ndim:
        raise ValueError(f"{x.shape} has more axes than {shape}")
    z[...] = x
    return z


# Indexing


def is_basic(key: Any) -> bool:
    """Whether an index selects a block, each entry at most once (no integer or boolean arrays)."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(p is None or p is Ellipsis or isinstance(p, slice | int | np.integer) for p in parts)


@primitive(dx=lambda dz, z, x, *, key: scatter_add(dz, key=key, shape=x.shape))
def getitem(x: Any, *, key: Any) -> Any:
    """z = x[key]."""
    return x[key]


@primitive(dx=lambda dz, z, x, *, key, shape: dz[key])
def scatter_add(x: Any, *, key: Any, shape: Any) -> Any:
    """z = zeros of the shape with x added at key; entries named twice in key add up."""
    z = np.zeros(shape, x.dtype)
    if is_basic(key):
        z[key] = x
    else:
        np.add.at(z, key, x)
    return z


def last_written(shape: tuple[int, ...], key: Any) -> Any:
    """For each entry that `z[key] = v` writes: whether it is still there afterwards (True), or was written over."""
    positions = np.arange(math.prod(np.empty(shape, bool)[key].shape)).reshape(np.empty(shape, bool)[key].shape)
    holder = np.full(shape, -1)
    holder[key] = positions
    return holder[key] == positions


def index_set_dv(dz: Any, z: Any, x: Any, v: Any, *, key: Any) -> Any:
    """dz at the entries that v went to; an entry that was written over has no share."""
    dv = dz[key] if is_basic(key) else dz[key] * last_written(x.shape, key)
    return dv.reshape((1,) * (v.ndim - dv.ndim) + dv.shape)  # z[0] = v takes a v of shape (1, n) too


@primitive(dx=lambda dz, z, x, v, *, key: index_set(dz, 0.0, key=key), dv=index_set_dv)
def index_set(x: Any, v: Any, *, key: Any) -> Any:
    """z = a copy of x with z[key] = v."""
    z = np.array(x)
    if z.dtype.kind in "biu" and np.asarray(v).dtype.kind in "fc":
        raise TypeError(f"a value set into {z.dtype} would be cut off: use x.astype(float) first")
    z[key] = v
    return z


# Several arrays


def concatenate_dx(dz: Any, z: Any, *xs: Any, axis: Any, index: int) -> Any:
    """The slice of dz where input number `index` lies."""
    lengths = [math.prod(np.shape(x)) if axis is None else x.shape[axis] for x in xs]
    start = sum(lengths[:index])
    piece = slice(start, start + lengths[index])
    if axis is None:
        return dz[piece].reshape(xs[index].shape)
    return dz[(slice(None),) * (axis % dz.ndim) + (piece,)]


@primitive(numpy=np.concatenate, dxs=concatenate_dx)
def concatenate(*xs: Any, axis: Any = 0) -> Any:
    """z = the arrays joined along an axis that exists; flattened first where axis is None."""
    return np.concatenate(xs, axis)


@primitive(numpy=np.stack, dxs=lambda dz, z, *xs, axis, index: dz[(slice(None),) * (axis % dz.ndim) + (index,)])
def stack(*xs: Any, axis: int = 0) -> Any:
    """z = the arrays, all of one shape, joined along a new axis."""
    return np.stack(xs, axis)


@composition(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """The pieces of an array cut along an axis, into equal sections or before the given indices."""
    length = ary.shape[axis]
    if isinstance(indices_or_sections, Sequence | np.ndarray):
        cuts = [int(i) for i in indices_or_sections]
    elif indices_or_sections < 1 or length % indices_or_sections:
        raise ShapeError(
            f"split: an axis of length {length} has no {indices_or_sections} equal sections; name the indices."
        )
    else:
        cuts = list(range(0, length, length // indices_or_sections))[1:] if length else [0] * (indices_or_sections - 1)
    before = (slice(None),) * (axis % ary.ndim)
    return [ary[(*before, slice(a, b))] for a, b in zip([0, *cuts], [*cuts, length], strict=True)]


def pad_dx(dz: Any, z: Any, x: Any, *, pad_width: Any, mode: str, constant_values: Any) -> Any:
    """dz without the border."""
    widths = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2))
    return dz[tuple(slice(int(w[0]), int(w[0]) + n) for w, n in zip(widths, x.shape, strict=True))]


@primitive(numpy=np.pad, dx=pad_dx)
def pad(x: Any, *, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Any:
    """z = x with a constant border."""
    if mode != "constant":
        raise NoRuleError(f"pad(mode={mode!r}): only mode='constant' has a gradient rule.")
    return np.pad(x, pad_width, constant_values=constant_values)


# What has a shape but no gradient


@primitive(numpy=np.zeros_like)
def zeros_like(x: Any, *, dtype: Any = None) -> Any:
    """Zeros of x's shape and dtype."""
    return np.zeros_like(x, dtype)


@primitive(numpy=np.ones_like)
def ones_like(x: Any, *, dtype: Any = None) -> Any:
    """Ones of x's shape and dtype."""
    return np.ones_like(x, dtype)


@composition(np.shape)
def shape(a: Any) -> tuple[int, ...]:
    """The lengths of a's axes."""
    return tuple(a.shape)


@composition(np.ndim)
def ndim(a: Any) -> int:
    """The number of a's axes."""
    return len(a.shape)


@composition(np.size)
def size(a: Any, axis: int | None = None) -> int:
    """The number of a's entries, or of those along one axis."""
    return math.prod(a.shape) if axis is None else int(a.shape[axis])

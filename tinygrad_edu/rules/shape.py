"""Other axes for the same entries: reshape, transpose, flip, broadcast, diagonals.  Floor 2: NumPy only.

Nothing is computed here, entries only move, so each gradient is the same move backwards.  Operations come in
transposed pairs: reshape/reshape, transpose/transpose, broadcast_to/sum, diagonal/scatter_add.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import DomainError, NoRuleError, ShapeError
from ..operands import operand
from ..primitives import composition, primitive
from .arguments import axis_of, common_shape, misfit, whole_numbers
from .indexing import scatter_add

# One array, other axes


@primitive(numpy=np.reshape, dx=lambda dz, z, x, *, shape: dz.reshape(x.shape))
def reshape(x: Any, *, shape: Any) -> Any:
    """z = x with the same entries in the same (C) order, in another shape."""
    return x.reshape(shape)


def is_fortran(order: str, name: str) -> bool:
    """Whether the first axis runs fastest (order "F") or the last ("C")."""
    if order not in ("C", "F"):
        raise NoRuleError(
            f"{name}(order={order!r}): which entry comes first would depend on the layout in memory; say 'C' or 'F'."
        )
    return order == "F"


@composition(np.reshape)
def reshape_in_order(a: Any, shape: Any = None, order: str = "C", *, newshape: Any = None, copy: Any = None) -> Any:
    """a in another shape, its entries read and written in C order or in Fortran's.

    newshape: what NumPy called the shape before 2.1.  copy: True for an array of its own.
    """
    shape = newshape if shape is None else shape
    if shape is None:
        raise ShapeError("reshape: no shape is given.")
    if copy is False:
        raise NoRuleError("reshape(copy=False): whether it takes a copy depends on the layout in memory; leave it out.")
    a = a.copy() if copy else a
    if not is_fortran(order, "reshape"):
        return a.reshape(shape)
    return a.T.reshape(tuple(np.ravel(shape)[::-1].tolist())).T


def in_order(x: Any, axes: Sequence[int]) -> Any:
    """x, whose axis number i is to become axis number axes[i]: the inverse of x.transpose(axes)."""
    return x.transpose(tuple(int(i) for i in np.argsort(axes)))


def transpose_dx(dz: Any, z: Any, x: Any, *, axes: Any) -> Any:
    """The inverse permutation of the axes."""
    return dz.T if axes is None else in_order(dz, [i % x.ndim for i in axes])


@primitive(numpy=np.transpose, dx=transpose_dx)
def transpose(x: Any, *, axes: Any = None) -> Any:
    """z = x with its axes permuted; reversed where axes is None."""
    return x.transpose(axes)


@primitive(numpy=np.swapaxes, dx=lambda dz, z, x, *, axis1, axis2: dz.swapaxes(axis1, axis2))
def swapaxes(x: Any, *, axis1: int, axis2: int) -> Any:
    """z = x with two axes exchanged."""
    return x.swapaxes(axis1, axis2)


@composition(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x: Any) -> Any:
    """x with its last two axes exchanged."""
    if x.ndim < 2:
        raise ShapeError(f"matrix_transpose: x is {x.shape}; a matrix has two axes.")
    return x.swapaxes(-1, -2)


@primitive(numpy=np.moveaxis, dx=lambda dz, z, x, *, source, destination: np.moveaxis(dz, destination, source))
def moveaxis(x: Any, *, source: Any, destination: Any) -> Any:
    """z = x with the source axes moved to the destinations, the others in their order."""
    return np.moveaxis(x, source, destination)


@composition(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """a with one axis moved until it lies before the one that is now number `start`."""
    axis = axis_of("rollaxis", a, axis)
    start = start + a.ndim if start < 0 else start
    if not 0 <= start <= a.ndim:
        raise ShapeError(f"rollaxis: start must be in {-a.ndim}...{a.ndim} for an array of {a.ndim} axes.")
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


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


@composition(np.ravel)
def ravel_in_order(a: Any, order: str = "C") -> Any:
    """a as one axis, its entries read in C order or in Fortran's."""
    return (a.T if is_fortran(order, "ravel") else a).ravel()


def one_or_all(arrays: list[Any]) -> Any:
    """What NumPy gives back for one array, and for several."""
    return arrays[0] if len(arrays) == 1 else tuple(arrays)


@composition(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    """Each array; a number as shape (1,)."""
    return one_or_all([operand(x) if np.ndim(x) else np.reshape(x, (1,)) for x in arys])


@composition(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    """Each array of two axes or more; n entries in one axis as shape (1, n)."""
    return one_or_all([operand(x) if np.ndim(x) > 1 else np.reshape(x, (1, np.size(x))) for x in arys])


@composition(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    """Each array of three axes or more; (m, n) entries as shape (m, n, 1), n in one axis as (1, n, 1)."""
    shapes = [np.shape(x) if np.ndim(x) > 1 else (1, np.size(x)) for x in arys]
    return one_or_all([operand(x) if np.ndim(x) > 2 else np.reshape(x, (*s, 1)) for x, s in zip(arys, shapes)])


@composition(np.copy)
def copy(a: Any) -> Any:
    """The same entries in memory of their own, in the order of a's."""
    return +a


if hasattr(np, "unstack"):  # since NumPy 2.1

    @composition(np.unstack)
    def unstack(x: Any, axis: int = 0) -> tuple[Any, ...]:
        """The arrays that np.stack would join to x."""
        return tuple(np.moveaxis(x, axis, 0))


if hasattr(np, "astype"):  # since NumPy 2.1

    @composition(np.astype)
    def astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
        """x in another dtype; Tensors do not change, so `copy` is all one.  Integers have no gradient."""
        return x.astype(dtype)


# The entries in another order


@primitive(numpy=np.flip, dx=lambda dz, z, x, *, axis: np.flip(dz, axis))
def flip(x: Any, *, axis: Any = None) -> Any:
    """z = x with the order of entries reversed along the axes."""
    return np.flip(x, axis)


@composition(np.flipud)
def flipud(m: Any) -> Any:
    """m upside down: the first axis reversed."""
    return np.flip(m, 0)


@composition(np.fliplr)
def fliplr(m: Any) -> Any:
    """m in a mirror: the second axis reversed."""
    return np.flip(m, 1)


@composition(np.rot90)
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """m turned k times by a right angle, from the first of two axes towards the second."""
    if len(axes) != 2:
        raise ShapeError(f"rot90(axes={axes!r}): it turns in a plane of two axes.")
    a, b = (axis_of("rot90", m, i) for i in axes)
    if a == b:
        raise ShapeError(f"rot90(axes={axes!r}): the two axes must differ.")
    flipped: Any = ((), b, (a, b), a)[k % 4]
    m = np.flip(m, flipped)
    return m.swapaxes(a, b) if k % 2 else m


@primitive(numpy=np.roll, dx=lambda dz, z, x, *, shift, axis: np.roll(dz, np.negative(shift), axis))
def roll(x: Any, *, shift: Any, axis: Any = None) -> Any:
    """z = x with its entries moved on by `shift` places, those beyond the last place put at the first."""
    return np.roll(x, shift, axis)


# The same entries several times


@primitive(numpy=np.broadcast_to, dx=lambda dz, z, x, *, shape: dz)  # the engine sums over what was stretched
def broadcast_to(x: Any, *, shape: Any) -> Any:
    """z = x, repeated along new or stretched axes until it has the shape."""
    z = np.empty(shape, x.dtype)  # writable and its own, unlike NumPy's view
    if x.ndim > z.ndim:
        raise ValueError(f"{x.shape} has more axes than {shape}")
    z[...] = x
    return z


@composition(np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    """The arrays, all in the shape that they broadcast to."""
    shape = common_shape("broadcast_arrays", args)
    return tuple(operand(x) if np.shape(x) == shape else np.broadcast_to(x, shape) for x in args)


@composition(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """The coordinates of all points of a grid, one array for each axis: z[k][i, j, ...] is an entry of xi[k].

    indexing: "ij" as matrices are indexed; in "xy", for pictures, the first two axes are exchanged.
    sparse: each array has the length 1 along the other axes.  copy: Tensors do not change, so it is all one.
    """
    if indexing not in ("xy", "ij"):
        raise DomainError(f"meshgrid(indexing={indexing!r}): it is 'xy' or 'ij'.")
    axes = list(range(len(xi)))
    if indexing == "xy":
        axes[:2] = axes[:2][::-1]
    grids = [np.reshape(x, tuple(-1 if i == axis else 1 for i in range(len(xi)))) for x, axis in zip(xi, axes)]
    return tuple(grids) if sparse else broadcast_arrays(*grids)


@composition(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    """The entries of a, over and over again, until the new shape is full."""
    shape = tuple(whole_numbers("resize", new_shape).ravel().tolist())
    if min(shape, default=0) < 0:
        raise ShapeError(f"resize: the new shape {shape} has a negative length.")
    flat = np.ravel(a)
    if not flat.shape[0]:
        return np.zeros_like(a, shape=shape)
    return flat[np.arange(math.prod(shape)) % flat.shape[0]].reshape(shape)


# Diagonals and triangles


def diagonal_slice(rows: int, columns: int, offset: int) -> slice:
    """Where the diagonal lies among the entries of a matrix in one line: each is (columns + 1) after the one before."""
    start = offset if offset >= 0 else -offset * columns
    count = min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns)
    return slice(start, start + max(count, 0) * (columns + 1), columns + 1)


def diagonal_dx(dz: Any, z: Any, x: Any, *, offset: int, axis1: int, axis2: int) -> Any:
    """dz on the diagonals, 0 elsewhere."""
    axis1, axis2 = axis1 % x.ndim, axis2 % x.ndim
    rest = tuple(n for i, n in enumerate(x.shape) if i not in (axis1, axis2))
    rows, columns = x.shape[axis1], x.shape[axis2]
    key = (..., diagonal_slice(rows, columns, offset))
    flat = scatter_add(dz, key=key, shape=(*rest, rows * columns))
    return np.moveaxis(flat.reshape((*rest, rows, columns)), (-2, -1), (axis1, axis2))


@primitive(numpy=np.diagonal, dx=diagonal_dx)
def diagonal(x: Any, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """z[..., i] = x[..., i, i + offset], for x with axis1 and axis2 moved to its end."""
    return x.diagonal(offset, axis1, axis2)


@primitive(numpy=np.diagflat, dx=lambda dz, z, x, *, k: np.diagonal(dz, k).reshape(x.shape))
def diagflat(x: Any, *, k: int = 0) -> Any:
    """z[i, i + k] = x.ravel()[i], and 0 elsewhere."""
    return np.diagflat(x, k)


@composition(np.diag)
def diag(v: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or the matrix with this diagonal."""
    if v.ndim not in (1, 2):
        raise ShapeError(f"diag: v is {v.shape}; it must have one axis, or two.")
    return np.diagonal(v, k) if v.ndim == 2 else np.diagflat(v, k)


@composition(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    """z = sum of the diagonal."""
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


@composition(np.linalg.diagonal)
def last_diagonal(x: Any, *, offset: int = 0) -> Any:
    """z[..., i] = x[..., i, i + offset]."""
    return np.diagonal(x, offset, -2, -1)


@composition(np.linalg.trace)
def last_trace(x: Any, *, offset: int = 0, dtype: Any = None) -> Any:
    """z = sum of the diagonal of the last two axes."""
    return np.sum(np.diagonal(x, offset, -2, -1), axis=-1, dtype=dtype)


@primitive(numpy=np.tril, dx=lambda dz, z, x, *, k: np.tril(dz, k))
def tril(x: Any, *, k: int = 0) -> Any:
    """z = x with 0 above the k-th diagonal."""
    return np.tril(x, k)


@primitive(numpy=np.triu, dx=lambda dz, z, x, *, k: np.triu(dz, k))
def triu(x: Any, *, k: int = 0) -> Any:
    """z = x with 0 below the k-th diagonal."""
    return np.triu(x, k)


@primitive(
    numpy=np.full_like,
    da=lambda dz, z, a, fill_value, *, dtype, shape: np.zeros_like(a),  # whose shape and dtype it lends only
    dfill_value=lambda dz, z, a, fill_value, *, dtype, shape: dz,
)
def full_like(a: Any, fill_value: Any, *, dtype: Any = None, shape: Any = None) -> Any:
    """z = fill_value, in a's shape and dtype if no others are given."""
    if wrong := misfit(fill_value, np.dtype(dtype or a.dtype)):
        raise TypeError(wrong)
    return np.full_like(a, fill_value, dtype, shape=shape)


# What has a shape but no gradient


@primitive(numpy=np.zeros_like)
def zeros_like(x: Any, *, dtype: Any = None, shape: Any = None) -> Any:
    """Zeros, in x's shape and dtype if no others are given."""
    return np.zeros_like(x, dtype, shape=shape)


@primitive(numpy=np.ones_like)
def ones_like(x: Any, *, dtype: Any = None, shape: Any = None) -> Any:
    """Ones, in x's shape and dtype if no others are given."""
    return np.ones_like(x, dtype, shape=shape)


@primitive(numpy=np.empty_like)
def empty_like(x: Any, *, dtype: Any = None, shape: Any = None) -> Any:
    """Whatever lies in memory, in x's shape and dtype if no others are given."""
    return np.empty_like(x, dtype, shape=shape)


@composition(np.shape)
def shape(a: Any) -> tuple[int, ...]:
    """The lengths of a's axes."""
    return tuple(a.shape)


@composition(np.ndim)
def ndim(a: Any) -> int:
    """The number of a's axes."""
    return len(a.shape)


@composition(np.size)
def size(a: Any, axis: Any = None) -> int:
    """The number of a's entries, or of those along some axes."""
    return math.prod(a.shape if axis is None else (a.shape[int(i)] for i in np.ravel(axis)))

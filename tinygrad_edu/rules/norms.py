"""Lengths of vectors, sizes of matrices, and how well conditioned they are.  Floor 2: NumPy only.

At a kink the slope is 0, the middle of its sides: at the 0 vector, at an entry that is 0 in a sum of sizes, at a
singular value that is 0.  So no norm makes a NaN.  Entries that tie for the largest or smallest share the gradient.
"""

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..primitives import composition, primitive
from .reduce import kept


def length_dx(dz: Any, z: Any, x: Any, *, axis: Any, keepdims: bool) -> Any:
    """dz * conj(x) / |x|; 0 for the vector 0."""
    dz, z = kept(dz, x, axis, keepdims), kept(z, x, axis, keepdims)
    return dz * (z != 0) / np.where(z == 0, 1, z) * x.conj()


@primitive(name="norm", dx=length_dx, note="the slope is 0 at the vector 0")
def length(x: Any, *, axis: Any, keepdims: bool) -> Any:
    """z = sqrt(sum(|x|^2)) over one axis, two, or all: the Euclidean length, or Frobenius' norm."""
    return np.linalg.norm(x, axis=axis, keepdims=keepdims)


def vector_norm_dx(dz: Any, z: Any, x: Any, *, axis: Any, keepdims: bool, ord: Any) -> Any:
    """dz * (|x| / z)^(ord - 1) * conj(sign(x)), with its limits."""
    if ord == 2:
        return length_dx(dz, z, x, axis=axis, keepdims=keepdims)
    dz, z = kept(dz, x, axis, keepdims), kept(z, x, axis, keepdims)
    size, towards = np.abs(x), np.sign(x).conj()
    if ord == 0:  # how many are not 0
        return np.zeros_like(x)
    if ord in (np.inf, -np.inf):
        hit = size == z
        return dz * towards * hit / hit.sum(axis=axis, keepdims=True).astype(z.dtype)
    ratio = np.where(x == 0, 1, size) / np.where(z == 0, 1, z)  # where x is 0, so is its sign
    return dz * (z != 0) * towards * ratio ** (float(ord) - 1)


@primitive(numpy=np.linalg.vector_norm, dx=vector_norm_dx, note="the slope is 0 at entries of 0; ties share")
def vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """z = sum(|x|^ord)^(1 / ord) over the axes; the largest |x| for inf, the smallest for -inf, how many for 0."""
    return np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)


@composition(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of vectors along one axis, or of matrices along two; of all entries where ord and axis are None.

    Raises ShapeError for an order that vectors, or matrices, do not have.
    """
    axes = tuple(range(x.ndim)) if axis is None else tuple(axis) if np.iterable(axis) else (int(axis),)
    if ord is None or (ord in ("fro", "f") and len(axes) == 2):
        return length(x, axis=axis, keepdims=keepdims)
    if len(axes) == 1 and not isinstance(ord, str):
        return vector_norm(x, axis=axes[0], keepdims=keepdims, ord=ord)
    if len(axes) != 2 or ord not in MATRIX_NORMS:
        what = {1: "a vector", 2: "a matrix"}.get(len(axes), f"an array over {len(axes)} axes")
        raise ShapeError(f"norm(ord={ord!r}): {what} has no such norm; x is {x.shape}, axis={axis!r}.")
    z = MATRIX_NORMS[ord](x, *axes)
    return z.reshape([1 if i in [k % x.ndim for k in axes] else n for i, n in enumerate(x.shape)]) if keepdims else z


def singular(x: Any, row: int, column: int) -> Any:
    """The singular values, as |s|: the slope is 0 where s is 0."""
    return np.abs(np.linalg.svdvals(np.moveaxis(x, (row, column), (-2, -1))))


def sums(x: Any, summed: int, other: int) -> Any:
    """The sums of |x| along an axis; the other axis becomes the last."""
    return np.moveaxis(np.abs(x), (summed, other), (-2, -1)).sum(axis=-2)


#: The norm of a matrix whose rows and columns are counted along two axes.
MATRIX_NORMS: Any = {
    "nuc": lambda x, row, column: singular(x, row, column).sum(axis=-1),
    2: lambda x, row, column: singular(x, row, column).max(axis=-1),
    -2: lambda x, row, column: singular(x, row, column).min(axis=-1),
    1: lambda x, row, column: sums(x, row, column).max(axis=-1),
    -1: lambda x, row, column: sums(x, row, column).min(axis=-1),
    np.inf: lambda x, row, column: sums(x, column, row).max(axis=-1),
    -np.inf: lambda x, row, column: sums(x, column, row).min(axis=-1),
}


@composition(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """The norm of the matrices in the last two axes."""
    return norm(x, ord, (-2, -1), keepdims)


@composition(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    """How many times larger x can make a relative error: norm(x) * norm(inv(x)); the largest s over the smallest for 2.

    Raises MatrixError for a singular matrix unless p is None, 2 or -2.
    """
    if p is None or p in (2, -2):
        s = np.linalg.svdvals(x)
        with np.errstate(all="ignore"):
            return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return norm(x, p, (-2, -1)) * norm(np.linalg.inv(x), p, (-2, -1))


@primitive(numpy=np.linalg.matrix_rank)
def matrix_rank(x: Any, *, tol: Any = None, hermitian: bool = False, rtol: Any = None) -> Any:
    """z = how many singular values count as more than 0."""
    return np.linalg.matrix_rank(x, tol, hermitian, rtol=rtol)

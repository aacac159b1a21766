"""Products of matrices: two of the four equations of backprop live here.  Floor 2: NumPy only.

For Z = W @ A + b:   dW = dZ @ A.T,   dA = W.T @ dZ,   and db = dZ, which the engine sums over the examples.
The shapes leave no choice: only `dZ @ A.T` has the shape of W.  The other products of NumPy follow below; those
that conjugate their first operand (vdot, vecdot, vecmat) say so.
"""

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..primitives import composition, primitive
from .arguments import array_of
from .shape import in_order


def mT(a: Any) -> Any:
    """Each matrix of a transposed."""
    return a.T if a.ndim == 2 else a.swapaxes(-1, -2)


def mH(a: Any) -> Any:
    """Each matrix of a transposed and conjugated."""
    return mT(a).conj() if a.dtype.kind == "c" else mT(a)


def matmul_da(dz: Any, z: Any, a: Any, b: Any) -> Any:
    """dz @ b.T, and its forms where a or b is a vector."""
    if b.ndim == 1:
        return dz[..., None] * b
    if a.ndim == 1:
        return (b @ dz[..., None])[..., 0]
    return dz @ mT(b)


def matmul_db(dz: Any, z: Any, a: Any, b: Any) -> Any:
    """a.T @ dz, and its forms where a or b is a vector."""
    if a.ndim == 1:
        return a * dz if b.ndim == 1 else a[:, None] * dz[..., None, :]
    if b.ndim == 1:
        return (mT(a) @ dz[..., None])[..., 0]
    return mT(a) @ dz


matmul = primitive(np.matmul, da=matmul_da, db=matmul_db)
composition(np.linalg.matmul)(matmul)


@composition(np.dot)
def dot(a: Any, b: Any) -> Any:
    """Sum over the last axis of a and the last but one of b, as np.dot."""
    a, b = array_of(a), array_of(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if b.ndim <= 2:
        return a @ b
    columns = np.moveaxis(b, -2, 0)
    return (a @ columns.reshape((b.shape[-2], -1))).reshape(a.shape[:-1] + columns.shape[1:])


@primitive(
    dW=lambda dz, z, W, A, b: dz @ A.T,
    dA=lambda dz, z, W, A, b: W.T @ dz,
    db=lambda dz, z, W, A, b: dz,
)
def affine(W: Any, A: Any, b: Any) -> Any:
    """Z = W @ A + b, the course's layer in one step.  W: (n_l, n_prev), A: (n_prev, m), b: (n_l, 1)."""
    if W.ndim != 2 or A.ndim != 2:
        raise ValueError("W and A must have two axes")
    Z = W @ A
    if Z.dtype == b.dtype and b.shape == (len(Z), 1):
        Z += b  # in place: one array less than Z + b
        return Z
    if np.broadcast_shapes(Z.shape, b.shape) != Z.shape:
        raise ValueError("b must not stretch W @ A")
    return Z + b


def multi_dot_dx(dz: Any, z: Any, *xs: Any, index: int) -> Any:
    """The factors before x, transposed, times dz times the factors behind x, transposed: again a chain."""
    factors = list(xs)
    if xs[0].ndim == 1:
        factors[0] = xs[0][None, :]
    if xs[-1].ndim == 1:
        factors[-1] = xs[-1][:, None]
    dz = dz.reshape((factors[0].shape[0], factors[-1].shape[1]))
    before, behind = ([x.T for x in reversed(part)] for part in (factors[:index], factors[index + 1 :]))
    return np.linalg.multi_dot([*before, dz, *behind]).reshape(xs[index].shape)


@primitive(numpy=np.linalg.multi_dot, dxs=multi_dot_dx)
def multi_dot(*xs: Any) -> Any:
    """z = x1 @ x2 @ ... @ xn, multiplied in the order that takes the fewest steps; the outer two may be vectors."""
    return np.linalg.multi_dot(xs)


# Sums over axes by number


def paired(a: Any, b: Any, axes: Any) -> tuple[list[int], list[int], list[int], list[int]]:
    """The axes of a and of b that are summed over, pair by pair, and those of a and of b that stay."""
    ndims = (np.ndim(a), np.ndim(b))
    pairs = axes if np.iterable(axes) else (range(ndims[0] - axes, ndims[0]), range(axes))
    summed = [[int(i) % n for i in np.atleast_1d(side)] for side, n in zip(pairs, ndims)]
    stay = [[i for i in range(n) if i not in side] for side, n in zip(summed, ndims)]
    return summed[0], summed[1], stay[0], stay[1]


def tensordot_da(dz: Any, z: Any, a: Any, b: Any, *, axes: Any) -> Any:
    """dz and b summed over the axes that b gave to z."""
    summed_a, summed_b, stay_a, stay_b = paired(a, b, axes)
    da = np.tensordot(dz, b, axes=(range(len(stay_a), dz.ndim), stay_b))
    return in_order(da, [*stay_a, *(summed_a[summed_b.index(i)] for i in sorted(summed_b))])


def tensordot_db(dz: Any, z: Any, a: Any, b: Any, *, axes: Any) -> Any:
    """a and dz summed over the axes that a gave to z."""
    summed_a, summed_b, stay_a, stay_b = paired(a, b, axes)
    db = np.tensordot(a, dz, axes=(stay_a, range(len(stay_a))))
    return in_order(db, [*(summed_b[summed_a.index(i)] for i in sorted(summed_a)), *stay_b])


@primitive(numpy=np.tensordot, da=tensordot_da, db=tensordot_db)
def tensordot(a: Any, b: Any, *, axes: Any = 2) -> Any:
    """z = sum over pairs of axes: (those of a, those of b), or that many last ones of a with the first ones of b."""
    return np.tensordot(a, b, axes)


composition(np.linalg.tensordot)(tensordot)


inner = primitive(
    np.inner,
    da=lambda dz, z, a, b: tensordot_da(dz, z, a, b, axes=(-1, -1)) if np.ndim(a) and np.ndim(b) else dz * b,
    db=lambda dz, z, a, b: tensordot_db(dz, z, a, b, axes=(-1, -1)) if np.ndim(a) and np.ndim(b) else dz * a,
)

# Vectors


vecdot = primitive(
    np.vecdot,
    da=lambda dz, z, a, b: (dz[..., None] * b).conj(),
    db=lambda dz, z, a, b: dz[..., None] * a.conj(),
)
if hasattr(np, "matvec"):  # since NumPy 2.2
    matvec = primitive(
        np.matvec,
        da=lambda dz, z, a, b: dz[..., None] * b[..., None, :],
        db=lambda dz, z, a, b: (mT(a) @ dz[..., None])[..., 0],
    )
    vecmat = primitive(
        np.vecmat,
        da=lambda dz, z, a, b: (b @ dz[..., None])[..., 0].conj(),
        db=lambda dz, z, a, b: a[..., None].conj() * dz[..., None, :],
    )


@composition(np.linalg.vecdot)
def vecdot_along(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Sum of conj(x1) * x2 over one axis."""
    return np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1))


@composition(np.vdot)
def vdot(a: Any, b: Any, /) -> Any:
    """Sum of conj(a) * b over all entries."""
    return np.vecdot(array_of(a).reshape(-1), array_of(b).reshape(-1))


@composition(np.outer)
def outer(a: Any, b: Any) -> Any:
    """z[i, j] = a[i] * b[j], of arrays laid out as vectors."""
    a, b = array_of(a), array_of(b)
    return a.reshape((-1, 1)) * b.reshape(-1)


@composition(np.linalg.outer)
def outer_of_vectors(x1: Any, x2: Any, /) -> Any:
    """z[i, j] = x1[i] * x2[j].  Raises ShapeError for what is no vector."""
    x1, x2 = array_of(x1), array_of(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ShapeError(f"linalg.outer: x1 is {x1.shape}, x2 is {x2.shape}; it takes vectors, np.outer any arrays.")
    return outer(x1, x2)


@composition(np.kron)
def kron(a: Any, b: Any) -> Any:
    """Kronecker's product: every entry of a times the whole of b, as blocks."""
    a, b = array_of(a), array_of(b)
    axes = max(a.ndim, b.ndim)
    m, n = ((1,) * (axes - x.ndim) + x.shape for x in (a, b))
    blocks = a.reshape([size for i in m for size in (i, 1)]) * b.reshape([size for i in n for size in (1, i)])
    return blocks.reshape([i * j for i, j in zip(m, n)])


@composition(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """The vector at right angles to two vectors of three components.

    Raises ShapeError for vectors of two components, which NumPy has deprecated.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ShapeError(
            f"cross: the vectors of a have {a.shape[-1]} components, those of b {b.shape[-1]}; they must have 3. "
            f"For 2 components write a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]."
        )
    left, right = [1, 2, 0], [2, 0, 1]
    return np.moveaxis(a[..., left] * b[..., right] - a[..., right] * b[..., left], -1, axisc)


@composition(np.linalg.cross)
def cross_along(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """As np.cross, along the same axis of both."""
    return cross(x1, x2, axis=axis)

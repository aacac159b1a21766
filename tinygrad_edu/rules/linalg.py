"""Products of matrices: two of the four equations of backprop live here.  Floor 2: NumPy only.

For Z = W @ A + b:   dW = dZ @ A.T,   dA = W.T @ dZ,   and db = dZ, which the engine sums over the examples.
The shapes leave no choice: only `dZ @ A.T` has the shape of W.
"""

from typing import Any

import numpy as np

from ..primitives import composition, primitive


def adjoint(a: Any) -> Any:
    """Each matrix of a transposed."""
    return a.T if a.ndim == 2 else a.swapaxes(-1, -2)


def matmul_da(dz: Any, z: Any, a: Any, b: Any) -> Any:
    """dz @ b.T, and its forms where a or b is a vector."""
    if b.ndim == 1:
        return dz[..., None] * b
    if a.ndim == 1:
        return (b @ dz[..., None])[..., 0]
    return dz @ adjoint(b)


def matmul_db(dz: Any, z: Any, a: Any, b: Any) -> Any:
    """a.T @ dz, and its forms where a or b is a vector."""
    if a.ndim == 1:
        return a * dz if b.ndim == 1 else a[:, None] * dz[..., None, :]
    if b.ndim == 1:
        return (adjoint(a) @ dz[..., None])[..., 0]
    return adjoint(a) @ dz


matmul = primitive(np.matmul, da=matmul_da, db=matmul_db)


@composition(np.dot)
def dot(a: Any, b: Any) -> Any:
    """Sum over the last axis of a and the last but one of b, as np.dot."""
    a, b = (x if hasattr(x, "ndim") else np.asarray(x) for x in (a, b))
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

"""Inverses, solutions of linear equations and determinants, of one matrix or of stacks of them.  Floor 2: NumPy only.

    a @ z = I      da = -z.T @ dz @ z.T
    a @ z = b      db = a.T^-1 @ dz,   da = -db @ z.T

A singular matrix has no inverse: NumPy's error says so, and names the operand.

Sources: Giles, "An extended collection of matrix derivative results", Oxford 2008; Golub and Pereyra, SIAM Journal on
Numerical Analysis 10 (1973), 413-432 (pseudoinverse).
"""

import math
import operator
from typing import Any

import numpy as np

from ..errors import DomainError, MatrixError, NoRuleError, ShapeError
from ..primitives import composition, primitive
from .arguments import array_of
from .decompositions import packed, phi, real_part, to_triangles
from .linalg import mH, mT
from .reduce import products_before

#: NumPy's own type of result.
SlogdetResult: Any = type(np.linalg.slogdet(np.eye(1)))

inv = primitive(
    np.linalg.inv,
    numpy=np.linalg.inv,
    da=lambda dz, z, a: -mT(z) @ dz @ mT(z),
    note="a square and not singular",
)


def solve_db(dz: Any, z: Any, a: Any, b: Any) -> Any:
    """a.T^-1 @ dz; as one column of a matrix where b is a vector."""
    return np.linalg.solve(mT(a), dz[..., None])[..., 0] if b.ndim == 1 else np.linalg.solve(mT(a), dz)


def solve_da(dz: Any, z: Any, a: Any, b: Any) -> Any:
    """-db @ z.T."""
    db = solve_db(dz, z, a, b)
    return -db[..., None] * z[..., None, :] if b.ndim == 1 else -db @ mT(z)


@primitive(numpy=np.linalg.solve, da=solve_da, db=solve_db, note="a square and not singular")
def solve(a: Any, b: Any) -> Any:
    """z with a @ z = b.  b is a vector only if it has one axis, as in NumPy 2; else a stack of matrices."""
    return np.linalg.solve(a, b)


@composition(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of a as a map from its last axes to its first `ind` ones."""
    if ind < 1:
        raise ShapeError(f"tensorinv(ind={ind}): the number of first axes is at least 1.")
    first, last = a.shape[:ind], a.shape[ind:]
    return np.linalg.inv(a.reshape((math.prod(first), math.prod(last)))).reshape(last + first)


@composition(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """z with tensordot(a, z, z.ndim) = b; the `axes` of a are moved to its end first."""
    a, b = array_of(a), array_of(b)
    if axes is not None:
        moved = [i % a.ndim for i in axes]
        a = a.transpose([*(i for i in range(a.ndim) if i not in moved), *moved])
    shape = a.shape[b.ndim :]
    if not math.prod(shape) == b.size == math.prod(a.shape[: b.ndim]):
        raise ShapeError(f"tensorsolve: a is {a.shape}, b is {b.shape}; a has b's axes first, then as many entries.")
    return np.linalg.solve(a.reshape((b.size, b.size)), b.reshape(-1)).reshape(shape)


@composition(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    """a @ a @ ... @ a, n factors; of the inverse if n is negative, I if it is 0."""
    n = operator.index(n)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"matrix_power: a is {a.shape}; only square matrices have powers.")
    if n == 0:
        return np.where(False, a, np.eye(a.shape[-1], dtype=a.dtype))  # a step: the gradient is 0, not missing
    if n < 0:
        a, n = np.linalg.inv(a), -n
    if n == 3:
        return a @ a @ a  # as NumPy, where it is not a @ (a @ a)
    power, result = a, None
    while True:
        n, odd = divmod(n, 2)
        if odd:
            result = power if result is None else result @ power
        if not n:
            return result
        power = power @ power


# Determinants


def cofactors(z: Any, a: Any) -> Any:
    """det(a) * a.T^-1; from the singular values where z = det(a) is 0, since cofactors are finite there too."""
    if np.all(z != 0):
        return z[..., None, None] * mT(np.linalg.inv(a))
    U, s, Vh = np.linalg.svd(a)
    others = products_before(s) * products_before(s[..., ::-1])[..., ::-1]
    turn = np.linalg.det(U) * np.linalg.det(Vh)
    return turn[..., None, None] * (U.conj() * others[..., None, :]) @ Vh.conj()


det = primitive(
    np.linalg.det,
    numpy=np.linalg.det,
    da=lambda dz, z, a: dz[..., None, None] * cofactors(z, a),
    note="the gradient is that of the cofactors, where a is singular too",
)


def slogdet_parts(z: Any) -> tuple[Any, Any]:
    """The sign and the logarithm."""
    return z[..., 0], z[..., 1]


def slogdet_da(dz: Any, z: Any, a: Any) -> Any:
    """dlog * a.T^-1.  A complex sign turns with a, and i * angle(det(a)) is the other part of log(det(a)).

    Raises MatrixError for a singular matrix, whose logarithm is -inf.
    """
    (sign, _), (dsign, dlog) = slogdet_parts(z), slogdet_parts(dz)
    if a.dtype.kind == "c":
        dlog = np.real(dlog) + 1j * np.imag(dsign * sign)
    try:
        return dlog[..., None, None] * mT(np.linalg.inv(a))
    except np.linalg.LinAlgError as error:
        raise MatrixError(
            f"backward of slogdet: a is {tuple(a.shape)}; it is singular, and log(0) = -inf has no gradient: "
            f"use np.linalg.det(a), which has one."
        ) from error


@primitive(da=slogdet_da, note="a not singular")
def slogdet(a: Any) -> Any:
    """z = the sign of det(a) and log|det(a)|, side by side along the last axis; see `slogdet_parts`."""
    sign, logabsdet = np.linalg.slogdet(a)
    z = np.empty((*a.shape[:-2], 2), sign.dtype)
    return packed(z, slogdet_parts(z), (sign, logabsdet))


@composition(np.linalg.slogdet)
def slogdet_result(a: Any) -> Any:
    """(sign, log|det|): the determinant is sign * exp(log|det|), which may be too large or small to be a number."""
    sign, logabsdet = slogdet_parts(slogdet(a))
    return SlogdetResult(sign, real_part(logabsdet))


# The pseudoinverse, and what it solves


def through_pinv(dz: Any, z: Any, a: Any) -> Any:
    """-z.T @ dz @ z.T, and what is added where a's columns, or rows, turn; the rank is taken to stay."""
    if a.shape[-2] < a.shape[-1]:  # so that no product is larger than a
        return mT(through_pinv(mT(dz), mT(z), mT(a)))
    columns = mT(dz) @ (z @ mH(z))
    rows = z @ mT(dz)
    return (columns - a @ (z @ columns) + mH(z) @ (rows - (rows @ z) @ a)).conj() - mT(z) @ (dz @ mT(z))


def pinv_da(dz: Any, z: Any, a: Any, *, hermitian: bool) -> Any:
    """-z.T @ dz @ z.T, and what is added where a's columns, or rows, turn; on the lower triangle if hermitian."""
    if not hermitian:
        return through_pinv(dz, z, a)
    return to_triangles(through_pinv(dz, z, phi(a) + mH(phi(a))), a, "L")


@primitive(da=pinv_da, note="the rank is taken to stay as it is")
def pinv(a: Any, *, hermitian: bool = False) -> Any:
    """z = the Moore-Penrose inverse of a, with singular values below 1e-15 of the largest taken for 0."""
    return np.linalg.pinv(a, hermitian=hermitian)


@composition(np.linalg.pinv)
def pinv_within(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = np._NoValue) -> Any:
    """The Moore-Penrose inverse.  rcond or rtol: the part of the largest singular value below which others count as 0.

    With such a bound it is composed of the singular vectors, so that singular values that are equal have no gradient.
    """
    if rcond is None and rtol is np._NoValue:
        return pinv(a, hermitian=hermitian)
    if rcond is not None and rtol is not np._NoValue:
        raise DomainError("pinv: rcond and rtol are the same bound; give one.")
    bound = rtol if rcond is None else rcond
    bound = max(a.shape[-2:]) * np.finfo(a.dtype).eps if bound is None else np.asarray(bound)[..., None]
    U, s, Vh = np.linalg.svd(a.conj(), full_matrices=False, hermitian=hermitian)
    large = s > bound * s.max(axis=-1, keepdims=True)
    inverted = np.where(large, 1 / np.where(large, s, 1), 0)
    return mT(Vh) @ (inverted[..., None] * mT(U))


def lstsq_parts(z: Any) -> tuple[Any, Any]:
    """The solutions, one in each column, over the residuals in the last row."""
    return z[:-1], z[-1]


def lstsq_db(dz: Any, z: Any, a: Any, b: Any, *, rcond: Any) -> Any:
    """pinv(a).T @ dx, and 2 * dresidual * conj(b - a @ x)."""
    return mT(np.linalg.pinv(a)) @ lstsq_parts(dz)[0] + through_residuals(dz, z, a, b)


def lstsq_da(dz: Any, z: Any, a: Any, b: Any, *, rcond: Any) -> Any:
    """As x = pinv(a) @ b, and -2 * dresidual * conj(b - a @ x) @ x.T."""
    x, dx = lstsq_parts(z)[0], lstsq_parts(dz)[0]
    return through_pinv(dx @ mT(b), np.linalg.pinv(a), a) - through_residuals(dz, z, a, b) @ mT(x)


def through_residuals(dz: Any, z: Any, a: Any, b: Any) -> Any:
    """The gradient of the residuals for b - a @ x; x is where they are smallest, so that it has no share."""
    if a.shape[0] <= a.shape[1]:
        return np.zeros(b.shape, b.dtype)
    return 2 * np.real(lstsq_parts(dz)[1]) * (b - a @ lstsq_parts(z)[0]).conj()


@primitive(da=lstsq_da, db=lstsq_db, note="the columns of a (or its rows, if fewer) must be independent")
def lstsq(a: Any, b: Any, *, rcond: Any = None) -> Any:
    """z = the x with the smallest |b - a @ x|^2, and that residual, for each column of b; see `lstsq_parts`.

    Raises NoRuleError where the columns of a (or its rows, if they are fewer) depend on each other.
    """
    x, residuals, rank, _ = np.linalg.lstsq(a, b, rcond)
    if rank < min(a.shape):
        raise NoRuleError(  # so that plain numbers, which need no gradient, are left to NumPy
            f"lstsq: a is {a.shape} and its rank only {rank}; where a moves the rank jumps, and the solution with it, "
            f"so it has no gradient: leave out columns that depend on others, or use np.linalg.pinv(a) @ b."
        )
    z = np.empty((a.shape[1] + 1, b.shape[1]), x.dtype)
    return packed(z, lstsq_parts(z), (x, residuals if residuals.size else 0))


@composition(np.linalg.lstsq)
def lstsq_result(a: Any, b: Any, rcond: Any = None) -> tuple[Any, Any, int, Any]:
    """(solution, residuals, rank, singular values of a) of a @ x = b in the sense of least squares."""
    a, b = array_of(a), array_of(b)
    x, residuals = lstsq_parts(lstsq(a, b[:, None] if b.ndim == 1 else b, rcond=rcond))
    residuals = real_part(residuals if a.shape[0] > a.shape[1] else residuals[:0])
    return x[:, 0] if b.ndim == 1 else x, residuals, min(a.shape), np.linalg.svdvals(a)

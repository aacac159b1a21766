"""Eigenvalues, singular values, Cholesky and QR, of one matrix or of stacks of them.  Floor 2: NumPy only.

A decomposition has several results and a step of the graph has one.  So the results lie side by side in one array z,
and a function of `..._parts` gives views of them: the forward function writes into the parts of z, the rule reads the
parts of z and of dz, and what answers NumPy's own function hands out the parts of the recorded step.

Sources: Giles, "An extended collection of matrix derivative results", Oxford 2008; Townsend, "Differentiating the
singular value decomposition", 2016; Walter and Lehmann, arXiv:1001.1654 (QR); Murray, arXiv:1602.07527 (Cholesky).

Triangles.  cholesky, eigh and eigvalsh read one triangle of their matrix.  Where both hold the same numbers they share
the gradient in equal parts, as ties do, so that it is Hermitian too; else all of it goes to the triangle that is read.
Phi(a), below, is the lower triangle of a with half its diagonal.

Equal eigenvalues, or equal singular values, have a gradient as a set: that of their sum, or of the sum of their
squares, is right.  Their vectors are any basis of a space and have none: a loss that depends on them gets inf or NaN,
with NumPy's warning.  Values that differ by no more than rounding count as equal.  (From jvp and second derivatives the
warning comes for the values too.)

A vector can be multiplied by -1, or by any complex number of length 1; a loss should not depend on which one NumPy
chose, nor on the basis that svd's full_matrices adds to the vectors of a.  If it does, its gradient is that of a choice
that moves smoothly with the matrix; for eig and eigh it is NumPy's own choice.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..errors import MatrixError, NoRuleError
from ..primitives import composition, primitive
from .linalg import mH, mT

#: NumPy's own types of results.
EighResult: Any = type(np.linalg.eigh(np.eye(1)))
EigResult: Any = type(np.linalg.eig(np.eye(1)))
SVDResult: Any = type(np.linalg.svd(np.eye(1)))
QRResult: Any = type(np.linalg.qr(np.eye(1)))


def packed(z: Any, parts: Iterable[Any], results: Iterable[Any]) -> Any:
    """z, with the results written into its parts."""
    for part, result in zip(parts, results):
        part[...] = result
    return z


@primitive(
    da=lambda dz, z, a, b, least: over(dz, b, 0),
    db=lambda dz, z, a, b, least: -over(dz * z, b, 0),
    dleast=lambda dz, z, a, b, least: np.zeros_like(least),
    note="0 / 0 is 0",
)
def over(a: Any, b: Any, least: Any) -> Any:
    """z = a / b, and 0 where b is 0 and |a| at most `least`.

    Where there is no gradient to hand on, or only what rounding left of none, an infinite slope does not matter.
    """
    return a / np.where((b == 0) & (np.abs(a) <= least), np.inf, b)


def over_gaps(a: Any, w: Any, least: Any) -> Any:
    """a[i, j] / (w[j] - w[i]), and 0 on the diagonal: how the vectors of w turn into each other.

    A gap that is no more than rounding counts as 0: what it gives would be finite, and any number.
    """
    diagonal = np.eye(w.shape[-1], dtype=bool)
    gaps = w[..., None, :] - w[..., :, None]
    return over(a * ~diagonal, np.where(np.abs(gaps) <= rounding(w[..., None]), 0, gaps) + diagonal, least)


def rounding(a: Any) -> Any:
    """What rounding may have made of a 0 in results of this size: 10 eps times the sum of |a| over each matrix."""
    return 10 * float(np.finfo(a.dtype).eps) * np.abs(a).sum(axis=(-2, -1), keepdims=True)


def refuse_dependent(sizes: Any, op: str, a: Any, why: str) -> None:
    """Raise MatrixError in a rule of op where one of the sizes is 0 beside the others, but for rounding.

    There is an inverse then, but what it gives would be any number.
    """
    if (sizes[..., None] <= rounding(sizes[..., None])).any():
        raise MatrixError(f"backward of {op}: a is {tuple(a.shape)}; {why}")


def phi(a: Any) -> Any:
    """Phi(a): the lower triangle of each matrix with half its diagonal (Murray 2016)."""
    n = a.shape[-1]
    return a * (np.tri(n, k=-1) + np.eye(n) / 2).astype(a.dtype)


def to_triangles(da: Any, a: Any, uplo: str) -> Any:
    """The gradient for a matrix of which one triangle was read, from da, the one for a Hermitian matrix."""
    both = da + mH(da)
    # 1e-6: what is Hermitian on paper, such as A^-1 or X C X^H, carries the errors of more than one rounding
    same = np.abs(a - mH(a)) <= rounding(a) + 1e-6 * np.abs(a)
    return np.where(same, both / 2, phi(both) if uplo in "lL" else mT(phi(mT(both))))


# Cholesky


def cholesky_da(dz: Any, z: Any, a: Any, *, upper: bool) -> Any:
    """L^-T @ Phi(L.T @ dL) @ conj(L)^-1, on the triangle that was read, or shared by both."""
    L, dL = (mH(z), mH(dz)) if upper else (z, dz)
    M = np.linalg.inv(L)
    return to_triangles(mT(M) @ phi(mT(L) @ dL) @ M.conj(), a, "U" if upper else "L")


@primitive(numpy=np.linalg.cholesky, da=cholesky_da, note="a Hermitian and positive definite; reads one triangle")
def cholesky(a: Any, *, upper: bool = False) -> Any:
    """z = the lower triangular L with a positive diagonal and a = L @ L^H; L^H if upper.

    Reads the lower triangle of a only, or the upper one if upper.
    """
    return np.linalg.cholesky(a, upper=upper)


# Eigenvalues and eigenvectors


def eigen_parts(z: Any) -> tuple[Any, Any]:
    """The eigenvalues in the first row of z, each over its vector, of which the other rows are made."""
    return z[..., 0, :], z[..., 1:, :]


def eigen_packed(w: Any, V: Any) -> Any:
    """z, of which `eigen_parts` gives back the eigenvalues and vectors."""
    z = np.empty((*V.shape[:-2], V.shape[-1] + 1, V.shape[-1]), V.dtype)
    return packed(z, eigen_parts(z), (w, V))


def as_lapack_turns(dV: Any, V: Any, row: Any) -> Any:
    """dV where the vectors turn as they like; LAPACK turns each so that its component in this row is a real number.

    Where that component is 0, the vector's turn has no gradient, and dV stays.  So it does where the component is small
    and dV sees no turn beyond rounding, which a division by the component would make large.
    """
    if V.dtype.kind != "c":
        return dV
    n = V.shape[-1]
    turn = np.imag((dV * V).sum(axis=-2, keepdims=True))
    noise = (np.abs(V) <= 0.05) & (np.abs(turn) <= rounding(dV * V))
    pivot = (np.arange(n)[:, None] == row % n) & (V != 0) & ~noise
    return dV - 1j * turn * pivot / np.where(pivot, V, 1)


def diagonal_of(x: Any) -> Any:
    """The diagonal matrices of vectors."""
    return x[..., None, :] * np.eye(x.shape[-1], dtype=bool)


def eigh_da(dz: Any, z: Any, a: Any, *, UPLO: Any) -> Any:
    """conj(V) @ (diag(dw) + K / (w[j] - w[i])) @ V.T, with 2 K = A - A^H and A = V.T @ dV.

    On the triangle that was read, or shared by both.  A function of what the vectors of equal eigenvalues span has a K
    of 0 between them.
    """
    (w, V), (dw, dV) = eigen_parts(z), eigen_parts(dz)
    dV = as_lapack_turns(dV, V, 0 if UPLO in "lL" else -1)
    A = mT(V) @ dV
    turns = over_gaps((A - mH(A)) / 2, w, rounding(A))
    return to_triangles(V.conj() @ (diagonal_of(dw) + turns) @ mT(V), a, UPLO)


@primitive(
    da=eigh_da, note="a Hermitian; reads one triangle; of equal eigenvalues only what their vectors span has a gradient"
)
def eigh(a: Any, *, UPLO: Any) -> Any:
    """z = the eigenvalues w of a Hermitian matrix over its eigenvectors V, a @ V = V * w; see `eigen_parts`."""
    return eigen_packed(*np.linalg.eigh(a, UPLO))


def eig_da(dz: Any, z: Any, a: Any) -> Any:
    """V^-T @ (diag(dw) + V.T @ dV / (w[j] - w[i])) @ V.T, for vectors that keep their length.

    What would stretch a vector is taken out of dV first.  Raises MatrixError where the vectors depend on each other.
    """
    (w, V), (dw, dV) = eigen_parts(z), eigen_parts(dz)
    refuse_dependent(
        np.linalg.svdvals(V), "eig", a, "the eigenvectors depend on each other, and have no gradient there."
    )
    largest = np.abs(V).argmax(axis=-2, keepdims=True)
    dV = as_lapack_turns(dV, V, largest) - np.real((dV * V).sum(axis=-2, keepdims=True)) * V.conj()
    A = mT(V) @ dV
    return mT(np.linalg.inv(V)) @ (diagonal_of(dw) + over_gaps(A, w, rounding(A))) @ mT(V)


@primitive(da=eig_da, note="of equal eigenvalues only what their vectors span has a gradient")
def eig(a: Any) -> Any:
    """z = the eigenvalues w of any square matrix over its eigenvectors V, a @ V = V * w; see `eigen_parts`."""
    return eigen_packed(*np.linalg.eig(a))


def eigvalsh_da(dz: Any, z: Any, a: Any, *, UPLO: Any) -> Any:
    """conj(V) @ diag(dz) @ V.T, on the triangle that was read, or shared by both."""
    V = np.linalg.eigh(a, UPLO)[1]
    return to_triangles((V.conj() * dz[..., None, :]) @ mT(V), a, UPLO)


@primitive(numpy=np.linalg.eigvalsh, da=eigvalsh_da, note="a Hermitian; reads one triangle")
def eigvalsh(a: Any, *, UPLO: Any = "L") -> Any:
    """z = the eigenvalues of a Hermitian matrix, in ascending order; reads one triangle, UPLO "L" or "U"."""
    return np.linalg.eigvalsh(a, UPLO)


@composition(np.linalg.eigh)
def eigh_result(a: Any, UPLO: Any = "L") -> Any:
    """(eigenvalues, eigenvectors) of a Hermitian matrix; reads one triangle, UPLO "L" or "U"."""
    w, V = eigen_parts(eigh(a, UPLO=UPLO))
    return EighResult(real_part(w), V)


@composition(np.linalg.eig)
def eig_result(a: Any) -> Any:
    """(eigenvalues, eigenvectors) of any square matrix."""
    return EigResult(*eigen_parts(eig(a)))


@composition(np.linalg.eigvals)
def eigvals(a: Any) -> Any:
    """The eigenvalues of any square matrix, in the order of eig: the rule needs the vectors that belong to them."""
    return eigen_parts(eig(a))[0]


def real_part(x: Any) -> Any:
    """Real results that lie in a complex array."""
    return np.real(x) if x.dtype.kind == "c" else x


# Singular values


def svd_parts(z: Any, a: Any) -> tuple[Any, Any, Any]:
    """U, s and Vh.T: under each other, so that a column of z holds u[i], s[i] and v[i]; zeros where there is none."""
    m, n = a.shape[-2:]
    return z[..., :m, :m], z[..., m, : min(m, n)], z[..., m + 1 :, :n]


def svd_da(dz: Any, z: Any, a: Any, *, full_matrices: bool) -> Any:
    """conj(U) @ (diag(ds) + K(A + B) / (s[j] - s[i]) + K(A - B) / (s[j] + s[i])) @ V^H, for a = U @ diag(s) @ V.T.

    A is U.T @ dU, B is conj(V.T @ dV), 2 K(A) = A - A^H.  So far the vectors turn among themselves; those of a
    rectangle turn out of the space that they span, too.
    """
    (U, s, V), (dU, ds, dV) = svd_parts(z, a), svd_parts(dz, a)
    m, n = a.shape[-2:]
    k = min(m, n)
    u, v = U[..., :k], V[..., :k]
    A, B = mT(u) @ dU[..., :k], (mT(v) @ dV[..., :k]).conj()
    least = rounding(A) + rounding(B)
    along, apart = A + B, A - B
    along = over_gaps(along - mH(along), s, least)
    sums = s[..., None, :] + s[..., :, None]
    if a.dtype.kind != "c":  # no phase, so the diagonal of K is 0, also where s is
        sums = sums + np.eye(k, dtype=bool)
    across = over(apart - mH(apart), sums, least)
    left = u.conj() @ (diagonal_of(real_part(ds)) + (along + across) / 2)
    if m > n:
        left = left + out_of_span(dU, U, s)
    da = left @ mH(v)
    return da + u.conj() @ mT(out_of_span(dV, V, s)) if n > m else da


def out_of_span(dU: Any, U: Any, s: Any) -> Any:
    """The part of dU that turns the first len(s) columns of U out of their span, or the others into it."""
    k = s.shape[-1]
    u, du = U[..., :k], dU[..., :k]
    out = du - u.conj() @ (mT(u) @ du)
    out = out - U[..., k:].conj() @ mH(mT(u) @ dU[..., k:])
    return over(out, s[..., None, :], rounding(dU))


@primitive(da=svd_da, note="of equal singular values only what their vectors span has a gradient")
def svd(a: Any, *, full_matrices: bool) -> Any:
    """z = the parts of a = U @ diag(s) @ Vh, with orthonormal columns in U and rows in Vh; see `svd_parts`."""
    U, s, Vh = np.linalg.svd(a, full_matrices)
    m, n = a.shape[-2:]
    z = np.zeros((*a.shape[:-2], m + 1 + n, max(m, n) if full_matrices else min(m, n)), U.dtype)
    return packed(z, svd_parts(z, a), (U, s, mT(Vh)))


def svdvals_dx(dz: Any, z: Any, x: Any) -> Any:
    """conj(U) @ diag(dz) @ conj(Vh)."""
    U, _, Vh = np.linalg.svd(x, full_matrices=False)
    return (U.conj() * dz[..., None, :]) @ Vh.conj()


@primitive(numpy=np.linalg.svdvals, dx=svdvals_dx)
def svdvals(x: Any) -> Any:
    """z = the singular values of x, in descending order."""
    return np.linalg.svd(x, compute_uv=False)


@composition(np.linalg.svd)
def svd_result(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """(U, s, Vh) with a = U @ diag(s) @ Vh; only s if not compute_uv.  hermitian: by way of eigh, which is faster."""
    if hermitian:
        return hermitian_svd(a, compute_uv)
    if not compute_uv:
        return svdvals(a)
    U, s, V = svd_parts(svd(a, full_matrices=full_matrices), a)
    return SVDResult(U, real_part(s), mT(V))


def hermitian_svd(a: Any, compute_uv: bool) -> Any:
    """As NumPy does it: the eigenvalues without their signs, in descending order, and the signs given to Vh."""
    w, V = np.linalg.eigh(a) if compute_uv else (np.linalg.eigvalsh(a), None)
    order = np.argsort(np.abs(w))[..., ::-1]
    w = np.take_along_axis(w, order, axis=-1)
    if V is None:
        return np.abs(w)
    U = np.take_along_axis(V, order[..., None, :], axis=-1)
    return SVDResult(U, np.abs(w), mH(np.where(w[..., None, :] < 0, -U, U)))


# QR


def qr_parts(z: Any, a: Any) -> tuple[Any, Any]:
    """Q and R: a row of z holds a column of Q and, behind it, the row of R that belongs to it."""
    m = a.shape[-2]
    return mT(z[..., :m]), z[..., m:]


def qr_da(dz: Any, z: Any, a: Any) -> Any:
    """(dQ + conj(Q) @ (Phi(N - N^H) - N)) @ R^-T, with N = Q.T @ dQ - dR @ R.T.

    Where a has more columns than rows, that is for the square block at its left; the others are Q @ R there.
    Raises MatrixError where the columns of that block depend on each other.
    """
    (Q, R), (dQ, dR) = qr_parts(z, a), qr_parts(dz, a)
    k = Q.shape[-1]
    refuse_dependent(
        np.abs(np.diagonal(R, axis1=-2, axis2=-1)),
        "qr",
        a,
        f"its first {k} columns depend on each other, so that Q is not determined and has no gradient: "
        f"leave out columns that depend on others.",
    )
    if a.shape[-1] > k:
        dQ = dQ + (a[..., k:] @ mT(dR[..., k:])).conj()
    N = mT(Q) @ dQ - dR[..., :k] @ mT(R[..., :k])
    da = (dQ + Q.conj() @ (phi(N - mH(N)) - N)) @ mT(np.linalg.inv(R[..., :k]))
    return np.concatenate([da, Q.conj() @ dR[..., k:]], axis=-1) if a.shape[-1] > k else da


@primitive(da=qr_da, note="the first columns of a must be independent")
def qr(a: Any) -> Any:
    """z = the parts of a = Q @ R, with orthonormal columns in Q and an upper triangular R; see `qr_parts`."""
    Q, R = np.linalg.qr(a)
    z = np.empty((*R.shape[:-1], a.shape[-2] + a.shape[-1]), R.dtype)
    return packed(z, qr_parts(z, a), (Q, R))


@composition(np.linalg.qr)
def qr_result(a: Any, mode: str = "reduced") -> Any:
    """(Q, R) with a = Q @ R; only R for the mode "r".

    Raises NoRuleError for "complete" if a has more rows than columns: any basis of the rest would do for Q's last
    columns, so they have no gradient.
    """
    if mode not in ("reduced", "complete", "r"):
        raise NoRuleError(f"qr(mode={mode!r}): no gradient rule covers it; 'reduced', 'complete' and 'r' have one.")
    Q, R = qr_parts(qr(a), a)
    if mode == "complete" and Q.shape[-1] < Q.shape[-2]:
        raise NoRuleError(
            f"qr(mode='complete') of a matrix of shape {a.shape}: any basis of the rest would do for the last columns "
            f"of Q, so they have no gradient; use mode='reduced'."
        )
    return R if mode == "r" else QRResult(Q, R)

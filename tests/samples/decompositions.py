"""Samples of rules.decompositions, inverses and norms."""

from typing import Any

import numpy as np

from .drawing import Draws, sample

draw = Draws(13)
normal, complex_normal = draw.normal, draw.complex_normal


# LAPACK chooses the signs of vectors, and would choose otherwise for a matrix not far away.  Here all its choices are
# clear: the diagonal grows, and no entry is near 0.
def aside(kind: Any, *shape: int) -> Any:
    """Entries between 0.25 and 0.45, with imaginary parts of both signs if the kind is complex."""
    real = draw.within(0.25, 0.45, *shape)
    return real if kind is normal else real + 1j * draw.within(-0.3, 0.3, *shape)


def spread(*shape: int, kind: Any = normal) -> Any:
    """Matrices whose singular values are not close."""
    return np.eye(*shape[-2:]) * np.arange(1.0, shape[-1] + 1) + aside(kind, *shape)


def hermitian(*shape: int, kind: Any = normal, low: float = 1) -> Any:
    """Hermitian matrices with diagonals of about low, low + 1 ..."""
    a = np.diag(np.arange(shape[-1]) + low - 0.35) + aside(kind, *shape)
    return (a + a.conj().swapaxes(-1, -2)) / 2


def lopsided(*shape: int, **options: Any) -> Any:
    """The same with other numbers above the diagonal, which nobody reads."""
    return hermitian(*shape, **options) + np.triu(np.ones(shape[-2:]), 1)


def sizes(*shape: int) -> Any:
    """Both signs, all absolute values at least 0.1 apart, none below 0.3."""
    n = int(np.prod(shape))
    return (draw.rng.permutation(n).reshape(shape) * 0.1 + 0.3) * draw.rng.choice([-1.0, 1.0], shape)


SQUARE = ((3, 3), (2, 2), (1, 1), (2, 2, 2), (2, 1, 2, 2))

# Inverses and solutions
for shape in (*SQUARE, (0, 0), (0, 2, 2)):
    sample("inv", spread(*shape))
sample("inv", spread(2, 2, kind=complex_normal))
for a, b in [
    ((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 2, 2), (2,)), ((2, 2, 2), (2, 1)), ((2, 2), (2, 2, 2)),
    ((2, 2, 2), (2, 2, 1)), ((2, 1, 2, 2), (3, 2, 1)), ((1, 1), (1,)), ((2, 2), (2, 0)), ((0, 2, 2), (2,)),
    ((3, 2, 2), (1, 2, 2)),
]:  # fmt: skip
    sample("solve", spread(*a), normal(*b))
sample("solve", spread(2, 2, kind=complex_normal), complex_normal(2))
sample("solve", spread(2, 2), complex_normal(2, 2))
sample("solve", spread(2, 2, kind=complex_normal), normal(2, 2, 1))
sample("linalg.tensorinv", spread(4, 4).reshape(2, 2, 4), ind=2)
sample("linalg.tensorinv", spread(4, 4).reshape(2, 2, 2, 2))
sample("linalg.tensorinv", spread(4, 4).reshape(4, 2, 2), ind=1)
sample("linalg.tensorsolve", spread(4, 4).reshape(2, 2, 4), normal(2, 2))
sample("linalg.tensorsolve", spread(4, 4).reshape(2, 2, 2, 2), normal(2, 2))
sample("linalg.tensorsolve", spread(6, 6).reshape(3, 2, 6), normal(3, 2))
sample("linalg.tensorsolve", spread(4, 4).reshape(2, 2, 4), normal(4), axes=(0, 1))
sample("linalg.tensorsolve", spread(4, 4).reshape(4, 2, 2), normal(2, 2), axes=(0,))
for n in (-3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7):
    sample("linalg.matrix_power", spread(2, 2), n=n)
sample("linalg.matrix_power", spread(2, 2, 2), n=5)
sample("linalg.matrix_power", spread(2, 1, 2, 2), n=0)
sample("linalg.matrix_power", spread(2, 2, kind=complex_normal), n=-2)

# Determinants
for shape in (*SQUARE, (0, 0)):
    sample("det", spread(*shape))
    sample("slogdet", spread(*shape), skip="complex")
    for take in (0, 1):
        sample("linalg.slogdet", spread(*shape), take=take, skip="complex")
sample("det", spread(3, 3, kind=complex_normal))
sample("det", np.diag([1.0, 2.0, 0.0]))
sample("det", np.array([[1.0, 2.0], [2.0, 4.0]]))
sample("det", np.array([[[1.0, 2.0], [2.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]]]))
sample("det", np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 1.0, 2.0]]) * np.array([1, 1j, 1]), skip="second")
sample("slogdet", spread(2, 2, kind=complex_normal))
sample("linalg.slogdet", spread(2, 2, 2, kind=complex_normal), take=0)
sample("linalg.slogdet", spread(2, 2, kind=complex_normal), take=1)

# Pseudoinverse and least squares
for shape in ((3, 2), (2, 3), (2, 2), (2, 3, 2), (2, 2, 3), (1, 3), (3, 1)):
    for op in ("pinv", "linalg.pinv"):
        sample(op, spread(*shape), skip="complex")
for shape in ((3, 2), (2, 3), (2, 2)):
    sample("pinv", spread(*shape, kind=complex_normal))
sample("pinv", lopsided(3, 3), hermitian=True, skip="complex")
sample("pinv", lopsided(2, 2, kind=complex_normal), hermitian=True)
sample("linalg.pinv", lopsided(2, 2, 2), hermitian=True, skip="complex")
for kind in (normal, complex_normal):
    for a, b in [((4, 2), (4, 1)), ((4, 2), (4, 3)), ((2, 2), (2, 2)), ((2, 3), (2, 2)), ((3, 1), (3, 2))]:
        sample("lstsq", spread(*a, kind=kind), kind(*b), skip="complex")
    for a, b in [((4, 2), (4,)), ((3, 2), (3, 2)), ((2, 2), (2,)), ((2, 3), (2,))]:
        sample("linalg.lstsq", spread(*a, kind=kind), kind(*b), take=0, skip="complex")
        if a[0] > a[1]:
            sample("linalg.lstsq", spread(*a, kind=kind), kind(*b), take=1, skip="complex")
sample("linalg.lstsq", spread(3, 2), normal(3), rcond=0.1, take=0, skip="complex")
sample("lstsq", spread(3, 2), complex_normal(3, 1))
sample("lstsq", spread(3, 2, kind=complex_normal), normal(3, 1))

# Cholesky, eigenvalues and eigenvectors
sample("over", normal(2, 3), normal(3), np.full((2, 1), 0.5))
sample("over", complex_normal(2, 3), normal(2, 1), np.full((2, 1), 1e-15))
sample("over", normal(3), complex_normal(2, 3), np.zeros((1, 1)))
for shape in SQUARE:
    sample("cholesky", lopsided(*shape), skip="complex")
    sample("cholesky", lopsided(*shape).swapaxes(-1, -2), upper=True, skip="complex")
    sample("eigh", lopsided(*shape, low=-1), UPLO="L", skip="complex")
    sample("eigvalsh", lopsided(*shape, low=-1), skip="complex")
    sample("linalg.eigvals", spread(*shape), skip="complex")
sample("cholesky", lopsided(3, 3, kind=complex_normal))
sample("cholesky", lopsided(2, 2, kind=complex_normal).T, upper=True)
for UPLO in "LUu":
    turned = (lambda a: a) if UPLO == "L" else (lambda a: a.T)
    sample("eigh", turned(lopsided(3, 3, low=-1)), UPLO=UPLO, skip="complex")
    sample("eigh", turned(lopsided(3, 3, kind=complex_normal)), UPLO=UPLO)
    sample("eigvalsh", turned(lopsided(3, 3, kind=complex_normal)), UPLO=UPLO)
    for take in (0, 1):
        sample("linalg.eigh", turned(lopsided(3, 3)), UPLO=UPLO, take=take, skip="complex")
        sample("linalg.eigh", turned(lopsided(2, 2, kind=complex_normal)), UPLO=UPLO, take=take)
rotation = np.array([[1.0, -2.0, 0.4], [1.5, 0.6, 0.3], [0.2, -0.5, 3.0]])  # two of its eigenvalues are complex
sample("eig", rotation, skip="complex")
sample("eig", spread(3, 3, kind=complex_normal))
sample("eig", spread(2, 3, 3, kind=complex_normal))
sample("linalg.eigvals", rotation, skip="complex")
sample("linalg.eigvals", spread(3, 3, kind=complex_normal))
# No eigenvector here is near the place where LAPACK would turn it round
pair = np.array([[[2.0, 1.0], [0.5, -1.0]], [[1.0, 0.3], [-0.4, 3.0]]])
for a in (pair, pair[:1, None], np.array([[1.0, 0.6, 0.2], [0.3, 2.0, -0.5], [-0.4, 0.1, 3.0]]), np.array([[1.5]])):
    sample("eig", a, skip="complex")
for take in (0, 1):
    sample("linalg.eig", pair, take=take, skip="complex")
    sample("linalg.eig", rotation, take=take, skip="complex")
    sample("linalg.eig", spread(2, 2, kind=complex_normal), take=take)

# Singular values, QR
for shape in ((2, 2), (3, 2), (2, 3), (1, 2), (2, 1), (2, 3, 2), (2, 1, 2, 3)):
    sample("svd", spread(*shape), full_matrices=False, skip="complex")
    sample("svdvals", spread(*shape), skip="complex")
    sample("qr", spread(*shape), skip="complex")
for shape in ((2, 2), (3, 2), (2, 3), (1, 2), (2, 1)):  # where one vector is left over, only its sign is free
    sample("svd", spread(*shape), full_matrices=True, skip="complex")
for shape in ((2, 2), (3, 2), (2, 3)):
    sample("svdvals", spread(*shape, kind=complex_normal))
    sample("qr", spread(*shape, kind=complex_normal))
    sample("linalg.svd", spread(*shape, kind=complex_normal), take=1)
    sample("linalg.svd", spread(*shape), compute_uv=False, skip="complex")
    sample("linalg.qr", spread(*shape), mode="r", skip="complex")
    sample("linalg.qr", spread(*shape, kind=complex_normal), mode="r")
    for take in (0, 1, 2):
        sample("linalg.svd", spread(*shape), take=take, skip="complex")
        sample("linalg.svd", spread(*shape), full_matrices=False, take=take, skip="complex")
    for take in (0, 1):
        sample("linalg.qr", spread(*shape), take=take, skip="complex")
for take in (0, 1):
    sample("linalg.qr", spread(2, 3), mode="complete", take=take, skip="complex")
    sample("linalg.qr", spread(2, 2, 2), mode="complete", take=take, skip="complex")
for take in (0, 1, 2):
    sample("linalg.svd", lopsided(3, 3, low=-1.3), hermitian=True, take=take, skip="complex")
    sample("linalg.svd", lopsided(2, 2, kind=complex_normal, low=-1.3), hermitian=True, take=take)
sample("linalg.svd", lopsided(2, 2, 2, low=-1.3), hermitian=True, take=2, skip="complex")
sample("linalg.svd", lopsided(3, 3, low=-1.3), compute_uv=False, hermitian=True, skip="complex")

# Norms
for kind in (normal, complex_normal):
    for shape in ((3,), (2, 3), (), (2, 2, 2)):
        sample("linalg.norm", kind(*shape), skip="complex")
        sample("linalg.norm", kind(*shape), keepdims=True, skip="complex")
    for axis in (0, -1, (0, 1), (2, 0), (-1, -3)):
        sample("norm", kind(2, 3, 2), axis=axis, keepdims=False, skip="complex")
        sample("norm", kind(2, 3, 2), axis=axis, keepdims=True, skip="complex")
        sample("linalg.norm", kind(2, 3, 2), axis=axis, skip="complex")
for ord in (2, 1, 3, 2.5, 0.5, 0, -1, -2.5, np.inf, -np.inf):
    for axis, keepdims in ((None, False), (1, False), (-1, True), ((0, 1), False), ((1, 0), True)):
        sample("vector_norm", sizes(2, 3), ord=ord, axis=axis, keepdims=keepdims, skip="complex")
    sample("vector_norm", sizes(2, 3) * np.exp(1j * normal(2, 3)), ord=ord, axis=0)
    sample("linalg.norm", sizes(4), ord=ord, skip="complex")
    sample("linalg.norm", sizes(2, 3), ord=ord, axis=1, skip="complex")
    sample("linalg.norm", sizes(2, 3), ord=ord, axis=0, keepdims=True, skip="complex")
sample("vector_norm", normal(2, 2, 3), axis=(2, 0), ord=3, skip="complex")
sample("vector_norm", normal(3), skip="complex")
sample("vector_norm", normal(), skip="complex")
sample("norm", normal(2, 3), axis=None, keepdims=False, skip="complex")
sample("norm", normal(), axis=None, keepdims=True, skip="complex")
sample("norm", normal(2, 0), axis=0, keepdims=False, skip="complex")
wide = np.array([[1.0, -2.0, 0.5], [0.3, 1.2, -2.5]])  # no two sums of absolute values are close, nor in the next
pairs = np.stack([wide.T, [[0.4, 1.5], [-1.0, 0.6], [2.0, -0.8]]])
for ord in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf):
    sample("linalg.norm", wide, ord=ord, skip="complex")
    sample("linalg.norm", wide * np.exp(1j * normal(2, 3)), ord=ord)
    sample("linalg.norm", pairs, ord=ord, axis=(1, 2), skip="complex")
    sample("linalg.norm", pairs.transpose(2, 0, 1), ord=ord, axis=(2, 0), keepdims=True, skip="complex")
    sample("linalg.norm", pairs.transpose(1, 2, 0), ord=ord, axis=(0, -2), skip="complex")
    sample("linalg.matrix_norm", wide, ord=ord, skip="complex")
    sample("linalg.matrix_norm", pairs, ord=ord, keepdims=True, skip="complex")
sample("linalg.matrix_norm", wide, skip="complex")
for p in (None, 2, -2, "fro", 1, -1, np.inf, -np.inf, "nuc"):
    sample("linalg.cond", pair[0], p=p, skip="complex")
    sample("linalg.cond", pair[:, None], p=p, skip="complex")
sample("linalg.cond", wide, skip="complex")
sample("linalg.cond", pair, skip="complex")
sample("linalg.cond", spread(3, 3), skip="complex")
sample("linalg.cond", spread(3, 3), p=-2, skip="complex")
sample("matrix_rank", np.array([[1.0, 2.0], [2.0, 4.0]]))
sample("matrix_rank", spread(2, 2, 3))
sample("matrix_rank", np.diag([1.0, 1e-3, 1.0]), tol=1e-2)
sample("matrix_rank", np.diag([1.0, 1e-3, 1.0]), rtol=1e-2, hermitian=True)
sample("vector_norm", np.array([[0.0, 1.5, -0.7], [0.4, 0.0, 1.2]]), ord=2, skip="complex")
sample("vector_norm", np.array([[0.0, 1.5, -0.7], [0.4, 0.0, 1.2]]), ord=2, axis=1, skip="complex")
sample("matrix_rank", np.array([[0.0, 0.0], [1.0, 0.0]]), hermitian=True)
sample("linalg.matrix_power", spread(3, 1, 2, 2), n=0)
sample("qr", spread(3, 2, 4), skip="complex")

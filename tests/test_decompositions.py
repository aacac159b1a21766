"""Decompositions: what their samples cannot show.  Free phases, triangles, equal eigenvalues, types, refusals."""

from functools import partial

import autograd
import autograd.numpy as anp
import matrices
import numpy as np
import pytest
from matrices import mH
from oracles import assert_close, finite_difference

import tinygrad_edu as tg
from tinygrad_edu.errors import NoRuleError

rng = np.random.default_rng(2)
normal, hermitian = partial(matrices.normal, rng), partial(matrices.hermitian, rng)
UNITS = pytest.mark.parametrize("unit", [0, 1j], ids=["real", "complex"])


def twice(f, x, rtol=1e-7):
    """Check the gradient and the second derivatives of f by finite differences."""
    dx = tg.grad(f)(x)
    assert_close(dx, finite_difference(f, x), rtol)
    u = normal(*x.shape, unit=1j if x.dtype.kind == "c" else 0)
    second = tg.grad(lambda x: np.real(np.sum(u * tg.grad(f)(x))))(x)
    assert_close(second, finite_difference(lambda x: np.real(np.sum(u * tg.grad(f)(x))), x), rtol)


# Vectors, by functions that do not see their signs and phases


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2)])
@pytest.mark.parametrize("full_matrices", [True, False])
@UNITS
def test_singular_vectors_have_the_gradient_of_what_they_span(shape, full_matrices, unit):
    C, D = normal(*shape, unit=unit), normal(*shape, unit=unit)

    def pair(a):
        U, _, Vh = np.linalg.svd(a, full_matrices=full_matrices)
        return np.real(np.sum(C * (U[..., :1] @ Vh[..., :1, :])) + np.sum(D * (U[..., 1:2] @ Vh[..., 1:2, :])) ** 2)

    twice(pair, normal(*shape, unit=unit))


@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (5, 2)])
@UNITS
def test_the_vectors_that_are_left_over_have_the_gradient_of_what_they_span(shape, unit):
    k, C = min(shape), normal(max(shape), max(shape), unit=unit)

    def rest(a):
        U, _, Vh = np.linalg.svd(a)
        space = U[:, k:] @ mH(U[:, k:]) if shape[0] > k else mH(Vh[k:]) @ Vh[k:]
        return np.real(np.sum(C * space))

    twice(rest, normal(*shape, unit=unit))


@UNITS
def test_the_sign_of_a_vector_moves_smoothly_where_a_loss_depends_on_it(unit):
    """U s Vh is a again, and all its parts have a share."""
    for shape in ((3, 3), (4, 2), (2, 4)):
        C = normal(*shape, unit=unit)

        def whole(a, C=C):
            U, s, Vh = np.linalg.svd(a, full_matrices=False)
            return np.real(np.sum(C * ((U * s) @ Vh)))

        np.testing.assert_allclose(tg.grad(whole)(normal(*shape, unit=unit)), C, rtol=1e-9, atol=1e-10)


@UNITS
def test_the_parts_of_a_matrix_put_together_have_its_gradient(unit):
    C, a = normal(3, 3, unit=unit), normal(3, 3, unit=unit) + 2 * np.eye(3)

    def by_qr(a):
        Q, R = np.linalg.qr(a)
        return np.real(np.sum(C * (Q @ R)))

    def by_eig(a):
        w, V = np.linalg.eig(a)
        return np.real(np.sum(C * ((V * w) @ np.linalg.inv(V))))

    def by_eigh(a):
        w, V = np.linalg.eigh(a + mH(a))
        return np.real(np.sum(C * ((V * w) @ mH(V))))

    def by_cholesky(a):
        L = np.linalg.cholesky(a @ mH(a))
        return np.real(np.sum(C * (L @ mH(L))))

    np.testing.assert_allclose(tg.grad(by_qr)(a), C, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(tg.grad(by_eig)(a), C, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(tg.grad(by_eigh)(a), C + mH(C), rtol=1e-10, atol=1e-12)
    expected = tg.grad(lambda a: np.real(np.sum(C * (a @ mH(a)))))(a)
    np.testing.assert_allclose(tg.grad(by_cholesky)(a), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("f", "shape"),
    [
        (lambda np, a: np.sum(np.sin(np.linalg.svd(a, full_matrices=False)[0])), (4, 3)),
        (lambda np, a: np.sum(np.sin(np.linalg.svd(a, full_matrices=False)[2])), (2, 3, 4)),
        (lambda np, a: np.sum(np.sin(np.linalg.svd(a, compute_uv=False))), (4, 3)),
        (lambda np, a: np.sum(np.sin(np.linalg.eigh(a + a.T)[1])), (4, 4)),
        (lambda np, a: np.sum(np.sin(np.linalg.eigh(a + a.T, "U")[0])), (4, 4)),
        (lambda np, a: np.sum(np.sin(np.linalg.cholesky(np.dot(a, a.T)))), (4, 4)),
        (lambda np, a: np.sum(np.abs(np.linalg.eig(a)[1])), (4, 4)),
    ],
)
def test_gradients_agree_with_another_library(f, shape):
    a = normal(*shape)
    expected = autograd.grad(lambda a: f(anp, a))(a)
    np.testing.assert_allclose(tg.grad(lambda a: f(np, a))(a), expected, rtol=1e-8, atol=1e-10)


# Triangles

ONE_TRIANGLE = [
    (lambda a: np.linalg.cholesky(a), "L"),
    (lambda a: np.linalg.cholesky(a, upper=True), "U"),
    (lambda a: np.linalg.eigvalsh(a), "L"),
    (lambda a: np.linalg.eigvalsh(a, "U"), "U"),
    (lambda a: np.linalg.eigh(a).eigenvalues, "L"),
    (lambda a: np.linalg.eigh(a, UPLO="U").eigenvalues, "U"),
    (lambda a: np.linalg.pinv(a, hermitian=True), "L"),
    (lambda a: np.linalg.svd(a, hermitian=True).S, "L"),
    (lambda a: np.linalg.svd(a, hermitian=True, compute_uv=False), "L"),
]


@pytest.mark.parametrize(("f", "triangle"), ONE_TRIANGLE)
@UNITS
def test_both_triangles_share_where_they_agree_and_else_the_one_that_is_read_has_all(f, triangle, unit):
    a, C = hermitian([1.0, 2.0, 3.0], unit), normal(3, 3, unit=unit)
    a = a * (1 + 1e-9 * np.tri(3))  # as products leave it

    def loss(a):
        z = f(a)
        return np.real(np.sum((C if z.ndim == 2 else C[0].real) * z))

    shared = tg.grad(loss)(a)
    np.testing.assert_array_equal(shared, mH(shared))
    direction = hermitian([1.0, 2.0, 3.0], unit)
    along = finite_difference(lambda t: loss(a + t * direction), np.array(0.0), 1e-3)
    np.testing.assert_allclose(np.real(np.sum(shared * direction)), along, rtol=1e-8)
    upper = np.triu(np.ones((3, 3)), 1)
    other = upper if triangle == "L" else upper.T
    one_sided = tg.grad(loss)(a + 0.5 * other)
    np.testing.assert_array_equal(one_sided[other > 0], [0, 0, 0])
    np.testing.assert_allclose(one_sided[other.T > 0], 2 * shared[other.T > 0], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(np.diag(one_sided), np.diag(shared), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("scale", [1e-5, 1e5])
def test_whether_triangles_agree_is_a_matter_of_their_size(scale):
    a = scale * hermitian([1.0, 2.0, 3.0])
    weights = np.array([1.0, 2.0, 4.0])
    for other, shared in ((1e-9 * np.tri(3), True), (1e-2 * np.triu(np.ones((3, 3)), 1), False)):
        dx = tg.grad(lambda a: np.sum(weights * np.linalg.eigvalsh(a)))(a * (1 + other))
        assert np.array_equal(dx, dx.T) == shared


def test_the_log_determinant_by_cholesky_has_the_gradient_of_the_books():
    a = hermitian([1.0, 2.0, 3.0, 4.0])
    dx = tg.grad(lambda a: 2 * np.sum(np.log(np.einsum("ii->i", np.linalg.cholesky(a)))))(a)
    np.testing.assert_allclose(dx, np.linalg.inv(a), rtol=1e-12)


# Equal values


@pytest.mark.parametrize(
    "values",
    [
        lambda a: np.linalg.eigvalsh(a),
        lambda a: np.linalg.eigh(a).eigenvalues,
        lambda a: np.real(np.linalg.eigvals(a)),
        lambda a: np.real(np.linalg.eig(a)[0]),
        lambda a: np.linalg.svdvals(a),
        lambda a: np.linalg.svd(a, compute_uv=False),
        lambda a: np.linalg.svd(a).S,
        lambda a: np.linalg.svd(a, hermitian=True).S,
    ],
)
@pytest.mark.parametrize("n", [1, 3])
def test_equal_values_have_the_gradient_of_the_trace(values, n):
    for a in (np.eye(n), 2 * np.eye(n)[None], hermitian([2.0, 2.0, 5.0])):
        for power in (1, 3):
            expected = power * np.linalg.matrix_power(a, power - 1)
            dx = tg.grad(lambda a, p=power: (values(a) ** p).sum())(a)
            np.testing.assert_allclose(dx, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3)])
def test_equal_singular_values_of_a_rectangle_have_the_gradient_of_their_squares(shape):
    a = 2 * np.eye(*shape)
    np.testing.assert_allclose(tg.grad(lambda a: (np.linalg.svd(a).S ** 2).sum())(a), 2 * a, atol=1e-14)
    assert np.isfinite(tg.grad(lambda a: np.linalg.svd(a).S.sum())(0 * a)).all()


@UNITS
def test_the_vector_of_a_single_value_has_a_gradient_though_others_are_equal(unit):
    a, C = hermitian([1.0, 3.0, 3.0, 3.0], unit), normal(4, 4, unit=unit)

    def f(a):
        V = np.linalg.eigh(a).eigenvectors[:, :1]
        return np.real(np.sum(C * (V @ mH(V))))

    assert_close(tg.grad(f)(a), (lambda d: (d + mH(d)) / 2)(finite_difference(f, a)), 1e-7)

    def g(a):
        U, _, Vh = np.linalg.svd(a)
        return np.real(np.sum(C * (U[:, -1:] @ Vh[-1:])))

    assert_close(tg.grad(g)(a), finite_difference(g, a), 1e-7)


def test_a_singular_value_of_zero_has_vectors_with_a_gradient():
    a, C = rng.standard_normal((3, 2)) @ rng.standard_normal((2, 3)), normal(3, 3)
    a = np.linalg.svd(a)
    a = (a.U * [*a.S[:2], 0.0]) @ a.Vh

    def f(a):
        U, _, Vh = np.linalg.svd(a)
        return np.sum(C * (U[:, 2:] @ U[:, 2:].T)) + np.sum(C.T * (Vh[2:].T @ Vh[2:]))

    assert_close(tg.grad(f)(a), finite_difference(f, a), 1e-7)
    assert_close(tg.grad(f)(np.diag([3.0, 2.0, 0.0])), finite_difference(f, np.diag([3.0, 2.0, 0.0])), 1e-7)


@pytest.mark.parametrize(
    "f", [lambda a: np.linalg.eigh(a)[1], lambda a: np.linalg.svd(a)[0], lambda a: np.linalg.eig(a)[1]]
)
def test_vectors_of_equal_values_say_that_they_have_no_gradient(f):
    with pytest.warns(RuntimeWarning):
        dx = tg.grad(lambda a: (f(a) * normal(3, 3)).sum())(np.diag([1.0, 1.0, 2.0]))
    assert not np.isfinite(dx).all()


@pytest.mark.parametrize("f", [lambda a: np.linalg.eigh(a), lambda a: np.linalg.svd(a), lambda a: np.linalg.eig(a)])
def test_forwards_too_equal_values_have_a_gradient_and_their_vectors_say_that_they_have_none(f):
    a, da = np.diag([2.0, 2.0, 1.0]), hermitian([1.0, 2.0, 3.0])
    s = 0 if f(a)[0].ndim == 1 else 1
    with pytest.warns(RuntimeWarning):
        _, trace = tg.jvp(lambda a: f(a)[s].sum(), (a,), (da,))
    np.testing.assert_allclose(trace, np.trace(da), rtol=1e-13)
    with pytest.warns(RuntimeWarning):
        _, dV = tg.jvp(lambda a: f(a)[1 - s], (a,), (da,))
    assert not np.isfinite(dV).all()


def test_opposite_eigenvalues_are_equal_singular_values_but_not_by_way_of_eigh():
    a, C = hermitian([-1.0, 1.0]) + np.triu(np.ones((2, 2)), 1), normal(2, 2)

    def f(a):
        U, s, Vh = np.linalg.svd(a, hermitian=True)
        return np.sum(C * (U[:, :1] @ Vh[:1]))

    with np.errstate(all="raise"):
        assert np.isfinite(tg.grad(f)(a)).all()


# Types, orders, refusals


@pytest.mark.parametrize(
    "f",
    [np.linalg.eigh, np.linalg.eig, np.linalg.svd, np.linalg.qr, lambda a: np.linalg.svd(a, hermitian=True)],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.complex64])
def test_the_results_have_numpys_types(f, dtype):
    a = hermitian([1.0, 2.0, 3.0], 1j if np.dtype(dtype).kind == "c" else 0).astype(dtype)
    actual, expected = f(tg.Tensor(a, requires_grad=True)), f(a)
    assert type(actual) is type(expected)
    for x, y in zip(actual, expected, strict=True):
        assert type(x) is tg.Tensor
        np.testing.assert_array_equal(x.data, y, strict=True)


def test_the_sign_of_an_eigenvalue_of_zero_is_plus():
    """NumPy before 2.4 gives such a value a row of zeros, which is no vector of length 1."""
    a = np.diag([0.0, -2.0])
    U, s, Vh = np.linalg.svd(tg.Tensor(a), hermitian=True)
    np.testing.assert_array_equal(s.data, [2.0, 0.0])
    np.testing.assert_array_equal(np.abs(Vh.data), [[0.0, 1.0], [1.0, 0.0]])
    np.testing.assert_array_equal((U * s @ Vh).data, a)


def test_a_complex_vector_whose_real_component_is_zero_has_a_gradient():
    """LAPACK makes the first component real, which is 0 here, and leaves the others' turn to chance."""
    a, C = hermitian([1.0, 2.0, 4.0], 1j), normal(4, 4, unit=1j)
    a = np.block([[np.full((1, 1), 9.0), np.zeros((1, 3))], [np.zeros((3, 1)), a]])

    def f(a):
        V = np.linalg.eigh(a).eigenvectors[:, :1]
        return np.real(np.sum(C * (V @ mH(V))))

    assert_close(tg.grad(f)(a), (lambda d: (d + mH(d)) / 2)(finite_difference(f, a)), 1e-7)


def test_eigenvalues_come_in_the_order_of_their_vectors():
    """np.linalg.eigvals has an order of its own for large matrices; its sum does not show it."""
    a = normal(150, 150)
    np.testing.assert_array_equal(np.linalg.eigvals(tg.Tensor(a)).data, np.linalg.eig(a).eigenvalues)


def test_a_complete_basis_has_a_gradient_only_where_nothing_is_free():
    a = normal(3, 2)
    with pytest.raises(NoRuleError, match=r"'complete'.*\(3, 2\).*mode='reduced'"):
        np.linalg.qr(tg.Tensor(a, requires_grad=True), "complete")
    with pytest.raises(NoRuleError, match=r"\(3, 1, 4, 2\)"):
        np.linalg.qr(tg.Tensor(normal(3, 1, 4, 2), requires_grad=True), "complete")
    for x, y in zip(np.linalg.qr(tg.Tensor(a), "complete"), np.linalg.qr(a, "complete"), strict=True):
        np.testing.assert_array_equal(x.data, y)
    for mode in ("raw", "full", "x"):
        with pytest.raises(NoRuleError, match=rf"mode='{mode}'.*'reduced', 'complete' and 'r'"):
            np.linalg.qr(tg.Tensor(a, requires_grad=True), mode)


@pytest.mark.parametrize(
    ("f", "reason"),
    [
        (
            lambda a: np.linalg.cholesky(a),
            r"cholesky\(S, upper=False\): S is \(2, 2\); Matrix is not positive definite",
        ),
        (lambda a: np.linalg.eigh(a[:1]), "eigh.*must be square"),
        (lambda a: np.linalg.eig(a * np.inf), "eig.*infs or NaNs"),
        (lambda a: np.linalg.svd(a[0]), r"svd.*two-dimensional|svd.*2 dimensions"),
        (lambda a: np.linalg.eigh(a, "X"), "eigh.*UPLO"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_what_numpy_refuses_is_named(f, reason):
    with pytest.raises(ValueError, match=reason):
        f(tg.Tensor([[1.0, 2.0], [2.0, 1.0]], requires_grad=True, name="S"))


def test_each_entry_of_each_matrix_decides_which_triangle_gets_the_gradient() -> None:
    big = np.diag([1e7, 1.0, 1.0])
    big[2, 1] = 0.5  # the lower triangle only
    slope = tg.grad(lambda a: np.linalg.cholesky(a)[2, 1])(big)
    np.testing.assert_allclose(slope[2, 1], 1.0)
    assert slope[1, 2] == 0
    pair = np.stack([1e8 * np.eye(2), [[2.0, 0.0], [1.0, 2.0]]])
    together = tg.grad(lambda a: np.linalg.cholesky(a).sum())(pair)
    for alone, dx in zip(pair, together):
        np.testing.assert_allclose(dx, tg.grad(lambda a: np.linalg.cholesky(a).sum())(alone))


def test_eigenvalues_that_differ_by_rounding_count_as_equal() -> None:
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    a = Q @ np.diag([1.0, 1.0, 2.0]) @ Q.T
    a = (a + a.T) / 2
    with pytest.warns(RuntimeWarning):
        slope = tg.grad(lambda a: np.linalg.eigh(a).eigenvectors[0, 0])(a)
    assert not np.isfinite(slope).all()
    np.testing.assert_allclose(tg.grad(lambda a: np.linalg.eigh(a).eigenvalues.sum())(a), np.eye(3), atol=1e-14)

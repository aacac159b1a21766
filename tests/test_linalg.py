"""Products, inverses, determinants, least squares and norms: other people's gradients, kinks, errors."""

import re
from functools import partial

import autograd
import autograd.numpy as anp
import matrices
import numpy as np
import pytest
from oracles import assert_close, finite_difference

import tinygrad_edu as tg
from tinygrad_edu.errors import DomainError, MatrixError, NoRuleError, ShapeError

rng = np.random.default_rng(1)
normal = partial(matrices.normal, rng)
A = rng.standard_normal((4, 4)) + 3 * np.eye(4)
B = rng.standard_normal((2, 4, 4)) + 3 * np.eye(4)
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])


def grad(f, *arrays):
    """The gradients of f for all arguments: one array for one argument."""
    xs = [tg.Tensor(x, requires_grad=True, name="abc"[i]) for i, x in enumerate(arrays)]
    f(*xs).backward()
    return [x.grad.data for x in xs] if len(xs) > 1 else xs[0].grad.data


PRODUCTS = [np.dot, np.inner, np.outer, np.vdot, np.vecdot, np.kron, np.cross, np.matmul]
PRODUCTS += [np.linalg.outer, np.linalg.cross, np.linalg.vecdot, np.linalg.matmul]


SOLVERS = [np.linalg.solve, np.linalg.tensorsolve, np.linalg.lstsq]


@pytest.mark.parametrize("f", PRODUCTS + SOLVERS, ids=lambda f: f.__name__)
def test_a_list_may_stand_on_either_side(f):
    a = [1.0, 2.0, 4.0] if f in PRODUCTS else [[2.0, 0.0, 1.0], [0.0, 4.0, 0.0], [1.0, 0.0, 1.0]]
    b = [3.0, -1.0, 5.0]
    for args in ((tg.Tensor(a, requires_grad=True), b), (a, tg.Tensor(b, requires_grad=True))):
        z, expected = f(*args), f(np.array(a), np.array(b))
        z, expected = (z[0], expected[0]) if f is np.linalg.lstsq else (z, np.asarray(expected))
        assert z.requires_grad
        assert_close(z.data, expected, 1e-15)


@pytest.mark.parametrize(
    ("f", "arrays"),
    [
        (lambda np, a, b: np.sum(np.sin(np.tensordot(a, b, ((0, 2), (2, 1))))), (B, rng.standard_normal((3, 4, 2)))),
        (lambda np, a, b: np.sum(np.sin(np.inner(a, b))), (A, B)),
        (lambda np, a, b: np.sum(np.sin(np.outer(a, b))), (A[0], B[0, 0])),
        (lambda np, a, b: np.sum(np.sin(np.kron(a, b))), (A[:2], A[:, :3])),
        (lambda np, a: np.sum(np.sin(np.linalg.inv(a))), (B,)),
        (lambda np, a, b: np.sum(np.sin(np.linalg.solve(a, b))), (A, A[0])),
        (lambda np, a, b: np.sum(np.sin(np.linalg.solve(a, b))), (B, B[:, :, :2])),
        (lambda np, a: np.sum(np.sin(np.linalg.det(a))), (B,)),
        (lambda np, a: np.sum(np.sin(np.linalg.slogdet(a)[1])), (B,)),
        (lambda np, a: np.sum(np.sin(np.linalg.pinv(a))), (B[:, :3],)),
        (lambda np, a: np.linalg.norm(a), (B,)),
        (lambda np, a: np.sum(np.sin(np.linalg.norm(a, axis=1))), (B,)),
        (lambda np, a: np.sum(np.sin(np.linalg.norm(a, 3, axis=1))), (B,)),
        (lambda np, a: np.sum(np.sin(np.linalg.norm(a, "nuc", axis=(1, 2)))), (B,)),
        (lambda np, a: np.sum(np.sin(np.linalg.norm(a, "fro", axis=(2, 0)))), (B,)),
    ],
)
def test_gradients_agree_with_another_library(f, arrays):
    for i, x in enumerate(arrays):
        expected = autograd.grad(partial(f, anp), i)(*arrays)
        actual = tg.grad(partial(f, np), argnums=i)(*arrays)
        assert actual.shape == x.shape
        np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-11)


# Products


def test_a_chain_takes_no_more_steps_than_it_must():
    """A column in the middle: from either side only vectors are multiplied, though the product is a large matrix."""
    n = 3000
    x, y = tg.Tensor(np.ones((n, 1)), requires_grad=True), tg.Tensor(np.ones((1, n)), requires_grad=True)
    z = np.linalg.multi_dot([y, x, y, x])
    assert z.data == n * n
    z.backward()
    np.testing.assert_array_equal(x.grad.data, np.full((n, 1), 2.0 * n))


def test_vectors_of_two_components_have_no_cross_product():
    a = tg.Tensor(np.ones((3, 2)))
    with pytest.raises(ShapeError, match=r"cross: .* 2 components, those of b 3.*a\[\.\.\., 0\] \* b"):
        np.cross(a, np.ones((3, 3)))
    with pytest.raises(ShapeError, match=r"those of b 2; "):
        np.linalg.cross(np.ones(3), a[0])
    with pytest.raises(ValueError, match="out of bounds"):
        np.cross(a, a, axis=2)


@pytest.mark.parametrize(("x", "y"), [(np.ones((2, 2)), np.ones(2)), (np.ones(2), np.ones(())), (2.0, np.ones(2))])
def test_the_outer_product_of_linalg_takes_vectors_only(x, y):
    with pytest.raises(ShapeError, match="it takes vectors"):
        np.linalg.outer(tg.Tensor(x), y)


def test_products_that_do_not_fit_are_explained():
    a = tg.Tensor(np.ones((2, 3)), name="a")
    for f in (np.inner, np.vecdot, np.linalg.multi_dot, np.tensordot, np.vdot):
        operands = [[a, np.ones((2, 2))]] if f is np.linalg.multi_dot else [a, np.ones((2, 2))]
        with pytest.raises(ShapeError):
            f(*operands)


# Inverses and solutions


@pytest.mark.parametrize(
    ("f", "call"),
    [
        (np.linalg.inv, r"inv\(a\)"),
        (lambda a: np.linalg.solve(a, np.ones(2)), r"solve\(a, b\)"),
        (lambda a: np.linalg.matrix_power(a, -2), r"inv\(a\)"),
        (lambda a: np.linalg.cond(a, 1), r"inv\(a\)"),
    ],
)
def test_a_singular_matrix_is_named(f, call):
    with pytest.raises(ValueError, match=rf"^{call}: a is \(2, 2\).*[Ss]ingular"):
        f(tg.Tensor(SINGULAR, requires_grad=True, name="a"))


def test_one_axis_makes_b_a_vector_and_two_a_matrix():
    a, b = np.stack([A[:2, :2], np.eye(2)]), np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(np.linalg.solve(tg.Tensor(a), b).data[1], b)
    np.testing.assert_array_equal(np.linalg.solve(tg.Tensor(a), b[0]).data[1], b[0])


def test_powers_are_of_square_matrices():
    for shape in ((2, 3), (1, 3), (3,), (2, 2, 3)):
        for n in (-1, 0, 1, 2):
            with pytest.raises(ShapeError, match="only square matrices"):
                np.linalg.matrix_power(tg.Tensor(np.ones(shape)), n)
    with pytest.raises(TypeError):
        np.linalg.matrix_power(tg.Tensor(A), 0.5)
    np.testing.assert_array_equal(grad(lambda a: np.linalg.matrix_power(a, 0).sum(), A), np.zeros((4, 4)))


def test_a_tensor_that_is_no_square_has_no_inverse_and_no_solution():
    a = tg.Tensor(np.ones((2, 3, 6)))
    with pytest.raises(ShapeError, match="at least 1"):
        np.linalg.tensorinv(a, ind=0)
    with pytest.raises(ValueError, match="square"):
        np.linalg.tensorinv(a, ind=1)
    for b in (np.ones((2, 2)), np.ones(6), np.ones((3, 2, 1))):
        with pytest.raises(ShapeError, match=r"tensorsolve: a is \(2, 3, 6\), b is"):
            np.linalg.tensorsolve(a, b)


# Determinants


@pytest.mark.parametrize(
    ("a", "expected"),
    [
        (SINGULAR, [[4, -2], [-2, 1]]),
        (np.diag([1.0, 2.0, 0.0]), np.diag([0.0, 0.0, 2.0])),
        (np.diag([3.0, 0.0, 0.0]), np.zeros((3, 3))),
        (np.zeros((1, 1)), [[1]]),
        (np.zeros((2, 2)), np.zeros((2, 2))),
        (np.diag([2.0, 2.0, 0.0]), np.diag([0.0, 0.0, 4.0])),
        (np.array([SINGULAR, [[1.0, 2.0], [3.0, 4.0]]]), [[[4, -2], [-2, 1]], [[4, -3], [-2, 1]]]),
        (SINGULAR * 1j, [[4j, -2j], [-2j, 1j]]),
        (np.eye(3) * 1e-200, np.zeros((3, 3))),  # too small for a number, and so are its cofactors
    ],
)
def test_a_singular_matrix_has_cofactors(a, expected):
    dx = grad(lambda a: np.real(np.linalg.det(a)).sum(), a)
    np.testing.assert_allclose(dx, expected, atol=1e-14)


def test_a_matrix_that_is_singular_but_for_rounding_has_cofactors_too():
    a = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    np.testing.assert_allclose(grad(np.linalg.det, a), [[-3, 6, -3], [6, -12, 6], [-3, 6, -3]], rtol=1e-12)


def test_the_logarithm_of_a_singular_determinant_is_minus_infinity_and_has_no_gradient():
    sign, logabsdet = np.linalg.slogdet(tg.Tensor(SINGULAR, requires_grad=True))
    assert (float(sign.data), float(logabsdet.data)) == (0, -np.inf)
    with pytest.raises(MatrixError, match=r"^backward of slogdet: a is \(2, 2\); it is singular, and log\(0\)"):
        logabsdet.backward()


def test_a_determinant_too_large_for_a_number_has_a_logarithm_with_a_gradient():
    a = np.eye(300) * 1e3
    np.testing.assert_allclose(grad(lambda a: np.linalg.slogdet(a)[1], a), np.eye(300) / 1e3, atol=1e-15)
    assert type(np.linalg.slogdet(tg.Tensor(a))) is type(np.linalg.slogdet(a))


# Columns and vectors that depend on each other


@pytest.mark.parametrize(
    "a",
    [
        [[0.0, 1.0], [0.0, 2.0]],
        np.zeros((2, 2)),
        np.ones((3, 2)),  # R[1, 1] is 0 but for rounding
        np.ones((2, 3)),
        np.stack([np.eye(2), np.ones((2, 2))]),
        np.outer([1.0, 2.0, 4.0], [1e-8, 1.0, 3.0]),
        np.outer([1.0, 2.0, 4.0], [1.0, 1j, 3.0]),
        np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], np.float32),
    ],
)
def test_dependent_columns_have_no_gradient_in_qr(a):
    a = np.asarray(a)
    with pytest.raises(
        MatrixError, match=rf"^backward of qr: a is {re.escape(str(a.shape))}; .*columns depend on each.*leave out"
    ):
        tg.grad(lambda a: np.real(np.linalg.qr(a).Q.sum()))(a)


def test_columns_of_any_size_have_a_gradient_in_qr_as_long_as_they_are_independent():
    apart = np.stack([np.eye(2), 1e-20 * np.eye(2)])  # each matrix has a scale of its own
    for a in (np.array([[1.0, 1.0], [0.0, 1e-8]]), 1e-200 * normal(3, 2), apart, np.zeros((3, 0)), np.zeros((0, 2, 2))):
        assert np.isfinite(tg.grad(lambda a: np.linalg.qr(a).R.sum())(a)).all()


@pytest.mark.parametrize(
    "a",
    [
        [[1.0, 1.0], [0.0, 1.0]],
        [[0.0, 1.0], [0.0, 0.0]],
        [[[2.0, 0.0], [1.0, 3.0]], [[2.0, 0.0], [1.0, 2.0]]],
        [[1j, 1.0], [0.0, 1j]],
    ],
)
def test_eigenvectors_that_depend_on_each_other_have_no_gradient(a):
    """LAPACK's differ by rounding, or by the smallest of all numbers."""
    a = np.array(a)
    with pytest.raises(
        MatrixError, match=rf"^backward of eig: a is {re.escape(str(a.shape))}; the eigenvectors depend on each other"
    ):
        tg.grad(lambda a: np.real(np.linalg.eig(a)[0].sum()))(a)


# Pseudoinverse and least squares


@pytest.mark.parametrize("unit", [0, 1j], ids=["real", "complex"])
@pytest.mark.parametrize("shape", [(4, 3), (3, 4)])
def test_the_pseudoinverse_of_a_matrix_without_full_rank_has_a_gradient_along_its_rank(shape, unit):
    m, n = shape
    X, Y, C = normal(m, 2, unit=unit), normal(2, n, unit=unit), normal(n, m, unit=unit)
    for factor, product in ((X, lambda x: x @ Y), (Y, lambda y: X @ y)):

        def f(x, product=product):
            return np.real(np.sum(C * np.linalg.pinv(product(x))))

        assert_close(tg.grad(f)(factor), finite_difference(f, factor, 1e-3), 1e-6)


@pytest.mark.parametrize("options", [{"rcond": 0.3}, {"rtol": 0.3}, {"rtol": None}, {"rcond": np.array([0.3, 0.01])}])
@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("unit", [0, 1j], ids=["real", "complex"])
def test_singular_values_below_a_bound_are_left_out(options, hermitian, unit):
    Q, P = np.linalg.qr(normal(2, 2, 3, 3, unit=unit))[0]
    a = (Q * [1.0, 2.0, 0.2]) @ (Q.conj() if hermitian else P).swapaxes(1, 2)
    a = a + np.tri(3, k=-1).T if hermitian else a  # nobody reads what is above the diagonal
    C = normal(2, 3, 3, unit=unit)

    def f(a):
        return np.real(np.sum(C * np.linalg.pinv(a, hermitian=hermitian, **options)))

    np.testing.assert_allclose(f(tg.Tensor(a)).data, f(a), rtol=1e-12)
    assert_close(tg.grad(f)(a), finite_difference(f, a), 1e-6)


@pytest.mark.parametrize("shape", [(2, 4, 3), (3, 4)])
def test_singular_values_of_rectangles_are_left_out_too(shape):
    a = normal(*shape)

    def f(a):
        return np.linalg.pinv(a, rtol=0.5).sum()

    np.testing.assert_allclose(f(tg.Tensor(a)).data, f(a), rtol=1e-12)
    assert_close(tg.grad(f)(a), finite_difference(f, a, 1e-4), 1e-6)


def test_a_singular_value_at_the_bound_is_left_out_too():
    a = np.diag([4.0, 2.0, 1.0])
    np.testing.assert_array_equal(np.linalg.pinv(tg.Tensor(a), rcond=0.5).data, np.linalg.pinv(a, rcond=0.5))


def test_there_is_one_bound():
    with pytest.raises(DomainError, match="the same bound"):
        np.linalg.pinv(tg.Tensor(A), rcond=0.1, rtol=0.1)


def test_least_squares_need_independent_columns_where_a_gradient_is_wanted():
    a, b = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]), np.ones(3)
    with pytest.raises(NoRuleError, match=r"lstsq: a is \(3, 2\) and its rank only 1; .*leave out"):
        np.linalg.lstsq(tg.Tensor(a, requires_grad=True), b)
    with pytest.raises(NoRuleError, match="its rank only 1"):
        np.linalg.lstsq(tg.Tensor(a[:2].T @ a[:2] + 0.1 * np.eye(2), requires_grad=True), b[:2], rcond=0.5)
    for x, expected in zip(np.linalg.lstsq(tg.Tensor(a), b), np.linalg.lstsq(a, b), strict=True):
        np.testing.assert_array_equal(getattr(x, "data", x), expected)


@pytest.mark.parametrize(("m", "n"), [(5, 3), (3, 3), (3, 5)])
@pytest.mark.parametrize("b", [(), (2,)])
def test_least_squares_give_numpys_four_results(m, n, b):
    a, b = rng.standard_normal((m, n)), rng.standard_normal((m, *b))
    actual, expected = np.linalg.lstsq(tg.Tensor(a, requires_grad=True), b), np.linalg.lstsq(a, b)
    for x, y in zip(actual[:2], expected[:2]):
        np.testing.assert_array_equal(x.data, y, strict=True)
    assert actual[2] == expected[2]
    np.testing.assert_allclose(actual[3].data, expected[3], rtol=1e-13)
    S = grad(lambda a: np.linalg.lstsq(a, b)[3].sum(), a)
    np.testing.assert_allclose(S, grad(lambda a: np.linalg.norm(a, "nuc"), a), rtol=1e-13)


def test_a_fit_of_many_points_takes_memory_for_the_points_only():
    """A square of 10^6 points would not fit."""
    t = np.linspace(-1, 1, 1_000_000)
    a, y = np.stack([np.ones_like(t), t], axis=1), 2 + 3 * t + t**2
    da, dy = grad(lambda a, y: np.linalg.lstsq(a, y)[0][1], a, y)
    np.testing.assert_allclose(dy, t / np.sum(t * t), rtol=1e-9, atol=1e-20)
    assert da.shape == a.shape


def test_the_rank_is_a_constant():
    r = np.linalg.matrix_rank(tg.Tensor(SINGULAR, requires_grad=True))
    assert r.data == 1
    assert not r.requires_grad

"""Eigenvalues that are equal to rounding, at every scale, and the turn that LAPACK gives to complex vectors."""

from functools import partial

import matrices
import numpy as np
import pytest
from calls import gradients_of
from matrices import mH
from oracles import assert_close, finite_difference

import tinygrad_edu as tg
from tinygrad_edu.errors import NoRuleError
from tinygrad_edu.rules import decompositions

rng = np.random.default_rng(5)
normal, hermitian = partial(matrices.normal, rng), partial(matrices.hermitian, rng)
UNITS = pytest.mark.parametrize("unit", [0, 1j], ids=["real", "complex"])


def first_projector(C):
    """A function of what the first eigenvector and the others span; phases, and the scale, it does not see."""

    def f(a):
        V = np.linalg.eigh(a).eigenvectors
        first, others = V[..., :1], V[..., 1:]
        return np.real(np.sum(C * (first @ mH(first) - 2 * others @ mH(others))))

    return f


@pytest.mark.parametrize("eigenvalues", [[1.0, 3.0, 3.0], [-5.0, -3.0, -3.0], [-3.0, 1.5, 1.5], [-6.0, 3.0, 3.0]])
@pytest.mark.parametrize("scale", [1.0, 1e12, 1e-12, 1e-200])
@UNITS
def test_values_that_are_equal_to_rounding_are_equal_at_every_scale(eigenvalues, scale, unit):
    a, C = hermitian(eigenvalues, unit), normal(3, 3, unit=unit)
    expected = finite_difference(first_projector(C), a)
    assert_close(scale * tg.grad(first_projector(C))(scale * a), (expected + mH(expected)) / 2, 1e-7)


@pytest.mark.parametrize("UPLO", ["L", "U"])
def test_rounding_is_not_blown_up_where_lapack_s_real_component_is_next_to_nothing(UPLO):
    """What sees no turn of the vectors may see 1e-16 of one by rounding, and the component that divides it is 1e-16."""
    a, C = hermitian([-3.0, 1.5, 1.5], 1j), normal(3, 3, unit=1j)
    w, V = np.linalg.eigh(a, UPLO=UPLO)
    V[0 if UPLO == "L" else -1, 1:] = 1e-16
    z = tg.Tensor(np.concatenate([w[None].astype(complex), V]), requires_grad=True)
    dz = tg.grad(lambda z: np.real(np.sum(C * (z[1:, :1] @ mH(z[1:, :1]) - 2 * z[1:, 1:] @ mH(z[1:, 1:])))))(z.data)
    turned = dz + np.concatenate([np.zeros((1, 3)), 1e-16j * V.conj() * np.abs(dz).max()])
    first, second = (decompositions.eigh_da(x, z.data, a, UPLO=UPLO) for x in (dz, turned))
    assert np.abs(first).max() < 1e3
    assert_close(first, second, 1e-12)


@UNITS
def test_the_orthogonal_factor_of_equal_singular_values_has_a_gradient(unit):
    """U @ Vh, the nearest orthogonal matrix: it does not see how the vectors turn among themselves."""
    a, C = 2 * np.linalg.qr(normal(3, 3, unit=unit))[0], normal(3, 3, unit=unit)

    def f(a):
        U, _, Vh = np.linalg.svd(a)
        return np.real(np.sum(C * (U @ Vh)))

    assert_close(tg.grad(f)(a), finite_difference(f, a), 1e-7)


@pytest.mark.parametrize("side", ["left", "right"])
@UNITS
def test_what_the_vectors_of_equal_singular_values_span_has_a_gradient_on_either_side(side, unit):
    Q, P = (np.linalg.qr(normal(4, 4, unit=unit))[0] for _ in range(2))
    a, C = (Q * [3.0, 3.0, 3.0, 1.0]) @ P, normal(4, 4, unit=unit)

    def f(a):
        U, _, Vh = np.linalg.svd(a)
        V = U if side == "left" else mH(Vh)
        return np.real(np.sum(C * (V[:, :3] @ mH(V[:, :3]))))

    assert_close(tg.grad(f)(a), finite_difference(f, a), 1e-7)


def test_what_the_vectors_of_equal_eigenvalues_span_has_a_gradient_for_any_matrix():
    S, C = normal(3, 3) + 3 * np.eye(3), normal(3, 3)
    a = S @ np.diag([1.0, 3.0, 3.0]) @ np.linalg.inv(S)

    def f(a):
        w, V = np.linalg.eig(a)
        near = (np.abs(w - 3) < 0.5) * 1.0
        return np.real(np.sum(C * ((V * near) @ np.linalg.inv(V))))

    assert_close(tg.grad(f)(a), finite_difference(f, a), 1e-6)


@UNITS
def test_each_matrix_of_a_stack_has_a_rounding_of_its_own(unit):
    a, C = np.stack([1e20 * hermitian([1.0, 2.0, 3.0], unit), hermitian([1.0, 2.0, 3.0], unit)]), normal(2, 3, 3)
    together = tg.grad(first_projector(C))(a)
    for i in range(2):
        assert_close(together[i], tg.grad(first_projector(C[i]))(a[i]), 1e-12)
    assert np.abs(together[1]).max() > 1e-3


# Which triangle was read


def first_value(triangle="L"):
    return lambda a: np.linalg.eigvalsh(a, triangle)[..., 0].sum()


@pytest.mark.parametrize("scale", [1.0, 1e12, 1e-12])
def test_triangles_that_are_equal_to_rounding_share_a_gradient_at_every_scale(scale):
    a = np.array([[1.0, 1e-17, 0.5], [0.0, 2.0, 1.0], [0.5 * (1 + 1e-15), 1.0, 4.0]])
    actual, expected = tg.grad(first_value())(scale * a), tg.grad(first_value())((a + a.T) / 2)
    assert_close(expected, expected.T, 1e-12)
    assert_close(actual, expected, 1e-9)


@pytest.mark.parametrize("scale", [1.0, 1e12, 1e-12])
@pytest.mark.parametrize("triangle", ["L", "l", "U", "u"])
def test_a_triangle_that_was_not_read_has_no_gradient_at_any_scale(triangle, scale):
    a = hermitian([1.0, 2.0, 4.0])
    read = np.tril(a) if triangle in "lL" else np.triu(a)
    da = tg.grad(first_value(triangle))(scale * (0.999 * read + 0.001 * a))
    assert_close(da, finite_difference(first_value(triangle), 0.999 * read + 0.001 * a), 1e-7)


def test_each_matrix_of_a_stack_is_looked_at_alone():
    lower = np.tril(hermitian([1.0, 2.0, 4.0]))
    together = tg.grad(first_value())(np.stack([1e20 * lower, lower]))
    assert_close(together[1], tg.grad(first_value())(lower), 1e-12)
    assert not np.triu(together[1], 1).any()


# What is left to LAPACK, and where the numbers lie


def test_a_quotient_of_zeros_is_zero_and_its_numerator_has_a_gradient_elsewhere():
    a = tg.Tensor([0.0, 1e-16, 0.0, 1.0, 1e-16], requires_grad=True)
    z = decompositions.over(a, np.array([2.0, 0.0, -4.0, 5.0, 1e-3]), np.full(1, 1e-15))
    np.testing.assert_allclose(np.abs(z.data), [0.0, 0.0, 0.0, 0.2, 1e-13])
    z.backward(np.array([1.0, 0.0, 1.0, 1.0, 0.0]))
    np.testing.assert_allclose(a.grad.data, [0.5, 0.0, -0.25, 0.2, 0.0])
    with pytest.warns(RuntimeWarning, match="divide by zero"):  # nor is the slope of 0 / 0 silently a number
        (slope,) = gradients_of(lambda a: decompositions.over(a, np.zeros(1), np.ones(1)), [np.zeros(1)], np.ones(1))
    assert np.isinf(slope).all()
    with pytest.warns(RuntimeWarning, match="divide by zero"):  # not silently: a slope without end
        assert np.isinf(decompositions.over(np.array([1e-16]), np.zeros(1), np.full(1, 1e-17))).all()


def test_a_vector_does_not_turn_into_itself():
    turns = decompositions.over_gaps(np.full((2, 2), 3.0), np.array([1.0, 2.0]), 0.0)
    np.testing.assert_array_equal(turns, [[0.0, 3.0], [-3.0, 0.0]])


def test_a_loss_that_depends_on_the_vectors_of_equal_eigenvalues_has_no_number_for_a_gradient():
    C = rng.uniform(1, 2, (3, 3))
    with pytest.warns(RuntimeWarning, match="divide by zero|invalid value"):
        da = tg.grad(lambda a: np.real(np.sum(C * np.linalg.eig(a).eigenvectors)))(np.diag([1.0, 1.0, 2.0]))
    assert not np.isfinite(da).all()


@pytest.mark.parametrize("triangle", ["L", "U", "l", "u"])
@pytest.mark.parametrize("unit", [0, 1j], ids=["of real numbers", "of complex numbers"])
def test_a_complex_vector_turns_as_lapack_turns_it(triangle, unit):
    """A function that sees the phase, but for a sign, which may jump beside a matrix of real numbers."""
    a, C = hermitian([1.0, 2.0, 4.0], unit).astype(complex), normal(3, 3, unit=1j)
    signs = np.sign(np.linalg.eigh(a, triangle).eigenvectors.real)

    def f(a):
        a = np.tril(a) + mH(np.tril(a, -1)) if triangle in "lL" else np.triu(a) + mH(np.triu(a, 1))
        V = np.linalg.eigh(a, triangle).eigenvectors
        row = 0 if triangle in "lL" else -1
        return np.real(np.sum(C * V * np.sign(np.real(V[row])) * signs[row]))

    assert_close(tg.grad(f)(a), finite_difference(f, a), 1e-7)


def test_a_complex_vector_of_any_matrix_turns_so_that_its_largest_component_is_real():
    a, C = np.array([[2.0, 1.0, 0.5], [0.25, -1.0, 1.0], [0.0, 0.5, 4.0]], complex), normal(3, 3, unit=1j)

    def f(a):
        return np.real(np.sum(C * np.linalg.eig(a).eigenvectors))

    assert_close(tg.grad(f)(a), finite_difference(f, a), 1e-7)


@pytest.mark.parametrize("full_matrices", [True, False])
@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (2, 2)])
def test_singular_vectors_and_values_lie_in_an_array_as_small_as_can_be_with_zeros_elsewhere(shape, full_matrices):
    (m, n), a = shape, rng.standard_normal(shape)
    z = decompositions.svd(a, full_matrices=full_matrices)
    assert z.shape == (m + 1 + n, max(shape) if full_matrices else min(shape))
    rest = z.copy()
    for part in decompositions.svd_parts(rest, a):
        part[...] = 0
    assert not rest.any()


def test_the_sign_of_an_eigenvalue_of_zero_is_plus():
    """So that its vector stands on both sides."""
    U, s, Vh = np.linalg.svd(tg.Tensor(np.diag([0.0, -2.0])), hermitian=True)
    np.testing.assert_array_equal(s.data, [2.0, 0.0])
    np.testing.assert_array_equal(Vh.data, [-U.data[:, 0], U.data[:, 1]])


def test_vectors_beside_a_singular_value_of_zero_have_second_derivatives():
    a, C, D = np.diag([2.0, 0.0]), normal(2, 2), normal(2, 2)

    def f(a):
        U, _, Vh = np.linalg.svd(a)
        return np.sum(C * (U[:, 1:] @ U[:, 1:].T)) + np.sum(D * (Vh[1:].T @ Vh[1:])) + np.sum(C * (U[:, :1] @ Vh[:1]))

    u = normal(2, 2)
    second = tg.grad(lambda a: np.sum(u * tg.grad(f)(a)))(a)
    assert_close(second, finite_difference(lambda a: np.sum(u * tg.grad(f)(a)), a), 1e-7)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3, 2)])
def test_a_complete_basis_of_a_tall_matrix_is_refused_in_a_stack_too(shape):
    with pytest.raises(NoRuleError, match="complete"):
        np.linalg.qr(tg.Tensor(normal(*shape), requires_grad=True), "complete")

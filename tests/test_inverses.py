"""Inverses, powers and least squares: which part of the numbers counts, and what is exactly 0."""

import tracemalloc

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.rules import inverses

rng = np.random.default_rng(2)
EPS = np.finfo(float).eps


def with_singular_values(rows, columns, *s):
    U, _, Vh = np.linalg.svd(rng.standard_normal((rows, columns)), full_matrices=False)
    return U * np.array(s) @ Vh


@pytest.mark.parametrize(("rows", "columns"), [(2, 6), (6, 2)])
def test_the_default_bound_of_a_pseudoinverse_is_the_longer_side_of_each_matrix_times_eps(rows, columns):
    a = np.stack([with_singular_values(rows, columns, 1.0, s) for s in 4 * [4 * EPS] + 4 * [8 * EPS] + [0.5]])
    z = np.linalg.pinv(tg.Tensor(a, requires_grad=True), rtol=None).data
    assert (np.abs(z[:4]).max(axis=(-2, -1)) < 10).all(), "4 eps counts as 0"
    assert (np.abs(z[4:8]).max(axis=(-2, -1)) > 1e12).all(), "8 eps does not"


def test_the_bound_of_a_pseudoinverse_is_relative_to_each_matrix():
    a = np.stack([with_singular_values(3, 2, 1.0, 0.5), with_singular_values(3, 2, 1e-9, 5e-10)])
    x = tg.Tensor(a, requires_grad=True)
    np.testing.assert_allclose(np.linalg.pinv(x, rcond=0.1).data, np.linalg.pinv(a), rtol=1e-9)


def test_the_gradient_of_a_wide_pseudoinverse_needs_no_matrix_larger_than_its_argument():
    x = tg.Tensor(rng.standard_normal((2, 2000)), requires_grad=True)
    z = np.linalg.pinv(x).sum()
    tracemalloc.start()
    z.backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * x.data.nbytes  # of 2000 x 2000 it would be 1000 times as much


def test_the_third_power_is_numpys_to_the_last_bit():
    """NumPy multiplies from the left there, and for no other power."""
    a = rng.standard_normal((5, 5))
    assert (a @ a @ a != a @ (a @ a)).any()
    np.testing.assert_array_equal(np.linalg.matrix_power(tg.Tensor(a), 3).data, np.linalg.matrix_power(a, 3))


def test_a_determinant_of_equal_singular_values_has_a_second_derivative():
    x = tg.Tensor(2 * np.eye(2), requires_grad=True)
    np.linalg.det(x).backward(create_graph=True)  # x00 x11 - x01 x10
    first, x.grad = x.grad, None
    (first * np.array([[1.0, 10.0], [100.0, 1000.0]])).sum().backward()
    np.testing.assert_allclose(x.grad.data, [[1000.0, -100.0], [-10.0, 1.0]], rtol=1e-12)


def test_axes_of_tensorsolve_count_from_the_end_too():
    a, b = rng.standard_normal((2, 2, 4)), rng.standard_normal(4)
    z = np.linalg.tensorsolve(tg.Tensor(a), b, axes=(-3, -2))
    np.testing.assert_array_equal(z.data, np.linalg.tensorsolve(a, b, axes=(0, 1)))


@pytest.mark.parametrize("shape", [(3, 3), (2, 3)])
def test_where_every_equation_is_solved_the_residual_is_zero_and_so_is_its_gradient(shape):
    a = tg.Tensor(rng.standard_normal(shape), requires_grad=True)
    b = tg.Tensor(rng.standard_normal((shape[0], 2)), requires_grad=True)
    z = inverses.lstsq(a, b, rcond=None)
    np.testing.assert_array_equal(z.data[-1], [0.0, 0.0])
    z[-1].sum().backward()
    assert not a.grad.data.any()
    assert not b.grad.data.any()

"""Norms where they have kinks, and condition numbers."""

import numpy as np
import pytest
from oracles import assert_close, finite_difference

import tinygrad_edu as tg
from tinygrad_edu.errors import ShapeError

VECTOR_ORDERS = (None, 2, 1, 3, 1.5, 0.5, 0, -1, np.inf, -np.inf)
MATRIX_ORDERS = (None, "fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)


def slopes(f, x):
    """The gradient of sum(f(x)), to first order and again as a graph."""
    t, u = tg.Tensor(x, requires_grad=True), tg.Tensor(x, requires_grad=True)
    f(t).sum().backward()
    f(u).sum().backward(create_graph=True)
    np.testing.assert_array_equal(t.grad.data, u.grad.data)
    return t.grad.data


@pytest.mark.parametrize("ord", VECTOR_ORDERS)
@pytest.mark.parametrize("dtype", [float, complex, np.float32])
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")  # NumPy's own, in 0 ** -1
def test_a_vector_of_zeros_has_slope_zero_in_every_norm(ord, dtype):
    x = np.zeros((2, 3), dtype)
    for f in (
        lambda t: np.linalg.norm(t[0], ord),
        lambda t: np.linalg.norm(t, ord, axis=1),
        lambda t: np.linalg.norm(t, ord, axis=-1, keepdims=True),
        lambda t: np.linalg.vector_norm(t, ord=2 if ord is None else ord),
    ):
        np.testing.assert_array_equal(slopes(f, x), x, strict=True)


@pytest.mark.parametrize("ord", MATRIX_ORDERS)
@pytest.mark.parametrize("dtype", [float, complex])
def test_a_matrix_of_zeros_has_slope_zero_in_every_norm(ord, dtype):
    x = np.zeros((2, 3, 3), dtype)
    np.testing.assert_array_equal(slopes(lambda t: np.linalg.norm(t, ord, axis=(1, 2)), x), x)
    np.testing.assert_array_equal(slopes(lambda t: np.linalg.norm(t[0], ord), x), x)


def test_the_curvature_of_the_length_of_a_zero_vector_is_no_nan_either():
    t = tg.Tensor(np.zeros(3), requires_grad=True)
    np.linalg.norm(t).backward(create_graph=True)
    first, t.grad = t.grad, None
    (first * [1.0, 2.0, 3.0]).sum().backward()
    np.testing.assert_array_equal(t.grad.data, [0, 0, 0])


def test_one_zero_among_others_has_slope_zero_and_the_others_theirs():
    x = np.array([3.0, 0.0, -4.0])
    np.testing.assert_allclose(slopes(np.linalg.norm, x), [0.6, 0, -0.8])
    np.testing.assert_array_equal(slopes(lambda t: np.linalg.norm(t, 1), x), [1, 0, -1])
    z = (np.sqrt(3) + 2) ** 2
    expected = [np.sqrt(z / 3), 0, -np.sqrt(z / 4)]
    np.testing.assert_allclose(slopes(lambda t: np.linalg.norm(t, 0.5), x), expected, rtol=1e-14)
    np.testing.assert_array_equal(slopes(lambda t: np.linalg.norm(t, -np.inf), x), [0, 0, 0])
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.testing.assert_array_equal(slopes(lambda t: np.linalg.norm(t, -1), x), [0, 0, 0])


def test_entries_that_tie_share_the_largest_and_the_smallest():
    x = np.array([[2.0, -2.0, 1.0], [1.0, 1.0, -1.0]])
    largest = slopes(lambda t: np.linalg.norm(t, np.inf, axis=1), x)
    np.testing.assert_allclose(largest, [[1 / 2, -1 / 2, 0], [1 / 3, 1 / 3, -1 / 3]])
    smallest = slopes(lambda t: np.linalg.norm(t, -np.inf, axis=1), x)
    np.testing.assert_allclose(smallest, [[0, 0, 1], [1 / 3, 1 / 3, -1 / 3]])


def test_rows_columns_and_singular_values_that_tie_share():
    for ord in (1, -1, np.inf, -np.inf, 2, -2):
        np.testing.assert_allclose(slopes(lambda t, ord=ord: np.linalg.norm(t, ord), np.eye(2)), np.eye(2) / 2)
        np.testing.assert_allclose(slopes(lambda t, ord=ord: np.linalg.norm(t, ord), np.array([[3.0]])), [[1]])
    np.testing.assert_allclose(slopes(lambda t: np.linalg.norm(t, "nuc"), np.eye(3)), np.eye(3), atol=1e-15)


def test_a_singular_value_of_zero_has_no_share_in_the_sum():
    np.testing.assert_array_equal(slopes(lambda t: np.linalg.norm(t, "nuc"), np.diag([2.0, 0.0])), np.diag([1.0, 0.0]))


@pytest.mark.parametrize(
    ("shape", "options", "what"),
    [
        ((2, 3), {"ord": 3}, "a matrix"),
        ((2, 3), {"ord": "frob"}, "a matrix"),
        ((2, 3), {"ord": 3, "axis": (0, 1)}, "a matrix"),
        ((3,), {"ord": "fro"}, "a vector"),
        ((2, 3), {"ord": "nuc", "axis": 1}, "a vector"),
        ((2, 3, 4), {"ord": 2}, "an array over 3 axes"),
        ((2, 3, 4), {"ord": 1, "axis": (0, 1, 2)}, "an array over 3 axes"),
        ((), {"ord": 2}, "an array over 0 axes"),
    ],
)
def test_norms_that_do_not_exist_are_named(shape, options, what):
    with pytest.raises(ShapeError, match=rf"norm\(ord={options['ord']!r}\): {what} has no such norm") as caught:
        np.linalg.norm(tg.Tensor(np.ones(shape)), **options)
    assert str(shape) in str(caught.value)
    with pytest.raises(ValueError, match=r"[Nn]orm|dimensions"):
        np.linalg.norm(np.ones(shape), **options)


@pytest.mark.parametrize("axis", [3, (0, 0), (0, 3), (0, 1, 2), ()])
@pytest.mark.parametrize("ord", [None, 1])
def test_axes_that_do_not_exist_or_are_too_many_are_refused(axis, ord):
    with pytest.raises(ShapeError, match=r"out of bounds|Duplicate|repeated|Improper number|no such norm"):
        np.linalg.norm(tg.Tensor(np.ones((2, 3, 4))), ord, axis=axis)


def test_one_axis_may_stand_in_a_tuple():
    x = np.arange(6.0).reshape(2, 3)
    for ord in (None, 1, 2):
        np.testing.assert_array_equal(np.linalg.norm(tg.Tensor(x), ord, (1,)).data, np.linalg.norm(x, ord, (1,)))


def test_a_singular_matrix_has_an_infinite_condition_number():
    a = tg.Tensor(np.diag([2.0, 0.0]), requires_grad=True)
    assert np.linalg.cond(a).data == np.inf
    assert np.linalg.cond(a, -2).data == 0


@pytest.mark.parametrize("p", [None, 2, -2, "fro", "nuc", 1, -1, np.inf, -np.inf])
def test_a_complex_matrix_has_a_real_condition_number(p):
    """In NumPy 2.0 it is real but for its dtype."""
    a = np.array([[[2.0, 1.0 + 0.5j], [0.5j, -1.0]], [[1.0, 0.3j], [-0.4, 3.0 - 1j]]])
    assert np.linalg.cond(tg.Tensor(a), p).dtype == np.float64
    expected = finite_difference(lambda a: np.sum(np.linalg.cond(a, p)), a)
    assert_close(tg.grad(lambda a: np.linalg.cond(a, p).sum())(a), expected, 1e-8)

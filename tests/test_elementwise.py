"""Elementwise operations at their edges: NaN, zero, the far ends, and where a quotient would be 0 / 0."""

from typing import Any

import numpy as np
import pytest
from test_rules_edges import DTYPES, slopes

import tinygrad_edu as tg
from tinygrad_edu.primitives import registry


@pytest.mark.parametrize("f", [np.fmax, np.fmin])
def test_a_nan_loses_against_a_number_and_ties_share(f: Any) -> None:
    x = [1.0, 0.0, np.nan, 2.0, np.nan, np.inf]
    a, b = (tg.Tensor(x, requires_grad=True) for x in (x, [1.0, -0.0, 3.0, np.nan, np.nan, np.inf]))
    f(a, b).sum().backward()
    np.testing.assert_array_equal(a.grad.data, [0.5, 0.5, 0, 1, 0, 0.5])
    np.testing.assert_array_equal(b.grad.data, [0.5, 0.5, 1, 0, 0, 0.5])


@DTYPES
def test_the_hypotenuse_is_flat_where_it_is_zero_to_every_order(dtype: Any) -> None:
    x = [0.0, -0.0, 3.0]
    np.testing.assert_allclose(slopes(lambda t: np.hypot(t, t), x, dtype), [0, 0, 2**0.5], rtol=1e-6)
    np.testing.assert_allclose(slopes(lambda t: np.hypot(4.0, t), x, dtype), [0, 0, 0.6], rtol=1e-6)
    np.testing.assert_array_equal(tg.grad(lambda t: tg.grad(lambda t: np.hypot(t, 2 * t))(t))(0.0), 0)


@pytest.mark.parametrize("size", [1.0, 1e-200, 1e200])
def test_the_angle_of_a_point_turns_slower_the_farther_it_is(size: float) -> None:
    a, b = (tg.Tensor(x, requires_grad=True) for x in ([0.0, size, 0.0, 3 * size], [size, 0.0, -size, 4 * size]))
    np.arctan2(a, b).sum().backward()
    np.testing.assert_allclose(a.grad.data * size, [1, 0, -1, 4 / 25], rtol=1e-15)
    np.testing.assert_allclose(b.grad.data * size, [0, -1, 0, -3 / 25], rtol=1e-15)


def test_the_origin_has_no_angle_and_numpys_own_warning_says_so() -> None:
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert np.isnan(slopes(lambda t: np.arctan2(t, t), [0.0])).all()


@pytest.mark.parametrize("f", [np.logaddexp, np.logaddexp2])
@DTYPES
def test_the_logarithm_of_a_sum_is_finite_far_out_and_flat_where_both_parts_are_nothing(f: Any, dtype: Any) -> None:
    b = np.array([1000.0, -1000.0, 0.0, -np.inf, -np.inf], dtype)
    np.testing.assert_array_equal(
        slopes(lambda t: f(t, b), [-1000.0, 1000.0, 0.0, 2.0, -np.inf], dtype), [0, 1, 0.5, 1, 0]
    )
    np.testing.assert_array_equal(
        slopes(lambda t: f(b, t), [-1000.0, 1000.0, 0.0, 2.0, -np.inf], dtype), [0, 1, 0.5, 1, 0]
    )


@DTYPES
def test_far_below_zero_expm1_has_the_slope_of_the_exponential(dtype: Any) -> None:
    x = np.array([-40.0, -80.0, -1e-9, 3.0], dtype)
    np.testing.assert_allclose(slopes(np.expm1, x, dtype), np.exp(x), rtol=1e-6 if dtype == np.float32 else 1e-15)


@pytest.mark.parametrize("end", [1, -1])
def test_near_their_ends_the_inverse_functions_keep_their_digits(end: int) -> None:
    """1 - x^2 = h (2 - h), h away from the end: here with powers of 2, so that no digit is lost before."""
    h = 2.0 ** -np.array([1, 20, 40, 52])
    x, square = end * (1 - h), h * (2 - h)
    np.testing.assert_allclose(slopes(np.arcsin, x), square**-0.5, rtol=1e-15)
    np.testing.assert_allclose(slopes(np.arccos, x), -(square**-0.5), rtol=1e-15)
    np.testing.assert_allclose(slopes(np.arctanh, x), 1 / square, rtol=1e-15)


def test_sinc_has_all_its_derivatives_at_zero_and_near_it() -> None:
    """sinc(x) = sum (-1)^k (pi x)^2k / (2k + 1)!, so that the derivatives at 0 are -pi^2 / 3 and pi^4 / 5."""
    f, expected = np.sinc, [1.0, 0.0, -(np.pi**2) / 3, 0.0, np.pi**4 / 5]
    for value in expected:
        for x in (0.0, -0.0, 1e-12):
            np.testing.assert_allclose(f(np.array(x)), value, rtol=1e-15, atol=1e-10)
        f = tg.grad(f)


@pytest.mark.parametrize("order", range(6))
def test_the_derivatives_of_sinc_are_integrals_over_cosines(order: int) -> None:
    """d^n/dx^n sinc(x) = integral of (pi t)^n cos(pi x t + n pi / 2) over t from 0 to 1, here by Gauss and Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(80)
    t, weights = (nodes + 1) / 2, weights / 2
    x = np.concatenate([np.linspace(-3, 3, 61), 3 / np.pi + np.array([-1e-9, 1e-9]), [10.0, -25.3]])
    expected = ((np.pi * t) ** order * np.cos(np.pi * x[:, None] * t + order * np.pi / 2)) @ weights
    scale = np.pi**order
    for dtype, atol in ((np.float64, 1e-14), (np.float32, 1e-5)):
        z = registry["sinc_derivative"](x.astype(dtype), order=order)
        assert z.dtype == dtype
        np.testing.assert_allclose(z / scale, expected / scale, rtol=0, atol=atol)


def test_float_power_is_double_and_its_gradient_is_that_of_the_input() -> None:
    x = tg.Tensor(np.array([2.0, 3.0], np.float32), requires_grad=True)
    z = np.float_power(x, 2)
    assert z.dtype == np.float64
    z.sum().backward()
    np.testing.assert_array_equal(x.grad.data, np.array([4, 6], np.float32), strict=True)


@pytest.mark.parametrize("order", range(6))
def test_the_derivatives_of_sinc_in_float32_are_those_in_float64_rounded_once(order: int) -> None:
    x = np.linspace(-3, 3, 61, dtype=np.float32)
    z = registry["sinc_derivative"](x.astype(np.float64), order=order)
    np.testing.assert_array_equal(registry["sinc_derivative"](x, order=order), z.astype(np.float32))


def test_far_from_zero_sinc_is_a_quotient_and_nothing_overflows() -> None:
    x = np.array([1.0, 25.0, 1e20])
    np.testing.assert_array_equal(registry["sinc_derivative"](x, order=0), np.sinc(x))


@pytest.mark.parametrize("b", [3, 2.5])
def test_the_slope_of_a_power_with_a_number_is_a_power(b: float) -> None:
    """dz * b * x^(b - 1): b - 1 is a number too, and no array with a case of b = 0."""
    x = tg.Tensor([1.0, 2.0], requires_grad=True)
    (x**b).backward(np.ones(2), create_graph=True)
    assert x.grad.op.name == "multiply"
    power = x.grad.inputs[1]
    assert (power.op.name, power.inputs) == ("power", (x, b - 1))

"""The logarithm of the gamma function and its derivatives: against SciPy, where it is installed, and known values."""

import math
from fractions import Fraction

import numpy as np
import pytest
from oracles import assert_records

import tinygrad_edu as tg
from tinygrad_edu import functions as F
from tinygrad_edu.errors import DomainError, DTypeError, NoRuleError
from tinygrad_edu.primitives import registry
from tinygrad_edu.rules import special as book

X = np.concatenate(
    [
        np.geomspace(1e-6, 1e8, 60),
        np.linspace(0.03, 30, 200),
        -np.linspace(0.03, 9.9, 90),
        [0.5, 0.5 - 1e-9, 0.5 + 1e-9, 1.0, 2.0, -100.3, -12345.25],
    ]
)


def test_the_logarithm_is_that_of_factorials_and_of_scipy() -> None:
    n = np.arange(1.0, 20)
    np.testing.assert_allclose(book.gammaln(n), [math.log(math.factorial(int(k) - 1)) for k in n], rtol=1e-14)
    special = pytest.importorskip("scipy.special")
    np.testing.assert_allclose(book.gammaln(X), special.gammaln(X), rtol=1e-14, atol=2e-15)


def test_far_out_the_derivative_is_a_series_in_the_numbers_of_bernoulli() -> None:
    """sum over k <= n of binomial(n + 1, k) B[k] = 0, and trigamma(x) = 1 / x + 1 / 2x^2 + sum of B[2k] / x^(2k+1)."""
    B = [Fraction(1)]
    for n in range(1, 15):
        B.append(-sum(math.comb(n + 1, k) * B[k] for k in range(n)) / (n + 1))
    assert tuple(map(float, B[2::2])) == book.BERNOULLI
    x = 50.0
    expected = 1 / x + 1 / (2 * x**2) + sum(float(b) / x ** (2 * k + 1) for k, b in enumerate(B[2::2], 1))
    assert book.polygamma(np.array(x), order=1) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("order", range(8))
def test_the_derivatives_are_those_of_scipy(order: int) -> None:
    special = pytest.importorskip("scipy.special")
    expected = special.polygamma(order, X)
    np.testing.assert_allclose(book.polygamma(X, order=order), expected, rtol=2e-14, atol=1e-14)


def test_the_derivatives_are_euler_gamma_and_zeta_at_one() -> None:
    """Abramowitz and Stegun 6.3.2, 6.3.3, 6.4.2, 6.4.4."""
    f = registry["gammaln"]
    for x, order, value in (
        (1.0, 1, -np.euler_gamma),
        (2.0, 1, 1 - np.euler_gamma),
        (0.5, 1, -np.euler_gamma - 2 * np.log(2)),
        (1.0, 2, np.pi**2 / 6),
        (0.5, 2, np.pi**2 / 2),
        (1.0, 3, -2 * 1.2020569031595942),
        (1.0, 4, np.pi**4 / 15),
        (-0.5, 2, np.pi**2 / 2 + 4),
    ):
        derivative = f
        for _ in range(order):
            derivative = tg.grad(derivative)
        assert derivative(x) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("x", [1e-9, -1 + 1e-9, -2 - 1e-9])
@pytest.mark.parametrize("order", range(3))
def test_near_the_poles_no_digit_is_lost(x: float, order: int) -> None:
    """There the function is (-1)^(n+1) n! / h^(n+1), h away from the pole, up to a number of the size of 1."""
    h = x - round(x)
    expected = (-1) ** (order + 1) * math.factorial(order) / h ** (order + 1)
    assert book.polygamma(np.array(x), order=order) == pytest.approx(expected, rel=4e-9)


def test_at_the_poles_the_value_is_infinite_and_there_is_no_slope() -> None:
    x = np.array([0.0, -0.0, -1.0, -7.0])
    np.testing.assert_array_equal(book.gammaln(x), np.full(4, np.inf))
    for order in range(3):
        assert np.isnan(book.polygamma(x, order=order)).all()


def test_far_out_there_is_no_overflow() -> None:
    x = np.array([1e307, np.inf, np.nan])
    np.testing.assert_array_equal(book.gammaln(x), [np.inf, np.inf, np.nan])
    np.testing.assert_allclose(book.polygamma(x, order=0), [np.log(1e307), np.inf, np.nan])
    np.testing.assert_allclose(book.polygamma(x, order=1), [1e-307, 0, np.nan])


def test_the_functions_take_arrays_tensors_lists_and_whole_numbers() -> None:
    for f, expected in (
        (F.gammaln, [0.0, np.log(2)]),
        (F.digamma, [-np.euler_gamma, 1.5 - np.euler_gamma]),
        (lambda x: F.polygamma(1, x), [np.pi**2 / 6, np.pi**2 / 6 - 1.25]),
    ):
        for x in ([1.0, 3.0], [1, 3], np.array([1.0, 3.0]), np.array([1, 3])):
            np.testing.assert_allclose(f(x), expected, rtol=1e-14, atol=1e-15)
        assert_records(f(tg.Tensor([1.0, 3.0], requires_grad=True)), f([1.0, 3.0]))


@pytest.mark.parametrize("n", [-1, 0.5, "1"])
def test_the_order_of_a_derivative_is_a_whole_number(n) -> None:
    with pytest.raises(DomainError, match="the order of the derivative is 0, 1, 2"):
        F.polygamma(n, [1.0])


@pytest.mark.filterwarnings("ignore")  # as it may be in a notebook: NumPy only warns when it drops imaginary parts
def test_complex_numbers_are_refused() -> None:
    for f in (F.gammaln, F.digamma):
        with pytest.raises(DTypeError, match="complex128"):
            f(np.array([1j]))


@pytest.mark.parametrize("f", [book.gammaln, lambda x: book.polygamma(x, order=0)])
def test_single_precision_stays_single_and_whole_numbers_become_floats(f) -> None:
    assert f(np.array([1.5], np.float32)).dtype == np.float32
    assert f(np.array([3])).dtype == np.float64
    assert f(np.zeros((0, 2))).shape == (0, 2)


def test_the_ufuncs_of_scipy_that_have_an_operation_here_record_too():
    scipy_special = pytest.importorskip("scipy.special")
    x = np.array([0.3, 1.7])
    for f, slope in (
        (scipy_special.gammaln, scipy_special.digamma(x)),
        (scipy_special.digamma, scipy_special.polygamma(1, x)),
        (scipy_special.erf, 2 / np.sqrt(np.pi) * np.exp(-(x**2))),
        (scipy_special.expit, scipy_special.expit(x) * scipy_special.expit(-x)),
    ):
        t = tg.Tensor(x, requires_grad=True)
        z = f(t)
        np.testing.assert_allclose(z.data, f(x), rtol=1e-13)
        z.sum().backward()
        np.testing.assert_allclose(t.grad.data, slope, rtol=1e-12)
    with pytest.raises(NoRuleError, match=r"^the ufunc j0 on a Tensor that requires a gradient"):
        scipy_special.j0(t)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("f", [book.gammaln, lambda x: book.polygamma(x, order=0)], ids=["gammaln", "polygamma"])
def test_complex_numbers_are_refused_even_where_warnings_are_not_seen(f) -> None:
    with pytest.raises(DTypeError, match="complex numbers have no order"):
        f(np.array([0.5 + 1j]))

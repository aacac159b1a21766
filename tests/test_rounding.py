"""Steps have the gradient 0 and no error, and remainders know their whole quotient to the last bit."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import assert_records

import tinygrad_edu as tg
from tinygrad_edu.errors import DTypeError, NoRuleError
from tinygrad_edu.primitives import registry

STEPS = [
    np.sign,
    np.floor,
    np.ceil,
    np.trunc,
    np.rint,
    np.fix,
    np.round,
    np.around,
    np.spacing,
    lambda x: np.floor_divide(x, 0.5),
]
JUMPS = np.array([-2.0, -1.5, -0.0, 0.0, 0.5, 1.0, 2.7, np.inf, np.nan])


def slopes(f: Callable[[Any], Any], x: Any) -> np.ndarray:
    """d sum(f(x)) / dx."""
    return tg.grad(lambda t: np.sum(f(t)))(np.asarray(x))


@pytest.mark.parametrize("f", STEPS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.filterwarnings("ignore:invalid value")  # of inf there is no spacing and no quotient
def test_a_step_function_is_flat_at_its_jumps_too(f: Any, dtype: Any) -> None:
    dx = slopes(f, JUMPS.astype(dtype))
    np.testing.assert_array_equal(dx, np.zeros(9, dtype), strict=True)


@pytest.mark.parametrize("f", STEPS[:-2])
def test_a_loss_of_nothing_but_steps_can_be_differentiated(f: Any) -> None:
    x = tg.Tensor([1.2, -3.7], requires_grad=True)
    f(x).sum().backward(create_graph=True)
    np.testing.assert_array_equal(x.grad.data, [0, 0])


def test_what_stands_beside_a_step_keeps_its_gradient() -> None:
    x = np.array([1.2, -3.7, 2.0])
    np.testing.assert_array_equal(slopes(lambda t: t - np.floor(t), x), [1, 1, 1])
    np.testing.assert_array_equal(slopes(lambda t: np.floor(t) * t, x), np.floor(x))
    np.testing.assert_array_equal(slopes(lambda t: np.round(t) ** 2 + 3 * t, x), [3, 3, 3])


@pytest.mark.parametrize("name", ["floor", "ceil", "rint", "around", "fix", "trunc"])
def test_steps_are_as_flat_as_in_hips_autograd(name: str) -> None:
    x = np.array([1.2, -3.7, 0.4])
    expected = autograd.grad(lambda t: anp.sum(getattr(anp, name)(t) * t))(x)
    np.testing.assert_array_equal(slopes(lambda t: getattr(np, name)(t) * t, x), expected)


@pytest.mark.parametrize("name", ["mod", "remainder"])
@pytest.mark.parametrize("b", [0.7, -0.7])
def test_remainders_slope_in_the_dividend_as_in_hips_autograd(name: str, b: float) -> None:
    x = np.array([1.2, -3.7, 0.4])
    expected = autograd.grad(lambda t: anp.sum(getattr(anp, name)(t, b) * x))(x)
    np.testing.assert_array_equal(slopes(lambda t: getattr(np, name)(t, b) * x, x), expected)


FINITE = st.floats(-1e3, 1e3).filter(lambda x: abs(x) > 1e-3)


@given(FINITE, FINITE, st.booleans())
def test_the_slope_in_the_divisor_is_the_whole_quotient_of_the_exact_numbers(
    a: float, b: float, multiple: bool
) -> None:
    """a near a multiple of b: the quotient of the floats rounds up to a whole number that it does not reach."""
    a = np.round(a) * b if multiple else a
    exact = Fraction(float(a)) / Fraction(b)
    assert slopes(lambda t: np.remainder(a, t), b) == -math.floor(exact)
    assert slopes(lambda t: np.fmod(a, t), b) == -math.trunc(exact)


def test_one_divided_by_a_tenth_is_nine_tenths_and_a_rest() -> None:
    assert 1.0 / 0.1 == 10
    for f in (np.remainder, np.fmod):
        assert slopes(lambda t, f=f: f(1.0, t), 0.1) == -9
        assert slopes(lambda t, f=f: f(t, 0.1), 1.0) == 1


def test_divmod_and_modf_have_two_results() -> None:
    a, b = tg.Tensor([7.5, -7.5], requires_grad=True), tg.Tensor(2.0, requires_grad=True)
    for z, expected in zip(np.divmod(a, b), ([3.0, -4.0], [1.5, 0.5]), strict=True):
        assert_records(z, np.array(expected))
    x = tg.Tensor([2.75, -2.75, -0.0, np.inf, -np.inf], requires_grad=True)
    for z, expected in zip(np.modf(x), np.modf(x.data), strict=True):
        assert_records(z, expected)
        np.testing.assert_array_equal(np.signbit(z.data), np.signbit(expected))
    np.testing.assert_array_equal(slopes(lambda t: np.modf(t)[0], x.data), np.ones(5))
    np.testing.assert_array_equal(slopes(lambda t: np.modf(t)[1], x.data[:4]), np.zeros(4))


def test_heaviside_is_flat_and_its_value_at_zero_has_a_gradient_there_only() -> None:
    x = np.array([-1.0, -0.0, 0.0, 2.0, np.nan])
    np.testing.assert_array_equal(slopes(lambda t: np.heaviside(t, 0.5), x), np.zeros(5))
    np.testing.assert_array_equal(slopes(lambda h: np.heaviside(x, h), np.full(5, 0.5)), [0, 1, 1, 0, 0])


def test_a_copied_sign_counts_for_zeros_too_and_is_flat_where_there_is_no_size() -> None:
    b = np.array([1.0, -1.0, 0.0, -0.0, -np.inf])
    np.testing.assert_array_equal(slopes(lambda t: np.copysign(t, b), np.full(5, 2.0)), [1, -1, 1, -1, -1])
    np.testing.assert_array_equal(slopes(lambda t: np.copysign(t, b), np.full(5, -2.0)), [-1, 1, -1, 1, 1])
    np.testing.assert_array_equal(slopes(lambda t: np.copysign(t, b), [0.0, -0.0, 0.0, 0.0, 0.0]), np.zeros(5))
    np.testing.assert_array_equal(slopes(lambda t: np.copysign(3.0, t), b), np.zeros(5))


@pytest.mark.parametrize(
    "options", [{}, {"nan": 1.0, "posinf": 2.0, "neginf": -2.0}, {"nan": np.array([5.0, 6, 7, 8])}]
)
def test_a_gradient_passes_where_a_number_was_finite_and_not_where_one_was_put_in(options: Any) -> None:
    x = tg.Tensor([1.5, np.nan, np.inf, -np.inf], requires_grad=True)
    z = np.nan_to_num(x, **options)
    assert_records(z, np.nan_to_num(x.data, **options))
    z.backward(np.array([2.0, np.nan, np.inf, 3.0]))
    np.testing.assert_array_equal(x.grad.data, [2, 0, 0, 0])


def test_the_parts_of_a_complex_number_are_replaced_one_by_one() -> None:
    x = np.array([complex(1, np.nan), complex(np.inf, 2), complex(3, 4)])
    dz = np.array([5 + 6j, 7 + 8j, 9 - 1j])
    for dtype in (np.complex128, np.complex64):
        t = tg.Tensor(x.astype(dtype), requires_grad=True)
        np.nan_to_num(t).backward(dz)
        np.testing.assert_array_equal(t.grad.data, np.array([5, 8j, 9 - 1j], dtype), strict=True)


def test_the_gradient_of_a_real_number_is_real_before_the_engine_looks_at_it() -> None:
    x = np.array([1.5, np.nan])
    dx = registry["nan_to_num"].rules[0](np.ones(2), x, x, nan=0.0, posinf=None, neginf=None)
    np.testing.assert_array_equal(dx, [1.0, 0.0], strict=True)


def test_the_sign_bit_is_an_answer() -> None:
    z = np.signbit(tg.Tensor([-0.0, 2.0], requires_grad=True))
    np.testing.assert_array_equal(z.data, [True, False])
    assert not z.requires_grad


def test_decimals_are_taken_by_position_and_by_name() -> None:
    x = tg.Tensor([1.25, -1.35, 26.0], requires_grad=True)
    for f in (np.round, np.around):
        assert_records(f(x, 1), np.round(x.data, 1))
        assert_records(f(x, decimals=-1), np.round(x.data, -1))
        assert_records(f(x), np.round(x.data))


def test_arguments_without_a_rule_are_refused() -> None:
    x = tg.Tensor([1.5], requires_grad=True)
    for call in (lambda: np.nan_to_num(x, copy=False), lambda: np.round(x, out=np.zeros(1))):
        with pytest.raises(NoRuleError, match=r"copy|out"):
            call()
    with pytest.raises(DTypeError, match=r"floor\(x\): x is complex128"):
        np.floor(tg.Tensor([1j], requires_grad=True))

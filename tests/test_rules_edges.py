"""What the rules promise where a function has a kink, an edge or an overflow."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import functions as F
from tinygrad_edu.errors import DomainError, DTypeError, NoRuleError, ShapeError
from tinygrad_edu.primitives import registry

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def slopes(f: Callable[[Any], Any], x: Any, dtype: Any = np.float64) -> np.ndarray:
    """d sum(f(x)) / dx, by the array rules; equal to those on Tensors, or the test fails."""
    x = np.asarray(x, dtype)
    t, u = tg.Tensor(x, requires_grad=True), tg.Tensor(x, requires_grad=True)
    f(t).sum().backward()
    f(u).sum().backward(create_graph=True)
    np.testing.assert_array_equal(t.grad.data, u.grad.data)
    assert t.grad.dtype == dtype
    return t.grad.data


@pytest.mark.parametrize(
    ("f", "expected"),
    [(F.relu, 0.0), (F.leaky_relu, 0.01), (np.abs, 0.0), (np.fabs, 0.0), (np.sign, 0.0), (np.sinc, 0.0)]
    + [(F.softplus, 0.5), (F.sigmoid, 0.25)],
)
@DTYPES
def test_slope_at_zero_of_either_sign(f: Any, expected: float, dtype: Any) -> None:
    np.testing.assert_array_equal(slopes(f, [0.0, -0.0], dtype), np.full(2, expected, dtype))


@pytest.mark.parametrize("f", [np.maximum, np.minimum])
def test_both_operands_share_where_they_tie(f: Any) -> None:
    a, b = (tg.Tensor(x, requires_grad=True) for x in ([1.0, 0.0, np.inf, 2.0], [1.0, -0.0, np.inf, 3.0]))
    f(a, b).sum().backward()
    larger = float(f is np.maximum)
    np.testing.assert_array_equal(a.grad.data, [0.5, 0.5, 0.5, 1 - larger])
    np.testing.assert_array_equal(b.grad.data, [0.5, 0.5, 0.5, larger])


@pytest.mark.parametrize("f", [np.max, np.min])
@DTYPES
def test_ties_for_the_extreme_share_in_equal_parts(f: Any, dtype: Any) -> None:
    sign = 1 if f is np.max else -1
    x = sign * np.array([[3.0, 1.0, 3.0], [2.0, 2.0, 2.0], [0.0, -0.0, -1.0]])
    expected = np.array([[0.5, 0, 0.5], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0]], dtype)
    np.testing.assert_array_equal(slopes(lambda t: f(t, axis=1), x, dtype), expected)
    np.testing.assert_array_equal(slopes(lambda t: f(t, axis=1, keepdims=True), x, dtype), expected)
    np.testing.assert_array_equal(slopes(f, x, dtype), np.array([[0.5, 0, 0.5], [0, 0, 0], [0, 0, 0]]))


def test_clip_shares_at_its_bounds_and_is_flat_outside() -> None:
    np.testing.assert_array_equal(slopes(lambda t: np.clip(t, 0, 1), [-1.0, 0.0, 0.5, 1.0, 2.0]), [0, 0.5, 1, 0.5, 0])


def test_clip_takes_its_bounds_by_numpys_newer_names_too() -> None:
    x = np.array([-1.0, 0.5, 2.0])
    t = tg.Tensor(x)
    for bounds in ({"min": 0}, {"max": 1}, {"min": 0, "max": 1}):
        np.testing.assert_array_equal(t.clip(**bounds).data, x.clip(**bounds))
    np.testing.assert_array_equal(t.clip(0, max=1).data, [0, 0.5, 1])
    np.testing.assert_array_equal(t.clip().data, x)


@pytest.mark.parametrize("exponent", [0, 0.0, False, np.array(0.0), np.zeros(3), np.zeros(3, int)], ids=repr)
def test_the_power_zero_is_flat_at_zero_too(exponent: Any) -> None:
    np.testing.assert_array_equal(slopes(lambda t: t**exponent, [0.0, -2.0, 3.0]), [0, 0, 0])


@pytest.mark.parametrize("exponent", [1, 1.0, np.array(1.0), np.ones(2)], ids=repr)
def test_the_power_one_has_slope_one_at_zero_too(exponent: Any) -> None:
    np.testing.assert_array_equal(slopes(lambda t: t**exponent, [0.0, 3.0]), [1, 1])


def test_a_square_has_the_second_derivative_two_at_zero_too() -> None:
    for exponent in (2, 2.0, np.array(2.0)):
        f = tg.grad(tg.grad(lambda t, n=exponent: t**n))
        assert f(0.0) == 2.0


def test_a_base_of_zero_is_flat_in_its_exponent() -> None:
    for zero in (np.zeros(3), np.array(0.0), 0, 0.0):
        np.testing.assert_array_equal(slopes(lambda b, zero=zero: zero**b, [0.0, 1.0, 2.0]), [0, 0, 0])


def test_zero_to_the_power_zero_is_flat_to_second_order_too() -> None:
    assert tg.grad(lambda b: tg.grad(lambda a: a**b)(0.0))(0.0) == 0
    assert tg.grad(lambda a: tg.grad(lambda b: a**b)(0.0))(0.0) == 0


def test_a_negative_base_has_no_slope_in_a_real_exponent() -> None:
    for a in (-2, -2.0, np.array(-2.0), np.array([-2.0, -2.0])):
        with pytest.warns(RuntimeWarning, match="invalid value encountered in log"):
            assert np.isnan(slopes(lambda b, a=a: a**b, [2.0, 3.0])).all()


def test_infinite_slopes_come_with_numpys_own_warning() -> None:
    for f in (np.sqrt, lambda t: t**0.5):
        with pytest.warns(RuntimeWarning, match="divide by zero"):
            np.testing.assert_array_equal(slopes(f, [0.0, 4.0]), [np.inf, 0.25])
    for f, x, expected in (
        (np.log, [0.0, 4.0], [np.inf, 0.25]),
        (np.cbrt, [0.0, -8.0], [np.inf, 1 / 12]),
        (np.arccosh, [1.0, 1.25], [np.inf, 4 / 3]),
        (np.arctanh, [-1.0, 0.5], [np.inf, 4 / 3]),
    ):
        with pytest.warns(RuntimeWarning, match="divide by zero"):
            np.testing.assert_allclose(slopes(f, x), expected, rtol=1e-15)


def test_the_standard_deviation_of_equal_entries_has_no_slope() -> None:
    with pytest.warns(RuntimeWarning):
        assert np.isnan(slopes(np.std, [2.0, 2.0])).all()
    np.testing.assert_array_equal(slopes(np.var, [2.0, 2.0]), [0, 0])


def test_a_value_in_the_untaken_branch_of_where_has_no_share() -> None:
    def f(x: Any) -> Any:
        return np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), x)

    np.testing.assert_array_equal(slopes(f, [-2.0, 0.0, 4.0]), [1, 1, 0.25])
    np.testing.assert_array_equal(slopes(lambda x: np.where([True, False], x, np.nan), [1.0, 2.0]), [1, 0])


def test_a_nan_made_in_the_untaken_branch_poisons_the_gradient_as_documented() -> None:
    with pytest.warns(RuntimeWarning):
        dx = slopes(lambda x: np.where(x > 0, np.sqrt(x), 0.0), [-1.0, 0.0, 4.0])
    assert np.isnan(dx[:2]).all()
    assert dx[2] == 0.25


def test_a_product_with_zeros_has_exact_gradients() -> None:
    np.testing.assert_array_equal(slopes(np.prod, [2.0, 0.0, 3.0]), [0, 6, 0])
    np.testing.assert_array_equal(slopes(np.prod, [2.0, 0.0, 0.0]), [0, 0, 0])
    np.testing.assert_array_equal(slopes(np.prod, [0.0]), [1])


def test_entries_named_twice_add_up_and_the_last_one_written_counts() -> None:
    np.testing.assert_array_equal(slopes(lambda x: x[[0, 0, 1]], [5.0, 6.0, 7.0]), [2, 1, 0])
    x, v = tg.Tensor([5.0, 6.0], requires_grad=True), tg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x.at[[0, 0, 1]].set(v)
    np.testing.assert_array_equal(y.data, [2, 3])
    (y * [10.0, 20.0]).sum().backward()
    np.testing.assert_array_equal(v.grad.data, [0, 10, 20])
    np.testing.assert_array_equal(x.grad.data, [0, 0])
    x, v = tg.Tensor([5.0, 6.0], requires_grad=True), tg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x.at[[0, 0, 1]].add(v)
    np.testing.assert_array_equal(y.data, [8, 9])
    (y * [10.0, 20.0]).sum().backward()
    np.testing.assert_array_equal(v.grad.data, [10, 10, 20])
    np.testing.assert_array_equal(x.grad.data, [10, 20])


@pytest.mark.parametrize("value", [2.5, np.float64(2.5), np.array(2.5)], ids=repr)
def test_a_fraction_is_not_set_into_integers(value: Any) -> None:
    with pytest.raises(DTypeError, match="would be cut off"):
        tg.Tensor([1, 2]).at[0].set(value)
    np.testing.assert_array_equal(tg.Tensor([1, 2]).at[0].set(3).data, [3, 2])


def test_an_array_is_split_into_as_many_pieces_as_numpy_makes() -> None:
    for x in (np.zeros(6), np.zeros(0), np.zeros((0, 2))):
        for cuts in (1, 3, [], [1, 2], np.array([4])):
            pieces = np.split(tg.Tensor(x), cuts)
            assert [piece.shape for piece in pieces] == [piece.shape for piece in np.split(x, cuts)]
    with pytest.raises(ValueError, match="no 4 equal sections"):
        np.split(tg.Tensor(np.zeros(6)), 4)


# Logits of +-1000

FAR = [-1000.0, -89.0, 0.0, 89.0, 1000.0]


@DTYPES
def test_sigmoid_softplus_and_tanh_are_finite_far_out(dtype: Any) -> None:
    np.testing.assert_allclose(slopes(F.sigmoid, FAR, dtype)[[0, 2, 4]], [0, 0.25, 0])
    np.testing.assert_allclose(slopes(F.softplus, FAR, dtype)[[0, 2, 4]], [0, 0.5, 1])
    np.testing.assert_allclose(slopes(np.tanh, FAR, dtype), [0, 0, 1, 0, 0], atol=1e-30)
    x = np.array(FAR, dtype)
    np.testing.assert_allclose(F.sigmoid(x), [0, 0, 0.5, 1, 1], atol=1e-30)
    np.testing.assert_allclose(F.softplus(x), [0, 0, np.log(2), 89, 1000], rtol=1e-6, atol=1e-30)


@DTYPES
def test_binary_cross_entropy_from_logits_is_finite_far_out(dtype: Any) -> None:
    Z, Y = np.array([FAR, FAR], dtype), np.array([[0.0] * 5, [1.0] * 5], dtype)
    assert float(F.binary_cross_entropy_with_logits(Z, Y)) == pytest.approx((1089 * 2 + 2 * np.log(2)) / 10, rel=1e-6)
    dZ = slopes(lambda t: F.binary_cross_entropy_with_logits(t, Y), Z, dtype)
    expected = (np.array([[0, 0, 0.5, 1, 1], [-1, -1, -0.5, 0, 0]])) / 10
    np.testing.assert_allclose(dZ, expected, rtol=1e-6, atol=1e-30)


@DTYPES
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_and_its_losses_are_finite_far_out(dtype: Any, axis: int) -> None:
    Z = np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 0.0], [0.0, 999.0, -0.0]], dtype)
    Z, Y = (Z.T, np.eye(3, dtype=dtype)) if axis == 0 else (Z, np.eye(3, dtype=dtype))
    for f in (F.softmax, F.log_softmax, F.logsumexp):
        assert np.isfinite(f(Z, axis=axis)).all()
        assert np.isfinite(slopes(lambda t, f=f: f(t, axis=axis), Z, dtype)).all()
    assert np.isfinite(F.cross_entropy(Z, Y, axis=axis))
    dZ = slopes(lambda t: F.cross_entropy(t, Y, axis=axis), Z, dtype)
    np.testing.assert_allclose(dZ, (F.softmax(Z, axis=axis) - Y) / 3, rtol=1e-6, atol=1e-30)


def test_logsumexp_of_nothing_but_minus_infinity_is_minus_infinity() -> None:
    np.testing.assert_array_equal(F.logsumexp(np.array([[-np.inf, -np.inf], [0.0, -np.inf]]), axis=1), [-np.inf, 0.0])


@DTYPES
def test_erf_is_exact_to_its_ends(dtype: Any) -> None:
    x = np.array([-np.inf, -100.0, -6.0, -0.0, 0.0, 6.0, 100.0, np.inf], dtype)
    np.testing.assert_array_equal(F.erf(x), np.array([-1, -1, -1, -0.0, 0, 1, 1, 1], dtype))
    assert np.signbit(F.erf(x)[3])
    assert np.isnan(F.erf(np.array([np.nan]))).all()
    np.testing.assert_allclose(slopes(F.erf, [-30.0, 0.0, 30.0], dtype), [0, 2 / np.sqrt(np.pi), 0], rtol=1e-6)


def test_erf_is_a_float_for_integers_and_correct_to_the_last_bit_of_float32() -> None:
    assert registry["erf"](np.array([0, 1])).dtype == np.float64
    assert registry["erf"](np.array([0, 1]))[1] == pytest.approx(0.8427007929497149, rel=1e-15)
    x = np.linspace(-4, 4, 1001, dtype=np.float32)
    np.testing.assert_array_equal(F.erf(x), F.erf(x.astype(np.float64)).astype(np.float32))


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, 1.1, np.nan])
@DTYPES
def test_binary_cross_entropy_names_its_cure_outside_its_domain(bad: float, dtype: Any) -> None:
    A = tg.Tensor(np.array([[0.5, bad]], dtype), requires_grad=True)
    with pytest.raises(DomainError, match=r": 1 of 2 entries.*binary_cross_entropy_with_logits"):
        F.binary_cross_entropy(A, np.array([[1.0, 1.0]], dtype))


@pytest.mark.parametrize("labels", [np.array([[1, 0, 1]]), np.array([[True, False, True]])], ids=repr)
@DTYPES
def test_losses_take_labels_of_any_dtype_and_stay_in_theirs(labels: Any, dtype: Any) -> None:
    x = np.array([[0.3, 0.6, 0.9]], dtype)
    exact = np.array([[1.0, 0.0, 1.0]], dtype)
    for loss in (F.binary_cross_entropy, F.binary_cross_entropy_with_logits, F.mse):
        assert loss(x, labels).dtype == dtype
        expected = slopes(lambda t, loss=loss: loss(t, exact), x, dtype)
        np.testing.assert_array_equal(slopes(lambda t, loss=loss: loss(t, labels), x, dtype), expected)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "mse"])
def test_a_loss_does_not_broadcast(name: str) -> None:
    """(1, 3) against (3,) would average over pairs that do not belong together."""
    A, Y = tg.Tensor([[0.2, 0.4, 0.6]]), tg.Tensor([1.0, 0.0, 1.0])
    options = {"axis": 0} if name == "cross_entropy" else {}
    for loss in (getattr(F, name), registry[name]):
        with pytest.raises(ShapeError, match=r"\(1, 3\).*\(3,\)"):
            loss(A, Y, **options)


def test_the_layer_in_one_step_takes_matrices_only() -> None:
    W, A, b = (tg.Tensor(np.ones(shape)) for shape in ((2, 3), (3, 4), (2, 1)))
    for operands in ((W[0], A, b), (W, A[:, 0], b), (W, A[None], b)):
        with pytest.raises(ShapeError, match="W and A must have two axes"):
            F.affine(*operands)


def test_the_bias_of_a_layer_does_not_stretch_its_output() -> None:
    W, A = tg.Tensor(np.ones((2, 3))), tg.Tensor(np.ones((3, 1)))
    for shape in ((2, 4), (1, 2, 1)):
        with pytest.raises(ShapeError, match=r"b should be \(2, 1\)"):
            F.affine(W, A, np.ones(shape))


@DTYPES
def test_cross_entropy_takes_classes_by_number(dtype: Any) -> None:
    Z = np.array([[0.3, -0.6], [0.9, 0.1], [-2.0, 0.4]], dtype)
    Y = np.array([[0, 0], [1, 0], [0, 1]], dtype)
    assert F.cross_entropy(Z, np.array([1, 2]), axis=0) == F.cross_entropy(Z, Y, axis=0)
    assert F.cross_entropy(Z, np.array([1, 2]), axis=0).dtype == dtype
    assert F.cross_entropy(Z, Y.astype(int), axis=0).dtype == dtype
    by_number = slopes(lambda t: F.cross_entropy(t, [1, 2], axis=0), Z, dtype)
    np.testing.assert_array_equal(by_number, slopes(lambda t: F.cross_entropy(t, Y, axis=0), Z, dtype))
    np.testing.assert_allclose(by_number, slopes(lambda t: F.cross_entropy(t, Y.T, axis=-1), Z.T, dtype).T, rtol=1e-6)


# From one dtype to another, and what has no rule


def test_a_cast_casts_its_gradient_back() -> None:
    x = tg.Tensor(np.array([1.0, 2.0], np.float32), requires_grad=True)
    y = x.astype(np.float64)
    assert y.dtype == np.float64
    (y * y).sum().backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad.data, [2, 4])


def test_python_numbers_do_not_widen_float32() -> None:
    x = tg.Tensor(np.array([1.5, 2.5], np.float32), requires_grad=True)
    for f in (lambda t: t * 2.0, lambda t: 2.0**t, lambda t: t**2.0, lambda t: np.maximum(t, 2.0), lambda t: 1 / t):
        assert slopes(f, x.data, np.float32).dtype == f(x).dtype == np.float32
    assert np.where([True, False], x, 0.0).dtype == np.float32
    assert x.mean().dtype == x.std().dtype == x.sum().dtype == np.float32


def test_complex_steps_on_the_way_give_real_inputs_their_real_gradient() -> None:
    c, d = np.array([1 + 2j, 2 - 1j, -1 + 0.5j]), np.array([2 - 1j, 1j, 0.5 + 1j])
    x = np.array([1.0, -2.0, 3.0])
    np.testing.assert_allclose(slopes(lambda t: np.abs(t * c), x), np.abs(c) * np.sign(x), rtol=1e-15)
    np.testing.assert_allclose(slopes(lambda t: np.real(t * c), x), c.real, rtol=1e-15)
    np.testing.assert_allclose(slopes(lambda t: np.real(np.conj(t * c) * d), x), (c.conj() * d).real, rtol=1e-15)


def test_the_condition_of_where_has_no_gradient() -> None:
    c = tg.Tensor([1.0, 0.0], requires_grad=True, name="c")
    with pytest.raises(NoRuleError, match=r"'condition'.*c requires a gradient"):
        np.where(c, 1.0, 2.0).sum().backward()


def test_integers_cannot_ask_for_gradients() -> None:
    with pytest.raises(DTypeError, match="dtype=float"):
        tg.Tensor([1, 2], requires_grad=True)


def test_comparisons_and_indices_carry_no_gradient() -> None:
    x = tg.Tensor([1.0, -2.0], requires_grad=True)
    for z in (x > 0, x == x, x.argmax(), x.argsort(), np.any(x), np.isnan(x), np.logical_not(x), np.isposinf(x)):
        assert type(z) is tg.Tensor
        assert not z.requires_grad


def test_small_integers_as_exponents_do_not_wrap_around() -> None:
    np.testing.assert_allclose(slopes(lambda t: t ** np.array([-128], np.int8), [2.0]), [-128 * 2.0**-129])
    np.testing.assert_array_equal(slopes(lambda t: t ** np.array([0, 1], np.uint8), [3.0, 3.0], np.float32), [0, 1])

"""What running products, differences, interpolation and convolution promise at zeros, knots, jumps and ends."""

from typing import Any

import numpy as np
import pytest
from calls import leaf
from test_rules_edges import slopes

import tinygrad_edu as tg
from tinygrad_edu.errors import DomainError, DTypeError, IndexingError, NoRuleError, ShapeError

# Running sums and products


def test_a_running_product_with_zeros_has_exact_gradients() -> None:
    np.testing.assert_array_equal(slopes(np.cumprod, [2.0, 0.0, 3.0]), [1, 2 + 2 * 3, 0])
    np.testing.assert_array_equal(slopes(np.cumprod, [0.0, 0.0, 5.0]), [1, 0, 0])
    np.testing.assert_array_equal(slopes(np.cumprod, [0.0]), [1])


def test_a_running_product_of_zeros_has_exact_second_derivatives() -> None:
    """z = (x, x y, x y w): d2 sum(z) / dy dw = x, and so on."""
    H = tg.hessian(lambda x: np.cumprod(x).sum())(np.array([2.0, 0.0, 0.0]))
    np.testing.assert_array_equal(H, [[0, 1, 0], [1, 0, 2], [0, 2, 0]])


@pytest.mark.skipif(not hasattr(np, "cumulative_sum"), reason="from NumPy 2.1 on")
def test_cumulative_sums_of_several_axes_need_one_named() -> None:
    for f in (np.cumulative_sum, np.cumulative_prod):
        with pytest.raises(ShapeError, match=rf"^{f.__name__}: x is \(2, 2\).*`axis`"):
            f(leaf(np.ones((2, 2))))
        with pytest.raises(IndexingError, match=rf"^{f.__name__}: the array is \(2, 2\); axis 2 is out of bounds"):
            f(leaf(np.ones((2, 2))), axis=2)
        with pytest.raises(NoRuleError, match=rf"^{f.__name__}\(\.\.\., out="):
            f(leaf(np.ones(2)), out=np.zeros(2))


# Differences, slopes and areas


def test_no_difference_leaves_an_array_as_it_is() -> None:
    x = leaf([1.0, 2.0])
    assert np.diff(x, n=0) is x


def test_differences_of_conditions_are_answers() -> None:
    x = np.array([True, False, False])
    np.testing.assert_array_equal(np.diff(tg.Tensor(x)).data, np.diff(x))


def test_the_gradient_of_even_coordinates_depends_on_each_of_them() -> None:
    """By hand, for f = (0, 1, 4): df/dx in the middle is (f2 - f0) / (x2 - x0) only if the two steps are equal."""
    x = leaf([0.0, 1.0, 2.0])
    np.gradient(np.array([0.0, 1.0, 4.0]), x)[1].backward()
    h, step = np.eye(3), 1e-5
    expected = [
        (np.gradient([0.0, 1.0, 4.0], x.data + step * e)[1] - np.gradient([0.0, 1.0, 4.0], x.data - step * e)[1])
        / (2 * step)
        for e in h
    ]
    np.testing.assert_allclose(x.grad.data, expected, atol=1e-8)


def test_gradients_along_several_axes_come_in_a_tuple_and_along_none_in_an_empty_one() -> None:
    z = np.gradient(leaf(np.ones((2, 2))))
    assert type(z) is tuple
    assert [part.shape for part in z] == [(2, 2), (2, 2)]
    assert np.gradient(leaf(1.0)) == np.gradient(np.array(1.0)) == ()


def test_an_unwrapped_phase_moves_with_its_phase_on_both_sides_of_a_jump() -> None:
    x = [0.0, 3.0, -3.0, 9.0]
    np.testing.assert_array_equal(slopes(np.unwrap, x), np.ones(4))
    np.testing.assert_allclose(np.unwrap(tg.Tensor(x)).data[2], 2 * np.pi - 3)


# Between the knots of a line

XP, FP = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, -2.0])


def test_the_slope_at_a_knot_is_that_to_its_right_and_at_the_last_that_to_its_left() -> None:
    x = [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0]
    np.testing.assert_array_equal(slopes(lambda t: np.interp(t, XP, FP), x), [0, 2, 2, -2, -2, -2, 0])
    np.testing.assert_array_equal(np.interp(tg.Tensor(x), XP, FP).data, np.interp(x, XP, FP))


def test_beyond_its_ends_a_line_has_the_height_of_its_ends() -> None:
    np.testing.assert_array_equal(slopes(lambda t: np.interp([-1.0, 4.0, 9.0], XP, t), FP), [1, 0, 2])
    np.testing.assert_array_equal(slopes(lambda t: np.interp([-1.0, 4.0], t, FP), XP), [0, 0, 0])
    left = leaf(5.0)
    np.interp(tg.Tensor([-1.0, -2.0, 0.5]), XP, FP, left=left).sum().backward()
    assert left.grad.data == 2


def test_a_number_that_is_none_has_no_height() -> None:
    np.testing.assert_array_equal(np.interp(tg.Tensor([np.nan, 0.5]), XP, FP).data, [np.nan, 1])


def test_a_line_of_one_knot_is_flat() -> None:
    x, fp = leaf([0.0, 1.0, 2.0]), leaf([5.0])
    z = np.interp(x, [1.0], fp, right=7.0)
    np.testing.assert_array_equal(z.data, [5, 5, 7])
    z.sum().backward()
    np.testing.assert_array_equal(fp.grad.data, [2])
    assert x.grad is None or not x.grad.data.any()


def test_interpolation_in_float32_comes_back_in_float32() -> None:
    x = tg.Tensor(np.array([0.5, 2.0], np.float32), requires_grad=True)
    z = np.interp(x, XP.astype(np.float32), FP.astype(np.float32))
    assert z.dtype == np.float64  # as NumPy's
    z.sum().backward()
    assert x.grad.dtype == np.float32


# Sums of products of neighbours


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("f", [np.convolve, np.correlate])
def test_convolution_is_linear_in_both_operands(f: Any, mode: str) -> None:
    """Its gradient is the matrix of NumPy's own results on unit vectors."""
    rng = np.random.default_rng(0)
    for m, n in ((6, 3), (3, 6), (4, 4), (6, 2), (2, 6), (1, 4)):
        a, v = rng.standard_normal(m), rng.standard_normal(n)
        dz = rng.standard_normal(f(a, v, mode).shape)
        s, t = leaf(a), leaf(v)
        f(s, t, mode).backward(dz)
        np.testing.assert_allclose(s.grad.data, [dz @ f(e, v, mode) for e in np.eye(m)], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(t.grad.data, [dz @ f(a, e, mode) for e in np.eye(n)], rtol=1e-12, atol=1e-12)


# Polynomials


def test_a_polynomial_without_coefficients_is_zero_and_the_first_power_of_all_is_one() -> None:
    x = leaf([2.0, 3.0])
    np.testing.assert_array_equal(np.polyval([], x).data, [0, 0])
    for N in (0, 1):
        for increasing in (False, True):
            z = np.vander(x, N, increasing)
            np.testing.assert_array_equal(z.data, np.ones((2, N)))
            assert not z.requires_grad or not slopes(lambda t, N=N: np.vander(t, N), x.data).any()


# Whatever function of a vector


def normalized(row: Any, scale: float = 1.0, *, shift: float = 0.0) -> Any:
    return scale * row / (row * row).sum() + shift


def squares(row: Any) -> Any:
    return row[:, None] * row[:2]


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("f", [np.sum, normalized, squares, np.median, lambda row: row[0]])
def test_any_function_of_vectors_is_applied_along_an_axis(f: Any, axis: int) -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 2))
    expected = np.apply_along_axis(f, axis, x)
    t = leaf(x)
    z = np.apply_along_axis(f, axis, t)
    np.testing.assert_allclose(z.data, expected, rtol=1e-14)
    dz = np.random.default_rng(1).standard_normal(z.shape)
    z.backward(dz)
    direction, step = np.random.default_rng(2).standard_normal(x.shape), 1e-6
    up, down = (np.apply_along_axis(f, axis, x + sign * step * direction) for sign in (1, -1))
    assert np.sum(t.grad.data * direction) == pytest.approx(np.sum(dz * (up - down)) / (2 * step), rel=1e-6)


def test_the_function_gets_the_other_arguments_and_may_give_numbers() -> None:
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    z = np.apply_along_axis(normalized, 1, x, 2.0, shift=1.0)
    np.testing.assert_allclose(z.data, np.apply_along_axis(normalized, 1, x.data, 2.0, shift=1.0))
    np.testing.assert_array_equal(np.apply_along_axis(lambda row: 1.5, 0, x).data, [1.5, 1.5])
    np.testing.assert_array_equal(np.apply_along_axis(lambda row: [row.data[0], 2.0], 0, x).data, [[1, 2], [2, 2]])


# What is refused

REFUSED = {
    "a difference less than none": (lambda t: np.diff(t, n=-1), DomainError, r"^diff: n is -1"),
    "a difference of a number": (lambda t: np.diff(t[0, 0]), IndexingError, r"^diff: the array is \(\); axis -1"),
    "a difference along no axis": (
        lambda t: np.diff(t, axis=2),
        IndexingError,
        r"^diff: the array is \(3, 3\); axis 2",
    ),
    "out=": (lambda t: np.cumprod(t, out=np.zeros(9)), NoRuleError, r"^cumprod\(\.\.\., out=\.\.\.\)"),
    "out= over NaN": (lambda t: np.nancumsum(t, out=np.zeros(9)), NoRuleError, r"^nancumsum\(\.\.\., out=\.\.\.\)"),
    "ends that do not fit": (
        lambda t: np.ediff1d(t.astype(np.float32), to_end=1j),
        DTypeError,
        "to_end is complex128, and the array float32",
    ),
    "a gradient of one entry": (
        lambda t: np.gradient(t[0, :1]),
        ShapeError,
        "axis 0 has 1 entries; edge_order=1 needs 2",
    ),
    "a gradient of two": (lambda t: np.gradient(t[0, :2], edge_order=2), ShapeError, "edge_order=2 needs 3"),
    "too many spacings": (lambda t: np.gradient(t, 1.0, 1.0, 1.0), ShapeError, "3 spacings for 2 axes"),
    "coordinates for all axes": (lambda t: np.gradient(t, [0.0, 1.0, 2.0]), ShapeError, "1 spacings for 2 axes"),
    "too few coordinates": (lambda t: np.gradient(t[0], [0.0, 1.0]), ShapeError, "a vector of as many"),
    "coordinates in a matrix": (lambda t: np.gradient(t[0], np.ones((3, 3))), ShapeError, "a vector of as many"),
    "an edge of third order": (lambda t: np.gradient(t, edge_order=3), DomainError, "edge_order is 3; it is 1 or 2"),
    "a gradient along no axis": (lambda t: np.gradient(t, axis=-3), IndexingError, r"^gradient: .*axis -3"),
    "an area along no axis": (lambda t: np.trapezoid(t, axis=2), IndexingError, r"^trapezoid: .*axis 2"),
    "fewer than no entries": (lambda t: np.linspace(t, 1.0, -1), DomainError, r"^linspace: num is -1"),
    "knots that fall": (lambda t: np.interp(t, [1.0, 0.0], [0.0, 1.0]), DomainError, "xp must be increasing"),
    "a knot twice": (lambda t: np.interp(t, [0.0, 1.0, 1.0], [0.0, 1.0, 2.0]), DomainError, "no value twice"),
    "knots without heights": (lambda t: np.interp(t, [0.0, 1.0], [0.0]), ShapeError, r"xp is \(2,\) and fp is \(1,\)"),
    "no knots": (lambda t: np.interp(t, [], []), ShapeError, "vectors of one length"),
    "knots in a matrix": (lambda t: np.interp(0.5, t, t), ShapeError, r"xp is \(3, 3\)"),
    "no period": (lambda t: np.interp(t, [0.0, 1.0], [0.0, 1.0], period=0), DomainError, "period is 0"),
    "complex places": (lambda t: np.interp(t * 1j, [0.0, 1.0], [0.0, 1.0]), DTypeError, "only fp can be complex"),
    "matrices convolved": (lambda t: np.convolve(t, [1.0, 2.0]), ShapeError, r"convolve\(a, v.*a is \(3, 3\)"),
    "nothing convolved": (lambda t: np.convolve(t[0], []), ShapeError, r"v cannot be empty"),
    "a mode that is none": (lambda t: np.convolve(t[0], [1.0], "some"), ShapeError, "'full', 'same' or 'valid'"),
    "a mode by number": (lambda t: np.correlate(t[0], [1.0], 1), ShapeError, "mode=1.*'full', 'same' or 'valid'"),
    "numbers correlated": (lambda t: np.correlate(t[0], 2.0), ShapeError, r"^correlate: a is \(3,\) and v is \(\)"),
    "a polynomial in a polynomial": (lambda t: np.polyval(t[0], np.poly1d([1, 2])), NoRuleError, r"^polyval"),
    "powers of a matrix": (lambda t: np.vander(t), ShapeError, r"^vander: x is \(3, 3\)"),
    "vectors of no array": (lambda t: np.apply_along_axis(np.sum, 0, t[:, :0]), ShapeError, "no vector along axis 0"),
    "vectors along no axis": (
        lambda t: np.apply_along_axis(np.sum, 2, t),
        IndexingError,
        r"^apply_along_axis.*axis 2",
    ),
}


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_has_no_meaning_or_no_rule_is_refused_by_name(call: Any, kind: type, message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        call(leaf(np.arange(9.0).reshape(3, 3)))
    assert type(caught.value) is kind

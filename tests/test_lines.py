"""Along an axis, what the samples of rules.sequences cannot show: types, lists, ends, and what is not computed."""

import numpy as np
import pytest
from calls import leaf

import tinygrad_edu as tg
from tinygrad_edu.errors import NoRuleError, ShapeError

rng = np.random.default_rng(6)


@pytest.mark.parametrize("f", [np.cumsum, np.cumprod])
def test_running_sums_are_added_up_in_the_type_that_is_asked_for(f):
    x = rng.standard_normal((2, 3)).astype(np.float32)
    for axis in (None, 0, 1):
        for dtype in (np.float64, np.complex64):
            expected = f(x, axis=axis, dtype=dtype)
            np.testing.assert_array_equal(f(leaf(x), axis=axis, dtype=dtype).data, expected, strict=True)
    with pytest.raises(NoRuleError, match=rf"^{f.__name__}\(\.\.\., out="):
        f(leaf(x), dtype=np.float64, out=np.zeros(6))


def test_a_product_that_passes_over_nan_takes_no_out():
    with pytest.raises(NoRuleError, match=r"^nancumprod\(\.\.\., out="):
        np.nancumprod(leaf([1.0, np.nan]), out=np.zeros(2))


@pytest.mark.skipif(not hasattr(np, "cumulative_sum"), reason="from NumPy 2.1 on")
@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_cumulative_sums_have_the_types_and_first_entries_of_numpy(name):
    f = getattr(np, name)
    for x in (np.array(2.0), rng.standard_normal(3), rng.standard_normal((2, 3)), rng.standard_normal((3, 2, 2))):
        for axis in [None] * (x.ndim < 2) + list(range(-x.ndim, x.ndim)):
            for options in ({}, {"include_initial": True}, {"include_initial": True, "dtype": np.float32}):
                expected = f(x, axis=axis, **options)
                np.testing.assert_array_equal(f(leaf(x), axis=axis, **options).data, expected, strict=True)


def test_no_differences_leave_out_what_stands_before_and_after():
    x = leaf([1.0, 2.0])
    assert np.diff(x, n=0, prepend=0.0, append=1.0) is x


def test_lists_may_stand_beside_tensors():
    t = leaf([3.0, 5.0])
    np.testing.assert_array_equal(np.diff([1.0, 2.0], prepend=t).data, [2.0, -4.0, 1.0])
    np.testing.assert_array_equal(np.trapezoid([1.0, 3.0], x=t).data, 4.0)
    np.testing.assert_array_equal(np.polyval(t, [1.0, 2.0]).data, [8.0, 11.0])
    np.testing.assert_array_equal(np.linspace([0.0, 1.0], t, 2).data, [[0.0, 1.0], [3.0, 5.0]])
    np.testing.assert_array_equal(np.linspace(t, [0.0, 1.0], 2).data, [[3.0, 5.0], [0.0, 1.0]])


def test_a_line_ends_exactly_at_its_end():
    start, stop = rng.standard_normal((2, 100))
    np.testing.assert_array_equal(np.linspace(tg.Tensor(start), stop, 7).data[-1], stop)
    assert (start + 1.0 * (stop - start) != stop).any()


def test_the_entries_of_a_line_have_the_type_that_is_asked_for_and_one_entry_has_no_step():
    start = np.array([-1.5, 0.25])
    for dtype in (np.float32, np.complex128, int, np.int8):
        z = np.linspace(tg.Tensor(start), 2.0, 5, dtype=dtype)
        np.testing.assert_array_equal(z.data, np.linspace(start, 2.0, 5, dtype=dtype), strict=True)
    z, step = np.linspace(tg.Tensor(start), 2.0, 1, retstep=True)
    np.testing.assert_array_equal(z.data, [start])
    assert np.isnan(step)


@pytest.mark.parametrize("dtype", [np.float32, np.complex64])
@pytest.mark.parametrize("number", [2, 2.0, 2j])
def test_a_number_does_not_widen_a_line(dtype, number):
    x = np.array([-1.5, 0.25], dtype)
    assert np.linspace(tg.Tensor(x), number).dtype == np.result_type(x, number)
    assert np.linspace(number, tg.Tensor(x)).dtype == np.result_type(x, number)


def test_float32_places_and_knots_are_interpolated_in_float64():
    x, xp = np.linspace(0.1, 2.9, 50, dtype=np.float32), np.array([0.1, 1.3, 2.9], np.float32)
    fp = np.array([0.1, 0.7, -0.3])
    np.testing.assert_allclose(np.interp(leaf(x), xp, fp).data, np.interp(x, xp, fp), rtol=1e-14)
    far, circle = np.array([1000.3], np.float32), np.array([0.0, 0.2, 0.5], np.float32)
    actual = np.interp(leaf(far), circle, fp, period=0.7)
    np.testing.assert_allclose(actual.data, np.interp(far, circle, fp, period=0.7), rtol=1e-12)


def test_only_vectors_are_correlated():
    for a, v in (((2, 2), (2,)), ((2,), (2, 2))):
        with pytest.raises(ShapeError, match=r"^correlate: a is .* they must be vectors"):
            np.correlate(leaf(np.ones(a)), np.ones(v))


def test_no_power_is_computed_that_is_not_shown():
    x = leaf([1e200])
    np.vander(x, 2).sum().backward()  # the next power would be infinite
    np.testing.assert_array_equal(x.grad.data, [1.0])
    assert np.vander(leaf([])).shape == (0, 0)

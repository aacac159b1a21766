"""The further arguments of NumPy's reductions, shapes and statistics: which type, which entries, whose name."""

import numpy as np
import pytest
from calls import leaf

import tinygrad_edu as tg
from tinygrad_edu.errors import NoRuleError, ShapeError, TinygradEduError
from tinygrad_edu.rules import reduce, shape

rng = np.random.default_rng(7)


def test_entries_are_counted_exactly():
    many = np.broadcast_to(0.0, (2**24 + 1,))
    assert reduce.count(np.zeros(()), many) == 2**24 + 1


def test_nothing_is_added_up_where_nothing_is_chosen():
    x = leaf([1.0, 2.0])
    z = np.sum(x, where=False)
    assert z.data == 0
    z.backward()
    np.testing.assert_array_equal(x.grad.data, [0.0, 0.0])


@pytest.mark.parametrize("f", [np.mean, np.var, np.std])
def test_whole_numbers_have_means_of_the_type_that_numpy_gives(f):
    x, mask = np.array([1, 2, 5, 9]), np.array([True, True, False, True])
    for options in ({}, {"dtype": np.float32}):
        expected = f(x, where=mask, **options)
        np.testing.assert_allclose(f(tg.Tensor(x), where=mask, **options).data, expected, rtol=1e-6)
        assert f(tg.Tensor(x), where=mask, **options).dtype == expected.dtype
    assert np.mean(tg.Tensor(x), where=mask, dtype=int).data == np.mean(x, where=mask, dtype=int)


def test_a_variance_is_computed_in_the_type_that_is_asked_for():
    x, mask = (1e4 + rng.standard_normal(50)).astype(np.float32), np.arange(50) % 7 > 0
    z = np.var(leaf(x), dtype=np.float64, where=mask)
    np.testing.assert_allclose(z.data, np.var(x, dtype=np.float64, where=mask), rtol=1e-12)
    for dtype in (np.float32, np.float64):
        z = np.var(leaf(x.astype(np.float64)), dtype=dtype, where=mask)
        assert z.dtype == np.var(x.astype(np.float64), dtype=dtype, where=mask).dtype == dtype


@pytest.mark.parametrize("dtype", [float, complex])
def test_an_entry_that_ties_with_the_initial_one_has_half_the_gradient_whatever_is_left_out(dtype):
    x = leaf(np.array([0.0, -1.0, 5.0], dtype))
    z = np.max(x, initial=0.0, where=np.array([True, True, False]))
    np.real(z).backward()
    np.testing.assert_array_equal(x.grad.data, [0.5, 0.0, 0.0])


def test_the_extreme_of_whole_numbers_is_a_whole_number():
    x = np.array([1, 2])
    z = np.max(tg.Tensor(x), initial=3.0, where=np.array([True, False]))
    assert z.dtype.kind == "i"
    assert z.data == 3


@pytest.mark.parametrize(
    "f", [np.sum, np.prod, np.mean, np.nanmean, np.var, np.std, np.nanvar], ids=lambda f: f.__name__
)
def test_errors_name_the_function_that_was_called(f):
    x = leaf(np.ones((2, 3)))
    with pytest.raises(NoRuleError, match=rf"^{f.__name__}\(\.\.\., out="):
        f(x, out=np.zeros(()), where=np.ones((2, 3), bool))
    with pytest.raises(ShapeError, match=rf"^{f.__name__}: where= is \(5,\)"):
        f(x, where=np.ones(5, bool))


# Shapes


def test_a_shape_may_be_called_newshape():
    x = leaf(np.arange(6.0))
    assert shape.reshape_in_order(x, newshape=(2, 3)).shape == (2, 3)


@pytest.mark.parametrize(
    ("f", "plain"),
    [
        (np.atleast_1d, [1.0, 2.0]),
        (np.atleast_2d, [[1.0, 2.0]]),
        (np.atleast_3d, [[[1.0, 2.0]]]),
        (np.broadcast_arrays, [3.0, 4.0]),
    ],
    ids=lambda f: getattr(f, "__name__", ""),
)
def test_a_list_beside_a_tensor_comes_back_as_an_array(f, plain):
    _, other = f(leaf([1.0, 2.0]), plain)
    assert isinstance(other, np.ndarray)
    np.testing.assert_array_equal(other, plain)


def test_axes_of_length_1_are_not_dropped_by_broadcasting():
    with pytest.raises(ShapeError, match="more axes"):
        np.broadcast_to(leaf(np.ones((1, 3))), (3,))


def test_a_fraction_does_not_fill_whole_numbers():
    with pytest.raises(TinygradEduError, match="would be cut off"):
        np.full_like(tg.Tensor([1, 2]), leaf(0.5))


# Statistics


def test_a_mean_that_is_given_does_not_change_the_type_of_a_variance():
    for x in (np.array([1, 2, 5]), rng.standard_normal(3).astype(np.float32), np.array([1j, 2.0], np.complex64)):
        mean = x.mean(keepdims=True, dtype=np.result_type(x.dtype, float)) + 0.25
        expected = np.nanvar(x, mean=mean)
        actual = np.nanvar(tg.Tensor(x), mean=mean)
        assert actual.dtype == expected.dtype
        np.testing.assert_allclose(actual.data, expected, rtol=1e-6)


def test_the_closest_observation_is_the_even_one_of_two():
    x, q = rng.standard_normal(12), (np.arange(11) + 1.5) / 12
    actual = np.quantile(tg.Tensor(x), q, method="closest_observation")
    np.testing.assert_array_equal(actual.data, np.quantile(x, q, method="closest_observation"))


def test_correlations_of_complex_numbers_end_at_minus_1():
    beyond = 0
    for _ in range(200):
        x = rng.standard_normal(3) + 1j * rng.standard_normal(3)
        r = np.corrcoef(tg.Tensor(x), -2.3 * x).data
        assert (r.real >= -1).all()
        c = np.cov(x, -2.3 * x)
        beyond += (c[0, 1] / np.sqrt(c[0, 0]) / np.sqrt(c[1, 1])).real < -1
    assert beyond, "rounding has carried some of them further"


@pytest.mark.parametrize("unit", [1.0, 1j])
def test_the_sum_of_the_weights_comes_in_the_type_of_the_average(unit):
    a, w = rng.standard_normal((2, 2)), rng.uniform(1, 2, 2) * unit + 1
    for x, y in zip(np.average(leaf(a), 1, w, returned=True), np.average(a, 1, w, returned=True), strict=True):
        np.testing.assert_allclose(getattr(x, "data", x), y, rtol=1e-14)
        assert x.dtype == y.dtype

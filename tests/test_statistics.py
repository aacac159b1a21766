"""What medians, quantiles, averages and covariances promise at ties and NaN, and which arguments they refuse."""

import warnings
from typing import Any

import numpy as np
import pytest
from calls import leaf
from test_rules_edges import slopes

import tinygrad_edu as tg
from tinygrad_edu.errors import DomainError, DTypeError, GradientError, IndexingError, NoRuleError, ShapeError
from tinygrad_edu.rules.statistics import METHODS

NAN = np.nan


# NaN


@pytest.mark.parametrize("f", [np.median, lambda t, axis: np.quantile(t, 0.3, axis=axis)])
def test_a_median_of_a_row_with_nan_is_that_nan(f: Any) -> None:
    x = np.array([[3.0, NAN, 1.0, 2.0], [4.0, 1.0, 2.0, 3.0]])
    np.testing.assert_array_equal(f(tg.Tensor(x), axis=1).data, f(x, axis=1))
    dx = slopes(lambda t: f(t, axis=1), x)
    np.testing.assert_array_equal(dx[0], [0, 1, 0, 0])
    np.testing.assert_array_equal(dx[1], slopes(lambda t: f(t, axis=0), x[1]))


# Order statistics


def test_a_median_takes_the_middle_or_half_of_two() -> None:
    np.testing.assert_array_equal(slopes(np.median, [3.0, 9.0, 1.0]), [1, 0, 0])
    np.testing.assert_array_equal(slopes(np.median, [3.0, 9.0, 1.0, 4.0]), [0.5, 0, 0, 0.5])


def test_of_equal_entries_those_count_that_stand_first() -> None:
    np.testing.assert_array_equal(slopes(np.median, [2.0, 2.0, 2.0]), [0, 1, 0])
    np.testing.assert_array_equal(slopes(np.median, [7.0, 2.0, 1.0, 2.0]), [0, 0.5, 0, 0.5])
    x = np.tile([1.0, 0.0, 1.0, 2.0], 17)  # 17 zeros, 34 ones: numbers 16 and 17 of these are in the middle
    ones = np.flatnonzero(x == 1)
    np.testing.assert_array_equal(slopes(np.median, x), np.isin(np.arange(x.size), ones[16:18]) / 2)
    np.testing.assert_allclose(slopes(lambda t: np.quantile(t, 0.3), [5.0, 5.0, 5.0]), [0.4, 0.6, 0], rtol=1e-15)


def test_a_median_does_not_overflow() -> None:
    for x in ([1.5e308], [1.5e308, 1.7e308], [-1.7e308, -1.6e308, -1.5e308]):
        for f in (np.median, np.nanmedian):
            assert f(tg.Tensor(x)).data == pytest.approx(
                np.mean(np.sort(x)[(len(x) - 1) // 2 : len(x) // 2 + 1] / 10) * 10
            )


def test_the_median_of_nothing_is_nan_with_numpys_warning() -> None:
    for f in (np.median, np.nanmedian):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            np.testing.assert_array_equal(f(tg.Tensor(np.zeros((2, 0))), axis=1, keepdims=True).data, [[NAN], [NAN]])
        assert any("Mean of empty slice" in str(w.message) for w in caught)


def test_a_percentile_takes_its_axis_without_a_name() -> None:
    x = np.array([[1.0, 2.0, 4.0], [3.0, 0.5, 1.5]])
    for f in (np.percentile, np.nanpercentile):
        np.testing.assert_array_equal(f(leaf(x), 50, 1).data, [2.0, 1.5])


def test_a_quantile_of_nothing_raises() -> None:
    for f in (np.quantile, np.nanquantile):
        with pytest.raises(IndexingError, match=rf"^{f.__name__}: the array is \(2, 0\), and there is no entry"):
            f(leaf(np.zeros((2, 0))), 0.5, axis=1)


def test_a_quantile_has_a_slope_in_q_that_to_the_right_at_an_entry() -> None:
    x = np.array([7.0, 1.0, 2.0])  # sorted: 1, 2, 7
    np.testing.assert_allclose(slopes(lambda q: np.quantile(x, q), [0.0, 0.2, 0.5, 0.9, 1.0]), [2, 2, 10, 10, 0])
    np.testing.assert_allclose(slopes(lambda q: np.percentile(x, q), [20.0, 90.0]), [0.02, 0.1])
    np.testing.assert_array_equal(np.percentile(tg.Tensor([x, x]), 25, 1).data, [1.5, 1.5])
    np.testing.assert_allclose(slopes(lambda q: np.nanquantile([7.0, NAN, 1.0, 2.0], q), [0.2, 0.9]), [2, 10])


@pytest.mark.parametrize("method", ["lower", "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf"])
def test_a_quantile_that_jumps_does_not_depend_on_q(method: str) -> None:
    q = leaf(0.3)
    z = np.quantile(np.array([7.0, 1.0, 2.0]), q, method=method)
    assert z.data == np.quantile(np.array([7.0, 1.0, 2.0]), 0.3, method=method)
    with pytest.raises(GradientError, match="depends on no tensor"):
        z.backward()


@pytest.mark.parametrize("nan", [False, True])
def test_quantiles_of_many_dtypes_and_lengths_are_numpys(nan: bool) -> None:
    """At the quantiles of an entry too, where two methods differ by one entry."""
    ours, numpys = (np.nanquantile, np.nanquantile) if nan else (np.quantile, np.quantile)
    rng = np.random.default_rng(0)
    for method in METHODS:
        for n in (1, 2, 3, 4, 5, 8):
            x = rng.permutation(n) * 1.5
            for q in (0.0, 0.25, 0.5, 0.75, 1.0, 0.125, [0.5, 0.375], [0.5002, 0.3752]):
                np.testing.assert_array_equal(ours(tg.Tensor(x), q, method=method).data, numpys(x, q, method=method))


# Averages and covariances


def test_an_average_has_a_gradient_for_its_weights() -> None:
    a, w = leaf([[1.0, 2.0, 6.0], [0.0, 1.0, 1.0]]), leaf([1.0, 2.0, 1.0])
    z = np.average(a, axis=1, weights=w)
    z.sum().backward()
    total = w.data.sum()
    np.testing.assert_allclose(a.grad.data, np.tile(w.data / total, (2, 1)))
    np.testing.assert_allclose(w.grad.data, ((a.data - z.data[:, None]) / total).sum(axis=0))


@pytest.mark.parametrize("weights", [None, [1.0, 3.0], np.array([0.1, 0.7], np.float32)])
def test_an_average_returns_the_sum_of_its_weights(weights: Any) -> None:
    a = np.array([[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]])
    for keepdims in (False, True):
        z = np.average(leaf(a), 1, weights, returned=True, keepdims=keepdims)
        expected = np.average(a, 1, weights, returned=True, keepdims=keepdims)
        for part, of_numpy in zip(z, expected, strict=True):
            np.testing.assert_array_equal(part.data, of_numpy)
        assert not z[1].requires_grad


def test_a_covariance_is_computed_in_float64_or_the_dtype_that_is_named() -> None:
    x = tg.Tensor(X.astype(np.float32), requires_grad=True)
    assert np.cov(x).dtype == np.corrcoef(x).dtype == np.float64
    assert np.cov(x, dtype=np.float32).dtype == np.corrcoef(x, dtype=np.float32).dtype == np.float32


def test_a_covariance_without_degrees_of_freedom_warns_as_in_numpy() -> None:
    for options in ({"ddof": 3}, {"ddof": 4}, {"fweights": [1, 0, 0]}):
        x = np.array([[1.0, 2.0, 4.0], [2.0, 1.0, 1.0]])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            expected = np.cov(x, **options)
            z = np.cov(tg.Tensor(x), **options)
        assert sum("Degrees of freedom" in str(w.message) for w in caught) == 2
        np.testing.assert_array_equal(z.data, expected)


def test_the_correlation_of_a_line_is_one_and_flat() -> None:
    x = leaf([0.1, 0.3, 0.7])
    r = np.corrcoef(x, -3 * x)
    assert (np.abs(r.data) <= 1).all()
    np.testing.assert_allclose(r.data, [[1, -1], [-1, 1]], rtol=1e-15)
    r.sum().backward()
    np.testing.assert_allclose(x.grad.data, 0, atol=1e-14)


@pytest.mark.parametrize("factor", [2.0, -3.0, 1.5j, -0.5j])
def test_no_part_of_a_correlation_passes_one(factor: complex) -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        x = rng.standard_normal(5)
        r = np.corrcoef(tg.Tensor(x), tg.Tensor(factor * x)).data
        assert r.dtype == np.result_type(type(factor), np.float64)
        assert max(np.abs(r.real).max(), np.abs(r.imag).max()) <= 1


def test_the_correlation_of_one_variable_is_one() -> None:
    x = leaf([1.0, 2.0, 4.0])
    r = np.corrcoef(x)
    r.backward()
    assert r.shape == ()
    assert r.data == 1
    np.testing.assert_array_equal(x.grad.data, [0, 0, 0])


# What is refused

X = np.array([[1.0, 2.0, 4.0], [3.0, 0.5, 1.5]])
REFUSED = {
    "out= of a range": (lambda t: np.ptp(t, out=np.zeros(())), NoRuleError, r"^ptp\(\.\.\., out=\.\.\.\)"),
    "out= of a median": (lambda t: np.median(t, out=np.zeros(())), NoRuleError, r"^median\(\.\.\., out"),
    "out= of a quantile": (lambda t: np.quantile(t, 0.5, out=np.zeros(())), NoRuleError, r"^quantile\(\.\.\., out"),
    "weights= of a quantile": (
        lambda t: np.quantile(t, 0.5, method="inverted_cdf", weights=np.ones((2, 3))),
        NoRuleError,
        r"^quantile\(\.\.\., weights=.*\.data",
    ),
    "a method that is none": (lambda t: np.quantile(t, 0.5, method="best"), DomainError, "'best' is none of linear"),
    "q beyond 1": (lambda t: np.quantile(t, [0.5, 1.1]), DomainError, "q lies between 0 and 1"),
    "q below 0": (lambda t: np.quantile(t, -0.1), DomainError, "q lies between 0 and 1"),
    "q NaN": (lambda t: np.quantile(t, NAN), DomainError, "q lies between 0 and 1"),
    "a percentile beyond 100": (lambda t: np.nanpercentile(t, 101), DomainError, "between 0 and 100"),
    "complex numbers": (lambda t: np.quantile(t * 1j, 0.5), DTypeError, "^quantile: .*complex numbers have no order"),
    "an axis that is none": (
        lambda t: np.median(t, axis=2),
        IndexingError,
        r"^median: the array is \(2, 3\); axis 2",
    ),
    "an axis twice": (lambda t: np.quantile(t, 0.5, axis=(0, -2)), IndexingError, r"^quantile.*repeated axis"),
    "weights of another shape": (
        lambda t: np.average(t, 1, [1.0, 2.0]),
        ShapeError,
        r"\(2,\) and the array is \(2, 3\)",
    ),
    "weights without an axis": (lambda t: np.average(t, weights=[1.0, 2.0, 3.0]), ShapeError, "named by axis="),
    "weights that sum to zero": (
        lambda t: np.average(t, 1, [[1.0, -1.0, 0.0], [1.0, 1.0, 1.0]]),
        DomainError,
        "sum to zero",
    ),
    "weights below zero": (lambda t: np.cov(t, aweights=[1.0, 1.0, -1.0]), DomainError, "aweights must be"),
    "too few weights": (lambda t: np.cov(t, fweights=[1, 1]), DomainError, "fweights must be .* 3 observations"),
    "broken frequencies": (lambda t: np.cov(t, fweights=[1, 1.5, 1]), DomainError, "fweights are whole numbers"),
    "too many axes": (lambda t: np.cov(t[None]), ShapeError, r"^cov: m is \(1, 2, 3\)"),
}


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_has_no_meaning_or_no_rule_is_refused_by_name(call: Any, kind: type, message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        call(leaf(X))
    assert type(caught.value) is kind


OWN_NAMES = {
    np.nansum: {}, np.nanprod: {}, np.nanmean: {}, np.nanvar: {}, np.nanstd: {}, np.nanmax: {}, np.nanmin: {},
    np.median: {}, np.nanmedian: {}, np.quantile: {"q": 0.5}, np.nanquantile: {"q": 0.5}, np.percentile: {"q": 50},
    np.nanpercentile: {"q": 50}, np.std: {"where": True}, np.var: {"where": True}, np.ptp: {},
}  # fmt: skip


@pytest.mark.parametrize(("f", "options"), OWN_NAMES.items(), ids=lambda x: getattr(x, "__name__", ""))
def test_an_error_names_the_function_that_was_called(f: Any, options: Any) -> None:
    with pytest.raises(NoRuleError, match=rf"^{f.__name__}\(\.\.\., out=\.\.\.\)"):
        f(leaf(X), out=np.zeros(()), **options)
    with pytest.raises(IndexingError, match=rf"^{f.__name__}\b.*axis 7 is out of bounds"):
        f(leaf(X), axis=7, **options)
    if "q" in options:
        with pytest.raises(DomainError, match=f"^{f.__name__}: q lies between 0 and {2 * options['q']:.0f}\\."):
            f(leaf(X), -1)
        with pytest.raises(DomainError, match=f"^{f.__name__}: method='best' is none of linear"):
            f(leaf(X), **options, method="best")
        with pytest.raises(IndexingError, match=rf"^{f.__name__}: the array is \(0,\), and there is no entry"):
            f(leaf([]), **options)
    elif "nan" in f.__name__ and "median" not in f.__name__:
        with pytest.raises(ShapeError, match=rf"^{f.__name__}: where= is \(2,\)"):
            f(leaf(X), where=[True, False])


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("f", [np.nansum, np.nanprod, np.nanmean, np.nanmax, np.ptp, np.nancumsum, np.nancumprod])
def test_a_number_has_an_axis_as_in_numpy(f: Any, axis: int) -> None:
    np.testing.assert_array_equal(f(leaf(3.0), axis=axis).data, f(np.array(3.0), axis=axis))
    with pytest.raises(IndexingError, match=rf"^{f.__name__}.*axis 1 is out of bounds"):
        f(leaf(3.0), axis=1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: np.nanmax(t, axis=0, initial=[1.0, 2.0]), r"^nanmax: initial= is \(2,\)"),
        (lambda t: np.nanmin(t, where=t > 1), "^nanmin: where= needs initial="),
        (lambda t: np.nanstd(t, ddof=1, correction=1), "^nanstd: ddof and correction"),
        (lambda t: np.nanvar(t, ddof=1, correction=1), "^nanvar: ddof and correction"),
        (lambda t: np.corrcoef(t[None]), r"^corrcoef: m is \(1, 2, 3\)"),
    ],
)
def test_what_is_wrong_is_said_in_the_name_of_the_function_too(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(leaf(X))


@pytest.mark.parametrize(
    "call",
    [
        lambda t: np.sum(t, axis=0, out=np.zeros(3), where=[True, False, True]),
        lambda t: np.median(t, axis=0, out=np.zeros(3)),
        lambda t: np.nanmean(t, axis=0, out=np.zeros(3)),
        lambda t: np.ptp(t, 0, np.zeros(3)),
        lambda t: np.quantile(t, 0.5, axis=0, method="inverted_cdf", weights=np.ones((2, 3))),
        lambda t: np.max(t, axis=0, where=[True, False, True], initial=0, out=np.zeros(3)),
    ],
)
def test_what_has_no_rule_works_where_no_gradient_is_wanted(call: Any) -> None:
    np.testing.assert_array_equal(np.asarray(call(tg.Tensor(X))), call(X))
    with tg.no_grad():
        np.testing.assert_array_equal(np.asarray(call(leaf(X))), call(X))

"""What reductions promise in float16, at NaN and with a mask, and which arguments they refuse."""

from typing import Any

import numpy as np
import pytest
from calls import leaf
from test_rules_edges import slopes

import tinygrad_edu as tg
from tinygrad_edu.errors import DomainError, NoRuleError, ShapeError
from tinygrad_edu.rules.activation import log_softmax, softmax
from tinygrad_edu.rules.reduce import count, logsumexp

NAN = np.nan


# float16 ends at 65504


@pytest.mark.parametrize("n", [65504, 65505, 100_000])
def test_the_mean_of_many_float16_has_a_gradient(n: int) -> None:
    np.testing.assert_allclose(slopes(np.mean, np.ones(n), np.float16), np.full(n, 1 / n), rtol=5e-3)
    t = tg.Tensor(np.ones(n, np.float16), requires_grad=True)
    (t.mean() * 1024).backward()
    np.testing.assert_allclose(t.grad.data, np.full(n, 1024 / n), rtol=1e-3)


def test_the_number_of_entries_of_other_dtypes_is_exact() -> None:
    n = 2**24 + 1  # float32 has no such number
    assert int(count(np.zeros(()), np.broadcast_to(0.0, n))) == n


def test_the_variance_of_many_float16_has_a_gradient() -> None:
    x = np.tile([0.25, -0.25], 50_000)
    np.testing.assert_allclose(slopes(np.var, x, np.float16), 2 * x / x.size, rtol=5e-3)


def test_many_float16_that_tie_share_the_gradient() -> None:
    np.testing.assert_allclose(slopes(np.max, np.zeros(100_000), np.float16), np.full(100_000, 1e-5), rtol=5e-3)


def test_a_mean_of_chosen_float16_is_added_up_in_float32() -> None:
    x = np.full(100_000, 60_000, np.float16)
    for z in (np.mean(tg.Tensor(x), where=x > 0), np.nanmean(tg.Tensor(x))):
        assert z.dtype == np.float16
        assert z.data == 60_000


# Spread


@pytest.mark.parametrize("f", [np.var, lambda t, **kw: np.var(t, where=True, **kw)])
def test_a_variance_with_more_ddof_than_entries_has_no_finite_gradient(f: Any) -> None:
    x = np.array([1.0, 3.0])
    for ddof in (2, 3, 2.5):
        with pytest.warns(RuntimeWarning):
            assert np.var(x, ddof=ddof) == np.inf
        with pytest.warns(RuntimeWarning):
            assert f(leaf(x), ddof=ddof).data == np.inf
        with pytest.warns(RuntimeWarning):
            dx = slopes(lambda t, ddof=ddof: f(t, ddof=ddof), x)
        assert not np.isfinite(dx).any()


def test_a_mean_that_is_given_has_a_gradient_of_its_own() -> None:
    x, m = leaf([[1.0, 2.0, 6.0]]), leaf([[2.5]])
    np.var(x, axis=1, mean=m, ddof=1).sum().backward()
    np.testing.assert_allclose(m.grad.data, [[-2 * (1 + 2 + 6 - 3 * 2.5) / 2]])
    np.testing.assert_allclose(x.grad.data, 2 * (x.data - 2.5) / 2)


def test_an_initial_value_has_a_gradient() -> None:
    for f, z, dx, d_initial in (
        (np.sum, 5.0, [1, 1], 1),
        (np.prod, 4.0, [4, 2], 2),
        (np.max, 2.0, [0, 0.5], 0.5),
        (np.min, 1.0, [1, 0], 0),
    ):
        x, initial = leaf([1.0, 2.0]), leaf(2.0)
        y = f(x, initial=initial)
        y.backward()
        assert y.data == z
        np.testing.assert_array_equal(x.grad.data, dx)
        assert initial.grad.data == d_initial


def test_the_extreme_of_all_entries_by_a_mask_needs_no_initial_value() -> None:
    assert np.max(leaf([1.0, 2.0]), where=True).data == 2
    with pytest.raises(ShapeError, match="zero-size array"):
        np.min(leaf([]), where=True)


def test_an_initial_value_counts_as_one_entry_however_many_are_left_out() -> None:
    x, initial = leaf([2.0, 0.0, 7.0, 9.0]), leaf(2.0)
    np.max(x, initial=initial, where=[True, True, False, False]).backward()
    np.testing.assert_array_equal(x.grad.data, [0.5, 0, 0, 0])
    assert initial.grad.data == 0.5


# NaN


@pytest.mark.parametrize(
    ("f", "warning"), [(np.mean, "Mean of empty"), (np.nanmean, "Mean of empty"), (np.nanvar, "Degrees of freedom")]
)
def test_the_mean_of_no_whole_numbers_is_nan(f: Any, warning: str) -> None:
    with pytest.warns(RuntimeWarning, match=warning):
        assert np.isnan(f(tg.Tensor([1, 2]), where=np.array([False, False])).data)


def test_where_a_nan_is_the_extreme_the_gradient_is_nan() -> None:
    x = np.array([[1.0, NAN, 3.0], [1.0, 2.0, 2.0]])
    for f, clean in ((np.max, [0, 0.5, 0.5]), (np.min, [1, 0, 0])):
        with pytest.warns(RuntimeWarning, match="invalid value"):
            dx = slopes(lambda t, f=f: f(t, axis=1), x)
        np.testing.assert_array_equal(dx, [[NAN] * 3, clean])
    assert np.argmax(tg.Tensor(x)).data == np.argmin(tg.Tensor(x)).data == 1


def test_extremes_that_pass_over_nan_share_among_ties() -> None:
    x = [[NAN, 2.0, 2.0], [1.0, NAN, 0.0]]
    np.testing.assert_array_equal(slopes(lambda t: np.nanmax(t, axis=1), x), [[0, 0.5, 0.5], [1, 0, 0]])
    np.testing.assert_array_equal(slopes(lambda t: np.nanmin(t, axis=1), x), [[0, 0.5, 0.5], [0, 0, 1]])
    np.testing.assert_array_equal(slopes(np.nanmax, [NAN, -np.inf]), [0, 1])
    np.testing.assert_array_equal(slopes(lambda t: np.nanmax(t, initial=-np.inf), [NAN, -1.0]), [0, 1])


@pytest.mark.parametrize("f", [np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin])
def test_reductions_that_pass_over_nan_take_their_arguments_by_position_too(f: Any) -> None:
    x = np.array([[NAN, 2.0, 3.0], [1.0, 5.0, 4.0]])
    z = f(leaf(x), 1)
    np.testing.assert_allclose(z.data, f(x, 1), rtol=1e-15)
    assert z.requires_grad
    rest = (None, True, 2.5) if f in (np.nanmax, np.nanmin) else (np.float64, None, True) if f is np.nanmean else ()
    np.testing.assert_allclose(f(leaf(x), 0, *rest).data, f(x, 0, *rest), rtol=1e-15)


WARNING = {
    np.nanmean: "Mean of empty slice",
    np.nanvar: "Degrees of freedom <= 0",
    np.nanstd: "Degrees of freedom <= 0",
    np.nanmax: "All-NaN",
    np.nanmin: "All-NaN",
    np.nanmedian: "All-NaN",
    lambda t, axis: np.nanquantile(t, 0.3, axis=axis): "All-NaN",
    lambda t, axis: np.nanpercentile(t, [20, 40], axis=axis, method="lower"): "All-NaN",
}


@pytest.mark.parametrize(("f", "message"), WARNING.items())
def test_a_slice_of_nothing_but_nan_warns_as_in_numpy_and_leaves_the_others_alone(f: Any, message: str) -> None:
    x = np.array([[NAN, NAN, NAN], [1.0, NAN, 4.0]])
    with pytest.warns(RuntimeWarning, match=message):
        expected = f(x, axis=1)
    t = leaf(x)
    with pytest.warns(RuntimeWarning, match=message):
        z = f(t, axis=1)
    np.testing.assert_allclose(z.data, expected)
    assert np.isnan(z.data[..., 0]).all()
    z[..., 1].sum().backward() if f not in (np.nanmax, np.nanmin) else None
    if t.grad is not None:
        alone = slopes(lambda t: f(t, axis=0), x[1])
        np.testing.assert_array_equal(t.grad.data, [[0, 0, 0], alone])


@pytest.mark.parametrize("keepdims", [False, True])
def test_the_logarithm_of_a_sum_of_nothing_is_flat_and_leaves_the_other_rows_alone(keepdims: bool) -> None:
    x = np.array([[-np.inf, -np.inf], [0.0, -np.inf], [1.0, 1.0]])

    def f(t: Any) -> Any:
        return logsumexp(t, axis=1, keepdims=keepdims)

    np.testing.assert_allclose(f(x).ravel(), [-np.inf, 0, 1 + np.log(2)], rtol=1e-15)
    np.testing.assert_allclose(slopes(f, x), [[0, 0], [1, 0], [0.5, 0.5]], rtol=1e-15)
    np.testing.assert_allclose(slopes(lambda t: f(t)[1:], x), [[0, 0], [1, 0], [0.5, 0.5]], rtol=1e-15)


@pytest.mark.parametrize("f", [softmax, log_softmax])
def test_a_row_of_nothing_has_no_softmax(f: Any) -> None:
    with pytest.warns(RuntimeWarning, match="invalid value"):
        z = f(np.array([[-np.inf, -np.inf], [0.0, 0.0]]), axis=1)
    np.testing.assert_array_equal(np.isnan(z), [[True, True], [False, False]])


def test_nan_left_out_of_a_mean_or_a_spread_leaves_the_gradient_alone() -> None:
    x, chosen = np.array([1.0, NAN, 4.0, np.inf, 2.0]), [True, False, True, False, True]
    for f in (np.sum, np.prod, np.mean, np.var, np.std):
        clean = slopes(f, x[chosen])
        dx = slopes(lambda t, f=f: f(t, where=chosen), x)
        np.testing.assert_allclose(dx[chosen], clean, rtol=1e-14)
        assert not dx[[1, 3]].any()


def test_the_mean_of_nothing_is_nan_and_no_gradient_flows() -> None:
    with pytest.warns(RuntimeWarning, match="Mean of empty slice"):
        z = np.mean(leaf([[1.0, 2.0], [3.0, 4.0]]), axis=1, where=[[False], [True]])
    np.testing.assert_array_equal(z.data, [NAN, 3.5])
    with pytest.warns(RuntimeWarning, match="Mean of empty slice"):
        dx = slopes(lambda t: np.mean(t, axis=1, where=[[False], [True]]), [[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(dx, [[0, 0], [0.5, 0.5]])


def test_a_mask_may_be_a_tensor() -> None:
    x = leaf(X)
    np.mean(x, where=x > 1).backward()
    np.testing.assert_allclose(x.grad.data, (X > 1) / 4)


# What is refused

X = np.array([[1.0, 2.0, 4.0], [3.0, 0.5, 1.5]])
REFUSED = {
    "out= of a sum": (lambda t: np.sum(t, where=True, out=np.zeros(())), NoRuleError, r"^sum\(\.\.\., out=\.\.\.\)"),
    "a mask of another shape": (lambda t: np.sum(t, where=[True, False]), ShapeError, r"^sum: where= is \(2,\)"),
    "a mask with more axes": (
        lambda t: np.mean(t, where=np.ones((1, 2, 3), bool)),
        ShapeError,
        r"where= is \(1, 2, 3\)",
    ),
    "a mask and no initial": (lambda t: np.max(t, where=[True, False, True]), DomainError, r"^max: .* initial="),
    "an initial array": (lambda t: np.sum(t, axis=0, initial=[1.0, 2.0, 3.0]), ShapeError, r"initial= is \(3,\)"),
    "ddof by two names": (lambda t: np.std(t, ddof=1, correction=1), DomainError, "^std: ddof and correction"),
}


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_has_no_meaning_or_no_rule_is_refused_by_name(call: Any, kind: type, message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        call(leaf(X))
    assert type(caught.value) is kind

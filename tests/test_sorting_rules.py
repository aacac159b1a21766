"""What rules.sorting promises beyond its samples: ties, NaN, and orders that have no gradient."""

from typing import Any

import numpy as np
import pytest
from calls import assert_differentiates
from samples.drawing import Draws

import tinygrad_edu as tg
from tinygrad_edu.errors import DTypeError, NoRuleError, ShapeError
from tinygrad_edu.rules.sorting import sort

draw = Draws(22)
distinct, normal = draw.distinct, draw.normal
WEIGHTS = np.array([1.0, 2.0, 3.0, 4.0, 5.0])


def slopes(f: Any, x: Any, weights: Any = WEIGHTS) -> np.ndarray:
    """d sum(weights * f(x)) / dx."""
    t = tg.Tensor(x, requires_grad=True)
    f(t).backward(np.asarray(weights, float))
    return t.grad.data


@pytest.mark.parametrize("kind", [None, "quicksort", "heapsort", "stable"])
def test_of_equal_entries_the_first_gets_the_first_share_whatever_the_algorithm(kind: Any) -> None:
    x = [2.0, 1.0, 2.0, 1.0, 2.0]
    np.testing.assert_array_equal(slopes(lambda t: np.sort(t, kind=kind), x), [3, 1, 4, 2, 5])
    np.testing.assert_array_equal(slopes(lambda t: np.sort(t), [0.0, -0.0, 0.0, 0.0, 0.0]), WEIGHTS)
    ties = np.repeat([3.0, 1.0, 2.0], 40)  # long enough that an unstable sort would mix them
    expected = np.argsort(np.argsort(ties, kind="stable")) + 1.0
    np.testing.assert_array_equal(slopes(lambda t: np.sort(t, kind=kind), ties, np.arange(1.0, 121.0)), expected)


def test_the_algorithm_is_the_one_that_was_asked_for() -> None:
    t = tg.Tensor(np.repeat([3.0, 1.0, 2.0], 40)[::-1], requires_grad=True)
    for options in ({"kind": "stable"}, {"stable": True}, {"axis": 0, "kind": "mergesort"}):
        np.testing.assert_array_equal(np.argsort(t, **options).data, np.argsort(t.data, **options))
    for f in (np.sort, np.argsort):
        with pytest.raises(ShapeError, match="kind"):
            f(t, kind="unknown")
        with pytest.raises(ShapeError, match="stable"):
            f(t, kind="stable", stable=True)


def test_the_order_stands_in_the_graph_of_the_gradient_as_plain_arrays() -> None:
    x, dz = (tg.Tensor(distinct(2, 3), requires_grad=True) for _ in range(2))
    dx = sort.rules[0](dz, np.sort(x, axis=0), x, axis=0, kind=None, stable=None)
    assert all(type(part) is np.ndarray for part in dx.params["key"])


def test_a_nan_goes_to_the_end_with_its_share() -> None:
    np.testing.assert_array_equal(slopes(np.sort, [np.nan, 3.0, np.inf, -np.inf, 1.0]), [5, 3, 4, 1, 2])


def test_sorting_twice_and_backwards_has_the_right_gradient() -> None:
    assert_differentiates(lambda x: np.sort(x)[::-1] * np.sort(x * x), distinct(5) + 0.02)
    assert_differentiates(lambda x: np.sort(np.sort(x, axis=0), axis=1), distinct(3, 4))


def test_the_median_and_the_largest_come_out_of_a_sort_with_their_gradient() -> None:
    np.testing.assert_array_equal(slopes(lambda t: np.sort(t)[2], [5.0, 1.0, 4.0, 2.0, 3.0], 1), [0, 0, 0, 0, 1])
    np.testing.assert_array_equal(slopes(lambda t: np.sort(t)[-2:], [5.0, 1.0, 4.0, 2.0, 3.0], [1, 1]), [1, 0, 1, 0, 0])


def test_an_axis_that_does_not_exist_is_named() -> None:
    x = tg.Tensor(normal(2, 3), requires_grad=True)
    for call in (lambda: np.sort(x, axis=2), lambda: np.sort(x[0, 0]), lambda: np.partition(x, 1, axis=2)):
        with pytest.raises(ShapeError, match="axis"):
            call()
    with pytest.raises(ShapeError, match="kth"):
        np.partition(x, 5)
    with pytest.raises(ShapeError, match="kind"):
        np.partition(x, 1, kind="quicksort")


def test_an_order_of_fields_is_refused() -> None:
    with pytest.raises(NoRuleError, match="order"):
        np.sort(tg.Tensor(normal(3), requires_grad=True), order="size")


@pytest.mark.parametrize("kth", [0, 3, -1, (2, 5), [1, 1]])
@pytest.mark.parametrize("axis", [0, 1, None])
def test_a_partition_has_its_entries_in_place_and_each_share_goes_back(kth: Any, axis: Any) -> None:
    x = distinct(8, 8)
    t = tg.Tensor(x, requires_grad=True)
    z = np.partition(t, kth, axis=axis)
    whole = np.sort(x, axis=axis)
    places = np.ravel(kth)
    np.testing.assert_array_equal(np.take(z.data, places, axis), np.take(whole, places, axis))
    np.testing.assert_array_equal(np.sort(z.data, axis=axis), whole)
    weights = normal(*z.shape)
    (z * weights).sum().backward()
    for value, weight in zip(z.data.ravel(), weights.ravel()):
        assert t.grad.data[x == value] == [weight]


def test_sort_complex_gives_complex_numbers_and_a_real_gradient_to_a_real_array() -> None:
    half = tg.Tensor(np.array([2.0, 1j], np.complex64), requires_grad=True)
    assert np.sort_complex(half).dtype == np.complex64
    for dtype in (np.float32, np.float64):
        t = tg.Tensor(np.array([2.0, -1.0, 3.0], dtype), requires_grad=True)
        z = np.sort_complex(t)
        assert z.dtype == np.sort_complex(t.data).dtype == complex
        np.real(z * [1, 10, 100j]).sum().backward()
        assert t.grad.dtype == dtype
        np.testing.assert_array_equal(t.grad.data, [10, 1, 0])


# Orders have no gradient


def test_an_order_is_a_constant() -> None:
    t = tg.Tensor(distinct(4), requires_grad=True)
    steps = tg.Tensor([0.0, 1.0, 2.0], requires_grad=True)
    for z in (
        np.argsort(t),
        np.argsort(t, kind="stable"),
        np.argpartition(t, 2),
        np.searchsorted(steps, t),
        np.searchsorted([0.0, 1.0], t, side="right"),
        np.searchsorted(steps, 0.5),
        np.searchsorted(steps, t, sorter=np.argsort(steps)),
        np.digitize(t, steps),
        np.digitize(t, [0.0, 1.0], True),
        np.lexsort((t, t)),
        np.argwhere(t),
        np.flatnonzero(t > 0),
    ):
        assert type(z) is tg.Tensor
        assert z.dtype == np.int64
        assert not z.requires_grad


def test_lexsort_sorts_by_the_last_key_first() -> None:
    a, b = tg.Tensor([1.0, 2.0, 0.0], requires_grad=True), tg.Tensor([1.0, 1.0, 0.0], requires_grad=True)
    assert np.lexsort((a, b)).tolist() == [2, 0, 1]
    assert np.lexsort((-a, b)).tolist() == [2, 1, 0]


def test_an_order_sorts_through_an_index_with_the_gradient_of_the_sort() -> None:
    x = distinct(3, 4)
    weights = normal(3, 4)
    by_sort = slopes(lambda t: np.sort(t, axis=0), x, weights)
    by_order = slopes(lambda t: np.take_along_axis(t, np.argsort(t, axis=0), axis=0), x, weights)
    np.testing.assert_array_equal(by_order, by_sort)


def test_integers_sort_without_a_gradient() -> None:
    z = np.sort(tg.Tensor([3, 1, 2]))
    assert z.data.tolist() == [1, 2, 3]
    assert np.partition(tg.Tensor([3, 1, 2]), 1).tolist() == [1, 2, 3]
    with pytest.raises(DTypeError):
        np.sort(tg.Tensor([3, 1, 2], requires_grad=True))

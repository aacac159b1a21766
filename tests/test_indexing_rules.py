"""What x[key] and its kin promise beyond their samples: every kind of index, and entries taken twice."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from calls import assert_differentiates, drawn, gradients_of
from samples.drawing import Draws

import tinygrad_edu as tg
from tinygrad_edu.rules import indexing
from tinygrad_edu.rules.indexing import getitem, index_set, is_basic, names_rows, scatter_add

normal = Draws(23).normal
tensor = partial(drawn, normal)


# x[key]

INDEX = tg.Tensor([0, 2, 0])


@pytest.mark.parametrize(
    "key",
    [INDEX, (slice(None), INDEX), (INDEX, [1, 1, 0]), (INDEX[:, None], INDEX), tg.Tensor(1), (..., INDEX), INDEX > 0],
    ids=repr,
)
def test_a_tensor_of_whole_numbers_is_an_index(key: Any) -> None:
    assert_differentiates(lambda x: x[key], normal(3, 3))


@pytest.mark.parametrize(
    "key",
    [
        (None, [1, 1], None), (..., None, 0), (slice(2, None, -1), [0, 0]), ([0, 0], slice(None, None, -2)), np.True_,
        (np.array([[True, False], [True, True], [False, False]]), 1), ([1], slice(None), [[0], [0]]), (0, ..., [1, 1]),
        np.array([1, -1, 1], np.int16), np.array([1, 2], np.uint64), (slice(-2, 9), ..., -1), ([], [], []),
        (np.array([False, True, False]), [1, 1]), np.array([[0, 0], [-1, 2]]),
    ],
    ids=repr,
)  # fmt: skip
def test_every_kind_of_index_has_its_gradient_and_may_be_set_and_added_to(key: Any) -> None:
    x, block = normal(3, 2, 2), normal(*np.empty((3, 2, 2))[key].shape)
    assert_differentiates(lambda x: x[key] if x[key].shape else x[key] + 0, x)
    t, v = tg.Tensor(x), tg.Tensor(block)
    expected = x.copy()
    expected[key] = block
    np.testing.assert_array_equal(t.at[key].set(v).data, expected)
    expected = x.copy()
    np.add.at(expected, key, block)
    np.testing.assert_allclose(t.at[key].add(v).data, expected, rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.int64])
@pytest.mark.parametrize("shape", [(7, 5), (7, 2, 3), (7, 1), (7, 0)])
def test_rows_add_up_in_the_order_and_the_dtype_of_add_at(dtype: Any, shape: tuple[int, ...]) -> None:
    for key in (np.array([0, 3, 0, -1, 6, 0]), np.array([[1, 1], [-7, 6]]), np.array(2), np.array([3, 3], np.int8)):
        x = (100 * normal(*key.shape, *shape[1:])).astype(dtype)
        expected = np.zeros(shape, dtype)
        np.add.at(expected, key, x)
        for order in (x, np.asfortranarray(x)):
            np.testing.assert_array_equal(scatter_add(order, key=key, shape=shape), expected, strict=True)


BLOCKS = [0, -1, np.int64(1), slice(None), None, ..., True, np.bool_(False), (0, ..., None), (slice(1), np.int8(1))]
ARRAYS = [[0], np.array([0]), np.array(0), (0, [1]), np.array([True, False]), (np.array([True, True]), 0)]


def test_an_index_without_arrays_names_each_entry_once() -> None:
    assert [is_basic(key) for key in BLOCKS] == [True] * len(BLOCKS)
    assert [is_basic(key) for key in ARRAYS] == [False] * len(ARRAYS)


def test_an_array_of_whole_numbers_names_rows_of_what_has_rows() -> None:
    for key in (np.array([0, 1]), np.array(0), np.array([[1]], np.int8)):
        assert [names_rows(key, ndim) for ndim in range(4)] == [False, False, True, True]
    for key in (*BLOCKS, [0], (np.array([0]),), np.array([True]), np.array([0], np.uint8), np.ndarray):
        assert names_rows(key, 2) is False


def test_what_is_alone_in_its_place_is_copied_there_to_the_sign_of_zero() -> None:
    for key in (slice(1, 3), 1, np.array([False, True, True])):
        x = -np.zeros(np.empty(3)[key].shape)
        np.testing.assert_array_equal(np.signbit(scatter_add(x, key=key, shape=(3,))[key]), True)


def test_rows_are_taken_into_one_block_and_added_by_the_fast_way_of_add_at(monkeypatch: Any) -> None:
    x = np.asfortranarray(normal(5, 4, 3))
    rows = [0, 3, 3]
    for z in (getitem(x, key=np.array(rows)), np.take(tg.Tensor(x), rows, axis=0).data):
        np.testing.assert_array_equal(z, x[rows])
        assert z.flags.c_contiguous
    flat = []

    class Watched:
        add = SimpleNamespace(at=lambda z, key, x: flat.append(z.ndim) or np.add.at(z, key, x))

        def __getattr__(self, name: str) -> Any:
            return getattr(np, name)

    monkeypatch.setattr(indexing, "np", Watched())
    for key in (np.array(rows), (slice(None), np.array(rows))):
        scatter_add(x[key], key=key, shape=x.shape)
    assert flat == [1, 3]


def test_long_rows_have_room_for_their_entries_in_a_narrow_index() -> None:
    key = np.array([100, 0, 100], np.int8)
    x = normal(3, 200)
    expected = np.zeros((101, 200))
    np.add.at(expected, key, x)
    np.testing.assert_array_equal(scatter_add(x, key=key, shape=(101, 200)), expected)


def test_the_rule_for_a_value_gives_the_shape_of_the_value_and_a_part_of_dz_where_it_can() -> None:
    x, dz = normal(3, 4), normal(3, 4)
    for key, v in ((1, normal(1, 4)), (1, normal(4)), (slice(0, 2), normal(2, 4)), ([0, 1], normal(1, 2, 4))):
        dv = index_set.rules[1](dz, x, x, v, key=key)
        assert dv.shape == v.shape
        assert np.shares_memory(dv, dz) == is_basic(key)


def test_an_index_array_may_change_after_its_use() -> None:
    x = tensor(3, 2)
    for take in (
        lambda x, i: x[i],
        lambda x, i: x[:, i - 1],
        lambda x, i: np.take(x, i, axis=0),
        lambda x, i: np.take_along_axis(x, i[:, None], axis=0),
        lambda x, i: np.repeat(x, i, axis=1),
    ):
        i = np.array([1, 2])
        z = take(x, i)
        (expected,) = gradients_of(lambda x, take=take: take(x, np.array([1, 2])), [x.data], z.data)
        i[:] = 0
        x.grad = None
        z.backward(z.data)
        np.testing.assert_array_equal(x.grad.data, expected)


def test_an_index_out_of_range_is_named() -> None:
    x = tensor(3, 2)
    for call in (
        lambda: x[3],
        lambda: x[[0, 3]],
        lambda: x[np.array([0, -4])],
        lambda: x[:, [2]],
        lambda: np.take(x, [6]),
        lambda: np.take(x, [-4], axis=0),
        lambda: np.take(x[:0], [0], axis=0, mode="wrap"),
        lambda: np.take_along_axis(x, np.array([[3, 0]]), 0),
        lambda: np.compress([False] * 6 + [True], x),
        lambda: np.delete(x, 2, axis=1),
        lambda: np.insert(x, 4, 1.0, axis=0),
    ):
        with pytest.raises(IndexError, match=r"out of bounds|empty axes"):
            call()
    with pytest.raises(IndexError, match=r"too many|mask|boolean"):
        x[[True, False]]

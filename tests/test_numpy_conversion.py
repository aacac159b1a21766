"""A Tensor as a plain array, in a plain array and as a Python value: it converts, or the gradient would be lost."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from oracles import assert_records

import tinygrad_edu as tg
from tinygrad_edu.errors import DTypeError, GradientError

# Storing in plain arrays


def store(key: Any, shape: tuple[int, ...] = (3,)) -> Callable[[Any], np.ndarray]:
    def into(value: Any) -> np.ndarray:
        a = np.zeros(shape)
        a[key] = value
        return a

    return into


@pytest.mark.parametrize("key", [0, -1, np.int64(1), slice(None), ..., [0], np.array([True, False, True])], ids=repr)
def test_storing_a_number_in_an_array_is_refused_if_a_gradient_would_be_lost(key: Any, number: tg.Tensor) -> None:
    with pytest.raises((GradientError, ValueError)) as caught:
        store(key)(number)
    chain = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert any(isinstance(error, GradientError) and "at[i].set(v)" in str(error) for error in chain)
    assert np.any(store(key)(tg.Tensor(2.0)) == 2)
    assert np.any(store(key)(float(number)) == 2)
    with tg.no_grad():
        assert np.any(store(key)(number) == 2)


def test_storing_in_a_matrix_is_refused_in_every_way(t: tg.Tensor, number: tg.Tensor) -> None:
    for key, value in (((0, 1), number), (0, t), ((slice(None), 1), t), (..., t), (([0, 1], [1, 2]), number)):
        with pytest.raises((GradientError, ValueError)):
            store(key, (3, 3))(value)
        assert np.any(store(key, (3, 3))(value.detach()))


@pytest.mark.parametrize(
    "call",
    [
        np.asarray,
        np.array,
        lambda t: np.array([t, t]),
        lambda t: np.asarray([t.sum(), t.mean()]),
        lambda t: np.asarray(t, np.float32),
        lambda t: np.full((2, 3), t),
        lambda t: np.full_like(np.ones(3), t),
        lambda t: np.copyto(np.zeros(3), t),
        lambda t: np.put(np.zeros(3), [0, 1, 2], t),
        lambda t: np.zeros(3).put([0, 1, 2], t),
        lambda t: np.sum([t, t]),
        lambda t: np.exp([t, t]),
        lambda t: np.ones(3).dot(t),
        lambda t: np.r_[t, t],
        lambda t: np.testing.assert_allclose(t, [1, 2, 4]),
    ],
)
def test_becoming_a_plain_array_is_refused_if_a_gradient_would_be_lost(
    call: Callable[[Any], Any], t: tg.Tensor
) -> None:
    with pytest.raises(GradientError):
        call(t)
    with tg.no_grad():
        call(t)
    call(t.detach())


def test_constants_become_plain_arrays(constant: tg.Tensor) -> None:
    assert np.asarray(constant) is constant.data
    assert np.array(constant) is not constant.data
    assert np.asarray(constant, np.float32).dtype == np.float32
    np.testing.assert_array_equal(np.array([constant, constant]), [[1, 2, 4], [1, 2, 4]])
    np.testing.assert_array_equal(np.full((2, 3), constant), [[1, 2, 4], [1, 2, 4]])
    a = np.zeros(3)
    np.copyto(a, constant)
    np.testing.assert_array_equal(a, [1, 2, 4])
    a[...] = 0
    a[1:] = constant[1:]
    np.testing.assert_array_equal(a, [0, 2, 4])


def test_an_array_copies_a_tensor_only_where_it_may(constant: tg.Tensor) -> None:
    assert np.asarray(constant, copy=False) is constant.data
    assert np.asarray(constant, copy=True) is not constant.data
    with pytest.raises(ValueError, match="copy"):
        np.asarray(constant, np.float32, copy=False)


def test_arrays_are_built_from_tensors_by_stacking(t: tg.Tensor, number: tg.Tensor) -> None:
    z = np.stack([number, t[0] * 3, number * number])
    assert_records(z, [2.0, 3.0, 4.0])
    (z * [1.0, 10.0, 100.0]).sum().backward()
    assert number.grad.item() == 1 + 100 * 4
    np.testing.assert_array_equal(t.grad.data, [30, 0, 0])


def test_tensors_index_plain_arrays(constant: tg.Tensor, t: tg.Tensor) -> None:
    a = np.array([10.0, 20.0, 30.0])
    np.testing.assert_array_equal(a[tg.Tensor([2, 0])], [30, 10])
    np.testing.assert_array_equal(a[t > 1], [20, 30])
    assert [5, 6, 7][tg.Tensor(1)] == 6
    assert_records(t[t > 1], [2.0, 4.0])
    assert_records(t[tg.Tensor([2, 2])], [4.0, 4.0])
    assert_records(t.reshape(3, 1)[t > 1, tg.Tensor([0, 0])], [2.0, 4.0])


# Tensors as Python values


def test_numbers_convert_as_arrays_do(number: tg.Tensor, t: tg.Tensor) -> None:
    assert float(number) == 2.0
    assert type(float(number)) is float
    assert int(number) == 2
    assert complex(number) == 2 + 0j
    assert number.item() == 2.0
    with pytest.raises(GradientError, match="its gradient would be lost"):
        np.float64(number)
    assert f"{number:.3f}" == "2.000"
    assert f"{number:6.1e}" == "2.0e+00"
    for convert in (float, int, complex):
        with pytest.raises(TypeError):
            convert(t)
    with pytest.raises(TypeError):
        f"{t:.3f}"


def test_a_tensor_prints_as_an_array_does(t: tg.Tensor, constant: tg.Tensor) -> None:
    assert str(constant) == repr(constant) == f"{constant}" == "Tensor([1., 2., 4.])"
    assert repr(t) == "Tensor([1., 2., 4.], requires_grad=True, name='t')"
    assert repr(tg.Tensor(np.float32(1))) == "Tensor(1., dtype=float32)"


def test_length_iteration_and_unpacking_work_as_on_arrays(t: tg.Tensor, number: tg.Tensor) -> None:
    assert len(t) == 3
    a, b, c = t
    assert_records(np.stack([a, b, c]), [1.0, 2.0, 4.0])
    (a * b + c).backward()
    np.testing.assert_array_equal(t.grad.data, [2, 1, 1])
    for use in (len, list):
        with pytest.raises(TypeError):
            use(number)


def test_truth_is_that_of_arrays(t: tg.Tensor, number: tg.Tensor) -> None:
    assert number
    assert not tg.Tensor(0.0)
    assert number > 1
    assert not number > 3
    with pytest.raises(ValueError, match="ambiguous"):
        bool(t)


def test_in_looks_among_the_entries(t: tg.Tensor) -> None:
    assert 2.0 in t
    assert 3.0 not in t
    assert t[1] in t


def test_a_tensor_is_a_key_by_identity(t: tg.Tensor) -> None:
    assert {t: 1}[t] == 1
    assert tg.Tensor(t.data) not in {t: 1}


@pytest.mark.parametrize("thing", ["a", None, Ellipsis], ids=repr)
def test_arithmetic_with_what_is_no_number_is_refused(thing: Any, t: tg.Tensor) -> None:
    with pytest.raises(DTypeError, match="holds numbers"):
        t + thing
    with pytest.raises(TypeError):
        thing + t

"""What NumPy's ways of taking entries promise beyond their samples: lists of arrays, conditions, clear errors."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from calls import assert_differentiates, drawn
from samples.drawing import Draws

import tinygrad_edu as tg
from tinygrad_edu.errors import DomainError, DTypeError, GradientError, IndexingError, NoRuleError, ShapeError

draw = Draws(25)
normal, complex_normal = draw.normal, draw.complex_normal
tensor = partial(drawn, normal)


# take, take_along_axis, choose


def test_out_and_unknown_modes_are_refused() -> None:
    x, i = tensor(3), [0, 1, 0]
    for call in (
        lambda: np.take(x, i, 0, np.zeros(3)),
        lambda: np.choose(i, [x, x], np.zeros(3)),
        lambda: np.compress([True], x, out=np.zeros(1)),
    ):
        with pytest.raises(NoRuleError, match=r"^(take|choose|compress)\(\.\.\., out=\.\.\.\)"):
            call()
        with tg.no_grad():
            assert call() is not None
    with pytest.raises(DomainError, match=r"take\(mode='cut'\).*'raise', 'wrap' and 'clip'"):
        np.take(x, i, mode="cut")
    with pytest.raises(DTypeError, match=r"take: whole numbers are needed, and these are float64"):
        np.take(x, [0.0])
    with pytest.raises(DTypeError, match="take_along_axis: whole numbers are needed"):
        np.take_along_axis(x, np.array([0.0]), 0)
    with pytest.raises(ShapeError, match="take_along_axis: 1 axes of indices for 2 axes"):
        np.take_along_axis(tensor(2, 2), np.array([0]), 0)
    for f, axis in ((np.take, 1), (np.take, -2), (np.delete, 1), (np.take_along_axis, 2)):
        with pytest.raises(IndexingError, match=rf"^{f.__name__}: the array is \(3,\); axis {axis} is out of bounds"):
            f(x, np.array([0]), axis=axis)


def test_take_has_numpys_modes_at_their_limits() -> None:
    x = normal(3)
    for mode in ("wrap", "clip"):
        for i in ([-9, -4, -3, -1, 0, 2, 3, 4, 8], 3, -1):
            np.testing.assert_array_equal(np.take(tg.Tensor(x), i, mode=mode).data, np.take(x, i, mode=mode))


def test_indices_come_in_any_whole_dtype_and_arrays_in_lists() -> None:
    assert_differentiates(lambda x: np.take(x, np.array([2, 0, 2], np.uint8)), normal(3))
    np.testing.assert_array_equal(np.take([[1.0, 2.0]], tg.Tensor([1, 1]), axis=1), [[2.0, 2.0]])
    assert np.insert([[1.0, 2.0]], 0, tensor(2), axis=0).shape == (2, 2)


@pytest.mark.skipif(np.__version__ < "2.3", reason="the axis had to be named before NumPy 2.3")
def test_take_along_axis_goes_along_the_last_axis() -> None:
    i = np.array([[[1, 1], [0, 2]]])
    assert_differentiates(lambda x: np.take_along_axis(x, i), normal(1, 2, 3))


def test_choose_takes_lists_of_arrays_and_numbers() -> None:
    a, b = normal(2, 2), normal(2)
    for which in ([[0, 1], [1, 0]], np.array([1, 0]), 1, tg.Tensor([0, 1])):
        raw = which.data if isinstance(which, tg.Tensor) else which
        assert_differentiates(lambda a, b, i=raw: np.choose(i, [a, b]), a, b)
        z = np.choose(which, (tg.Tensor(a, requires_grad=True), b))
        np.testing.assert_array_equal(z.data, np.choose(raw, (a, b)))
    assert_differentiates(lambda x: np.choose([0, 1, 2], [x, 2.0, [1.0, 2.0, 3.0]]), normal(3))
    for number in (2.0, 2, 1j):  # which do not widen float32
        assert_differentiates(lambda x, n=number: np.choose([0, 1, 1], [x, n]), normal(3))
    assert_differentiates(lambda x, y: np.choose([0, 3, -1], (x, y), mode="wrap"), normal(), normal(3))
    assert_differentiates(lambda x, y: np.choose([0, 3, -1], (x, y), mode="clip"), normal(), complex_normal(3))


@pytest.mark.parametrize("bad", [[-1, 0], [0, 2]])
def test_choose_names_the_numbers_that_there_are(bad: Any) -> None:
    x = tensor(2)
    with pytest.raises(IndexingError, match=r"choose: the entries of a must be in 0\.\.\.1"):
        np.choose(bad, [x, x])
    with pytest.raises(DTypeError, match="choose: whole numbers are needed"):
        np.choose([0.0, 1.0], [x, x])
    with pytest.raises(ShapeError, match=r"choose: the shapes \(3,\), \(2,\), \(2,\) do not broadcast"):
        np.choose([0, 1, 0], [x, x])


# Conditions


def test_select_takes_the_first_condition_that_holds() -> None:
    conditions = [np.array([True, False, True]), np.array([True, True, False])]
    assert_differentiates(lambda a, b, d: np.select(conditions, [a, b], d), normal(3), normal(2, 1), normal())
    assert_differentiates(lambda x: np.select([x > 0, x < -1], [x * x, 2.0], -x), np.array([0.5, -0.5, -1.5, 2.0]))
    assert_differentiates(lambda x: np.select([x > 0], [x]), np.array([0.5, -0.5]))
    assert_differentiates(lambda x: np.select((x > 0, x > -9), (1, 2.5), x), np.array([0.5, -19.5]))


def test_numbers_among_the_choices_do_not_widen_float32() -> None:
    x = np.array([0.5, -0.5, -1.5])
    for number in (2.5, 2, 1j):
        assert_differentiates(lambda x, n=number: np.select([x > 0, x > -1], [x, n]), x)
        assert_differentiates(lambda x, n=number: np.select([x > 0, x > -1], [x, 1], n), x)
    assert_differentiates(lambda x: np.select([x > 0, x > -1], [x, [1.0, 2.0, 3.0]]), x)
    for dtype in (np.float32, np.complex64):
        for number in (2.5, 2, 1j):
            x, conditions = np.ones(3, dtype), [np.array([True, False, False]), np.array([False, True, False])]
            expected = np.select(conditions, [x, number], number)
            assert np.select(conditions, [tg.Tensor(x), number], number).dtype == expected.dtype


def test_piecewise_takes_a_list_under_conditions_that_are_tensors() -> None:
    condition = tg.Tensor([1.0, -1.0]) > 0
    np.testing.assert_allclose(np.piecewise([2.0, -1.0], [condition], [np.exp, 3.0]), [np.exp(2.0), 3.0])


def test_select_refuses_what_is_no_condition() -> None:
    x = tensor(2)
    with pytest.raises(DTypeError, match="select: a condition is True or False; this one is int64"):
        np.select([np.array([0, 1])], [x])
    for conditions, choices in (([x > 0], [x, x]), ([], [x])):
        with pytest.raises(ShapeError, match=f"select: {len(conditions)} conditions for {len(choices)} choices"):
            np.select(conditions, choices, x)


def test_compress_and_extract_take_conditions_made_of_tensors() -> None:
    x = np.array([[0.5, -0.5, 1.5], [2.0, -1.0, 0.3]])
    assert_differentiates(lambda x: np.extract(x > 0, x), x)
    assert_differentiates(lambda x: np.extract(x, x) * np.compress(x[0], x[0])[0], x)
    assert_differentiates(lambda x: np.extract([[0, 1, 0], [1, 1, 0]], x), x)
    assert_differentiates(lambda x: np.compress(x[0] > 0, x, axis=1), x)
    assert_differentiates(lambda x: np.compress([True, False], x, axis=0), x)
    with pytest.raises(ShapeError, match=r"compress: the condition is \(2, 3\); it must have one axis"):
        np.compress(x > 0, tg.Tensor(x, requires_grad=True))
    assert_differentiates(lambda x: x[np.where(x > 0)], x)
    assert_differentiates(lambda x: x[np.nonzero(x > 0)], x)


def test_piecewise_gives_each_function_its_entries_only() -> None:
    x = np.array([-2.0, -0.5, 0.5, 1.5, 2.5])
    seen = []

    def log(t: Any) -> Any:
        seen.append(t.shape)
        return np.log(t)

    assert_differentiates(lambda x: np.piecewise(x, [x < 0, x >= 1], [np.square, log, 7.0]), x)
    assert set(seen) == {(2,)}
    assert_differentiates(lambda x: np.piecewise(x, [x < 2, x < 0], [np.exp, lambda t: -t]), x)
    assert_differentiates(lambda x: np.piecewise(x, x > 0, [np.exp, np.sin]), x)
    assert_differentiates(
        lambda x, y: np.piecewise(x, [x > 0], [lambda t, a, b: t / a + b * y], 2.0, b=3.0), x, normal()
    )
    assert_differentiates(lambda x: np.piecewise(x, [True, False, False, False, True], [np.exp]), x)
    assert_differentiates(lambda x: np.piecewise(x, [[1, 0, 0, 0, 1]], [np.exp]), x)
    assert_differentiates(lambda x: np.piecewise(x, [x < 9, x > 9], [np.exp, lambda t: t * t.max()]), x)
    np.testing.assert_array_equal(np.piecewise([1.0, 2.0], [tg.Tensor(x)[1:3] > 0], [np.square]), [0.0, 4.0])
    assert_differentiates(lambda x: np.piecewise(x, [x > 0], [np.exp, np.sin]), normal())
    assert_differentiates(lambda x: np.piecewise(x, [x > 9], [np.exp, np.sin]), normal(2, 2))
    t = tg.Tensor(x, requires_grad=True)
    for functions in ([np.exp], [np.exp] * 4):
        with pytest.raises(ShapeError, match=rf"piecewise: {len(functions)} functions for 2 conditions"):
            np.piecewise(t, [t > 0, t < 0], functions)
    nothing = np.piecewise(t, [t > 9], [np.exp])
    assert type(nothing) is tg.Tensor
    np.testing.assert_array_equal(nothing.data, np.zeros(5))


def test_piecewise_keeps_the_dtype_of_x_and_does_not_cut_off() -> None:
    x = tg.Tensor(np.array([1.0, -1.0], np.float32), requires_grad=True)
    z = np.piecewise(x, [x > 0], [lambda t: t * np.float64(2.0), 3])
    assert z.dtype == np.float32
    np.testing.assert_array_equal(z.data, [2, 3])
    y = tg.Tensor(1.5, requires_grad=True)
    for whole in (tg.Tensor([1, -1]), x):
        with pytest.raises((DTypeError, GradientError), match=r"would be (cut off|lost)"):
            np.piecewise(whole, [whole > 0], [lambda t: t * y * (1 if t.dtype.kind == "i" else 1j)])


# delete, insert, trim_zeros


def test_delete_and_insert_take_tensors_as_places() -> None:
    places = tg.Tensor([2, 0])
    x, v = normal(4), normal(2)
    t, u = tg.Tensor(x, requires_grad=True), tg.Tensor(v, requires_grad=True)
    np.testing.assert_array_equal(np.delete(t, places).data, np.delete(x, [2, 0]))
    np.testing.assert_array_equal(np.insert(t, places, u).data, np.insert(x, [2, 0], v))
    np.testing.assert_array_equal(np.insert(x, places, u).data, np.insert(x, [2, 0], v))
    assert_differentiates(lambda x: np.delete(np.insert(x, 1, x[0] * x[1]), 0), x)


def test_places_that_do_not_exist_are_named_with_their_axis() -> None:
    x = tensor(3, 2)
    for call, message in (
        (lambda: np.delete(x, 2, axis=1), "delete: index 2 is out of bounds for axis 1 with size 2"),
        (lambda: np.insert(x, 4, 1.0, axis=0), "insert: index 4 is out of bounds for axis 0 with size 3"),
        (lambda: np.insert(x, [0, 9], 1.0, axis=1), "insert: index"),
    ):
        with pytest.raises(IndexingError, match=message):
            call()
    for call in (lambda: np.delete(x, np.array([True]), axis=1), lambda: np.insert(x, [[0], [1]], 1.0, axis=0)):
        with pytest.raises(ShapeError, match=r"(delete|insert): .*one dimensional"):
            call()
    for values in ([1.0, 2.0, 3.0], tensor(3)):
        with pytest.raises(ShapeError, match=r"insert: values of shape \(1, 3\) do not broadcast to \(1, 2\)"):
            np.insert(x, 0, values, axis=0)
    with pytest.raises(IndexingError, match=r"insert: .*axis 2 is out of bounds"):
        np.insert(x, 0, 1.0, axis=2)


def test_the_errors_of_numpy_are_raised_as_those_of_the_library() -> None:
    x = tensor(3, 2)
    for call, kind in (
        (lambda: np.delete(x, [0.5], axis=0), IndexingError),
        (lambda: np.delete(x, "a", axis=0), IndexingError),
        (lambda: np.insert(x, "a", 1.0, axis=0), DTypeError),
        (lambda: np.insert(x, [[0], [1]], 1.0, axis=0), ShapeError),
        (lambda: np.insert(x, 9, 1.0, axis=0), IndexingError),
    ):
        with pytest.raises((IndexError, TypeError, ValueError)) as caught:
            call()
        assert type(caught.value) is kind


def test_values_of_the_same_dtype_are_not_cast() -> None:
    for v, cast in ((tensor(2), False), (tg.Tensor(np.ones(2, np.float32), requires_grad=True), True)):
        z = np.insert(tensor(3), 1, v)
        joined = z.inputs[0]
        assert (joined.inputs[1].inputs[0].op.name == "astype") == cast


def test_insert_takes_lists_numbers_and_values_to_broadcast() -> None:
    assert_differentiates(lambda x: np.insert(x, 1, [5.0, 6.0], axis=0), normal(3, 2))
    assert_differentiates(lambda x: np.insert(x, [0, 2], [[5.0], [6.0]], axis=0), normal(3, 2))
    assert_differentiates(lambda v: np.insert(v * np.ones((2, 3)), [1, 1], v, axis=1), normal())
    assert_differentiates(lambda x, v: np.insert(x, slice(None, None, -2), v, axis=1), normal(2, 3), normal(2, 2))
    z = np.insert(tg.Tensor(np.ones(2, np.float32), requires_grad=True), 0, tensor(3))
    assert z.dtype == np.float32
    assert np.insert([1.0, 2.0], 1, tensor(1)).requires_grad
    if np.__version__ >= "2.2":  # before, True and False were the numbers 1 and 0
        assert_differentiates(lambda x, v: np.insert(x, np.array([True, False, True]), v), normal(3), normal(2))
        assert_differentiates(lambda x, v: np.insert(x, np.array([False, False, True]), v), normal(3), normal(2))


def test_a_value_that_would_be_cut_off_is_not_inserted_or_set() -> None:
    for x, v in ((np.array([1, 2]), 0.5), (np.array([1.0]), 1j), (np.array([True]), np.array(1.0))):
        with pytest.raises(DTypeError, match=r"insert: a (float|complex) value put into \w+ would be cut off"):
            np.insert(x, 0, tg.Tensor(v, requires_grad=True))
        with pytest.raises(DTypeError, match=r"index_set.*a (float|complex) value put into \w+ would be cut off"):
            tg.Tensor(x).at[0].set(v)
    assert tg.Tensor([1.0]).at[0].set(True).data.tolist() == [1.0]
    assert tg.Tensor([1j]).at[0].set(2.5).data.tolist() == [2.5]


def test_trimming_zeros_keeps_the_gradient_of_what_is_left() -> None:
    x = tg.Tensor([0.0, 0.0, 1.5, 0.0, 2.5, 0.0], requires_grad=True)
    for trim, expected in (("fb", [0, 0, 1, 1, 1, 0]), ("f", [0, 0, 1, 1, 1, 1]), ("B", [1, 1, 1, 1, 1, 0])):
        x.grad = None
        np.trim_zeros(x, trim).sum().backward()
        np.testing.assert_array_equal(x.grad.data, expected)
    with pytest.raises(DomainError, match=r"trim_zeros\(trim='x'\)"):
        np.trim_zeros(x, "x")
    assert np.trim_zeros(tg.Tensor([0.0, 0.0], requires_grad=True)).shape == (0,)


@pytest.mark.skipif(np.__version__ < "2.3", reason="one axis only before NumPy 2.3")
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1), (2, -3)])
@pytest.mark.parametrize("trim", ["fb", "f", "b"])
def test_zeros_are_trimmed_from_any_axes(axis: Any, trim: str) -> None:
    for x in (np.pad(normal(1, 2, 2), ((1, 0), (2, 1), (0, 1))), np.zeros((2, 1, 2))):
        z = np.trim_zeros(tg.Tensor(x, requires_grad=True), trim, axis)
        np.testing.assert_array_equal(z.data, np.trim_zeros(x, trim, axis), strict=True)
    with pytest.raises(IndexingError, match=r"trim_zeros: .*axis 3 is out of bounds"):
        np.trim_zeros(tensor(2, 2, 2), axis=3)


# Answers


def test_places_have_no_gradient() -> None:
    x = tg.Tensor([[0.0, 2.0], [3.0, 0.0]], requires_grad=True)
    assert [k.tolist() for k in np.where(x)] == [[0, 1], [1, 0]]
    assert [k.tolist() for k in np.nonzero(x)] == [[0, 1], [1, 0]]
    with pytest.raises(NoRuleError, match="both cases, or for neither"):
        np.where(x > 0, x)
    for f in (np.diag_indices_from, np.tril_indices_from, np.triu_indices_from):
        for k, expected in zip(f(x), f(x.data), strict=True):
            np.testing.assert_array_equal(k.data, expected)
    assert not np.isin(x, [2.0]).requires_grad
    with pytest.raises(NoRuleError, match=r"np\.unique"):
        np.unique(x)

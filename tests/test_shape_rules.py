"""What rules.shape promises beyond its samples: all of NumPy's arguments, several results, and clear errors."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from calls import assert_differentiates, drawn
from samples.drawing import Draws

import tinygrad_edu as tg
from tinygrad_edu.errors import DomainError, DTypeError, GradientError, IndexingError, NoRuleError, ShapeError

normal = Draws(21).normal
tensor = partial(drawn, normal)


# Several arrays at once


@pytest.mark.parametrize("f", [np.atleast_1d, np.atleast_2d, np.atleast_3d])
def test_one_array_gives_an_array_and_several_give_a_tuple(f: Any) -> None:
    x, y = tensor(3), tensor(2, 2, 2, 2)
    assert type(f(x)) is tg.Tensor
    several = f(x, y, 1.5, [1.0, 2.0])
    assert type(several) is tuple
    for z, expected in zip(several, f(x.data, y.data, 1.5, [1.0, 2.0]), strict=True):
        np.testing.assert_array_equal(getattr(z, "data", z) if type(z) is tg.Tensor else z, expected, strict=True)
    assert several[1] is y
    assert several[0].requires_grad


@pytest.mark.parametrize("f", [np.atleast_1d, np.atleast_2d, np.atleast_3d])
def test_each_of_several_arrays_has_its_gradient(f: Any) -> None:
    assert_differentiates(lambda a, b: f(a, b)[0] * f(a, b)[1], normal(), normal(3))


@pytest.mark.parametrize("indexing", ["xy", "ij"])
@pytest.mark.parametrize("sparse", [False, True])
def test_every_coordinate_of_a_grid_has_its_gradient(indexing: str, sparse: bool) -> None:
    def product(x: Any, y: Any, z: Any) -> Any:
        a, b, c = np.meshgrid(x, y, z, indexing=indexing, sparse=sparse)
        return a * b * c

    assert_differentiates(product, normal(2), normal(3), normal(2))


def test_a_grid_takes_arrays_numbers_and_lists_beside_tensors() -> None:
    x = tensor(2)
    for grids in (np.meshgrid(x, [1.0, 2.0, 3.0], 2.5), np.meshgrid(x, np.arange(3), 2.5, copy=False)):
        assert type(grids) is tuple
        assert [z.shape for z in grids] == [(3, 2, 1)] * 3
    assert grids[0].requires_grad
    with pytest.raises(DomainError, match="'xy' or 'ij'"):
        np.meshgrid(x, x, indexing="ji")
    with pytest.raises(ValueError, match="indexing"):
        np.meshgrid(x.data, x.data, indexing="ji")


def test_broadcast_arrays_gives_all_in_one_shape_each_with_its_gradient() -> None:
    assert_differentiates(
        lambda a, b: np.prod(np.stack(np.broadcast_arrays(a, b, 2.0)), axis=0), normal(2, 1), normal(3)
    )
    x, y = tensor(2, 3), tensor(3)
    a, b, c = np.broadcast_arrays(x, y, [[1.0], [2.0]])
    assert a is x
    assert b.shape == c.shape == (2, 3)
    with pytest.raises(ShapeError, match=r"broadcast_arrays: the shapes \(2, 3\), \(2,\) do not broadcast"):
        np.broadcast_arrays(x, tensor(2))


# Order, and the names of NumPy 2.0


@pytest.mark.parametrize("order", ["A", "K"])
def test_an_order_that_depends_on_memory_is_refused(order: str) -> None:
    x = tensor(2, 3)
    for call in (lambda: np.ravel(x, order=order), lambda: np.reshape(x, 6, order=order)):
        with pytest.raises(NoRuleError, match=rf"order='{order}'.*say 'C' or 'F'"):
            call()


def test_reshape_and_ravel_take_their_arguments_by_position_too() -> None:
    x = tensor(2, 3)
    np.testing.assert_array_equal(np.reshape(x, (3, 2), "F").data, np.reshape(x.data, (3, 2), "F"))
    np.testing.assert_array_equal(np.ravel(x, "F").data, np.ravel(x.data, "F"))
    assert_differentiates(lambda x: np.reshape(x, (3, -1), "F"), normal(2, 3))


@pytest.mark.skipif(np.__version__ < "2.1", reason="NumPy 2.0 calls it newshape")
def test_reshape_takes_its_shape_by_name_and_copies_if_asked() -> None:
    x = tensor(2, 3)
    z = np.reshape(x, shape=(3, 2), copy=True)
    np.testing.assert_array_equal(z.data, x.data.reshape(3, 2))
    assert not np.shares_memory(z.data, x.data)
    assert np.shares_memory(np.reshape(x, shape=(3, 2), order="C", copy=None).data, x.data)
    assert not np.shares_memory(np.reshape(x, (3, 2), order="F", copy=True).data, x.data)
    z.sum().backward()
    np.testing.assert_array_equal(x.grad.data, np.ones((2, 3)))
    with pytest.raises(NoRuleError, match=r"copy=False.*leave it out"):
        np.reshape(x, (3, 2), copy=False)


@pytest.mark.skipif(np.__version__ >= "2.3", reason="gone since NumPy 2.3")
def test_reshape_takes_the_newshape_of_older_numpy() -> None:
    x = tensor(2, 3)
    z = np.reshape(x, newshape=(3, 2))
    np.testing.assert_array_equal(z.data, x.data.reshape(3, 2))
    assert z.requires_grad


def test_reshape_without_a_shape_is_refused() -> None:
    with pytest.raises(TypeError, match="shape"):
        np.reshape(tensor(2))
    from tinygrad_edu.rules.shape import reshape_in_order

    with pytest.raises(ShapeError, match="no shape"):
        reshape_in_order(tensor(2))


# Axes


def test_axes_that_do_not_exist_are_named() -> None:
    x = tensor(2, 3)
    for call, message in (
        (lambda: np.rollaxis(x, 0, 3), r"start must be in -2\.\.\.2"),
        (lambda: np.rollaxis(x, 0, -3), r"start must be in -2\.\.\.2"),
        (lambda: np.rot90(x, axes=(1, -1)), "must differ"),
        (lambda: np.rot90(x, axes=(0, 1, 0)), "a plane of two axes"),
        (lambda: np.rot90(x, axes=(0,)), "a plane of two axes"),
        (lambda: np.fliplr(tensor(3)), "axis 1"),
        (lambda: np.flipud(tensor()), "axis 0"),
        (lambda: np.matrix_transpose(tensor(3)), r"x is \(3,\); a matrix has two axes"),
        (lambda: np.linalg.matrix_transpose(tensor()), r"x is \(\)"),
        (lambda: np.roll(x, 1, 2), "axis 2"),
        (lambda: np.diagonal(tensor(3)), "diag"),
        (lambda: np.trace(x, axis1=1, axis2=1), "axis1 and axis2"),
        (lambda: np.diag(tensor(2, 2, 2)), r"v is \(2, 2, 2\); it must have one axis, or two"),
        (lambda: np.diag(tensor()), r"v is \(\)"),
        (lambda: np.resize(x, (-1, 2)), r"\(-1, 2\) has a negative length"),
        (lambda: np.resize(x, (2, -1)), r"\(2, -1\) has a negative length"),
    ):
        with pytest.raises(ShapeError, match=message):
            call()
    for call, message in (
        (lambda: np.rollaxis(x, 2), r"^rollaxis: the array is \(2, 3\); axis 2 is out of bounds"),
        (lambda: np.rollaxis(x, -3), r"^rollaxis: .* axis -3 is out of bounds"),
        (lambda: np.rot90(x, axes=(0, 2)), r"^rot90: .* axis 2 is out of bounds"),
    ):
        with pytest.raises(IndexingError, match=message):
            call()


def test_permute_dims_is_transpose() -> None:
    assert_differentiates(lambda x: np.permute_dims(x, (2, 0, 1)), normal(2, 3, 2))


@pytest.mark.skipif(not hasattr(np, "unstack"), reason="since NumPy 2.1")
def test_unstack_takes_apart_what_stack_joined() -> None:
    for axis in (0, 1, -1):
        pieces = np.unstack(tensor(2, 3), axis=axis)
        assert type(pieces) is tuple
        assert len(pieces) == (2, 3)[axis]
        assert_differentiates(lambda x, axis=axis: np.stack(np.unstack(x, axis=axis)[::-1], axis=axis), normal(2, 3))
    with pytest.raises(ShapeError):
        np.unstack(tensor())


def test_a_shift_given_as_an_array_rolls_as_in_numpy() -> None:
    x = normal(3, 2)
    for shift in (np.array([1, 2]), np.int8(1), [2, -1]):
        z = np.roll(tg.Tensor(x, requires_grad=True), shift, (0, 1))
        np.testing.assert_array_equal(z.data, np.roll(x, shift, (0, 1)))


# Dtypes and copies


def test_a_copy_has_memory_of_its_own_and_passes_the_gradient() -> None:
    x = tensor(3)
    z = np.copy(x)
    assert not np.shares_memory(z.data, x.data)
    (z * z).sum().backward()
    np.testing.assert_array_equal(x.grad.data, 2 * x.data)


@pytest.mark.skipif(not hasattr(np, "astype"), reason="since NumPy 2.1")
def test_astype_as_a_function_casts_the_gradient_back() -> None:
    x = tg.Tensor(np.array([1.0, 2.0], np.float32), requires_grad=True)
    for dtype in (np.float64, np.complex64, "f2"):
        z = np.astype(x, dtype, copy=False)
        assert z.dtype == dtype
        x.grad = None
        np.real(z * z).sum().backward()
        assert x.grad.dtype == np.float32
        np.testing.assert_array_equal(x.grad.data, [2, 4])
    assert not np.astype(x, int).requires_grad


def test_the_likes_take_a_dtype_and_a_shape() -> None:
    x = tensor(2, 3)
    for f in (np.zeros_like, np.ones_like, np.empty_like):
        assert f(x).shape == (2, 3)
        assert f(x).dtype == float
        z = f(x, np.float32, shape=(4,))
        assert type(z) is tg.Tensor
        assert (z.shape, z.dtype, z.requires_grad) == ((4,), np.float32, False)
    assert np.full_like(x, 2, np.int8, shape=3).data.tolist() == [2, 2, 2]
    assert np.full_like(x, 2, np.int8, shape=3).dtype == np.int8
    assert np.full_like(tg.Tensor([1, 2]), 7).data.tolist() == [7, 7]


def test_the_gradient_of_full_like_flows_to_the_value_and_not_to_the_array() -> None:
    x, value = tensor(2, 3), tg.Tensor(1.5, requires_grad=True)
    (np.full_like(x, value) * [[1.0], [2.0]]).sum().backward()
    assert value.grad.item() == 9
    np.testing.assert_array_equal(x.grad.data, np.zeros((2, 3)))
    row = tg.Tensor(np.array([1.0, 2.0, 3.0], np.float32), requires_grad=True)
    z = np.full_like(x, row, shape=(4, 3))
    assert z.dtype == float
    z.sum().backward()
    assert row.grad.dtype == np.float32
    np.testing.assert_array_equal(row.grad.data, [4, 4, 4])


@pytest.mark.parametrize(("dtype", "value"), [(int, 2.5), (bool, 1.0), (float, 1j), (np.int8, 1j)])
def test_full_like_does_not_cut_off_its_value(dtype: Any, value: Any) -> None:
    x = tensor(2)
    for v in (value, np.array(value), tg.Tensor(value, requires_grad=True)):
        with pytest.raises(DTypeError, match=r"full_like.*a (float|complex) value put into .* would be cut off"):
            np.full_like(x, v, dtype=dtype)
    assert np.full_like(x, 2.5, dtype=np.float16).dtype == np.float16
    assert np.full_like(x, 2.5, dtype=complex).dtype == complex
    assert np.full_like(x, True, dtype=int).data.tolist() == [1, 1]


def test_a_tensor_as_the_value_of_a_plain_array_is_refused() -> None:
    with pytest.raises((GradientError, NoRuleError)):
        np.full_like(np.ones(3), tensor())


def test_the_size_along_axes_is_a_number() -> None:
    x = tensor(2, 3, 4)
    assert (np.size(x), np.size(x, 1), np.size(x, -1)) == (24, 3, 4)
    assert type(np.size(x, 0)) is int
    if np.__version__ >= "2.4":
        assert np.size(x, (0, -1)) == np.size(x.data, (0, -1)) == 8


# Diagonals


def test_diagonals_of_every_offset_and_all_axes_agree_with_numpy_and_einsum() -> None:
    x = normal(3, 2, 3)
    np.testing.assert_allclose(np.trace(tg.Tensor(x), axis1=0, axis2=2).data, np.einsum("iji->j", x), rtol=1e-15)
    assert_differentiates(lambda x: np.diagonal(x, 1, 2, 0) * np.trace(x, -1, 0, 2), x)
    for offset in range(-5, 6):
        for shape in ((3, 4), (4, 2)):
            t = tensor(*shape)
            np.diagonal(t, offset).sum().backward()
            np.testing.assert_array_equal(t.grad.data, np.eye(*shape, offset))


def test_a_trace_may_be_summed_in_another_dtype() -> None:
    x = tg.Tensor(np.eye(3, dtype=np.float32), requires_grad=True)
    for z in (np.trace(x, dtype=np.float64), np.linalg.trace(x, dtype=np.float64), np.trace(x, 0, 0, 1, float)):
        assert z.dtype == np.float64
        x.grad = None
        z.backward()
        assert x.grad.dtype == np.float32
        np.testing.assert_array_equal(x.grad.data, np.eye(3))


def test_the_diagonal_of_a_diagonal_matrix_is_what_it_was_made_of() -> None:
    for k in (-2, 0, 1):
        assert_differentiates(lambda v, k=k: np.diag(np.diag(v, k), k), normal(3))
        assert_differentiates(lambda v, k=k: np.diag(np.diagflat(v, k), k), normal(2, 2))


def test_resizing_nothing_gives_zeros() -> None:
    z = np.resize(tensor(0), (2, 2))
    np.testing.assert_array_equal(z.data, np.zeros((2, 2)))

"""float32 stays float32, every gradient has its tensor's shape and dtype, and integers are told why they have none."""

import numpy as np
import pytest

from tinygrad_edu import Tensor, functions, grad, value_and_grad
from tinygrad_edu.errors import DTypeError

F = functions
FLOATS = [np.float16, np.float32, np.float64]
# Python numbers, means and losses: nothing here may widen a float32
NARROW = {
    "x + 1": lambda x: x + 1,
    "1.5 - x": lambda x: 1.5 - x,
    "2.0 * x": lambda x: 2.0 * x,
    "x / 3": lambda x: x / 3,
    "1 / x": lambda x: 1 / x,
    "x ** 2": lambda x: x**2,
    "x ** -0.5": lambda x: x**-0.5,
    "2.0 ** x": lambda x: 2.0**x,
    "True * x": lambda x: True * x,
    "-x": lambda x: -x,
    "x @ x": lambda x: x @ x.T,
    "sum": lambda x: x.sum(),
    "mean": lambda x: x.mean(),
    "mean over an axis": lambda x: x.mean(axis=0),
    "var": lambda x: x.var(axis=1, ddof=1),
    "std": lambda x: x.std(),
    "max": lambda x: x.max(axis=0),
    "prod": lambda x: x.prod(),
    "cumsum": lambda x: x.cumsum(axis=1),
    "where": lambda x: np.where(x.data > 1, x, 0.0),
    "maximum": lambda x: np.maximum(x, 0.5),
    "clip": lambda x: x.clip(0.3, 2),
    "pad": lambda x: np.pad(x, 1),
    "getitem": lambda x: x[[0, 0]] * 2.0,
    "an entry": lambda x: x[0, 0] * 2.0,
    "at set": lambda x: x.at[0].set(0.5),
    "at add": lambda x: x.at[0].add(0.5),
    "at add an integer": lambda x: x.at[0, 0].add(1),
    "comparison": lambda x: x * (x > 1),
    "mask": lambda x: x * (x.data > 1),
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "sigmoid": F.sigmoid,
    "tanh": F.tanh,
    "softplus": F.softplus,
    "erf": F.erf,
    "softmax": lambda x: F.softmax(x, axis=0),
    "log_softmax": lambda x: F.log_softmax(x, axis=-1),
    "logsumexp": lambda x: F.logsumexp(x, axis=0),
    "dropout": lambda x: F.dropout(x, 0.5, rng=0),
    "mse": lambda x: F.mse(x, np.zeros(x.shape, x.dtype)),
    "binary_cross_entropy": lambda x: F.binary_cross_entropy(x / 4, np.ones(x.shape, x.dtype)),
    "with logits": lambda x: F.binary_cross_entropy_with_logits(x, np.ones(x.shape, x.dtype)),
    "cross_entropy of labels": lambda x: F.cross_entropy(x, np.zeros(x.shape[1], int), axis=0),
    "affine": lambda x: F.affine(x, x.T, x[:, :1]),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("f", NARROW.values(), ids=NARROW.keys())
def test_a_float_dtype_survives_forward_and_backward(f, dtype):
    x = Tensor(np.array([[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]], dtype), requires_grad=True)
    z = f(x)
    assert z.dtype == dtype
    z.backward(np.ones(z.shape), retain_grads=True)
    assert x.grad.dtype == dtype and x.grad.shape == x.shape
    assert z.grad.dtype == dtype and z.grad.shape == z.shape


@pytest.mark.parametrize("f", NARROW.values(), ids=NARROW.keys())
def test_float32_survives_a_backward_pass_that_is_recorded(f):
    x = Tensor(np.array([[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]], np.float32), requires_grad=True)
    z = f(x)
    z.backward(np.ones(z.shape), create_graph=True)
    assert x.grad.dtype == np.float32 and x.grad.shape == x.shape


@pytest.mark.parametrize("dtype", FLOATS)
def test_grad_gives_the_dtype_and_the_shape_of_its_argument(dtype):
    x = np.full((2, 1), 0.5, dtype)
    value, dx = value_and_grad(lambda x: (x**3 * 2).mean())(x)
    assert value.dtype == dtype and dx.dtype == dtype and dx.shape == (2, 1)
    second = grad(lambda x: grad(lambda y: (y**3 * 2).sum())(x).sum())(x)
    assert second.dtype == dtype and second.shape == (2, 1)
    np.testing.assert_array_equal(second, 12 * x)


@pytest.mark.parametrize("other", [np.float64(2.0), np.full((2, 3), 2.0), np.arange(6).reshape(2, 3)], ids=repr)
def test_numpys_own_promotion_holds_forward_and_the_gradient_comes_back_narrow(other):
    x = Tensor(np.ones((2, 3), np.float32), requires_grad=True)
    for z in (x * other, other * x, np.multiply(x, other)):
        assert z.dtype == np.float64
        x.grad = None
        z.sum().backward()
        assert x.grad.dtype == np.float32
        np.testing.assert_array_equal(x.grad.data, np.broadcast_to(other, (2, 3)))


def test_each_operand_gets_its_own_dtype_back():
    a = Tensor(np.ones((2, 3), np.float32), requires_grad=True)
    b = Tensor(np.ones(3, np.float64), requires_grad=True)
    c = Tensor(np.float16(2.0), requires_grad=True)
    (a * b * c).sum().backward(retain_grads=True)
    assert [t.grad.dtype for t in (a, b, c)] == [np.float32, np.float64, np.float16]
    assert [t.grad.shape for t in (a, b, c)] == [(2, 3), (3,), ()]


def test_astype_passes_the_gradient_back_in_the_dtype_it_came_from():
    x = Tensor(np.ones(3, np.float32), requires_grad=True)
    z = x.astype(np.float64)
    assert z.dtype == np.float64
    (z * 3).sum().backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad.data, [3, 3, 3])


def test_astype_to_integers_makes_a_constant():
    x = Tensor([1.5, 2.5], requires_grad=True)
    z = x.astype(int)
    assert z.dtype.kind == "i" and not z.requires_grad


USES = {
    "x + x": lambda x: x + x,
    "2 x": lambda x: x * 2.0,
    "flat": lambda x: x.reshape(x.size),
    "transposed": lambda x: x.T,
    "stretched": lambda x: x * np.ones((2, 5, *x.shape)),
    "a sum": lambda x: x.sum() * x,
    "with an axis of one": lambda x: x.reshape((1, *x.shape, 1)),
}


@pytest.mark.parametrize("shape", [(), (1,), (0,), (3,), (0, 3), (1, 1), (1, 3), (3, 1, 3)])
@pytest.mark.parametrize("f", USES.values(), ids=USES.keys())
def test_every_gradient_has_the_shape_of_its_tensor(f, shape):
    x = Tensor(np.ones(shape), requires_grad=True)
    h = x * 1.0
    f(h).sum().backward(retain_grads=True)
    for t in (x, h):
        assert type(t.grad) is Tensor and type(t.grad.data) is np.ndarray and t.grad.shape == shape


def test_numpy_scalars_and_zero_dimensional_results_are_arrays_inside():
    x = Tensor(np.float32(2.0), requires_grad=True)
    z = x * x
    z.backward()
    assert type(x.data) is type(z.data) is type(x.grad.data) is np.ndarray
    assert x.grad.shape == () and x.grad.dtype == np.float32


# What a Tensor takes


def test_lists_of_floats_become_float64_and_arrays_keep_their_dtype():
    assert Tensor([1.0, 2]).dtype == np.float64
    assert Tensor(1.0).dtype == np.float64
    assert Tensor([1, 2]).dtype.kind == "i"
    for dtype in (np.float32, np.int8, np.bool_, np.complex64):
        assert Tensor(np.ones(2, dtype)).dtype == dtype
    assert Tensor([1, 2], dtype=np.float32, requires_grad=True).dtype == np.float32


def test_a_tensor_shares_memory_like_asarray():
    array = np.ones(3)
    assert np.shares_memory(Tensor(array).data, array)
    assert np.shares_memory(Tensor(Tensor(array)).data, array)
    assert not np.shares_memory(Tensor(array).copy().data, array)


@pytest.mark.parametrize(
    "data", [1, [1, 2], np.ones(2, np.int8), np.ones(2, np.uint64), True, np.ones(2, bool)], ids=repr
)
def test_integers_cannot_require_gradients_and_the_message_says_how_to_make_them_float(data):
    cure = r"n is (u?int\d+|bool); only float and complex tensors.*\(2\.0\).*dtype=float"
    with pytest.raises(DTypeError, match=cure):
        Tensor(data, requires_grad=True, name="n")
    n = Tensor(data, name="n")
    with pytest.raises(DTypeError, match=cure):
        n.requires_grad = True
    assert not n.requires_grad


def test_a_complex_tensor_has_a_gradient_and_a_complex_end_needs_one_to_start_from():
    x = Tensor([3 + 4j], requires_grad=True, name="x")
    z = x * x
    with pytest.raises(DTypeError, match=r"complex128; backward\(\) starts from a real number: take np.real"):
        z.sum().backward()
    np.real(z * z.conj()).sum().backward()  # |x|^4, whose gradient is 4 |x|^2 conj(x)
    np.testing.assert_allclose(x.grad.data, [100 * (3 - 4j)], rtol=1e-14)
    with pytest.raises(DTypeError, match=r"grad: <lambda> returned a complex number"):
        grad(lambda x: x * 1j)(1.0)


def test_the_cure_that_the_message_names_works():
    x = Tensor([1, 2], dtype=float, requires_grad=True)
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [2.0, 4.0])


@pytest.mark.parametrize("x", [2, [1, 2], np.arange(3), True, Tensor(3)], ids=repr)
def test_grad_by_an_integer_raises_and_says_how_to_make_it_float(x):
    with pytest.raises(DTypeError, match=r"write 2\.0 instead of 2"):
        grad(lambda x: x * 1.0)(x)


def test_integers_may_take_part_as_constants():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    (x * Tensor([1, 2, 3]) + np.arange(3) - 7).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [1.0, 2.0, 3.0])
    assert x.grad.dtype == np.float64


def test_a_value_that_integers_cannot_hold_is_not_cut_off():
    v = Tensor(0.5, requires_grad=True)
    with pytest.raises(DTypeError, match=r"would be cut off.*astype\(float\)"):
        Tensor([1, 2]).at[0].set(v)
    assert Tensor([1, 2]).at[0].set(7).data.tolist() == [7, 2]


@pytest.mark.parametrize("data", ["text", None, [None, 1.0], {"a": 1}, [Ellipsis], np.array(["a"])], ids=repr)
def test_what_is_no_number_is_refused_with_its_type(data):
    with pytest.raises(DTypeError, match=r"holds numbers; this \w+ became an array of dtype"):
        Tensor(data)


def test_a_list_of_tensors_is_refused_and_stack_named():
    with pytest.raises(DTypeError, match=r"np\.stack or np\.concatenate"):
        Tensor([Tensor(1.0), Tensor(2.0)])


def test_ragged_lists_are_refused():
    with pytest.raises(ValueError, match="is no array"):
        Tensor([[1.0], [1.0, 2.0]])

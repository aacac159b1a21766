"""Jacobians, Hessians, products with them, and derivatives entry by entry."""

from collections import namedtuple

import autograd.numpy as anp
import numpy as np
import pytest
from autograd.differential_operators import elementwise_grad as autograd_elementwise
from autograd.differential_operators import hessian as autograd_hessian
from autograd.differential_operators import hessian_vector_product
from autograd.differential_operators import jacobian as autograd_jacobian
from calls import SIMPLE, is_plain, parameter
from oracles import assert_close, finite_difference

from tinygrad_edu import Tensor, elementwise_grad, grad, hessian, hvp, jacobian
from tinygrad_edu.errors import DTypeError, GradientError, ShapeError

Pair = namedtuple("Pair", "W b")
X = np.random.default_rng(5).uniform(0.5, 1.5, (2, 3))

FUNCTIONS = {
    **SIMPLE,
    "to many entries": lambda xp, x: xp.outer(xp.ravel(x), xp.ravel(x)),
    "to many entries, linear": lambda xp, x: xp.concatenate([x, 2 * x, 3 * x, -x]),
}
each_function = pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS.keys())


# Jacobians


@each_function
@pytest.mark.parametrize("shape", [(2, 3), (1, 1), (3, 1)])
def test_jacobian_agrees_with_autograd(f, shape):
    x = X.ravel()[: np.prod(shape)].reshape(shape)
    expected = autograd_jacobian(lambda x: f(anp, x))(x)
    J = jacobian(lambda x: f(np, x))(x)
    assert is_plain(J)
    assert_close(J, expected.reshape(f(np, x).shape + shape), 1e-14)


def test_jacobian_of_numbers_and_of_nothing():
    J = jacobian(lambda x: x**3)(2.0)
    assert J == 12.0 and type(J) is np.float64
    assert jacobian(lambda x: np.stack([x, x * x]))(3.0).tolist() == [1.0, 6.0]
    assert jacobian(lambda x: x * x)(np.ones((0, 2))).shape == (0, 2, 0, 2)
    assert jacobian(lambda x: x.sum())(np.ones((0, 2))).shape == (0, 2)
    assert jacobian(lambda x: x[:, :0])(np.ones((1, 2))).shape == (1, 0, 1, 2)
    np.testing.assert_array_equal(jacobian(lambda x: np.ones((4, 5)) * x[:0].sum())(np.ones(0)), np.ones((4, 5, 0)))


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 9])
def test_rows_and_columns_give_the_same_matrix(length):
    """Around the length where walks by columns become the cheaper ones."""
    A = np.random.default_rng(0).normal(size=(length, 2))
    J = jacobian(lambda x: np.tanh(A @ x))(np.array([0.3, -0.2]))
    slope = 1 - np.tanh(A @ [0.3, -0.2]) ** 2
    np.testing.assert_allclose(J, slope[:, None] * A, rtol=1e-14)


@pytest.mark.parametrize("entries, walks", [(3, 3), (4, 4), (5, 5), (6, 6), (7, 3), (1000, 3)])
def test_a_jacobian_takes_as_few_walks_as_it_can(monkeypatch, entries, walks):
    from tinygrad_edu import pullbacks

    count = [0]

    def counted(*args, **kwargs):
        count[0] += not kwargs.get("create_graph", False)  # the graph of the pullback is recorded once
        return original(*args, **kwargs)

    original = pullbacks.backpropagate
    monkeypatch.setattr(pullbacks, "backpropagate", counted)
    jacobian(lambda x: np.broadcast_to(x.sum() ** 2, (entries,)))(np.ones(3))
    assert count[0] == walks


@pytest.mark.parametrize("repeat", [1, 5])
def test_trees_give_the_outputs_structure_with_the_arguments_inside(repeat):
    def f(p, x):
        Z = p["net"].W @ x + p["net"].b
        return {"Z": np.concatenate([Z] * repeat), "rest": (p["scale"] * x[0],)}

    p = {"net": Pair(X, np.array([1.0, 2.0])), "scale": np.array(3.0, np.float32), "none": None}
    x = np.array([1.0, 2.0, 3.0])
    J = jacobian(f, argnums=(0, 1))(p, x)
    dp, dx = J["Z"]
    eye = np.concatenate([np.eye(2)] * repeat)
    np.testing.assert_array_equal(dp["net"].W, eye[:, :, None] * x)
    np.testing.assert_array_equal(dp["net"].b, eye)
    np.testing.assert_array_equal(dp["scale"], np.zeros(2 * repeat))
    np.testing.assert_array_equal(dx, eye @ X)
    assert dp["none"] is None and type(dp["net"]) is Pair
    dp, dx = J["rest"][0]
    assert dp["scale"] == 1.0 and dx.tolist() == [3.0, 0.0, 0.0]
    assert dp["net"].W.shape == (2, 3) and not dp["net"].W.any()


def test_float32_gives_float32():
    x = np.ones(2, np.float32)
    assert jacobian(np.tanh)(x).dtype == jacobian(lambda x: np.outer(x, np.ones(9, np.float32)))(x).dtype == np.float32
    assert hessian(lambda x: (x**3).sum())(x).dtype == hvp(lambda x: (x**3).sum())(x, [1, 2]).dtype == np.float32


def test_a_complex_analytic_function_has_its_complex_derivative():
    z = np.array([0.7 + 0.4j, -0.3 + 0.9j])
    np.testing.assert_allclose(jacobian(lambda z: np.exp(z) * z)(z), np.diag(np.exp(z) * (z + 1)), rtol=1e-14)
    np.testing.assert_allclose(elementwise_grad(np.sqrt)(z), 1 / (2 * np.sqrt(z)), rtol=1e-14)
    np.testing.assert_allclose(jacobian(lambda z: z[0] ** 3)(z), [3 * z[0] ** 2, 0], rtol=1e-14)


@pytest.mark.parametrize("repeat", [1, 9])
def test_a_complex_function_of_a_real_argument_has_a_complex_slope(repeat):
    x = np.array([0.3, 0.8])
    J = jacobian(lambda x: np.concatenate([np.exp(1j * x) * x] * repeat))(x)
    slope = np.exp(1j * x) * (1 + 1j * x)
    np.testing.assert_allclose(J, np.concatenate([np.diag(slope)] * repeat), rtol=1e-14)
    if repeat == 1:
        np.testing.assert_allclose(elementwise_grad(lambda x: np.exp(1j * x) * x)(x), slope, rtol=1e-14)


def test_a_real_function_of_a_complex_argument_has_gradients_for_rows():
    z = np.array([0.7 + 0.4j, -0.3 + 0.9j])
    J = jacobian(lambda z: np.stack([np.abs(z[0] * z[1]), np.real(z).sum()]))(z)
    for k, f in enumerate((lambda z: np.abs(z[0] * z[1]), lambda z: np.real(z).sum())):
        assert_close(J[k], finite_difference(f, z), 1e-9)


@pytest.mark.parametrize(
    "f", [np.conj, lambda z: np.abs(z) * z, lambda z: z + 1e-6 * np.conj(z), lambda z: 1e-12 * np.conj(z)]
)
def test_a_function_that_is_not_analytic_has_no_complex_slope(f):
    for transform in (jacobian, elementwise_grad):
        with pytest.raises(GradientError, match=r"not analytic.*np\.real\(\) and np\.imag\(\)"):
            transform(f)(np.array([1.0 + 2.0j]))


def test_rounding_is_no_reason_to_call_a_function_not_analytic():
    z = np.random.default_rng(0).normal(size=(20, 2)) @ [1, 1j]
    for f in (lambda z: (z + 1e6) - z, lambda z: np.exp(z) * np.exp(-z), lambda z: np.sin(z) ** 2 + np.cos(z) ** 2):
        np.testing.assert_allclose(elementwise_grad(f)(z), 0, atol=1e-8)
        np.testing.assert_allclose(jacobian(f)(z.astype(np.complex64)), 0, atol=1e-3)
    np.testing.assert_allclose(elementwise_grad(lambda z: np.abs(z) ** 2 / np.conj(z))(z * 1e-9), 1, rtol=1e-12)
    np.testing.assert_array_equal(jacobian(lambda z: z * 0)(z), np.zeros((20, 20)))


def test_slopes_of_nan_are_no_reason_to_call_a_function_not_analytic():
    with np.errstate(all="ignore"):
        assert np.isnan(jacobian(lambda z: z * complex("nan"))(np.array([1j]))).all()


# Hessians


def scalar(xp, x):
    return xp.sum(xp.sin(x) * x[::-1] ** 2) + xp.sum(x) ** 3


def test_hessian_and_hvp_agree_with_autograd():
    V = X[::-1] - 1
    expected = autograd_hessian(lambda x: scalar(anp, x))(X)
    H = hessian(lambda x: scalar(np, x))(X)
    assert is_plain(H)
    assert_close(H, expected, 1e-13)
    Hv = hvp(lambda x: scalar(np, x))(X, V)
    assert is_plain(Hv)
    assert_close(Hv, hessian_vector_product(lambda x: scalar(anp, x))(X, V), 1e-13)
    assert_close(Hv, np.tensordot(expected, V, 2), 1e-13)


def test_hessian_of_several_numbers_has_their_shape_first():
    H = hessian(lambda x: np.stack([x[0] ** 3, x[0] * x[1]]))(np.array([2.0, 5.0]))
    np.testing.assert_array_equal(H, [[[12.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]])
    assert hessian(lambda x: x.sum(keepdims=True) ** 2)(np.ones((1, 2))).shape == (1, 1, 1, 2, 1, 2)


def test_hessian_and_hvp_of_several_arguments_and_of_trees():
    f = lambda x, y, k: (x * y * y).sum() * k
    (xx, xy), (yx, yy) = hessian(f, argnums=(0, 1))(np.array([2.0]), np.array([3.0]), 10.0)
    assert (xx, xy, yx, yy) == (0.0, 60.0, 60.0, 40.0)
    dx, dy = hvp(f, argnums=(0, 1))(np.array([2.0]), np.array([3.0]), 10.0, (np.array([1.0]), np.array([5.0])))
    assert (dx, dy) == (300.0, 260.0)
    assert hvp(f, argnums=-2)(2.0, 3.0, 10.0, 5.0) == 200.0
    tree = {"x": np.array([2.0]), "y": (np.array([3.0]),)}
    g = lambda p, k=10.0: f(p["x"], p["y"][0], k)
    H = hessian(g)(tree)
    assert (H["x"]["y"][0], H["y"][0]["x"], H["y"][0]["y"][0]) == (60.0, 60.0, 40.0)
    Hv = hvp(g)(tree, {"x": [1.0], "y": [[5.0]]}, k=1.0)
    assert (Hv["x"], Hv["y"][0]) == (30.0, 26.0)


@pytest.mark.parametrize("f", [lambda x: (3 * x).sum(), lambda x: Tensor(1.0), lambda x: np.sign(x).sum()])
def test_linear_functions_have_hessians_of_zero(f):
    np.testing.assert_array_equal(hessian(f)(np.ones(2)), np.zeros((2, 2)))
    np.testing.assert_array_equal(hvp(f)(np.ones(2), np.ones(2)), np.zeros(2))


def test_hvp_without_or_with_another_vector_is_refused():
    with pytest.raises(GradientError, match=r"hvp\(f\)\(x, v\)"):
        hvp(lambda x: x * x)(1.0)
    with pytest.raises(ShapeError, match=r"hvp: v is \(3,\); the argument is \(2,\)"):
        hvp(lambda x: (x * x).sum())(np.ones(2), np.ones(3))


# Entry by entry


def test_elementwise_grad_agrees_with_autograd():
    f = lambda xp, x, y: xp.sin(x) * y**2 / x
    for argnum in (0, 1):
        got = elementwise_grad(lambda x, y: f(np, x, y), argnum)(X, X + 1)
        assert_close(got, autograd_elementwise(lambda x, y: f(anp, x, y), argnum)(X, X + 1), 1e-14)
    dx, dy = elementwise_grad(np.multiply, (0, 1))(X, X + 1)
    np.testing.assert_array_equal(dx, X + 1)
    np.testing.assert_array_equal(dy, X)


def test_elementwise_grads_nest_into_higher_derivatives():
    x = np.array([0.1, 0.7])
    third = elementwise_grad(elementwise_grad(elementwise_grad(np.sin)))(x)
    np.testing.assert_allclose(third, -np.cos(x), rtol=1e-14)
    assert elementwise_grad(np.sign)(2.0) == 0.0


def test_a_function_that_mixes_entries_has_the_sums_of_its_jacobian():
    np.testing.assert_array_equal(elementwise_grad(np.cumsum)(np.ones(3)), [3.0, 2.0, 1.0])


@pytest.mark.parametrize("f, shape", [(np.sum, r"\(\)"), (lambda x: x.T, r"\(3, 2\)"), (lambda x: x[None], r"\(1, 2")])
def test_a_function_that_changes_the_shape_does_not_work_entry_by_entry(f, shape):
    with pytest.raises(ShapeError, match=rf"returned {shape}.* for an argument of \(2, 3\).*jacobian"):
        elementwise_grad(f)(X)
    with pytest.raises(GradientError, match="returned a tuple"):
        elementwise_grad(lambda x: (x, f(x)))(X)


# Graphs


def test_a_jacobian_keeps_the_graph_of_tensors_and_of_captured_parameters():
    w, x = parameter(3.0, name="w"), parameter(2.0, 5.0, name="x")
    J = jacobian(lambda x: w * x * x)(np.array([2.0, 5.0]))
    J.sum().backward()
    assert w.grad.data == [14.0]
    jacobian(lambda x: x**3)(x).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [12.0, 30.0])
    assert is_plain(jacobian(lambda x: w + x)(np.ones(2)))


def test_hessian_and_hvp_keep_the_graph_of_a_captured_parameter():
    w = parameter(3.0)
    hessian(lambda x: (w * x**3).sum())(np.array([2.0, 5.0])).sum().backward()
    assert w.grad.data == [42.0]
    v = parameter(1.0, 10.0)
    hvp(lambda x: (x**3).sum())(np.array([2.0, 5.0]), v).sum().backward()
    np.testing.assert_array_equal(v.grad.data, [12.0, 30.0])


def test_newtons_method_with_a_hessian_finds_the_minimum_of_a_quartic():
    f = lambda x: ((x - np.array([1.0, 2.0])) ** 4).sum() + (x**2).sum()
    x = np.zeros(2)
    for _ in range(20):
        x = x - np.linalg.solve(hessian(f)(x), grad(f)(x))
    np.testing.assert_allclose(4 * (x - [1.0, 2.0]) ** 3 + 2 * x, 0, atol=1e-12)


@pytest.mark.parametrize("transform", [jacobian, hessian, elementwise_grad, hvp])
def test_what_cannot_be_differentiated_is_told_as_by_grad(transform):
    v = (1.0,) if transform is hvp else ()
    with pytest.raises(DTypeError, match=r"args\[0\]\['lr'\] cannot be differentiated by: it is int64"):
        transform(lambda p: p["lr"])({"lr": 3}, *v)
    with pytest.raises(GradientError, match=r"cost returned a float, which has no graph"):

        def cost(x):
            return 3.0

        transform(cost)(1.0, *v)
    with pytest.raises(GradientError, match=r"argnums=1\) needs positional argument number 1; got 1"):
        transform(lambda x: x, argnums=1)(1.0, *v)

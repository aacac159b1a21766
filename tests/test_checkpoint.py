"""`checkpoint`: the gradients of the function itself, for less memory."""

import gc
import tracemalloc
import weakref

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from calls import gradients, leaf
from oracles import assert_close

from tinygrad_edu import Tensor, checkpoint, grad, hessian, jvp, no_grad, vjp

rng = np.random.default_rng(3)
A, B = rng.normal(size=(3, 3)), rng.normal(size=(3, 4))


def assert_same(cost, *tensors):
    """cost(plain) and cost(checkpoint) have the same gradients, of first and of second order."""
    plain, checkpointed = (gradients(cost(how), *tensors) for how in (lambda f: f, checkpoint))
    for expected, got in zip(plain, checkpointed):
        assert_close(got, expected, 1e-14)
    second = []
    for how in (lambda f: f, checkpoint):
        gradients(cost(how), *tensors, create_graph=True)
        slopes = [t.grad for t in tensors]
        second.append(gradients(sum((g * g * (i + 2)).sum() for i, g in enumerate(slopes)), *tensors))
    for expected, got in zip(*second):
        assert_close(got, expected, 1e-13)


# What goes in and what comes out


def test_arguments_and_captured_parameters_get_the_gradients_of_the_function():
    W, X = leaf(A, "W"), leaf(B, "X")

    def block(H):
        return np.tanh(W @ H) + W.sum() * H

    assert_same(lambda how: (how(block)(how(block)(X)) ** 2).sum(), W, X)
    f = checkpoint(block)
    assert f.__name__ == "block" and f(X).op.name == "checkpoint"
    np.testing.assert_array_equal(f(X).data, block(X).data)


def test_arguments_agree_with_autograd():
    f = lambda xp, W, x: xp.sum(xp.tanh(W @ x) ** 2)
    for i in (0, 1):
        expected = autograd.grad(autograd.differential_operators.checkpoint(lambda *xs: f(anp, *xs)), i)(A, B)
        assert_close(grad(checkpoint(lambda *xs: f(np, *xs)), i)(A, B), expected, 1e-14)


@pytest.mark.parametrize(
    "cost",
    [
        lambda how, W, X: how(lambda: (W @ X).sum() ** 2)(),
        lambda how, W, X: how(lambda W, H: (W @ H * H).sum())(W, X),
        lambda how, W, X: how(lambda H: (W @ H * X).sum())(X),  # X comes in both ways
        lambda how, W, X: how(lambda a, b: (W @ a * b).sum())(X, X),
        lambda how, W, X: how(lambda H, *, M: (M @ H).sum() ** 2)(X, M=W),
        lambda how, W, X: how(lambda p, other=None: (p["W"] @ p["rest"][0] * p["n"]).sum() ** 2)(
            {"W": W, "rest": [X, None, "text"], "n": 3}
        ),
        lambda how, W, X, H=None: (lambda H: how(lambda: (H * H * W.sum()).sum())())(W @ X),  # a computed tensor
        lambda how, W, X: how(lambda H: (W @ H).sum() ** 2)(B) + (X**3).sum(),  # an array
        lambda how, W, X: how(lambda H: (W @ H).sum() ** 2)(Tensor(B)) + (X**3).sum(),
        lambda how, W, X: (how(lambda H: W)(X) ** 3).sum() + (X**3).sum(),  # returns what it found
        lambda how, W, X: (how(lambda H: H)(X) ** 3).sum() + (W**3).sum(),  # or what it got
        lambda how, W, X: (how(lambda H: H.T)(X) ** 3).sum() + (W**3).sum(),
        lambda how, W, X: sum((z**2).sum() for z in how(lambda H: (W @ H, H * H, H * H))(X)),
        lambda how, W, X: (
            (lambda z: (z["a"][0] * z["b"]).sum() + z["n"])(
                how(lambda H: {"a": [W @ H, None], "b": Tensor(B), "n": 3.0})(X)
            )
            + (X**3).sum()
        ),
        lambda how, W, X: (lambda z: (z[0] * z[1]).sum() ** 2)(how(lambda H: (W @ H, H))(X)),
        lambda how, W, X: (lambda z: (z[0] ** 2).sum() + (W * X[:, :3]).sum() ** 3)(how(lambda H: (H * 2, W * 2))(X)),
        lambda how, W, X: how(lambda H: grad(lambda M: (M @ H).sum() ** 3)(W) * H[:, :3])(X).sum(),
        lambda how, W, X: how(lambda H: how(lambda K: np.tanh(W @ K))(how(lambda K: W @ K * 2)(H)) * H)(X).sum(),
    ],
)
def test_gradients_are_those_of_the_function_whatever_it_takes_and_returns(cost):
    W, X = leaf(A, "W"), leaf(B, "X")
    assert_same(lambda how: cost(how, W, X), W, X)


def test_outputs_keep_structure_dtype_shape_and_name():
    def f(x):
        h = x * 2
        h.name = "h"
        return {"h": h, "low": [h.astype(np.float32)], "c": h * 1j, "k": Tensor([1]), "array": np.ones(2), "s": "text"}

    z = checkpoint(f)(leaf([[1.0, 2.0]]))
    assert z["h"].name == "h" and z["h"].shape == z["low"][0].shape == (1, 2)
    assert [z[k].dtype for k in ("h", "c", "k")] == [np.float64, np.complex128, np.int64]
    assert z["low"][0].dtype == np.float32 and type(z["array"]) is np.ndarray and z["s"] == "text"
    x = leaf([[1.0, 2.0]])
    z = checkpoint(f)(x)
    (dx,) = gradients((z["h"] * z["low"][0]).sum() + np.imag(z["c"]).sum(), x)
    np.testing.assert_array_equal(dx, 8 * x.data + 2)


def test_float32_stays_float32_and_complex_tensors_work():
    x = leaf(np.ones(2, np.float32))
    z = checkpoint(lambda x: np.tanh(x) * 2.0)(x)
    assert z.dtype == np.float32 and gradients(z.sum(), x)[0].dtype == np.float32
    w = leaf([1 + 2j, 0.5j])
    for how in (lambda f: f, checkpoint):
        got = gradients(np.abs(how(lambda x: w * x)(w)).sum(), w)[0]
        np.testing.assert_allclose(got, 2 * np.conj(w.data), rtol=1e-14)  # |w^2| = |w|^2


def test_what_depends_on_nothing_is_returned_as_it_is():
    c, x = Tensor([1.0]), np.ones(2)
    z = checkpoint(lambda c, x: (c * 2, x, None))(c, x)
    assert z[0].is_leaf and not z[0].requires_grad and z[1] is x and z[2] is None
    assert checkpoint(lambda x: 3)(leaf(1.0)) == 3


def test_inside_no_grad_it_is_the_function():
    w, calls = leaf(2.0), []
    with no_grad():
        z = checkpoint(lambda x: calls.append(x) or w * x)(3.0)
    assert calls == [3.0] and not z.requires_grad and z.item() == 6.0


def test_it_decorates_functions_and_methods():
    class Model:
        def __init__(self):
            self.w = leaf([3.0], "w")

        @checkpoint
        def cost(self, x, power=2):
            """Documented."""
            return (self.w**power * x).sum()

    model = Model()
    assert Model.cost.__doc__ == "Documented."
    assert gradients(model.cost(5.0, power=3), model.w) == [[135.0]]


# How often, and how much memory


def test_the_function_runs_once_forward_and_once_in_each_walk():
    calls = []

    def f(x, y):
        calls.append(1)
        return x * y, x + y

    x, y = leaf([2.0]), leaf([3.0])
    a, b = checkpoint(f)(x, y)
    J = (a * b).sum()
    assert len(calls) == 1
    assert gradients(J, x, y, retain_graph=True) == [[21.0], [16.0]]
    assert len(calls) == 2
    J.backward(retain_graph=True)
    assert len(calls) == 3
    grad(lambda x: (checkpoint(f)(x, y)[0]).sum())(2.0)
    assert len(calls) == 5


def peak(step):
    gc.collect()
    tracemalloc.start()
    step()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_falls_to_the_inputs_of_the_blocks_and_the_inside_of_one():
    x = leaf(np.ones(10_000))

    def block(h):
        for _ in range(20):
            h = np.tanh(h * 1.01)
        return h

    def step(block):
        h = x
        for _ in range(20):
            h = block(h)
        h.sum().backward(retain_graph=False)

    whole, parts = peak(lambda: step(block)), peak(lambda: step(checkpoint(block)))
    assert whole > 20 * 20 * 2 * x.data.nbytes
    assert parts < whole / 4  # 20 inputs, 40 arrays of one block, gradients: about 65 arrays of 800


def test_a_checkpoint_holds_nothing_but_its_inputs():
    made = []

    def f(x):
        h = np.exp(x)
        made.append(weakref.ref(h))
        return np.sin(h) * h

    z = checkpoint(f)(leaf(np.ones(3)))
    assert made[0]() is None
    z.sum().backward(retain_graph=False)
    assert made[1]() is None


def test_no_reference_cycles_are_left():
    x, w = leaf(np.ones(3)), leaf(np.ones(3))
    step = lambda: checkpoint(lambda x: checkpoint(np.tanh)(x * w))(x).sum().backward()
    step()
    gc.collect()
    gc.disable()
    try:
        step()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_chain_of_checkpoints_needs_no_recursion():
    x, double = leaf(1.0), checkpoint(lambda h: h * 1.0001)
    h = x
    for _ in range(2_000):
        h = double(h)
    (dx,) = gradients(h, x)
    assert np.isclose(dx, 1.0001**2000)


def test_a_tower_of_diamonds_is_looked_at_once():
    def f(h):
        for _ in range(60):
            h = h / 2 + h / 2
        return h

    x = leaf(3.0)
    assert gradients(checkpoint(f)(x), x, create_graph=True) == [1.0]
    _, pullback = vjp(checkpoint(f), 3.0)
    assert grad(lambda u: pullback(u)[0] ** 2)(5.0) == 10.0


# Higher orders and other transforms


def test_higher_derivatives_and_other_transforms():
    f = lambda x: np.sin(x) * x**3
    for order in range(1, 4):
        plain, checkpointed = f, checkpoint(f)
        for _ in range(order):
            plain, checkpointed = grad(plain), grad(checkpointed)
        assert np.isclose(checkpointed(0.7), plain(0.7), rtol=1e-14)
    g = lambda x: (np.sin(x) * x.sum()).sum()
    np.testing.assert_allclose(hessian(checkpoint(g))(A), hessian(g)(A), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(jvp(checkpoint(f), (A,), (A.T,))[1], jvp(f, (A,), (A.T,))[1], rtol=1e-14)


def test_the_gradient_of_a_checkpoint_depends_on_its_captured_tensors():
    w = leaf([3.0])
    slope = grad(lambda x: checkpoint(lambda y: (w * y**3).sum())(x))(2.0)
    assert gradients(slope, w) == [[12.0]]
    assert grad(lambda a: grad(lambda x: checkpoint(lambda y: a**2 * y**3)(x))(2.0))(5.0) == 120.0  # 2 a 3 x^2


@pytest.mark.parametrize("create_graph", [False, True])
def test_hooks_and_kept_gradients_of_captured_tensors_see_the_whole_gradient_once(create_graph):
    w, seen = leaf([3.0]), []
    h = w * 1.0
    h.retain_grad()
    for t in (w, h):
        t.register_hook(lambda dx: seen.append(dx.item()))
    J = (checkpoint(lambda x: h * x * w)(2.0) + h * 5).sum()
    J.backward(create_graph=create_graph)
    assert seen == [11.0, 17.0]  # dh = 2 w + 5, dw = 2 h + dh
    assert h.grad.item() == 11.0 and w.grad.item() == 17.0

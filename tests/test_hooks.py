"""`register_hook` and `retain_grad`: seeing and replacing gradients as they come by."""

import numpy as np
import pytest
from calls import leaf

import tinygrad_edu as tg
from tinygrad_edu import Tensor
from tinygrad_edu.errors import ChangedDataError, DTypeError, GradientError, ShapeError


def test_a_hook_sees_the_whole_gradient_once_and_leaves_it():
    x, seen = leaf([1.0, 2.0]), []
    y = x * 3
    y.register_hook(lambda dy: seen.append(dy.data.copy()))
    (y * y + y).sum().backward()
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0], 2 * np.array([3.0, 6.0]) + 1)  # of both uses together
    np.testing.assert_array_equal(x.grad.data, 3 * seen[0])


def test_what_a_hook_returns_takes_the_gradients_place_here_and_behind():
    x = leaf([1.0, 2.0])
    y = np.sin(x)
    y.retain_grad()
    y.register_hook(lambda dy: dy * 10)
    y.register_hook(lambda dy: dy.data + 1)  # an array will do; hooks run in order
    y.sum().backward()
    np.testing.assert_array_equal(y.grad.data, [11.0, 11.0])
    np.testing.assert_allclose(x.grad.data, 11 * np.cos([1.0, 2.0]))


def test_hooks_of_leaves_and_of_the_end_run_too():
    x = leaf([1.0, 2.0])
    J = (x * x).sum()
    x.register_hook(lambda dx: np.clip(dx, -3, 3))
    J.register_hook(lambda dJ: dJ / 2)
    J.backward()
    np.testing.assert_array_equal(x.grad.data, [1.0, 2.0])


def test_removed_hooks_are_not_called():
    x, calls = leaf(2.0), []
    first = x.register_hook(lambda dx: calls.append("first"))
    with x.register_hook(lambda dx: calls.append("second")):
        (x * x).backward()
    (x * x).backward()
    first.remove()
    first.remove()
    (x * x).backward()
    assert calls == ["first", "second", "first"]
    assert x.grad.item() == 12.0


def test_a_hook_on_a_graph_of_gradients_gets_tensors_that_can_be_differentiated():
    x = leaf(2.0)
    y = x * x
    y.register_hook(lambda dy: dy * x)
    y.backward(create_graph=True)  # dx = x * 2x
    assert x.grad.requires_grad
    dx, x.grad = x.grad, None
    dx.backward()
    assert x.grad.item() == 8.0


def test_hooks_run_inside_grad_as_well():
    def f(x):
        y = x * x
        y.register_hook(lambda dy: dy * 5)
        return y.sum()

    np.testing.assert_array_equal(tg.grad(f)(np.array([1.0, 2.0])), [10.0, 20.0])


def test_float32_stays_float32_and_a_replacement_is_cast():
    x = leaf(np.ones(2, np.float32))
    x.register_hook(lambda dx: np.array([0.25, 0.5]))
    (x * 2).sum().backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad.data, [0.25, 0.5])


def test_a_hook_cannot_write_into_the_gradient_that_others_read():
    x = leaf(np.ones(2))

    def spoil(dx):
        dx.data[:] = 0

    (x + x).register_hook(spoil)
    y = x * 1
    y.register_hook(spoil)
    with pytest.raises(ValueError, match="read-only"):
        y.sum().backward()
    assert x.grad is None


@pytest.mark.parametrize(
    ("returned", "kind", "message"),
    [
        (
            np.ones(3),
            ShapeError,
            r"a hook of x returned float64 of shape \(3,\); the gradient is float64 of shape \(2,\)",
        ),
        (np.ones(2, int), DTypeError, r"a hook of x returned int64"),
        ("text", ShapeError, r"a hook of x returned <U4 of shape \(\)"),
    ],
)
def test_what_is_no_gradient_is_refused_and_nothing_is_handed_over(returned, kind, message):
    x = leaf([1.0, 2.0], "x")
    handle = x.register_hook(lambda dx: returned)
    J = (x * x).sum()
    with pytest.raises(kind, match=message):
        J.backward()
    assert x.grad is None
    handle.remove()
    J.backward()
    np.testing.assert_array_equal(x.grad.data, [2.0, 4.0])


def test_an_exception_in_a_hook_leaves_everything_as_it_was():
    x = leaf(3.0)

    def fail(dx):
        raise KeyboardInterrupt

    J = x * x
    with J.register_hook(fail), pytest.raises(KeyboardInterrupt):
        J.backward()
    assert x.grad is None
    J.backward()
    assert x.grad.item() == 6.0


def test_a_tensor_without_gradient_takes_no_hook():
    with pytest.raises(GradientError, match="c requires no gradient, so no hook"):
        Tensor(1.0, name="c").register_hook(print)
    with pytest.raises(DTypeError, match="register_hook: the hook is 3; give a function"):
        Tensor(1.0, requires_grad=True).register_hook(3)


def test_an_update_that_replaces_the_parameter_is_told_how_to_do_it():
    W = leaf([1.0], "W")
    (W * W).sum().backward()
    W = W - 0.1 * W.grad
    with pytest.warns(UserWarning, match=r"computed from W, .*W\.data = W\.data - lr \* W\.grad\.data"):
        assert W.grad is None


def test_a_hook_that_replaces_data_on_the_way_is_noticed():
    x = leaf([1.0, 2.0], "x")
    y = x * x

    def move(dy):
        x.data = x.data * 2

    y.register_hook(move)
    with pytest.raises(ChangedDataError, match="the data of x was replaced after multiply"):
        (y * x).sum().backward()


@pytest.mark.parametrize("wrap", [lambda a: a, Tensor])
def test_the_gradient_is_no_alias_of_what_a_hook_returned(wrap):
    x, buffer = leaf([1.0, 2.0]), np.empty(2)

    def halve(dx):
        np.multiply(dx.data, 0.5, out=buffer)
        return wrap(buffer)

    x.register_hook(halve)
    (x * x).sum().backward()
    (x * 10).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [6.0, 7.0])


def test_a_complex_replacement_of_a_real_gradient_is_refused():
    x = leaf([1.0], "x")
    x.register_hook(lambda dx: dx.data * 1j)
    with pytest.raises(DTypeError, match=r"a hook of x returned complex128; the gradient is float64: take np\.real"):
        (x * x).sum().backward()

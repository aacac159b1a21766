"""Transforms of transforms, and around captured parameters: any two nest, in any mode, thread and task."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest
from calls import is_plain, parameter

from tinygrad_edu import (
    Tensor,
    checkpoint,
    elementwise_grad,
    grad,
    hvp,
    jacobian,
    jvp,
    no_grad,
    per_example_grad,
    value_and_grad,
    vjp,
)

# Transforms of transforms

DERIVATIVES = {
    "grad": grad,
    "value_and_grad": lambda f: lambda x: value_and_grad(f)(x)[1],
    "aux": lambda f: lambda x: grad(lambda y: (f(y), y), has_aux=True)(x)[0],
    "vjp": lambda f: lambda x: vjp(f, x)[1](1.0)[0],
    "jvp": lambda f: lambda x: jvp(f, (x,), (1.0,))[1],
    "jacobian": jacobian,
    "jacobian by columns": lambda f: lambda x: jacobian(lambda y: np.stack([f(y)] * 3))(x)[1],
    "elementwise_grad": elementwise_grad,
    "grad of a checkpoint": lambda f: grad(checkpoint(f)),
    "checkpoint of a grad": lambda f: checkpoint(grad(f)),
    "examples": lambda f: lambda x: per_example_grad(lambda x, y: f(x) * y.sum())(x, np.ones(2))[1],
}


@pytest.mark.parametrize("outer, inner", list(product(DERIVATIVES, repeat=2)))
def test_any_two_transforms_nest(outer, inner):
    D1, D2 = DERIVATIVES[outer], DERIVATIVES[inner]
    # Siskind and Pearlmutter's perturbation confusion: d/dx [x * d/dy (x + y)] = 1, and d/dx [x * d/dy (x y)] = 2 x
    cases = [
        (D1(D2(lambda x: x**4))(3.0), 108.0),  # 12 x^2
        (D1(lambda x: x * D2(lambda y: x + y)(1.0))(1.0), 1.0),
        (D1(lambda x: x * D2(lambda y: x * y)(1.0))(2.0), 4.0),
        (D1(lambda x: D2(lambda y: x**2 * y**2)(x))(3.0), 54.0),
        (D1(lambda x: D2(lambda y: x * y**3)(2.0))(1.0), 12.0),
    ]
    for got, expected in cases:
        assert is_plain(got) and got == expected
    w = parameter(5.0, name="w")
    x = Tensor(3.0, requires_grad=True)
    second = D1(D2(lambda x: (w * x**4).sum()))(3.0)
    assert type(second) is Tensor and w.grad is None
    second.backward()
    assert w.grad.data == [108.0]
    second = D1(D2(lambda x: x**4))(x)
    assert type(second) is Tensor and x.grad is None
    second.backward()
    assert x.grad.item() == 72.0
    with no_grad():
        second = D1(D2(lambda x: (w * x**4).sum()))(3.0)
        assert is_plain(second) and second == 540.0


def test_an_inner_hvp_at_an_array_leaves_nothing_that_counts_as_captured():
    slope = grad(lambda x: hvp(lambda y: x * y**3)(2.0, 1.0))(1.0)
    assert is_plain(slope) and slope == 12.0


@pytest.mark.parametrize("outer, middle, inner", list(product(list(DERIVATIVES)[3:8], repeat=3)))
def test_any_three_transforms_nest(outer, middle, inner):
    third = DERIVATIVES[outer](DERIVATIVES[middle](DERIVATIVES[inner](lambda x: x**5)))
    assert third(2.0) == 240.0


# Graphs


def test_tensors_in_give_tensors_out_with_a_graph():
    x, t = parameter(2.0, name="x"), parameter(5.0, name="t")
    value, pullback = vjp(lambda x: x**3, x)
    (dx,) = pullback(t)
    _, tangent = jvp(lambda x: x**3, (x,), (t,))
    for result, by_x, by_t in ((value, 12.0, None), (dx, 60.0, 12.0), (tangent, 60.0, 12.0)):
        x.grad = t.grad = None
        result.sum().backward(retain_graph=True)
        assert x.grad.data == [by_x]
        assert t.grad is None if by_t is None else t.grad.data == [by_t]


def test_a_seed_or_tangent_with_a_graph_gives_tensors_even_where_the_slope_is_constant():
    t = parameter(5.0)
    for dx in (vjp(np.sign, np.array([2.0]))[1](t)[0], jvp(np.sign, (np.array([2.0]),), (t,))[1]):
        assert type(dx) is Tensor and dx.data == [0.0]
    assert grad(lambda u: vjp(np.sign, 2.0)[1](u)[0])(1.0) == 0.0


def test_a_seed_or_tangent_that_is_a_constant_tensor_gives_arrays():
    x, t = np.array([2.0]), Tensor([5.0])
    assert is_plain(vjp(np.square, x)[1](t)[0]) and is_plain(jvp(np.square, (x,), (t,))[1])


def test_captured_parameters_keep_their_graph():
    w = parameter(3.0, name="w")
    value, pullback = vjp(lambda x: (w * x * x).sum(), 2.0)
    _, tangent = jvp(lambda x: (w * x * x).sum(), (2.0,), (10.0,))
    assert w.grad is None
    for result, expected in ((value, 4.0), (pullback(1.0)[0], 4.0), (tangent, 40.0)):
        w.grad = None
        result.backward(retain_graph=True)
        assert w.grad.data == [expected]


def test_what_does_not_depend_on_the_captured_parameter_is_an_array():
    w = parameter(3.0)
    f = lambda x: w + x * x
    assert is_plain(vjp(f, np.array([2.0]))[1](np.ones(1))[0])
    assert is_plain(jvp(f, (np.array([2.0]),), (np.ones(1),))[1])


def test_a_pullback_may_be_called_after_an_outer_walk_and_never_leaves_a_gradient():
    x, w = parameter(2.0), parameter(3.0)
    value, pullback = vjp(lambda v: w * v * x, np.array([5.0]))
    value.sum().backward(retain_graph=True)
    assert (w.grad.item(), x.grad.item()) == (10.0, 15.0)
    assert pullback(np.ones(1))[0].item() == 6.0
    assert (w.grad.item(), x.grad.item()) == (10.0, 15.0)


def test_an_outer_grad_does_not_take_the_primals_of_an_inner_vjp_for_parameters():
    assert is_plain(grad(lambda x: vjp(lambda y: x * y * y, 3.0)[1](x)[0])(2.0))
    assert grad(lambda x: vjp(lambda y: x * y * y, 3.0)[1](x)[0])(2.0) == 24.0  # d/dx of 2 * 3 * x^2
    assert is_plain(grad(lambda x: jvp(lambda y: x * y * y, (3.0,), (x,))[1])(2.0))


def test_a_pullback_made_outside_may_be_used_inside_grad():
    _, pullback = vjp(np.tanh, np.array([0.5, 1.0]))
    slope = grad(lambda u: (pullback(u)[0] ** 2).sum())(np.array([1.0, 2.0]))
    np.testing.assert_allclose(slope, 2 * np.array([1.0, 2.0]) * (1 - np.tanh([0.5, 1.0]) ** 2) ** 2, rtol=1e-14)


def test_results_are_apart_from_the_arguments_and_from_each_other():
    x, dz = np.ones(2), np.ones(2)
    value, pullback = vjp(lambda x: x, x)
    dx, again = pullback(dz)[0], pullback(dz)[0]
    _, tangent = jvp(lambda x: x, (x,), (dz,))
    for result in (value, dx, tangent):
        result += 5
    np.testing.assert_array_equal((x, dz, again), np.ones((3, 2)))


# Modes


def test_inside_no_grad_the_numbers_are_the_same_and_constant():
    w = parameter(3.0)
    with no_grad():
        value, pullback = vjp(lambda x: w * x * x, np.array([2.0]))
        results = value, pullback(np.ones(1))[0], *jvp(lambda x: w * x * x, (np.array([2.0]),), (np.ones(1),))
        seeded = vjp(lambda x: x * 2, 1.0)[1](w[0])[0], jvp(lambda x: x * 2, (1.0,), (w[0],))[1]
        assert not (w * 2).requires_grad
    assert all(map(is_plain, (*results, *seeded)))
    np.testing.assert_array_equal(results, [[12.0], [12.0], [12.0], [12.0]])


@pytest.mark.parametrize("transform", [lambda f: vjp(f, 1.0), lambda f: jvp(f, (1.0,), (1.0,))])
def test_a_function_that_raises_leaves_recording_as_it_was(transform):
    with no_grad():
        with pytest.raises(ZeroDivisionError):
            transform(lambda x: 1 / 0)
        assert not (parameter(1.0) * 2).requires_grad
    assert (parameter(1.0) * 2).requires_grad


def slopes(k):
    x = np.array([0.1 * k, 1.0])
    _, pullback = vjp(lambda x: np.sin(x) * k, x)
    results = pullback(np.ones(2))[0], jvp(lambda x: np.sin(x) * k, (x,), (np.ones(2),))[1]
    return results, k * np.cos(x)


def test_threads_share_a_pullback_and_run_their_own():
    x = np.array([0.5, 1.0])
    _, pullback = vjp(lambda x: np.tanh(x) ** 2, x)
    expected = 2 * np.tanh(x) * (1 - np.tanh(x) ** 2)
    with ThreadPoolExecutor(4) as pool:
        for k, (dx,) in zip(range(40), pool.map(lambda k: pullback(k * np.ones(2)), range(40))):
            np.testing.assert_allclose(dx, k * expected, rtol=1e-13)
        for results, expected in pool.map(slopes, range(40)):
            np.testing.assert_allclose(results, [expected, expected], rtol=1e-13)


def test_async_tasks_do_not_disturb_each_other():
    async def task(k):
        await asyncio.sleep(0)
        with no_grad():
            await asyncio.sleep(0)
            return slopes(k)

    async def run():
        return await asyncio.gather(*map(task, range(5)))

    for results, expected in asyncio.run(run()):
        np.testing.assert_allclose(results, [expected, expected], rtol=1e-13)

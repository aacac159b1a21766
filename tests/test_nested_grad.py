"""`grad` inside `grad`, and around captured parameters: the numbers, and how much of the graph is walked."""

import numpy as np
import pytest
from calls import is_plain, parameter

from tinygrad_edu import Tensor, backprop, grad, value_and_grad

# Nesting


def test_an_inner_grad_by_another_variable_keeps_the_outer_one():
    assert grad(lambda x: x * grad(lambda y: x * y)(1.0))(2.0) == 4  # x * x


def test_an_inner_grad_does_not_confuse_its_variable_with_the_outer_one():
    # Siskind and Pearlmutter's perturbation confusion: d/dx [x * d/dy (x + y)] = 1
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0


def test_an_inner_grad_at_the_outer_variable():
    # d/dx [x * (d/dy y^3 at y = x)] = d/dx 3 x^3
    assert grad(lambda x: x * grad(lambda y: y**3)(x))(2.0) == 36.0


def test_an_inner_grad_at_the_outer_variable_that_also_captures_it():
    # g(x) = d/dy (x^2 y^2) at y = x is 2 x^3; g' = 6 x^2
    assert grad(lambda x: grad(lambda y: x**2 * y**2)(x))(3.0) == 54.0


def test_three_levels_capture_each_other():
    # h(x, y) = d/dz (x y z^2) at z = y is 2 x y^2; k(x) = d/dy h at y = x is 4 x^2; k' = 8 x
    k = lambda x: grad(lambda y: grad(lambda z: x * y * z * z)(y))(x)
    assert k(3.0) == 36.0
    assert grad(k)(3.0) == 24.0


def test_a_constant_inner_grad_has_no_outer_derivative():
    assert grad(lambda x: x * grad(lambda y: 5 * y)(x))(2.0) == 5.0


# Captured parameters


def test_the_result_is_a_tensor_where_a_captured_parameter_requires_a_gradient():
    w = parameter(3.0, name="w")
    slope = grad(lambda x: (w * x * x).sum())(2.0)  # 2 w x
    assert type(slope) is Tensor and slope.requires_grad and slope.item() == 12.0
    slope.backward()
    assert w.grad.data == [4.0]


def test_the_result_is_an_array_where_the_derivative_does_not_depend_on_the_captured_parameter():
    w = parameter(3.0)
    value, slope = value_and_grad(lambda x: (w + x * x).sum())(2.0)
    assert type(value) is Tensor and value.requires_grad
    assert is_plain(slope) and slope == 4.0


def test_a_captured_constant_gives_arrays():
    w = Tensor([3.0])
    assert is_plain(grad(lambda x: (w * x).sum())(2.0))


def test_a_parameter_made_inside_the_function_is_captured_as_well():
    made = []

    def f(x):
        made.append(parameter(3.0))
        return (made[-1] * x * x).sum()

    slope = grad(f)(2.0)
    slope.backward()
    assert made[-1].grad.data == [4.0]


def test_an_inner_grad_leaves_nothing_behind_that_counts_as_captured():
    assert is_plain(grad(lambda x: x * grad(lambda y: x * y * y)(1.0))(2.0))
    w = parameter(3.0)
    outer = grad(lambda x: (w * x).sum() * grad(lambda y: x * y * y)(1.0))(2.0)  # d(2 w x^2) = 4 w x
    assert type(outer) is Tensor and outer.item() == 24.0


def test_the_loss_of_a_physics_informed_network_against_hand_derived_numbers():
    # u(t) = a sin(w t); residual r = u' + u; J = mean r^2 over the points
    a, w = Tensor(1.5, requires_grad=True), Tensor(0.7, requires_grad=True)
    ts = [0.2, 0.9]
    u = lambda t: a * np.sin(w * t)
    J = sum((grad(u)(t) + u(t)) ** 2 for t in ts) / len(ts)
    J.backward()
    A, W, t = 1.5, 0.7, np.array(ts)
    r = A * W * np.cos(W * t) + A * np.sin(W * t)
    dr_da = W * np.cos(W * t) + np.sin(W * t)
    dr_dw = A * np.cos(W * t) - A * W * t * np.sin(W * t) + A * t * np.cos(W * t)
    assert np.isclose(J.item(), np.mean(r**2), rtol=1e-14)
    assert np.isclose(a.grad.item(), np.mean(2 * r * dr_da), rtol=1e-13)
    assert np.isclose(w.grad.item(), np.mean(2 * r * dr_dw), rtol=1e-13)


def test_a_second_derivative_in_the_loss_reaches_the_parameters():
    # u = w t^3; u'' = 6 w t; J = u''^2; dJ/dw = 72 w t^2
    w = parameter(0.5)
    J = grad(grad(lambda t: (w * t**3).sum()))(2.0) ** 2
    J.backward()
    assert w.grad.data == [72 * 0.5 * 4.0]


def test_an_argument_that_requires_a_gradient_gives_a_tensor_with_a_graph():
    x = parameter(2.0, name="x")
    slope = grad(lambda v: (v**3).sum())(x)
    assert type(slope) is Tensor and slope.data == [12.0]
    slope.sum().backward()
    assert x.grad.data == [12.0]  # d(3 x^2) = 6 x


# Cost


@pytest.fixture
def visits(monkeypatch):
    """How many steps were looked at by walks, so that growth shows without a clock."""
    count = [0]

    def counted(*args):
        order = original(*args)
        count[0] += len(order)
        return order

    def asked(self):
        count[0] += 1
        return self._requires_grad

    original = backprop.count_users
    monkeypatch.setattr(backprop, "count_users", counted)
    monkeypatch.setattr(Tensor, "requires_grad", property(asked, Tensor.requires_grad.fset))
    return count


@pytest.mark.parametrize("requires_grad", [False, True])
def test_an_inner_grad_does_not_walk_the_outer_graph(visits, requires_grad):
    def cost_of_inner(depth):
        x = Tensor(0.5, requires_grad=requires_grad)
        y = Tensor(0.5, requires_grad=True)
        for _ in range(depth):
            y = y * 0.99 + 0.1 * x
        before = visits[0]
        grad(lambda v: y * v * v + x)(1.5)
        grad(lambda v: np.sin(v) * v)(y)
        return visits[0] - before

    assert cost_of_inner(10) == cost_of_inner(2_000) > 0


def test_inner_grads_in_a_loop_cost_in_proportion_to_its_length(visits):
    def cost(n):
        def f(x):
            for _ in range(n):  # Newton-like steps: each inner grad is taken at, and captures, the outer chain
                x = x - 0.1 * grad(lambda y, x=x: y * y * x)(x)
            return x

        before = visits[0]
        grad(f)(0.5)
        return visits[0] - before

    first, second, third = cost(10), cost(20), cost(40)
    assert third - second == 2 * (second - first) > 0


def test_grad_in_a_loop_matches_the_recurrence_worked_out_by_hand():
    # x <- x - 0.1 * 2 x^2, since d/dy (y^2 x) at y = x is 2 x^2; derivative: d <- d (1 - 0.4 x)
    def f(x):
        for _ in range(5):
            x = x - 0.1 * grad(lambda y, x=x: y * y * x)(x)
        return x

    x, d = 0.5, 1.0
    for _ in range(5):
        x, d = x - 0.2 * x * x, d * (1 - 0.4 * x)
    value, slope = value_and_grad(f)(0.5)
    assert np.isclose(value, x, rtol=1e-14) and np.isclose(slope, d, rtol=1e-14)

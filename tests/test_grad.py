"""`grad` and `value_and_grad`: values, structures, what they leave alone, and what they refuse."""

from collections import namedtuple

import numpy as np
import pytest
from calls import is_plain, parameter

from tinygrad_edu import Tensor, grad, no_grad, value_and_grad
from tinygrad_edu.errors import DTypeError, GradientError, ShapeError

# One argument


def test_the_derivative_of_a_function_of_one_number():
    assert grad(lambda x: x**3)(2.0) == 12.0
    assert grad(np.sin)(0.0) == 1.0


def test_arrays_in_give_arrays_out():
    x = np.array([[1.0, -2.0]])
    value, dx = value_and_grad(lambda x: (x * x).sum())(x)
    assert is_plain(value) and is_plain(dx)
    assert value == 5.0
    np.testing.assert_array_equal(dx, 2 * x)


def test_a_tensor_without_gradient_gives_arrays_out():
    assert is_plain(grad(lambda x: (x * x).sum())(Tensor([1.0, 2.0])))


def test_the_result_may_be_written_to_and_is_apart_from_the_argument():
    x = np.ones(3)
    dx = grad(lambda x: x.sum())(x)
    dx += 1
    np.testing.assert_array_equal(x, np.ones(3))


def test_the_value_is_apart_from_the_argument_too():
    x = np.ones(1)
    value, _ = value_and_grad(lambda x: x)(x)
    value += 1
    assert x == 1.0


def test_the_first_three_derivatives():
    f = lambda x: np.exp(2 * x) * x
    x, e = 0.3, np.exp(0.6)
    for order, expected in enumerate((e * (2 * x + 1), e * (4 * x + 4), e * (8 * x + 12)), start=1):
        g = f
        for _ in range(order):
            g = grad(g)
        assert np.isclose(g(x), expected, rtol=1e-14)
        assert is_plain(g(x))


def test_a_sum_of_second_derivatives_over_an_array():
    x = np.array([0.1, 0.7, -0.4])
    second = grad(lambda x: grad(lambda y: np.sin(y).sum())(x).sum())(x)
    np.testing.assert_allclose(second, -np.sin(x), rtol=1e-14)


def test_mixed_second_derivatives_agree_with_the_hand_derived_ones():
    f = lambda x, y: x**2 * y**3
    fxy = grad(grad(f, argnums=0), argnums=1)(2.0, 3.0)
    fyx = grad(grad(f, argnums=1), argnums=0)(2.0, 3.0)
    assert fxy == fyx == 6 * 2.0 * 3.0**2


# Structures


def test_argnums_names_several_arguments_and_counts_from_the_end():
    f = lambda x, y, z: x * y**2 * z**3
    assert grad(f, argnums=1)(2.0, 3.0, 1.0) == 12.0
    assert grad(f, argnums=-1)(2.0, 3.0, 1.0) == 54.0
    assert grad(f, argnums=(2, 0))(2.0, 3.0, 1.0) == (54.0, 9.0)
    assert grad(f, argnums=[0])(2.0, 3.0, 1.0) == (9.0,)


def test_an_argument_named_twice_gives_its_gradient_twice():
    assert grad(lambda x, y: x * y, argnums=(0, -2))(2.0, 3.0) == (3.0, 3.0)


def test_one_array_passed_twice_is_two_arguments():
    x = np.array(3.0)
    assert grad(lambda a, b: a * a * b, argnums=(0, 1))(x, x) == (18.0, 9.0)


def test_other_arguments_and_keywords_arrive_as_they_are():
    seen = []

    def f(x, mode, *, scale):
        seen.append((mode, scale))
        return x * scale

    assert grad(f)(1.0, "text", scale=3) == 3.0
    assert seen == [("text", 3)]


Pair = namedtuple("Pair", "w b")


def test_nested_structures_give_gradients_of_the_same_structure():
    params = {"layer": Pair(np.array([1.0, 2.0]), [0.5, (2.0,)]), "out": (np.array([[3.0]]),)}

    def f(p):
        pair, (out,) = p["layer"], p["out"]
        return (pair.w**2).sum() * pair.b[0] + pair.b[1][0] * out.sum()

    g = grad(f)(params)
    assert list(g) == ["layer", "out"] and type(g["layer"]) is Pair and type(g["layer"].b) is list
    np.testing.assert_array_equal(g["layer"].w, [1.0, 2.0])  # 2 w b0
    assert g["layer"].b == [5.0, (3.0,)]
    np.testing.assert_array_equal(g["out"][0], [[2.0]])
    assert type(params["layer"].w) is np.ndarray  # the argument is as it was


@pytest.mark.parametrize("empty", [{}, [], ()])
@pytest.mark.parametrize("requires_grad", [False, True])
def test_an_empty_structure_has_an_empty_gradient(empty, requires_grad):
    w = Tensor(2.0, requires_grad=requires_grad)
    value, g = value_and_grad(lambda p: w * 3)(empty)
    assert g == empty and type(g) is type(empty)
    assert value == 6.0 and (type(value) is Tensor) == requires_grad


def test_an_argument_that_is_not_used_has_gradient_zero_of_its_shape():
    dx, dy = grad(lambda x, y: x.sum(), argnums=(0, 1))(np.ones(2), np.ones((3, 1), np.float32))
    np.testing.assert_array_equal(dx, [1.0, 1.0])
    np.testing.assert_array_equal(dy, np.zeros((3, 1)))
    assert dy.dtype == np.float32


def test_a_result_that_does_not_depend_on_the_argument_has_gradient_zero():
    w = parameter(3.0)
    for constant in (Tensor(7.0), (w * 2).sum(), w):
        value, dx = value_and_grad(lambda x, c=constant: c)(np.ones(2))
        assert value == constant.item()
        np.testing.assert_array_equal(dx, [0.0, 0.0])
    assert w.grad is None


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_the_function_may_return_its_argument(shape):
    value, dx = value_and_grad(lambda x: x)(np.full(shape, 3.0))
    assert value.shape == dx.shape == shape and dx == 1.0


# What is left alone


def test_grad_touches_no_grad_attribute():
    w, x, c = parameter(3.0), parameter(2.0), parameter(5.0)
    w.grad = Tensor([0.25])
    h = c * 2
    h.retain_grad()
    seen = []
    slope = grad(lambda v: seen.append(v) or (w * v * v * h).sum())(x)
    assert w.grad.item() == 0.25 and x.grad is None and c.grad is None and h.grad is None
    assert seen[0].grad is None and slope.grad is None


def test_grad_does_not_free_or_use_up_a_captured_graph():
    w = parameter(3.0)
    h = w * w
    for _ in range(2):
        grad(lambda x: (h * x).sum())(2.0)
        grad(lambda x: (h * x).sum())(parameter(2.0))
    h.sum().backward()
    assert w.grad.data == [6.0]


def test_grad_may_be_taken_after_the_captured_graph_was_walked_or_freed():
    w = parameter(3.0)
    h = w * w
    h.sum().backward(retain_graph=False)
    with no_grad():
        assert grad(lambda x: (h * x).sum())(2.0) == 9.0


def test_the_argument_keeps_its_flag_and_its_graph():
    x, y = Tensor([1.0]), parameter(1.0)
    grad(lambda a, b: (a * b).sum(), argnums=(0, 1))(x, y)
    assert not x.requires_grad and y.requires_grad
    assert x.is_leaf and y.is_leaf


def test_a_function_that_raises_leaves_recording_on():
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: 1 / 0)(1.0)
    assert (parameter(1.0) * 2).requires_grad


# no_grad


def test_grad_works_inside_no_grad_and_its_result_is_a_constant():
    w = parameter(3.0)
    with no_grad():
        assert grad(lambda x: x**2)(3.0) == 6.0
        assert grad(grad(lambda x: x**3))(2.0) == 12.0
        value, slope = value_and_grad(lambda x: (w * x * x).sum())(2.0)
        assert is_plain(value) and is_plain(slope) and (value, slope) == (12.0, 12.0)
        assert not (w * 2).requires_grad


def test_an_inner_grad_inside_no_grad_is_a_constant_for_the_outer_one():
    def f(x):
        with no_grad():
            c = grad(lambda y: x * y * y)(1.0)  # 2 x, taken as a constant
        return c * x

    assert grad(f)(3.0) == 6.0


def test_no_grad_inside_the_function_makes_a_constant():
    def f(x):
        with no_grad():
            c = x * x
        return c * x

    assert grad(f)(3.0) == 9.0


# Errors


@pytest.mark.parametrize("result", [3.0, None, np.float64(3.0), np.ones(1), (1.0, 2.0)], ids=repr)
def test_a_result_that_is_no_tensor_is_refused_with_its_type(result):
    def cost(x):
        return result

    with pytest.raises(
        GradientError, match=rf"cost returned a {type(result).__name__}, which has no graph.*\.item\(\)"
    ):
        grad(cost)(1.0)


def test_a_result_of_several_entries_is_refused():
    with pytest.raises(ShapeError, match=r"cost returned shape \(2,\); it must return one number: take \.sum\(\)"):

        def cost(x):
            return x * 2

        grad(cost)(np.ones(2))


@pytest.mark.parametrize("argnums", [1, -2, (0, 5)])
def test_an_argument_that_is_not_there_is_refused(argnums):
    with pytest.raises(GradientError, match=r"argnums=(1|-2|5)\) needs positional argument"):
        grad(lambda x: x, argnums=argnums)(1.0)


@pytest.mark.parametrize("x", [3, np.arange(2), {"a": 1.0, "b": 2}, "text", None], ids=repr)
def test_an_argument_without_derivatives_is_refused(x):
    with pytest.raises(DTypeError):
        grad(lambda x: x)(x)

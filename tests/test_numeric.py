"""Difference quotients against closed forms, and gradcheck's verdicts on rules with a planted bug."""

import math

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, gradcheck, primitive
from tinygrad_edu.errors import DTypeError, GradientError, ShapeError
from tinygrad_edu.numeric import complex_step, finite_difference, slope_at
from tinygrad_edu.primitives import registry

X = np.array([[0.3, -1.2, 2.0], [0.7, 1.5, -0.4]])


@pytest.fixture
def declare():
    """`primitive` under a name of its own, which is forgotten afterwards."""
    before = dict(registry)
    yield primitive
    registry.clear()
    registry.update(before)


def wrong_at(index):
    """A factor that is 1 everywhere but at one entry."""
    factor = np.ones(X.shape)
    factor[index] = 1.01
    return factor


# Difference quotients


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (np.sin, np.cos),
        (np.exp, np.exp),
        (lambda x: x**5, lambda x: 5 * x**4),
        (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
    ],
)
def test_both_quotients_give_the_closed_form(f, slope):
    assert np.allclose(finite_difference(lambda x: f(x).sum(), X), slope(X), rtol=1e-9, atol=1e-10)
    assert np.allclose(complex_step(lambda x: f(x).sum(), X), slope(X), rtol=1e-15, atol=1e-15)


def test_finite_difference_is_exact_on_polynomials_of_degree_four():
    for degree in range(5):
        slope = finite_difference(lambda x: x**degree, np.array(2.0), eps=0.5)  # noqa: B023
        assert math.isclose(slope, degree * 2.0 ** (degree - 1), rel_tol=1e-13, abs_tol=1e-13)


def test_the_step_grows_with_the_entry():
    assert np.isclose(finite_difference(lambda x: x**2, np.array(1e8)), 2e8, rtol=1e-9)
    assert np.isclose(finite_difference(lambda x: x**2, np.array(1e-8)), 2e-8, rtol=1e-4)


@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 0), (2, 1, 3)])
def test_the_slope_has_the_shape_of_x(shape):
    x = np.ones(shape)
    for quotient in (finite_difference, complex_step):
        slope = quotient(lambda x: (x * x).sum(), x)
        assert slope.shape == shape and np.allclose(slope, 2.0)


def test_x_is_left_as_it_is_and_may_be_integers_or_a_list():
    x = np.array([1, 2])
    assert finite_difference(lambda x: (x**2).sum(), x).round(8).tolist() == [2, 4]
    assert complex_step(lambda x: (x**2).sum(), [1, 2]).tolist() == [2, 4]
    assert x.tolist() == [1, 2] and x.dtype == int


def test_slope_at_moves_one_entry_only():
    seen = []

    def f(x):
        seen.append(x - X)
        return x.sum()

    assert math.isclose(slope_at(f, X, (1, 2), 0.1), 1.0)
    assert len(seen) == 4
    for moved, step in zip(seen, (-0.2, -0.1, 0.1, 0.2)):
        expected = np.zeros(X.shape)
        expected[1, 2] = step
        assert np.allclose(moved, expected)


# Verdicts


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sin(x) * x,
        lambda x: (x @ x.T).sum(axis=0),
        lambda x: np.exp(x).mean(),
        lambda x: x[0],
        lambda x: 3.0 * x,
    ],
)
@pytest.mark.parametrize("order", [1, 2])
def test_right_gradients_pass(f, order):
    report = gradcheck(f, [X], order=order)
    assert report, report
    assert report.order == order
    assert report.largest_difference < 1e-8
    assert [v.shape for v in report.verdicts] == [X.shape]


@pytest.mark.parametrize("index", [(0, 0), (0, 2), (1, 1)])
def test_a_bug_in_one_entry_is_found_at_that_entry(declare, index):
    factor = wrong_at(index)
    cube = declare(lambda x: x**3, name="cube_wrong", dx=lambda dz, z, x: dz * 3 * x * x * factor)
    report = gradcheck(cube, [Tensor(X, name="X")])
    assert not report
    assert np.array_equal(report.verdicts[0], factor == 1)
    assert "gradient of X (2, 3): 1 of 6 differ" in str(report)
    assert f"X[{index[0]}, {index[1]}]: rule" in str(report) and "ratio 1.01" in str(report)


def test_only_the_input_with_the_wrong_rule_is_blamed(declare):
    times = declare(
        lambda a, b: a * b, name="times_wrong", da=lambda dz, z, a, b: dz * b, db=lambda dz, z, a, b: dz * b
    )
    report = gradcheck(times, [X, X + 1.0])
    assert report.verdicts[0].all() and not report.verdicts[1].any()
    assert report.names == ("input 0", "input 1")
    assert str(report).startswith("gradient of input 0 (2, 3): agrees\ngradient of input 1 (2, 3): 6 of 6 differ")


def test_a_sign_error_in_a_sum_of_equal_parts_does_not_cancel(declare):
    """Why f is contracted with random weights: with equal ones, +d and -d would add up to nothing."""
    swapped = declare(lambda x: x * 1.0, name="swapped_wrong", dx=lambda dz, z, x: dz[..., ::-1])
    assert not gradcheck(swapped, [X])


def test_a_gradient_of_nan_fails_and_a_missing_one_too(declare):
    hole = declare(lambda x: x * 2, name="hole_wrong", dx=lambda dz, z, x: dz * 2 * np.where(x > 1.9, np.nan, 1.0))
    report = gradcheck(hole, [X])
    assert np.argwhere(~report.verdicts[0]).tolist() == [[0, 2]]
    assert not gradcheck(lambda x: x.detach() * 2 + 0 * x, [X])


def test_second_order_finds_a_rule_that_is_right_as_number_and_wrong_as_expression(declare):
    # The rule reads the values behind the Tensor, so its own derivative is lost.
    def frozen(dz, z, x):
        return dz * 3 * np.square(x.data if isinstance(x, Tensor) else x)

    cube = declare(lambda x: x**3, name="cube_frozen", dx=frozen)
    assert gradcheck(cube, [X])
    report = gradcheck(cube, [X], order=2)
    assert not report and report.order == 2 and str(report).startswith("second derivative of input 0")


def test_second_order_reports_the_first_order_if_that_is_wrong_already(declare):
    cube = declare(lambda x: x**3, name="cube_wrong2", dx=lambda dz, z, x: dz * 2 * x * x)
    report = gradcheck(cube, [X], order=2)
    assert not report and report.order == 1


def test_tolerances_decide(declare):
    factor = 1 + 1e-4
    cube = declare(lambda x: x**3, name="cube_nearly", dx=lambda dz, z, x: dz * 3 * x * x * factor)
    assert not gradcheck(cube, [X])
    assert gradcheck(cube, [X], rtol=1e-3)
    assert gradcheck(cube, [X], rtol=0, atol=1e-1)


def test_long_lists_of_wrong_entries_are_cut_after_ten(declare):
    cube = declare(lambda x: x**3, name="cube_wrong3", dx=lambda dz, z, x: dz * x)
    text = str(gradcheck(cube, [np.linspace(1, 2, 25)]))
    assert text.count("rule") == 10 and text.endswith("... and 15 more")


def test_a_scalar_input_is_reported_without_an_index(declare):
    cube = declare(lambda x: x**3, name="cube_wrong4", dx=lambda dz, z, x: dz * 0.0)
    text = str(gradcheck(cube, [Tensor(2.0, name="x")]))
    assert "  x: rule 0, finite difference" in text and "ratio 0" in text


# How it is called


def test_one_input_may_stand_alone_and_parameters_are_left_untouched():
    W = Tensor(X, requires_grad=True, name="W")
    assert gradcheck(lambda W: W * W, W)
    assert W.grad is None and W.requires_grad and W.data is X


def test_a_captured_parameter_gets_no_gradient():
    W = Tensor(X, requires_grad=True)
    assert gradcheck(lambda x: x * W, [X])
    assert gradcheck(lambda x: x * x * W, [X], order=2)
    assert W.grad is None


def test_gradcheck_of_a_derivative_and_of_a_network():
    assert gradcheck(lambda x: tg.grad(lambda y: (y**3).sum())(x), [X])
    net = tg.nn.DeepNetwork([2, 3, 1], ["tanh", "sigmoid"], seed=0)
    assert gradcheck(lambda A: net(A), [X])


def test_several_inputs_at_second_order():
    assert gradcheck(lambda a, b: a * b + np.exp(a * b), [X, X[:1]], order=2)


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.float16, complex])
def test_anything_but_float64_is_refused(dtype):
    with pytest.raises(DTypeError, match=r"input 1 is .*; finite differences need float64"):
        gradcheck(lambda a, b: a * b, [X, X.astype(dtype)])


@pytest.mark.parametrize("order", [0, 3, "2"])
def test_an_order_that_is_neither_one_nor_two_is_refused(order):
    with pytest.raises(GradientError, match="order"):
        gradcheck(lambda x: x, [X], order=order)


def test_a_function_that_leaves_the_graph_is_refused():
    with pytest.raises(GradientError, match="no graph"):
        gradcheck(lambda x: x.data * 2, [X])


def test_a_shape_that_varies_is_refused():
    shapes = iter([2, 3])
    with pytest.raises(ShapeError, match="must not vary"):
        gradcheck(lambda x: x[0, : next(shapes)], [X])


def test_a_function_that_ignores_an_input_has_gradient_zero_there():
    report = gradcheck(lambda a, b: a * 2.0, [X, X])
    assert report and (report.analytic[1] == 0).all()

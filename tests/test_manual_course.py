"""The hand-written layer equations against the numbers that the course prints for its published test cases.

The inputs are drawn with legacy seeds.  Many of the caches are inconsistent: Z is not W A_prev + b in them.
Source: A. Ng, Deep Learning Specialization, course 1, week 4, "Building your Deep Neural Network: Step by Step".
"""

import numpy as np
import pytest

from tinygrad_edu.manual import (
    L_model_backward,
    L_model_forward,
    compute_cost,
    initialize_parameters_deep,
    linear_activation_backward,
    linear_activation_forward,
    linear_backward,
    linear_forward,
    update_parameters,
)


def test_linear_forward_gives_the_numbers_that_the_course_prints():
    r = np.random.RandomState(1)
    Z, _ = linear_forward(r.randn(3, 2), r.randn(1, 3), r.randn(1, 1))
    np.testing.assert_allclose(Z, [[3.26295337, -1.23429987]], atol=1e-8)


@pytest.mark.parametrize(
    "activation, expected", [("sigmoid", [[0.96890023, 0.11013289]]), ("relu", [[3.43896131, 0.0]])]
)
def test_linear_activation_forward_gives_the_numbers_that_the_course_prints(activation, expected):
    r = np.random.RandomState(2)
    A, _ = linear_activation_forward(r.randn(3, 2), r.randn(1, 3), r.randn(1, 1), activation)
    np.testing.assert_allclose(A, expected, atol=1e-8)


def test_three_layer_forward_gives_the_numbers_that_the_course_prints():
    r = np.random.RandomState(6)
    X = r.randn(5, 4)
    shapes = {"W1": (4, 5), "b1": (4, 1), "W2": (3, 4), "b2": (3, 1), "W3": (1, 3), "b3": (1, 1)}
    AL, caches = L_model_forward(X, {name: r.randn(*shape) for name, shape in shapes.items()})
    np.testing.assert_allclose(AL, [[0.03921668, 0.70498921, 0.19734387, 0.04728177]], atol=1e-8)
    assert len(caches) == 3


@pytest.mark.parametrize("Y, expected", [([[1, 1, 1]], 0.41493159961539694), ([[1, 1, 0]], 0.27977656)])
def test_cost_gives_the_numbers_that_the_course_prints(Y, expected):
    assert compute_cost(np.array([[0.8, 0.9, 0.4]]), np.array(Y)) == pytest.approx(expected, abs=1e-8)


def test_linear_backward_gives_the_numbers_that_the_course_prints():
    r = np.random.RandomState(1)
    dZ = r.randn(1, 2)
    dA_prev, dW, db = linear_backward(dZ, (r.randn(3, 2), r.randn(1, 3), r.randn(1, 1)))
    expected = [[0.51822968, -0.19517421], [-0.40506361, 0.15255393], [2.37496825, -0.89445391]]
    np.testing.assert_allclose(dA_prev, expected, atol=1e-8)
    np.testing.assert_allclose(dW, [[-0.10076895, 1.40685096, 1.64992505]], atol=1e-8)
    np.testing.assert_allclose(db, [[0.50629448]], atol=1e-8)


@pytest.mark.parametrize(
    "activation, dA_prev, dW, db",
    [
        (
            "sigmoid",
            [[0.11017994, 0.01105339], [0.09466817, 0.00949723], [-0.05743092, -0.00576154]],
            [[0.10266786, 0.09778551, -0.01968084]],
            [[-0.05729622]],
        ),
        (
            "relu",
            [[0.44090989, 0.0], [0.37883606, 0.0], [-0.2298228, 0.0]],
            [[0.44513824, 0.37371418, -0.10478989]],
            [[-0.20837892]],
        ),
    ],
)
def test_an_inconsistent_cache_of_the_course_gives_the_numbers_it_prints(activation, dA_prev, dW, db):
    """In this cache Z is drawn at random: it is not W A_prev + b."""
    r = np.random.RandomState(2)
    dA = r.randn(1, 2)
    cache = (r.randn(3, 2), r.randn(1, 3), r.randn(1, 1)), r.randn(1, 2)
    for found, expected in zip(linear_activation_backward(dA, cache, activation), (dA_prev, dW, db), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-8)


def test_the_inconsistent_two_layer_caches_of_the_course_give_the_numbers_it_prints():
    """AL, Z and A_prev are drawn at random; one entry of AL is even above 1."""
    r = np.random.RandomState(3)
    AL, Y = r.randn(1, 2), np.array([[1, 0]])
    A0, W1, b1, Z1 = r.randn(4, 2), r.randn(3, 4), r.randn(3, 1), r.randn(3, 2)
    A1, W2, b2, Z2 = r.randn(3, 2), r.randn(1, 3), r.randn(1, 1), r.randn(1, 2)
    grads = L_model_backward(AL, Y, [((A0, W1, b1), Z1), ((A1, W2, b2), Z2)])
    expected_dW1 = [
        [0.41010002, 0.07807203, 0.13798444, 0.10502167],
        [0.0, 0.0, 0.0, 0.0],
        [0.05283652, 0.01005865, 0.01777766, 0.0135308],
    ]
    expected_dA1 = [[0.12913162, -0.44014127], [-0.14175655, 0.48317296], [0.01663708, -0.05670698]]
    np.testing.assert_allclose(grads["dW1"], expected_dW1, atol=1e-8)
    np.testing.assert_allclose(grads["db1"], [[-0.22007063], [0.0], [-0.02835349]], atol=1e-8)
    np.testing.assert_allclose(grads["dA1"], expected_dA1, atol=1e-8)


def test_update_gives_the_numbers_that_the_course_prints():
    shapes = {"W1": (3, 4), "b1": (3, 1), "W2": (1, 3), "b2": (1, 1)}
    r = np.random.RandomState(2)
    parameters = {name: r.randn(*shape) for name, shape in shapes.items()}
    r = np.random.RandomState(3)
    updated = update_parameters(parameters, {"d" + name: r.randn(*shape) for name, shape in shapes.items()}, 0.1)
    np.testing.assert_allclose(updated["W1"][0], [-0.59562069, -0.09991781, -2.14584584, 1.82662008], atol=1e-8)
    np.testing.assert_allclose(updated["b1"], [[-0.04659241], [-1.28888275], [0.53405496]], atol=1e-8)
    np.testing.assert_allclose(updated["W2"], [[-0.55569196, 0.0354055, 1.32964895]], atol=1e-8)
    np.testing.assert_allclose(updated["b2"], [[-0.84610769]], atol=1e-8)


def test_initial_parameters_are_the_numbers_that_the_course_prints():
    parameters = initialize_parameters_deep([5, 4, 3], seed=3, scale=0.01)
    first = [0.01788628, 0.0043651, 0.00096497, -0.01863493, -0.00277388]
    np.testing.assert_allclose(parameters["W1"][0], first, atol=1e-8)
    np.testing.assert_allclose(parameters["W2"][0], [-0.01185047, -0.0020565, 0.01486148, 0.00236716], atol=1e-8)
    assert list(parameters) == ["W1", "b1", "W2", "b2"]
    assert not parameters["b1"].any() and parameters["b2"].shape == (3, 1)

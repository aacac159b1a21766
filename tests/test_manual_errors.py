"""Bad input to the hand-written layer equations: one clear message that names the thing and the cure."""

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
    relu_backward,
    sigmoid_backward,
    softmax_backward,
    tanh_backward,
    update_parameters,
)

ONE, COLUMN = np.ones((1, 1)), np.ones((3, 1))
CACHE = (np.ones((2, 3)), np.ones((1, 2)), ONE), np.ones((1, 3))
HALF = np.full((1, 3), 0.5)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: linear_forward(np.ones((2, 5)), np.ones((3, 4)), COLUMN), r"inner sizes 4 and 2 differ"),
        (lambda: linear_forward(np.ones((5, 4)), np.ones((3, 4)), COLUMN), r"Write A_prev\.T"),
        (lambda: linear_forward(np.ones((4, 5)), np.ones((3, 4)), np.ones(3)), r"b has shape \(3,\).*reshape\(-1, 1\)"),
        (lambda: linear_forward(np.ones((4, 5)), np.ones((3, 4)), ONE), r"b must be \(3, 1\)"),
        (lambda: linear_forward(np.ones(4), np.ones((3, 4)), COLUMN), r"A_prev has shape \(4,\)"),
        (lambda: linear_forward([[1.0]], ONE, ONE), r"A_prev is a list, not an array; write np\.array"),
        (lambda: linear_activation_forward(ONE, ONE, ONE, "rely"), r"'rely'; choose from linear, relu, sigmoid"),
        (lambda: linear_activation_backward(HALF, CACHE, "rely"), r"unknown activation 'rely'"),
        (lambda: linear_activation_backward(np.ones((1, 2)), CACHE, "linear"), r"dA is \(1, 2\), Z is \(1, 3\)"),
        (lambda: linear_activation_backward(HALF, (*CACHE, 0), "relu"), r"\(linear_cache, Z\).*has 3 parts"),
        (lambda: linear_backward(HALF, CACHE), r"must be \(A_prev, W, b\).*has 2 parts"),
        (lambda: linear_backward(HALF, ONE), r"this one is a ndarray"),
        (lambda: linear_backward(np.ones((2, 3)), CACHE[0]), r"dZ is \(2, 3\), W is \(1, 2\), A_prev is \(2, 3\)"),
        (lambda: linear_backward(np.ones((1, 4)), CACHE[0]), r"dZ is \(1, 4\)"),
        (lambda: linear_backward(np.ones((1, 0)), (np.ones((2, 0)), np.ones((1, 2)), ONE)), r"no example"),
        (lambda: relu_backward(np.ones((1, 3)), np.ones((3, 1))), r"dA is \(1, 3\), Z is \(3, 1\)"),
        (lambda: relu_backward(np.ones((1, 3)), [1, 2, 3]), r"Z is a list"),
        (lambda: sigmoid_backward(np.ones((1, 3)), np.ones(3)), r"same shape"),
        (lambda: softmax_backward(np.ones((1, 3)), np.ones((2, 3))), r"same shape"),
        (lambda: tanh_backward(np.ones((1, 3)), A=np.ones((2, 3))), r"dA is \(1, 3\), A is \(2, 3\)"),
        (lambda: tanh_backward(np.ones((1, 3)), np.ones((2, 3))), r"dA is \(1, 3\), Z is \(2, 3\)"),
        (lambda: compute_cost(HALF, np.ones((3, 1))), r"Y is \(3, 1\), AL is \(1, 3\).*write Y\.T"),
        (lambda: compute_cost(HALF, np.ones(3)), r"write Y\.reshape\(1, -1\)"),
        (lambda: compute_cost(HALF, [[1, 0, 1]]), r"Y is a list"),
        (lambda: compute_cost([[0.5]], ONE), r"AL is a list"),
        (lambda: compute_cost(np.ones((1, 0)), np.ones((1, 0))), r"no example"),
        (lambda: compute_cost(np.full((2, 3), 0.5), np.ones((2, 3))), r"say activation='softmax'.*or.*'sigmoid'"),
        (lambda: compute_cost(HALF, HALF, "tanh"), r"no cost for an output layer with activation 'tanh'"),
        (lambda: compute_cost(HALF, np.ones((1, 3)), "softmax"), r"softmax over one unit is always 1"),
        (lambda: compute_cost(np.full((2, 3), 0.5), np.ones((2, 3)), "softmax"), r"one sums to 2; make Y one-hot"),
        (lambda: compute_cost(np.full((2, 3), 0.5), np.array([0, 1, 0]), "softmax"), r"write np\.eye\(2\)\[:, Y\]"),
        (lambda: compute_cost(np.array([[0.5, 1.0]]), np.array([[1, 1]])), r"from 0\.5 to 1.*saturated"),
        (lambda: compute_cost(np.array([[0.5, 0.0]]), np.array([[1, 0]])), r"from 0 to 0\.5"),
        (lambda: compute_cost(np.array([[0.5, 1.5]]), np.array([[1, 0]])), r"must be the output of a sigmoid"),
        (lambda: compute_cost(np.array([[0.5, np.nan]]), np.array([[1, 0]])), r"AL holds NaN"),
        (lambda: compute_cost(np.array([[1.0], [0.0]]), np.array([[0], [1]]), "softmax"), r"output of a softmax"),
        (lambda: compute_cost(np.array([[1.5], [-0.5]]), np.array([[1], [0]]), "softmax"), r"from -0\.5 to 1\.5"),
        (lambda: L_model_forward(np.ones((2, 3)), {}), r"it holds nothing, so W1 is missing"),
        (lambda: L_model_forward(np.ones((2, 3)), {"W1": ONE, "W2": ONE, "b2": ONE}), r"so b1 is missing"),
        (lambda: L_model_forward(np.ones((2, 3)), {"W1": ONE, "b1": ONE, "W3": ONE, "b3": ONE}), r"W2, b2 is missing"),
        (
            lambda: L_model_forward(ONE, {"W1": ONE, "b1": ONE, "gamma1": ONE}),
            r"without a gap; it holds W1, b1, gamma1",
        ),
        (lambda: L_model_forward(ONE, {"W1": ONE, "b1": ONE}, "sigmoid"), r"must be 1 names, one per layer"),
        (lambda: L_model_forward(ONE, {"W1": ONE, "b1": ONE}, ["relu", "sigmoid"]), r"must be 1 names"),
        (lambda: L_model_backward(HALF, HALF, []), r"caches is empty"),
        (
            lambda: L_model_backward(HALF, HALF, [CACHE], ["relu"]),
            r"no cost for an output layer with activation 'relu'",
        ),
        (lambda: L_model_backward(HALF, HALF, [CACHE[0]]), r"caches\[0\] must be \(linear_cache, Z\).*has 3 parts"),
        (lambda: L_model_backward(HALF, HALF.T, [CACHE]), r"L_model_backward: Y is \(3, 1\)"),
        (lambda: L_model_backward(np.array([[1.0, 0.5, 0.5]]), HALF, [CACHE]), r"exactly 0 or 1.*divides by zero"),
        (lambda: L_model_backward(np.array([[0.0, 0.5, 0.5]]), HALF, [CACHE]), r"exactly 0 or 1.*divides by zero"),
        (lambda: update_parameters({"W1": ONE}, {}, 0.1), r"grads has no dW1.*it holds nothing"),
        (lambda: update_parameters({"b1": COLUMN}, {"db1": np.ones(3)}, 0.1), r"db1 is \(3,\), b1 is \(3, 1\)"),
        (lambda: initialize_parameters_deep([3]), r"at least two sizes"),
        (lambda: initialize_parameters_deep("34"), r"at least two sizes"),
        (lambda: initialize_parameters_deep([3, 0]), r"layer_dims holds 0"),
        (lambda: initialize_parameters_deep([3, 2.0]), r"layer_dims holds 2\.0"),
        (lambda: initialize_parameters_deep([3, True]), r"layer_dims holds True"),
        (lambda: initialize_parameters_deep([3, 1], scale="big"), r"'he', 'xavier', '1/sqrt'"),
        (lambda: initialize_parameters_deep([3, 1], scale=float("nan")), r"scale is nan"),
        (lambda: initialize_parameters_deep([3, 1], scale=None), r"scale is None"),
    ],
)
def test_bad_input_gets_a_message_with_the_cure(call, message):
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        call()
    assert "\n" not in str(caught.value)

"""The hand-written layer equations against finite differences, identities and plain loops."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinygrad_edu import manual
from tinygrad_edu.manual import (
    L_model_backward,
    L_model_forward,
    compute_cost,
    initialize_parameters_deep,
    linear_activation_backward,
    linear_activation_forward,
    relu_backward,
    sigmoid_backward,
    softmax_backward,
    tanh_backward,
    update_parameters,
)

FOLDER = Path(manual.__file__).parent
BACKWARD = {"relu": relu_backward, "sigmoid": sigmoid_backward, "tanh": tanh_backward, "softmax": softmax_backward}


def random_network(layer_dims, m, seed, last="sigmoid"):
    """X, Y and parameters with biases that are not zero."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((layer_dims[0], m))
    if last == "softmax":
        Y = np.eye(layer_dims[-1])[:, rng.integers(layer_dims[-1], size=m)]
    else:
        Y = rng.integers(2, size=(layer_dims[-1], m))
    parameters = initialize_parameters_deep(layer_dims, seed=seed, scale="1/sqrt")  # far from saturation
    for l in range(1, len(layer_dims)):
        parameters[f"b{l}"] = rng.standard_normal((layer_dims[l], 1)) / 2
    return X, Y, parameters


def central_difference(f, x, eps=1e-6):
    """df/dx, entry by entry; f takes no argument and reads x."""
    slope = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + eps
        upper = f()
        x[i] = kept - eps
        slope[i] = (upper - f()) / (2 * eps)
        x[i] = kept
    return slope


# Whole networks against finite differences and plain loops.


@pytest.mark.parametrize("depth", range(1, 7))
@pytest.mark.parametrize("last", ["sigmoid", "softmax"])
@pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid", "linear", "softmax"])
def test_gradients_of_a_whole_network_are_its_finite_differences(depth, last, hidden):
    layer_dims = [3, 4, 5, 3, 4, 3][:depth] + [3]
    X, Y, parameters = random_network(layer_dims, m=5, seed=depth, last=last)
    activations = [hidden] * (depth - 1) + [last]

    def cost():
        return compute_cost(L_model_forward(X, parameters, activations)[0], Y, last)

    AL, caches = L_model_forward(X, parameters, activations)
    grads = L_model_backward(AL, Y, caches, activations)
    for name, p in parameters.items():
        np.testing.assert_allclose(grads["d" + name], central_difference(cost, p), rtol=1e-5, atol=1e-8)
        assert grads["d" + name].shape == p.shape
    # dA and dZ carry no 1/m: they are m times the gradient of the cost.
    np.testing.assert_allclose(grads["dA0"], 5 * central_difference(cost, X), rtol=1e-5, atol=1e-8)


def test_dA_and_dZ_of_every_layer_are_m_times_the_gradient_of_the_cost():
    """A perturbation is added to A_l or Z_l in a forward pass that is written out here."""
    X, Y, parameters = random_network([2, 3, 3, 1], m=4, seed=0)
    nudge = {f"{letter}{l}": np.zeros((n, 4)) for l, n in enumerate([3, 3, 1], 1) for letter in "AZ"}

    def cost():
        A = X
        for l in (1, 2, 3):
            Z = parameters[f"W{l}"] @ A + parameters[f"b{l}"] + nudge[f"Z{l}"]
            A = (Z * (Z > 0) if l < 3 else 1 / (1 + np.exp(-Z))) + nudge[f"A{l}"]
        return np.mean(np.where(Y == 1, -np.log(A), -np.log(1 - A)))

    AL, caches = L_model_forward(X, parameters)
    grads = L_model_backward(AL, Y, caches)
    for name, delta in nudge.items():
        np.testing.assert_allclose(grads["d" + name], 4 * central_difference(cost, delta), rtol=1e-5, atol=1e-8)


def test_grads_hold_every_step_of_the_board_in_order():
    X, Y, parameters = random_network([2, 3, 1], m=4, seed=0)
    grads = L_model_backward(*in_order(X, Y, parameters))
    assert list(grads) == ["dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1", "dA0"]


def in_order(X, Y, parameters, activations=None):
    AL, caches = L_model_forward(X, parameters, activations)
    return AL, Y, caches


def test_gradient_of_a_batch_is_the_mean_over_its_examples():
    X, Y, parameters = random_network([3, 4, 1], m=6, seed=2)
    whole = L_model_backward(*in_order(X, Y, parameters))
    single = [L_model_backward(*in_order(X[:, [i]], Y[:, [i]], parameters)) for i in range(6)]
    for name in ("W1", "b1", "W2", "b2"):
        np.testing.assert_allclose(whole["d" + name], np.mean([g["d" + name] for g in single], axis=0), atol=1e-15)
    np.testing.assert_allclose(whole["dA0"], np.hstack([g["dA0"] for g in single]), atol=1e-15)


@pytest.mark.parametrize("activation, units", [("sigmoid", 1), ("sigmoid", 3), ("softmax", 3)])
def test_dZ_of_the_output_layer_is_A_minus_Y(activation, units):
    X, Y, parameters = random_network([4, units], m=5, seed=3, last=activation)
    AL, Y, caches = in_order(X, Y, parameters, [activation])
    grads = L_model_backward(AL, Y, caches, [activation])
    np.testing.assert_allclose(grads["dZ1"], AL - Y, atol=1e-15)
    assert ("dA1" in grads) == (activation == "sigmoid")


def test_softmax_layer_fed_with_minus_Y_over_A_gives_the_same_as_the_whole_network():
    X, Y, parameters = random_network([4, 3], m=5, seed=3, last="softmax")
    AL, Y, caches = in_order(X, Y, parameters, ["softmax"])
    dA_prev, dW, db = linear_activation_backward(-Y / AL, caches[0], "softmax")
    grads = L_model_backward(AL, Y, caches, ["softmax"])
    np.testing.assert_allclose(dA_prev, grads["dA0"], atol=1e-15)
    np.testing.assert_allclose(dW, grads["dW1"], atol=1e-15)
    np.testing.assert_allclose(db, grads["db1"], atol=1e-15)


def test_two_class_softmax_trains_like_a_sigmoid_of_the_difference():
    """softmax([z, 0])[0] = sigmoid(z), so cost and dZ agree."""
    z = np.array([[-3.0, 0.2, 5.0]])
    A, _ = linear_activation_forward(np.vstack([z, 0 * z]), np.eye(2), np.zeros((2, 1)), "softmax")
    a, _ = linear_activation_forward(z, np.eye(1), np.zeros((1, 1)), "sigmoid")
    y = np.array([[0, 1, 1]])
    np.testing.assert_allclose(A[:1], a, atol=1e-15)
    assert compute_cost(A, np.vstack([y, 1 - y]), "softmax") == pytest.approx(compute_cost(a, y), rel=1e-14)


# One layer.


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "softmax"])
def test_dZ_is_the_slope_of_the_activation_times_dA(activation):
    rng = np.random.default_rng(0)
    Z, dA = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))

    def weighted_output():
        return np.sum(dA * linear_activation_forward(Z, np.eye(3), np.zeros((3, 1)), activation)[0])

    np.testing.assert_allclose(BACKWARD[activation](dA, Z), central_difference(weighted_output, Z), atol=1e-9)


def test_relu_has_slope_zero_at_zero():
    assert relu_backward(np.array([[5.0, 5.0]]), np.array([[0.0, -0.0]])).tolist() == [[0.0, 0.0]]


def test_backward_functions_leave_dA_as_it_is():
    dA, Z = np.array([[1.0, 2.0]]), np.array([[-1.0, 1.0]])
    for backward in BACKWARD.values():
        backward(dA, Z)
    assert dA.tolist() == [[1.0, 2.0]]


def test_tanh_slope_comes_from_the_A_that_is_handed_in():
    dA, A = np.array([[1.0, 2.0]]), np.array([[3.0, 0.5]])  # no tanh is 3, and it is used all the same
    assert tanh_backward(dA, A=A).tolist() == [[-8.0, 1.5]]
    Z = np.array([[0.3, -2.0]])
    np.testing.assert_allclose(tanh_backward(dA, Z), dA / np.cosh(Z) ** 2, rtol=1e-13)


def test_tanh_backward_wants_exactly_one_of_Z_and_A():
    one = np.ones((1, 1))
    with pytest.raises(TypeError, match="either Z or A="):
        tanh_backward(one)
    with pytest.raises(TypeError, match="either Z or A="):
        tanh_backward(one, one, A=one)


def test_caches_hold_the_very_arrays_that_were_handed_in():
    X, _, parameters = random_network([2, 3, 1], m=4, seed=0)
    AL, (first, second) = L_model_forward(X, parameters)
    assert first[0][0] is X and first[0][1] is parameters["W1"] and first[0][2] is parameters["b1"]
    np.testing.assert_array_equal(second[0][0], np.maximum(first[1], 0))
    np.testing.assert_allclose(AL, 1 / (1 + np.exp(-second[1])), rtol=1e-15)


def test_the_cached_values_are_used_even_where_they_contradict_each_other():
    """Each gradient follows from the numbers handed in: AL, both Z and both A_prev are unrelated here."""
    rng = np.random.default_rng(5)
    AL, Y = np.array([[0.9, 0.2]]), np.array([[0, 1]])
    A0, W1, Z1 = rng.standard_normal((2, 2)), rng.standard_normal((3, 2)), rng.standard_normal((3, 2))
    A1, W2, Z2 = rng.standard_normal((3, 2)), rng.standard_normal((1, 3)), rng.standard_normal((1, 2))
    b1, b2 = np.full((3, 1), np.nan), np.full((1, 1), np.nan)  # b stands in no gradient
    grads = L_model_backward(AL, Y, [((A0, W1, b1), Z1), ((A1, W2, b2), Z2)], ["tanh", "sigmoid"])
    s = 1 / (1 + np.exp(-Z2))
    dZ2 = np.array([[10.0, -5.0]]) * s * (1 - s)  # 1 / (1 - 0.9) and -1 / 0.2
    np.testing.assert_allclose(grads["dZ2"], dZ2, rtol=1e-13)
    np.testing.assert_allclose(grads["dW2"], np.einsum("im,jm->ij", dZ2, A1) / 2, rtol=1e-13)
    dZ1 = np.einsum("ij,im->jm", W2, dZ2) / np.cosh(Z1) ** 2
    np.testing.assert_allclose(grads["dZ1"], dZ1, rtol=1e-12)
    np.testing.assert_allclose(grads["dW1"], np.einsum("im,jm->ij", dZ1, A0) / 2, rtol=1e-12)
    np.testing.assert_allclose(grads["db1"][:, 0], dZ1.mean(axis=1), rtol=1e-12)


# Initialization.


@pytest.mark.parametrize(
    "scale, variance", [("he", 2 / 400), ("xavier", 2 / 700), ("1/sqrt", 1 / 400), (0.3, 0.09), (0, 0)]
)
def test_scale_sets_the_spread_of_the_weights(scale, variance):
    W = initialize_parameters_deep([400, 300], seed=0, scale=scale)["W1"]
    assert W.var() == pytest.approx(variance, rel=0.02)


def test_he_is_the_default_and_a_seed_repeats_the_numbers():
    default, he = initialize_parameters_deep([4, 3, 1], seed=7), initialize_parameters_deep((4, 3, 1), 7, "he")
    r = np.random.RandomState(7)
    for name, n_prev, n_l in (("W1", 4, 3), ("W2", 3, 1)):
        np.testing.assert_array_equal(default[name], he[name])
        np.testing.assert_allclose(default[name], r.randn(n_l, n_prev) * (2 / n_prev) ** 0.5, rtol=1e-15)


def test_without_a_seed_the_numbers_differ_and_the_global_generator_is_left_alone():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    first, second = (initialize_parameters_deep([4, 3])["W1"] for _ in range(2))
    assert not np.array_equal(first, second)
    initialize_parameters_deep([4, 3], seed=1)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


# Update.


def test_update_leaves_the_parameters_it_was_given():
    parameters = {"W1": np.ones((1, 2)), "b1": np.ones((1, 1))}
    grads = {"dW1": np.ones((1, 2)), "db1": np.ones((1, 1)), "dA0": np.ones((2, 5))}
    updated = update_parameters(parameters, grads, 0.5)
    assert parameters["W1"].tolist() == [[1, 1]] and updated["W1"].tolist() == [[0.5, 0.5]]
    assert list(updated) == ["W1", "b1"]
    unchanged = update_parameters(parameters, grads, 0)
    assert not any(np.shares_memory(unchanged[name], parameters[name]) for name in parameters)


@pytest.mark.parametrize("last, units", [("sigmoid", 1), ("softmax", 3)])
def test_steps_downhill_learn_a_pattern(last, units):
    X = np.random.default_rng(0).standard_normal((2, 60))
    quadrant = (X[0] > 0) * 1 + (X[1] > 0) * 1
    Y = (quadrant == 1)[None] * 1 if last == "sigmoid" else np.eye(3)[:, quadrant]
    parameters = initialize_parameters_deep([2, 16, units], seed=0)
    for _ in range(300):
        AL, caches = L_model_forward(X, parameters, ["tanh", last])
        parameters = update_parameters(parameters, L_model_backward(AL, Y, caches, ["tanh", last]), 1.0)
    assert compute_cost(AL, Y, last) < 0.1


# Numerics.


def test_sigmoid_and_softmax_stay_finite_at_a_thousand():
    Z = np.array([[-1000.0, 1000.0, 0.0]])
    A, _ = linear_activation_forward(Z, np.ones((1, 1)), np.zeros((1, 1)), "sigmoid")
    assert A.tolist() == [[0.0, 1.0, 0.5]]
    A, _ = linear_activation_forward(np.vstack([Z, -Z]), np.eye(2), np.zeros((2, 1)), "softmax")
    assert A.tolist() == [[0.0, 1.0, 0.5], [1.0, 0.0, 0.5]]
    assert sigmoid_backward(np.ones((1, 3)), Z).tolist() == [[0.0, 0.0, 0.25]]


def test_sigmoid_keeps_its_small_values_exact():
    Z = np.array([[-30.0, -5.0, 5.0]])
    A, _ = linear_activation_forward(Z, np.ones((1, 1)), np.zeros((1, 1)), "sigmoid")
    np.testing.assert_allclose(A, 0.5 * (1 + np.tanh(Z / 2)), rtol=1e-3)  # an identity, itself inexact at -30
    assert A[0, 0] == pytest.approx(9.357622968840175e-14, rel=1e-14)  # exp(-30) / (1 + exp(-30))


@pytest.mark.parametrize("label_dtype", [np.int64, np.bool_, np.float64, np.float32])
@pytest.mark.parametrize("last", ["sigmoid", "softmax"])
@pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid", "linear", "softmax"])
def test_float32_stays_float32(label_dtype, last, hidden):
    X, Y, parameters = random_network([4, 5, 3], m=6, seed=1, last=last)
    parameters = {name: p.astype(np.float32) for name, p in parameters.items()}
    AL, caches = L_model_forward(X.astype(np.float32), parameters, [hidden, last])
    Y = Y.astype(label_dtype)
    grads = L_model_backward(AL, Y, caches, [hidden, last])
    updated = update_parameters(parameters, grads, np.float64(0.1))
    arrays = [AL, compute_cost(AL, Y, last), *grads.values(), *updated.values(), *(Z for _, Z in caches)]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


def test_softmax_cost_ignores_a_vanished_probability_of_a_class_that_is_ruled_out():
    cost = compute_cost(np.array([[0.5], [0.5], [0.0]]), np.array([[1], [0], [0]]), "softmax")
    assert cost == pytest.approx(np.log(2))


def test_a_sigmoid_network_with_several_units_adds_their_losses():
    AL, Y = np.array([[0.8, 0.5], [0.1, 0.5]]), np.array([[1, 0], [0, 1]])
    by_hand = (-np.log(0.8) - np.log(0.9) - 2 * np.log(0.5)) / 2
    assert compute_cost(AL, Y, "sigmoid") == pytest.approx(by_hand)


# The island.


def test_the_package_imports_nothing_but_numpy():
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} == {"numpy"}, path.name
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 1, f"{path.name} imports from {'.' * node.level}{node.module}"


def test_the_folder_copied_out_works_alone(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "by_hand", ignore=shutil.ignore_patterns("__pycache__"))
    code = "import sys, by_hand; by_hand.initialize_parameters_deep([2, 1]); print('tinygrad_edu' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_public_names_are_sorted_and_documented_with_an_example():
    assert manual.__all__ == sorted(manual.__all__)
    for name in manual.__all__:
        assert ">>>" in getattr(manual, name).__doc__, name

"""The proof of the gradients: its rows, its bounds, and that a wrong rule does not get past it."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from tinygrad_edu import data, functions
from tinygrad_edu.errors import DomainError, DTypeError, ShapeError
from tinygrad_edu.nn import DeepNetwork
from tinygrad_edu.proof import prove
from tinygrad_edu.rules import activation, loss
from tinygrad_edu.rules.linalg import affine
from tinygrad_edu.training import targets


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """As in the command: for products this small, a second thread costs more than it brings."""
    with threadpool_limits(1):
        yield


def problem(dims, activations, seed=0, m=12):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((dims[0], m))
    if activations[-1] == "softmax":
        Y = np.eye(dims[-1])[:, rng.integers(0, dims[-1], m)]
    else:
        Y = rng.integers(0, 2, (dims[-1], m)).astype(float)
    return DeepNetwork(dims, activations, seed=seed), X, Y


def digits(classes, seed, m=200):
    split = data.load_digits()
    y = split.y_train[:m] if classes == 10 else split.y_train[:m] % 2
    last = ("softmax", 10) if classes == 10 else ("sigmoid", 1)
    net = DeepNetwork([64, 128, 64, last[1]], ["relu", "relu", last[0]], seed=seed)
    return net, split.X_train[:, :m], targets(net, y)


def names(L, last):
    """From the output back; a sigmoid's dZ twice, a softmax's dA not at all."""
    first = [f"dA{L}", f"dZ{L}", f"dZ{L}"] if last == "sigmoid" else [f"dZ{L}"]
    rows = [*first, f"dW{L}", f"db{L}"]
    for l in range(L - 1, 0, -1):
        rows += [f"dA{l}", f"dZ{l}", f"dW{l}", f"db{l}"]
    return rows


@pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid", "linear", "softmax"])
@pytest.mark.parametrize("last", ["sigmoid", "softmax"])
@pytest.mark.parametrize("L", [1, 2, 3, 4])
def test_rows_go_from_the_output_back_and_hold(L, last, hidden):
    dims = [5, 7, 6, 4][:L] + [3 if last == "softmax" else 1]
    rows = prove(*problem(dims, [hidden] * (L - 1) + [last], seed=L))
    assert [row.name for row in rows] == names(L, last)
    shapes = {letter: lambda l: (dims[l], 12) for letter in "AZ"}
    shapes |= {"W": lambda l: (dims[l], dims[l - 1]), "b": lambda l: (dims[l], 1)}
    assert all(row.shape == shapes[row.name[1]](int(row.name[2])) for row in rows)
    assert all(row.holds and row.by_hand <= 1e-12 and row.numeric <= 1e-6 for row in rows)
    assert all(1 <= row.probed <= 32 for row in rows)


def test_the_equations_are_those_of_the_course():
    rows = prove(*problem([5, 4, 3, 1], ["tanh", "relu", "sigmoid"]))
    assert [row.text for row in rows] == [
        "-Y / A3 + (1 - Y) / (1 - A3)",
        "dA3 * A3 * (1 - A3)",
        "A3 - Y  (from logits)",
        "1/m dZ3 @ A2.T",
        "1/m sum(dZ3)",
        "W3.T @ dZ3",
        "dA2 * (Z2 > 0)",
        "1/m dZ2 @ A1.T",
        "1/m sum(dZ2)",
        "W2.T @ dZ2",
        "dA1 * (1 - A1**2)",
        "1/m dZ1 @ X.T",
        "1/m sum(dZ1)",
    ]


def test_softmax_has_one_equation_as_output_and_another_inside():
    texts = {row.name: row.text for row in prove(*problem([5, 4, 3], ["softmax", "softmax"]))}
    assert texts["dZ2"] == "A2 - Y"
    assert texts["dZ1"] == "A1 * (dA1 - sum(dA1 * A1))"


def test_several_sigmoid_units_are_summed_as_in_the_course():
    rows = prove(*problem([4, 5, 3], ["relu", "sigmoid"]))
    assert all(row.holds and row.numeric <= 1e-6 for row in rows)


@pytest.mark.parametrize("classes", [2, 10])
def test_the_table_of_the_main_job_is_within_its_bounds(classes):
    rows = prove(*digits(classes, seed=1))
    assert max(row.by_hand for row in rows) <= 1e-12
    assert max(row.numeric for row in rows) <= 1e-6


# Seeds where an entry that is probed lies within the difference formula's reach of a ReLU's kink.
@pytest.mark.parametrize(("seed", "classes"), [(27, 2), (47, 2), (24, 10)])
def test_finite_differences_stay_off_the_kinks_of_relu(seed, classes):
    rows = prove(*digits(classes, seed))
    assert max(row.numeric for row in rows) <= 1e-6


def test_an_entry_at_a_kink_is_passed_over():
    net, X, Y = problem([3, 4, 1], ["relu", "sigmoid"])
    X[:, 0] = 0  # Z1 of this example is exactly b1 = 0, so every slope by b1 is at a kink
    rows = {row.name: row for row in prove(net, X, Y)}
    assert rows["db1"].probed == 0 and rows["db2"].probed == 1
    assert all(row.holds and row.numeric <= 1e-6 for row in rows.values())


def test_the_proof_leaves_network_and_data_alone():
    net, X, Y = problem([3, 4, 1], ["relu", "sigmoid"])
    before, copies = net.state_dict(), (X.copy(), Y.copy())
    first, second = prove(net, X, Y), prove(net, X, Y)
    assert first == second
    assert all(p.grad is None for p in net.parameters())
    assert all(np.array_equal(before[name], value) for name, value in net.state_dict().items())
    assert np.array_equal(X, copies[0]) and np.array_equal(Y, copies[1])


def wrong(row):
    """The rows that do not hold."""
    return [r.name + (" from logits" if "logits" in r.text else "") for r in row if not r.holds]


def plant(monkeypatch, op, **rules):
    mended = [rules.get("d" + name, rule) for name, rule in zip(op.inputs, op.rules)]
    monkeypatch.setattr(op, "rules", tuple(mended))


def everything_below(l):
    return [f"d{letter}{k}" for k in range(l, 0, -1) for letter in "AZWb"]


@pytest.mark.parametrize(
    ("op", "rules", "expected"),
    [
        (affine, {"dW": lambda dz, z, W, A, b: (dz * 1.001) @ A.T}, ["dW3", "dW2", "dW1"]),
        (affine, {"db": lambda dz, z, W, A, b: dz * (1 + 1e-9)}, ["db3", "db2", "db1"]),
        (affine, {"dA": lambda dz, z, W, A, b: 1.01 * W.T @ dz}, everything_below(2)),
        (activation.relu, {"dx": lambda dz, z, x: dz * (x >= -0.1)}, ["dZ2", "dW2", "db2", *everything_below(1)]),
        (
            activation.sigmoid,
            {"dx": lambda dz, z, x: dz * z},
            ["dZ3", "dW3", "db3", *everything_below(2)],
        ),
        (
            loss.binary_cross_entropy,
            {"dA": lambda dz, z, A, Y: dz * (A - Y) / A.size},
            ["dA3", "dZ3", "dW3", "db3", *everything_below(2)],
        ),
        (
            loss.binary_cross_entropy_with_logits,
            {"dZ": lambda dz, z, Z, Y: dz * (Y - activation.sigmoid(Z)) / Z.size},
            ["dZ3 from logits"],
        ),
    ],
)
def test_a_planted_wrong_rule_is_found_on_the_right_rows(monkeypatch, op, rules, expected):
    net, X, Y = problem([5, 7, 6, 1], ["relu", "relu", "sigmoid"])
    assert wrong(prove(net, X, Y)) == []
    plant(monkeypatch, op, **rules)
    assert wrong(prove(net, X, Y)) == expected


def test_a_nan_never_holds(monkeypatch):
    net, X, Y = problem([5, 7, 1], ["relu", "sigmoid"])
    plant(monkeypatch, affine, dW=lambda dz, z, W, A, b: (dz @ A.T) * np.nan)
    assert wrong(prove(net, X, Y)) == ["dW2", "dW1"]


# Errors


@pytest.mark.parametrize("last", ["relu", "tanh", "linear"])
def test_an_output_without_a_cost_is_refused(last):
    with pytest.raises(DomainError, match=f"last activation is '{last}'"):
        prove(DeepNetwork([2, 1], [last], seed=0), np.ones((2, 3)), np.ones((1, 3)))


def test_a_float32_network_is_refused():
    with pytest.raises(DTypeError, match="float64 only"):
        prove(DeepNetwork([2, 1], seed=0, dtype=np.float32), np.ones((2, 3)), np.ones((1, 3)))


def test_shapes_that_do_not_fit_are_named():
    net = DeepNetwork([2, 1], seed=0)
    with pytest.raises(ShapeError):
        prove(net, np.ones((3, 2)), np.ones((1, 2)))
    with pytest.raises(ShapeError):
        prove(net, np.ones((2, 3)), np.ones((1, 4)))


def test_a_saturated_sigmoid_names_the_form_from_logits():
    net = DeepNetwork([1, 1], seed=0)
    net.layers[0].W.data = np.array([[1000.0]])
    with pytest.raises(DomainError, match="binary_cross_entropy_with_logits"):
        prove(net, np.ones((1, 2)), np.ones((1, 2)))
    assert np.isfinite(functions.binary_cross_entropy_with_logits(net.logits(np.ones((1, 2))), np.ones((1, 2))).data)

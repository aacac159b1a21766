"""Layers, modules and the course's network; expected gradients come from `manual`, the equations written by hand."""

from collections import Counter

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import manual
from tinygrad_edu.errors import DomainError, DTypeError, ShapeError
from tinygrad_edu.functions import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy
from tinygrad_edu.nn import DeepNetwork, Dense
from tinygrad_edu.optim import SGD, Adam
from tinygrad_edu.rules.linalg import affine

HIDDEN = ("relu", "tanh", "sigmoid", "linear")


def random_net(seed, last="sigmoid", **options):
    """(network, X, Y): 1 to 6 layers, random widths, activations and m."""
    rng = np.random.default_rng(seed)
    L = 1 + seed % 6
    outputs = int(rng.integers(2, 7)) if last == "softmax" else int(rng.integers(1, 4))
    dims = [*(int(n) for n in rng.integers(1, 12, L)), outputs]
    activations = [str(g) for g in rng.choice(HIDDEN, L - 1)] + [last]
    m = int(rng.integers(1, 30))
    X = rng.standard_normal((dims[0], m))
    if last == "softmax":
        Y = np.eye(outputs)[:, rng.integers(0, outputs, m)]
    else:
        Y = rng.integers(0, 2, (outputs, m)).astype(float)
    return DeepNetwork(dims, activations, seed=seed, **options), X, Y


def by_hand(net, X, Y):
    parameters = {name: p.data for name, p in net.named_parameters()}
    AL, caches = manual.L_model_forward(X, parameters, net.activations)
    return manual.L_model_backward(AL, Y, caches, net.activations)


def close(got, expected, what, tolerance=1e-12):
    assert got.shape == expected.shape, what
    assert np.max(np.abs(got - expected)) <= tolerance * max(np.max(np.abs(expected)), 1e-300), what


def graph(end):
    """{name: tensor} of everything named behind `end`."""
    found, named = {id(end): end}, {}
    rest = [end]
    for t in rest:
        named[t.name or "no name"] = t
        new = {id(x): x for x in t.inputs if type(x) is tg.Tensor and id(x) not in found}
        found |= new
        rest += new.values()
    named.pop("no name", None)
    return named


# The network against the hand-written equations


@pytest.mark.parametrize("seed", range(30))
def test_every_gradient_of_a_sigmoid_network_is_the_hand_written_one(seed):
    net, X, Y = random_net(seed)
    J = binary_cross_entropy(net(X), Y)
    J.backward(retain_grads=True)
    # J averages over all entries, the course over the m columns; for one output unit that is the same.
    units, m = len(Y), X.shape[1]
    expected, named = by_hand(net, X, Y), graph(J)
    checked = set()
    for name, p in net.named_parameters():
        close(p.grad.data * units, expected[f"d{name}"], f"d{name}")
    for name, t in named.items():
        if name[0] in "ZA":
            close(t.grad.data * m * units, expected[f"d{name}"], f"d{name}")
            checked.add(name)
    L = len(net.layers)
    linear = {f"A{l}" for l, g in enumerate(net.activations, 1) if g == "linear"}
    assert checked == {f"{letter}{l}" for letter in "ZA" for l in range(1, L + 1)} - linear


@pytest.mark.parametrize("seed", range(12))
def test_every_gradient_of_a_softmax_network_is_the_hand_written_one(seed):
    net, X, Y = random_net(seed, last="softmax")
    J = cross_entropy(net.logits(X), Y, axis=0)
    J.backward(retain_grads=True)
    expected = by_hand(net, X, Y)
    for name, p in net.named_parameters():
        close(p.grad.data, expected[f"d{name}"], f"d{name}")
    for name, t in graph(J).items():
        if name[0] in "ZA":
            close(t.grad.data * X.shape[1], expected[f"d{name}"], f"d{name}")


@pytest.mark.parametrize("seed", range(6))
def test_the_form_from_logits_gives_the_hand_written_gradients_too(seed):
    net, X, Y = random_net(seed)
    binary_cross_entropy_with_logits(net.logits(X), Y).backward()
    expected = by_hand(net, X, Y)
    for name, p in net.named_parameters():
        close(p.grad.data * len(Y), expected[f"d{name}"], f"d{name}", tolerance=1e-11)


def test_the_forward_pass_is_the_hand_written_one_bit_for_bit_or_nearly():
    for seed in range(12):
        net, X, _ = random_net(seed)
        AL, _ = manual.L_model_forward(X, {n: p.data for n, p in net.named_parameters()}, net.activations)
        close(net(X).data, AL, "AL", tolerance=1e-14)


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**32 - 1, np.int64(7)])
def test_network_starts_from_the_numbers_of_initialize_parameters_deep(seed):
    dims = [5, 4, 3, 1]
    start = manual.initialize_parameters_deep(dims, int(seed))
    net = DeepNetwork(dims, seed=seed)
    assert [name for name, _ in net.named_parameters()] == list(start)
    for name, p in net.named_parameters():
        assert np.array_equal(p.data, start[name]) and p.dtype == np.float64 and p.name == name
    for name, p in DeepNetwork(dims, seed=seed, dtype=np.float32).named_parameters():
        assert np.array_equal(p.data, start[name].astype(np.float32)) and p.dtype == np.float32


def test_tensors_are_named_as_on_the_board():
    J = binary_cross_entropy(DeepNetwork([3, 4, 5, 1], seed=0)(np.ones((3, 2))), np.ones((1, 2)))
    assert set(graph(J)) == {"X", *(f"{letter}{l}" for letter in "WbZA" for l in (1, 2, 3))}


def test_sizes_may_come_as_tuple_array_or_iterator():
    expected = DeepNetwork([3, 2, 1], seed=0)
    for dims in ((3, 2, 1), np.array([3, 2, 1]), iter([3, 2, 1])):
        net = DeepNetwork(dims, seed=0)
        assert net.layer_dims == (3, 2, 1)
        assert [p.shape for p in net.parameters()] == [p.shape for p in expected.parameters()]


# What is never computed


@pytest.fixture
def calls(monkeypatch):
    """How often each rule of the layer's op runs."""
    counter = Counter()

    def counted(name, rule):
        def rule_and_count(*args):
            counter[name] += 1
            return rule(*args)

        return rule_and_count

    monkeypatch.setattr(affine, "rules", tuple(counted(n, r) for n, r in zip(affine.inputs, affine.rules)))
    return counter


def test_the_gradient_of_x_is_not_computed_unless_x_asks_for_it(calls):
    net, X = DeepNetwork([4, 3, 2, 1], seed=0), tg.Tensor(np.ones((4, 5)), name="X")
    binary_cross_entropy(net(X), np.ones((1, 5))).backward()
    assert calls == {"W": 3, "A": 2, "b": 3}
    assert X.grad is None
    calls.clear()
    binary_cross_entropy(net(np.ones((4, 5))), np.ones((1, 5))).backward()
    assert calls == {"W": 3, "A": 2, "b": 3}


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_gradient_of_x_is_da0_over_m_where_x_asks_for_it(calls, seed):
    net, values, Y = random_net(seed)
    X = tg.Tensor(values, requires_grad=True)
    binary_cross_entropy(net(X), Y).backward()
    assert calls["A"] == len(net.layers)
    close(X.grad.data * X.shape[1] * len(Y), by_hand(net, values, Y)["dA0"], "dX")


def test_frozen_parameters_get_no_gradient(calls):
    net = DeepNetwork([4, 3, 1], seed=0)
    net.layers[0].W.requires_grad = False
    net.layers[0].b.requires_grad = False
    binary_cross_entropy(net(np.ones((4, 5))), np.ones((1, 5))).backward()
    assert calls == {"W": 1, "b": 1}
    assert net.layers[0].W.grad is None and net.layers[1].W.grad is not None


# dtypes


@pytest.mark.parametrize("last", ["sigmoid", "softmax"])
@pytest.mark.parametrize(
    "optimizer", [lambda p: SGD(p, 0.1), lambda p: SGD(p, 0.1, momentum=0.9), lambda p: Adam(p, 0.1)]
)
def test_float32_stays_float32_through_forward_backward_and_step(last, optimizer):
    net, X, Y = random_net(3, last=last, dtype=np.float32)
    opt = optimizer(net.parameters())
    for _ in range(3):
        Z = net.logits(X.astype(np.float32))
        if last == "softmax":
            J = cross_entropy(Z, Y.argmax(axis=0), axis=0)
        else:
            J = binary_cross_entropy_with_logits(Z, Y.astype(int))
        opt.zero_grad()
        J.backward(retain_grads=True)
        opt.step()
        named = graph(J)
        assert J.dtype == np.float32 and named["Z1"].dtype == np.float32
        assert all(t.dtype == t.grad.dtype == np.float32 for name, t in named.items() if name != "X")


@pytest.mark.parametrize("dtype", [np.int64, bool, complex, "U3"])
def test_a_dtype_that_is_no_float_is_refused(dtype):
    with pytest.raises(DTypeError, match="float dtype"):
        DeepNetwork([2, 1], seed=0, dtype=dtype)
    with pytest.raises(DTypeError, match="float dtype"):
        Dense(2, 1, dtype=dtype)


# Errors


@pytest.mark.parametrize("dims", [[], [3], [3, 0], [3, -1, 1], [3, 2.0, 1], [True, 1], ["3", 1]])
def test_sizes_that_are_no_positive_integers_are_refused(dims):
    with pytest.raises(ShapeError):
        DeepNetwork(dims, seed=0)


@pytest.mark.parametrize("activations", [["relu"], ["relu", "sigmod"], "relu", ["relu", "relu", "sigmoid"], []])
def test_activations_that_do_not_fit_are_refused(activations):
    with pytest.raises(DomainError, match="2 names"):
        DeepNetwork([3, 2, 1], activations, seed=0)


@pytest.mark.parametrize("shape", [(3,), (5, 3), (3, 2, 2), ()])
def test_x_that_does_not_fit_is_named_with_its_shape(shape):
    with pytest.raises(ShapeError, match=r"X is .*\(3, m\), one example a column"):
        DeepNetwork([3, 1], seed=0)(np.ones(shape))

"""What the scripts in examples/ compute, compiled: the same bits as the scripts' own."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from trainers import same

import tinygrad_edu as tg

FOLDER = Path(__file__).parent.parent / "examples"


def scalar_graph(example):
    a, b, c = (example[name].detach().data for name in "abc")
    return tg.value_and_grad(lambda a, b, c: a * (a * b + c), argnums=(0, 1, 2)), [(a, b, c)] * 3, []


def gradient_check(example):
    """The course's cost and its gradients, as far as the engine knows rules for NumPy's own functions."""

    def cost(W1, b1, W2, b2):
        A = 1 / (1 + np.exp(-(W2 @ np.tanh(W1 @ X + b1) + b2)))
        return -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))

    X, Y = example["X"], example["Y"]
    start = list(example["parameters"].values())
    return tg.value_and_grad(cost, argnums=(0, 1, 2, 3)), [[k * p for p in start] for k in (1, 2, 3)], []


def logistic_regression(example):
    X, Y = example["X"], example["Y"]
    W = tg.Tensor(np.zeros((1, 64)), requires_grad=True, name="W")
    b = tg.Tensor(np.zeros((1, 1)), requires_grad=True, name="b")

    def step(X, Y):
        A = 1 / (1 + np.exp(-(W @ X + b)))
        J = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
        J.backward()
        for p in (W, b):
            p.data = p.data - 0.5 * p.grad.data
            p.grad = None
        return J.detach()

    return step, [(X, Y)] * 50, [W, b]


def planar_classifier(example):
    X, Y = example["X"], example["Y"]
    model = example["TwoLayer"](8)
    optimizer = tg.optim.SGD(model.parameters(), lr=1.2)

    def step(X, Y):
        J = tg.functions.binary_cross_entropy_with_logits(model(X), Y)
        optimizer.zero_grad()
        J.backward()
        optimizer.step()
        return J.detach()

    return step, [(X, Y)] * 50, model.parameters()


def deep_network(example):
    net = tg.nn.DeepNetwork(example["sizes"], example["activations"], seed=0, dtype=np.float32)
    optimizer = tg.optim.Adam(net.parameters(), lr=3e-3)

    def step(X, y):
        J = tg.functions.cross_entropy(net.logits(X), y, axis=0)
        optimizer.zero_grad()
        J.backward(retain_graph=False)
        optimizer.step()
        return J.detach()

    return step, list(tg.data.minibatches(example["X"], example["y"], 64, np.random.default_rng(0))), net.parameters()


def second_derivative(example):
    x, slope = example["x"], example["slope"]
    hidden, output = tg.nn.Dense(1, 16, seed=0), tg.nn.Dense(16, 1, seed=1)
    parameters = [*hidden.parameters(), *output.parameters()]
    optimizer = tg.optim.Adam(parameters, lr=0.02)

    def u(x):
        return x * (1 - x) * output(np.tanh(hidden(x)))

    def step(x):
        J = ((slope(slope(u))(x) + np.pi**2 * np.sin(np.pi * x)) ** 2).mean()
        optimizer.zero_grad()
        J.backward(retain_graph=False)
        optimizer.step()
        return J.detach()

    return step, [(x,)] * 30, parameters


MAKERS = [scalar_graph, gradient_check, logistic_regression, planar_classifier, deep_network, second_derivative]


def test_every_example_is_compiled():
    assert {maker.__name__ for maker in MAKERS} == {path.stem for path in FOLDER.glob("*.py")}


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_an_example_compiled_gives_the_same_bits(maker, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    example = runpy.run_path(str(FOLDER / f"{maker.__name__}.py"))
    assert capsys.readouterr().out
    (eager, batches, parameters), (plain, _, moved) = maker(example), maker(example)
    compiled = tg.compile(plain)
    for batch in batches:
        same(eager(*batch), compiled(*batch))
        same([p.data for p in parameters], [p.data for p in moved])
    assert compiled.traces == len({tuple(np.shape(x) for x in batch) for batch in batches})

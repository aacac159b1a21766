"""`per_example_grad`: one gradient for each example, in columns or in rows, against a loop and against the batch."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from calls import parameter
from oracles import assert_close

from tinygrad_edu import Tensor, grad, per_example_grad
from tinygrad_edu.errors import DTypeError, GradientError, ShapeError


def columns_cost(xp, p, A, Y, scale=1.0):
    Z = p["W"] @ A + p["b"]
    return scale * xp.mean(xp.sum((xp.tanh(Z) - Y) ** 2, axis=0))


def columns_case(m=5):
    r = np.random.default_rng(1)
    return {"W": r.normal(size=(2, 3)), "b": r.normal(size=(2, 1))}, r.normal(size=(3, m)), r.normal(size=(2, m))


def test_per_example_gradients_of_columns_are_those_of_a_loop():
    p, A, Y = columns_case()
    g = per_example_grad(lambda p, A, Y, scale: columns_cost(np, p, A, Y, scale), axis=1)(p, A, Y, scale=2.0)
    assert g["W"].shape == (5, 2, 3) and g["b"].shape == (5, 2, 1)
    for i in range(5):
        expected = autograd.grad(lambda p, i=i: columns_cost(anp, p, A[:, [i]], Y[:, [i]], 2.0))(p)
        for key in p:
            assert_close(g[key][i], expected[key], 1e-14)
    whole = grad(lambda p: columns_cost(np, p, A, Y, 2.0))(p)
    for key in p:
        assert_close(g[key].mean(axis=0), whole[key], 1e-14)


def test_per_example_gradients_of_rows_with_labels_and_several_arguments():
    r = np.random.default_rng(2)
    W, b, X, labels, rate = r.normal(size=(3, 2)), r.normal(size=3), r.normal(size=(4, 2)), np.array([0, 2, 1, 0]), 0.5

    def cost(xp, W, X, b, labels, rate):
        Z = X @ W.T + b
        return xp.sum(xp.log(xp.sum(xp.exp(Z), axis=1)) - Z[np.arange(len(labels)), labels]) * rate

    f = lambda *args: cost(np, *args)
    dW, db = per_example_grad(f, (0, 2), batch_argnums=(1, 3))(W, X, b, labels, rate)
    for i in range(4):
        for got, k in ((dW, 0), (db, 2)):
            g = lambda x, k=k, i=i: cost(
                anp, *[x if j == k else a for j, a in enumerate((W, X[[i]], b, labels[[i]], rate))]
            )
            assert_close(got[i], autograd.grad(g)((W, X, b)[k]), 1e-13)
    assert_close(dW.sum(axis=0), grad(f)(W, X, b, labels, rate), 1e-13)


def test_each_argument_may_hold_its_examples_along_an_axis_of_its_own_and_in_a_tree():
    p, A, Y = columns_case()
    expected = per_example_grad(lambda p, A, Y: columns_cost(np, p, A, Y), axis=1)(p, A, Y)
    f = lambda batch, p, labels: columns_cost(np, p, batch["A"][0].T, batch["Y"].T) * labels.mean()
    case = {"A": [A.T], "Y": Y.T, "none": None}, p, np.ones((1, 5, 2))
    for axis in ((0, 1), (-2, -2)):
        got = per_example_grad(f, 1, axis=axis)(*case)
        for key in p:
            assert_close(got[key], expected[key], 1e-14)


def test_arguments_count_from_the_end_too():
    x = np.array([1.0, 10.0])
    np.testing.assert_array_equal(per_example_grad(lambda x, w: (w * x).sum(), -1, batch_argnums=-2)(x, 3.0), x)


def test_no_examples_give_no_gradients_and_one_gives_one():
    p, A, Y = columns_case(1)
    f = lambda p, A, Y: columns_cost(np, p, A, Y)
    g = per_example_grad(f, axis=1)(p, A, Y)
    assert_close(g["W"][0], grad(f)(p, A, Y)["W"], 1e-15)
    none = per_example_grad(f, axis=1)(p, A[:, :0], Y[:, :0])
    assert none["W"].shape == (0, 2, 3) and none["b"].shape == (0, 2, 1)
    assert per_example_grad(lambda w, x: w * x.sum(), (0,))(2.0, np.ones(0))[0].shape == (0,)
    w = parameter(2.0)
    g = per_example_grad(lambda w, x: (w * x.sum()).sum())(w, np.ones(0, np.float32))
    assert type(g) is Tensor and g.shape == (0, 1) and g.dtype == np.float64


def test_per_example_gradients_keep_the_graph_of_tensors():
    w, c = parameter(2.0, name="w"), parameter(3.0)
    g = per_example_grad(lambda w, x: (c * w**2 * x).sum())(w, np.array([1.0, 10.0]))
    np.testing.assert_array_equal(g.data, [[12.0], [120.0]])
    g.sum().backward()
    assert w.grad.data == [66.0] and c.grad.data == [44.0]


@pytest.mark.parametrize(
    "options, args, error, message",
    [
        ({}, (1.0, np.ones(3), np.ones(4)), ShapeError, r"args\[1\] holds 3 along axis 0; args\[2\] holds 4 "),
        (
            {"axis": 1},
            (1.0, np.ones((2, 3)), np.ones(3)),
            ShapeError,
            r"args\[2\] is \(3,\) and has no axis 1.*batch_a",
        ),
        ({}, (1.0, np.ones(3), 0.5), ShapeError, r"args\[2\] is \(\) and has no axis 0"),
        ({"axis": (0, 1, 0)}, (1.0, np.ones(3)), GradientError, r"1 arguments hold examples, and axis=\(0, 1, 0\)"),
        ({}, (1.0,), GradientError, "0 arguments hold examples"),
        ({}, (1.0, {"x": None}), ShapeError, "different numbers of examples: none is given"),
        (
            {"batch_argnums": 0},
            (1.0, np.ones(3)),
            GradientError,
            "argument number 0 of batch_argnums is differentiated",
        ),
        (
            {"batch_argnums": -2},
            (1.0, np.ones(3)),
            GradientError,
            "argument number -2 of batch_argnums is differentiated",
        ),
        ({"batch_argnums": -3}, (1.0, np.ones(3)), GradientError, "argument number -3 of batch_argnums is not there"),
        ({"batch_argnums": 2}, (1.0, np.ones(3)), GradientError, "argument number 2 of batch_argnums is not there"),
        ({"batch_argnums": "x"}, (1.0, np.ones(3)), DTypeError, "batch_argnums='x': give the number"),
        ({"axis": 0.5}, (1.0, np.ones(3)), DTypeError, "axis=0.5"),
    ],
)
def test_batches_that_cannot_be_are_refused(options, args, error, message):
    with pytest.raises(error, match=message):
        per_example_grad(lambda w, *xs: w, **options)(*args)

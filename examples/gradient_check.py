"""A hand-written backward pass with two mistakes in it, found by `gradcheck`, which needs to see only the cost.

You see a learner's backprop declared as the gradient rules of the cost, and a report that says which gradient is
wrong, entry by entry.  You learn to read it: a ratio of exactly m is a forgotten 1/m; ratios that vary point at what
stands between the last layer that agrees and the first that does not, here a wrong g'.  The course's equations pass.

Run: python examples/gradient_check.py      writes no file
"""

import numpy as np

import tinygrad_edu as tg

rng = np.random.default_rng(0)
m = 8
X, Y = rng.standard_normal((2, m)), (np.arange(m) % 2)[None].astype(float)
parameters = {name: rng.standard_normal(n) for name, n in dict(W1=(2, 2), b1=(2, 1), W2=(1, 2), b2=(1, 1)).items()}
activations = ["tanh", "sigmoid"]


def forward(W1, b1, W2, b2):
    return tg.manual.L_model_forward(X, dict(W1=W1, b1=b1, W2=W2, b2=b2), activations)


def cost(W1, b1, W2, b2):
    return tg.manual.compute_cost(forward(W1, b1, W2, b2)[0], Y)


def learner(W1, b1, W2, b2):
    A2, (_, ((A1, _, _), _)) = forward(W1, b1, W2, b2)
    dZ2 = A2 - Y
    dW2 = 1 / m * dZ2 @ A1.T
    db2 = np.sum(dZ2, axis=1, keepdims=True)  # mistake 1: no 1/m
    dZ1 = W2.T @ dZ2 * (1 - np.tanh(A1) ** 2)  # mistake 2: g'(A1), where g'(Z1) = 1 - tanh(Z1)^2 = 1 - A1^2
    dW1 = 1 / m * dZ1 @ X.T
    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
    return dict(dW1=dW1, db1=db1, dW2=dW2, db2=db2)


def course(W1, b1, W2, b2):
    A2, caches = forward(W1, b1, W2, b2)
    return tg.manual.L_model_backward(A2, Y, caches, activations)


def declare(backward):
    """The cost as a primitive with these gradients; dz is the gradient that arrives at the cost."""

    def rule(name):
        return lambda dz, z, W1, b1, W2, b2: dz * backward(W1, b1, W2, b2)[name]

    rules = {name: rule(name) for name in ("dW1", "db1", "dW2", "db2")}
    return tg.primitive(cost, name=f"cost_of_{backward.__name__}", **rules)


inputs = [tg.Tensor(p, name=name) for name, p in parameters.items()]
print(f"the learner's equations, {m} examples")
print(tg.gradcheck(declare(learner), inputs))
print("\nthe course's equations")
print(tg.gradcheck(declare(course), inputs))

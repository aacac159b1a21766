"""What a hidden layer is for: a flower whose petals no straight line can part, and eight tanh units that can.

You see petals of two kinds, # and ., once as points in the plane and once as the network has learned them, and two
accuracies on points that were never trained on: logistic regression hardly beats a coin, one hidden layer passes 90 %.

Run: python examples/planar_classifier.py      writes no file
"""

import numpy as np

import tinygrad_edu as tg


def flower(m, rng):
    """X: (2, m), points on petals of radius 4 sin(4 t), with noise.  Y: (1, m), 0 or 1, half a turn apart."""
    Y = rng.permutation(np.arange(m) % 2)
    t = np.pi * Y + rng.uniform(0, np.pi, m) + 0.2 * rng.standard_normal(m)
    r = 4 * np.sin(4 * t) + 0.2 * rng.standard_normal(m)
    return np.stack([r * np.sin(t), r * np.cos(t)]), Y[None].astype(float)


class TwoLayer(tg.nn.Module):
    """A1 = tanh(W1 @ X + b1), Z2 = W2 @ A1 + b2; the probability A2 = sigmoid(Z2) is above 1/2 where Z2 > 0."""

    def __init__(self, n_hidden):
        super().__init__()
        self.hidden = tg.nn.Dense(2, n_hidden, seed=1)
        self.output = tg.nn.Dense(n_hidden, 1, seed=2)

    def forward(self, X):
        return self.output(np.tanh(self.hidden(X)))


def train(model, X, Y, steps):
    optimizer = tg.optim.SGD(model.parameters(), lr=1.2)
    for _ in range(steps):
        J = tg.functions.binary_cross_entropy_with_logits(model(X), Y)
        optimizer.zero_grad()
        J.backward()
        optimizer.step()
    return J


rng = np.random.default_rng(0)
X, Y = flower(400, rng)
X_test, Y_test = flower(400, rng)

for name, model in {"logistic regression": tg.nn.Dense(2, 1, seed=1), "one hidden layer": TwoLayer(8)}.items():
    J = train(model, X, Y, steps=3000)
    accuracy = np.mean((model(X_test).data > 0) == Y_test)
    print(f"{name:19}: cost {J:.4f}, test accuracy {accuracy:.4f}")

print(f"\n{'the points':37}  what the network says")
columns, rows = np.linspace(-4.2, 4.2, 37), np.linspace(4.2, -4.2, 19)
points = np.full((19, 37), " ")
for (x1, x2), y in zip(X.T, Y[0]):
    points[np.abs(rows - x2).argmin(), np.abs(columns - x1).argmin()] = ".#"[int(y)]
plane = np.stack([x.ravel() for x in np.meshgrid(columns, rows)])  # (2, 19 * 37)
for left, right in zip(points, np.where(model(plane).data > 0, "#", ".").reshape(19, 37)):
    print("".join(left) + "  " + "".join(right))

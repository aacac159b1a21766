"""A deep network on real handwriting: trained, saved, and loaded into a network that knew nothing.

You see the whole life of a model: minibatches of 8x8 scans, softmax and cross-entropy on the logits, Adam, and the
weights in one .npz file that needs nothing but NumPy to read.  You learn that a model is its arrays: a new network
with other random weights gives the same answers as soon as it has loaded them.

Run: python examples/deep_network.py [FOLDER]      the weights go into FOLDER, by default runs/examples
"""

import sys
from pathlib import Path

import numpy as np

import tinygrad_edu as tg

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/examples")

X, y, X_test, y_test = tg.data.load_digits(np.float32)  # X: (64, m), y: (m,)
sizes, activations = [64, 128, 64, 10], ["relu", "relu", "softmax"]
net = tg.nn.DeepNetwork(sizes, activations, seed=0, dtype=np.float32)
optimizer = tg.optim.Adam(net.parameters(), lr=3e-3)
rng = np.random.default_rng(0)


def accuracy(network):
    with tg.no_grad():  # nothing will be differentiated, so nothing is recorded
        return np.mean(network.logits(X_test).data.argmax(axis=0) == y_test)


print(f"{X.shape[1]} digits to train on, {X_test.shape[1]} to test on")
for epoch in range(1, 21):
    costs = []
    for X_batch, y_batch in tg.data.minibatches(X, y, 64, rng):
        J = tg.functions.cross_entropy(net.logits(X_batch), y_batch, axis=0)  # axis 0 holds the ten classes
        optimizer.zero_grad()
        J.backward(retain_graph=False)  # give the graph's memory back at once
        optimizer.step()
        costs.append(J.item())
    if epoch % 5 == 0:
        print(f"epoch {epoch:2}: cost {np.mean(costs):.4f}, test accuracy {accuracy(net):.4f}")

folder.mkdir(parents=True, exist_ok=True)
path = folder / "deep_network.npz"
np.savez(path, **net.state_dict())
print(f"saved {', '.join(net.state_dict())} in {path}")

fresh = tg.nn.DeepNetwork(sizes, activations, seed=1, dtype=np.float32)
print(f"a new network: test accuracy {accuracy(fresh):.4f}")
with np.load(path) as weights:
    fresh.load_state_dict(weights)
print(f"after loading: test accuracy {accuracy(fresh):.4f}")

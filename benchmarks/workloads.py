"""The four training steps that are timed: fully connected networks, ReLU inside, one logit out, float32.

Columns are examples, and a step is one of gradient descent on all of them.  The data are random, because
only their shapes matter for speed; the shapes are those of the course's planar set and cat pictures, and of
two sets of handwritten digits.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

__all__ = ["WORKLOADS", "Workload", "hand_written_step", "make_data"]


class Workload(NamedTuple):
    """layer_dims: [n_0, n_1, ..., n_L].  m: the number of examples."""

    layer_dims: tuple[int, ...]
    m: int

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.layer_dims))}; m={self.m}"


WORKLOADS = {
    "tiny": Workload((2, 16, 16, 1), 100),
    "digits": Workload((64, 128, 64, 1), 64),
    "mnist": Workload((784, 512, 256, 1), 128),
    "cats": Workload((12288, 20, 7, 5, 1), 209),
}

Arrays = list[np.ndarray]


def make_data(work: Workload) -> tuple[np.ndarray, np.ndarray, Arrays, Arrays]:
    """X: (n_0, m), Y: (1, m), and for each layer W: (n_l, n_prev) and b: (n_l, 1), all float32."""
    rng = np.random.default_rng(0)
    sizes = work.layer_dims
    X = rng.standard_normal((sizes[0], work.m))
    Y = rng.random((1, work.m)) > 0.5
    W = [rng.standard_normal((n, n_prev)) / np.sqrt(n_prev) * 0.5 for n_prev, n in pairwise(sizes)]
    # Not 0: behind a layer that is all 0 there would be Z = 0 + b = 0, where libraries differ about relu'(0).
    b = [rng.standard_normal((n, 1)) * 0.1 for n in sizes[1:]]
    return (
        X.astype(np.float32),
        Y.astype(np.float32),
        [w.astype(np.float32) for w in W],
        [x.astype(np.float32) for x in b],
    )


def hand_written_step(X: np.ndarray, Y: np.ndarray, W: Arrays, b: Arrays, lr: float) -> float:
    """The yardstick: one step as a learner of the course writes it in NumPy.  Updates W and b in place, returns J."""
    m, L = X.shape[1], len(W)
    A, caches = X, []
    for l in range(L):
        A_prev, Z = A, W[l] @ A + b[l]
        A = np.maximum(Z, 0) if l < L - 1 else 1 / (1 + np.exp(-Z))
        caches.append((A_prev, Z))
    J = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    dA = -(Y / A) + (1 - Y) / (1 - A)
    for l in reversed(range(L)):
        A_prev, Z = caches[l]
        dZ = dA * (Z > 0) if l < L - 1 else dA * A * (1 - A)
        dW = dZ @ A_prev.T / m
        db = np.sum(dZ, axis=1, keepdims=True) / m
        if l > 0:  # nobody needs dA[0], the gradient of the data
            dA = W[l].T @ dZ
        W[l] -= lr * dW
        b[l] -= lr * db
    return float(J)

"""Train a classifier: the loop that every example writes, once.  Floor 7.

for epoch in fit(net, optimizer, split, batch_size=64, epochs=30, rng=rng):
    print(epoch.number, epoch.cost, epoch.test_accuracy)
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from .data import Split, minibatches, one_hot
from .errors import DomainError
from .functions import binary_cross_entropy_with_logits, cross_entropy
from .modes import no_grad
from .nn import DeepNetwork
from .optim import Optimizer
from .tensor import Tensor

__all__ = ["Epoch", "accuracy", "confusion", "cost", "fit", "predict", "targets"]


@final
@dataclass(frozen=True)
class Epoch:
    """After `number` passes over the training data (0: before the first).

    cost: J on all training examples.  Accuracies: the share classified right.  seconds: since training began.
    """

    number: int
    cost: float
    train_accuracy: float
    test_accuracy: float
    seconds: float


def targets(net: DeepNetwork, y: np.ndarray) -> np.ndarray:
    """Y for labels y: (1, m) of 0 and 1 for one sigmoid output, one-hot (n_L, m) for a softmax.

    >>> targets(DeepNetwork([2, 1]), np.array([0, 1]))
    array([[0., 1.]])
    """
    dtype = next(net.parameters()).dtype
    return y.astype(dtype)[None, :] if net.layer_dims[-1] == 1 else one_hot(y, net.layer_dims[-1], dtype)


def predict(net: DeepNetwork, X: np.ndarray) -> np.ndarray:
    """The label of each column of X: Z > 0 for one sigmoid output, else the unit with the largest Z.

    >>> predict(DeepNetwork([2, 3], ["softmax"], seed=0), np.ones((2, 4))).shape
    (4,)
    """
    with no_grad():
        Z = net.logits(X).data
    return (Z[0] > 0).astype(np.int64) if len(Z) == 1 else Z.argmax(axis=0)


def cost(net: DeepNetwork, X: np.ndarray, Y: np.ndarray) -> Tensor:
    """J: the cross-entropy from logits, averaged over the columns of X.  Y: as `targets` makes it.

    >>> round(cost(DeepNetwork([2, 1], seed=0), np.zeros((2, 4)), np.zeros((1, 4))).item(), 4)
    0.6931
    """
    Z = net.logits(X)
    return binary_cross_entropy_with_logits(Z, Y) if len(Y) == 1 else cross_entropy(Z, Y, axis=0)


def accuracy(net: DeepNetwork, X: np.ndarray, y: np.ndarray) -> float:
    """The share of columns of X whose predicted label is y.

    >>> accuracy(DeepNetwork([2, 1], seed=0), np.zeros((2, 4)), np.zeros(4, int))
    1.0
    """
    return float(np.mean(predict(net, X) == y))


def confusion(y: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """counts[i, j]: how many examples of class i were predicted as class j.

    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2)
    array([[1, 0],
           [1, 1]])
    """
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (y, predicted), 1)
    return counts


def fit(
    net: DeepNetwork,
    optimizer: Optimizer,
    split: Split,
    *,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
) -> Iterator[Epoch]:
    """Minimize the cross-entropy from logits over shuffled batches; yields the state before and after each epoch.

    Stop by leaving the loop; the network keeps its weights so far.
    Raises DomainError when the cost is no longer finite, naming the epoch: the learning rate is too high.

    >>> from tinygrad_edu import data, optim
    >>> net = DeepNetwork([64, 16, 10], ["relu", "softmax"], seed=0)
    >>> rng = np.random.default_rng(0)
    >>> run = fit(net, optim.Adam(net.parameters(), 0.01), data.load_digits(), epochs=3, batch_size=64, rng=rng)
    >>> list(run)[-1].test_accuracy > 0.8
    True
    """
    started = time.perf_counter()
    X, Y = split.X_train, targets(net, split.y_train)
    yield _state(net, split, Y, 0, started)
    for number in range(1, epochs + 1):
        for X_batch, Y_batch in minibatches(X, Y, batch_size, rng):
            J = cost(net, X_batch, Y_batch)
            optimizer.zero_grad()
            J.backward(retain_graph=False)
            optimizer.step()
        state = _state(net, split, Y, number, started)
        if not np.isfinite(state.cost):
            raise DomainError(
                f"the cost is {state.cost} after epoch {number}: lower the learning rate, {optimizer.lr}."
            )
        yield state


def _state(net: DeepNetwork, split: Split, Y: np.ndarray, number: int, started: float) -> Epoch:
    with no_grad():
        J = float(cost(net, split.X_train, Y))
    train = accuracy(net, split.X_train, split.y_train)
    test = accuracy(net, split.X_test, split.y_test)
    return Epoch(number, J, train, test, time.perf_counter() - started)

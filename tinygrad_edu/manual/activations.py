"""The activation functions A = g(Z) of the hand-written network.  NumPy only.

`activation_functions` maps the names that `activations` may hold to g.  Their derivatives are in `backward`.
"""

import numpy as np

__all__ = ["activation_functions", "linear", "relu", "sigmoid", "softmax", "tanh"]


def linear(Z: np.ndarray) -> np.ndarray:
    """A = Z: no activation.  Z: (n_l, m).

    >>> linear(np.array([[-1.0, 2.0]]))
    array([[-1.,  2.]])
    """
    return Z


def relu(Z: np.ndarray) -> np.ndarray:
    """A = max(0, Z).  Z: (n_l, m).

    >>> relu(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """
    A: np.ndarray = np.maximum(0, Z)
    return A


def sigmoid(Z: np.ndarray) -> np.ndarray:
    """A = 1 / (1 + exp(-Z)).  Z: (n_l, m).

    Where Z < 0 it is written as exp(Z) / (1 + exp(Z)), the same number, which never overflows.

    >>> sigmoid(np.array([[-1000.0, 0.0, 1000.0]]))
    array([[0. , 0.5, 1. ]])
    """
    E = np.exp(-np.abs(Z))  # (n_l, m), never above 1
    A: np.ndarray = np.where(Z >= 0, 1, E) / (1 + E)
    return A


def softmax(Z: np.ndarray) -> np.ndarray:
    """A = exp(Z) / sum(exp(Z)) over the units, computed after subtracting max(Z).

    Z: (n_l, m).  Each column of A sums to 1.

    >>> softmax(np.array([[0.0, 1000.0], [0.0, 0.0]]))
    array([[0.5, 1. ],
           [0.5, 0. ]])
    """
    E = np.exp(Z - Z.max(axis=0, keepdims=True))  # (n_l, m), the largest of each column is 1
    A: np.ndarray = E / E.sum(axis=0, keepdims=True)
    return A


def tanh(Z: np.ndarray) -> np.ndarray:
    """A = tanh(Z).  Z: (n_l, m).

    >>> tanh(np.array([[0.0, 1000.0]]))
    array([[0., 1.]])
    """
    A: np.ndarray = np.tanh(Z)
    return A


activation_functions = {"linear": linear, "relu": relu, "sigmoid": sigmoid, "softmax": softmax, "tanh": tanh}

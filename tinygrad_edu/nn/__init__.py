"""Layers and networks.  Floor 6.

net = DeepNetwork([64, 128, 64, 1], seed=0)
Z = net.logits(X)                   # (1, m); net(X) gives A = sigmoid(Z)
"""

from .dense import Dense, Dropout
from .module import Module
from .network import DeepNetwork
from .weights import load_weights, save_weights

__all__ = ["DeepNetwork", "Dense", "Dropout", "Module", "load_weights", "save_weights"]

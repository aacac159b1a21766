"""The L-layer network of the course, [LINEAR -> RELU] * (L - 1) -> LINEAR -> SIGMOID.  Floor 6."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, final

import numpy as np

from ..errors import DomainError, ShapeError
from ..functions import relu, sigmoid, softmax, tanh
from ..manual import initialize_parameters_deep
from ..randomness import generator
from ..tensor import Tensor
from .dense import Dense, check_sizes
from .module import Module

__all__ = ["DeepNetwork"]

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda Z: Z,
    "relu": relu,
    "sigmoid": sigmoid,
    "softmax": lambda Z: softmax(Z, axis=0),
    "tanh": tanh,
}


@final
class DeepNetwork(Module):
    """A[0] = X, Z[l] = W[l] @ A[l-1] + b[l], A[l] = g[l](Z[l]); columns are examples.

    layer_dims: [n_0, n_1, ..., n_L].  Its tensors are named W1 b1 Z1 A1 ... as it runs.
    activations: a name per layer, "relu" | "sigmoid" | "tanh" | "softmax" | "linear"; by default ReLU for the
    hidden layers and sigmoid for the last.
    An integer seed gives the numbers of `manual.initialize_parameters_deep(layer_dims, seed)`; without one
    they come from the generator that `tg.seed` sets.  Raises ShapeError, DomainError, DTypeError.

    >>> net = DeepNetwork([2, 4, 1], seed=1)
    >>> net(np.ones((2, 3))).name, [name for name, _ in net.named_parameters()]
    ('A2', ['W1', 'b1', 'W2', 'b2'])
    """

    def __init__(
        self,
        layer_dims: Sequence[int],
        activations: Sequence[str] | None = None,
        seed: int | np.random.Generator | None = None,
        dtype: Any = np.float64,
    ):
        super().__init__()
        self.layer_dims = tuple(layer_dims)
        check_sizes("DeepNetwork", self.layer_dims)
        L = len(self.layer_dims) - 1
        if L < 1:
            raise ShapeError(f"DeepNetwork({list(self.layer_dims)}): give the input size and at least one layer.")
        self.activations = ("relu",) * (L - 1) + ("sigmoid",) if activations is None else tuple(activations)
        if len(self.activations) != L or not set(self.activations) <= ACTIVATIONS.keys():
            known = ", ".join(ACTIVATIONS)
            raise DomainError(f"DeepNetwork: activations={activations!r}: give {L} names out of {known}.")
        if not isinstance(seed, int | np.integer):
            seed = int(generator(seed).integers(2**32))
        if not 0 <= seed < 2**32:
            raise DomainError(f"DeepNetwork: seed={seed}: a whole number from 0 to 2**32 - 1.")
        start = initialize_parameters_deep(self.layer_dims, int(seed))
        # W is replaced below; a fixed seed leaves the default generator alone
        self.layers = [Dense(n_prev, n, seed=0, dtype=dtype) for n_prev, n in pairwise(self.layer_dims)]
        for l, layer in enumerate(self.layers, start=1):
            layer.W.data, layer.W.name = start[f"W{l}"].astype(dtype), f"W{l}"
            layer.b.name = f"b{l}"

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        # "W1", "b1", ...: the names of the course's dictionary
        return ((str(p.name), p) for layer in self.layers for p in (layer.W, layer.b))

    def forward(self, X: Any) -> Tensor:
        """AL = g[L](Z[L]): (n_L, m), for X: (n_0, m)."""
        return self._activated(len(self.layers), self.logits(X))

    def logits(self, X: Any) -> Tensor:
        """Z[L], before the last activation; the losses `..._with_logits` and `cross_entropy` start from it."""
        A = X if type(X) is Tensor else Tensor(X, name="X")
        if A.ndim != 2 or A.shape[0] != self.layer_dims[0]:
            raise ShapeError(
                f"DeepNetwork: X is {A.shape}; it must be ({self.layer_dims[0]}, m), one example a column."
            )
        for l, layer in enumerate(self.layers, start=1):
            Z = layer(A)
            Z.name = f"Z{l}"
            if l < len(self.layers):
                A = self._activated(l, Z)
        return Z

    def _activated(self, l: int, Z: Tensor) -> Tensor:
        A = ACTIVATIONS[self.activations[l - 1]](Z)
        if A is not Z:
            A.name = f"A{l}"
        return A

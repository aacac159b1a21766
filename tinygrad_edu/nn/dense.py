"""The course's layer, and dropout.  Floor 6."""

from typing import Any, final

import numpy as np

from ..errors import DomainError, DTypeError, ShapeError
from ..functions import dropout
from ..randomness import generator
from ..rules.linalg import affine
from ..tensor import Tensor, record
from .module import Module

__all__ = ["Dense", "Dropout", "check_sizes"]


@final
class Dense(Module):
    """Z = W @ A_prev + b, columns are examples:  W: (n_out, n_in), b: (n_out, 1), A_prev: (n_in, m), Z: (n_out, m).

    Backward: dW = dZ @ A_prev.T, db = sum(dZ, axis=1, keepdims=True), dA_prev = W.T @ dZ.
    W starts normal with standard deviation sqrt(2 / n_in) (He et al. 2015), b at 0.
    seed: a number or a NumPy Generator; by default the generator that `tg.seed` sets.
    Raises ShapeError for sizes that are no positive integers.

    >>> Dense(3, 2, seed=0)(np.ones((3, 5))).shape
    (2, 5)
    """

    def __init__(
        self, n_in: int, n_out: int, *, seed: int | np.random.Generator | None = None, dtype: Any = np.float64
    ):
        super().__init__()
        check_sizes("Dense", [n_in, n_out])
        if np.dtype(dtype).kind != "f":
            raise DTypeError(f"dtype={np.dtype(dtype)}: parameters need a float dtype, such as np.float32.")
        W = generator(seed).standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)
        self.W = Tensor(W.astype(dtype), requires_grad=True, name="W")
        self.b = Tensor(np.zeros((n_out, 1), dtype), requires_grad=True, name="b")

    def forward(self, A_prev: Any) -> Tensor:
        """Z = W @ A_prev + b."""
        return record(affine, (self.W, A_prev, self.b))


@final
class Dropout(Module):
    """A * mask / (1 - rate) while training, A itself otherwise.  See `functions.dropout`.

    >>> Dropout(0.5).eval()(np.ones(2))
    array([1., 1.])
    """

    def __init__(self, rate: float = 0.5, *, seed: int | np.random.Generator | None = None):
        super().__init__()
        if not 0 <= rate < 1:
            raise DomainError(f"Dropout(rate={rate}): the rate is the share set to 0, from 0 up to but not 1.")
        self.rate = rate
        self.rng = None if seed is None else generator(seed)

    def forward(self, A: Any) -> Any:
        """A with random entries set to 0, the others scaled up."""
        return dropout(A, self.rate, training=self.training, rng=self.rng)


def check_sizes(what: str, sizes: Any) -> None:
    """Raise ShapeError unless all sizes are positive integers."""
    for n in sizes:
        if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1:
            raise ShapeError(f"{what}: the size {n!r} is no positive integer.")

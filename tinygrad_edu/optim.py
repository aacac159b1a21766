"""Optimizers: how a parameter moves, given its gradient.  Floor 6.

An update is a pure NumPy expression of (parameter, gradient, state), written once below as a function;
the classes keep the state and apply it.  `p.data` is rebound, never written into.  Rates are Python
floats, computed in double precision, and NumPy casts them to the parameter's dtype: float32 stays float32.
"""

from collections.abc import Iterable
from typing import Any, final

import numpy as np

from .errors import DomainError, GradientError
from .tensor import Tensor

__all__ = ["Adam", "Optimizer", "SGD", "adam_update", "momentum_update", "sgd_update"]


def sgd_update(p: Any, dp: Any, lr: float) -> Any:
    """p - lr * dp.

    >>> sgd_update(1.0, 0.5, lr=0.5)
    0.75
    """
    return p - lr * dp


def momentum_update(p: Any, dp: Any, v: Any, lr: float, momentum: float) -> tuple[Any, Any]:
    """(p - lr * v, v) with v = momentum * v + dp.  Source: Polyak 1964, in the form of Sutskever et al. 2013.

    >>> momentum_update(1.0, 0.5, 0.0, lr=0.5, momentum=0.9)
    (0.75, 0.5)
    """
    v = momentum * v + dp
    return p - lr * v, v


def adam_update(
    p: Any, dp: Any, v: Any, s: Any, t: int, lr: float, beta1: float, beta2: float, eps: float
) -> tuple[Any, Any, Any]:
    """(p - lr * v^ / (sqrt(s^) + eps), v, s), with v and s the moving means of dp and |dp|^2.

    v^ = v / (1 - beta1^t) and s^ = s / (1 - beta2^t) undo the start from 0; t = 1, 2, ... counts the steps.
    eps stands outside the root.  Source: Kingma and Ba 2015, algorithm 1.

    >>> p, v, s = adam_update(np.ones(1), np.full(1, 0.5), 0.0, 0.0, t=1, lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8)
    >>> p.round(6)
    array([0.9])
    """
    v = beta1 * v + (1 - beta1) * dp
    s = beta2 * s + (1 - beta2) * (dp * dp if dp.dtype.kind == "f" else (dp * dp.conj()).real)
    return p - lr / (1 - beta1**t) * v / (np.sqrt(s / (1 - beta2**t)) + eps), v, s


class Optimizer:
    """Abstract: `step()` moves every parameter that has a gradient, `zero_grad()` forgets the gradients.

    parameters: Tensors, such as `model.parameters()`.  lr: the learning rate, which may be changed between steps.
    Raises GradientError for what is no parameter, DomainError for rates out of range.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float):
        if isinstance(parameters, Tensor):
            raise GradientError("an optimizer takes a list of parameters: write [W], or model.parameters().")
        self.parameters = list(parameters)
        if not self.parameters:
            raise GradientError("an optimizer needs a parameter; this list is empty (a generator used twice?).")
        for p in self.parameters:
            if not (isinstance(p, Tensor) and p.requires_grad and p.is_leaf):
                what = p._label() if isinstance(p, Tensor) else repr(p)
                raise GradientError(f"{what} is no parameter: give leaf Tensors with requires_grad=True.")
        if len(set(self.parameters)) < len(self.parameters):
            raise GradientError("an optimizer got the same parameter twice, and would move it twice: list each once.")
        if not (isinstance(lr, int | float | np.number) and np.isfinite(lr) and lr > 0):
            raise DomainError(f"lr={lr!r}: the learning rate is a positive number.")
        self.lr = lr
        self.steps = 0
        self._complex = [p.dtype.kind == "c" for p in self.parameters]

    def step(self) -> None:
        """Update every parameter that has a `.grad`; complex ones move along its conjugate.

        Raises GradientError if none has: call backward() first.
        """
        moved = False
        for i, p in enumerate(self.parameters):
            dp = p.grad
            if dp is not None:
                p.data = self._updated(i, p.data, dp.data.conj() if self._complex[i] else dp.data)
                moved = True
        if not moved:
            raise GradientError("step(): no parameter has a gradient; call backward() first.")
        self.steps += 1

    def zero_grad(self) -> None:
        """Set every `.grad` to None; otherwise the next backward() adds to it."""
        for p in self.parameters:
            p.grad = None

    def _updated(self, i: int, p: np.ndarray, dp: np.ndarray) -> Any:
        """Parameter number i after this step; keeps its state."""
        raise NotImplementedError


@final
class SGD(Optimizer):
    """p = p - lr * dp, or with momentum p = p - lr * v, v = momentum * v + dp.

    >>> W = Tensor([1.0], requires_grad=True)
    >>> (W * W).sum().backward()
    >>> SGD([W], lr=0.25).step()
    >>> W.data
    array([0.5])
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.0):
        super().__init__(parameters, lr)
        self.momentum = _share("momentum", momentum)
        self.velocities: list[Any] = [0.0] * len(self.parameters)

    def _updated(self, i: int, p: np.ndarray, dp: np.ndarray) -> Any:
        if not self.momentum:
            return sgd_update(p, dp, float(self.lr))
        p, self.velocities[i] = momentum_update(p, dp, self.velocities[i], float(self.lr), self.momentum)
        return p


@final
class Adam(Optimizer):
    """p = p - lr * v^ / (sqrt(s^) + eps), with bias-corrected moving means v^ of dp and s^ of dp^2.

    Source: Kingma and Ba 2015, with its default rates.

    >>> W = Tensor([1.0], requires_grad=True)
    >>> (W * W).sum().backward()
    >>> Adam([W], lr=0.1).step()
    >>> W.data.round(6)
    array([0.9])
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ):
        super().__init__(parameters, lr)
        self.betas = (_share("betas[0]", betas[0]), _share("betas[1]", betas[1]))
        if not eps > 0:
            raise DomainError(f"eps={eps!r}: a small positive number.")
        self.eps = float(eps)
        self.moments: list[tuple[Any, Any]] = [(0.0, 0.0)] * len(self.parameters)
        self.counts = [0] * len(self.parameters)  # a parameter that had no gradient so far starts at t = 1

    def _updated(self, i: int, p: np.ndarray, dp: np.ndarray) -> Any:
        self.counts[i] += 1
        v, s = self.moments[i]
        p, v, s = adam_update(p, dp, v, s, self.counts[i], float(self.lr), *self.betas, self.eps)
        self.moments[i] = (v, s)
        return p


def _share(name: str, value: float) -> float:
    if not 0 <= value < 1:
        raise DomainError(f"{name}={value!r}: from 0 up to but not 1.")
    return float(value)

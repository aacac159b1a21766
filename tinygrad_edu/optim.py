"""Optimizers: how a parameter moves, given its gradient.  Floor 6.

An update is a pure NumPy expression of (parameter, gradient, state), written once below as a function;
the classes keep the state and apply it.  `p.data` is rebound, never written into.  Rates are Python
floats, computed in double precision, and NumPy casts them to the parameter's dtype: float32 stays float32.
"""

from collections.abc import Iterable
from typing import Any, final

import numpy as np

from .errors import DomainError, GradientError
from .modes import after_call, ahead, chooses, each_call, refuse_compiled
from .tensor import Tensor

__all__ = ["Adam", "Optimizer", "SGD", "adam_moments", "adam_move", "adam_update", "momentum_update", "sgd_update"]


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


def adam_moments(dp: Any, v: Any, s: Any, beta1: float, beta2: float) -> tuple[Any, Any]:
    """(v, s), the moving means of dp and |dp|^2 after this step.

    >>> adam_moments(np.full(1, 2.0), 0.0, 0.0, beta1=0.5, beta2=0.5)
    (array([1.]), array([2.]))
    """
    square = dp * dp if dp.dtype.kind == "f" else (dp * dp.conj()).real
    return beta1 * v + (1 - beta1) * dp, beta2 * s + (1 - beta2) * square


def adam_move(p: Any, v: Any, s: Any, rate: Any, share: Any, eps: float) -> Any:
    """p - rate * v / (sqrt(s / share) + eps), with rate = lr / (1 - beta1^t) and share = 1 - beta2^t.

    >>> adam_move(np.ones(1), np.full(1, 2.0), np.full(1, 4.0), rate=0.25, share=1.0, eps=0.0)
    array([0.75])
    """
    return p - rate * v / (np.sqrt(s / share) + eps)


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
    v, s = adam_moments(dp, v, s, beta1, beta2)
    return adam_move(p, v, s, lr / (1 - beta1**t), 1 - beta2**t, eps), v, s


class Optimizer:
    """Abstract: `step()` moves every parameter that has a gradient, `zero_grad()` forgets the gradients.

    parameters: Tensors, such as `model.parameters()`.  lr: the learning rate, which may be changed between steps.
    Raises GradientError for what is no parameter, DomainError for rates out of range.
    """

    #: What a compiled step takes for granted, and what it asks for at each call, beside the counts.
    _settings, _asked = ("parameters", "momentum", "velocities", "betas", "eps", "moments"), ("_lr",)

    def __init__(self, parameters: Iterable[Tensor], lr: float):
        refuse_compiled(
            f"compile: the function makes an optimizer, {type(self).__name__}, which would start anew at each call "
            f"of yours: make it outside."
        )
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
        self._lr: Any = lr
        self._steps = 0
        self._rates: dict[Any, Any] = {}
        self._complex = [p.dtype.kind == "c" for p in self.parameters]

    @property
    def lr(self) -> Any:
        """The learning rate: a positive number, which may be changed between steps."""
        chooses(self, "_lr")
        return self._lr

    @lr.setter
    def lr(self, rate: Any) -> None:
        _refuse_setting("lr")
        self._lr = rate

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        _refuse_counts("steps")
        return self._steps

    @steps.setter
    def steps(self, n: int) -> None:
        _refuse_setting("steps")
        self._steps = n

    def step(self) -> None:
        """Update every parameter that has a `.grad`; complex ones move along its conjugate.

        Raises GradientError if none has: call backward() first.
        """
        moved = []
        self._rates = {}
        for i, p in enumerate(self.parameters):
            dp = p.grad
            if dp is not None:
                p.data = self._updated(i, p.data, dp.data.conj() if self._complex[i] else dp.data)
                moved.append(i)
        if not moved:
            raise GradientError("step(): no parameter has a gradient; call backward() first.")
        after_call(lambda: self._count(moved), *((self, i) for i in moved))

    def zero_grad(self) -> None:
        """Set every `.grad` to None; otherwise the next backward() adds to it."""
        for p in self.parameters:
            p.grad = None

    def _updated(self, i: int, p: Any, dp: Any) -> Any:
        """Parameter number i after this step; keeps its state."""
        raise NotImplementedError

    def _count(self, moved: list[int]) -> None:
        """A step was taken, of the parameters with these numbers."""
        self._steps += 1

    def _rate(self, p: Any) -> Any:
        """The learning rate, as it is at each call of a compiled step; one for all parameters of p's dtype."""
        if p.dtype not in self._rates:
            self._rates[p.dtype] = each_call(lambda: float(self._lr), p.dtype)
        return self._rates[p.dtype]


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
        self.velocities = [Tensor(np.zeros_like(p.data)) for p in self.parameters] if momentum else []

    def _updated(self, i: int, p: Any, dp: Any) -> Any:
        if not self.momentum:
            return sgd_update(p, dp, self._rate(p))
        v = self.velocities[i]
        p, v.data = momentum_update(p, dp, v.data, self._rate(p), self.momentum)
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
        # v, of the parameter's dtype, and s, which is real
        self.moments = [(Tensor(np.zeros_like(p.data)), Tensor(np.zeros_like(p.data.real))) for p in self.parameters]
        self._counts = [0] * len(self.parameters)  # a parameter that had no gradient so far starts at t = 1

    @property
    def counts(self) -> list[int]:
        """How often each parameter was moved."""
        _refuse_counts("counts")
        return self._counts

    @counts.setter
    def counts(self, counts: list[int]) -> None:
        _refuse_setting("counts")
        self._counts = counts

    def _updated(self, i: int, p: Any, dp: Any) -> Any:
        v, s = self.moments[i]
        v.data, s.data = adam_moments(dp, v.data, s.data, *self.betas)
        (beta1, beta2), next_ = self.betas, 1 + ahead((self, i))
        rate = each_call(lambda: float(self._lr) / (1 - beta1 ** (self._counts[i] + next_)), p.dtype)
        share = each_call(lambda: 1 - beta2 ** (self._counts[i] + next_), s.dtype)
        return adam_move(p, v.data, s.data, rate, share, self.eps)

    def _count(self, moved: list[int]) -> None:
        super()._count(moved)
        for i in moved:
            self._counts[i] += 1


def _share(name: str, value: float) -> float:
    if not 0 <= value < 1:
        raise DomainError(f"{name}={value!r}: from 0 up to but not 1.")
    return float(value)


def _refuse_setting(name: str) -> None:
    refuse_compiled(
        f"compile: the function sets an optimizer's {name}, and later calls would not: set it outside, before the "
        f"call; each call uses the one that is there."
    )


def _refuse_counts(name: str) -> None:
    refuse_compiled(
        f"compile: the function reads an optimizer's {name}, which would be the number of now at every call: "
        f"compute with it outside, set lr there, or hand over what follows from it as an array."
    )

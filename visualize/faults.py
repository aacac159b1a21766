"""Backprop done wrong in the three ways in which it is most often done wrong, to see what comes of it.

    wrong_gradients(J, "order")       # a tensor passes its gradient on as soon as its first share is there
    wrong_gradients(J, "assign")      # a share takes the place of those before it: = where += is meant
    wrong_gradients(J, "broadcast")   # what broadcasting stretched is not summed

On arrays, with the engine's own rules: only the walk is another one.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np

from tinygrad_edu.backprop import count_users, unbroadcast
from tinygrad_edu.tensor import Tensor

from .errors import OptionError

__all__ = ["FAULTS", "Fault", "Wrong", "wrong_gradients"]

Fault = Literal["order", "assign", "broadcast"]

FAULTS: tuple[Fault, ...] = ("order", "assign", "broadcast")


class Wrong(NamedTuple):
    """gradients: {tensor: what it got}.  stopped: (the step, its input, the shape of the gradient it was given) where
    a rule could not go on, or where shares of different shapes met; the gradients are then those until there.
    """

    gradients: dict[Tensor, np.ndarray]
    stopped: tuple[Tensor, Tensor, tuple[int, ...]] | None


def wrong_gradients(J: Tensor, fault: Fault, *, m: int = 1) -> Wrong:
    """The gradients of J that a walk with this fault finds, m times as large as the seed 1 makes them.

    Raises OptionError for another fault, GraphFreedError.

    >>> x = Tensor(3.0, requires_grad=True)
    >>> float(wrong_gradients(x * x, "assign").gradients[x])  # and not 6
    3.0
    """
    if fault not in FAULTS:
        raise OptionError(f"fault={fault!r}: the faults are {', '.join(FAULTS)}.")
    owed = Counter(count_users(J))
    gradients: dict[Tensor, Any] = {J: np.full(J.shape, m, J.dtype)}
    place = -1 if fault == "order" else 0  # into the depth at once, or each after all of its users
    path = [(J, _shares(J, gradients[J], fault))]
    stopped = None
    with np.errstate(all="ignore"):
        while path:
            t, shares = path[place]
            try:
                x, dx = next(shares)
            except StopIteration:
                path.pop(place)
                continue
            except _Misfit as misfit:
                stopped = (t, misfit.x, np.shape(gradients[t]))
                break
            first = x not in gradients
            try:
                gradients[x] = dx if first or fault == "assign" else gradients[x] + dx
            except ValueError:
                stopped = (t, x, np.shape(dx))
                break
            owed[x] -= 1
            if first if fault == "order" else not owed[x]:
                path.append((x, _shares(x, gradients[x], fault)))
    return Wrong({t: np.asarray(dt) for t, dt in gradients.items()}, stopped)


class _Misfit(Exception):
    """A rule that cannot take the gradient it is given."""

    def __init__(self, x: Tensor):
        super().__init__(x)
        self.x = x


def _shares(t: Tensor, dz: Any, fault: Fault) -> Iterator[tuple[Tensor, Any]]:
    """What t's rules hand to its inputs; _Misfit where one cannot."""
    if t.op is None:
        return
    args = [x.data if type(x) is Tensor else x for x in t.inputs]
    for x, rule in zip(t.inputs, t.op.rules):
        if type(x) is Tensor and x.requires_grad:
            try:
                dx = np.asarray(rule(dz, t.data, *args, **t.params))
                if fault != "broadcast" and dx.shape != x.shape:
                    dx = unbroadcast(dx, x.shape)
            except Exception:  # whatever NumPy, or a rule of the user's, says of shapes that do not fit
                raise _Misfit(x) from None
            yield x, (np.real(dx) if dx.dtype.kind == "c" and x.dtype.kind != "c" else dx).astype(x.dtype)

"""What a Tensor holds, `data`, `requires_grad` and `grad`, and what may be put there.  Floor 3."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import DTypeError, GradientError, MutationError, ShapeError
from .modes import capturing, chooses, watching
from .operands import numbers
from .primitives import clock
from .rules.elementwise import subtract

__all__ = ["Contents"]


class Contents:
    """Abstract: a Tensor adds the slots, and the rest."""

    __slots__ = (
        "_array",
        "_grad",
        "_requires_grad",
        "stamp",  # the clock when this data was set or computed: no input of a step may be younger than the step
    )

    _array: np.ndarray
    _grad: Any
    _requires_grad: bool
    _label: Callable[[], str]
    inputs: tuple[Any, ...]
    op: Any
    shape: Any
    dtype: Any
    stamp: int

    @property
    def data(self) -> Any:
        """The array.  Assigning rebinds it, in the same shape and dtype; backward() notices steps that used the old.

        >>> from tinygrad_edu import Tensor
        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> x.data = x.data - 0.5
        >>> x.data
        array([0.5, 1.5])
        """
        if watching:
            capture = capturing()
            if capture is not None:
                return capture.data_of(self)
        return self._array

    @data.setter
    def data(self, new: Any) -> None:
        capture = capturing()
        if capture is not None:
            new = capture.new_data(self, new)
        array = new if type(new) is np.ndarray else numbers(new)
        if self.op is not None:
            raise MutationError(f"{self._label()} was computed by {self.op.name}: its data cannot be replaced.")
        if array.shape != self._array.shape:
            raise ShapeError(
                f"the data of {self._label()} is {self.shape}; {array.shape} does not fit: check the update."
            )
        if array.dtype != self._array.dtype:
            raise DTypeError(
                f"the data of {self._label()} is {self.dtype}, the new data {array.dtype}: cast it with .astype()."
            )
        clock[0] += 1
        self._array, self.stamp = array, clock[0]

    @property
    def requires_grad(self) -> bool:
        """Whether backward() computes a gradient for this tensor, or through it."""
        if watching:
            chooses(self, "_requires_grad")
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if self.op is not None and not wanted:
            raise GradientError(f"{self._label()} was computed from tensors that require gradients: use .detach().")
        if wanted and self._array.dtype.kind not in "fc":
            raise DTypeError(
                f"{self._label()} is {self.dtype}; only float and complex tensors have gradients: "
                f"write numbers with a point (2.0), or give dtype=float."
            )
        chooses(self, "_requires_grad")
        self._requires_grad = bool(wanted)

    @property
    def grad(self) -> Any:
        """The gradient that backward() left here, or None.  Assigning takes None or a Tensor of this shape.

        Warns where `W = W - lr * W.grad` has put a computed tensor, which gets none, in a parameter's place.
        """
        if watching:
            capture = capturing()
            if capture is not None:
                capture.reads_gradient(self)
        if self._grad is None and self.op is subtract:
            old, move = self.inputs
            if type(old) is type(move) is type(self) and old._requires_grad and not move._requires_grad:
                warnings.warn(
                    f"{self._label()} was computed from {old._label()}, and backward() leaves gradients on leaves "
                    f"only: update a parameter by `W.data = W.data - lr * W.grad.data`.",
                    stacklevel=2,
                )
        return self._grad

    @grad.setter
    def grad(self, new: Any) -> None:
        capture = capturing()
        if capture is not None:
            capture.sets_gradient(self)
        if new is not None and type(new) is not type(self):
            raise DTypeError(f"the grad of {self._label()} is a Tensor or None; got a {type(new).__name__}.")
        if new is not None and new.shape != self.shape:
            raise ShapeError(f"the grad of {self._label()} is {self.shape} as its data; got {new.shape}.")
        self._grad = new

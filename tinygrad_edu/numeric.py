"""Gradients from nothing but function values, and the check of a gradient against them.  Floor 5.

report = gradcheck(f, [x, W])
assert report, report            # the report says which entry is off, and by how much
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, final

import numpy as np

from .errors import DTypeError, GradientError, ShapeError
from .modes import recording
from .tensor import Tensor
from .transforms import grad

__all__ = ["GradcheckReport", "complex_step", "finite_difference", "gradcheck", "slope_at"]


def finite_difference(f: Callable[[np.ndarray], Any], x: Any, eps: float = 1e-3) -> np.ndarray:
    """df/dx entry by entry, (f(x - 2h) - 8 f(x - h) + 8 f(x + h) - f(x + 2h)) / 12h with h = eps * max(1, |x|).

    f: from an array like x to one number.  Returns an array of x's shape.  The error is of order h^4 plus
    rounding / h: about 1e-11 for smooth f in float64.  Takes 4 calls of f per entry.
    Source: Abramowitz and Stegun 1964, eq. 25.3.6.

    >>> finite_difference(lambda x: (x**3).sum(), np.array([1.0, 2.0])).round(9)
    array([ 3., 12.])
    """
    x = np.array(x, np.float64)
    slope = np.empty_like(x)
    for i in np.ndindex(x.shape):
        slope[i] = slope_at(f, x, i, eps * max(1.0, abs(x[i])))
    return slope


def slope_at(f: Callable[[np.ndarray], Any], x: np.ndarray, i: tuple[int, ...], h: float) -> float:
    """df/dx[i], (f(x - 2h) - 8 f(x - h) + 8 f(x + h) - f(x + 2h)) / 12h, for one entry of x.

    >>> round(slope_at(lambda x: x[0] ** 3, np.array([2.0]), (0,), 1e-3), 9)
    12.0
    """
    values = []
    for step in (-2, -1, 1, 2):
        moved = x.copy()
        moved[i] += step * h
        values.append(float(f(moved)))
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)


def complex_step(f: Callable[[np.ndarray], Any], x: Any, h: float = 1e-30) -> np.ndarray:
    """df/dx entry by entry, imag(f(x + ih)) / h: exact to rounding, for f that is analytic and takes complex arrays.

    Source: Squire and Trapp 1998, SIAM Review 40(1).

    >>> complex_step(lambda x: np.exp(x).sum(), np.array([0.0]))
    array([1.])
    """
    x = np.array(x, np.complex128)
    slope = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        moved = x.copy()
        moved[i] += 1j * h
        slope[i] = complex(f(moved)).imag / h
    return slope


@final
@dataclass(frozen=True)
class GradcheckReport:
    """What gradcheck found.  True in an `if` or `assert` when every entry agrees; str() names those that do not.

    names: of the inputs.  analytic, numeric: the two gradients of each input.
    verdicts: for each input a boolean array of its shape, True where |analytic - numeric| <= atol + rtol |numeric|.
    order: 1, or 2 for the check of a gradient's gradient.
    """

    names: tuple[str, ...]
    analytic: tuple[np.ndarray, ...]
    numeric: tuple[np.ndarray, ...]
    verdicts: tuple[np.ndarray, ...]
    order: int

    def __bool__(self) -> bool:
        return all(bool(v.all()) for v in self.verdicts)

    @property
    def largest_difference(self) -> float:
        """The largest |analytic - numeric| over all entries."""
        pairs = zip(self.analytic, self.numeric)
        return max((float(np.max(np.abs(a - n), initial=0.0)) for a, n in pairs), default=0.0)

    def __str__(self) -> str:
        what = "gradient" if self.order == 1 else "second derivative"
        lines = []
        for name, a, n, v in zip(self.names, self.analytic, self.numeric, self.verdicts):
            wrong = np.argwhere(~v)
            lines.append(
                f"{what} of {name} {a.shape}: " + (f"{len(wrong)} of {v.size} differ" if len(wrong) else "agrees")
            )
            for i in map(tuple, wrong[:10]):
                at = f"[{', '.join(map(str, i))}]" if i else ""
                ratio = f", ratio {a[i] / n[i]:.6g}" if n[i] else ""
                lines.append(f"  {name}{at}: rule {a[i]:.9g}, finite difference {n[i]:.9g}{ratio}")
            if len(wrong) > 10:
                lines.append(f"  ... and {len(wrong) - 10} more")
        return "\n".join(lines)


def gradcheck(
    f: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-3,
    rtol: float = 1e-6,
    atol: float = 1e-8,
    order: int = 1,
) -> GradcheckReport:
    """Compare the gradient that the rules give with finite differences, entry by entry.

    f: takes the inputs as Tensors and returns a Tensor of any shape (one with several entries is contracted
    with fixed random weights, so that each counts).  inputs: one array or Tensor, or a list of them, float64.
    order=2 also checks the gradient of the gradient.  Returns a GradcheckReport; nothing is raised for a
    wrong gradient, so write `assert report, report`.  Raises DTypeError for inputs that are not float64,
    GradientError if f returns no Tensor.

    >>> bool(gradcheck(lambda x: x * x, [np.array([1.0, -2.0])]))
    True
    """
    if order not in (1, 2):
        raise GradientError(f"gradcheck(order={order}): 1 checks gradients, 2 also their gradients.")
    tensors = [
        x if isinstance(x, Tensor) else Tensor(x) for x in (inputs if isinstance(inputs, list | tuple) else [inputs])
    ]
    names = tuple(x.name or f"input {i}" for i, x in enumerate(tensors))
    for x, name in zip(tensors, names):
        if x.dtype != np.float64:
            raise DTypeError(f"gradcheck: {name} is {x.dtype}; finite differences need float64: use .astype(float).")
    arrays = [x.data for x in tensors]
    if not sum(x.size for x in arrays):
        raise ShapeError("gradcheck: there is no entry to check; give inputs that are not empty.")
    weights: dict[str, np.ndarray] = {}

    def scalar(*xs: Any) -> Any:
        z = f(*xs)
        if "f" not in weights:  # fixed at the first call, so that every call computes the same function
            shape = np.shape(z)
            one_number = math.prod(shape) == 1  # then the report shows the gradient of f itself
            weights["f"] = np.ones(shape) if one_number else np.random.default_rng(0).uniform(0.5, 1.5, shape)
        if np.shape(z) != weights["f"].shape:
            raise ShapeError(
                f"gradcheck: f returned {np.shape(z)}, and {weights['f'].shape} before; its shape must not vary."
            )
        return (z * weights["f"]).sum()

    if order == 2:
        first = gradcheck(f, tensors, eps=eps, rtol=rtol, atol=atol)
        if not first:
            return first
        directions = [np.random.default_rng(1).uniform(0.5, 1.5, x.shape) for x in arrays]
        slopes = grad(scalar, tuple(range(len(arrays))))

        def scalar_of_slopes(*xs: Any) -> Any:
            total: Any = 0.0
            for slope, direction in zip(slopes(*xs), directions):
                total = (slope * direction).sum() + total
            return total if isinstance(total, Tensor) else Tensor(total) + (xs[0] * 0.0).sum()

        return _compare(scalar_of_slopes, arrays, names, eps, rtol, atol, order)
    return _compare(scalar, arrays, names, eps, rtol, atol, order)


def _compare(
    scalar: Callable[..., Any],
    arrays: Sequence[np.ndarray],
    names: tuple[str, ...],
    eps: float,
    rtol: float,
    atol: float,
    order: int,
) -> GradcheckReport:
    slopes = grad(scalar, tuple(range(len(arrays))))(*arrays)  # Tensors, if f uses a parameter of its own
    analytic = tuple(dx.data if isinstance(dx, Tensor) else np.asarray(dx) for dx in slopes)

    def value(i: int, x: np.ndarray) -> float:
        moved: Iterable[Any] = [Tensor(x if j == i else other) for j, other in enumerate(arrays)]
        token = recording.set(order == 2)
        try:
            return float(scalar(*moved))
        finally:
            recording.reset(token)

    numeric = tuple(finite_difference(partial(value, i), x, eps) for i, x in enumerate(arrays))
    verdicts = tuple(np.abs(a - n) <= atol + rtol * np.abs(n) for a, n in zip(analytic, numeric))
    return GradcheckReport(names, analytic, numeric, verdicts, order)

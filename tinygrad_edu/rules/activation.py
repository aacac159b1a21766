"""Activations: the g of A = g(Z), each with its own rule where the composed one would be slow or overflow.  Floor 2.

Every forward function here is finite for logits of +-1000.
"""

from typing import Any

import numpy as np

from ..primitives import primitive
from .arguments import refuse_complex


@primitive(dx=lambda dz, z, x: dz * (x > 0))
def relu(x: Any) -> Any:
    """z = max(x, 0).  relu'(0) = 0."""
    refuse_complex(x)
    return np.maximum(x, 0)


@primitive(dx=lambda dz, z, x, *, negative_slope: np.where(x > 0, dz, dz * negative_slope))
def leaky_relu(x: Any, *, negative_slope: float = 0.01) -> Any:
    """z = x where x > 0, else negative_slope * x.  The slope at 0 is negative_slope."""
    return np.where(x > 0, x, x * negative_slope)


def minus_size(x: Any) -> Any:
    """-|x|, of real x: |x| is no analytic function, so the rules of those that use it would not hold for complex x."""
    refuse_complex(x)
    return -np.abs(x)


@primitive(dx=lambda dz, z, x: dz * z * (1 - z))
def sigmoid(x: Any) -> Any:
    """z = 1 / (1 + exp(-x)), written so that no exponential overflows: exp(min(x, 0)) / (1 + exp(-|x|))."""
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(minus_size(x)))


@primitive(dx=lambda dz, z, x: dz * sigmoid(x))
def softplus(x: Any) -> Any:
    """z = log(1 + exp(x)), by max(x, 0) + log1p(exp(-|x|)), which never overflows."""
    return np.maximum(x, 0) + np.log1p(np.exp(minus_size(x)))


@primitive(
    dx=lambda dz, z, x, *, axis: z * (dz - (dz * z).sum(axis=axis, keepdims=True)),
    note="a row of -inf has no softmax: NaN",
)
def softmax(x: Any, *, axis: int) -> Any:
    """z = exp(x) / sum(exp(x)), computed after subtracting max(x)."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@primitive(
    dx=lambda dz, z, x, *, axis: dz - np.exp(z) * dz.sum(axis=axis, keepdims=True),
    note="a row of -inf has no softmax: NaN",
)
def log_softmax(x: Any, *, axis: int) -> Any:
    """z = x - log(sum(exp(x))), computed after subtracting max(x)."""
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))

"""Losses: many predictions become the one number J, averaged over what was predicted.  Floor 2.

The averages are where backprop's 1/m comes from.  `binary_cross_entropy` has the course's rule,
dA = -Y / A + (1 - Y) / (1 - A), and the course's domain, 0 < A < 1; the forms that start from
logits have neither division nor logarithm of a rounded 0, and their rule is the course's dZ = A - Y.
"""

from typing import Any

import numpy as np

from ..errors import DomainError
from ..primitives import primitive
from .activation import log_softmax, sigmoid, softmax, softplus


def binary_cross_entropy_dA(dz: Any, z: Any, A: Any, Y: Any) -> Any:
    """dz / m * (-Y / A + (1 - Y) / (1 - A))."""
    return dz / A.size * (-Y / A + (1 - Y) / (1 - A))


def binary_cross_entropy_dY(dz: Any, z: Any, A: Any, Y: Any) -> Any:
    """dz / m * (log(1 - A) - log(A))."""
    return dz / A.size * (np.log(1 - A) - np.log(A))


@primitive(dA=binary_cross_entropy_dA, dY=binary_cross_entropy_dY)
def binary_cross_entropy(A: Any, Y: Any) -> Any:
    """J = -mean(Y log(A) + (1 - Y) log(1 - A)), for probabilities 0 < A < 1."""
    _check_pair(A, Y)
    outside = A.size - np.count_nonzero((A > 0) & (A < 1))
    if outside:
        raise DomainError(
            f"{outside} of {A.size} entries of A are not inside (0, 1) (a sigmoid rounds to exactly 0 or 1 for large "
            f"logits, and NaN is outside too): use binary_cross_entropy_with_logits(Z, Y)."
        )
    return -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).mean()


@primitive(
    dZ=lambda dz, z, Z, Y: dz / Z.size * (sigmoid(Z) - Y),
    dY=lambda dz, z, Z, Y: -dz / Z.size * Z,
)
def binary_cross_entropy_with_logits(Z: Any, Y: Any) -> Any:
    """J = mean(softplus(Z) - Y Z), which is the binary cross-entropy of A = sigmoid(Z)."""
    _check_pair(Z, Y)
    return (softplus(Z) - Y * Z).sum() / Z.size


def examples(Z: Any, axis: int) -> int:
    """m: how many examples lie across the axis of the classes."""
    return int(Z.size // Z.shape[axis])


def cross_entropy_dZ(dz: Any, z: Any, Z: Any, Y: Any, *, axis: int) -> Any:
    """dz / m * (softmax(Z) sum(Y) - Y), and sum(Y) = 1 for one-hot columns."""
    return dz / examples(Z, axis) * (softmax(Z, axis=axis) * Y.sum(axis=axis, keepdims=True) - Y)


def cross_entropy_dY(dz: Any, z: Any, Z: Any, Y: Any, *, axis: int) -> Any:
    """-dz / m * log_softmax(Z)."""
    return -dz / examples(Z, axis) * log_softmax(Z, axis=axis)


@primitive(dZ=cross_entropy_dZ, dY=cross_entropy_dY)
def cross_entropy(Z: Any, Y: Any, *, axis: int) -> Any:
    """J = -sum(Y log_softmax(Z)) / m, the classes along `axis`, m examples."""
    _check_pair(Z, Y)
    log_A = log_softmax(Z, axis=axis)
    taken = np.zeros_like(log_A, np.result_type(Y, log_A))
    np.multiply(Y, log_A, where=Y != 0, out=taken)  # 0 log(0) = 0: logits may be masked by -inf
    return -taken.sum() / examples(Z, axis)


@primitive()
def one_hot(labels: Any, *, classes: int, axis: int, dtype: Any) -> Any:
    """Y: 1 where the class along `axis` is the label, else 0; `axis` is one that the labels do not have."""
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        raise DomainError(f"a label is outside 0 ... {classes - 1}; Z has {classes} classes.")
    return np.moveaxis(np.eye(classes, dtype=dtype)[labels], -1, axis)


@primitive(
    dA=lambda dz, z, A, Y: 2 * dz / A.size * (A - Y),
    dY=lambda dz, z, A, Y: 2 * dz / A.size * (Y - A),
)
def mse(A: Any, Y: Any) -> Any:
    """J = mean((A - Y)^2)."""
    _check_pair(A, Y)
    return ((A - Y) ** 2).mean()


def _check_pair(prediction: Any, target: Any) -> None:
    """The one check of all losses: the same shape on both sides, and a prediction that is no whole number."""
    if prediction.shape != target.shape:
        raise ValueError(
            "prediction and target must have the same shape: broadcasting one against the other, (1, m) against (m,), "
            "would average over pairs that do not belong together"
        )
    if prediction.dtype.kind not in "fc":
        raise TypeError("give floats to compare")

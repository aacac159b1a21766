"""Activations, losses and dropout, on arrays and on Tensors alike.  Floor 5.

Fed with arrays, each function gives an array; fed with a Tensor, it records.  `softmax`, `log_softmax`,
`logsumexp` and `cross_entropy` take `axis` as a required keyword, 0 where columns are examples (the
course's layout) and -1 where rows are: guessing it is how silent errors begin.
"""

from typing import Any

import numpy as np

from .errors import DomainError, DTypeError, IndexingError, ShapeError
from .operands import numbers
from .randomness import generator
from .rules import activation, linalg, loss, random, reduce, special

__all__ = [
    "affine",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "digamma",
    "dropout",
    "erf",
    "gammaln",
    "leaky_relu",
    "log_softmax",
    "logsumexp",
    "mse",
    "polygamma",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "tanh",
]


def relu(Z: Any) -> Any:
    """A = max(Z, 0), and dZ = dA * (Z > 0): the slope at 0 is 0.

    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return activation.relu(_numeric(Z, "relu"))


def leaky_relu(Z: Any, negative_slope: float = 0.01) -> Any:
    """A = Z where Z > 0, else negative_slope * Z.

    >>> leaky_relu(np.array([-1.0, 2.0]))
    array([-0.01,  2.  ])
    """
    return activation.leaky_relu(_floating(Z, "leaky_relu"), negative_slope=negative_slope)


def sigmoid(Z: Any) -> Any:
    """A = 1 / (1 + exp(-Z)), and dZ = dA * A * (1 - A); finite for every Z.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return activation.sigmoid(_floating(Z, "sigmoid"))


def tanh(Z: Any) -> Any:
    """A = tanh(Z), and dZ = dA * (1 - A^2).

    >>> tanh(np.array([0.0]))
    array([0.])
    """
    return np.tanh(_numeric(Z, "tanh"))


def softplus(Z: Any) -> Any:
    """A = log(1 + exp(Z)), and dZ = dA * sigmoid(Z); finite for every Z.

    >>> softplus(np.array([-1000.0, 1000.0]))
    array([   0., 1000.])
    """
    return activation.softplus(_floating(Z, "softplus"))


def softmax(Z: Any, *, axis: int) -> Any:
    """A = exp(Z) / sum(exp(Z)) along the axis, computed after subtracting max(Z).

    Z: logits, such as (n, m) with axis=0.  Returns A: the shape of Z, sums to 1 along the axis.
    Raises ShapeError if axis is out of range.  Source: Goodfellow et al. 2016, eq. 4.1.

    >>> softmax(np.array([[0.0], [0.0]]), axis=0)
    array([[0.5],
           [0.5]])
    """
    return activation.softmax(_floating(Z, "softmax"), axis=axis)


def log_softmax(Z: Any, *, axis: int) -> Any:
    """log(softmax(Z)) along the axis, without the logarithm of a number that was rounded to 0.

    >>> log_softmax(np.array([0.0, -1000.0]), axis=-1)
    array([    0., -1000.])
    """
    return activation.log_softmax(_floating(Z, "log_softmax"), axis=axis)


def logsumexp(Z: Any, *, axis: int | tuple[int, ...] | None, keepdims: bool = False) -> Any:
    """log(sum(exp(Z))) along the axis, and dZ = dz * softmax(Z); finite where exp(Z) is not.

    >>> float(logsumexp(np.array([1000.0, 1000.0]), axis=0))
    1000.6931471805599
    """
    return reduce.logsumexp(_floating(Z, "logsumexp"), axis=axis, keepdims=keepdims)


def erf(x: Any) -> Any:
    """The error function, 2 / sqrt(pi) * (integral of exp(-t^2) from 0 to x), to double precision.

    >>> erf(np.array([0.0, 0.5]))
    array([0.        , 0.52049988])
    """
    return special.erf(_floating(x, "erf", "x"))


def gammaln(x: Any) -> Any:
    """log|Gamma(x)|, and dx = dz * digamma(x); Gamma(n + 1) = n!.  Infinite at the poles 0, -1, -2, ...

    >>> np.exp(gammaln(np.array([1.0, 5.0])))
    array([ 1., 24.])
    """
    return special.gammaln(_floating(x, "gammaln", "x"))


def digamma(x: Any) -> Any:
    """The derivative of gammaln, and dx = dz * polygamma(1, x).  NaN at the poles.

    >>> digamma(np.array([1.0]))
    array([-0.57721566])
    """
    return special.polygamma(_floating(x, "digamma", "x"), order=0)


def polygamma(n: int, x: Any) -> Any:
    """The derivative of digamma of order n, and dx = dz * polygamma(n + 1, x).  NaN at the poles.

    Raises DomainError unless n is 0, 1, 2, ...

    >>> polygamma(1, np.array([1.0, 2.0]))
    array([1.64493407, 0.64493407])
    """
    if not isinstance(n, int | np.integer) or n < 0:
        raise DomainError(f"polygamma(n={n!r}): the order of the derivative is 0, 1, 2, ...")
    return special.polygamma(_floating(x, "polygamma", "x"), order=int(n))


def affine(W: Any, A: Any, b: Any) -> Any:
    """Z = W @ A + b: dW = dZ @ A.T, dA = W.T @ dZ, db = sum(dZ, axis=1, keepdims=True).

    W: (n_l, n_prev), A: (n_prev, m), b: (n_l, 1).  Returns Z: (n_l, m).  Raises ShapeError.

    >>> affine(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([[5.0]]))
    array([[16.]])
    """
    return linalg.affine(_numeric(W, "affine", "W"), _numeric(A, "affine", "A"), _numeric(b, "affine", "b"))


def binary_cross_entropy(A: Any, Y: Any) -> Any:
    """J = -mean(Y log(A) + (1 - Y) log(1 - A)), and dA = (-Y / A + (1 - Y) / (1 - A)) / m.

    A: probabilities strictly inside (0, 1).  Y: targets, of the same shape.  The mean is over all
    entries, which is the course's 1/m for one output unit.
    Raises DomainError where A reaches 0 or 1 (in float32 a sigmoid does from logits of 17 on): the
    rule is 0/0 there; `binary_cross_entropy_with_logits` has no such place.  Raises ShapeError.

    >>> float(binary_cross_entropy(np.array([[0.5]]), np.array([[1.0]])))
    0.6931471805599453
    """
    return loss.binary_cross_entropy(*_pair(A, Y, "binary_cross_entropy"))


def binary_cross_entropy_with_logits(Z: Any, Y: Any) -> Any:
    """J = mean(softplus(Z) - Y Z), the binary cross-entropy of A = sigmoid(Z), and dZ = (A - Y) / m.

    Finite for every Z.  Raises ShapeError unless Z and Y have the same shape.

    >>> float(binary_cross_entropy_with_logits(np.array([[-1000.0]]), np.array([[1.0]])))
    1000.0
    """
    return loss.binary_cross_entropy_with_logits(*_pair(Z, Y, "binary_cross_entropy_with_logits", "Z"))


def cross_entropy(Z: Any, Y: Any, *, axis: int) -> Any:
    """J = -sum(Y log_softmax(Z)) / m from logits Z, and dZ = (A - Y) / m with A = softmax(Z).

    For any Y dZ = (A sum(Y) - Y) / m, which is what runs: a column that is one-hot, or a probability, has the sum 1.
    axis: where the classes lie (0: columns are examples; -1: rows are).  m: the number of examples.
    Y: one-hot columns or probabilities of Z's shape, or integer labels, Z's shape without the axis.
    Raises ShapeError, and DomainError for a label that is no class.

    >>> round(float(cross_entropy(np.zeros((2, 3)), np.array([0, 1, 1]), axis=0)), 9)
    0.693147181
    """
    Z = _floating(_along(Z, axis, "cross_entropy"), "cross_entropy")
    labels = Y if hasattr(Y, "__tinygrad_record__") else np.asarray(Y)
    if labels.dtype.kind in "iu" and labels.ndim == len(Z.shape) - 1:
        Y = loss.one_hot(labels, classes=Z.shape[axis], axis=axis, dtype=Z.dtype)
    return loss.cross_entropy(*_pair(Z, Y, "cross_entropy", "Z"), axis=axis)


def mse(A: Any, Y: Any) -> Any:
    """J = mean((A - Y)^2), and dA = 2 (A - Y) / n, n entries in all.  Raises ShapeError.

    >>> float(mse(np.array([1.0, 3.0]), np.array([1.0, 1.0])))
    2.0
    """
    return loss.mse(*_pair(A, Y, "mse"))


def dropout(A: Any, rate: float = 0.5, *, training: bool = True, rng: int | np.random.Generator | None = None) -> Any:
    """A * mask / (1 - rate): each entry is 0 with probability `rate`; the expected value stays A.

    training: False gives A back.  rng: a seed or a NumPy Generator; by default the one `tg.seed` sets.
    Raises DomainError unless 0 <= rate < 1.  Source: Srivastava et al. 2014, in the inverted form.

    >>> dropout(np.ones(4), 0.5, rng=0)
    array([0., 2., 2., 2.])
    """
    if not 0 <= rate < 1:
        raise DomainError(f"dropout(rate={rate}): the rate is the share set to 0, from 0 up to but not 1.")
    A = _numeric(A, "dropout", "A")
    if A.dtype.kind != "f":
        raise DTypeError(f"dropout(A): A is {A.dtype}; give floats.")
    return A * random.dropout_mask(A, rate=rate, rng=generator(rng)) if training and rate else A


def _numeric(x: Any, op: str, name: str = "Z") -> Any:
    """Lists and Python numbers as arrays, which the rules' forward functions expect; op and name: for errors."""
    if hasattr(x, "__array__"):
        return x
    if x is None:
        raise DTypeError(f"{op}({name}): {name} is None; give numbers.")
    try:
        array = numbers(x)
    except (DTypeError, ShapeError) as error:
        raise type(error)(f"{op}({name}): {error}") from error
    return array.astype(float) if array.dtype.kind in "biu" else array


def _floating(x: Any, op: str, name: str = "Z") -> Any:
    """Whole numbers as floats: -|x| and x - max(x) would wrap around in small integers."""
    x = _numeric(x, op, name)
    if x.dtype.kind in "biu":
        return x.astype(float)
    if x.dtype.kind != "f":
        name = getattr(x, "name", None) or name
        raise DTypeError(f"{op}({name}): {name} is {x.dtype}; give real numbers.")
    return x


def _along(Z: Any, axis: int, op: str) -> Any:
    Z = _numeric(Z, op)
    if not isinstance(axis, int | np.integer) or not -len(Z.shape) <= axis < len(Z.shape):
        kind = IndexingError if isinstance(axis, int | np.integer) else ShapeError
        raise kind(f"{op}: axis={axis!r} is no axis of Z, which is {tuple(Z.shape)}.")
    return Z


def _pair(A: Any, Y: Any, op: str, name: str = "A") -> tuple[Any, Any]:
    """Prediction and target; labels 0 and 1 take the prediction's dtype, so that they do not widen float32."""
    A, Y = _numeric(A, op, name), _numeric(Y, op, "Y")
    kinds = A.dtype.kind + Y.dtype.kind
    if "c" in kinds:
        raise DTypeError(f"{op}({name}, Y): {name} is {A.dtype}, Y is {Y.dtype}; a loss compares real numbers.")
    return A, (Y.astype(A.dtype) if kinds in ("fb", "fi", "fu") else Y)

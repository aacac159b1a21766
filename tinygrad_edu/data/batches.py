"""One epoch in small pieces, and labels as columns.  Floor 6."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError

__all__ = ["minibatches", "one_hot"]

Array = npt.NDArray[Any]


def minibatches(
    X: Array, Y: Array, batch_size: int, rng: np.random.Generator | np.random.RandomState | None = None
) -> Iterator[tuple[Array, Array]]:
    """The columns of X and Y, `batch_size` at a time: one epoch, in which every example comes once.

    X: (features, m).  Y: (classes, m), or labels (m,).  The last batch is smaller if batch_size does not divide m.
    rng: shuffles the examples, anew at each call; None keeps their order, and the batches are then views.
    Yields (features, k), (classes, k) or (k,).
    Raises DataError at the call if X and Y differ in m, there is no example, or batch_size is no whole number
    above 0.

    >>> X, y = np.arange(10).reshape(2, 5), np.arange(5)
    >>> [y_batch.tolist() for X_batch, y_batch in minibatches(X, y, 2)]
    [[0, 1], [2, 3], [4]]
    >>> batches = list(minibatches(X, y, 2, np.random.default_rng(0)))
    >>> all((X_batch[0] == y_batch).all() for X_batch, y_batch in batches)  # a column stays with its label
    True
    """
    if X.ndim != 2 or Y.ndim not in (1, 2) or X.shape[1] != Y.shape[-1]:
        raise DataError(
            f"minibatches: X is {X.shape}, Y is {Y.shape}; they must be (features, m) and (classes, m) or (m,), "
            f"with the same m: columns are examples"
        )
    if X.shape[1] == 0:
        raise DataError(f"minibatches: X is {X.shape}; there is no example in it")
    if not _is_count(batch_size):
        raise DataError(f"minibatches: batch_size is {batch_size!r}; it must be a whole number above 0")
    if rng is not None and not hasattr(rng, "permutation"):
        raise DataError(f"minibatches: rng is {rng!r}; give a generator: np.random.default_rng({rng!r})")
    return _batches(X, Y, int(batch_size), rng)


def _is_count(n: object) -> bool:
    """A whole number above 0; True is none."""
    return isinstance(n, int | np.integer) and not isinstance(n, bool) and int(n) > 0


def _batches(
    X: Array, Y: Array, batch_size: int, rng: np.random.Generator | np.random.RandomState | None
) -> Iterator[tuple[Array, Array]]:
    """The generator behind `minibatches`, which has looked at the arguments."""
    m = X.shape[1]
    order = None if rng is None else rng.permutation(m)
    for start in range(0, m, batch_size):
        if order is None:
            yield X[:, start : start + batch_size], Y[..., start : start + batch_size]
        else:
            columns = order[start : start + batch_size]
            yield X.take(columns, axis=1), Y.take(columns, axis=-1)


def one_hot(y: npt.ArrayLike, classes: int, dtype: npt.DTypeLike = np.float64) -> Array:
    """Y[k, i] = 1 if y[i] = k, else 0: one column per example.

    y: (m,) integer labels 0 ... classes - 1.  Returns Y: (classes, m).
    Raises DataError if y has not one axis, holds no integers, or holds a label outside the classes.

    >>> one_hot([2, 0], 3)
    array([[0., 1.],
           [0., 0.],
           [1., 0.]])
    """
    y = np.asarray(y)
    if y.ndim != 1:
        raise DataError(f"one_hot: y is {y.shape}; labels have one axis, (m,): y.ravel()")
    if y.dtype.kind not in "iub":
        raise DataError(f"one_hot: y is {y.dtype}; labels must be integers: y.astype(int)")
    if not _is_count(classes):
        raise DataError(f"one_hot: classes is {classes!r}; it must be a whole number above 0")
    if y.size and not 0 <= y.min() <= y.max() < classes:
        raise DataError(
            f"one_hot: y reaches from {int(y.min())} to {int(y.max())}, but {classes} classes are 0 ... {classes - 1}; "
            f"number them: np.unique(y, return_inverse=True)[1]"
        )
    Y = np.zeros((int(classes), len(y)), dtype)
    Y[y.astype(np.intp), np.arange(len(y))] = 1
    return Y

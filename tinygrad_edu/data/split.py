"""Hold examples back for testing: the same ones on every machine, the classes in proportion.  Floor 6.

The rule: shuffle the examples, sort them by class (keeping the shuffled order inside a class), and take every
fifth one, starting in the middle of the first five.  So each class gives its share to within one example, the
total is right to within one, and which examples of a class are taken is chance.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import DataError

__all__ = ["Split", "choose_test", "train_test_split"]


class Split(NamedTuple):
    """Data in two parts, one to train on and one to test on; columns are examples.

    >>> split = Split(np.ones((2, 3)), np.array([0, 1, 1]), np.ones((2, 1)), np.array([0]))
    >>> X_train, y_train, X_test, y_test = split
    >>> split.X_train.shape, split.y_test
    ((2, 3), array([0]))
    """

    X_train: npt.NDArray[np.floating[Any]]
    """(features, m_train)"""
    y_train: npt.NDArray[np.int64]
    """(m_train,), labels 0, 1, ..."""
    X_test: npt.NDArray[np.floating[Any]]
    """(features, m_test)"""
    y_test: npt.NDArray[np.int64]
    """(m_test,)"""


def choose_test(y: npt.NDArray[np.integer[Any]], test_fraction: float, seed: int) -> npt.NDArray[np.bool_]:
    """True for each example that is held back for testing, by the rule above.

    y: (m,) labels.  An example that is alone in its class is never held back: nothing else could teach its class.
    The shuffling is that of NumPy's legacy generator RandomState(seed), whose numbers never change.
    Returns (m,) booleans.

    >>> y = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    >>> np.bincount(y[choose_test(y, 0.2, seed=0)])
    array([1, 1])
    """
    order = np.random.RandomState(seed).permutation(len(y))
    order = order[np.argsort(y[order], kind="stable")]
    _, class_of, members = np.unique(y, return_inverse=True, return_counts=True)
    order = order[members[class_of[order]] > 1]
    upto = np.floor(np.arange(len(order) + 1) * test_fraction + 0.5)  # how many are taken among the first p
    test = np.zeros(len(y), dtype=bool)
    test[order[upto[1:] > upto[:-1]]] = True
    return test


def train_test_split(
    X: npt.NDArray[np.floating[Any]],
    y: npt.NDArray[np.integer[Any]],
    *,
    test_fraction: float = 0.2,
    seed: int = 0,
) -> Split:
    """X and y in two parts, the classes in proportion; the same parts for the same y, fraction and seed.

    X: (features, m), y: (m,) integer labels.  test_fraction: above 0, at most 0.5.  Within each part the examples
    keep their order.  A class of one example goes to the training part.
    Raises DataError if X and y differ in m, or nothing would be left to test on.

    >>> X, y = np.arange(20.0).reshape(2, 10), np.array([0, 1] * 5)
    >>> split = train_test_split(X, y)
    >>> split.X_train.shape, split.X_test.shape, sorted(split.y_test.tolist())
    ((2, 8), (2, 2), [0, 1])
    """
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim != 2 or y.ndim != 1 or X.shape[1] != len(y):
        raise DataError(
            f"train_test_split: X is {X.shape}, y is {y.shape}; they must be (features, m) and (m,), "
            f"one column of X for each label"
        )
    if y.dtype.kind not in "iub":
        raise DataError(f"train_test_split: y is {y.dtype}; labels must be integers: y.astype(int)")
    if not 0 < test_fraction <= 0.5:
        raise DataError(f"train_test_split: test_fraction is {test_fraction!r}; it must be above 0 and at most 0.5")
    labels: npt.NDArray[np.int64] = y.astype(np.int64)
    test = choose_test(labels, test_fraction, seed)
    if not test.any():
        raise DataError(
            f"train_test_split: {len(y)} examples are too few to hold {test_fraction:g} of them back for testing; "
            f"give more examples (two of a class at least) or a larger test_fraction"
        )
    return Split(X.compress(~test, axis=1), labels[~test], X.compress(test, axis=1), labels[test])

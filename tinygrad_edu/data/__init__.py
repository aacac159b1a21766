"""Data to train on: the digits that ship with the package, your own files, and batches.  Floor 6.

    digits = load_digits()                                  # 1797 real scans, 8x8
    X, y = load_npz("mine.npz")                             # your own: rows in the file, columns in X
    mine = train_test_split(X, y)
    for X_batch, Y_batch in minibatches(digits.X_train, one_hot(digits.y_train, 10), 64, rng):
        ...                                                 # one epoch

Columns are examples: X (features, m), Y (classes, m), labels y (m,).  What cannot be trained on raises DataError.
"""

from .batches import minibatches, one_hot
from .digits import load_digits
from .files import load_npz
from .split import Split, train_test_split

__all__ = ["Split", "load_digits", "load_npz", "minibatches", "one_hot", "train_test_split"]

"""What the command learns: the digits, or a user's own data, split and scaled.  Floor 7."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from ..data import Split, load_digits, load_npz, train_test_split
from ..errors import DataError

__all__ = ["Task", "digits_task", "file_task"]

MOST_CLASSES = 1000


@final
@dataclass(frozen=True)
class Task:
    """What is learned: the data, the number of classes, what the classes are called, and how X was scaled.

    image_shape: (height, width) where the columns of X are images.
    """

    title: str
    name: str
    split: Split
    classes: int
    class_names: tuple[str, ...]
    scaling: dict[str, np.ndarray]
    image_shape: tuple[int, int] | None = None


def digits_task(classes: int, dtype: Any) -> Task:
    """The digits: 2 classes, even or odd, or all 10.

    >>> digits_task(2, float).class_names
    ('even', 'odd')
    """
    digits = load_digits(dtype)
    if classes == 10:
        return Task("digits, all ten", "ten-digits", digits, 10, tuple("0123456789"), {}, (8, 8))
    split = Split(digits.X_train, digits.y_train % 2, digits.X_test, digits.y_test % 2)
    return Task("digits, odd or even", "odd-even", split, 2, ("even", "odd"), {}, (8, 8))


def file_task(path: str, dtype: Any, seed: int) -> Task:
    """The arrays X and y of an .npz file, each feature scaled to mean 0 and deviation 1 over the training part.

    Raises DataError for data that cannot be trained on.
    """
    X, y = load_npz(path, dtype)
    classes = int(y.max()) + 1
    if classes > MOST_CLASSES:
        raise DataError(f"{path}: labels in y go up to {classes - 1}; number them 0, 1, ... (np.unique).")
    absent = np.setdiff1d(np.arange(classes), y)
    if len(absent):
        raise DataError(
            f"{path}: y reaches up to {classes - 1}, and no label is {absent[0]}; number the classes 0, 1, ... "
            f"without gaps: y = np.unique(y, return_inverse=True)[1]"
        )
    split = train_test_split(X, y, seed=seed)
    with np.errstate(over="ignore", invalid="ignore"):  # reported below
        mean = split.X_train.mean(axis=1, keepdims=True)
        spread = split.X_train.std(axis=1, keepdims=True)
    if not np.isfinite(mean + spread).all():
        raise DataError(f"{path}: X holds {abs(X).max():g}, too large to average; scale it: X / abs(X).max()")
    spread[(np.ptp(split.X_train, axis=1, keepdims=True) == 0) | (spread == 0)] = 1
    split = split._replace(X_train=(split.X_train - mean) / spread, X_test=(split.X_test - mean) / spread)
    name = Path(path).stem
    class_names = tuple(map(str, range(classes)))
    return Task(f"{name}, {classes} classes", name, split, classes, class_names, {"mean": mean, "std": spread})

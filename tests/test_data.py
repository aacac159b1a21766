"""The digits that ship with the package, splits and batches."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tinygrad_edu import data
from tinygrad_edu.data import Split, load_digits, minibatches, one_hot, train_test_split
from tinygrad_edu.data.split import choose_test
from tinygrad_edu.errors import DataError, DTypeError

FOLDER = Path(data.__file__).parent
# Examples per digit 0 ... 9 in the test set, as the documentation of the UCI data set (optdigits.names) lists them.
PUBLISHED_COUNTS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


# The digits.


def test_digits_are_columns_of_shares_of_ink_with_integer_labels():
    digits = load_digits()
    for X, y, m in ((digits.X_train, digits.y_train, 1438), (digits.X_test, digits.y_test, 359)):
        assert X.shape == (64, m) and X.dtype == np.float64 and X.flags.c_contiguous
        assert X.min() == 0 and X.max() == 1 and np.array_equal(X * 16, np.round(X * 16))
        assert y.shape == (m,) and y.dtype == np.int64 and set(y) == set(range(10))


def test_digits_have_as_many_examples_of_each_class_as_published():
    digits = load_digits()
    assert (np.bincount(digits.y_train) + np.bincount(digits.y_test)).tolist() == PUBLISHED_COUNTS


def test_digits_are_those_that_scikit_learn_carries():
    datasets = pytest.importorskip("sklearn.datasets")
    original = datasets.load_digits()
    digits = load_digits()
    with np.load(FOLDER / "digits.npz") as archive:
        test = archive["test"]
    np.testing.assert_array_equal(digits.X_train * 16, original.data[~test].T)
    np.testing.assert_array_equal(digits.X_test * 16, original.data[test].T)
    np.testing.assert_array_equal(digits.y_train, original.target[~test])
    np.testing.assert_array_equal(digits.y_test, original.target[test])


def test_digits_have_not_changed_since_they_were_made():
    with np.load(FOLDER / "digits.npz") as archive:
        found = {name: hashlib.sha256(archive[name].tobytes()).hexdigest()[:16] for name in archive.files}
    assert found == {"images": "8f26b2bd9d135c25", "labels": "8ba4f891220f5e4c", "test": "dc1ac3bbf700d02c"}


def test_stored_test_part_follows_the_rule_on_this_version_of_numpy():
    with np.load(FOLDER / "digits.npz") as archive:
        np.testing.assert_array_equal(archive["test"], choose_test(archive["labels"], 0.2, seed=0))


def test_test_part_holds_a_fifth_of_each_digit():
    digits = load_digits()
    np.testing.assert_allclose(np.bincount(digits.y_test), np.array(PUBLISHED_COUNTS) / 5, atol=1)


def test_test_part_is_spread_evenly_and_looks_like_the_rest():
    """Position in the file (so the writers), period of the file and ink differ no more than chance allows."""
    with np.load(FOLDER / "digits.npz") as archive:
        images, test = archive["images"].astype(float), archive["test"]
    n, k = len(test), test.sum()

    def z_score(feature):
        """How many standard deviations the mean of the test part is from that of a random draw of its size."""
        return (feature[test].mean() - feature.mean()) / (feature.std() * np.sqrt((1 / k) * (n - k) / (n - 1)))

    assert abs(z_score(np.arange(n))) < 2.5
    assert abs(z_score(images.sum(axis=1))) < 2.5
    for period in (2, 3, 5, 7, 10, 13, 14):
        for phase in range(period):
            assert abs(z_score(np.arange(n) % period == phase)) < 3.5
    scores = [z_score(pixel) for pixel in images.T if pixel.std() > 0]
    assert np.sqrt(np.mean(np.square(scores))) < 1.5


@pytest.mark.parametrize("dtype", [np.float32, "float16", np.dtype("float64")])
def test_digits_come_in_the_float_type_asked_for(dtype):
    digits = load_digits(dtype=dtype)
    assert digits.X_train.dtype == digits.X_test.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(digits.X_train, load_digits().X_train)  # sixteenths are exact in all of them


def test_digits_as_integers_would_be_all_zero_so_they_are_refused():
    with pytest.raises(DTypeError, match="float64"):
        load_digits(dtype=int)


def test_each_call_returns_new_arrays():
    first, second = load_digits(), load_digits()
    first.X_train[:] = 7
    assert second.X_train.max() == 1 and load_digits().X_train.max() == 1


def test_digits_load_from_any_directory_and_out_of_a_zip_file(tmp_path):
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("tinygrad_edu/__init__.py", "")
        z.write(FOLDER.parent / "errors.py", "tinygrad_edu/errors.py")
        for path in FOLDER.iterdir():
            if path.is_file():
                z.write(path, f"tinygrad_edu/data/{path.name}")
    code = (
        f"import sys; sys.path.insert(0, {str(archive)!r})\n"
        "import tinygrad_edu.data as data; print(data.__file__); print(data.load_digits().X_train.sum())"
    )
    options = ["-W", "error", "-P"] if sys.version_info >= (3, 11) else ["-W", "error"]
    run = subprocess.run([sys.executable, *options, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    file, total = run.stdout.split()
    assert file.startswith(str(archive)) and float(total) == load_digits().X_train.sum()


def test_attribution_stands_beside_the_digits_and_in_the_docstring():
    text = (FOLDER / "digits.txt").read_text(encoding="utf-8")
    for words in ("Alpaydin", "Kaynak", "10.24432/C50P49", "CC BY 4.0"):
        assert words in text and words in load_digits.__doc__


# Splits.


def test_split_parts_together_are_the_whole_and_columns_stay_with_their_labels():
    rng = np.random.default_rng(0)
    y = rng.integers(4, size=203)
    X = np.vstack([np.arange(203.0), y])
    split = train_test_split(X, y, test_fraction=0.3, seed=5)
    assert isinstance(split, Split) and split.y_test.shape == (61,)  # round(203 * 0.3)
    assert sorted([*split.X_train[0], *split.X_test[0]]) == list(range(203))
    for part, labels in ((split.X_train, split.y_train), (split.X_test, split.y_test)):
        np.testing.assert_array_equal(part[1], labels)
        assert (np.diff(part[0]) > 0).all()  # the order of the file


@pytest.mark.parametrize("test_fraction", [0.05, 0.1, 0.2, 1 / 3, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_each_class_gives_its_share_to_within_one_example(test_fraction, seed):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat([0, 1, 2, 7], [2, 40, 101, 13]))
    test = choose_test(y, test_fraction, seed)
    assert abs(test.sum() - test_fraction * len(y)) <= 0.5 + 1e-9
    for label in np.unique(y):
        n = np.sum(y == label)
        assert abs(np.sum(test[y == label]) - test_fraction * n) < 1
        assert np.sum(~test[y == label]) >= 1


def test_every_example_is_as_likely_to_be_held_back_as_any_other():
    y = np.repeat([0, 1, 2], [20, 10, 15])
    often = np.mean([choose_test(y, 0.2, seed) for seed in range(2000)], axis=0)
    np.testing.assert_allclose(often, 0.2, atol=5 * np.sqrt(0.2 * 0.8 / 2000))


def test_split_is_the_same_every_time_and_another_with_another_seed():
    y = np.arange(100) % 3
    np.testing.assert_array_equal(choose_test(y, 0.2, 0), choose_test(y, 0.2, 0))
    assert not np.array_equal(choose_test(y, 0.2, 0), choose_test(y, 0.2, 1))
    # Written down once: the legacy generator promises the same numbers on every version of NumPy.
    assert np.flatnonzero(choose_test(np.arange(20) % 2, 0.2, 0)).tolist() == [10, 11, 16, 17]


def test_a_class_of_one_example_is_trained_on():
    y = np.array([9] + [0] * 10 + [1] * 10)
    for seed in range(20):
        assert not choose_test(y, 0.5, seed)[0]


@pytest.mark.parametrize(
    "X, y, options, message",
    [
        (np.ones((5, 2)), [0, 1, 0, 1, 0], {}, r"X is \(5, 2\), y is \(5,\)"),
        (np.ones(5), [0, 1, 0, 1, 0], {}, r"X is \(5,\)"),
        (np.ones((2, 2)), [[0, 1]], {}, r"y is \(1, 2\)"),
        (np.ones((2, 2)), [0.0, 1.0], {}, r"y is float64; labels must be integers"),
        (np.ones((2, 3)), [0, 1, 2], {}, r"3 examples are too few"),
        (np.ones((2, 2)), [0, 0], {}, r"2 examples are too few.*larger test_fraction"),
        (np.ones((2, 0)), np.zeros(0, int), {}, r"0 examples are too few"),
        (np.ones((2, 4)), [0, 0, 1, 1], {"test_fraction": 0}, r"above 0 and at most 0\.5"),
        (np.ones((2, 4)), [0, 0, 1, 1], {"test_fraction": 0.6}, r"above 0 and at most 0\.5"),
        (np.ones((2, 4)), [0, 0, 1, 1], {"test_fraction": float("nan")}, r"test_fraction is nan"),
    ],
)
def test_what_cannot_be_split_is_refused(X, y, options, message):
    with pytest.raises(DataError, match=message):
        train_test_split(X, np.asarray(y), **options)


# Batches and labels.


@pytest.mark.parametrize("batch_size, sizes", [(4, [4, 4, 2]), (5, [5, 5]), (10, [10]), (99, [10]), (1, [1] * 10)])
@pytest.mark.parametrize("shuffled", [False, True])
def test_each_example_comes_once_and_the_last_batch_may_be_smaller(batch_size, sizes, shuffled):
    X = np.arange(20.0).reshape(2, 10)
    Y = X * 3
    batches = list(minibatches(X, Y, batch_size, np.random.default_rng(0) if shuffled else None))
    assert [X_batch.shape for X_batch, _ in batches] == [(2, k) for k in sizes]
    for X_batch, Y_batch in batches:
        np.testing.assert_array_equal(X_batch * 3, Y_batch)
    columns = np.hstack([X_batch for X_batch, _ in batches])
    assert sorted(columns[0]) == list(range(10))
    assert np.array_equal(columns, X) == (not shuffled)
    np.testing.assert_array_equal(columns[1], columns[0] + 10)


def test_labels_of_one_axis_are_cut_like_the_columns():
    X = np.arange(6.0)[None]
    for X_batch, y_batch in minibatches(X, np.arange(6), 4, np.random.RandomState(0)):
        np.testing.assert_array_equal(X_batch[0], y_batch)


def test_every_epoch_is_shuffled_anew_and_a_seed_repeats_it():
    X = np.arange(50.0)[None]
    rng = np.random.default_rng(3)
    first, second = (np.hstack([x for x, _ in minibatches(X, X, 8, rng)]) for _ in range(2))
    again = np.hstack([x for x, _ in minibatches(X, X, 8, np.random.default_rng(3))])
    assert not np.array_equal(first, second) and np.array_equal(first, again)


def test_batches_in_order_share_memory_and_shuffled_ones_do_not():
    X = np.arange(12.0).reshape(2, 6)
    assert all(np.shares_memory(x, X) for x, _ in minibatches(X, X, 4))
    shuffled = [x for x, _ in minibatches(X, X, 4, np.random.default_rng(0))]
    assert not any(np.shares_memory(x, X) for x in shuffled) and all(x.flags.c_contiguous for x in shuffled)


def test_batches_keep_the_dtype():
    X, Y = np.ones((2, 3), np.float32), np.ones((1, 3), np.int8)
    (X_batch, Y_batch), _ = minibatches(X, Y, 2, np.random.default_rng(0))
    assert X_batch.dtype == np.float32 and Y_batch.dtype == np.int8


@pytest.mark.parametrize(
    "X, Y, batch_size, rng, message",
    [
        (np.ones((5, 2)), np.ones(5), 2, None, r"X is \(5, 2\), Y is \(5,\).*columns are examples"),
        (np.ones((5, 2)), np.ones((5, 1)), 2, None, r"the same m"),
        (np.ones(5), np.ones(5), 2, None, r"X is \(5,\)"),
        (np.ones((5, 0)), np.ones(0), 2, None, r"no example"),
        (np.ones((5, 2)), np.ones(2), 0, None, r"batch_size is 0"),
        (np.ones((5, 2)), np.ones(2), 2.0, None, r"batch_size is 2\.0"),
        (np.ones((5, 2)), np.ones(2), True, None, r"batch_size is True"),
        (np.ones((5, 2)), np.ones(2), 2, 7, r"np\.random\.default_rng\(7\)"),
    ],
)
def test_what_cannot_be_batched_is_refused_at_the_call(X, Y, batch_size, rng, message):
    with pytest.raises(DataError, match=message):
        minibatches(X, Y, batch_size, rng)


def test_one_hot_has_its_one_in_the_row_of_the_label():
    y = np.array([2, 0, 1, 2], dtype=np.uint8)
    Y = one_hot(y, 4, dtype=np.float32)
    assert Y.shape == (4, 4) and Y.dtype == np.float32
    np.testing.assert_array_equal(Y.argmax(axis=0), y)
    np.testing.assert_array_equal(Y.sum(axis=0), 1)
    np.testing.assert_array_equal(Y, np.equal.outer(np.arange(4), y))
    assert one_hot([True, False], 2).tolist() == [[0, 1], [1, 0]]
    assert one_hot(np.zeros(0, int), 2).shape == (2, 0)


@pytest.mark.parametrize(
    "y, classes, message",
    [
        ([0, 3], 3, r"from 0 to 3, but 3 classes are 0 \.\.\. 2"),
        ([-1, 0], 3, r"from -1 to 0"),
        ([0.0, 1.0], 3, r"labels must be integers"),
        ([[0, 1]], 3, r"y is \(1, 2\).*ravel"),
        ([0, 1], 0, r"classes is 0"),
        ([0, 1], "2", r"classes is '2'"),
    ],
)
def test_labels_outside_the_classes_are_refused(y, classes, message):
    with pytest.raises(DataError, match=message):
        one_hot(y, classes)


def test_public_names_are_sorted_and_documented_with_an_example():
    assert data.__all__ == sorted(data.__all__)
    for name in data.__all__:
        assert ">>>" in getattr(data, name).__doc__, name

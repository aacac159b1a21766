"""Data files of one's own: what is read, and what is refused with which words."""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tinygrad_edu.data import load_npz, train_test_split
from tinygrad_edu.errors import DataError, DTypeError, TinygradEduError

ROWS, LABELS = np.array([[1, 2], [3, 4], [5, 6]]), np.array([0, 1, 1])


@pytest.fixture
def save(tmp_path):
    """Writes arrays to an .npz file and returns its path."""

    def write(**arrays):
        np.savez(tmp_path / "mine.npz", **arrays)
        return tmp_path / "mine.npz"

    return write


@pytest.mark.parametrize("x_type", [np.float64, np.float32, np.float16, np.int64, np.uint8, np.bool_])
@pytest.mark.parametrize("y_type", [np.int64, np.int8, np.uint64, np.bool_])
def test_rows_of_the_file_become_columns(save, x_type, y_type):
    X, y = load_npz(save(X=ROWS.astype(x_type), y=LABELS.astype(y_type), other=np.ones(7)))
    assert X.dtype == np.float64 and X.flags.c_contiguous and y.dtype == np.int64
    np.testing.assert_array_equal(X, ROWS.astype(x_type).T)
    assert y.tolist() == [0, 1, 1]


def test_file_may_be_compressed_named_by_text_and_read_as_float32(tmp_path):
    np.savez_compressed(tmp_path / "mine.npz", X=ROWS, y=LABELS)
    X, _ = load_npz(str(tmp_path / "mine.npz"), dtype=np.float32)
    assert X.dtype == np.float32


def test_file_of_scikit_learn_arrays_is_read_as_it_is(tmp_path):
    datasets = pytest.importorskip("sklearn.datasets")
    iris = datasets.load_iris()
    np.savez(tmp_path / "iris.npz", X=iris.data, y=iris.target)
    X, y = load_npz(tmp_path / "iris.npz")
    assert X.shape == (4, 150)
    assert np.bincount(train_test_split(X, y).y_test).tolist() == [10, 10, 10]


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({"X": ROWS}, r"no array y in it; it holds X; save with np\.savez"),
        ({"x": ROWS, "Y": LABELS}, r"no array X in it; it holds x, Y"),
        ({}, r"it holds nothing"),
        ({"X": np.ones(3), "y": LABELS}, r"X is \(3,\).*one row per example: X\.reshape\(-1, 1\)"),
        ({"X": np.ones((3, 8, 8)), "y": LABELS}, r"X is \(3, 8, 8\).*X\.reshape\(len\(X\), -1\)"),
        ({"X": ROWS, "y": LABELS[:, None]}, r"y is \(3, 1\).*: y\.ravel\(\)"),
        ({"X": ROWS, "y": np.eye(3)}, r"y is \(3, 3\).*y\.argmax\(axis=1\)"),
        ({"X": ROWS, "y": np.array(1)}, r"y is \(\)"),
        ({"X": ROWS, "y": LABELS[:2]}, r"X has 3 rows, y has 2 labels.*Save X\.T"),
        ({"X": ROWS, "y": np.arange(5)}, r"X has 3 rows, y has 5 labels; each row needs its label$"),
        ({"X": np.ones((0, 2)), "y": np.zeros(0, int)}, r"X is \(0, 2\), y is \(0,\); there is no example"),
        ({"X": np.ones((3, 0)), "y": LABELS}, r"there is no example"),
        ({"X": [[1, 2], [3, np.nan], [5, 6]], "y": LABELS}, r"X holds nan in row 1, column 1 \(1 such.*isfinite"),
        ({"X": [[-np.inf, 2], [3, np.nan], [5, 6]], "y": LABELS}, r"X holds -inf in row 0, column 0 \(2 such"),
        ({"X": ROWS.astype(str), "y": LABELS}, r"X is <U\d+, not real numbers"),
        ({"X": ROWS * 1j, "y": LABELS}, r"X is complex128, not real numbers"),
        ({"X": ROWS.astype("datetime64[s]"), "y": LABELS}, r"not real numbers"),
        ({"X": ROWS.astype(object), "y": LABELS}, r"X is an array of Python objects.*X\.astype\(float\)"),
        ({"X": ROWS, "y": LABELS.astype(object)}, r"y is an array of Python objects.*y\.astype\(int\)"),
        ({"X": ROWS, "y": LABELS / 2}, r"y is float64; labels must be integers 0, 1, \.\.\.: y\.astype\(int\)"),
        ({"X": ROWS, "y": np.array(["a", "b", "a"])}, r"y is <U1.*np\.unique\(y, return_inverse=True\)\[1\]"),
        ({"X": ROWS, "y": LABELS - 1}, r"y reaches from -1 to 0"),
        ({"X": ROWS, "y": np.array([0, 1, 2**63], np.uint64)}, r"to 9223372036854775808"),
        ({"X": ROWS, "y": LABELS * 0 + 4}, r"every label in y is 4; a classifier needs two classes"),
    ],
)
def test_arrays_that_cannot_be_trained_on_get_one_line_with_file_finding_and_cure(save, arrays, message):
    path = save(**arrays)
    with pytest.raises(DataError, match=message) as caught:
        load_npz(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ") and "\n" not in text
    assert isinstance(caught.value, ValueError) and isinstance(caught.value, TinygradEduError)


def test_numbers_too_large_for_the_dtype_are_refused(save):
    path = save(X=ROWS * 1e300, y=LABELS)
    assert load_npz(path)[0].max() == 6e300
    with pytest.raises(DataError, match=r"6e\+300, too large for float32; scale it"):
        load_npz(path, dtype="float32")


def test_integer_dtype_is_refused(save):
    with pytest.raises(DTypeError, match="floating point"):
        load_npz(save(X=ROWS, y=LABELS), dtype=int)


def npy_bytes():
    stream = io.BytesIO()
    np.save(stream, ROWS)
    return stream.getvalue()


def zip_bytes(content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("X", content)
        archive.writestr("y", content)
    return stream.getvalue()


def lying_npy_bytes():
    """An array file whose header promises more numbers than any memory holds."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (10**15,)})
    return stream.getvalue()


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "not a readable .npz file"),
        (b"1,2,3\n4,5,6\n", r"not a readable .npz file; make one with np\.savez"),
        (pickle.dumps({"X": ROWS.tolist()}), "not a readable .npz file"),
        (b"PK\x03\x04 cut short", "not a readable .npz file"),
        (npy_bytes(), r"an \.npy file with one array; save X and y together"),
        (zip_bytes("hello"), "X is not an array"),
        (zip_bytes(lying_npy_bytes()), r"X is damaged \(Unable to allocate"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path, content, message):
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        load_npz(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_missing_file_and_directory_are_refused_by_name(tmp_path):
    with pytest.raises(DataError, match=r"gone\.npz: there is no such file"):
        load_npz(tmp_path / "gone.npz")
    with pytest.raises(DataError, match=r"directory|permission"):
        load_npz(tmp_path)


def test_pickled_programs_in_a_file_are_never_run(tmp_path, save):
    class Program:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "was_run",))

    rows = np.empty((3, 2), dtype=object)
    rows[:] = Program()
    with pytest.raises(DataError, match="Python objects"):
        load_npz(save(X=rows, y=LABELS))
    assert not (tmp_path / "was_run").exists()


@pytest.mark.parametrize("compressed", [False, True])
def test_a_damaged_file_gives_a_data_error_or_the_right_data(tmp_path, compressed):
    whole = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(whole, X=ROWS, y=LABELS)
    rng = np.random.default_rng(0)
    path = tmp_path / "mine.npz"
    refused = 0
    for _ in range(300):
        content = bytearray(whole.getvalue())
        if rng.random() < 0.2:
            content = content[: rng.integers(len(content))]
        else:
            content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        path.write_bytes(content)
        try:
            X, y = load_npz(path)
        except DataError:
            refused += 1
        else:
            np.testing.assert_array_equal(X, ROWS.T)
            np.testing.assert_array_equal(y, LABELS)
    assert refused > 100

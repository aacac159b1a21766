"""What cannot be done is refused in one line on standard error, with nothing written."""

import os

import numpy as np
import pytest

from tinygrad_edu.cli import main
from tinygrad_edu.rules.linalg import affine

X = np.random.default_rng(0).standard_normal((40, 3))
Y = np.arange(40) % 2
HOLE, BOUNDLESS = X.copy(), X.copy()
HOLE[3, 1], BOUNDLESS[4, 2] = np.nan, np.inf


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A working directory with something in it that must stay as it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    os.mkdir("full")
    with open("full/notes.txt", "w") as file:
        file.write("mine")
    with open("file", "w") as file:
        file.write("mine")
    return tmp_path


def everything():
    return sorted((folder, *sorted(names)) for folder, _, names in os.walk("."))


def refused(arguments, capsys):
    """(exit status, the one line) of a command that must write nothing."""
    before = everything()
    try:
        status = main(arguments)
    except SystemExit as exit:  # argparse's way
        status = exit.code
    out, err = capsys.readouterr()
    assert everything() == before, "something was written"
    assert out == "" or status == 1, out
    assert err.startswith("tinygrad-edu") and err.count("\n") == 1 and err.endswith("\n"), err
    assert "Traceback" not in err and "Warning" not in err
    return status, err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--lr", "0"], "'0' is no positive number"),
        (["--lr", "-1"], "--lr"),
        (["--lr", "nan"], "'nan' is no positive number"),
        (["--lr", "inf"], "'inf' is no positive number"),
        (["--lr", "fast"], "'fast' is no positive number"),
        (["--epochs", "0"], "whole number from 1"),
        (["--epochs", "1.5"], "whole number from 1"),
        (["--epochs", "-3"], "--epochs"),
        (["--epochs", "10000000000"], "whole number from 1 to 1000000"),
        (["--batch-size", "0"], "--batch-size"),
        (["--seed", "-1"], "--seed"),
        (["--seed", str(2**32)], "--seed"),
        (["--seed", "²"], "'²'"),
        (["--layers"], "--layers"),
        (["--layers", "0"], "--layers"),
        (["--layers", "8", "x"], "'x'"),
        (["--layers", "1000000", "1000000"], "weights; at most"),
        (["--dtype", "float16"], "--dtype"),
        (["--dtype", "int64"], "--dtype"),
        (["--optimizer", "adagrad"], "choose from"),
        (["--classes", "3"], "choose from"),
        (["--unknown"], "unrecognized arguments: --unknown"),
        (["stray"], "unrecognized arguments: stray"),
        (["--out"], "--out"),
        (["--data"], "--data"),
    ],
)
def test_wrong_options_are_named(capsys, options, words):
    status, line = refused(["train", *options], capsys)
    assert status == 2 and words in line


@pytest.mark.parametrize("arguments", [[], ["fly"], ["--epochs", "3"]])
def test_a_missing_or_unknown_command_is_named(capsys, arguments):
    status, line = refused(arguments, capsys)
    assert status == 2 and "see tinygrad-edu --help" in line


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"X": X}, "no array y"),
        ({"y": Y}, "no array X"),
        ({"X": X[:, 0], "y": Y}, "X is (40,)"),
        ({"X": X[..., None], "y": Y}, "X is (40, 3, 1)"),
        ({"X": X, "y": Y[:-1]}, "40 rows"),
        ({"X": X.T, "y": Y}, "Save X.T"),
        ({"X": X, "y": np.eye(2)[Y]}, "argmax"),
        ({"X": HOLE, "y": Y}, "nan in row 3, column 1"),
        ({"X": BOUNDLESS, "y": Y}, "inf in row 4, column 2"),
        ({"X": X * 1e200, "y": Y}, "too large to average"),
        ({"X": X.astype(str), "y": Y}, "not real numbers"),
        ({"X": X * 1j, "y": Y}, "not real numbers"),
        ({"X": X.astype(object), "y": Y}, "Python objects"),
        ({"X": X, "y": Y * 1.0}, "labels must be integers"),
        ({"X": X, "y": Y.astype(str)}, "labels must be integers"),
        ({"X": X, "y": Y - 1}, "-1"),
        ({"X": X, "y": Y + 1}, "no label is 0"),
        ({"X": X, "y": Y * 5}, "no label is 1"),
        ({"X": X, "y": Y * 0}, "two classes"),
        ({"X": X, "y": Y * 10**12}, "np.unique"),
        ({"X": X[:0], "y": Y[:0]}, "no example"),
        ({"X": X[:2], "y": Y[:2]}, "too few"),
    ],
)
def test_data_that_cannot_be_trained_on_is_named(capsys, arrays, words):
    np.savez("own.npz", **arrays)
    status, line = refused(["train", "--data", "own.npz", "--out", "run"], capsys)
    assert status == 2 and words in line and ("own.npz" in line or words == "too few")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"hello", b"\x93NUMPY"])
def test_a_file_that_is_no_npz_is_named(capsys, content):
    with open("own.npz", "wb") as file:
        file.write(content)
    status, line = refused(["train", "--data", "own.npz"], capsys)
    assert status == 2 and "own.npz" in line


@pytest.mark.parametrize("path", ["missing.npz", "full", "file/own.npz", "n" * 300, ""])
def test_a_path_without_a_file_is_named(capsys, path):
    status, line = refused(["train", "--data", path], capsys)
    assert status == 2 and path in line


def test_classes_and_data_do_not_go_together(capsys):
    np.savez("own.npz", X=X, y=Y)
    status, line = refused(["train", "--data", "own.npz", "--classes", "2"], capsys)
    assert status == 2 and "--classes" in line


@pytest.mark.parametrize("out", ["full", "file", "file/run", "n" * 300, ".", "", "/proc/run"])
def test_a_place_that_cannot_be_written_is_named_before_training(capsys, out):
    if out == "/proc/run" and not os.path.isdir("/proc"):
        pytest.skip("no /proc")
    status, line = refused(["train", "--out", out], capsys)
    assert status == 2 and "--out" in line


def test_a_file_in_the_way_of_the_numbered_runs_is_named_before_training(capsys):
    with open("runs", "w"):
        pass
    status, line = refused(["train"], capsys)
    assert status == 2 and "runs" in line


@pytest.mark.parametrize("options", [["--lr", "1e200"], ["--lr", "1e30", "--optimizer", "sgd", "--dtype", "float32"]])
def test_a_rate_far_too_high_is_named_with_the_epoch(capsys, options):
    status, line = refused(["train", "--quiet", "--epochs", "3", "--out", "run", *options], capsys)
    assert status == 1 and "after epoch 1: lower the learning rate" in line


def test_a_wrong_rule_stops_the_command_before_training(capsys, monkeypatch):
    dW, dA, db = affine.rules
    monkeypatch.setattr(affine, "rules", (dW, dA, lambda dz, z, W, A, b: db(dz, z, W, A, b) * 1.001))
    status, line = refused(["train", "--out", "run"], capsys)
    assert status == 1 and "in red disagree" in line


def test_too_little_memory_is_named(capsys, monkeypatch):
    def fail(*args):
        raise MemoryError("Unable to allocate 9.31 GiB")

    monkeypatch.setattr("tinygrad_edu.command.tasks.load_digits", fail)
    status, line = refused(["train"], capsys)
    assert status == 1 and "9.31 GiB" in line and "--layers" in line


def test_an_interrupt_before_training_has_nothing_to_keep(capsys, monkeypatch):
    def stop(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("tinygrad_edu.command.train.prove", stop)
    status, line = refused(["train", "--quiet", "--out", "run"], capsys)
    assert status == 130 and "stopped before" in line

"""The run folder appears whole or not at all, wherever it is asked for."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinygrad_edu.command.runs import check_folder, next_folder, write_folder
from tinygrad_edu.errors import DataError

ARRAYS = {"W1": np.eye(2), "b1": np.zeros((2, 1), np.float32)}
TEXTS = {"graph.svg": "<svg>ü</svg>", "curves.svg": "<svg/>"}
RECORD = {"task": "test", "cost": 0.25}


def write(path):
    return write_folder(path, {"weights.npz": ARRAYS}, TEXTS, RECORD)


def test_everything_handed_in_can_be_read_back(tmp_path):
    folder = write(tmp_path / "run")
    assert folder == tmp_path / "run"
    assert sorted(os.listdir(folder)) == ["curves.svg", "graph.svg", "run.json", "weights.npz"]
    with np.load(folder / "weights.npz") as state:
        assert {name: state[name].dtype for name in state} == {"W1": np.float64, "b1": np.float32}
        assert np.array_equal(state["W1"], np.eye(2))
    assert (folder / "graph.svg").read_text(encoding="utf-8") == TEXTS["graph.svg"]
    assert json.loads((folder / "run.json").read_text(encoding="utf-8")) == RECORD
    assert os.listdir(tmp_path) == ["run"]


def test_other_users_may_look_in(tmp_path):
    assert stat.S_IMODE(write(tmp_path / "run").stat().st_mode) & 0o500 == 0o500


@pytest.mark.parametrize("name", ["run", "a run", "Läufe 走る", "deep/er/run", "n" * 250, ".hidden"])
def test_any_name_a_folder_can_have_works(tmp_path, name):
    assert (write(tmp_path / name) / "run.json").is_file()


def test_relative_paths_are_seen_from_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(write("run")) == "run"
    write("./b/../c")
    assert (tmp_path / "run" / "run.json").is_file() and (tmp_path / "c" / "run.json").is_file()


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "run").mkdir()
    assert len(os.listdir(write(tmp_path / "run"))) == 4


def test_a_symbolic_link_stays_and_what_it_points_at_is_filled(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("later")
    write(tmp_path / "link")
    write(tmp_path / "dangling")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real" / "run.json").is_file()
    assert (tmp_path / "dangling").is_symlink() and (tmp_path / "later" / "run.json").is_file()


@pytest.mark.parametrize("refuse", [check_folder, write])
def test_a_folder_with_files_in_it_is_left_alone(tmp_path, refuse):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="not empty"):
        refuse(tmp_path)
    assert os.listdir(tmp_path) == ["notes.txt"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("file", "this is a file"),
        ("file/run", "cannot be made"),
        ("n" * 300, "cannot be made"),
        (".", "working directory"),
        ("", "working directory"),
        ("loop", "cannot be made"),
    ],
)
@pytest.mark.parametrize("refuse", [check_folder, write])
def test_places_where_no_folder_can_be_are_refused_with_a_cure(tmp_path, monkeypatch, refuse, name, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(DataError, match=words) as caught:
        refuse(name)
    assert "--out" in str(caught.value) and "\n" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["file", "loop"]


def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path):
    place = tmp_path / "locked"
    place.mkdir(mode=0o500)
    if os.access(place, os.W_OK):  # root may write anywhere, but not there
        place = "/proc"
        if not os.path.isdir(place):
            pytest.skip("root can write everywhere on this system")
    with pytest.raises(DataError, match="cannot be made"):
        check_folder(os.path.join(place, "run"))


def test_checking_leaves_no_trace(tmp_path):
    assert check_folder(tmp_path / "a" / "run") == tmp_path / "a" / "run"
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
def test_a_failure_while_writing_leaves_nothing_behind(tmp_path, monkeypatch, error):
    def fail(*args, **options):
        raise error

    monkeypatch.setattr(json, "dumps", fail)
    with pytest.raises(DataError if isinstance(error, OSError) else type(error)):
        write(tmp_path / "run")
    assert os.listdir(tmp_path) == []


def test_what_json_does_not_know_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(ValueError):
        write_folder(tmp_path / "run", {"weights.npz": ARRAYS}, TEXTS, {"cost": float("nan")})
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_kill_while_writing_leaves_no_half_written_folder(tmp_path):
    program = (
        "import json, os, signal, numpy\n"
        "from tinygrad_edu.command.runs import write_folder\n"
        "json.dumps = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"write_folder({str(tmp_path / 'run')!r}, {{'w.npz': {{'W': numpy.ones(3)}}}}, {{'a.svg': 'x'}}, {{}})\n"
    )
    root = str(Path(__file__).resolve().parent.parent)
    environment = {**os.environ, "PYTHONPATH": root}
    assert subprocess.run([sys.executable, "-c", program], env=environment).returncode == -signal.SIGKILL
    assert not (tmp_path / "run").exists()
    assert all(name.startswith(".unfinished-run-") for name in os.listdir(tmp_path))
    write(tmp_path / "run")  # and does not stand in the way of the next run


def test_numbers_go_up_to_the_first_that_is_free(tmp_path):
    assert next_folder(tmp_path / "runs", "digits") == tmp_path / "runs" / "digits-1"
    (tmp_path / "runs" / "digits-1").mkdir(parents=True)
    (tmp_path / "runs" / "digits-2").write_text("a file counts too")
    assert next_folder(tmp_path / "runs", "digits").name == "digits-3"
    assert next_folder(tmp_path / "runs", "other").name == "other-1"

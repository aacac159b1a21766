"""The command as a process of its own: signals, terminals, pipes, working directories."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = ["curves.svg", "graph.svg", "report.html", "run.json", "weights.npz"]
COMMAND = [sys.executable, "-m", "tinygrad_edu", "train"]
FOREVER = ["--epochs", "1000000", "--layers", "8"]

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals and terminals")


def environment(**more):
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "FORCE_COLOR")}
    return {**env, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **more}


def run(*options, cwd, **more):
    return subprocess.run(
        [*COMMAND, *options], cwd=cwd, env=environment(**more), capture_output=True, text=True, encoding="utf-8"
    )


def start(*options, cwd, until):
    """A running command that has printed a line with `until` in it."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [*COMMAND, *options],
        cwd=cwd,
        env=environment(),
        stdout=pipe,
        stderr=pipe,
        text=True,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )
    for line in process.stdout:
        if until in line:
            return process
    raise AssertionError(process.stderr.read())


def finish(process):
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def record(folder):
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


# Where it is run


def test_it_runs_from_any_folder_and_writes_there(tmp_path):
    result = run("--epochs", "1", "--out", "../Läufe und mehr/1", cwd=(tmp_path / "a b").mkdir() or tmp_path / "a b")
    assert result.returncode == 0 and result.stderr == ""
    assert sorted(os.listdir(tmp_path / "Läufe und mehr" / "1")) == FILES
    assert os.listdir(tmp_path / "a b") == []
    assert "written to ../Läufe und mehr/1" in result.stdout.replace("\\", "/")


def test_an_encoding_without_the_letters_of_the_path_does_not_end_the_run(tmp_path):
    result = run("--epochs", "1", "--out", "Läufe", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert result.returncode == 0 and result.stderr == ""
    assert result.stdout.isascii() and "written to L\\xe4ufe" in result.stdout
    assert sorted(os.listdir(tmp_path / "Läufe")) == FILES


@posix
def test_a_reader_that_goes_away_gets_no_traceback(tmp_path):
    script = f"{' '.join(COMMAND)} --epochs 3 --out run | head -n 1"
    result = subprocess.run(script, shell=True, cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert result.stdout.count("\n") == 1
    assert "Traceback" not in result.stderr


# On a terminal


@posix
@pytest.mark.parametrize("options", [(), ("--classes", "10"), ("--lr", "0.5", "--optimizer", "sgd")])
def test_nothing_is_wider_than_a_terminal_of_eighty_columns(tmp_path, options):
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [*COMMAND, "--epochs", "120", "--layers", "8", "--out", "run", *options]
    env = environment(TERM="xterm-256color")
    process = subprocess.Popen(command, cwd=tmp_path, env=env, stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    output = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # the last writer has closed the terminal
            break
        if not chunk:
            break
        output += chunk
    os.close(leader)
    assert process.wait() == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.decode())
    lines = [line for line in re.split(r"[\r\n]+", plain) if line]
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    bars = [line for line in lines if "━" in line]
    assert bars and all(line.rstrip().endswith(" s") for line in bars if "epoch" in line), "the bar is cut off"
    assert "epoch 120: cost" in bars[-1]


# Ctrl-C


@posix
@pytest.mark.parametrize("times", [1, 2, 5])
def test_interrupts_while_training_keep_the_weights(tmp_path, times):
    process = start(*FOREVER, "--out", "run", cwd=tmp_path, until="epoch 0")
    time.sleep(0.3)  # some epochs
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.001)
    status, out, err = finish(process)
    assert status == 130 and err == ""
    assert out.splitlines()[-1].startswith("stopped by Ctrl-C, epoch ")
    assert os.listdir(tmp_path) == ["run"] and sorted(os.listdir(tmp_path / "run")) == FILES
    history = record(tmp_path / "run")["history"]
    assert record(tmp_path / "run")["interrupted"] is True
    assert [e["number"] for e in history] == list(range(len(history)))
    with np.load(tmp_path / "run" / "weights.npz") as state:
        assert all(np.isfinite(array).all() for array in state.values())


@posix
def test_an_interrupt_right_at_the_start_of_training_keeps_the_weights_too(tmp_path):
    process = start(*FOREVER, "--out", "run", cwd=tmp_path, until="epoch 0")
    process.send_signal(signal.SIGINT)
    status, _, err = finish(process)
    assert status == 130 and err == ""
    assert sorted(os.listdir(tmp_path / "run")) == FILES


@posix
def test_an_interrupt_during_the_proof_says_that_there_is_nothing_to_keep(tmp_path):
    process = start("--layers", "600", "600", "--out", "run", cwd=tmp_path, until="digits, odd or even")
    process.send_signal(signal.SIGINT)
    status, _, err = finish(process)
    assert status == 130 and err.count("\n") == 1 and "stopped before" in err
    assert os.listdir(tmp_path) == []


@posix
def test_an_interrupt_after_training_does_not_lose_the_run(tmp_path):
    process = start("--epochs", "1", "--out", "run", cwd=tmp_path, until="On the test examples")
    for _ in range(3):
        process.send_signal(signal.SIGINT)
    status, out, err = finish(process)
    assert status == 0 and err == "" and "written to run" in out
    assert sorted(os.listdir(tmp_path / "run")) == FILES and record(tmp_path / "run")["interrupted"] is False


@posix
def test_a_kill_while_training_leaves_nothing(tmp_path):
    process = start(*FOREVER, "--out", "run", cwd=tmp_path, until="epoch 0")
    process.kill()
    assert finish(process)[0] == -signal.SIGKILL
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="no POSIX pipes")
def test_a_reader_that_leaves_does_not_end_the_run(tmp_path):
    program = f'{sys.executable} -m tinygrad_edu train --epochs 2 --layers 8 --out "{tmp_path}/run" | head -n 1'
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    done = subprocess.run(["sh", "-c", program], env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert done.stderr == ""
    assert (tmp_path / "run" / "weights.npz").exists()

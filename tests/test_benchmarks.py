"""The benchmarks run, and compare implementations that agree.  How fast they are is no test's business."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def steps(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import steps

    return steps


def test_the_quick_benchmarks_print_every_table_in_80_columns():
    command = [sys.executable, "-m", "benchmarks", "--quick", "--threads", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    titles = ("per operation", "training step, float32", "microseconds per node", "bytes per node", "Peak memory")
    assert all(title in done.stdout for title in titles[:4])
    assert titles[4] in done.stdout or not Path("/proc/self/clear_refs").exists()
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_an_unknown_suite_is_named():
    command = [sys.executable, "-m", "benchmarks", "speed"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert "unknown suite speed" in done.stderr


def test_all_implementations_take_the_same_steps(steps):
    steps.check_agreement(steps.WORKLOADS["tiny"])  # the others are checked by --quick


@pytest.mark.parametrize("wrong", ["the loss", "one bias", "the dtype"])
def test_an_implementation_that_computes_something_else_is_found_out(steps, monkeypatch, wrong):
    def cheat(X, Y, W, b, lr):
        step, parameters = steps.by_hand(X, Y, W, b, lr)
        if wrong == "the loss":
            return lambda: step() * 1.001, parameters
        if wrong == "one bias":
            return step, lambda: [*parameters()[:-1], parameters()[-1] * np.float32(1.01)]
        return step, lambda: [p.astype(float) for p in parameters()]

    monkeypatch.setattr(steps.rivals, "installed", lambda: {"cheat": cheat})
    with pytest.raises(AssertionError, match="cheat"):
        steps.check_agreement(steps.WORKLOADS["tiny"])


def test_the_ratio_compares_within_a_round(steps):
    from benchmarks.timing import Times

    times = Times({"a": [1.0, 10.0, 3.0], "b": [2.0, 20.0, 6.0]})  # a slow machine in the second round
    assert times.ratio("b", "a") == 2
    assert times.seconds("b") == 6
    assert times.beyond("b", "a") == 3

"""The command `tinygrad-edu derive`: equations on the terminal, or a file of NumPy, LaTeX or Markdown."""

import re

import numpy as np
import pytest
from calls import run_module
from test_derive import COURSE

from tinygrad_edu import cli
from tinygrad_edu.command import reports
from tinygrad_edu.functions import binary_cross_entropy
from tinygrad_edu.nn import DeepNetwork

pytestmark = pytest.mark.usefixtures("place")


def test_the_main_job_s_network_has_the_course_s_equations(capsys):
    assert cli.main(["derive"]) == 0
    title, *equations = capsys.readouterr().out.splitlines()
    assert title == "digits, odd or even: 64-128-64-1, relu relu sigmoid"
    assert "\n".join(equations) == COURSE


def test_ten_classes_and_other_layers(capsys):
    assert cli.main(["derive", "--classes", "10", "--layers", "7", "--convention", "gradient", "--shapes"]) == 0
    out = capsys.readouterr().out
    assert "softmax(Z2, axis=0)" in out and "dW2 = dZ2 @ A1.T" in out and "# (10, 64)" in out


def test_shapes_stand_in_columns_that_a_terminal_has(capsys):
    assert cli.main(["derive", "--classes", "10", "--convention", "gradient", "--shapes"]) == 0
    title, *lines = capsys.readouterr().out.splitlines()
    assert [len(line) > 80 for line in lines].count(True) == 1  # dZ3's own equation is that long
    assert len({line.index("  # ") for line in lines if len(line) <= 80}) == 1


def test_shapes_and_a_file_are_refused_together(capsys, place):
    assert cli.main(["derive", "--shapes", "--out", "step.py"]) == 2
    assert "--shapes is for what is printed" in capsys.readouterr().err
    assert not list(place.iterdir())


def test_in_a_terminal_the_equations_are_coloured_and_their_text_stays(capsys, monkeypatch):
    monkeypatch.setattr(reports._Console, "is_terminal", property(lambda self: True))
    monkeypatch.setenv("TERM", "xterm-256color")
    assert cli.main(["derive"]) == 0
    out = capsys.readouterr().out
    assert "\x1b[" in out
    plain = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines()]
    assert "\n".join(plain[1:]) == COURSE


@pytest.mark.parametrize(
    ("suffix", "words"), [("py", "def backward(cache):"), ("tex", "\\end{document}"), ("md", "$$")]
)
def test_a_file_is_written_whole_and_never_over_another(capsys, place, suffix, words):
    assert cli.main(["derive", "--layers", "3", "--out", f"step.{suffix}"]) == 0
    text = (place / f"step.{suffix}").read_text()
    assert words in text
    assert cli.main(["derive", "--layers", "4", "--out", f"step.{suffix}"]) == 2
    assert "this file exists" in capsys.readouterr().err
    assert (place / f"step.{suffix}").read_text() == text
    assert [p.name for p in place.iterdir()] == [f"step.{suffix}"]


def test_the_module_that_is_written_gives_the_engine_s_gradients(place):
    assert cli.main(["derive", "--layers", "3", "--out", "step.py"]) == 0
    rng = np.random.default_rng(0)
    net = DeepNetwork([64, 3, 1], seed=4)
    values = {"X": rng.standard_normal((64, 64)), "Y": rng.integers(0, 2, (1, 64)).astype(float)}
    J = binary_cross_entropy(net(values["X"]), values["Y"])
    J.backward()
    values |= {name: p.data for name, p in net.named_parameters()}
    cost, gradients = run_module((place / "step.py").read_text(), values)
    np.testing.assert_allclose(cost, J.data, rtol=1e-15)
    for name, p in net.named_parameters():
        np.testing.assert_allclose(gradients[f"d{name}"], p.grad.data, rtol=1e-13)


@pytest.mark.parametrize(
    ("out", "words"), [("step.txt", "does not end in .py, .tex, .md"), ("no/step.py", "cannot be written")]
)
def test_a_place_that_does_not_fit_is_named(capsys, place, out, words):
    try:
        status = cli.main(["derive", "--out", out])
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert words in capsys.readouterr().err
    assert not list(place.iterdir())

"""The commands `tinygrad-edu draw` and `stepper`: the graph of a user's own script."""

import subprocess
import sys
import webbrowser

import pytest

from tinygrad_edu import cli

pytestmark = pytest.mark.usefixtures("place")

SCRIPT = """
import sys
import numpy as np
from tinygrad_edu import Tensor
from part import scale
W = Tensor([[1.0, -2.0]], requires_grad=True)
X = np.array([[1.0, 3.0], [2.0, 1.0]])
Z = W @ X
J = (Z * Z).sum() * scale
if __name__ == "__main__":
    raise SystemExit("this part is not run")
"""


@pytest.fixture
def script(place):
    (place / "part.py").write_text("scale = 0.5\n")
    (place / "net.py").write_text(SCRIPT)
    return place


def refused(arguments, capsys):
    """The one line on standard error of a command that fails with status 2."""
    try:
        status = cli.main(arguments)
    except SystemExit as stop:
        status = stop.code
    err = capsys.readouterr().err
    assert status == 2 and err.startswith("tinygrad-edu") and err.count("\n") == 1, err
    return err


@pytest.mark.parametrize("command", ["draw", "stepper"])
def test_the_end_of_the_graph_is_found_and_the_script_s_names_are_in_the_picture(script, capsys, command):
    assert cli.main([command, "net.py"]) == 0
    name = {"draw": "net.svg", "stepper": "net.html"}[command]
    assert capsys.readouterr().out == f"written to {name}\n"
    text = (script / name).read_text(encoding="utf-8")
    assert "Z = W @ X" in text and "Graph of J" in text


def test_a_name_chooses_the_tensor(script, capsys):
    assert cli.main(["draw", "net.py:Z", "--out", "z.dot"]) == 0
    assert "Z = W @ X" in (script / "z.dot").read_text() and "sum(" not in (script / "z.dot").read_text()
    assert cli.main(["draw", "net.py:Z"]) == 0
    assert (script / "net-Z.svg").exists()


def test_the_graph_as_text_fits_into_80_columns(script, capsys):
    assert cli.main(["draw", "net.py", "--text"]) == 0
    out = capsys.readouterr().out
    assert "Z = W @ X\n    matmul · float64\n    value (1, 2) [[-3.0, 1.0]]" in out
    assert max(map(len, out.splitlines())) <= 80
    assert not (script / "net.svg").exists()


def test_options_reach_the_drawing(script, capsys):
    options = ["--direction", "TB", "--theme", "dark", "--no-grads", "--around", "Z", "--group", "none", "--depth", "1"]
    assert cli.main(["draw", "net.py", *options]) == 0
    text = (script / "net.svg").read_text(encoding="utf-8")
    assert "drawn top to bottom" in text and "@media" not in text and "grad" not in text.split("</style>")[1]


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(script, capsys):
    (script / "net.svg").write_text("mine")
    assert "net.svg: this file exists; give --out a new name, or --replace it" in refused(["draw", "net.py"], capsys)
    assert (script / "net.svg").read_text() == "mine"
    assert cli.main(["draw", "net.py", "--replace"]) == 0
    assert (script / "net.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_script_that_goes_elsewhere_or_writes_the_file_itself_loses_nothing(script, capsys):
    (script / "away").mkdir()
    (script / "away" / "net.svg").write_text("mine")
    (script / "move.py").write_text(SCRIPT + "import os\nos.chdir('away')\n")
    assert cli.main(["draw", "move.py", "--out", "net.svg"]) == 0
    assert (script / "away" / "net.svg").read_text() == "mine"
    assert (script / "net.svg").read_text(encoding="utf-8").startswith("<svg")
    for command, name in (("draw", "own.svg"), ("stepper", "own.html")):
        (script / "own.py").write_text(SCRIPT + f"from pathlib import Path\nPath({name!r}).write_text('mine')\n")
        assert f"{name}: this file exists" in refused([command, "own.py"], capsys)
        assert (script / name).read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise GeneratorExit('odd')", "line 1: GeneratorExit: odd"),
        ("class Odd(BaseException): pass\nraise Odd('two\\nlines')", "line 2: Odd: two lines"),
        ("class Odd(Exception):\n    def __str__(self): raise OSError\nraise Odd", "line 3: Odd"),
        ("import sys\nsys.stdout.close()", "odd.py: it closes sys.stdout"),
    ],
)
def test_whatever_a_script_raises_is_one_line(place, text, words):
    (place / "odd.py").write_text(text + "\n")
    run = [sys.executable, "-m", "tinygrad_edu", "draw", "odd.py"]
    done = subprocess.run(run, capture_output=True, text=True, cwd=place)
    assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_a_variable_that_cannot_be_asked_what_it_is_does_no_harm(script):
    odd = "class Odd:\n    @property\n    def __class__(self): raise OSError\nodd = Odd()\n"
    (script / "net.py").write_text(odd + SCRIPT)
    assert cli.main(["draw", "net.py"]) == 0
    assert cli.main(["stepper", "net.py"]) == 0


def test_open_shows_it_in_the_browser(script, capsys, monkeypatch):
    seen = []
    monkeypatch.setattr(webbrowser, "open", lambda address: seen.append(address) or True)
    assert cli.main(["draw", "net.py", "--open"]) == 0
    assert seen == [(script / "net.svg").as_uri()]
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert cli.main(["draw", "net.py", "--open", "--replace"]) == 1
    assert "no browser was found; open" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n1 / 0\n", "net.py, line 2: ZeroDivisionError: division by zero"),
        ("def f(:\n", "net.py, line 1: SyntaxError"),
        ("import sys\nsys.exit(3)\n", "net.py, line 2: SystemExit: 3"),
        ("from nowhere import x\n", "net.py, line 1: ModuleNotFoundError"),
        ("x = 1\n", "net.py: it leaves no computed tensor in a variable (what"),
        ("from tinygrad_edu import Tensor\nW = Tensor(1.0)\n", "it leaves no computed tensor"),
        (
            "from tinygrad_edu import Tensor\nW = Tensor(1.0, requires_grad=True)\na, b = W * 2.0, W * 3.0\n",
            "which tensor? it defines a, b: net.py:NAME",
        ),
    ],
)
def test_a_script_that_will_not_do_is_one_line_with_the_cure(place, capsys, text, words):
    (place / "net.py").write_text(text)
    assert words in refused(["draw", "net.py"], capsys)
    assert [p.name for p in place.iterdir() if p.suffix == ".svg"] == []


def test_a_script_without_a_tensor_is_not_asked_for_a_name(place, capsys):
    (place / "net.py").write_text("x = 1\n")
    err = refused(["draw", "net.py"], capsys)
    assert "which" not in err and "NAME" not in err and err.endswith("is not run).\n")


def test_a_wrong_file_name_or_suffix_is_one_line(script, capsys):
    assert "no.py: no such file; give a Python script" in refused(["draw", "no.py"], capsys)
    assert "net.py:Q: it defines no Q; it defines Z, J" in refused(["draw", "net.py:Q"], capsys)
    assert "net.py:X: X is a ndarray; it defines Z, J" in refused(["draw", "net.py:X"], capsys)
    assert "'-1' is no whole number from 0 on" in refused(["draw", "net.py", "--depth=-1"], capsys)


def test_a_wrong_option_is_refused_with_status_2_before_the_script_is_run(script, capsys):
    (script / "loud.py").write_text("raise SystemExit('it was run')\n")
    assert "'net.jpg' does not end in .svg, .html" in refused(["draw", "loud.py", "--out", "net.jpg"], capsys)
    assert "'net.svg' does not end in .html" in refused(["stepper", "loud.py", "--out", "net.svg"], capsys)
    options = (["--out", "a.svg"], ["--open"], ["--replace"], ["--theme", "dark"], ["--direction", "LR"])
    for option in options:
        assert f"{option[0]} is for a file" in refused(["draw", "loud.py", "--text", *option], capsys)
    assert "nowhere: no such folder" in refused(["draw", "loud.py", "--out", "nowhere/a.svg"], capsys)
    assert "no tensors of this graph are called so" in refused(["draw", "net.py", "--around", "zz"], capsys)


@pytest.mark.parametrize("suffix", [".svg", ".html", ".png", ".pdf", ".dot", ".gv", ".SVG"])
def test_every_suffix_that_the_command_takes_is_written(script, suffix):
    if suffix in (".png", ".pdf"):
        pytest.importorskip("vl_convert", reason="vl-convert-python is not installed: pip install -e '.[images]'")
    assert cli.main(["draw", "net.py", "--out", f"net{suffix}"]) == 0
    assert (script / f"net{suffix}").stat().st_size > 100


def test_a_freed_graph_says_what_to_do(place, capsys):
    text = "from tinygrad_edu import Tensor\nW = Tensor(1.0, requires_grad=True)\nJ = W * W\n"
    (place / "net.py").write_text(text + "J.backward(retain_graph=False)\n")
    assert cli.main(["draw", "net.py:J"]) == 1
    assert "freed by backward(retain_graph=False)" in capsys.readouterr().err

"""The command tests/mutants.py, on a small copy of the checkout: what is killed, what survives, what is claimed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from damage.chapters import Chapter, read_book
from damage.equivalents import CLAIMS, Claim
from damage.reach import Marked, Reach

ROOT = Path(__file__).parents[1]

CHAPTER = '''"""A chapter, z = 1 + x."""

import numpy as np

from ..primitives import primitive


def half_dx(dz, z, x, *, axis=0):
    """dz / 2, "twice"."""
    if axis < 1:
        raise ValueError("axis 1 of 2")
    return dz[::-1] / 2


@primitive(numpy=np.half, dx=half_dx)
def half(x, *, axis: int = 0):
    return np.sum(-x, axis=axis)


turn = primitive(np.turn, name="turn", da=lambda dz, z, a, b: dz - b, db=lambda dz, z, a, b: dz.conj())
'''


def damaged(tmp_path, source):
    path = tmp_path / "chapter.py"
    path.write_text(source)
    return Chapter(path)


def test_every_kind_of_place_is_damaged_and_no_text_for_readers_is(tmp_path):
    after = {m.after for m in damaged(tmp_path, CHAPTER).mutants()}
    rule = "lambda dz, z, a, b: "
    assert after == {
        "def half_dx(dz, z, x, *, axis=1):",
        "if axis <= 1:", "if axis > 1:", "if axis < 2:", "if axis < 0:", "if True:", "if False:",
        "return dz[::-1] * 2", "return dz[::-1]", "return 2", "return 2 / dz[::-1]", "return dz[::1] / 2",
        "return dz[::-2] / 2", "return dz[::-0] / 2", "return dz[:] / 2", "return dz / 2", "return dz[::-1] / 3",
        "return dz[::-1] / 1", "return -(dz[::-1] / 2)", "return None", "return (dz[::-1] / 2).conj()",
        "def half(x, *, axis: int=1):",
        "return -x", "return np.sum(x, axis=axis)", "return np.sum(-x)", "return np.mean(-x, axis=axis)",
        "return -np.sum(-x, axis=axis)",
        rule + "dz + b", rule + "dz", rule + "b", rule + "b - dz", rule + "-(dz - b)", rule + "(dz - b).conj()",
        rule + "dz.conj().conj()", rule + "-dz.conj()",
        "turn = primitive(np.turn, name='turn', da=lambda dz, z, a, b: dz.conj(), db=lambda dz, z, a, b: dz - b)",
    }  # fmt: skip


def test_a_damaged_chapter_is_whole_again_afterwards(tmp_path):
    chapter = damaged(tmp_path, "def f(x):\n    return x - 1\n")
    whole, results = chapter.compiled(), set()
    for mutant in chapter.mutants():
        namespace = {}
        exec(chapter.compiled(mutant), namespace)
        results.add(namespace["f"](5))
    assert results == {6, 5, 1, -4, 3, None}
    assert chapter.compiled().co_code == whole.co_code
    exec(chapter.compiled(), namespace)
    assert namespace["f"](5) == 4


def test_a_damage_reaches_what_uses_the_damaged_name_directly_or_through_others(tmp_path):
    (tmp_path / "low.py").write_text("def f(x):\n    return x + 1\n\n\ndef g(x):\n    return f(x)\n\n\nLONE = 1\n")
    (tmp_path / "high.py").write_text(
        "from .low import g as h\n\n\ndef k(x):\n    return h(x)\n\n\ndef m(g):\n    return g\n"
    )
    low, high = (Chapter(tmp_path / f"{name}.py") for name in ("low", "high"))
    reach = Reach([low, high])
    by_owner = {m.owner: reach.of(m) for m in low.mutants()}
    assert by_owner["f"] == {("low", "f"), ("low", "g"), ("high", "k")}
    assert by_owner["LONE"] == {("low", "LONE")}


def test_a_marked_chapter_notes_which_of_its_names_run(tmp_path):
    source = "def f(x):\n    return [g(i) for i in x]\n\n\ng = dict(h=lambda x: x + 1)['h']\n"
    names = {"__ran__": set()}
    exec(Marked(damaged(tmp_path, source)).compiled(), names)
    assert names["__ran__"] == set()
    assert names["g"](2) == 3
    assert names["__ran__"] == {("chapter", "g")}
    assert names["f"]([1]) == [2]
    assert names["__ran__"] == {("chapter", "g"), ("chapter", "f")}


def test_every_claim_is_about_some_damage_and_gives_a_reason():
    mutants = [m for chapter in read_book().values() for m in chapter.mutants()]
    for claim in CLAIMS:
        assert any(map(claim.covers, mutants)), claim
        assert len(claim.reason) > 10


IDLE = """

idle = primitive(lambda x: x.copy(), name="idle", dx=lambda dz, z, x: dz + 0)
"""
FALSE = Claim("elementwise:multiply", "a sign added", "", "so it is claimed, falsely")
TRUE = Claim("elementwise:idle", "an operand lost", "-> lambda dz, z, x: dz", "adding 0 changes nothing")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The engine and the tests over the samples, with an operation that can be damaged without harm."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "tinygrad_edu", root / "tinygrad_edu", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("samples", "damage"):
        shutil.copytree(ROOT / "tests" / name, root / "tests" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("oracles.py", "conftest.py", "mutants.py", "test_rules.py"):
        shutil.copy(ROOT / "tests" / name, root / "tests" / name)
    shutil.copy(ROOT / "setup.cfg", root)
    append(root / "tinygrad_edu/rules/elementwise.py", IDLE)
    append(root / "tests/samples/elementwise.py", 'sample("idle", normal(3))\n')
    append(root / "tests/damage/equivalents.py", "".join(f"CLAIMS.append(Claim{tuple(c)!r})\n" for c in (FALSE, TRUE)))
    return root


def append(path, text):
    path.write_text(path.read_text() + text)


def run(root, *arguments):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHON"))}
    command = [sys.executable, "tests/mutants.py", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_a_wrong_sign_is_killed_and_a_harmless_damage_survives_and_is_reported(checkout):
    before = sorted(checkout.rglob("*"))
    result = run(checkout, "elementwise:multiply", "elementwise:idle")
    assert result.returncode == 1, result.stderr
    assert sorted(checkout.rglob("*")) == before
    assert max(map(len, result.stdout.splitlines())) <= 80
    out = " ".join(result.stdout.split())
    assert re.search(r"- lambda dz, z, x: dz \+ 0 \+ lambda dz, z, x: dz - 0 no difference found in numbers", out)
    assert re.search(r"\+ lambda dz, z, x: \(dz \+ 0\)\.conj\(\) differs at idle\(\(3,\)\) complex: gradients", out)
    assert re.search(r"\+ lambda dz, z, a, b: -\(dz \* b\) claimed .*so it is claimed, falsely.* killed by tests/", out)
    assert out.count("line") == out.count(" + lambda") == 4  # the two survivors, and the two false claims
    found = re.search(r"elementwise (\d+) (\d+) 0 1 2 all", out)
    assert found, out
    assert int(found[1]) == int(found[2]) + 3


@pytest.mark.slow
def test_a_test_that_fails_without_any_damage_has_no_say(checkout, tmp_path):
    root = tmp_path / "checkout"
    shutil.copytree(checkout, root)
    rules = root / "tinygrad_edu/rules/elementwise.py"
    rules.write_text(rules.read_text().replace("dz + 0", "dz + 1"))
    result = run(root, "elementwise:idle")
    assert result.returncode == 1
    assert re.search(r"\d+ tests fail without any damage, so they have no say:\ntests/test_rules.py::", result.stderr)
    assert "lambda dz, z, x: dz + 2" in result.stdout


def test_a_book_that_cannot_be_imported_is_not_tried(checkout, tmp_path):
    root = tmp_path / "checkout"
    shutil.copytree(checkout, root)
    append(root / "tinygrad_edu/rules/elementwise.py", "missing.idle\n")
    result = run(root, "elementwise:idle")
    assert (result.returncode, result.stdout) == (2, "")
    assert "cannot be tried as it is: ImportError: importing: NameError: name 'missing'" in result.stderr


def test_what_is_not_there_cannot_be_damaged(checkout):
    result = run(checkout, "elementwise:nothing")
    assert (result.returncode, result.stdout) == (2, "")
    assert "nothing to damage in elementwise:nothing" in result.stderr


def test_the_list_shows_each_damage_with_its_place(checkout):
    result = run(checkout, "--list", "elementwise:idle")
    assert result.returncode == 0
    assert re.search(r"elementwise:idle, line \d+: an operand lost\n.*\n    \+ lambda dz, z, x: dz\n", result.stdout)

"""The pages written from the registry are up to date, and say what they claim."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent.parent / "docs"
spec = importlib.util.spec_from_file_location("generate", HERE / "generate.py")
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)

PAGES = {"rules.md": generate.reference, "numpy.md": generate.comparison}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_up_to_date(name):
    written = (HERE / name).read_text()
    series = re.search(r"with NumPy (\S+):", written)[1]
    if series != generate.SERIES:
        pytest.skip(f"{name} was written with NumPy {series}; this is {generate.SERIES}")
    assert written == PAGES[name](), "run `python docs/generate.py`"


def test_an_outdated_page_is_found_and_rewritten(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(generate, "HERE", tmp_path)
    assert generate.main(["--check"]) == 1
    assert not list(tmp_path.iterdir())
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    page = tmp_path / "rules.md"
    page.write_text(page.read_text().replace("da = dz * b", "da = dz * a"))
    assert generate.main(["--check"]) == 1
    assert "rules.md: not up to date" in capsys.readouterr().out


def test_every_operation_of_the_book_stands_in_the_reference():
    text = generate.reference()
    for chapter in generate.CHAPTERS:
        for op in generate.operations(getattr(generate.rules, chapter)):
            if type(op) is generate.Primitive:
                assert f"| `{op.name}` |" in text
    for f in generate.numpy_functions:
        if isinstance(f, np.ufunc) or f.__module__.startswith("numpy"):
            assert f"`{generate.qualified(f)}`" in text


def test_rules_are_quoted_as_they_are_written():
    text = generate.reference()
    for equation in ("`da = dz * b`<br>`db = dz * a`", "`dx = dz * (1 - z * z)`", "`dW = dz @ A.T`<br>`dA = W.T @ dz`"):
        assert equation in text


def test_at_least_95_percent_of_what_hips_autograd_differentiates_is_here():
    names = generate.differentiated_by_hips()
    assert len(names) > 140
    here = [name for name in names if generate.standing_of(name) in ("rule", "composition")]
    assert len(here) >= 0.95 * len(names)


@pytest.mark.parametrize("name", generate.LACKING)
def test_what_hips_autograd_lacks_is_here(name):
    assert generate.standing_of(name) in ("rule", "composition")

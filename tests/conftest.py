"""Tensors that the tests of NumPy's protocols and conversions share, and the place where commands are tried."""

from pathlib import Path

import pytest

import tinygrad_edu as tg


@pytest.fixture
def t() -> tg.Tensor:
    return tg.Tensor([1.0, 2.0, 4.0], requires_grad=True, name="t")


@pytest.fixture
def number() -> tg.Tensor:
    return tg.Tensor(2.0, requires_grad=True, name="number")


@pytest.fixture
def constant() -> tg.Tensor:
    return tg.Tensor([1.0, 2.0, 4.0])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no word about the terminal's width."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture(autouse=True)
def _without_fused_loops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see what a compiled function is without numba, unless they ask for more: bits are compared."""
    if request.module.__name__ not in ("test_benchmarks", "test_compile_fast"):
        monkeypatch.setattr("tinygrad_edu.compiler.compiled.has_numba", lambda: False)

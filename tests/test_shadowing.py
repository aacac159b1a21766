"""A learner's own visualize.py does not run in place of ours, and is named."""

import os
import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from tinygrad_edu.errors import TinygradEduError
from tinygrad_edu.shadowing import ShadowedModuleError, import_visualize

ROOT = Path(__file__).resolve().parent.parent


def run(program, cwd):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *program], cwd=cwd, env=environment, capture_output=True, text=True)


def test_ours_is_imported():
    assert Path(import_visualize().__file__) == ROOT / "visualize" / "__init__.py"


def test_the_error_is_ours_and_an_import_error():
    assert issubclass(ShadowedModuleError, TinygradEduError) and issubclass(ShadowedModuleError, ImportError)


@pytest.mark.parametrize("name", ["visualize.py", "visualize/__init__.py"])
def test_another_file_of_that_name_is_named_and_not_run(tmp_path, monkeypatch, name):
    other = tmp_path / name
    other.parent.mkdir(exist_ok=True)
    other.write_text("raise SystemExit('the wrong file ran')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ShadowedModuleError, match="rename that file") as caught:
        import_visualize()
    assert str(other) in str(caught.value)


def test_a_folder_of_that_name_without_init_does_no_harm(tmp_path, monkeypatch):
    (tmp_path / "visualize").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert Path(import_visualize().__file__) == ROOT / "visualize" / "__init__.py"


def test_nothing_to_import_says_to_install_anew(monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [PathFinder])
    with pytest.raises(ShadowedModuleError, match=r"Python finds none, or install tinygrad_edu anew"):
        import_visualize()


def test_an_editable_install_is_found_through_its_own_finder(monkeypatch):
    class Editable:
        @staticmethod
        def find_spec(name, path=None, target=None):
            return PathFinder.find_spec(name, [str(ROOT)])

    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Editable])
    assert Path(import_visualize().__file__) == ROOT / "visualize" / "__init__.py"


def test_draw_of_a_script_beside_its_own_visualize_names_that_file(tmp_path):
    (tmp_path / "visualize.py").write_text("print('the wrong file ran')")
    (tmp_path / "script.py").write_text(
        "from tinygrad_edu import Tensor\n"
        "try:\n"
        "    (Tensor(1.0, requires_grad=True) * 2).draw()\n"
        "except ImportError as error:\n"
        "    print('refused:', error)\n"
    )
    result = run(["script.py"], tmp_path)
    assert result.stdout.startswith("refused: ") and str(tmp_path / "visualize.py") in result.stdout
    assert "wrong" not in result.stdout and result.stderr == ""


def test_the_command_names_it_before_it_trains_and_writes_nothing(tmp_path):
    (tmp_path / "visualize.py").write_text("print('the wrong file ran')")
    result = run(["-m", "tinygrad_edu", "train", "--epochs", "1"], tmp_path)
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr.count("\n") == 1 and str(tmp_path / "visualize.py") in result.stderr
    assert sorted(os.listdir(tmp_path)) == ["visualize.py"]

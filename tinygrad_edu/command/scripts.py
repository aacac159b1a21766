"""Run a user's script and find the tensor to draw.  Floor 7."""

import os
import runpy
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DataError
from ..tensor import Tensor
from ..tracing import inputs_first

__all__ = ["Found", "find_tensor", "script_and_name"]


class Found(NamedTuple):
    """A tensor of a script, what the script calls it, and all of the script's variables."""

    tensor: Tensor
    name: str
    variables: Mapping[str, Any]


def script_and_name(text: str) -> tuple[Path, str | None]:
    """FILE.py:name, or FILE.py alone.

    >>> script_and_name("net.py:J")[1], script_and_name("net.py")[1]
    ('J', None)
    """
    file, colon, name = text.rpartition(":")
    return (Path(file), name) if colon and file.endswith(".py") else (Path(text), None)


def find_tensor(text: str) -> Found:
    """The tensor that FILE.py:name means; without a name, the only end of a graph that the script leaves in a variable.

    The script runs as it does when it is imported: what stands under `if __name__ == "__main__":` is left out.
    Raises DataError for a script that is not there, fails, or defines no such tensor.
    """
    path, name = script_and_name(text)
    if not path.is_file():
        raise DataError(f"{path}: no such file; give a Python script, FILE.py or FILE.py:name.")
    variables = _run(path)
    if name is not None:
        if type(variables.get(name)) is not Tensor:
            what = f"{name} is a {type(variables[name]).__name__}" if name in variables else f"it defines no {name}"
            raise DataError(f"{text}: {what}; {_choice(variables)}.")
        return Found(variables[name], name, variables)
    ends = _ends(variables)
    if not ends:
        raise DataError(f"{path}: {_choice(variables)}.")
    if len(ends) != 1:
        raise DataError(f"{path}: which tensor? {_choice(variables, ends)}: {path}:NAME.")
    ((end, tensor),) = ends.items()
    return Found(tensor, end, variables)


def _run(path: Path) -> dict[str, Any]:
    """The variables of the script."""
    here = os.getcwd()
    arguments, places, streams = sys.argv, list(sys.path), (sys.stdout, sys.stderr)
    sys.argv, sys.path[:0] = [str(path)], [str(path.resolve().parent)]
    try:
        variables = runpy.run_path(str(path), run_name=path.stem)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise DataError(f"{_place(path, error)}: {type(error).__name__}{_said(error)}") from error
    finally:
        sys.argv, sys.path[:], (sys.stdout, sys.stderr) = arguments, places, streams
        with suppress(OSError):  # the script may have taken the folder away
            os.chdir(here)
    if sys.stdout.closed:
        raise DataError(f"{path}: it closes sys.stdout, where the command has to write.")
    return variables


def _said(error: BaseException) -> str:
    """What an error says, on one line; nothing where it cannot say it."""
    try:
        text = " ".join(str(error).split())
    except Exception:
        return ""
    return f": {text}" if text else ""


def _place(path: Path, error: BaseException) -> str:
    """Where in the script it went wrong."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}, line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path}, line {lines[-1]}" if lines else str(path)


def _tensors(variables: Mapping[str, Any]) -> dict[str, Tensor]:
    """The computed tensors that have a name, each once."""
    found: dict[str, Tensor] = {}
    for name, x in variables.items():
        if (
            type(x) is Tensor
            and not x.is_leaf
            and not name.startswith("_")
            and all(x is not other for other in found.values())
        ):
            found[name] = x
    return found


def _ends(variables: Mapping[str, Any]) -> dict[str, Tensor]:
    """Those that no other one was made from."""
    tensors = _tensors(variables)
    used = {t for end in tensors.values() for t in inputs_first(end)[:-1]}
    return {name: t for name, t in tensors.items() if t not in used}


def _choice(variables: Mapping[str, Any], ends: Mapping[str, Tensor] | None = None) -> str:
    names = list(ends or _tensors(variables))
    if not names:
        return 'it leaves no computed tensor in a variable (what stands under `if __name__ == "__main__":` is not run)'
    return f"it defines {', '.join(names)}"

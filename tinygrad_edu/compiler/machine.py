"""Machine code for loops: numba compiles their text, once, and keeps the code in the user's cache directory.  Floor 6.

numba is the extra `tinygrad_edu[fast]`; this is the one file that knows it, and it is imported where a loop is made.
"""

import functools
import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba import njit, types
from numba.extending import intrinsic
from numba.misc.appdirs import user_cache_dir

from .loops import Loop

__all__ = ["machine_code", "plus"]

#: What a loop's text may call.
IMPORTS = """from math import exp, expm1, inf, log, log1p, nan, sqrt

from numba import float32, float64

from tinygrad_edu.compiler.machine import plus


"""


@intrinsic
def plus(typing: Any, a: Any, b: Any) -> Any:
    """a + b, in any order of many of them: so a sum can be taken several entries at a time."""

    def code(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
        return builder.fadd(*operands, flags=("reassoc",))

    return a(a, a), code


def machine_code(loop: Loop) -> Callable[..., None]:
    """The loop, to be called with its parameters' arrays."""
    return _compiled(loop.text, loop.signature)


@functools.cache
def _compiled(text: str, signature: tuple[tuple[str, int, bool], ...]) -> Callable[..., None]:
    wanted = types.void(*(_type(*each) for each in signature))
    try:
        function = _from_file(IMPORTS + text, str(wanted))
        return njit(wanted, cache=True, error_model="numpy")(function)
    except Exception:  # nowhere to write, or what is there was damaged: the code does not need the file
        names: dict[str, Any] = {}
        exec(IMPORTS + text, names)
        return njit(wanted, error_model="numpy")(names["loop"])


def _type(dtype: str, axes: int, written: bool) -> Any:
    """Any contiguous array; what is not written to may be read-only, and lie anywhere."""
    return types.Array(getattr(types, dtype), axes, "C", readonly=not written, aligned=written)


def _from_file(text: str, signature: str) -> Any:
    """The function from a file with this text, beside which numba keeps the machine code."""
    key = hashlib.sha256(f"{text}{signature}{numba.__version__}".encode()).hexdigest()[:24]
    folder = Path(user_cache_dir("tinygrad_edu", False))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"loop_{key}.py"
    if not path.exists() or path.read_text() != text:  # numba trusts a file as long as it is as old as it was
        handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(name).replace(path)
    spec = importlib.util.spec_from_file_location(f"tinygrad_edu.compiler.{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # where the kept code looks for it
    spec.loader.exec_module(module)
    return module.loop

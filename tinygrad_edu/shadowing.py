"""Import `visualize`, and be sure that it is ours.  Floor 1.

It is a top-level package, so a learner's own `visualize.py` beside their script would shadow it.
"""

from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from .errors import ShadowedModuleError

__all__ = ["import_visualize"]


def import_visualize() -> ModuleType:
    """The package `visualize` that was installed with this one.

    Raises ShadowedModuleError, naming the file in the way, before anything of that file runs.
    """
    ours = Path(__file__).resolve().parent.parent / "visualize" / "__init__.py"
    spec = PathFinder.find_spec("visualize")
    if spec is None or spec.origin is None or Path(spec.origin).resolve() != ours:
        found = spec.origin if spec is not None and spec.origin else "nothing"
        raise ShadowedModuleError(
            f"drawing needs the package `visualize` beside tinygrad_edu, and Python would import {found}: "
            f"rename that file, or install tinygrad_edu anew if there is none."
        )
    import visualize

    return visualize

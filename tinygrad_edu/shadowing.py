"""Import `visualize`, and be sure that it is ours.  Floor 1.

It is a top-level package, so a learner's own `visualize.py` beside their script would shadow it.
"""

import sys
from pathlib import Path
from types import ModuleType

from .errors import ShadowedModuleError

__all__ = ["import_visualize"]


def import_visualize() -> ModuleType:
    """The package `visualize` that was installed with this one.

    Raises ShadowedModuleError, naming the file in the way, before anything of that file runs.
    """
    ours = Path(__file__).resolve().parent.parent / "visualize" / "__init__.py"
    specs = (finder.find_spec("visualize", None) for finder in sys.meta_path)  # an editable install has its own finder
    spec = next((found for found in specs if found is not None), None)
    if spec is None or spec.origin is None or Path(spec.origin).resolve() != ours:
        cure = f"Python would import {spec.origin}: rename that file" if spec and spec.origin else "Python finds none"
        raise ShadowedModuleError(
            f"drawing needs the package `visualize` beside tinygrad_edu, and {cure}, or install tinygrad_edu anew."
        )
    import visualize

    return visualize

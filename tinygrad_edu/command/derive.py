"""`tinygrad-edu derive`: the equations of backprop, read out of the main job's network.  Floor 7."""

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..derivation import Derivation
from ..derivation import derive as read_out
from ..errors import DataError
from ..functions import binary_cross_entropy, cross_entropy
from ..nn import DeepNetwork
from ..tensor import Tensor
from ..training import targets
from .reports import Reporter
from .tasks import digits_task

__all__ = ["SUFFIXES", "derive"]

EXAMPLES = 64  # the batches of `train`; the equations call it m


def derive(options: argparse.Namespace) -> int:
    """`tinygrad-edu derive`: print the derivation, or write it as NumPy, LaTeX or Markdown."""
    if options.shapes and options.out is not None:
        raise DataError("--shapes is for what is printed; leave it out with --out (FILE.md has the shapes anyway).")
    task = digits_task(options.classes, float)
    outputs, last = (1, "sigmoid") if task.classes == 2 else (task.classes, "softmax")
    sizes = [len(task.split.X_train), *options.layers, outputs]
    net = DeepNetwork(sizes, ["relu"] * len(options.layers) + [last], seed=1)
    X = Tensor(task.split.X_train[:, :EXAMPLES], name="X")
    Y = Tensor(targets(net, task.split.y_train[:EXAMPLES]), name="Y")
    J = binary_cross_entropy(net(X), Y) if task.classes == 2 else cross_entropy(net.logits(X), Y, axis=0)
    J.name = "J"
    d = read_out(J, convention=options.convention, names={"m": EXAMPLES})
    report = Reporter()
    if options.out is None:
        report.title(f"{task.title}: {'-'.join(map(str, sizes))}, {' '.join(net.activations)}")
        report.code(d.text(shapes=options.shapes))
    else:
        report.title(f"{_write(Path(options.out), SUFFIXES[Path(options.out).suffix.lower()](d))}")
    return 0


def _latex(d: Derivation) -> str:
    return (
        "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n"
        f"\\begin{{equation*}}\n{d.latex()}\n\\end{{equation*}}\n\\end{{document}}\n"
    )


def _markdown(d: Derivation) -> str:
    return f"# Backprop\n\n```python\n{d.text(shapes=True)}\n```\n\n$$\n{d.latex()}\n$$\n"


#: What is written, by the end of the file's name.
SUFFIXES: dict[str, Callable[[Derivation], str]] = {".py": Derivation.source, ".tex": _latex, ".md": _markdown}


def _write(path: Path, text: str) -> Path:
    """The file, whole or not at all.  Raises DataError if it exists or cannot be made."""
    if os.path.lexists(path):
        raise DataError(f"{path}: this file exists; give --out a new name.")
    try:
        handle, unfinished = tempfile.mkstemp(prefix=".unfinished-", dir=path.parent)
        try:
            with open(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(unfinished, 0o644)
            os.rename(unfinished, path)
        except BaseException:
            os.unlink(unfinished)
            raise
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error}); change --out.") from error
    return path

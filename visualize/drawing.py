"""`draw(t)`: a picture of the graph that made t.

J.backward()
draw(J, names={"J": J}).save("graph.svg")
"""

import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from .box import Box, box_of
from .errors import OptionError, SaveError
from .graph import Step, read_graph
from .layout import lay_out
from .source import dot_of
from .svg import svg_of
from .text import cut

__all__ = ["Drawing", "draw"]

#: Which way the data flows.
DIRECTIONS = {"LR": "left to right", "TB": "top to bottom", "RL": "right to left", "BT": "bottom to top"}


def draw(
    t: Any,
    *,
    names: Mapping[str, Any] | None = None,
    direction: str = "LR",
    values: bool = True,
    grads: bool = True,
    shapes: bool = True,
) -> "Drawing":
    """The graph that made t: each tensor a box with its equation, shape, value and gradient.

    names: names for tensors and arrays that have none of their own, {"Y": Y}; names=locals() will do.
    Tensors without any name are called t1, t2, ..., bare arrays c1, c2, ....
    direction: "LR" (left to right), "TB" (top to bottom: narrower, for deep networks), "RL" or "BT".
    values, grads, shapes: whether the boxes show them.  An array of up to 4 entries is shown in full, else its
    range; hold the pointer over a box for every digit and uncut names.
    grads: the gradients of t, computed for the picture alone; `.grad` is neither read nor written, and
    backward() need not have been called.  A t with several entries is drawn without gradients.
    Colour and outline tell parameters (orange, rounded), inputs (blue, folded corner), bare arrays (pink, cut
    corners) and results (green) apart; the end has a thick border.
    Raises NotDrawableError, OptionError, GraphTooLargeError (more than 400 tensors), GraphFreedError and
    ChangedDataError; and LayoutError once the picture is wanted and no layout engine is installed.

    >>> from tinygrad_edu import Tensor
    >>> a, b = Tensor(2.0, requires_grad=True, name="a"), Tensor(-3.0, requires_grad=True, name="b")
    >>> draw(a * b + a)
    <Drawing of t2: 4 tensors>
    """
    if direction not in DIRECTIONS:
        raise OptionError(f"direction={direction!r}: the directions are {', '.join(DIRECTIONS)}.")
    steps = read_graph(t, names, grads)
    boxes = [box_of(step, values=values, shapes=shapes) for step in steps]
    return Drawing(boxes, direction, cut(steps[-1].name, 60), _description(steps, direction, grads))


@final
class Drawing:
    """A picture of a graph, laid out when it is first looked at.  It shows the graph as it was when drawn.

    svg: the picture as text.  source: the graph in DOT.  A notebook shows it by itself.
    """

    def __init__(self, boxes: Sequence[Box], direction: str, name: str, description: str):
        self._boxes = tuple(boxes)
        self._direction = direction
        self._name = name
        self._description = description
        self._svg: str | None = None

    def __repr__(self) -> str:
        count = len(self._boxes)
        return f"<Drawing of {self._name}: {count} tensor{'s' if count > 1 else ''}>"

    @property
    def svg(self) -> str:
        """The picture: one SVG document that needs nothing beside it.  Raises LayoutError."""
        if self._svg is None:
            layout = lay_out(self._boxes, self._direction)
            self._svg = svg_of(self._boxes, layout, f"Graph of {self._name}", self._description)
        return self._svg

    @property
    def source(self) -> str:
        """The graph in DOT, with every text, for Graphviz and its relatives; needs no layout engine.

        >>> from tinygrad_edu import Tensor
        >>> print(draw(Tensor(1.0, name="x")).source)
        digraph tinygrad_edu {...x\\linput · float64\\lvalue 1.0\\l...}
        """
        return dot_of(self._boxes, self._direction, self._description)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file, as its suffix says: .svg, or .dot (.gv).  Returns the path.

        The file is whole or not there: a failure leaves what stood there before.
        Raises OptionError for another suffix, SaveError where the file cannot be written, LayoutError.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in (".svg", ".dot", ".gv"):
            raise OptionError(
                f"cannot save {path.name!r}: a drawing is saved as .svg or .dot. "
                f"For a PNG or PDF, open the .svg in a browser and print it, or run `rsvg-convert`."
            )
        text = self.svg if suffix == ".svg" else self.source
        _write_whole(path, text)
        return path

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}


def _write_whole(path: Path, text: str) -> None:
    """Write beside the target, then rename: nobody ever sees half a file."""
    beside = path.with_name(f".draw-{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        try:
            beside.write_text(text, encoding="utf-8", newline="\n")
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise SaveError(f"cannot write {path}: {error.strerror or error}.") from error


def _description(steps: Sequence[Step], direction: str, grads: bool) -> str:
    """The picture in words, for those who do not see it: what it holds, then every equation."""
    counts = Counter(step.kind for step in steps)
    kinds = ", ".join(f"{counts[k]} {k}{'s' if counts[k] > 1 else ''}" for k in counts)
    end = steps[-1]
    lines = [f"The computation of {end.name}, drawn {DIRECTIONS[direction]}: {kinds}."]
    if grads and end.gradient is None:
        size = math.prod(end.shape)
        why = (
            "depends on no tensor with requires_grad=True" if size == 1 else f"has {size} entries; take its sum or mean"
        )
        lines.append(f"Without gradients: {end.name} {why}.")
    lines += [step.equation for step in steps if step.kind == "result"]
    return "\n".join(lines)

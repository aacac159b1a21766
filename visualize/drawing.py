"""`draw(t)`: a picture of the graph that made t.

J.backward()
draw(J, names={"J": J}).save("graph.svg")
"""

import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, final

import numpy as np

from .canvas import THEMES
from .errors import OptionError
from .files import pdf_of, png_of, save
from .graph import Graph, read_graph
from .graph_pages import graph_page
from .layout import lay_out
from .scenes import GROUPS, Look, Scene, scene
from .source import dot_of
from .svg import svg_of
from .text import counted, cut

__all__ = ["Drawing", "draw"]

#: Which way the data flows.
DIRECTIONS = {"LR": "left to right", "TB": "top to bottom", "RL": "right to left", "BT": "bottom to top"}


def draw(
    t: Any,
    *,
    names: Mapping[str, Any] | None = None,
    direction: str = "TB",
    values: bool = True,
    grads: bool = True,
    shapes: bool = True,
    group: str = "auto",
    depth: int | None = None,
    around: Any = None,
    theme: str = "auto",
) -> "Drawing":
    """The graph that made t: each tensor a box with its equation, shape, value and gradient.

    names: names for tensors and arrays that have none of their own, {"Y": Y}; names=locals() will do.
    Tensors without any name are called t1, t2, ..., bare arrays c1, c2, ....
    direction: "TB" (top to bottom), "LR" (left to right: for a few boxes), "RL" or "BT".
    values, grads, shapes: whether the boxes show them.  An array of up to 4 entries is shown in full, else its range,
    mean and histogram; hold the pointer over a box for every digit and uncut names.
    grads: the gradients of t, computed for the picture alone; `.grad` is neither read nor written, and
    backward() need not have been called.  They flow back along dashed arrows, each with the rule that ran; where
    several meet in a box, it shows their sum.  A t with several entries, or a complex one, is drawn without gradients.
    group: what is framed: "layers" (what the names W1, b1, Z1, A1 tell), "modules" (what each nn.Module made),
    "auto" (both) or "none".  depth: how many levels of frames are open; what is deeper is one box.
    around: a tensor or array of the graph, or its name: only its neighbourhood, at most two steps away.
    theme: "auto" follows the reader's light or dark scheme; or "light" or "dark".
    Up to 60 tensors stand in full, and up to 300 in short boxes if most results have names.  Beyond, layers and
    modules are closed and what is alike is one box ("16 × relu"), until 60 are left; the picture says what it left out.
    Colour and outline tell parameters (orange, rounded), inputs (blue, folded corner), bare arrays (pink, cut
    corners), results (green) and what stands for many (a second sheet behind it) apart; the end has a thick border.
    Raises NotDrawableError, OptionError, GraphFreedError and ChangedDataError; and LayoutError once the picture is
    wanted and no layout engine is installed.

    >>> from tinygrad_edu import Tensor
    >>> a, b = Tensor(2.0, requires_grad=True, name="a"), Tensor(-3.0, requires_grad=True, name="b")
    >>> draw(a * b + a)
    <Drawing of t2: 4 tensors>
    """
    _check("direction", direction, DIRECTIONS)
    _check("group", group, GROUPS)
    _check("theme", theme, ("auto", *THEMES))
    for option, value in (("values", values), ("grads", grads), ("shapes", shapes)):
        if not isinstance(value, int | np.bool_):
            raise OptionError(f"{option}={value!r}: it is True or False.")
    if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or depth < 0):
        raise OptionError(f"depth={depth!r}: how many levels of frames are open, a whole number from 0 on.")
    graph = read_graph(t, names, grads)
    centre = None if around is None else _found(graph, around)
    picture = scene(graph, Look(values, grads, shapes, group, depth), centre)
    return Drawing(
        picture, direction, theme, cut(picture.boxes[-1].name, 60), _description(graph, picture, direction, grads)
    )


@final
class Drawing:
    """A picture of a graph, laid out when it is first looked at.  It shows the graph as it was when drawn.

    svg: the picture as text.  source: the graph in DOT.  A notebook shows it by itself.
    print(drawing): the graph as lines of text, for terminals and for those who do not see it.
    """

    def __init__(self, scene: Scene, direction: str, theme: str, name: str, description: str):
        self._scene = scene
        self._direction = direction
        self._theme = theme
        self._name = name
        self._description = description
        self._svg: str | None = None

    def __repr__(self) -> str:
        count = sum(box.stands_for for box in self._scene.boxes)
        return f"<Drawing of {self._name}: {counted(count, 'tensor')}>"

    def __str__(self) -> str:
        boxes = (["".join(text for text, _ in row.pieces) for row in box.rows] for box in self._scene.boxes)
        return "\n".join("\n    ".join(rows) for rows in boxes)

    @property
    def svg(self) -> str:
        """The picture: one SVG document that needs nothing beside it.  Raises LayoutError."""
        if self._svg is None:
            layout = lay_out(self._scene, self._direction)
            self._svg = svg_of(self._scene, layout, f"Graph of {self._name}", self._description, self._theme)
        return self._svg

    @property
    def source(self) -> str:
        """The graph in DOT, with every text, for Graphviz and its relatives; needs no layout engine.

        >>> from tinygrad_edu import Tensor
        >>> print(draw(Tensor(1.0, name="x")).source)
        digraph tinygrad_edu {...x\\linput · float64\\lvalue 1.0\\l...}
        """
        return dot_of(self._scene, self._direction, self._description)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file, as its suffix says: .svg, .html, .png, .pdf, or .dot (.gv).  Returns the path.

        .html: a page with the picture and the table of its boxes.  .png (twice the size) and .pdf need the extra
        `images`.  The file is whole or not there: a failure leaves what stood there before.
        Raises OptionError for another suffix, SaveError where the file cannot be written, LayoutError.
        """
        return save(path, self, WRITERS, "a drawing")

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}


def _check(option: str, value: Any, known: Collection[str]) -> None:
    if not isinstance(value, str) or value not in known:
        raise OptionError(f"{option}={value!r}: it is one of {', '.join(known)}.")


def _found(graph: Graph, around: Any) -> int:
    """The number of the tensor or array, or of the one with this name."""
    if isinstance(around, str):
        called = [i for i, name in enumerate(graph.names) if name == around]
        if len(called) != 1:
            raise OptionError(f"around={around!r}: {len(called) or 'no'} tensors of this graph are called so.")
        return called[0]
    number = graph.number_of(around)
    if number is None:
        raise OptionError(
            f"around=: this {type(around).__name__} is not in the graph of {graph.whole(len(graph) - 1)}."
        )
    return number


def _description(graph: Graph, scene: Scene, direction: str, grads: bool) -> str:
    """The picture in words, for those who do not see it: what it holds, then every equation."""
    end = len(graph) - 1
    counts = Counter(graph.kind(i) for i in range(len(graph)))
    kinds = ", ".join(counted(n, kind) for kind, n in counts.items())
    lines = [f"The computation of {graph.whole(end)}, drawn {DIRECTIONS[direction]}: {kinds}.", scene.note]
    if grads and end not in graph.gradients:
        data = graph.data(end)
        why = "depends on no tensor with requires_grad=True"
        if data.size != 1:
            why = f"has {data.size} entries; take its sum or mean"
        elif data.dtype.kind == "c":
            why = "is complex; take its real part, or its size"
        lines.append(f"Without gradients: {graph.whole(end)} {why}.")
    lines += [box.title.split("\n")[0] for box in scene.boxes if box.kind in ("result", "group")]
    return "\n".join(filter(None, lines))


#: What each suffix writes.
WRITERS: dict[str, Callable[[Drawing], str | bytes]] = {
    ".svg": lambda drawing: drawing.svg,
    ".html": lambda drawing: graph_page(drawing._scene, drawing.svg, drawing._name, drawing._description),
    ".png": lambda drawing: png_of(drawing.svg),
    ".pdf": lambda drawing: pdf_of(drawing.svg),
    ".dot": lambda drawing: drawing.source,
    ".gv": lambda drawing: drawing.source,
}

"""The graph as standard DOT, with the real texts: for `dot`, for other viewers, for editing by hand."""

from typing import Any

import graphviz

from .box import FONT_SIZE
from .canvas import THEMES
from .layout import LABEL_COLUMNS
from .scenes import Scene
from .text import cut

__all__ = ["dot_of"]

#: Graphviz's own outlines for the same five kinds as in the SVG.
SHAPES = {
    "parameter": {"shape": "box", "style": "filled,rounded"},
    "input": {"shape": "note", "style": "filled"},
    "constant": {"shape": "octagon", "style": "filled"},
    "result": {"shape": "box", "style": "filled"},
    "group": {"shape": "box3d", "style": "filled"},
}

#: Graphviz cannot read more than 16384 bytes in one piece of a string; a name may be longer.
PIECE = 2000
CONTINUED = "\\\n"


def dot_of(scene: Scene, direction: str, title: str) -> str:
    """DOT that any Graphviz reads; every text is escaped, so it is shown as it is."""
    dot = graphviz.Digraph("tinygrad_edu")
    dot.attr("graph", rankdir=direction, nodesep="0.25", ranksep="0.4", charset="UTF-8", tooltip=_escaped(title))
    dot.attr("graph", fontname="monospace", fontsize=str(FONT_SIZE), label=_escaped(scene.note))
    dot.attr("node", fontname="monospace", fontsize=str(FONT_SIZE))
    dot.attr("edge", fontname="monospace", fontsize=str(FONT_SIZE), arrowsize="0.8")
    colours = THEMES["light"]
    for box in scene.boxes:
        fill, stroke = colours[box.kind].split()
        dot.node(
            box.id,
            label="".join(_escaped("".join(text for text, _ in row.pieces)) + r"\l" for row in box.rows),
            tooltip=_escaped(box.title),
            fillcolor=fill,
            color=stroke,
            penwidth="3.5" if box.id == scene.end else "1.5",
            **SHAPES[box.kind],
        )
    _add_frames(dot, scene, None)
    for edge in scene.edges:
        if edge.kind == "forward":
            dot.edge(edge.tail, edge.head)
        else:
            label, colour = _escaped(cut(edge.text, LABEL_COLUMNS)), colours["gradient"]
            text = {"label": label, "tooltip": _escaped(edge.text), "fontcolor": colour} if edge.text else {}
            dot.edge(edge.tail, edge.head, dir="back", style="dashed", color=colour, **text)
    return str(dot.source)


def _add_frames(dot: Any, scene: Scene, parent: int | None) -> None:
    for number, frame in enumerate(scene.frames):
        if frame.parent == parent:
            with dot.subgraph(name=f"cluster_{number}") as inner:
                colours = {"bgcolor": THEMES["light"]["frame"], "color": THEMES["light"]["quiet"]}
                inner.attr(label=_escaped(frame.title), labeljust="l", margin="12", **colours)
                for box in frame.boxes:
                    inner.node(box)
                _add_frames(inner, scene, number)


def _escaped(text: str) -> str:
    r"""Text as a DOT label means it: no `\N`, no HTML entity, no line but its own.

    >>> print(_escaped("a\\N &lt; <b>"))
    a\\N &amp;lt; <b>
    """
    whole = r"\n".join(CONTINUED.join(map(_escaped_piece, _pieces(line))) for line in text.split("\n"))
    return graphviz.nohtml(whole)  # not HTML, even if it is all between < and >


def _escaped_piece(text: str) -> str:
    return str(graphviz.escape(text.replace("&", "&amp;")))


def _pieces(line: str) -> list[str]:
    return [line[i : i + PIECE] for i in range(0, len(line), PIECE)]

"""The graph as standard DOT, with the real texts: for `dot`, for other viewers, for editing by hand."""

from collections.abc import Sequence

import graphviz

from .box import FONT_SIZE, Box
from .svg import THEMES

__all__ = ["dot_of"]

#: Graphviz's own outlines for the same four kinds as in the SVG.
SHAPES = {
    "parameter": {"shape": "box", "style": "filled,rounded"},
    "input": {"shape": "note", "style": "filled"},
    "constant": {"shape": "octagon", "style": "filled"},
    "result": {"shape": "box", "style": "filled"},
}

#: Graphviz cannot read more than 16384 bytes in one piece of a string; a name may be longer.
PIECE = 2000
CONTINUED = "\\\n"


def dot_of(boxes: Sequence[Box], direction: str, title: str) -> str:
    """DOT that any Graphviz reads; every text is escaped, so it is shown as it is."""
    dot = graphviz.Digraph("tinygrad_edu")
    dot.attr("graph", rankdir=direction, nodesep="0.25", ranksep="0.4", charset="UTF-8", tooltip=_escaped(title))
    dot.attr("node", fontname="monospace", fontsize=str(FONT_SIZE))
    dot.attr("edge", arrowsize="0.8")
    for box in boxes:
        fill, stroke = THEMES["light"][box.kind].split()
        dot.node(
            box.id,
            label="".join(_escaped("".join(part for part, _ in line)) + r"\l" for line in box.lines),
            tooltip=_escaped(box.title),
            fillcolor=fill,
            color=stroke,
            penwidth="3.5" if box is boxes[-1] else "1.5",
            **SHAPES[box.kind],
        )
    for box in boxes:
        for x in box.inputs:
            dot.edge(x, box.id)
    return str(dot.source)


def _escaped(text: str) -> str:
    r"""Text as a DOT label means it: no `\N`, no HTML entity, no line but its own.

    >>> print(_escaped("a\\N &lt; <b>"))
    a\\N &amp;lt; <b>
    """
    return r"\n".join(CONTINUED.join(map(_escaped_piece, _pieces(line))) for line in text.split("\n"))


def _escaped_piece(text: str) -> str:
    return str(graphviz.escape(text.replace("&", "&amp;")))


def _pieces(line: str) -> list[str]:
    return [line[i : i + PIECE] for i in range(0, len(line), PIECE)]

"""Where the boxes go: Graphviz, inside pygraphviz's wheel or as a `dot` on the PATH.

Graphviz is told the size of each box and nothing of what it says, so no font and no name can change or break
the layout: the same graph gets the same coordinates on every machine with the same Graphviz.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import graphviz

from .box import Box
from .errors import LayoutError

__all__ = ["Arrow", "Layout", "lay_out", "layout_dot"]

#: The most columns of boxes that all arrows together may pass over: beyond that, leading them around the boxes
#: would take more than a second, and they are straight lines under the boxes.
DETOURS = 4000

POINTS_PER_INCH = 72

_one_at_a_time = threading.Lock()  # Graphviz keeps global state


@dataclass(frozen=True, slots=True)
class Arrow:
    """points: start, then three control points per Bézier segment; tip: where the arrow head ends."""

    tail: str
    head: str
    points: tuple[tuple[float, float], ...]
    tip: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """Coordinates with y downwards; centres by box id."""

    width: float
    height: float
    centres: dict[str, tuple[float, float]]
    arrows: tuple[Arrow, ...]


def layout_dot(boxes: Sequence[Box], direction: str) -> str:
    """The DOT that Graphviz lays out: ids and sizes."""
    dot = graphviz.Digraph("tinygrad_edu")
    dot.attr("graph", rankdir=direction, nodesep="0.25", ranksep="0.4", nslimit="1", charset="UTF-8")
    if _passed_over(boxes) > DETOURS:
        dot.attr("graph", splines="line", mclimit="0.2")
    dot.attr("node", shape="box", label="", fixedsize="true")
    dot.attr("edge", arrowsize="0.8")
    for box in boxes:
        dot.node(box.id, width=f"{box.width / POINTS_PER_INCH:.4f}", height=f"{box.height / POINTS_PER_INCH:.4f}")
    for box in boxes:
        for x in box.inputs:
            dot.edge(x, box.id)
    return str(dot.source)


def _passed_over(boxes: Sequence[Box]) -> int:
    """How many columns of boxes the arrows pass over: what the layout's time grows with."""
    column: dict[str, int] = {}
    for box in boxes:  # inputs come before their users
        column[box.id] = 1 + max((column[x] for x in box.inputs), default=-1)
    return sum(column[box.id] - column[x] - 1 for box in boxes for x in box.inputs)


def lay_out(boxes: Sequence[Box], direction: str) -> Layout:
    """Place the boxes and route the arrows.  Raises LayoutError where there is no Graphviz."""
    placed = json.loads(_run_dot(layout_dot(boxes, direction)))
    _, _, width, height = _numbers(placed["bb"])
    nodes = {node["_gvid"]: node for node in placed["objects"]}
    centres = {node["name"]: _point(node["pos"], height) for node in nodes.values()}
    arrows = tuple(_arrow(edge, nodes, height) for edge in placed.get("edges", ()))
    return Layout(width, height, centres, arrows)


def _run_dot(source: str) -> str:
    try:
        import pygraphviz
    except ImportError:
        pygraphviz = None
    if pygraphviz is None:
        return _run_program(source)
    with _one_at_a_time:
        try:
            return bytes(pygraphviz.AGraph(string=source).draw(format="json0", prog="dot")).decode()
        except (OSError, ValueError) as error:
            raise LayoutError(f"pygraphviz could not lay the graph out: {error}") from error


def _run_program(source: str) -> str:
    try:
        return bytes(graphviz.pipe("dot", "json0", source.encode(), quiet=True)).decode()
    except graphviz.ExecutableNotFound:
        raise LayoutError(
            'no layout engine: neither pygraphviz nor a `dot` program was found; pip install "tinygrad_edu[draw]"'
        ) from None
    except graphviz.CalledProcessError as error:
        raise LayoutError(f"the `dot` on the PATH could not lay the graph out: {error}") from error


def _numbers(text: str) -> list[float]:
    return [float(x) for x in text.split(",")]


def _point(text: str, height: float) -> tuple[float, float]:
    x, y = _numbers(text)
    return x, height - y  # Graphviz counts y upwards


def _arrow(edge: dict[str, Any], nodes: dict[int, Any], height: float) -> Arrow:
    """`pos` reads "e,tip start c1 c2 p ...": where the head ends, then a chain of Bézier curves."""
    tip, *points = edge["pos"].split()
    return Arrow(
        tail=nodes[edge["tail"]]["name"],
        head=nodes[edge["head"]]["name"],
        points=tuple(_point(p, height) for p in points),
        tip=_point(tip.removeprefix("e,"), height),
    )

"""Where the boxes go: Graphviz, inside pygraphviz's wheel or as a `dot` on the PATH.

Graphviz is told the size of each box, label and frame's title, and nothing of what they say, so no font and no name
can change or break the layout: the same graph gets the same coordinates on every machine with the same Graphviz.
"""

import json
import math
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import graphviz

from .box import COLUMN, LINE
from .errors import LayoutError
from .scenes import Edge, Scene
from .text import columns, cut

__all__ = ["Arrow", "LABEL_COLUMNS", "Layout", "Point", "lay_out", "layout_dot"]

#: The most columns of boxes that all arrows together may pass over.  Measured: leading 120 of them around the boxes
#: takes 0.1 s, 430 a second, 1900 a quarter of a minute; so beyond this they are straight lines under the boxes.
DETOURS = 150

#: The most columns of a label beside an arrow; what is cut stands in full in its title.
LABEL_COLUMNS = 46

POINTS_PER_INCH = 72

Point = tuple[float, float]

_one_at_a_time = threading.Lock()  # Graphviz keeps global state


def _renew_lock() -> None:
    """In a forked process nobody is left who would release it."""
    global _one_at_a_time
    _one_at_a_time = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


@dataclass(frozen=True, slots=True)
class Arrow:
    """points: start, then three control points per Bézier segment; tip: where the head ends, `at` where it begins.

    label: the middle of the text beside it, None without one.
    """

    edge: Edge
    points: tuple[Point, ...]
    at: Point
    tip: Point
    label: Point | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Coordinates with y downwards; centres by box id.  frames: (left, top, right, bottom) of each."""

    width: float
    height: float
    centres: dict[str, Point]
    arrows: tuple[Arrow, ...]
    frames: tuple[tuple[float, float, float, float], ...]


def layout_dot(scene: Scene, direction: str) -> str:
    """The DOT that Graphviz lays out: ids and sizes."""
    dot = graphviz.Digraph("tinygrad_edu")
    dot.attr("graph", rankdir=direction, nodesep="0.25", ranksep="0.4", nslimit="1", charset="UTF-8")
    if _passed_over(scene) > DETOURS:
        dot.attr("graph", splines="line", mclimit="0.2", nslimit="0.3", nslimit1="0.3")
    dot.attr("node", shape="box", label="", fixedsize="true")
    dot.attr("edge", arrowsize="0.8")
    for box in scene.boxes:
        dot.node(box.id, width=f"{box.width / POINTS_PER_INCH:.4f}", height=f"{box.height / POINTS_PER_INCH:.4f}")
    doors = _doors(scene)
    _add_frames(dot, scene, None, doors)
    leaves = {box.id for box in scene.boxes if box.kind not in ("result", "group")}
    for edge, parts in zip(scene.edges, _parts(scene, doors)):
        how = {} if edge.tail in leaves else {"weight": "8"}  # what is computed one after the other stands in a line
        if edge.text:
            how["label"] = _space(columns(cut(edge.text, LABEL_COLUMNS)))
        for tail, head, direction in parts:
            dot.edge(tail, head, dir=direction, **how)
            how.pop("label", None)  # it stands beside the first part
    return str(dot.source)


def _parts(scene: Scene, doors: Mapping[int, int]) -> Iterator[list[tuple[str, str, str]]]:
    """For each edge the (tail, head, dir) of what Graphviz lays out for it: one arrow, or two that meet in a door."""
    for number, edge in enumerate(scene.edges):
        forward = edge.kind == "forward"
        if number in doors:
            door = f"door{number}"
            yield [
                (edge.tail, door, "none" if forward else "back"),
                (door, edge.head, "forward" if forward else "none"),
            ]
        else:
            yield [(edge.tail, edge.head, "forward" if forward else "back")]


def _doors(scene: Scene) -> dict[int, int]:
    """{number of an edge: the frame that it enters by a door}.

    A door is a point in the frame, in line with the parameters of the box that the edge leads to.  Without it Graphviz
    would lead the edge around the frame, and set each layer beside the one before instead of behind it.
    """
    frame_of = {box: number for number, frame in enumerate(scene.frames) for box in frame.boxes}
    given = {edge.head for edge in scene.edges if frame_of.get(edge.tail, -1) == frame_of.get(edge.head, -2)}
    return {
        number: frame_of[edge.head]
        for number, edge in enumerate(scene.edges)
        if edge.head in given and frame_of[edge.head] != frame_of.get(edge.tail)
    }


def _add_frames(dot: Any, scene: Scene, parent: int | None, doors: Mapping[int, int]) -> None:
    for number, frame in enumerate(scene.frames):
        if frame.parent == parent:
            with dot.subgraph(name=f"cluster_{number}") as inner:
                inner.attr(label=_space(columns(frame.title)), labeljust="l", margin="12")
                for box in frame.boxes:
                    inner.node(box)
                for edge, entered in doors.items():
                    if entered == number:
                        inner.node(f"door{edge}", shape="point", width="0.01", height="0.01")
                _add_frames(inner, scene, number, doors)


def _space(width: int) -> str:
    """A label without text, as wide as so many columns: only HTML-like labels have a size that no font decides."""
    size = f'FIXEDSIZE="TRUE" WIDTH="{width * COLUMN + 8:.0f}" HEIGHT="{LINE}"'
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="0" CELLSPACING="0" {size}><TR><TD></TD></TR></TABLE>>'


def _passed_over(scene: Scene) -> int:
    """How many columns of boxes the arrows pass over: what the layout's time grows with."""
    tails: dict[str, list[str]] = {box.id: [] for box in scene.boxes}
    for edge in scene.edges:
        tails[edge.head].append(edge.tail)
    column: dict[str, int] = {}
    for box in scene.boxes:  # inputs come before their users, but for the arrow that closes a loop
        column[box.id] = 1 + max((column.get(x, -1) for x in tails[box.id]), default=-1)
    first: dict[str, int] = {}  # what is given stands right before its first user
    for edge in scene.edges:
        if not tails[edge.tail]:
            first[edge.tail] = min(first.get(edge.tail, column[edge.head]), column[edge.head])
    column |= {box: users - 1 for box, users in first.items()}
    return sum(abs(column[edge.head] - column[edge.tail]) - 1 for edge in scene.edges)


def lay_out(scene: Scene, direction: str) -> Layout:
    """Place the boxes and frames, route the arrows.  Raises LayoutError where there is no Graphviz."""
    answer = _run_dot(layout_dot(scene, direction))
    try:
        placed = json.loads(answer)
        _, _, width, height = _numbers(placed["bb"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LayoutError(f"the layout engine answered what is no layout: {answer[:40]!r}") from error
    objects = {thing["_gvid"]: thing for thing in placed["objects"]}
    centres = {x["name"]: _point(x["pos"], height) for x in objects.values() if "pos" in x}
    bounds = {x["name"]: _numbers(x["bb"]) for x in objects.values() if "bb" in x}
    frames = [bounds[f"cluster_{number}"] for number in range(len(scene.frames))]
    by_ends: dict[tuple[str, str, str], list[Any]] = {}  # Graphviz keeps the order of parallel arrows
    for x in sorted(placed.get("edges", ()), key=lambda x: x["_gvid"]):
        ends = objects[x["tail"]]["name"], objects[x["head"]]["name"]
        by_ends.setdefault((*ends, x["dir"]), []).append(x)
    arrows = [
        _arrow(edge, [by_ends[part].pop(0) for part in parts], height)
        for edge, parts in zip(scene.edges, _parts(scene, _doors(scene)))
    ]
    return Layout(
        width,
        height,
        centres,
        tuple(arrows),
        tuple((x, height - top, right, height - y) for x, y, right, top in frames),
    )


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
    except (graphviz.CalledProcessError, OSError) as error:
        raise LayoutError(f"the `dot` on the PATH could not lay the graph out: {error}") from error


def _numbers(text: str) -> list[float]:
    return [float(x) for x in text.split(",")]


def _point(text: str, height: float) -> tuple[float, float]:
    x, y = _numbers(text)
    return x, height - y  # Graphviz counts y upwards


def _arrow(edge: Edge, parts: Sequence[dict[str, Any]], height: float) -> Arrow:
    """`pos` reads "e,tip start c1 c2 p ...": where the head ends, then a chain of Bézier curves; "s,tip" at a start.

    The two parts of an arrow that goes through a door meet in it.
    """
    curve: list[Point] = []
    at = tip = (0.0, 0.0)
    label = None
    for part in parts:
        words = part["pos"].split()
        heads = [word for word in words if word[0] in "es"]
        points = [_point(word, height) for word in words if word[0] not in "es"]
        if heads:
            at, tip = points[0 if heads[0][0] == "s" else -1], _point(heads[0][2:], height)
        if "lp" in part:
            label = _point(part["lp"], height)
        if curve:
            curve[-2], points[1] = _smooth(curve[-2], points[0], points[1])
        curve += points[1:] if curve else points
    return Arrow(edge, tuple(curve), at, tip, label)


def _smooth(before: Point, door: Point, after: Point) -> tuple[Point, Point]:
    """The control points on both sides of a door, turned into one line through it, so that the curve has no corner."""
    dx, dy = after[0] - before[0], after[1] - before[1]
    whole = math.hypot(dx, dy) or 1.0
    a, b = (math.dist(point, door) / whole for point in (before, after))
    return (door[0] - a * dx, door[1] - a * dy), (door[0] + b * dx, door[1] + b * dy)

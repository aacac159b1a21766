"""The picture as SVG: boxes at the places that the layout found, with the real text in them.

Built with ElementTree, so nothing that a name contains can become markup.  Ids are n0, n1, ... as in the graph;
every style is confined to this picture, and follows the reader's light or dark scheme.
"""

import math
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

from .box import BAR, COLUMN, GAP, LINE, PADDING, Box
from .canvas import THEMES, coordinate, new_svg, style_sheet, text_element
from .layout import LABEL_COLUMNS, Arrow, Layout
from .scenes import Scene
from .text import TALLEST, columns, cut

__all__ = ["svg_of"]

MARGIN = 8
BARS_HEIGHT = 11
CORNER = 9


def svg_of(scene: Scene, layout: Layout, title: str, description: str, theme: str) -> str:
    """The whole picture as one SVG document."""
    caption = columns(scene.note) * COLUMN
    width = round(max(layout.width, caption) + 2 * MARGIN, 1)
    height = round(layout.height + 2 * MARGIN + (LINE + GAP if scene.note else 0), 1)
    root = new_svg(f"graph {theme}", (width, height), title, description, _style(theme))
    moved = ET.SubElement(root, "g", {"transform": f"translate({MARGIN} {MARGIN})"})
    for frame, bounds in zip(scene.frames, layout.frames):
        _add_frame(moved, frame.title, *bounds)
    names = {box.id: box.name for box in scene.boxes}
    for arrow in layout.arrows:
        _add_arrow(moved, arrow, names)
    for box in scene.boxes:
        _add_box(moved, box, *layout.centres[box.id], is_end=box.id == scene.end)
    if scene.note:
        _add_text(moved, 0, layout.height + GAP + 0.76 * LINE, ((scene.note, "quiet"),))
    for group in moved:  # one line each; inside a <text>, white space would be shown
        group.tail = "\n"
    return ET.tostring(root, encoding="unicode") + "\n"


def _add_frame(parent: ET.Element, title: str, left: float, top: float, right: float, bottom: float) -> None:
    group = ET.SubElement(
        parent, "g", {"class": "frame", "transform": f"translate({coordinate(left)} {coordinate(top)})"}
    )
    size = {"width": coordinate(right - left), "height": coordinate(bottom - top), "rx": "6"}
    ET.SubElement(group, "rect", size)
    _add_text(group, PADDING, 4 + 0.76 * LINE, ((title, "quiet"),))


def _add_arrow(parent: ET.Element, arrow: Arrow, names: Mapping[str, str]) -> None:
    edge = arrow.edge
    group = ET.SubElement(parent, "g", {"class": f"arrow {edge.kind}"})
    tail, head = names[edge.tail], names[edge.head]
    said = f"{tail} → {head}" if edge.kind == "forward" else f"{head} ⇢ {tail}: {edge.text}".removesuffix(": ")
    ET.SubElement(group, "title").text = said
    start, *controls = (f"{coordinate(x)} {coordinate(y)}" for x, y in arrow.points)
    ET.SubElement(group, "path", {"class": "line", "d": f"M{start}C{' '.join(controls)}"})
    (x, y), (tip_x, tip_y) = arrow.at, arrow.tip
    length = math.hypot(tip_x - x, tip_y - y) or 1.0
    dx, dy = (tip_x - x) / length * 3, (tip_y - y) / length * 3  # half the width of the head
    corners = [(tip_x, tip_y), (x - dy, y + dx), (x + dy, y - dx)]
    ET.SubElement(
        group, "path", {"class": "head", "d": f"M{'L'.join(f'{coordinate(a)} {coordinate(b)}' for a, b in corners)}Z"}
    )
    if arrow.label is not None:
        text = cut(edge.text, LABEL_COLUMNS)
        x, y = arrow.label
        _add_text(group, x - columns(text) * COLUMN / 2, y + 4, ((text, "gradient"),))


def _add_box(parent: ET.Element, box: Box, x: float, y: float, is_end: bool) -> None:
    classes = f"box {box.kind} end" if is_end else f"box {box.kind}"
    left, top = x - box.width / 2, y - box.height / 2
    group = ET.SubElement(
        parent, "g", {"class": classes, "id": box.id, "transform": f"translate({coordinate(left)} {coordinate(top)})"}
    )
    ET.SubElement(group, "title").text = box.title
    ET.SubElement(group, "path", {"d": _outline(box)})
    for i, row in enumerate(box.rows):
        baseline = PADDING - 2 + (i + 0.76) * LINE
        _add_text(group, PADDING, baseline, row.pieces)
        if row.bars:
            left = box.width - PADDING - len(row.bars) * BAR
            low = coordinate(baseline)
            bars = "".join(
                f"M{coordinate(left + k * BAR)} {low}v-{coordinate(n / TALLEST * BARS_HEIGHT)}h{BAR - 1}V{low}Z"
                for k, n in enumerate(row.bars)
                if n
            )
            ET.SubElement(group, "path", {"class": f"bars {row.pieces[-1][1]}", "d": bars})


def _add_text(parent: ET.Element, x: float, y: float, pieces: Sequence[tuple[str, str]]) -> None:
    text = text_element(parent, x, y, "".join(piece for piece, _ in pieces))
    for piece, role in pieces:
        ET.SubElement(text, "tspan", {"class": role}).text = piece


def _outline(box: Box) -> str:
    """Each kind has a shape of its own, so that it can be told without colour."""
    w, h, c = coordinate(box.width), coordinate(box.height), CORNER
    right, low = coordinate(box.width - c), coordinate(box.height - c)
    if box.kind == "parameter":  # rounded
        arc = f"a{c} {c} 0 0 1"
        return f"M{c} 0H{right}{arc} {c} {c}V{low}{arc} -{c} {c}H{c}{arc} -{c} -{c}V{c}{arc} {c} -{c}Z"
    if box.kind == "input":  # a sheet with a folded corner
        return f"M0 0H{right}L{w} {c}V{h}H0ZM{right} 0V{c}H{w}"
    if box.kind == "constant":  # cut corners
        return f"M{c} 0H{right}L{w} {c}V{low}L{right} {h}H{c}L0 {low}V{c}Z"
    whole = f"M0 0H{w}V{h}H0Z"
    if box.stands_for > 1:  # a second sheet behind it
        return f"{whole}M4 {h}v4H{coordinate(box.width + 4)}V4h-4V{h}Z"
    return whole


def _style(theme: str) -> str:
    shared = [
        ".name{font-weight:bold}",
        ".box path{stroke-width:1.5}",
        ".box .bars{stroke:none}",
        ".end path{stroke-width:3.5}",
        ".line{fill:none;stroke-width:1.2}",
        ".arrow.gradient .line{stroke-dasharray:5 3}",
        ".frame rect{fill-opacity:.5;stroke-width:1}",
    ]
    return style_sheet(f"graph.{theme}", shared, lambda name: _colours(THEMES[name]), theme)


def _colours(theme: dict[str, str]) -> list[str]:
    rules = [f".paper{{fill:{theme['paper']}}}", f".frame rect{{fill:{theme['frame']};stroke:{theme['quiet']}}}"]
    rules += [f".line{{stroke:{theme['arrow']}}}", f".head{{fill:{theme['arrow']}}}"]
    rules += [f".arrow.gradient .line{{stroke:{theme['gradient']}}}", f".gradient .head{{fill:{theme['gradient']}}}"]
    rules += [f".{role}{{fill:{theme[role]}}}" for role in ("name", "number", "quiet", "gradient")]
    for kind in ("parameter", "input", "constant", "result", "group"):
        fill, stroke = theme[kind].split()
        rules.append(f".{kind}>path{{fill:{fill};stroke:{stroke}}}")
    return rules + [f".box .bars.{role}{{fill:{theme[role]}}}" for role in ("number", "gradient")]

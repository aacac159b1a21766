"""The picture as SVG: boxes at the places that the layout found, with the real text in them.

Built with ElementTree, so nothing that a name contains can become markup.  Ids are n0, n1, ... as in the graph;
every style is confined to this picture, and follows the reader's light or dark scheme.
"""

import math
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from .box import FONT_SIZE, LINE, PADDING, Box
from .layout import Arrow, Layout
from .text import ems

__all__ = ["FONTS", "THEMES", "svg_of"]

FONTS = 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace'

#: Theme -> role -> colour.  Borders are Okabe and Ito's colours; every text has a contrast of 4.5 or more on
#: every box of its theme, which a test computes.
THEMES = {
    "light": {
        "paper": "#ffffff",
        "arrow": "#555555",
        "name": "#1b1b1b",
        "number": "#1b1b1b",
        "quiet": "#555555",
        "gradient": "#9c3a00",
        "parameter": "#fdf0d9 #e69f00",
        "input": "#e0eefa #0072b2",
        "constant": "#f8e8f1 #cc79a7",
        "result": "#e2f4ee #009e73",
    },
    "dark": {
        "paper": "#16181d",
        "arrow": "#b0b4bc",
        "name": "#f4f4f4",
        "number": "#f4f4f4",
        "quiet": "#b9bec7",
        "gradient": "#ffab70",
        "parameter": "#3a2c0c #e69f00",
        "input": "#0d2b40 #56b4e9",
        "constant": "#3a2231 #cc79a7",
        "result": "#0b3327 #009e73",
    },
}

MARGIN = 8
CORNER = 9

# These are in every monospaced font; a line with anything else is fitted to its columns.
_USUAL = "…·"


def svg_of(boxes: Sequence[Box], layout: Layout, title: str, description: str) -> str:
    """The whole picture as one SVG document."""
    width, height = round(layout.width + 2 * MARGIN, 1), round(layout.height + 2 * MARGIN, 1)
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "tinygrad-edu-graph",
            "role": "img",
            "width": _n(width),
            "height": _n(height),
            "viewBox": f"0 0 {_n(width)} {_n(height)}",
        },
    )
    ET.SubElement(root, "title").text = title
    ET.SubElement(root, "desc").text = description
    ET.SubElement(root, "style").text = _style()
    ET.SubElement(root, "rect", {"class": "paper", "width": _n(width), "height": _n(height)})
    moved = ET.SubElement(root, "g", {"transform": f"translate({MARGIN} {MARGIN})"})
    names = {box.id: box.name for box in boxes}
    for arrow in layout.arrows:
        _add_arrow(moved, arrow, f"{names[arrow.tail]} → {names[arrow.head]}")
    for box in boxes:
        _add_box(moved, box, *layout.centres[box.id], is_end=box is boxes[-1])
    for group in moved:  # one line each; inside a <text>, white space would be shown
        group.tail = "\n"
    return ET.tostring(root, encoding="unicode") + "\n"


def _add_arrow(parent: ET.Element, arrow: Arrow, title: str) -> None:
    group = ET.SubElement(parent, "g", {"class": "arrow"})
    ET.SubElement(group, "title").text = title
    start, *controls = (f"{_n(x)} {_n(y)}" for x, y in arrow.points)
    ET.SubElement(group, "path", {"class": "line", "d": f"M{start}C{' '.join(controls)}"})
    (x, y), (tip_x, tip_y) = arrow.points[-1], arrow.tip
    length = math.hypot(tip_x - x, tip_y - y) or 1.0
    dx, dy = (tip_x - x) / length * 3, (tip_y - y) / length * 3  # half the width of the head
    corners = [(tip_x, tip_y), (x - dy, y + dx), (x + dy, y - dx)]
    ET.SubElement(group, "path", {"class": "head", "d": f"M{'L'.join(f'{_n(a)} {_n(b)}' for a, b in corners)}Z"})


def _add_box(parent: ET.Element, box: Box, x: float, y: float, is_end: bool) -> None:
    classes = f"box {box.kind} end" if is_end else f"box {box.kind}"
    left, top = x - box.width / 2, y - box.height / 2
    group = ET.SubElement(
        parent, "g", {"class": classes, "id": box.id, "transform": f"translate({_n(left)} {_n(top)})"}
    )
    ET.SubElement(group, "title").text = box.title
    ET.SubElement(group, "path", {"d": _outline(box)})
    for i, line in enumerate(box.lines):
        baseline = PADDING - 2 + (i + 0.76) * LINE
        text = ET.SubElement(group, "text", {"x": _n(PADDING), "y": _n(baseline), "xml:space": "preserve"})
        whole = "".join(part for part, _ in line)
        if not all(c.isascii() or c in _USUAL for c in whole):
            text.set("textLength", _n(ems(whole) * FONT_SIZE))
            text.set("lengthAdjust", "spacingAndGlyphs")
        for part, role in line:
            ET.SubElement(text, "tspan", {"class": role}).text = part


def _outline(box: Box) -> str:
    """Each kind has a shape of its own, so that it can be told without colour."""
    w, h, c = _n(box.width), _n(box.height), CORNER
    right, low = _n(box.width - c), _n(box.height - c)
    if box.kind == "parameter":  # rounded
        arc = f"a{c} {c} 0 0 1"
        return f"M{c} 0H{right}{arc} {c} {c}V{low}{arc} -{c} {c}H{c}{arc} -{c} -{c}V{c}{arc} {c} -{c}Z"
    if box.kind == "input":  # a sheet with a folded corner
        return f"M0 0H{right}L{w} {c}V{h}H0ZM{right} 0V{c}H{w}"
    if box.kind == "constant":  # cut corners
        return f"M{c} 0H{right}L{w} {c}V{low}L{right} {h}H{c}L0 {low}V{c}Z"
    return f"M0 0H{w}V{h}H0Z"


def _style() -> str:
    shared = [
        f"text{{font:{FONT_SIZE}px {FONTS};direction:ltr}}",
        ".name{font-weight:bold}",
        ".box path{stroke-width:1.5}",
        ".end path{stroke-width:3.5}",
        ".line{fill:none;stroke-width:1.2}",
    ]
    light, dark = (_colours(THEMES[theme]) for theme in ("light", "dark"))
    inner = "\n".join(_confined(rule) for rule in dark)
    return "\n".join([*map(_confined, shared + light), f"@media (prefers-color-scheme:dark){{\n{inner}\n}}"])


def _confined(rule: str) -> str:
    return f".tinygrad-edu-graph {rule}"


def _colours(theme: dict[str, str]) -> list[str]:
    rules = [f".paper{{fill:{theme['paper']}}}"]
    rules += [f".line{{stroke:{theme['arrow']}}}", f".head{{fill:{theme['arrow']}}}"]
    rules += [f".{role}{{fill:{theme[role]}}}" for role in ("name", "number", "quiet", "gradient")]
    for kind in ("parameter", "input", "constant", "result"):
        fill, stroke = theme[kind].split()
        rules.append(f".{kind} path{{fill:{fill};stroke:{stroke}}}")
    return rules


def _n(x: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{x:.1f}".removesuffix(".0")

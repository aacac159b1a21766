"""Training curves as SVG: panels side by side, each with its axes, its lines and a label at every line's end.

Built with ElementTree, as the picture of a graph is, and measured in columns of a monospaced font.
"""

import math
import operator
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from .axis import Axis, apart, epoch_axis, value_axis
from .box import COLUMN, FONT_SIZE, LINE
from .series import Line, Panel, description, note, sentence
from .svg import FONTS, THEMES
from .text import columns, cut, ems, isolated, number_text

__all__ = ["COLOURS", "GRID", "plot_svg"]

#: Theme -> Okabe and Ito's colours that have a contrast of 3 or more on its paper; every text has 4.5.
COLOURS = {
    "light": ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000"),
    "dark": ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442"),
}
ROLES = {"paper": "paper", "title": "name", "name": "name", "number": "number", "quiet": "quiet"}
GRID = {"light": "#e3e5e9", "dark": "#30343c"}

#: One more than there are colours, so that thirty lines differ.
DASHES = ("", "8 3", "2 2.5", "9 2.5 2 2.5", "4 2", "12 3 2 2 2 3")

PER_ROW = 3
WIDTH, HEIGHT = 300, 190  # of a plot, without the texts around it
MARGIN = 20  # around the picture; between panels, twice
TITLE, HEADER, FOOTER = 30, 26, 54  # heights of the title, and of the texts above and below a plot
TITLE_SCALE = 1.25
NAME_COLUMNS = 16
LEADER, KEY = 18, 24  # from the end of a line to its key, which shows its dash beside its name
GAP = 8  # between a line or axis and its text
MIDDLE = 4  # from the middle of a text to its baseline


def plot_svg(epochs: Sequence[int], panels: Sequence[Panel], title: str) -> str:
    """The whole picture as one SVG document."""
    x_axis = epoch_axis(epochs)
    y_axes = [value_axis([line.finite_values for line in panel.lines]) for panel in panels]
    logs = [axis.is_log for axis in y_axes]
    left = max(columns(text) for axis in y_axes for _, text in axis.ticks) * COLUMN + GAP
    names = [max(columns(cut(line.name, NAME_COLUMNS)) + 1 for line in panel.lines) * COLUMN for panel in panels]
    numbers = [max(columns(number_text(line.values[-1])) for line in panel.lines) * COLUMN for panel in panels]
    across = MARGIN + left + WIDTH + LEADER + KEY + GAP + max(map(operator.add, names, numbers)) + MARGIN
    height = max(HEIGHT, max(len(panel.lines) for panel in panels) * LINE)
    down = HEADER + height + FOOTER
    size = (min(PER_ROW, len(panels)) * across, MARGIN + TITLE + math.ceil(len(panels) / PER_ROW) * down)
    root = _root(size, title, description(epochs, panels, logs))
    room = int((size[0] - 2 * MARGIN) / (COLUMN * TITLE_SCALE))
    _add_text(root, MARGIN, MARGIN + 14, cut(title, room), "title")
    for i, (panel, y_axis) in enumerate(zip(panels, y_axes)):
        x, y = i % PER_ROW * across + MARGIN + left, MARGIN + TITLE + HEADER + i // PER_ROW * down
        group = ET.SubElement(root, "g", {"class": "panel", "transform": f"translate({_n(x)} {_n(y)})"})
        group.tail = "\n"
        above = note(panel, y_axis.is_log)
        room = int((WIDTH + LEADER) / COLUMN) - columns(above) - 2
        _add_text(group, 0, -12, cut(panel.name, room), "name")
        _add_text(group, WIDTH + LEADER, -12, above, "quiet", "end")
        _add_axes(group, y_axis, x_axis, height)
        drawn = [
            [(x_axis.place(epochs[j]) * WIDTH, (1 - y_axis.place(line.values[j])) * height) for j in line.finite]
            for line in panel.lines
        ]
        for line, points in zip(panel.lines, drawn):
            _add_line(group, line, points, sentence(line, epochs))
        middles = apart([points[-1][1] if points else height for points in drawn], LINE, height)
        for line, points, middle in zip(panel.lines, drawn, middles):
            _add_label(group, line, points, middle, names[i])
    return ET.tostring(root, encoding="unicode") + "\n"


def _root(size: tuple[float, float], title: str, description: str) -> ET.Element:
    width, height = map(_n, size)
    attributes = {"class": "tinygrad-edu-curves", "role": "img", "width": width, "height": height}
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **attributes, "viewBox": f"0 0 {width} {height}"})
    ET.SubElement(root, "title").text = title
    ET.SubElement(root, "desc").text = description
    ET.SubElement(root, "style").text = _style()
    ET.SubElement(root, "rect", {"class": "paper", "width": width, "height": height})
    return root


def _add_axes(group: ET.Element, y_axis: Axis, x_axis: Axis, height: float) -> None:
    for place, text in y_axis.ticks:
        y = height * (1 - place)
        ET.SubElement(group, "path", {"class": "grid" if text else "grid minor", "d": f"M0 {_n(y)}H{WIDTH}"})
        if text:
            _add_text(group, -GAP, y + MIDDLE, text, "quiet", "end")
    ET.SubElement(group, "path", {"class": "axis", "d": f"M0 {_n(height)}H{WIDTH}"})
    free = -math.inf  # a text that would touch the one before it is left out
    for place, text in x_axis.ticks:
        ET.SubElement(group, "path", {"class": "axis", "d": f"M{_n(place * WIDTH)} {_n(height)}v4"})
        half = len(text) * COLUMN / 2
        x = min(max(place * WIDTH, half - MARGIN), WIDTH + LEADER + KEY - half)
        if x - half > free:
            _add_text(group, x, height + 18, text, "quiet", "middle")
            free = x + half + COLUMN
    _add_text(group, WIDTH / 2, height + 36, "epoch", "quiet", "middle")


def _add_line(group: ET.Element, line: Line, points: Sequence[tuple[float, float]], title: str) -> None:
    """The line through its finite values, a dot at its end and where a value stands alone between gaps."""
    part = ET.SubElement(group, "g", {"class": _colour(line)})
    ET.SubElement(part, "title").text = title
    at = dict(zip(line.finite, points))
    runs = [[at[j] for j in run] for run in _runs(line.finite)]
    d = "".join("M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in run) for run in runs if len(run) > 1)
    if d:
        ET.SubElement(part, "path", {"class": "line", "d": d, **_dash(line)})
    for x, y in dict.fromkeys([run[0] for run in runs if len(run) == 1] + list(points[-1:])):
        ET.SubElement(part, "circle", {"class": "dot", "cx": _n(x), "cy": _n(y), "r": "3"})


def _add_label(
    group: ET.Element, line: Line, points: Sequence[tuple[float, float]], middle: float, names: float
) -> None:
    part = ET.SubElement(group, "g", {"class": _colour(line)})
    x = WIDTH + LEADER
    for end_x, end_y in points[-1:]:
        d = f"M{_n(end_x)} {_n(end_y)}L{x} {_n(middle)}"
        ET.SubElement(part, "path", {"class": "leader", "d": d})
    ET.SubElement(part, "path", {"class": "line", "d": f"M{x} {_n(middle)}h{KEY}", **_dash(line)})
    x += KEY + GAP
    _add_text(part, x, middle + MIDDLE, cut(line.name, NAME_COLUMNS), "name")
    _add_text(part, x + names, middle + MIDDLE, number_text(line.values[-1]), "number")


def _add_text(parent: ET.Element, x: float, y: float, text: str, role: str, anchor: str = "start") -> None:
    if not text:
        return
    element = ET.SubElement(parent, "text", {"class": role, "x": _n(x), "y": _n(y), "xml:space": "preserve"})
    if anchor != "start":
        element.set("text-anchor", anchor)
    if not text.replace("…", "").isascii():  # glyphs of another font: fitted to the columns counted for them
        element.set("textLength", _n(ems(text) * FONT_SIZE * (TITLE_SCALE if role == "title" else 1)))
        element.set("lengthAdjust", "spacingAndGlyphs")
    element.text = isolated(text)


def _colour(line: Line) -> str:
    return f"series c{line.look % len(COLOURS['light'])}"


def _dash(line: Line) -> dict[str, str]:
    dash = DASHES[line.look % len(DASHES)]
    return {"stroke-dasharray": dash} if dash else {}


def _runs(indices: Sequence[int]) -> list[list[int]]:
    """Split where an index is missing.

    >>> _runs([0, 1, 4])
    [[0, 1], [4]]
    """
    runs: list[list[int]] = []
    for i in indices:
        if runs and runs[-1][-1] == i - 1:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs


def _style() -> str:
    shared = [
        f"text{{font:{FONT_SIZE}px {FONTS};direction:ltr}}",
        f".title{{font-size:{FONT_SIZE * TITLE_SCALE:g}px;font-weight:bold}}",
        ".name{font-weight:bold}",
        ".grid,.axis{fill:none;stroke-width:1}",
        ".minor{stroke-opacity:.5}",
        ".line,.leader{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}",
        ".leader{stroke-width:1;stroke-dasharray:1 2}",
        ".dot{fill:currentColor}",
    ]
    light, dark = (_colours(theme) for theme in ("light", "dark"))
    inner = "\n".join(map(_confined, dark))
    return "\n".join([*map(_confined, shared + light), f"@media (prefers-color-scheme:dark){{\n{inner}\n}}"])


def _confined(rule: str) -> str:
    return ",".join(f".tinygrad-edu-curves {part}" for part in rule.split("{")[0].split(",")) + rule[rule.index("{") :]


def _colours(name: str) -> list[str]:
    theme = THEMES[name]
    rules = [f".{role}{{fill:{theme[color]}}}" for role, color in ROLES.items()]
    rules += [f".grid{{stroke:{GRID[name]}}}", f".axis{{stroke:{theme['quiet']}}}"]
    return rules + [f".c{i}{{color:{colour}}}" for i, colour in enumerate(COLOURS[name])]


def _n(x: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{x:.1f}".removesuffix(".0")

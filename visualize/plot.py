"""Training curves as SVG: panels side by side, each with its axes, its lines and a label at every line's end.

Measured in columns of a monospaced font, as the picture of a graph is.
"""

import math
import operator
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from .axis import Axis, apart, epoch_axis, value_axis
from .box import COLUMN, LINE
from .canvas import COLOURS, GAP, MARGIN, MIDDLE, TITLE, add_text, add_title, add_x_ticks, coordinate, new_svg, style
from .masks import stretches
from .series import Line, Panel, description, note, sentence
from .text import columns, cut, number_text

__all__ = ["plot_svg"]

#: One more than there are colours, so that thirty lines differ.
DASHES = ("", "8 3", "2 2.5", "9 2.5 2 2.5", "4 2", "12 3 2 2 2 3")

PER_ROW = 3
WIDTH, HEIGHT = 300, 190  # of a plot, without the texts around it
HEADER, FOOTER = 26, 54  # heights of the texts above and below a plot
NAME_COLUMNS = 16
LEADER, KEY = 18, 24  # from the end of a line to its key, which shows its dash beside its name


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
    root = new_svg("curves", size, title, description(epochs, panels, logs), _style())
    add_title(root, title, size[0])
    for i, (panel, y_axis) in enumerate(zip(panels, y_axes)):
        x, y = i % PER_ROW * across + MARGIN + left, MARGIN + TITLE + HEADER + i // PER_ROW * down
        group = ET.SubElement(root, "g", {"class": "panel", "transform": f"translate({coordinate(x)} {coordinate(y)})"})
        group.tail = "\n"
        above = note(panel, y_axis.is_log)
        room = int((WIDTH + LEADER) / COLUMN) - columns(above) - 2
        add_text(group, 0, -12, cut(panel.name, room), "name")
        add_text(group, WIDTH + LEADER, -12, above, "quiet", "end")
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


def _add_axes(group: ET.Element, y_axis: Axis, x_axis: Axis, height: float) -> None:
    for place, text in y_axis.ticks:
        y = height * (1 - place)
        ET.SubElement(group, "path", {"class": "grid" if text else "grid minor", "d": f"M0 {coordinate(y)}H{WIDTH}"})
        if text:
            add_text(group, -GAP, y + MIDDLE, text, "quiet", "end")
    ET.SubElement(group, "path", {"class": "axis", "d": f"M0 {coordinate(height)}H{WIDTH}"})
    add_x_ticks(group, x_axis.ticks, (WIDTH, height), (-MARGIN, WIDTH + LEADER + KEY))
    add_text(group, WIDTH / 2, height + 36, "epoch", "quiet", "middle")


def _add_line(group: ET.Element, line: Line, points: Sequence[tuple[float, float]], title: str) -> None:
    """The line through its finite values, a dot at its end and where a value stands alone between gaps."""
    part = ET.SubElement(group, "g", {"class": _colour(line)})
    ET.SubElement(part, "title").text = title
    at = dict(zip(line.finite, points))
    runs = [[at[j] for j in range(*ends)] for ends in stretches([j in at for j in range(len(line.values))])]
    d = "".join("M" + "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in run) for run in runs if len(run) > 1)
    if d:
        ET.SubElement(part, "path", {"class": "line", "d": d, **_dash(line)})
    for x, y in dict.fromkeys([run[0] for run in runs if len(run) == 1] + list(points[-1:])):
        ET.SubElement(part, "circle", {"class": "dot", "cx": coordinate(x), "cy": coordinate(y), "r": "3"})


def _add_label(
    group: ET.Element, line: Line, points: Sequence[tuple[float, float]], middle: float, names: float
) -> None:
    part = ET.SubElement(group, "g", {"class": _colour(line)})
    x = WIDTH + LEADER
    for end_x, end_y in points[-1:]:
        d = f"M{coordinate(end_x)} {coordinate(end_y)}L{x} {coordinate(middle)}"
        ET.SubElement(part, "path", {"class": "leader", "d": d})
    ET.SubElement(part, "path", {"class": "line", "d": f"M{x} {coordinate(middle)}h{KEY}", **_dash(line)})
    x += KEY + GAP
    add_text(part, x, middle + MIDDLE, cut(line.name, NAME_COLUMNS), "name")
    add_text(part, x + names, middle + MIDDLE, number_text(line.values[-1]), "number")


def _colour(line: Line) -> str:
    return f"c{line.look % len(COLOURS['light'])}"


def _dash(line: Line) -> dict[str, str]:
    dash = DASHES[line.look % len(DASHES)]
    return {"stroke-dasharray": dash} if dash else {}


def _style() -> str:
    shared = [
        ".minor{stroke-opacity:.5}",
        ".line,.leader{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}",
        ".leader{stroke-width:1;stroke-dasharray:1 2}",
        ".dot{fill:currentColor}",
    ]
    return style("curves", shared, lambda theme: ())

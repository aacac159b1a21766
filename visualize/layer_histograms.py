"""`histograms(activations, gradients)`: how the numbers of each layer are distributed, and whether that is healthy.

histograms({"A1": A1, "A2": A2}, {"dW1": dW1, "dW2": dW2}).save("histograms.svg")
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from tinygrad_edu.errors import ShapeError

from .box import COLUMN, LINE
from .canvas import (
    GAP,
    MARGIN,
    MIDDLE,
    TITLE,
    add_text,
    add_title,
    add_x_ticks,
    coordinate,
    new_svg,
    picture_style,
    wrapped,
)
from .distributions import Distribution, distribution, findings
from .errors import NotDrawableError
from .picture import Picture
from .text import cut, number_text, visible

__all__ = ["histograms"]

WIDTH, HEIGHT = 340, 80  # of a plot
HEADER, FOOTER = 42, 34  # heights of the texts above and below a plot
NAME_COLUMNS = 14
MOST_LAYERS = 12


def histograms(
    activations: Mapping[str, Any], gradients: Mapping[str, Any] | None = None, *, title: str = "Activations, gradients"
) -> Picture:
    """One row for each layer: its activations on the left, its gradients on the right; what is wrong stands on top.

    activations: {"A1": (n, m)}, units in rows, examples in columns.  gradients: {"dW1": array of any shape}.
    Both in the order of the layers, arrays or what `distribution` made of them.
    Zeros are counted above each histogram and not drawn: for a ReLU they would dwarf everything else.
    Pointed out: units that are 0 on all examples (dead), a gradient of the first layer a thousand times smaller
    (vanishing) or larger (exploding) than that of the last, nan and inf.  Of more than 12 layers the middle ones are
    left out.
    Raises ShapeError if both are empty, NotDrawableError for what is no mapping or no numbers.

    >>> histograms({"A1": [[0.0, 0.0], [1.0, 2.0]]})
    <Histograms of A1>
    """
    left, right = _read("activations", activations), _read("gradients", gradients or {})
    if not left and not right:
        raise ShapeError('histograms(activations, gradients): both are empty; give at least {"A1": A1}.')
    said = findings(left, right)
    rows = list(zip_longest(left.items(), right.items()))
    if len(rows) > MOST_LAYERS:
        said.append(f"Left out below: the {len(rows) - MOST_LAYERS} layers in the middle.")
        rows = rows[: MOST_LAYERS // 2] + rows[-(MOST_LAYERS // 2) :]
    svg = _svg(rows, said, visible(str(title)))
    return Picture(svg, f"Histograms of {cut(', '.join([*left, *right]), 60)}")


def _read(what: str, arrays: Any) -> dict[str, Distribution]:
    if not isinstance(arrays, Mapping):
        raise NotDrawableError(f'histograms: {what} is {{name: array}}: {{"A1": A1}}.')
    read = {}
    for name, a in arrays.items():
        try:
            read[visible(str(name))] = a if isinstance(a, Distribution) else distribution(a)
        except NotDrawableError as error:
            raise NotDrawableError(f"histograms: {what}[{name!r}]: {error}") from error
    return read


Row = tuple[tuple[str, Distribution] | None, tuple[str, Distribution] | None]


def _svg(rows: list[Row], said: list[str], title: str) -> str:
    across = WIDTH + 2 * MARGIN
    width = MARGIN + sum(across for side in (0, 1) if any(row[side] for row in rows))
    lines = [line for text in said for line in wrapped(text, int((width - 2 * MARGIN) / COLUMN))]
    top = MARGIN + TITLE + len(lines) * LINE + GAP
    down = HEADER + HEIGHT + FOOTER
    drawn = [part for row in rows for part in row if part]
    description = "\n".join(["Histograms, a row for each layer.", *said, *(_words(name, d) for name, d in drawn)])
    root = new_svg("picture", (width, top + len(rows) * down + GAP), title, description, picture_style())
    add_title(root, title, width)
    for i, line in enumerate(lines):
        add_text(root, MARGIN, MARGIN + TITLE + MIDDLE + i * LINE, line, "name")
    for i, row in enumerate(rows):
        for side, part in enumerate(row):
            if part:
                shift = side if any(r[0] for r in rows) else 0
                _add_plot(root, MARGIN + shift * across, top + i * down + HEADER, *part, look=side)
    return ET.tostring(root, encoding="unicode") + "\n"


def _add_plot(root: ET.Element, x: float, y: float, name: str, d: Distribution, *, look: int) -> None:
    group = ET.SubElement(root, "g", {"class": "panel", "transform": f"translate({coordinate(x)} {coordinate(y)})"})
    group.tail = "\n"
    ET.SubElement(group, "title").text = _words(name, d)
    add_text(group, 0, -GAP - LINE, cut(name, NAME_COLUMNS), "name")
    add_text(group, WIDTH, -GAP - LINE, f"{_shape(d)}, rms {number_text(d.rms, 3)}", "quiet", "end")
    add_text(group, 0, -GAP, _counted(d), "quiet")
    most, wide = max(d.counts), WIDTH / len(d.counts)
    bars = "".join(
        f"M{coordinate(i * wide)} {HEIGHT}V{coordinate(HEIGHT * (1 - count / most))}h{coordinate(wide - 1)}V{HEIGHT}z"
        for i, count in enumerate(d.counts)
        if count
    )
    if bars:
        part = ET.SubElement(group, "g", {"class": f"c{look}"})
        ET.SubElement(part, "path", {"class": "bar", "d": bars})
    ET.SubElement(group, "path", {"class": "axis", "d": f"M0 {HEIGHT}H{WIDTH}"})
    if bars:
        add_x_ticks(group, d.axis.ticks, (WIDTH, HEIGHT), (0, WIDTH))


def _shape(d: Distribution) -> str:
    return " x ".join(map(str, d.shape)) or "1 number"


def _counted(d: Distribution) -> str:
    """What is not drawn, and what is wrong, in one line."""
    parts = []
    if d.zeros:
        share = 100 * d.zeros / d.size
        parts.append("all 0" if d.zeros == d.size else f"{share:.0f} % are 0" if share >= 1 else f"{d.zeros} are 0")
    if d.not_finite:
        parts.append(f"{d.not_finite} not finite")
    if not d.size:
        parts.append("empty")
    return " · ".join(parts)


def _words(name: str, d: Distribution) -> str:
    counted = _counted(d)
    size = f"rms {number_text(d.rms, 3)}, largest {number_text(d.largest, 3)}"
    return f"{name}, {_shape(d)}: {size}{', ' + counted.replace(' · ', ', ') if counted else ''}."

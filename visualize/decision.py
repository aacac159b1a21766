"""`boundary(predict, X, y)`: what a classifier of two features says about every point of the plane.

boundary(lambda X: predict(net, X), X, y).save("boundary.svg")
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.errors import ShapeError

from .axis import Axis, linear_axis
from .box import COLUMN, LINE
from .canvas import (
    COLOURS,
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
)
from .errors import NotDrawableError, OptionError
from .inputs import label_text, plain, real_numbers
from .masks import stretches
from .picture import Picture
from .text import columns, counted, cut, visible

__all__ = ["MARKS", "boundary"]

SIDE = 360  # of the plot
GRID = 180  # points asked along each side
MOST_POINTS = 600
MOST_CLASSES = 30  # so many differ in colour and mark together
NAME_COLUMNS = 20
FARTHEST = 1e307  # beyond, the ends of an axis may be no floats

#: Marks around the origin: circle, square, triangle, diamond, plus, triangle upside down.
MARKS = (
    "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "m-3.2-3.2h6.4v6.4h-6.4z",
    "m0-4.4l4.2 7.4h-8.4z",
    "m0-4.6l4.6 4.6l-4.6 4.6l-4.6-4.6z",
    "m-1.4-4.2h2.8v2.8h2.8v2.8h-2.8v2.8h-2.8v-2.8h-2.8v-2.8h2.8z",
    "m0 4.4l4.2-7.4h-8.4z",
)


def boundary(
    predict: Callable[[np.ndarray], Any],
    X: Any,
    y: Any,
    *,
    names: Sequence[Any] | None = None,
    features: tuple[str, str] = ("x1", "x2"),
    title: str = "Decision boundary",
) -> Picture:
    """The regions that a classifier sees, with a line between them, and the examples in them.

    predict: a function of (2, m) that returns labels (m,) or (1, m) as integers, or probabilities as floats:
    (1, m) or (m,) of class 1, or (classes, m).  It is asked about a grid of 180 x 180 points.
    X: (2, m), y: (m,) labels 0, 1, ....  names: of the classes.  features: the names of the axes.
    Each class has a colour and a mark of its own.  Of more than 600 examples every k-th is drawn, and it says so.
    Raises ShapeError for arrays of other shapes, NotDrawableError for labels that are none, OptionError for more
    than 30 classes and for an X beyond 1e307.

    >>> X = np.array([[0.0, 1.0], [0.0, 1.0]])
    >>> boundary(lambda X: X[0] > 0.5, X, np.array([0, 1]))
    <Decision boundary: 2 examples, 2 classes>
    """
    points, labels = real_numbers(X, "boundary(predict, X, y): X"), plain(y)
    if labels.dtype.kind not in "iub":
        raise NotDrawableError(
            f"boundary(predict, X, y): y is {labels.dtype}; labels are whole numbers: y.astype(int)."
        )
    if points.ndim != 2 or points.shape[0] != 2 or labels.shape != points.shape[1:] or not labels.size:
        raise ShapeError(
            f"boundary(predict, X, y): X is {points.shape}, y is {labels.shape}; they must be (2, m) and (m,)."
        )
    labels = _labels(labels, labels.size, "y")
    right = _labels(predict(points), labels.size, "predict(X)") == labels
    finite = np.isfinite(points).all(axis=0)
    if finite.any() and np.abs(points[:, finite]).max() > FARTHEST:
        raise OptionError("boundary(predict, X, y): X reaches too far to be drawn; scale it: X / abs(X).max().")
    axes = [linear_axis(_widened(row[finite])) for row in points]
    ends = [(float(axis.ticks[0][1]), float(axis.ticks[-1][1])) for axis in axes]
    steps = (np.arange(GRID) + 0.5) / GRID
    across, up = (low + (high - low) * steps for low, high in ends)
    grid = np.stack([np.tile(across, GRID), np.repeat(up[::-1], GRID)])  # (2, GRID * GRID), from the top row down
    regions = _labels(predict(grid), GRID * GRID, "predict(grid)").reshape(GRID, GRID)
    classes = int(max(labels.max(), regions.max())) + 1
    if classes > MOST_CLASSES:
        raise OptionError(f"boundary(predict, X, y): {classes} classes; at most {MOST_CLASSES} can be told apart.")
    named = [label_text(k, names) for k in range(classes)]
    rows = [_row(k, name, labels, right, regions) for k, name in enumerate(named)]
    chosen = np.flatnonzero(finite)
    every = -(-len(chosen) // MOST_POINTS)
    notes = [f"1 example in {every} is drawn"] if every > 1 else []
    notes += [f"{labels.size - len(chosen)} not finite, left out"] if len(chosen) < labels.size else []
    chosen = chosen[:: every or 1]
    svg = _svg(axes, regions, points[:, chosen], labels[chosen], rows, notes, (visible(str(title)), *features))
    what = f"{counted(labels.size, 'example')}, {counted(classes, 'class', 'classes')}"
    return Picture(svg, f"Decision boundary: {what}")


def _labels(said: Any, m: int, where: str) -> np.ndarray:
    """(m,) whole numbers from 0 on, out of labels or probabilities."""
    a = plain(said)
    if a.ndim not in (1, 2) or a.shape[-1] != m or a.size == 0:
        raise ShapeError(f"boundary: {where} is {a.shape}; it must be ({m},), (1, {m}) or (classes, {m}).")
    if a.ndim == 2 and len(a) > 1:
        return a.argmax(axis=0)
    a = a.reshape(-1)
    if a.dtype.kind == "f":
        whole = bool((np.isfinite(a) & (a == np.rint(a))).all())
        a = a.astype(np.int64) if whole and np.abs(a).max() < 2**53 else (a > 0.5).astype(np.int64)
    if a.dtype.kind not in "iub" or a.min() < 0:
        raise NotDrawableError(f"boundary: {where} holds {a.dtype}; labels are whole numbers 0, 1, ...")
    return a.astype(np.int64)


def _widened(values: np.ndarray) -> list[float]:
    """The least and largest value, with some air around."""
    if not values.size:
        return [-1.0, 1.0]
    low, high = float(values.min()), float(values.max())
    air = 0.04 * (high - low)
    return [low - air, high + air]


def _row(k: int, name: str, labels: np.ndarray, right: np.ndarray, regions: np.ndarray) -> tuple[str, str, str]:
    """name, count and what else is to be said about a class."""
    own = labels == k
    wrong = int((own & ~right).sum())
    return (
        name,
        f"{int(own.sum())}, {wrong} wrong",
        f"its region covers {100 * np.mean(regions == k):.0f} % of the plane",
    )


def _svg(
    axes: list[Axis],
    regions: np.ndarray,
    points: np.ndarray,
    labels: np.ndarray,
    rows: list[tuple[str, str, str]],
    notes: list[str],
    texts: tuple[str, str, str],
) -> str:
    title, x_name, y_name = texts[0], *map(visible, map(str, texts[1:]))
    left = MARGIN + max(columns(text) for _, text in axes[1].ticks) * COLUMN + GAP
    names = [cut(name, NAME_COLUMNS) for name, _, _ in rows]
    beside = left + SIDE + 2 * GAP
    counts = beside + 2 * GAP + (max(map(columns, names)) + 1) * COLUMN
    width = counts + max(columns(count) for _, count, _ in rows) * COLUMN + MARGIN
    top = MARGIN + TITLE + LINE
    height = top + max(SIDE + 2 * LINE + GAP + (LINE if notes else 0), len(rows) * LINE) + MARGIN
    words = [f"The plane of {x_name} and {y_name}, coloured by the predicted class, with the examples."]
    words += [f"{name}: {count}; {more}." for name, count, more in rows]
    root = new_svg("picture", (width, height), title, "\n".join([*words, *notes]), picture_style())
    add_title(root, title, width)
    add_text(root, left, top - GAP, cut(f"{y_name} ↑", int(SIDE / COLUMN)), "quiet")
    plot = ET.SubElement(root, "g", {"transform": f"translate({coordinate(left)} {coordinate(top)})"})
    step = SIDE / GRID
    for k in range(len(rows)):
        if (regions == k).any():
            part = ET.SubElement(plot, "g", {"class": f"c{k % len(COLOURS['light'])}"})
            ET.SubElement(part, "path", {"class": "region", "d": _area(regions == k, step)})
    ET.SubElement(plot, "path", {"class": "edge", "d": _edges(regions, step)})
    ET.SubElement(plot, "rect", {"class": "frame", "width": str(SIDE), "height": str(SIDE)})
    _add_ticks(plot, *axes)
    add_text(plot, SIDE, SIDE + 2 * LINE + GAP, cut(f"{x_name} →", int(SIDE / COLUMN)), "quiet", "end")
    for k in range(len(rows)):
        places = [(axes[0].place(a) * SIDE, (1 - axes[1].place(b)) * SIDE) for a, b in points[:, labels == k].T]
        _add_marks(plot, k, places)
        y = k * LINE + MIDDLE
        _add_marks(plot, k, [(SIDE + 2 * GAP, y)])
        add_text(plot, SIDE + 4 * GAP, y + MIDDLE, names[k], "name")
        add_text(plot, counts - left, y + MIDDLE, rows[k][1], "quiet")
    add_text(root, MARGIN, height - MARGIN + MIDDLE, ", ".join(notes), "quiet")
    return ET.tostring(root, encoding="unicode") + "\n"


def _add_ticks(plot: ET.Element, x_axis: Axis, y_axis: Axis) -> None:
    for place, text in y_axis.ticks:
        y = SIDE * (1 - place)
        ET.SubElement(plot, "path", {"class": "axis", "d": f"M0 {coordinate(y)}h-4"})
        add_text(plot, -GAP, y + MIDDLE, text, "quiet", "end")
    add_x_ticks(plot, x_axis.ticks, (SIDE, SIDE), (-np.inf, SIDE + GAP))


def _add_marks(plot: ET.Element, k: int, places: Sequence[tuple[float, float]]) -> None:
    if places:
        part = ET.SubElement(plot, "g", {"class": f"c{k % len(COLOURS['light'])}"})
        d = "".join(f"M{coordinate(x)} {coordinate(y)}{MARKS[k % len(MARKS)]}" for x, y in places)
        ET.SubElement(part, "path", {"class": "mark", "d": d})


def _area(inside: np.ndarray, step: float) -> str:
    """The cells as rectangles, one for each stretch of a row, reaching down over rows that are the same."""
    parts, i = [], 0
    while i < len(inside):
        j = i + 1
        while j < len(inside) and (inside[j] == inside[i]).all():
            j += 1
        for start, end in stretches(inside[i]):
            x, y, w, h = (coordinate(v * step) for v in (start, i, end - start, j - i))
            parts.append(f"M{x} {y}h{w}v{h}h-{w}z")
        i = j
    return "".join(parts)


def _edges(regions: np.ndarray, step: float) -> str:
    """The lines between cells of different classes."""
    parts = []
    for i, row in enumerate(regions[1:] != regions[:-1], start=1):
        parts += [
            f"M{coordinate(a * step)} {coordinate(i * step)}h{coordinate((b - a) * step)}" for a, b in stretches(row)
        ]
    for j, column in enumerate((regions[:, 1:] != regions[:, :-1]).T, start=1):
        parts += [
            f"M{coordinate(j * step)} {coordinate(a * step)}v{coordinate((b - a) * step)}" for a, b in stretches(column)
        ]
    return "".join(parts)

"""`heatmaps(epochs, layers)`: weights or gradients of every layer as they change during training.

heatmaps([0, 10, 30], {"W1": [W1_at_0, W1_at_10, W1_at_30]}, title="Weights").save("weights.svg")
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.errors import ShapeError

from .box import COLUMN, LINE
from .canvas import GAP, MARGIN, MIDDLE, TITLE, add_text, add_title, coordinate, new_svg, picture_style, wrapped
from .errors import NotDrawableError, OptionError
from .inputs import whole_epochs
from .picture import Picture
from .pixels import Pooled, diverging_png, pooled
from .text import columns, counted, cut, number_text, visible

__all__ = ["heatmaps"]

SIDE = 128  # of the largest matrix
THIN = 12  # the least height or width a matrix is stretched to
BETWEEN = 14
BAR = 10  # width of the colour scale
NAME_COLUMNS = 14
MOST_LAYERS = 12


def heatmaps(
    epochs: Sequence[int], layers: Mapping[str, Sequence[Any]], *, scale: str = "layer", title: str = "Weights"
) -> Picture:
    """One row for each layer, one column for each epoch: blue below 0, orange above, no colour at 0.

    epochs: increasing whole numbers.  layers: {"W1": [matrix, matrix, ...]}, one (n, n_prev) for each epoch.
    scale: "layer", one from -s to s for all epochs of a layer, written beside it; or "epoch", one for each matrix,
    written below it: for gradients, which fade by orders of magnitude.  Layers always differ.
    A matrix with more than 64 rows or columns is pooled to means over blocks, and the picture says so; `pooled` does
    that beforehand where copies would be too large.  Of more than 12 layers the middle ones are left out.
    A nan or inf is pink and counted.
    Raises ShapeError where something is empty or the lengths differ, OptionError for another scale and if epochs do
    not increase, NotDrawableError for what is no matrix of numbers.

    >>> heatmaps([0, 5], {"W1": [np.eye(2), 2 * np.eye(2)]})
    <Heatmaps of W1: 2 epochs>
    """
    if scale not in ("layer", "epoch"):
        raise OptionError(f'heatmaps(..., scale={scale!r}): the scales are "layer" and "epoch".')
    whole, read = whole_epochs(epochs, "heatmaps(epochs, layers)"), _layers(epochs, layers)
    names = cut(", ".join(read), 60)
    left_out = list(read)[MOST_LAYERS // 2 : len(read) - MOST_LAYERS // 2] if len(read) > MOST_LAYERS else []
    shown = {name: row for name, row in read.items() if name not in left_out}
    svg = _svg(whole, shown, left_out, scale, visible(str(title)))
    return Picture(svg, f"Heatmaps of {names}: {counted(len(whole), 'epoch')}")


def _layers(epochs: Sequence[int], layers: Any) -> dict[str, list[Pooled]]:
    if not isinstance(layers, Mapping):
        raise NotDrawableError('heatmaps(epochs, layers): layers is {name: matrices}: {"W1": [W1_before, W1_after]}.')
    if not layers:
        raise ShapeError('heatmaps(epochs, layers): layers is empty; give at least {"W1": [...]}.')
    read: dict[str, list[Pooled]] = {}
    for name, matrices in layers.items():
        where = f"heatmaps(epochs, layers): layers[{name!r}]"
        row = []
        for a in matrices:
            try:
                row.append(a if isinstance(a, Pooled) else pooled(a))
            except NotDrawableError as error:
                raise NotDrawableError(f"{where}: {error}") from error
        if len(row) != len(epochs):
            raise ShapeError(f"{where} has {len(row)} matrices, epochs has {len(epochs)}; give one for each epoch.")
        if len({p.shape for p in row}) > 1:
            raise ShapeError(f"{where} changes its shape from {row[0].shape}; give each layer a row of its own.")
        read[visible(str(name))] = row
    return read


def _svg(epochs: list[int], layers: Mapping[str, list[Pooled]], left_out: list[str], scale: str, title: str) -> str:
    largest = {name: [p.largest_cell for p in row] for name, row in layers.items()}
    scales = {name: [max(cells)] * len(cells) if scale == "layer" else cells for name, cells in largest.items()}
    below = {
        name: [
            f"rms {number_text(p.rms, 3)}" if scale == "layer" else f"±{number_text(s, 3)}"
            for p, s in zip(row, scales[name])
        ]
        for name, row in layers.items()
    }
    sizes = {name: _size(row[0]) for name, row in layers.items()}
    ends = {name: number_text(s[0], 3) if scale == "layer" else "s" for name, s in scales.items()}
    shapes = {name: "x".join(map(str, row[0].shape)) for name, row in layers.items()}
    left = max(columns(text) for name in layers for text in (cut(name, NAME_COLUMNS), shapes[name])) * COLUMN
    texts = [f"epoch {e}" for e in epochs] + [text for row in below.values() for text in row]
    across = max([width for width, _ in sizes.values()] + [columns(text) * COLUMN for text in texts]) + BETWEEN
    start = MARGIN + left + 2 * GAP
    right = start + len(epochs) * across
    width = right + BAR + GAP + (max(map(columns, ends.values())) + 1) * COLUMN + MARGIN
    notes = [
        line
        for sentence in _notes(layers, left_out, scale)
        for line in wrapped(sentence, int((width - 2 * MARGIN) / COLUMN))
    ]
    heights = [max(height + LINE, 3 * LINE) + BETWEEN for _, height in sizes.values()]
    top = MARGIN + TITLE + LINE
    size = (width, top + sum(heights) + GAP + len(notes) * LINE + MARGIN)
    root = new_svg("picture", size, title, _description(epochs, layers, left_out, scale), picture_style())
    add_title(root, title, width)
    for j, epoch in enumerate(epochs):
        add_text(root, start + j * across, top - GAP, f"epoch {epoch}", "quiet")
    y = float(top)
    for (name, row), height in zip(layers.items(), heights):
        group = ET.SubElement(root, "g", {"class": "layer", "transform": f"translate(0 {coordinate(y)})"})
        group.tail = "\n"
        add_text(group, MARGIN, MARGIN - GAP, cut(name, NAME_COLUMNS), "name")
        add_text(group, MARGIN, MARGIN - GAP + LINE, shapes[name], "quiet")
        for j, (epoch, p) in enumerate(zip(epochs, row)):
            words = f"{name} after epoch {epoch}: {_words(p)}"
            _add_image(group, start + j * across, 0, sizes[name], diverging_png(p.cells, scales[name][j]), words)
            add_text(group, start + j * across, sizes[name][1] + LINE - MIDDLE, below[name][j], "quiet")
        _add_scale(group, right, max(sizes[name][1], 3 * LINE), ends[name])
        y += height
    for i, note in enumerate(notes):
        add_text(root, MARGIN, y + GAP + MIDDLE + i * LINE, note, "quiet")
    return ET.tostring(root, encoding="unicode") + "\n"


def _add_image(parent: ET.Element, x: float, y: float, size: tuple[float, float], uri: str, words: str) -> None:
    width, height = map(coordinate, size)
    place = {"x": coordinate(x), "y": coordinate(y), "width": width, "height": height}
    group = ET.SubElement(parent, "g")
    ET.SubElement(group, "title").text = words
    ET.SubElement(group, "image", {"class": "cells diverging", "href": uri, "preserveAspectRatio": "none", **place})
    ET.SubElement(group, "rect", {"class": "frame", **place})


def _add_scale(parent: ET.Element, x: float, height: float, end: str) -> None:
    bar = np.linspace(1.0, -1.0, 63)[:, None]
    _add_image(parent, x, 0, (BAR, height), diverging_png(bar, 1.0), "the scale of this layer")
    for place, text in ((0.0, f"+{end}"), (0.5, "0"), (1.0, f"-{end}")):
        baseline = min(max(height * place + MIDDLE, 10), height)
        add_text(parent, x + BAR + GAP, baseline, text, "quiet")


def _size(p: Pooled) -> tuple[float, float]:
    """Width and height in the picture: as the matrix, the longer side SIDE, the shorter no thinner than THIN."""
    rows, cols = p.shape
    longer = max(rows, cols)
    return max(SIDE * cols / longer, THIN), max(SIDE * rows / longer, THIN)


def _notes(layers: Mapping[str, list[Pooled]], left_out: list[str], scale: str) -> list[str]:
    notes = [
        f"{name}: a cell is the mean of {p.block[0]} x {p.block[1]} entries."
        for name, (p, *_) in layers.items()
        if p.block != (1, 1)
    ]
    broken = {name: sum(p.not_finite for p in row) for name, row in layers.items()}
    notes += [
        f"{name}: {count} {'entry is' if count == 1 else 'entries are'} nan or infinite (pink)."
        for name, count in broken.items()
        if count
    ]
    if scale == "epoch":
        notes.append("Each matrix has a scale of its own, from -s to s, written below it.")
    if left_out:
        notes.append(f"Left out: {len(left_out)} layers, {left_out[0]} to {left_out[-1]}.")
    return notes


def _words(p: Pooled) -> str:
    return f"rms {number_text(p.rms, 3)}, largest {number_text(p.largest, 3)}"


def _description(epochs: list[int], layers: Mapping[str, list[Pooled]], left_out: list[str], scale: str) -> str:
    count = counted(len(epochs), "epoch")
    lines = [f"Heatmaps, one row for each of {len(layers)} layers, one column for each of {count}; blue is below 0."]
    for name, row in layers.items():
        first = f"{name}, {row[0].shape[0]} x {row[0].shape[1]}: {_words(row[0])} at epoch {epochs[0]}"
        lines.append(first + (f"; {_words(row[-1])} at epoch {epochs[-1]}." if len(row) > 1 else "."))
    return "\n".join(lines + _notes(layers, left_out, scale))

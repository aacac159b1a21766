"""`mistakes(X, y, predicted)`: the examples that were classified wrong, as images.

mistakes(digits.X_test, digits.y_test, predict(net, digits.X_test)).save("mistakes.svg")
"""

import math
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu.errors import ShapeError

from .box import COLUMN, LINE
from .canvas import MARGIN, MIDDLE, TITLE, add_text, add_title, coordinate, new_svg, picture_style
from .errors import NotDrawableError
from .inputs import label_text, plain, real_numbers
from .picture import Picture
from .pixels import grey_png
from .text import columns, counted, cut, visible

__all__ = ["mistakes"]

SIDE = 72  # of an image
PER_ROW = 6
NAME_COLUMNS = 12


def mistakes(
    X: Any,
    y: Any,
    predicted: Any,
    *,
    probabilities: Any = None,
    names: Sequence[Any] | None = None,
    shape: tuple[int, int] | None = None,
    most: int = 24,
    title: str = "Classified wrong",
) -> Picture:
    """The columns of X whose prediction is not y, as images with both labels; the surest errors come first.

    X: (pixels, m), 0 white to 1 black.  y, predicted: (m,) labels.  probabilities: (m,) of the predicted label.
    names: of the labels 0, 1, ....  shape: (height, width) of an image; by default a square.  most: how many.
    Raises ShapeError where the shapes do not fit, NotDrawableError for labels that are no whole numbers.

    >>> mistakes(np.eye(4), np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0]))
    <1 of 4 examples classified wrong>
    """
    pixels, truth, said = real_numbers(X, "mistakes(X, y, predicted): X"), plain(y), plain(predicted)
    if pixels.ndim != 2 or not pixels.shape[1:] == truth.shape == said.shape:
        raise ShapeError(
            f"mistakes(X, y, predicted): X is {pixels.shape}, y is {truth.shape}, predicted is {said.shape}; "
            f"they must be (pixels, m), (m,) and (m,)."
        )
    if truth.dtype.kind not in "iub" or said.dtype.kind not in "iub":
        raise NotDrawableError(
            f"mistakes(X, y, predicted): y is {truth.dtype}, predicted is {said.dtype}; give integers."
        )
    side = math.isqrt(len(pixels))
    height, width = (side, side) if shape is None else shape
    if height * width != len(pixels) or not len(pixels):
        raise ShapeError(f"mistakes(X, ...): X has {len(pixels)} rows, no image of {height} x {width}; give shape=.")
    sure = None if probabilities is None else real_numbers(probabilities, "mistakes(...): probabilities")
    if sure is not None and sure.shape != said.shape:
        raise ShapeError(f"mistakes(X, ...): probabilities is {sure.shape}; it must be {said.shape}, as predicted is.")
    wrong = np.flatnonzero(truth != said)
    if sure is not None:
        wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    shown = wrong[:most]
    cells = [pixels[:, i].reshape(height, width) for i in shown]
    labels = [tuple(label_text(int(a[i]), names) for a in (truth, said)) for i in shown]
    shares = ["" if sure is None else f", {100 * sure[i]:.0f} %" for i in shown]
    m = truth.size
    head = f"{len(wrong)} of {m} examples" if len(wrong) else f"All {m} examples are right."
    if len(wrong) > len(shown):
        head += f", the {'first' if sure is None else 'surest'} {len(shown)}"
    svg = _svg(cells, labels, shares, head, visible(str(title)))
    return Picture(svg, f"{len(wrong)} of {counted(m, 'example')} classified wrong")


def _svg(cells: list[np.ndarray], labels: list[tuple[str, ...]], shares: list[str], head: str, title: str) -> str:
    lines = [
        (f"is {cut(true, NAME_COLUMNS)}", f"said {cut(said, NAME_COLUMNS)}{share}")
        for (true, said), share in zip(labels, shares)
    ]
    across = max([SIDE] + [columns(text) * COLUMN for pair in lines for text in pair]) + MARGIN
    down = SIDE + 2 * LINE + MARGIN
    rows = math.ceil(len(cells) / PER_ROW)
    width = max(min(PER_ROW, len(cells)) * across + MARGIN, 2 * MARGIN + columns(head) * COLUMN, 260)
    top = MARGIN + TITLE + LINE
    words = [f"{head}."] if cells else [head]
    words += [f"{true} taken for {said}{share}." for (true, said), share in zip(labels, shares)]
    root = new_svg("picture", (width, top + rows * down + MARGIN / 2), title, "\n".join(words), picture_style())
    add_title(root, title, width)
    add_text(root, MARGIN, top - LINE + MIDDLE, head, "quiet")
    for i, (image, pair) in enumerate(zip(cells, lines)):
        x, y = MARGIN + i % PER_ROW * across, top + i // PER_ROW * down
        height, wide = (SIDE * n / max(image.shape) for n in image.shape)
        place = {"x": coordinate(x), "y": coordinate(y), "width": coordinate(wide), "height": coordinate(height)}
        group = ET.SubElement(root, "g", {"class": "example"})
        group.tail = "\n"
        ET.SubElement(group, "title").text = words[i + 1]
        cells_of = {"class": "cells", "href": grey_png(image), "preserveAspectRatio": "none"}
        ET.SubElement(group, "image", {**cells_of, **place})
        ET.SubElement(group, "rect", {"class": "frame", **place})
        add_text(group, x, y + SIDE + LINE - MIDDLE, pair[0], "name")
        add_text(group, x, y + SIDE + 2 * LINE - MIDDLE, pair[1], "number")
    return ET.tostring(root, encoding="unicode") + "\n"

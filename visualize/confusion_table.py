"""`confusion_matrix(counts)`: which classes are taken for which others.

confusion_matrix(confusion(y, predicted, 10), names=range(10)).save("confusion.svg")
"""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu.errors import ShapeError

from .box import COLUMN, LINE
from .canvas import (
    GAP,
    MARGIN,
    MIDDLE,
    SHADE_STEPS,
    TITLE,
    add_text,
    add_title,
    coordinate,
    new_svg,
    picture_style,
)
from .errors import NotDrawableError
from .inputs import plain
from .picture import Picture
from .text import columns, counted, cut, visible

__all__ = ["confusion_matrix", "confusions"]

HEIGHT = 30  # of a cell
NAME_COLUMNS = 10
MOST_CLASSES = 20
LEAST = 2  # the shade of a single error among many examples: it should be seen


def confusion_matrix(counts: Any, names: Sequence[Any] | None = None, *, title: str = "Confusion") -> Picture:
    """A table of counts, shaded by the share of its row: blue on the diagonal, orange beside it.

    counts: (classes, classes); counts[i, j] examples of class i were predicted as class j.
    names: of the classes; by default 0, 1, ....  Of more than 20 classes those 20 with the most errors are shown.
    Raises ShapeError unless counts is square with an entry, NotDrawableError unless it holds whole numbers from 0 on.

    >>> confusion_matrix([[5, 1], [0, 4]], ["even", "odd"])
    <Confusion of 2 classes: 9 of 10 right>
    """
    table, named = _read(counts, names)
    right, total = int(np.trace(table)), int(table.sum())
    chosen = list(range(len(table)))
    if len(table) > MOST_CLASSES:
        wrong = table.sum(axis=0) + table.sum(axis=1) - 2 * np.diag(table)
        chosen = sorted(np.argsort(-wrong, kind="stable")[:MOST_CLASSES].tolist())
    words = [f"{right} of {total} examples on the diagonal are right. Rows: what it is; columns: what was said."]
    words += confusions(table, named, 40)
    cells = table[np.ix_(chosen, chosen)]
    whole = table.sum(axis=1)[chosen]
    left_out = f"The {MOST_CLASSES} classes with the most errors, of {len(table)}." if len(table) > len(chosen) else ""
    svg = _svg(cells, whole, [named[i] for i in chosen], left_out, visible(str(title)), "\n".join(words))
    return Picture(svg, f"Confusion of {counted(len(table), 'class', 'classes')}: {right} of {total} right")


def confusions(counts: Any, names: Sequence[Any] | None = None, most: int = 10) -> list[str]:
    """The most frequent errors, a sentence each; of equally frequent ones, those of earlier classes first.

    >>> confusions([[5, 1], [0, 4]], ["even", "odd"])
    ['even taken for odd: 1.']
    """
    table, named = _read(counts, names)
    wrong = table - np.diag(np.diag(table))
    pairs = sorted(np.argwhere(wrong).tolist(), key=lambda ij: -int(wrong[ij[0], ij[1]]))
    said = [f"{named[i]} taken for {named[j]}: {int(wrong[i, j])}." for i, j in pairs[:most]]
    rest = sum(int(wrong[i, j]) for i, j in pairs[most:])
    return said + ([f"Other errors: {rest}."] if rest else [])


def _read(counts: Any, names: Sequence[Any] | None) -> tuple[np.ndarray, list[str]]:
    table = plain(counts)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not table.size:
        raise ShapeError(f"confusion_matrix(counts): counts is {table.shape}; it must be (classes, classes).")
    if table.dtype.kind not in "iu" or table.min() < 0:
        raise NotDrawableError(f"confusion_matrix(counts): counts holds {table.dtype}; give whole numbers from 0 on.")
    named = list(range(len(table))) if names is None else list(names)
    if len(named) != len(table):
        raise ShapeError(f"confusion_matrix(counts, names): {len(named)} names for {len(table)} classes.")
    return table.astype(np.int64), [visible(str(name)) for name in named]


def _svg(cells: np.ndarray, whole: np.ndarray, names: list[str], left_out: str, title: str, description: str) -> str:
    n = len(cells)
    short = [cut(name, NAME_COLUMNS) for name in names]
    wide = max([3, *map(columns, short), *(len(str(c)) for c in cells.ravel())]) * COLUMN + 2 * GAP
    left = MARGIN + max(columns(name) for name in [*short, "is"]) * COLUMN + GAP
    width = max(left + n * wide + MARGIN, 2 * MARGIN + columns(left_out) * COLUMN, 260)
    top = MARGIN + TITLE + 2 * LINE
    height = top + n * HEIGHT + (LINE + GAP if left_out else 0) + MARGIN
    root = new_svg("picture", (width, height), title, description, picture_style())
    add_title(root, title, width)
    add_text(root, left, top - LINE - GAP, "predicted", "quiet")
    add_text(root, MARGIN, top - GAP, "is", "quiet")
    for k, name in enumerate(short):
        add_text(root, left + (k + 0.5) * wide, top - GAP, name, "name", "middle")
        add_text(root, MARGIN, top + (k + 0.5) * HEIGHT + MIDDLE, name, "name")
    for i in range(n):
        group = ET.SubElement(root, "g", {"class": "row"})
        group.tail = "\n"
        for j in range(n):
            count = int(cells[i, j])
            share = count / whole[i] if whole[i] else 0.0
            level = max(LEAST, round(share * SHADE_STEPS)) if count else 0
            x, y = left + j * wide, top + i * HEIGHT
            cell = ET.SubElement(group, "g")
            ET.SubElement(cell, "title").text = f"{names[i]} predicted as {names[j]}: {count}, {100 * share:.1f} %"
            box = {"x": coordinate(x + 1), "y": coordinate(y + 1)}
            box |= {"width": coordinate(wide - 2), "height": coordinate(HEIGHT - 2)}
            kind = f"{'right' if i == j else 'wrong'}{level}"
            ET.SubElement(cell, "rect", {"class": kind, **box})
            if i == j:  # told apart without colour too
                ET.SubElement(cell, "rect", {"class": "frame diagonal", **box})
            role = "number" if count else "quiet"
            add_text(cell, x + wide / 2, y + HEIGHT / 2 + MIDDLE, str(count) if count else "·", role, "middle")
    add_text(root, MARGIN, height - MARGIN, left_out, "quiet")
    return ET.tostring(root, encoding="unicode") + "\n"

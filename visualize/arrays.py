"""What an array looks like on a page: all its numbers where they are few, else a heatmap.

Plain lists and texts, ready for JSON.  `Arrays` keeps each array once, however often a page shows it.
"""

from typing import Any, final

import numpy as np

from .pixels import diverging_png, pooled
from .text import array_text, number_text

__all__ = ["Arrays"]

#: Up to so many rows and columns an array is shown number by number.
FEW = 6


@final
class Arrays:
    """The arrays of a page.  `place(array)` gives the index under which `found` describes it."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self._places: dict[Any, int] = {}

    def place(self, array: np.ndarray) -> int:
        """Where the description of an array with these numbers stands."""
        key = (array.shape, array.dtype.str, array.tobytes())
        if key not in self._places:
            self._places[key] = len(self.found)
            self.found.append(_described(array))
        return self._places[key]


def _described(array: np.ndarray) -> dict[str, Any]:
    """shape, dtype, a short text; and rows of (text, every digit), or a heatmap."""
    found: dict[str, Any] = {"shape": str(array.shape), "dtype": array.dtype.name, "text": array_text(array)}
    rows = array.reshape((-1, array.shape[-1]) if array.ndim and array.shape[-1] else (1, array.size))
    if array.size == 0:
        return found
    if max(rows.shape) <= FEW:
        return found | {"rows": [[(number_text(x), str(x)) for x in row] for row in rows]}
    return found | {"heat": _heat(rows, array.ndim)}


def _heat(rows: np.ndarray, ndim: int) -> dict[str, Any]:
    """picture: as a data URI, a pixel for each cell.  most: what has the full colour.  notes: what to know of it."""
    found = pooled(rows if rows.dtype.kind != "c" else np.abs(rows))
    notes = []
    if ndim > 2:
        notes.append(f"laid out as {rows.shape[0]} × {rows.shape[1]}")
    if found.block != (1, 1):
        notes.append(f"a cell is the mean of {found.block[0]} × {found.block[1]} entries")
    if rows.dtype.kind == "c":
        notes.append("sizes of complex numbers")
    if found.not_finite:
        notes.append("pink: nan or infinite")
    return {
        "rows": found.cells.shape[0],
        "columns": found.cells.shape[1],
        "picture": diverging_png(found.cells, found.largest_cell),
        "most": number_text(found.largest_cell, 3),
        "notes": notes,
    }

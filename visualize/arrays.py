"""What an array looks like on a page: all its numbers where they are few, else the levels of a heatmap.

Plain lists and texts, ready for JSON.  `Arrays` keeps each array once, however often a page shows it.
"""

from typing import Any, final

import numpy as np

from .text import array_text, number_text

__all__ = ["Arrays"]

#: Up to so many rows and columns an array is shown number by number.
FEW = 6
#: Up to so many rows and columns of a heatmap; of a larger array these are taken at even distances.
MOST = (32, 64)
#: A heatmap's levels go from 0 to twice this, which stand for minus and plus the largest size of a finite entry.
MIDDLE = 127
#: The level of what is no number.
NAN = 255


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
    """levels: two hexadecimal digits for each cell, row by row.  notes: what a reader must know of it."""
    sizes = rows.astype(float) if rows.dtype.kind != "c" else np.abs(rows)
    finite = np.abs(sizes[np.isfinite(sizes)])
    largest = float(finite.max(initial=0.0))
    taken = [np.linspace(0, n - 1, min(n, most)).round().astype(int) for n, most in zip(sizes.shape, MOST)]
    sample = sizes[np.ix_(*taken)]
    scaled = np.clip(np.nan_to_num(sample / (largest or 1.0), posinf=1.0, neginf=-1.0), -1.0, 1.0)
    levels = np.where(np.isnan(sample), NAN, np.rint(scaled * MIDDLE) + MIDDLE).astype(np.uint8)
    notes = []
    if ndim > 2:
        notes.append(f"laid out as {rows.shape[0]} × {rows.shape[1]}")
    if levels.shape != rows.shape:
        parts = [f"{k} of {n} {what}" for k, n, what in zip(levels.shape, rows.shape, ("rows", "columns")) if k != n]
        notes.append(f"sampled: {' and '.join(parts)}")
    if rows.dtype.kind == "c":
        notes.append("sizes of complex numbers")
    if np.isnan(sample).any():
        notes.append("grey: nan")
    return {
        "rows": levels.shape[0],
        "columns": levels.shape[1],
        "levels": levels.tobytes().hex(),
        "most": number_text(largest, 3),
        "notes": notes,
    }

"""Arrays as pixels: pooled to what a picture can show, and written as PNG inside a data URI.

A PNG takes about two thirds of a byte for a cell; a rectangle of SVG takes forty.  Nothing but zlib is needed.
"""

import base64
import struct
import zlib
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from .errors import NotDrawableError
from .inputs import real_numbers, size_of

__all__ = ["LEVELS", "Pooled", "diverging_png", "grey_png", "pooled"]

#: The most cells of a heatmap along either side.
MOST_CELLS = 64

#: Steps of colour from 0 to the end of a diverging scale; the eye tells fewer apart.
LEVELS = 31

#: Okabe and Ito's blue and vermilion, and their pink for what is no number.  Each has a contrast of 3 or more on
#: light and on dark paper; 0 is transparent, so that it is white on light paper and dark on dark.
BELOW, ABOVE, NOT_FINITE = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00), (0xCC, 0x79, 0xA7)


@final
@dataclass(frozen=True, slots=True)
class Pooled:
    """A matrix as a heatmap shows it.

    cells: the means over blocks of it; nan where a block holds a nan or inf.  shape: of the matrix itself.
    block: rows and columns per cell.  rms, largest: root mean square and largest |entry| of its finite entries.
    not_finite: how many entries are nan or infinite.

    >>> p = pooled(np.full((128, 2), [3.0, -1.0]))
    >>> p.shape, p.cells.shape, p.block, p.largest_cell
    ((128, 2), (64, 2), (2, 1), 3.0)
    """

    cells: np.ndarray
    shape: tuple[int, int]
    block: tuple[int, int]
    rms: float
    largest: float
    not_finite: int

    @property
    def largest_cell(self) -> float:
        """The largest |cell| that is finite: the end of a scale that shows all of them."""
        return float(np.abs(self.cells[np.isfinite(self.cells)]).max(initial=0.0))


def pooled(a: Any) -> Pooled:
    """The matrix in at most 64 x 64 cells, each the mean of a block; small matrices stay as they are.

    a: an array with up to two axes; with one axis, it is a column.  Keep this instead of a copy of a large matrix.
    Raises NotDrawableError for anything else, and for an empty array.

    >>> pooled(np.arange(4.0)).cells.shape, pooled(np.ones((1000, 10))).block
    ((4, 1), (16, 1))
    """
    numbers = real_numbers(a, "a heatmap")
    if numbers.ndim > 2 or numbers.size == 0:
        raise NotDrawableError(f"a heatmap shows a matrix with entries, and this is {numbers.shape}.")
    if numbers.ndim < 2:
        numbers = numbers.reshape(-1, 1)
    finite = np.isfinite(numbers)
    rms, largest = size_of(numbers[finite])
    cells = np.where(finite, numbers, np.nan)
    block = tuple(-(-n // MOST_CELLS) for n in cells.shape)
    if block != (1, 1):
        for axis, size in enumerate(block):
            starts = np.arange(0, cells.shape[axis], size)
            counts = np.diff([*starts, cells.shape[axis]])
            sums = np.add.reduceat(cells / size, starts, axis=axis)  # divided first: a sum may be too large
            cells = sums * np.expand_dims(size / counts, 1 - axis)
    rows, columns = numbers.shape
    return Pooled(cells, (rows, columns), (block[0], block[1]), rms, largest, int(finite.size - finite.sum()))


def diverging_png(cells: np.ndarray, scale: float) -> str:
    """The data URI of a picture, one pixel a cell: blue below 0, orange above, nothing at 0, pink where it is nan.

    scale: the size that has the full colour.
    """
    with np.errstate(invalid="ignore"):
        levels = np.rint(np.clip(cells / (scale or 1.0), -1, 1) * LEVELS)
    indices = np.where(np.isnan(levels), 2 * LEVELS + 1, levels + LEVELS).astype(np.uint8)
    steps = range(-LEVELS, LEVELS + 1)
    palette = [BELOW if k < 0 else ABOVE for k in steps] + [NOT_FINITE]
    opacity = [round(255 * abs(k) / LEVELS) for k in steps] + [255]
    chunks = [(b"PLTE", bytes(c for colour in palette for c in colour)), (b"tRNS", bytes(opacity))]
    return _png(indices, 3, chunks)


def grey_png(cells: np.ndarray) -> str:
    """The data URI of a picture, one pixel a cell: 0 white, 1 black, whatever the reader's theme."""
    shades = np.nan_to_num(1 - np.clip(cells, 0, 1), nan=0.5)
    return _png(np.rint(255 * shades).astype(np.uint8), 0, [])


def _png(pixels: np.ndarray, colour_type: int, chunks: list[tuple[bytes, bytes]]) -> str:
    """pixels: (height, width) of uint8.  Source: the PNG specification, third edition, sections 5 and 11."""
    height, width = pixels.shape
    lines = np.hstack([np.zeros((height, 1), np.uint8), pixels])  # each begins with its filter: none
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    body = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    parts = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in body
    )
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(parts)).decode("ascii")

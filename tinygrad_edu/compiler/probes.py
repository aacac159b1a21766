"""Arrays of our own with the layout of others: what is chosen on them depends on no entries of a run.  Floor 6."""

import functools
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

__all__ = ["dot_serves", "probe", "same"]

#: Of more bytes than this, and many times those of its entries, no array is made: those between them cost as much.
SPARSE = 2**26
#: Entries whose products are -0, 0 or nan, which a sum may begin with, or pass over.
EDGES = ((0.0, -1.0), (-0.0, 1.0), (-0.0, -0.0), (0.0, np.inf), (np.inf, 0.0), (-0.0, np.inf), (np.inf, -0.0))
#: A product of more multiplications takes so long that its start does not matter.
LONG = 2**20


@functools.cache
def _entries() -> np.ndarray:
    """Random numbers between 0 and 1, where most functions are at home."""
    return np.random.default_rng(0).random(4099)


def probe(a: np.ndarray, number: int = 0) -> np.ndarray:
    """Random entries in a's shape, dtype and strides; integers and truths, which may be indices, stay as they are.

    number: another one gives other entries.  Raises MemoryError where the entries lie too far apart.
    """
    if a.dtype.kind not in "fc" or not a.size:
        return a
    low, high = byte_bounds(a)
    if high - low > max(SPARSE, 4 * a.nbytes):
        raise MemoryError
    start = a.__array_interface__["data"][0] - low
    made: np.ndarray = np.ndarray(a.shape, a.dtype, np.zeros(high - low, np.uint8), start, a.strides)
    entries = np.roll(_entries(), 31 * number)
    made[...] = np.resize(entries if a.dtype.kind == "f" else entries + 1j * entries[::-1], a.shape)
    return made


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """The same bits in the same order in memory."""
    return a.shape == b.shape and a.dtype == b.dtype and _order(a) == _order(b) and a.tobytes() == b.tobytes()


def _order(a: np.ndarray) -> Any:
    return [n for n, size in zip(a.strides, a.shape) if size > 1]


def dot_serves(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether np.dot(a, b), which starts in half the time, is np.matmul(a, b) for all arrays of these layouts.

    Both hand products of matrices to the same library.  Of other layouts one of them adds up by itself.
    """
    plain = a.ndim == b.ndim == 2 and a.dtype == b.dtype and a.dtype.kind == "f" and a.size and b.size
    brief = a.shape[-1] == 1 or a.size * b.shape[-1] <= LONG
    return bool(plain and brief and a.flags.forc and b.flags.forc) and _dot_serves(
        (a.shape, a.strides), (b.shape, b.strides), a.dtype
    )


@functools.lru_cache(4096)
def _dot_serves(a: Any, b: Any, dtype: np.dtype[Any]) -> bool:
    A, B = (probe(np.lib.stride_tricks.as_strided(np.zeros(1, dtype), *each), i) for i, each in enumerate((a, b)))
    product = np.matmul(A, B)
    if not (product.flags.c_contiguous and same(product, np.dot(A, B))):
        return False
    for A[...], B[...] in EDGES:
        with np.errstate(invalid="ignore"):
            product, other = np.matmul(A, B), np.dot(A, B)
        if not (np.array_equal(product, other, equal_nan=True) and np.array_equal(*np.signbit([product, other]))):
            return False
    return True

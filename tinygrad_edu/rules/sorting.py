"""Entries in the order of their size, and where they stand in it.  Floor 2: NumPy only.

Sorting only moves entries, so the gradient moves them back.  Where entries are equal, several orders would give the
same result: the gradient goes by the order of a stable sort, in which equal entries stay as they were, whatever the
algorithm that `kind` asks for.  An order itself (argsort, searchsorted ...) has no gradient.
"""

from typing import Any

import numpy as np

from ..primitives import composition, primitive
from .indexing import key_along, scatter_add, take_along_axis


def sort_dx(dz: Any, z: Any, x: Any, *, axis: Any, kind: Any, stable: Any) -> Any:
    """Each entry of dz back to where its entry of x came from."""
    if axis is None:
        return scatter_add(dz, key=stable_order(x, None), shape=(x.size,)).reshape(x.shape)
    axis = axis % x.ndim
    return scatter_add(dz, key=key_along(stable_order(x, axis), x.shape, axis), shape=x.shape)


def stable_order(x: Any, axis: Any) -> Any:
    """The indices that sort x, equal entries in the order in which they stand."""
    return np.asarray(np.argsort(x, axis, kind="stable"))


@primitive(numpy=np.sort, dx=sort_dx, note="equal entries stay in their order, whatever the algorithm")
def sort(x: Any, *, axis: Any = -1, kind: Any = None, stable: Any = None) -> Any:
    """z = x with the entries of an axis in ascending order; of the flattened array where axis is None."""
    return np.sort(x, axis, kind=kind, stable=stable)


@composition(np.partition)
def partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect") -> Any:
    """The entries of an axis, with that of rank kth in its place, smaller ones before it and larger ones behind it.

    The rest stands, and equal entries share the places, as np.argpartition has it.
    """
    return take_along_axis(a, np.argpartition(a, kth, axis, kind), axis)


@composition(np.sort_complex)
def sort_complex(a: Any) -> Any:
    """The entries of the last axis in ascending order (by real part, then imaginary part), as complex numbers."""
    z = np.sort(a)
    return z if z.dtype.kind == "c" else z.astype(np.complex128)


# Where entries stand in an order: no gradient flows


@primitive(numpy=np.argsort)
def argsort(x: Any, *, axis: Any = -1, kind: Any = None, stable: Any = None) -> Any:
    """z = the indices that sort x."""
    return np.argsort(x, axis, kind=kind, stable=stable)


@primitive(numpy=np.argpartition)
def argpartition(x: Any, *, kth: Any, axis: Any = -1, kind: Any = "introselect") -> Any:
    """z = the indices that partition x."""
    return np.argpartition(x, kth, axis, kind)


@primitive(numpy=np.searchsorted)
def searchsorted(a: Any, v: Any, *, side: Any = "left", sorter: Any = None) -> Any:
    """z = how many entries of the sorted a come before v: those smaller, and with side="right" those equal too."""
    return np.searchsorted(a, v, side, None if sorter is None else np.asarray(sorter))


@primitive(numpy=np.digitize)
def digitize(x: Any, bins: Any, *, right: bool = False) -> Any:
    """z = the number of the bin that each entry falls into."""
    return np.digitize(x, bins, right)

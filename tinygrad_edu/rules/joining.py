"""Several arrays become one, one becomes several: join, cut, repeat, pad.  Floor 2: NumPy only.

Entries only move: the gradient of a whole is cut where its parts were joined, that of the parts is joined again, and
an entry that went to several places gets the sum of their gradients.
"""

from itertools import accumulate
from typing import Any

import numpy as np

from ..errors import NoRuleError, ShapeError
from ..operands import operand
from ..primitives import composition, primitive
from .arguments import axis_of, lined_up, whole_numbers
from .indexing import on_numbers, pick

# Join


def concatenate_dxs(dz: Any, z: Any, *xs: Any, axis: Any) -> list[Any]:
    """For each input the slice of dz where it lies."""
    lengths = [np.size(x) if axis is None else x.shape[axis] for x in xs]
    pieces = [slice(end - length, end) for length, end in zip(lengths, accumulate(lengths))]
    if axis is None:
        return [dz[piece].reshape(np.shape(x)) for x, piece in zip(xs, pieces)]
    return [pick(dz, piece, axis % dz.ndim) for piece in pieces]


@primitive(numpy=np.concatenate, dxs=concatenate_dxs)
def concatenate(*xs: Any, axis: Any = 0) -> Any:
    """z = the arrays joined along an axis that exists; flattened first where axis is None."""
    return np.concatenate(xs, axis)


@primitive(numpy=np.stack, dxs=lambda dz, z, *xs, axis, index: pick(dz, index, axis % dz.ndim))
def stack(*xs: Any, axis: int = 0) -> Any:
    """z = the arrays, all of one shape, joined along a new axis."""
    return np.stack(xs, axis)


@composition(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """The values behind the array, along an axis; both flattened first where axis is None."""
    arrays = (arr, values)
    return np.concatenate(np.atleast_1d(*arrays) if axis is None else tuple(map(operand, arrays)), axis)


@composition(np.vstack)
def vstack(tup: Any, **options: Any) -> Any:
    """The arrays one below the other: joined along the first axis, those of one axis as rows."""
    return np.concatenate([np.atleast_2d(x) for x in tup], **options)


@composition(np.hstack)
def hstack(tup: Any, **options: Any) -> Any:
    """The arrays side by side: joined along the second axis, those of one axis along it."""
    arrays = [np.atleast_1d(x) for x in tup]
    return np.concatenate(arrays, 0 if arrays[0].ndim == 1 else 1, **options)


@composition(np.dstack)
def dstack(tup: Any) -> Any:
    """The arrays one behind the other: joined along the third axis."""
    return np.concatenate([np.atleast_3d(x) for x in tup], 2)


@composition(np.column_stack)
def column_stack(tup: Any) -> Any:
    """The arrays side by side, those of one axis as columns."""
    return np.concatenate([x if np.ndim(x) > 1 else np.reshape(x, (np.size(x), 1)) for x in tup], 1)


def depth_of(arrays: Any) -> int:
    """How many lists lie around each array.  Raises ShapeError if it is not the same everywhere, or a list is empty."""
    depths = {depth_of(inner) for inner in arrays} if isinstance(arrays, list) else {-1}
    if len(depths) != 1:
        raise ShapeError("block: each array must lie in equally many lists, and no list may be empty.")
    return depths.pop() + 1


def leaves(arrays: Any) -> list[Any]:
    """The arrays in nested lists."""
    return [x for inner in arrays for x in leaves(inner)] if isinstance(arrays, list) else [arrays]


def join_nested(arrays: Any, depth: int, ndim: int) -> Any:
    """Nested lists of arrays as one array: those in the innermost lists joined along the last axis, and so on."""
    if not depth:
        return np.reshape(arrays, (1,) * (ndim - np.ndim(arrays)) + np.shape(arrays))
    return np.concatenate([join_nested(inner, depth - 1, ndim) for inner in arrays], -depth)


@composition(np.block)
def block(arrays: Any) -> Any:
    """The array made of blocks, given as nested lists: [[A, B], [C, D]] has the rows A B and C D."""
    depth = depth_of(arrays)
    return join_nested(arrays, depth, max([depth, *map(np.ndim, leaves(arrays))]))


# Cut


def cut(ary: Any, cuts: Any, axis: int) -> list[Any]:
    """The pieces of an array cut before these indices."""
    return [pick(ary, slice(a, b), axis) for a, b in zip([0, *cuts], [*cuts, ary.shape[axis]])]


@composition(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """The pieces of an array cut before the given indices, or into so many sections, the first ones longer by one."""
    axis = axis_of("array_split", ary, axis)
    if np.ndim(indices_or_sections):
        return cut(ary, whole_numbers("array_split", indices_or_sections), axis)
    sections = int(indices_or_sections)
    if sections < 1:
        raise ShapeError(f"array_split: there must be one section or more, and not {sections}.")
    length, longer = divmod(ary.shape[axis], sections)
    return cut(ary, [i * length + min(i, longer) for i in range(1, sections)], axis)


@composition(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """The pieces of an array cut before the given indices, or into so many equal sections."""
    axis = axis_of("split", ary, axis)
    length, sections = ary.shape[axis], indices_or_sections
    if np.ndim(sections):
        return cut(ary, whole_numbers("split", sections), axis)
    if sections < 1 or length % sections:
        raise ShapeError(f"split: an axis of length {length} has no {sections} equal sections; name the indices.")
    return array_split(ary, sections, axis)


@composition(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """The pieces side by side: cut along the second axis, or the only one."""
    if not ary.ndim:
        raise ShapeError("hsplit: a number cannot be cut; it needs an axis.")
    return split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@composition(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """The pieces one below the other: cut along the first axis of two or more."""
    if ary.ndim < 2:
        raise ShapeError(f"vsplit: ary is {ary.shape}; it must have two axes or more.")
    return split(ary, indices_or_sections)


@composition(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """The pieces one behind the other: cut along the third axis."""
    if ary.ndim < 3:
        raise ShapeError(f"dsplit: ary is {ary.shape}; it must have three axes or more.")
    return split(ary, indices_or_sections, 2)


# Repeat


@composition(np.repeat)
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    """Each entry of an axis so many times in a row; of the flattened array where axis is None."""
    a, axis = lined_up("repeat", a, axis)
    times = whole_numbers("repeat", repeats)
    before, after = a.shape[: axis + 1], a.shape[axis + 1 :]
    if times.ndim > 1 or times.size not in (1, before[-1]) or (times < 0).any():
        raise ShapeError(f"repeat: repeats must be one number or {before[-1]}, as many as there are entries, none < 0.")
    if times.size != 1:
        return pick(a, np.repeat(np.arange(before[-1]), times), axis)
    wide = np.broadcast_to(a.reshape((*before, 1, *after)), (*before, times.item(), *after))
    return wide.reshape((*before[:-1], before[-1] * times.item(), *after))


@composition(np.tile)
def tile(A: Any, reps: Any) -> Any:
    """A laid side by side, so many times along each axis; of fewer repetitions or axes, the last ones are meant."""
    times = whole_numbers("tile", reps).ravel().tolist()
    times = [1] * (A.ndim - len(times)) + times
    shape = (1,) * (len(times) - A.ndim) + A.shape
    apart = [n for length in shape for n in (1, length)]  # each axis with one in front of it, to be stretched
    wide = [n for pair in zip(times, shape) for n in pair]
    return np.broadcast_to(A.reshape(apart), wide).reshape([n * length for n, length in zip(times, shape)])


# Pad


def widths_of(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    """(entries before, entries after) for each axis, from any form that NumPy takes."""
    if isinstance(pad_width, dict):  # {axis: width}
        sides = {axis % ndim: np.broadcast_to(width, 2) for axis, width in pad_width.items()}
        return [tuple(sides.get(axis, (0, 0))) for axis in range(ndim)]
    try:
        return [(int(a), int(b)) for a, b in np.broadcast_to(whole_numbers("pad", pad_width), (ndim, 2))]
    except ValueError:
        raise ShapeError(f"pad: the widths {pad_width!r} do not broadcast to two for each of {ndim} axes.") from None


def pad_dx(dz: Any, z: Any, x: Any, *, pad_width: Any, mode: str, constant_values: Any) -> Any:
    """dz without the border."""
    return dz[tuple(slice(before, before + n) for (before, _), n in zip(widths_of(pad_width, x.ndim), x.shape))]


@primitive(numpy=np.pad, dx=pad_dx)
def pad(x: Any, *, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Any:
    """z = x with a constant border."""
    if mode != "constant":
        raise NoRuleError(f"pad(mode={mode!r}): the border is not constant.")
    return np.pad(x, pad_width, constant_values=constant_values)


@composition(np.pad)
def pad_with_entries(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    """The array with a border of its own entries: mode "edge", "reflect", "symmetric" or "wrap", as in NumPy."""
    if mode not in ("edge", "reflect", "symmetric", "wrap") or options not in ({}, {"reflect_type": "even"}):
        given = ", ".join(f"{key}={value!r}" for key, value in {"mode": mode, **options}.items())
        raise NoRuleError(
            f"pad({given}): no gradient rule covers it; there are the modes 'constant', 'edge', 'reflect', 'symmetric' "
            f"and 'wrap'.  Compute the border, and join it with np.concatenate."
        )
    for axis, width in enumerate(widths_of(pad_width, array.ndim)):
        if width != (0, 0):
            array = pick(array, on_numbers(np.pad, axis, np.arange(array.shape[axis]), width, mode), axis)
    return array

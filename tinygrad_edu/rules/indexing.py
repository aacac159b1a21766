"""Taking entries out by index, and putting entries in.  Floor 2: NumPy only.

The two are each other's transpose: what getitem takes from a place, scatter_add adds to that place.  An entry taken
twice gets both shares of the gradient.  NumPy's other ways of taking (take, choose, compress, delete ...) all come
down to an index, so their gradient is that of `x[key]`.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import DomainError, DTypeError, IndexingError, NoRuleError, ShapeError
from ..operands import operand
from ..primitives import composition, primitive
from .arguments import axis_of, common_shape, lined_up, misfit, refuse, whole_numbers
from .elementwise import where


def is_basic(key: Any) -> bool:
    """Whether an index selects a block, each entry at most once (no integer or boolean arrays)."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(p is None or p is Ellipsis or isinstance(p, slice | int | np.integer | np.bool_) for p in parts)


def names_rows(key: Any, ndim: int) -> bool:
    """Whether an index is one array of whole numbers, so that it takes whole rows of an array with this many axes."""
    kind = getattr(getattr(key, "dtype", None), "kind", "")  # of an array, or of what stands for one in `compile`
    return ndim > 1 and kind == "i" and not isinstance(key, np.generic)


@primitive(dx=lambda dz, z, x, *, key: scatter_add(dz, key=key, shape=x.shape))
def getitem(x: Any, *, key: Any) -> Any:
    """z = x[key]."""
    return x.take(key, axis=0) if names_rows(key, x.ndim) else x[key]  # for rows, twice as fast


@primitive(dx=lambda dz, z, x, *, key, shape: dz[key])
def scatter_add(x: Any, *, key: Any, shape: Any) -> Any:
    """z = zeros of the shape with x added at key; entries named twice in key add up."""
    z = np.zeros(shape, x.dtype)
    if is_basic(key) or (type(key) is np.ndarray and key.dtype == bool):
        z[key] = x
    elif names_rows(key, z.ndim):  # np.add.at is two to five times as fast at entries as at rows
        row = math.prod(z.shape[1:])
        places = key[..., None].astype(np.intp) * row + np.arange(row)
        np.add.at(z.reshape(z.size), places.ravel(), x.ravel())
    else:
        np.add.at(z, key, x)
    return z


def last_written(shape: tuple[int, ...], key: Any) -> Any:
    """For each entry that `z[key] = v` writes: whether it is still there afterwards (True), or was written over."""
    written = np.empty(shape)
    numbers = np.arange(written[key].size).reshape(written[key].shape)
    written[key] = numbers
    return written[key] == numbers


def index_set_dv(dz: Any, z: Any, x: Any, v: Any, *, key: Any) -> Any:
    """dz at the entries that v went to; an entry that was written over has no share."""
    dv = dz[key] if is_basic(key) else dz[key] * last_written(x.shape, key)
    return dv.reshape((1,) * (v.ndim - dv.ndim) + dv.shape)  # z[0] = v takes a v of shape (1, n) too


@primitive(
    dx=lambda dz, z, x, v, *, key: index_set(dz, 0.0, key=key),
    dv=index_set_dv,
    note="of the values written to one place, the last one counts",
)
def index_set(x: Any, v: Any, *, key: Any) -> Any:
    """z = a copy of x with z[key] = v."""
    if wrong := misfit(v, x.dtype):
        raise TypeError(wrong)
    z = np.array(x)
    z[key] = v
    return z


# Entries taken by their numbers


def on_numbers(function: Callable[..., Any], axis: int, *args: Any) -> Any:
    """What a function of NumPy does to the numbers of an axis's entries; where it refuses, an error of ours."""
    try:
        return function(*(np.asarray(x) if hasattr(x, "__tinygrad_record__") else x for x in args))
    except (ValueError, TypeError, IndexError) as error:
        kind: type[Exception] = IndexingError if isinstance(error, IndexError) else ShapeError
        kind = DTypeError if isinstance(error, TypeError) else kind
        raise kind(f"{function.__name__}: {str(error).replace('axis 0', f'axis {axis}').rstrip('.')}.") from None


def places(function: str, indices: Any) -> Any:
    """Indices as an array; those in a Tensor stay there, for `compile` has to see where they come from."""
    whole = hasattr(indices, "__tinygrad_record__") and indices.dtype.kind in "iu"
    return indices if whole else whole_numbers(function, indices)


def within(function: str, indices: Any, length: int, mode: str) -> Any:
    """Indices into an axis of this length: mode "wrap" begins again at its end, "clip" stays there."""
    indices = places(function, indices)
    if mode == "raise" or not length:
        return indices
    if mode not in ("wrap", "clip"):
        raise DomainError(f"{function}(mode={mode!r}): the modes are 'raise', 'wrap' and 'clip'.")
    return indices % length if mode == "wrap" else indices.clip(0, length - 1)


def key_at(indices: Any, axis: int) -> Any:
    """The key under which `x[key]` has this index at one axis, counted from the front."""
    return (slice(None),) * axis + (indices,) if axis else indices


def pick(a: Any, indices: Any, axis: int) -> Any:
    """a[..., indices, ...], with the index at this axis, counted from the front."""
    return a[key_at(indices, axis)]


@composition(np.take)
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    """The entries at these indices of an axis, or of the flattened array where axis is None."""
    refuse("take", out=out)
    a, axis = lined_up("take", a, axis)
    return pick(a, within("take", indices, a.shape[axis], mode), axis)


def key_along(indices: Any, shape: tuple[int, ...], axis: int) -> tuple[Any, ...]:
    """The key under which `x[key]`, with x of this shape, takes along one axis and stays in place along the others."""
    grids = np.ogrid[tuple(map(slice, shape))]
    return (*grids[:axis], indices, *grids[axis + 1 :])


@composition(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    """z[i, j] = x[i, indices[i, j]], here along the last of two axes: what an argsort along it asks for."""
    arr, axis = lined_up("take_along_axis", arr, axis)
    indices = places("take_along_axis", indices)
    if indices.ndim != arr.ndim:
        raise ShapeError(f"take_along_axis: {indices.ndim} axes of indices for {arr.ndim} axes; they must be as many.")
    return arr[key_along(indices, arr.shape, axis)]


@composition(np.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """z[i] = choices[a[i]][i]: for each entry of a, from which of the arrays to take."""
    refuse("choose", out=out)
    choices = [operand(x) for x in choices]
    which = within("choose", whole_numbers("choose", a), len(choices), mode)
    if np.any(which < 0) or np.any(which >= len(choices)):
        raise IndexingError(f"choose: the entries of a must be in 0...{len(choices) - 1}, the numbers of the choices.")
    shape = common_shape("choose", [which, *choices])
    dtype = np.result_type(*choices)  # in which Python numbers do not count
    every = [
        np.broadcast_to(np.asarray(x, dtype) if isinstance(x, int | float | complex) else x, shape) for x in choices
    ]
    return take_along_axis(np.stack(every), np.broadcast_to(which, shape)[None], 0)[0]


# Entries taken by conditions, which have no gradient themselves


@composition(np.where)
def where_true(condition: Any, *one: Any) -> Any:
    """np.where of a condition alone: the places where it holds, one array for each axis."""
    if one:
        raise NoRuleError("where: give the values for both cases, or for neither.")
    return np.nonzero(condition)


@composition(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """In each place, the choice whose condition is the first to hold there; the default where none does."""
    if len(condlist) != len(choicelist):
        raise ShapeError(f"select: {len(condlist)} conditions for {len(choicelist)} choices; there must be as many.")
    choices = [operand(x) for x in (*choicelist, default)]
    dtype = np.result_type(*choices)  # in which Python numbers do not count
    *choices, z = (np.asarray(x, dtype) if isinstance(x, int | float | complex) else x for x in choices)
    for condition, choice in zip(reversed(condlist), reversed(choices)):
        if np.result_type(condition).kind != "b":
            raise DTypeError(f"select: a condition is True or False; this one is {np.result_type(condition)}.")
        z = where(condition, choice, z)
    return z


@composition(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """The entries of an axis, or of the flattened array where axis is None, for which the condition holds."""
    refuse("compress", out=out)
    a, axis = lined_up("compress", a, axis)
    if np.ndim(condition) != 1:
        raise ShapeError(f"compress: the condition is {np.shape(condition)}; it must have one axis.")
    return pick(a, np.flatnonzero(condition), axis)


@composition(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    """The entries of the flattened array for which the flattened condition holds."""
    return np.ravel(arr)[np.flatnonzero(condition)]


@composition(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    """z = f(x) where f's condition holds, of the last one if several do; each function is given its entries only.

    A number in place of a function is the value itself.  One function more than conditions: for the entries left over;
    where there is none such, they are 0.
    """
    conditions = np.asarray(condlist, bool)
    if conditions.ndim <= np.ndim(x):  # a single one
        conditions = conditions[None]
    if len(conditions) == len(funclist) - 1:
        conditions = np.concatenate([conditions, ~conditions.any(axis=0, keepdims=True)])
    if len(conditions) != len(funclist):
        raise ShapeError(
            f"piecewise: {len(funclist)} functions for {len(conditions)} conditions; as many, or one more."
        )
    z = np.zeros_like(x)
    for key, f in zip(conditions, funclist):
        if key.any():
            z = index_set(z, f(x[key], *args, **kw) if callable(f) else f, key=key)
    return z


# Entries left out, entries put between


@composition(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    """The entries of an axis, or of the flattened array where axis is None, without those at these indices."""
    arr, axis = lined_up("delete", arr, axis)
    return pick(arr, on_numbers(np.delete, axis, np.arange(arr.shape[axis]), obj), axis)


@composition(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """The entries of an axis, or of the flattened array where axis is None, with the values before these indices."""
    arr, axis = lined_up("insert", arr, axis)
    values = operand(values)
    if wrong := misfit(values, arr.dtype):
        raise DTypeError(f"insert: {wrong}")
    values = np.reshape(values, (1,) * (arr.ndim - np.ndim(values)) + np.shape(values))
    if not isinstance(obj, slice) and np.ndim(obj) == 0:  # one index: the values' first axis goes along this one
        values = np.moveaxis(values, 0, axis)
    length, count = arr.shape[axis], values.shape[axis]
    order = on_numbers(np.insert, axis, np.arange(length), obj, np.arange(length, length + count))
    block = (*arr.shape[:axis], count, *arr.shape[axis + 1 :])
    try:
        values = np.broadcast_to(values if values.dtype == arr.dtype else values.astype(arr.dtype), block)
    except ValueError:
        raise ShapeError(f"insert: values of shape {values.shape} do not broadcast to {block}.") from None
    return pick(np.concatenate([arr, values], axis), order, axis)


@composition(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """The array without the zeros at the front ("f" in trim) and at the back ("b") of the axes."""
    if trim.lower() not in ("f", "b", "fb", "bf"):
        raise DomainError(f"trim_zeros(trim={trim!r}): it is 'f' for the front, 'b' for the back, or 'fb'.")
    axes = range(filt.ndim) if axis is None else [axis_of("trim_zeros", filt, i) for i in np.ravel(axis)]
    held = np.argwhere(filt)
    key = [slice(None)] * filt.ndim
    for i in axes:
        if len(held):
            first = int(held[:, i].min()) if "f" in trim.lower() else None
            key[i] = slice(first, int(held[:, i].max()) + 1 if "b" in trim.lower() else None)
        else:
            key[i] = slice(0)
    return filt[tuple(key)]


# Where something is: no gradient flows

argwhere = primitive(np.argwhere)
flatnonzero = primitive(np.flatnonzero)

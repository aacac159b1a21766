"""Sums, means, extremes: many entries become one.  Floor 2: NumPy only.

The gradient of a reduction is `dz`, stretched back over the axes that were reduced, times the local slope.
`axis` is None (all), an int or a tuple; `keepdims` as in NumPy.  Where several entries tie for the
maximum or minimum, they share the gradient in equal parts.
"""

import math
from typing import Any

import numpy as np

from ..primitives import composition, primitive
from .shape import broadcast_to, concatenate


def kept(dz: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """dz with the reduced axes put back as axes of length 1, so that it broadcasts against x."""
    if keepdims or axis is None or not x.ndim:
        return dz
    shape = list(x.shape)
    for i in axis if isinstance(axis, tuple) else (axis,):
        shape[i] = 1
    return dz.reshape(shape)


def stretched(dz: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """dz in x's shape, each entry repeated over the axes that were reduced."""
    return broadcast_to(kept(dz, x, axis, keepdims), shape=x.shape)


def count(z: Any, x: Any) -> int:
    """How many entries of x went into each entry of z."""
    return int(x.size) // int(z.size) if z.size else 0


@primitive(numpy=np.sum, dx=lambda dz, z, x, *, axis, keepdims: stretched(dz, x, axis, keepdims))
def sum(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = sum of x over the axes."""
    total: Any = np.add.reduce  # what x.sum calls, one Python layer further down
    return total(x, axis, keepdims=keepdims)


@primitive(numpy=np.mean, dx=lambda dz, z, x, *, axis, keepdims: stretched(dz / count(z, x), x, axis, keepdims))
def mean(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = sum(x) / n, n entries in each mean."""
    return x.mean(axis=axis, keepdims=keepdims)


def var_dx(dz: Any, z: Any, x: Any, *, axis: Any, ddof: float, keepdims: bool) -> Any:
    """dz * 2 (x - mean(x)) / (n - ddof)."""
    return kept(dz, x, axis, keepdims) * 2 * (x - x.mean(axis=axis, keepdims=True)).conj() / (count(z, x) - ddof)


@primitive(numpy=np.var, dx=var_dx)
def var(x: Any, *, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """z = sum((x - mean(x))^2) / (n - ddof)."""
    return x.var(axis=axis, ddof=ddof, keepdims=keepdims)


def std_dx(dz: Any, z: Any, x: Any, *, axis: Any, ddof: float, keepdims: bool) -> Any:
    """dz * (x - mean(x)) / (std (n - ddof)); NaN where all entries are equal, as for sqrt at 0."""
    return var_dx(dz / (2 * z), z, x, axis=axis, ddof=ddof, keepdims=keepdims)


@primitive(numpy=np.std, dx=std_dx)
def std(x: Any, *, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """z = sqrt(var(x))."""
    return x.std(axis=axis, ddof=ddof, keepdims=keepdims)


def extreme_dx(dz: Any, z: Any, x: Any, *, axis: Any, keepdims: bool) -> Any:
    """dz at the extreme entries, shared equally among ties."""
    hit = x == kept(z, x, axis, keepdims)
    return kept(dz, x, axis, keepdims) * hit / hit.sum(axis=axis, keepdims=True).astype(x.dtype)


@primitive(numpy=np.max, dx=extreme_dx)
def max(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = the largest entry."""
    return x.max(axis=axis, keepdims=keepdims)


@primitive(numpy=np.min, dx=extreme_dx)
def min(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = the smallest entry."""
    return x.min(axis=axis, keepdims=keepdims)


def products_before(x: Any) -> Any:
    """y[i] = x[0] * ... * x[i - 1] along the last axis, in log2(n) multiplications (Hillis and Steele, 1986)."""
    y = concatenate(np.ones_like(x[..., :1]), x[..., :-1], axis=-1)
    step = 1
    while step < x.shape[-1]:
        y = concatenate(y[..., :step], y[..., step:] * y[..., :-step], axis=-1)
        step *= 2
    return y


def prod_dx(dz: Any, z: Any, x: Any, *, axis: Any, keepdims: bool) -> Any:
    """dz * (product of all the other entries); never z / x, so that zeros in x are no trouble."""
    axes = tuple(range(x.ndim)) if axis is None or not x.ndim else tuple(i % x.ndim for i in np.atleast_1d(axis))
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    last = x.transpose(rest + axes)
    flat = last.reshape((*(x.shape[i] for i in rest), math.prod(x.shape[i] for i in axes)))
    others = products_before(flat) * products_before(flat[..., ::-1])[..., ::-1]
    back = tuple(int(i) for i in np.argsort(rest + axes))
    return kept(dz, x, axis, keepdims) * others.reshape(last.shape).transpose(back)


@primitive(numpy=np.prod, dx=prod_dx)
def prod(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = product of x over the axes."""
    return x.prod(axis=axis, keepdims=keepdims)


def cumsum_dx(dz: Any, z: Any, x: Any, *, axis: Any) -> Any:
    """Entry i went into every sum from i on: the cumulative sum of dz, taken from the other end."""
    if axis is None or not x.ndim:
        return dz[::-1].cumsum(axis=0)[::-1].reshape(x.shape)
    flipped = (slice(None),) * (axis % x.ndim) + (slice(None, None, -1),)
    return dz[flipped].cumsum(axis=axis)[flipped]


@primitive(numpy=np.cumsum, dx=cumsum_dx)
def cumsum(x: Any, *, axis: Any = None) -> Any:
    """z[i] = x[0] + ... + x[i]; over the flattened array where axis is None."""
    return x.cumsum(axis=axis)


@primitive(dx=lambda dz, z, x, *, axis, keepdims: kept(dz, x, axis, keepdims) * np.exp(x - kept(z, x, axis, keepdims)))
def logsumexp(x: Any, *, axis: Any, keepdims: bool = False) -> Any:
    """z = log(sum(exp(x))), computed after subtracting max(x), so that large x do not overflow."""
    top = x.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)  # all -inf: log(0) = -inf and no NaN
    with np.errstate(divide="ignore"):
        z = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
    return z if keepdims else z.squeeze(axis)


# Where the extremes are, and which conditions hold: no gradient flows


@primitive(numpy=np.argmax)
def argmax(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = the index of the (first) largest entry."""
    return np.argmax(x, axis, keepdims=keepdims)


@primitive(numpy=np.argmin)
def argmin(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = the index of the (first) smallest entry."""
    return np.argmin(x, axis, keepdims=keepdims)


@primitive(numpy=np.argsort)
def argsort(x: Any, *, axis: Any = -1) -> Any:
    """z = the indices that sort x."""
    return np.argsort(x, axis)


@primitive(numpy=np.any)
def any(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = whether any entry is true."""
    return np.any(x, axis, keepdims=keepdims)


@primitive(numpy=np.all)
def all(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = whether all entries are true."""
    return np.all(x, axis, keepdims=keepdims)


# NumPy's other names for the same
composition(np.amax)(max)
composition(np.amin)(min)

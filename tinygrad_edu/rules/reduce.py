"""Sums, means, extremes: many entries become one.  Floor 2: NumPy only.

The gradient of a reduction is `dz`, stretched back over the axes that were reduced, times the local slope.
`axis` is None (all), an int or a tuple; `keepdims` as in NumPy.  Where several entries tie for the
maximum or minimum, they share the gradient in equal parts; where a NaN is the extreme, the gradient is NaN.
The operations take the arguments that are used every day; compositions at the end serve the others NumPy has.
"""

import math
import warnings
from typing import Any

import numpy as np

from ..errors import DomainError, ShapeError
from ..primitives import composition, primitive
from .arguments import axes_of, cast, refuse
from .elementwise import log_share
from .joining import concatenate
from .shape import broadcast_to, in_order


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


def count(z: Any, x: Any) -> Any:
    """How many entries of x went into each entry of z; in float32 beside float16, which ends at 65504."""
    n = int(x.size) // int(z.size) if z.size else 0
    return np.float32(n) if x.dtype == np.float16 else n


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
    """dz * 2 conj(x - mean(x)) / (n - ddof); for ddof > n, NumPy divides by 0."""
    n = count(z, x) - ddof
    return kept(dz, x, axis, keepdims) * 2 * (x - x.mean(axis=axis, keepdims=True)).conj() / (n if n > 0 else 0)


@primitive(numpy=np.var, dx=var_dx)
def var(x: Any, *, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """z = sum(|x - mean(x)|^2) / (n - ddof)."""
    return x.var(axis=axis, ddof=ddof, keepdims=keepdims)


def std_dx(dz: Any, z: Any, x: Any, *, axis: Any, ddof: float, keepdims: bool) -> Any:
    """dz * (x - mean(x)) / (std (n - ddof)); NaN where all entries are equal, as for sqrt at 0."""
    return var_dx(dz / (2 * z), z, x, axis=axis, ddof=ddof, keepdims=keepdims)


@primitive(numpy=np.std, dx=std_dx, note="the slope is NaN where all entries are equal")
def std(x: Any, *, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """z = sqrt(var(x))."""
    return x.std(axis=axis, ddof=ddof, keepdims=keepdims)


def extreme_dx(dz: Any, z: Any, x: Any, *, axis: Any, keepdims: bool) -> Any:
    """dz at the extreme entries, shared equally among ties."""
    hit = x == kept(z, x, axis, keepdims)
    ties = hit.sum(axis=axis, keepdims=True).astype(np.promote_types(x.dtype, np.float32))  # float16 ends at 65504
    return kept(dz, x, axis, keepdims) * hit / ties


@primitive(numpy=np.max, dx=extreme_dx, note="ties share in equal parts; all NaN where an entry is")
def max(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = the largest entry."""
    return x.max(axis=axis, keepdims=keepdims)


@primitive(numpy=np.min, dx=extreme_dx, note="ties share in equal parts; all NaN where an entry is")
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
    return kept(dz, x, axis, keepdims) * in_order(others.reshape(last.shape), rest + axes)


@primitive(numpy=np.prod, dx=prod_dx)
def prod(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = product of x over the axes."""
    return x.prod(axis=axis, keepdims=keepdims)


def logsumexp_dx(dz: Any, z: Any, x: Any, *, axis: Any, keepdims: bool) -> Any:
    """dz * exp(x - z), the share of x in the sum."""
    return kept(dz, x, axis, keepdims) * np.exp(log_share(x, kept(z, x, axis, keepdims)))


@primitive(dx=logsumexp_dx, note="flat where all are -inf")
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


# What the operations above do not take: dtype=, initial=, where=, mean=, correction=


def check(function: str, a: Any, axis: Any, out: Any) -> None:
    """Refuse a place for the result, and axes that do not exist, in the name of the function."""
    refuse(function, out=out)
    if axis not in (0, -1):  # which a number has too, to NumPy, when it is reduced
        axes_of(function, a, axis)


def warn(message: str) -> None:
    """Warn as NumPy does where it has no number to give."""
    warnings.warn(message, RuntimeWarning, stacklevel=3)


def check_mask(function: str, a: Any, where: Any) -> None:
    """Raise ShapeError for a mask that does not broadcast to a's shape."""
    shape = np.shape(a)
    try:
        fits = np.broadcast_shapes(np.shape(where), shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"{function}: where= is {np.shape(where)}, and does not broadcast to the array's {shape}.")


def chosen(function: str, a: Any, where: Any, other: Any) -> Any:
    """a, with `other` in the place of the entries that `where` leaves out."""
    if where is True:
        return a
    check_mask(function, a, where)
    return np.where(where, a, other)


def count_chosen(a: Any, axis: Any, keepdims: bool, where: Any) -> Any:
    """How many entries `where` leaves for each entry of the result."""
    return np.broadcast_to(where, a.shape).sum(axis=axis, keepdims=keepdims)


def divided(total: Any, n: Any, nothing: float = np.nan) -> Any:
    """total / n in total's precision, with `nothing` in the place of an n that is not positive."""
    return total / cast(np.where(n > 0, n, nothing), total.dtype if total.dtype.kind in "fc" else np.float64)


def with_initial(function: str, combine: Any, z: Any, initial: Any) -> Any:
    """combine(z, initial), in z's dtype."""
    if initial is None:
        return z
    if np.ndim(initial):
        raise ShapeError(f"{function}: initial= is {np.shape(initial)}, and it must be a number.")
    return combine(z, cast(initial, z.dtype))


@composition(np.sum)
def wider_sum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
    *,
    function: str = "sum",
) -> Any:
    """z = initial + the sum of the chosen entries, added up in dtype."""
    check(function, a, axis, out)
    z = sum(chosen(function, cast(a, dtype), where, 0), axis=axis, keepdims=keepdims)
    return with_initial(function, np.add, z, initial)


@composition(np.prod)
def wider_prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
    *,
    function: str = "prod",
) -> Any:
    """z = initial * the product of the chosen entries, multiplied in dtype."""
    check(function, a, axis, out)
    z = prod(chosen(function, cast(a, dtype), where, 1), axis=axis, keepdims=keepdims)
    return with_initial(function, np.multiply, z, initial)


@composition(np.mean)
def wider_mean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    *,
    where: Any = True,
    function: str = "mean",
) -> Any:
    """z = the mean of the chosen entries, added up in dtype; NaN where there are none."""
    check(function, a, axis, out)
    if dtype is None:
        dtype = a.dtype if a.dtype.kind in "fc" else np.float64
    wide = np.float32 if a.dtype == dtype == np.float16 else dtype  # as NumPy: many float16 add up to infinity
    total = wider_sum(a, axis, wide, keepdims=keepdims, where=where, function=function)
    n = count_chosen(a, axis, keepdims, where)
    if (n == 0).any():
        warn("Mean of empty slice")
    return cast(divided(total, n), dtype)


@composition(np.var)
def wider_var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: Any = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
    function: str = "var",
) -> Any:
    """z = sum(|x - mean|^2) / (n - ddof) over the chosen entries x; a mean that is given has a gradient of its own.

    correction: ddof by another name.  Where n - ddof is not positive, NumPy divides by 0; over NaN it has no result.
    """
    check(function, a, axis, out)
    if correction is not None and ddof:
        raise DomainError(f"{function}: ddof and correction are two names of one argument; give one of them.")
    a = chosen(function, a, where, 0)  # a NaN left out must not meet the gradient either
    if mean is None:
        mean = divided(wider_sum(a, axis, dtype, keepdims=True), count_chosen(a, axis, True, where))
    d = a - mean
    squares = np.real(d * d.conj()) if d.dtype.kind == "c" else d * d
    total = wider_sum(squares, axis, dtype, keepdims=keepdims, where=where)
    n = count_chosen(a, axis, keepdims, where) - (ddof if correction is None else correction)
    if (n <= 0).any():
        warn("Degrees of freedom <= 0 for slice")
    return divided(total, n, np.nan if function.startswith("nan") else 0)


@composition(np.std)
def wider_std(*args: Any, **kwargs: Any) -> Any:
    """z = sqrt(var), with the arguments of var."""
    return np.sqrt(wider_var(*args, function="std", **kwargs))


def wider_extreme(function: str, a: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    """The largest or smallest of the chosen entries and `initial`, which counts as one entry where it ties."""
    reduce, pick, worst = (max, np.maximum, -np.inf) if function.endswith("max") else (min, np.minimum, np.inf)
    if initial is None and where is not True:
        raise DomainError(f"{function}: where= needs initial= too, the result where no entry is chosen.")
    if initial is not None and not a.size:  # initial, in the shape of the result
        return with_initial(function, np.add, sum(a, axis=axis, keepdims=keepdims), initial)
    other = worst if a.dtype.kind in "fc" else cast(initial, a.dtype)  # there is no infinite integer, and no gradient
    z = reduce(chosen(function, a, where, other), axis=axis, keepdims=keepdims)
    return with_initial(function, pick, z, initial)


@composition(np.max, np.amax)
def wider_max(
    a: Any,
    axis: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
    *,
    function: str = "max",
) -> Any:
    """z = the largest of the chosen entries and initial."""
    check(function, a, axis, out)
    return wider_extreme(function, a, axis, keepdims, initial, where)


@composition(np.min, np.amin)
def wider_min(
    a: Any,
    axis: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
    *,
    function: str = "min",
) -> Any:
    """z = the smallest of the chosen entries and initial."""
    check(function, a, axis, out)
    return wider_extreme(function, a, axis, keepdims, initial, where)

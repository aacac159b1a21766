"""Medians, quantiles, averages, and reductions that pass over NaN.  Floor 2: NumPy only.

A quantile is a weighted sum of two entries, and the gradient goes to these two, with their weights.  Of entries that
are equal, those count that stand first in the array: a stable sort says which.  Where an entry is NaN the result is
that entry, and so is its share of the gradient.  The functions that pass over NaN give it the gradient 0.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DomainError, DTypeError, IndexingError, ShapeError
from ..primitives import composition, primitive
from .arguments import array_of, axes_of, cast, floats, refuse
from .joining import concatenate
from .reduce import (
    check,
    check_mask,
    extreme_dx,
    warn,
    wider_max,
    wider_mean,
    wider_min,
    wider_prod,
    wider_sum,
    wider_var,
)
from .shape import in_order

# Reductions that pass over NaN


def known(function: str, a: Any, where: Any) -> Any:
    """Which of the chosen entries are not NaN."""
    check_mask(function, a, where)
    return np.logical_and(np.logical_not(np.isnan(a)), where)


@composition(np.nansum)
def nansum(a: Any, *args: Any, where: Any = True, **kwargs: Any) -> Any:
    """z = the sum of the entries that are not NaN."""
    return wider_sum(a, *args, where=known("nansum", a, where), function="nansum", **kwargs)


@composition(np.nanprod)
def nanprod(a: Any, *args: Any, where: Any = True, **kwargs: Any) -> Any:
    """z = the product of the entries that are not NaN."""
    return wider_prod(a, *args, where=known("nanprod", a, where), function="nanprod", **kwargs)


@composition(np.nanmean)
def nanmean(a: Any, *args: Any, where: Any = True, **kwargs: Any) -> Any:
    """z = the mean of the entries that are not NaN; NaN where there are none."""
    return wider_mean(a, *args, where=known("nanmean", a, where), function="nanmean", **kwargs)


@composition(np.nanvar)
def nanvar(a: Any, *args: Any, where: Any = True, mean: Any = None, function: str = "nanvar", **kwargs: Any) -> Any:
    """z = the variance of the n entries that are not NaN; NaN where n <= ddof."""
    if mean is not None and a.dtype.kind in "fc":  # unlike np.var, it stays in the array's dtype
        mean = cast(mean, a.dtype)
    return wider_var(a, *args, where=known(function, a, where), mean=mean, function=function, **kwargs)


@composition(np.nanstd)
def nanstd(*args: Any, **kwargs: Any) -> Any:
    """z = sqrt(nanvar), with the arguments of nanvar."""
    return np.sqrt(nanvar(*args, function="nanstd", **kwargs))


@primitive(numpy=np.nanmax, dx=extreme_dx, note="ties share in equal parts")
def nanmax(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = the largest entry that is not NaN."""
    return np.nanmax(x, axis, keepdims=keepdims)


@primitive(numpy=np.nanmin, dx=extreme_dx, note="ties share in equal parts")
def nanmin(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = the smallest entry that is not NaN."""
    return np.nanmin(x, axis, keepdims=keepdims)


@composition(np.nanmax)
def wider_nanmax(a: Any, *args: Any, where: Any = True, **kwargs: Any) -> Any:
    """z = the largest of initial and the chosen entries that are not NaN."""
    return wider_max(a, *args, where=known("nanmax", a, where), function="nanmax", **kwargs)


@composition(np.nanmin)
def wider_nanmin(a: Any, *args: Any, where: Any = True, **kwargs: Any) -> Any:
    """z = the smallest of initial and the chosen entries that are not NaN."""
    return wider_min(a, *args, where=known("nanmin", a, where), function="nanmin", **kwargs)


@primitive(numpy=np.nanargmax)
def nanargmax(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = the index of the (first) largest entry that is not NaN."""
    return np.nanargmax(x, axis, keepdims=keepdims)


@primitive(numpy=np.nanargmin)
def nanargmin(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """z = the index of the (first) smallest entry that is not NaN."""
    return np.nanargmin(x, axis, keepdims=keepdims)


@composition(np.ptp)
def ptp(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
    """z = the largest entry minus the smallest one."""
    check("ptp", a, axis, out)
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


# Order statistics: the entry that comes k-th when they are sorted


class Rows:
    """An array with the axes that are reduced made one, the last, and each of its rows sorted, NaN to the end.

    n: how many entries of a row take part; a number, or (m, 1) where NaN is passed over.  shape: that of the result.
    """

    def __init__(self, function: str, a: Any, axis: Any, keepdims: bool):
        axes = axes_of(function, a, axis)
        rest = tuple(i for i in range(a.ndim) if i not in axes)
        self.shape = tuple(1 if i in axes else n for i, n in enumerate(a.shape) if keepdims or i not in axes)
        self.length = math.prod(a.shape[i] for i in axes)
        if not self.length:
            raise IndexingError(f"{function}: the array is {a.shape}, and there is no entry to choose.")
        self.entries = a.transpose(rest + axes).reshape((math.prod(a.shape[i] for i in rest), self.length))
        self.order = np.argsort(self.entries, kind="stable")
        self.row = np.arange(len(self.entries))[:, None]
        pass_over_nan = function.startswith("nan")
        nans = np.isnan(self.entries).sum(axis=1, keepdims=True)
        self.spoilt = False if pass_over_nan else nans > 0
        self.n = self.length - nans if pass_over_nan else self.length
        if pass_over_nan and (self.n == 0).any():
            warn("All-NaN slice encountered")

    def __getitem__(self, k: Any) -> Any:
        """The k-th entries, k: (m or 1, results); the first or last where k lies outside, NaN in a row that has one."""
        k = np.where(self.spoilt, self.length - 1, np.clip(k, 0, self.n - 1))
        return self.entries[self.row, self.order[self.row, k]]


@composition(np.median)
def median(
    a: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
    *,
    function: str = "median",
) -> Any:
    """z = the entry in the middle, or the mean of the two that are; NaN where an entry is."""
    refuse(function, out=out)
    if not a.size:
        return np.mean(a, axis=axes_of(function, a, axis), keepdims=keepdims)
    rows = Rows(function, a, axis, keepdims)
    middle = rows[np.floor_divide(rows.n - np.array([[1, 0]]), 2)]  # of an odd number of entries, one entry twice
    return (middle / 2).sum(axis=1).reshape(rows.shape)  # halved first: the sum of two might overflow


@composition(np.nanmedian)
def nanmedian(*args: Any, **kwargs: Any) -> Any:
    """z = the median of the entries that are not NaN."""
    return median(*args, function="nanmedian", **kwargs)


@dataclass(frozen=True)
class Method:
    """A definition of the quantile q of n sorted entries x: x[i] + weight * (x[i + 1] - x[i]), i + g = index(n, q).

    index: a number, whose whole part is i and the rest g, 0 <= g < 1.  weight: of g and i; True or False for a
    quantile that is one of the entries.  Source: Hyndman and Fan, The American Statistician 50 (1996), 361-365.
    """

    index: Callable[[Any, Any], Any]
    weight: Callable[[Any, Any], Any] = lambda g, i: g


def plotting(alpha: float, beta: float) -> Callable[[Any, Any], Any]:
    """The index of the continuous definitions, which differ in what they say of the ends."""
    return lambda n, q: n * q + (alpha + q * (1 - alpha - beta)) - 1


METHODS = {
    "linear": Method(lambda n, q: (n - 1) * q),
    "interpolated_inverted_cdf": Method(plotting(0, 1)),
    "hazen": Method(plotting(0.5, 0.5)),
    "weibull": Method(plotting(0, 0)),
    "median_unbiased": Method(plotting(1 / 3, 1 / 3)),
    "normal_unbiased": Method(plotting(3 / 8, 3 / 8)),
    "midpoint": Method(lambda n, q: (n - 1) * q, lambda g, i: np.where(g == 0, 0.0, 0.5)),
    "averaged_inverted_cdf": Method(lambda n, q: n * q - 1, lambda g, i: np.where(g == 0, 0.5, 1.0)),
    "lower": Method(lambda n, q: (n - 1) * q, lambda g, i: g < 0),  # never: always the entry below
    "higher": Method(lambda n, q: (n - 1) * q, lambda g, i: g > 0),
    "nearest": Method(lambda n, q: (n - 1) * q, lambda g, i: (g > 0.5) | ((g == 0.5) & (np.remainder(i, 2) == 1))),
    "inverted_cdf": Method(lambda n, q: n * q - 1, lambda g, i: g > 0),
    "closest_observation": Method(lambda n, q: n * q - 1.5, lambda g, i: (g > 0) | (np.remainder(i, 2) == 0)),
}


@composition(np.quantile)
def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: None = None,
    function: str = "quantile",
) -> Any:
    """z = the value that the share q of the entries lies below; it has the axes of q, then those of a that are left.

    q has a gradient as well: the slope between two entries; at an entry, the slope to its right.
    """
    refuse(function, out=out, weights=weights)
    a = array_of(a)
    if a.dtype.kind == "c":
        raise DTypeError(f"{function}: the array is {a.dtype}, and complex numbers have no order.")
    if method not in METHODS:
        raise DomainError(f"{function}: method={method!r} is none of {', '.join(METHODS)}.")
    plain_number, q = type(q) in (int, float), array_of(q)
    if not np.logical_and(q >= 0, q <= 1).all():
        raise DomainError(f"{function}: q lies between 0 and {100 if 'percentile' in function else 1}.")
    rows = Rows(function, a, axis, keepdims)
    n = cast(rows.n, q.dtype) if q.dtype.kind == "f" else rows.n  # int64 and float32 would be float64
    index = METHODS[method].index(n, q.reshape((1, -1)))
    whole = np.floor(index)
    i, weight = whole.astype(int), METHODS[method].weight(index - whole, whole)
    if method == "linear" and q.dtype.kind != "f":  # 0 or 1: z is the first or the last entry, in its own dtype
        weight = np.False_
    low, high = rows[i], rows[i + 1]
    if weight.dtype == bool:
        z = np.where(weight, high, low)
    else:
        weight = weight.astype(a.dtype) if plain_number and a.dtype.kind == "f" else weight
        z = np.where(weight < 0.5, low + (high - low) * weight, high - (high - low) * (1 - weight))
    return z.T.reshape(q.shape + rows.shape)


@composition(np.percentile)
def percentile(a: Any, q: Any, *args: Any, function: str = "percentile", **kwargs: Any) -> Any:
    """z = the quantile q / 100."""
    share = (np.asarray(q) if isinstance(q, list | tuple) else q) / 100
    return quantile(a, share, *args, function=function, **kwargs)


@composition(np.nanquantile)
def nanquantile(*args: Any, **kwargs: Any) -> Any:
    """z = the quantile of the entries that are not NaN."""
    return quantile(*args, function="nanquantile", **kwargs)


@composition(np.nanpercentile)
def nanpercentile(*args: Any, **kwargs: Any) -> Any:
    """z = the percentile of the entries that are not NaN."""
    return percentile(*args, function="nanpercentile", **kwargs)


# Averages and covariances


@composition(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    """z = sum(w a) / sum(w), with a gradient for the weights w too; (z, sum(w)) where returned."""
    a = floats(a)
    axes = axes_of("average", a, axis)
    if weights is None:
        z = np.mean(a, axis=axes, keepdims=keepdims)
        total = math.prod(a.shape[i] for i in axes)
    else:
        w = array_of(weights)
        if w.shape != a.shape:
            if w.shape != tuple(a.shape[i] for i in axes):
                raise ShapeError(
                    f"average: the weights are {w.shape} and the array is {a.shape}; they must be one shape, or "
                    f"the weights must have that of the axes named by axis=."
                )
            w = in_order(w, axes).reshape(tuple(n if i in axes else 1 for i, n in enumerate(a.shape)))
        total = cast(w, np.result_type(a.dtype, w.dtype)).sum(axis=axes, keepdims=keepdims)
        if (total == 0).any():
            raise DomainError("average: the weights sum to zero.")
        z = (a * w).sum(axis=axes, keepdims=keepdims) / total
    return (z, np.zeros_like(z) + total) if returned else z


def observations(function: str, m: Any, rowvar: bool, dtype: Any) -> Any:
    """m as (variables, observations)."""
    m = cast(m, dtype)
    if m.ndim > 2:
        raise ShapeError(f"{function}: m is {m.shape}, and it can have two axes at most.")
    return m if m.ndim == 2 and rowvar else m.T if m.ndim == 2 else m.reshape((1, -1))


@composition(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
    function: str = "cov",
) -> Any:
    """c = X W X^H / (n - ddof), X: (variables, observations) less their means, W: the weights; at least float64.

    fweights: how often each observation counts.  aweights: how much; they have a gradient.
    """
    if dtype is None:
        dtype = np.result_type(*(array_of(part).dtype for part in (m, y) if part is not None), np.float64)
    X = observations(function, m, rowvar, dtype)
    if y is not None:
        X = concatenate(X, observations(function, y, rowvar, dtype))
    ddof = (0 if bias else 1) if ddof is None else ddof
    w = None
    given: dict[str, Any] = {}
    for name, weights in (("fweights", fweights), ("aweights", aweights)):
        if weights is not None:
            given[name] = weights = cast(weights, float)
            fit = weights.shape == X.shape[1:] and (weights >= 0).all()
            if not fit or (name == "fweights" and (weights != np.rint(weights)).any()):
                raise DomainError(
                    f"cov: {name} must be one number, not negative, for each of {X.shape[1]} observations; "
                    f"fweights are whole numbers."
                )
            w = weights if w is None else w * weights
    mean = average(X, 1, w, keepdims=True)
    n = X.shape[1] if w is None else w.sum()
    n = n - (ddof if aweights is None else ddof * (w * given["aweights"]).sum() / n)
    if n <= 0:
        warn("Degrees of freedom <= 0 for slice")
        n = 0
    X = X - mean
    c = X @ (X if w is None else X * w).T.conj() / n
    return c.squeeze()


@composition(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """r[i, j] = c[i, j] / sqrt(c[i, i] c[j, j]), c = cov(x, y), kept within -1 and 1."""
    c = cov(x, y, rowvar, dtype=dtype, function="corrcoef")
    if not c.ndim:
        return c / c
    i = np.arange(len(c))
    deviation = np.sqrt(c[i, i])
    r = c / deviation[:, None] / deviation
    if r.dtype.kind == "c":
        return np.clip(np.real(r), -1, 1) + 1j * np.clip(np.imag(r), -1, 1)
    return np.clip(r, -1, 1)

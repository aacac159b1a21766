"""Along one axis: running sums and products, differences, integrals, interpolation.  Floor 2: NumPy only.

Most are linear in what they add up, and their gradient is the same walk taken from the other end.  Coordinates have
gradients too: the x of `gradient` and `trapezoid`, the x and xp of `interp`.  At a knot, interp has the slope to its
right; at the last knot that to its left, and 0 beyond the ends.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DomainError, DTypeError, NoRuleError, ShapeError
from ..operands import operand
from ..primitives import composition, primitive
from .arguments import array_of, axes_of, axis_of, cast, floats, refuse
from .indexing import key_at, pick
from .joining import concatenate, stack
from .reduce import check, products_before

# Running sums and products


def cumsum_dx(dz: Any, z: Any, x: Any, *, axis: Any) -> Any:
    """Entry i went into every sum from i on: the cumulative sum of dz, taken from the other end."""
    if axis is None or not x.ndim:
        return dz[::-1].cumsum()[::-1].reshape(x.shape)
    flipped = key_at(slice(None, None, -1), axis % x.ndim)
    return dz[flipped].cumsum(axis=axis)[flipped]


@primitive(numpy=np.cumsum, dx=cumsum_dx)
def cumsum(x: Any, *, axis: Any = None) -> Any:
    """z[i] = x[0] + ... + x[i]; over the flattened array where axis is None."""
    return x.cumsum(axis=axis)


def cumprod_dx(dz: Any, z: Any, x: Any, *, axis: Any) -> Any:
    """x[0] ... x[j - 1] g[j], where g[j] = dz[j] + x[j + 1] g[j + 1]; never z / x, so that zeros are no trouble.

    g by doubling: of 1, 2, 4, ... terms, in log2(n) steps (Hillis and Steele, 1986).
    """
    flat = axis is None or not x.ndim
    g, last = (dz, x.reshape(-1)) if flat else (np.moveaxis(dz, axis, -1), np.moveaxis(x, axis, -1))
    through = last[..., 1:]  # the product of the entries that g[j + step] passes on its way to g[j]
    step = 1
    while step < last.shape[-1]:
        g = concatenate(g[..., :-step] + through * g[..., step:], g[..., -step:], axis=-1)
        through = through[..., :-step] * through[..., step:]
        step *= 2
    dx = products_before(last) * g
    return dx.reshape(x.shape) if flat else np.moveaxis(dx, -1, axis)


@primitive(numpy=np.cumprod, dx=cumprod_dx)
def cumprod(x: Any, *, axis: Any = None) -> Any:
    """z[i] = x[0] * ... * x[i]; over the flattened array where axis is None."""
    return x.cumprod(axis=axis)


@composition(np.cumsum)
def wider_cumsum(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    """The running sums, added up in dtype."""
    refuse("cumsum", out=out)
    return cumsum(cast(a, dtype), axis=axis)


@composition(np.cumprod)
def wider_cumprod(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    """The running products, multiplied in dtype."""
    refuse("cumprod", out=out)
    return cumprod(cast(a, dtype), axis=axis)


@composition(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    """The running sums, with 0 in the place of NaN."""
    check("nancumsum", a, axis, out)
    return cumsum(cast(np.where(np.isnan(a), 0, a), dtype), axis=axis)


@composition(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: None = None) -> Any:
    """The running products, with 1 in the place of NaN."""
    check("nancumprod", a, axis, out)
    return cumprod(cast(np.where(np.isnan(a), 1, a), dtype), axis=axis)


def cumulated(function: str, run: Any, x: Any, axis: Any, dtype: Any, first: int | None) -> Any:
    """Running sums or products as the array API has them: with the entry `first` before them, if it is given."""
    x = cast(x, dtype)
    if x.ndim > 1 and axis is None:
        raise ShapeError(f"{function}: x is {x.shape}, and of more than one axis `axis` must name one.")
    x, axis = (x, 0 if axis is None else axis) if x.ndim else (x.reshape(1), 0)
    z = run(x, axis=axis)
    if first is None:
        return z
    start = np.full([1 if i == axis % x.ndim else n for i, n in enumerate(x.shape)], first, z.dtype)
    return concatenate(start, z, axis=axis)


if hasattr(np, "cumulative_sum"):  # from NumPy 2.1 on

    @composition(np.cumulative_sum)
    def cumulative_sum(
        x: Any, /, *, axis: Any = None, dtype: Any = None, out: None = None, include_initial: bool = False
    ) -> Any:
        """The running sums, after a 0 if the initial one is included."""
        check("cumulative_sum", x, axis, out)
        return cumulated("cumulative_sum", cumsum, x, axis, dtype, 0 if include_initial else None)

    @composition(np.cumulative_prod)
    def cumulative_prod(
        x: Any, /, *, axis: Any = None, dtype: Any = None, out: None = None, include_initial: bool = False
    ) -> Any:
        """The running products, after a 1 if the initial one is included."""
        check("cumulative_prod", x, axis, out)
        return cumulated("cumulative_prod", cumprod, x, axis, dtype, 1 if include_initial else None)


# Differences, slopes and areas


def join_between(before: Any, x: Any, after: Any, axis: int) -> Any:
    """x between two arrays or numbers, each of which may be None."""
    one = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    parts = [array_of(piece) for piece in (before, x, after) if piece is not None]
    parts = [piece if piece.ndim else np.broadcast_to(piece, one) for piece in parts]
    return concatenate(*parts, axis=axis) if len(parts) > 1 else x


@composition(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """z[i] = a[i + 1] - a[i], n times over; prepend and append are joined to a first."""
    if n < 0:
        raise DomainError(f"diff: n is {n}; it is the number of times that differences are taken, 0, 1, 2, ...")
    if n == 0:
        return a
    a = array_of(a)
    axis = axis_of("diff", a, axis)
    a = join_between(prepend, a, append, axis)
    for _ in range(n):
        a = pick(a, slice(1, None), axis) - pick(a, slice(None, -1), axis)
    return a


@composition(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """The differences of the flattened array, between to_begin and to_end."""
    x = np.ravel(ary)
    begin, end = (None if piece is None else np.ravel(piece) for piece in (to_begin, to_end))
    for name, piece in (("to_begin", begin), ("to_end", end)):
        if piece is not None and not np.can_cast(piece.dtype, x.dtype, "same_kind"):
            raise DTypeError(f"ediff1d: {name} is {piece.dtype}, and the array {x.dtype} cannot hold it.")
    return cast(join_between(begin, x[1:] - x[:-1], end, 0), x.dtype)


def edge(f0: Any, f1: Any, f2: Any, h1: Any, h2: Any) -> Any:
    """The slope at the first of three points, of the parabola through them; h1 and h2 apart."""
    return (h1 + h2) / (h1 * h2) * f1 - (2 * h1 + h2) / (h1 * (h1 + h2)) * f0 - h1 / (h2 * (h1 + h2)) * f2


def slopes(f: Any, h: Any, edge_order: int) -> Any:
    """df/dx along the first axis; h: the spacing, one number or one for each interval.

    In the middle, that of the parabola through a point and its two neighbours; at the edges, of a line or a parabola.
    """
    if not np.ndim(h):
        middle = (f[2:] - f[:-2]) / (2 * h)
        first, second, last_but_one, last = h, h, h, h
    else:
        h1, h2 = (side.reshape((-1,) + (1,) * (f.ndim - 1)) for side in (h[:-1], h[1:]))
        middle = h1 / (h2 * (h1 + h2)) * f[2:] - h2 / (h1 * (h1 + h2)) * f[:-2] + (h2 - h1) / (h1 * h2) * f[1:-1]
        first, second, last_but_one, last = h[0], h[edge_order - 1], h[-edge_order], h[-1]
    if edge_order == 1:
        start, end = (f[1] - f[0]) / first, (f[-1] - f[-2]) / last
    else:
        start, end = edge(f[0], f[1], f[2], first, second), -edge(f[-1], f[-2], f[-3], last, last_but_one)
    return cast(concatenate(start[None], middle, end[None], axis=0), f.dtype)


@composition(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """df/dx along each axis, by differences of neighbours.

    varargs: the spacing for all axes, or for each axis its spacing or its coordinates, which have gradients as f has.
    """
    f = floats(f)
    axes = axes_of("gradient", f, axis)
    spacings = [x if np.ndim(x) == 0 else np.diff(floats(x)) for x in varargs or (1.0,)]
    if len(spacings) == 1 and np.ndim(spacings[0]) == 0:
        spacings *= len(axes)
    if len(spacings) != len(axes):
        raise ShapeError(f"gradient: {len(varargs)} spacings for {len(axes)} axes; give one for all or one for each.")
    if edge_order not in (1, 2):
        raise DomainError(f"gradient: edge_order is {edge_order}; it is 1 or 2.")
    results = []
    for i, h in zip(axes, spacings, strict=True):
        n = f.shape[i]
        if n <= edge_order or np.shape(h) not in ((), (n - 1,)):
            raise ShapeError(
                f"gradient: axis {i} has {n} entries; edge_order={edge_order} needs {edge_order + 1} or more, "
                f"and coordinates must be a vector of as many."
            )
        results.append(np.moveaxis(slopes(np.moveaxis(f, i, 0), h, edge_order), 0, i))
    return results[0] if len(results) == 1 else tuple(results)


@composition(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The area under y: the sum of (y[i] + y[i + 1]) / 2 times (x[i + 1] - x[i]), or times dx."""
    y = array_of(y)
    axis = axis_of("trapezoid", y, axis)
    if x is not None:
        x = array_of(x)
        dx = np.diff(x, axis=axis if x.ndim > 1 else 0)
        if x.ndim == 1:
            dx = dx.reshape((-1,) + (1,) * (y.ndim - 1 - axis))
    return (dx * (pick(y, slice(1, None), axis) + pick(y, slice(None, -1), axis)) / 2.0).sum(axis=axis)


@primitive(numpy=np.unwrap, dx=lambda dz, z, x, *, discont, axis, period: dz)
def unwrap(x: Any, *, discont: Any = None, axis: int = -1, period: Any = 2 * np.pi) -> Any:
    """z = x plus a multiple of the period for each entry, so that neighbours differ by half a period at most."""
    return np.unwrap(x, discont, axis, period=period)


# Along a line, and between the knots of one


@composition(np.linspace)
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """z[i] = (1 - t[i]) * start + t[i] * stop, for `num` steps t from 0 to 1; 1 is left out unless endpoint."""
    if num < 0:
        raise DomainError(f"linspace: num is {num}; it is how many entries there are, 0, 1, 2, ...")
    start, stop = operand(start), operand(stop)
    kind = np.result_type(start, stop, 1.0)  # in which Python numbers do not count
    intervals = num - 1 if endpoint else num
    delta = cast(stop, kind) - start
    t = np.arange(num).reshape((num,) + (1,) * delta.ndim) / max(intervals, 1)
    z = np.where(t < 1, start + cast(t, kind) * delta, stop)  # the end without rounding
    z = np.moveaxis(z, 0, axis)
    z = cast(np.floor(z) if np.issubdtype(dtype, np.integer) else z, dtype)
    return (z, delta / intervals if intervals > 0 else np.nan) if retstep else z


@composition(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """The height at x of the line through the points (xp, fp); beyond its ends `left` and `right`, or periodic."""
    x, xp, fp = array_of(x), array_of(xp), array_of(fp)
    if "c" in (x.dtype.kind, xp.dtype.kind):
        raise DTypeError(f"interp: x is {x.dtype} and xp is {xp.dtype}; only fp can be complex.")
    xp = cast(xp, np.float64)
    if xp.ndim != 1 or fp.shape != xp.shape or not xp.size:
        raise ShapeError(f"interp: xp is {xp.shape} and fp is {fp.shape}; they must be vectors of one length.")
    fp = cast(fp, np.result_type(fp.dtype, np.float64))
    if period is not None:
        if not period:
            raise DomainError("interp: period is 0.")
        period, left, right = np.abs(period), None, None
        x, xp = np.remainder(x, period), np.remainder(xp, period)
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp, fp = join_between(xp[-1:] - period, xp, xp[:1] + period, 0), join_between(fp[-1:], fp, fp[:1], 0)
    if not (xp[1:] > xp[:-1]).all():
        raise DomainError("interp: xp must be increasing, no value twice: sort xp and fp together first.")
    if len(xp) == 1:
        z = fp[0]
    else:
        i = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, len(xp) - 2)  # xp[i] <= x < xp[i + 1]
        z = (fp[i + 1] - fp[i]) / (xp[i + 1] - xp[i]) * (x - xp[i]) + fp[i]
    z = np.where(x < xp[0], fp[0] if left is None else left, z)
    return np.where(x > xp[-1], fp[-1] if right is None else right, z)


# Sums of products of neighbours


def convolve_share(dz: Any, x: Any, other: Any, mode: str) -> Any:
    """The gradient for the vector x: dz against the other vector turned round, as many entries as x has."""
    turned = np.ravel(other)[::-1]
    if mode == "valid":
        return np.convolve(dz, turned, "full" if x.size >= turned.size else "valid")
    if mode == "same":  # z is the middle of the full one
        shorter = min(x.size, turned.size)
        dz = join_between(np.zeros((shorter - 1) // 2, dz.dtype), dz, np.zeros(shorter // 2, dz.dtype), 0)
    return np.convolve(dz, turned, "valid")


@primitive(
    numpy=np.convolve,
    da=lambda dz, z, a, v, *, mode: convolve_share(dz, a, v, mode),
    dv=lambda dz, z, a, v, *, mode: convolve_share(dz, v, a, mode),
)
def convolve(a: Any, v: Any, *, mode: Any = "full") -> Any:
    """z[k] = the sum of a[i] v[k - i]; "same" and "valid" cut the full z at both ends."""
    if mode not in ("full", "same", "valid"):  # NumPy takes numbers and other words as well
        raise ValueError("the mode is 'full', 'same' or 'valid'")
    return np.convolve(a, v, mode)


@composition(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """z[k] = the sum of a[i + k] conj(v[i])."""
    a, v = array_of(a), array_of(v)
    if a.ndim != 1 or v.ndim != 1:
        raise ShapeError(f"correlate: a is {a.shape} and v is {v.shape}; they must be vectors.")
    if a.size < v.size:  # NumPy puts the longer one first and turns the result round
        return convolve(a[::-1], v.conj(), mode=mode)[::-1]
    return convolve(a, v.conj()[::-1], mode=mode)


# Polynomials


@composition(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """p[0] x^(n-1) + ... + p[n-1], by Horner's rule."""
    if isinstance(x, np.poly1d):
        raise NoRuleError("polyval: a polynomial in a polynomial has no gradient rule; give the numbers x.")
    z = np.zeros_like(x)
    for coefficient in array_of(p):
        z = z * x + coefficient
    return z


@composition(np.vander)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of x: x^(N-1), ..., x, 1 in each row; 1, x, ... where increasing."""
    if x.ndim != 1:
        raise ShapeError(f"vander: x is {x.shape}, and it must be a vector.")
    x = cast(x, np.promote_types(x.dtype, int))
    powers = [np.ones_like(x)]
    for _ in range(1, x.size if N is None else N):
        powers.append(powers[-1] * x)
    z = stack(*powers, axis=1)[:, : x.size if N is None else N]
    return z if increasing else z[:, ::-1]


# Whatever function of a vector


@composition(np.apply_along_axis)
def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """func1d of each vector along an axis; its results lie where the axis was."""
    axis = axis_of("apply_along_axis", arr, axis)
    rest = arr.shape[:axis] + arr.shape[axis + 1 :]
    rows = np.moveaxis(arr, axis, -1).reshape((math.prod(rest), arr.shape[axis]))
    if not len(rows):
        raise ShapeError(f"apply_along_axis: the array is {arr.shape}; there is no vector along axis {axis}.")
    results = stack(*[func1d(row, *args, **kwargs) for row in rows])
    z = results.reshape(rest + results.shape[1:])
    axes = range(len(rest), z.ndim)
    return np.moveaxis(z, tuple(axes), tuple(axis + i for i in range(len(axes))))

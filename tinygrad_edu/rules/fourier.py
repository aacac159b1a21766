"""Fourier transforms: every function of np.fft that takes an array.  Floor 2: NumPy only.

All of them are linear, z = F x, so each gradient is dx = F.T dz: the transpose of the map, without a conjugate.
The matrix of a DFT is symmetric, F.T = F.  Where n cuts the input or fills it up with zeros, the gradient is filled
up or cut in turn.  `norm` says which direction is divided by n: "backward" (also None), "ortho" or "forward".
"""

from typing import Any, Literal

import numpy as np

from ..errors import ShapeError
from ..primitives import composition, primitive
from .arguments import axis_of
from .indexing import key_at, pick, scatter_add

Norm = Literal["backward", "ortho", "forward"] | None

# Along one axis


def fitted(dx: Any, x: Any, axis: int) -> Any:
    """dx cut to x's length along the axis, or filled up with zeros."""
    length, wanted = dx.shape[axis], x.shape[axis]
    if length == wanted:
        return dx
    if length > wanted:
        return pick(dx, slice(wanted), axis % x.ndim)
    return scatter_add(dx, key=key_at(slice(length), axis % x.ndim), shape=x.shape)


@primitive(
    numpy=np.fft.fft,
    dx=lambda dz, z, x, *, n, axis, norm: fitted(fft(dz, axis=axis, norm=norm), x, axis),
)
def fft(x: Any, *, n: int | None = None, axis: int = -1, norm: Norm = None) -> Any:
    """z[k] = sum over j of x[j] exp(-2 pi i j k / n)."""
    return np.fft.fft(x, n, axis, norm)


@primitive(
    numpy=np.fft.ifft,
    dx=lambda dz, z, x, *, n, axis, norm: fitted(ifft(dz, axis=axis, norm=norm), x, axis),
)
def ifft(x: Any, *, n: int | None = None, axis: int = -1, norm: Norm = None) -> Any:
    """z[j] = sum over k of x[k] exp(2 pi i j k / n) / n."""
    return np.fft.ifft(x, n, axis, norm)


def rfft_dx(dz: Any, z: Any, x: Any, *, n: int | None, axis: int, norm: Norm) -> Any:
    """The gradient of the whole fft, whose other half was dropped; the engine takes the real part, as x is real."""
    return fitted(fft(dz, n=n or x.shape[axis], axis=axis, norm=norm), x, axis)


@primitive(numpy=np.fft.rfft, dx=rfft_dx)
def rfft(x: Any, *, n: int | None = None, axis: int = -1, norm: Norm = None) -> Any:
    """z = the first n // 2 + 1 entries of fft(x); the others are their conjugates, as x is real."""
    return np.fft.rfft(x, n, axis, norm)


def irfft_dx(dz: Any, z: Any, x: Any, *, n: int | None, axis: int, norm: Norm) -> Any:
    """Twice the inverse transform of dz: z has each entry of x and its conjugate, but the ends of x only once."""
    times = np.full(z.shape[axis] // 2 + 1, 2, z.dtype)
    times[0] = 1
    if z.shape[axis] % 2 == 0:
        times[-1] = 1
    times = times.reshape((len(times), *(1 for _ in x.shape[axis % x.ndim + 1 :])))
    return fitted(ihfft(dz, axis=axis, norm=norm) * times, x, axis)


@primitive(numpy=np.fft.irfft, dx=irfft_dx)
def irfft(x: Any, *, n: int | None = None, axis: int = -1, norm: Norm = None) -> Any:
    """z = the real ifft of x[0], x[1], ..., x[1].conj(): x has n // 2 + 1 entries, n is even unless given."""
    return np.fft.irfft(x, n, axis, norm)


#: The other direction has the scale that this one has not.
SWAPPED: dict[Norm, Norm] = {None: "forward", "backward": "forward", "forward": "backward"}


@composition(np.fft.hfft)
def hfft(a: Any, n: int | None = None, axis: int = -1, norm: Norm = None) -> Any:
    """The real fft of a[0], a[1], ..., a[1].conj()."""
    return irfft(np.conjugate(a), n=n, axis=axis, norm=SWAPPED.get(norm, norm))


@composition(np.fft.ihfft)
def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: Norm = None) -> Any:
    """The first n // 2 + 1 entries of ifft(a), for a real a."""
    return np.conjugate(rfft(a, n=n, axis=axis, norm=SWAPPED.get(norm, norm)))


# Along several axes: one after the other, in NumPy's order


def lengths_and_axes(function: str, a: Any, s: Any, axes: Any, least: int = 0) -> list[tuple[int, int]]:
    """The length and the axis of each transform; -1 stands for the length as it is."""
    axes = range(-len(a.shape if s is None else s), 0) if axes is None else axes
    s = [-1] * len(axes) if s is None else s
    if len(s) != len(axes):
        raise ShapeError(
            f"{function}: s={s!r} has {len(s)} lengths, axes={axes!r} has {len(axes)} axes; give one for each."
        )
    if len(axes) < least:
        raise ShapeError(f"{function}: axes={axes!r} names no axis; a transform from or to real numbers needs one.")
    places = [axis_of(function, a, axis) for axis in axes]
    return [(a.shape[axis] if n == -1 else n, axis) for n, axis in zip(s, places)]


def along_each(function: str, transform: Any, a: Any, s: Any, axes: Any, norm: Norm) -> Any:
    """fft or ifft along each of the axes."""
    for n, axis in reversed(lengths_and_axes(function, a, s, axes)):
        a = transform(a, n=n, axis=axis, norm=norm)
    return a


def from_real(function: str, a: Any, s: Any, axes: Any, norm: Norm) -> Any:
    """rfft along the last of the axes, then fft along the others."""
    *others, (n, axis) = lengths_and_axes(function, a, s, axes, least=1)
    a = rfft(a, n=n, axis=axis, norm=norm)
    for n, axis in reversed(others):
        a = fft(a, n=n, axis=axis, norm=norm)
    return a


def to_real(function: str, a: Any, s: Any, axes: Any, norm: Norm) -> Any:
    """ifft along all but the last of the axes, then irfft along that one."""
    *others, (n, axis) = lengths_and_axes(function, a, s, axes, least=1)
    for length, i in others:
        a = ifft(a, n=length, axis=i, norm=norm)
    return irfft(a, n=None if s is None else n, axis=axis, norm=norm)


@composition(np.fft.fftn)
def fftn(a: Any, s: Any = None, axes: Any = None, norm: Norm = None) -> Any:
    """fft along each of the axes."""
    return along_each("fftn", fft, a, s, axes, norm)


@composition(np.fft.ifftn)
def ifftn(a: Any, s: Any = None, axes: Any = None, norm: Norm = None) -> Any:
    """ifft along each of the axes."""
    return along_each("ifftn", ifft, a, s, axes, norm)


@composition(np.fft.rfftn)
def rfftn(a: Any, s: Any = None, axes: Any = None, norm: Norm = None) -> Any:
    """rfft along the last of the axes, then fft along the others."""
    return from_real("rfftn", a, s, axes, norm)


@composition(np.fft.irfftn)
def irfftn(a: Any, s: Any = None, axes: Any = None, norm: Norm = None) -> Any:
    """ifft along all but the last of the axes, then irfft along that one."""
    return to_real("irfftn", a, s, axes, norm)


@composition(np.fft.fft2)
def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Norm = None) -> Any:
    """fftn along two axes."""
    return along_each("fft2", fft, a, s, axes, norm)


@composition(np.fft.ifft2)
def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Norm = None) -> Any:
    """ifftn along two axes."""
    return along_each("ifft2", ifft, a, s, axes, norm)


@composition(np.fft.rfft2)
def rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Norm = None) -> Any:
    """rfftn along two axes."""
    return from_real("rfft2", a, s, axes, norm)


@composition(np.fft.irfft2)
def irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Norm = None) -> Any:
    """irfftn along two axes."""
    return to_real("irfft2", a, s, axes, norm)


# The frequency 0 into the middle, and back


@primitive(numpy=np.fft.fftshift, dx=lambda dz, z, x, *, axes: ifftshift(dz, axes=axes))
def fftshift(x: Any, *, axes: Any = None) -> Any:
    """z = x rolled by half its length, n // 2, along the axes."""
    return np.fft.fftshift(x, axes)


@primitive(numpy=np.fft.ifftshift, dx=lambda dz, z, x, *, axes: fftshift(dz, axes=axes))
def ifftshift(x: Any, *, axes: Any = None) -> Any:
    """z = x rolled back, by -(n // 2)."""
    return np.fft.ifftshift(x, axes)

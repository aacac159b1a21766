"""Steps: rounding, remainders, signs copied.  Floor 2: NumPy only.

A function that is constant between its jumps has the gradient 0, at the jumps too.  It is recorded all the same, so
that `x - floor(x)` has the slope 1 and a loss of nothing but steps has the gradient 0, not an error.
"""

from typing import Any

import numpy as np

from ..primitives import composition, primitive


def flat(dz: Any, z: Any, x: Any) -> Any:
    """0 everywhere."""
    return np.zeros_like(dz)


# One operand

floor = primitive(np.floor, dx=flat)
ceil = primitive(np.ceil, dx=flat)
trunc = primitive(np.trunc, dx=flat)
rint = primitive(np.rint, dx=flat, note="halves go to the even neighbour")
fix = primitive(np.fix, dx=flat, note="as trunc")
spacing = primitive(np.spacing, dx=flat, note="the distance to the next float")
signbit = primitive(np.signbit)


@primitive(numpy=np.round, dx=lambda dz, z, x, *, decimals: np.zeros_like(dz))
def round(x: Any, *, decimals: int = 0) -> Any:
    """z = x to so many decimals, halves to the even neighbour."""
    return np.round(x, decimals)


composition(np.around)(round)


@primitive(dx=lambda dz, z, x: dz)
def fraction(x: Any) -> Any:
    """z = what stands after the point, with the sign of x."""
    return np.modf(x)[0]


@composition(np.modf)
def modf(x: Any) -> tuple[Any, Any]:
    """What stands after the point, and what stands before it, each with the sign of x."""
    return fraction(x), trunc(x)


# Two operands

floor_divide = primitive(
    np.floor_divide,
    da=lambda dz, z, a, b: np.zeros_like(dz),
    db=lambda dz, z, a, b: np.zeros_like(dz),
    note="floor(a / b)",
)
remainder = primitive(
    np.remainder,
    da=lambda dz, z, a, b: dz,
    db=lambda dz, z, a, b: -dz * np.floor_divide(a, b),
    note="a - b * floor(a / b), with the sign of b",
)
fmod = primitive(  # a / b may round up to the next whole number; (a - z) / b is one up to rounding
    np.fmod,
    da=lambda dz, z, a, b: dz,
    db=lambda dz, z, a, b: -dz * np.rint((a - z) / b),
    note="a - b * trunc(a / b), with the sign of a",
)


@composition(np.divmod)
def divmod(a: Any, b: Any) -> tuple[Any, Any]:
    """The whole quotient and the remainder: a // b, a % b."""
    return floor_divide(a, b), remainder(a, b)


heaviside = primitive(
    np.heaviside,
    da=lambda dz, z, a, b: np.zeros_like(dz),
    db=lambda dz, z, a, b: dz * (a == 0),
    note="0 for a < 0, 1 for a > 0, and b at a = 0",
)
copysign = primitive(  # the sign of z is that of b
    np.copysign,
    da=lambda dz, z, a, b: dz * np.sign(a) * np.copysign(1.0, z),
    db=lambda dz, z, a, b: np.zeros_like(dz),
    note="|a| with the sign of b; the slope is 0 at a = 0",
)

# Numbers in the place of what is none


def nan_to_num_dx(dz: Any, z: Any, x: Any, *, nan: Any, posinf: Any, neginf: Any) -> Any:
    """dz where x was finite; for complex x part by part."""
    if x.dtype.kind != "c":
        return np.where(np.isfinite(x), dz, 0)
    return np.where(np.isfinite(np.real(x)), np.real(dz), 0) + 1j * np.where(np.isfinite(np.imag(x)), np.imag(dz), 0)


@primitive(numpy=np.nan_to_num, dx=nan_to_num_dx)
def nan_to_num(x: Any, *, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """z = x with numbers for NaN and the infinities; by default 0, and the largest and smallest float."""
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)

"""Elementwise operations: the first chapter of the book of rules.  Floor 2: NumPy only.

Each block is one operation, z = f(x) or z = f(a, b), and its derivative as you would write it by hand.
Broadcasting needs no word here: the engine sums each contribution back to the shape of its operand.
At the kinks: |x|' = 0 at 0, maximum and minimum share the gradient where both sides are equal.
sqrt has an infinite slope at 0, log at 0 likewise; NumPy's own warning says so when it happens.
"""

import operator
from typing import Any

import numpy as np

from ..errors import DTypeError
from ..primitives import composition, primitive

# Arithmetic

add = primitive(np.add, da=lambda dz, z, a, b: dz, db=lambda dz, z, a, b: dz)
subtract = primitive(np.subtract, da=lambda dz, z, a, b: dz, db=lambda dz, z, a, b: -dz)
multiply = primitive(np.multiply, da=lambda dz, z, a, b: dz * b, db=lambda dz, z, a, b: dz * a)
divide = primitive(np.divide, da=lambda dz, z, a, b: dz / b, db=lambda dz, z, a, b: -dz * z / b)
negative = primitive(np.negative, dx=lambda dz, z, x: -dz)
positive = primitive(np.positive, dx=lambda dz, z, x: dz)


def power_da(dz: Any, z: Any, a: Any, b: Any) -> Any:
    """dz * b * a^(b - 1); 0 where a and b are both 0, and b * a^(b - 1) would be 0 * 0^-1, NaN."""
    if isinstance(b, int | float):
        return dz * b * a ** (b - 1) if b != 0 else dz * 0
    return dz * b * a ** np.where(np.logical_and(a == 0, b == 0), b + 1, b - 1)


def power_db(dz: Any, z: Any, a: Any, b: Any) -> Any:
    """dz * a^b * log(a); 0 at a = 0, where a^b stays 0 for every b > 0."""
    if isinstance(a, int | float):
        return dz * z * np.log(a or 1.0).item()  # a Python number keeps float32 as it is
    return dz * z * np.log(np.where(a == 0, 1.0, a))


# operator.pow and not np.power: arrays have fast paths for the exponents 2, 0.5 and -1
power = primitive(operator.pow, name="power", numpy=np.power, da=power_da, db=power_db)

# Comparisons: piecewise constant, so no gradient flows

equal = primitive(np.equal)
not_equal = primitive(np.not_equal)
less = primitive(np.less)
less_equal = primitive(np.less_equal)
greater = primitive(np.greater)
greater_equal = primitive(np.greater_equal)
logical_not = primitive(np.logical_not)
logical_and = primitive(np.logical_and)
logical_or = primitive(np.logical_or)
bitwise_and = primitive(np.bitwise_and)
bitwise_or = primitive(np.bitwise_or)
bitwise_xor = primitive(np.bitwise_xor)
invert = primitive(np.invert)
isnan = primitive(np.isnan)
isinf = primitive(np.isinf)
isfinite = primitive(np.isfinite)

# Signs and kinks

abs = primitive(np.abs, name="abs", dx=lambda dz, z, x: dz * np.sign(x).conj())
real = primitive(np.real, name="real", dx=lambda dz, z, x: dz)
conjugate = primitive(np.conjugate, dx=lambda dz, z, x: dz.conj())


def sign_dx(dz: Any, z: Any, x: Any) -> Any:
    """0, for real x; the sign of a complex number turns with it."""
    if x.dtype.kind == "c":
        raise DTypeError("sign: no gradient rule for complex numbers; use x / abs(x).")
    return np.zeros_like(dz)


sign = primitive(np.sign, dx=sign_dx)
maximum = primitive(
    np.maximum,
    da=lambda dz, z, a, b: dz * (a > b) + dz * (a == b) / 2,
    db=lambda dz, z, a, b: dz * (b > a) + dz * (a == b) / 2,
)
minimum = primitive(
    np.minimum,
    da=lambda dz, z, a, b: dz * (a < b) + dz * (a == b) / 2,
    db=lambda dz, z, a, b: dz * (b < a) + dz * (a == b) / 2,
)


@primitive(
    da=lambda dz, z, condition, a, b: np.where(condition, dz, 0),
    db=lambda dz, z, condition, a, b: np.where(condition, 0, dz),
    numpy=np.where,
)
def where(condition: Any, a: Any, b: Any) -> Any:
    """z = a where the condition holds, else b.

    A NaN or inf made in the branch not taken still poisons its gradient (0 * inf is NaN):
    make the operand safe first, `where(x > 0, log(where(x > 0, x, 1)), 0)`.
    """
    return np.where(condition, a, b)


@composition(np.clip)
def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """min(max(x, a_min), a_max): the gradient passes inside the bounds, is shared at them, and is 0 outside."""
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    x = x if low is None else np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


# Powers, exponentials, logarithms

square = primitive(np.square, dx=lambda dz, z, x: dz * 2 * x)
sqrt = primitive(np.sqrt, dx=lambda dz, z, x: dz / (2 * z))
exp = primitive(np.exp, dx=lambda dz, z, x: dz * z)
expm1 = primitive(np.expm1, dx=lambda dz, z, x: dz * (z + 1))
log = primitive(np.log, dx=lambda dz, z, x: dz / x)
log1p = primitive(np.log1p, dx=lambda dz, z, x: dz / (1 + x))

# Trigonometric and hyperbolic functions

sin = primitive(np.sin, dx=lambda dz, z, x: dz * np.cos(x))
cos = primitive(np.cos, dx=lambda dz, z, x: -dz * np.sin(x))
tan = primitive(np.tan, dx=lambda dz, z, x: dz * (1 + z * z))
arcsin = primitive(np.arcsin, dx=lambda dz, z, x: dz / np.sqrt(1 - x * x))
arccos = primitive(np.arccos, dx=lambda dz, z, x: -dz / np.sqrt(1 - x * x))
arctan = primitive(np.arctan, dx=lambda dz, z, x: dz / (1 + x * x))
sinh = primitive(np.sinh, dx=lambda dz, z, x: dz * np.cosh(x))
cosh = primitive(np.cosh, dx=lambda dz, z, x: dz * np.sinh(x))
tanh = primitive(np.tanh, dx=lambda dz, z, x: dz * (1 - z * z))

# From one float dtype to another; the engine casts the gradient back


@primitive(dx=lambda dz, z, x, *, dtype: dz)
def astype(x: Any, *, dtype: Any) -> Any:
    """z = x in another float dtype."""
    return x.astype(dtype)

"""Elementwise operations: the first chapter of the book of rules.  Floor 2: NumPy only.

Each block is one operation, z = f(x) or z = f(a, b), and its derivative as you would write it by hand.
Broadcasting needs no word here: the engine sums each contribution back to the shape of its operand.
At the kinks: |x|' = 0 at 0, hypot' = 0 at (0, 0); maximum, minimum, fmax and fmin share the gradient where both
sides are equal.  sqrt, cbrt and log have an infinite slope at 0, arctan2 has none at (0, 0); NumPy's own warning says
so when it happens.
"""

import math
import operator
from typing import Any

import numpy as np

from ..primitives import composition, primitive
from .arguments import cast

# Arithmetic

add = primitive(np.add, da=lambda dz, z, a, b: dz, db=lambda dz, z, a, b: dz)
subtract = primitive(np.subtract, da=lambda dz, z, a, b: dz, db=lambda dz, z, a, b: -dz)
multiply = primitive(np.multiply, da=lambda dz, z, a, b: dz * b, db=lambda dz, z, a, b: dz * a)
divide = primitive(np.divide, da=lambda dz, z, a, b: dz / b, db=lambda dz, z, a, b: -dz * z / b, note="b != 0")
negative = primitive(np.negative, dx=lambda dz, z, x: -dz)
positive = primitive(np.positive, dx=lambda dz, z, x: dz)
reciprocal = primitive(np.reciprocal, dx=lambda dz, z, x: -dz * z * z, note="x != 0")


def power_da(dz: Any, z: Any, a: Any, b: Any) -> Any:
    """dz * b * a^(b - 1); 0 where a and b are both 0, and b * a^(b - 1) would be 0 * 0^-1, NaN."""
    if isinstance(b, int | float):
        return dz * b * a ** (b - 1) if b != 0 else dz * 0
    b = cast(b, z.dtype)  # b - 1 would wrap around in small integers
    return dz * b * a ** np.where(np.logical_and(a == 0, b == 0), b + 1, b - 1)


def power_db(dz: Any, z: Any, a: Any, b: Any) -> Any:
    """dz * a^b * log(a); 0 at a = 0, where a^b stays 0 for every b > 0."""
    if z.dtype.kind == "c":
        a = a - 0j  # negative numbers have a logarithm there; unlike + 0j, it keeps the sign of a zero
    if isinstance(a, int | float | complex):
        return dz * z * np.log(a or 1.0).item()  # a Python number keeps float32 as it is
    return dz * z * np.log(np.where(a == 0, 1.0, a))


# operator.pow and not np.power: arrays have fast paths for the exponents 2, 0.5 and -1
power = primitive(
    operator.pow,
    name="power",
    numpy=np.power,
    da=power_da,
    db=power_db,
    note="a > 0, or b whole; the slope in b is NaN at a < 0, and 0 at a = 0",
)
float_power = primitive(np.float_power, da=power_da, db=power_db, note="as power, always in float64")
ldexp = primitive(np.ldexp, da=lambda dz, z, a, b: np.ldexp(dz, b), note="a 2^b, b whole")

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
logical_xor = primitive(np.logical_xor)
bitwise_and = primitive(np.bitwise_and)
bitwise_or = primitive(np.bitwise_or)
bitwise_xor = primitive(np.bitwise_xor)
invert = primitive(np.invert)
isnan = primitive(np.isnan)
isinf = primitive(np.isinf)
isfinite = primitive(np.isfinite)
isposinf = primitive(lambda x: np.isposinf(x), name="isposinf", numpy=np.isposinf)
isneginf = primitive(lambda x: np.isneginf(x), name="isneginf", numpy=np.isneginf)

# Signs and kinks

abs = primitive(np.abs, name="abs", dx=lambda dz, z, x: dz * np.sign(x).conj(), note="the slope is 0 at 0")
fabs = primitive(np.fabs, dx=lambda dz, z, x: dz * np.sign(x), note="the slope is 0 at 0; real numbers only")


def sign_dx(dz: Any, z: Any, x: Any) -> Any:
    """0 for real x; a complex z = x / |x| turns with x, and its part along x stays.  0 at 0."""
    if x.dtype.kind != "c":
        return np.zeros_like(dz)
    return (dz - (dz * z * z).conj()) / np.where(x == 0, np.inf, 2 * np.abs(x))


sign = primitive(np.sign, dx=sign_dx)
maximum = primitive(
    np.maximum,
    da=lambda dz, z, a, b: dz * (a > b) + dz * (a == b) / 2,
    db=lambda dz, z, a, b: dz * (b > a) + dz * (a == b) / 2,
    note="ties share in equal parts; where z is NaN the slope is 0",
)
minimum = primitive(
    np.minimum,
    da=lambda dz, z, a, b: dz * (a < b) + dz * (a == b) / 2,
    db=lambda dz, z, a, b: dz * (b < a) + dz * (a == b) / 2,
    note="ties share in equal parts; where z is NaN the slope is 0",
)
# Ask which operand came through, not which is larger: beside a NaN no number is
fmax = primitive(
    np.fmax,
    da=lambda dz, z, a, b: np.where(a == b, dz / 2, dz * (z == a)),
    db=lambda dz, z, a, b: np.where(a == b, dz / 2, dz * (z == b)),
    note="ties share in equal parts; a NaN loses against a number",
)
fmin = primitive(
    np.fmin,
    da=lambda dz, z, a, b: np.where(a == b, dz / 2, dz * (z == a)),
    db=lambda dz, z, a, b: np.where(a == b, dz / 2, dz * (z == b)),
    note="ties share in equal parts; a NaN loses against a number",
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
sqrt = primitive(np.sqrt, dx=lambda dz, z, x: dz / (2 * z), note="x >= 0; the slope is infinite at 0")
cbrt = primitive(np.cbrt, dx=lambda dz, z, x: dz / (3 * z * z), note="the slope is infinite at 0")
exp = primitive(np.exp, dx=lambda dz, z, x: dz * z)
exp2 = primitive(np.exp2, dx=lambda dz, z, x: dz * z * math.log(2))
expm1 = primitive(np.expm1, dx=lambda dz, z, x: dz * np.exp(x))
log = primitive(np.log, dx=lambda dz, z, x: dz / x, note="x > 0")
log2 = primitive(np.log2, dx=lambda dz, z, x: dz / (x * math.log(2)), note="x > 0")
log10 = primitive(np.log10, dx=lambda dz, z, x: dz / (x * math.log(10)), note="x > 0")
log1p = primitive(np.log1p, dx=lambda dz, z, x: dz / (1 + x), note="x > -1")


def log_share(x: Any, z: Any) -> Any:
    """x - z, the logarithm of a part's share in the sum; -inf, a share of 0, where both are the logarithm of 0."""
    return x - np.where(z == -np.inf, 0, z)


logaddexp = primitive(
    np.logaddexp,
    da=lambda dz, z, a, b: dz * np.exp(log_share(a, z)),
    db=lambda dz, z, a, b: dz * np.exp(log_share(b, z)),
    note="log(exp(a) + exp(b)); flat where both are -inf",
)
logaddexp2 = primitive(
    np.logaddexp2,
    da=lambda dz, z, a, b: dz * np.exp2(log_share(a, z)),
    db=lambda dz, z, a, b: dz * np.exp2(log_share(b, z)),
    note="log2(2^a + 2^b); flat where both are -inf",
)

# Trigonometric and hyperbolic functions

sin = primitive(np.sin, dx=lambda dz, z, x: dz * np.cos(x))
cos = primitive(np.cos, dx=lambda dz, z, x: -dz * np.sin(x))
tan = primitive(np.tan, dx=lambda dz, z, x: dz * (1 + z * z))
arcsin = primitive(
    np.arcsin,
    dx=lambda dz, z, x: dz / np.sqrt((1 - x) * (1 + x)),
    note="-1 <= x <= 1; the slope is infinite at the ends",
)
arccos = primitive(
    np.arccos,
    dx=lambda dz, z, x: -dz / np.sqrt((1 - x) * (1 + x)),
    note="-1 <= x <= 1; the slope is infinite at the ends",
)
arctan = primitive(np.arctan, dx=lambda dz, z, x: dz / (1 + x * x))
arctan2 = primitive(  # divided by the hypotenuse twice: its square may overflow
    np.arctan2,
    da=lambda dz, z, a, b: dz * b / np.hypot(a, b) / np.hypot(a, b),
    db=lambda dz, z, a, b: -dz * a / np.hypot(a, b) / np.hypot(a, b),
    note="the angle of the point (b, a); NaN at (0, 0)",
)
hypot = primitive(
    np.hypot,
    da=lambda dz, z, a, b: dz * a / np.where(z == 0, np.inf, z),
    db=lambda dz, z, a, b: dz * b / np.where(z == 0, np.inf, z),
    note="sqrt(a^2 + b^2); the slope is 0 at (0, 0)",
)
deg2rad = primitive(np.deg2rad, dx=lambda dz, z, x: np.deg2rad(dz))
rad2deg = primitive(np.rad2deg, dx=lambda dz, z, x: np.rad2deg(dz))
radians = primitive(np.radians, dx=lambda dz, z, x: np.radians(dz))
degrees = primitive(np.degrees, dx=lambda dz, z, x: np.degrees(dz))
sinh = primitive(np.sinh, dx=lambda dz, z, x: dz * np.cosh(x))
cosh = primitive(np.cosh, dx=lambda dz, z, x: dz * np.sinh(x))
tanh = primitive(np.tanh, dx=lambda dz, z, x: dz * (1 - z * z))
arcsinh = primitive(np.arcsinh, dx=lambda dz, z, x: dz / np.sqrt(1 + x * x))
arccosh = primitive(
    np.arccosh, dx=lambda dz, z, x: dz / (np.sqrt(x - 1) * np.sqrt(x + 1)), note="x >= 1; the slope is infinite at 1"
)
arctanh = primitive(np.arctanh, dx=lambda dz, z, x: dz / ((1 - x) * (1 + x)), note="-1 < x < 1")

# sin(pi x) / (pi x): at 0 no quotient is right, nor for its derivatives

sinc = primitive(np.sinc, dx=lambda dz, z, x: dz * sinc_derivative(x, order=1), note="sin(pi x) / (pi x), smooth at 0")


@primitive(dx=lambda dz, z, x, *, order: dz * sinc_derivative(x, order=order + 1))
def sinc_derivative(x: Any, *, order: int) -> Any:
    """z = the derivative of sinc(x) of that order: pi^n g(n), n = order, where g(0) = sin(y) / y and y = pi x.

    Away from 0 by y g(n) + n g(n-1) = sin(y + n pi / 2), which is y g(0) = sin(y) differentiated n times.
    Near 0 by the series of g(n) = integral of t^n cos(y t + n pi / 2) over t from 0 to 1.
    """
    y = np.pi * x.astype(np.result_type(x, np.float64))  # g(n) divides what rounding left by y n times
    near = np.abs(y) < 3
    far = np.where(near, 3, y)
    g: Any = 0
    for n in range(order + 1):
        g = (np.sin(far + n * np.pi / 2) - n * g) / far
    y = np.where(near, y, 0)
    parity = range(order % 2, 30, 2)  # the other powers of y have the coefficient cos(odd pi / 2) = 0
    series = sum((-1) ** ((m + order) // 2) / (math.factorial(m) * (m + order + 1)) * y**m for m in parity)
    return (np.pi**order * np.where(near, series, g)).astype(x.dtype)


# From one float dtype to another; the engine casts the gradient back


@primitive(dx=lambda dz, z, x, *, dtype: dz)
def astype(x: Any, *, dtype: Any) -> Any:
    """z = x in another float dtype."""
    return x.astype(dtype)

"""Special functions that NumPy lacks: erf, log-gamma and its derivatives.  Floor 2: NumPy only.

Sources.  erf: the rational approximations of s_erf.c in fdlibm (Sun Microsystems, 1993), which most C libraries carry;
their error is below 1e-15, seen here as at most 1 unit in the last place against the C library's own erf.  Gamma:
Abramowitz and Stegun 1964, 6.3.18 and 6.4.11 (the asymptotic series), 6.4.6 (the recurrence) and 6.4.7 (the
reflection); the logarithm itself is the C library's.
"""

import math
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial
from numpy.polynomial.polynomial import polyval

from ..primitives import primitive
from .arguments import refuse_complex

# The error function

# |x| < 0.84375: erf(x) = x + x P(x^2) / Q(x^2)
P_SMALL = (
    1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02,
    -5.77027029648944159157e-03, -2.37630166566501626084e-05,
)  # fmt: skip
Q_SMALL = (
    1.0, 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03,
    1.32494738004321644526e-04, -3.96022827877536812320e-06,
)  # fmt: skip
# 0.84375 <= |x| < 1.25: erf(x) = ERF_1 + P(|x| - 1) / Q(|x| - 1)
ERF_1 = 8.45062911510467529297e-01
P_MIDDLE = (
    -2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01, 3.18346619901161753674e-01,
    -1.10894694282396677476e-01, 3.54783043256182359371e-02, -2.16637559486879084300e-03,
)  # fmt: skip
Q_MIDDLE = (
    1.0, 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02,
    1.26171219808761642112e-01, 1.36370839120290507362e-02, 1.19844998467991074170e-02,
)  # fmt: skip
# 1.25 <= |x|: erf(x) = 1 - exp(-x^2 - 0.5625 + P(1 / x^2) / Q(1 / x^2)) / |x|
P_LARGE = (
    -9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e01, -6.23753324503260060396e01,
    -1.62396669462573470355e02, -1.84605092906711035994e02, -8.12874355063065934246e01, -9.81432934416914548592e00,
)  # fmt: skip
Q_LARGE = (
    1.0, 1.96512716674392571292e01, 1.37657754143519042600e02, 4.34565877475229228821e02, 6.45387271733267880336e02,
    4.29008140027567833386e02, 1.08635005541779435134e02, 6.57024977031928170135e00, -6.04244152148580987438e-02,
)  # fmt: skip


def _ratio(t: Any, numerator: tuple[float, ...], denominator: tuple[float, ...]) -> Any:
    return polyval(t, numerator) / polyval(t, denominator)


@primitive(dx=lambda dz, z, x: dz * np.exp(-(x * x)) * (2 / math.sqrt(math.pi)))
def erf(x: Any) -> Any:
    """z = 2 / sqrt(pi) * integral of exp(-t^2) from 0 to x, to double precision."""
    dtype = np.asarray(x).dtype
    t = np.minimum(np.abs(np.asarray(x, np.float64)), 100)  # erf is 1 to the last bit from |x| = 6 on: inf may stay out
    s = t * t
    small = t + t * _ratio(np.minimum(s, 1), P_SMALL, Q_SMALL)
    middle = ERF_1 + _ratio(np.minimum(t, 2) - 1, P_MIDDLE, Q_MIDDLE)
    w = 1 / np.maximum(s, 1)
    large = 1 - np.exp(-s - 0.5625 + _ratio(w, P_LARGE, Q_LARGE)) / np.maximum(t, 1)
    z = np.copysign(np.where(t < 0.84375, small, np.where(t < 1.25, middle, large)), x)
    return z.astype(dtype) if dtype.kind == "f" else z


# The logarithm of the gamma function and its derivatives


def lgamma(x: float) -> float:
    """log|Gamma(x)|; inf at the poles 0, -1, -2, ... and where it is too large for a float."""
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):
        return math.inf


@primitive(dx=lambda dz, z, x: dz * polygamma(x, order=0))
def gammaln(x: Any) -> Any:
    """z = log|Gamma(x)|, and Gamma(n + 1) = n!."""
    refuse_complex(x)
    with np.errstate(all="ignore"):  # the C library says of infinite values that they are infinite
        z = np.vectorize(lgamma, otypes=[np.float64])(x)
    return z.astype(x.dtype) if x.dtype.kind == "f" else z


BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)  # B2, B4, ..., B14


@primitive(dx=lambda dz, z, x, *, order: dz * polygamma(x, order=order + 1))
def polygamma(x: Any, *, order: int) -> Any:
    """z = the derivative of log|Gamma(x)| of order + 1; NaN at the poles 0, -1, -2, ..."""
    refuse_complex(x)
    n, factorial = order, math.factorial
    t = np.asarray(x, np.float64)
    y = np.where(t < 0.5, 1 - t, t)
    w = y + (10 + n)  # far enough for the asymptotic series
    z = -np.log(w) if n == 0 else factorial(n - 1) * w**-n
    z = z + factorial(n) / 2 * w ** -(n + 1)
    for k, b in enumerate(BERNOULLI, 1):
        z = z + b * factorial(2 * k + n - 1) / factorial(2 * k) * w ** -(2 * k + n)
    for k in range(10 + n):  # the recurrence, back from w to y
        z = z + factorial(n) * (y + k) ** -(n + 1)
    # the reflection: of pi / tan(pi x), the derivative of order n as a polynomial in 1 / tan
    slope = Polynomial([0, 1])
    for _ in range(n):
        slope = -slope.deriv() * [1, 0, 1]
    left = np.minimum(t, 0.5)
    apart = left - np.rint(left)
    cotangent = 1 / np.tan(np.pi * np.where(apart == 0, np.nan, apart))
    z = np.where(t < 0.5, -z - np.pi ** (n + 1) * slope(cotangent), z if n % 2 else -z)
    return z.astype(x.dtype) if x.dtype.kind == "f" else z

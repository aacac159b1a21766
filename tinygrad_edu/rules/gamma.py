"""The logarithm of the gamma function and its derivatives, which NumPy lacks.  Floor 2: NumPy only.

Sources: Abramowitz and Stegun 1964, 6.3.18 and 6.4.11 (the asymptotic series), 6.4.6 (the recurrence) and 6.4.7 (the
reflection); the logarithm itself is the C library's.
"""

import math
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial

from ..primitives import primitive


def lgamma(x: float) -> float:
    """log|Gamma(x)|; inf at the poles 0, -1, -2, ... and where it is too large for a float."""
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):
        return math.inf


def refuse_complex(x: Any) -> None:
    """Raise TypeError for complex numbers, which the series below are not for."""
    if x.dtype.kind == "c":
        raise TypeError("give real numbers")


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
    for k in range(10 + n):  # and back
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

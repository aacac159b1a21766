"""Complex numbers: their parts, conjugates and angles.  Floor 2: NumPy only.

The gradient of a real J with respect to z = x + iy is dJ/dx - i dJ/dy, the convention of HIPS autograd and JAX.
Under it the rule of an analytic function is the one from the real line, dx = dz * f'(x), with no conjugate
anywhere; descent moves along the conjugate of the gradient.  Only functions that are not analytic, those below,
abs and sign, have a conjugate or a part of a number in their rule.
"""

import math
from typing import Any

import numpy as np

from ..primitives import primitive

real = primitive(np.real, name="real", dx=lambda dz, z, x: dz)
imag = primitive(np.imag, name="imag", dx=lambda dz, z, x: dz * -1j)
conjugate = primitive(np.conjugate, dx=lambda dz, z, x: dz.conj())


def angle_dx(dz: Any, z: Any, x: Any, *, deg: bool) -> Any:
    """The imaginary part of dx / x, as log(x) = log|x| + i angle(x); 0 at 0, where x has no angle."""
    return dz * -1j * (180 / math.pi if deg else 1) / np.where(x == 0, np.inf, x)


@primitive(numpy=np.angle, dx=angle_dx)
def angle(x: Any, *, deg: bool = False) -> Any:
    """z = the angle of x in the plane, from -pi to pi; in degrees from -180 to 180."""
    return np.angle(x, deg)


@primitive(numpy=np.real_if_close, dx=lambda dz, z, x, *, tol: dz)
def real_if_close(x: Any, *, tol: float = 100) -> Any:
    """z = the real part of x if all imaginary parts are within tol (in units of the last place) of 0, else x."""
    return np.real_if_close(x, tol)


isreal = primitive(np.isreal)
iscomplex = primitive(np.iscomplex)

"""Random matrices: with normal entries, and Hermitian ones of given eigenvalues.  A test file binds its own rng:

normal, hermitian = partial(matrices.normal, rng), partial(matrices.hermitian, rng)
"""

from collections.abc import Sequence
from typing import Any

import numpy as np


def mH(x: Any) -> Any:
    """The conjugate transposes of the matrices, as arrays or as Tensors."""
    return x.conj().swapaxes(-1, -2)


def normal(rng: np.random.Generator, *shape: int, unit: complex = 0) -> Any:
    """Normal entries; with a unit, a second draw times the unit is added, as for 1j the imaginary parts."""
    x = rng.standard_normal(shape)
    return x + unit * rng.standard_normal(shape) if unit else x


def hermitian(rng: np.random.Generator, eigenvalues: Sequence[float], unit: complex = 0) -> Any:
    """A Hermitian matrix with these eigenvalues; without a unit, a symmetric one."""
    n = len(eigenvalues)
    Q = np.linalg.qr(normal(rng, n, n, unit=unit))[0]
    a = (Q * eigenvalues) @ mH(Q)
    return (a + mH(a)) / 2

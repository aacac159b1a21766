"""The book of rules: every operation with its derivative, in NumPy.  Floor 2.

Read `elementwise` first; an operation is one block.  Importing this package fills the registry.
"""

from . import (
    activation,
    complex,
    contraction,
    decompositions,
    elementwise,
    fourier,
    indexing,
    inverses,
    joining,
    linalg,
    loss,
    norms,
    random,
    reduce,
    rounding,
    sequences,
    shape,
    sorting,
    special,
    statistics,
)

__all__ = [
    "activation",
    "complex",
    "contraction",
    "decompositions",
    "elementwise",
    "fourier",
    "indexing",
    "inverses",
    "joining",
    "linalg",
    "loss",
    "norms",
    "random",
    "reduce",
    "rounding",
    "sequences",
    "shape",
    "sorting",
    "special",
    "statistics",
]

"""What every operation is tried on: one line per sample, for the suites in test_rules*.py.

    sample("sum", normal(3, 4), axis=-1, keepdims=True)

is op `sum` of the registry on an input of shape (3, 4).  A name that is no primitive ("split") is a sample for that
composition.  Inputs that are float or complex arrays are differentiated; others are handed over as they are.

Inputs lie inside the domain and at least 0.02 away from kinks, which have their own tests.  skip: "complex" where
forward is not analytic as written, "second" without a second derivative, "float32" where NumPy itself leaves float32.
Each file here has the samples of a chapter of the book of rules.
"""

from . import (
    complex,
    contraction,
    decompositions,
    elementwise,
    fourier,
    indexing,
    joining,
    losses,
    products,
    reduce,
    rounding,
    sequences,
    shape,
    sorting,
    statistics,
)
from .drawing import SAMPLES, Sample

__all__ = [
    "SAMPLES",
    "Sample",
    "complex",
    "contraction",
    "decompositions",
    "elementwise",
    "fourier",
    "indexing",
    "joining",
    "losses",
    "products",
    "reduce",
    "rounding",
    "sequences",
    "shape",
    "sorting",
    "statistics",
]

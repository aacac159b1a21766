"""The book of rules: every operation with its derivative, in NumPy.  Floor 2.

Read `elementwise` first; an operation is one block.  Importing this package fills the registry.
"""

from . import activation, elementwise, linalg, loss, random, reduce, shape, special

__all__ = ["activation", "elementwise", "linalg", "loss", "random", "reduce", "shape", "special"]

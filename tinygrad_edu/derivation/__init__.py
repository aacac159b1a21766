"""The gradient, read out: as equations, as LaTeX, as NumPy source.  Floor 6."""

from .equations import Derivation, derive

__all__ = ["Derivation", "derive"]

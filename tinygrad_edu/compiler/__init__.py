"""Turn a function into a flat NumPy program, and replay that.  Floor 6."""

from .compiled import Compiled, compile

__all__ = ["Compiled", "compile"]

"""Every error that drawing raises on purpose.

Each is a `tinygrad_edu.errors.TinygradEduError` and the builtin you would expect:

    TinygradEduError
    ├── ConversionError   (RuntimeError)  what makes a PNG or PDF is not installed
    ├── LayoutError       (RuntimeError)  no layout engine is installed, or it failed
    ├── NotDrawableError  (TypeError)     what was passed is no Tensor, or names no mapping
    ├── OptionError       (ValueError)    an option, a file format or a style sheet that will not do
    └── SaveError         (OSError)       the file could not be written
"""

from tinygrad_edu.errors import TinygradEduError

__all__ = ["ConversionError", "LayoutError", "NotDrawableError", "OptionError", "SaveError"]


class ConversionError(TinygradEduError, RuntimeError):
    """What turns a picture into a PNG or PDF is not installed; the message says how to install it."""


class LayoutError(TinygradEduError, RuntimeError):
    """No layout engine is installed, or the one found failed."""


class NotDrawableError(TinygradEduError, TypeError):
    """What was passed is not a Tensor, or `names` is not a mapping from names to tensors."""


class OptionError(TinygradEduError, ValueError):
    """An option, or the suffix of a file, that drawing does not know; or a style sheet that a page cannot hold."""


class SaveError(TinygradEduError, OSError):
    """The file could not be written; what stood there before is unharmed."""

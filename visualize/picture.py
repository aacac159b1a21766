"""`Picture`: what every function that draws training returns.

curves(epochs, panels).save("curves.svg")
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, final

from .files import pdf_of, png_of, save

__all__ = ["Picture"]

WRITERS: dict[str, Callable[[str], str | bytes]] = {".svg": str, ".png": png_of, ".pdf": pdf_of}


@final
class Picture:
    """A finished picture.  svg: the picture as text, one document that needs nothing beside it.

    A notebook shows it by itself.

    >>> Picture("<svg/>", "Curves of cost: 2 epochs")
    <Curves of cost: 2 epochs>
    """

    def __init__(self, svg: str, what: str):
        self.svg = svg
        self._what = what

    def __repr__(self) -> str:
        return f"<{self._what}>"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file, whole or not at all, as its suffix says: .svg, .png or .pdf.  Returns the path.

        Raises OptionError for another suffix, ConversionError for a .png or .pdf without the extra `images`, SaveError
        where the file cannot be written.
        """
        return save(path, self.svg, WRITERS, "a picture of training")

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}

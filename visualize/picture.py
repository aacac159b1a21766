"""`Picture`: what every function that draws training returns.

curves(epochs, panels).save("curves.svg")
"""

import os
from pathlib import Path
from typing import Any, final

from .errors import OptionError
from .files import write_whole

__all__ = ["Picture"]


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
        """Write the picture to an .svg file, whole or not at all.  Returns the path.

        Raises OptionError for another suffix, SaveError where the file cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() != ".svg":
            raise OptionError(
                f"cannot save {path.name!r}: pictures of training are saved as .svg. "
                f"For a PNG or PDF, open the .svg in a browser and print it, or run `rsvg-convert`."
            )
        write_whole(path, self.svg)
        return path

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}

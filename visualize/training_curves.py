"""`curves(epochs, panels)`: how cost and accuracy went during training, one panel each.

curves(range(1, 21), {"cost": {"train": J}, "accuracy": {"train": a, "test": b}}).save("curves.svg")
"""

import math
import operator
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, final

from tinygrad_edu.errors import ShapeError

from .errors import NotDrawableError, OptionError
from .files import write_whole
from .plot import plot_svg
from .series import Line, Panel
from .text import cut, visible

__all__ = ["Curves", "curves"]


def curves(
    epochs: Sequence[int], panels: Mapping[str, Mapping[str, Sequence[float]]], *, title: str = "Training"
) -> "Curves":
    """One panel for each entry of panels, side by side; in each, one line for each of its entries.

    epochs: increasing whole numbers.  panels: {"cost": {"train": values, "test": values}}, one value per epoch.
    Each line ends in its name and last value.  A nan or inf is left out, as a gap, and counted above the panel.
    A panel of positive values that span more than two decades has a logarithmic scale, unless they rise and stay
    within 100: that is an accuracy, and reads better on a linear one.
    Raises ShapeError where something is empty or the lengths differ, OptionError if epochs do not increase, and
    NotDrawableError for what is no mapping or no number.

    >>> curves([1, 2, 3], {"cost": {"train": [0.69, 0.31, 0.12]}})
    <Curves of cost: 3 epochs>
    """
    whole = _epochs(epochs)
    read = _panels(whole, panels)
    what = cut(", ".join(panel.name for panel in read), 60)
    return Curves(plot_svg(whole, read, visible(str(title))), f"{what}: {_count(whole, 'epoch')}")


@final
class Curves:
    """Training curves.  svg: the picture as text.  A notebook shows it by itself."""

    def __init__(self, svg: str, what: str):
        self.svg = svg
        self._what = what

    def __repr__(self) -> str:
        return f"<Curves of {self._what}>"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to an .svg file, whole or not at all.  Returns the path.

        Raises OptionError for another suffix, SaveError where the file cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() != ".svg":
            raise OptionError(
                f"cannot save {path.name!r}: curves are saved as .svg. "
                f"For a PNG or PDF, open the .svg in a browser and print it, or run `rsvg-convert`."
            )
        write_whole(path, self.svg)
        return path

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}


def _epochs(epochs: Sequence[int]) -> list[int]:
    try:
        found = [operator.index(e) for e in epochs]
    except TypeError as error:
        raise NotDrawableError(
            f"curves(epochs, panels): epochs are whole numbers, such as range(1, 21): {error}."
        ) from error
    if not found:
        raise ShapeError("curves(epochs, panels): epochs is empty; train for at least one epoch.")
    for before, after in pairwise(found):
        if before >= after:
            raise OptionError(f"curves(epochs, panels): epochs must increase, and {after} comes after {before}.")
    return found


def _panels(epochs: list[int], panels: Any) -> list[Panel]:
    if not isinstance(panels, Mapping) or not all(isinstance(lines, Mapping) for lines in panels.values()):
        raise NotDrawableError('curves(epochs, panels): panels is {panel: {line: values}}: {"cost": {"train": [...]}}.')
    if not panels:
        raise ShapeError('curves(epochs, panels): panels is empty; give at least {"cost": {"train": [...]}}.')
    looks: dict[Any, int] = {}
    found = []
    for name, lines in panels.items():
        if not lines:
            raise ShapeError(f"curves(epochs, panels): panels[{name!r}] is empty; give it at least one line.")
        read = [
            _line(key, values, epochs, looks.setdefault(key, len(looks)), f"panels[{name!r}][{key!r}]")
            for key, values in lines.items()
        ]
        found.append(Panel(visible(str(name)), tuple(read)))
    return found


def _line(name: Any, values: Any, epochs: list[int], look: int, where: str) -> Line:
    try:
        numbers = tuple(float(v) for v in values)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotDrawableError(f"curves(epochs, panels): {where} is not a list of numbers: {error}.") from error
    if len(numbers) != len(epochs):
        raise ShapeError(
            f"curves(epochs, panels): {where} has {_count(numbers, 'value')}, epochs has {len(epochs)}; "
            f"give one value for each epoch, nan where there is none."
        )
    return Line(visible(str(name)), look, numbers, tuple(i for i, v in enumerate(numbers) if math.isfinite(v)))


def _count(items: Sequence[Any], what: str) -> str:
    return f"{len(items)} {what}{'' if len(items) == 1 else 's'}"

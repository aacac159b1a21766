"""`curves(epochs, panels)`: how cost and accuracy went during training, one panel each.

curves(range(1, 21), {"cost": {"train": J}, "accuracy": {"train": a, "test": b}}).save("curves.svg")
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_edu.errors import ShapeError

from .errors import NotDrawableError
from .inputs import whole_epochs
from .picture import Picture
from .plot import plot_svg
from .series import Line, Panel
from .text import counted, cut, visible

__all__ = ["curves"]


def curves(
    epochs: Sequence[int], panels: Mapping[str, Mapping[str, Sequence[float]]], *, title: str = "Training"
) -> Picture:
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
    whole = whole_epochs(epochs, "curves(epochs, panels)")
    read = _panels(whole, panels)
    what = cut(", ".join(panel.name for panel in read), 60)
    return Picture(plot_svg(whole, read, visible(str(title))), f"Curves of {what}: {counted(len(whole), 'epoch')}")


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
            f"curves(epochs, panels): {where} has {counted(len(numbers), 'value')}, epochs has {len(epochs)}; "
            f"give one value for each epoch, nan where there is none."
        )
    return Line(visible(str(name)), look, numbers, tuple(i for i, v in enumerate(numbers) if math.isfinite(v)))

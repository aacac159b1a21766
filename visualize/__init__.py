"""Pictures of recorded graphs and of training: `from visualize import curves, draw`.

    draw(J).save("graph.svg")      # or just `draw(J)` as the last line of a notebook cell
    curves(range(1, 21), {"cost": {"train": costs}}).save("curves.svg")

Reads `tinygrad_edu`, which never imports this package except from inside `Tensor.draw()` and the command.
Files, in the order they are best read: `graph` (the only one that knows the engine), `notation` and `text`
(what stands in a box), `layout` (where the boxes go), `svg` (the picture), `drawing` (what you call).
For training curves: `series` (what they say), `axis` (round ticks), `plot` (the picture), `training_curves`.
"""

from . import errors
from .drawing import Drawing, draw
from .training_curves import Curves, curves

__all__ = ["Curves", "Drawing", "curves", "draw", "errors"]

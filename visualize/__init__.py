"""Pictures of recorded graphs and of training: `from visualize import curves, draw`.

    draw(J).save("graph.svg")      # or just `draw(J)` as the last line of a notebook cell
    curves(range(1, 21), {"cost": {"train": costs}}).save("curves.svg")

Reads `tinygrad_edu`, which never imports this package except from inside `Tensor.draw()` and the command.
Files, in the order they are best read: `graph` (the only one that knows the engine), `notation` and `text`
(how things are written), `grouping` and `folding` (what belongs together, what is alike), `box` and `scene` (what the
picture shows), `layout` (where it goes), `svg`, `source` and `graph_page` (the picture as SVG, DOT, HTML), `files`
(saving), `drawing` (what you call).
For training curves: `series` (what they say), `axis` (round ticks), `plot` (the picture), `training_curves`.
"""

from . import errors
from .drawing import Drawing, draw
from .training_curves import Curves, curves

__all__ = ["Curves", "Drawing", "curves", "draw", "errors"]

"""Pictures of recorded graphs and of training: `from visualize import curves, draw`.

    draw(J).save("graph.svg")      # or just `draw(J)` as the last line of a notebook cell
    curves(range(1, 21), {"cost": {"train": costs}}).save("curves.svg")

Reads `tinygrad_edu`, which never imports this package except from inside `Tensor.draw()` and the command.
Files, in the order they are best read: `graph` (the only one that knows the engine), `notation` and `text`
(how things are written), `grouping` and `folding` (what belongs together, what is alike), `box` and `scene` (what the
picture shows), `layout` (where it goes), `svg`, `source` and `graph_page` (the picture as SVG, DOT, HTML), `files`
(saving), `drawing` (what you call).
For training: `canvas` (what the pictures are drawn with) and `picture` (what you get); for its curves `series` (what
they say), `axis` (round ticks), `plot`, `training_curves`.
"""

from . import errors
from .drawing import Drawing, draw
from .picture import Picture
from .training_curves import curves

__all__ = ["Drawing", "Picture", "curves", "draw", "errors"]

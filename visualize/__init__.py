"""Pictures of recorded graphs: `from visualize import draw`.

    draw(J).save("graph.svg")      # or just `draw(J)` as the last line of a notebook cell

Reads `tinygrad_edu`, which never imports this package except from inside `Tensor.draw()` and the command.
Files, in the order they are best read: `graph` (the only one that knows the engine), `notation` and `text`
(what stands in a box), `layout` (where the boxes go), `svg` (the picture), `drawing` (what you call).
"""

from .drawing import Drawing, draw

__all__ = ["Drawing", "draw"]

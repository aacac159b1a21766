"""Pictures of recorded graphs and of training: `from visualize import curves, draw, stepper`.

    draw(J).save("graph.svg")      # or just `draw(J)` as the last line of a notebook cell
    stepper(J, "backprop.html")    # a page that walks through the backward pass
    curves(range(1, 21), {"cost": {"train": costs}}).save("curves.svg")
    heatmaps([0, 20], {"W1": [W1_before, W1_after]}).save("weights.svg")

Reads `tinygrad_edu`, which never imports this package except from inside `Tensor.draw()` and the command.
Files, in the order they are best read: `graph` (the only one that knows the engine), `notation` and `text`
(how things are written), `grouping` and `folding` (what belongs together, what is alike), `box` and `scenes` (what the
picture shows), `layout` (where it goes), `svg`, `source` and `graph_pages` (the picture as SVG, DOT, HTML), `files`
(saving), `drawing` (what you call).
For the stepper: `stepping` and the files that its docstring names.
For training: `inputs` (what is handed in), `picture` (what you get); for its curves `series` (what they say), `axis`
(round ticks), `plot`, `training_curves`.  Arrays become pixels in `pixels`, bars in `distributions`, stretches in
`masks`; `weight_heatmaps`, `layer_histograms`, `decision`, `confusion_table`, `wrong_images` are a picture each.
All are drawn on one `canvas`.  `documents` makes one HTML page that needs nothing beside it, and `report` fills it with
a whole training run.
"""

from . import errors
from .confusion_table import confusion_matrix, confusions
from .decision import boundary
from .distributions import Distribution, distribution, findings
from .drawing import Drawing, draw
from .layer_histograms import histograms
from .picture import Picture
from .pixels import Pooled, pooled
from .report import PICTURES, training_report
from .stepping import stepper
from .training_curves import curves
from .weight_heatmaps import heatmaps
from .wrong_images import mistakes

__all__ = [
    "Distribution",
    "Drawing",
    "PICTURES",
    "Picture",
    "Pooled",
    "boundary",
    "confusion_matrix",
    "confusions",
    "curves",
    "distribution",
    "draw",
    "errors",
    "findings",
    "heatmaps",
    "histograms",
    "mistakes",
    "pooled",
    "stepper",
    "training_report",
]

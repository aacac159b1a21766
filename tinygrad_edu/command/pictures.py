"""The pictures that a training run leaves behind, one by one and in its report.  Floor 7."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..functions import binary_cross_entropy, cross_entropy
from ..modes import no_grad
from ..nn import DeepNetwork
from ..tensor import Tensor
from ..training import Epoch, predict
from .reports import Reporter
from .snapshots import Snapshot
from .tasks import Task

__all__ = ["graph_and_curves", "report_page"]


def graph_and_curves(
    visualize: Any, net: DeepNetwork, X: np.ndarray, Y: np.ndarray, history: list[Epoch], report: Reporter
) -> dict[str, str]:
    """{file name: text}: the graph of J at the initial weights, and the curves of training."""
    inputs, wanted = Tensor(X, name="X"), Tensor(Y, name="Y")
    if len(Y) == 1:
        J = binary_cross_entropy(net(inputs), wanted)
    else:
        J = cross_entropy(net.logits(inputs), wanted, axis=0)
    J.name = "J"
    panels = {
        "cost": {"train": [e.cost for e in history]},
        "accuracy": {"train": [e.train_accuracy for e in history], "test": [e.test_accuracy for e in history]},
    }
    pictures = {"curves.svg": visualize.curves([e.number for e in history], panels).svg}
    drawing = visualize.draw(J)
    try:
        pictures["graph.svg"] = drawing.svg
    except visualize.errors.LayoutError as error:
        report.failure(f"no graph.svg, but graph.dot: {error}")
        pictures["graph.dot"] = drawing.source
    return pictures


def report_page(
    visualize: Any,
    record: Mapping[str, Any],
    pictures: Mapping[str, str],
    task: Task,
    net: DeepNetwork,
    snapshots: Sequence[Snapshot],
) -> str:
    """report.html: the record and all pictures; snapshots: at least one."""
    first, last = snapshots[0], snapshots[-1]
    numbers = [s.number for s in snapshots]
    shown: dict[str, Any] = {"curves": pictures["curves.svg"]}
    if "graph.svg" in pictures:
        shown["graph"] = pictures["graph.svg"]
    for what in ("weights", "gradients"):
        layers = {name: [getattr(s, what)[name] for s in snapshots] for name in getattr(first, what)}
        scale = "layer" if what == "weights" else "epoch"
        shown[what] = visualize.heatmaps(numbers, layers, scale=scale, title=what.capitalize())
    for what, s in (("before", first), ("after", last)):
        title = f"Activations and gradients after epoch {s.number}"
        shown[what] = visualize.histograms(s.activations, s.slopes, title=title)
    title = f"{len(task.split.y_test)} test examples"
    shown["confusion"] = visualize.confusion_matrix(np.array(record["confusion"]), task.class_names, title=title)
    if task.image_shape is not None:
        X, y = task.split.X_test, task.split.y_test
        predicted = predict(net, X)
        shown["mistakes"] = visualize.mistakes(
            X, y, predicted, probabilities=_certainty(net, X), names=task.class_names, shape=task.image_shape
        )
    if task.split.X_train.shape[0] == 2 and task.classes <= visualize.decision.MOST_CLASSES:
        shown["boundary"] = _boundary(visualize, task, net)
    return str(visualize.training_report(record, shown, visualize.findings(last.activations, last.slopes)))


def _certainty(net: DeepNetwork, X: np.ndarray) -> np.ndarray:
    """(m,): the probability that the network gives to the label it predicts."""
    with no_grad():
        A = net(X).data
    return np.maximum(A[0], 1 - A[0]) if len(A) == 1 else A.max(axis=0)


def _boundary(visualize: Any, task: Task, net: DeepNetwork) -> Any:
    """In the units of the user's own X, which were scaled for the network."""
    mean, spread = task.scaling.get("mean", 0.0), task.scaling.get("std", 1.0)
    X = task.split.X_train
    return visualize.boundary(
        lambda points: predict(net, ((points - mean) / spread).astype(X.dtype)),
        X * spread + mean,
        task.split.y_train,
        names=task.class_names,
        features=("feature 0", "feature 1"),
        title="Regions and training examples",
    )

"""The main job, `tinygrad-edu train`: prove, train, report, write.  Floor 7."""

import argparse
import platform
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from .. import __version__
from ..errors import DataError
from ..modes import no_grad
from ..nn import DeepNetwork
from ..optim import SGD, Adam, Optimizer
from ..proof import Equation, prove
from ..shadowing import import_visualize
from ..training import Epoch, confusion, fit, predict, targets
from .interrupts import ignore_interrupts, one_interrupt
from .pictures import graph_and_curves, report_page
from .reports import Reporter
from .runs import check_folder, next_folder, write_folder
from .snapshots import Snapshot, snapshot, snapshot_epochs
from .tasks import Task, digits_task, file_task

__all__ = ["LEARNING_RATES", "train"]

LEARNING_RATES = {"adam": 0.002, "sgd": 0.3}
MOST_WEIGHTS = 10**8  # some 6 GB in all, with gradients and Adam's state
PROOF_EXAMPLES = 200


def train(options: argparse.Namespace) -> int:
    """`tinygrad-edu train`: prove, train, report, write."""
    visualize = import_visualize()
    task = _task(options)
    out = check_folder(next_folder("runs", task.name) if options.out is None else options.out)
    net, double = (_network(task, options, dtype) for dtype in (options.dtype, np.float64))
    lr = LEARNING_RATES[options.optimizer] if options.lr is None else options.lr
    optimizer: Optimizer = (Adam if options.optimizer == "adam" else SGD)(net.parameters(), lr)
    report = Reporter(quiet=options.quiet)
    report.title(f"{task.title}: {'-'.join(map(str, net.layer_dims))}, {' '.join(net.activations)}, {options.dtype}")

    with threadpool_limits(_threads(net, options.batch_size)):
        X = task.split.X_train.astype(np.float64)
        examples = _proof_examples(double, X)
        X, Y = X[:, examples], targets(double, task.split.y_train[examples])
        proof = prove(double, X, Y, probes=max(1, min(32, 400 // len(double.layers))))
        report.proof(proof, len(examples))
        if not all(equation.holds for equation in proof):
            report.failure("the gradients in red disagree; training would be meaningless.")
            return 1
        with one_interrupt():
            history: list[Epoch] = []
            snapshots: list[Snapshot] = []
            wanted = snapshot_epochs(options.epochs) - {options.epochs}

            def look(*, closely: bool) -> None:
                X, Y = task.split.X_train, targets(net, task.split.y_train)
                snapshots.append(snapshot(visualize, net, X, Y, history[-1].number, closely=closely))

            interrupted = False
            try:
                rng = np.random.default_rng(options.seed)
                run = fit(net, optimizer, task.split, epochs=options.epochs, batch_size=options.batch_size, rng=rng)
                with report.progress(options.epochs) as progress, np.errstate(over="ignore", invalid="ignore"):
                    for epoch in run:  # raises by itself when the cost is no longer finite
                        history.append(epoch)
                        progress(epoch)
                        if epoch.number in wanted:
                            look(closely=epoch.number == 0)
            except KeyboardInterrupt:
                if not history:
                    raise
                interrupted = True
            ignore_interrupts()
            snapshots = [s for s in snapshots if s.number < history[-1].number]  # it may have been stopped at one
            look(closely=True)
            counts = confusion(task.split.y_test, predict(net, task.split.X_test), task.classes)
            report.confusion(counts, task.class_names, visualize.confusions(counts, task.class_names))
            pictures = graph_and_curves(visualize, double, X, Y, history, report)
            record = _record(options, task, net, lr, proof, history, counts, interrupted)
            pictures["report.html"] = report_page(visualize, record, pictures, task, net, snapshots)
            arrays = {"weights.npz": net.state_dict()} | ({"scaling.npz": task.scaling} if task.scaling else {})
            while True:
                try:
                    folder = write_folder(out, arrays, pictures, record)
                    break
                except DataError:
                    if options.out is not None or not out.exists():
                        raise
                    out = next_folder("runs", task.name)  # another run took the number meanwhile
            report.result(history[-1], folder, interrupted)
    return 130 if interrupted else 0


def _task(options: argparse.Namespace) -> Task:
    if options.data is None:
        return digits_task(options.classes or 2, options.dtype)
    if options.classes is not None:
        raise DataError("--classes is for the digits; with --data the labels y say how many classes there are.")
    return file_task(options.data, options.dtype, options.seed)


def _proof_examples(net: DeepNetwork, X: np.ndarray) -> np.ndarray:
    """The first columns of X whose outputs are not saturated: there the rule of binary_cross_entropy(A, Y) is 0/0."""
    with no_grad():
        largest = np.abs(net.logits(X).data).max(axis=0)
    calm = np.flatnonzero(largest <= 5)
    return calm[:PROOF_EXAMPLES] if len(calm) else np.argsort(largest)[:1]


def _network(task: Task, options: argparse.Namespace, dtype: Any) -> DeepNetwork:
    outputs, last = (1, "sigmoid") if task.classes == 2 else (task.classes, "softmax")
    sizes = [task.split.X_train.shape[0], *options.layers, outputs]
    weights = sum(a * b for a, b in pairwise(sizes))
    if weights > MOST_WEIGHTS:
        raise DataError(f"--layers: a network of {weights:.1e} weights; at most {MOST_WEIGHTS:.0e} are trained here.")
    return DeepNetwork(sizes, ["relu"] * len(options.layers) + [last], seed=options.seed, dtype=dtype)


def _threads(net: DeepNetwork, batch_size: int) -> int | None:
    """One thread for small products, where a second one costs more than it brings when another program runs."""
    largest = max(a * b for a, b in pairwise(net.layer_dims))
    return 1 if largest * batch_size < 2**23 else None


def _record(
    options: argparse.Namespace,
    task: Task,
    net: DeepNetwork,
    lr: float,
    proof: list[Equation],
    history: list[Epoch],
    counts: np.ndarray,
    interrupted: bool,
) -> dict[str, Any]:
    settings = {key: value for key, value in vars(options).items() if key not in ("quiet", "out")}
    return {
        "task": task.title,
        "settings": {**settings, "lr": lr, "classes": task.classes},
        "layer_dims": net.layer_dims,
        "activations": net.activations,
        "versions": {"tinygrad_edu": __version__, "numpy": np.__version__, "python": platform.python_version()},
        "proof": [asdict(equation) for equation in proof],
        "history": [asdict(epoch) for epoch in history],
        "confusion": counts.tolist(),
        "class_names": task.class_names,
        "interrupted": interrupted,
    }

"""The command `tinygrad-edu` (also `python -m tinygrad_edu`).  Floor 8.

    tinygrad-edu train                   # odd or even digit: prove the gradients, train, write a run folder
    tinygrad-edu train --classes 10      # all ten digits
    tinygrad-edu train --data mine.npz   # your own X (N, features) and integer labels y (N,)

Exit status: 0 done, 1 the run failed, 2 wrong options or data, 130 stopped by Ctrl-C (the weights are kept).
"""

import argparse
import io
import math
import platform
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn, final

import numpy as np
from rich.console import Console
from threadpoolctl import threadpool_limits

from . import __version__
from .data import Split, load_digits, load_npz, train_test_split
from .errors import DataError, TinygradEduError
from .functions import binary_cross_entropy, cross_entropy
from .modes import no_grad
from .nn import DeepNetwork
from .optim import SGD, Adam, Optimizer
from .proof import Equation, prove
from .reports import Reporter
from .runs import check_folder, next_folder, write_folder
from .shadowing import import_visualize
from .tensor import Tensor
from .training import Epoch, confusion, fit, predict, targets

__all__ = ["Task", "main", "train"]

LEARNING_RATES = {"adam": 0.002, "sgd": 0.3}
MOST_CLASSES = 1000
MOST_WEIGHTS = 10**8  # some 6 GB in all, with gradients and Adam's state
PROOF_EXAMPLES = 200


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: those of the process) and return its exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a letter the terminal's encoding lacks must not end a run
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return train(_parser().parse_args(arguments))
    except TinygradEduError as error:
        Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(f"tinygrad-edu: {error}")
        return 2 if isinstance(error, DataError) else 1
    except MemoryError as error:
        Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(
            f"tinygrad-edu: out of memory ({error}); give smaller --layers or fewer examples."
        )
        return 1
    except KeyboardInterrupt:
        Console(stderr=True).print("tinygrad-edu: stopped before there was anything to keep.")
        return 130


@final
@dataclass(frozen=True)
class Task:
    """What is learned: the data, the number of classes, what the classes are called, and how X was scaled."""

    title: str
    name: str
    split: Split
    classes: int
    labels: tuple[str, ...]
    scaling: dict[str, np.ndarray]


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
        proof = prove(double, X, Y)
        report.proof(proof, len(examples))
        if not all(equation.holds for equation in proof):
            report.failure("the engine disagrees with the equations above; training would be meaningless.")
            return 1
        with _one_interrupt():
            history: list[Epoch] = []
            interrupted = False
            try:
                rng = np.random.default_rng(options.seed)
                run = fit(net, optimizer, task.split, epochs=options.epochs, batch_size=options.batch_size, rng=rng)
                with report.progress(options.epochs) as progress, np.errstate(over="ignore", invalid="ignore"):
                    for epoch in run:  # raises by itself when the cost is no longer finite
                        history.append(epoch)
                        progress(epoch)
            except KeyboardInterrupt:
                if not history:
                    raise
                interrupted = True
            _ignore_interrupts()
            counts = confusion(task.split.y_test, predict(net, task.split.X_test), task.classes)
            report.confusion(counts, task.labels)
            pictures = _pictures(visualize, double, X, Y, history, report)
            record = _record(options, task, net, lr, proof, history, counts, interrupted)
            if options.out is None:
                out = next_folder("runs", task.name)  # another run may have taken the number meanwhile
            folder = write_folder(out, {**net.state_dict(), **task.scaling}, pictures, record)
            report.result(history[-1], folder, interrupted)
    return 130 if interrupted else 0


@contextmanager
def _one_interrupt() -> Iterator[None]:
    """The first Ctrl-C raises KeyboardInterrupt and later ones do nothing, so that what was learned gets written."""
    if threading.current_thread() is not threading.main_thread():  # signals arrive in the main thread only
        yield
        return

    def stop(number: int, frame: Any) -> NoReturn:
        _ignore_interrupts()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _ignore_interrupts() -> None:
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _proof_examples(net: DeepNetwork, X: np.ndarray) -> np.ndarray:
    """The first columns of X whose outputs are not saturated: there the rule of binary_cross_entropy(A, Y) is 0/0."""
    with no_grad():
        largest = np.abs(net.logits(X).data).max(axis=0)
    calm = np.flatnonzero(largest <= 5)
    return calm[:PROOF_EXAMPLES] if len(calm) else np.argsort(largest)[:1]


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(prog="tinygrad-edu", description="Prove, train and read backprop.")
    parser.add_argument("--version", action="version", version=f"tinygrad-edu {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=_OneLineParser)
    train = commands.add_parser(
        "train",
        help="prove the gradients of a network, train it, and write a run folder",
        description="Prove every gradient of a network against the hand-written equations and finite differences, "
        "train it on handwritten digits or your own data, and write weights, pictures and settings to a folder.",
    )
    train.add_argument("--data", metavar="FILE.npz", help="your data: X (N, features), integer labels y (N,)")
    train.add_argument("--classes", type=int, choices=(2, 10), help="digits: 2, odd or even (default); 10, which digit")
    train.add_argument(
        "--layers", type=_count, nargs="+", default=[128, 64], metavar="N", help="sizes of the hidden layers: 128 64"
    )
    train.add_argument("--optimizer", choices=sorted(LEARNING_RATES), default="adam", help="default: adam")
    train.add_argument("--lr", type=_rate, help="learning rate (default: 0.002 for adam, 0.3 for sgd)")
    train.add_argument("--epochs", type=_count, default=30, help="passes over the training data (default: 30)")
    train.add_argument("--batch-size", type=_count, default=64, metavar="M", help="examples per step (default: 64)")
    train.add_argument("--seed", type=_seed, default=1, help="of starting weights, batches and split (default: 1)")
    train.add_argument("--dtype", choices=("float32", "float64"), default="float64", help="default: float64")
    train.add_argument("--out", metavar="FOLDER", help="a new folder for the run (default: runs/NAME-1, -2, ...)")
    train.add_argument("--quiet", action="store_true", help="print the result only")
    return parser


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _count(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if not 1 <= value <= 10**6:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 1000000")
    return value


def _seed(text: str) -> int:
    value = int(text) if text.isdecimal() else -1
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to {2**32 - 1}")
    return value


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number")
    return value


def _task(options: argparse.Namespace) -> Task:
    if options.data is None:
        digits = load_digits(options.dtype)
        if options.classes == 10:
            return Task("digits, all ten", "ten-digits", digits, 10, tuple("0123456789"), {})
        split = Split(digits.X_train, digits.y_train % 2, digits.X_test, digits.y_test % 2)
        return Task("digits, odd or even", "odd-even", split, 2, ("even", "odd"), {})
    if options.classes is not None:
        raise DataError("--classes is for the digits; with --data the labels y say how many classes there are.")
    X, y = load_npz(options.data, options.dtype)
    classes = int(y.max()) + 1
    if classes > MOST_CLASSES:
        raise DataError(f"{options.data}: labels in y go up to {classes - 1}; number them 0, 1, ... (np.unique).")
    absent = np.setdiff1d(np.arange(classes), y)
    if len(absent):
        raise DataError(
            f"{options.data}: y reaches up to {classes - 1}, and no label is {absent[0]}; number the classes 0, 1, ... "
            f"without gaps: y = np.unique(y, return_inverse=True)[1]"
        )
    split = train_test_split(X, y, seed=options.seed)
    with np.errstate(over="ignore", invalid="ignore"):  # reported below
        mean = split.X_train.mean(axis=1, keepdims=True)
        spread = split.X_train.std(axis=1, keepdims=True)
    if not np.isfinite(mean + spread).all():
        raise DataError(f"{options.data}: X holds {abs(X).max():g}, too large to average; scale it: X / abs(X).max()")
    spread[(np.ptp(split.X_train, axis=1, keepdims=True) == 0) | (spread == 0)] = 1
    split = split._replace(X_train=(split.X_train - mean) / spread, X_test=(split.X_test - mean) / spread)
    name = Path(options.data).stem
    labels = tuple(map(str, range(classes)))
    return Task(f"{name}, {classes} classes", name, split, classes, labels, {"X_mean": mean, "X_std": spread})


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


def _pictures(
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
    drawing = visualize.draw(J, direction="TB")
    try:
        pictures["graph.svg"] = drawing.svg
    except visualize.errors.LayoutError as error:
        report.failure(f"no graph.svg, but graph.dot: {error}")
        pictures["graph.dot"] = drawing.source
    return pictures


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
        "labels": task.labels,
        "interrupted": interrupted,
    }


if __name__ == "__main__":
    sys.exit(main())

"""The command `tinygrad-edu` (also `python -m tinygrad_edu`).  Floor 8.

    tinygrad-edu train                   # odd or even digit: prove the gradients, train, write a run folder
    tinygrad-edu train --classes 10      # all ten digits
    tinygrad-edu train --data mine.npz   # your own X (N, features) and integer labels y (N,)
    tinygrad-edu derive                  # the equations of backprop, read out of that network
    tinygrad-edu derive --out step.py    # the same as NumPy source; .tex and .md too
    tinygrad-edu draw net.py:J           # the graph of the tensor J that your script net.py makes
    tinygrad-edu stepper net.py:J        # a page that walks forward and back through it

Exit status: 0 done, 1 the run failed, 2 wrong options or data, 130 stopped by Ctrl-C (the weights are kept).
"""

import argparse
import io
import math
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import NoReturn

from . import __version__
from .command.derive import SUFFIXES, derive
from .command.draw import DRAWN, WALKED, draw, stepper
from .command.reports import Reporter
from .command.train import LEARNING_RATES, train
from .errors import DataError, TinygradEduError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: those of the process) and return its exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a letter the terminal's encoding lacks must not end a run
        sys.stdout.reconfigure(errors="backslashreplace")
    failure = Reporter().failure
    try:
        options = _parser().parse_args(arguments)
        run = vars(options).pop("run")  # what is left are the user's settings, which `train` writes down
        return int(run(options))
    except TinygradEduError as error:
        failure(str(error))
        return 2 if isinstance(error, DataError) else 1
    except OSError as error:  # a full disk, a closed terminal, a working directory that is gone
        failure(str(error))
        return 1
    except MemoryError as error:
        failure(f"out of memory ({error}); give smaller --layers or fewer examples.")
        return 1
    except KeyboardInterrupt:
        failure("stopped before there was anything to keep.")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(prog="tinygrad-edu", description="Prove, train and read backprop.")
    parser.add_argument("--version", action="version", version=f"tinygrad-edu {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=_OneLineParser)
    command = commands.add_parser(
        "train",
        help="prove the gradients of a network, train it, and write a run folder",
        description="Prove every gradient of a network against the hand-written equations and finite differences, "
        "train it on handwritten digits or your own data, and write weights, pictures and settings to a folder.",
    )
    command.add_argument("--data", metavar="FILE.npz", help="your data: X (N, features), integer labels y (N,)")
    command.add_argument("--classes", type=int, choices=(2, 10), help="digits: 2, odd or even (default), or all 10")
    command.add_argument(
        "--layers", type=_count, nargs="+", default=[128, 64], metavar="N", help="sizes of the hidden layers: 128 64"
    )
    command.add_argument("--optimizer", choices=sorted(LEARNING_RATES), default="adam", help="default: adam")
    command.add_argument("--lr", type=_rate, help="learning rate (default: 0.002 for adam, 0.3 for sgd)")
    command.add_argument("--epochs", type=_count, default=30, help="passes over the training data (default: 30)")
    command.add_argument("--batch-size", type=_count, default=64, metavar="M", help="examples per step (default: 64)")
    command.add_argument("--seed", type=_seed, default=1, help="of starting weights, batches and split (default: 1)")
    command.add_argument("--dtype", choices=("float32", "float64"), default="float64", help="default: float64")
    command.add_argument("--out", metavar="FOLDER", help="a new folder for the run (default: runs/NAME-1, -2, ...)")
    command.add_argument("--quiet", action="store_true", help="print the result only")
    command.set_defaults(run=train)
    command = commands.add_parser(
        "derive",
        help="print the equations of backprop, or write them as NumPy or LaTeX",
        description="Read the gradients of the network that `train` trains out of its recorded graph, as equations.",
    )
    command.add_argument("--classes", type=int, choices=(2, 10), default=2, help="2, odd or even (default), or all 10")
    command.add_argument(
        "--layers", type=_count, nargs="+", default=[128, 64], metavar="N", help="sizes of the hidden layers: 128 64"
    )
    command.add_argument(
        "--convention", choices=("course", "gradient"), default="course", help="where 1/m stands (default: course)"
    )
    command.add_argument("--shapes", action="store_true", help="print the shape of each result beside it")
    command.add_argument(
        "--out", type=_file(SUFFIXES), metavar="FILE", help="write FILE.py, FILE.tex or FILE.md (with shapes) instead"
    )
    command.set_defaults(run=derive)
    command = commands.add_parser(
        "draw",
        help="draw the graph of a tensor that your script makes",
        description="Run a script and draw the graph of the tensor that it leaves in a variable, gradients included.",
    )
    _add_script(command, DRAWN, "NAME.svg")
    command.add_argument("--text", action="store_true", help="print the graph as text instead")
    command.add_argument("--direction", choices=("TB", "LR", "RL", "BT"), help="default: TB, top to bottom")
    command.add_argument(
        "--group", choices=("auto", "layers", "modules", "none"), default="auto", help="what is framed"
    )
    command.add_argument("--depth", type=_depth, metavar="N", help="how many levels of frames are open")
    command.add_argument("--around", metavar="TENSOR", help="only the neighbourhood of the tensor of this name")
    command.add_argument("--theme", choices=("auto", "light", "dark"), help="default: the reader's")
    command.add_argument("--no-grads", action="store_true", help="leave the gradients out")
    command.set_defaults(run=draw)
    command = commands.add_parser(
        "stepper",
        help="write a page that walks forward and back through your script's graph",
        description="Run a script and write a page that walks through the graph of the tensor that it leaves in a "
        "variable: forward, then backward, rule by rule, with the numbers.",
    )
    _add_script(command, WALKED, "NAME.html")
    command.add_argument(
        "--convention", choices=("course", "gradient"), default="gradient", help="where 1/m stands (default: gradient)"
    )
    command.set_defaults(run=stepper)
    return parser


def _add_script(command: argparse.ArgumentParser, suffixes: Sequence[str], default: str) -> None:
    command.add_argument("script", metavar="FILE.py[:NAME]", help="the script, and which of its variables to draw")
    command.add_argument(
        "--out",
        type=_file(suffixes),
        metavar="FILE",
        help=f"where to write: {', '.join(suffixes)} (default: {default} beside you)",
    )
    command.add_argument("--replace", action="store_true", help="write over a file that is there")
    command.add_argument("--open", action="store_true", help="show it in the browser")


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _file(suffixes: Collection[str]) -> Callable[[str], str]:
    """A path with one of these suffixes."""

    def file(text: str) -> str:
        if Path(text).suffix.lower() not in suffixes:
            raise argparse.ArgumentTypeError(f"{text!r} does not end in {', '.join(suffixes)}")
        return text

    return file


def _count(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if not 1 <= value <= 10**6:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 1000000")
    return value


def _depth(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text)


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

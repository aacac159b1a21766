"""What the command prints: tables, a progress bar, the result; made for a terminal of 80 columns.  Floor 7."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.syntax import Syntax
from rich.table import Table

from ..proof import Equation
from ..training import Epoch

__all__ = ["Reporter"]


class _Console(Console):
    """A console whose reader may leave (`train | head`): the rest goes nowhere, and the run goes on."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Reporter:
    """Prints to standard output; quiet: the result and failures only."""

    def __init__(self, *, quiet: bool = False):
        self.quiet = quiet
        self.console = _Console(highlight=False, emoji=False, quiet=quiet)
        self.always = _Console(highlight=False, emoji=False, soft_wrap=True)

    def title(self, text: str) -> None:
        """The first line."""
        self.console.print(text, style="bold", markup=False)

    def code(self, text: str) -> None:
        """Python, line by line as it is; coloured in a terminal."""
        if self.console.is_terminal:
            self.console.print(Syntax(text, "python", theme="ansi_dark", background_color="default", word_wrap=True))
        else:
            self.console.print(text, markup=False, soft_wrap=True)

    def proof(self, equations: Sequence[Equation], m: int) -> None:
        """The gradients, equation by equation, with what they differ by."""
        self.console.print(f"The proof: every gradient of J over m = {m} examples, in float64.", style="bold")
        table = Table(box=box.SIMPLE_HEAD)
        for heading in ("gradient", "equation", "shape"):
            table.add_column(heading, no_wrap=True)
        table.add_column("by hand", justify="right", no_wrap=True)
        table.add_column("numeric", justify="right", no_wrap=True)
        for e in equations:
            shape = " x ".join(map(str, e.shape))
            table.add_row(e.name, e.text, shape, f"{e.by_hand:.0e}", f"{e.numeric:.0e}", style="" if e.holds else "red")
        self.console.print(table)
        largest, numeric = max(e.by_hand for e in equations), max(e.numeric for e in equations)
        self.console.print(
            f"by hand: the largest |engine - equation|, over all entries: at most {largest:.1e}.\n"
            f"numeric: the largest |engine - finite difference|, at up to 32 entries: {numeric:.1e}.\n"
            f"dZ and dA are the course's: m times the gradient of J.\n"
        )

    @contextmanager
    def progress(self, epochs: int) -> Iterator[Callable[[Epoch], None]]:
        """A bar while training on a terminal, some lines elsewhere."""
        if not self.console.is_terminal:
            every = max(1, epochs // 6)
            yield lambda e: self.console.print(_state(e)) if e.number % every == 0 or e.number == epochs else None
            return
        columns = (BarColumn(bar_width=18), TextColumn("{task.description}"))
        with Progress(*columns, console=self.console, transient=False) as bar:
            task = bar.add_task("", total=epochs)
            yield lambda e: bar.update(task, completed=e.number, description=_state(e))

    def confusion(self, counts: np.ndarray, labels: Sequence[str], said: Sequence[str]) -> None:
        """Rows: what it is, columns: what the network said.  said: the errors in words, for more than 12 classes."""
        if len(labels) > 12:
            lines = ["Most frequent confusions on the test examples:", *(f"  {sentence}" for sentence in said)]
            self.console.print("\n".join(lines), markup=False)
            return
        self.console.print("\nOn the test examples: rows what it is, columns what the network said.")
        table = Table(box=box.SIMPLE_HEAD)
        table.add_column("", style="bold")
        for label in labels:
            table.add_column(label, justify="right", min_width=3)
        for i, label in enumerate(labels):
            cells = [f"[bold]{n}[/]" if i == j else str(n) if n else "." for j, n in enumerate(counts[i])]
            table.add_row(label, *cells)
        self.console.print(table)

    def result(self, epoch: Epoch, folder: Path, interrupted: bool) -> None:
        """The last line, printed in any case."""
        stopped = "stopped by Ctrl-C, " if interrupted else ""
        self.always.print(
            f"{stopped}epoch {epoch.number}: test accuracy {epoch.test_accuracy:.3f}, written to {folder}", markup=False
        )

    def failure(self, text: str) -> None:
        """A line that is printed in any case, on standard error."""
        Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True).print(f"tinygrad-edu: {text}")


def _state(e: Epoch) -> str:
    accuracies = f"train {e.train_accuracy:.3f}, test {e.test_accuracy:.3f}"
    return f"epoch {e.number}: cost {e.cost:.4f}, accuracy {accuracies}, {e.seconds:.1f} s"

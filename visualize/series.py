"""What training curves say: the lines of each panel, and the same in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from .text import number_text

__all__ = ["Line", "Panel", "description", "note", "sentence"]


@dataclass(frozen=True, slots=True)
class Line:
    """look: which colour and dash; a name has the same in every panel.  finite: the indices of finite values."""

    name: str
    look: int
    values: tuple[float, ...]
    finite: tuple[int, ...]

    @property
    def finite_values(self) -> list[float]:
        return [self.values[i] for i in self.finite]


@dataclass(frozen=True, slots=True)
class Panel:
    name: str
    lines: tuple[Line, ...]


def note(panel: Panel, is_log: bool) -> str:
    gaps = sum(len(line.values) - len(line.finite) for line in panel.lines)
    return " · ".join([*(["log scale"] if is_log else []), *([f"{gaps} not finite"] if gaps else [])])


def sentence(line: Line, epochs: Sequence[int]) -> str:
    """What the line does, for those who do not see it."""
    gaps = len(line.values) - len(line.finite)
    if not line.finite:
        return f"{line.name} has no finite value"
    first, last = line.finite[0], line.finite[-1]
    start, end = (f"{number_text(line.values[i])} at epoch {epochs[i]}" for i in (first, last))
    change = line.values[last] - line.values[first]
    if first == last:
        text = f"{line.name} is {end}"
    elif len({line.values[i] for i in line.finite}) == 1:
        text = f"{line.name} stays at {number_text(line.values[last])} from epoch {epochs[first]} to {epochs[last]}"
    else:
        text = f"{line.name} {'falls' if change < 0 else 'rises' if change > 0 else 'goes'} from {start} to {end}"
    missing = next((i for i, j in enumerate(line.finite) if i != j), len(line.finite))
    left_out = f"; {gaps} of {len(line.values)} values, the first at epoch {{}}, are nan or infinite and left out"
    return text + left_out.format(epochs[missing]) if gaps else text


def description(epochs: Sequence[int], panels: Sequence[Panel], logs: Sequence[bool]) -> str:
    span = f"1 epoch, {epochs[0]}" if len(epochs) == 1 else f"{len(epochs)} epochs, {epochs[0]} to {epochs[-1]}"
    lines = [f"Line charts over {span}."]
    for panel, is_log in zip(panels, logs):
        does = ". ".join(sentence(line, epochs) for line in panel.lines)
        lines.append(f"{panel.name}{' (logarithmic scale)' if is_log else ''}: {does}.")
    return "\n".join(lines)

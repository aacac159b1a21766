"""What one box of the picture says, and how large it must be to say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from .folding import SUMS
from .graph import Graph, Kind
from .text import BARS, array_text, columns, cut, exact_text, histogram, mean_text

__all__ = ["Box", "Row", "full_box", "group_box", "many_box", "short_box"]

#: The most columns of a line; what is cut stands in full in the title.
LINE_COLUMNS = 40
#: The same, of a box that shows no values.
SHORT_COLUMNS = 28

# In SVG user units, which are the points of Graphviz. 0.62 em holds the widest of the common monospaced fonts.
FONT_SIZE = 12
COLUMN = 0.62 * FONT_SIZE
LINE = 17
PADDING = 9
BAR = 4  # the width of a histogram's bar
GAP = 10  # before a histogram


class Row(NamedTuple):
    """A line of a box: pieces of text, each in a role that names a style, and a histogram at its right end."""

    pieces: tuple[tuple[str, str], ...]
    bars: tuple[int, ...] = ()

    @property
    def width(self) -> float:
        """What it takes."""
        text = sum(columns(text) for text, _ in self.pieces) * COLUMN
        return text + (GAP + BARS * BAR if self.bars else 0)


@dataclass(frozen=True, slots=True)
class Box:
    """rows: what stands in it.  told: everything, uncut, as (label, text).  stands_for: how many tensors."""

    id: str
    name: str
    kind: Kind | Literal["group"]
    rows: tuple[Row, ...]
    told: tuple[tuple[str, str], ...]
    width: float
    height: float
    stands_for: int = 1

    @property
    def title(self) -> str:
        """What is told, a line each."""
        return "\n".join(f"{label}: {text}" if label else text for label, text in self.told)


def full_box(graph: Graph, i: int, sums: Sequence[str], *, values: bool, shapes: bool) -> Box:
    """A tensor: equation; operation and dtype; shape and value; shape and gradient.

    sums: the gradients that are added up to its own, if they are several.
    """
    data, dz, what = graph.data(i), graph.gradients.get(i), graph.op(i) or graph.kind(i)
    facts = f"{what} · {data.dtype.name}" if shapes else what
    rows = [_text(graph.equation(i, graph.short), "name"), _text(facts, "quiet")]
    rows += _numbers(data, dz, values=values, shapes=shapes)
    if len(sums) > 1:
        rows.append(Row((("      = ", "quiet"), (cut(" + ".join(sums), LINE_COLUMNS), "gradient"))))
    told = [*_what(graph, i), *_exact(data, dz)]
    told += [(f"the sum of {len(sums)} gradients", " + ".join(sums))] if len(sums) > 1 else []
    return _box(graph, i, graph.kind(i), rows, told)


def short_box(graph: Graph, i: int, *, shapes: bool) -> Box:
    """A tensor in a large picture: its equation and shape."""
    data = graph.data(i)
    rows = [_text(graph.equation(i, graph.short), "name", SHORT_COLUMNS)]
    if shapes:
        rows.append(_text(str(data.shape) if data.shape else "scalar", "quiet", SHORT_COLUMNS))
    return _box(graph, i, graph.kind(i), rows, [*_what(graph, i), *_exact(data, graph.gradients.get(i))])


def many_box(
    graph: Graph, i: int, members: Sequence[int], last: Sequence[int], terms: int, *, values: bool, shapes: bool
) -> Box:
    """Tensors that are alike, of which i is the last.  terms: how many are added up in each, if it is a run of sums.

    last: the ends of these runs, which have the sums; what comes before one is a part of it.
    """
    shown = last if terms > 1 else members
    times, data = len(shown), graph.data(i)
    what = f"{SUMS[graph.op(i)]} of {terms}" if terms > 1 else graph.common(members)
    head = f"{times} × {f'({what})' if ' · ' in f' {what} ' else what}" if times > 1 else what
    head = f"{graph.short(i)} = {head}" if times == 1 and i in graph.named else head
    dzs = [graph.gradients[k] for k in shown if k in graph.gradients]
    rows = [_text(head, "name")]
    if shapes:
        rows.append(_text(f"each {data.shape} · {data.dtype.name}" if data.shape else data.dtype.name, "quiet"))
    together = _joined([graph.data(k) for k in shown])
    gradient = _joined(dzs) if dzs else None
    rows += _numbers(together, gradient, values=values, shapes=False)
    told = [("", head), ("", f"{len(members)} tensors, each of shape {data.shape}, {data.dtype.name}")]
    told += [("the last", graph.whole(i)), *_exact(together, gradient)]
    return _box(graph, i, graph.kind(i), rows, told, len(members), head)


def _joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """The entries of all; of one alone, in its shape."""
    return arrays[0] if len(arrays) == 1 else np.concatenate([x.ravel() for x in arrays])


def group_box(graph: Graph, i: int, members: Sequence[int], name: str, *, values: bool, shapes: bool) -> Box:
    """A whole layer or module, whose last result is i."""
    data, dz = graph.data(i), graph.gradients.get(i)
    weights = sum(graph.data(k).size for k in members if graph.kind(k) == "parameter")
    facts = f"{len(members)} tensors" + (f", {weights} weights" if weights else "")
    rows = [_text(name, "name"), _text(facts, "quiet"), *_numbers(data, dz, values=values, shapes=shapes)]
    told = [("", name), ("", facts), ("its result", f"{graph.whole(i)}, shape {data.shape}, {data.dtype.name}")]
    return _box(graph, i, "group", rows, [*told, *_exact(data, dz)], len(members), name)


def _what(graph: Graph, i: int) -> list[tuple[str, str]]:
    data = graph.data(i)
    facts = f"{graph.op(i) or graph.kind(i)}, shape {data.shape}, {data.dtype.name}"
    return [("", graph.equation(i, graph.whole)), ("", facts)]


def _exact(data: Any, dz: Any) -> list[tuple[str, str]]:
    """Value and gradient, with every digit."""
    both = [("value", data), ("gradient", dz)]
    return [(label, exact_text(array) + mean_text(array)) for label, array in both if array is not None]


def _text(text: str, role: str, limit: int = LINE_COLUMNS) -> Row:
    return Row(((cut(text, limit), role),))


def _numbers(data: Any, dz: Any, *, values: bool, shapes: bool) -> list[Row]:
    """Value and gradient, a table: both shapes stand one below the other."""
    shape = f"{data.shape} " if shapes and data.shape else ""
    rows = []
    if values or shape:
        rows.append(("value" if values else "shape", data if values else None, "number"))
    if dz is not None:
        rows.append(("grad", dz, "gradient"))
    found = []
    for label, array, role in rows:
        head = f"{label:5} {shape}"
        if array is None:
            found.append(Row(((head.rstrip(), "quiet"),)))
        else:
            text = cut(array_text(array) + mean_text(array), LINE_COLUMNS)
            found.append(Row(((head, "quiet"), (text, role)), histogram(array)))
    return found


def _box(
    graph: Graph,
    i: int,
    kind: Any,
    rows: Sequence[Row],
    told: Sequence[tuple[str, str]],
    stands_for: int = 1,
    name: str | None = None,
) -> Box:
    return Box(
        id=f"n{i}",
        name=graph.whole(i) if name is None else name,
        kind=kind,
        rows=tuple(rows),
        told=tuple(told),
        width=round(max(row.width for row in rows) + 2 * PADDING, 1),
        height=len(rows) * LINE + 2 * PADDING - 4,
        stands_for=stands_for,
    )

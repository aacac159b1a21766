"""`stepper(J)`: a page on which a reader walks the forward and then the backward pass of their own graph.

    stepper(J, "backprop.html", names={"X": X})

`tinygrad_edu.derivation.walking` knows what happens, `telling` says it, `arrays` shows the numbers, `faults` and
`verdicts` do it wrong on purpose, `documents` and the files in `pages/` make one HTML file of it.
"""

import html
import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, final

import numpy as np

from tinygrad_edu.derivation.traced import check_end
from tinygrad_edu.derivation.walking import Node, walk

from .documents import inlined, page, page_file
from .drawing import draw
from .errors import LayoutError, OptionError
from .files import write_whole
from .scenes import FULL
from .telling import story

__all__ = ["StepperPage", "stepper"]

#: The most characters of a name in the equations; a longer one stands in full in the table of the tensors.
NAME = 20


@final
class StepperPage(str):
    """The text of the page, which a notebook shows in a frame, and an interpreter in a line.

    >>> from tinygrad_edu import Tensor
    >>> a = Tensor(2.0, requires_grad=True, name="a")
    >>> stepper(a * a)
    <page of 5 steps; to keep it: stepper(J, "steps.html")>
    """

    steps: int

    def __new__(cls, text: str, steps: int) -> "StepperPage":
        """The text, and how many steps it has."""
        page = super().__new__(cls, text)
        page.steps = steps
        return page

    def __repr__(self) -> str:
        return f'<page of {self.steps} steps; to keep it: stepper(J, "steps.html")>'

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{html.escape(str(self))}" style="width: 100%; height: 50rem; border: 0"></iframe>'


def stepper(
    J: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    names: Mapping[str, Any] | None = None,
    convention: Literal["gradient", "course"] = "gradient",
) -> StepperPage:
    """One HTML page that walks through the computation of J and back, rule by rule, with the numbers.

    One self-contained file, which a notebook shows in a frame, and which asks for nothing from the network.
    J: a recorded tensor of one entry, of at most 1000 steps.  path: where to write the page, too; it ends in .html, and
    is written whole or not at all.  names: names for tensors, arrays and sizes, as in `derive`; names=locals() will do.
    convention: "gradient", or "course" with 1/m at the leaves only, as in `derive`.
    The page shows each step's equation, the equation with its numbers (heatmaps of large arrays), the shapes, where
    broadcasting is summed away, where gradients meet; and what goes wrong if one of these is forgotten.
    No `.grad` is read or written, no hook called.  Without a layout engine it has a table in place of the picture.
    Raises OptionError for another suffix, SaveError where the file cannot be written, and as
    `tinygrad_edu.derivation.walking`: GradientError, ShapeError, DTypeError, DomainError, GraphFreedError,
    ChangedDataError, NoRuleError.

    >>> from tinygrad_edu import Tensor
    >>> a, b = Tensor(2.0, requires_grad=True, name="a"), Tensor(-3.0, requires_grad=True, name="b")
    >>> stepper(a * b + a)[:15]
    '<!DOCTYPE html>'
    """
    if path is not None:
        path = Path(path)
        if path.suffix.lower() != ".html":
            raise OptionError(f"cannot save {path.name!r}: a stepper is a page, saved as .html.")
    check_end(J, "stepper", "walk through", convention)
    found = walk(J, names=names, convention=convention)
    called = [node.called for node in found.nodes]
    if any(_unwieldy(node.name) for node in found.nodes):
        found = walk(J, names={**_sizes(names), **_shortened(found.nodes)}, convention=convention)
    picture, style, boxes = _picture(J, found.nodes)
    data = story(found, called, boxes)
    title = f"Backprop of {data['end']}, step by step"
    parts = {"title": html.escape(title), "data": _in_script(data), "picture": picture}
    body = re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], page_file("stepper.html"))
    text = page(title, body, f"{page_file('stepper.css')}\n{style}", page_file("stepper.js"))
    if path is not None:
        write_whole(path, text)
    return StepperPage(text, len(data["steps"]))


def _in_script(data: Any) -> str:
    """JSON in which nothing ends a script element, or begins anything."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r"[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _picture(J: Any, nodes: tuple[Node, ...]) -> tuple[str, str, list[tuple[str, str]]]:
    """The graph as SVG, and its style, both empty without a layout engine; and for each node its box: id and name."""
    names = {node.name: node.thing for node in nodes}
    group = "none" if len(nodes) <= FULL else "auto"  # a large graph is easier to read with its layers closed
    drawing = draw(J, names=names, direction="LR", grads=False, group=group)
    called = {box.id: box.name for box in drawing._scene.boxes}
    boxes = [(found, called[found]) if (found := drawing._scene.box_of.get(i)) else ("", "") for i in range(len(nodes))]
    try:
        element, style = inlined(drawing.svg)
    except LayoutError:
        return "", "", boxes
    return ET.tostring(element, encoding="unicode", method="html"), style, boxes


def _unwieldy(name: str) -> bool:
    """Whether a name is too long for an equation, or one that names= passes over."""
    return len(name) > NAME or name.startswith("_")


def _shortened(nodes: tuple[Node, ...]) -> dict[str, Any]:
    """Names for everything that are short and distinct."""
    found: dict[str, Any] = {}
    for node in nodes:
        short = base = re.sub(r"^_+", "", node.name)[:NAME] or "t"
        n = 1
        while short in found:
            n += 1
            short = f"{base}_{n}"
        found[short] = node.thing
    return found


def _sizes(names: Mapping[str, Any] | None) -> dict[str, Any]:
    """What names= calls a number, such as m."""
    return {name: x for name, x in (names or {}).items() if issubclass(type(x), int | np.integer)}

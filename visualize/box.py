"""What one box of the picture says, and how large it must be to say it."""

from dataclasses import dataclass

from .graph import Kind, Step
from .text import columns, cut

__all__ = ["Box", "box_of"]

#: The most columns of a line; what is cut stands in full in the title.
LINE_COLUMNS = 40

# In SVG user units, which are the points of Graphviz. 0.62 em holds the widest of the common monospaced fonts.
FONT_SIZE = 12
COLUMN = 0.62 * FONT_SIZE
LINE = 17
PADDING = 9


@dataclass(frozen=True, slots=True)
class Box:
    """lines: each a list of (text, role), the role naming a style.  title: everything, uncut."""

    id: str
    name: str
    kind: Kind
    lines: tuple[tuple[tuple[str, str], ...], ...]
    title: str
    width: float
    height: float
    inputs: tuple[str, ...]


def box_of(step: Step, *, values: bool, shapes: bool) -> Box:
    """The box of a step: equation; operation and dtype; shape and value; shape and gradient."""
    what = step.op or step.kind
    array = bool(step.shape)
    rows = []  # (label, number, role), and the shape between: a table, so that both shapes stand one below the other
    if values or (shapes and array):
        rows.append(("value" if values else "shape", step.value[0] if values else "", "number"))
    if step.gradient:
        rows.append(("grad", step.gradient[0], "gradient"))
    shape = f"{step.shape} " if shapes and array else ""
    facts = f"{what} · {step.dtype}" if shapes else what
    lines: list[tuple[tuple[str, str], ...]] = []
    lines.append(((cut(step.label, LINE_COLUMNS), "name"),))
    lines.append(((cut(facts, LINE_COLUMNS), "quiet"),))
    for label, number, role in rows:
        head = f"{label:5} {shape}"
        lines.append(((head, "quiet"), (cut(number, LINE_COLUMNS), role)) if number else ((head.rstrip(), "quiet"),))
    widest = max(sum(columns(text) for text, _ in line) for line in lines)
    return Box(
        id=step.id,
        name=step.name,
        kind=step.kind,
        lines=tuple(lines),
        title=_title(step, what),
        width=round(widest * COLUMN + 2 * PADDING, 1),
        height=len(lines) * LINE + 2 * PADDING - 4,
        inputs=step.inputs,
    )


def _title(step: Step, what: str) -> str:
    lines = [step.equation, f"{what}, shape {step.shape}, {step.dtype}", f"value: {step.value[1]}"]
    return "\n".join([*lines, f"gradient: {step.gradient[1]}"] if step.gradient else lines)

"""What a fault in backprop did to the gradients of a graph, in a sentence, and why it did or did not."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu.derivation.walking import Visit, Walk

from .faults import Fault
from .text import number_text

__all__ = ["difference", "verdict"]


def difference(right: np.ndarray, wrong: np.ndarray | None) -> str:
    """What is wrong with a gradient, in a few words; nothing where it is right.

    >>> difference(np.array([1.0, 2.0]), np.array([1.0, 2.5])), difference(np.zeros(2), np.zeros((3, 2)))
    ('off by up to 0.5', 'shape (3, 2) instead of (2,)')
    """
    if wrong is None:
        return "never computed"
    if wrong.shape != right.shape:
        return f"shape {wrong.shape} instead of {right.shape}"
    with np.errstate(all="ignore"):
        gap = np.abs(wrong - right)
        size = np.max(np.abs(right[np.isfinite(right)]), initial=0.0)
        # Sums of the same shares in another order differ in their last digits.
        near = np.sqrt(np.finfo(right.dtype).eps) * size
        same = (wrong == right) | (np.isnan(wrong) & np.isnan(right)) | (gap <= near)
    if same.all():
        return ""
    far = gap[~same & np.isfinite(gap)]
    return f"off by up to {number_text(far.max(), 3)}" if far.size else "nan or inf differ"


def verdict(walk: Walk, fault: Fault, rows: Sequence[tuple[Visit, Any]], stopped: Any) -> str:
    """How many gradients the fault made wrong, and by what; or why it changes nothing here.

    rows: (the visit, what its tensor got instead, or None).  stopped: as `Wrong` has it.
    """
    wrong = [visit for visit, got in rows if difference(visit.gradient, got)]
    names = {node.thing: node.name for node in walk.nodes if node.kind != "constant"}
    meeting = [visit for visit in walk.backward if len(visit.received) > 1]
    summed = [share for share in walk.shares if share.summed]
    count = f"{len(wrong)} of {len(walk.backward)} gradients {'is' if len(wrong) == 1 else 'are'} wrong."
    if fault == "broadcast":
        if not summed:
            return "Nothing changes here: no operand was stretched by broadcasting, so there is nothing to sum."
        share = summed[0]
        says = (
            f"{count} {names[share.tensor]} was stretched from {share.array.shape} to {share.given.shape}; without the "
            f"sum its share keeps the stretched shape, and {names[share.tensor]} cannot be updated with it."
        )
        if stopped:
            t, x, shape = stopped
            made = next(str(step) for step in walk.forward if step.tensor is t)
            says += (
                f" The walk then stops: the rule of {made} for {names[x]} cannot take a gradient of shape {shape}, "
                f"where {t.shape} belongs."
            )
        return says
    if not meeting:
        return "Nothing changes here: no tensor feeds two steps, so every gradient is a single share."
    inner = [visit for visit in meeting if not visit.tensor.is_leaf]
    if fault == "order" and not inner:
        leaves = ", ".join(names[visit.tensor] for visit in meeting[:3])
        return (
            f"Nothing changes here: only leaves ({leaves}) feed several steps, and a leaf passes nothing on, so it may "
            f"collect its shares in any order."
        )
    if not wrong:
        return "Nothing changes here, by luck: the shares that are lost are zero."
    first = (inner if fault == "order" else meeting)[0]
    name, places = names[first.tensor], len(first.received)
    if fault == "order":
        return (
            f"{count} {name} is used in {places} places and passed its gradient on when the first share had come; the "
            f"rest never reached what lies before it."
        )
    return f"{count} {name} is used in {places} places, and each share overwrote the one before: only the last is left."

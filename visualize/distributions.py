"""What a histogram shows of an array, and what activations and gradients say about the health of a network.

A `Distribution` is small: keep it instead of a copy of the array while a network trains.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from .axis import Axis, linear_axis
from .inputs import real_numbers, size_of
from .text import number_text

__all__ = ["Distribution", "distribution", "findings"]

BINS = 40

#: A first layer whose gradient is this many times smaller, or larger, than the last one's is pointed out.
FAR = 1000.0

#: Dead units of at most so many layers are listed one by one.
LISTED = 3


@final
@dataclass(frozen=True, slots=True)
class Distribution:
    """shape: of the array.  counts: of the finite entries other than 0, in bins from one end of axis to the other.

    zeros: how many entries are exactly 0.  not_finite: how many are nan or infinite.  rms, largest: root mean square
    and largest |entry| of the finite ones.  silent: the rows in which every entry is 0: units that are dead on all
    examples; empty for an array with other than two axes.

    >>> d = distribution([[0.0, 0.0, 0.0], [-1.0, np.nan, 2.0]])
    >>> sum(d.counts), d.zeros, d.not_finite, d.largest, d.silent
    (2, 3, 1, 2.0, (0,))
    """

    shape: tuple[int, ...]
    axis: Axis
    counts: tuple[int, ...]
    zeros: int
    not_finite: int
    rms: float
    largest: float
    silent: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many entries the array has."""
        return int(np.prod(self.shape, dtype=np.int64))


def distribution(a: Any) -> Distribution:
    """The entries of an array in 40 bins, with zeros and what is not finite counted apart.

    a: real numbers in any shape; (n, m) if rows are units and columns examples.
    Raises NotDrawableError for anything else.

    >>> distribution([[0.0, 0.0], [1.0, -2.0]]).silent
    (0,)
    """
    numbers = real_numbers(a, "a histogram")
    finite = numbers[np.isfinite(numbers)]
    drawn = finite[finite != 0]
    axis = linear_axis([float(drawn.min()), float(drawn.max())] if drawn.size else [-1.0, 1.0])
    largest_float = float(np.finfo(np.float64).max)  # a tick may stand beyond it
    low, high = (min(max(float(text), -largest_float), largest_float) for _, text in (axis.ticks[0], axis.ticks[-1]))
    width = (high / 2 - low / 2) / BINS  # halved: the distance of two floats may be none
    places = np.clip(np.floor((drawn / 2 - low / 2) / width), 0, BINS - 1) if width > 0 else drawn * 0
    counts = np.bincount(places.astype(np.int64), minlength=BINS)
    rms, largest = size_of(finite)
    silent: list[int] | np.ndarray = (
        np.flatnonzero((numbers == 0).all(axis=1)) if numbers.ndim == 2 and numbers.shape[1] else []
    )
    return Distribution(
        shape=numbers.shape,
        axis=axis,
        counts=tuple(map(int, counts)),
        zeros=int(finite.size - drawn.size),
        not_finite=int(numbers.size - finite.size),
        rms=rms,
        largest=largest,
        silent=tuple(map(int, silent)),
    )


def findings(activations: Mapping[str, Distribution], gradients: Mapping[str, Distribution]) -> list[str]:
    """What is wrong, a sentence each: dead units, vanishing and exploding gradients, nan; or that nothing is.

    activations: {"A1": of (n, m)}, gradients: {"dW1": of any shape}; both in the order of the layers.
    Units are counted from 1.

    >>> d = distribution([[0.0, 0.0], [1.0, 2.0]])
    >>> findings({"A1": d}, {"dW1": d})[0]
    'A1: 1 of 2 units is dead, 0 on all 2 examples: unit 1.'
    """
    found = []
    for name, d in (*activations.items(), *gradients.items()):
        if d.not_finite:
            found.append(f"{name}: {d.not_finite} of {d.size} entries are nan or infinite.")
    dead = {name: d for name, d in activations.items() if d.silent}
    if len(dead) <= LISTED:
        found += [_dead(name, d) for name, d in dead.items()]
    else:
        counts = [f"{len(d.silent)} of {d.shape[0]} in {name}" for name, d in dead.items()]
        rest = f" and in {len(dead) - 2 * LISTED} more layers" if len(dead) > 2 * LISTED else ""
        found.append(f"Dead units, 0 on all examples: {', '.join(counts[: 2 * LISTED])}{rest}.")
    if not dead and activations:
        found.append("No unit is dead: each answers to some example.")
    ends = list(gradients.items())[:: len(gradients) - 1] if len(gradients) > 1 else []
    if ends and not any(d.not_finite for _, d in ends):  # of a gradient that is nan, the rms says nothing
        found.append(_flow(*ends))
    return found


def _dead(name: str, d: Distribution) -> str:
    count, units = len(d.silent), d.shape[0]
    which = ", ".join(str(i + 1) for i in d.silent[:6]) + (f" and {count - 6} more" if count > 6 else "")
    verb, noun = ("is", "unit") if count == 1 else ("are", "units")
    return f"{name}: {count} of {units} units {verb} dead, 0 on all {d.shape[1]} examples: {noun} {which}."


def _flow(first_layer: tuple[str, Distribution], last_layer: tuple[str, Distribution]) -> str:
    (first, a), (last, b) = first_layer, last_layer
    sizes = f"{first} has rms {number_text(a.rms, 2)}, {last} {number_text(b.rms, 2)}"
    if a.rms == b.rms == 0:
        return f"Gradients are 0: {sizes}; nothing is learned any more."
    if a.rms * FAR < b.rms:
        return f"Gradients vanish on the way to the first layer: {sizes}."
    if b.rms * FAR < a.rms:
        return f"Gradients explode on the way to the first layer: {sizes}."
    return f"Gradients neither vanish nor explode: {sizes}."

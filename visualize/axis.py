"""Axes with round ticks: where a value stands between the two ends of an axis, and which values are written there.

Decimal, because a tick must read 0.3 and not 0.30000000000000004, and because the distance between two floats
may be larger than any float.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from statistics import fmean

__all__ = ["Axis", "apart", "epoch_axis", "linear_axis", "log_axis", "value_axis"]

#: Values nearer to each other than this, relative to their size, are one value and its rounding errors.
CONSTANT = 1e-9

#: The most intervals between labelled ticks.
ROOM = 5

#: Plain digits up to this many columns, then 1e7.
PLAIN_COLUMNS = 7


@dataclass(frozen=True, slots=True)
class Axis:
    """place: value -> 0 (lower end) to 1 (upper end).  ticks: (place, text); minor ones have no text."""

    place: Callable[[float], float]
    ticks: tuple[tuple[float, str], ...]
    is_log: bool = False


def value_axis(lines: Sequence[Sequence[float]]) -> Axis:
    """Logarithmic for positive values that span more than two decades, else linear.

    Linear too where every line rises and stays within 100: that is an accuracy, as a share or in percent.
    """
    values = [v for line in lines for v in line]
    if values and min(values) > 0 and math.log10(max(values)) - math.log10(min(values)) > 2:
        is_accuracy = max(values) <= 100 and all(line[-1] >= line[0] for line in lines if line)
        if not is_accuracy:
            return log_axis(values)
    return linear_axis(values)


def linear_axis(values: Sequence[float]) -> Axis:
    """From the round number below all (finite) values to the one above.

    >>> [text for _, text in linear_axis([0.31, 0.97]).ticks]
    ['0.2', '0.4', '0.6', '0.8', '1.0']
    """
    low, high = min(values, default=0.0), max(values, default=1.0)
    largest = max(abs(low), abs(high))
    with localcontext(Context(prec=40)):
        ends = Decimal(repr(low)), Decimal(repr(high))  # as written: 0.6 is on the tick 0.6, not just below it
        if ends[1] - ends[0] <= Decimal(CONSTANT) * Decimal(largest):
            around = abs(ends[0]) / 2 or Decimal(1)
            ends = ends[0] - around, ends[0] + around
        return _axis(*ends, step=_round_step(ends[1] - ends[0]), widened=True)


def epoch_axis(epochs: Sequence[int]) -> Axis:
    """From the first epoch to the last, with ticks at whole numbers.

    >>> epoch_axis(range(1, 21)).ticks
    ((0.21..., '5'), (0.47..., '10'), (0.73..., '15'), (1.0, '20'))
    """
    with localcontext(Context(prec=40)):
        first, last = Decimal(epochs[0]), Decimal(epochs[-1])
        if first == last:  # the only epoch stands in the middle
            return Axis(lambda epoch: 0.5, ((0.5, str(epochs[0])),))
        return _axis(first, last, step=max(Decimal(1), _round_step(last - first)), widened=False)


def log_axis(values: Sequence[float]) -> Axis:
    """Equal factors at equal distances, for positive values; ticks at powers of ten.

    >>> [text for _, text in log_axis([0.002, 3.0]).ticks if text]
    ['0.01', '0.1', '1']
    """
    low, high = math.log10(min(values)), math.log10(max(values))
    air = 0.04 * (high - low)
    low, high = low - air, high + air
    with localcontext(Context(prec=40)):
        step = max(1, int(_round_step(Decimal(high - low))))
    powers = range(math.ceil(low / step) * step, math.floor(high) + 1, step)
    plain = all(-4 <= k <= 4 for k in powers)
    ticks = [(float(k), f"{Decimal(1).scaleb(k):f}" if plain else f"1e{k}") for k in powers]
    if len(powers) <= 4 and step == 1:
        minor = (k + math.log10(m) for k in range(powers[0] - 1, powers[-1] + 1) for m in range(2, 10))
        ticks += [(x, "") for x in minor if low < x < high]
    return Axis(
        lambda v: (math.log10(v) - low) / (high - low),
        tuple(((x - low) / (high - low), text) for x, text in ticks),
        is_log=True,
    )


def apart(wanted: Sequence[float], gap: float, end: float) -> list[float]:
    """The places nearest to those wanted that are `gap` apart, in the same order, and within 0 to end.

    Least squares: places that would touch form a block, which stands at the mean of what its members want.

    >>> apart([50, 52, 90, 0], 10, 95)
    [46.0, 56.0, 90.0, 0.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    blocks: list[list[float]] = []  # each place less the gaps above it: these may be equal, but must not fall
    for n, i in enumerate(order):
        blocks.append([wanted[i] - n * gap])
        while len(blocks) > 1 and fmean(blocks[-2]) >= fmean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    level = [fmean(block) for block in blocks for _ in block]
    highest = end - (len(order) - 1) * gap
    places = {i: min(max(level[n], 0.0), highest) + n * gap for n, i in enumerate(order)}
    return [places[i] for i in range(len(wanted))]


def _axis(low: Decimal, high: Decimal, *, step: Decimal, widened: bool) -> Axis:
    """widened: the ends move outwards to ticks; else the ticks are those between the ends."""
    below, above = (ROUND_FLOOR, ROUND_CEILING) if widened else (ROUND_CEILING, ROUND_FLOOR)
    first, last = int((low / step).to_integral_value(below)), int((high / step).to_integral_value(above))
    ticks = [k * step for k in range(first, last + 1)]
    if widened:
        low, high = ticks[0], ticks[-1]
    context = Context(prec=40)

    def place(value: float) -> float:
        above_low = context.subtract(Decimal(value), low)
        return float(context.divide(above_low, context.subtract(high, low)))

    return Axis(place, tuple((float((t - low) / (high - low)), text) for t, text in zip(ticks, _texts(ticks, step))))


def _round_step(span: Decimal) -> Decimal:
    """The smallest 1, 2 or 5 times a power of ten that goes into the span at most ROOM times."""
    least = span / ROOM
    return next(step for m in (1, 2, 5, 10) if (step := Decimal(m).scaleb(least.adjusted())) >= least)


def _texts(ticks: Sequence[Decimal], step: Decimal) -> list[str]:
    """All ticks in the same form, with just the digits that tell them apart."""
    smallest = step.adjusted()
    plain = [f"{t:.{max(0, -smallest)}f}" for t in ticks]
    if max(map(len, plain)) <= PLAIN_COLUMNS:
        return plain
    digits = max(abs(t) for t in ticks).adjusted() - smallest
    powers = [f"{t:.{digits}e}".replace("e+", "e") if t else "0" for t in ticks]
    return min(plain, powers, key=lambda texts: max(map(len, texts)))

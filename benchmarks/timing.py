"""Fair timing on a noisy machine: the candidates take turns, A B C A B C ..., and medians are compared."""

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter, sleep

__all__ = ["Times", "take_turns"]


class Times:
    """Seconds per call of several candidates, round by round."""

    def __init__(self, rounds: dict[str, list[float]]):
        self.rounds = rounds

    def seconds(self, name: str) -> float:
        """The median over the rounds."""
        return median(self.rounds[name])

    def ratio(self, name: str, to: str) -> float:
        """The median, over the rounds, of one candidate's time divided by another's in the same round."""
        return median(a / b for a, b in zip(self.rounds[name], self.rounds[to], strict=True))

    def beyond(self, name: str, *controls: str) -> float:
        """The median, over the rounds, of one candidate's time minus that of its controls in the same round."""
        by_round = zip(*(self.rounds[c] for c in controls), strict=True)
        return median(a - sum(c) for a, c in zip(self.rounds[name], by_round, strict=True))


def take_turns(candidates: Mapping[str, Callable[[], object]], rounds: int, turn: float, pause: float = 0.0) -> Times:
    """Time each candidate once per round, for about `turn` seconds, after one untimed call.

    The order is turned by one place each round, so that nobody always runs behind the same neighbour, whose data
    fills the cache.  The collector runs as Python has it by default.
    pause: seconds before each turn.  Threads of a matrix library spin for some 25 ms after their last product, and
    would take a core from a neighbour that has threads of its own.
    """
    calls = {name: _calls_per_turn(f, turn) for name, f in candidates.items()}
    order = list(candidates)
    times: dict[str, list[float]] = {name: [] for name in candidates}
    gc.collect()
    gc.freeze()  # what other libraries brought along is no load on the collector
    try:
        for _ in range(rounds):
            for name in order:
                sleep(pause)
                times[name].append(_seconds_per_call(candidates[name], calls[name]))
            order.append(order.pop(0))
    finally:
        gc.unfreeze()
    return Times(times)


def _calls_per_turn(f: Callable[[], object], turn: float) -> int:
    f()  # the first call compiles, allocates, starts threads
    return max(1, round(turn / min(_seconds_per_call(f, 1) for _ in range(3))))


def _seconds_per_call(f: Callable[[], object], calls: int) -> float:
    gc.collect()  # a turn pays for its own garbage, not for its neighbour's
    f()
    start = perf_counter()
    for _ in range(calls):
        f()
    return (perf_counter() - start) / calls

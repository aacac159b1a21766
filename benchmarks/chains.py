"""Chains of a thousand to a million operations: does a node cost the same in a long graph as in a short one?

The chain is z = z * w, z = z + b, ... on 4 floats, where w and b want their gradients too.  Beyond the arrays: `the
arrays` are the ndarrays of all steps, held in a plain list; that control is measured the same way and taken off.
"""

import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from rich.table import Table

from tinygrad_edu import Tensor

__all__ = ["Bytes", "Seconds", "measure", "table"]


class Seconds(NamedTuple):
    """Per node: the forward pass, backward(), and dropping the graph."""

    forward: float
    backward: float
    drop: float


class Bytes(NamedTuple):
    """Per node: what the arrays hold, and beyond them the graph after the forward pass and the peak of backward()."""

    arrays: float
    graph: float
    peak: float


class Chain(NamedTuple):
    """Everything measured about one length; `garbage`: objects only the collector could free after the drop."""

    default: Seconds
    collector_off: Seconds
    memory: Bytes
    garbage: int


def leaves() -> tuple[Tensor, Tensor, Tensor]:
    """x, w and b; the values neither grow nor vanish."""
    values = ([1.0, 2.0, 3.0, 4.0], [1.0] * 4, [1e-6] * 4)
    x, w, b = (Tensor(v, requires_grad=True) for v in values)
    return x, w, b


def build(z: Any, w: Any, b: Any, nodes: int) -> Any:
    """A chain of so many nodes, on Tensors or on arrays."""
    for _ in range(nodes // 2):
        z = z * w
        z = z + b
    return z


@contextmanager
def collector(on: bool) -> Iterator[None]:
    """Python's cyclic garbage collector as it is by default, or off."""
    gc.collect()
    if not on:
        gc.disable()
    try:
        yield
    finally:
        gc.enable()


def seconds(nodes: int, on: bool, repeats: int) -> Seconds:
    """Medians over the repeats, after one that is not counted."""
    runs = []
    for _ in range(repeats + 1):
        x, w, b = leaves()
        with collector(on):
            start = perf_counter()
            z = build(x, w, b, nodes)
            built = perf_counter()
            z.backward(np.ones(4))
            walked = perf_counter()
            del z
            runs.append((built - start, walked - built, perf_counter() - walked))
        np.testing.assert_allclose(b.grad.data, nodes // 2)  # each + b adds 1 to the gradient
    return Seconds(*(median(column) / nodes for column in zip(*runs[1:], strict=True)))


def bytes_held(nodes: int) -> Bytes:
    """Allocations seen by tracemalloc, exact but slow, so never while timing."""
    x, w, b = leaves()
    gc.collect()
    tracemalloc.start()
    try:
        z, arrays = x.data, [x.data] * nodes  # the list's own memory is not counted
        base = tracemalloc.get_traced_memory()[0]
        for i in range(0, nodes, 2):
            arrays[i] = z = z * w.data
            arrays[i + 1] = z = z + b.data
        control = tracemalloc.get_traced_memory()[0] - base
        del arrays, z
        base = tracemalloc.get_traced_memory()[0]
        end = build(x, w, b, nodes)
        graph = tracemalloc.get_traced_memory()[0] - base
        tracemalloc.reset_peak()
        end.backward(np.ones(4))
        peak = tracemalloc.get_traced_memory()[1] - base
    finally:
        tracemalloc.stop()
    return Bytes(control / nodes, (graph - control) / nodes, (peak - control) / nodes)


def garbage_left(nodes: int) -> int:
    """How many unreachable objects the collector finds once a graph has been walked and dropped."""
    x, w, b = leaves()
    with collector(on=False):
        end = build(x, w, b, nodes)
        end.backward(np.ones(4))
        del end, x, w, b
        return gc.collect()


def measure(quick: bool = False) -> dict[int, Chain]:
    """{nodes: what was measured}."""
    result = {}
    for nodes in (1000, 2000) if quick else (1000, 10_000, 100_000, 1_000_000):
        repeats = 1 if quick else max(3, min(51, 500_000 // nodes))
        on, off = seconds(nodes, True, repeats), seconds(nodes, False, repeats)
        result[nodes] = Chain(on, off, bytes_held(nodes), garbage_left(nodes))
    return result


def table(results: dict[int, Chain]) -> tuple[Table, Table]:
    """Two tables, of microseconds and of bytes per node."""
    reference = results.get(10_000, next(iter(results.values())))
    times = Table(title="A chain: microseconds per node, and times that of 10^4 nodes", expand=True)
    for column in ("nodes", "collector", "forward", "backward", "drop", "all three", "to 10^4"):
        times.add_column(column, justify="left" if column == "collector" else "right")
    memory = Table(title="A chain: bytes per node, and objects left to the collector", expand=True)
    for column in ("nodes", "the arrays", "beyond: graph", "beyond: peak of backward", "left to collector"):
        memory.add_column(column, justify="right")
    for nodes, chain in results.items():
        for label, now, then in (
            ("default", chain.default, reference.default),
            ("off", chain.collector_off, reference.collector_off),
        ):
            cells = [f"{s * 1e6:.2f}" for s in (*now, sum(now))]
            times.add_row(f"{nodes:,}", label, *cells, f"[bold]{sum(now) / sum(then):.2f}[/]")
        memory.add_row(f"{nodes:,}", *(f"{x:.0f}" for x in chain.memory), str(chain.garbage))
    return times, memory

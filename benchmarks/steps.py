"""Training steps of four networks, float32: hand-written NumPy, this engine, and its rivals."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from tinygrad_edu import Tensor, compile, functions, nn, optim

from . import rivals
from .timing import Times, take_turns
from .workloads import WORKLOADS, Workload, hand_written_step, make_data

__all__ = ["CONTROL", "EAGER", "all_makers", "check_agreement", "make", "measure", "table"]

CONTROL, EAGER, FUNCTIONS = "hand-written NumPy", "tinygrad_edu", "  by functions"
COMPILED, FAST = "  compiled", "  compiled, fast"
LEARNING_RATE = 1e-3  # small: thousands of timed steps must not saturate the cost

Made = tuple[Callable[[], Any], Callable[[], list[np.ndarray]]]


def by_hand(X: Any, Y: Any, W: list[Any], b: list[Any], lr: float) -> Made:
    """The yardstick."""
    return lambda: hand_written_step(X, Y, W, b, lr), lambda: [*W, *b]


def eager(X: Any, Y: Any, W: list[Any], b: list[Any], lr: float) -> Made:
    """This engine as its users write a training loop."""
    net, optimizer, parameters = _network(X, W, b, lr)

    def step() -> float:
        J = functions.binary_cross_entropy_with_logits(net.logits(X), Y)
        optimizer.zero_grad()
        J.backward()
        optimizer.step()
        return J.item()

    return step, parameters


def compiled(X: Any, Y: Any, W: list[Any], b: list[Any], lr: float, fast: bool = False) -> Made:
    """The same training loop, with its step compiled."""
    net, optimizer, parameters = _network(X, W, b, lr)

    @partial(compile, fast=fast)
    def train(X: Any, Y: Any) -> Any:
        J = functions.binary_cross_entropy_with_logits(net.logits(X), Y)
        J.backward()
        optimizer.step()
        optimizer.zero_grad()
        return J

    return lambda: train(X, Y).item(), parameters


def _network(X: Any, W: list[Any], b: list[Any], lr: float) -> tuple[Any, Any, Callable[[], list[np.ndarray]]]:
    """A network that starts from these parameters, its optimizer, and the parameters as they are."""
    net = nn.DeepNetwork([X.shape[0], *map(len, W)], seed=0, dtype=np.float32)
    start = {f"W{l}": w for l, w in enumerate(W, 1)} | {f"b{l}": x for l, x in enumerate(b, 1)}
    net.load_state_dict(start)

    def parameters() -> list[np.ndarray]:
        state = net.state_dict()
        return [state[name] for name in start]

    return net, optim.SGD(net.parameters(), lr), parameters


def eager_functions(X: Any, Y: Any, W: list[Any], b: list[Any], lr: float) -> Made:
    """This engine with the network and the updates spelt out."""
    L = len(W)
    parameters = [Tensor(p, requires_grad=True) for p in (*W, *b)]

    def step() -> float:
        A = X
        for l in range(L):
            Z = functions.affine(parameters[l], A, parameters[L + l])
            A = functions.relu(Z) if l < L - 1 else Z
        J = functions.binary_cross_entropy_with_logits(Z, Y)
        J.backward()
        for p in parameters:
            p.data -= lr * p.grad.data
            p.grad = None
        return J.item()

    return step, lambda: [p.data for p in parameters]


OURS: dict[str, Callable[..., Made]] = {CONTROL: by_hand, EAGER: eager, FUNCTIONS: eager_functions, COMPILED: compiled}
if find_spec("numba"):
    OURS[FAST] = partial(compiled, fast=True)


def make(maker: Callable[..., Made], work: Workload, lr: float = LEARNING_RATE) -> Made:
    """A maker's (step, parameters) from the workload's data, in memory of its own."""
    return maker(*make_data(work), lr)


def check_agreement(work: Workload, steps: int = 3, lr: float = 0.05) -> None:
    """Raise AssertionError unless all compute the same costs and the same updates, to float32 tolerance."""
    start = [p for group in make_data(work)[2:] for p in group]
    expected: tuple[Any, Any] | None = None
    for name, maker in all_makers().items():
        step, parameters = make(maker, work, lr)
        costs = [float(step()) for _ in range(steps)]
        moved = [np.asarray(p) - p0 for p, p0 in zip(parameters(), start, strict=True)]
        expected = expected or (costs, moved)
        np.testing.assert_allclose(costs, expected[0], rtol=1e-5, err_msg=f"costs, {name}")
        for got, want, p0 in zip(moved, expected[1], start, strict=True):
            assert got.dtype == np.float32, f"{name}: {got.dtype} parameters"
            # A parameter near 1 is rounded to 6e-8 at each step, and so is what it moved by.
            tolerance = 1e-3 * np.abs(want).max() + 2e-7 * steps * np.abs(p0).max()
            np.testing.assert_allclose(got, want, rtol=0, atol=tolerance, err_msg=f"updates, {name}")


def all_makers() -> dict[str, Callable[..., Made]]:
    """{name: maker} of everything that can run here, the yardstick first."""
    return OURS | rivals.installed()


def measure(quick: bool = False) -> dict[str, dict[str, Times]]:
    """{workload: {implementation: its times beside the yardstick's}}, after all have been seen to agree.

    Each rival meets the yardstick in a process of its own: in one, torch's steps took twice as long as alone,
    and jax hooks into Python's collector.
    """
    rounds, turn = (3, 0.003) if quick else (61, 0.02)
    result = {}
    for name, work in WORKLOADS.items():
        result[name] = dict.fromkeys(OURS, take_turns(steps(OURS, work), rounds, turn))
    for work in WORKLOADS.values():
        check_agreement(work)
    for rival in rivals.installed():
        for name, times in beside_yardstick(rival, max(3, rounds // 3), turn).items():
            result[name][rival] = Times(times)
    return result


def beside_yardstick(rival: str, rounds: int, turn: float) -> dict[str, dict[str, list[float]]]:
    """{workload: seconds per step of the yardstick and the rival, round by round}, from a new process."""
    command = [sys.executable, "-m", "benchmarks.steps", json.dumps([rival, rounds, turn])]
    output = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    return dict(json.loads(output.stdout))


def steps(makers: Mapping[str, Callable[..., Made]], work: Workload) -> dict[str, Callable[[], Any]]:
    """{name: step}."""
    return {name: make(maker, work)[0] for name, maker in makers.items()}


def table(results: dict[str, dict[str, Times]]) -> Table:
    """Microseconds per step, and how many times the yardstick's."""
    t = Table(title="A training step, float32: microseconds, and times hand-written NumPy", expand=True)
    t.add_column("", no_wrap=True)
    for work in results:
        t.add_column(work, justify="right", no_wrap=True)
    for name in all_makers():
        times = [of[name] for of in results.values()]
        t.add_row(name, *(f"{x.seconds(name) * 1e6:.0f}  [bold]{x.ratio(name, CONTROL):.2f}[/]" for x in times))
    return t


if __name__ == "__main__":
    rival, rounds, turn = json.loads(sys.argv[1])
    both = {CONTROL: by_hand, rival: rivals.installed()[rival]}
    # The pause: a matrix library's threads spin on for some 25 ms and would take a core from the other's.
    times = {name: take_turns(steps(both, work), rounds, turn, pause=0.05) for name, work in WORKLOADS.items()}
    print(json.dumps({name: x.rounds for name, x in times.items()}))

"""What recording and backpropagating cost per operation, beyond the arithmetic itself.

Arrays of 4 floats, so that the arithmetic is small.  The control has no autograd: forward it is the very same Python
function, fed with arrays instead of Tensors; backward it is what one would write by hand for it, the adding up of
contributions included.  `by operators`: `z * a`.  `by functions`: `np.multiply(z, a)`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from rich.table import Table

from tinygrad_edu import Tensor

from .timing import Times, take_turns

__all__ = ["KINDS", "Kind", "check_agreement", "measure", "table"]

REPEATS = 6
C = np.array([0.9, 1.1, 1.0, 0.8])


class Kind(NamedTuple):
    """Some operations, repeated: `operators(x, a)` and `functions(x, a)` compute the same J from x and a.

    backward(x, a, saved): (dx, da) by hand, of J's sum; `saved(x, a)` gives the values it needs.
    """

    ops: int
    operators: Callable[[Any, Any], Any]
    functions: Callable[[Any, Any], Any]
    saved: Callable[[Any, Any], Any]
    backward: Callable[[Any, Any, Any], tuple[Any, Any]]


# Two operands, and both want their gradient: z a + a


def both_operators(z: Any, a: Any) -> Any:
    for _ in range(REPEATS):
        z = z * a
        z = z + a
    return z


def both_functions(z: Any, a: Any) -> Any:
    for _ in range(REPEATS):
        z = np.multiply(z, a)
        z = np.add(z, a)
    return z


def both_saved(z: Any, a: Any) -> Any:
    saved = []
    for _ in range(REPEATS):
        saved.append(z)
        z = z * a + a
    return saved[::-1]


def both_backward(x: Any, a: Any, saved: Any) -> tuple[Any, Any]:
    dz, da = np.ones_like(x), 0.0
    for z in saved:
        da = da + dz
        da = da + dz * z
        dz = dz * a
    return dz, da


# Two operands, one of them a plain array: (z - c) / c


def constant_operators(z: Any, a: Any) -> Any:
    for _ in range(REPEATS):
        z = z - C
        z = z / C
    return z


def constant_functions(z: Any, a: Any) -> Any:
    for _ in range(REPEATS):
        z = np.subtract(z, C)
        z = np.divide(z, C)
    return z


def constant_backward(x: Any, a: Any, saved: Any) -> tuple[Any, Any]:
    dz = np.ones_like(x)
    for _ in range(REPEATS):
        dz = dz / C
    return dz, None


# One operand: -|z| by operators, and as functions


def unary_operators(z: Any, a: Any) -> Any:
    for _ in range(REPEATS):
        z = abs(z)
        z = -z
    return z


def unary_functions(z: Any, a: Any) -> Any:
    for _ in range(REPEATS):
        z = np.abs(z)
        z = np.negative(z)
    return z


def unary_saved(z: Any, a: Any) -> Any:
    saved = []
    for _ in range(REPEATS):
        saved.append(z)
        z = -abs(z)
    return saved[::-1]


def unary_backward(x: Any, a: Any, saved: Any) -> tuple[Any, Any]:
    dz = np.ones_like(x)
    for z in saved:
        dz = -dz
        dz = dz * np.sign(z)
    return dz, None


# Sums, which shrink to one number, and the addition that brings them together: z + sum(z)


def sum_operators(z: Any, a: Any) -> Any:
    for _ in range(REPEATS):
        s = z.sum()
        z = z + s
    return z


def sum_functions(z: Any, a: Any) -> Any:
    for _ in range(REPEATS):
        s = np.sum(z)
        z = np.add(z, s)
    return z


def sum_backward(x: Any, a: Any, saved: Any) -> tuple[Any, Any]:
    dz = np.ones_like(x)
    for _ in range(REPEATS):
        ds = dz.sum()
        dz = dz + ds
    return dz, None


# All of them in turn


def mix_operators(z: Any, a: Any) -> Any:
    for _ in range(REPEATS):
        z = z * a
        z = z + a
        z = z - C
        z = z / C
        z = abs(z)
        z = -z
        s = z.sum()
        z = z + s
    return z


def mix_functions(z: Any, a: Any) -> Any:
    for _ in range(REPEATS):
        z = np.multiply(z, a)
        z = np.add(z, a)
        z = np.subtract(z, C)
        z = np.divide(z, C)
        z = np.abs(z)
        z = np.negative(z)
        s = np.sum(z)
        z = np.add(z, s)
    return z


def mix_saved(z: Any, a: Any) -> Any:
    saved = []
    for _ in range(REPEATS):
        u = (z * a + a - C) / C
        saved.append((z, u))
        u = -abs(u)
        z = u + u.sum()
    return saved[::-1]


def mix_backward(x: Any, a: Any, saved: Any) -> tuple[Any, Any]:
    dz, da = np.ones_like(x), 0.0
    for z, u in saved:
        ds = dz.sum()
        dz = dz + ds
        dz = -dz
        dz = dz * np.sign(u)
        dz = dz / C
        da = da + dz
        da = da + dz * z
        dz = dz * a
    return dz, da


def nothing_saved(z: Any, a: Any) -> Any:
    """The gradients of linear operations need no values."""


KINDS = {
    "two operands with gradients": Kind(2, both_operators, both_functions, both_saved, both_backward),
    "one of the two constant": Kind(2, constant_operators, constant_functions, nothing_saved, constant_backward),
    "one operand": Kind(2, unary_operators, unary_functions, unary_saved, unary_backward),
    "sum, and adding it": Kind(2, sum_operators, sum_functions, nothing_saved, sum_backward),
    "all of these in turn": Kind(8, mix_operators, mix_functions, mix_saved, mix_backward),
}


def leaves() -> tuple[np.ndarray, np.ndarray]:
    """x and a."""
    return np.array([1.0, -2.0, 0.5, 3.0]), np.array([0.5, 1.5, -1.0, 0.25])


def candidates(kind: Kind) -> dict[str, Callable[[], Any]]:
    """What is timed for one kind: Tensors and their controls."""
    x, a = leaves()
    X, A = (Tensor(v, requires_grad=True) for v in (x, a))
    saved = kind.saved(x, a)

    def both_ways(f: Callable[[Any, Any], Any]) -> Callable[[], Any]:
        def run() -> None:
            X.grad = A.grad = None
            f(X, A).backward(SEED)

        return run

    return {
        "arrays, operators": lambda: kind.operators(x, a),
        "arrays, functions": lambda: kind.functions(x, a),
        "arrays, backward": lambda: kind.backward(x, a, saved),
        "tensors, operators": lambda: kind.operators(X, A),
        "tensors, functions": lambda: kind.functions(X, A),
        "both ways, operators": both_ways(kind.operators),
        "both ways, functions": both_ways(kind.functions),
    }


SEED = np.ones(4)


def check_agreement() -> None:
    """Raise AssertionError unless operators, functions and the hand-written backward agree."""
    x, a = leaves()
    for name, kind in KINDS.items():
        dx, da = kind.backward(x, a, kind.saved(x, a))
        for f in (kind.operators, kind.functions):
            X, A = (Tensor(v, requires_grad=True) for v in (x, a))
            z = f(X, A)
            z.backward(SEED)
            np.testing.assert_array_equal(z.data, kind.operators(x, a), err_msg=name)
            np.testing.assert_allclose(X.grad.data, dx, rtol=1e-13, err_msg=name)
            assert (A.grad is None) is (da is None), name
            if da is not None:
                np.testing.assert_allclose(A.grad.data, da, rtol=1e-13, err_msg=name)


def measure(quick: bool = False) -> dict[str, Times]:
    """{kind: times of Tensors and controls}, after they have been seen to agree."""
    check_agreement()
    rounds, turn = (3, 0.001) if quick else (41, 0.01)
    return {name: take_turns(candidates(kind), rounds, turn) for name, kind in KINDS.items()}


def beyond(times: Times, kind: Kind, way: str) -> tuple[float, float]:
    """(forward, forward and backward): microseconds per op beyond the control."""
    ops = kind.ops * REPEATS * 1e-6
    forward = times.beyond(f"tensors, {way}", f"arrays, {way}")
    return forward / ops, times.beyond(f"both ways, {way}", f"arrays, {way}", "arrays, backward") / ops


def table(results: dict[str, Times]) -> Table:
    """Microseconds per operation beyond NumPy."""
    t = Table(title="Microseconds per operation beyond the same NumPy without an autograd", expand=True)
    t.add_column("on 4 floats", no_wrap=True)
    for way in ("operators", "functions"):
        t.add_column(f"{way}\nforward", justify="right", min_width=9)
        t.add_column("and\nbackward", justify="right", min_width=9)
    for name, times in results.items():
        cells = [f"{us:.2f}" for way in ("operators", "functions") for us in beyond(times, KINDS[name], way)]
        t.add_row(name, *cells, end_section=name == list(results)[-2])
    return t

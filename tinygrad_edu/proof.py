"""Prove the engine's gradients on a network: against the hand-written equations and finite differences.  Floor 7.

The engine's `Z.grad` is the true gradient of J; the course's dZ and dA are m times that, with 1/m in dW and
db.  Everything here is in the course's convention: dA, dZ of the engine are multiplied by m.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from . import manual
from .backprop import backpropagate
from .errors import DomainError, DTypeError, GradientError
from .functions import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy
from .manual.activations import activation_functions
from .nn import DeepNetwork
from .numeric import slope_at
from .tensor import Tensor

__all__ = ["Equation", "prove"]

SLOPES = {
    "linear": "dA{l}",
    "relu": "dA{l} * (Z{l} > 0)",
    "sigmoid": "dA{l} * A{l} * (1 - A{l})",
    "softmax": "A{l} * (dA{l} - sum(dA{l} * A{l}))",
    "tanh": "dA{l} * (1 - A{l}**2)",
}
FINITE_STEP = 1e-6  # small against the distance to a ReLU's kink; rounding adds about 1e-10 relative


@final
@dataclass(frozen=True)
class Equation:
    """One line of the proof.

    name: "dW3".  text: the equation as the course writes it.  shape: of the gradient.  largest: its largest |entry|.
    by_hand: the largest |engine - equation|.  numeric: the largest |engine - finite difference| over `probed` entries.
    """

    name: str
    text: str
    shape: tuple[int, ...]
    largest: float
    by_hand: float
    numeric: float
    probed: int

    @property
    def holds(self) -> bool:
        """Engine and equation agree to 1e-12, engine and finite differences to 1e-6; relative to entries above 1."""
        scale = max(1.0, self.largest)
        return self.by_hand <= 1e-12 * scale and self.numeric <= 1e-6 * scale


def prove(net: DeepNetwork, X: np.ndarray, Y: np.ndarray, *, probes: int = 32) -> list[Equation]:
    """The gradients of a float64 network, equation by equation, from the output back.

    X: (n_0, m), Y: (n_L, m).  The last activation must be sigmoid (binary cross-entropy of A; then the form from
    logits is shown too, dZ = A - Y) or softmax (cross-entropy from logits).
    probes: how many entries of each gradient, drawn once with a fixed seed, are held against finite differences
    (all of them where there are fewer, and none at a ReLU's kink); the comparison by hand covers every entry.
    Raises DTypeError unless the network is float64, DomainError for another last activation.

    >>> rows = prove(DeepNetwork([2, 3, 1], seed=0), np.ones((2, 4)), np.ones((1, 4)))
    >>> [row.name for row in rows]
    ['dA2', 'dZ2', 'dZ2', 'dW2', 'db2', 'dA1', 'dZ1', 'dW1', 'db1']
    >>> max(row.by_hand for row in rows) < 1e-12
    True
    """
    if net.activations[-1] not in ("sigmoid", "softmax"):
        raise DomainError(f"prove: the last activation is {net.activations[-1]!r}; it must be sigmoid or softmax.")
    if any(p.dtype != np.float64 for p in net.parameters()):
        raise DTypeError("prove: the differences mean something in float64 only; make the network with dtype=float.")
    X, Y = np.asarray(X, np.float64), np.asarray(Y, np.float64)
    L, m = len(net.layers), X.shape[1]
    logistic = net.activations[-1] == "sigmoid"
    units = len(Y) if logistic else 1  # the course sums the losses of several sigmoid units, the engine averages
    J = binary_cross_entropy(net(X), Y) if logistic else cross_entropy(net.logits(X), Y, axis=0)
    engine = _gradients(J, units)
    engine |= {f"A{l}": engine[f"Z{l}"] for l, g in enumerate(net.activations, 1) if g == "linear"}  # one tensor
    parameters = {name: p.data for name, p in net.named_parameters()}
    AL, caches = manual.L_model_forward(X, parameters, net.activations)
    by_hand = manual.L_model_backward(AL, Y, caches, net.activations)
    values = {**parameters, **{f"Z{l}": Z for l, (_, Z) in enumerate(caches, 1)}, f"A{L}": AL}
    values |= {f"A{l}": linear_cache[0] for l, (linear_cache, _) in enumerate(caches)}

    patterns: set[bytes] = set()  # which units were on, in each forward pass for finite differences

    def cost(moved: dict[str, np.ndarray]) -> float:
        return _cost({**parameters, **moved}, net.activations, X, Y, patterns)

    rng = np.random.default_rng(0)
    rows = []
    for l in range(L, 0, -1):
        texts = _texts(l, L, net.activations[l - 1])
        for key in (f"A{l}", f"Z{l}", f"W{l}", f"b{l}"):
            if f"d{key}" in by_hand:
                scale = m if key[0] in "AZ" else 1
                slopes = _finite_differences(cost, patterns, key, values[key], scale, probes, rng)
                rows.append(_row(key, texts[key[0]], engine[key] * scale, by_hand[f"d{key}"], slopes))
                if logistic and key == f"Z{L}":
                    from_logits = _gradients(binary_cross_entropy_with_logits(net.logits(X), Y), units)[key] * m
                    rows.append(_row(key, f"A{L} - Y  (from logits)", from_logits, AL - Y, slopes))
    return rows


def _texts(l: int, L: int, activation: str) -> dict[str, str]:
    above = f"W{l + 1}.T @ dZ{l + 1}" if l < L else f"-Y / A{l} + (1 - Y) / (1 - A{l})"
    A_prev = f"A{l - 1}" if l > 1 else "X"
    slope = f"A{l} - Y" if activation == "softmax" and l == L else SLOPES[activation].format(l=l)
    return {"A": above, "Z": slope, "W": f"1/m dZ{l} @ {A_prev}.T", "b": f"1/m sum(dZ{l})"}


def _row(
    key: str, text: str, engine: np.ndarray, by_hand: np.ndarray, slopes: dict[tuple[int, ...], float]
) -> Equation:
    numeric = max((abs(float(engine[i]) - slope) for i, slope in slopes.items()), default=0.0)
    largest, difference = (float(np.max(np.abs(x))) for x in (by_hand, engine - by_hand))
    return Equation(f"d{key}", text, engine.shape, largest, difference, numeric, len(slopes))


def _gradients(J: Tensor, units: int) -> dict[str, np.ndarray]:
    """{name: d(units * J)/d(tensor)} for every named tensor that J depends on; no `.grad` is touched."""
    if not J.requires_grad:
        raise GradientError("prove: inside no_grad() nothing is recorded, so nothing can be proven: call it outside.")
    grads = backpropagate(J, np.array(float(units)), keep_all=True)
    return {t.name: dz for t, dz in grads.items() if t.name}


def _cost(
    values: dict[str, np.ndarray], activations: Sequence[str], X: np.ndarray, Y: np.ndarray, patterns: set[bytes]
) -> float:
    """J by the hand-written forward pass; a Z or A that stands in `values` is taken from there.

    Adds to `patterns` which units of the ReLU layers are on.
    """
    A, on = X, []
    for l, activation in enumerate(activations, start=1):
        Z = values.get(f"Z{l}")
        if Z is None:
            Z, _ = manual.linear_forward(A, values[f"W{l}"], values[f"b{l}"])
        if activation == "relu":
            on.append(np.packbits(Z > 0).tobytes())
        A = values[f"A{l}"] if f"A{l}" in values else activation_functions[activation](Z)
    patterns.add(b"".join(on))
    return float(manual.compute_cost(A, Y, activations[-1]))


def _finite_differences(
    cost: Callable[[dict[str, np.ndarray]], float],
    patterns: set[bytes],
    key: str,
    value: np.ndarray,
    scale: int,
    probes: int,
    rng: np.random.Generator,
) -> dict[tuple[int, ...], float]:
    """{index: scale * dJ/d(entry)} at some entries of the tensor called `key`, by the fourth-order formula.

    Where a ReLU switches between the formula's points, J has a kink and no slope to compare with: such an entry
    is passed over, and the next one taken.
    """
    slopes: dict[tuple[int, ...], float] = {}
    for c in rng.permutation(value.size)[: 4 * probes]:
        i = tuple(int(k) for k in np.unravel_index(c, value.shape))
        h = FINITE_STEP * max(1.0, abs(value[i]))
        patterns.clear()
        slope = scale * slope_at(lambda moved: cost({key: moved}), value, i, h)
        if len(patterns) == 1:
            slopes[i] = slope
        if len(slopes) == probes:
            break
    return slopes

"""What the report shows of a network while it trains: its weights and gradients at a few epochs.  Floor 7."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from .. import manual
from ..backprop import backpropagate
from ..nn import DeepNetwork
from ..training import cost

__all__ = ["Snapshot", "snapshot", "snapshot_epochs", "spread_columns"]

COUNT = 6
GRADIENT_EXAMPLES = 256
ACTIVATION_EXAMPLES = 1000


@final
@dataclass(frozen=True)
class Snapshot:
    """After `number` epochs: W1 ... WL and dW1 ... dWL pooled for heatmaps.  Small, whatever the size of the network.

    activations, slopes: A1 ... ZL and dW1 ... dWL in bins; empty unless the network was looked at closely.
    """

    number: int
    weights: dict[str, Any]
    gradients: dict[str, Any]
    activations: dict[str, Any]
    slopes: dict[str, Any]


def snapshot_epochs(epochs: int) -> set[int]:
    """At most 6 numbers from 0 to `epochs`, spread evenly, both ends among them.

    >>> sorted(snapshot_epochs(30)), sorted(snapshot_epochs(1))
    ([0, 6, 12, 18, 24, 30], [0, 1])
    """
    return {int(e) for e in np.linspace(0, epochs, COUNT).round()}


def spread_columns(m: int, most: int) -> np.ndarray:
    """The indices of at most `most` of m columns, the same at every call, from the whole range.

    >>> spread_columns(5, 3), spread_columns(2, 3)
    (array([0, 2, 4]), array([0, 1]))
    """
    return np.linspace(0, m - 1, min(m, most)).round().astype(np.intp)


def snapshot(visualize: Any, net: DeepNetwork, X: np.ndarray, Y: np.ndarray, number: int, *, closely: bool) -> Snapshot:
    """The state of net; neither `.grad` nor anything else of it is touched.

    Gradients of J are over at most 256 of the examples X (n_0, m), activations over at most 1000.
    closely: activations too, and bins, which take most of the time.
    """
    some = spread_columns(X.shape[1], GRADIENT_EXAMPLES)
    J = cost(net, X[:, some], Y[:, some])
    grads = {p.name: dz for p, dz in backpropagate(J, np.ones((), J.dtype)).items()}
    weights = {str(layer.W.name): layer.W.data for layer in net.layers}
    gradients = {f"d{name}": grads[name] for name in weights}
    activations = _activations(net, X) if closely else {}
    return Snapshot(
        number,
        {name: visualize.pooled(a) for name, a in weights.items()},
        {name: visualize.pooled(a) for name, a in gradients.items()},
        {name: visualize.distribution(a) for name, a in activations.items()},
        {name: visualize.distribution(a) for name, a in gradients.items() if closely},
    )


def _activations(net: DeepNetwork, X: np.ndarray) -> dict[str, np.ndarray]:
    """A1 ... A(L-1) and ZL: of the last layer the scores, because probabilities crowd at 0 and 1."""
    parameters = {name: p.data for name, p in net.named_parameters()}
    examples = X[:, spread_columns(X.shape[1], ACTIVATION_EXAMPLES)]
    _, caches = manual.L_model_forward(examples, parameters, net.activations)
    found = {f"A{l}": linear_cache[0] for l, (linear_cache, _) in enumerate(caches) if l}
    return found | {f"Z{len(caches)}": caches[-1][1]}

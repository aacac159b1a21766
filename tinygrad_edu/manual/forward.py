"""From X to the cost, by hand: draw the parameters, go forward, compare with Y.  NumPy only.

What the way back will need is put into caches on the way: one `(linear_cache, Z)` per layer, where
`linear_cache` is `(A_prev, W, b)`.
"""

import numpy as np

from .activations import activation_functions
from .checks import default_activations, require_labels, require_matrix

__all__ = [
    "L_model_forward",
    "compute_cost",
    "initialize_parameters_deep",
    "linear_activation_forward",
    "linear_forward",
]

LinearCache = tuple[np.ndarray, np.ndarray, np.ndarray]
Cache = tuple[LinearCache, np.ndarray]


def initialize_parameters_deep(
    layer_dims: list[int] | tuple[int, ...], seed: int | None = None, scale: str | float = "he"
) -> dict[str, np.ndarray]:
    """W_l = randn(n_l, n_prev) * scale and b_l = 0, for each layer l = 1 ... L.

    layer_dims: n_0 (features), n_1, ..., n_L.  Returns {"W1": (n_1, n_0), "b1": (n_1, 1), "W2": ...}, float64.
    seed: of NumPy's legacy generator, np.random.RandomState(seed), whose numbers never change; W1, W2, ... are
    drawn in this order.  None draws new numbers each time.
    scale: a number (the course's first network has 0.01), or
        "he"      sqrt(2 / n_prev)           the default.  He et al. 2015, arXiv:1502.01852, eq. 10
        "xavier"  sqrt(2 / (n_prev + n_l))   Glorot and Bengio 2010, eq. 12, as a standard deviation
        "1/sqrt"  sqrt(1 / n_prev)           the course's `/ np.sqrt(n_prev)`
    "he" is the default because ReLU is: on the digits (64-128-64-1) it had the lowest training cost of the three
    (and of 0.01) at every learning rate tried, 0.05, 0.1 and 0.3, after 5 epochs and after 30.
    Raises ValueError for fewer than two sizes, a size that is not a whole number above 0, or an unknown scale.

    >>> parameters = initialize_parameters_deep([5, 4, 3], seed=3, scale=0.01)
    >>> {name: p.shape for name, p in parameters.items()}
    {'W1': (4, 5), 'b1': (4, 1), 'W2': (3, 4), 'b2': (3, 1)}
    >>> parameters["W1"][0].round(8).tolist()
    [0.01788628, 0.0043651, 0.00096497, -0.01863493, -0.00277388]
    """
    if np.ndim(layer_dims) != 1 or len(layer_dims) < 2:
        raise ValueError(
            f"initialize_parameters_deep: layer_dims must hold at least two sizes, features first, "
            f"such as [64, 128, 1]; got {layer_dims!r}"
        )
    for n in layer_dims:
        if not _is_size(n):
            raise ValueError(
                f"initialize_parameters_deep: layer_dims holds {n!r}; each size must be a whole number above 0"
            )
    random = np.random.RandomState(seed)
    parameters = {}
    for l in range(1, len(layer_dims)):
        n_prev, n_l = layer_dims[l - 1], layer_dims[l]
        parameters[f"W{l}"] = random.randn(n_l, n_prev) * _scale(scale, n_prev, n_l)
        parameters[f"b{l}"] = np.zeros((n_l, 1))
    return parameters


def _is_size(n: object) -> bool:
    """A whole number above 0; True is none."""
    return isinstance(n, int | np.integer) and not isinstance(n, bool) and int(n) > 0


def _scale(scale: str | float, n_prev: int, n_l: int) -> float:
    """The standard deviation of W, (n_l, n_prev)."""
    if scale == "he":
        return float(np.sqrt(2 / n_prev))
    if scale == "xavier":
        return float(np.sqrt(2 / (n_prev + n_l)))
    if scale == "1/sqrt":
        return float(np.sqrt(1 / n_prev))
    if np.asarray(scale).dtype.kind not in "iuf" or not np.isfinite(scale):
        raise ValueError(
            f"initialize_parameters_deep: scale is {scale!r}; give a number, or one of 'he', 'xavier', '1/sqrt'"
        )
    return float(scale)


def linear_forward(A_prev: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, LinearCache]:
    """Z = W A_prev + b.

    A_prev: (n_prev, m), W: (n_l, n_prev), b: (n_l, 1).  Returns Z: (n_l, m), and the cache (A_prev, W, b).
    Raises ValueError if the shapes do not fit, TypeError for what is no array.

    >>> Z, cache = linear_forward(np.array([[1.0], [2.0]]), np.array([[3.0, 4.0]]), np.array([[5.0]]))
    >>> Z
    array([[16.]])
    """
    require_matrix("linear_forward", "A_prev", A_prev)
    require_matrix("linear_forward", "W", W)
    require_matrix("linear_forward", "b", b)
    if W.shape[1] != A_prev.shape[0]:
        cure = "; are the examples in the rows?  Write A_prev.T" if W.shape[1] == A_prev.shape[1] else ""
        raise ValueError(
            f"linear_forward: W is {W.shape}, A_prev is {A_prev.shape}; "
            f"the inner sizes {W.shape[1]} and {A_prev.shape[0]} differ{cure}"
        )
    if b.shape != (W.shape[0], 1):
        raise ValueError(f"linear_forward: b is {b.shape}, W is {W.shape}; b must be {(W.shape[0], 1)}, one per unit")
    Z = W @ A_prev + b  # (n_l, m)
    return Z, (A_prev, W, b)


def linear_activation_forward(
    A_prev: np.ndarray, W: np.ndarray, b: np.ndarray, activation: str
) -> tuple[np.ndarray, Cache]:
    """Z = W A_prev + b, A = g(Z).

    A_prev: (n_prev, m), W: (n_l, n_prev), b: (n_l, 1).
    activation, the name of g: "relu", "sigmoid", "tanh", "softmax" (over the units of a column) or "linear" (A = Z).
    Returns A: (n_l, m), and the cache ((A_prev, W, b), Z).
    Raises ValueError if the shapes do not fit or the name is unknown.

    >>> W, b = np.array([[3.0, 4.0], [-3.0, -4.0]]), np.array([[5.0], [0.0]])
    >>> A, (linear_cache, Z) = linear_activation_forward(np.array([[1.0], [2.0]]), W, b, "relu")
    >>> Z.T, A.T
    (array([[ 16., -11.]]), array([[16.,  0.]]))
    """
    default_activations("linear_activation_forward", 1, [activation], tuple(activation_functions))
    Z, linear_cache = linear_forward(A_prev, W, b)
    A = activation_functions[activation](Z)
    return A, (linear_cache, Z)


def L_model_forward(
    X: np.ndarray, parameters: dict[str, np.ndarray], activations: list[str] | tuple[str, ...] | None = None
) -> tuple[np.ndarray, list[Cache]]:
    """A_0 = X; Z_l = W_l A_(l-1) + b_l, A_l = g_l(Z_l), for l = 1 ... L.

    X: (n_0, m).  parameters: {"W1", "b1", ..., "WL", "bL"}.
    activations: L names, one per layer (see `linear_activation_forward`); by default "relu" for the hidden layers
    and "sigmoid" for the last.
    Returns AL: (n_L, m), and the list of the L caches, caches[l - 1] = ((A_prev, W, b), Z) of layer l.
    Raises ValueError if a parameter is missing, a shape does not fit or a name is unknown.

    >>> parameters = initialize_parameters_deep([2, 3, 1], seed=0)
    >>> AL, caches = L_model_forward(np.ones((2, 4)), parameters)
    >>> AL.shape, len(caches)
    ((1, 4), 2)
    """
    L = sum(name.startswith("W") for name in parameters)
    expected = [f"{letter}{l}" for l in range(1, L + 1) for letter in "Wb"]
    if L == 0 or set(expected) != set(parameters):
        missing = sorted(set(expected) - set(parameters)) or ["W1"]
        raise ValueError(
            f"L_model_forward: parameters must be W1, b1, W2, b2, ... without a gap; "
            f"it holds {', '.join(parameters) or 'nothing'}"
            + (f", so {', '.join(missing)} is missing" if L == 0 or not set(expected) <= set(parameters) else "")
        )
    names = default_activations("L_model_forward", L, activations, tuple(activation_functions))
    caches = []
    A = X
    for l in range(1, L + 1):
        A, cache = linear_activation_forward(A, parameters[f"W{l}"], parameters[f"b{l}"], names[l - 1])
        caches.append(cache)
    return A, caches


def compute_cost(AL: np.ndarray, Y: np.ndarray, activation: str | None = None) -> np.floating:
    """J = 1/m sum(L): the cross-entropy, summed over the units and averaged over the m examples.

    AL: (n_L, m), the output of the network.  Y: (n_L, m), 0 or 1.
    activation, the one that made AL, chooses the loss:
        "sigmoid"  L = -(Y log(AL) + (1 - Y) log(1 - AL))   binary; each unit answers its own yes or no
        "softmax"  L = -Y log(AL)                           categorical; the columns of Y sum to 1
    None means "sigmoid" for one unit; for several units both are possible, so it must be said.
    Returns J, a scalar of AL's dtype.
    Raises ValueError if the shapes differ, if `activation` is not said for several units, or where the logarithm has
    no value: AL not between 0 and 1 (both excluded; for the softmax, 0 or below where Y is not 0, or above 1).

    >>> print(round(compute_cost(np.array([[0.8, 0.9, 0.4]]), np.array([[1, 1, 1]])), 6))
    0.414932
    >>> A = np.array([[0.5, 0.2], [0.25, 0.4], [0.25, 0.4]])
    >>> print(compute_cost(A, np.array([[1, 0], [0, 1], [0, 0]]), "softmax").round(6))  # (log 2 + log 2.5) / 2
    0.804719
    """
    if activation is None:
        if getattr(AL, "ndim", 0) == 2 and AL.shape[0] > 1:
            raise ValueError(
                f"compute_cost: AL is {AL.shape}, several units; say activation='softmax' for one class out of "
                f"{AL.shape[0]}, or activation='sigmoid' for {AL.shape[0]} separate yes-or-no answers"
            )
        activation = "sigmoid"
    require_labels("compute_cost", AL, Y, activation)
    Y = Y.astype(AL.dtype)  # integer labels would turn float32 into float64
    m = AL.shape[1]
    if activation == "softmax":
        if not np.all((AL > 0) & (AL <= 1) | (AL == 0) & (Y == 0)):
            raise ValueError(_outside(AL, "softmax"))
        losses = -(Y * np.log(np.where(Y == 0, 1, AL)))  # a class that Y rules out costs nothing, even at AL = 0
    else:
        if not np.all((AL > 0) & (AL < 1)):
            raise ValueError(_outside(AL, "sigmoid"))
        losses = -(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))
    cost: np.floating = np.sum(losses) / m  # losses: (n_L, m)
    return cost


def _outside(AL: np.ndarray, activation: str) -> str:
    """Why log(AL) has no value, and what to do about it."""
    if np.isnan(AL).any():
        return "compute_cost: AL holds NaN; training has diverged, or X holds NaN: lower the learning rate, look at X"
    return (
        f"compute_cost: AL reaches from {float(AL.min()):g} to {float(AL.max()):g}, where the logarithm has no value; "
        f"AL must be the output of a {activation}, and if it is, it is saturated: use float64 or a lower learning rate"
    )

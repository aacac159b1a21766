"""From the cost back to every parameter, by hand: the four equations, and the step downhill.  NumPy only.

    dZ      = dA * g'(Z)
    dW      = 1/m dZ A_prev.T
    db      = 1/m sum(dZ)
    dA_prev = W.T dZ

Everything is computed from what is handed in, and nothing is computed anew that a cache already holds: a cache
in which Z is not W A_prev + b, or A_prev not g of the layer before, is used as it is.
"""

import numpy as np

from .activations import sigmoid, softmax
from .checks import default_activations, require_labels, require_matrix, require_parts, require_same_shape
from .forward import Cache, LinearCache

__all__ = [
    "L_model_backward",
    "linear_activation_backward",
    "linear_backward",
    "relu_backward",
    "sigmoid_backward",
    "softmax_backward",
    "tanh_backward",
    "update_parameters",
]


def relu_backward(dA: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """dZ = dA * g'(Z), g'(Z) = 1 where Z > 0, else 0 (also at Z = 0).

    dA, Z: (n_l, m).  Returns dZ: (n_l, m).  Raises ValueError if the shapes differ.

    >>> relu_backward(np.array([[1.0, 2.0, 3.0]]), np.array([[0.5, 0.0, 7.0]]))
    array([[1., 0., 3.]])
    """
    require_same_shape("relu_backward", "dA", dA, "Z", Z)
    dZ: np.ndarray = dA * (Z > 0)
    return dZ


def sigmoid_backward(dA: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """dZ = dA * g'(Z), g'(Z) = s (1 - s), s = 1 / (1 + exp(-Z)).

    dA, Z: (n_l, m).  Returns dZ: (n_l, m).  Raises ValueError if the shapes differ.

    >>> sigmoid_backward(np.array([[1.0, 4.0]]), np.array([[0.0, 0.0]]))
    array([[0.25, 1.  ]])
    """
    require_same_shape("sigmoid_backward", "dA", dA, "Z", Z)
    s = sigmoid(Z)
    dZ: np.ndarray = dA * s * (1 - s)
    return dZ


def tanh_backward(dA: np.ndarray, Z: np.ndarray | None = None, *, A: np.ndarray | None = None) -> np.ndarray:
    """dZ = dA * g'(Z), g'(Z) = 1 - A**2, A = tanh(Z).

    dA, Z, A: (n_l, m).  Give the one that your cache holds: Z, as the caches of the deep network do, or A=, as the
    cache of the course's two-layer network does, where `dZ1 = W2.T dZ2 * (1 - A1**2)` is written with A1.
    The one handed in is used as it is.  Returns dZ: (n_l, m).
    Raises ValueError if the shapes differ, TypeError if both Z and A are given, or neither.

    >>> tanh_backward(np.array([[1.0, 2.0]]), A=np.array([[0.5, 0.0]]))
    array([[0.75, 2.  ]])
    >>> print(tanh_backward(np.array([[1.0]]), np.array([[np.arctanh(0.5)]])).round(12))
    [[0.75]]
    """
    if A is None and Z is not None:
        require_same_shape("tanh_backward", "dA", dA, "Z", Z)
        A = np.tanh(Z)
    elif A is None or Z is not None:
        raise TypeError("tanh_backward: give either Z or A=, whichever your cache holds")
    require_same_shape("tanh_backward", "dA", dA, "A", A)
    dZ: np.ndarray = dA * (1 - A**2)
    return dZ


def softmax_backward(dA: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """dZ = A * (dA - sum(dA * A)) over the units, A = softmax(Z).

    Every unit of a softmax depends on every Z of its column: this is dA times the whole matrix of slopes,
    dA_i/dZ_j = A_i (1[i = j] - A_j).  With the cross-entropy's dA = -Y / A it is dZ = A - Y, which is what
    `L_model_backward` writes down at once.
    dA, Z: (n_l, m).  Returns dZ: (n_l, m).  Raises ValueError if the shapes differ.

    >>> A = np.array([[0.5], [0.25], [0.25]])
    >>> Y = np.array([[0.0], [1.0], [0.0]])
    >>> print(softmax_backward(-Y / A, np.log(A)).T)
    [[ 0.5  -0.75  0.25]]
    """
    require_same_shape("softmax_backward", "dA", dA, "Z", Z)
    A = softmax(Z)
    dZ: np.ndarray = A * (dA - np.sum(dA * A, axis=0, keepdims=True))
    return dZ


def _identity_backward(dA: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """dZ = dA: A = Z has slope 1."""
    require_same_shape("linear_activation_backward", "dA", dA, "Z", Z)
    return dA


activation_backward = {
    "linear": _identity_backward,
    "relu": relu_backward,
    "sigmoid": sigmoid_backward,
    "softmax": softmax_backward,
    "tanh": tanh_backward,
}


def linear_backward(dZ: np.ndarray, cache: LinearCache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dW = 1/m dZ A_prev.T,  db = 1/m sum(dZ),  dA_prev = W.T dZ.

    dZ: (n_l, m).  cache: (A_prev, W, b), A_prev (n_prev, m), W (n_l, n_prev).
    Returns dA_prev: (n_prev, m), dW: (n_l, n_prev), db: (n_l, 1).
    Raises ValueError if the shapes do not fit, or for m = 0.

    >>> A_prev, W, b = np.array([[1.0, 3.0]]), np.array([[2.0]]), np.array([[0.0]])
    >>> dA_prev, dW, db = linear_backward(np.array([[1.0, -1.0]]), (A_prev, W, b))
    >>> dA_prev, dW, db
    (array([[ 2., -2.]]), array([[-1.]]), array([[0.]]))
    """
    require_parts("linear_backward", "cache", cache, "(A_prev, W, b)", "linear_forward")
    A_prev, W, _ = cache
    require_matrix("linear_backward", "dZ", dZ)
    require_matrix("linear_backward", "A_prev", A_prev)
    require_matrix("linear_backward", "W", W)
    m = A_prev.shape[1]
    if dZ.shape != (W.shape[0], m) or W.shape[1] != A_prev.shape[0]:
        raise ValueError(
            f"linear_backward: dZ is {dZ.shape}, W is {W.shape}, A_prev is {A_prev.shape}; "
            f"they must be (n_l, m), (n_l, n_prev), (n_prev, m)"
        )
    if m == 0:
        raise ValueError(f"linear_backward: A_prev is {A_prev.shape}; there is no example to average over")
    dW = dZ @ A_prev.T / m  # (n_l, n_prev)
    db = np.sum(dZ, axis=1, keepdims=True) / m  # (n_l, 1)
    dA_prev = W.T @ dZ  # (n_prev, m)
    return dA_prev, dW, db


def linear_activation_backward(
    dA: np.ndarray, cache: Cache, activation: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dZ = dA * g'(Z), then the three equations of `linear_backward`.

    dA: (n_l, m).  cache: ((A_prev, W, b), Z), as `linear_activation_forward` returns it.
    activation, the name of g: "relu", "sigmoid", "tanh", "softmax" or "linear"; g' is taken at the cached Z.
    Returns dA_prev: (n_prev, m), dW: (n_l, n_prev), db: (n_l, 1).
    Raises ValueError if the shapes do not fit or the name is unknown.

    >>> cache = (np.array([[1.0, 3.0]]), np.array([[2.0]]), np.array([[0.0]])), np.array([[2.0, -6.0]])
    >>> linear_activation_backward(np.array([[1.0, 1.0]]), cache, "relu")
    (array([[2., 0.]]), array([[0.5]]), array([[0.5]]))
    """
    default_activations("linear_activation_backward", 1, [activation], tuple(activation_backward))
    require_parts("linear_activation_backward", "cache", cache, "(linear_cache, Z)", "linear_activation_forward")
    linear_cache, Z = cache
    dZ = activation_backward[activation](dA, Z)
    return linear_backward(dZ, linear_cache)


def L_model_backward(
    AL: np.ndarray, Y: np.ndarray, caches: list[Cache], activations: list[str] | tuple[str, ...] | None = None
) -> dict[str, np.ndarray]:
    """dA_L, then for l = L ... 1: dZ_l = dA_l * g_l'(Z_l), dW_l, db_l and dA_(l-1).

    AL, Y: (n_L, m).  caches: one ((A_prev, W, b), Z) per layer, as `L_model_forward` returns them.
    activations: L names, as for `L_model_forward`.  The last one chooses the loss:
        "sigmoid"  dAL = -(Y / AL) + (1 - Y) / (1 - AL), dZL = dAL * g'(ZL)   binary cross-entropy, the default
        "softmax"  dZL = AL - Y                                               categorical cross-entropy
    Returns {"dAL", "dZL", "dWL", "dbL", ..., "dA1", "dZ1", "dW1", "db1", "dA0"} with the number in place of L:
    dA and dZ (n_l, m), dW (n_l, n_prev), db (n_l, 1).  A softmax net has no "dAL": its way back starts at dZL.
    `1/m` is in dW and db only, so dA and dZ are m times the gradient of the cost.
    Raises ValueError if the shapes do not fit, for another last activation, and for a sigmoid's AL of exactly 0
    or 1, where dAL is 0/0.

    >>> from tinygrad_edu.manual import L_model_forward
    >>> parameters = {"W1": np.array([[2.0, -1.0]]), "b1": np.array([[0.0]])}
    >>> X, Y = np.array([[1.0, 1.0], [2.0, 2.0]]), np.array([[1, 0]])
    >>> AL, caches = L_model_forward(X, parameters)
    >>> grads = L_model_backward(AL, Y, caches)
    >>> list(grads)
    ['dA1', 'dZ1', 'dW1', 'db1', 'dA0']
    >>> AL, grads["dZ1"]  # dZ = A - Y
    (array([[0.5, 0.5]]), array([[-0.5,  0.5]]))
    """
    L = len(caches)
    if L == 0:
        raise ValueError("L_model_backward: caches is empty; hand in the caches that L_model_forward returns")
    names = default_activations("L_model_backward", L, activations, tuple(activation_backward))
    require_labels("L_model_backward", AL, Y, names[-1])
    for l, cache in enumerate(caches, start=1):
        require_parts("L_model_backward", f"caches[{l - 1}]", cache, "(linear_cache, Z)", "linear_activation_forward")
    Y = Y.astype(AL.dtype)  # integer labels would turn float32 into float64

    grads = {}
    if names[-1] == "softmax":
        dZ = AL - Y
    else:
        if np.any((AL == 0) | (AL == 1)):
            raise ValueError(
                "L_model_backward: AL is exactly 0 or 1 somewhere, so -(Y / AL) + (1 - Y) / (1 - AL) divides by zero; "
                "the sigmoid is saturated: use float64 or a lower learning rate"
            )
        dA = grads[f"dA{L}"] = -(Y / AL) + (1 - Y) / (1 - AL)
        dZ = sigmoid_backward(dA, caches[L - 1][1])
    for l in range(L, 0, -1):
        linear_cache, Z = caches[l - 1]
        if l < L:
            dZ = activation_backward[names[l - 1]](grads[f"dA{l}"], Z)
        grads[f"dZ{l}"] = dZ
        dA_prev, grads[f"dW{l}"], grads[f"db{l}"] = linear_backward(dZ, linear_cache)
        grads[f"dA{l - 1}"] = dA_prev
    return grads


def update_parameters(
    parameters: dict[str, np.ndarray], grads: dict[str, np.ndarray], learning_rate: float
) -> dict[str, np.ndarray]:
    """W = W - learning_rate dW,  b = b - learning_rate db, for each layer.

    parameters: {"W1", "b1", ...}.  grads: {"dW1", "db1", ...}; what else it holds (dA, dZ) is left aside.
    Returns a new dict with new arrays; the one handed in is left as it is.
    Raises ValueError if a gradient is missing or has not the shape of its parameter.

    >>> parameters = {"W1": np.array([[1.0, 2.0]]), "b1": np.array([[0.0]])}
    >>> grads = {"dW1": np.array([[1.0, -1.0]]), "db1": np.array([[4.0]])}
    >>> update_parameters(parameters, grads, learning_rate=0.5)
    {'W1': array([[0.5, 2.5]]), 'b1': array([[-2.]])}
    """
    learning_rate = float(learning_rate)  # a NumPy float64 would turn float32 parameters into float64
    updated = {}
    for name, p in parameters.items():
        if f"d{name}" not in grads:
            raise ValueError(
                f"update_parameters: grads has no d{name}, the gradient for {name}; "
                f"it holds {', '.join(grads) or 'nothing'}"
            )
        dp = grads[f"d{name}"]
        if np.shape(dp) != np.shape(p):
            raise ValueError(
                f"update_parameters: d{name} is {np.shape(dp)}, {name} is {np.shape(p)}; "
                f"a gradient has the shape of its parameter"
            )
        updated[name] = p - learning_rate * dp
    return updated

"""The error messages of the hand-written equations: each names the function, the operand and the cure.

NumPy broadcasts (1, m) * (m, 1) to (m, m) and (n,) to (n, n) without a word, which is how most mistakes in
hand-written backprop stay hidden.  So every shape is looked at before it is used.
"""

import numpy as np

__all__ = ["default_activations", "require_labels", "require_matrix", "require_parts", "require_same_shape"]


def require_matrix(function: str, name: str, value: np.ndarray) -> None:
    """The promise: `value` is an array with two axes.  Raises TypeError or ValueError otherwise.

    >>> require_matrix("linear_forward", "b", np.zeros(3))
    Traceback (most recent call last):
    ValueError: linear_forward: b has shape (3,), but needs two axes; write b.reshape(-1, 1) for a column
    """
    if not hasattr(value, "ndim"):
        raise TypeError(
            f"{function}: {name} is a {type(value).__name__}, not an array; write np.array({name}, dtype=float)"
        )
    if value.ndim != 2:
        raise ValueError(
            f"{function}: {name} has shape {value.shape}, but needs two axes; "
            f"write {name}.reshape({'-1, 1' if name == 'b' else '1, -1'}) for a {'column' if name == 'b' else 'row'}"
        )


def require_same_shape(function: str, name: str, value: np.ndarray, like_name: str, like: np.ndarray) -> None:
    """The promise: `value` has the shape of `like`, so that nothing broadcasts.  Raises ValueError otherwise.

    >>> require_same_shape("relu_backward", "dA", np.zeros((1, 3)), "Z", np.zeros((2, 3)))
    Traceback (most recent call last):
    ValueError: relu_backward: dA is (1, 3), Z is (2, 3); they must have the same shape, (n_l, m)
    """
    for operand_name, operand in ((name, value), (like_name, like)):
        if not hasattr(operand, "shape"):
            raise TypeError(
                f"{function}: {operand_name} is a {type(operand).__name__}, not an array; "
                f"write np.array({operand_name}, dtype=float)"
            )
    if value.shape != like.shape:
        raise ValueError(
            f"{function}: {name} is {value.shape}, {like_name} is {like.shape}; they must have the same shape, (n_l, m)"
        )


def require_parts(function: str, name: str, value: object, parts: str, maker: str) -> None:
    """The promise: the cache `value` has as many parts as `parts` names.  Raises ValueError otherwise.

    >>> require_parts("linear_backward", "cache", (1, 2), "(A_prev, W, b)", "linear_forward")
    Traceback (most recent call last):
    ValueError: linear_backward: cache must be (A_prev, W, b), as linear_forward returns it; this one has 2 parts
    """
    if not isinstance(value, tuple | list):
        found = f"is a {type(value).__name__}"
    elif len(value) != parts.count(",") + 1:
        found = f"has {len(value)} parts"
    else:
        return
    raise ValueError(f"{function}: {name} must be {parts}, as {maker} returns it; this one {found}")


def require_labels(function: str, AL: np.ndarray, Y: np.ndarray, activation: str) -> None:
    """The promise: Y fits AL, and the output `activation` has a cost.  Raises TypeError or ValueError otherwise.

    AL, Y: (n_L, m), m > 0.  For "softmax" n_L > 1, and each column of Y sums to 1 (one-hot, or probabilities).

    >>> require_labels("compute_cost", np.full((1, 3), 0.5), np.array([1, 0, 1]), "sigmoid")
    Traceback (most recent call last):
    ValueError: compute_cost: Y has shape (3,), but needs two axes; write Y.reshape(1, -1) for a row
    """
    require_matrix(function, "AL", AL)
    if activation == "softmax" and getattr(Y, "ndim", 2) == 1:
        raise ValueError(
            f"{function}: Y is {Y.shape}, AL is {AL.shape}; a softmax needs one column of Y per example, "
            f"with a 1 in the row of its class: write np.eye({AL.shape[0]})[:, Y]"
        )
    require_matrix(function, "Y", Y)
    if AL.shape != Y.shape:
        cure = "; write Y.T" if AL.shape == Y.shape[::-1] else ""
        raise ValueError(f"{function}: Y is {Y.shape}, AL is {AL.shape}; they must have the same shape, (n_L, m){cure}")
    if AL.shape[1] == 0:
        raise ValueError(f"{function}: AL is {AL.shape}; there is no example to average over")
    if activation == "softmax":
        if AL.shape[0] == 1:
            raise ValueError(
                f"{function}: softmax over one unit is always 1; use 'sigmoid', or give AL a row per class"
            )
        sums = Y.sum(axis=0)
        if not (abs(sums - 1) < 1e-3).all():
            raise ValueError(
                f"{function}: the columns of Y must sum to 1 for a softmax, "
                f"but one sums to {float(sums[abs(sums - 1).argmax()]):g}; make Y one-hot"
            )
    elif activation != "sigmoid":
        raise ValueError(
            f"{function}: there is no cost for an output layer with activation {activation!r}; "
            f"use 'sigmoid' (binary cross-entropy) or 'softmax' (categorical cross-entropy)"
        )


def default_activations(
    function: str, L: int, activations: list[str] | tuple[str, ...] | None, known: tuple[str, ...]
) -> list[str]:
    """The names g of the L layers: as given, or ReLU for the hidden layers and sigmoid for the last.

    Raises ValueError for an unknown name or a wrong number of names.

    >>> default_activations("L_model_forward", 3, None, ("relu", "sigmoid"))
    ['relu', 'relu', 'sigmoid']
    """
    if activations is None:
        return ["relu"] * (L - 1) + ["sigmoid"]
    if np.ndim(activations) != 1 or len(activations) != L:
        raise ValueError(
            f"{function}: activations must be {L} names, one per layer, got {activations!r}; "
            f"the default is {['relu'] * (L - 1) + ['sigmoid']}"
        )
    for name in activations:
        if name not in known:
            raise ValueError(f"{function}: unknown activation {name!r}; choose from {', '.join(known)}")
    return list(activations)

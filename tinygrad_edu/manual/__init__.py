"""The layer equations, written by hand: the reference that the engine is proven against.  An island.

Train a deep network with nothing but NumPy and the equations of the board:

    parameters = initialize_parameters_deep([64, 128, 64, 1], seed=1)
    for step in range(1000):
        AL, caches = L_model_forward(X, parameters)                       # Z = W A_prev + b,  A = g(Z)
        cost = compute_cost(AL, Y)
        grads = L_model_backward(AL, Y, caches)                           # the four equations below
        parameters = update_parameters(parameters, grads, learning_rate=0.1)

    dZ      = dA * g'(Z)          (n_l, m)
    dW      = 1/m dZ A_prev.T     (n_l, n_prev)
    db      = 1/m sum(dZ)         (n_l, 1)
    dA_prev = W.T dZ              (n_prev, m)

Columns are examples, m of them.  `1/m` stands in dW and db only: dW and db are the gradients of the cost
J = 1/m sum(L), while dA and dZ belong to the losses L of the single examples, so they are m times the
gradient of J.  Caches are used exactly as they are handed in, even when A is not g(Z) in them.
float32 in gives float32 out.

These files import NumPy and nothing else, nothing of the engine: the folder can be copied out and read alone.
Reading order: `forward`, `backward`; `activations` holds g, `checks` the error messages.
Names and equations: A. Ng, Deep Learning Specialization, course 1, week 4.
"""

from .backward import (
    L_model_backward,
    linear_activation_backward,
    linear_backward,
    relu_backward,
    sigmoid_backward,
    softmax_backward,
    tanh_backward,
    update_parameters,
)
from .forward import (
    L_model_forward,
    compute_cost,
    initialize_parameters_deep,
    linear_activation_forward,
    linear_forward,
)

__all__ = [
    "L_model_backward",
    "L_model_forward",
    "compute_cost",
    "initialize_parameters_deep",
    "linear_activation_backward",
    "linear_activation_forward",
    "linear_backward",
    "linear_forward",
    "relu_backward",
    "sigmoid_backward",
    "softmax_backward",
    "tanh_backward",
    "update_parameters",
]

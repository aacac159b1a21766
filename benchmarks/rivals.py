"""The same training step in other libraries, each the way its own users write it.  All are optional.

A maker takes (X, Y, W, b, lr) and returns (step, parameters): `step()` moves the parameters once and returns
the cost, `parameters()` gives them as NumPy arrays, [W1, ..., b1, ...] in the course's shapes.
"""

import importlib
import importlib.util
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

__all__ = ["RIVALS", "installed"]

Made = tuple[Callable[[], Any], Callable[[], list[np.ndarray]]]


def autograd_step(X: Any, Y: Any, W: list[Any], b: list[Any], lr: float) -> Made:
    """HIPS autograd: gradients of a NumPy function, updates by hand."""
    autograd, anp = importlib.import_module("autograd"), importlib.import_module("autograd.numpy")
    L, m = len(W), X.shape[1]

    def cost(parameters: list[Any]) -> Any:
        A = X
        for l in range(L):
            Z = anp.dot(parameters[l], A) + parameters[L + l]
            A = anp.maximum(Z, 0)
        return anp.sum(anp.logaddexp(0, Z) - Y * Z) / m

    parameters = [*W, *b]
    value_and_grad = autograd.value_and_grad(cost)

    def step() -> Any:
        J, gradients = value_and_grad(parameters)
        for p, dp in zip(parameters, gradients, strict=True):
            p -= lr * dp
        return J

    return step, lambda: parameters


def mygrad_step(X: Any, Y: Any, W: list[Any], b: list[Any], lr: float) -> Made:
    """MyGrad: tensors with a .grad, updates by hand."""
    mg = importlib.import_module("mygrad")
    L = len(W)
    parameters = [mg.tensor(p) for p in (*W, *b)]

    def step() -> Any:
        A = X
        for l in range(L):
            Z = parameters[l] @ A + parameters[L + l]
            A = mg.maximum(Z, 0)
        J = mg.mean(mg.logaddexp(0, Z) - Y * Z)
        J.backward()
        for p in parameters:
            p.data -= lr * p.grad
            p.null_grad()
        return J.item()

    return step, lambda: [p.data for p in parameters]


def torch_step(X: Any, Y: Any, W: list[Any], b: list[Any], lr: float, compiled: bool = False) -> Made:
    """PyTorch, eager or by torch.compile: nn.Sequential, where rows are examples, and optim.SGD."""
    torch = importlib.import_module("torch")
    layers = []
    for weight, bias in zip(W, b, strict=True):
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight))
            linear.bias.copy_(torch.from_numpy(bias[:, 0]))
        layers += [linear, torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    loss = torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr)
    rows, targets = (torch.from_numpy(np.ascontiguousarray(x.T)) for x in (X, Y))

    def cost(rows: Any, targets: Any) -> Any:
        return loss(net(rows), targets)

    if compiled:
        cost = torch.compile(cost)

    def step() -> Any:
        J = cost(rows, targets)
        optimizer.zero_grad()
        J.backward()
        optimizer.step()
        return J.item()

    def parameters() -> list[np.ndarray]:
        linears = list(net)[::2]
        return [x.weight.detach().numpy() for x in linears] + [x.bias.detach().numpy()[:, None] for x in linears]

    return step, parameters


def jax_step(X: Any, Y: Any, W: list[Any], b: list[Any], lr: float) -> Made:
    """JAX: the whole step compiled by jit, the old parameters' memory handed back to it."""
    jax, jnp = importlib.import_module("jax"), importlib.import_module("jax.numpy")
    L = len(W)

    def cost(parameters: list[Any], X: Any, Y: Any) -> Any:
        A = X
        for l in range(L):
            Z = parameters[l] @ A + parameters[L + l]
            A = jax.nn.relu(Z)
        return jnp.mean(jax.nn.softplus(Z) - Y * Z)

    def update(parameters: list[Any], X: Any, Y: Any) -> Any:
        J, gradients = jax.value_and_grad(cost)(parameters, X, Y)
        return J, jax.tree.map(lambda p, dp: p - lr * dp, parameters, gradients)

    compiled = jax.jit(update, donate_argnums=0)
    on_device = [jnp.asarray(X), jnp.asarray(Y)]
    state = [[jnp.asarray(p) for p in (*W, *b)]]

    def step() -> Any:
        J, state[0] = compiled(state[0], *on_device)
        jax.block_until_ready(state[0])
        return float(J)

    return step, lambda: [np.asarray(p) for p in state[0]]


RIVALS: dict[str, tuple[str, Callable[..., Made]]] = {
    "autograd": ("autograd", autograd_step),
    "mygrad": ("mygrad", mygrad_step),
    "torch, eager": ("torch", torch_step),
    "torch.compile": ("torch", partial(torch_step, compiled=True)),
    "jax.jit": ("jax", jax_step),
}


def installed() -> dict[str, Callable[..., Made]]:
    """{name: maker} of those that can be imported here."""
    return {name: make for name, (module, make) in RIVALS.items() if importlib.util.find_spec(module)}

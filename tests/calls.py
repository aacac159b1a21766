"""Any call of NumPy's functions, tried as samples are: for those that take lists, give several results, or lack a rule.

assert_differentiates(lambda a, b: np.block([[a, b], [b, a]]), normal(2, 2), normal(2, 2))

And what the tests of the transforms share: leaves, their gradients, functions to differentiate.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from oracles import assert_close, assert_records, finite_difference, random_like, replaced

import tinygrad_edu as tg
from tinygrad_edu.tracing import inputs_first

#: Functions of one array, for NumPy and for autograd's NumPy.
SIMPLE = {
    "to a number": lambda xp, x: xp.sum(xp.sin(x) * x),
    "to the same shape": lambda xp, x: xp.exp(-x) * x,
    "to fewer entries": lambda xp, x: xp.sum(x * x, axis=0) / x[0],
    "the argument": lambda xp, x: x,
}


def leaf(data: Any, name: str | None = None) -> tg.Tensor:
    """A Tensor with an array of its own, that requires a gradient."""
    return tg.Tensor(np.array(data), requires_grad=True, name=name)


def parameter(*values: float, name: str | None = None) -> tg.Tensor:
    """The leaf with these entries."""
    return leaf(values, name)


def drawn(draw: Callable[..., Any], *shape: int) -> tg.Tensor:
    """The leaf of this shape with the entries that are drawn; `tensor = partial(drawn, normal)`."""
    return leaf(draw(*shape))


def named(end: tg.Tensor) -> dict[str, tg.Tensor]:
    """{name: tensor} of everything that the end was made from."""
    return {t.name: t for t in inputs_first(end) if t.name}


def run_module(source: str, values: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """(J, gradients) of a module that `Derivation.source` wrote, for the arguments by their names."""
    module: dict[str, Any] = {}
    exec(compile(source, "source", "exec"), module)
    code = module["forward"].__code__
    J, cache = module["forward"](*(values[name] for name in code.co_varnames[: code.co_argcount]))
    return J, module["backward"](cache)


def is_plain(x: Any) -> bool:
    """An array or a number of NumPy's, not a Tensor."""
    return isinstance(x, np.ndarray | np.generic)


def gradients(cost: tg.Tensor, *tensors: tg.Tensor, **options: Any) -> list[Any]:
    """The gradients that backward() leaves, as arrays; None where it leaves none."""
    for t in tensors:
        t.grad = None
    cost.backward(**options)
    return [None if t.grad is None else t.grad.data for t in tensors]


def gradients_of(f: Callable[..., Any], inputs: Sequence[Any], dz: Any, create_graph: bool = False) -> list[Any]:
    """The gradients of sum(dz * f(inputs)) with respect to all inputs, by the engine; 0 where it says there is none."""
    xs = [tg.Tensor(x, requires_grad=True) for x in inputs]
    f(*xs).backward(dz, create_graph=create_graph)
    return [np.zeros_like(x.data) if x.grad is None else x.grad.data for x in xs]


def assert_differentiates(f: Callable[..., Any], *inputs: Any) -> None:
    """f of Tensors is f of arrays, in float32 too, and has the first and second derivatives of difference quotients."""
    for dtype in (np.float32, np.float64):
        cast = [x.astype(np.result_type(dtype, np.complex64) if x.dtype.kind == "c" else dtype) for x in inputs]
        assert_records(f(*(tg.Tensor(x, requires_grad=True) for x in cast)), np.asarray(f(*cast)))
    z = np.asarray(f(*inputs))
    dz = random_like(z, 1)
    first = gradients_of(f, inputs, dz)
    for i, (x, dx) in enumerate(zip(inputs, first)):
        expected = finite_difference(lambda x, i=i: np.sum(dz * f(*replaced(inputs, i, x))), x)
        assert_close(dx, expected, 1e-8)
    for dx, on_tensors in zip(first, gradients_of(f, inputs, dz, create_graph=True)):
        assert_close(on_tensors, dx, 1e-14)
    _assert_second_derivatives(f, inputs, dz)


def _assert_second_derivatives(f: Callable[..., Any], inputs: Sequence[Any], dz: Any) -> None:
    """Those of sum(dz * f(inputs)^2), by inputs and by dz, in the direction u."""
    u = [random_like(x, 2 + i) for i, x in enumerate(inputs)]
    xs = [tg.Tensor(x, requires_grad=True) for x in inputs]
    seed = tg.Tensor(dz, requires_grad=True)

    def squared(*xs: Any) -> Any:
        z = f(*xs)
        return z * z

    np.real((squared(*xs) * seed).sum()).backward(create_graph=True)
    total = np.real(sum((v * x.grad).sum() for v, x in zip(u, xs) if x.grad is not None))
    for x in (*xs, seed):
        x.grad = None
    total.backward()

    def slope(inputs: Sequence[Any], dz: Any) -> Any:
        return sum(np.sum(v * dx) for v, dx in zip(u, gradients_of(squared, inputs, dz)))

    for i, x in enumerate(xs):
        expected = finite_difference(lambda x, i=i: slope(replaced(inputs, i, x), dz), inputs[i])
        assert_close(np.zeros_like(expected) if x.grad is None else x.grad.data, expected, 1e-8)
    assert_close(seed.grad.data, finite_difference(lambda dz: slope(inputs, dz), dz), 1e-8)

"""Functions in, derivative functions out.  Floor 5.

    grad(np.sin)(0.0)                      # 1.0
    grad(grad(lambda x: x**3))(2.0)        # 12.0

No tracer levels are needed.  The argument is wrapped in a fresh node, and only what depends on that node is
walked; whatever else the result depends on (a captured parameter, the argument of an outer `grad`) stays
in the graph.  So the result is an array only if nothing it depends on still requires a gradient.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .backprop import backpropagate
from .errors import DTypeError, GradientError, ShapeError
from .modes import recording
from .primitives import clock
from .rules.elementwise import positive
from .tensor import Tensor, record

__all__ = ["grad", "value_and_grad"]


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function x -> df/dx for a function f that returns one number.

    argnums: which positional argument to differentiate by; several give a tuple.  An argument may be an
    array, a Tensor, or nested dicts, lists and tuples of them; the gradient has the same structure.
    f is called with Tensors.  Arrays in, arrays out, unless the result still depends on a Tensor that requires a
    gradient (a captured parameter); then it is a Tensor.  Tensors that require one in, Tensors out.
    Touches no `.grad`.  Raises DTypeError for integers, ShapeError if f returns several numbers, GradientError if it
    returns no Tensor.  Where the result does not depend on the argument, the gradient is 0.

    >>> float(grad(lambda x: x * grad(lambda y: x * y)(1.0))(2.0))
    4.0
    """
    both = value_and_grad(f, argnums)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return _named(gradient, "grad", f)


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function x -> (f(x), df/dx), for the price of one `grad`.

    >>> value, slope = value_and_grad(lambda x: x**2)(3.0)
    >>> float(value), float(slope)
    (9.0, 6.0)
    """
    several = not isinstance(argnums, int)
    chosen: tuple[int, ...] = tuple(argnums) if not isinstance(argnums, int) else (argnums,)

    def both(*args: Any, **kwargs: Any) -> Any:
        for i in chosen:
            if not -len(args) <= i < len(args):
                raise GradientError(f"grad(argnums={i}) needs positional argument number {i}; got {len(args)}.")
        fresh: list[Tensor] = []
        higher = recording.get()  # inside no_grad() the derivative is a constant
        clock[0] += 1  # steps recorded before now cannot depend on the fresh nodes
        token = recording.set(True)
        try:
            traced = list(args)
            places = [i % len(args) for i in chosen]
            for i in dict.fromkeys(places):  # an argument named twice is still one argument
                traced[i] = _map(lambda x: _fresh(x, fresh), args[i])
            value = f(*traced, **kwargs)
            gradients = iter(_gradients(value, fresh, higher, getattr(f, "__name__", "f")))
        finally:
            recording.reset(token)
        found = {i: _map(lambda x: _like(x, next(gradients)), args[i]) for i in dict.fromkeys(places)}
        result = tuple(found[i] for i in places)
        value = _released(value, fresh)
        if any(x.op is not None for x in fresh):
            value = value if type(value) is Tensor else Tensor(value)
        for x in fresh:
            if x.op is None:
                x.requires_grad = False  # nobody will ask for it again: an outer walk need not compute it
        return value, result if several else result[0]

    return _named(both, "value_and_grad", f)


def _fresh(x: Any, fresh: list[Tensor]) -> Tensor:
    """A new node that stands for x: a leaf for an array, a step on top of a Tensor that requires a gradient."""
    if type(x) is Tensor and x.requires_grad:
        node = record(positive, (x,))
        node.retain_grad()
    else:
        node = Tensor(x)
        if node.dtype.kind != "f":
            raise DTypeError(f"grad: an argument is {node.dtype}; derivatives need floats: write 2.0 instead of 2.")
        node.requires_grad = True
    if type(x) is Tensor:
        node.name = x.name
    fresh.append(node)
    return node


def _gradients(value: Any, fresh: list[Tensor], higher: bool, name: str) -> list[Any]:
    if type(value) is not Tensor:
        raise GradientError(
            f"grad: {name} returned a {type(value).__name__}, which has no graph: return a Tensor computed from the "
            f"argument (float(), .item() and .data leave the graph; a constant c can be written 0 * x + c)."
        )
    if value.size != 1:
        raise ShapeError(
            f"grad: {name} returned shape {value.shape}; it must return one number: take .sum() or .mean()."
        )
    if not value.requires_grad:
        return [np.zeros(x.shape, x.dtype)[()] for x in fresh]
    depends, captured = _depending_on(fresh, value)
    if value not in depends:
        return [np.zeros(x.shape, x.dtype)[()] for x in fresh]
    seed, graph = np.ones(value.shape, value.dtype), captured and higher
    grads = backpropagate(value, Tensor(seed) if graph else seed, create_graph=graph, wanted=depends)
    result = [grads[x] if x in grads else np.zeros(x.shape, x.dtype) for x in fresh]
    return [_released(dx, fresh) for dx in result]


def _depending_on(fresh: list[Tensor], end: Tensor) -> tuple[set[Tensor], bool]:
    """(the tensors between the fresh nodes and the end, whether the end depends on anything else with a gradient).

    Looks only at what is younger than the fresh nodes, so an inner `grad` does not pay for the outer graph.
    """
    known = set(fresh)
    since = fresh[0].stamp if fresh else clock[0]  # no fresh node for an argument without arrays, such as {}
    users: dict[Tensor, list[Tensor]] = {}
    found, seen, captured = [end], {end}, False
    for t in found:
        captured = captured or (t.op is None and t not in known)
        for x in t.inputs:
            if type(x) is Tensor and x.requires_grad:
                if x.stamp < since:
                    captured = True
                    continue
                users.setdefault(x, []).append(t)
                if x not in seen:
                    seen.add(x)
                    found.append(x)
    between = list(fresh)
    for x in between:
        for t in users.get(x, ()):
            if t not in known:
                known.add(t)
                between.append(t)
    return known, captured


def _like(x: Any, dx: Any) -> Any:
    """dx as a Tensor where x is one that requires a gradient, so that a constant derivative has the derivative 0."""
    return Tensor(dx) if type(x) is Tensor and x.requires_grad and type(dx) is not Tensor else dx


def _released(x: Any, fresh: list[Tensor]) -> Any:
    """x as an array, if nothing it depends on but the fresh nodes requires a gradient; else x."""
    if type(x) is not Tensor:
        return np.array(x)[()]
    if x.requires_grad and recording.get() and _depending_on(fresh, x)[1]:
        return x
    return x.data.copy()[()]


def _map(f: Callable[[Any], Any], tree: Any) -> Any:
    """f at every leaf of nested dicts, lists and tuples."""
    if isinstance(tree, dict):
        return {key: _map(f, tree[key]) for key in tree}
    if isinstance(tree, list | tuple):
        return (
            type(tree)(*(_map(f, x) for x in tree))
            if hasattr(tree, "_fields")
            else type(tree)(_map(f, x) for x in tree)
        )
    return f(tree)


def _named(function: Callable[..., Any], transform: str, f: Callable[..., Any]) -> Callable[..., Any]:
    function.__name__ = f"{transform}({getattr(f, '__name__', 'f')})"
    function.__doc__ = f"{function.__name__}: made by tinygrad_edu.{transform}."
    return function

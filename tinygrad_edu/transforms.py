"""Functions in, derivative functions out.  Floor 5.

    grad(np.sin)(0.0)                      # 1.0
    grad(grad(lambda x: x**3))(2.0)        # 12.0

Arrays in, arrays out, unless the result still depends on a Tensor that requires a gradient (a captured parameter);
Tensors that require a gradient in, Tensors out.  All transforms nest in any order, and none touches a `.grad`.
`pullbacks.py` tells why that works; Jacobians and what is made of them are in `jacobians.py`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .errors import DTypeError, ShapeError
from .pullbacks import Trace, name_of, named, positions, seed_like
from .tensor import Tensor
from .trees import match_leaves, ravel, rebuild

__all__ = ["grad", "jvp", "value_and_grad", "vjp"]


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function x -> df/dx for a function f that returns one number.

    argnums: which positional argument to differentiate by; several give a tuple.  An argument may be an
    array, a Tensor, or nested dicts, lists and tuples of them; the gradient has the same structure (None where it
    has None).
    has_aux: f returns (value, aux), and the result is (gradient, aux); no gradient flows through aux.
    f is called with Tensors.  Arrays in, arrays out, unless the result still depends on a Tensor that requires a
    gradient (a captured parameter); then it is a Tensor.  Tensors that require one in, Tensors out.
    Touches no `.grad`.  Raises DTypeError for integers, ShapeError if f returns several numbers, GradientError if it
    returns no Tensor.  Where the result does not depend on the argument, the gradient is 0.

    >>> float(grad(lambda x: x * grad(lambda y: x * y)(1.0))(2.0))
    4.0
    """
    both = _value_and_gradient("grad", f, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, slope = both(*args, **kwargs)
        return (slope, value[1]) if has_aux else slope

    return named(gradient, "grad", f)


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The function x -> (f(x), df/dx), for the price of one `grad`; with has_aux, x -> ((f(x), aux), df/dx).

    argnums, has_aux and what raises: as for `grad`.

    >>> value, slope = value_and_grad(lambda x: x**2)(3.0)
    >>> float(value), float(slope)
    (9.0, 6.0)
    """
    return named(_value_and_gradient("value_and_grad", f, argnums, has_aux), "value_and_grad", f)


def _value_and_gradient(
    transform: str, f: Callable[..., Any], argnums: int | Sequence[int], has_aux: bool
) -> Callable[..., Any]:
    """What `grad` and `value_and_grad` share; transform: which of them errors name."""
    chosen, several = positions(argnums)

    def both(*args: Any, **kwargs: Any) -> Any:
        trace = Trace(transform, f, args, kwargs, chosen, has_aux=has_aux, single=True)
        end = trace.end
        if end.size != 1:
            raise ShapeError(
                f"{transform}: {name_of(f)} returned shape {end.shape}; it must return one number: take .sum() or "
                f".mean()."
            )
        if end.dtype.kind == "c":
            raise DTypeError(
                f"{transform}: {name_of(f)} returned a complex number; the gradient is that of a real one: take "
                f"np.real() or np.abs()."
            )
        slopes = trace.arranged(trace.pull(np.ones(end.shape, end.dtype)))
        value = trace.handed_out((trace.value, trace.aux) if has_aux else trace.value)
        trace.close()
        return value, slopes if several else slopes[0]

    return both


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """(value, pullback): f(*primals), and the map dz -> (dx, ...) from a gradient of the value to those of the primals.

    f runs once; the pullback may be called many times, and gives a tuple with one gradient per primal.  Primals, value
    and dz are arrays, Tensors, or nested dicts, lists and tuples of them.  has_aux: f returns (value, aux), and the
    result is (value, pullback, aux).  Raises ShapeError and DTypeError for a dz that is not like the value.

    >>> value, pullback = vjp(lambda a, b: a * b, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    >>> value
    array([3., 8.])
    >>> pullback(np.array([1.0, 10.0]))
    (array([ 3., 40.]), array([ 1., 20.]))
    """
    trace = Trace("vjp", f, primals, {}, range(len(primals)), has_aux=has_aux, name="primals")

    def pullback(dz: Any) -> tuple[Any, ...]:
        seed = trace.seed(dz, "the value", "vjp: dz")
        return trace.arranged(trace.pull(seed), tensors=type(seed) is Tensor)

    value, aux = trace.handed_out(trace.value), trace.handed_out(trace.aux)
    trace.seal()
    return (value, pullback, aux) if has_aux else (value, pullback)


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """(value, tangent): f(*primals), and its derivative when the primals move along the tangents.

    primals, tangents: tuples, with one entry per argument of f: arrays, Tensors, or nested dicts, lists and tuples of
    them.  The tangent is like the value.  Costs about as much as three gradients, however many entries the value has:
    the pullback is linear in its seed, and the jvp is that map's own pullback.
    Source: Townsend 2017, "A new trick for calculating Jacobian vector products".
    Raises ShapeError and DTypeError for tangents that are not like the primals.

    >>> value, tangent = jvp(lambda x: x**2, (np.array([1.0, 3.0]),), (np.array([1.0, 0.5]),))
    >>> value, tangent
    (array([1., 9.]), array([2., 3.]))
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple | list):
            raise DTypeError(
                f"jvp: {name} is a tuple with one entry per argument, such as (x,); not a {type(given).__name__}."
            )
    trace = Trace("jvp", f, primals, {}, range(len(primals)), name="primals")
    pairs = match_leaves(tuple(primals), tuple(tangents), "primals", "jvp: tangents")
    directions = [seed_like(x, v, name, v_name) for x, (_, v, name, v_name) in zip(trace.fresh, pairs)]
    moved = trace.push()(directions)
    parts = iter([moved] if len(trace.outputs) == 1 else ravel([z.data for z in trace.outputs])[1](moved))
    tensors = trace.tensors or any(type(v) is Tensor for v in directions)

    def out(z: Tensor) -> Any:
        dz = next(parts)
        return Tensor(dz) if tensors and type(dz) is not Tensor else dz

    value, tangent = trace.handed_out(trace.value), rebuild(out, trace.value)
    trace.close()
    return value, tangent

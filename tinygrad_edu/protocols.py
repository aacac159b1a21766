"""What NumPy may do with a Tensor when no rule was looked up at once: it computes, or it raises.  Floor 3.

NumPy asks its operands who should run a function (`__array_ufunc__`, `__array_function__`).  The Tensor answers
for the functions that have a rule; everything else comes here.  The promise: a gradient is never lost in silence.
"""

import inspect
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from .errors import MutationError, NoRuleError, TinygradEduError
from .modes import capturing, recording
from .primitives import numpy_functions, wider
from .rules import activation, special
from .trees import leaves, rebuild

__all__ = ["check_arguments", "function_without_rule", "in_place", "ufunc_without_rule", "wants_gradient"]

#: Their results are answers about values (yes, no, how many), so that no gradient is lost.
ANSWERS = {np.allclose, np.array_equal, np.array_equiv, np.count_nonzero, np.isclose, np.nonzero, np.result_type}
ANSWERS |= {np.diag_indices_from, np.isin, np.lexsort, np.tril_indices_from, np.triu_indices_from}
ANSWERS |= {np.iscomplexobj, np.isrealobj}
#: They write into their first argument.
WRITERS = {np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask}


#: The operations behind ufuncs of scipy.special, for those who have SciPy; its digamma is called psi.
SCIPY: dict[str, Callable[..., Any]] = {
    "erf": special.erf,
    "expit": activation.sigmoid,
    "gammaln": special.gammaln,
    "psi": partial(special.polygamma, order=0),
}


#: What does the work of a method of ufuncs.
INSTEAD = {
    "reduce": "use np.sum, np.prod, np.max or np.min",
    "accumulate": "use np.cumsum or np.cumprod",
    "outer": "use the plain call on a[:, None] and b",
}


def ufunc_without_rule(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: Mapping[str, Any], covered: bool
) -> Any:
    """Run a ufunc, or one of its methods, on the operands' data; `covered`: its plain call has a rule.

    Raises NoRuleError if an operand requires a gradient, MutationError if a Tensor would be written into.
    """
    scipy = sys.modules.get("scipy.special")  # never imported from here
    if ufunc.__name__ in SCIPY and method == "__call__" and not kwargs and getattr(scipy, ufunc.__name__) is ufunc:
        return SCIPY[ufunc.__name__](*inputs)
    home = "np" if getattr(np, ufunc.__name__, None) is ufunc else "the ufunc "
    name = f"{home}.{ufunc.__name__}".replace(" .", " ") + ("" if method == "__call__" else f".{method}")
    if any(map(_is_tensor, kwargs.get("out", ()))) or (method == "at" and _is_tensor(inputs[0])):
        raise MutationError(f"{name} would write into a Tensor; Tensors do not change: use {in_place('its result')}.")
    if wants_gradient((inputs, kwargs)):
        if "out" in kwargs:
            why = "a plain array cannot hold a gradient: write `a = a + t` in place of `a += t` or `out=a`"
        elif covered:
            what = ", ".join(f"{k}=" for k in kwargs) if method == "__call__" else f".{method}"
            instead = INSTEAD.get(method, "use the plain call")
            why = f"the gradient rule does not cover {what}: {instead}, or take `.data` if no gradient is wanted"
        else:
            why = "it has no gradient rule; use one that has, declare your own with tg.primitive, or take `.data`"
        raise NoRuleError(f"{name} on a Tensor that requires a gradient: {why}.")
    return _run(getattr(ufunc, method), inputs, kwargs)


def in_place(cure: str) -> str:
    """The cure; where a compiled function may have meant the array of its W.data, the one for that too."""
    if capturing() is None:
        return cure
    return f"{cure}; in a function that compile runs, W.data is a Tensor too: write `W.data = W.data - ...`"


def function_without_rule(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], constant: bool = False
) -> Any:
    """Run any other NumPy function on the data of its arguments; `constant`: no gradient can flow through it.

    Raises NoRuleError if one of them requires a gradient, MutationError if a Tensor would be written into.
    """
    name = f"{function.__module__.replace('numpy', 'np', 1)}.{function.__name__}"
    if _is_tensor(kwargs.get("out")) or (function in WRITERS and args and _is_tensor(args[0])):
        cure = in_place("`x.at[i].set(v)`")
        raise MutationError(f"{name} would write into a Tensor; Tensors do not change: use {cure}.")
    if not constant and function not in ANSWERS and wants_gradient((args, kwargs)):
        raise NoRuleError(
            f"{name} on a Tensor that requires a gradient: it has no gradient rule; use functions that have one, "
            f"declare your own with tg.primitive, or pass `.data` if no gradient is wanted."
        )
    return _run(function, args, kwargs)


def check_arguments(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], error: TypeError
) -> None:
    """Raise NoRuleError if a NumPy function's composition ended in this error because it takes no such arguments."""
    if not isinstance(error, TinygradEduError):  # which says more
        try:
            inspect.signature(wider.get(function, numpy_functions[function])).bind(*args, **kwargs)
        except TypeError as misfit:
            raise NoRuleError(
                f"{function.__name__}: {misfit}; no gradient rule covers the argument: leave it out, or call NumPy "
                f"on `.data` if no gradient is wanted."
            ) from error


def _run(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    capture = capturing()
    if capture is not None:
        capture.refuse(
            f"compile: {function.__name__} on a Tensor has no rule here, so its result would be repeated at every "
            f"call: use functions that have one (docs/numpy.md), declare it with tg.primitive, or call it outside."
        )
    tensor = type(next(x for x in leaves((args, kwargs)) if _is_tensor(x)))
    plain_args, plain_kwargs = rebuild(lambda x: x.data if _is_tensor(x) else x, (args, kwargs))
    result = function(*plain_args, **plain_kwargs)
    outs = [*kwargs.get("out", ())] if isinstance(kwargs.get("out"), tuple) else [kwargs.get("out")]
    if any(result is out for out in outs if out is not None):
        return result
    return rebuild(lambda x: tensor(x) if _is_numbers(x) else x, result)


def _is_tensor(x: Any) -> bool:
    return hasattr(x, "__tinygrad_record__")


def _is_numbers(x: Any) -> bool:
    return isinstance(x, np.ndarray | np.generic) and x.dtype != object


def wants_gradient(tree: Any) -> bool:
    """Whether any Tensor in nested arguments requires a gradient that is being recorded."""
    return recording.get() and any(_is_tensor(x) and x.requires_grad for x in leaves(tree))

"""A NumPy module with the forward and the backward pass, as a person would have written it.  Floor 6."""

import keyword
import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from ..errors import DomainError, NoRuleError
from ..primitives import Primitive, numpy_functions
from ..rules.activation import relu
from ..rules.contraction import contract
from ..rules.elementwise import astype
from ..rules.joining import concatenate, stack
from ..rules.linalg import multi_dot
from ..rules.shape import broadcast_to, reshape
from ..tensor import Tensor
from ..tracing import Step
from .copies import Copies
from .lines import Line, Root, lines
from .naming import Names, Size
from .notation import is_dtype, param_text, python, write_line

__all__ = ["module_text"]

MODULES = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft}

#: NumPy's functions take these operands in one list.
LISTED = {concatenate, stack, multi_dot}

#: How operations that are no function of NumPy's are written, from the step and its operands.
FORMS: dict[Primitive, Callable[[Step, list[str]], str]] = {
    relu: lambda step, args: f"np.maximum({args[0]}, 0)",
    astype: lambda step, args: f"np.asarray({args[0]}).astype({_source_param(step.params['dtype'])})",
    reshape: lambda step, args: f"np.reshape({args[0]}, {_source_param(step.params['shape'])})",
    contract: lambda step, args: f"np.einsum({step.params['subscripts']!r}, {', '.join(args)}{_optimized(step)})",
}


def module_text(
    steps: Sequence[Step],
    forward: Sequence[Root],
    gradients: Sequence[Root],
    names: Names,
    function_name: str,
) -> str:
    """The text of the module; see `Derivation.source`."""
    plain = isinstance(function_name, str) and function_name.isidentifier() and not keyword.iskeyword(function_name)
    if not plain or function_name in ("forward", "np", "cache"):
        raise DomainError(f"source({function_name!r}): this is no name for a function beside `forward`.")
    copies = Copies({*names.taken, *names.of.values(), "forward", function_name})
    dialect = python(partial(_called, copies), _source_number, _source_param)
    made = {step.out for step in steps}
    given = {x for x in names.of if x not in made}
    found = lines(steps, [*forward, *gradients], names, given)
    end = next(i for i, line in enumerate(found) if line.name == forward[-1][0]) + 1
    ahead, back = found[:end], found[end:]
    read = set(_read(found))
    taken = [x for x in names.of if x in given and x in read]
    computed = {line.end for line in ahead if type(line.end) is Tensor}
    cached = list(dict.fromkeys(x for x in _read(back) if x in computed or x in given))
    arguments = ", ".join(names.of[x] for x in taken)
    kept = ", ".join(names.of[x] for x in cached) + ("," if len(cached) == 1 else "")
    texts = {id(line): write_line(line, names, dialect) for line in found}
    for line in found:
        if type(line.end) is not Tensor:  # a number, in the gradient's shape and dtype
            shape, dtype = _source_param(line.tensor.shape), _source_param(line.tensor.dtype)
            texts[id(line)] = f"np.full({shape}, {texts[id(line)]}, {dtype})"

    def body(part: Iterable[Line]) -> list[str]:
        return [f"    {line.name} = {texts[id(line)]}  # {line.tensor.shape}" for line in part]

    J = forward[-1][0]
    results = ", ".join(f'"{name}": {name}' for name, _, _ in gradients)
    return "\n".join(
        [
            f'"""{J}, and its gradients."""',
            "",
            *copies.imports(),
            "",
            *copies.texts(),
            "",
            f"def forward({arguments}):",
            f'    """{J}, and what {function_name} needs."""',
            *_guard(taken, names),
            *_sizes(ahead),
            *body(ahead),
            f"    return {J}, ({kept})",
            "",
            "",
            f"def {function_name}(cache):",
            f'    """The gradients of {J}."""',
            *([f"    {kept} = cache"] if cached else []),
            *_sizes(back),
            *body(back),
            f"    return {{{results}}}",
            "",
        ]
    )


def _guard(taken: Sequence[Tensor], names: Names) -> list[str]:
    """Refuse other shapes: sizes such as m stand in the lines as numbers."""
    found = []
    for x, name in ((x, names.of[x]) for x in taken if x.ndim):
        found.append(f"    if {name}.shape != {x.shape}:")
        what = f"{name} is {{{name}.shape}}, written for {x.shape}: derive again with this shape"
        found.append(f'        raise ValueError(f"{what}")')
    return found


def _sizes(part: Iterable[Line]) -> list[str]:
    sizes = {x.name: x.value for line in part for step in line.steps for x in step.inputs if type(x) is Size}
    return [f"    {name} = {value}" for name, value in sizes.items()]


def _read(part: Iterable[Line]) -> Iterable[Tensor]:
    for line in part:
        if not line.steps and type(line.end) is Tensor:
            yield line.end
        for step in line.steps:
            yield from step.parents


def _called(copies: Copies, step: Step, args: list[str], keywords: list[str]) -> str:
    op = step.op
    if op in FORMS:
        return FORMS[op](step, args)
    if op is broadcast_to and not any(map(np.ndim, step.inputs)):
        return f"np.full({_source_param(step.out.shape)}, {args[0]}, {_source_param(step.out.dtype)})"
    function = _numpy_name(op)
    if function is None:
        return f"{copies.add(op)}({', '.join(args + keywords)})"
    listed = [f"[{', '.join(args)}]"] if op in LISTED else args
    return f"{function}({', '.join(listed + keywords)})"


@cache
def _numpy_name(op: Primitive) -> str | None:
    """How NumPy calls the operation: np.sum, np.linalg.inv; None if it has no such function."""
    for f in (op.forward, *(f for f, meant in numpy_functions.items() if meant is op)):
        for name, module in MODULES.items():
            if getattr(module, getattr(f, "__name__", ""), None) is f:
                return f"{name}.{f.__name__}"
    return None


def _optimized(step: Step) -> str:
    return f", optimize={_source_param(step.params['optimize'])}" if step.params["optimize"] else ""


def _source_number(x: Any) -> str:
    """A number as Python source."""
    if isinstance(x, np.longdouble | np.clongdouble):
        return f"np.{type(x).__name__}({str(x)!r})"
    if isinstance(x, np.generic):
        return f"np.{type(x).__name__}({_source_number(x.item())})"
    if isinstance(x, float) and not math.isfinite(x):
        return "np.nan" if math.isnan(x) else "np.inf" if x > 0 else "-np.inf"
    if x is None or isinstance(x, bool | int | float | complex | str):
        return repr(x)
    raise NoRuleError(f"a step with a {type(x).__name__} among its parameters cannot be written as NumPy source.")


def _source_param(x: Any) -> str:
    """A parameter's value as Python source."""
    return param_text(x, _source_value)


def _source_value(x: Any) -> str:
    if isinstance(x, dict):
        return f"{{{', '.join(f'{k!r}: {_source_param(v)}' for k, v in x.items())}}}"
    if is_dtype(x):
        return f"np.{np.dtype(x).name}"
    if isinstance(x, np.ndarray):
        filled = f"np.array({_source_param(x.tolist())}, {_source_param(x.dtype)})"
        return filled if x.size else f"np.zeros({_source_param(x.shape)}, {_source_param(x.dtype)})"
    return _source_number(x)

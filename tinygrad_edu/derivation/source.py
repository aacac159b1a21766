"""A NumPy module with the forward and the backward pass, as a person would have written it.  Floor 6."""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..primitives import Primitive, numpy_functions
from ..tensor import Tensor
from ..tracing import Step
from .borrowed import Borrowed
from .lines import Line, Root, lines
from .naming import Names
from .notation import python, write_line

__all__ = ["module_text"]

MODULES = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft}

#: NumPy's functions take these operands in one list.
LISTED = {"concatenate", "stack", "multi_dot"}

#: How operations that are no function of NumPy's are written; {0}, {1} are the operands.
FORMS: dict[str, Callable[[Step, list[str]], str]] = {
    "relu": lambda step, args: f"np.maximum({args[0]}, 0)",
    "astype": lambda step, args: f"np.asarray({args[0]}).astype({_source_param(step.params['dtype'])})",
    "reshape": lambda step, args: f"np.reshape({args[0]}, {_source_param(step.params['shape'])})",
    "contract": lambda step, args: f"np.einsum({step.params['subscripts']!r}, {', '.join(args)}{_optimized(step)})",
}


def module_text(
    steps: Sequence[Step],
    forward: Sequence[Root],
    gradients: Sequence[Root],
    names: Names,
    function_name: str,
) -> str:
    """The text of the module; see `Derivation.source`."""
    borrowed = Borrowed()
    dialect = python(partial(_called, borrowed), _source_number, _source_param)
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
    sizes = [f"    {name} = {size}" for size, name in names.sizes.items()]
    texts = {id(line): write_line(line, names, dialect) for line in found}

    def body(part: Iterable[Line]) -> list[str]:
        return [f"    {line.name} = {texts[id(line)]}  # {line.shape}" for line in part]

    used = [s for s in sizes if any(s.split()[0] in texts[id(line)] for line in back)]
    J = forward[-1][0]
    results = ", ".join(f'"{name}": {name}' for name, _, _ in gradients)
    return "\n".join(
        [
            f'"""{J}, and its gradients."""',
            "",
            *borrowed.imports(),
            "",
            *borrowed.texts(),
            "",
            f"def forward({arguments}):",
            f'    """{J}, and what {function_name} needs."""',
            *body(ahead),
            f"    return {J}, ({kept})",
            "",
            "",
            f"def {function_name}(cache):",
            f'    """The gradients of {J}."""',
            *([f"    {kept} = cache"] if cached else []),
            *used,
            *body(back),
            f"    return {{{results}}}",
            "",
        ]
    )


def _read(part: Iterable[Line]) -> Iterable[Tensor]:
    for line in part:
        if not line.steps and type(line.end) is Tensor:
            yield line.end
        for step in line.steps:
            yield from step.parents


def _called(borrowed: Borrowed, step: Step, args: list[str], keywords: list[str]) -> str:
    op = step.op
    if op.name in FORMS:
        return FORMS[op.name](step, args)
    if op.name == "broadcast_to" and not step.parents:
        return f"np.full({_source_param(step.out.shape)}, {args[0]}, {_source_param(step.out.dtype)})"
    function = _numpy_name(op)
    if function is None:
        return f"{borrowed.add(op)}({', '.join(args + keywords)})"
    listed = [f"[{', '.join(args)}]"] if op.name in LISTED else args
    return f"{function}({', '.join(listed + keywords)})"


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
    if isinstance(x, np.generic):
        text = _source_number(x.item())
        return text if type(x) in (np.float64, np.bool_, np.complex128) else f"np.{x.dtype.name}({text})"
    if isinstance(x, float) and not math.isfinite(x):
        return "np.nan" if math.isnan(x) else "np.inf" if x > 0 else "-np.inf"
    return repr(x)


def _source_param(x: Any) -> str:
    """A parameter's value as Python source."""
    if isinstance(x, tuple):
        return f"({', '.join(map(_source_param, x))}{',' if len(x) == 1 else ''})"
    if isinstance(x, list):
        return f"[{', '.join(map(_source_param, x))}]"
    if isinstance(x, dict):
        return f"{{{', '.join(f'{k!r}: {_source_param(v)}' for k, v in x.items())}}}"
    if isinstance(x, np.dtype) or (isinstance(x, type) and issubclass(x, np.generic)):
        return f"np.{np.dtype(x).name}"
    if isinstance(x, np.ndarray):
        filled = f"np.array({_source_param(x.tolist())}, {_source_param(x.dtype)})"
        return filled if x.size else f"np.zeros({_source_param(x.shape)}, {_source_param(x.dtype)})"
    if isinstance(x, slice):
        return f"slice({x.start}, {x.stop}, {x.step})"
    return _source_number(x)

"""Declare a differentiable operation: its forward function and one gradient rule per input.  Floor 1.

    tanh = primitive(np.tanh, dx=lambda dz, z, x: dz * (1 - z * z))

`dz` is the gradient of the end with respect to the output `z`; the keyword names the input the rule is
for (`dx` is the gradient for `x`).  A rule is a plain NumPy expression.  Fed with arrays it gives the
number, fed with Tensors it gives a graph, so second derivatives need no second table.

This file knows nothing of Tensors: a primitive finds out who records it by asking its operands for
`__tinygrad_record__`.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from .errors import DeclarationError, DTypeError, NoRuleError
from .explanations import explain
from .modes import capturing

__all__ = ["NO_PARAMS", "Primitive", "clock", "composition", "numpy_functions", "primitive", "registry", "wider"]

#: clock[0] ticks whenever some tensor's data is replaced; steps remember when they were recorded.
clock = [0]

#: Every primitive by its name.
registry: dict[str, "Primitive"] = {}

#: What runs when a NumPy function is called on a Tensor: a primitive, or a composition of them.
numpy_functions: dict[Callable[..., Any], Callable[..., Any]] = {}

#: What serves the arguments of a NumPy function that its primitive does not take, such as where= of np.sum.
wider: dict[Callable[..., Any], Callable[..., Any]] = {}

NO_PARAMS: Mapping[str, Any] = {}  # shared by every step without parameters; never written to

MUTABLE = {list, np.ndarray, tuple}  # a tuple may hold a list

Rule = Callable[..., Any]


class Primitive:
    """One operation: `forward` on arrays, and `rules`, one per input, for its gradient.

    name: as it stands in errors and pictures.  inputs: the names of the inputs, in order.
    rules: aligned with the inputs, None where an input has no rule; empty where the output is piecewise
    constant and no gradient can flow (comparisons).  defaults: the keyword parameters and their defaults.
    note: where it is defined and how it behaves at its edges, for the reference.
    """

    __slots__ = ("defaults", "forward", "inputs", "name", "note", "numpy_names", "required", "rules", "variadic")

    def __init__(
        self,
        forward: Callable[..., Any],
        name: str,
        rules: Mapping[str, Rule],
        numpy: Callable[..., Any],
        note: str = "",
    ):
        self.forward = forward
        self.name = name
        self.note = note
        self.defaults: Mapping[str, Any] = _keyword_defaults(forward)
        self.required = {key for key, value in self.defaults.items() if value is inspect.Parameter.empty}
        self.inputs, self.variadic = _input_names(name, forward, rules)
        for key, rule in rules.items():
            _check_rule(name, key, rule, self.inputs, self.variadic, set(self.defaults))
        self.rules: Any = tuple(rules.get("d" + x) for x in self.inputs) if rules else ()
        if self.variadic and rules:
            self.rules = _SameRule(rules["d" + self.inputs[0]])
        # NumPy 2.0 shows no signature of its C functions
        self.numpy_names = _positional_names(numpy) or dict.fromkeys((*self.inputs, *self.defaults))

    def __repr__(self) -> str:
        return f"<primitive {self.name}({', '.join(self.inputs)})>"

    def __deepcopy__(self, memo: Any) -> "Primitive":
        return self  # there is one of each, known by identity

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        """Run on arrays and give an array, or record on Tensors and give a Tensor."""
        if params and params.keys() & set(self.inputs):  # an input handed over by its name
            inputs += tuple(params.pop(x) for x in self.inputs[len(inputs) :] if x in params)
        for x in inputs:
            if type(x) is not np.ndarray and hasattr(x, "__tinygrad_record__"):  # asking an array takes 0.1 us
                return x.__tinygrad_record__(self, inputs, self._complete(params))
        try:
            return self.forward(*inputs, **params)
        except (ValueError, TypeError, IndexError, AttributeError) as error:
            raise (self._missing(params) or explain(self, inputs, params, error)) from error

    def _complete(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters given, and the defaults of the others."""
        if self.required and not self.required <= given.keys():
            raise self._missing(given)
        if not given:
            return self.defaults
        for value in given.values():
            if type(value) in MUTABLE:
                given = {key: _kept(value) for key, value in given.items()}
                break
        return {**self.defaults, **given}

    def _missing(self, given: Mapping[str, Any]) -> Any:
        """The error for a parameter that has no default and is not given; None if there is no such."""
        missing = sorted(self.required - given.keys())
        return DTypeError(f"{self.name}() needs {missing[0]}=: give it by name.") if missing else None

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
        """(inputs, params) of a call written for the NumPy function of the same meaning.

        Raises NoRuleError for an argument that NumPy takes and the rule does not cover, or that the rule needs.
        """
        count = 1 if self.variadic else len(self.inputs)
        if not kwargs and len(args) == count and not self.required:  # the common case, and a hot path
            inputs, params = args, self.defaults
        elif len(args) == count and kwargs.keys() <= self.defaults.keys():
            inputs, params = args, self._complete(kwargs)
        else:
            if len(args) > len(self.numpy_names):
                raise NoRuleError(f"{self.name}() with {len(args)} arguments: no gradient rule covers them all.")
            given = {**dict(zip(self.numpy_names, args)), **kwargs}
            names = list(self.numpy_names)[:count]
            for name in (*names, *self.required):
                if name not in given:
                    raise NoRuleError(f"{self.name}() without the argument {name!r}: no gradient rule covers the call.")
            inputs = tuple(given.pop(name) for name in names)
            params = self._complete({k: v for k, v in given.items() if k in self.defaults and v is not np._NoValue})
            for key, value in given.items():
                if key not in self.defaults and value is not self.numpy_names.get(key) and value is not None:
                    raise NoRuleError(
                        f"{self.name}(..., {key}={value!r}): no gradient rule covers the argument {key!r}; "
                        f"leave it out, or call NumPy on `.data` if no gradient is wanted."
                    )
        return (tuple(inputs[0]) if self.variadic else inputs), params


class _SameRule:
    """One rule for every input of an op that takes any number of them.

    It is told the `index` of the input and gives its gradient; or, without the keyword `index`, it is run once
    for each step of a backward pass and gives the gradients of all inputs in a list.
    """

    __slots__ = ("all_at_once", "rule")

    def __init__(self, rule: Rule):
        self.rule = rule
        self.all_at_once = all(p.name != "index" for p in _signature(rule))

    def __iter__(self) -> Iterator[Rule]:
        gradients: list[Any] = []
        for index in count():
            yield _OneOfAll(self.rule, index, gradients) if self.all_at_once else partial(self.rule, index=index)


class _OneOfAll:
    """The gradient of one input from a rule that gives those of all; shared with the other inputs of the step."""

    __slots__ = ("index", "rule", "shared")

    def __init__(self, rule: Rule, index: int, shared: list[Any]):
        self.rule, self.index, self.shared = rule, index, shared

    def __call__(self, *args: Any, **params: Any) -> Any:
        if not self.shared:
            self.shared.extend(self.rule(*args, **params))
        return self.shared[self.index]

    def anew(self, *args: Any, **params: Any) -> Any:
        """The same for other arguments."""
        return self.rule(*args, **params)[self.index]


def primitive(
    forward: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    numpy: Callable[..., Any] | None = None,
    note: str = "",
    **rules: Rule,
) -> Any:
    """z = forward(*inputs, **params), with `d<input>=rule(dz, z, *inputs, **params)` for each input.

    As a call, `tanh = primitive(np.tanh, dx=...)`, or as a decorator, `@primitive(dx=...)`.
    numpy: the NumPy function that means this op when called on a Tensor (default: `forward`, if it is NumPy's).
    note: for the reference: domain, kinks, edges.
    Without any rule the output counts as constant: no gradient flows through.
    Raises DeclarationError, when the module is imported, for a rule that does not fit the inputs.

    >>> cube = primitive(lambda x: x * x * x, name="cube", dx=lambda dz, z, x: dz * 3 * x * x)
    >>> float(cube(2.0)), float(cube.rules[0](1.0, 8.0, 2.0))
    (8.0, 12.0)
    """
    if forward is None:
        return partial(primitive, name=name, numpy=numpy, note=note, **rules)
    if numpy is None and (isinstance(forward, np.ufunc) or getattr(forward, "__module__", "") == "numpy"):
        numpy = forward
        if numpy in numpy_functions:
            raise DeclarationError(
                f"np.{forward.__name__} has a rule already, and all who call it would get yours: wrap it in a function "
                f"of your own (lambda x: np.{forward.__name__}(x)), or pass numpy= if that is what you want."
            )
    op = Primitive(forward, name or forward.__name__, rules, numpy or forward, note)
    registry[op.name] = op
    if numpy is not None:
        numpy_functions[numpy] = op
    return op


def _kept(value: Any) -> Any:
    """A parameter as it is now: the rule will read it later, and its owner may have changed it by then."""
    if type(value) in (list, tuple):
        return type(value)(map(_kept, value))
    if type(value) is not np.ndarray:
        return value
    capture = capturing()
    return value if capture is not None and capture.keeps(value) else value.copy()


def composition(*numpy: Callable[..., Any]) -> Callable[[Rule], Rule]:
    """Register a plain function, made of operations that have rules, as the meaning of NumPy functions on Tensors.

    For a NumPy function that a primitive stands for already, it serves the arguments that the primitive does not take.

    >>> @composition(np.poly)
    ... def poly(zeros):
    ...     z = np.ones(1)
    ...     for zero in zeros:
    ...         z = np.convolve(z, np.stack([1.0, -zero]))
    ...     return z
    >>> from tinygrad_edu import Tensor
    >>> np.poly(Tensor([2.0, 3.0], requires_grad=True))
    Tensor([ 1., -5.,  6.], requires_grad=True)
    >>> del numpy_functions[np.poly]  # it stood for an example only
    """

    def register(function: Rule) -> Rule:
        for f in numpy:
            (wider if f in numpy_functions else numpy_functions)[f] = function
        return function

    return register


def _signature(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # NumPy's C functions have none
        return []


def _keyword_defaults(forward: Callable[..., Any]) -> dict[str, Any]:
    if isinstance(forward, np.ufunc):  # out=, where=, dtype= are no parameters of ours
        return {}
    return {p.name: p.default for p in _signature(forward) if p.kind is p.KEYWORD_ONLY}


def _positional_names(function: Callable[..., Any]) -> dict[str, Any]:
    """Argument name -> default, in NumPy's order, for calls through NumPy's own function."""
    return {p.name: p.default for p in _signature(function) if p.kind is not p.VAR_KEYWORD}


def _input_names(name: str, forward: Callable[..., Any], rules: Mapping[str, Rule]) -> tuple[tuple[str, ...], bool]:
    """The inputs as the first rule names them (or the forward function, where there is no rule)."""
    if not rules and isinstance(forward, np.ufunc):
        return ("x",) if forward.nin == 1 else ("a", "b"), False
    first = next(iter(rules.values()), forward)
    parameters = [p for p in _signature(first) if p.kind is not p.KEYWORD_ONLY]
    if rules:
        if [p.name for p in parameters[:2]] != ["dz", "z"]:
            raise DeclarationError(f"{name}: a rule's first two arguments are dz and z, then the inputs by name.")
        parameters = parameters[2:]
    if not parameters:
        raise DeclarationError(f"{name}: no input; a primitive needs at least one.")
    return tuple(p.name for p in parameters), parameters[0].kind is inspect.Parameter.VAR_POSITIONAL


def _check_rule(name: str, key: str, rule: Rule, inputs: tuple[str, ...], variadic: bool, params: set[str]) -> None:
    if key[:1] != "d" or key[1:] not in inputs:
        raise DeclarationError(f"{name}: the rule {key!r} is for no input; the inputs are {', '.join(inputs)}.")
    parameters = _signature(rule)
    if tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY) != ("dz", "z", *inputs):
        raise DeclarationError(f"{name}: the rule {key!r} must take (dz, z, {', '.join(inputs)}).")
    keywords = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY} - ({"index"} if variadic else set())
    if keywords != params:
        wanted, got = (", ".join(sorted(names)) or "none" for names in (params, keywords))
        raise DeclarationError(f"{name}: the rule {key!r} takes the parameters {got}; the forward function: {wanted}.")

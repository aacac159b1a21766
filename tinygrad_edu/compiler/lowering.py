"""From steps to calls of NumPy: each step's forward function is run on symbols that write down what it calls.  Floor 6.

A forward function that wants to see numbers, or does what symbols cannot, stays one call.  So does one whose calls
give other bits than the step gave, then or on random entries: what is lowered is right by comparison.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import numpy as np

from ..errors import CompileError
from ..primitives import registry
from ..trees import leaves, rebuild
from .capture import Capture, Step
from .probes import dot_serves, probe, same
from .program import Call, Value

__all__ = ["Symbol", "lowered", "outline"]


class _Opaque(Exception):
    """The forward function does what symbols cannot."""


def lowered(capture: Capture, value_of: Callable[[Any], Any]) -> list[Call]:
    """The calls that take the capture's steps.  value_of: the Value of an array; computed ones are added by `bind`."""
    calls: list[Call] = []
    fixed: set[Value] = set()  # computed from constants alone: the entries are wanted
    for step in capture.steps:
        inputs = tuple(value_of(x) if isinstance(x, np.ndarray) else x for x in step.inputs)
        params = _params(step, capture.known, value_of)
        made, out = _expanded(step, inputs, params) or _whole(step, inputs, params)
        for call in made:
            if all(x.origin == "constant" or x in fixed for x in call.values):
                fixed.add(call.out)
            elif call.out is out:
                out.array = step.out
            elif call.out.array.size > 1:
                call.out.array = outline(call.out.array)  # trials would hold a step's memory twice
        calls += made
        value_of.bind(step.out, out)  # type: ignore[attr-defined]
    return calls


def outline(a: np.ndarray) -> np.ndarray:
    """An array of this shape, dtype and order without memory for its entries."""
    return np.lib.stride_tricks.as_strided(np.zeros(1, a.dtype), a.shape, a.strides)


def _params(step: Step, known: Mapping[int, Any], value_of: Callable[[Any], Any]) -> Mapping[str, Any]:
    """The step's parameters, with Values for arrays in them that differ from call to call, such as an index."""

    def leaf(x: Any) -> Any:
        return value_of(x) if isinstance(x, np.ndarray) and id(x) in known else x

    return {name: rebuild(leaf, x) for name, x in step.params.items()}


def _expanded(step: Step, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> tuple[list[Call], Value] | None:
    """The calls inside the step's forward function, if they can be told."""
    if "rng" in step.params:
        return None
    tape: list[Call] = []
    try:
        symbols, named = rebuild(lambda x: Symbol(x, tape) if type(x) is Value else x, (inputs, params))
        with np.errstate(all="ignore"):
            result = step.function(*symbols, **named)
    except Exception:
        return None  # whatever it was: the step itself went well
    if type(result) is not Symbol or not same(result._value.array, step.out):
        return None
    try:
        return (tape, result._value) if _proven(step, inputs, params, tape, result._value) else None
    except Exception:
        return None


def _proven(step: Step, inputs: tuple[Any, ...], params: Mapping[str, Any], tape: list[Call], out: Value) -> bool:
    """Whether the calls do what the forward function does on other entries too."""
    if isinstance(step.function, np.ufunc):
        return True
    entries: dict[Value, Any] = {}
    for x in leaves([inputs, params]):
        if type(x) is Value and x not in entries:
            entries[x] = probe(x.array, len(entries))

    def filled(x: Any) -> Any:
        if type(x) is Value:
            return entries.get(x, x.array)
        return type(x)(map(filled, x)) if type(x) in (tuple, list) else x

    with np.errstate(all="ignore"):
        expected = np.asarray(step.function(*map(filled, inputs), **rebuild(filled, params)))
        for call in tape:
            entries[call.out] = np.asarray(call.function(*map(filled, call.args), **call.options))
    return same(entries.get(out, out.array), expected)


def _whole(step: Step, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> tuple[list[Call], Value]:
    function, kind = step.function, "random" if "rng" in step.params else "other"
    if function in FORMED_BY_ENTRIES:
        function, kind = _OfOneForm(function, step.out), "random"
    if found := [x for x in leaves(params) if type(x) is Value]:
        function, inputs, params = _Filling(function, len(inputs), params), (*inputs, *found), {}
    base = next((x for x in inputs if type(x) is Value and np.may_share_memory(x.array, step.out)), None)
    out = Value(step.out, "computed", base=base)
    out.call = Call(kind, function, inputs, params, out)
    return [out.call], out


@final
class _OfOneForm:
    """A function whose result has a shape or dtype that its entries choose: another one than this is refused."""

    def __init__(self, function: Callable[..., Any], out: np.ndarray):
        self.function, self.form = function, (out.shape, out.dtype)
        self.__name__ = function.__name__

    def __call__(self, *args: Any, **params: Any) -> Any:
        out = np.asarray(self.function(*args, **params))
        if (out.shape, out.dtype) != self.form:
            raise CompileError(
                f"compile: {self.__name__} gives {out.dtype} of shape {out.shape}, and gave {self.form[1]} of shape "
                f"{self.form[0]} when the function was written down: call it outside, and hand over what it gives."
            )
        return out


@final
class _Filling:
    """A function whose parameters hold arrays of the call: they come behind its inputs."""

    def __init__(self, function: Callable[..., Any], inputs: int, params: Mapping[str, Any]):
        self.function, self.inputs = function, inputs
        self.params = rebuild(lambda x: Value if type(x) is Value else x, params)  # which marks the gaps
        self.__name__ = function.__name__

    def __call__(self, *arrays: Any) -> Any:
        rest = iter(arrays[self.inputs :])
        params = rebuild(lambda x: next(rest) if x is Value else x, self.params)
        return self.function(*arrays[: self.inputs], **params)


def _plain(x: Any) -> Any:
    """Symbols as arrays, for a trial run."""
    if type(x) is Symbol:
        return x._value.array
    return type(x)(map(_plain, x)) if type(x) in (tuple, list) else x


def _value(x: Any) -> Any:
    """Symbols as values, and arrays that the forward function made as constants."""
    if type(x) is Symbol:
        return x._value
    if isinstance(x, np.ndarray):
        return Value(x, "constant")
    return type(x)(map(_value, x)) if type(x) in (tuple, list) else x


#: Functions whose result has a shape or dtype that its entries choose.
FORMED_BY_ENTRIES = {registry[name].forward for name in ("argwhere", "flatnonzero", "eig", "real_if_close")}
#: Functions that take arrays and give one, and so stand in a program as they are.
FUNCTIONS = {np.where, np.concatenate, np.stack, np.clip, np.take_along_axis, np.dot, np.tensordot, np.einsum}
FUNCTIONS |= {np.broadcast_to, np.expand_dims, np.swapaxes, np.moveaxis, np.transpose, np.squeeze, np.reshape, np.ravel}
FUNCTIONS |= {np.roll, np.flip, np.repeat, np.tile, np.cumsum, np.trace, np.diagonal, np.tril, np.triu, np.outer}
FUNCTIONS |= {np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.zeros_like, np.ones_like, np.real, np.imag}
#: Questions about shapes and dtypes, which are the same at every call.
FACTS = {np.shape, np.ndim, np.size, np.result_type, np.iscomplexobj, np.isrealobj}


def _emit(
    tape: list[Call], kind: str, function: Any, args: Sequence[Any], options: dict[str, Any], trial: Any = None
) -> "Symbol":
    """Take the call, on trial unless its result is known, and write it down."""
    if trial is None:
        trial = function(*map(_plain, args), **{k: _plain(x) for k, x in options.items()})
    if not isinstance(trial, np.ndarray | np.generic) or any(type(x) is Symbol for x in options.values()):
        raise _Opaque
    array = np.asarray(trial)
    values = tuple(map(_value, args))
    base = next((x for x in values if type(x) is Value and np.may_share_memory(x.array, array)), None)
    out = Value(array, "computed", base=base)
    out.call = Call("view" if base is not None else kind, function, values, options, out)
    tape.append(out.call)
    return Symbol(out, tape)


def _method(name: str) -> Any:
    def method(self: "Symbol", *args: Any, **options: Any) -> "Symbol":
        return _emit(self._tape, "other", getattr(np.ndarray, name), (self, *args), options)

    return method


@final
class Symbol(np.lib.mixins.NDArrayOperatorsMixin):
    """Stands for an array while a forward function runs, and writes down what is called on it."""

    def __init__(self, value: Value, tape: list[Call]):
        self._value, self._tape = value, tape

    shape = property(lambda self: self._value.array.shape)
    dtype = property(lambda self: self._value.array.dtype)
    ndim = property(lambda self: self._value.array.ndim)
    size = property(lambda self: self._value.array.size)

    def __len__(self) -> int:
        return len(self._value.array)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> "Symbol":
        if options.get("out") == (inputs[0],) and method == "__call__":  # Z += b, after which Z is the sum
            del options["out"]
        if method == "reduce":
            return self._reduced(ufunc, *inputs, **options)
        if method != "__call__" or options or ufunc.nout > 1:
            raise _Opaque
        if ufunc is np.matmul:
            operands = [np.asarray(_plain(x)) for x in inputs]
            function = np.dot if dot_serves(*operands) else np.matmul
            return _emit(self._tape, "matmul", function, inputs, {}, np.matmul(*operands))
        return _emit(self._tape, "elementwise", ufunc, inputs, {})

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function in FACTS:
            return function(*map(_plain, args), **options)
        if function not in FUNCTIONS:
            raise _Opaque
        return _emit(self._tape, "other", function, args, options)

    def _reduced(self, ufunc: np.ufunc, x: Any, axis: Any = 0, *, keepdims: bool = False) -> "Symbol":
        if x is not self:
            raise _Opaque
        # NumPy 2.0 adds up from the other end of a reversed array when it is told where to put the sum
        reversed_ = any(stride < 0 for stride in x._value.array.strides)
        return _emit(
            self._tape, "other" if reversed_ else "reduce", ufunc.reduce, (self,), {"axis": axis, "keepdims": keepdims}
        )

    def sum(self, axis: Any = None, *, keepdims: bool = False) -> "Symbol":
        return self._reduced(np.add, self, axis, keepdims=keepdims)

    def max(self, axis: Any = None, *, keepdims: bool = False) -> "Symbol":
        return self._reduced(np.maximum, self, axis, keepdims=keepdims)

    def min(self, axis: Any = None, *, keepdims: bool = False) -> "Symbol":
        return self._reduced(np.minimum, self, axis, keepdims=keepdims)

    def mean(self, axis: Any = None, *, keepdims: bool = False) -> "Symbol":
        if self.dtype.char not in "fdFD":  # which NumPy adds up in another dtype
            raise _Opaque
        total = self.sum(axis, keepdims=keepdims)
        return total / (self.size // total.size)

    def __pow__(self, exponent: Any) -> Any:
        """As an array does it: the exponents 2, 1, 0.5 and -1 have functions of their own."""
        short: Any = {2: np.square, 1: np.positive, 0.5: np.sqrt, -1: np.reciprocal}
        ufunc = short.get(exponent) if type(exponent) in (int, float) and self.dtype.kind in "fc" else None
        power: Any = np.power
        return ufunc(self) if ufunc else power(self, exponent)

    def __getitem__(self, key: Any) -> "Symbol":
        return _emit(self._tape, "other", np.ndarray.__getitem__, (self, key), {})

    def astype(self, dtype: Any) -> "Symbol":
        """A cast is a call of its own kind, because it can go into a buffer."""
        out = _emit(self._tape, "other", np.ndarray.astype, (self, dtype), {})
        out._value.call.kind = "cast"  # type: ignore[union-attr]
        return out

    T = property(lambda self: self.transpose())
    real = property(np.real)
    imag = property(np.imag)
    transpose, reshape, swapaxes, ravel = map(_method, ("transpose", "reshape", "swapaxes", "ravel"))
    squeeze, conj, var, std, prod = map(_method, ("squeeze", "conj", "var", "std", "prod"))
    cumsum, dot, take, repeat, diagonal = map(_method, ("cumsum", "dot", "take", "repeat", "diagonal"))

    def __bool__(self) -> bool:
        raise _Opaque

    __float__ = __int__ = __index__ = __complex__ = __iter__ = __bool__

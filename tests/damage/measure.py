"""Whether a damage makes a difference in numbers, on many inputs around the samples: the proof of an equivalence.

Values, gradients by arrays and by Tensors, second order and the dtypes that rules give, on fresh numbers of the
samples' shapes: inside the domain and at its edges, with ties, zeros, other signs, complex numbers and float32.
"""

import copy
import importlib
import warnings
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from .reach import Place
from .trial import restrict, start
from .workers import limit

#: Seconds of computing for all the inputs.
PATIENCE = 300.0

#: What an input gave: arrays, or the name of the exception.
Outcome = tuple[str, list[np.ndarray] | str]

DIGITS = {"e": 1e-2, "f": 1e-4, "F": 1e-4}


def outcomes(reached: Collection[Place], chapter: str = "", code: Any = None) -> list[Outcome]:
    """What the operations give, damaged or not.  For a child process of its own."""
    error = start({chapter: code} if chapter else {})
    limit(PATIENCE)
    if error:
        return [("importing", error)]
    restrict(reached)
    oracles = importlib.import_module("oracles")
    warnings.simplefilter("ignore")
    with np.errstate(all="ignore"):
        return [
            (f"{sample} {how}: {what}", _tried(compute, oracles, sample, inputs))
            for sample in importlib.import_module("samples").SAMPLES
            for how, inputs in variants(sample.inputs)
            for what, compute in QUANTITIES.items()
        ]


def difference(undamaged: list[Outcome], damaged: list[Outcome]) -> str:
    """The first input that tells the two apart, or "" if none does."""
    for (what, a), (_, b) in zip(undamaged, damaged):
        if not _same(a, b):
            return what
    return "" if len(undamaged) == len(damaged) else "not all inputs were reached"


def variants(inputs: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """(how, inputs) of the same shapes."""
    rng = np.random.default_rng(0)

    def each(f: Any) -> list[Any]:
        return [np.asarray(f(x)).astype(_kept(x, f)) if _varies(x) else x for x in inputs]

    def jitter(x: Any) -> Any:
        return x * rng.uniform(0.9, 1.1, x.shape)

    def shuffled(x: Any) -> Any:
        return rng.permutation(jitter(x).ravel()).reshape(x.shape)

    def complexified(x: Any) -> Any:
        return jitter(x) + 1j * shuffled(x)

    yield "as they are", list(inputs)
    for seed in range(3):
        yield f"moved ({seed})", each(jitter)
        yield f"shuffled ({seed})", each(shuffled)
    yield "rounded", each(np.round)
    yield "rounded to tenths", each(lambda x: np.round(x, 1))
    yield "negated", each(np.negative)
    yield "30 times as large", each(lambda x: 30 * x)
    yield "0", each(np.zeros_like)
    yield "1", each(np.ones_like)
    yield "complex", each(complexified)
    yield "complex and rounded", each(lambda x: np.round(complexified(x)))
    yield "float32", [x.astype(_single(x)) if _varies(x) else x for x in each(jitter)]
    if any(type(x) in (int, float) for x in inputs):
        for number in (0, 1, 2, 0.5, -1.0):
            moved = each(jitter)
            yield f"with {number}", [number if type(x) in (int, float) else y for x, y in zip(inputs, moved)]


def _varies(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind in "fc"


def _kept(x: Any, f: Any) -> Any:
    """Complex stays complex; real becomes complex only if that is meant."""
    return np.result_type(np.asarray(f(x[..., :0] if x.ndim else x)), x)


def _single(x: Any) -> Any:
    return np.complex64 if x.dtype.kind == "c" else np.float32


def _tried(compute: Any, oracles: Any, sample: Any, inputs: Sequence[Any]) -> list[np.ndarray] | str:
    fresh = sample._replace(params=copy.deepcopy(sample.params))  # a generator of random numbers has a state
    try:
        return [np.array(x) for x in compute(oracles, fresh, copy.deepcopy(inputs))]
    except Exception as error:
        return type(error).__name__


def _value(oracles: Any, sample: Any, inputs: Sequence[Any]) -> list[Any]:
    chosen = oracles.wrt(sample)
    z = oracles.recorded(sample, oracles.tensors(sample, inputs, chosen) if chosen else inputs)
    return [getattr(z, "data", z)]


def _gradients(oracles: Any, sample: Any, inputs: Sequence[Any]) -> list[Any]:
    dz = oracles.random_like(_value(oracles, sample, inputs)[0], 1)
    return [dx for _, dx in sorted(oracles.gradients(sample, inputs, dz).items())]


def _second(oracles: Any, sample: Any, inputs: Sequence[Any]) -> list[Any]:
    """The gradients by Tensors, and theirs by every input and by dz."""
    chosen = oracles.wrt(sample)
    xs = oracles.tensors(sample, inputs, chosen)
    z = oracles.recorded(sample, xs)
    seed = oracles.tg.Tensor(oracles.random_like(z, 2), requires_grad=True)
    np.real((z * seed).sum()).backward(create_graph=True)
    first = [xs[i].grad for i in chosen]
    for x in (*(xs[i] for i in chosen), seed):
        x.grad = None
    total = np.real(sum((oracles.random_like(g, 3) * g).sum() for g in first if g is not None))
    if getattr(total, "requires_grad", False):
        total.backward()
    second = [x.grad for x in (*(xs[i] for i in chosen), seed)]
    return [np.nan if g is None else g.data for g in (*first, *second)]


def _raw(oracles: Any, sample: Any, inputs: Sequence[Any]) -> list[Any]:
    """What the rules give before the engine casts and sums it."""
    op = oracles.registry.get(sample.op)
    if op is None or sample.op in oracles.COMPOSITIONS or not op.rules:
        return []
    z = np.asarray(oracles.forward(sample, inputs))
    dz = oracles.random_like(z, 4).astype(z.dtype)
    params = {**op.defaults, **sample.params}
    return [rule(dz, z, *inputs, **params) for i, rule in zip(range(len(inputs)), op.rules) if i in oracles.wrt(sample)]


QUANTITIES = {"value": _value, "gradients": _gradients, "second order": _second, "rules alone": _raw}


def _same(a: list[np.ndarray] | str, b: list[np.ndarray] | str) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a == b
    return len(a) == len(b) and all(map(_close, a, b))


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.kind not in "fc":
        return bool(np.array_equal(a, b))
    finite = np.abs(a[np.isfinite(a)])
    digits = DIGITS.get(a.dtype.char, 1e-12)
    return bool(np.allclose(a, b, rtol=digits, atol=digits * float(finite.max(initial=0.0)), equal_nan=True))

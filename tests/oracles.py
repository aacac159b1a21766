"""Where expected gradients come from: difference quotients of the forward function, which share nothing with the rules.

Also how a sample is called: on arrays (`forward`), and on Tensors (`recorded`).
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from samples import SAMPLES, Sample

import tinygrad_edu as tg
from tinygrad_edu.primitives import Primitive, numpy_functions, registry, wider


def name_of(function: Any) -> str:
    """What samples call a function of NumPy: the name of its primitive, or its own ("split", "linalg.norm")."""
    op = numpy_functions[function]
    home = (getattr(function, "__module__", None) or "").removeprefix("numpy").removeprefix(".")  # ufuncs may lack it
    return op.name if type(op) is Primitive else f"{home}.{function.__name__}".lstrip(".")


#: The functions of NumPy that a Tensor answers with something that is no primitive, by their name; "sum (more)" is
#: np.sum with arguments that its primitive does not take.
COMPOSITIONS = {
    name_of(f): f for f, op in numpy_functions.items() if type(op) is not Primitive and name_of(f) not in registry
}
COMPOSITIONS |= {f"{name_of(f)} (more)": f for f in wider}

#: Their results say something about a shape: no gradient flows.
CONSTANT = {"shape", "ndim", "size"}


def wrt(sample: Sample) -> list[int]:
    """Which of the inputs are differentiated."""
    if sample.op in CONSTANT:
        return []
    floats = [i for i, x in enumerate(sample.inputs) if isinstance(x, np.ndarray) and x.dtype.kind in "fc"]
    if sample.op in COMPOSITIONS:
        return floats
    op = registry[sample.op]
    return [i for i in floats if op.rules and (op.variadic or op.rules[i] is not None)]


DIFFERENTIABLE = [s for s in SAMPLES if wrt(s)]


class Samples(list[Sample]):
    """Samples of one operation."""


def each(samples: Sequence[Sample]) -> Any:
    """Run the test for each sample; pytest counts one test for all the samples of an operation, to spend less on each.

    The `sample` that failed stands in the traceback.
    """
    by_op: dict[str, Samples] = {}
    for sample in samples:
        by_op.setdefault(sample.op, Samples()).append(sample)

    def over_samples(test: Callable[..., None]) -> Any:
        @functools.wraps(test)
        def over(sample: Samples, **others: Any) -> None:
            for one in sample:
                test(one, **others)

        return pytest.mark.parametrize("sample", list(by_op.values()), ids=list(by_op))(over)

    return over_samples


def forward(sample: Sample, inputs: Sequence[Any]) -> Any:
    """z on arrays; for a composition by NumPy itself."""
    f = COMPOSITIONS[sample.op] if sample.op in COMPOSITIONS else registry[sample.op].forward
    z = f(*inputs, **sample.params)
    return np.asarray(z) if sample.take is None else z[sample.take]


def recorded(sample: Sample, inputs: Sequence[Any]) -> Any:
    """z on Tensors."""
    if sample.op in COMPOSITIONS:
        f = (wider if sample.op.endswith(" (more)") else numpy_functions)[COMPOSITIONS[sample.op]]
    else:
        f = registry[sample.op]
    z = f(*inputs, **sample.params)
    return z if sample.take is None else z[sample.take]


def tensors(sample: Sample, inputs: Sequence[Any], chosen: Sequence[int]) -> list[Any]:
    """The inputs, the chosen ones as Tensors that require a gradient."""
    return [tg.Tensor(x, requires_grad=True) if i in chosen else x for i, x in enumerate(inputs)]


def gradients(
    sample: Sample, inputs: Sequence[Any], dz: Any, chosen: Sequence[int] | None = None
) -> dict[int, np.ndarray]:
    """{i: gradient of sum(dz * z) with respect to input i}, by the rules fed with arrays."""
    chosen = wrt(sample) if chosen is None else chosen
    xs = tensors(sample, inputs, chosen)
    recorded(sample, xs).backward(dz)
    return {i: xs[i].grad.data for i in chosen}


def random_like(z: Any, seed: int) -> np.ndarray:
    """Weights of z's shape; complex where z is."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.5, 1.5, np.shape(z))
    return np.asarray(weights + 1j * rng.uniform(-1, 1, np.shape(z)) if is_complex(z) else weights)


def is_complex(x: Any) -> bool:
    return getattr(x, "dtype", np.dtype(float)).kind == "c"


def replaced(inputs: Sequence[Any], i: int, x: Any) -> list[Any]:
    return [*inputs[:i], x, *inputs[i + 1 :]]


def finite_difference(f: Callable[[np.ndarray], Any], x: np.ndarray, step: float = 2e-3) -> np.ndarray:
    """The gradient of real(f): array -> number, entry by entry, by central differences of order 6.

    With respect to x + iy it is d/dx - i d/dy.
    """
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        for direction in (1, 1j) if is_complex(x) else (1,):
            for k, weight in ((1, 45), (2, -9), (3, 1)):
                up, down = x.copy(), x.copy()
                up[i] += k * step * direction
                down[i] -= k * step * direction
                dx[i] += weight * np.real(f(up) - f(down)) / (60 * step) / direction
    return dx


def complex_step(f: Callable[[np.ndarray], Any], x: np.ndarray, step: float = 1e-20) -> np.ndarray:
    """The gradient of an analytic f, to the last digits: f(x + ih) = f(x) + ih f'(x), nothing is subtracted.

    Source: Squire and Trapp, SIAM Review 40 (1998), 110-112.
    """
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[i] += 1j * step
        dx[i] = f(moved).imag / step
    return dx


def assert_close(actual: Any, expected: Any, rtol: float) -> None:
    """Equal shapes, and entries equal to rtol of the largest entry (at least 1)."""
    assert np.shape(actual) == np.shape(expected)
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=rtol * scale)


def assert_records(z: Any, expected: Any) -> None:
    assert type(z) is tg.Tensor
    assert z.requires_grad
    np.testing.assert_array_equal(z.data, expected, strict=True)

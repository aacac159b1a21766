"""What holds for all shapes, axes, dtypes and memory layouts, tried on examples that hypothesis finds."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from oracles import assert_close, is_complex

import tinygrad_edu as tg
from tinygrad_edu import functions as F
from tinygrad_edu.primitives import registry

common = settings(derandomize=True, deadline=None, database=None, max_examples=60)

LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "C": lambda x: np.array(x, order="C"),
    "Fortran": lambda x: np.array(x, order="F"),
    "backwards": lambda x: np.array(x[..., ::-1])[..., ::-1] if x.ndim else x.copy(),
    "every second": lambda x: np.stack([x, x], axis=-1)[..., 0],
}

shapes = arrays.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=3)
shapes_with_zero = arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3)
seeds = st.integers(0, 2**32 - 1)
layouts = st.sampled_from(sorted(LAYOUTS))


def numbers(shape: tuple[int, ...], seed: int, dtype: Any = np.float64) -> np.ndarray:
    """Of both signs, between -1.6 and 1.6, at least 0.1 apart and 0.05 away from 0; complex ones in both parts."""
    rng = np.random.default_rng(seed)
    n = int(np.prod(shape))
    x = (rng.permutation(np.arange(n) - n // 2).reshape(shape) * 0.1 + 0.05).astype(np.float64)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * (rng.permutation(np.arange(n) - n // 2).reshape(shape) * 0.1 + 0.05)
    return np.asarray(x).astype(dtype)


def frozen(x: np.ndarray, layout: str = "C") -> np.ndarray:
    """The same numbers in another order in memory, which nobody can write to."""
    x = LAYOUTS[layout](np.asarray(x))
    x.flags.writeable = False
    return x


class Case(NamedTuple):
    """A function of one array, and the shape of its argument."""

    name: str
    f: Callable[[Any], Any]
    shape: tuple[int, ...]

    def __repr__(self) -> str:
        return f"{self.name} of {self.shape}"

    def gradient(self, x: Any, dz: Any, create_graph: bool = False) -> np.ndarray:
        t = tg.Tensor(x, requires_grad=True)
        self.f(t).backward(dz, create_graph=create_graph)
        return t.grad.data


ELEMENTWISE: dict[str, Callable[[Any], Any]] = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": lambda x: np.tan(x / 2),
    "tanh": np.tanh,
    "sinh": np.sinh,
    "arctan": lambda x: np.arctan(x / 2),
    "exp": np.exp,
    "expm1": np.expm1,
    "log": lambda x: np.log(x * x + 0.5),
    "sqrt": lambda x: np.sqrt(x * x + 0.5),
    "square": np.square,
    "power": lambda x: (x * x + 0.5) ** 1.5,
    "divide": lambda x: 2 / (3 + x),
    "negative": lambda x: -x,
    "abs": np.abs,
}
REAL_ELEMENTWISE: dict[str, Callable[[Any], Any]] = {
    "maximum": lambda x: np.maximum(x, 0.5 * x),
    "where": lambda x: np.where(x > 0, x, 3 * x),
    "clip": lambda x: np.clip(x, -0.5, 0.5),
    "relu": F.relu,
    "sigmoid": F.sigmoid,
    "softplus": F.softplus,
    "erf": F.erf,
}
COMPLEX_REDUCTIONS = {"sum": np.sum, "mean": np.mean, "prod": np.prod, "nansum": np.nansum, "var": np.var}
REDUCTIONS = {"max": np.max, "min": np.min, "nanmax": np.nanmax, "ptp": np.ptp, "logsumexp": F.logsumexp}
COMPLEX_ALONG = {"cumsum": np.cumsum, "cumprod": np.cumprod, "fft": np.fft.fft}
ALONG = {
    "cumsum": np.cumsum,
    "cumprod": np.cumprod,
    "softmax": F.softmax,
    "log_softmax": F.log_softmax,
    "sort": np.sort,
}


@st.composite
def axes(draw: Any, ndim: int) -> Any:
    """None, an axis, or several; of either sign."""
    if ndim == 0:
        return None
    some = arrays.valid_tuple_axes(ndim, min_size=1)
    return draw(st.one_of(st.none(), st.integers(-ndim, ndim - 1), some))


@st.composite
def cases(draw: Any, for_complex: bool = False, shapes: Any = shapes) -> Case:
    """Any function of the tables, any shape, any axes."""
    shape = draw(shapes)
    kinds = ["elementwise", "pair", "reduction", "along"] if shape else ["elementwise", "pair"]
    kind = draw(st.sampled_from(kinds))
    if kind == "elementwise":
        table = ELEMENTWISE if for_complex else ELEMENTWISE | REAL_ELEMENTWISE
        name = draw(st.sampled_from(sorted(table)))
        return Case(name, table[name], shape)
    if kind == "pair":
        other = numbers(draw(arrays.broadcastable_shapes(shape, max_dims=3, max_side=3)), draw(seeds))
        operation = draw(st.sampled_from([np.add, np.subtract, np.multiply, np.divide]))
        name = f"{operation.__name__} with {other.shape}"
        return Case(name, lambda x: operation(x, other.astype(_real_dtype(x))), shape)
    if kind == "reduction":
        table = COMPLEX_REDUCTIONS if for_complex else COMPLEX_REDUCTIONS | REDUCTIONS
        name = draw(st.sampled_from(sorted(table)))
        axis, keepdims = draw(axes(len(shape))), draw(st.booleans())
        return Case(f"{name}({axis=}, {keepdims=})", lambda x: table[name](x, axis=axis, keepdims=keepdims), shape)
    table = COMPLEX_ALONG if for_complex else ALONG
    name = draw(st.sampled_from(sorted(table)))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    return Case(f"{name}({axis=})", lambda x: table[name](x, axis=axis), shape)


def _real_dtype(x: Any) -> Any:
    return np.zeros(0, x.dtype).real.dtype


def weights(shape: tuple[int, ...], seed: int, dtype: Any) -> np.ndarray:
    return np.asarray(numbers(shape, seed, dtype) + np.asarray(0.5, _real_dtype(np.empty(0, dtype))))


# One tensor


@common
@given(cases(), seeds, layouts, st.sampled_from([np.float16, np.float32, np.float64]), st.booleans())
def test_a_gradient_has_the_shape_and_dtype_of_its_tensor(case, seed, layout, dtype, create_graph):
    x = frozen(numbers(case.shape, seed, dtype), layout)
    before = x.copy()
    z = case.f(tg.Tensor(x))
    assert z.dtype == dtype
    dx = case.gradient(x, frozen(weights(z.shape, seed, dtype)), create_graph)
    assert dx.shape == x.shape
    assert dx.dtype == dtype
    np.testing.assert_array_equal(x, before)


@common
@given(cases(for_complex=True), seeds, layouts, st.sampled_from([np.complex64, np.complex128]), st.booleans())
def test_a_complex_gradient_has_the_shape_and_dtype_of_its_tensor(case, seed, layout, dtype, create_graph):
    x = frozen(numbers(case.shape, seed, dtype), layout)
    z = case.f(tg.Tensor(x))
    dx = case.gradient(x, frozen(weights(z.shape, seed, z.dtype)), create_graph)
    assert dx.shape == x.shape
    assert dx.dtype == dtype


@common
@given(cases(shapes=shapes_with_zero.filter(lambda s: 0 in s)), st.booleans())
def test_a_tensor_without_entries_has_a_gradient_without_entries(case, create_graph):
    x = np.zeros(case.shape)
    try:
        z = case.f(x)
    except (ValueError, RuntimeWarning):  # the mean, or the largest, of nothing
        assume(False)
    dx = case.gradient(x, np.ones(np.shape(z)), create_graph)
    np.testing.assert_array_equal(dx, np.zeros(case.shape), strict=True)


@common
@given(cases(), seeds, layouts)
def test_the_layout_in_memory_does_not_change_a_gradient(case, seed, layout):
    x = numbers(case.shape, seed)
    dz = weights(np.shape(case.f(x)), seed, np.float64)
    assert_close(case.gradient(frozen(x, layout), frozen(dz, layout)), case.gradient(x, dz), 1e-14)


@common
@given(cases(), seeds)
def test_float32_and_float64_agree(case, seed):
    x = numbers(case.shape, seed, np.float32)
    dz = weights(np.shape(case.f(x)), seed, np.float32)
    single = case.gradient(x, dz)
    assert single.dtype == np.float32
    assert_close(single, case.gradient(x.astype(np.float64), dz.astype(np.float64)), 2e-5)


@pytest.mark.parametrize("dtype", [np.float64, np.complex128], ids=["real", "complex"])
@common
@given(st.data(), seeds, st.floats(-2, 2), st.booleans())
def test_a_gradient_is_linear_in_what_comes_from_above(dtype, data, seed, factor, create_graph):
    case = data.draw(cases(for_complex=dtype is np.complex128))
    x = numbers(case.shape, seed, dtype)
    z = np.asarray(case.f(x))
    u, v = weights(z.shape, seed, z.dtype), weights(z.shape, seed + 1, z.dtype)
    together = case.gradient(x, u + factor * v, create_graph)
    assert_close(together, case.gradient(x, u, create_graph) + factor * case.gradient(x, v), 1e-13)


@pytest.mark.parametrize("dtype", [np.float64, np.complex128], ids=["real", "complex"])
@common
@given(st.data(), seeds)
def test_what_goes_down_is_the_transpose_of_what_goes_up(dtype, data, seed):
    """<dz, J v> = <J^T dz, v>, with J v from differences of the forward function along v."""
    case = data.draw(cases(for_complex=dtype is np.complex128))
    x, v = numbers(case.shape, seed, dtype), numbers(case.shape, seed + 1, dtype)
    z = np.asarray(case.f(x))
    dz = weights(z.shape, seed, z.dtype)
    step = 2e-3
    moved = [weight * (case.f(x + k * step * v) - case.f(x - k * step * v)) for k, weight in ((1, 45), (2, -9), (3, 1))]
    up = sum(moved) / (60 * step)
    down = case.gradient(x, dz)
    assert_close(np.real(np.sum(down * v)), np.real(np.sum(dz * up)), 1e-7)


@common
@given(cases(), seeds)
def test_second_derivatives_are_symmetric(case, seed):
    """<u, H v> = <v, H u> for J = <dz, f(x)>."""
    x, u, v = (numbers(case.shape, seed + k) for k in range(3))
    dz = weights(np.shape(case.f(x)), seed, np.float64)
    product = tg.hvp(lambda t: (case.f(t) * dz).sum())
    assert_close(np.sum(u * product(x, v)), np.sum(v * product(x, u)), 1e-11)


@common
@given(cases(), cases(), seeds)
def test_a_tensor_that_is_used_twice_gets_both_shares(one, two, seed):
    assume(one.shape == two.shape)
    x = numbers(one.shape, seed)
    dz, dy = (weights(np.shape(case.f(x)), seed, np.float64) for case in (one, two))
    t = tg.Tensor(x, requires_grad=True)
    ((one.f(t) * dz).sum() + (two.f(t) * dy).sum()).backward()
    assert_close(t.grad.data, one.gradient(x, dz) + two.gradient(x, dy), 1e-13)


# Two tensors


def both_gradients(f: Any, a: np.ndarray, b: np.ndarray, dz: np.ndarray) -> list[np.ndarray]:
    tensors = [tg.Tensor(x, requires_grad=True) for x in (a, b)]
    f(*tensors).backward(dz)
    return [t.grad.data for t in tensors]


def summed_to(dx: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """dx added up over the axes that broadcasting made."""
    missing = dx.ndim - len(shape)
    dx = dx.sum(axis=tuple(range(missing)))
    return dx.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


PAIRS = [
    np.add, np.subtract, np.multiply, np.maximum, np.minimum,
    lambda a, b: a / (3 + b), lambda a, b: (a * a + 0.5) ** b, lambda a, b: np.where(a > b, a * b, b),
]  # fmt: skip
broadcast = arrays.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3, min_side=0)


@settings(common, max_examples=120)
@given(st.sampled_from(PAIRS), broadcast, seeds)
def test_broadcasting_is_stretching_first_and_adding_up_the_gradient(f, shapes, seed):
    (a, b), result = (numbers(shape, seed + i) for i, shape in enumerate(shapes.input_shapes)), shapes.result_shape
    b = b + 0.025
    dz = weights(result, seed, np.float64)
    stretched = both_gradients(f, *(np.broadcast_to(x, result) for x in (a, b)), dz)
    for got, dx, x in zip(both_gradients(f, a, b, dz), stretched, (a, b), strict=True):
        assert_close(got, summed_to(dx, x.shape), 1e-13)


@common
@given(arrays.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, max_side=3), seeds, layouts)
def test_a_product_of_matrices_has_the_gradients_of_its_sum_of_products(shapes, seed, layout):
    """Z[..., i, k] = sum over j of A[..., i, j] B[..., j, k], written out with broadcasting and a sum."""
    A, B = (frozen(numbers(shape, seed + i), layout) for i, shape in enumerate(shapes.input_shapes))

    def product(A: Any, B: Any) -> Any:
        rows = A if A.ndim > 1 else A[None, :]
        columns = B if B.ndim > 1 else B[:, None]
        Z = (rows[..., None] * columns[..., None, :, :]).sum(axis=-2)
        return Z[(Ellipsis, *(slice(None) if x.ndim > 1 else 0 for x in (A, B)))]

    Z = A @ B
    assert_close(product(A, B), Z, 1e-13)
    dz = weights(np.shape(Z), seed, np.float64)
    for got, expected in zip(both_gradients(np.matmul, A, B, dz), both_gradients(product, A, B, dz), strict=True):
        assert_close(got, expected, 1e-13)


# Several axes, and entries that only move


@common
@given(st.sampled_from([np.sum, np.mean, np.prod, np.max, np.min, F.logsumexp]), st.data(), seeds, st.booleans())
def test_a_reduction_over_several_axes_is_one_after_the_other(f, data, seed, keepdims):
    shape = data.draw(arrays.array_shapes(min_dims=2, max_dims=4, max_side=3))
    several = data.draw(arrays.valid_tuple_axes(len(shape), min_size=1))
    dz = weights(np.sum(np.empty(shape), axis=several, keepdims=keepdims).shape, seed, np.float64)

    def in_turn(x: Any) -> Any:
        for i in sorted((i % len(shape) for i in several), reverse=True):
            x = f(x, axis=i, keepdims=keepdims)
        return x

    x = numbers(shape, seed)
    together = Case("together", lambda x: f(x, axis=several, keepdims=keepdims), shape)
    assert_close(together.gradient(x, dz), Case("in turn", in_turn, shape).gradient(x, dz), 1e-13)


@st.composite
def moves(draw: Any) -> Case:
    """A function whose result holds entries of its argument, each any number of times, and nothing else."""
    shape = draw(arrays.array_shapes(min_dims=1, max_dims=3, max_side=3))
    n = len(shape)
    axis, other = draw(st.integers(-n, n - 1)), draw(st.integers(-n, n - 1))
    order = draw(st.permutations(range(n)))
    key = draw(st.one_of(arrays.basic_indices(shape, allow_newaxis=True), arrays.integer_array_indices(shape)))
    mask = np.random.default_rng(draw(seeds)).random(shape) < 0.5
    wider = (draw(st.integers(0, 2)), *shape)
    name, f = draw(
        st.sampled_from(
            [
                (f"x[{key!r}]", lambda x: x[key]),
                ("x[mask]", lambda x: x[mask]),
                ("reshape", lambda x: x.reshape(tuple(shape[i] for i in order))),
                ("ravel", np.ravel),
                (f"transpose({order})", lambda x: np.transpose(x, order)),
                (f"swapaxes({axis}, {other})", lambda x: np.swapaxes(x, axis, other)),
                (f"moveaxis({axis}, {other})", lambda x: np.moveaxis(x, axis, other)),
                (f"flip({axis})", lambda x: np.flip(x, axis)),
                ("flip", np.flip),
                ("squeeze", np.squeeze),
                (f"expand_dims({axis})", lambda x: np.expand_dims(x, axis)),
                (f"broadcast_to({wider})", lambda x: np.broadcast_to(x, wider)),
                (
                    f"concatenate({axis})",
                    lambda x: np.concatenate([x, np.flip(x), x[:0] if axis % n == 0 else x], axis),
                ),
                (f"stack({axis})", lambda x: np.stack([x, np.flip(x)], axis)),
                (f"split({axis})", lambda x: np.split(x, [1, 2], axis)[1]),
                (f"roll({axis})", lambda x: np.roll(x, 2, axis)),
                ("tile", lambda x: np.tile(x, (2, 1, 2))),
                (f"repeat({axis})", lambda x: np.repeat(x, 2, axis)),
                (f"take({axis})", lambda x: np.take(x, [-1, 0, 0], axis)),
                ("atleast_3d", np.atleast_3d),
            ]
        )
    )
    return Case(name, f, shape)


@pytest.mark.parametrize("dtype", [np.float64, np.complex128], ids=["real", "complex"])
@settings(common, max_examples=150)
@given(case=moves(), seed=seeds, layout=layouts)
def test_entries_that_move_take_their_gradients_along(dtype, case, seed, layout):
    """NumPy moves the entries' numbers; what came from where gets back what lies there, twice where it went twice."""
    x = frozen(numbers(case.shape, seed, dtype), layout)
    went = np.asarray(case.f(np.arange(x.size).reshape(x.shape)))
    dz = weights(went.shape, seed, dtype)
    expected = np.zeros(x.size, dtype)
    np.add.at(expected, went.ravel(), dz.ravel())
    for create_graph in (False, True):
        assert_close(case.gradient(x, dz, create_graph), expected.reshape(x.shape), 1e-14)


@common
@given(st.data(), seeds)
def test_adding_at_an_index_is_the_transpose_of_taking_from_it(data, seed):
    """<x[key], v> = <x, scatter_add(v)>, and the gradient of scatter_add is what getitem gives."""
    shape = data.draw(arrays.array_shapes(max_dims=3, max_side=3))
    key = data.draw(st.one_of(arrays.basic_indices(shape), arrays.integer_array_indices(shape)))
    x, v = numbers(shape, seed), numbers(np.shape(np.empty(shape)[key]), seed + 1)
    scatter = Case("scatter_add", lambda v: registry["scatter_add"](v, key=key, shape=shape), v.shape)
    assert_close(np.sum(x[key] * v), np.sum(x * scatter.f(v)), 1e-13)
    assert_close(scatter.gradient(v, x), x[key], 1e-15)


def test_the_numbers_of_these_tests_are_apart_and_away_from_zero():
    x = numbers((3, 3, 3), 0, np.complex128)
    for part in (x.real.ravel(), x.imag.ravel()):
        assert np.abs(part).min() > 0.049
        assert np.diff(np.sort(part)).min() > 0.099
    assert is_complex(x)
    for layout in LAYOUTS:
        np.testing.assert_array_equal(frozen(x, layout), x)
    assert not any(frozen(x, layout).flags.c_contiguous for layout in LAYOUTS if layout != "C")

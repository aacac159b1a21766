"""Every operation and NumPy's ways with arrays: dtypes, memory layouts, plain arrays, its functions and methods."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from oracles import (
    COMPOSITIONS,
    DIFFERENTIABLE,
    assert_close,
    each,
    forward,
    gradients,
    is_complex,
    name_of,
    random_like,
    recorded,
    tensors,
    wrt,
)
from samples import SAMPLES, Sample

import tinygrad_edu as tg
from tinygrad_edu.primitives import Primitive, numpy_functions, registry, wider

SINGLE = [s for s in DIFFERENTIABLE if "float32" not in s.skip]


def cast(inputs: Sequence[Any], dtype: Any) -> list[Any]:
    dtypes = {"f": np.dtype(dtype), "c": np.result_type(dtype, np.complex64)}
    return [x.astype(dtypes.get(x.dtype.kind, x.dtype)) if isinstance(x, np.ndarray) else x for x in inputs]


def frozen(x: Any) -> Any:
    """A copy that nobody can write to."""
    if isinstance(x, np.ndarray):
        x = x.copy()
        x.flags.writeable = False
    return x


def raw_rules(sample: Sample, inputs: Sequence[Any], dz: Any) -> Iterator[tuple[int, Any]]:
    """(i, what the rule for input i gives before the engine touches it), on arrays that cannot be written to."""
    op = registry[sample.op]
    z = frozen(np.asarray(forward(sample, inputs)))
    params = {**op.defaults, **sample.params}
    for i, rule in zip(range(len(inputs)), op.rules):
        if i in wrt(sample):
            yield i, rule(frozen(dz), z, *map(frozen, inputs), **params)


@each([s for s in SINGLE if s.op not in COMPOSITIONS])
def test_a_rule_fed_with_float32_gives_float32(sample: Sample) -> None:
    """Before the engine casts: a detour through float64 would be right, and slow."""
    inputs = cast(sample.inputs, np.float32)
    z = forward(sample, inputs)
    assert z.dtype in (np.float32, np.complex64)
    dz = random_like(z, 1)
    double = dict(raw_rules(sample, cast(inputs, np.float64), dz))
    may_be_complex = sample.op in {"angle", "imag", "irfft"} or any(map(is_complex, (z, *inputs)))
    dtypes = (np.float32, np.complex64) if may_be_complex else (np.float32,)
    for i, dx in raw_rules(sample, inputs, dz.astype(z.dtype)):
        assert dx.dtype in dtypes, f"the rule for input {i} gives {dx.dtype}"
        assert_close(dx, double[i], 2e-4)


@each(DIFFERENTIABLE)
def test_rules_do_not_write_into_their_arguments(sample: Sample) -> None:
    if sample.op not in COMPOSITIONS:
        dz = random_like(forward(sample, sample.inputs), 2)
        for _ in raw_rules(sample, sample.inputs, dz):
            pass
    frozen_inputs = [frozen(x) for x in sample.inputs]
    gradients(sample, frozen_inputs, frozen(random_like(forward(sample, frozen_inputs), 2)))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@each(DIFFERENTIABLE)
def test_every_gradient_has_the_shape_and_dtype_of_its_tensor(sample: Sample, dtype: Any) -> None:
    inputs = cast(sample.inputs, dtype)
    for create_graph in (False, True):
        xs = tensors(sample, inputs, wrt(sample))
        z = recorded(sample, xs)
        z.backward(random_like(z, 3), create_graph=create_graph)
        for i in wrt(sample):
            assert type(xs[i].grad) is tg.Tensor
            assert xs[i].grad.shape == inputs[i].shape
            assert xs[i].grad.dtype == inputs[i].dtype
            assert xs[i].grad.data.flags.writeable


@each([s for s in DIFFERENTIABLE if len(wrt(s)) > 1])
def test_operands_of_both_dtypes_get_gradients_each_of_its_own(sample: Sample) -> None:
    single = cast(sample.inputs, np.float32)
    exact = cast(single, np.float64)
    dz = random_like(forward(sample, exact), 4)
    expected = gradients(sample, exact, dz)
    for wide in wrt(sample)[:3]:
        inputs = [exact[i] if i == wide else x for i, x in enumerate(single)]
        kept = (
            sample.op in {"ediff1d", "gradient", "index_set", "insert", "over"} and wide
        )  # the dtype of the first operand
        assert recorded(sample, inputs).dtype == forward(sample, inputs).dtype
        assert kept or recorded(sample, inputs).dtype in (np.float64, np.complex128)
        for i, dx in gradients(sample, inputs, dz).items():
            assert dx.dtype == inputs[i].dtype
            assert_close(dx, expected[i], 2e-5)


@each(DIFFERENTIABLE)
def test_float32_gives_the_dtype_that_it_gives_in_numpy(sample: Sample) -> None:
    inputs = cast(sample.inputs, np.float32)
    assert recorded(sample, tensors(sample, inputs, wrt(sample))).dtype == forward(sample, inputs).dtype


def strided(x: np.ndarray) -> np.ndarray:
    """The same entries, every second of a larger array, backwards in memory."""
    holder = np.zeros([2 * n for n in x.shape], x.dtype)
    view = holder[(slice(None, None, -2),) * x.ndim]
    view[...] = x
    return view


@pytest.mark.parametrize("layout", [np.asfortranarray, strided])
@each([s for s in DIFFERENTIABLE if any(s.inputs[i].ndim for i in wrt(s))])
def test_the_layout_in_memory_does_not_change_a_gradient(sample: Sample, layout: Any) -> None:
    dz = random_like(forward(sample, sample.inputs), 5)
    expected = gradients(sample, sample.inputs, dz)
    moved = [layout(x) if isinstance(x, np.ndarray) and x.ndim else x for x in sample.inputs]
    actual = gradients(sample, moved, layout(dz) if dz.ndim else dz)
    for i, dx in expected.items():
        assert_close(actual[i], dx, 1e-13)


@each(SAMPLES)
def test_plain_arrays_in_give_plain_arrays_out(sample: Sample) -> None:
    z = recorded(sample, sample.inputs)
    assert not isinstance(z, tg.Tensor)
    if sample.op != "dropout_mask":
        assert_close(z, forward(sample, sample.inputs), 1e-15)


# Through NumPy's own functions and methods

OF_NUMPY: dict[str, list[Any]] = {}
for table, more in ((numpy_functions, ""), (wider, " (more)")):
    for f in table:
        OF_NUMPY.setdefault(name_of(f) + more, []).append(f)
OTHERWISE = {"power", "dot"}  # computed by `a ** b` and `a @ b`, whose last bits may differ
OTHERWISE |= {"corrcoef", "cov", "gradient", "interp", "linspace", "nanprod", "nansum"}
OTHERWISE |= {"fft.rfft2", "fft.rfftn"}  # NumPy 2.0 takes the axes in another order
OTHERWISE |= {s.op for s in SAMPLES if s.op.endswith(" (more)")}  # np.sum(where=) adds up in another order
POSITIONAL = {np.reshape, np.where, getattr(np, "astype", None)}  # NumPy 2.0 knows no `shape=`


def by_numpy(f: Any, sample: Sample, inputs: Sequence[Any]) -> Any:
    op = numpy_functions[f]
    arguments = [list(inputs)] if type(op) is Primitive and op.variadic else inputs
    z = f(*arguments, *sample.params.values()) if f in POSITIONAL else f(*arguments, **sample.params)
    return z if sample.take is None else z[sample.take]


@each([s for s in SAMPLES if s.op in OF_NUMPY])
def test_numpy_function_on_tensors_gives_what_it_gives_on_arrays(sample: Sample) -> None:
    whole_numbers = np.asarray(sample.inputs[0]).dtype.kind in "biu" and not wrt(sample)
    xs = [tg.Tensor(x) for x in sample.inputs] if whole_numbers else tensors(sample, sample.inputs, wrt(sample) or [0])
    for function in OF_NUMPY[sample.op]:
        expected = by_numpy(function, sample, sample.inputs)
        z = by_numpy(function, sample, xs)
        if function in (np.shape, np.ndim, np.size):
            assert type(z) is type(expected)
        else:
            assert type(z) is tg.Tensor
            assert z.requires_grad == bool(wrt(sample))
        actual = getattr(z, "data", z)
        assert np.asarray(actual).dtype == np.asarray(expected).dtype
        if sample.op in OTHERWISE:
            assert_close(actual, expected, 1e-15)
        else:
            np.testing.assert_array_equal(actual, expected, strict=isinstance(expected, np.ndarray))


BY_POSITION = {"reshape", "transpose", "swapaxes", "squeeze", "clip", "dot"}
IN_PLACE = {"fill", "partition", "put", "sort"}
METHODS = [
    s
    for s in SAMPLES
    if callable(getattr(np.ndarray, s.op, None)) and hasattr(tg.Tensor, s.op) and isinstance(s.inputs[0], np.ndarray)
    if s.op not in IN_PLACE
]


@each(METHODS)
def test_method_of_a_tensor_gives_what_the_method_of_an_array_gives(sample: Sample) -> None:
    x, *rest = sample.inputs
    args, kwargs = (sample.params.values(), {}) if sample.op in BY_POSITION else ((), sample.params)
    expected = getattr(x, sample.op)(*rest, *args, **kwargs)
    z = getattr(tg.Tensor(x, requires_grad=True), sample.op)(*rest, *args, **kwargs)
    assert type(z) is tg.Tensor
    assert z.dtype == np.asarray(expected).dtype
    assert_close(z.data, expected, 1e-15)


def test_all_methods_of_numpy_that_a_tensor_has_are_tried() -> None:
    wanted = {"sum", "mean", "var", "std", "max", "min", "prod", "cumsum", "argmax", "argmin", "argsort", "any", "all"}
    wanted |= {"reshape", "transpose", "swapaxes", "ravel", "squeeze", "clip", "dot", "astype", "copy"}
    wanted |= {"conjugate", "cumprod", "diagonal", "repeat", "round", "take", "trace"}
    assert {s.op for s in METHODS} == wanted


@pytest.mark.parametrize("sizes", [(3, 4), ((3, 4),), ([3, 4],), (-1,), (12,), (2, -1, 3)])
def test_reshape_and_transpose_take_their_sizes_in_every_way_of_numpy(sizes: Any) -> None:
    x = np.arange(12.0).reshape(2, 6)
    np.testing.assert_array_equal(tg.Tensor(x).reshape(*sizes).data, x.reshape(*sizes))
    y = np.arange(24.0).reshape(2, 3, 4)
    for axes in ((), (None,), (1, 2, 0), ((1, 2, 0),), ([1, 2, 0],), (-1, 0, 1)):
        np.testing.assert_array_equal(tg.Tensor(y).transpose(*axes).data, y.transpose(*axes))


def test_one_axis_transposes_by_its_number() -> None:
    x = np.arange(3.0)
    np.testing.assert_array_equal(tg.Tensor(x).transpose(0).data, x)

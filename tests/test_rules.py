"""Every rule of the registry, on every sample: right on arrays, the same on Tensors, right to second order."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from oracles import (
    COMPOSITIONS,
    DIFFERENTIABLE,
    assert_close,
    complex_step,
    each,
    finite_difference,
    forward,
    gradients,
    is_complex,
    random_like,
    recorded,
    replaced,
    tensors,
    wrt,
)
from samples import SAMPLES, Sample

import tinygrad_edu as tg
from tinygrad_edu import rules
from tinygrad_edu.primitives import Primitive, registry


def test_every_operation_has_samples_and_every_sample_an_operation() -> None:
    book = {
        op.name for chapter in rules.__all__ for op in vars(getattr(rules, chapter)).values() if type(op) is Primitive
    }
    assert book <= registry.keys()
    assert book | COMPOSITIONS.keys() == {sample.op for sample in SAMPLES}


def test_every_operation_with_rules_is_differentiated_for_each_of_its_inputs() -> None:
    checked = {(sample.op, i) for sample in DIFFERENTIABLE for i in wrt(sample)}
    names = {sample.op for sample in SAMPLES} - COMPOSITIONS.keys()
    rules_there_are = [(op, range(1) if registry[op].variadic else range(len(registry[op].rules))) for op in names]
    for op, inputs in rules_there_are:
        for i in inputs:
            has_rule = registry[op].variadic or registry[op].rules[i] is not None
            assert ((op, i) in checked) == has_rule, f"{op}: input {i}"


def weighted(sample: Sample, inputs: Sequence[Any], i: int, x: Any, dz: Any) -> Any:
    """sum(dz * z) with x as input number i."""
    return np.sum(dz * forward(sample, replaced(inputs, i, x)))


@each(DIFFERENTIABLE)
def test_array_rule_agrees_with_finite_differences(sample: Sample) -> None:
    z = forward(sample, sample.inputs)
    dz = random_like(z, 1)
    for i in wrt(sample):
        expected = finite_difference(lambda x, i=i: weighted(sample, sample.inputs, i, x, dz), sample.inputs[i])
        assert_close(gradients(sample, sample.inputs, dz, [i])[i], expected, 1e-8)


@each([s for s in DIFFERENTIABLE if "complex" not in s.skip and not any(map(is_complex, s.inputs))])
def test_array_rule_agrees_with_the_complex_step(sample: Sample) -> None:
    z = forward(sample, sample.inputs)
    dz = random_like(z, 2)
    inputs = [x.astype(complex) if i in wrt(sample) else x for i, x in enumerate(sample.inputs)]
    for i in wrt(sample):
        expected = complex_step(lambda x, i=i: weighted(sample, inputs, i, x, dz), sample.inputs[i])
        assert_close(gradients(sample, sample.inputs, dz, [i])[i], expected, 1e-12)


@each([s for s in DIFFERENTIABLE if len(wrt(s)) > 1])
def test_a_gradient_does_not_depend_on_which_others_are_wanted(sample: Sample) -> None:
    dz = random_like(forward(sample, sample.inputs), 3)
    together = gradients(sample, sample.inputs, dz)
    for i in wrt(sample):
        np.testing.assert_array_equal(together[i], gradients(sample, sample.inputs, dz, [i])[i])


@each(DIFFERENTIABLE)
def test_tensor_rule_gives_the_same_numbers_as_the_array_rule(sample: Sample) -> None:
    dz = random_like(forward(sample, sample.inputs), 4)
    on_arrays = gradients(sample, sample.inputs, dz)
    xs = tensors(sample, sample.inputs, wrt(sample))
    recorded(sample, xs).backward(dz, create_graph=True)
    for i, expected in on_arrays.items():
        assert type(xs[i].grad) is tg.Tensor
        assert_close(xs[i].grad.data, expected, 1e-14)


@each([s for s in DIFFERENTIABLE if "second" not in s.skip])
def test_second_order_agrees_with_finite_differences_of_the_first(sample: Sample) -> None:
    """All pairs of inputs at once, and the dependence on dz: the entries of u are all different."""
    chosen = wrt(sample)
    dz = random_like(forward(sample, sample.inputs), 5)
    u = {i: random_like(sample.inputs[i], 6 + i) for i in chosen}
    xs = tensors(sample, sample.inputs, chosen)
    seed = tg.Tensor(dz, requires_grad=True)
    np.real((recorded(sample, xs) * seed).sum()).backward(create_graph=True)
    first = {i: xs[i].grad for i in chosen}
    for x in (*(xs[i] for i in chosen), seed):
        x.grad = None
    total = np.real(sum((u[i] * first[i]).sum() for i in chosen))
    if not total.requires_grad:  # sign: the gradient is the constant 0
        assert not any(np.any(g.data) for g in first.values())
        return
    total.backward()

    def slope(inputs: Sequence[Any], dz: Any) -> Any:
        return sum(np.sum(u[i] * g) for i, g in gradients(sample, inputs, dz).items())

    for i in chosen:
        expected = finite_difference(lambda x, i=i: slope(replaced(sample.inputs, i, x), dz), sample.inputs[i])
        assert_close(np.zeros_like(expected) if xs[i].grad is None else xs[i].grad.data, expected, 1e-8)
    assert_close(seed.grad.data, finite_difference(lambda dz: slope(sample.inputs, dz), dz), 1e-8)


# What the operations that NumPy lacks compute

SEPARATE = {
    "relu": lambda x: x * (x > 0),
    "leaky_relu": lambda x, negative_slope=0.01: x * (x > 0) + negative_slope * x * (x <= 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "softmax": lambda x, axis: np.exp(x) / np.exp(x).sum(axis, keepdims=True),
    "log_softmax": lambda x, axis: np.log(np.exp(x) / np.exp(x).sum(axis, keepdims=True)),
    "logsumexp": lambda x, axis, keepdims=False: np.log(np.exp(x).sum(axis, keepdims=keepdims)),
    "erf": np.vectorize(math.erf, otypes=[float]),
    "astype": lambda x, dtype: x,
    "affine": lambda W, A, b: np.einsum("ij,jk->ik", W, A) + b,
    "binary_cross_entropy": lambda A, Y: -np.where(Y == 1, np.log(A), Y * np.log(A) + (1 - Y) * np.log(1 - A)).mean(),
    "binary_cross_entropy_with_logits": lambda Z, Y: np.mean(-np.log(1 / (1 + np.exp(-Z))) + (1 - Y) * Z),
    "cross_entropy": lambda Z, Y, axis: -(Y * (Z - np.log(np.exp(Z).sum(axis, keepdims=True)))).sum(axis).mean(),
    "mse": lambda A, Y: np.mean(np.square(A - Y)),
    "getitem": lambda x, key: x[key],
}


@each([s for s in SAMPLES if s.op in SEPARATE])
def test_operations_that_numpy_lacks_compute_their_formula(sample: Sample) -> None:
    assert_close(forward(sample, sample.inputs), SEPARATE[sample.op](*sample.inputs, **sample.params), 1e-14)


@each([s for s in SAMPLES if s.op == "scatter_add"])
def test_scatter_add_is_the_transpose_of_getitem(sample: Sample) -> None:
    """<x[key], v> = <x, scatter_add(v)> for every x."""
    v, key, shape = sample.inputs[0], sample.params["key"], sample.params["shape"]
    x = random_like(np.empty(shape), 7)
    z = forward(sample, sample.inputs)
    assert z.shape == shape
    assert_close(np.sum(x * z), np.sum(x[key] * v), 1e-14)


@each([s for s in SAMPLES if s.op == "index_set"])
def test_index_set_copies_and_then_assigns(sample: Sample) -> None:
    x, v = sample.inputs
    before = x.copy()
    expected = x.copy()
    expected[sample.params["key"]] = v
    np.testing.assert_array_equal(forward(sample, sample.inputs), expected)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_dropout_mask_keeps_its_share_and_the_expected_value(rate: float, dtype: Any) -> None:
    x = np.zeros((100, 200), dtype)
    z = registry["dropout_mask"](x, rate=rate, rng=np.random.default_rng(0))
    assert z.shape == x.shape
    assert z.dtype == dtype
    np.testing.assert_allclose(np.unique(z), [0, 1 / (1 - rate)], rtol=1e-6)
    assert abs(np.mean(z == 0) - rate) < 0.02

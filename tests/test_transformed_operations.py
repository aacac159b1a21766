"""Every operation, in one of its samples, under `jvp`, `vjp` and `checkpoint`, around a captured parameter."""

from typing import Any

import numpy as np
from oracles import DIFFERENTIABLE, assert_close, each, random_like, recorded, wrt
from samples import Sample

from tinygrad_edu import Tensor, checkpoint, jvp, vjp

ONE_EACH = list({s.op: s for s in DIFFERENTIABLE if "second" not in s.skip}.values())


def case(sample: Sample, scale: Any = 1.0) -> tuple[Any, list[Any], list[Any]]:
    """(a function of the inputs that are differentiated, these, tangents for them)."""
    chosen = wrt(sample)
    primals = [sample.inputs[i] for i in chosen]

    def f(*xs: Any) -> Any:
        given = iter(xs)
        return recorded(sample, [next(given) if i in chosen else x for i, x in enumerate(sample.inputs)]) * scale

    return f, primals, [random_like(x, k) for k, x in enumerate(primals)]


@each(ONE_EACH)
def test_jvp_is_the_transpose_of_vjp(sample: Sample) -> None:
    f, primals, tangents = case(sample)
    value, pullback = vjp(f, *primals)
    dz = random_like(value, 9)
    _, moved = jvp(f, primals, tangents)
    assert moved.dtype == value.dtype
    there = np.real(np.sum(dz * moved))
    back = sum(np.real(np.sum(dx * v)) for dx, v in zip(pullback(dz), tangents))
    assert_close(there, back, 1e-11)


@each(ONE_EACH)
def test_a_checkpoint_changes_no_bit(sample: Sample) -> None:
    f, primals, tangents = case(sample)
    value, pullback = vjp(f, *primals)
    again, checkpointed = vjp(checkpoint(f), *primals)
    dz = random_like(value, 9)
    for got, expected in zip((again, *checkpointed(dz)), (value, *pullback(dz))):
        np.testing.assert_array_equal(got, expected, strict=True)
    np.testing.assert_array_equal(jvp(checkpoint(f), primals, tangents)[1], jvp(f, primals, tangents)[1])


@each(ONE_EACH)
def test_tangents_and_gradients_depend_on_a_captured_factor_and_on_nothing_else(sample: Sample) -> None:
    w = Tensor(2.0, requires_grad=True)
    for how in (lambda f: f, checkpoint):
        (f, primals, tangents), (g, _, _) = case(sample, w), case(sample)
        _, plain = jvp(g, primals, tangents)
        value, tangent = jvp(how(f), primals, tangents)
        if type(tangent) is not Tensor:  # the slope is 0 everywhere
            assert not np.any(plain)
            continue
        weights = random_like(value.data, 9)
        w.grad = None
        np.real((tangent * weights).sum()).backward()
        assert_close(tangent.data, 2 * plain, 1e-12)
        assert_close(w.grad.data, np.real(np.sum(plain * weights)), 1e-11)

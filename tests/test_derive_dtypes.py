"""The module that `derive` writes computes in the dtypes of the engine: the same bits, whatever the factors are."""

import inspect

import numpy as np
import pytest

import tinygrad_edu as tg


def engine_and_source(J, V, constants):
    """(J, dV) of the engine, and of the module."""
    derivation = tg.derive(J, names=constants)
    module = {}
    exec(derivation.source(), module)
    assert str(derivation) and derivation.latex()
    given = [constants.get(name, V.data) for name in inspect.signature(module["forward"]).parameters]
    value, cache = module["forward"](*given)
    J.backward()
    return (J.data, V.grad.data), (np.asarray(value), np.asarray(module["backward"](cache)["dV"]))


def same_bits(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


@pytest.mark.parametrize("dtype", ["i1", "u1", "i8", "?", "f2"])
def test_factors_of_other_dtypes_do_not_overflow_in_a_gradient(dtype):
    c = np.array([100, 77, 50], dtype)
    V = tg.Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True, name="V")
    (J, dV), found = engine_and_source((V * c * c * c).sum(), V, {"k": c})
    assert dV.tolist() == [float(x) ** 3 for x in c.tolist()]
    same_bits((J, dV), found)


def constant(rng):
    """A number or an array of some dtype and shape."""
    shape = [(), (1,), (3,), (2, 3)][rng.integers(4)]
    found = (rng.integers(1, 100, shape) / rng.choice([1, 7])).astype(rng.choice(["i1", "u1", "i8", "?", "f2", "f8"]))
    return [found, found[()] if not found.ndim else found, 2, 0.1][rng.integers(4)]


def test_random_chains_of_mixed_dtypes_are_the_engine_s_to_the_last_bit():
    rng = np.random.default_rng(0)
    for _ in range(150):
        shape = [(), (1,), (3,), (2, 3)][rng.integers(4)]
        V = tg.Tensor(rng.integers(1, 9, shape).astype(rng.choice(["f2", "f4", "f8"])), requires_grad=True, name="V")
        y, constants = V, {}
        with np.errstate(all="ignore"):
            for _ in range(rng.integers(1, 5)):
                c, how = constant(rng), rng.integers(4)
                if isinstance(c, np.ndarray):
                    constants[f"k{len(constants)}"] = c
                y = [lambda y, c: y * c, lambda y, c: y + c, lambda y, c: c - y, lambda y, c: y / c][how](y, c)
            J = y.sum() if rng.random() < 0.7 else y.mean()
            same_bits(*engine_and_source(J, V, constants))

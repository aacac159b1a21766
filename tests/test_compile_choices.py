"""Which NumPy calls stand in a program depends on shapes and dtypes, not on the entries of the run that wrote it."""

import itertools

import numpy as np
import pytest
from trainers import same

import tinygrad_edu as tg
from tinygrad_edu.errors import CompileError


def laid_out(rng, shape, start):
    """An array of this shape that lies in memory in some way: in order, transposed, reversed, with gaps, broadcast."""
    way = rng.integers(6)
    if way == 1:
        return start(shape[::-1]).T
    if way == 2:
        return start(shape)[::-1]
    if way == 3:
        return start(shape)[:, ::-1]
    if way == 4:
        return start((shape[0], 2 * shape[1]))[:, ::2]
    return np.broadcast_to(start((1, shape[1])), shape) if way == 5 else start(shape)


def test_a_product_is_the_same_whatever_it_was_traced_with():
    rng = np.random.default_rng(0)
    for _ in range(300):
        m, k, n = rng.integers(1, 24, 3)
        f = tg.compile(lambda x, w: x @ w, fast=False)
        layout = int(rng.integers(2**31))
        for start in (np.zeros, np.ones, rng.standard_normal, rng.standard_normal):
            ways = np.random.default_rng(layout)
            x, w = laid_out(ways, (m, k), start), laid_out(ways, (k, n), start)
            same(f(x, w), x @ w)
        assert f.traces == 1


@pytest.mark.parametrize(
    "shapes", [((1, 1), (1, 1)), ((1, 1), (1, 3)), ((3, 1), (1, 1)), ((1, 2), (2, 1)), ((2, 2),) * 2]
)
def test_a_product_of_zeros_and_infinities_keeps_its_sign_and_nan(shapes):
    f = tg.compile(lambda x, w: x @ w, fast=False)
    for values in itertools.product([1.0, 0.0, -0.0, -1.0, np.inf], repeat=2):
        x, w = map(np.full, shapes, values)
        with np.errstate(invalid="ignore"):
            got, expected = f(x, w), x @ w
        np.testing.assert_array_equal(got, expected)
        np.testing.assert_array_equal(np.copysign(1, got), np.copysign(1, expected))
    assert f.traces == 1


def test_the_mean_of_half_precision_and_integers_is_summed_as_numpy_does():
    for traced, given in [
        (np.ones(4, "f2"), np.full(4, 60000, "f2")),
        (np.zeros(3, "i8"), np.array([2**53, 1, 1])),
        (np.zeros(2, "u1"), np.full(2, 255, "u1")),
    ]:
        f = tg.compile(lambda x: x.mean(), fast=False)
        f(traced)
        same(f(given), given.mean())
        assert f.traces == 1


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (x * 2) @ (x * 2).T,
        lambda x: x @ np.copy(x).T,
        lambda x: np.tensordot(x * 2, (x * 2).T, 1),
        lambda x: np.copy(x) @ np.reshape(np.copy(x), (17, 30)),
        lambda x: (x * 2).T @ (x * 2) + (x * 2).T @ (x * 2),
    ],
)
def test_a_product_of_two_equal_arrays_is_none_of_one_with_itself(f):
    rng = np.random.default_rng(0)
    compiled = tg.compile(f, fast=False)
    for _ in range(3):
        x = rng.standard_normal((30, 17))
        same(compiled(x), f(x))


COPIED = {
    "of a reversed array": lambda a, b: np.einsum("ij,ij->i", a, np.flip(b, -1).copy()),
    "by a power of one": lambda a, b: np.einsum("ij,ij->i", a, b[:, ::-1] ** 1.0),
    "of every other entry": lambda a, b: np.einsum("ij,ij->j", a[:, ::2].copy(), b[:, ::2]),
    "of a transposed array": lambda a, b: (a + b).T.copy().sum(axis=0),
    "in its own order": lambda a, b: np.copy((a + b).T).sum(axis=0),
}


@pytest.mark.parametrize("f", COPIED.values(), ids=COPIED)
def test_what_is_computed_from_a_copy_is_rounded_as_from_an_arrays_copy(f):
    rng = np.random.default_rng(0)
    compiled = tg.compile(f, fast=False)
    for _ in range(20):
        a, b = rng.standard_normal((2, 7, 19))
        same(compiled(a, b), f(a, b))
        same(f(tg.Tensor(a), tg.Tensor(b)).data, f(a, b))
    assert compiled.traces == 1


FORMED = {
    "trim_zeros": (np.trim_zeros, np.zeros(3, complex), np.ones(3, complex)),
    "a count": (lambda x: x * len(np.argwhere(x)), np.ones(3), np.array([0.0, 1.0, 0.0])),
    "extract": (lambda x: np.extract(x > 0, x), np.ones(3), np.array([0.0, 1.0, 0.0])),
    "real_if_close": (np.real_if_close, np.ones(3, complex), np.full(3, 1j)),
    "eig": (lambda x: np.linalg.eig(x)[0], np.eye(2), np.array([[0.0, 1.0], [-1.0, 0.0]])),
}


@pytest.mark.parametrize(("f", "traced", "given"), FORMED.values(), ids=FORMED)
def test_a_result_whose_form_its_entries_choose_is_refused_in_another(f, traced, given):
    compiled = tg.compile(lambda x: f(x), fast=False)
    for _ in range(2):
        same(compiled(traced), f(traced))
    with pytest.raises(CompileError, match=r"^compile: \w+ gives .*, and gave .*: call it outside"):
        compiled(given)

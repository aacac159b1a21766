"""The walk backwards: every tensor once, any depth, no shared memory, nothing left for the garbage collector."""

import gc
import inspect
import math
import sys
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu import Tensor, grad
from tinygrad_edu.backprop import backpropagate, unbroadcast
from tinygrad_edu.errors import TinygradEduError
from tinygrad_edu.functions import binary_cross_entropy, sigmoid
from tinygrad_edu.primitives import Primitive

LONG = 200_000


def leaf(*shape, name=None, seed=0):
    return Tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True, name=name)


def custom(forward, **rules):
    """An op outside the registry, so that the suite over the registry does not see it."""
    return Primitive(forward, "custom", rules, forward)


@pytest.fixture
def low_recursion_limit():
    """Thirty frames above where we stand: any recursion over a graph overflows."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 30)
    yield
    sys.setrecursionlimit(before)


@pytest.fixture
def no_collector():
    """With the collector off, whatever is freed was freed by reference counts."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# Every tensor once


def test_a_plus_a_gives_two():
    a = Tensor(3.0, requires_grad=True)
    (a + a).backward()
    assert a.grad.item() == 2.0


def test_a_sum_of_sums_of_one_tensor_gives_four():
    a = Tensor(3.0, requires_grad=True)
    ((a + a) + (a + a)).backward()
    assert a.grad.item() == 4.0


def test_a_tensor_used_twice_in_one_product_gives_both_shares():
    a = Tensor([3.0, -1.0], requires_grad=True)
    (a * a * a).sum().backward()
    np.testing.assert_allclose(a.grad.data, [27.0, 3.0])  # 3 a^2


def test_a_diamond_of_forty_levels_visits_each_tensor_once():
    calls = []

    def da(dz, z, a, b):
        calls.append("a")
        return dz

    def db(dz, z, a, b):
        calls.append("b")
        return dz

    double = custom(lambda a, b: a + b, da=da, db=db)
    a = Tensor(1.0, requires_grad=True)
    z = a
    for _ in range(40):
        z = double(z, z)
    z.backward()
    assert a.grad.item() == 2.0**40
    assert calls == ["a", "b"] * 40  # 2^40 paths, 40 steps


def test_the_order_has_each_tensor_once_and_after_all_of_its_users():
    rng = np.random.default_rng(1)
    tensors = [leaf(), leaf()]
    for _ in range(200):
        i, j = rng.integers(len(tensors), size=2)
        tensors.append(tensors[i] + tensors[j])
    order = list(backpropagate(tensors[-1], np.array(1.0), keep_all=True))  # in the order of the walk
    place = {t: i for i, t in enumerate(order)}
    assert len(place) == len(order)
    assert order[0] is tensors[-1]
    for t in order:
        for x in t.inputs:
            assert place[x] > place[t]


def test_a_short_and_a_long_path_to_one_tensor_both_arrive_before_it_passes_on():
    a = Tensor(2.0, requires_grad=True)
    b = a * a
    long = b
    for _ in range(5):
        long = long * 1.0
    (b + long).backward()
    assert a.grad.item() == 8.0  # d(2 a^2)/da


def test_what_needs_no_gradient_is_never_computed():
    asked = []
    op = custom(
        lambda a, b: a * b,
        da=lambda dz, z, a, b: asked.append("a") or dz * b,
        db=lambda dz, z, a, b: asked.append("b") or dz * a,
    )
    W, X = leaf(2), Tensor(np.ones(2))
    op(W, X).sum().backward()
    assert asked == ["a"]
    assert X.grad is None


# Any depth


def chain(x, n):
    for _ in range(n):
        x = x * 1.000001
    return x


def test_a_long_chain_needs_no_recursion_and_leaves_nothing_to_collect(low_recursion_limit, no_collector):
    x = Tensor(1.0, requires_grad=True)
    z = chain(x, LONG)
    first = weakref.ref(z.inputs[0])
    z.backward()
    assert math.isclose(x.grad.item(), 1.000001**LONG, rel_tol=1e-9)
    del z
    assert first() is None
    assert gc.collect() == 0


def test_a_long_chain_is_differentiated_twice_without_recursion(low_recursion_limit, no_collector):
    x = Tensor(1.0, requires_grad=True)
    z = x
    for _ in range(20_000):
        z = z + x * x
    z.backward(create_graph=True)
    first = x.grad
    assert first.item() == 1 + 2 * 20_000
    x.grad = None
    first.backward()
    assert x.grad.item() == 2 * 20_000
    x.grad = None
    del z, first
    assert gc.collect() == 0


def test_a_long_chain_is_freed_in_one_sweep_without_recursion(low_recursion_limit, no_collector):
    x = Tensor(1.0, requires_grad=True)
    z = chain(x, LONG)
    below = weakref.ref(z.inputs[0])
    z.backward(retain_graph=False)
    assert below() is None
    assert gc.collect() == 0


# Nothing for the garbage collector


def network():
    W, b, X = leaf(3, 4, name="W"), leaf(3, 1, name="b"), np.ones((4, 5))
    A = sigmoid(W @ X + b)
    return W, A, binary_cross_entropy(A, np.ones((3, 5)))


def forward_only():
    network()


def after_backward():
    network()[2].backward()


def after_freeing():
    network()[2].backward(retain_graph=False)


def after_second_order():
    W, _, J = network()
    J.backward(create_graph=True)
    (W.grad * W.grad).sum().backward()
    W.grad = None  # a gradient with a graph refers to W, as in any library


def after_retained_gradients():
    _, A, J = network()
    A.retain_grad()
    J.backward(retain_grads=True)


def after_nested_grad():
    W = leaf(3)
    grad(lambda x: x * grad(lambda y: x * y * y)(1.0))(2.0)
    grad(lambda x: (W * x).sum())(2.0)


@pytest.mark.parametrize(
    "use",
    [forward_only, after_backward, after_freeing, after_second_order, after_retained_gradients, after_nested_grad],
)
def test_a_dropped_graph_leaves_nothing_to_collect(use, no_collector):
    use()
    assert gc.collect() == 0


def raising_rule():
    def dx(dz, z, x):
        raise ZeroDivisionError

    custom(lambda x: x + 0, dx=dx)(leaf(2)).sum().backward()


def changed_data():
    W, _, J = network()
    W.data = W.data * 2
    J.backward()


FAILURES = {
    "shapes that do not fit": lambda: leaf(2) + np.ones(3),
    "an index out of range": lambda: leaf(2)[7],
    "a value outside the domain": lambda: binary_cross_entropy(leaf(2) * 100, np.ones(2)),
    "a function without a rule": lambda: np.frexp(leaf(2)),
    "an argument the rule does not cover": lambda: np.pad(leaf(2), 1, mode="mean"),
    "no number to start from": lambda: (leaf(2) * 2).backward(),
    "a second walk": lambda: [J.backward() for J in [network()[2]] * 2],
    "changed data": changed_data,
    "a rule that raises": raising_rule,
    "an error inside grad": lambda: grad(lambda x: x @ np.ones((3, 3)))(np.ones(2)),
}


@pytest.mark.parametrize("fail", FAILURES.values(), ids=FAILURES.keys())
def test_an_error_leaves_nothing_to_collect(fail, no_collector):
    failed = False
    try:
        fail()
    except (TinygradEduError, ZeroDivisionError):
        failed = True
    assert failed
    assert gc.collect() == 0


# Whose memory


def assert_apart(*tensors):
    """No two gradients share memory with each other or with any data, and all can be written to."""
    grads = [t.grad for t in tensors]
    for i, g in enumerate(grads):
        assert g.data.flags.writeable
        others = [h.data for h in grads[:i]] + [t.data for t in tensors]
        assert not any(np.shares_memory(g.data, other) for other in others)


ADDITIONS = {
    "a + b": lambda a, b: (a + b).sum(),
    "a + b, seeded": lambda a, b: a + b,
    "(a + b) + a": lambda a, b: (a + b) + a,
    "a - b": lambda a, b: a - b,
    "a.T + b.T": lambda a, b: a.T + b.T,
    "reshape": lambda a, b: a.reshape(9) + b.reshape(9),
    "transpose of reshape": lambda a, b: a.reshape((3, 3)).T + b.T.reshape(3, 3),
    "identity": lambda a, b: +a + +b,
    "halves of one array": lambda a, b: np.concatenate([a, b]),
    "stack": lambda a, b: np.stack([a, b]),
    "flip": lambda a, b: np.flip(a) + np.flip(b),
    "index": lambda a, b: a[:, ::-1] + b[1:2],
    "mean": lambda a, b: a.mean(axis=0) + b.mean(axis=1),
    "broadcast": lambda a, b: a[:1] + b[:, :1],
}


@pytest.mark.parametrize("options", [{}, {"retain_grads": True}, {"create_graph": True}], ids=str)
@pytest.mark.parametrize("f", ADDITIONS.values(), ids=ADDITIONS.keys())
def test_no_two_gradients_share_memory_and_all_are_writable(f, options):
    a, b = leaf(3, 3), leaf(3, 3, seed=1)
    z = f(a, b)
    seed = np.random.default_rng(2).standard_normal(z.shape)
    kept = seed.copy()
    z.backward(seed, **options)
    assert_apart(a, b, *([z] if options.get("retain_grads") else []))
    a.grad.data[...] = 77.0
    np.testing.assert_array_equal(seed, kept)
    assert not np.any(b.grad.data == 77.0)


def test_retained_gradients_along_a_chain_of_views_share_no_memory():
    a = leaf(2, 3)
    b = a + 1.0
    c = b.T
    d = c.reshape(6)
    e = d + 0.0
    e.backward(np.arange(6.0), retain_grads=True)
    assert_apart(a, b, c, d, e)


def test_a_second_backward_does_not_write_into_a_gradient_that_was_kept():
    a = leaf(3)
    (a * 2).sum().backward()
    kept = a.grad
    before = kept.data.copy()
    (a * 3).sum().backward()
    np.testing.assert_array_equal(kept.data, before)
    np.testing.assert_array_equal(a.grad.data, np.full(3, 5.0))
    assert not np.shares_memory(kept.data, a.grad.data)


@pytest.mark.parametrize("wrap", [np.asarray, Tensor], ids=["array", "Tensor"])
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_leaf_does_not_keep_the_seed_of_its_own_backward(wrap, create_graph):
    a, seed = leaf(3), np.arange(3.0)
    a.backward(wrap(seed), create_graph=create_graph)
    assert not np.shares_memory(a.grad.data, seed)
    np.testing.assert_array_equal(a.grad.data, seed)


def test_the_arrays_that_grad_returns_share_no_memory():
    dx, dy = grad(lambda x, y: (x + y).sum(), argnums=(0, 1))(np.ones(3), np.ones(3))
    assert not np.shares_memory(dx, dy)
    assert dx.flags.writeable and dy.flags.writeable


# Broadcasting undone


@st.composite
def broadcasts(draw):
    """A shape, and one that it broadcasts to."""
    big = tuple(draw(st.lists(st.integers(0, 4), max_size=4)))
    kept = big[draw(st.integers(0, len(big))) :]
    return tuple(1 if draw(st.booleans()) else n for n in kept), big


@given(broadcasts())
def test_unbroadcast_is_the_sum_over_all_the_copies_of_an_entry(shapes):
    small, big = shapes
    dx = np.random.default_rng(0).standard_normal(big)
    expected = np.zeros(small)
    padded = (1,) * (len(big) - len(small)) + small
    for place in np.ndindex(*big):  # entry by entry: where did broadcasting take it from?
        source = tuple(0 if n == 1 else i for i, n in zip(place, padded))
        expected[source[len(big) - len(small) :]] += dx[place]
    result = unbroadcast(dx, small)
    assert result.shape == small
    np.testing.assert_allclose(result, expected, atol=1e-12)


@given(broadcasts())
def test_unbroadcast_gives_the_same_on_tensors(shapes):
    small, big = shapes
    dx = np.random.default_rng(0).standard_normal(big)
    np.testing.assert_array_equal(unbroadcast(Tensor(dx), small).data, unbroadcast(dx, small))


def test_the_gradient_of_a_bias_is_the_sum_over_the_examples():
    W, A, b = leaf(3, 4), leaf(4, 5, seed=1), leaf(3, 1, seed=2)
    Z = W @ A + b
    dZ = np.random.default_rng(3).standard_normal((3, 5))
    Z.backward(dZ)
    np.testing.assert_allclose(b.grad.data, np.sum(dZ, axis=1, keepdims=True))
    np.testing.assert_allclose(W.grad.data, dZ @ A.data.T)
    np.testing.assert_allclose(A.grad.data, W.data.T @ dZ)

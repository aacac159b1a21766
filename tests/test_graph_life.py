"""How long a graph lives, how often it may be walked, and what an interrupted walk leaves behind."""

import weakref

import numpy as np
import pytest

from tinygrad_edu import Tensor, no_grad
from tinygrad_edu.errors import ChangedDataError, GradientError, GraphFreedError, NoRuleError, ShapeError
from tinygrad_edu.primitives import Primitive


def leaf(*values, name=None):
    return Tensor(np.array(values), requires_grad=True, name=name)


def custom(forward, **rules):
    """An op outside the registry, so that the suite over the registry does not see it."""
    return Primitive(forward, "custom", rules, forward)


# Once, by default


def test_the_graph_stays_readable_after_backward():
    x = leaf(1.0, 2.0, name="x")
    J = (x * x).sum()
    J.backward()
    assert J.op.name == "sum"
    assert J.inputs[0].op.name == "multiply"
    assert J.inputs[0].inputs == (x, x)
    np.testing.assert_array_equal(J.inputs[0].data, [1.0, 4.0])


def test_a_second_backward_raises_names_the_end_and_the_cure():
    x = leaf(1.0, 2.0)
    J = (x * x).sum()
    J.name = "J"
    J.backward()
    with pytest.raises(GraphFreedError, match=r"on J .*retain_graph=True"):
        J.backward()
    np.testing.assert_array_equal(x.grad.data, [2.0, 4.0])  # counted once


def test_retain_graph_allows_another_walk_and_the_gradients_add_up_exactly():
    x = leaf(0.1, 0.7, name="x")
    J = (x * x * x).sum()
    for _ in range(3):
        J.backward(retain_graph=True)
    once = 3 * np.array([0.1, 0.7]) ** 2
    np.testing.assert_allclose(x.grad.data, 3 * once, rtol=1e-15)


def test_retained_walks_may_end_with_one_that_is_not():
    x = leaf(1.0)
    J = (x * 5).sum()
    J.backward(retain_graph=True)
    J.backward()
    assert x.grad.data == [10.0]
    with pytest.raises(GraphFreedError):
        J.backward(retain_graph=True)


def test_grad_accumulates_over_several_graphs_until_it_is_cleared():
    x = leaf(1.0, 2.0)
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [5.0, 5.0])
    x.grad = None
    (x * 3).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [3.0, 3.0])


def test_two_ends_with_a_common_trunk_walk_once_each_and_their_gradients_add_up():
    x = leaf(1.0, -2.0)
    trunk = x * x
    trunk.sum().backward()
    (trunk * 10).sum().backward()
    np.testing.assert_array_equal(x.grad.data, 11 * 2 * x.data)


def test_an_inner_tensor_may_walk_after_the_end_that_uses_it():
    x = leaf(3.0)
    h = (x * x).sum()
    (h * h).backward()  # d(x^4) = 4 x^3
    h.backward()  # d(x^2) = 2 x
    assert x.grad.data == [4 * 27.0 + 6.0]


def test_a_leaf_may_walk_as_often_as_it_likes():
    x = Tensor(1.0, requires_grad=True)
    x.backward()
    x.backward()
    assert x.grad.item() == 2.0


# Freed


def test_retain_graph_false_gives_the_memory_back():
    x = leaf(1.0, 2.0)
    h = x * x
    y = h + 1.0
    inner, J = weakref.ref(h.data), (y * y).sum()
    del h, y
    assert inner() is not None
    J.backward(retain_graph=False)
    assert inner() is None
    assert J.inputs == ()
    assert J.item() == 4.0 + 25.0


def test_walking_a_freed_graph_again_raises():
    J = (leaf(1.0) * 2).sum()
    J.backward(retain_graph=False)
    with pytest.raises(GraphFreedError):
        J.backward()


def test_walking_into_a_freed_part_raises_names_it_and_leaves_the_gradients():
    x = leaf(1.0, 2.0, name="x")
    trunk = x * x
    trunk.name = "trunk"
    other = (trunk * 3).sum()
    trunk.sum().backward(retain_graph=False)
    before = x.grad.data.copy()
    with pytest.raises(GraphFreedError, match=r"the graph behind trunk was freed by .*retain_graph=False"):
        other.backward()
    np.testing.assert_array_equal(x.grad.data, before)


def test_a_freed_part_without_a_name_is_named_by_its_shape():
    trunk = leaf(1.0, 2.0) * 2
    other = trunk * 3
    trunk.sum().backward(retain_graph=False)
    with pytest.raises(GraphFreedError, match=r"a tensor of shape \(2,\)"):
        other.sum().backward()


def test_a_new_step_on_a_freed_tensor_raises_when_walked():
    x = leaf(1.0)
    h = x * 2
    h.sum().backward(retain_graph=False)
    with pytest.raises(GraphFreedError):
        (h * h).sum().backward()


def test_freeing_leaves_the_leaves_usable():
    x = leaf(1.0)
    (x * 2).sum().backward(retain_graph=False)
    (x * 3).sum().backward(retain_graph=False)
    assert x.grad.data == [5.0]


# Interrupted


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError, MemoryError])
@pytest.mark.parametrize(
    "options",
    [{}, {"retain_graph": False}, {"retain_graph": True}, {"retain_grads": True}, {"create_graph": True}],
    ids=str,
)
def test_an_interrupted_walk_leaves_graph_and_gradients_untouched(error, options):
    broken = []

    def dx(dz, z, x):
        if broken:
            raise error
        return dz * 2

    double = custom(lambda x: x * 2, dx=dx)
    early, late = leaf(1.0, 2.0), leaf(3.0, 4.0)
    late.grad = Tensor([0.5, 0.5])
    h = early * 1.0
    h.retain_grad()
    J = (double(h) + late).sum()  # late's share is computed before the rule raises
    broken.append(True)
    with pytest.raises(error):
        J.backward(**options)
    assert early.grad is None and h.grad is None and J.grad is None
    np.testing.assert_array_equal(late.grad.data, [0.5, 0.5])
    assert J.op.name == "sum" and h.op.name == "multiply"
    broken.clear()
    J.backward(**options)
    np.testing.assert_array_equal(early.grad.data, [2.0, 2.0])
    np.testing.assert_array_equal(h.grad.data, [2.0, 2.0])
    np.testing.assert_array_equal(late.grad.data, [1.5, 1.5])


def test_an_interrupted_walk_leaves_recording_as_it_was():
    def dx(dz, z, x):
        raise KeyboardInterrupt

    broken = custom(lambda x: x * 2, dx=dx)
    x = leaf(1.0)
    J = broken(x).sum()
    with no_grad():
        with pytest.raises(KeyboardInterrupt):
            J.backward(create_graph=True)
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


def test_a_missing_rule_is_found_and_nothing_handed_over():
    half = custom(lambda a, b: a * b, da=lambda dz, z, a, b: dz * b)
    a, b, c = leaf(1.0, name="a"), leaf(2.0, name="b"), leaf(3.0)
    J = (half(a, b) + c).sum()
    with pytest.raises(NoRuleError, match=r"custom has no rule for its input 'b', and b requires a gradient"):
        J.backward()
    assert a.grad is None and c.grad is None


def test_a_missing_rule_for_a_constant_does_not_matter():
    half = custom(lambda a, b: a * b, da=lambda dz, z, a, b: dz * b)
    a = leaf(1.0)
    half(a, np.array([7.0])).sum().backward()
    assert a.grad.data == [7.0]


def test_a_rule_of_the_wrong_shape_is_named_and_nothing_handed_over():
    wrong = custom(lambda x: x * 2, dx=lambda dz, z, x: np.ones(5))
    x, y = leaf(1.0, 2.0, name="x"), leaf(1.0)
    J = (wrong(x) + y).sum()
    with pytest.raises(ShapeError, match=r"custom: the rule for x gave a gradient of shape \(5,\); x is \(2,\)"):
        J.backward()
    assert x.grad is None and y.grad is None


# Which tensors keep their gradient


def test_only_leaves_keep_their_gradient_by_default():
    x = leaf(1.0)
    h = x * 2
    J = h.sum()
    J.backward()
    assert x.grad is not None and h.grad is None and J.grad is None


def test_retain_grads_keeps_the_gradient_of_every_tensor_on_the_way():
    x, c = leaf(1.0, 2.0), Tensor([1.0, 1.0])
    h = x * 3
    k = h + c
    J = (k * k).sum()
    J.backward(retain_grads=True)
    dk = 2 * (3 * np.array([1.0, 2.0]) + 1)
    assert J.grad.item() == 1.0
    np.testing.assert_array_equal(k.grad.data, dk)
    np.testing.assert_array_equal(h.grad.data, dk)
    np.testing.assert_array_equal(x.grad.data, 3 * dk)
    assert c.grad is None


def test_retain_grad_keeps_the_gradient_of_one_tensor():
    x = leaf(1.0, 2.0)
    h = x * 3
    k = h * h
    h.retain_grad()
    k.sum().backward()
    np.testing.assert_array_equal(h.grad.data, 2 * 3 * np.array([1.0, 2.0]))
    assert k.grad is None


def test_retain_grad_collects_the_shares_of_every_use():
    h = leaf(2.0) * 1.0
    h.retain_grad()
    (h * 5 + h * h).sum().backward()
    assert h.grad.data == [5.0 + 4.0]


# Higher derivatives through backward


def test_create_graph_gives_gradients_with_a_graph():
    x = leaf(2.0, -1.0)
    (x**3).sum().backward(create_graph=True)
    first, x.grad = x.grad, None
    assert first.requires_grad
    np.testing.assert_allclose(first.data, 3 * x.data**2)
    first.sum().backward(create_graph=True)
    second, x.grad = x.grad, None
    np.testing.assert_allclose(second.data, 6 * x.data)
    second.sum().backward()
    np.testing.assert_allclose(x.grad.data, [6.0, 6.0])


def test_create_graph_keeps_the_graph_for_another_walk():
    x = leaf(2.0)
    J = (x**2).sum()
    J.backward(create_graph=True)
    J.backward()
    assert x.grad.data == [8.0]


def test_without_create_graph_gradients_are_constants():
    x = leaf(2.0)
    (x**2).sum().backward()
    assert not x.grad.requires_grad and x.grad.is_leaf


def test_create_graph_works_where_a_rule_is_constant():
    x = leaf(1.0, -2.0)
    (np.sign(x) * x).sum().backward(create_graph=True)
    np.testing.assert_array_equal(x.grad.data, [1.0, -1.0])
    np.sign(x).sum().backward(create_graph=True)
    np.testing.assert_array_equal(x.grad.data, [1.0, -1.0])


def test_create_graph_takes_a_rule_that_gives_a_plain_array():
    step = custom(lambda x: np.sign(x), dx=lambda dz, z, x: np.zeros(x.shape))
    x = leaf(1.0, -2.0)
    step(x).sum().backward(create_graph=True)
    assert type(x.grad) is Tensor
    np.testing.assert_array_equal(x.grad.data, [0.0, 0.0])


def test_a_seed_with_a_graph_keeps_it_under_create_graph():
    x, s = leaf(3.0), leaf(5.0)
    (x * x).backward(s, create_graph=True)  # s * 2 x
    (x.grad * 1.0).sum().backward()
    assert s.grad.data == [6.0]


def test_backward_works_inside_no_grad():
    x = leaf(3.0)
    J = (x * x).sum()
    with no_grad():
        J.backward()
    assert x.grad.data == [6.0]


def test_create_graph_records_inside_no_grad_too():
    x = leaf(3.0)
    J = (x**3).sum()
    with no_grad():
        J.backward(create_graph=True)
    first, x.grad = x.grad, None
    first.sum().backward()
    assert x.grad.data == [18.0]


# Where to start


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_tensor_of_one_entry_needs_no_seed(shape):
    x = Tensor(np.full(shape, 2.0), requires_grad=True)
    (x * x).backward()
    np.testing.assert_array_equal(x.grad.data, np.full(shape, 4.0))


@pytest.mark.parametrize("shape", [(2,), (0,), (1, 2)])
def test_a_tensor_of_several_or_no_entries_needs_a_seed(shape):
    z = Tensor(np.ones(shape), requires_grad=True) * 2
    z.name = "Z"
    with pytest.raises(ShapeError, match=r"Z is \(.*take \.sum\(\) or \.mean\(\)"):
        z.backward()


@pytest.mark.parametrize("seed", [1.0, np.ones(3), np.ones((1, 2)), np.ones((2, 1)), [[1.0, 2.0]]], ids=str)
def test_a_seed_of_another_shape_is_refused_not_broadcast(seed):
    x = leaf(1.0, 2.0)
    with pytest.raises(ShapeError, match=r"gradient= is \(.*is \(2,\)"):
        (x * 2).backward(seed)
    assert x.grad is None


@pytest.mark.parametrize("wrap", [list, np.asarray, Tensor, lambda v: np.array(v, np.float32)])
def test_a_seed_may_be_a_list_an_array_or_a_tensor(wrap):
    x = leaf(1.0, 2.0)
    (x * x).backward(wrap([10.0, 1.0]))
    np.testing.assert_array_equal(x.grad.data, [20.0, 4.0])
    assert x.grad.dtype == np.float64


def test_backward_of_a_constant_raises_and_names_it():
    c = Tensor(1.0, name="c")
    with pytest.raises(GradientError, match=r"c depends on no tensor with requires_grad=True"):
        c.backward()
    with pytest.raises(GradientError, match="depends on no tensor"):
        (leaf(1.0).detach() * 2).sum().backward()


def test_a_failed_walk_for_changed_data_can_be_repaired_by_a_new_forward_pass():
    p = leaf(1.0, name="p")
    J = (p * p).sum()
    p.data = p.data * 3
    with pytest.raises(ChangedDataError):
        J.backward()
    (p * p).sum().backward()
    assert p.grad.data == [6.0]

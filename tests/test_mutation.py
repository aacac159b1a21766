"""Tensors do not change under you: what is refused, what is noticed, and what to write in its place."""

import numpy as np
import pytest

from tinygrad_edu import Tensor, grad
from tinygrad_edu.errors import ChangedDataError, DTypeError, MutationError, ShapeError
from tinygrad_edu.functions import affine, mse, relu


def leaf(*values, name=None):
    return Tensor(np.array(values), requires_grad=True, name=name)


# Data replaced between forward and backward


def step_in_place(p):
    p.data -= 0.1


def step_to_a_new_array(p):
    p.data = p.data - 0.1


def step_with_a_tensor(p):
    p.data = Tensor(p.data - 0.1).data


def same_numbers_again(p):
    p.data = p.data


@pytest.mark.parametrize("step", [step_in_place, step_to_a_new_array, step_with_a_tensor, same_numbers_again])
@pytest.mark.parametrize(
    "f",
    [
        lambda p: (p * p).sum(),
        lambda p: np.exp((p * 2.0 + 1.0) * 0.1).sum() + 1.0,  # used only deep inside
        lambda p: mse(relu(affine(np.ones((3, 2)), p.reshape(2, 1), np.ones((3, 1)))), np.ones((3, 1))),
    ],
)
def test_an_update_between_forward_and_backward_is_noticed_and_named(f, step):
    p = leaf(1.0, 2.0, name="W7")
    J = f(p)
    step(p)
    with pytest.raises(ChangedDataError, match=r"the data of W7 was replaced after \w+ had used it"):
        J.backward()
    assert p.grad is None


def test_an_update_of_a_constant_that_a_gradient_needs_is_noticed():
    x, c = leaf(1.0), Tensor([2.0], name="c")
    J = (x * c).sum()
    c.data = c.data * 5
    with pytest.raises(ChangedDataError, match=r"the data of c was replaced after multiply"):
        J.backward()


def test_the_message_says_what_to_do():
    p = leaf(1.0, name="p")
    J = (p * p).sum()
    p.data -= 1
    with pytest.raises(ChangedDataError, match=r"call backward\(\) before you update p, or run the forward pass again"):
        J.backward()


def test_an_update_of_an_unrelated_tensor_is_no_matter():
    p, q = leaf(1.0), leaf(1.0)
    J = (p * p).sum()
    q.data -= 0.5
    _ = q * q
    J.backward()
    assert p.grad.data == [2.0]


def test_an_update_after_the_walk_is_no_matter_for_the_next_graph():
    p = leaf(1.0)
    for _ in range(5):  # gradient descent on p^2 by hand
        p.grad = None
        (p * p).sum().backward()
        p.data -= 0.25 * p.grad.data
    assert p.data == [0.5**5]


def test_an_update_between_two_uses_counts_for_the_first_use_only():
    p, q = leaf(1.0), leaf(2.0)
    before = (p * q).sum()
    p.data = np.array([10.0])
    after = (p * q).sum()
    after.backward()
    assert q.grad.data == [10.0]
    with pytest.raises(ChangedDataError):
        before.backward()
    assert q.grad.data == [10.0]


def test_an_update_is_noticed_between_the_first_and_the_second_derivative():
    p = leaf(2.0, name="p")
    (p**3).sum().backward(create_graph=True)
    first, p.grad = p.grad, None
    p.data = np.array([5.0])
    with pytest.raises(ChangedDataError):
        first.backward()


def test_an_update_inside_the_function_that_grad_differentiates_is_noticed():
    p = leaf(2.0, name="p")

    def f(x):
        J = x * p.sum()
        z = (p * x).sum()
        p.data = p.data * 2
        return z + J

    with pytest.raises(ChangedDataError, match="the data of p"):
        grad(f)(1.0)


# What the data setter takes


@pytest.mark.parametrize("new", [np.ones(3), np.ones((2, 1)), np.float64(1.0), [1.0]], ids=str)
def test_data_of_another_shape_is_refused(new):
    p = leaf(1.0, 2.0, name="p")
    with pytest.raises(ShapeError, match=r"the data of p is \(2,\); \(.*\) does not fit"):
        p.data = new
    np.testing.assert_array_equal(p.data, [1.0, 2.0])


@pytest.mark.parametrize("dtype", [np.float32, np.int64, complex])
def test_data_of_another_dtype_is_refused(dtype):
    p = leaf(1.0, 2.0, name="p")
    with pytest.raises(DTypeError, match=r"the data of p is float64, the new data .*astype"):
        p.data = np.ones(2, dtype)
    assert p.data.dtype == np.float64


def test_a_refused_assignment_does_not_spoil_the_graph():
    p = leaf(1.0, 2.0)
    J = (p * p).sum()
    with pytest.raises(ShapeError):
        p.data = np.ones(3)
    J.backward()
    np.testing.assert_array_equal(p.grad.data, [2.0, 4.0])


def test_the_data_of_a_computed_tensor_cannot_be_replaced():
    h = leaf(1.0) * 2
    h.name = "h"
    with pytest.raises(MutationError, match=r"h was computed by multiply"):
        h.data = np.zeros(1)
    assert h.data == [2.0]


def test_a_tensor_shares_memory_with_its_array_and_rebinding_leaves_the_array_alone():
    array = np.ones(2)
    p = Tensor(array)
    assert np.shares_memory(p.data, array)
    p.data = p.data * 3
    np.testing.assert_array_equal(array, [1.0, 1.0])


# Assignments


def test_assigning_to_an_entry_raises_and_names_the_functional_way():
    x = leaf(1.0, 2.0, name="x")
    with pytest.raises(MutationError, match=r"x\[\.\.\.\] = value.*x\.at\[i\]\.set\(v\)"):
        x[0] = 5.0
    with pytest.raises(MutationError, match=r"x\.at\[i\]\.set\(v\)"):
        (x * 2)[0] = 5.0
    with pytest.raises(MutationError):
        x[0] += 1.0
    np.testing.assert_array_equal(x.data, [1.0, 2.0])


@pytest.mark.parametrize("name", ["shape", "dtype", "T", "is_leaf", "colour"])
def test_other_attributes_cannot_be_set(name):
    with pytest.raises(AttributeError):
        setattr(leaf(1.0), name, 1)


def test_augmented_assignment_makes_a_new_tensor():
    x = leaf(1.0, 2.0)
    y = x
    y += 1.0
    y *= x
    assert y is not x
    np.testing.assert_array_equal(x.data, [1.0, 2.0])
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.data, 2 * x.data + 1)  # (x + 1) x


def test_requires_grad_of_a_computed_tensor_cannot_be_taken_away():
    h = leaf(1.0) * 2
    with pytest.raises(RuntimeError, match=r"detach\(\)"):
        h.requires_grad = False
    assert not h.detach().requires_grad


# The functional way: y = x with one thing changed. Expected gradients: with weights w, J = sum(w y).

KEYS = {
    "entry": 1,
    "row": (slice(1, 2),),
    "column": (slice(None), 0),
    "negative": -1,
    "ellipsis": (..., 2),
    "list": [0, 1],
    "mask": np.array([[True, False, True], [False, False, True]]),
    "pairs": (np.array([0, 1]), np.array([2, 0])),
    "steps": (slice(None), slice(None, None, 2)),
    "nothing": slice(0, 0),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_at_set_replaces_entries_and_sends_each_gradient_where_the_entry_came_from(key):
    rng = np.random.default_rng(0)
    x, w = Tensor(rng.standard_normal((2, 3)), requires_grad=True), rng.standard_normal((2, 3))
    v = Tensor(rng.standard_normal(x.data[key].shape), requires_grad=True)
    y = x.at[key].set(v)
    expected = x.data.copy()
    expected[key] = v.data
    np.testing.assert_array_equal(y.data, expected)
    (y * w).sum().backward()
    kept = np.ones((2, 3))
    kept[key] = 0
    np.testing.assert_array_equal(x.grad.data, w * kept)
    np.testing.assert_array_equal(v.grad.data, w[key])


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_at_add_adds_to_entries_and_passes_both_gradients(key):
    rng = np.random.default_rng(0)
    x, w = Tensor(rng.standard_normal((2, 3)), requires_grad=True), rng.standard_normal((2, 3))
    v = Tensor(rng.standard_normal(x.data[key].shape), requires_grad=True)
    y = x.at[key].add(v)
    expected = x.data.copy()
    expected[key] += v.data
    np.testing.assert_array_equal(y.data, expected)
    (y * w).sum().backward()
    np.testing.assert_array_equal(x.grad.data, w)
    np.testing.assert_array_equal(v.grad.data, w[key])


def test_at_add_counts_an_entry_named_twice_twice():
    x, v = leaf(0.0, 0.0), leaf(1.0, 10.0, 100.0)
    y = x.at[[0, 0, 1]].add(v)
    np.testing.assert_array_equal(y.data, [11.0, 100.0])
    (y * np.array([2.0, 3.0])).sum().backward()
    np.testing.assert_array_equal(v.grad.data, [2.0, 2.0, 3.0])


def test_at_set_gives_the_gradient_of_an_entry_written_twice_to_the_last_value():
    x, v = leaf(0.0, 0.0), leaf(1.0, 10.0, 100.0)
    y = x.at[[0, 0, 1]].set(v)
    np.testing.assert_array_equal(y.data, [10.0, 100.0])
    y.sum().backward()
    np.testing.assert_array_equal(v.grad.data, [0.0, 1.0, 1.0])


@pytest.mark.parametrize("method", ["set", "add"])
@pytest.mark.parametrize("v", [2, 2.0, True, np.array([2.0])], ids=repr)
def test_at_takes_numbers_and_broadcasts_them(method, v):
    x = leaf(1.0, 1.0, 1.0)
    y = getattr(x.at[1:], method)(v)
    added = 1.0 if method == "add" else 0.0
    np.testing.assert_array_equal(y.data, [1.0, added + float(np.sum(v)), added + float(np.sum(v))])
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.data, [1.0, added, added])


def test_at_sums_the_gradient_of_a_value_that_was_broadcast():
    x, v = leaf(1.0, 1.0, 1.0), leaf(5.0)
    (x.at[:2].set(v) * np.array([1.0, 10.0, 100.0])).sum().backward()
    assert v.grad.data == [11.0]


@pytest.mark.parametrize("method", ["set", "add"])
def test_at_leaves_the_tensor_as_it_was_and_shares_no_memory(method):
    x = leaf(1.0, 2.0)
    y = getattr(x.at[0], method)(7.0)
    np.testing.assert_array_equal(x.data, [1.0, 2.0])
    assert not np.shares_memory(x.data, y.data)


@pytest.mark.parametrize("method", ["set", "add"])
def test_at_works_at_second_order(method):
    # y_0 = v^2 (+ 1), y_1 = 1; J = sum(y^3); dJ/dv = 3 y_0^2 * 2 v
    def J(v):
        return (getattr(Tensor([1.0, 1.0]).at[0], method)(v * v) ** 3).sum()

    c = 1.0 if method == "add" else 0.0
    v = 1.5
    y = v * v + c
    assert np.isclose(grad(J)(v), 6 * y**2 * v)
    assert np.isclose(grad(grad(J))(v), 6 * y**2 + 24 * y * v * v)


@pytest.mark.parametrize("method", ["set", "add"])
def test_at_takes_an_index_made_of_tensors(method):
    x = leaf(1.0, 2.0, 3.0)
    y = getattr(x.at[Tensor([2, 0])], method)(0.0)
    np.testing.assert_array_equal(y.data, [1.0, 2.0, 3.0] if method == "add" else [0.0, 2.0, 0.0])

"""Nested dicts, lists and tuples: walking them, and laying them out in one flat array."""

from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

from tinygrad_edu import Tensor, grad, ravel, value_and_grad
from tinygrad_edu.errors import DTypeError, ShapeError
from tinygrad_edu.trees import leaves, match_leaves, places, rebuild

Pair = namedtuple("Pair", "W b")


def parameters():
    return {"layers": [Pair(np.arange(6.0).reshape(2, 3), np.array([7.0, 8.0])), (9.0,)], "none": None, "empty": {}}


# Walking


def test_leaves_are_found_in_order_with_their_places():
    found = places({"b": [1, (2, None)], "a": Pair(3, {0: 4}), "empty": (), None: 5})
    assert found == [("['b'][0]", 1), ("['b'][1][0]", 2), ("['a'].W", 3), ("['a'].b[0]", 4), ("[None]", 5)]
    assert places(None) == [("", None)] and places({}) == []


@pytest.mark.parametrize("tree", [parameters(), None, 1.0, [], Pair((1, None), {"a": [2, {}]}), OrderedDict(z=1, a=2)])
def test_the_leaves_alone_are_those_of_places(tree):
    expected = [leaf for _, leaf in places(tree)]
    found = list(leaves(tree))
    assert len(found) == len(expected) and all(a is b for a, b in zip(found, expected))


def test_a_place_is_written_as_python_reads_it():
    tree = parameters()
    for place, leaf in places(tree):
        assert eval(f"tree{place}") is leaf


def test_rebuild_keeps_structure_types_and_nothings_and_goes_in_the_order_of_places():
    tree = {"z": [1, None, Pair(2, (3,))], "a": ()}
    seen = []
    new = rebuild(lambda x: seen.append(x) or -x, tree)
    assert new == {"z": [-1, None, Pair(-2, (-3,))], "a": ()}
    assert type(new["z"][2]) is Pair and list(new) == ["z", "a"]
    assert seen == [leaf for _, leaf in places(tree)]
    assert tree["z"][0] == 1


def test_rebuild_keeps_kinds_of_dicts():
    counts = defaultdict(list, {"a": [1]})
    new = rebuild(lambda x: x + 1, counts)
    assert type(new) is defaultdict and new == {"a": [2]} and new["other"] == [] and counts["a"] == [1]
    ordered = rebuild(lambda x: x + 1, OrderedDict(b=1, a=None))
    assert type(ordered) is OrderedDict and list(ordered.items()) == [("b", 2), ("a", None)]


def test_matching_takes_whatever_the_other_has_at_a_leaf():
    pairs = list(match_leaves({"a": 1, "b": [2, None]}, {"b": (3, 4), "a": [5]}, "x", "y"))
    assert pairs == [(1, [5], "x['a']", "y['a']"), (2, 3, "x['b'][0]", "y['b'][0]")]
    assert list(match_leaves({}, {}, "x", "y")) == list(match_leaves((), [], "x", "y")) == []


@pytest.mark.parametrize(
    "other, message",
    [
        (1.0, "y is a float and x is a dict with "),
        ({}, "y is a dict with nothing in it and x is a dict with \\['a'\\], \\['b'\\]"),
        ({"a": 1}, "y is a dict with \\['a'\\] and"),
        ({"a": 1, "b": [2, 3], "c": 4}, "y is a dict with \\['a'\\], \\['b'\\], \\['c'\\] and"),
        ({"a": 1, "b": [2]}, "y\\['b'\\] is a list with \\[0\\] and x\\['b'\\] is a tuple with \\[0\\], \\[1\\]"),
        ({"a": 1, "b": np.ones(2)}, "y\\['b'\\] is a ndarray and"),
    ],
)
def test_another_structure_is_named(other, message):
    with pytest.raises(ShapeError, match=message):
        list(match_leaves({"a": 1, "b": (2, 3)}, other, "x", "y"))


def test_keys_that_print_alike_are_kept_apart():
    class Key:
        def __repr__(self):
            return "key"

    tree = {Key(): 1.0, Key(): 2.0}
    flat, unravel = ravel(tree)
    np.testing.assert_array_equal(flat, [1.0, 2.0])
    assert unravel(flat + 1) == {key: value + 1 for key, value in tree.items()}
    first, second = tree
    assert [y for _, y, _, _ in match_leaves(tree, {second: 20, first: 10}, "x", "y")] == [10, 20]


# ravel


def test_ravel_lays_the_entries_out_in_order_and_unravel_puts_them_back():
    tree = parameters()
    flat, unravel = ravel(tree)
    np.testing.assert_array_equal(flat, np.arange(10.0)[[0, 1, 2, 3, 4, 5, 7, 8, 9]], strict=True)
    new = unravel(10 * flat)
    pair, (number,) = new["layers"]
    assert type(pair) is Pair and new["none"] is None and new["empty"] == {}
    np.testing.assert_array_equal(pair.W, 10 * tree["layers"][0].W, strict=True)
    np.testing.assert_array_equal(pair.b, [70.0, 80.0], strict=True)
    assert number == 90.0 and isinstance(number, np.float64)


@pytest.mark.parametrize("tree", [np.ones((2, 3)), 3.0, np.ones((0, 3)), {}, [], (), {"a": np.ones((2, 0)), "b": 1.0}])
def test_small_and_empty_trees_survive(tree):
    flat, unravel = ravel(tree)
    assert flat.shape == (sum(np.size(x) for _, x in places(tree)),) and flat.dtype == np.float64
    back = unravel(flat)
    assert type(back) is type(tree) or tree == 3.0
    for (place, x), (other, y) in zip(places(tree), places(back), strict=True):
        assert place == other
        np.testing.assert_array_equal(y, np.asarray(x)[()], strict=True)


def test_neither_way_shares_memory():
    for tree in (np.ones(3), {"a": np.ones(3)}, {"a": np.ones(2), "b": np.ones(1)}):
        flat, unravel = ravel(tree)
        leaf = places(tree)[0][1]
        assert not np.shares_memory(flat, leaf)
        assert not np.shares_memory(flat, places(unravel(flat))[0][1])  # SciPy writes into its vector


def test_the_flat_array_has_the_common_dtype_and_the_leaves_get_theirs_back():
    tree = {"a": np.ones(2, np.float32), "b": np.ones(1, np.float16)}
    flat, unravel = ravel(tree)
    assert flat.dtype == np.float32
    for vector in (flat, flat.astype(np.float64), [1, 2, 3]):
        new = unravel(vector)
        assert new["a"].dtype == np.float32 and new["b"].dtype == np.float16
    assert ravel({"a": np.ones(2, np.float32), "b": 1.0})[0].dtype == np.float64


def test_complex_and_real_leaves_share_a_complex_array():
    flat, unravel = ravel({"z": np.array([1 + 2j]), "x": np.array([3.0])})
    np.testing.assert_array_equal(flat, [1 + 2j, 3.0])
    new = unravel(flat * 1j)
    np.testing.assert_array_equal(new["z"], [-2 + 1j], strict=True)
    np.testing.assert_array_equal(new["x"], [0.0], strict=True)  # the real part of 3i
    slope = grad(lambda v: (unravel(v)["x"] * 5 + np.real(unravel(v)["z"] * 7j)).sum())(flat)
    np.testing.assert_array_equal(slope, [7j, 5.0])  # dJ/dx - i dJ/dy


def test_a_tensor_among_the_leaves_makes_a_tensor_and_keeps_its_graph():
    w, c = Tensor([1.0, 2.0], requires_grad=True), Tensor([[3.0]], requires_grad=True)
    flat, unravel = ravel({"w": w, "array": np.ones((1, 2)), "c": c})
    assert type(flat) is Tensor
    new = unravel(flat * np.array([1.0, 10.0, 100.0, 100.0, 1000.0]))
    assert all(type(leaf) is Tensor for _, leaf in places(new)) and new["c"].shape == (1, 1)
    (new["w"].sum() + 2 * new["c"].sum()).backward()
    np.testing.assert_array_equal(w.grad.data, [1.0, 10.0])
    np.testing.assert_array_equal(c.grad.data, [[2000.0]])


def test_ravel_and_unravel_are_differentiable_inside_grad_and_twice():
    tree = {"a": np.array([1.0, 2.0]), "b": (np.array([[3.0]], np.float32),)}
    flat, unravel = ravel(tree)

    def cost(v):
        p = unravel(v)
        assert (p["a"].dtype, p["b"][0].dtype) == (np.float64, np.float32)
        return (p["a"] ** 3).sum() * p["b"][0].sum()

    np.testing.assert_allclose(grad(cost)(flat), [9.0, 36.0, 9.0])
    second = grad(lambda v: grad(cost)(v).sum())(flat)  # the sums of the Hessian's rows
    np.testing.assert_allclose(second, [6 * 3 + 3, 12 * 3 + 12, 3 + 12])
    slope = grad(lambda p: (ravel(p)[0] ** 2).sum())(tree)
    np.testing.assert_array_equal(slope["a"], [2.0, 4.0])
    assert slope["b"][0].dtype == np.float32 and slope["b"][0] == 6.0


@pytest.mark.parametrize("shape", [(3,), (5,), (1, 4), (4, 1), (2, 2), ()])
def test_another_length_or_shape_is_refused_with_both(shape):
    _, unravel = ravel({"a": np.ones(3), "b": 1.0})
    for vector in (np.ones(shape), Tensor(np.ones(shape))):
        with pytest.raises(ShapeError, match=r"the array is \(.*the tree has 4 entries: give \(4,\)"):
            unravel(vector)


@pytest.mark.parametrize("leaf, word", [(3, "int64"), (True, "bool"), (np.arange(2), "int64"), (Tensor([1, 2]), "int")])
def test_entries_that_are_no_floats_are_refused_with_their_place(leaf, word):
    with pytest.raises(DTypeError, match=rf"ravel: tree\['net'\]\[1\] is {word}.*write 2\.0 instead of 2"):
        ravel({"net": [1.0, leaf]})


@pytest.mark.parametrize("tree", [None, "text", {"a": object()}])
def test_leaves_that_are_no_numbers_are_refused(tree):
    with pytest.raises(DTypeError):
        ravel(tree)


def test_a_complex_array_does_not_fit_a_real_tree():
    _, unravel = ravel({"a": np.ones(2)})
    with pytest.raises(DTypeError, match=r"the array is complex128, the tree float64.*np\.real"):
        unravel(np.ones(2, complex))


def test_scipy_minimizes_over_a_dict_of_parameters():
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(0)
    X, W, b = rng.normal(size=(2, 30)), np.array([[1.5, -2.0]]), np.array([[0.5]])
    Y = W @ X + b
    flat, unravel = ravel({"W": np.zeros((1, 2)), "b": np.zeros((1, 1))})

    def cost(v):
        p = unravel(v)
        return ((p["W"] @ X + p["b"] - Y) ** 2).mean()

    found = unravel(optimize.minimize(value_and_grad(cost), flat, jac=True).x)
    np.testing.assert_allclose(found["W"], W, atol=1e-5)
    np.testing.assert_allclose(found["b"], b, atol=1e-5)

"""`walk`: a graph step by step, forward and backward, with the engine's numbers and equations that compute them."""

from functools import reduce

import numpy as np
import pytest
from calls import leaf, named
from graphs import draw_graph
from test_derive import COURSE, network
from walks import diamond, stretched

import tinygrad_edu as tg
from tinygrad_edu import functions as F
from tinygrad_edu.derivation.walking import LIMIT, walk
from tinygrad_edu.errors import ChangedDataError, DomainError, GradientError, GraphFreedError, ShapeError
from tinygrad_edu.primitives import Primitive, registry

rng = np.random.default_rng(5)

#: What stands in the equations, by NumPy's functions; what is none of NumPy's, by the operation itself.
MEANINGS = {
    **{name: op.forward for name, op in registry.items() if isinstance(op, Primitive)},
    **{name: getattr(np, name) for name in ("sum", "exp", "sin", "cos", "where", "broadcast_to", "abs")},
    "reshape": lambda x, shape: x.reshape(shape),  # NumPy 2.0 calls its second argument newshape
    **{np.dtype(kind).name: np.dtype(kind) for kind in "fdFD"},
    "inf": np.inf,
    "nan": np.nan,
    "relu": lambda Z: np.maximum(Z, 0),
    "sigmoid": lambda Z: 1 / (1 + np.exp(-Z)),
}


def value(expression, *values):
    """What the expression gives for operands by their names."""
    return eval(expression, reduce(lambda a, b: a | b, [MEANINGS, *values]))


def same(got, expected):
    """Equal to the last bit, in shape and dtype too."""
    got, expected = np.asarray(got), np.asarray(expected)
    return got.dtype == expected.dtype and got.shape == expected.shape and np.array_equal(got, expected, equal_nan=True)


GRAPHS = {"a diamond": diamond, "broadcasting": stretched, "a network": network}


@pytest.mark.parametrize("build", GRAPHS.values(), ids=GRAPHS)
def test_the_numbers_are_those_of_backward_to_the_last_bit(build):
    J, _ = build()
    w = walk(J)
    J.backward(retain_grads=True)
    for visit in w.backward:
        assert same(visit.gradient, visit.tensor.grad.data), visit.name
    for step in w.forward:
        assert same(step.array, step.tensor.data)


@pytest.mark.parametrize("complex_numbers", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize("seed", range(40))
def test_a_random_graph_has_the_numbers_of_backward_and_equations_that_compute_them(seed, complex_numbers):
    graph = draw_graph(seed, complex_numbers)
    J = graph.number(np, [tg.Tensor(x, requires_grad=True) for x in graph.inputs])
    w = walk(J)
    J.backward(retain_grads=True)
    for visit in w.backward:
        assert same(visit.gradient, visit.tensor.grad.data), visit.name
        assert visit.received == tuple(share for share in w.shares if share.tensor is visit.tensor)
    for share in w.shares:
        if "array of shape" not in share.expression + "".join(e for _, e in share.lines):
            values = dict(share.operands)
            for name, expression in share.lines:
                values[name] = value(expression, values)
            scale = max(1.0, np.abs(share.given).max(initial=0))
            np.testing.assert_allclose(value(share.expression, values), share.array, rtol=1e-10, atol=1e-10 * scale)
            np.testing.assert_allclose(value(share.rule, values), share.given, rtol=1e-10, atol=1e-10 * scale)


@pytest.mark.parametrize("seed", [19, 34])
def test_being_watched_changes_no_digit(seed):
    """In these graphs a number and an array of one entry are rounded differently on the way."""
    graph = draw_graph(seed)
    found = []
    for watched in (False, True):
        tensors = [tg.Tensor(x, requires_grad=True) for x in graph.inputs]
        J = graph.number(np, tensors)
        order = walk(J).backward
        if watched:
            with tg.detect_anomaly():
                J.backward(retain_grads=True)
        else:
            J.backward(retain_grads=True)
        found.append([visit.tensor.grad.data for visit in order])
    assert all(same(a, b) for a, b in zip(*found))


@pytest.mark.parametrize("convention", ["gradient", "course"])
@pytest.mark.parametrize("build", [network, stretched], ids=["a network", "broadcasting"])
def test_every_equation_computes_what_it_says(build, convention):
    w = walk(build()[0], convention=convention)
    values = {node.name: node.array for node in w.nodes if node.kind != "result"} | {"m": w.m}
    for step in w.forward:
        values[step.name] = value(step.expression, values)
        np.testing.assert_allclose(values[step.name], step.array, rtol=1e-14)
    for visit in w.backward:
        values[visit.name] = value(visit.expression, values)
        np.testing.assert_allclose(values[visit.name], visit.gradient, rtol=1e-13)


def test_the_course_s_equations_are_walked_and_carry_m_times_the_gradient():
    J, tensors = network()
    w = walk(J, convention="course")
    visits = {visit.name: visit for visit in w.backward}
    assert sorted(f"{visits[line.split()[0]]}" for line in COURSE.splitlines()) == sorted(COURSE.splitlines())
    assert str(w.backward[0]) == "dJ = m"
    J.backward(retain_grads=True)
    for name, t in tensors.items():
        if t.grad is not None:
            times = 1 if t.is_leaf else 5
            np.testing.assert_allclose(visits[f"d{name}"].gradient, times * t.grad.data, rtol=1e-12)


def test_the_equations_of_the_gradient_begin_at_1():
    lines = str(walk(network()[0])).split("\n\n")
    assert lines[0].splitlines() == [
        "Z1 = W1 @ X + b1",
        "A1 = relu(Z1)",
        "Z2 = W2 @ A1 + b2",
        "A2 = relu(Z2)",
        "Z3 = W3 @ A2 + b3",
        "A3 = sigmoid(Z3)",
        "J = binary_cross_entropy(A3, Y)",
    ]
    assert lines[1].splitlines()[:4] == [
        "dJ = 1",
        "dA3 = dJ / 5 * (-Y / A3 + (1 - Y) / (1 - A3))",
        "dZ3 = dA3 * A3 * (1 - A3)",
        "dW3 = dZ3 @ A2.T",
    ]


def test_where_gradients_meet_each_share_stands_alone_and_the_sum_runs():
    """P feeds P * P twice and exp(P); A feeds A * B and + A.  The numbers are worked out by hand."""
    J, t = diamond()
    w = walk(J)
    e = np.exp([[3.0, 6.0], [5.0, 10.0]])
    P = np.array([[3.0, 6.0], [5.0, 10.0]])
    shares = [share for share in w.shares if share.tensor is t["P"]]
    assert [(share.number, share.of) for share in shares] == [(1, 3), (2, 3), (3, 3)]
    assert [str(share) for share in shares] == ["dP = dt3 * t3", "dP += dt1 * P", "dP += dt1 * P"]
    np.testing.assert_allclose([s.array for s in shares], [e, P, P], rtol=1e-15)
    np.testing.assert_allclose([s.total for s in shares], [e, e + P, e + P + P], rtol=1e-15)
    visits = {visit.name: visit for visit in w.backward}
    assert str(visits["dP"]) == "dP = dt3 * t3 + dt1 * P + dt1 * P"
    assert visits["dP"].received == tuple(shares)
    assert str(visits["dA"]) == "dA = sum(dt2, axis=0, keepdims=True) + sum(dP * B, axis=0, keepdims=True)"
    dP = e + 2 * P
    np.testing.assert_allclose(visits["dA"].gradient[0], [2.0, 2.0] + (dP * [[3.0], [5.0]]).sum(0), rtol=1e-14)


def test_what_broadcasting_stretched_is_summed_and_the_axes_are_told():
    w = walk(stretched()[0])
    found = {share.name: (share.given.shape, share.summed, share.expression, share.rule) for share in w.shares}
    given = (2, 3, 2)
    assert found["db"] == (given, (1, 2), "sum(dt1 * c1, axis=(1, 2), keepdims=True)", "dt1 * c1")
    assert found["drow"] == (given, (0, 1), "sum(dt2, axis=(0, 1))", "dt2")
    assert found["dnumber"] == (given, (0, 1, 2), "sum(dt3 * t2)", "dt3 * t2")
    assert found["dt2"] == (given, (), "dt3 * number", "dt3 * number")


def test_new_and_stretched_axes_are_told_apart():
    x = leaf([[1.0, 2.0]], "x")
    (share,) = [share for share in walk((x + np.ones((3, 4, 2))).sum()).shares if share.tensor is x]
    assert (share.given.shape, share.summed) == ((3, 4, 2), (0, 1))


def test_what_a_rule_makes_for_all_its_inputs_at_once_is_told_for_each():
    x, y, z = leaf([1.0, 2.0], "x"), leaf([3.0, 4.0, 5.0], "y"), leaf([6.0], "z")
    shares = walk(np.concatenate([x, y * y, z, x]).sum(), names={}).shares
    texts = [str(share) for share in shares if share.user.op.name == "concatenate"]
    assert texts == ["dx = dt2[0:2]", "dt1 = dt2[2:5]", "dz = dt2[5:6]", "dx += dt2[6:8]"]


def test_sums_that_overflow_are_inf_without_a_warning():
    x = leaf(0.1, "x")
    (visit,) = [visit for visit in walk(x * 1e308 + x * 1e308 + x).backward if visit.name == "dx"]
    assert np.isinf(visit.gradient)


def test_a_share_that_is_a_sum_stands_in_parentheses_behind_another():
    A, Y = leaf([[0.5, 0.25]], "A"), tg.Tensor([[1.0, 0.0]], name="Y")
    visit = walk(A.sum() + F.binary_cross_entropy(A, Y), convention="course").backward[-1]
    assert str(visit) == "dA = (broadcast_to(dt1, shape=(1, 2)) + (-Y / A + (1 - Y) / (1 - A))) / m"


def test_names_are_given_only_to_what_is_shown():
    """Sums of shares have none of their own, so the parts of a long rule are numbered on."""
    x = leaf([0.5, 2.0], "x")
    w = walk((x * x + np.prod(x) * x).sum())
    assert [step.name for step in w.forward] == ["t1", "t2", "t3", "t4", "J"]
    assert [name for share in w.shares for name, _ in share.lines] == ["t5", "t6", "t7", "t8", "t9"]


def test_a_tensor_is_visited_when_its_last_share_is_in():
    w = walk(diamond()[0])
    complete = set()
    for visit in w.backward:
        assert all(share.user in complete for share in visit.received)
        complete.add(visit.tensor)
        assert all(share.user is visit.tensor for share in visit.passed)
    assert len(complete) == len(w.backward)


def test_each_step_calls_its_own_gradient_by_its_own_name():
    """The rule of + hands on the very array it got: three tensors with one gradient, and three names."""
    x, y = leaf([1.0, 2.0], "x"), leaf([3.0, 4.0], "y")
    u = x + y
    v = u + 1.0
    u.name, v.name = "u", "v"
    assert str(walk((v * y).sum())).split("\n\n")[1].splitlines()[2:] == [
        "dv = dt1 * y",
        "du = dv",
        "dx = du",
        "dy = dt1 * v + du",
    ]


def test_arrays_and_numbers_that_are_no_tensors_are_there_too():
    W, X, half = leaf([[1.0, 2.0]]), np.ones((2, 3)), np.array(0.5)
    w = walk((W @ X * half * 3).sum(), names={"X": X})
    assert [(node.name, node.kind) for node in w.nodes] == [
        ("t1", "parameter"), ("X", "constant"), ("t2", "result"), ("t3", "result"), ("t4", "result"), ("J", "result"),
    ]  # fmt: skip
    assert w.nodes[1].thing is X and w.nodes[0].thing is W
    assert [str(step) for step in w.forward] == ["t2 = t1 @ X", "t3 = t2 * 0.5", "t4 = t3 * 3", "J = sum(t4)"]


def test_names_are_as_given_and_the_user_s_own_stay_readable_beside_them():
    a, b = leaf([1.0], "<script>"), leaf([2.0], "<script>")
    nodes = walk((a * b).sum()).nodes
    assert [(node.name, node.called) for node in nodes[:2]] == [
        ("_script_", "<script>"),
        ("_script__2", "<script>"),
    ]
    nodes = walk((a * b).sum(), names={"W": a, "lambda": b}).nodes
    assert [(node.name, node.called) for node in nodes[:2]] == [("W", "W"), ("lambda_", "lambda")]


def test_a_checkpoint_s_own_walk_is_none_of_this_graph_s():
    x = leaf([0.5, 1.0], "x")
    h = tg.checkpoint(lambda x: np.sin(x) * x)(x)
    w = walk((h * x).sum())
    assert [share.name for share in w.shares] == ["dt2", "dt1", "dx", "dx"]
    expected = 2 * np.sin(x.data) * x.data + x.data**2 * np.cos(x.data)
    np.testing.assert_allclose(w.backward[-1].gradient, expected, rtol=1e-14)


def test_no_gradient_is_touched_no_hook_is_called_and_the_arrays_are_read_only():
    J, tensors = network()
    tensors["W1"].register_hook(lambda dW: pytest.fail("a hook was called"))
    w = walk(J)
    assert all(t.grad is None for t in tensors.values())
    for array in [node.array for node in w.nodes] + [visit.gradient for visit in w.backward]:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def chain(n):
    h = leaf([0.5], "x")
    for _ in range(n - 1):
        h = np.sin(h)
    return h.sum()


def test_a_graph_too_long_to_be_read_is_refused_with_the_limit_and_the_cure():
    assert len(walk(chain(LIMIT)).forward) == LIMIT
    with pytest.raises(GradientError, match=r"made in 1001 steps, .* up to 1000: walk over a smaller one"):
        walk(chain(LIMIT + 1))


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: walk(np.ones(1)), GradientError, "walk.. takes a Tensor, .*this is a ndarray"),
        (lambda x: walk(x * 2.0), ShapeError, "starts from one number"),
        (lambda x: walk(tg.Tensor(1.0)), GradientError, "nothing to walk through"),
        (lambda x: walk(x.sum(), convention="math"), DomainError, "convention='math'"),
        (lambda x: walk(x.sum(), convention="course"), GradientError, "needs m, .* has no means"),
        (lambda x: walk(x.sum(), names=["x"]), GradientError, "names= maps names"),
    ],
)
def test_bad_input_is_refused_with_its_cure(call, kind, message):
    with pytest.raises(kind, match=message):
        call(leaf([1.0, 2.0], "x"))


def test_a_freed_graph_and_changed_data_are_noticed():
    x = leaf([1.0], "x")
    J = (x * x).sum()
    x.data = x.data * 2
    with pytest.raises(ChangedDataError, match="the data of x was replaced"):
        walk(J)
    J = (x * x).sum()
    J.backward(retain_graph=False)
    with pytest.raises(GraphFreedError, match="run the forward pass again"):
        walk(J)


def test_nan_and_inf_come_through():
    x = leaf([0.0, -1.0, np.inf], "x")
    with np.errstate(all="ignore"):
        J = np.log(x).sum()
        w = walk(J)
    assert np.isnan(w.forward[0].array[1])
    np.testing.assert_array_equal(w.backward[-1].gradient, [np.inf, -1.0, 0.0])


def test_several_leaf_shares_are_divided_by_m_once():
    A, Y = leaf([[0.5, 0.25]], "A"), tg.Tensor([[1.0, 0.0]], name="Y")
    w = walk(F.mse(A * A, Y), convention="course")
    assert str(w.backward[-1]) == "dA = (dt1 * A + dt1 * A) / m"
    expected = 2 * (A.data**2 - Y.data) * 2 * A.data / 2
    np.testing.assert_allclose(w.backward[-1].gradient, expected, rtol=1e-15)
    assert named(w.forward[-1].tensor)["A"] is A

"""Module: parameters, state, marks for pictures, training mode; and Dropout."""

import gc

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor
from tinygrad_edu.errors import DataError, DomainError, DTypeError, ShapeError
from tinygrad_edu.nn import DeepNetwork, Dense, Dropout, Module


class Two(Module):
    """Two layers, one shared parameter, one constant, layers in a list and a dict."""

    def __init__(self):
        super().__init__()
        self.first = Dense(2, 2, seed=0)
        self.scale = Tensor([[2.0], [3.0]], requires_grad=True)
        self.same = self.scale
        self.constant = Tensor([1.0])
        self.more = [Dense(2, 2, seed=1), self.first]
        self.heads = {"a": Dense(2, 1, seed=2)}

    def forward(self, A):
        return self.heads["a"](self.more[0](self.first(A) * self.scale))


NAMES = ["first.W", "first.b", "scale", "more.0.W", "more.0.b", "heads.a.W", "heads.a.b"]


def test_parameters_come_in_the_order_they_were_set_and_shared_ones_once():
    net = Two()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert len(set(net.parameters())) == len(list(net.parameters())) == len(NAMES)


def test_a_computed_tensor_kept_as_attribute_is_no_parameter():
    net = Dense(2, 1, seed=0)
    net.last = net(np.ones((2, 3)))
    assert [name for name, _ in net.named_parameters()] == ["W", "b"]


def test_module_without_forward_says_what_to_define():
    with pytest.raises(NotImplementedError, match=r"Module has to define forward\(\)"):
        Module()(1)


# State


def test_state_goes_round_through_a_file_and_gives_the_same_outputs(tmp_path):
    A = np.random.default_rng(0).standard_normal((2, 5))
    source, target = Two(), Two()
    for p in source.parameters():
        p.data = p.data + 1.0
    np.savez(tmp_path / "state.npz", **source.state_dict())
    with np.load(tmp_path / "state.npz") as state:
        target.load_state_dict(state)
    assert np.array_equal(source(A).data, target(A).data)


def test_state_is_a_copy_both_ways():
    net = Dense(2, 1, seed=0)
    state = net.state_dict()
    before = net.W.data.copy()
    state["W"][:] = 9
    assert np.array_equal(net.W.data, before)
    net.load_state_dict(state)
    state["W"][:] = 7
    assert (net.W.data == 9).all()


def test_loading_casts_to_the_dtype_of_the_parameter():
    net = Dense(2, 1, seed=0, dtype=np.float32)
    net.load_state_dict({"W": [[1, 2]], "b": Tensor([[0.5]])})
    assert net.W.dtype == net.b.dtype == np.float32
    assert net(np.array([[1], [1]], np.float32)).data.tolist() == [[3.5]]


W, b = np.zeros((1, 2)), np.zeros((1, 1))


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        ({"W": W}, DataError, "missing b"),
        ({"W": W, "b": b, "c": b}, DataError, "unknown c"),
        ({"w": W, "b": b}, DataError, "missing W; unknown w"),
        ({"W": W, "b": np.zeros(1)}, ShapeError, r"b is \(1,\); this Dense has \(1, 1\)"),
        ({"W": W.T, "b": b}, ShapeError, r"W is \(2, 1\)"),
        ({"W": W, "b": [["x"]]}, DTypeError, "b is <U1"),
        ({"W": W, "b": b * 1j}, DTypeError, "b is complex128"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(state, error, words):
    net = Dense(2, 1, seed=0)
    before = net.state_dict()
    with pytest.raises(error, match=words):
        net.load_state_dict(state)
    assert all(np.array_equal(value, before[name]) for name, value in net.state_dict().items())


def test_zero_grad_forgets_every_gradient():
    net = Two()
    net(np.ones((2, 3))).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


# Marks


def marks(t):
    return [] if t.extras is None else t.extras.get("modules", ())


def test_outputs_remember_their_module_and_its_inputs_innermost_first():
    class Outer(Module):
        def __init__(self):
            super().__init__()
            self.inner = Dense(2, 1, seed=0)

        def forward(self, A):
            return self.inner(A)

    outer, A = Outer(), Tensor(np.ones((2, 3)))
    Z = outer(A)
    assert [(module, inputs[0]) for module, inputs in marks(Z)] == [(outer.inner, A), (outer, A)]


def test_every_output_of_a_tuple_is_marked():
    class Split(Module):
        def forward(self, A):
            return A * 1.0, A * 2.0

    split, A = Split(), Tensor(np.ones(2), requires_grad=True)
    assert [marks(out)[0][0] for out in split(A)] == [split, split]


def test_network_marks_its_layers_and_itself():
    net = DeepNetwork([2, 3, 1], seed=0)
    A2 = net(np.ones((2, 4)))
    Z2 = A2.inputs[0]
    assert [module for module, _ in marks(A2)] == [net]
    assert [module for module, _ in marks(Z2)] == [net.layers[1]]


def test_nothing_is_marked_where_nothing_is_recorded():
    with tg.no_grad():
        assert marks(Dense(2, 1, seed=0)(np.ones((2, 3)))) == []


def test_a_module_that_hands_its_input_through_leaves_no_garbage():
    A = Tensor(np.ones(3), requires_grad=True) * 2
    gc.collect()
    gc.disable()
    try:
        out = Dropout(0.5).eval()(A)
        assert out is A
        del A, out
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_training_step_leaves_no_garbage():
    net = Two()
    gc.collect()
    gc.disable()
    try:
        net(np.ones((2, 3))).sum().backward()
        assert gc.collect() == 0
    finally:
        gc.enable()


# Training mode and dropout


def test_train_and_eval_reach_every_module_inside():
    net = Two()
    net.heads["drop"] = Dropout(0.5)
    assert net.eval() is net
    assert [m.training for m in net.modules()] == [False] * 5  # a shared module counts once
    net.train()
    assert all(m.training for m in net.modules())


def test_dropout_sets_its_share_to_zero_and_keeps_the_mean():
    A = np.full((200, 500), 3.0)
    for rate in (0.1, 0.5, 0.9):
        out = Dropout(rate, seed=0)(A)
        dropped = out == 0
        n = A.size
        assert abs(dropped.mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / n)  # five standard deviations
        assert np.allclose(out[~dropped], 3.0 / (1 - rate), rtol=1e-15)


def test_the_gradient_of_dropout_is_its_mask():
    A = Tensor(np.arange(1.0, 41.0), requires_grad=True)
    out = Dropout(0.4, seed=1)(A)
    out.sum().backward()
    assert np.allclose(A.grad.data, out.data / A.data)
    assert set(np.unique(A.grad.data.round(12))) == {0.0, round(1 / 0.6, 12)}


def test_dropout_draws_anew_at_each_call_and_a_seed_repeats_the_sequence():
    A = np.ones(100)
    first, second = Dropout(0.5, seed=3), Dropout(0.5, seed=3)
    masks = [first(A) for _ in range(3)]
    assert all(np.array_equal(mask, second(A)) for mask in masks)
    assert not np.array_equal(masks[0], masks[1])


def test_seed_repeats_layers_networks_and_dropout():
    def numbers():
        tg.seed(5)
        net = DeepNetwork([3, 2], seed=None)
        return [Dense(3, 2).W.data, net.layers[0].W.data, Dropout(0.5)(np.ones(20)), Dropout(0.5)(np.ones(20))]

    for a, b in zip(numbers(), numbers()):
        assert np.array_equal(a, b)
    assert not np.array_equal(*numbers()[2:])


def test_a_generator_may_be_handed_in_and_is_used_up():
    rng = np.random.default_rng(0)
    first, second = Dense(3, 2, seed=rng), Dense(3, 2, seed=rng)
    assert not np.array_equal(first.W.data, second.W.data)
    expected = np.random.default_rng(0).standard_normal((2, 3)) * np.sqrt(2 / 3)
    assert np.array_equal(first.W.data, expected)


def test_dropout_in_eval_mode_and_of_rate_zero_is_the_identity():
    A = np.ones(5)
    assert Dropout(0.5).eval()(A) is A
    assert Dropout(0.0)(A) is A


def test_dropout_keeps_float32():
    A = Tensor(np.ones(50, np.float32), requires_grad=True)
    out = Dropout(0.3, seed=0)(A)
    out.sum().backward()
    assert out.dtype == A.grad.dtype == np.float32


@pytest.mark.parametrize("rate", [1, 1.5, -0.1, float("nan")])
def test_a_rate_that_is_no_share_is_refused(rate):
    with pytest.raises(DomainError, match="rate"):
        Dropout(rate)


@pytest.mark.parametrize("sizes", [(0, 1), (1, -1), (2.5, 1), (True, 1)])
def test_dense_refuses_sizes_that_are_no_positive_integers(sizes):
    with pytest.raises(ShapeError, match="no positive integer"):
        Dense(*sizes)


def test_modules_in_nested_lists_tuples_and_dicts_are_found():
    class Blocks(Module):
        def __init__(self):
            super().__init__()
            self.blocks = [[Dense(1, 2, seed=0)], {"last": (Dense(2, 1, seed=0),)}]

    names = [name for name, _ in Blocks().named_parameters()]
    assert names == ["blocks.0.0.W", "blocks.0.0.b", "blocks.1.last.0.W", "blocks.1.last.0.b"]


def test_a_frozen_parameter_is_saved_and_loaded_but_not_offered_to_optimizers():
    for net, name in ((Dense(2, 1, seed=0), "W"), (DeepNetwork([2, 1], seed=0), "W1")):
        frozen = dict(net.named_parameters())[name]
        frozen.requires_grad = False
        assert name not in dict(net.named_parameters())
        state = net.state_dict()
        net.load_state_dict({**state, name: state[name] + 1})
        assert np.array_equal(frozen.data, state[name] + 1)

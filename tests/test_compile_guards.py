"""A compiled function notices what changes around it, and refuses what it could not repeat rightly."""

import copy
import functools
import random
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, functions, nn, optim
from tinygrad_edu.compiler.surroundings import Surroundings
from tinygrad_edu.errors import CompileError, TinygradEduError
from tinygrad_edu.randomness import generator

SCALE = 2.0
ONES = np.ones(2)


def scaled(x):
    return x * SCALE


class Scaling:
    offset = 1.0

    def __init__(self):
        self.factor = 2.0
        self.parts = {"W": Tensor(ONES), "more": [3.0]}

    def __call__(self, x):
        return self.factor * x + self.offset * self.parts["W"] + self.parts["more"][0]


def around():
    """Functions of x, and what changes what they read."""
    scaling, mask, net = Scaling(), None, nn.Dense(2, 1, seed=0)
    numbers, k = {"rate": 1.0}, 1.0

    def masked(x):
        return x if mask is None else x * mask

    def set_mask():
        nonlocal mask
        mask = np.array([0.0, 1.0])

    def set_net():
        nonlocal net
        net = nn.Dense(2, 1, seed=1)

    def set_k():
        nonlocal k
        k = -0.0

    def set_scale():
        global SCALE
        SCALE += 1.0

    return {
        "a global of a helper": (lambda x: scaled(x), set_scale),
        "a global of a partial": (functools.partial(scaled), set_scale),
        "a global under no_grad": (tg.no_grad()(lambda x: SCALE * x), set_scale),
        "a global of an inner function": (lambda x: [SCALE * x for _ in range(2)][1], set_scale),
        "None": (masked, set_mask),
        "a module": (lambda x: net(x[:, None]), set_net),
        "a parameter of a module": (lambda x: net(x[:, None]), lambda: setattr(net, "W", Tensor([[5.0, 6.0]]))),
        "an attribute": (scaling, lambda: setattr(scaling, "factor", 7.0)),
        "an attribute of a class": (scaling, lambda: setattr(Scaling, "offset", Scaling.offset + 1.0)),
        "a Tensor in a dict": (scaling, lambda: scaling.parts.update(W=Tensor(5 * ONES))),
        "a list in a dict": (scaling, lambda: scaling.parts["more"].__setitem__(0, 4.0)),
        "an item": (lambda x: x * numbers["rate"], lambda: numbers.update(rate=0.5)),
        "the sign of zero": (lambda x: 1 / (x * k), set_k),
    }


@pytest.mark.parametrize("place", around())
def test_a_change_around_the_function_is_noticed(place):
    f, change = around()[place]
    compiled = tg.compile(f)
    for _ in range(2):
        with np.errstate(divide="ignore"):
            np.testing.assert_array_equal(compiled(ONES), np.asarray(f(Tensor(ONES)).data))
        assert compiled.traces == 1
    for _ in range(2):
        change()
        with np.errstate(divide="ignore"):
            np.testing.assert_array_equal(compiled(ONES), np.asarray(f(Tensor(ONES)).data))
    assert compiled.traces > 1


def test_what_has_been_before_is_found_again():
    numbers = {"rate": 1.0}
    f = tg.compile(lambda x: x * numbers["rate"])
    for i in range(6):
        numbers["rate"] = float(i % 2)
        assert float(f(1.0 * ONES)[0]) == i % 2
    assert f.traces == 2


def test_equal_objects_have_programs_of_their_own():
    @dataclass(frozen=True)
    class Model:
        name: str
        W: object = field(compare=False)

        @tg.compile
        def predict(self, x):
            return self.W * x

    a, b = Model("net", Tensor(ONES)), Model("net", Tensor(2 * ONES))
    assert a == b
    assert [float(model.predict(ONES)[0]) for model in (a, b, a, b)] == [1, 2, 1, 2]


def test_settings_of_an_optimizer_are_seen_and_a_rate_set_inside_is_refused():
    def trained(compiled):
        W = Tensor([1.0], requires_grad=True)
        optimizer = optim.SGD([W], lr=0.1, momentum=0.9)

        def step(x):
            optimizer.zero_grad()
            (W * x).sum().backward()
            optimizer.step()

        step = tg.compile(step) if compiled else step
        for momentum in (0.9, 0.9, 0.1, 0.1):
            optimizer.momentum = momentum
            step(np.ones(1))
        return W.data.tolist()

    assert trained(True) == trained(False)

    W = Tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([W], lr=0.5)

    @tg.compile
    def step(x, lr):
        optimizer.lr = lr
        optimizer.zero_grad()
        (W * x).sum().backward()
        optimizer.step()

    with pytest.raises(CompileError, match=r"sets an optimizer's lr, .*set it outside"):
        step(np.ones(1), 0.1)
    assert W.data.tolist() == [1.0]


def test_a_gradient_that_is_there_at_a_later_call_is_not_overwritten():
    W = Tensor([1.0, 2.0], requires_grad=True, name="W")

    @tg.compile
    def f(x):
        J = (W * x).sum()
        J.backward()
        return J

    f(ONES)
    with pytest.raises(CompileError, match=r"W has a \.grad from before this call"):
        f(ONES)
    assert W.grad.data.tolist() == [1.0, 1.0]
    W.grad = None
    f(ONES)
    assert f.traces == 1


def test_a_hook_that_comes_later_is_not_passed_over():
    W = Tensor([1.0], requires_grad=True)

    @tg.compile
    def f(x):
        W.grad = None
        (W * x).sum().backward()

    f(np.ones(1))
    with W.register_hook(lambda dW: dW * 10), pytest.raises(CompileError):
        f(np.ones(1))
    f(np.ones(1))
    assert f.traces == 1


@dataclass
class Pair:
    loss: object


def grown(v, x):
    v.data = v.data + x


def added_to(b, x):
    b += x
    return b


LATER = {
    "a dataclass": lambda x: Pair(x * 2),
    "a namespace": lambda x: SimpleNamespace(loss=x * 2),
    "a function": lambda x: lambda: x,
    "a generator": lambda x: (2 * y for y in [x]),
    "a deep copy": lambda x: copy.deepcopy(x) * 2,
    "a caught error": lambda x: caught(x),
    "Python's random numbers": lambda x: x * random.random(),
}


def caught(x):
    try:
        return x * float(x.sum())
    except CompileError:
        return x


@pytest.mark.parametrize("f", LATER.values(), ids=LATER)
def test_what_later_calls_could_not_repeat_is_refused(f):
    with pytest.raises(CompileError, match=r"^compile: .*: .*\.$"):
        tg.compile(f)(ONES)


TABLE, HOOKED = np.eye(3), Tensor(ONES, requires_grad=True)


def hooked(x):
    HOOKED.grad = None
    (HOOKED * x).sum().backward()


WITH_A_CURE = {
    "a row": (lambda i: TABLE[i], np.array([0, 2]), r"indexes an array .*tg\.Tensor\(a\)\[i\]"),
    "a column": (lambda i: TABLE[:, i] * 2, np.array([0, 2]), r"indexes an array .*tg\.Tensor\(a\)\[i\]"),
    "an item": (lambda i: [1.0, 2.0][i], np.array(1), r"indexes an array or a list .*tg\.Tensor\(a\)\[i\]"),
    "a checkpoint": (lambda x: tg.checkpoint(scaled)(x), ONES, r"calls scaled under checkpoint, .*without checkpoint"),
    "a hook": (hooked, ONES, r"a hook of .* gives another gradient, .*take the hook off"),
    "NumPy's random numbers": (lambda x: x[np.random.permutation(2)], ONES, r"from np\.random, as .*permutation"),
    "a dataclass": (lambda pair: pair.loss, Pair(1.0), r"argument 1 is a Pair; .*a dataclass with eq=False"),
}


@pytest.mark.parametrize(("f", "x", "message"), WITH_A_CURE.values(), ids=WITH_A_CURE)
def test_a_refusal_says_what_to_do_instead(f, x, message):
    with HOOKED.register_hook(lambda d: d * 10), pytest.raises(TinygradEduError, match=f"^compile: .*{message}"):
        tg.compile(f)(x)


def test_arguments_are_not_written_to():
    v, b = Tensor(np.zeros(2)), np.zeros(2)
    with pytest.raises(CompileError, match="which was handed over, new data"):
        tg.compile(grown)(v, ONES)
    with pytest.raises(CompileError, match="writes into an array that was handed over"):
        tg.compile(added_to)(b, ONES)
    assert not v.data.any()
    assert not b.any()
    assert tg.compile(added_to)(v, ONES).data.tolist() == [1.0, 1.0]  # a Tensor gives way to a new one


@pytest.mark.parametrize("kind", [np.random.default_rng, np.random.RandomState])
def test_generators_are_found_in_attributes_and_put_back(kind):
    owner = SimpleNamespace(noise=kind(0))
    with pytest.raises(CompileError, match="random numbers"):
        tg.compile(lambda x: x + owner.noise.normal())(ONES)
    assert owner.noise.normal() == kind(0).normal()


def test_a_tensor_left_behind_is_refused():
    costs, cache, owner = [], {"A": Tensor(ONES)}, Scaling()
    places = {
        "a list": lambda x: costs.append(x * 2),
        "a dict": lambda x: cache.update(A=x * 2),
        "a new key": lambda x: cache.update(B=x * 2),
        "an attribute": lambda x: setattr(owner, "loss", x * 2),
    }
    for f in places.values():
        with pytest.raises(CompileError, match=r"(leaves a Tensor in|sets) (costs\[0\]|cache\[.[AB].\]|owner\.loss)"):
            tg.compile(f)(ONES)
    tg.compile(lambda x: (cache["A"] + x, costs.append("once")))(ONES)


def test_data_in_long_lists_and_what_no_code_names_cost_no_call_anything():
    data, owner = [Tensor(ONES) for _ in range(1000)], SimpleNamespace(**{f"x{i}": i for i in range(1000)}, rate=2.0)
    around = Surroundings(lambda x: x * data[0] * owner.rate, [])
    assert len(around.guards("f").found) < 10
    f = tg.compile(lambda x: x * data[0] * owner.rate)
    f(ONES)
    owner.x3 = "another"
    f(ONES)
    assert f.traces == 1


def test_functions_that_run_in_parts_are_refused():
    def parts(x):
        yield x

    async def later(x):
        return x

    for f in (parts, later):
        with pytest.raises(CompileError, match="runs in parts"):
            tg.compile(f)


def test_after_a_refusal_generators_and_flags_are_as_before():
    tg.seed(0)
    before = str(generator().bit_generator.state)
    W = Tensor([1.0, 2.0], requires_grad=True)

    def f(x):
        W.requires_grad = False
        return float(functions.dropout(x * W, 0.5, training=True).sum())

    with pytest.raises(CompileError):
        tg.compile(f)(ONES)
    assert W.requires_grad
    assert str(generator().bit_generator.state) == before


@pytest.mark.parametrize("f", [lambda x: x.astype(bool) * 1.0, lambda x: Tensor(x, dtype=np.float32) * 2])
def test_casts_are_steps(f):
    compiled = tg.compile(f)
    for x in (np.array([0.0, 1.0]), np.array([5.0, 0.0])):
        np.testing.assert_array_equal(compiled(x), f(Tensor(x)))


def test_a_state_in_another_order_gets_another_program():
    W = Tensor(np.ones((2, 3)))
    f = tg.compile(lambda: W.reshape(-1), fast=False)
    f()
    big = np.ones((3, 2))
    W.data = big.T
    f()
    big[...] = 5
    assert f().data.tolist() == [5.0] * 6
    W.data = np.ones((2, 3))
    r = f()
    W.data[...] = 7
    assert r.data.tolist() == [1.0] * 6
    assert f.traces == 2


def test_where_an_index_is_out_of_range_no_state_has_changed():
    W = Tensor([1.0, 2.0], requires_grad=True)

    @tg.compile
    def f(x, i):
        new = W + x
        z = new[i].sum()
        W.data = new.data
        return z

    f(ONES, np.array([0]))
    with pytest.raises(IndexError):
        f(ONES, np.array([9]))
    assert W.data.tolist() == [2.0, 3.0]


INDICES = {
    "rows": lambda E, i, k: (E[i] ** 2).sum(),
    "pairs": lambda E, i, k: (E[i, i] ** 2).sum(),
    "one of each row": lambda E, i, k: (E[np.arange(3), i] ** 2).sum(),
    "columns": lambda E, i, k: (E[:, i] ** 2).sum(),
    "a new axis": lambda E, i, k: (E[None, i, ...] ** 2).sum(),
    "a number": lambda E, i, k: (E[k] ** 2).sum(),
    "set": lambda E, i, k: (E.at[i].set(3.0) * E).sum(),
    "set to a row": lambda E, i, k: (E.at[k].set(E[0] * 2) * E).sum(),
    "add": lambda E, i, k: (E.at[i].add(1.0) ** 2).sum(),
    "add a row": lambda E, i, k: (E.at[i].add(E[k]) ** 2).sum(),
    "take": lambda E, i, k: (np.take(E, i, axis=1) ** 2).sum(),
    "take around": lambda E, i, k: (np.take(E, i + 5, axis=0, mode="wrap") ** 2).sum(),
    "take up to the end": lambda E, i, k: (np.take(E, i + 5, mode="clip") ** 2).sum(),
    "take along": lambda E, i, k: (np.take_along_axis(E, i[None, :], axis=0)[:, 0] ** 2).sum(),
    "computed": lambda E, i, k: (E[np.argsort(E[:, 1]), 0][(2 * i + k) % 4] ** 2).sum(),
    "of another dtype": lambda E, i, k: (E[i.astype(np.uint8)] ** 2).sum(),
    "a gradient's": lambda E, i, k: (tg.grad(lambda E: (E[i] ** 3).sum())(E)[k] ** 2).sum(),
}


@pytest.mark.parametrize("name", INDICES)
def test_indices_may_be_inputs(name):
    J = INDICES[name]
    E = np.random.default_rng(0).standard_normal((4, 4))
    f = tg.grad(J)
    compiled = tg.compile(lambda E, i, k: f(E, i, k), fast=False)
    rng = np.random.default_rng(1)
    for _ in range(4):
        i, k = rng.integers(0, 4, 4 if name == "take along" else 3), np.array(rng.integers(0, 3))
        np.testing.assert_array_equal(compiled(E, i, k), f(E, i, k))
    assert compiled.traces == 1

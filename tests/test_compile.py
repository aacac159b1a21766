"""Compiled functions give what the functions themselves give, to the last bit."""

import copy
import threading
import warnings

import numpy as np
import pytest
from graphs import draw_graph
from trainers import OPTIMIZERS, Trainer, batch, same

import tinygrad_edu as tg
from tinygrad_edu import functions
from tinygrad_edu.errors import (
    CompileError,
    DomainError,
    DTypeError,
    GradientError,
    MutationError,
    TinygradEduError,
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_training_is_the_same_to_the_last_bit(make, dtype):
    a, b = Trainer(make, dtype=dtype), Trainer(make, dtype=dtype, compiled=True)
    for i in range(6):
        X, Y = batch(i, dtype=dtype)
        same(a.step(X, Y).detach(), b.step(X, Y))
        same(a.everything(), b.everything())
    assert b.step.traces == 1


def test_a_new_shape_or_dtype_is_traced_and_an_old_one_found_again():
    f = tg.compile(lambda x: np.exp(x).sum(axis=0))
    for x in (np.ones((2, 3)), np.ones((4, 3)), np.ones((2, 3), np.float32), np.ones((3, 2)).T, np.zeros((2, 3))):
        same(f(x), np.exp(x).sum(axis=0))
    assert f.traces == 4


def warnings_of(calls):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for call in calls:
            call()
    return caught


def test_many_traces_warn():
    f = tg.compile(lambda x, n: x * n)
    caught = warnings_of([lambda n=n: f(np.ones(2), n) for n in range(20)])
    assert [str(w.message).split(" was ")[1].split(",")[0] for w in caught] == ["traced 8 times", "traced 16 times"]
    assert {w.filename for w in caught} == {__file__}


def test_the_warning_of_many_traces_says_what_changed_and_what_to_hand_over():
    rates, x = {"lr": 1.0}, np.ones(2)
    f = tg.compile(lambda x: x * rates["lr"])
    (by_item,) = warnings_of([lambda i=i: (rates.update(lr=float(i)), f(x)) for i in range(8)])
    g = tg.compile(lambda x, lr: x * lr)
    (by_argument,) = warnings_of([lambda i=i: g(x, float(i)) for i in range(8)])
    assert "the last time for a change of rates['lr']" in str(by_item.message)
    assert "the last time for another shape, dtype or number in lr" in str(by_argument.message)
    assert "np.asarray(lr, W.dtype)" in str(by_argument.message)


def test_transforms_compile():
    def cost(w, x):
        return (np.tanh(w * x) ** 2).sum()

    w, x = np.array([0.3, -0.2]), np.array([1.0, 2.0])
    for f in (tg.grad(cost), tg.value_and_grad(cost), tg.hessian(cost), lambda w, x: tg.hvp(cost)(w, x, x)):
        compiled = tg.compile(f)
        for k in (1.0, 2.0, 3.0):
            same(compiled(k * w, x), f(k * w, x))
        assert compiled.traces == 1


def test_arguments_may_be_nested_and_tensors():
    def f(batch, *, scale=1):
        return {"sum": batch["x"].sum() * scale, "pair": (batch["y"][0] * 2, None), "text": "same"}

    compiled = tg.compile(f)
    for i in range(3):
        given = {"x": np.arange(3.0) + i, "y": [tg.Tensor([1.0 + i])]}
        got, expected = compiled(given, scale=2), f(given, scale=2)
        assert got["text"] == "same" and got["pair"][1] is None
        same(got["sum"], expected["sum"])
        same(got["pair"][0], expected["pair"][0])


def test_an_argument_with_a_gradient_is_refused():
    x = tg.Tensor([1.0], requires_grad=True, name="x")
    with pytest.raises(CompileError, match=r"the argument x requires a gradient.*x\.data"):
        tg.compile(np.exp)(x)


@pytest.mark.parametrize("argument", [{1, 2}, np.array(["a"]), np.ma.ones(2), bytearray(b"x")], ids=repr)
def test_an_argument_that_is_no_number_is_refused_or_raises_what_the_function_does(argument):
    with pytest.raises((TinygradEduError, TypeError)):
        tg.compile(lambda x: np.exp(x))(argument)


def test_an_argument_that_is_refused_is_named():
    f = tg.compile(lambda x, more=None, **options: np.exp(x))
    with pytest.raises(DTypeError, match=r"argument 2\['a'\]\[1\] is a set"):
        f(np.ones(1), {"a": [1, {2}]})
    with pytest.raises(DTypeError, match=r"argument mask is a ndarray of <U1"):
        f(np.ones(1), mask=np.array(["a"]))


IN_PLACE = {
    "an assignment": lambda W, hist: W.data.__setitem__(..., W.data * 2),
    "a difference": lambda W, hist: exec("W.data[...] -= 1.0", {"W": W}),
    "out=": lambda W, hist: np.subtract(W.data, 1.0, out=W.data),
    "copyto": lambda W, hist: np.copyto(W.data, 1.0),
    "fill": lambda W, hist: W.data.fill(0.0),
}


@pytest.mark.parametrize("write", IN_PLACE.values(), ids=IN_PLACE)
def test_a_write_into_data_that_compile_cannot_take_names_the_one_that_it_can(write):
    W = tg.Tensor([1.0, 2.0])
    with pytest.raises(MutationError, match=r"compile runs, W\.data is a Tensor too: write `W\.data = W\.data - "):
        tg.compile(lambda: write(W, None))()
    assert W.data.tolist() == [1.0, 2.0]


def test_a_cost_stored_in_an_array_is_refused_in_compile_s_own_words():
    history, W = np.zeros(3), tg.Tensor([1.0])

    def step(x):
        history[0] = (W * x).sum().data

    with pytest.raises(CompileError, match=r"return what you want to read"):
        tg.compile(step)(np.ones(1))


def test_a_cost_without_a_graph_says_that_it_may_come_from_a_compiled_function():
    W = tg.Tensor([1.0], requires_grad=True)
    J = tg.compile(lambda x: (W * x).sum())(np.ones(1))
    with pytest.raises(GradientError, match=r"a compiled function, which hands out no graph: call backward\(\) inside"):
        J.backward()


def test_errors_inside_a_replay_are_those_of_the_function():
    f = tg.compile(functions.binary_cross_entropy)
    Y = np.array([[0.0, 1.0]])
    for A in (np.array([[0.2, 0.7]]), np.array([[0.3, 0.6]])):
        same(f(A, Y), functions.binary_cross_entropy(A, Y))
    with pytest.raises((DomainError, ValueError), match="not inside"):
        f(np.array([[0.0, 0.5]]), Y)


def test_verify_compares_and_finds_what_python_hid():
    a, b = (
        Trainer(OPTIMIZERS["Adam"], dropout=0.3),
        Trainer(OPTIMIZERS["Adam"], dropout=0.3, compiled=True, verify=True),
    )
    for i in range(6):
        same(a.step(*batch(i)).detach(), b.step(*batch(i)).detach())
    same(a.everything(), b.everything())

    hidden = np.ones(1)
    f = tg.compile(lambda x: x * np.exp(hidden), verify=True)
    f(np.ones(1))
    hidden += 0.5
    with pytest.raises(CompileError, match="a result of the compiled function is not what the function gives"):
        f(np.ones(1))


def test_threads_take_turns():
    trainer = Trainer(compiled=True)
    plain = Trainer()
    threads = [threading.Thread(target=lambda: [trainer.step(*batch(0)) for _ in range(20)]) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for _ in range(80):
        plain.step(*batch(0))
    same(plain.everything(), trainer.everything())


def test_a_compiled_function_inside_another_and_under_a_watch_runs_as_it_is():
    inner = tg.compile(lambda x: np.exp(x))
    outer = tg.compile(lambda x: inner(x) * 2)
    for _ in range(3):
        same(outer(np.ones(2)), np.exp(np.ones(2)) * 2)
    assert inner.traces == 0
    with tg.detect_anomaly():
        same(inner(tg.Tensor([1.0])).data, np.exp([1.0]))


def test_a_method_compiles_and_tells_its_traces_and_its_source():
    class Model:
        scale = 2.0

        @tg.compile
        def apply(self, x):
            return x * self.scale

    model = Model()
    assert model.apply(np.ones(1)) == 2.0
    assert model.apply.traces == 1
    assert "multiply" in model.apply.source


def test_what_is_no_function_is_refused():
    with pytest.raises(CompileError, match=r"got a float"):
        tg.compile(3.0)


def test_a_compiled_function_shows_its_name_and_its_traces():
    assert repr(tg.compile(np.exp)) == "<compiled exp, traces=0>"


def test_a_deep_copy_trains_the_copy():
    a = Trainer(compiled=True)
    a.step(*batch(0))
    b = copy.deepcopy(a)
    before = [x.copy() for x in a.everything()[:-1]]
    c = Trainer()
    c.step(*batch(0))
    same(b.step(*batch(1)), c.step(*batch(1)).detach())
    same(b.everything(), c.everything())
    same(a.everything()[:-1], before)
    assert (a.step.traces, b.step.traces) == (1, 1)


def test_the_source_is_the_program():
    trainer = Trainer(compiled=True)
    trainer.step(*batch(0))
    assert "dot(W1, x1, t1)" in trainer.step.source
    assert trainer.step.source.startswith("def setup(")


def test_constants_are_folded_unless_somebody_can_change_them():
    kept = []

    def f(x, keep):
        c = np.full(2, 3.0)
        if keep:
            kept.append(c)
        return tg.Tensor(c) * 2.0 * x

    f, x = tg.compile(f), np.array([1.0, 2.0])
    for keep, products in ((False, 1), (True, 2)):
        f(x, keep)
        assert f.source.count("multiply(") == products
        assert f(x, keep).data.tolist() == [6.0, 12.0]
    kept[0][...] = 5.0
    assert f(x, True).data.tolist() == [10.0, 20.0]
    assert f(x, False).data.tolist() == [6.0, 12.0]


def test_the_gradient_1_of_the_cost_is_a_constant():
    trainer = Trainer(compiled=True)
    trainer.step(*batch(0))
    assert "divide(a" not in trainer.step.source and "divide(t" in trainer.step.source


@pytest.mark.parametrize("complex_numbers", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize("seed", range(100))
def test_a_random_graph_compiles_to_the_same_bits(seed, complex_numbers):
    graph = draw_graph(seed, complex_numbers)
    parameters = [tg.Tensor(x, requires_grad=True) for x in graph.inputs]

    def step(tensors):
        for t in tensors:
            t.grad = None
        J = graph.number(np, tensors)
        J.backward()
        for t in tensors:
            if t.grad is not None:
                t.data = t.data - 1e-3 * t.grad.data
        return J

    ours = [tg.Tensor(x.copy(), requires_grad=True) for x in graph.inputs]
    compiled = tg.compile(lambda: step(ours))
    for _ in range(3):
        expected = step(parameters).detach()
        same(compiled(), expected)
        same([t.data for t in ours], [t.data for t in parameters])
    assert compiled.traces == 1

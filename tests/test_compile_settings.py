"""Settings that choose the program, set inside: `requires_grad`, training modes, hooks; seeds, errors, interrupts."""

import contextvars
import copy
import random
import sys

import numpy as np
import pytest
from trainers import same

import tinygrad_edu as tg
from tinygrad_edu import functions, modes, nn
from tinygrad_edu.errors import CompileError, GradientError

X = np.array([1.0, 4.0])


def parameter(*data, **options):
    return tg.Tensor([float(x) for x in data], requires_grad=True, **options)


def numbers(*tensors):
    return [None if t is None else t.data.tolist() for t in tensors]


def freezes(x, W, V):
    W.grad = V.grad = None
    (W * V * x).sum().backward()
    W.requires_grad = False


def toggles(x, W, V):
    W.grad = V.grad = None
    W.requires_grad = not W.requires_grad
    (W * V * x).sum().backward()


def thaws_for_a_while(x, W, V):
    V.requires_grad = True
    W.grad = V.grad = None
    (W * V * x).sum().backward()
    V.requires_grad = False


def asks(x, W, V):
    W.grad = V.grad = None
    (V * x * (2.0 if W.requires_grad else 3.0)).sum().backward()


@pytest.mark.parametrize("f", [freezes, toggles, thaws_for_a_while, asks])
def test_requires_grad_set_or_read_inside_is_as_without_compile(f):
    found = []
    for compiled in (False, True):
        W, V = parameter(1, 2), parameter(3, 4)

        def step(x, W=W, V=V):
            f(x, W, V)

        step = tg.compile(step, fast=False) if compiled else step
        found.append([])
        for i in range(6):
            if i == 4:
                W.requires_grad = not W.requires_grad
            step(X)
            found[-1].append((numbers(W.grad, V.grad), W.requires_grad, V.requires_grad))
    assert found[0] == found[1]


def test_a_tensor_whose_data_no_result_needs_may_be_frozen_between_calls():
    W, V = parameter(1, 2), parameter(3, 4)

    @tg.compile
    def step(x):
        W.grad = V.grad = None
        (W * x + V).sum().backward()

    step(X)
    V.requires_grad = False
    step(X)
    assert numbers(W.grad, V.grad) == [[1.0, 4.0], None]


def evaluates(net, x):
    y = net(x)
    net.eval()
    return y


def evaluates_for_a_while(net, x):
    net.eval()
    y = net(x)
    net.train()
    return y


def asks_and_switches(net, x):
    net.train(not net.training)
    return x * (2.0 if net.training else 3.0)


class Scale(nn.Module):
    """x, doubled in training."""

    def forward(self, x):
        return x * 2.0 if self.training else x


@pytest.mark.parametrize("f", [evaluates, evaluates_for_a_while, asks_and_switches])
def test_modes_set_inside_are_as_without_compile(f):
    found = []
    for compiled in (False, True):
        net = Scale()
        step = (lambda x, f=f, net=net: f(net, x)) if not compiled else tg.compile(lambda x, f=f, net=net: f(net, x))
        found.append([])
        for i in range(7):
            if i in (3, 5):
                net.train()
            found[-1].append((np.asarray(step(X)).tolist(), net.training))
    assert found[0] == found[1]


def test_a_module_made_inside_may_be_switched():
    f = tg.compile(lambda x: Scale().eval()(x))
    assert [f(X).tolist() for _ in range(3)] == [X.tolist()] * 3
    assert f.traces == 1


def test_settings_are_put_back_where_the_function_is_refused():
    net, W = Scale(), parameter(1, 2)

    @tg.compile
    def f(x):
        net.eval()
        W.requires_grad = False
        return float(x.sum())

    with pytest.raises(CompileError):
        f(X)
    assert net.training and W.requires_grad


def test_a_hook_left_behind_is_refused_and_one_for_the_call_is_not():
    W = parameter(1, 2, name="W")

    def gradient(x, *, remove):
        W.grad = None
        handle = W.register_hook(lambda dz: None)
        (W * x).sum().backward()
        if remove:
            handle.remove()

    with pytest.raises(CompileError, match="changes the hooks of W"):
        tg.compile(gradient)(X, remove=False)
    assert not W.extras["hooks"]
    W = parameter(1, 2)
    f = tg.compile(gradient)
    for _ in range(3):
        f(X, remove=True)
        assert W.grad.data.tolist() == [1.0, 4.0]
    assert f.traces == 1


CATCHES = {
    "a step": lambda x: np.linalg.inv(x),
    "a loss": lambda x: functions.binary_cross_entropy(x, np.ones((2, 2))).sum(),
    "a numerical error": lambda x: 1 / x,
}


@pytest.mark.parametrize("risky", CATCHES.values(), ids=CATCHES)
def test_an_error_that_the_function_catches_is_refused(risky):
    def f(x):
        try:
            return risky(x) + 0 * x
        except Exception:
            return x * 0.0

    with np.errstate(all="raise"), pytest.raises(CompileError, match=r"the function catches an error.*np\.where"):
        tg.compile(f)(np.array([[0.0, -1.0], [0.0, 2.0]]))
    good = np.eye(2) / 2 + 0.25
    same(tg.compile(f)(good), f(good))


def test_a_step_that_draws_does_not_hide_other_draws():
    g = np.random.default_rng(0)
    before = g.bit_generator.state
    with pytest.raises(CompileError, match="draws random numbers by itself"):
        tg.compile(lambda x: functions.dropout(x, 0.5, rng=g) * g.random())(X)
    assert g.bit_generator.state == before
    with pytest.raises(CompileError, match="draws random numbers by itself"):
        tg.compile(lambda x: g.random() * functions.dropout(x, 0.5, rng=g))(X)
    with pytest.raises(CompileError, match="draws random numbers by itself"):
        tg.compile(lambda x: x * functions.dropout(np.ones(2)))(X)


GENERATORS = {
    "Python's": (random.Random(0), lambda g: g.random()),
    "NumPy's old ones": (np.random.RandomState(0), lambda g: g.rand()),
    "NumPy's new ones": (np.random.default_rng(0), lambda g: g.random()),
    "bit generators": (np.random.PCG64(0), lambda g: g.random_raw() / 2.0**64),
}


@pytest.mark.parametrize(("generator", "draw"), GENERATORS.values(), ids=GENERATORS)
def test_a_generator_that_the_function_draws_from_is_refused_and_stays_as_it_was(generator, draw):
    f = tg.compile(lambda x: x * draw(generator))
    drawn = []
    for _ in range(2):
        with pytest.raises(CompileError, match="draws random numbers by itself"):
            f(X)
        drawn.append(copy.deepcopy(generator))
    assert draw(drawn[0]) == draw(drawn[1])


def test_a_seed_set_inside_is_refused():
    with pytest.raises(CompileError, match=r"calls tg\.seed.*seed it outside"):
        tg.compile(lambda x: (tg.seed(3), functions.dropout(x))[1])(X)


def test_a_backward_of_a_compiled_result_says_what_to_do():
    W = parameter(1, 2)
    f = tg.compile(lambda x: W * x)
    f(X)
    with pytest.raises(GradientError, match=r"by a compiled function.*call backward\(\)"):
        f(X).sum().backward()


class Stop(KeyboardInterrupt):
    """Ctrl-C."""


def interrupted(step, after):
    """step(), stopped at so many lines of the compiler; whether it was."""
    left = after

    def trace(frame, event, arg):
        nonlocal left
        if "compiler" not in frame.f_code.co_filename and "contextlib" not in frame.f_code.co_filename:
            return None
        if event == "line":
            left -= 1
            if left < 0:
                sys.settrace(None)
                raise Stop
        return trace

    old = sys.gettrace()
    sys.settrace(trace)
    try:
        step()
    except Stop:
        return True
    finally:
        sys.settrace(old)
    return False


def test_an_interrupt_while_tracing_leaves_nothing_behind():
    rng, after = random.Random(0), 0
    while True:
        W = parameter(1, 2)

        @tg.compile(fast=False)
        def step(x, W=W):
            W.grad = None
            (W * x).sum().backward()
            W.data = W.data - W.grad.data

        stopped = interrupted(lambda step=step: step(X), after)
        assert modes.capturing() is None and not modes.watching
        assert float(tg.Tensor(2.0)) == 2.0
        if not stopped:
            break
        assert numbers(W, W.grad) in ([[1.0, 2.0], None], [[0.0, -2.0], [1.0, 4.0]])  # nothing is done, or all
        after += rng.randint(1, 3)
    assert after > 100


def test_what_the_first_call_sets_in_its_context_stays_set():
    found = contextvars.ContextVar("found", default=0)

    @tg.compile
    def f(x):
        found.set(1)
        return x * 2

    f(X)
    assert found.get() == 1

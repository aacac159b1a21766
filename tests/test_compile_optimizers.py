"""Optimizers in compiled functions: the rates and counts of each call, or an error that names the cure."""

import numpy as np
import pytest
from trainers import same

import tinygrad_edu as tg
from tinygrad_edu.errors import CompileError

X = np.array([1.0, 2.0])
MAKERS = {
    "SGD": lambda p: tg.optim.SGD(p, lr=0.1),
    "momentum": lambda p: tg.optim.SGD(p, lr=0.1, momentum=0.9),
    "Adam": lambda p: tg.optim.Adam(p, lr=0.1),
}


def problem(make=MAKERS["Adam"]):
    """A parameter, its optimizer, and a function that goes a step."""
    W = tg.Tensor([1.0, 2.0], requires_grad=True, name="W")
    optimizer = make([W])

    def move(x):
        optimizer.zero_grad()
        ((W * x) ** 2).sum().backward()
        optimizer.step()

    return W, optimizer, move


def twice(make=MAKERS["Adam"], **options):
    """Two problems of a kind, the second with the compiled function."""
    a, b = problem(make), problem(make)
    return a, (*b[:2], tg.compile(b[2], **options))


@pytest.mark.parametrize("fast", [False, None])
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_two_steps_in_one_call_count_twice(make, fast):
    found = []
    for compiled in (False, True):
        W, optimizer, move = problem(make)

        def step(x, move=move):
            for _ in range(2):
                move(x)

        step = tg.compile(step, fast=fast) if compiled else step
        for _ in range(3):
            step(X)
        assert optimizer.steps == 6
        found.append(W.data)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-14)
    assert step.traces == 1


def test_parameters_that_moved_a_different_number_of_times_keep_their_counts():
    found = []
    for compiled in (False, True):
        W, V = (tg.Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
        optimizer = tg.optim.Adam([W, V], lr=0.1)

        def step(x, W=W, V=V, optimizer=optimizer):
            for loss in (lambda: W * x, lambda: W * V * x):
                optimizer.zero_grad()
                (loss() ** 2).sum().backward()
                optimizer.step()

        step = tg.compile(step, fast=False) if compiled else step
        for _ in range(3):
            step(X)
        assert optimizer.counts == [6, 3]
        found.append([W.data, V.data])
    same(*found)


def test_counts_and_moments_that_are_reset_between_calls_are_seen():
    a, b = twice(fast=False)
    for _, optimizer, step in (a, b):
        step(X)
        step(X)
        optimizer.counts = [0]
        optimizer.moments = [(tg.Tensor(np.zeros(2)), tg.Tensor(np.zeros(2)))]
        step(X)
        step(X)
    same(a[0].data, b[0].data)


def test_a_rate_that_the_function_reads_chooses_the_program():
    found = []
    for compiled in (False, True):
        W, optimizer, move = problem(MAKERS["SGD"])

        def step(x, W=W, optimizer=optimizer, move=move):
            move(x)
            W.data = W.data - optimizer.lr * 0.5 * W.data

        step = tg.compile(step, fast=False) if compiled else step
        for lr in (0.1, 0.01, np.float64(0.01), 0.1):
            optimizer.lr = lr
            step(X)
        found.append(W.data)
    same(*found)


INSIDE = {
    "lr from steps": (lambda W, o, x: setattr(o, "lr", 0.1 / (1 + o.steps)), "reads an optimizer's steps"),
    "steps in the cost": (lambda W, o, x: W * (1 / (1 + o.steps)), "reads an optimizer's steps"),
    "steps returned": (lambda W, o, x: o.steps, "reads an optimizer's steps"),
    "counts": (lambda W, o, x: W * o.counts[0], "reads an optimizer's counts"),
    "counts set": (lambda W, o, x: setattr(o, "counts", [0]), "sets an optimizer's counts"),
    "steps set": (lambda W, o, x: setattr(o, "steps", 0), "sets an optimizer's steps"),
    "lr set": (lambda W, o, x: setattr(o, "lr", 0.1), "sets an optimizer's lr"),
    "lr from itself": (lambda W, o, x: setattr(o, "lr", o.lr * 0.5), "sets an optimizer's lr"),
    "an optimizer made": (lambda W, o, x: tg.optim.Adam([W]).step(), "makes an optimizer, Adam.*make it outside"),
}


@pytest.mark.parametrize(("inside", "message"), INSIDE.values(), ids=INSIDE)
def test_counts_and_new_rates_inside_are_refused_and_nothing_has_changed(inside, message):
    W, optimizer, move = problem()

    @tg.compile
    def step(x):
        move(x)
        return inside(W, optimizer, x)

    for _ in range(2):
        with pytest.raises(CompileError, match=f"^compile: the function {message}"):
            step(X)
        assert W.data.tolist() == [1.0, 2.0]
        assert (optimizer.lr, optimizer.steps, optimizer.counts) == (0.1, 0, [0])


def test_a_step_that_is_refused_does_not_count():
    a, b = twice(fast=False)
    with pytest.raises(CompileError, match="out of the graph"):
        tg.compile(lambda x: (b[2](x), float(b[0].data[0])))(X)
    for _ in range(3):
        a[2](X)
        b[2](X)
    same(a[0].data, b[0].data)

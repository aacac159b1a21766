"""Whether steps are recorded: `no_grad`, per block, per function, per thread and per task."""

import asyncio
import threading

import numpy as np
import pytest

from tinygrad_edu import Tensor, detect_anomaly, grad, no_grad
from tinygrad_edu.errors import GradientError
from tinygrad_edu.modes import recording


def leaf(*values):
    return Tensor(np.array(values), requires_grad=True)


def records():
    return (leaf(1.0) * 2).requires_grad


def test_nothing_is_recorded_inside_no_grad():
    x = leaf(1.0, 2.0)
    with no_grad():
        y = np.exp(x * 2).sum()
    assert not y.requires_grad and y.is_leaf and y.inputs == ()
    assert np.isclose(y.item(), np.exp(2.0) + np.exp(4.0))
    with pytest.raises(GradientError):
        y.backward()


def test_recording_resumes_after_the_block():
    with no_grad():
        assert not records()
    assert records()


def test_recording_resumes_after_an_error_in_the_block():
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert records()


def test_no_grad_nests():
    with no_grad():
        with no_grad():
            assert not records()
        assert not records()
    assert records()


def test_one_no_grad_object_may_be_entered_again_inside_itself_and_later():
    mode = no_grad()
    for _ in range(2):
        with mode:
            with mode:
                assert not records()
            assert not records()
        assert records()


def test_no_grad_decorates_a_function_even_a_recursive_one():
    @no_grad()
    def count_down(n):
        """Documented."""
        assert not records()
        if n:
            count_down(n - 1)
        assert not records()
        return n

    assert count_down(3) == 3
    assert count_down.__doc__ == "Documented."
    assert records()


def test_a_decorated_function_that_raises_restores_recording():
    @no_grad()
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert records()


def test_what_was_recorded_before_keeps_its_graph():
    x = leaf(3.0)
    y = x * x
    with no_grad():
        z = y * 2
    assert y.requires_grad and not z.requires_grad
    y.sum().backward()
    assert x.grad.data == [6.0]


def test_a_block_without_recording_inside_a_graph_counts_as_a_constant():
    x = leaf(3.0)
    with no_grad():
        c = x * x
    (x * c).sum().backward()
    assert x.grad.data == [9.0]


def test_a_leaf_made_inside_no_grad_may_ask_for_gradients_afterwards():
    with no_grad():
        x = leaf(3.0)
    assert x.requires_grad
    (x * x).sum().backward()
    assert x.grad.data == [6.0]


def test_another_thread_records_while_this_one_does_not():
    seen = []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append(records()))
        thread.start()
        thread.join()
        assert not records()
    assert seen == [True]


def test_this_thread_records_while_another_one_does_not():
    inside, done, seen = threading.Event(), threading.Event(), []

    def run():
        with no_grad():
            inside.set()
            done.wait(10)
            seen.append(records())

    thread = threading.Thread(target=run)
    thread.start()
    assert inside.wait(10)
    assert records()
    done.set()
    thread.join()
    assert seen == [False]


def test_one_decorated_function_may_run_in_several_threads_at_once():
    both, seen = threading.Barrier(2, timeout=10), []

    @no_grad()
    def run(late):
        both.wait()  # both are inside
        if late:
            first_has_left.wait(10)
        seen.append(records())

    def call(late):
        run(late)
        seen.append(records())
        first_has_left.set()

    first_has_left = threading.Event()
    threads = [threading.Thread(target=call, args=(late,)) for late in (False, True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [False, True, False, True]


def test_interleaved_tasks_do_not_see_each_others_mode():
    async def silent(turns):
        with no_grad():
            for _ in range(turns):
                await asyncio.sleep(0)
                assert not records()
        return records()

    async def recording(turns):
        for _ in range(turns):
            await asyncio.sleep(0)
            assert records()
        return records()

    async def main():
        return await asyncio.gather(silent(5), recording(7), silent(3), recording(4))

    assert asyncio.run(main()) == [True] * 4


def test_a_backward_pass_records_for_itself_only():
    x = leaf(3.0)
    with no_grad():
        (first,) = [grad(lambda v: v**3)(2.0)]
        assert first == 12.0
        assert not records()
    assert records()
    (x**2).sum().backward()
    assert records()


def test_functions_without_a_rule_run_inside_no_grad():
    x = leaf(1.5, -2.5)
    with no_grad():
        np.testing.assert_array_equal(np.frexp(x)[0].data, [0.75, -0.625])
        np.testing.assert_array_equal(np.i0(0 * x).data, [1.0, 1.0])
    with pytest.raises(GradientError):
        np.frexp(x)


def test_the_array_of_a_recorded_tensor_is_given_out_inside_no_grad():
    x = leaf(1.0, 2.0)
    with no_grad():
        np.testing.assert_array_equal(np.asarray(x), [1.0, 2.0])
    with pytest.raises(GradientError, match=r"its gradient would be lost"):
        np.asarray(x)


def test_blocks_that_generators_hold_open_may_close_in_any_order():
    def blocks(mode):
        with mode():
            yield

    for first, second in ((no_grad, no_grad), (no_grad, detect_anomaly), (detect_anomaly, no_grad)):
        a, b = blocks(first), blocks(second)
        next(a), next(b)
        list(a)
        assert records() == (second is detect_anomaly)
        list(b)
        assert records()


def test_a_block_closed_in_another_thread_changes_nothing_there():
    def block():
        with no_grad():
            yield

    opened = block()
    seen = []

    def work():
        next(opened)
        seen.append(recording.get())

    for target in (work, lambda: (list(opened), seen.append(recording.get()))):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    assert seen == [False, True]
    assert recording.get()

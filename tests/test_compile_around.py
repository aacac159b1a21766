"""All that a compiled function reads around itself is watched, and what it leaves there is refused and put back."""

import functools
import queue

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor
from tinygrad_edu.errors import CompileError

ONES = np.ones(2)


def test_a_result_left_out_of_sight_is_refused():
    hidden = queue.Queue()
    with pytest.raises(CompileError, match=r"somewhere around it, and later calls would not: return it"):
        tg.compile(lambda x: hidden.put(x * 2))(ONES)


def test_a_constant_that_a_cache_keeps_is_no_result_left_behind():
    @functools.lru_cache
    def positions(n):
        return Tensor(np.arange(n)) * 0.5

    f = tg.compile(lambda x: x * positions(2))
    assert [f(ONES).tolist() for _ in range(2)] == [[0.0, 0.5]] * 2


def test_inner_functions_that_hold_themselves_keep_no_result():
    def f(x):
        def powered(n):
            return x if n == 0 else x * powered(n - 1)

        return powered(2)

    assert tg.compile(f)(2 * ONES).tolist() == [8.0, 8.0]

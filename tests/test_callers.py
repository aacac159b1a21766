"""Telling `float(t)`, which is fine, from `math.exp(t)` and `array.fill(t)`, which would lose a gradient."""

import array
import cmath
import math
import struct
import sys
from math import exp

import numpy as np
import pytest

from tinygrad_edu import Tensor, no_grad
from tinygrad_edu.callers import asked_by
from tinygrad_edu.errors import GradientError


class Spy:
    """Remembers who asked for its number."""

    def __init__(self):
        self.asked = []

    def __float__(self):
        self.asked.append(asked_by(sys._getframe(1)))
        return 1.0

    def __add__(self, other):
        return self


class Holder:
    """Something with an attribute."""


def test_the_called_function_is_found_in_every_way_of_calling_it():
    spy, holder, local = Spy(), Holder(), math.exp
    holder.pack = struct.Struct("d").pack
    float(spy)
    math.exp(spy)
    exp(spy)
    local(spy)
    holder.pack(spy)
    math.pow(2.0, spy)
    math.hypot(spy, math.sqrt(4.0) * abs(-1.0))
    math.isclose(1.0, spy, rel_tol=abs(1e-3))
    math.exp(spy + 1)
    print(f"{float(spy)}")
    math.exp(float(spy))
    [float(spy) for _ in range(1)]
    expected = ["float", "exp", "exp", "exp", "pack", "pow", "hypot", "isclose", "exp", "float", "float", "float"]
    assert [kind for kind, _ in spy.asked] == ["call"] * len(expected)
    assert [what.__name__ for _, what in spy.asked] == expected


def test_storing_is_told_from_calling():
    spy, numbers = Spy(), array.array("d", [0.0])
    numbers[0] = spy
    assert spy.asked == [("store", None)]


def test_what_cannot_be_told_is_let_pass():
    spy = Spy()
    math.exp(spy if spy.asked == [] else 1.0)
    math.exp(*[spy])
    "%f" % spy  # noqa: UP031
    [struct.Struct("d")][0].pack(spy)
    assert spy.asked == [("call", None), ("", None), ("", None), ("call", "pack")]


def test_the_same_place_may_call_different_functions():
    spy = Spy()
    for f in (math.exp, float, math.sin):
        f(spy)
    assert [what for _, what in spy.asked] == [math.exp, float, math.sin]


@pytest.fixture
def J():
    return Tensor(2.0, requires_grad=True, name="J")


def test_pythons_mathematics_is_refused_and_float_is_not(J):
    assert not math.isnan(J) and math.isfinite(J) and math.isclose(J, 2.0)  # answers
    for f in (math.exp, math.log, math.floor):
        with pytest.raises(GradientError, match=rf"math\.{f.__name__}\(J\) would lose its gradient"):
            f(J)
    with pytest.raises(GradientError, match=r"cmath\.exp\(J\)"):
        cmath.exp(J)
    with pytest.raises(GradientError, match=r"math\.fsum\(J\)"):
        math.fsum([J])
    assert (float(J), int(J), complex(J), f"{float(J):.1f}", math.exp(float(J))) == (2, 2, 2, "2.0", math.exp(2))
    assert math.exp(J.detach()) == math.exp(2)
    with no_grad():
        assert math.exp(J) == math.exp(2)


def test_filling_a_plain_array_is_refused(J):
    for fill in (
        lambda: np.zeros(3).fill(J),
        lambda: np.fromiter([J], float),
        lambda: array.array("d").append(J),
        lambda: array.array("d", [J]),
    ):
        with pytest.raises((GradientError, ValueError)) as caught:  # NumPy may hide ours behind its own
            fill()
        errors = (caught.value, caught.value.__cause__)
        assert any(isinstance(e, GradientError) and "storing J in a plain array" in str(e) for e in errors)


def test_numpy_taking_a_number_for_itself_is_refused(J):
    for take in (
        lambda: np.sum(np.ones(2), initial=J),
        lambda: np.ones(2).max(initial=J),
        lambda: np.add.reduce(np.ones(2), initial=J),
        lambda: np.interp(np.array([-1.0]), [0.0, 1.0], [0.0, 1.0], left=J),
    ):
        with pytest.raises((GradientError, ValueError)) as caught:
            take()
        errors = (caught.value, caught.value.__cause__)
        assert any(isinstance(e, GradientError) and "takes J as a bare number" in str(e) for e in errors)

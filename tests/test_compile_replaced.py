"""A compiled function notices another function, class or module in the place of one that it reads."""

import types

import numpy as np
import pytest

import tinygrad_edu as tg

ONES = np.ones(2)
ACT = WIDEST = DTYPE = MAKER = MODULE = None


class Doubling:
    def __call__(self, x):
        return x * 2


class Tripling:
    def __call__(self, x):
        return x * 3


def module_of(k):
    module = types.ModuleType("settings")
    module.k = k
    return module


def to(**values):
    """What gives these globals these values."""
    return lambda: globals().update(values)


def replaced():
    """(a function of x, what puts something else in the place of what it reads)."""
    owner, table, listed = types.SimpleNamespace(act=np.tanh), {"act": np.tanh}, [np.tanh]
    long_table = {**dict.fromkeys(map(str, range(200))), "act": np.tanh}
    to(ACT=np.tanh, WIDEST=max, DTYPE=np.float32, MAKER=Doubling, MODULE=module_of(2.0))()
    return {
        "a ufunc": (lambda x: ACT(x), to(ACT=np.sin)),
        "a ufunc in an attribute": (lambda x: owner.act(x), lambda: setattr(owner, "act", np.sin)),
        "a ufunc in a dict": (lambda x: table["act"](x), lambda: table.update(act=np.sin)),
        "a ufunc in a long dict": (lambda x: long_table["act"](x), lambda: long_table.update(act=np.sin)),
        "a ufunc in a list": (lambda x: listed[0](x), lambda: listed.__setitem__(0, np.sin)),
        "a builtin": (lambda x: x * WIDEST(2.0, 3.0), to(WIDEST=min)),
        "a dtype": (lambda x: x.astype(DTYPE) / 3, to(DTYPE=np.float64)),
        "a class": (lambda x: MAKER()(x), to(MAKER=Tripling)),
        "a module": (lambda x: x * MODULE.k, to(MODULE=module_of(3.0))),
        "a builtin's name": (lambda x: x * sum([1.0, 2.0]), to(sum=lambda parts: 7.0)),
    }


@pytest.fixture
def _as_before():
    yield
    globals().pop("sum", None)


@pytest.mark.usefixtures("_as_before")
@pytest.mark.parametrize("place", replaced())
def test_another_function_class_or_module_in_its_place_is_noticed(place):
    f, change = replaced()[place]
    compiled = tg.compile(f, fast=False)
    before = f(ONES)
    for _ in range(2):
        np.testing.assert_array_equal(compiled(ONES), before)
    assert compiled.traces == 1
    change()
    assert not np.array_equal(f(ONES), before)
    for _ in range(2):
        np.testing.assert_array_equal(compiled(ONES), f(ONES))

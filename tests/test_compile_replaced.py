"""A compiled function notices another function, class or module in the place of one that it reads."""

import argparse
import functools
import operator
import types
from collections import ChainMap, UserDict, UserList
from dataclasses import asdict, dataclass

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.errors import CompileError

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


def nearer():
    """(a function of x, what defines what it reads anew in a nearer place)."""

    class Base:
        scale = 2.0

        def act(self, x):
            return x * 2

        def __call__(self, x):
            return x * self.scale

    class Net(Base):
        pass

    class Widest(Net):
        pass

    net, dense, method = Net(), nn.Dense(1, 1), lambda x: x * 3
    dense.W.data[...] = 2
    return {
        "a method by an object's own": (lambda x: net.act(x), lambda: setattr(net, "act", method)),
        "a layer's forward": (lambda x: dense(x[None])[0], lambda: setattr(dense, "forward", method)),
        "a base's value": (lambda x: x * net.scale, lambda: setattr(Net, "scale", 4.0)),
        "a base's method": (lambda x: net.act(x), lambda: setattr(Net, "act", lambda self, x: x * 5)),
        "a base's operator": (lambda x: net(x), lambda: setattr(Net, "__call__", lambda self, x: x * 5)),
        "a value of a base's base": (lambda x: x * Widest().scale, lambda: setattr(Net, "scale", 4.0)),
        "a class's own value": (lambda x: x * Widest.scale, lambda: setattr(Widest, "scale", 4.0)),
        "a getattr's default": (lambda x: x * getattr(net, "late", 2.0), lambda: setattr(Net, "late", 4.0)),
    }


@pytest.mark.parametrize("place", nearer())
def test_what_is_defined_anew_in_a_nearer_place_is_noticed(place):
    f, change = nearer()[place]
    compiled = tg.compile(f, fast=False)
    for _ in range(2):
        np.testing.assert_array_equal(compiled(ONES), 2 * ONES)
    assert compiled.traces == 1
    change()
    assert not np.array_equal(f(ONES), 2 * ONES)
    for _ in range(2):
        np.testing.assert_array_equal(compiled(ONES), f(ONES))


def test_what_a_function_defines_in_a_nearer_place_is_refused_and_taken_away():
    class Base:
        scale = 2.0

        def act(self, x):
            return x * self.scale

    class Net(Base):
        pass

    def of_the_class(x):
        Net.scale = 3.0
        return x * Net.scale

    def of_the_object(x):
        net.act = lambda x: x
        return net.act(x)

    net = Net()
    for f, place in ((of_the_class, r"Net\.scale"), (of_the_object, r"net\.act")):
        with pytest.raises(CompileError, match=f"sets {place}, and later calls would not"):
            tg.compile(f)(ONES)
    assert "scale" not in vars(Net)
    assert not vars(net)


FACTOR = 2.0
triple = tg.primitive(lambda x: x * FACTOR, name="scaled_for_a_test", dx=lambda dz, z, x: dz * FACTOR)


@dataclass
class Settings:
    rate: float = 2.0

    def __iter__(self):
        return iter(vars(self).values())


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.W1, self.W2 = tg.Tensor(ONES), tg.Tensor(2 * ONES)

    def forward(self, x):
        for l in range(1, 3):
            x = x * getattr(self, f"W{l}")
        return x


def scaled(x, rate):
    return x * rate


def told(x, parts):
    """Their order counts."""
    for part in parts:
        x = x * part - 1
    return x


def put_together():
    """(a function of x, what changes what it reads by names that are put together, or in a wrapping container)."""
    parts, long_parts = {"a": 2.0, "b": 3.0}, dict(zip("a" * 150, [2.0])) | {str(i): float(i % 3) for i in range(150)}
    userdict, userlist = UserDict(rate=2.0), UserList([2.0])
    chain, settings, inner, net = ChainMap({"rate": 2.0}), Settings(), Settings(), Network()
    options, late = argparse.Namespace(W1=2.0, W2=1.0), types.SimpleNamespace(rate=2.0)
    get = operator.attrgetter("rate")
    names, slotted = ["W1", "W2"], types.SimpleNamespace(more=[Settings()])
    return {
        "a primitive's forward": (lambda x: triple(x), to(FACTOR=3.0)),
        "the order of a dict": (lambda x: told(x, parts.values()), lambda: parts.update(a=parts.pop("a"))),
        "the order of a long dict": (
            lambda x: told(x, long_parts.values()),
            lambda: long_parts.update({"1": long_parts.pop("1")}),
        ),
        "a UserDict": (lambda x: x * userdict["rate"], lambda: userdict.update(rate=5.0)),
        "a UserList": (lambda x: x * userlist[0], lambda: userlist.__setitem__(0, 5.0)),
        "a ChainMap": (lambda x: x * chain["rate"], lambda: chain.update(rate=5.0)),
        "a ChainMap's maps": (lambda x: x * chain["rate"], lambda: chain.maps.insert(0, {"rate": 5.0})),
        "vars": (lambda x: scaled(x, **vars(settings)), lambda: setattr(settings, "rate", 5.0)),
        "an iteration by vars": (lambda x: x * sum(settings), lambda: setattr(settings, "more", 5.0)),
        "a dict of a dataclass": (lambda x: x * asdict(inner)["rate"], lambda: setattr(inner, "rate", 5.0)),
        "in a list": (
            lambda x: x * asdict(slotted.more[0])["rate"],
            lambda: setattr(slotted.more[0], "rate", 5.0),
        ),
        "a parameter": (net, lambda: setattr(net, "W1", tg.Tensor(5 * ONES))),
        "options": (
            lambda x: x * sum(getattr(options, f"W{l}") for l in (1, 2)),
            lambda: setattr(options, "W1", 5.0),
        ),
        "an option that comes": (lambda x: x * getattr(late, "scale", 2.0), lambda: setattr(late, "scale", 5.0)),
        "an attrgetter": (lambda x: x * get(settings), lambda: setattr(settings, "rate", 5.0)),
        "names in a list": (
            lambda x: sum(x * getattr(net, name) for name in names),
            lambda: setattr(net, "W2", tg.Tensor(5 * ONES)),
        ),
    }


@pytest.fixture
def _factor():
    yield
    to(FACTOR=2.0)()


@pytest.mark.usefixtures("_factor")
@pytest.mark.parametrize("place", put_together())
def test_what_is_read_by_names_that_are_put_together_is_noticed(place):
    f, change = put_together()[place]
    compiled = tg.compile(f, fast=False)
    before = np.asarray(f(tg.Tensor(ONES)).data)
    for _ in range(2):
        np.testing.assert_array_equal(compiled(ONES), before)
    assert compiled.traces == 1
    change()
    after = np.asarray(f(tg.Tensor(ONES)).data)
    assert not np.array_equal(after, before)
    for _ in range(2):
        np.testing.assert_array_equal(compiled(ONES), after)


def test_a_getattr_with_a_name_that_is_written_out_watches_no_other_attributes():
    owner = types.SimpleNamespace(rate=2.0, epoch=0)
    f = tg.compile(lambda x: x * getattr(owner, "rate", 1.0) * getattr(owner, "more", 1.0))
    for owner.epoch in range(3):
        f(ONES)
    assert f.traces == 1


def test_a_cached_property_may_come_to_be_in_its_object():
    class Cached:
        @functools.cached_property
        def rate(self):
            return 2.0

    cached, late = Cached(), Cached()
    f = tg.compile(lambda x: x * cached.rate * getattr(late, "rate") * len(vars(late)))  # noqa: B009
    assert [f(ONES).tolist() for _ in range(3)] == [[4.0, 4.0]] * 3
    assert f.traces == 1

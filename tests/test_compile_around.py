"""All that a compiled function reads around itself is watched, and what it leaves there is refused and put back."""

import collections
import functools
import itertools
import queue
import sys
import types
from dataclasses import dataclass

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, nn, optim
from tinygrad_edu.errors import CompileError

RATE, ONES = 1.0, np.ones(2)


def set_rate(value):
    global RATE
    RATE = value


@dataclass(slots=True, eq=False)
class Slotted:
    rate: float = 1.0


class Base:
    offset = 1.0

    def helper(self, x):
        return x * RATE

    def __call__(self, x):
        return x * self.scale


class Derived(Base):
    rate = 1.0

    def __init__(self):
        self._rate, self.scale = 1.0, 1.0

    @property
    def through(self):
        return self._rate

    @functools.cached_property
    def once(self):
        return RATE

    @staticmethod
    def static(x):
        return x * RATE

    @classmethod
    def of_class(cls, x):
        return x * RATE

    def __mul__(self, x):
        return x * RATE

    def __getitem__(self, i):
        return RATE

    def __getattr__(self, name):
        if name == "made_up":
            return RATE
        raise AttributeError(name)


def helper(x):
    return x * helper.scale


helper.scale = 1.0


def reads_a_global_that_may_come(x):
    try:
        return x * COMES_LATER
    except NameError:
        return x


def imports_inside(x):
    import settings_of_a_test

    return x * settings_of_a_test.RATE


def changes():
    """(a function of x, what changes what it reads from 1 to 5): eager code gives 5 * x then."""
    d, slotted, namespace, settings = Derived(), Slotted(), types.SimpleNamespace(rate=1.0), {"rate": 1.0}
    empty, listed, items, entries = {}, [1.0], {"a": 1.0}, collections.deque([1.0])
    numbers, long_list, long_dict = {1.0}, [1.0] * 101, dict.fromkeys(range(101), 1.0)
    proxy, tensors = types.MappingProxyType(settings), [Tensor(ONES) for _ in range(101)]
    module = types.ModuleType("settings_of_a_test")
    module.RATE = 1.0
    sys.modules["settings_of_a_test"] = module
    to_5 = functools.partial(set_rate, 5.0)
    return {
        "a list that grows": (lambda x: x * sum(listed), lambda: listed.append(4.0)),
        "a dict that grows": (lambda x: x * sum(items.values()), lambda: items.update(b=4.0)),
        "a key that comes": (lambda x: x * empty.get("rate", 1.0), lambda: empty.update(rate=5.0)),
        "a deque that grows": (lambda x: x * sum(entries), lambda: entries.append(4.0)),
        "a set that grows": (lambda x: x * sum(numbers), lambda: numbers.add(4.0)),
        "a view of a dict": (lambda x: x * proxy["rate"], lambda: settings.update(rate=5.0)),
        "a long list": (lambda x: x * long_list[7], lambda: long_list.__setitem__(7, 5.0)),
        "a long dict": (lambda x: x * long_dict[7], lambda: long_dict.update({7: 5.0})),
        "a long list of Tensors": (lambda x: x * tensors[7], lambda: tensors.__setitem__(7, Tensor(5 * ONES))),
        "an attribute in a base's method": (d, lambda: setattr(d, "scale", 5.0)),
        "a global in a base's method": (lambda x: d.helper(x), to_5),
        "an attribute of a base": (lambda x: x * d.offset, lambda: setattr(Base, "offset", 5.0)),
        "one in place of the class's": (lambda x: x * d.rate, lambda: setattr(d, "rate", 5.0)),
        "a property": (lambda x: x * d.through, lambda: setattr(d, "_rate", 5.0)),
        "a static method": (lambda x: d.static(x), to_5),
        "a class method": (lambda x: d.of_class(x), to_5),
        "an operator": (lambda x: d * x, to_5),
        "an item of an object": (lambda x: x * d[0], to_5),
        "an attribute made up": (lambda x: x * d.made_up, to_5),
        "a slot": (lambda x: x * slotted.rate, lambda: setattr(slotted, "rate", 5.0)),
        "a getattr": (lambda x: x * getattr(namespace, "rate"), lambda: setattr(namespace, "rate", 5.0)),  # noqa: B009
        "a getattr with a default": (lambda x: x * getattr(d, "comes", 1.0), lambda: setattr(d, "comes", 5.0)),
        "vars": (lambda x: x * vars(namespace)["rate"], lambda: vars(namespace).update(rate=5.0)),
        "an attribute of a function": (lambda x: helper(x), lambda: setattr(helper, "scale", 5.0)),
        "a global that comes": (reads_a_global_that_may_come, lambda: globals().update(COMES_LATER=5.0)),
        "a module imported inside": (imports_inside, lambda: setattr(module, "RATE", 5.0)),
    }


@pytest.fixture
def _as_before():
    yield
    set_rate(1.0)
    helper.scale = Base.offset = 1.0
    globals().pop("COMES_LATER", None)
    sys.modules.pop("settings_of_a_test", None)


@pytest.mark.usefixtures("_as_before")
@pytest.mark.parametrize("place", changes())
def test_no_change_around_the_function_is_missed(place):
    f, change = changes()[place]
    compiled = tg.compile(f)
    for _ in range(2):
        np.testing.assert_array_equal(compiled(2 * ONES), 2 * ONES)
    assert compiled.traces == 1
    change()
    for _ in range(2):
        np.testing.assert_array_equal(compiled(2 * ONES), 10 * ONES)


def test_a_key_or_an_attribute_that_goes_is_noticed():
    settings, owner, slotted = {"rate": 2.0}, types.SimpleNamespace(rate=2.0), Slotted(2.0)
    for f, change in (
        (lambda x: x * settings["rate"], lambda: settings.clear()),
        (lambda x: x * owner.rate, lambda: delattr(owner, "rate")),
        (lambda x: x * slotted.rate, lambda: delattr(slotted, "rate")),
    ):
        compiled = tg.compile(f)
        compiled(ONES)
        change()
        with pytest.raises((KeyError, AttributeError)):
            compiled(ONES)


def test_an_argument_with_slots_is_watched():
    slotted, f = Slotted(2.0), tg.compile(lambda settings, x: x * settings.rate)
    assert f(slotted, ONES).tolist() == [2.0, 2.0]
    slotted.rate = 3.0
    assert f(slotted, ONES).tolist() == [3.0, 3.0]


def test_nothing_is_traced_anew_where_nothing_has_changed():
    d, f = Derived(), None
    f = tg.compile(lambda x: d(x) * d.rate * d.through * d.once * len([d.offset]))
    for _ in range(3):
        d.unnamed = object()
        f(ONES)
    assert f.traces == 1


MEAN = Tensor(ONES)


def leaving():
    """(a function of x that leaves something behind, the place as its error names it, what was there before)."""
    costs, queued, several, members = [], collections.deque(), collections.defaultdict(list), set()
    slotted, owner, counts, counted = Slotted(), types.SimpleNamespace(last=None), [0], 0
    d, hidden = Derived(), queue.Queue()

    def counting(x):
        nonlocal counted
        counted += 1
        return x

    def averaging(x):
        global MEAN
        MEAN = MEAN * 0.5 + x

    def making(x):
        global MADE
        MADE = x * 2

    def adding(holder, key):
        def add(x):
            holder[key] += 1
            return x

        return add

    def offsetting(x):
        Base.offset += 1.0
        return x

    def returning_too(x):
        J = x * 2
        costs.append((1, {"J": J}))
        return J

    return {
        "a list": (lambda x: costs.append(x * 2), "costs[0]", lambda: costs == []),
        "a tuple in a list, returned too": (returning_too, "costs[0]", lambda: costs == []),
        "a deque": (lambda x: queued.append(x * 2), "queued[0]", lambda: not queued),
        "a new list in a dict": (lambda x: several["J"].append(x * 2), "several['J']", lambda: not several),
        "a set": (lambda x: members.add(x * 2), "members", lambda: not members),
        "a slot": (lambda x: setattr(slotted, "rate", x * 2), "slotted.rate", lambda: slotted.rate == 1.0),
        "an attribute": (lambda x: setattr(owner, "last", x * 2), "owner.last", lambda: owner.last is None),
        "a new attribute": (lambda x: setattr(owner, "first", x * 2), "owner.first", lambda: len(vars(owner)) == 1),
        "a global": (averaging, "MEAN", lambda: MEAN.tolist() == [1.0, 1.0]),
        "a new global": (making, "MADE", lambda: "MADE" not in globals()),
        "a count in a variable": (counting, "counted", lambda: counted == 0),
        "a count in a list": (adding(counts, 0), "holder[0]", lambda: counts == [0]),
        "a class's attribute": (offsetting, "Base.offset", lambda: Base.offset == 1.0),
        "a class's attribute, on an object": (
            lambda x: setattr(d, "offset", d.offset + 1),
            "d.offset",
            lambda: len(vars(d)) == 2,
        ),
        "out of sight": (lambda x: hidden.put(x * 2), "somewhere around it", lambda: True),
    }


@pytest.mark.parametrize("case", leaving())
def test_what_later_calls_would_not_set_is_refused_by_name_and_put_back(case):
    f, place, as_before = leaving()[case]
    with pytest.raises(CompileError) as caught:
        tg.compile(f)(ONES)
    assert f" {place}, and later calls would not" in str(caught.value)
    assert "return" in str(caught.value)
    assert as_before()


def test_a_list_that_comes_to_hold_itself_is_looked_through_once():
    knot = []

    def tie(x):
        knot[:] = [knot]
        return x * 2

    assert tg.compile(tie)(ONES).tolist() == [2.0, 2.0]


def test_a_parameter_replaced_inside_is_refused_and_the_network_is_whole_again():
    net = nn.Dense(2, 1, seed=0)
    W = net.W

    def step(x):
        net.W = Tensor(net.W.data * 0.5)
        return net(x)

    with pytest.raises(CompileError, match=r"sets net\.W, and later calls would not"):
        tg.compile(step)(np.ones((2, 3)))
    assert net.W is W and W.requires_grad
    assert [name for name, _ in net.named_parameters()] == ["W", "b"]


def test_a_global_parameter_rebound_inside_is_refused():
    namespace = {"tg": tg, "W": Tensor([1.0], requires_grad=True)}
    code = "def step(x):\n    global W\n    W = tg.Tensor(W.data - 0.1 * x, requires_grad=True)\n    return W * x\n"
    exec(code, namespace)
    W = namespace["W"]
    with pytest.raises(CompileError, match="sets W, and later calls would not"):
        tg.compile(namespace["step"])(np.ones(1))
    assert namespace["W"] is W


def batches():
    yield from (np.full(2, float(i)) for i in range(9))


@pytest.mark.parametrize(
    "iterator",
    [batches(), itertools.count(1.0), iter([1.0, 2.0]), zip([1.0, 2.0], [3.0, 4.0]), map(float, [1, 2])],
    ids=lambda x: type(x).__name__,
)
def test_an_iterator_around_the_function_is_refused(iterator):
    with pytest.raises(CompileError, match=r"reads an iterator \(iterator\).*take the batch as an argument"):
        tg.compile(lambda x: x * next(iterator))(ONES)
    with pytest.raises(CompileError, match=r"reads an iterator"):
        tg.compile(lambda x, given: x * next(given))(ONES, iterator)


def test_an_open_file_is_no_iterator_of_batches(tmp_path):
    with open(tmp_path / "log", "w") as log:
        f = tg.compile(lambda x: (x * 2, print("once", file=log))[0])
        for _ in range(3):
            assert f(ONES).tolist() == [2.0, 2.0]


def test_a_generator_made_inside_needs_a_seed():
    def given_one(x, rng=None):
        rng = np.random.default_rng(0) if rng is None else np.random.default_rng()
        return x * rng.normal()

    for f in (lambda x: x * np.random.default_rng().normal(), lambda x: x * np.random.RandomState().normal()):
        with pytest.raises(CompileError, match=r"without a seed \((default_rng|RandomState)\(\)\)"):
            tg.compile(f)(ONES)
    f = tg.compile(given_one)
    assert [float(f(ONES)[0]) for _ in range(2)] == [np.random.default_rng(0).normal()] * 2


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


def test_the_rate_of_ones_own_optimizer_is_asked_for_at_each_call():
    class Mine(optim.SGD.__mro__[1]):
        scale = 1.0

        def _updated(self, i, p, dp):
            return p - self.scale * self._rate(p) * dp

    W = Tensor([0.0], requires_grad=True)
    optimizer = Mine([W], 1.0)

    @tg.compile
    def step(x):
        optimizer.zero_grad()
        (W * x).sum().backward()
        optimizer.step()

    for rate, scale, expected in ((1.0, 1.0, -1.0), (0.5, 1.0, -1.5), (0.5, 4.0, -3.5)):
        optimizer.lr, optimizer.scale = rate, scale
        step(np.ones(1))
        assert W.data.tolist() == [expected]
    assert step.traces <= 3

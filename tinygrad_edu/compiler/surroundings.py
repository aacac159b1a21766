"""What a function reads around itself: variables, attributes, items.  A program holds while they are what they were.

What can be reached is found by names: from the variables that f's code names to the objects in them, to those of their
attributes that some code on the way names, and so on through the user's functions and classes.  Floor 6.
"""

import functools
import inspect
import io
import operator
import random
import sys
import types
from collections import ChainMap, UserDict, UserList, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, final

import numpy as np

from ..errors import CompileError
from ..primitives import Primitive
from ..tensor import Tensor
from .bytecode import Facts, facts
from .guards import NOTHING, SETTINGS, Guards, Place, same

__all__ = ["Holder", "Surroundings"]

#: What draws random numbers, from a state that tells whether it has.
GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)
#: How many places are watched at most: what lies further away is not worth asking for at each call.
MANY = 5000
#: A longer list or dict is watched as a whole, and what its items hold is not watched.
LONG = 100
#: A longer one still holds data, and is not watched.
LONGEST = 10_000
#: Names that code uses without naming them.
UNNAMED = {"__call__", "__contains__", "__enter__", "__exit__", "__getattr__", "__getitem__", "__iter__", "__len__"}
UNNAMED |= {"__neg__", "__next__", "forward"}
UNNAMED |= {
    f"__{side}{sign}__"
    for side in ("", "r", "i")
    for sign in ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow")
}
#: Methods that make an object: they run where a class is called.
CONSTRUCTORS = {"__init__", "__new__", "__post_init__"}
#: Containers that keep their items in a list or dicts of their own.
WRAPPERS = (UserDict, UserList, ChainMap)
#: Classes of Python's whose objects hold the user's settings.
NAMESPACES = {("argparse", "Namespace"), ("types", "SimpleNamespace")}
#: Whose functions and classes are not walked through: they change nothing behind the user's back.
FOREIGN = {"numpy", "scipy", "tinygrad_edu", *sys.stdlib_module_names} - {"__main__"}

#: A thing and how the user calls it.
Named = tuple[Any, str]


class Holder(NamedTuple):
    """A list, dict, deque or set, of attributes too, what was in it, and how an item of it is called."""

    container: Any
    before: Any
    called: Callable[[Any], str]


@final
class Surroundings:
    """The places that `f`, called with `args`, reads, what is there now, and the generators of random numbers there."""

    def __init__(self, f: Callable[..., Any], args: Iterable[Any]):
        self.found: dict[tuple[int, str, Any], tuple[Place, Any]] = {}
        self.generators: list[Any] = []
        self.iterators: dict[int, Named] = {}
        self.unseeded: str | None = None  # a call that makes another generator each time
        self.holders: list[Holder] = []
        self.asked: list[tuple[Any, str]] = []  # (holder, key) whose values the program asks for at each call
        self._names = set(UNNAMED)
        self._texts: set[str] = set()  # that code gives to getattr, perhaps
        self._classes: dict[int, Any] = {}  # id(a class) -> its attributes, as one object
        self._owners: dict[int, type] = {}  # and the class by the id of that
        self._wholly = False  # whether some code may read any attribute
        known: Any = None
        while known != (len(self._names), self._wholly):  # new code brings new attributes of objects met before
            known = len(self._names), self._wholly
            self._seen: dict[int, Any] = {}
            self.holders.clear()
            pending = deque([(f, _name_of(f)), *((x, _name_of(x)) for x in args)])
            while pending:  # the nearest first
                pending += self._met(*pending.popleft())

    def guards(self, name: str) -> Guards:
        """What the run left as it was.  Raises CompileError for what it changed and could not change at later calls."""
        for _, called in self.iterators.values():
            raise CompileError(
                f"compile: {name} reads an iterator ({called}), which later calls would not move: take the batch as an "
                f"argument, and call it with next(...) outside."
            )
        if self.unseeded:
            raise CompileError(
                f"compile: {name} makes a generator of random numbers without a seed ({self.unseeded}()), and they "
                f"would be repeated at every call: use tg.functions.dropout, or draw them outside and hand them over."
            )
        left = []
        for place, old in self.found.values():
            new = place.read()
            if place.kind in ("length", "entries", "items", "set"):
                kept = len(old) if place.kind == "entries" else 0
                if kept and not all(map(same, old, new)):
                    self._refuse_change(name, place.name)
                if old == new if place.kind in ("length", "set") else len(old) == len(new):
                    left.append((place, old))
            elif not same(old, new):
                self._refuse_change(name, place.name)
            elif not any(place.holder is holder and place.key == key for holder, key in self.asked):
                left.append((place, old))
        for holder in self.holders:
            old_items = _items(holder.before)
            for key, x in _items(holder.container).items():
                if old_items.get(key, NOTHING) is not x and _holds_tensor(x):
                    raise CompileError(
                        f"compile: {name} leaves a Tensor in {holder.called(key)}, and later calls would not: return "
                        f"it and put it there outside, or write to the .data of a Tensor that is there."
                    )
        return Guards(left)

    def _refuse_change(self, name: str, place: str) -> None:
        raise CompileError(
            f"compile: {name} sets {place}, and later calls would not, but go on with what is there now: return the "
            f"new value and set it outside, hand it over, or keep it in a Tensor and write to its .data."
        )

    def restore(self) -> None:
        """Put back what the run has changed."""
        for place, old in self.found.values():
            if place.read() is old:
                continue
            owner = self._owners.get(id(place.holder))
            if owner is not None and old is NOTHING:
                delattr(owner, place.key)
            elif owner is not None:
                setattr(owner, place.key, old)
            else:
                place.put(old)
        for container, before, _ in self.holders:
            _refill(container, before)

    def _met(self, x: Any, name: str) -> Iterator[Named]:
        """What can be reached from x in one step."""
        if id(x) in self._seen or type(x) in SETTINGS or isinstance(x, np.ndarray | np.generic | Tensor):
            return
        self._seen[id(x)] = x
        if isinstance(x, GENERATORS) and not isinstance(x, random.SystemRandom):
            self.generators += [x] if all(x is not g for g in self.generators) else []
        elif isinstance(x, types.FunctionType):
            yield from self._function(x)
        elif isinstance(x, Primitive):
            rules = [getattr(rule, "rule", rule) for rule in (x.rules if type(x.rules) is tuple else [x.rules])]
            yield from ((y, x.name) for y in (x.forward, *rules) if not (y is None or _foreign(y)))
        elif isinstance(x, types.MethodType):
            yield from ((x.__func__, name), (x.__self__, _name_of(x.__self__)))
        elif isinstance(x, functools.partial | functools.partialmethod):
            yield from ((x.func, name), *((y, _name_of(y)) for y in (*x.args, *x.keywords.values())))
        elif isinstance(x, types.BuiltinMethodType | types.MethodWrapperType):  # append = costs.append
            yield x.__self__, name
        elif isinstance(x, operator.attrgetter):
            self._names |= {part for text in x.__reduce__()[1] for part in text.split(".")}
        elif isinstance(x, property):
            yield from ((y, name) for y in (x.fget, x.fset) if y is not None)
        elif isinstance(x, staticmethod | classmethod | functools.cached_property):
            yield x.func if isinstance(x, functools.cached_property) else x.__func__, name
        elif isinstance(x, type):
            yield from self._class(x, constructed=True)
        elif isinstance(x, types.ModuleType):
            if not _foreign(x):
                yield from self._at(vars(x), self._names & vars(x).keys(), lambda key: f"{name}.{key}")
        else:
            if isinstance(x, dict | types.MappingProxyType | list | tuple | deque | set | frozenset):
                yield from self._container(x, name)
            elif isinstance(x, Iterator) and not hasattr(x, "__dict__") and not isinstance(x, io.IOBase):
                self.iterators[id(x)] = x, name
            yield from self._object(x, name)

    def _container(self, x: Any, name: str) -> Iterator[Named]:
        """The items, watched one by one, or a long container as a whole."""
        by_key = isinstance(x, dict | types.MappingProxyType)

        def called(key: Any) -> str:
            return f"{name}[{key!r}]" if isinstance(key, str | int | tuple) else f"{name}[...]"

        if isinstance(x, set | frozenset):
            if isinstance(x, set):
                self.holders.append(Holder(x, set(x), lambda key: name))
                if len(x) <= LONGEST:
                    self._watch(Place(x, None, "set", name), frozenset(x))
            yield from ((y, name) for y in (x if len(x) <= LONG else ()))
            return
        if not isinstance(x, tuple | types.MappingProxyType):
            self.holders.append(Holder(x, dict(x) if by_key else list(x), called))
        if len(x) <= LONG:
            if by_key:  # whose order counts where they are gone through
                self._watch(Place(x, None, "entries", name), tuple(x))
            elif not isinstance(x, tuple):
                self._watch(Place(x, None, "length", name), len(x))
            yield from self._at(x, list(x) if by_key else range(len(x)), called)
        elif len(x) <= LONGEST and not isinstance(x, tuple):
            place = Place(x, None, "items" if by_key else "entries", name)
            self._watch(place, place.read())

    def _object(self, x: Any, name: str) -> Iterator[Named]:
        """The attributes of an object that a run may read, and its class."""

        def called(key: Any) -> str:
            return f"{name}.{key}"

        ours = type(x).__module__.startswith("tinygrad_edu.")  # whose code is not walked through for names
        if hasattr(x, "__dict__"):
            here = vars(x)
            if _declaring(type(x)) is None:
                self.holders.append(Holder(here, dict(here), called))
                if self._wholly and not _foreign(type(x)):
                    self._watch(Place(here, None, "entries", name), tuple(here))
            yield from self._class(type(x))
            yield from self._at(here, self._attributes(x, ours), called)
            if "__wrapped__" in here:
                yield here["__wrapped__"], name
            if not _foreign(type(x)) or hasattr(x, "forward"):
                for key in (self._shadowing(type(x)) if not _foreign(type(x)) else {"forward"}) - here.keys():
                    self._watch(Place(here, key, "absence", called(key)), NOTHING)
        if not ours and not _foreign(type(x)):
            if not hasattr(x, "__dict__"):
                yield from self._class(type(x))
            for base in type(x).__mro__:
                for key, slot in vars(base).items():
                    if isinstance(slot, types.MemberDescriptorType) and (self._wholly or key in self._names):
                        place = Place(x, slot, "slot", called(key))
                        self._watch(place, place.read())
                        yield place.read(), place.name

    def _shadowing(self, kind: type) -> set[str]:
        """The attributes that an object may get later: in place of its class's, or those that getattr asks for."""
        found = set(self._texts)
        for base in kind.__mro__:
            if not _foreign(base):
                found |= {key for key in self._names & vars(base).keys() if not key.startswith("__")}
        return found - {key for base in kind.__mro__ for key, x in vars(base).items() if _keeps_its_place(x)}

    def _class(self, kind: type, *, constructed: bool = False) -> Iterator[Named]:
        """The attributes and methods of a class and its bases; constructed: those that make an object too."""
        names = self._names | _overridable(kind)
        if constructed:
            names |= CONSTRUCTORS
        for base, further in zip(kind.__mro__, _further(kind)):
            if not _foreign(base):
                here = self._classes.setdefault(id(base), vars(base))
                self._owners[id(here)] = base
                called = f"{base.__name__}.{{}}".format
                yield from self._at(here, names & here.keys(), called)
                for key in ((self._names & further) | self._texts) - here.keys():
                    self._watch(Place(here, key, "absence", called(key)), NOTHING)

    def _attributes(self, x: Any, ours: bool) -> Iterable[Any]:
        """The attributes of an object that a run may read."""
        base = _declaring(type(x))
        every = ours or (self._wholly and base is None) or isinstance(x, WRAPPERS)
        named = [name for name in vars(x) if name in self._names or (every and name != "_training")]
        if base is None:
            return named
        self.asked += [(vars(x), name) for name in base._asked]
        declared = [name for name in vars(x) if name in base._settings or name in base._asked]
        return declared if ours else {*declared, *named}

    def _function(self, f: types.FunctionType) -> Iterator[Named]:
        for cell, name in zip(f.__closure__ or (), f.__code__.co_freevars):
            place = Place(cell, "cell_contents", "cell", name)
            self._watch(place, place.read())
            yield place.read(), name
        if _foreign(f):
            return
        seen: Facts = facts(f.__code__)
        self._names |= seen.names
        self._texts |= seen.texts
        self._wholly = self._wholly or seen.wholly
        self.unseeded = self.unseeded or seen.unseeded
        yield from self._at(f.__globals__, seen.names & f.__globals__.keys(), str)
        for name in (seen.sets | seen.reads) - f.__globals__.keys():
            self._watch(Place(f.__globals__, name, "absence", name), NOTHING)
        yield from ((sys.modules[name], name) for name in seen.imports & sys.modules.keys())
        yield from self._at(vars(f), self._names & vars(f).keys(), lambda key: f"{f.__name__}.{key}")
        yield from ((x, f.__name__) for x in (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()))

    def _at(self, holder: Any, keys: Iterable[Any], called: Callable[[Any], str]) -> Iterator[Named]:
        for key in keys:
            place = Place(holder, key, "item", called(key))
            x = place.read()
            if not isinstance(holder, tuple):
                self._watch(place, x)
            yield x, place.name

    def _watch(self, place: Place, x: Any) -> None:
        if len(self.found) < MANY and (place.kind != "item" or x is not NOTHING):
            self.found.setdefault((id(place.holder), place.kind, place.key), (place, x))


def _items(container: Any) -> dict[Any, Any]:
    if isinstance(container, dict):
        return container
    return {id(x): x for x in container} if isinstance(container, set) else dict(enumerate(container))


def _holds_tensor(x: Any) -> bool:
    """Whether x is a Tensor, or a dict, list and the like with one somewhere inside."""
    seen: dict[int, Any] = {}  # a list may hold itself
    pending = [x]
    while pending:
        x = pending.pop()
        if type(x) is Tensor:
            return True
        if isinstance(x, dict | list | tuple | set | deque) and id(x) not in seen:
            seen[id(x)] = x
            pending += x.values() if isinstance(x, dict) else x
    return False


def _refill(container: Any, before: Any) -> None:
    """Put back into a list, dict, deque or set what was in it."""
    now, old = _items(container), _items(before)
    in_place = now.keys() == old.keys() if isinstance(container, set) else list(now) == list(old)
    if in_place and all(now[key] is x for key, x in old.items()):
        return
    if isinstance(container, dict):
        for key in now.keys() - old.keys():
            del container[key]
        container.update({key: x for key, x in old.items() if container.get(key, NOTHING) is not x})
        for key in old if list(container) != list(old) else ():
            container[key] = container.pop(key)
        return
    container.clear()
    (container.update if isinstance(container, set) else container.extend)(before)


def _name_of(f: Any) -> str:
    return str(f.__name__ if isinstance(f, type | types.FunctionType | types.ModuleType) else type(f).__name__)


def _declaring(kind: type) -> Any:
    """The class of ours among the bases that says itself what a compiled function takes for granted, or None."""
    ours = (base for base in kind.__mro__ if base.__module__.startswith("tinygrad_edu."))
    return next((base for base in ours if "_settings" in vars(base)), None)


@functools.lru_cache(1024)
def _overridable(kind: type) -> set[str]:
    """The methods of somebody else's classes among the bases, which may call what the user writes in their place."""
    foreign = (base for base in kind.__mro__ if _foreign(base) and base is not object)
    return {name for base in foreign for name in vars(base)} - vars(object).keys() - CONSTRUCTORS


def _keeps_its_place(x: Any) -> bool:
    """Whether an object's own attribute cannot hide x, its class's, or x is what puts it there."""
    return hasattr(type(x), "__set__") or isinstance(x, functools.cached_property)


def _further(kind: type) -> list[set[str]]:
    """For each base, in the order in which they are asked, the attributes of those behind it, but for object's."""
    found: list[set[str]] = [set()]
    for base in kind.__mro__[:0:-1]:
        found.append(found[-1] | (set() if base is object else set(vars(base))))
    return found[::-1]


def _foreign(x: Any) -> bool:
    """Whether a function, class or module is somebody else's; what holds the user's settings is not."""
    if isinstance(x, type) and (x.__module__, x.__name__) in NAMESPACES:
        return False
    name = x.__name__ if inspect.ismodule(x) else getattr(x, "__module__", None) or ""
    return str(name).partition(".")[0] in FOREIGN

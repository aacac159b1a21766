"""What a function reads around itself: variables, attributes, items.  A program holds while they are what they were.

What can be reached is found by names: from the variables that f's code names to the objects in them, to those of their
attributes that some code on the way names, and so on through the user's functions and classes.
"""

import functools
import inspect
import random
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, final

import numpy as np

from ..errors import CompileError
from ..tensor import Tensor

__all__ = ["Guards", "Place", "Surroundings", "same"]

#: Python values that are part of a program: another one makes another program.
SETTINGS = (bool, int, float, complex, str, bytes, type(None))
#: What draws random numbers, from a state that tells whether it has.
GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)
#: How many places are watched at most: what lies further away is not worth asking for at each call.
MANY = 400
#: A longer list or dict holds data, and its items are not watched.
LONG = 100
#: Names that code uses without naming them.
UNNAMED = {"__call__", "forward"}
#: Whose functions and classes are not walked through: they change nothing behind the user's back.
FOREIGN = {"numpy", "scipy", "tinygrad_edu", *sys.stdlib_module_names} - {"__main__"}


class Place(NamedTuple):
    """holder[key]: a variable, an attribute or an item.  A cell is its own holder, of "cell_contents"."""

    holder: Any
    key: Any

    def read(self) -> Any:
        """What is there now; raises LookupError or ValueError where nothing is."""
        return self.holder.cell_contents if isinstance(self.holder, types.CellType) else self.holder[self.key]


def same(a: Any, b: Any) -> bool:
    """Whether a program for one serves the other: numbers and texts by what they are, all else by identity."""
    return a is b or (type(a) is type(b) and type(a) in SETTINGS and repr(a) == repr(b))  # 0.0 is not -0.0


@final
class Surroundings:
    """The places that `f`, called with `args`, reads, what is there now, and the generators of random numbers there."""

    def __init__(self, f: Callable[..., Any], args: Iterable[Any]):
        self.found: dict[tuple[int, Any], tuple[Place, Any]] = {}
        self.generators: list[Any] = []
        self.holders: list[tuple[Any, Any]] = []  # lists and dicts, those of attributes too, and what was in them
        self.asked: list[Place] = []  # whose values the program asks for at each call
        self._names = set(UNNAMED)
        known = -1
        while known < len(self._names):  # new code brings new names, and so new attributes of objects met before
            known = len(self._names)
            self._seen: dict[int, Any] = {}
            self.holders.clear()
            pending: list[Any] = [f, *args]
            while pending:
                pending += self._met(pending.pop())

    def guards(self, name: str) -> "Guards":
        """What the run left as it was.  Raises CompileError for a number that it changed, and a Tensor that it left."""
        left = []
        for place, old in self.found.values():
            new = _now(place)
            if same(old, new):
                if not any(place.holder is x.holder and place.key == x.key for x in self.asked):
                    left.append((place, old))
            elif type(old) in SETTINGS or isinstance(place.holder, types.CellType):
                raise CompileError(
                    f"compile: {name} changes a Python variable that it reads"
                    f"{f' ({place.key})' if isinstance(place.key, str) else ''}, and a compiled function would go on "
                    f"with the old value: keep it in a Tensor, hand it over, or set it outside."
                )
        for holder, before in self.holders:
            now, old = (dict(enumerate(x)) if isinstance(x, list) else x for x in (holder, before))
            for key, x in now.items():
                if type(x) is Tensor and old.get(key) is not x:
                    raise CompileError(
                        f"compile: {name} puts a Tensor into a {type(holder).__name__} around it (at {key!r}), and "
                        f"later calls would not: return it and put it there outside, or write to the .data of one "
                        f"that is there."
                    )
        return Guards(left)

    def _met(self, x: Any) -> Iterator[Any]:
        """What can be reached from x in one step."""
        if id(x) in self._seen or type(x) in SETTINGS or isinstance(x, np.ndarray | np.generic | Tensor):
            return
        self._seen[id(x)] = x
        if isinstance(x, GENERATORS) and not isinstance(x, random.SystemRandom):
            if all(x is not g for g in self.generators):
                self.generators.append(x)
        elif isinstance(x, types.FunctionType):
            yield from self._function(x)
        elif isinstance(x, types.MethodType):
            yield from (x.__func__, x.__self__)
        elif isinstance(x, functools.partial):
            yield from (x.func, *x.args, *x.keywords.values())
        elif isinstance(x, dict):
            self.holders.append((x, dict(x)))
            yield from self._at(x, list(x) if len(x) <= LONG else ())
        elif isinstance(x, list | tuple):
            self.holders += [(x, x.copy())] if isinstance(x, list) else []
            yield from self._at(x, range(len(x)) if len(x) <= LONG else ())
        elif isinstance(x, type | types.ModuleType):
            if not _foreign(x):
                yield from self._at(vars(x), self._names & vars(x).keys())
        elif hasattr(x, "__dict__"):
            self.holders.append((vars(x), dict(vars(x))))
            yield type(x)
            yield from self._at(vars(x), self._attributes(x))

    def _attributes(self, x: Any) -> Iterable[Any]:
        """The attributes of an object that a run may read."""
        settings = getattr(type(x), "_settings", None)  # a class of ours says which
        if settings is not None:
            self.asked += [Place(vars(x), name) for name in type(x)._asked]
            return [name for name in vars(x) if name in settings or name in type(x)._asked]
        ours = type(x).__module__.startswith("tinygrad_edu.")  # whose code is not walked through for names
        return [name for name in vars(x) if name in self._names or (ours and name != "_training")]

    def _function(self, f: types.FunctionType) -> Iterator[Any]:
        for cell in f.__closure__ or ():
            yield from self._at(cell, ["cell_contents"])
        if _foreign(f):
            return
        names = {name for code in _codes(f.__code__) for name in code.co_names}
        self._names |= names
        yield from self._at(f.__globals__, names & f.__globals__.keys())
        yield from (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values())

    def _at(self, holder: Any, keys: Iterable[Any]) -> Iterator[Any]:
        for key in keys:
            place = Place(holder, key)
            x = _now(place)
            if not isinstance(holder, tuple) and _may_change(x) and len(self.found) < MANY:
                self.found.setdefault((id(holder), key), (place, x))
            yield x


@final
class Guards:
    """Places and what was there, to be compared at each call."""

    def __init__(self, found: list[tuple[Place, Any]]):
        self.found = found
        names: dict[str, Any] = {}
        tests = []
        for i, (place, x) in enumerate(found):
            names |= {f"holder{i}": place.holder, f"key{i}": place.key, f"x{i}": x}
            cell = isinstance(place.holder, types.CellType)
            tests.append(f"holder{i}.cell_contents is x{i}" if cell else f"holder{i}[key{i}] is x{i}")
        # written out, it takes a third of the time of a loop
        self._untouched = eval(f"lambda: {' and '.join(tests) or True}", names)

    def hold(self) -> bool:
        """Whether everything is there still."""
        try:
            return self._untouched() or self._compared()
        except (LookupError, ValueError):
            return False

    def _compared(self) -> bool:
        return all(same(x, _now(place)) for place, x in self.found)


_NOTHING = object()


def _now(place: Place) -> Any:
    try:
        return place.read()
    except (LookupError, ValueError):
        return _NOTHING


def _may_change(x: Any) -> bool:
    """Whether a variable with this value may be given another; modules, classes and named functions of theirs stay."""
    return not isinstance(x, type | types.ModuleType | types.BuiltinFunctionType | np.ufunc) and x is not _NOTHING


def _foreign(x: Any) -> bool:
    """Whether a function, class or module is somebody else's."""
    name = x.__name__ if inspect.ismodule(x) else getattr(x, "__module__", None) or ""
    return name.partition(".")[0] in FOREIGN


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code, and that of the functions inside it."""
    yield code
    for x in code.co_consts:
        if isinstance(x, types.CodeType):
            yield from _codes(x)

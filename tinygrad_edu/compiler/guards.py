"""What a program takes for granted of the variables around it, compared at each call.  Floor 6."""

import types
from collections.abc import Collection
from operator import is_
from typing import Any, NamedTuple, final

__all__ = ["Guards", "NOTHING", "Place", "SETTINGS", "same"]

#: Python values that are part of a program: another one makes another program.
SETTINGS = (bool, int, float, complex, str, bytes, type(None))
#: What stands in a place where nothing is.
NOTHING = object()

#: How each kind of place is compared with x, what was there: written out, it takes a third of the time of a loop.
TESTS = {
    "item": "holder{i}[key{i}] is x{i}",
    "cell": "holder{i}.cell_contents is x{i}",
    "slot": "key{i}.__get__(holder{i}) is x{i}",
    "absence": "key{i} not in holder{i}",
    "length": "len(holder{i}) == x{i}",
    "entries": "len(holder{i}) == len(x{i}) and all(map(is_, holder{i}, x{i}))",
    "items": "len(holder{i}) == len(x{i}) and all(map(is_, holder{i}, x{i})) and "
    "all(map(is_, holder{i}.values(), x{i}.values()))",
    "set": "holder{i} == x{i}",
}


class Place(NamedTuple):
    """Something that is watched, and how the user calls it.

    kind: "item" (holder[key], an attribute or a global too), "cell" (of a closure), "slot" (of an object, the key its
    descriptor), "absence" (of a key), or a container as a whole: its "length", "entries" (of a dict, the keys),
    "items", a "set".
    """

    holder: Any
    key: Any
    kind: str
    name: str

    def read(self) -> Any:
        """What is there now, NOTHING where nothing is; of a container a copy."""
        holder = self.holder
        try:
            if self.kind in ("item", "absence"):
                return holder[self.key]
            if self.kind == "cell":
                return holder.cell_contents
            if self.kind == "slot":
                return self.key.__get__(holder)
        except (LookupError, ValueError, AttributeError):
            return NOTHING
        copies: dict[str, Any] = {"length": len, "entries": tuple, "items": dict, "set": frozenset}
        return copies[self.kind](holder)

    def put(self, x: Any) -> None:
        """Make it what was there before, where it can be written to."""
        holder = self.holder
        if isinstance(holder, types.MappingProxyType) or self.kind not in ("item", "absence", "cell", "slot"):
            return
        if x is NOTHING and self.kind in ("item", "absence"):
            holder.pop(self.key, None)
        elif self.kind == "cell":
            holder.cell_contents = x
        elif self.kind == "slot":
            self.key.__set__(holder, x)
        else:
            holder[self.key] = x


def same(a: Any, b: Any) -> bool:
    """Whether a program for one serves the other: numbers and texts by what they are, all else by identity."""
    return a is b or (type(a) is type(b) and type(a) in SETTINGS and repr(a) == repr(b))  # 0.0 is not -0.0


def _alike(kind: str, old: Any, new: Any) -> bool:
    """Whether what was read of a place of this kind still serves."""
    if kind == "entries":
        return len(old) == len(new) and all(map(same, old, new))
    if kind == "items":
        return _alike("entries", [*old, *old.values()], [*new, *new.values()])  # their order too
    return bool(old == new) if kind == "set" else same(old, new)


@final
class Guards:
    """Places and what was there, to be compared at each call."""

    def __init__(self, found: Collection[tuple[Place, Any]]):
        self.found = found
        names: dict[str, Any] = {"is_": is_}
        for i, (place, x) in enumerate(found):
            names |= {f"holder{i}": place.holder, f"key{i}": place.key, f"x{i}": x}
        tests = [TESTS[place.kind].format(i=i) for i, (place, _) in enumerate(found)]
        self._untouched = eval(f"lambda: {' and '.join(tests) or True}", names)

    def hold(self) -> bool:
        """Whether everything is there still."""
        try:
            if self._untouched():
                return True
        except (LookupError, ValueError, AttributeError, RuntimeError):  # RuntimeError: changed while it was read
            pass
        return self.changed() is None

    def changed(self) -> str | None:
        """The name of the first place that has changed, as the user would write it."""
        return next((place.name for place, x in self.found if not _alike(place.kind, x, place.read())), None)

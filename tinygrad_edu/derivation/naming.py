"""What everything in the equations is called.  Floor 6."""

import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NamedTuple, final

import numpy as np

from ..errors import GradientError
from ..primitives import registry
from ..tensor import Tensor

__all__ = ["Names", "Size"]


class Size(NamedTuple):
    """A number that has a name, such as m."""

    name: str
    value: int


@final
class Names:
    """Distinct names: as given, else the tensor's own, else t1, t2, ... (c1, c2, ... for constants).

    Where tensors' own names collide, a parameter of a module is called by its path in the outermost one, block1.W;
    whatever is still called the same gets a number, W, W_2, W_3.
    exact: names stand as they are, numbers have none, and none is passed over; else they are made Python identifiers.
    """

    def __init__(self, given: Mapping[str, Any] | None, *, exact: bool = False):
        if given is None:
            given = {}
        if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
            raise GradientError('names= maps names to tensors, arrays or sizes: names={"W": W, "m": 209}, or locals().')
        self._exact = exact
        self.taken: set[str] = set() if exact else {"np", "cache", "__debug__"}
        self._next: Counter[str] = Counter()  # the number that the next of these names would get
        self.of: dict[Any, str] = {}  # what has a name
        self.sizes: dict[int, Size] = {}
        self._given: dict[int, str] = {}
        for name, x in given.items():
            if name.startswith("_") and not exact:  # notebooks keep results as _, _1, ...
                continue
            if issubclass(type(x), Tensor | np.ndarray):  # asks nothing of x, which may be anything in locals()
                self._given.setdefault(id(x), name)
            elif exact or not issubclass(type(x), int | np.integer) or type(x) is bool:
                continue
            elif int(x) not in self.sizes:
                self.sizes[int(x)] = Size(self.distinct(name), int(x))

    def give_all(self, things: Mapping[Any, Any]) -> dict[Any, str]:
        """Name each key as the user calls its tensor or array; those that have no name get none.  Returns the wishes.

        The first of a name keeps it; then the others get their numbers.
        """
        given = {key: name for key, x in things.items() if (name := self._given_to(x))}
        own = {key: str(x.name) for key, x in things.items() if key not in given and getattr(x, "name", None)}
        often = Counter([*given.values(), *own.values()])
        if any(often[name] > 1 for name in own.values()):
            paths = _paths(things.values())
            own = {key: paths.get(id(things[key]), name) if often[name] > 1 else name for key, name in own.items()}
        wishes = {key: (given.get(key) or own[key]) for key in things if key in given or key in own}
        first = {name: key for key, name in reversed(wishes.items())}
        for key in sorted(wishes, key=lambda key: first[wishes[key]] is not key):
            self.give(key, wishes[key])
        return wishes

    def _given_to(self, x: Any) -> str | None:
        """The name in names= of the tensor or array, or of the array that a tensor was made of."""
        own = self._given.get(id(x))
        return own or (self._given.get(id(x.data)) if isinstance(x, Tensor) and x.op is None else None)

    def give(self, t: Hashable, name: str) -> str:
        """Call t by this name, or one like it that is distinct."""
        self.of[t] = self.distinct(name)
        return self.of[t]

    def give_any(self, t: Hashable, letter: str = "t") -> str:
        """Call t the next of t1, t2, ... that is free."""
        while True:
            self._next[letter] += 1
            name = f"{letter}{self._next[letter]}"
            if name not in self.taken:
                return self.give(t, name)

    def distinct(self, name: str) -> str:
        """The name that nothing else has; as an identifier, unless names are exact.

        >>> names = Names(None)
        >>> names.distinct("W"), names.distinct("W"), names.distinct("block 1.W"), names.distinct("lambda")
        ('W', 'W_2', 'block_1_W', 'lambda_')
        """
        base = name = name if self._exact else _identifier(name)
        while name in self.taken:
            self._next[f"{base}_"] += 1
            name = f"{base}_{self._next[f'{base}_'] + 1}"
        self.taken.add(name)
        return name


def _identifier(name: str) -> str:
    name = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name))
    name = name if name.isidentifier() else f"t_{name}"
    name = name if name.isidentifier() else "t"
    return f"{name}_" if keyword.iskeyword(name) or name in registry else name


def _paths(things: Iterable[Any]) -> dict[int, str]:
    """{id(parameter): its path in the outermost module that made one of these}."""
    extras = [x.extras for x in things if isinstance(x, Tensor) and x.extras]
    made = {id(module): module for each in extras for module, _ in each.get("modules", ())}
    within = {id(x) for module in made.values() for _, x in module.named_children() if x is not module}
    outermost = [module for key, module in made.items() if key not in within]
    found: dict[int, str] = {}
    for module in outermost or made.values():  # modules that hold each other are all within one another
        for path, t in module.named_parameters():
            found.setdefault(id(t), path)
    return found

"""What everything in the equations is called.  Floor 6."""

import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
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
    """Distinct Python names: as given, else the tensor's own, else t1, t2, ... (c1, c2, ... for constants)."""

    def __init__(self, given: Mapping[str, Any] | None):
        if given is None:
            given = {}
        if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
            raise GradientError('names= maps names to tensors, arrays or sizes: names={"W": W, "m": 209}, or locals().')
        self.taken: set[str] = {"np", "cache", "__debug__"}
        self._next: Counter[str] = Counter()  # the number that the next of these names would get
        self.of: dict[Tensor, str] = {}  # what has a name
        self.sizes: dict[int, Size] = {}
        self._given: dict[int, str] = {}
        for name, x in given.items():
            if name.startswith("_"):  # notebooks keep results as _, _1, ...
                continue
            if isinstance(x, Tensor | np.ndarray):
                self._given.setdefault(id(x), name)
            elif isinstance(x, int | np.integer) and not isinstance(x, bool) and int(x) not in self.sizes:
                self.sizes[int(x)] = Size(self.distinct(name), int(x))

    def wish(self, t: Tensor) -> str | None:
        """What the user calls the tensor, or the array in it, if anything."""
        return self._given.get(id(t)) or (self._given.get(id(t.data)) if t.op is None else None) or t.name

    def give(self, t: Tensor, name: str) -> str:
        """Call t by this name, or one like it that is distinct."""
        self.of[t] = self.distinct(name)
        return self.of[t]

    def give_any(self, t: Tensor, letter: str = "t") -> str:
        """Call t the next of t1, t2, ... that is free."""
        while True:
            self._next[letter] += 1
            name = f"{letter}{self._next[letter]}"
            if name not in self.taken:
                return self.give(t, name)

    def distinct(self, name: str) -> str:
        """The name as an identifier that nothing else has.

        >>> names = Names(None)
        >>> names.distinct("W"), names.distinct("W"), names.distinct("block 1.W"), names.distinct("lambda")
        ('W', 'W_2', 'block_1_W', 'lambda_')
        """
        name = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name))
        name = name if name.isidentifier() else f"t_{name}"
        name = name if name.isidentifier() else "t"
        name = f"{name}_" if keyword.iskeyword(name) or name in registry else name
        base = name
        while name in self.taken:
            self._next[f"{base}_"] += 1
            name = f"{base}_{self._next[f'{base}_'] + 1}"
        self.taken.add(name)
        return name

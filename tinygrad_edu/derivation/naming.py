"""What everything in the equations is called.  Floor 6."""

import keyword
import re
from collections.abc import Mapping
from typing import Any, final

import numpy as np

from ..errors import GradientError
from ..primitives import registry
from ..tensor import Tensor

__all__ = ["Names"]

#: Names that mean something else in an equation.
RESERVED = {"np", *registry}


@final
class Names:
    """Distinct Python names: as given, else the tensor's own, else t1, t2, ... (c1, c2, ... for constants)."""

    def __init__(self, given: Mapping[str, Any] | None):
        if given is None:
            given = {}
        if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
            raise GradientError('names= maps names to tensors, arrays or sizes: names={"W": W, "m": 209}, or locals().')
        self.taken: set[str] = set()
        self.of: dict[Tensor, str] = {}  # what has a name
        self.sizes: dict[int, str] = {}
        self._given: dict[int, str] = {}
        for name, x in given.items():
            if isinstance(x, Tensor | np.ndarray) and not name.startswith("_"):  # notebooks keep results as _, _1, ...
                self._given.setdefault(id(x), name)
            elif type(x) is int and name.isidentifier():
                self.sizes.setdefault(x, self.distinct(name))

    def wish(self, t: Tensor) -> str | None:
        """What the user calls the tensor, or the array in it, if anything."""
        return self._given.get(id(t)) or (self._given.get(id(t.data)) if t.op is None else None) or t.name

    def give(self, t: Tensor, name: str) -> str:
        """Call t by this name, or one like it that is distinct."""
        self.of[t] = self.distinct(name)
        return self.of[t]

    def give_any(self, t: Tensor, letter: str = "t") -> str:
        """Call t the next of t1, t2, ... that is free."""
        i = 1
        while f"{letter}{i}" in self.taken:
            i += 1
        return self.give(t, f"{letter}{i}")

    def distinct(self, name: str) -> str:
        """The name as an identifier that nothing else has.

        >>> names = Names(None)
        >>> names.distinct("W"), names.distinct("W"), names.distinct("block 1.W"), names.distinct("lambda")
        ('W', 'W_2', 'block_1_W', 'lambda_')
        """
        name = re.sub(r"\W", "_", name) or "t"
        name = name if name.isidentifier() else f"t_{name}"
        name = f"{name}_" if keyword.iskeyword(name) or name in RESERVED else name
        base, i = name, 1
        while name in self.taken:
            i += 1
            name = f"{base}_{i}"
        self.taken.add(name)
        return name

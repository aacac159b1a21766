"""A Tensor as a Python number, a NumPy array, a text: what leaves the graph, and what must not.  Floor 3."""

import os
import sys
from array import array
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .callers import asked_by
from .errors import DTypeError, GradientError, ShapeError
from .modes import capturing, recording

__all__ = ["Conversions", "refuse_losing", "stay"]

#: Functions that take a number out of a Tensor, and put it into an array or a result without a graph.
STORES = {"append", "fill", "fromiter", "itemset"}
#: Of Python's mathematics, those that answer yes or no: no gradient is lost.
ANSWERS = {"isclose", "isfinite", "isinf", "isnan"}
NUMPY = os.path.dirname(np.__file__) + os.sep


class Conversions:
    """Abstract: a Tensor adds `_array`, `_requires_grad`, `name` and `_label()`."""

    __slots__ = ()

    _array: np.ndarray
    _requires_grad: bool
    _label: Callable[[], str]
    __getitem__: Callable[[Any], Any]
    name: str | None

    def item(self) -> Any:
        """The one entry, as a Python number."""
        stay(self, ".item()")
        return self._array.item()

    def numpy(self) -> np.ndarray:
        """The array itself, without its graph."""
        stay(self, ".numpy()")
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        stay(self, "np.asarray(t) or a NumPy function without a rule")
        if self._requires_grad and recording.get():
            raise GradientError(
                f"NumPy asked for the bare array of {self._label()}, and its gradient would be lost: "
                f"use np.stack or x.at[i].set(v) to build arrays of Tensors, or .data if no gradient is wanted."
            )
        return np.array(self._array, dtype, copy=copy)

    def __repr__(self) -> str:
        stay(self, "repr(t)")
        text = np.array2string(self._array, separator=", ", prefix="Tensor(")
        dtype = self._array.dtype
        facts = [f"dtype={dtype}"] if dtype not in (np.float64, np.int64, np.bool_) else []
        facts += ["requires_grad=True"] if self._requires_grad else []
        facts += [f"name={self.name!r}"] if self.name else []
        return f"Tensor({', '.join([text, *facts])})"

    def __format__(self, spec: str) -> str:
        stay(self, "a format")
        return format(self._array, spec) if spec else str(self)

    def __float__(self) -> float:
        stay(self, "float(t)")
        refuse_losing(self)
        return float(self._array)

    def __int__(self) -> int:
        stay(self, "int(t)")
        refuse_losing(self)
        return int(self._array)

    def __complex__(self) -> complex:
        stay(self, "complex(t)")
        refuse_losing(self)
        return complex(self._array)

    def __index__(self) -> int:
        stay(self, "an index")
        if self._array.dtype.kind not in "biu":
            raise DTypeError(f"{self._label()} is {self._array.dtype}, and an index is an integer: use int(...).")
        return self._array.__index__()

    def __bool__(self) -> bool:
        stay(self, "its truth")
        if self._array.size != 1:
            raise ShapeError(
                f"the truth of {self._label()}, with {self._array.size} entries, is ambiguous: take .any() or .all(), "
                f"or choose entry by entry with np.where(condition, a, b)."
            )
        return bool(self._array)

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(len(self._array)))

    def tolist(self) -> Any:
        """The entries as nested lists of Python numbers."""
        stay(self, ".tolist()")
        return self._array.tolist()

    def __contains__(self, value: Any) -> bool:
        stay(self, "x in t")
        return bool((self._array == value).any())


def stay(t: Any, what: str) -> None:
    """Raise CompileError if a compiled function asks for a value, which may be another at its next call."""
    capture = capturing()
    if capture is not None:
        if asked_by(sys._getframe(2))[0] == "index":
            capture.refuse(
                f"compile: the function indexes an array or a list with {t._label()}, and would take the same entries "
                f"at every call: index a Tensor, tg.Tensor(a)[i], or hand the index over as a Python number."
            )
        capture.refuse(
            f"compile: the function takes {t._label()} out of the graph ({what}), and what Python then does with the "
            f"number would be repeated at every call: choose between values with np.where(condition, a, b), return "
            f"what you want to read or print, and ask for it outside."
        )


def refuse_losing(t: Any) -> None:
    """For `float(t)` and its kin: raise GradientError if not float() but `array[i] = t` or `math.exp(t)` asked.

    NumPy hides the error behind its own ValueError, whose cause it stays.
    """
    if t._requires_grad and recording.get():
        caller = sys._getframe(2)
        kind, what = asked_by(caller)
        if what is float:
            return
        name = what if isinstance(what, str) else getattr(what, "__name__", "")
        if caller.f_code.co_filename.startswith(NUMPY) or isinstance(getattr(what, "__self__", None), np.ufunc):
            raise GradientError(
                f"NumPy takes {t._label()} as a bare number here (initial=, left= and the like), and its gradient "
                f"would be lost: make the array a Tensor too, or write float(t) if no gradient is wanted."
            )
        scalar = isinstance(what, type) and issubclass(what, np.generic | array)  # np.float64(t)
        if kind == "store" or scalar or (kind == "call" and name in STORES):
            raise GradientError(
                f"storing {t._label()} in a plain array would lose its gradient: build the array with np.stack "
                f"or x.at[i].set(v); if no gradient is wanted, store float(t)."
            )
        if getattr(what, "__module__", None) in ("math", "cmath") and name not in ANSWERS:
            cure = f"np.{name}" if hasattr(np, name) else "a function of NumPy or tg.functions"
            raise GradientError(
                f"{what.__module__}.{name}({t._label()}) would lose its gradient: Python's {what.__module__} knows "
                f"numbers only; use {cure}, or float(t) if no gradient is wanted."
            )

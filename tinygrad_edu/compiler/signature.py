"""What chooses the program: shapes and dtypes of arguments, Python values, and what lies around.  Floor 6."""

from collections.abc import Callable
from typing import Any, final

import numpy as np

from ..errors import CompileError, DTypeError
from ..tensor import Tensor
from ..trees import rebuild

__all__ = ["Arguments", "generators", "surroundings"]

#: Python values that are part of a program.
SETTINGS = (bool, int, float, complex, str, bytes, type(None))


@final
class Arguments:
    """The arguments of a call.  key: equal for those that one program serves.  arrays: the inputs, in order."""

    __slots__ = ("args", "arrays", "key", "kwargs")

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any], records: bool):
        self.args, self.kwargs = args, kwargs
        self.arrays: list[np.ndarray] = []
        parts: list[Any] = [records]
        for x in args:
            if type(x) is np.ndarray:  # the common case, and a hot path
                self.arrays.append(x)
                parts.append((x.shape, x.strides, x.dtype))
            else:
                parts.append(self._part(x))
        if kwargs:
            parts.append(tuple((name, self._part(x)) for name, x in kwargs.items()))
        self.key = tuple(parts)

    def _part(self, x: Any) -> Any:
        if isinstance(x, dict):
            return dict, tuple((key, self._part(value)) for key, value in x.items())
        if isinstance(x, list | tuple):
            return type(x), tuple(map(self._part, x))
        if isinstance(x, Tensor):
            if x.requires_grad:
                raise CompileError(
                    f"compile: the argument {x._label()} requires a gradient, and a compiled function hands out no "
                    f"graph: hand over {x._label()}.data, or compile the function that takes the gradient."
                )
            self.arrays.append(x._array)
            return Tensor, x.shape, x._array.strides, x.dtype
        if isinstance(x, np.ndarray | np.generic):
            array = np.asarray(x)
            if array.dtype.kind not in "biufc" or (isinstance(x, np.ndarray) and type(x) is not np.ndarray):
                raise DTypeError(f"compile: an argument is a {type(x).__name__} of {array.dtype}: give plain numbers.")
            self.arrays.append(array)
            return type(x), array.shape, array.strides, array.dtype
        if type(x) in SETTINGS:
            return type(x), repr(x) if type(x) is float else x
        try:
            hash(x)
        except TypeError:
            raise DTypeError(
                f"compile: an argument is a {type(x).__name__}; give arrays, numbers, texts, or dicts, lists and "
                f"tuples of them, or let the function find it around itself."
            ) from None
        return x

    def with_arrays(self, arrays: list[np.ndarray]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """(args, kwargs) with Tensors of these arrays in place of the inputs."""
        rest = iter(arrays)

        def tensor(x: Any) -> Any:
            return Tensor(next(rest)) if isinstance(x, np.ndarray | np.generic | Tensor) else x

        args = tuple(None if x is None else rebuild(tensor, x) for x in self.args)
        return args, {name: None if x is None else rebuild(tensor, x) for name, x in self.kwargs.items()}

    @property
    def are_tensors(self) -> list[bool]:
        """Of each input, whether it was handed over as a Tensor."""
        kinds: list[bool] = []
        rebuild(
            lambda x: kinds.append(isinstance(x, Tensor)) if isinstance(x, np.ndarray | np.generic | Tensor) else None,
            [self.args, self.kwargs],
        )
        return kinds


def surroundings(f: Callable[..., Any]) -> Callable[[], tuple[Any, ...]]:
    """What f reads of the variables around it, such that a change can be told: numbers by value, arrays by identity."""
    code = getattr(f, "__code__", None)
    cells = getattr(f, "__closure__", None) or ()
    space = getattr(f, "__globals__", {})
    names = [] if code is None else [name for name in code.co_names if _counts(space.get(name))]
    cells = tuple(cell for cell in cells if _counts(_content(cell)))
    if not names and not cells:
        return tuple

    def seen() -> tuple[Any, ...]:
        around = [_content(cell) for cell in cells] + [space.get(name) for name in names]
        return tuple([(type(x), x) if type(x) in SETTINGS else id(x) for x in around])

    return seen


def generators(f: Callable[..., Any]) -> list[np.random.Generator]:
    """The generators of random numbers among the variables around f."""
    names = getattr(getattr(f, "__code__", None), "co_names", ())
    space = getattr(f, "__globals__", {})
    around = [*map(_content, getattr(f, "__closure__", None) or ()), *(space.get(name) for name in names)]
    return [x for x in around if isinstance(x, np.random.Generator)]


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet assigned
        return None


def _counts(x: Any) -> bool:
    """Whether a variable may be given another value between calls; functions, modules and classes stay."""
    return isinstance(x, (*SETTINGS, np.ndarray, np.generic, Tensor)) and x is not None

"""What chooses the program among the arguments: shapes, dtypes, Python values.  Floor 6."""

from typing import Any, final

import numpy as np

from ..errors import CompileError, DTypeError
from ..tensor import Tensor
from ..trees import leaves, places, rebuild
from .guards import SETTINGS

__all__ = ["Arguments"]


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
                what = f"{type(x).__name__} of {array.dtype}"
                raise DTypeError(f"compile: {self._place(x)} is a {what}: give plain numbers.")
            self.arrays.append(array)
            return type(x), array.shape, array.strides, array.dtype
        if type(x) in SETTINGS:
            return type(x), repr(x) if type(x) in (float, complex) else x
        try:
            hash(x)
        except TypeError:
            raise DTypeError(
                f"compile: {self._place(x)} is a {type(x).__name__}; give arrays, numbers, texts, or dicts, lists and "
                f"tuples of them, objects with a hash (a dataclass with eq=False), or let the function find it around "
                f"itself."
            ) from None
        return _Itself(x)

    def _place(self, x: Any) -> str:
        """Where x stands among the arguments."""
        given = {str(i): arg for i, arg in enumerate(self.args, 1)} | self.kwargs
        found = (f"argument {name}{place}" for name, arg in given.items() for place, y in places(arg) if y is x)
        return next(found, "an argument")

    def with_arrays(self, arrays: list[np.ndarray]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """(args, kwargs) with Tensors of these arrays in place of the inputs."""
        rest = iter(arrays)

        def tensor(x: Any) -> Any:
            return Tensor(next(rest)) if isinstance(x, np.ndarray | np.generic | Tensor) else x

        args = tuple(None if x is None else rebuild(tensor, x) for x in self.args)
        return args, {name: None if x is None else rebuild(tensor, x) for name, x in self.kwargs.items()}

    @property
    def kinds(self) -> list[type]:
        """The class of each input, as it was handed over."""
        return [type(x) for x in leaves([self.args, self.kwargs]) if isinstance(x, np.ndarray | np.generic | Tensor)]

    @property
    def objects(self) -> list[Any]:
        """The arguments that are no inputs, such as the object whose method is called."""
        return [x for x in leaves([self.args, self.kwargs]) if not isinstance(x, np.ndarray | np.generic | Tensor)]


@final
class _Itself:
    """In a key, an object that only itself is equal to."""

    __slots__ = ("x",)

    def __init__(self, x: Any):
        self.x = x

    def __eq__(self, other: object) -> bool:
        return type(other) is _Itself and other.x is self.x

    def __hash__(self) -> int:
        return id(self.x)

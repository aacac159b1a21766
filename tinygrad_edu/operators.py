"""The arithmetic, comparisons and NumPy methods of a Tensor: which operation each symbol records.  Floor 3.

Nothing is decided here.  `a * b` records `multiply`, `a.sum(axis=1)` records what `np.sum(a, axis=1)` would.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import MutationError, NoRuleError
from .modes import recording
from .primitives import Primitive, numpy_functions, wider
from .rules import complex, indexing, rounding, shape
from .rules import elementwise as e
from .rules.elementwise import add, divide, multiply, negative, power, subtract
from .rules.linalg import matmul

__all__ = ["Operators"]


def _method(function: Any) -> Callable[..., Any]:
    """The Tensor method that does what a NumPy function does, with NumPy's arguments."""
    op = numpy_functions[function]

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if type(op) is not Primitive:
            return op(self, *args, **kwargs)
        try:
            inputs, params = op.bind((self, *args), kwargs)
        except NoRuleError:
            if function not in wider:
                raise
            return wider[function](self, *args, **kwargs)
        return self._record(op, inputs, params)

    method.__name__ = function.__name__
    method.__doc__ = f"As np.{function.__name__}."
    return method


def _refused(name: str, instead: str) -> Callable[..., Any]:
    """A method that would change the Tensor in place."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise MutationError(f"{self._label()}.{name}(...) would change it, and Tensors do not change: use {instead}.")

    method.__name__ = name
    method.__doc__ = f"Raises MutationError: use {instead}."
    return method


def _index(key: Any) -> Any:
    """An index with the Tensors in it as arrays; lists and arrays are copied, since the rule will need them later."""
    if isinstance(key, tuple):
        return tuple(map(_index, key))
    if hasattr(key, "__tinygrad_record__"):
        key = key._array
    return np.array(key) if isinstance(key, list | np.ndarray) and np.size(key) else key


class _At:
    """`x.at[i]`, waiting for `.set(v)` or `.add(v)`."""

    __slots__ = ("key", "x")

    def __init__(self, x: Any, key: Any = None):
        self.x, self.key = x, key

    def __getitem__(self, key: Any) -> "_At":
        return _At(self.x, _index(key))

    def set(self, v: Any) -> Any:
        """x with the entries at i replaced by v."""
        return self.x._record(indexing.index_set, (self.x, v), {"key": self.key})

    def add(self, v: Any) -> Any:
        """x with v added to the entries at i; entries named twice add up."""
        v = np.asarray(v, self.x.dtype) if isinstance(v, int | float) else v  # float32 stays float32
        block = np.broadcast_to(v, self.x._array[self.key].shape)
        return self.x + indexing.scatter_add(block, key=self.key, shape=self.x.shape)


class Operators:
    """Abstract: a Tensor adds `_record(op, inputs, params)`, `data`, and the rest."""

    __slots__ = ()

    _record: Callable[..., Any]
    _label: Callable[[], str]
    data: Any
    op: Any
    requires_grad: bool

    def __add__(self, other: Any) -> Any:
        return self._record(add, (self, other))

    def __radd__(self, other: Any) -> Any:
        return self._record(add, (other, self))

    def __sub__(self, other: Any) -> Any:
        return self._record(subtract, (self, other))

    def __rsub__(self, other: Any) -> Any:
        return self._record(subtract, (other, self))

    def __iadd__(self, other: Any) -> Any:
        self._refuse_update()
        return self + other

    def __isub__(self, other: Any) -> Any:
        self._refuse_update()
        return self - other

    def _refuse_update(self) -> None:
        """`with no_grad(): W -= ...` would put a new tensor without gradient in W's place."""
        if self.requires_grad and self.op is None and not recording.get():
            raise MutationError(
                f"{self._label()} -= ... inside no_grad() makes a new tensor without a gradient, and leaves the "
                f"parameter as it was: write `W.data = W.data - lr * W.grad.data`."
            )

    def __mul__(self, other: Any) -> Any:
        return self._record(multiply, (self, other))

    def __rmul__(self, other: Any) -> Any:
        return self._record(multiply, (other, self))

    def __truediv__(self, other: Any) -> Any:
        return self._record(divide, (self, other))

    def __rtruediv__(self, other: Any) -> Any:
        return self._record(divide, (other, self))

    def __pow__(self, other: Any) -> Any:
        return self._record(power, (self, other))

    def __rpow__(self, other: Any) -> Any:
        return self._record(power, (other, self))

    def __matmul__(self, other: Any) -> Any:
        return self._record(matmul, (self, other))

    def __rmatmul__(self, other: Any) -> Any:
        return self._record(matmul, (other, self))

    def __floordiv__(self, other: Any) -> Any:
        return self._record(rounding.floor_divide, (self, other))

    def __rfloordiv__(self, other: Any) -> Any:
        return self._record(rounding.floor_divide, (other, self))

    def __mod__(self, other: Any) -> Any:
        return self._record(rounding.remainder, (self, other))

    def __rmod__(self, other: Any) -> Any:
        return self._record(rounding.remainder, (other, self))

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    def __neg__(self) -> Any:
        return self._record(negative, (self,))

    def __pos__(self) -> Any:
        return self._record(e.positive, (self,))

    def __abs__(self) -> Any:
        return self._record(e.abs, (self,))

    def __invert__(self) -> Any:
        return self._record(e.invert, (self,))

    def __and__(self, other: Any) -> Any:
        return self._record(e.bitwise_and, (self, other))

    def __or__(self, other: Any) -> Any:
        return self._record(e.bitwise_or, (self, other))

    def __xor__(self, other: Any) -> Any:
        return self._record(e.bitwise_xor, (self, other))

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__  # a & b is b & a

    def __eq__(self, other: object) -> Any:
        return NotImplemented if other is None or isinstance(other, str) else self._record(e.equal, (self, other))

    def __ne__(self, other: object) -> Any:
        return NotImplemented if other is None or isinstance(other, str) else self._record(e.not_equal, (self, other))

    def __lt__(self, other: Any) -> Any:
        return self._record(e.less, (self, other))

    def __le__(self, other: Any) -> Any:
        return self._record(e.less_equal, (self, other))

    def __gt__(self, other: Any) -> Any:
        return self._record(e.greater, (self, other))

    def __ge__(self, other: Any) -> Any:
        return self._record(e.greater_equal, (self, other))

    # NumPy's methods

    def __getitem__(self, key: Any) -> Any:
        return self._record(indexing.getitem, (self,), {"key": _index(key)})

    @property
    def at(self) -> "_At":
        """`x.at[i].set(v)` and `x.at[i].add(v)`: x with the entries at i replaced, or added to; x stays as it is."""
        return _At(self)

    def reshape(self, *sizes: Any) -> Any:
        """The same entries in another shape: reshape(2, 3) or reshape((2, 3))."""
        return self._record(shape.reshape, (self,), {"shape": sizes[0] if len(sizes) == 1 else sizes})

    def transpose(self, *axes: Any) -> Any:
        """The axes permuted; reversed where none are given."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        return self._record(shape.transpose, (self,), {"axes": order})

    def copy(self) -> Any:
        """The same entries in memory of their own; the gradient passes through."""
        return self._record(e.positive, (self,))

    @property
    def real(self) -> Any:
        """The real part."""
        return self._record(complex.real, (self,))

    @property
    def imag(self) -> Any:
        """The imaginary part."""
        return self._record(complex.imag, (self,))

    @property
    def mT(self) -> Any:
        """Each matrix transposed."""
        return self.swapaxes(-1, -2)

    def flatten(self, order: str = "C") -> Any:
        """The entries along one axis."""
        return self.ravel(order=order)

    sum, mean, prod, cumsum, cumprod = map(_method, (np.sum, np.mean, np.prod, np.cumsum, np.cumprod))
    conj, conjugate = map(_method, (np.conjugate, np.conjugate))
    max, min, var, std, round = map(_method, (np.max, np.min, np.var, np.std, np.round))
    argmax, argmin, argsort, any, all = map(_method, (np.argmax, np.argmin, np.argsort, np.any, np.all))
    swapaxes, ravel, squeeze, clip, dot = map(_method, (np.swapaxes, np.ravel, np.squeeze, np.clip, np.dot))
    take, repeat, diagonal, trace = map(_method, (np.take, np.repeat, np.diagonal, np.trace))
    sort, partition = _refused("sort", "np.sort(x)"), _refused("partition", "np.partition(x, k)")
    fill, put = _refused("fill", "np.full_like(x, value)"), _refused("put", "x.at[i].set(v)")

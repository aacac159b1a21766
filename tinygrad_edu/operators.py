"""The arithmetic, comparisons and NumPy methods of a Tensor: which operation each symbol records.  Floor 3.

Nothing is decided here.  `a * b` records `multiply`, `a.sum(axis=1)` records what `np.sum(a, axis=1)` would.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import MutationError, NoRuleError
from .modes import capturing, recording
from .primitives import Primitive, numpy_functions, wider
from .protocols import check_arguments, in_place
from .rules import complex, indexing, rounding, shape
from .rules import elementwise as e
from .rules.elementwise import add, divide, multiply, negative, power, subtract
from .rules.linalg import matmul

__all__ = ["Operators"]


def _method(function: Any) -> Callable[..., Any]:
    """The Tensor method that does what a NumPy function does, with NumPy's arguments."""
    op = numpy_functions[function]

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if type(op) is not Primitive:
                return op(self, *args, **kwargs)
            try:
                inputs, params = op.bind((self, *args), kwargs)
            except NoRuleError:
                if function not in wider:
                    raise
                return wider[function](self, *args, **kwargs)
        except TypeError as error:
            check_arguments(function, (self, *args), kwargs, error)
            raise
        return self._record(op, inputs, params)

    method.__name__ = function.__name__
    method.__doc__ = f"As np.{function.__name__}."
    return method


def _refused(name: str, instead: str) -> Callable[..., Any]:
    """A method that would change the Tensor in place."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        cure = in_place(instead)
        raise MutationError(f"{self._label()}.{name}(...) would change it, and Tensors do not change: use {cure}.")

    method.__name__ = name
    method.__doc__ = f"Raises MutationError: use {instead}."
    return method


def _update(symbol: str, plain: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The method for `t += v` and its like, which give `t` a new tensor: refused where a parameter would be lost."""

    def update(self: Any, other: Any) -> Any:
        if self.requires_grad and self.op is None and not recording.get():
            raise MutationError(
                f"{self._label()} {symbol}= ... inside no_grad() makes a new tensor without a gradient, and leaves the "
                f"parameter as it was: write `W.data = W.data {symbol} ...`."
            )
        capture = capturing()
        if capture is not None:
            capture.overwrites(self)
        return plain(self, other)

    return update


def _index(key: Any) -> Any:
    """An index with the Tensors in it as arrays; lists and arrays are copied, since the rule will need them later."""
    if isinstance(key, tuple):
        return tuple(map(_index, key))
    if hasattr(key, "__tinygrad_record__"):
        capture = capturing()
        if capture is not None:
            return capture.index(key)
        key = key._array
    return np.array(key) if isinstance(key, list | np.ndarray) and np.size(key) else key


_UNNAMED = object()  # not None, which is an index


class _At:
    """`x.at[i]`, waiting for `.set(v)` or `.add(v)`."""

    __slots__ = ("key", "x")

    def __init__(self, x: Any, key: Any = _UNNAMED):
        self.x, self.key = x, key

    def __getitem__(self, key: Any) -> "_At":
        return _At(self.x, _index(key))

    def set(self, v: Any) -> Any:
        """x with the entries at i replaced by v."""
        self._check_named("set")
        return self.x._record(indexing.index_set, (self.x, v), {"key": self.key})

    def add(self, v: Any) -> Any:
        """x with v added to the entries at i; entries named twice add up."""
        self._check_named("add")
        v = np.asarray(v, self.x.dtype) if isinstance(v, int | float) else v  # float32 stays float32
        block = np.broadcast_to(v, self.x._array[self.key].shape)
        added = self.x._record(indexing.scatter_add, (block,), {"key": self.key, "shape": self.x.shape})
        return self.x + added

    def _check_named(self, method: str) -> None:
        if self.key is _UNNAMED:
            raise MutationError(
                f"x.at.{method}(v): name the entries first, x.at[i].{method}(v); for all of them x.at[...].{method}(v)."
            )


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

    __iadd__, __isub__ = _update("+", operator.add), _update("-", operator.sub)
    __imul__, __itruediv__ = _update("*", operator.mul), _update("/", operator.truediv)
    __ifloordiv__, __imod__ = _update("//", operator.floordiv), _update("%", operator.mod)
    __ipow__, __imatmul__ = _update("**", operator.pow), _update("@", operator.matmul)

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

    def __setitem__(self, key: Any, value: Any) -> None:
        cure = in_place("y = x.at[i].set(v), which has a gradient")
        raise MutationError(f"{self._label()}[...] = value: Tensors do not change; use {cure}.")

    @property
    def at(self) -> "_At":
        """`x.at[i].set(v)` and `x.at[i].add(v)`: x with the entries at i replaced, or added to; x stays as it is.

        Raises MutationError where no entries are named.

        >>> from tinygrad_edu import Tensor
        >>> x = Tensor([1.0, 2.0])
        >>> x.at[0].set(5.0)
        Tensor([5., 2.])
        >>> x.at[[0, 0]].add(1.0)  # entries named twice add up
        Tensor([3., 2.])
        """
        return _At(self)

    def reshape(self, *sizes: Any) -> Any:
        """The same entries in another shape: reshape(2, 3) or reshape((2, 3))."""
        return self._record(shape.reshape, (self,), {"shape": sizes[0] if len(sizes) == 1 else sizes})

    def transpose(self, *axes: Any) -> Any:
        """The axes permuted; reversed where none are given."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        return self._record(shape.transpose, (self,), {"axes": order})

    def copy(self) -> Any:
        """The same entries in memory of their own, row by row as of an array; the gradient passes through."""
        z = self._record(e.positive, (self,))  # whose entries lie in the order of self's
        return z if z._array.flags.c_contiguous else z.reshape(-1).reshape(z.shape)

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

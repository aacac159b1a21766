"""The Tensor: an array that remembers how it was made.  Floor 4.

    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    J = (x * x).sum()
    J.backward()
    x.grad                       # Tensor([2., 4.])

A Tensor is its own node of the graph and points only at its inputs: no closures, no cycles.  `record` makes
every one that is not a leaf.  NumPy's functions record too: `np.exp(x)`, `array @ x`, `np.sum(x, axis=1)`.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np

from .backprop import FREED, backpropagate, free_graph, seed_for
from .contents import Contents
from .conversions import Conversions, stay
from .errors import GradientError, GraphFreedError, NoRuleError
from .explanations import explain
from .hooks import HookHandle
from .modes import capturing, current_watch, recording, watching
from .operands import RAW, numbers, operand
from .operators import Operators
from .primitives import NO_PARAMS, Primitive, clock, numpy_functions, wider
from .protocols import check_arguments, function_without_rule, ufunc_without_rule, wants_gradient
from .rules.elementwise import astype
from .rules.shape import transpose
from .shadowing import import_visualize

__all__ = ["Tensor", "constant", "record"]

_handing_over = threading.Lock()  # two threads may walk to the same leaf


def record(op: Primitive, inputs: tuple[Any, ...], params: Mapping[str, Any] = NO_PARAMS) -> "Tensor":
    """Run op on the data of its inputs; remember the step if a gradient may be wanted."""
    values = []
    wanted = False
    for x in inputs:
        if type(x) is Tensor:
            values.append(x._array)
            if x._requires_grad:
                wanted = True
        elif type(x) in RAW:  # Python scalars stay raw: float32 * 2.0 stays float32
            values.append(x)
        else:
            return record(op, tuple(map(operand, inputs)), params)
    try:
        data = op.forward(*values, **params) if params else op.forward(*values)
    except Exception as error:
        capture = capturing()
        if capture is not None:
            capture.failed(error)
        if isinstance(error, ValueError | TypeError | IndexError | AttributeError):
            raise explain(op, inputs, params, error) from error
        raise
    out: Tensor = _new(Tensor)
    out._array = data if type(data) is np.ndarray else np.asarray(data)
    out._grad = out.name = out.extras = None
    out.stamp = clock[0]
    if wanted and op.rules and recording.get():
        out._requires_grad = True
        out.op = op
        out.inputs = inputs
        out.params = params
    else:
        out._requires_grad = False
        out.op = None
        out.inputs = ()
        out.params = NO_PARAMS
    if watching:
        watch = current_watch.get()
        if watch is not None:
            watch.stepped(out, op, inputs, params)
    return out


_new = object.__new__  # past __init__: `record` sets every slot itself


def constant(array: np.ndarray) -> "Tensor":
    """Tensor(array), without the checks that a computed array needs no more."""
    out: Tensor = _new(Tensor)
    out._array = array
    out._grad = out.name = out.op = out.extras = None
    out.inputs = ()
    out.params = NO_PARAMS
    out.stamp = clock[0]
    out._requires_grad = False
    return out


def _hand_over(grads: dict[Any, Any], create_graph: bool, seed: Any) -> tuple[list["Tensor"], list["Tensor"]]:
    """The tensors and their new `.grad`s: none shares memory with another, the data or the seed, or is read-only."""
    seen = {id(seed._array if create_graph else seed)}
    result = []
    capture = capturing()
    for t, dz in grads.items():
        if capture is not None:
            capture.gets_gradient(t)
        if create_graph and type(dz) is not Tensor:  # a rule whose gradient is constant, such as sign's
            dz = Tensor(dz)
        array = dz._array if create_graph else np.asarray(dz)
        owned = array.base is None and array is not t._array and id(array) not in seen and array.flags.writeable
        seen.add(id(array))
        if create_graph:
            dz = t._grad + dz if t._grad is not None else dz if owned else +dz
        elif t._grad is not None:
            dz = constant(np.asarray(t._grad._array + array))  # of two 0-d arrays, NumPy makes a scalar
        else:
            dz = constant(array if owned else array.copy())
        result.append(dz)
    return list(grads), result


@final
class Tensor(Contents, Operators, Conversions):
    """An array `data`, and, where a gradient may be wanted, the step that made it: z = op(*inputs, **params).

    data: shares memory with an array handed in, as np.asarray does; lists of floats become float64.
    requires_grad: ask for d(end)/d(this); needs a float dtype.  name: used in errors, pictures and equations.
    `grad` is None until `backward()` puts a Tensor of the same shape and dtype there, and adds to it thereafter.
    Raises DTypeError for integers with requires_grad, and for what is no number, ShapeError for ragged lists,
    GradientError for a Tensor that requires a gradient: its graph would be lost.

    >>> W = Tensor([[1.0, 2.0]], requires_grad=True, name="W")
    >>> J = (W @ W.T).sum()
    >>> J.backward()
    >>> W.grad
    Tensor([[2., 4.]])
    """

    __slots__ = (
        "__weakref__",
        "extras",  # rare facts: None, or a dict with hooks, captured, retain_grad, walked, modules
        "inputs",
        "name",
        "op",
        "params",
    )

    def __init__(self, data: Any, requires_grad: bool = False, *, dtype: Any = None, name: str | None = None):
        if type(data) is Tensor:
            if data._requires_grad:
                raise GradientError(f"Tensor({data._label()}) would lose its graph: use it as it is, or .detach().")
            data = data._array if dtype is None else data._cast(dtype)
        plain = type(data) is np.ndarray and dtype is None and data.dtype.kind in "fbiuc"
        self._array: np.ndarray = data if plain else numbers(data, dtype)
        self._grad: Tensor | None = None
        self.name = name
        self.op: Any = None
        self.inputs: tuple[Any, ...] = ()
        self.params: Mapping[str, Any] = NO_PARAMS
        self.extras: dict[str, Any] | None = None
        self.stamp = clock[0]
        self._requires_grad: bool = False
        if requires_grad:
            self.requires_grad = True

    # What it is

    shape = property(lambda self: self._array.shape, doc="The lengths of the axes.")
    ndim = property(lambda self: self._array.ndim, doc="The number of axes.")
    size = property(lambda self: self._array.size, doc="The number of entries.")
    dtype = property(lambda self: self._array.dtype, doc="The NumPy dtype.")
    is_leaf = property(lambda self: self.op is None, doc="True where no recorded step made this tensor.")

    @property
    def T(self) -> "Tensor":
        """The axes in reverse order."""
        return record(transpose, (self,), transpose.defaults)

    def _label(self) -> str:
        made = self.op is not None and self.op is not FREED
        return self.name or (f"the result of {self.op.name}" if made else f"a tensor of shape {self.shape}")

    # Gradients

    def backward(
        self,
        gradient: Any = None,
        *,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        retain_grads: bool = False,
    ) -> None:
        """Add d(self)/d(leaf) to the `.grad` of every leaf that requires one.

        gradient: what stands for d(end)/d(self), of this shape; 1 for a tensor of one entry.
        retain_graph: True allows another walk, False frees the graph now; by default it stays readable
        (`draw(J)`), and a second backward() raises, because it would count every gradient twice.
        create_graph: the gradients are Tensors with a graph, for higher derivatives.
        retain_grads: tensors between the leaves and this one get their `.grad` too.
        Raises GradientError and its kin; gradients are handed over only when the whole walk has succeeded.

        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> (x**3).backward(gradient=[1.0, 10.0])
        >>> x.grad
        Tensor([  3., 120.])
        """
        if not self._requires_grad:
            raise GradientError(
                f"{self._label()} depends on no tensor with requires_grad=True, or was computed inside no_grad(), or "
                f"by a compiled function, which hands out no graph: call backward() inside that."
            )
        retain = create_graph if retain_graph is None else retain_graph
        if self.extras is not None and "walked" in self.extras:
            raise GraphFreedError(
                f"backward() was called on {self._label()} before, and a second call would count gradients twice: "
                f"compute it again, or pass retain_graph=True to the first call if you mean to add them up."
            )
        seed: Any = seed_for(self, gradient)
        by_tensors = create_graph or capturing() is not None
        if by_tensors:
            token = recording.set(create_graph)
            try:  # a seed may have a graph of its own
                seed = gradient.astype(self.dtype) if type(gradient) is Tensor else Tensor(seed)
                grads = backpropagate(self, seed, create_graph=True, keep_all=retain_grads)
            finally:
                recording.reset(token)
        else:
            grads = backpropagate(self, seed, keep_all=retain_grads)
        with _handing_over:
            tensors, gradients = _hand_over(grads, by_tensors, seed)
            # In one C call, between whose steps no Ctrl-C is served: all gradients are handed over, or none.
            any(map(_set_grad, tensors, gradients))
        if not retain and watching and current_watch.get() is not None:
            current_watch.get().release_graph(self)
        if retain_graph is False:
            free_graph(self)
        if not retain and self.op is not None:
            self._remember("walked", True)

    def _remember(self, key: str, value: Any) -> None:
        self.extras = {**(self.extras or {}), key: value}

    def retain_grad(self) -> None:
        """Keep this tensor's gradient in `.grad` at the next backward(), though it is no leaf.

        >>> z = 2.0 * Tensor(3.0, requires_grad=True)
        >>> z.retain_grad()
        >>> (z * z).backward()
        >>> z.grad
        Tensor(12.)
        """
        self._remember("retain_grad", True)

    def register_hook(self, hook: Callable[["Tensor"], Any]) -> HookHandle:
        """Call hook(gradient) in each backward(), when this tensor's gradient is complete.

        What the hook returns takes the gradient's place, for `.grad` and for all that lies before this tensor; None
        leaves it.  Hooks run in the order of their registration.  Returns a handle with `.remove()`.
        Raises GradientError where no gradient will ever come by, DTypeError for what is no function.

        >>> x = Tensor(3.0, requires_grad=True)
        >>> handle = x.register_hook(lambda dx: np.clip(dx, -1.0, 1.0))
        >>> (x * x).backward()
        >>> x.grad
        Tensor(1.)
        """
        if not self._requires_grad:
            raise GradientError(f"{self._label()} requires no gradient, so no hook of its would ever be called.")
        return HookHandle(self, hook)

    def detach(self) -> "Tensor":
        """The same data (shared), with no graph and no gradient.

        >>> (2.0 * Tensor(3.0, requires_grad=True)).detach()
        Tensor(6.)
        """
        return Tensor(self._array, name=self.name)

    # As one of NumPy's own

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        op = numpy_functions.get(ufunc)
        if op is not None and method == "__call__" and not kwargs:
            return record(op, inputs) if type(op) is Primitive else op(*inputs)
        return ufunc_without_rule(ufunc, method, inputs, kwargs, covered=op is not None)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        op = numpy_functions.get(function)
        if op is None:
            return function_without_rule(function, args, kwargs)
        try:
            try:
                return record(op, *op.bind(args, kwargs)) if type(op) is Primitive else op(*args, **kwargs)
            except NoRuleError:
                if function not in wider:
                    raise
                return wider[function](*args, **kwargs)
        except TypeError as error:
            # out=, order= and the like: fine where no gradient would be lost
            if wants_gradient((args, kwargs)) and getattr(op, "rules", True):
                check_arguments(function, args, kwargs, error)
                raise
            return function_without_rule(function, args, kwargs, constant=True)

    __tinygrad_record__ = _record = staticmethod(record)

    def __reduce__(self) -> Any:
        if self.op is not None:
            raise GradientError(f"{self._label()} has a graph, which is not copied or saved: use .detach() first.")
        stay(self, "copy.deepcopy(t) or pickle")
        return _restored, (self._array, self._requires_grad, self.name, self._grad)

    __hash__ = object.__hash__  # a Tensor is a node: == compares entries, dicts compare identity

    def astype(self, dtype: Any) -> "Tensor":
        """In another dtype.  Integers and booleans have no gradient: the result is then a constant.

        >>> Tensor([1.5, -1.5]).astype(int)
        Tensor([ 1, -1])
        """
        if np.dtype(dtype).kind not in "fc":
            return Tensor(self._cast(dtype))
        return record(astype, (self,), {"dtype": np.dtype(dtype)})

    def _cast(self, dtype: Any) -> np.ndarray:
        """The array in another dtype, as a constant."""
        capture = capturing()
        return self._array.astype(dtype) if capture is None else capture.cast(self, dtype)

    def draw(self, **options: Any) -> Any:
        """A picture of the graph that made this tensor; see `visualize.draw` for the options."""
        return import_visualize().draw(self, **options)


_set_grad = vars(Contents)["_grad"].__set__


def _restored(data: np.ndarray, requires_grad: bool, name: str | None, grad: Tensor | None) -> Tensor:
    """A leaf that was copied or pickled; its clock is this process's."""
    t = Tensor(data, requires_grad, name=name)
    t.grad = grad
    return t

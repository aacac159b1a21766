"""Derivatives with more axes than the gradient: Jacobians, Hessians, one gradient per example.  Floor 5.

    jacobian(lambda x: x**2)(np.array([1.0, 2.0]))         # [[2, 0], [0, 4]]
    hessian(lambda x: (x**3).sum())(np.array([1.0, 2.0]))  # [[6, 0], [0, 12]]

All are walks from `pullbacks.py`, with other seeds; what `transforms.py` promises holds here too.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .errors import GradientError, ShapeError
from .pullbacks import Trace, name_of, named, positions
from .rules.indexing import pick
from .tensor import Tensor
from .transforms import grad
from .trees import leaves, places, rebuild

__all__ = ["elementwise_grad", "hessian", "hvp", "jacobian", "per_example_grad"]


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function x -> J, with J[i, j] = df(x)[i] / dx[j]; its shape is that of f(x) followed by that of x.

    argnums: as for `grad`.  f may return any shape, or nested dicts, lists and tuples of Tensors; x may be nested too:
    then J has the structure of f(x), with the structure of x at each leaf.
    Takes one walk per entry of f(x) or, where x has less than half as many (and is real), one per entry of x.
    Complex numbers: for a real f the rows are gradients, as of `grad`; for a complex f of complex x, J is the complex
    derivative, and GradientError is raised where f has none (f is not analytic, as np.conj).

    >>> jacobian(lambda x: np.stack([x[0] * x[1], x[0]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [1., 0.]])
    """
    chosen, several = positions(argnums)

    def slopes(*args: Any, **kwargs: Any) -> Any:
        trace = Trace("jacobian", f, args, kwargs, chosen)
        real = all(x.dtype.kind == "f" for x in trace.fresh)
        few = 2 * sum(x.size for x in trace.fresh) < trace.end.size  # a walk for a column is about twice as long
        matrices = _by_columns(trace) if real and few else _by_rows(trace)
        trace.close()
        starts = iter(np.cumsum([0] + [z.size for z in trace.outputs]).tolist())

        def block(z: Tensor) -> Any:
            start = next(starts)
            blocks = []
            for J, x in zip(matrices, trace.fresh):
                J = J[start : start + z.size].reshape(z.shape + x.shape).astype(np.result_type(z.dtype, x.dtype))
                blocks.append(J if type(J) is Tensor else J[()])
            parts = trace.arranged(blocks)
            return parts if several else parts[0]

        return rebuild(block, trace.value)

    return named(slopes, "jacobian", f)


def hessian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function x -> H, with H[i, j] = d²f / dx[i] dx[j], for f that returns one number.

    Its shape is that of x, twice; for f of any shape, that of f(x) comes first.  argnums and nested arguments as for
    `jacobian`, of which this is the Jacobian: H["W"]["b"] for x = {"W": W, "b": b}.

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return named(jacobian(jacobian(f, argnums), argnums), "hessian", f)


def hvp(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function (x, v) -> H v, the Hessian of f at x times v, without the Hessian: for the price of two gradients.

    Called as f, with v after the other positional arguments; v is like the argument (a tuple for several argnums).
    Raises GradientError without v, ShapeError for a v unlike the argument, and what `grad` raises.

    >>> hvp(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([4., 2.])
    """
    chosen, several = positions(argnums)
    slope = grad(f, argnums)

    def product(*args: Any, **kwargs: Any) -> Any:
        if not args[1:]:
            raise GradientError(f"hvp: give v after the arguments of {name_of(f)}: hvp(f)(x, v).")
        trace = Trace("hvp", slope, args[:-1], kwargs, chosen)
        seed = trace.seed(args[-1], "the argument", "hvp: v")  # H is symmetric: v H is H v
        result = trace.arranged(trace.pull(seed), tensors=type(seed) is Tensor)
        trace.close()
        return result if several else result[0]

    return named(product, "hvp", f)


def elementwise_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function x -> df(x)[i] / dx[i] for each entry i, for a function that works entry by entry.

    f returns the shape of x, or ShapeError is raised.  That each entry of f(x) depends on its own entry of x only is
    not checked: else the result is the sum of the Jacobian over the entries of f(x) (for np.cumsum: n, ..., 2, 1).

    >>> elementwise_grad(lambda x: x**3)(np.array([1.0, 2.0]))
    array([ 3., 12.])
    """
    chosen, several = positions(argnums)

    def slopes(*args: Any, **kwargs: Any) -> Any:
        trace = Trace("elementwise_grad", f, args, kwargs, chosen, single=True)
        shape = trace.end.shape
        for x in trace.fresh:
            if x.shape != shape:
                raise ShapeError(
                    f"elementwise_grad: {name_of(f)} returned {shape} for an argument of {x.shape}, so it does not "
                    f"work entry by entry: take grad for one number, jacobian for several."
                )
        result = trace.arranged(_slopes(trace, np.ones(shape, trace.end.dtype)))
        trace.close()
        return result if several else result[0]

    return named(slopes, "elementwise_grad", f)


def per_example_grad(
    f: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    *,
    batch_argnums: int | Sequence[int] | None = None,
    axis: int | Sequence[int] = 0,
) -> Callable[..., Any]:
    """The function (W, X, Y) -> dJ_i/dW for each example i, stacked along a new first axis.

    f is called with one example at a time, as a batch of one (the axis stays, with length 1), and returns its cost; so
    where J is the mean of the J_i over the batch, the mean of the result is `grad(f)(W, X, Y)`.
    batch_argnums: the arguments that hold examples; by default all but those in argnums.  axis: along which they lie
    (0 where rows are examples, 1 for the course's columns), one for all or one for each.
    Raises ShapeError where the arguments hold different numbers of examples.

    >>> W, X, Y = np.array([[1.0, -1.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 1.0]])
    >>> cost = lambda W, X, Y: ((W @ X - Y) ** 2).mean()
    >>> per_example_grad(cost, axis=1)(W, X, Y)
    array([[[ -4., -12.]],
           [[-12., -24.]]])
    >>> grad(cost)(W, X, Y)
    array([[ -8., -18.]])
    """
    chosen, several = positions(argnums)
    slope = grad(f, chosen)

    def slopes(*args: Any, **kwargs: Any) -> Any:
        batch = _batch(args, chosen, batch_argnums, axis)
        m = _examples(args, batch)
        if not m:
            none = tuple(rebuild(_none_like, args[i]) for i in chosen)
            return none if several else none[0]
        found = []
        for i in range(m):
            one = [_example(arg, batch[k], i) if k in batch else arg for k, arg in enumerate(args)]
            found.append(slope(*one, **kwargs))
        slices = zip(*map(leaves, found))
        result = rebuild(lambda _: np.stack(next(slices)), found[0])
        return result if several else result[0]

    return named(slopes, "per_example_grad", f)


def _by_rows(trace: Trace) -> list[Any]:
    """For each fresh node d(end)/d(node), the entries of the end along the first axis: one walk for each of them."""
    rows = [_slopes(trace, e) for e in _basis(trace.end)]
    return [np.stack([row[k] for row in rows]) if rows else np.zeros((0, *x.shape)) for k, x in enumerate(trace.fresh)]


def _by_columns(trace: Trace) -> list[Any]:
    """The same, with one walk for each entry of the fresh nodes."""
    tangent = trace.push()
    found = []
    for x in trace.fresh:
        columns = []
        for e in _basis(x):
            directions = [e if y is x else np.zeros(y.shape, y.dtype) for y in trace.fresh]
            columns.append(tangent(directions).reshape(-1))
        J = np.stack(columns, axis=-1) if columns else np.zeros((trace.end.size, 0))
        found.append(J.reshape((trace.end.size, *x.shape)))
    return found


def _basis(x: Tensor) -> Iterator[np.ndarray]:
    for i in np.ndindex(x.shape):
        e = np.zeros(x.shape, x.dtype)
        e[i] = 1
        yield e


def _slopes(trace: Trace, seed: np.ndarray) -> list[Any]:
    """d(end)/d(node) for each fresh node, contracted with a real seed; complex where the end is."""
    along = trace.pull(seed)
    if trace.end.dtype.kind != "c":
        return along
    across = trace.pull(-1j * seed)  # picks the imaginary part of the end, as the seed picks the real one
    for x, a, b in zip(trace.fresh, along, across):
        if x.dtype.kind == "c":
            a, b = (y.data if type(y) is Tensor else y for y in (a, b))
            eps = float(np.finfo(x.dtype).eps)
            slope, value = (float(np.max(np.abs(y), initial=0.0)) for y in (a, trace.end.data))
            if np.any(np.abs(b + 1j * a) > eps**0.5 * slope + 10 * eps * value):  # more than rounding
                raise GradientError(
                    "the complex function is not analytic here: its slope depends on the direction in which the "
                    "argument moves, and is no single complex number; take np.real() and np.imag() of it apart."
                )
    return [a if x.dtype.kind == "c" else a + 1j * b for x, a, b in zip(trace.fresh, along, across)]


def _example(arg: Any, axis: int, i: int) -> Any:
    """Example number i, as a batch of one."""
    return rebuild(lambda x: pick(x, slice(i, i + 1), axis % x.ndim), arg)


def _none_like(x: Any) -> Any:
    """The gradients of no examples."""
    dx = np.zeros((0, *np.shape(x)), getattr(x, "dtype", float))
    return Tensor(dx) if type(x) is Tensor and x.requires_grad else dx


def _batch(args: tuple[Any, ...], chosen: Sequence[int], batch_argnums: Any, axis: Any) -> dict[int, int]:
    """{argument number: the axis along which it holds examples}."""
    n = len(args)
    shared = {i % n for i in chosen if n}
    numbers: Sequence[int] = [i for i in range(n) if i not in shared]
    if batch_argnums is not None:
        numbers, _ = positions(batch_argnums, "batch_argnums")
    for i in numbers:
        if not -n <= i < n or i % n in shared:
            why = "differentiated by, and so shared by all examples" if -n <= i < n else f"not there: f got {n}"
            raise GradientError(f"per_example_grad: argument number {i} of batch_argnums is {why}.")
    axes, several = positions(axis, "axis")
    axes = axes if several else axes * len(numbers)
    if not numbers or len(axes) != len(numbers):
        raise GradientError(
            f"per_example_grad: {len(numbers)} arguments hold examples, and axis={axis!r}: name the arguments with "
            f"batch_argnums=, and give one axis, or one for each."
        )
    return {i % n: along for i, along in zip(numbers, axes)}


def _examples(args: tuple[Any, ...], batch: dict[int, int]) -> int:
    """How many there are."""
    counts = {}
    for i, along in batch.items():
        for place, x in places(args[i]):
            shape = np.shape(x)
            if not -len(shape) <= along < len(shape):
                raise ShapeError(
                    f"per_example_grad: args[{i}]{place} is {shape} and has no axis {along}: name the arguments that "
                    f"hold examples with batch_argnums=, and where they lie with axis=."
                )
            counts[f"args[{i}]{place} holds {shape[along]} along axis {along}"] = shape[along]
    if len(set(counts.values())) != 1:
        raise ShapeError(f"per_example_grad: different numbers of examples: {'; '.join(counts) or 'none is given'}.")
    return next(iter(counts.values()))

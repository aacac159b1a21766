"""Walk a recorded graph backwards: sort it, apply each op's rules, add up what meets.  Floor 3.

A gradient is ready to be passed on only when *all* users of a tensor have handed in their share;
that is what the topological order is for.  Nothing here recurses, so a chain of a million ops is fine.
"""

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

from .anomaly import check_captured
from .errors import ChangedDataError, DTypeError, GradientError, GraphFreedError, NoRuleError, ShapeError
from .hooks import read_only, run_hooks
from .modes import current_watch, recording, watching
from .operands import numbers
from .primitives import NO_PARAMS, Primitive, clock

__all__ = ["FREED", "backpropagate", "check_unchanged", "count_users", "free_graph", "seed_for", "unbroadcast"]

#: Stands where a freed step's op stood.
FREED = Primitive(lambda x: x, "freed", {}, lambda x: x)


def count_users(end: Any, wanted: Collection[Any] | None = None) -> dict[Any, int]:
    """{tensor: in how many places it is used}, for the tensors that the gradient of `end` flows through.

    wanted: consider these tensors only.
    Raises GraphFreedError where a part of the graph has been freed.
    """
    node = type(end)
    users = {end: 0}
    found = [end]
    for t in found:  # grows while we walk it
        if t.op is FREED:
            raise GraphFreedError(
                f"the graph behind {t._label()} was freed by retain_graph=False: "
                f"run the forward pass again, or free it only after its last use."
            )
        for x in t.inputs:
            if type(x) is node and x._requires_grad and (wanted is None or x in wanted):
                if x in users:
                    users[x] += 1
                else:
                    users[x] = 1
                    found.append(x)
    return users


def seed_for(end: Any, gradient: Any) -> np.ndarray:
    """The array that a walk from `end` starts from: the gradient given, or 1 for a tensor of one entry.

    Raises ShapeError and DTypeError for a gradient unlike `end`, and where none is given and `end` is no real number.
    """
    array = end._array
    if gradient is None:
        if array.size != 1:
            raise ShapeError(
                f"{end._label()} is {array.shape}; backward() starts from one number: take .sum() or .mean(), "
                f"or pass gradient= of that shape."
            )
        if array.dtype.kind == "c":
            raise DTypeError(
                f"{end._label()} is {array.dtype}; backward() starts from a real number: take np.real() or "
                f"np.abs(), or pass gradient=."
            )
        return np.ones(array.shape, array.dtype)
    seed = gradient._array if type(gradient) is type(end) else gradient
    if type(seed) is not np.ndarray:
        seed = numbers(seed)
    if seed.dtype.kind == "c" and array.dtype.kind != "c":
        raise DTypeError(f"gradient= is complex and {end._label()} is {array.dtype}: give real numbers.")
    if seed.shape != array.shape:
        raise ShapeError(f"gradient= is {seed.shape}; {end._label()} is {array.shape}: they must be the same.")
    return seed if seed.dtype is array.dtype else seed.astype(array.dtype)


def backpropagate(
    end: Any,
    seed: Any,
    *,
    create_graph: bool = False,
    keep_all: bool = False,
    wanted: Collection[Any] | None = None,
) -> dict[Any, Any]:
    """{tensor: d(end)/d(tensor) contracted with seed} for leaves and after `retain_grad()` (`keep_all`: for all).

    seed: the gradient of `end`, of its shape; an array, or a Tensor with `create_graph`, where every rule
    is fed with Tensors and so records a graph of its own.
    wanted: compute gradients of these tensors only.
    Touches no `.grad`.  Raises NoRuleError, ChangedDataError, ShapeError, DTypeError, GraphFreedError.
    """
    node = type(end)
    watch = current_watch.get() if watching else None
    captured = watch if watch is not None and watch.captures and not recording.get() else None
    users = count_users(end, wanted)  # how many of them still owe each tensor their share
    check_unchanged(users)
    now = clock[0]
    grads = {end: seed}
    kept = {}
    order = [end]
    for t in order:  # grows while we walk it
        dz = grads.pop(t)
        op = t.op
        extras = t.extras
        if extras is not None:
            if "captured" in extras:
                check_captured(t)
            if "hooks" in extras:
                dz = run_hooks(t, dz)
                if clock[0] != now:  # a hook has replaced some data
                    check_unchanged(users)
        if watch is not None:
            watch.added_up(dz, t, seed)
            dz = read_only(dz)  # a rule that writes into it fails here, and not at a sibling
        if keep_all or op is None or (extras is not None and "retain_grad" in extras):
            kept[t] = dz
            if op is None:
                continue
        inputs, params = t.inputs, t.params
        args: Any
        if create_graph:
            args = (dz, t, *inputs)
        elif len(inputs) == 2:  # most steps; a list takes longer
            a, b = inputs
            args = (dz, t._array, a._array if type(a) is node else a, b._array if type(b) is node else b)
        else:
            args = [dz, t._array]
            for x in inputs:
                args.append(x._array if type(x) is node else x)
        for x, rule in zip(inputs, op.rules):
            if type(x) is node and x in users:
                if rule is None:
                    raise _no_rule(x, t)
                if captured is None:
                    dx = rule(*args, **params) if params else rule(*args)
                else:
                    dx = captured.applied(rule, args, params)
                data = x._array
                try:
                    if dx.shape != data.shape or dx.dtype is not data.dtype:
                        dx = _conform(dx, x, t)
                except AttributeError:
                    raise _no_array(dx, x, t) from None
                if watch is not None:
                    watch.passed_back(dx, dz, x, t, order)
                grads[x] = grads[x] + dx if x in grads else dx
                users[x] = left = users[x] - 1
                if not left:  # Kahn: a tensor is ready when all its users are done.
                    order.append(x)
    return kept


def free_graph(end: Any) -> None:
    """Give up every step behind `end`, in one sweep."""
    node = type(end)
    found = [end]
    for t in found:
        if t.op is not None:
            for x in t.inputs:
                if type(x) is node and x.op is not None:
                    found.append(x)
            t.op, t.inputs, t.params = FREED, (), NO_PARAMS


def unbroadcast(dx: Any, shape: tuple[int, ...]) -> Any:
    """Sum dx over the axes that broadcasting added to, or stretched in, an operand of this shape.

    This one place is why `db = sum(dZ, axis=1, keepdims=True)` comes out by itself for a bias of shape (n, 1).
    """
    add_up = np.add.reduce if type(dx) is np.ndarray else type(dx).sum  # the first is what ndarray.sum calls
    extra = len(dx.shape) - len(shape)
    if extra > 0:
        dx = add_up(dx, axis=tuple(range(extra)) if shape else None)
    stretched = []
    for i, (n, got) in enumerate(zip(shape, dx.shape)):
        if n == 1 and got != 1:
            stretched.append(i)
    return add_up(dx, axis=tuple(stretched), keepdims=True) if stretched else dx


def _conform(dx: Any, x: Any, t: Any) -> Any:
    """The contribution dx in x's shape and dtype."""
    shape = x._array.shape
    if watching and current_watch.get() is not None:
        current_watch.get().unlike(dx, x, t)
    if dx.shape != shape:
        got, dx = dx.shape, unbroadcast(dx, shape)
        if dx.shape != shape:
            raise ShapeError(
                f"{t.op.name}: the rule for {x._label()} gave a gradient of shape {got}; "
                f"{x._label()} is {shape}, and a gradient has the shape of its tensor."
            )
    if dx.dtype != x._array.dtype:
        if dx.dtype.kind not in "fc":
            raise DTypeError(f"{t.op.name}: the gradient for {x._label()} came out as {dx.dtype}; use float operands.")
        if dx.dtype.kind == "c" and x.dtype.kind != "c":
            dx = np.real(dx)  # a real input of a complex step moves along the real line only
        dx = dx.astype(x.dtype)
    return dx


def check_unchanged(tensors: Iterable[Any]) -> None:
    """Raise ChangedDataError if a step's input got new data after the step was recorded."""
    now = clock[0]
    for t in tensors:
        if t.stamp != now:  # some tensor changed since this step; one of its inputs?
            for x in t.inputs:
                if type(x) is type(t) and x.stamp > t.stamp:
                    raise ChangedDataError(
                        f"the data of {x._label()} was replaced after {t.op.name} had used it, so its gradient would "
                        f"be wrong: call backward() before you update {x._label()}, or run the forward pass again."
                    )


def _no_array(dx: Any, x: Any, t: Any) -> GradientError:
    return GradientError(
        f"{t.op.name}: the rule for {x._label()} gave {dx!r}, which is no array: "
        f"compute it from dz, so that it has the shape {x.shape}."
    )


def _no_rule(x: Any, t: Any) -> NoRuleError:
    name = next(n for n, y, rule in zip(t.op.inputs, t.inputs, t.op.rules) if y is x and rule is None)
    return NoRuleError(
        f"{t.op.name} has no rule for its input {name!r}, and {x._label()} requires a gradient through it: "
        f"declare one (d{name}=...), or pass {x._label()}.detach() if no gradient is meant to flow."
    )

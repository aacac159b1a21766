"""One run of a function on fresh nodes, and the walks from its result back to them.  Floor 5.

What every transform is made of.  No tracer levels are needed: the arguments are wrapped in fresh nodes, and only what
depends on these is walked; whatever else the result depends on (a captured parameter, the argument of an outer
`grad`) stays in the graph.  So a result is an array only if nothing it depends on still requires a gradient.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, final

import numpy as np

from .backprop import backpropagate
from .errors import DTypeError, GradientError, ShapeError
from .modes import capturing, recording
from .operands import numbers
from .primitives import NO_PARAMS, clock
from .rules.elementwise import positive
from .tensor import Tensor, record
from .trees import match_leaves, places, rebuild

__all__ = ["Trace", "dependents", "fresh_node", "in_one_row", "name_of", "named", "positions", "seed_like"]


@final
class Trace:
    """One run of f(*args, **kwargs), with fresh nodes in place of the arrays in the chosen arguments.

    value: what f returned (aux: beside it).  outputs: the Tensors in it.  end: where walks start, the output, or all
    of them in one row.  fresh: the nodes.  depends: what lies between them and the end; empty if nothing does.
    captured: whether the end depends on anything else that requires a gradient.
    """

    __slots__ = ("args", "aux", "captured", "chosen", "depends", "end", "fresh", "outputs", "tensors", "value")

    def __init__(
        self,
        transform: str,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Any,
        chosen: Sequence[int],
        *,
        has_aux: bool = False,
        single: bool = False,
        name: str = "args",
    ):
        if not callable(f):
            raise DTypeError(f"{transform} takes a function, and got a {type(f).__name__}: give f itself, not f(x).")
        for i in chosen:
            if not -len(args) <= i < len(args):
                raise GradientError(f"{transform}(argnums={i}) needs positional argument number {i}; got {len(args)}.")
        self.args = args
        self.chosen = [i % len(args) for i in chosen]
        self.fresh: list[Tensor] = []
        self.aux: Any = None
        clock[0] += 1  # steps recorded before now cannot depend on the fresh nodes
        token = recording.set(True)
        try:
            traced = list(args)
            for i in dict.fromkeys(self.chosen):  # an argument named twice is still one argument
                traced[i] = self._wrapped(args[i], f"{transform}: {name}[{i}]")
            self.value = f(*traced, **kwargs)
            if has_aux:
                self.value, self.aux = _pair(self.value, transform, f)
            self.outputs = _outputs(self.value, transform, f, single)
            self.end: Any = in_one_row(self.outputs)
        finally:
            recording.reset(token)
        self.tensors = any(x.op is not None for x in self.fresh)  # some argument is a Tensor that requires a gradient
        self.depends: set[Tensor] = set()
        self.captured = False
        if self.end.requires_grad:
            depends, self.captured = dependents(self.fresh, self.end)
            self.depends = depends if self.end in depends else set()

    def _wrapped(self, arg: Any, name: str) -> Any:
        before = len(self.fresh)

        def wrapped(x: Any) -> Tensor:
            self.fresh.append(fresh_node(x))
            return self.fresh[-1]

        try:
            return rebuild(wrapped, arg)
        except (DTypeError, ShapeError) as error:
            place, _ = places(arg)[len(self.fresh) - before]
            raise type(error)(f"{name}{place} cannot be differentiated by: {error}") from error

    def pull(self, seed: Any) -> list[Any]:
        """The gradient of each fresh node, contracted with a seed like the end: arrays, or Tensors with a graph."""
        alone = type(seed) is Tensor and not self.captured
        if alone:
            clock[0] += 1
        since = clock[0]
        grads = _walked(self.end, seed, self.captured, self.depends) if self.depends else {}
        if alone:
            self._cut(grads.values(), since)
        return [self.released(grads[x]) if x in grads else np.zeros(x.shape, x.dtype)[()] for x in self.fresh]

    def push(self) -> Callable[[list[Any]], Any]:
        """The map from tangents, one per fresh node, to the tangent of the end.

        `pull` is linear in its seed, so its own gradient by the seed is its transpose, and that is what we want.
        """
        clock[0] += 1
        seed = Tensor(np.zeros(self.end.shape, self.end.dtype), requires_grad=True)
        used: list[int] = []
        between: set[Tensor] = set()
        if self.depends:
            token = recording.set(True)
            try:
                grads = backpropagate(self.end, seed, create_graph=True, wanted=self.depends)
                used = [i for i, x in enumerate(self.fresh) if getattr(grads.get(x), "requires_grad", False)]
                if used:
                    end = in_one_row([grads[self.fresh[i]] for i in used])
                    between, _ = dependents([seed], end)
            finally:
                recording.reset(token)

        def tangent(directions: Sequence[Any]) -> Any:
            if not used or end not in between:  # the slope is 0 everywhere, as for np.sign
                return np.zeros(seed.shape, seed.dtype)[()]
            return self.released(_walked(end, in_one_row([directions[i] for i in used]), self.captured, between)[seed])

        return tangent

    def released(self, x: Any) -> Any:
        """x as an array of its own, if nothing it depends on but the fresh nodes requires a gradient; else x."""
        if type(x) is not Tensor:
            return np.array(x)[()]
        if x.requires_grad and recording.get() and (self.captured if x is self.end else dependents(self.fresh, x)[1]):
            return x
        return x.data.copy()[()]

    def handed_out(self, tree: Any) -> Any:
        """The value, or what came with it: arrays, or Tensors where Tensors that require a gradient went in."""

        def out(x: Any) -> Any:
            if type(x) is not Tensor:
                return x
            x = self.released(x)
            return Tensor(x) if self.tensors and type(x) is not Tensor else x

        return rebuild(out, tree)

    def seed(self, tree: Any, value_name: str, name: str) -> Any:
        """A seed for `pull`, from a tree like the value."""
        return in_one_row([seed_like(*pair) for pair in match_leaves(self.value, tree, value_name, name)])

    def arranged(self, gradients: Sequence[Any], tensors: bool = False) -> tuple[Any, ...]:
        """The gradients of the fresh nodes, in the structure of the chosen arguments.

        A Tensor for a Tensor that requires a gradient, so that a constant derivative has the derivative 0.
        """
        left = iter(gradients)

        def like(x: Any) -> Any:
            dx = next(left)
            wanted = tensors or (type(x) is Tensor and x.requires_grad)
            return Tensor(dx) if wanted and type(dx) is not Tensor else dx

        found = {i: rebuild(like, self.args[i]) for i in dict.fromkeys(self.chosen)}
        return tuple(found[i] for i in self.chosen)

    def close(self) -> None:
        """After the last walk: nobody will ask for the fresh nodes again, so an outer walk need not compute them."""
        for x in self.fresh:
            if x.op is None:
                x.requires_grad = False

    def seal(self) -> None:
        """For walks that come later: the fresh nodes become steps, so that an outer walk takes none for a parameter."""
        for x in self.fresh:
            if x.op is None:
                x.op, x.inputs, x.params = positive, (_constant(x),), NO_PARAMS
                x.retain_grad()

    def _cut(self, gradients: Iterable[Any], since: int) -> None:
        """Make constants of what f computed, in the graph of gradients that depend on nothing but the seed."""
        pending = list(gradients)
        seen = set()
        for t in pending:
            if type(t) is Tensor and t.stamp >= since and t not in seen:
                seen.add(t)
                t.inputs = tuple(_constant(x) if type(x) is Tensor and x in self.depends else x for x in t.inputs)
                pending.extend(t.inputs)


def positions(argnums: int | Sequence[int], name: str = "argnums") -> tuple[tuple[int, ...], bool]:
    """(the numbers, whether several were asked for)."""
    several = isinstance(argnums, Sequence)
    chosen = tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)
    if not all(isinstance(i, int | np.integer) for i in chosen):
        raise DTypeError(f"{name}={argnums!r}: give the number of an argument, counted from 0, or a tuple of numbers.")
    return chosen, several


def name_of(f: Callable[..., Any]) -> str:
    """f as errors call it."""
    return getattr(f, "__name__", "f")


def named(function: Callable[..., Any], transform: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with a name that tells what it was made of."""
    function.__name__ = f"{transform}({name_of(f)})"
    function.__doc__ = f"{function.__name__}: made by tinygrad_edu.{transform}."
    return function


def fresh_node(x: Any) -> Tensor:
    """A new node that stands for x: a leaf for an array, a step on top of a Tensor that requires a gradient."""
    if type(x) is Tensor and x.requires_grad:
        node = record(positive, (x,))
        node.retain_grad()
    else:
        node = Tensor(x)
        if node.dtype.kind not in "fc":
            raise DTypeError(
                f"it is {node.dtype}, and derivatives need floats: write 2.0 instead of 2, and give settings that "
                f"stay as they are in an argument of their own."
            )
        node.requires_grad = True
    if type(x) is Tensor:
        node.name = x.name
    return node


def seed_like(x: Tensor, v: Any, name: str, v_name: str) -> Any:
    """v in the dtype of x, of whose shape it must be: an array, or a Tensor that requires a gradient."""
    if type(v) is not Tensor:
        v = numbers(v)
    if tuple(v.shape) != x.shape:
        raise ShapeError(f"{v_name} is {tuple(v.shape)}; {name} is {x.shape}: they must be the same.")
    if v.dtype.kind == "c" and x.dtype.kind != "c":
        raise DTypeError(f"{v_name} is complex and {name} is {x.dtype}: give real numbers.")
    if type(v) is Tensor and not (v.requires_grad and recording.get()):
        v = v.data
    return v if v.dtype == x.dtype else v.astype(x.dtype)


def in_one_row(xs: Sequence[Any]) -> Any:
    """The one, or the entries of all in one row."""
    return xs[0] if len(xs) == 1 else np.concatenate([np.ravel(x) for x in xs])


def dependents(fresh: Sequence[Tensor], end: Tensor) -> tuple[set[Tensor], bool]:
    """(the tensors between the fresh nodes and the end, whether the end depends on anything else with a gradient).

    Looks only at what is younger than the fresh nodes, so an inner `grad` does not pay for the outer graph.
    """
    known = set(fresh)
    since = fresh[0].stamp if fresh else clock[0]  # no fresh node for an argument without arrays, such as {}
    users: dict[Tensor, list[Tensor]] = {}
    found, seen, captured = [end], {end}, False
    for t in found:
        captured = captured or (t.op is None and t not in known)
        for x in t.inputs:
            if type(x) is Tensor and x.requires_grad:
                if x.stamp < since:
                    captured = True
                    continue
                users.setdefault(x, []).append(t)
                if x not in seen:
                    seen.add(x)
                    found.append(x)
    between = list(fresh)
    for x in between:
        for t in users.get(x, ()):
            if t not in known:
                known.add(t)
                between.append(t)
    return known, captured


def _constant(x: Tensor) -> Tensor:
    """The data of x as it was when x was computed."""
    constant = x.detach()
    constant.stamp = x.stamp
    return constant


def _walked(end: Tensor, seed: Any, captured: bool, wanted: set[Tensor]) -> dict[Tensor, Any]:
    """`backpropagate`, with a graph where the gradients depend on more than arrays."""
    if recording.get() and (captured or type(seed) is Tensor):
        return backpropagate(end, seed if type(seed) is Tensor else Tensor(seed), create_graph=True, wanted=wanted)
    if capturing() is None:
        return backpropagate(end, seed.data if type(seed) is Tensor else seed, wanted=wanted)
    token = recording.set(False)  # numbers only, but each step of theirs is to be seen
    try:
        return backpropagate(end, Tensor(seed), create_graph=True, wanted=wanted)
    finally:
        recording.reset(token)


def _pair(value: Any, transform: str, f: Callable[..., Any]) -> tuple[Any, Any]:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise GradientError(
            f"{transform}: with has_aux=True, {name_of(f)} returns a pair (value, aux); got a {type(value).__name__}."
        )
    return value[0], value[1]


def _outputs(value: Any, transform: str, f: Callable[..., Any], single: bool) -> list[Tensor]:
    """The Tensors that f returned."""
    leaves = [("", value)] if single else places(value)
    for place, z in leaves or [("", value)]:
        where = f" at {place}" if place else ""
        if type(z) is not Tensor:
            cure = "; a pair (value, aux) needs has_aux=True" if isinstance(z, tuple) else ""
            raise GradientError(
                f"{transform}: {name_of(f)} returned a {type(z).__name__}{where}, which has no graph: return a Tensor "
                f"computed from the argument (float(), .item(), .data and math.exp() leave the graph, np.exp() does "
                f"not; a constant c can be written 0 * x + c{cure})."
            )
        if z.dtype.kind not in "fc":
            raise DTypeError(
                f"{transform}: {name_of(f)} returned {z.dtype}{where}, which has no derivative: return floats, and "
                f"anything else beside them with has_aux=True."
            )
    return [z for _, z in leaves]

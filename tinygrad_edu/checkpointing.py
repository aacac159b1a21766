"""Trade time for memory: forget what a function computed on its way, and compute it again in backward.  Floor 5.

    block = checkpoint(block)    # the gradients stay as they are

A checkpointed call is recorded as one step.  Its rules run the function again, on nodes that stand for the inputs, and
walk back through that graph, which lives no longer than its own walk.
"""

import copy
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, final

import numpy as np

from .backprop import FREED, backpropagate
from .errors import ChangedDataError, GradientError
from .modes import recording, refuse_compiled
from .primitives import NO_PARAMS, Primitive, clock
from .pullbacks import fresh_node, in_one_row, name_of
from .randomness import lenders
from .tensor import Tensor, record
from .trees import leaves, places, ravel, rebuild

__all__ = ["checkpoint"]


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """f, remembering for its gradient only what went in: backward() runs f again for what it computed on the way.

    Results and gradients are those of f, of any order, for arguments and for parameters that f finds elsewhere.  f
    takes anything, and returns Tensors or nested dicts, lists and tuples of them.  It runs twice, so it should do
    nothing but compute its result; random numbers from the generators of this library, or from one among the
    arguments, come out the same.  As a call or as a decorator.
    Raises ChangedDataError in backward() if f gives another result then, GradientError if it makes a parameter itself.
    Source: Chen et al. 2016, "Training deep nets with sublinear memory cost".

    >>> from tinygrad_edu import Tensor
    >>> W = Tensor([1.0, 2.0], requires_grad=True)
    >>> @checkpoint
    ... def block(x):
    ...     return (W * x) ** 2
    >>> block(3.0).sum().backward()
    >>> W.grad
    Tensor([18., 36.])
    """

    @functools.wraps(f, updated=())
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        if not recording.get():
            return f(*args, **kwargs)
        refuse_compiled(
            f"compile: the function calls {getattr(f, '__name__', 'a function')} under checkpoint, and a compiled "
            f"function cannot run it a second time in backward(): call it without checkpoint."
        )
        return _recorded(f, (args, kwargs))

    return checkpointed


def _recorded(f: Callable[..., Any], call: Any) -> Any:
    """f(*args, **kwargs), with one step in place of all that it recorded."""
    clock[0] += 1
    since = clock[0]
    given = list(leaves(call))
    nodes = {x: fresh_node(x.detach()) for x in given if type(x) is Tensor and x.requires_grad}
    loans = _Loans()
    try:
        lent = {x: loans(x, x) for x in given if isinstance(x, np.random.Generator)}
        value = _run(f, call, {**nodes, **lent}, loans)
    finally:
        loans.settle()
    outputs = [i for i, (place, z) in enumerate(places(value)) if _is_output(z, place, f)]
    if not outputs:
        return value
    ends = [z for i, z in enumerate(leaves(value)) if i in outputs]
    end, unravel = (ends[0], None) if len(ends) == 1 else ravel(ends)
    made, captured, constants = _explored(end, nodes.values(), since, f)
    constants += [x for x in given if type(x) is Tensor and not x.requires_grad]
    tensors = tuple(dict.fromkeys([*nodes, *captured]))
    rerun = _Rerun(f, call, tensors, loans.before, outputs, end.data)
    for t in made:  # a step that leaked out of f cannot lose a gradient in silence
        t.op, t.inputs, t.params = FREED, (), NO_PARAMS
    step = record(_checkpoint, (*tensors, *constants), {"f": rerun})  # the engine notices if one of them changes
    pieces = iter([step] if unravel is None else unravel(step))

    def recorded(z: Any) -> Any:
        if type(z) is not Tensor or not z.requires_grad:
            return z
        piece = next(pieces)
        piece.name = z.name
        return piece

    return rebuild(recorded, value)


@final
class _Loans:
    """Copies of generators, which nobody but f draws from; their owners are brought to the same state afterwards.

    before: by what was asked for (None: the default generator), as they were before f drew from them.
    """

    __slots__ = ("_lent", "before")

    def __init__(self) -> None:
        self.before: dict[Any, np.random.Generator] = {}
        self._lent: dict[np.random.Generator, np.random.Generator] = {}

    def __call__(self, source: Any, found: np.random.Generator) -> np.random.Generator:
        if found in self._lent.values():
            return found
        if found not in self._lent:
            before = copy.deepcopy(found)
            self.before.setdefault(source, before)
            self._lent[found] = copy.deepcopy(before)  # not of `found`, from which another thread may have drawn
        return self._lent[found]

    def settle(self) -> None:
        """The owners go on from where f left off."""
        for owner, lent in self._lent.items():
            owner.bit_generator.state = lent.bit_generator.state


@final
class _Rerun:
    """A checkpointed call: what it takes to run it again, and the gradients that come out."""

    __slots__ = ("__name__", "call", "f", "generators", "outputs", "tensors", "value")

    def __init__(
        self,
        f: Callable[..., Any],
        call: Any,
        tensors: Sequence[Tensor],
        generators: Mapping[Any, np.random.Generator],
        outputs: Sequence[int],
        value: np.ndarray,
    ):
        self.f = f
        self.__name__ = name_of(f)  # as pictures show it
        self.call = call
        self.tensors = tensors  # that require a gradient: arguments, and what f found elsewhere
        self.generators = generators  # by what was asked for, as they were before f drew from them
        self.outputs = outputs  # which leaves of what f returns depend on the tensors
        self.value = value

    def gradients(self, dz: Any, z: Any, xs: Sequence[Any]) -> list[Any]:
        """The gradient of each x, which may be another tensor (of another graph) than the one that f will find."""
        clock[0] += 1
        since = clock[0]
        token = recording.set(True)
        try:
            nodes = dict(zip(self.tensors, map(fresh_node, xs)))
            lent = {source: copy.deepcopy(found) for source, found in self.generators.items()}
            value = _run(self.f, self.call, {**nodes, **lent}, lambda source, found: lent.get(source, found))
            end = self._end(value)
            made, captured, _ = _explored(end, nodes.values(), since, self.f)
            if not nodes.keys() >= set(captured) or not _same(end.data, self.value):
                raise self._changed()
            for t in made:  # what f found elsewhere is replaced by the node for it: the graph is private
                t.inputs = tuple(nodes.get(x, x) if type(x) is Tensor else x for x in t.inputs)
            higher = type(z) is Tensor
            seed = Tensor(dz) if higher and type(dz) is not Tensor else dz
            wanted = {*made, *nodes.values()}
            grads = backpropagate(nodes.get(end, end), seed, create_graph=higher, wanted=wanted)
        finally:
            recording.reset(token)
        return [grads[x] if x in grads else np.zeros(x.shape, x.dtype) for x in nodes.values()]

    def _end(self, value: Any) -> Any:
        found = list(leaves(value))
        ends = [found[i] for i in self.outputs if i < len(found) and type(found[i]) is Tensor]
        if len(ends) != len(self.outputs):
            raise self._changed()
        return in_one_row(ends)

    def _changed(self) -> ChangedDataError:
        return ChangedDataError(
            f"checkpoint: {self.__name__} gave another result when it ran again, so its gradient would be wrong: "
            f"change no data and no setting before backward(), and draw random numbers from the generators of this "
            f"library, or from one that is an argument."
        )


def _value(*xs: Any, f: _Rerun) -> np.ndarray:
    """z = f(*xs), which was computed when f ran for the first time."""
    return f.value


#: Without the keyword `index`, the rule gives all gradients at once: in each walk f runs again once.
_checkpoint = Primitive(_value, "checkpoint", {"dxs": lambda dz, z, *xs, f: f.gradients(dz, z, xs)}, _value)


def _run(f: Callable[..., Any], call: Any, instead: Mapping[Any, Any], lender: Callable[..., Any]) -> Any:
    """f(*args, **kwargs), with other leaves and other generators."""
    args, kwargs = rebuild(lambda x: instead.get(x, x) if isinstance(x, Tensor | np.random.Generator) else x, call)
    token = lenders.set((*lenders.get(), lender))
    try:
        return f(*args, **kwargs)
    finally:
        lenders.reset(token)


def _is_output(z: Any, place: str, f: Callable[..., Any]) -> bool:
    if type(z) is Tensor:
        return z.requires_grad
    if z is None or isinstance(z, bool | int | float | complex | str | np.ndarray | np.generic):
        return False
    raise GradientError(
        f"checkpoint: {name_of(f)} returned a {type(z).__name__}{' at ' + place if place else ''}, whose gradients "
        f"would be lost: return Tensors, or nested dicts, lists and tuples of them."
    )


def _explored(
    end: Tensor, nodes: Iterable[Tensor], since: int, f: Callable[..., Any]
) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """What the end was computed from: (steps that f recorded, tensors it found that require a gradient, and others)."""
    made: list[Tensor] = []
    captured: list[Tensor] = []
    constants: list[Tensor] = []
    pending, seen = [end], set(nodes)
    for t in pending:
        if t in seen:
            continue
        seen.add(t)
        if t.stamp < since:
            (captured if t.requires_grad else constants).append(t)
        elif t.op is not None:
            made.append(t)
            pending.extend(x for x in t.inputs if type(x) is Tensor)
        elif t.requires_grad:
            raise GradientError(
                f"checkpoint: {name_of(f)} makes {t._label()}, or replaces its data, and would do so again in "
                f"backward(): make what requires a gradient outside."
            )
    return made, captured, constants


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    """Equal but for rounding: sums may come out otherwise where arrays lie otherwise in memory."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if np.array_equal(a, b):
        return True
    size = float(np.max(np.abs(b), where=np.isfinite(b), initial=0.0))
    eps = float(np.finfo(b.dtype).eps)
    return np.allclose(a, b, rtol=eps**0.5, atol=100 * eps * size, equal_nan=True)

"""Write down every step that is taken, those of gradients too.  Floor 5.

    with tracing() as steps:
        J = cost(W)              # steps: what J was made from, in order, also what no gradient flows through

While a step is only recorded where a gradient may be wanted, a trace holds all of them, and every array that a step
took in stands in it as a Tensor of its own.  So when rules are fed with Tensors, what they compute is written down too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, final

import numpy as np

from .backprop import FREED, check_unchanged
from .errors import GraphFreedError
from .modes import Observer, current_watch, watching
from .primitives import Primitive
from .tensor import Tensor, record

__all__ = ["Contribution", "Step", "inputs_first", "replay", "tensors_in", "tracing"]


class Step(NamedTuple):
    """out = op(*inputs, **params).  The inputs are Tensors and Python numbers."""

    out: Tensor
    op: Primitive
    inputs: tuple[Any, ...]
    params: Mapping[str, Any]

    @property
    def parents(self) -> list[Tensor]:
        """The inputs that are Tensors."""
        return [x for x in self.inputs if type(x) is Tensor]


class Contribution(NamedTuple):
    """The rule of t for its input x made of dz, the gradient of t, a share dx of the gradient of x.

    given: what the rule itself made, before it was summed to x's shape and cast to its dtype.
    place: how many steps had been taken when dx was there.
    """

    t: Tensor
    x: Tensor
    dz: Any
    given: Any
    dx: Any
    place: int


@final
class _Tracer(Observer):
    """What an open `tracing()` does at each step; it stands where the watch of `detect_anomaly` would."""

    def __init__(self, contributions: list[Contribution] | None) -> None:
        self.steps: list[Step] = []
        self.contributions = contributions
        self.given: Any = None  # where it is not what is passed back
        self.arrays: dict[int, tuple[Any, Tensor]] = {}  # id -> the array, which so keeps its id, and its Tensor

    def stepped(self, out: Tensor, op: Primitive, inputs: tuple[Any, ...], params: Mapping[str, Any]) -> None:
        inputs = tuple(self.lifted(x) if isinstance(x, np.ndarray | np.generic) else x for x in inputs)
        if out.op is not None:
            out.inputs = inputs  # rules will be fed with them
        self.steps.append(Step(out, op, inputs, params))

    def unlike(self, dx: Any, x: Tensor, t: Tensor) -> None:
        self.given = dx

    def passed_back(self, dx: Any, dz: Any, x: Tensor, t: Tensor, order: Any) -> None:
        given, self.given = dx if self.given is None else self.given, None
        if self.contributions is not None:
            self.contributions.append(Contribution(t, x, dz, given, dx, len(self.steps)))

    def lifted(self, array: Any) -> Tensor:
        if id(array) not in self.arrays:
            self.arrays[id(array)] = array, Tensor(array)
        return self.arrays[id(array)][1]


@contextmanager
def tracing(contributions: list[Contribution] | None = None) -> Iterator[list[Step]]:
    """All steps that this thread takes inside, in order; what walks backwards pass back is added to `contributions`.

    >>> import numpy as np
    >>> with tracing() as steps:
    ...     y = np.exp(Tensor(0.0)) + 1.0
    >>> [step.op.name for step in steps]
    ['exp', 'add']
    """
    tracer = _Tracer(contributions)
    watching.append(tracer)
    token = current_watch.set(tracer)
    try:
        yield tracer.steps
    finally:
        current_watch.reset(token)
        watching.remove(tracer)


def tensors_in(t: Tensor) -> list[Tensor]:
    """The Tensors that t was made from."""
    return [x for x in t.inputs if type(x) is Tensor]


def inputs_first(end: Tensor, inputs: Callable[[Any], Iterable[Any]] = tensors_in) -> list[Any]:
    """Everything that `end` was made from, each after its inputs, `end` last.  Raises GraphFreedError.

    inputs: what a thing was made from; by default its Tensors.
    """
    order: list[Any] = []
    seen = {id(end)}
    path = [(end, iter(inputs(end)))]
    while path:
        t, rest = path[-1]
        if type(t) is Tensor and t.op is FREED:
            raise GraphFreedError(
                f"the graph behind {t._label()} was freed by backward(retain_graph=False), so nothing is left to read: "
                f"run the forward pass again and draw it before that call, or call backward() without retain_graph."
            )
        for x in rest:
            if id(x) not in seen:
                seen.add(id(x))
                path.append((x, iter(inputs(x))))
                break
        else:
            order.append(t)
            path.pop()
    return order


def replay(end: Tensor) -> dict[Any, Tensor]:
    """{tensor: its twin} for every Tensor that `end` was made from, computed anew by the same steps.

    The twins have graphs of their own, so that walking them touches no `.grad`, no hook and no step of the first ones.
    Raises GraphFreedError, ChangedDataError.
    """
    twins: dict[Any, Tensor] = {}
    order = inputs_first(end)
    check_unchanged(order)
    for t in order:
        if t.op is None:
            twin = Tensor(t.data, t.requires_grad)
        else:
            twin = record(t.op, tuple(twins[x] if type(x) is Tensor else x for x in t.inputs), t.params)
        twin.name = t.name
        twins[t] = twin
    return twins

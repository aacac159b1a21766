"""Read a recorded graph out, as plain boxes of text.  The only file that knows how the engine records.

`read_graph(end)` gives one `Step` per tensor, inputs before their users, numbered n0, n1, ... in that order.
A Step keeps no reference to the engine: what it says was true when it was read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tinygrad_edu.backprop import FREED, backpropagate
from tinygrad_edu.errors import ChangedDataError, GraphFreedError, NoRuleError
from tinygrad_edu.tensor import Tensor

from .errors import GraphTooLargeError, NotDrawableError
from .notation import expression, scalar_text
from .text import array_text, cut, exact_text, isolated, visible

__all__ = ["Kind", "LIMIT", "Step", "read_graph"]

#: The most boxes in a picture.  Measured: 400 boxes take 0.1 s, or 1 s at their most tangled, and already fill
#: ten screens.  Beyond, a chain is wider than Graphviz's coordinates are exact, and tangles take minutes.
LIMIT = 400

#: The most columns of one name inside a label; the whole name is in the box's title.
NAME_COLUMNS = 24

Kind = Literal["parameter", "input", "constant", "result"]


@dataclass(frozen=True, slots=True)
class Step:
    """One tensor: a leaf, or the result of one operation.

    name, equation: in full.  label: the equation with long names cut.  inputs: the ids of the boxes it was
    made from, in the operation's order.  value, gradient: (short, exact) texts; None where there is none.
    """

    id: str
    kind: Kind
    name: str
    equation: str
    label: str
    op: str
    inputs: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    value: tuple[str, str]
    gradient: tuple[str, str] | None


def read_graph(end: Any, names: Mapping[str, Any] | None, grads: bool) -> list[Step]:
    """The steps that made `end`, each after its inputs, `end` last; with gradients of `end` if it is one number.

    Raises NotDrawableError, GraphTooLargeError, GraphFreedError, ChangedDataError.
    """
    if not isinstance(end, Tensor):
        raise NotDrawableError(f"draw() takes a Tensor, the end of the graph to draw; this is a {type(end).__name__}.")
    given = _given_names(names)
    nodes = _inputs_first(end)
    gradients = _gradients(end) if grads else {}
    full = _all_names(nodes, given)
    short = {key: cut(visible(name), NAME_COLUMNS) for key, name in full.items()}
    ids = {id(x): f"n{i}" for i, x in enumerate(nodes)}
    steps = []
    for x in nodes:
        data = x.data if isinstance(x, Tensor) else x
        dz = gradients.get(id(x))
        steps.append(
            Step(
                id=ids[id(x)],
                kind=_kind(x),
                name=visible(full[id(x)]),
                equation=_equation(x, {key: visible(name) for key, name in _operands(x, full).items()}),
                label=_equation(x, _operands(x, short)),
                op=visible(x.op.name) if _recorded(x) else "",
                inputs=tuple(ids[id(y)] for y in _inputs(x)),
                shape=data.shape,
                dtype=data.dtype.name,
                value=(array_text(data), exact_text(data)),
                gradient=None if dz is None else (array_text(dz), exact_text(dz)),
            )
        )
    return steps


def _recorded(x: Any) -> bool:
    return isinstance(x, Tensor) and x.op is not None


def _is_box(x: Any) -> bool:
    """Tensors and arrays get a box; plain numbers stand inside the equation."""
    return isinstance(x, Tensor) or (isinstance(x, np.ndarray) and x.ndim > 0)


def _inputs(x: Any) -> list[Any]:
    return [y for y in x.inputs if _is_box(y)] if _recorded(x) else []


def _inputs_first(end: Tensor) -> list[Any]:
    """Every tensor and array that `end` was made from, each after its inputs, without recursion."""
    order: list[Any] = []
    seen = {id(end)}
    path: list[tuple[Any, Any]] = [(end, iter(_inputs(end)))]
    while path:
        x, rest = path[-1]
        if _recorded(x) and x.op is FREED:
            raise GraphFreedError(
                "this graph was freed by backward(retain_graph=False), so there is nothing left to draw: "
                "run the forward pass again and draw it before that call, or call backward() without retain_graph."
            )
        for y in rest:
            if id(y) not in seen:
                seen.add(id(y))
                path.append((y, iter(_inputs(y))))
                break
        else:
            order.append(x)
            path.pop()
    if len(order) > LIMIT:
        raise GraphTooLargeError(
            f"this graph has {len(order)} tensors, and a picture is readable up to {LIMIT}: draw a part of it, "
            f"by passing a tensor nearer to the inputs (the output of one layer), or build the same graph with "
            f"fewer layers, steps or scalars. One matrix product is one box, however large its matrices are."
        )
    return order


def _gradients(end: Tensor) -> dict[int, Any]:
    """{id(tensor): array}, computed for the picture alone: no `.grad` is read or written."""
    if not end.requires_grad or end.size != 1:
        return {}
    try:
        with np.errstate(all="ignore"):  # an inf or nan is in the picture; backward() has warned already
            found = backpropagate(end, np.ones(end.shape, end.dtype), keep_all=True)
    except (ChangedDataError, NoRuleError) as error:
        raise type(error)(f"{error} To draw the graph without its gradients: draw(t, grads=False).") from error
    return {id(t): np.asarray(dz) for t, dz in found.items()}


def _given_names(names: Mapping[str, Any] | None) -> dict[int, str]:
    """{id(tensor or array): name}; other values are passed over, so that `names=locals()` works."""
    if names is None:
        return {}
    if not isinstance(names, Mapping) or not all(isinstance(name, str) for name in names):
        raise NotDrawableError('names= maps names to tensors or arrays: names={"W": W, "Y": Y}, or names=locals().')
    given: dict[int, str] = {}
    for name, x in names.items():
        if isinstance(x, Tensor | np.ndarray) and not name.startswith("_"):  # notebooks keep results as _, _1, ...
            given.setdefault(id(x), name)
    return given


def _all_names(nodes: list[Any], given: dict[int, str]) -> dict[int, str]:
    """{id: name}: as given in names=, else the tensor's own, else t1, t2, ... (c1, c2, ... for bare arrays)."""
    found: dict[int, str] = {}
    for x in nodes:
        tensor = isinstance(x, Tensor)
        of_its_array = given.get(id(x.data)) if tensor and x.op is None else None
        name = given.get(id(x)) or of_its_array or (x.name if tensor else None)
        if name:
            found[id(x)] = str(name)
    taken = set(found.values())
    counters = {"t": 0, "c": 0}
    for x in nodes:
        letter = "t" if isinstance(x, Tensor) else "c"
        while id(x) not in found:
            counters[letter] += 1
            name = f"{letter}{counters[letter]}"
            if name not in taken:
                found[id(x)] = name
    return found


def _operands(x: Any, names: dict[int, str]) -> dict[int, str]:
    return {id(y): names[id(y)] for y in (x, *_inputs(x))}


def _equation(x: Any, names: dict[int, str]) -> str:
    """`Z1 = W1 @ X + b1`, or just the name of a leaf."""
    name = isolated(names[id(x)])
    if not _recorded(x):
        return name
    operands = [isolated(names[id(y)]) if _is_box(y) else scalar_text(y) for y in x.inputs if y is not None]
    return f"{name} = {expression(visible(x.op.name), operands, x.params, x.op.defaults)}"


def _kind(x: Any) -> Kind:
    if not isinstance(x, Tensor):
        return "constant"
    if x.op is not None:
        return "result"
    return "parameter" if x.requires_grad else "input"

"""Read a recorded graph out.  The only file that knows how the engine records.

`read_graph(end)` gives a `Graph`: the tensors and arrays behind `end`, inputs before their users, each by its number.
`Graph.step(i)` tells one of them as text, which no later change of the tensors changes.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, final

import numpy as np

from tinygrad_edu.backprop import backpropagate
from tinygrad_edu.derivation.naming import Names
from tinygrad_edu.derivation.walking import LIMIT, walk
from tinygrad_edu.errors import ChangedDataError, NoRuleError
from tinygrad_edu.tensor import Tensor
from tinygrad_edu.tracing import inputs_first

from .errors import NotDrawableError
from .folding import Vertex
from .grouping import Made
from .notation import expression
from .text import cut, isolated, visible

__all__ = ["Graph", "Kind", "read_graph", "rule_texts"]

#: The most columns of one name inside a label; the whole name is in the box's title.
NAME_COLUMNS = 24

#: So many of what is alike are asked what they have in common.
SOME = 100

Kind = Literal["parameter", "input", "constant", "result"]


@final
class Graph:
    """What was recorded behind a tensor.  The number of a node is its place in `nodes`, inputs first, the end last.

    inputs: the numbers of the nodes that each was made from, in the operation's order; plain numbers are in none.
    names: of all nodes; named: of those that have one of the user's.  gradients: {number: array}.
    """

    def __init__(self, nodes: list[Any], given: Mapping[str, Any]):
        self.nodes = nodes
        self._number = {id(x): i for i, x in enumerate(nodes)}
        self.inputs = [tuple(self._number[id(y)] for y in _inputs(x)) for x in nodes]
        names = Names(given, exact=True)
        names.give_all(dict(enumerate(nodes)))
        self.named: dict[int, str] = dict(names.of)
        for i, x in enumerate(nodes):
            if i not in self.named:
                names.give_any(i, "t" if isinstance(x, Tensor) else "c")
        self.names = [names.of[i] for i in range(len(nodes))]
        self.gradients: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.nodes)

    def number_of(self, x: Any) -> int | None:
        """The number of this tensor or array, if it is in the graph."""
        return self._number.get(id(x))

    def data(self, i: int) -> np.ndarray:
        """The array in a node."""
        return self.nodes[i].data if isinstance(self.nodes[i], Tensor) else self.nodes[i]

    def kind(self, i: int) -> Kind:
        """What a node is."""
        x = self.nodes[i]
        if not isinstance(x, Tensor):
            return "constant"
        if x.op is not None:
            return "result"
        return "parameter" if x.requires_grad else "input"

    def op(self, i: int) -> str:
        """The name of the operation, "" for what was given."""
        return visible(self.nodes[i].op.name) if _recorded(self.nodes[i]) else ""

    def equation(self, i: int, name: Callable[[int], str]) -> str:
        """`Z1 = W1 @ X + b1`, or just the name of a leaf."""
        own = isolated(name(i))
        return f"{own} = {self.expression(i, lambda k: isolated(name(k)))}" if _recorded(self.nodes[i]) else own

    def expression(self, i: int, name: Callable[[int], str]) -> str:
        """The right-hand side of it."""
        x = self.nodes[i]
        operands = [name(self._number[id(y)]) if _is_box(y) else y for y in x.inputs if y is not None]
        return expression(x, operands)

    def common(self, members: Sequence[int]) -> str:
        """What these tensors, which are alike, have in common: their name, or what computes them."""
        names = {self.names[i] if i in self.named else "" for i in members}
        if len(names) == 1 and "" not in names:
            return self.short(members[0])
        if not _recorded(self.nodes[members[0]]):
            return self.kind(members[0])
        texts = {self.expression(i, lambda k: "·") for i in members[:SOME]}
        return texts.pop() if len(texts) == 1 else f"{self.op(members[0])}(·)"

    def terms(self, links: Sequence[int]) -> int:
        """How many terms are added (or multiplied, ...) in these steps, without the 0 or 1 with which Python begins."""
        inside, found = set(links), 0
        for x in (self.nodes[i] for i in links):
            nothing = {"add": 0, "multiply": 1}.get(x.op.name)
            found += sum(self._number[id(y)] not in inside if _is_box(y) else y != nothing for y in x.inputs)
        return found

    def short(self, i: int) -> str:
        """A name that fits into a label."""
        return cut(visible(self.names[i]), NAME_COLUMNS)

    def whole(self, i: int) -> str:
        """A name, every character visible."""
        return visible(self.names[i])

    @cached_property
    def alike(self) -> list[Vertex]:
        """The nodes for `folding`: those of one label do the same; names and numbers do not count."""
        return [Vertex(self._label(i), self.op(i), self.inputs[i]) for i in range(len(self.nodes))]

    def _label(self, i: int) -> Hashable:
        x, data = self.nodes[i], self.data(i)
        what: Hashable = self.kind(i)
        if _recorded(x):
            params = tuple((key, repr(value)) for key, value in x.params.items())
            what = (x.op.name, params, tuple(type(y).__name__ for y in x.inputs if not _is_box(y)))
        return what, data.shape, data.dtype.name

    @cached_property
    def made(self) -> list[Made]:
        """What modules made, each with the name that the module around it has for it."""
        found, seen = [], set()
        marks = [(i, mark) for i, x in enumerate(self.nodes) for mark in _marks(x)]
        called = {}
        for _, (module, _) in marks:
            if id(module) not in seen:
                seen.add(id(module))
                called.update({id(child): name for name, child in module.named_children()})
        for i, (module, inputs) in marks:
            numbers = frozenset(k for k in map(self.number_of, inputs) if k is not None)
            kind = type(module).__name__
            title = f"{called[id(module)]}: {kind}" if id(module) in called else kind
            found.append(Made(visible(title), i, numbers))
        return found


def read_graph(end: Any, names: Mapping[str, Any] | None, grads: bool) -> Graph:
    """The graph behind `end`, with gradients of `end` if it is one number.

    Raises NotDrawableError, GraphFreedError, ChangedDataError.
    """
    if not isinstance(end, Tensor):
        raise NotDrawableError(f"draw() takes a Tensor, the end of the graph to draw; this is a {type(end).__name__}.")
    graph = Graph(inputs_first(end, _inputs), _given(names))
    if grads:
        found = _gradients(end)
        graph.gradients = {i: found[id(x)] for i, x in enumerate(graph.nodes) if id(x) in found}
    return graph


def rule_texts(graph: Graph) -> dict[tuple[int, int], list[str]]:
    """{(user, input): what the user's rule hands back to the input, once for each place in which it uses it}.

    Nothing of a graph without gradients, or of one with more steps than can be walked.
    """
    if len(graph.gradients) < 2 or sum(map(_recorded, graph.nodes)) > LIMIT:
        return {}
    end = graph.nodes[-1]
    names: dict[str, Any] = {}
    for i, x in enumerate(graph.nodes):
        name = isolated(graph.whole(i))
        names[f"{name}_{i}" if name in names else name] = x  # two names may look alike
    found: dict[tuple[int, int], list[str]] = {}
    for share in walk(end, names=names, exact=True).shares:
        ends = graph._number[id(share.user)], graph._number[id(share.tensor)]
        found.setdefault(ends, []).append(share.expression)
    return found


def _recorded(x: Any) -> bool:
    return isinstance(x, Tensor) and x.op is not None


def _is_box(x: Any) -> bool:
    """Tensors and arrays get a box; plain numbers stand inside the equation."""
    return isinstance(x, Tensor) or (isinstance(x, np.ndarray) and x.ndim > 0)


def _inputs(x: Any) -> list[Any]:
    return [y for y in x.inputs if _is_box(y)] if _recorded(x) else []


def _marks(x: Any) -> tuple[Any, ...]:
    """(module, its inputs) for each module whose result x is."""
    return x.extras.get("modules", ()) if isinstance(x, Tensor) and x.extras else ()


def _gradients(end: Tensor) -> dict[int, Any]:
    """{id(tensor): array}, computed for the picture alone: no `.grad` is read or written."""
    if not end.requires_grad or end.size != 1 or end.dtype.kind == "c":
        return {}
    try:
        with np.errstate(all="ignore"):  # an inf or nan is in the picture; backward() has warned already
            found = backpropagate(end, np.ones(end.shape, end.dtype), keep_all=True)
    except (ChangedDataError, NoRuleError) as error:
        raise type(error)(f"{error} To draw the graph without its gradients: draw(t, grads=False).") from error
    return {id(t): np.asarray(dz) for t, dz in found.items()}


def _given(names: Mapping[str, Any] | None) -> dict[str, Any]:
    """The names without those that a notebook gives by itself, _, _1, ..., so that `names=locals()` works."""
    if names is None:
        return {}
    if not isinstance(names, Mapping) or not all(isinstance(name, str) for name in names):
        raise NotDrawableError('names= maps names to tensors or arrays: names={"W": W, "Y": Y}, or names=locals().')
    return {name: x for name, x in names.items() if not name.startswith("_")}

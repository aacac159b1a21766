"""Walk a recorded graph forward and then backward, one step at a time, with every equation and every number.  Floor 6.

    w = walk(J)
    w.forward                  # Z1 = t1 + b1, ...: one operation each
    for visit in w.backward:   # in the order in which backprop goes, each tensor once all its shares have come in
        visit.name, visit.gradient, visit.received, visit.passed

While `derive` folds what has no name into the equation that uses it, here every tensor has a name and a line.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, final

import numpy as np

from ..errors import GradientError
from ..tensor import Tensor
from ..tracing import Contribution, Step, inputs_first
from .lines import Line, lines
from .naming import Names, Size
from .notation import TEXT, Binds, Written, write_line, written_line
from .simplify import simplified
from .traced import Convention, Traced, check_end, leaves, named_m, numbers_of, walked, with_sizes

__all__ = ["Forward", "LIMIT", "Node", "Share", "Visit", "Walk", "walk"]

#: The most steps that a walk is for: it is there to be read.
LIMIT = 1000


class Node(NamedTuple):
    """A tensor or bare array of the graph.

    called: the user's own name for it, in full and as it is, or None.  thing: the Tensor or array itself.
    """

    name: str
    called: str | None
    kind: Literal["parameter", "input", "constant", "result"]
    thing: Any
    array: np.ndarray


class Forward(NamedTuple):
    """name = expression: one operation.  operands: {name in the expression: its array}."""

    name: str
    expression: str
    tensor: Tensor
    array: np.ndarray
    operands: dict[str, np.ndarray]

    def __str__(self) -> str:
        return f"{self.name} = {self.expression}"


class Share(NamedTuple):
    """What the rule of the step that made `user` hands to its input `tensor`: a share of that tensor's gradient.

    name: what the gradient is called, dW.  expression: what ran, in the reader's names.  lines: (name, expression) of
    what the expression refers to and no tensor of the graph is.  array: its numbers, in the tensor's shape.
    rule, given: expression and numbers as the rule made them, before broadcasting was undone; summed: the axes of
    `given` that were then added up, () for none.
    number, of: the first, second, ... of so many shares.  total: the sum of all shares so far, this one included.
    operands: {name in the expressions: its array}.
    """

    user: Tensor
    tensor: Tensor
    name: str
    expression: str
    lines: tuple[tuple[str, str], ...]
    array: np.ndarray
    rule: str
    given: np.ndarray
    summed: tuple[int, ...]
    number: int
    of: int
    total: np.ndarray
    operands: dict[str, np.ndarray]

    def __str__(self) -> str:
        return f"{self.name} {'+=' if self.number > 1 else '='} {self.expression}"


class Visit(NamedTuple):
    """The gradient of a tensor is complete: name = expression, the sum of the shares received.

    passed: the shares that the tensor's own step then hands to its inputs; none for a leaf.
    """

    tensor: Tensor
    name: str
    expression: str
    gradient: np.ndarray
    received: tuple[Share, ...]
    passed: tuple[Share, ...]

    def __str__(self) -> str:
        return f"{self.name} = {self.expression}"


@final
class Walk:
    """Both passes over a graph.  nodes: its tensors and arrays, each after its inputs.  forward: its steps.

    backward: its visits, in the order in which backprop goes.  shares: what they pass back, in order.
    m: by how much gradients between the end and the leaves are larger than the true ones: 1, or the course's m.
    sizes: {name in the expressions: number}, of the numbers that have a name.
    str(walk): all equations.
    """

    def __init__(
        self,
        nodes: tuple[Node, ...],
        forward: tuple[Forward, ...],
        backward: tuple[Visit, ...],
        m: Size | None,
        sizes: Iterable[Size],
    ):
        self.nodes, self.forward, self.backward = nodes, forward, backward
        self.m = 1 if m is None else m.value
        self.sizes = {size.name: size.value for size in (*sizes, *([] if m is None else [m]))}
        self.shares = tuple(share for visit in backward for share in visit.passed)

    def __str__(self) -> str:
        return "\n".join([*map(str, self.forward), "", *map(str, self.backward)])

    def __repr__(self) -> str:
        return f"<walk over {len(self.forward)} steps, and back to {len(self.backward)} tensors>"


def walk(
    J: Tensor,
    *,
    names: Mapping[str, Any] | None = None,
    convention: Convention = "gradient",
    exact: bool = False,
) -> Walk:
    """Every step that made J, and every share of a gradient that backprop hands back through it, in its order.

    J: a recorded tensor of one entry.  names, convention: as in `derive`, but every tensor has a name of its own here.
    exact: names stand in the expressions as they are; else as Python identifiers.
    In the convention "course" all shares, and the gradients of what is no leaf, are m times the gradient.
    The numbers are those of J.backward(), to the last bit.  No `.grad` is read or written, no hook called.
    The arrays are read-only; those of the forward pass share memory with the graph.
    Raises GradientError for a graph of more than 1000 steps and for what has no graph, no gradient or no m,
    GraphFreedError, ChangedDataError, ShapeError unless J is one entry, DTypeError for a complex J, DomainError for
    another convention, NoRuleError.

    >>> a, b = Tensor(2.0, requires_grad=True, name="a"), Tensor(-3.0, requires_grad=True, name="b")
    >>> w = walk(a * b + a)
    >>> print(w)
    t1 = a * b
    J = t1 + a
    <BLANKLINE>
    dJ = 1
    dt1 = dJ
    da = dJ + dt1 * b
    db = dt1 * a
    >>> [f"{share}: {share.array}, {share.number} of {share.of}" for share in w.shares if share.tensor is a]
    ['da = dJ: 1.0, 1 of 2', 'da += dt1 * b: -3.0, 2 of 2']
    """
    check_end(J, "walk", "walk through", convention)
    behind = inputs_first(J)
    count = sum(t.op is not None for t in behind)
    if count > LIMIT:
        raise GradientError(
            f"{J._label()} was made in {count} steps, and a walk is readable up to {LIMIT}: walk over a smaller one, "
            f"with fewer layers, time steps or scalars. One matrix product is one step, however large its matrices are."
        )
    names_ = Names(names, exact=exact)
    traced = walked(J, names_, convention, [t for t in behind if t.op is None and t.requires_grad])
    return _Reader(J, traced, names_, convention).walk()


@final
class _Reader:
    """Puts what was traced into words."""

    def __init__(self, J: Tensor, traced: Traced, names: Names, convention: Convention):
        self._traced, self._names = traced, names
        self._course = convention == "course"
        self._numbers, self._made = numbers_of(J, traced.m)
        self._m = named_m(names, traced.m) if self._course else None
        self._tensors = {twin: t for t, twin in traced.twins.items()}
        self._twins = inputs_first(traced.twins[J])  # among them the bare arrays, which have become Tensors
        # A bare number stands in the equation, whatever the user calls it.
        shown = [x for x in self._twins if x.ndim or x in self._tensors]
        self._called = names.give_all({x: self._tensors.get(x, x) for x in shown})
        self._end = self._twins[-1]
        if self._end not in names.of:
            names.give(self._end, "J")
        for x in shown:
            if x not in names.of:
                names.give_any(x, "t" if x.requires_grad else "c")

    def walk(self) -> Walk:
        """The whole of it."""
        forward = tuple(self._forward(x) for x in self._twins if x.op is not None)
        nodes = tuple(self._node(x) for x in self._twins if x in self._names.of)
        with np.errstate(all="ignore"):  # what overflows here has overflowed in backward(), which has warned
            return Walk(nodes, forward, tuple(self._visits()), self._m, self._names.sizes.values())

    def _node(self, x: Tensor) -> Node:
        t = self._tensors.get(x)
        kind: Literal["parameter", "input", "constant", "result"] = "constant"
        if t is not None:
            kind = "result" if t.op is not None else "parameter" if t.requires_grad else "input"
        return Node(self._names.of[x], self._called.get(x), kind, x.data if t is None else t, _fixed(x))

    def _forward(self, x: Tensor) -> Forward:
        inputs = (y if type(y) is not Tensor or y in self._names.of else y.data[()] for y in x.inputs)
        step = Step(x, x.op, tuple(inputs), x.params)
        line = Line(self._names.of[x], x, (step,), x)
        return Forward(line.name, write_line(line, self._names, TEXT), self._tensors[x], _fixed(x), self._read([line]))

    def _visits(self) -> Iterable[Visit]:
        names, parts = self._names, self._traced.parts
        handed: dict[Tensor, list[tuple[Contribution, Contribution, list[Step]]]] = {}
        owed: Counter[Tensor] = Counter()
        for numbers, (made, steps) in zip(self._made, self._slices()):
            handed.setdefault(made.t, []).append((numbers, made, steps))
            owed[made.x] += 1
        gradients = {self._end: self._traced.seed, **{self._traced.twins[t]: dt for t, dt in parts.items()}}
        called = {self._end: names.distinct(f"d{names.of[self._end]}")}
        received: dict[Tensor, list[tuple[Share, Written]]] = {self._end: []}
        order = [self._end]
        for x in order:  # grows while we walk it
            dx = gradients[x]
            if dx not in self._tensors:
                names.of[dx] = called[x]  # several tensors may have one gradient: each step calls it its own
            passed = []
            for numbers, made, steps in handed.get(x, ()):
                y = made.x
                if y not in called:
                    called[y] = names.distinct(f"d{names.of[y]}")
                so_far = received.setdefault(y, [])
                share, written = self._share(numbers, made, steps, called[y], so_far, owed[y])
                so_far.append((share, written))
                passed.append(share)
                if len(so_far) == owed[y]:
                    order.append(y)
            yield self._visit(x, called[x], received[x], tuple(passed))

    def _slices(self) -> Iterable[tuple[Contribution, list[Step]]]:
        """Each contribution in this graph, with the steps taken for it.

        They were taken since the contribution before it; or, by a rule that makes all at once, for the first one.
        """
        start = 0
        summing: set[Tensor] = set()
        taken: dict[Tensor, tuple[int, Step]] = {}  # what the rules of the tensor of this moment made
        of = None
        for made in self._traced.contributions:
            if made.t in self._tensors:  # and not in one that a rule has made and walked for itself
                if made.t is not of:
                    of, taken = made.t, {}
                for place, step in enumerate(self._traced.steps[start : made.place], start):
                    taken[step.out] = place, step
                yield made, _needed((made.dx, made.given), taken)
                start = made.place + (made.x in summing)  # the step that added it to what was there before
                summing.add(made.x)

    def _share(
        self,
        numbers: Contribution,
        made: Contribution,
        steps: list[Step],
        name: str,
        before: list[tuple[Share, Written]],
        of: int,
    ) -> tuple[Share, Written]:
        names = self._names
        constants = [x for x in leaves(steps) if x not in names.of and not x.requires_grad]
        plain, stands = simplified(steps, constants, self._traced.seed if self._course else None, ())
        plain = [with_sizes(step, names, None) for step in plain]
        for x in leaves(plain):
            if x not in names.of:
                names.give_any(x, "t" if x.requires_grad else "c")

        def lines_of(thing: Any) -> list[Line]:
            root = thing if type(thing) is Tensor else Tensor(thing)
            end = stands.get(root, root)
            if type(end) is Tensor and end not in names.of and all(step.out is not end for step in plain):
                names.give_any(end, "c")  # the rule did nothing for it
            return lines(plain, [(name, root, end)], names, set(names.of))

        found = lines_of(made.dx)
        rule = found if made.given is made.dx else [*found[:-1], *lines_of(made.given)]
        written = written_line(found[-1], names, TEXT)
        array, given = _fixed(numbers.dx), _fixed(numbers.given)
        share = Share(
            user=self._tensors[made.t],
            tensor=self._tensors[made.x],
            name=name,
            expression=written.text,
            lines=tuple((line.name, write_line(line, names, TEXT)) for line in rule[:-1]),
            array=array,
            rule=write_line(rule[-1], names, TEXT),
            given=given,
            summed=_summed(given.shape, array.shape),
            number=len(before) + 1,
            of=of,
            total=_fixed(before[-1][0].total + array) if before else array,
            operands=self._read([*found, *rule]),
        )
        return share, written

    def _visit(self, x: Tensor, name: str, received: list[tuple[Share, Written]], passed: tuple[Share, ...]) -> Visit:
        t = self._tensors[x]
        if x is self._end:
            one = self._m.name if self._m else "1"
            return Visit(t, name, one, _fixed(self._numbers[t]), (), passed)
        first, *others = (written for _, written in received)
        whole = first
        for written in others:
            whole = Written(f"{whole.within(Binds.SUM)} + {written.within(Binds.SUM + 1)}", Binds.SUM)
        if self._m and t.op is None:
            whole = Written(f"{whole.within(Binds.PRODUCT)} / {self._m.name}", Binds.PRODUCT)
            gradient = _fixed(self._numbers[t] / self._m.value)
        else:
            gradient = _fixed(self._numbers[t])
        return Visit(t, name, whole.text, gradient, tuple(s for s, _ in received), passed)

    def _read(self, found: Iterable[Line]) -> dict[str, np.ndarray]:
        """{name: array} of what the lines read, and of what they make on the way."""
        read = [x for line in found for x in (line.end, *(x for step in line.steps for x in step.parents))]
        return {self._names.of[x]: _fixed(x) for x in read if type(x) is Tensor and x in self._names.of}


def _needed(made: Iterable[Any], taken: Mapping[Tensor, tuple[int, Step]]) -> list[Step]:
    """Those of the steps taken that these were made in, in order."""
    found: dict[int, Step] = {}
    waiting = [x for x in made if type(x) is Tensor]
    while waiting:
        place, step = taken.get(waiting.pop(), (-1, None))
        if step is not None and place not in found:
            found[place] = step
            waiting += step.parents
    return [step for _, step in sorted(found.items())]


def _fixed(x: Any) -> np.ndarray:
    """The numbers, not to be written into."""
    view = np.asarray(x.data if type(x) is Tensor else x).view()
    view.flags.writeable = False
    return view


def _summed(given: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of `given` that broadcasting had added to, or stretched in, an operand of this shape."""
    extra = len(given) - len(shape)
    return (*range(extra), *(extra + i for i, n in enumerate(shape) if n == 1 and given[extra + i] != 1))

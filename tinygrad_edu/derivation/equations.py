"""Read the gradient out of a recorded graph, as the equations you would have written by hand.  Floor 6.

    J = binary_cross_entropy(net(X), Y)
    print(tg.derive(J))                          # dA3 = ..., dZ3 = ..., dW3 = dZ3 @ A2.T, ...
    print(tg.derive(J, convention="course"))     # with the 1/m in dW and db only

The rules are fed with Tensors, which record what the rules do; what is printed is what ran.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, final

from ..errors import GradientError
from ..tensor import Tensor
from ..tracing import Step, inputs_first
from .latex import LATEX, latex_name
from .lines import Root, lines
from .naming import Names
from .notation import TEXT, write_line
from .simplify import simplified
from .source import module_text
from .traced import Convention, check_end, leaves, named_m, walked, with_sizes

__all__ = ["Derivation", "Equation", "derive"]


#: A longer equation has its shape right behind it, so that the others' still fit into a terminal of 80 columns.
ALIGNED = 60


class Equation(NamedTuple):
    """name = expression, of this shape."""

    name: str
    expression: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.name} = {self.expression}"


@final
class Derivation:
    """The backward pass: `str(d)`, `d.equations`, `d.text(shapes=True)`, `d.latex()`, and as NumPy, `d.source()`.

    >>> x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> d = derive((x**2).sum())
    >>> d.equations[0].name, d.equations[0].expression, d.equations[0].shape
    ('dx', '2 * x', (2,))
    >>> print(d.latex())
    \\begin{aligned}
    dx &= 2 \\cdot x
    \\end{aligned}

    steps: what ran, forward and backward.  forward: (name, tensor, what stands for it) for the results of the forward
    pass, the end last.  gradients: likewise.  names: of everything.
    """

    def __init__(self, steps: Sequence[Step], forward: Sequence[Root], gradients: Sequence[Root], names: Names):
        self._steps, self._forward, self._gradients, self.names = steps, forward, gradients, names
        self._lines = lines(steps, gradients, names, set(names.of))
        self.equations = tuple(Equation(x.name, write_line(x, names, TEXT), x.tensor.shape) for x in self._lines)

    def __str__(self) -> str:
        return "\n".join(map(str, self.equations))

    def __repr__(self) -> str:
        return f"<derivation of {len(self.equations)} equations>"

    def text(self, *, shapes: bool = False) -> str:
        """One equation a line; shapes: with the shape of each result beside it."""
        if not shapes:
            return str(self)
        width = max((len(str(e)) for e in self.equations if len(str(e)) <= ALIGNED), default=0)
        return "\n".join(f"{str(e).ljust(width)}  # {e.shape}" for e in self.equations)

    def latex(self) -> str:
        """The equations in LaTeX, aligned at their equals signs; layers as in the course, W^{[l]}."""
        rows = [f"{latex_name(x.name)} &= {write_line(x, self.names, LATEX)}" for x in self._lines]
        return "\n".join([r"\begin{aligned}", " \\\\\n".join(rows), r"\end{aligned}"])

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def source(self, function_name: str = "backward") -> str:
        """A NumPy module with two functions: forward(...) -> (J, cache), and backward(cache) -> {"dW": dW, ...}.

        It imports NumPy only, takes the leaves and constants by their names, in the shapes they have here, and gives
        the engine's numbers, to 1e-15 of the largest; in the course's convention dZ and dA are m times the gradient.
        Indices that came from the data, such as the order of np.sort, stand in it as they were.
        Raises NoRuleError for a step that is no NumPy, such as a checkpoint; DomainError for a bad name.

        >>> import numpy as np
        >>> x = Tensor([1.0, 2.0], requires_grad=True, name="x")
        >>> module = {}
        >>> exec(derive((x**2).sum()).source(), module)
        >>> J, cache = module["forward"](np.array([3.0, 4.0]))
        >>> module["backward"](cache)["dx"]
        array([6., 8.])
        """
        return module_text(self._steps, self._forward, self._gradients, self.names, function_name)


def derive(
    J: Tensor,
    wrt: Sequence[Tensor] | Tensor | None = None,
    *,
    names: Mapping[str, Any] | None = None,
    convention: Convention = "gradient",
) -> Derivation:
    """The gradients of J, equation by equation, in the order in which backprop computes them.

    J: a recorded tensor of one entry.  wrt: the tensors whose gradients are wanted; by default all leaves that require
    one.  The gradient of W is called dW; a result without a name is part of the expression that uses it, or t1, t2, ...
    where it is used twice; constants are c1, c2, ..., also the one-hot that cross_entropy makes of integer labels; of
    two things with one name the second is called A_2.  names: {"W": W, "m": 209, ...} names tensors and arrays by
    identity, and sizes that are divided by; beyond it tensors have their own names.  What was no step of the graph,
    such as the mask of a np.where, stands as a constant.
    convention: "gradient" is dJ itself; "course" leaves 1/m out of every dZ and dA and puts it into the gradients of
    leaves, dW and db.  m is what the loss averages over, or what names= says.
    No `.grad` is read or written, no hook called.
    Raises GradientError for what has no graph, no gradient or no m, GraphFreedError, ChangedDataError, ShapeError
    unless J is one entry, DTypeError for a complex J, DomainError for another convention, NoRuleError.

    >>> import numpy as np
    >>> W = Tensor([[1.0, 2.0]], requires_grad=True, name="W")
    >>> Z = W @ np.ones((2, 3))
    >>> Z.name = "Z"
    >>> print(derive((Z * Z).sum(), names={"X": Z.inputs[1]}))
    dZ = Z + Z
    dW = dZ @ X.T
    """
    check_end(J, "derive", "derive", convention)
    targets = _targets(J, wrt)
    called = Names(names)
    steps, twins, seed, m, parts, true, _ = walked(J, called, convention, targets)
    size = named_m(called, m) if convention == "course" else None
    divided = {dt for t, dt in true.items() if dt is not parts[t]}
    _give_names(twins, [J, *targets], steps, called)
    plain, stands = simplified(
        steps, [x for x in leaves(steps) if x not in called.of and not x.requires_grad], seed, {*called.of, *divided}
    )
    plain = [with_sizes(step, called, size if step.out in divided else None) for step in plain]
    for x in leaves(plain):
        if x not in called.of:
            called.give_any(x, "t" if x.requires_grad else "c")
    forward = [(called.of[x], x, x) for t, x in twins.items() if x in called.of and t.op is not None]
    wanted = [(called.of[twins[t]], t) for t in _ordered(twins, parts) if twins[t] in called.of]
    ends = [(called.distinct(f"d{name}"), true[t], stands.get(true[t], true[t])) for name, t in wanted]
    return Derivation(plain, forward, ends, called)


def _targets(J: Tensor, wrt: Sequence[Tensor] | Tensor | None) -> list[Tensor]:
    """The tensors whose gradients are wanted."""
    behind = set(inputs_first(J))
    if wrt is None:
        return [t for t in behind if t.op is None and t.requires_grad]
    if type(wrt) is not Tensor and not isinstance(wrt, Sequence):
        raise GradientError(f"derive(wrt=...) takes a Tensor or a list of them; this is a {type(wrt).__name__}.")
    targets = [wrt] if type(wrt) is Tensor else list(wrt)
    if not targets:
        raise GradientError("derive(wrt=[]): name a tensor whose gradient is wanted, or leave wrt out for all leaves.")
    for t in targets:
        if type(t) is not Tensor or t not in behind or not t.requires_grad or t is J:
            what = t._label() if type(t) is Tensor else f"this {type(t).__name__}"
            raise GradientError(f"derive(wrt=...): {J._label()} has no gradient with respect to {what}.")
    return targets


def _give_names(twins: Mapping[Tensor, Tensor], ends: Sequence[Tensor], steps: Sequence[Step], names: Names) -> None:
    """Call everything what the user calls it, the first of the ends J, and the others anything."""
    names.give_all({x: x for x in leaves(steps)} | {twin: t for t, twin in twins.items()})
    if twins[ends[0]] not in names.of:
        names.give(twins[ends[0]], "J")
    for t in ends[1:]:
        if twins[t] not in names.of:
            names.give_any(twins[t])


def _ordered(behind: dict[Tensor, Any], grads: Mapping[Tensor, Any]) -> list[Tensor]:
    """The tensors in the order of the walk, each layer's leaves right behind what they belong to."""
    place = {t: i for i, t in enumerate(reversed(behind))}
    last: dict[Tensor, int] = {}
    for t, i in place.items():
        for x in t.inputs:
            if type(x) is Tensor:
                last[x] = max(last.get(x, 0), i)
    return sorted(grads, key=lambda t: (last[t], t.op is not None, -place[t] if t.op is None else place[t]))

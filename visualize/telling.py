"""What the stepper's page says at each step: sentences, equations with their arrays, shapes, what is known afterwards.

Plain dicts and lists, ready for JSON.  Everything in them comes from `tinygrad_edu.derivation.walking`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np

from tinygrad_edu.derivation.walking import Forward, Node, Share, Visit, Walk

from .arrays import Arrays
from .faults import FAULTS, wrong_gradients
from .pixels import diverging_png
from .text import counted, cut, visible
from .verdicts import difference, verdict

__all__ = ["story"]

#: The most columns of an equation inside a sentence; it stands in full at its own step.
EQUATION = 120

#: The parts of an expression: a quoted text or .T; a name, unless it names an argument, as axis= does; whatever else.
PARTS = re.compile(r"('[^']*'|\.T\b)|([^\W\d]\w*)(?!\w)(?!=(?!=))|(\w+|\W)")


def story(walk: Walk, called: Sequence[str | None], boxes: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The page's data: nodes, steps, arrays, and what the three faults make of it.

    called: the user's own name for each node, which may be longer than the walk's.
    boxes: the id and the name of the box of the picture that stands for each.
    """
    return _Teller(walk).told(called, boxes)


@final
class _Teller:
    def __init__(self, walk: Walk):
        self._walk = walk
        self._arrays = Arrays()
        self._nodes = {id(node.thing): i for i, node in enumerate(walk.nodes)}
        self._visits = {visit.tensor: visit for visit in walk.backward}
        self._steps = {step.tensor: str(step) for step in walk.forward}
        self._end = walk.backward[0]

    def told(self, called: Sequence[str | None], boxes: Sequence[tuple[str, str]]) -> dict[str, Any]:
        steps = [self._start(), *map(self._forward, self._walk.forward), self._seed()]
        steps += [self._share(share) for share in self._walk.shares]
        return {
            "end": self._walk.nodes[-1].name,
            "gradients": len(self._walk.backward),
            "nodes": list(map(self._node, self._walk.nodes, called, boxes)),
            "steps": steps,
            "faults": list(map(self._fault, FAULTS)),
            "arrays": self._arrays.found,
            "scale": diverging_png(np.linspace(-1.0, 1.0, 63)[None], 1.0),
        }

    def _node(self, node: Node, called: str | None, box: tuple[str, str]) -> dict[str, Any]:
        whole = visible(called) if called and called != node.name else None
        place = self._arrays.place(node.array)
        return {"name": node.name, "called": whole, "kind": node.kind, "array": place, "box": box}

    def _start(self) -> dict[str, Any]:
        walk = self._walk
        leaves = [i for i, node in enumerate(walk.nodes) if node.kind != "result"]
        end = walk.nodes[-1].name
        return {
            "phase": "start",
            "title": f"The graph of {end}",
            "lit": leaves,
            "says": f"First forward, {counted(len(walk.forward), 'step')} from what is given to {end}; then "
            f"backward through the same steps, {counted(len(walk.shares), 'share')} of gradients handed back.",
        }

    def _forward(self, step: Forward) -> dict[str, Any]:
        inputs = [self._nodes[id(x)] for x in step.tensor.inputs if id(x) in self._nodes]
        array = self._arrays.place(step.array)
        sources = list(dict.fromkeys(self._walk.nodes[i].name for i in inputs))
        made_of = f" from {_listed(sources)}" if sources else ""
        return {
            "phase": "forward",
            "title": str(step),
            "lit": [self._nodes[id(step.tensor)]],
            "from": inputs,
            "says": f"Forward: {step.name} is computed{made_of}.",
            "equations": [self._equation(step.name, "=", step.expression, step.operands, array)],
            "check": _check(step.name, step.expression, step.operands, step.array.shape),
        }

    def _seed(self) -> dict[str, Any]:
        visit, name = self._end, self._walk.nodes[-1].name
        if visit.expression == "1":
            says = f"The backward pass begins at the end: {name} changes by as much as {name} changes, so {visit}."
        else:
            says = (
                f"The backward pass begins at the end. In the course's convention it begins at {visit.expression} "
                f"instead of 1: all gradients on the way are {visit.expression} times too large, and the gradients of "
                f"leaves are divided by {visit.expression}."
            )
        array = self._arrays.place(visit.gradient)
        operands = {visit.expression: visit.gradient}
        return {
            "phase": "backward",
            "title": str(visit),
            "lit": [self._nodes[id(visit.tensor)]],
            "says": says,
            "equations": [self._equation(visit.name, "=", visit.expression, operands, array)],
            "gives": self._gives(visit.tensor, visit.name, visit.gradient, 0, 0),
        }

    def _share(self, share: Share) -> dict[str, Any]:
        visit = self._visits[share.tensor]
        x, t = self._called(share.tensor), self._called(share.user)
        array = self._arrays.place(share.array)
        sign = "+=" if share.number > 1 else "="
        equations = [
            self._equation(name, "=", expression, share.operands, self._arrays.place(share.operands[name]))
            for name, expression in share.lines
        ]
        equations.append(self._equation(share.name, sign, share.expression, share.operands, array))
        last = share.number == share.of
        divided = last and self._walk.m > 1 and share.tensor.is_leaf
        if share.of > 1 or divided:  # the name is the whole gradient's
            equations[-1]["label"] = "this share"
        which = f", share {share.number} of {share.of}" if share.of > 1 else ""
        check = _check(share.name, share.expression, share.operands, share.array.shape)
        step: dict[str, Any] = {
            "phase": "backward",
            "title": str(share),
            "lit": [self._nodes[id(share.tensor)]],
            "from": [self._nodes[id(share.user)]],
            "says": f"Backward through {self._made(share.user)}, towards {x}{which}.",
            "equations": equations,
            "check": f"{check}, the shape of {x}" if check else None,
        }
        if share.summed:
            step["stretch"] = self._stretch(share, x, t)
        if share.of > 1:
            step["meet"] = self._meet(share, x)
        if divided:
            whole = self._arrays.place(visit.gradient)
            equation = self._equation(visit.name, "=", visit.expression, self._whole(visit), whole)
            step["divided"] = {"says": f"{x} is a leaf: here the course's 1/m comes in.", "equation": equation}
            if share.of == 1:
                step |= {"title": str(visit), "head": equation}
        gradient = visit.gradient if last else share.total
        step["gives"] = self._gives(share.tensor, share.name, gradient, share.number, share.of)
        return step

    def _whole(self, visit: Visit) -> dict[str, np.ndarray]:
        """The operands of all shares of a gradient."""
        return {name: array for share in visit.received for name, array in share.operands.items()}

    def _stretch(self, share: Share, x: str, t: str) -> dict[str, Any]:
        """Why a share is summed, and over which axes."""
        given, shape = share.given.shape, share.array.shape
        axes = _listed([f"axis {i} ({given[i]} {'entry' if given[i] == 1 else 'entries'})" for i in share.summed])
        times = int(np.prod([given[i] for i in share.summed]))
        often = "once" if times == 1 else f"{times} times"
        return {
            "says": f"Broadcasting had stretched {x} from {shape} to {given} in {self._made(share.user)}: each entry "
            f"was used {often}. Each use hands back its part, and the parts add up: the rule gave {given}, "
            f"which is summed over {axes}.",
            "rule": self._equation(
                share.name, "before the sum =", share.rule, share.operands, self._arrays.place(share.given)
            ),
            "array": self._arrays.place(share.array),
        }

    def _meet(self, share: Share, x: str) -> dict[str, Any]:
        """The sum of the shares so far, where a tensor feeds several steps."""
        before = self._visits[share.tensor].received[share.number - 2].total if share.number > 1 else None
        left = share.of - share.number
        says = f"{x} is used in {share.of} places, so {share.of} shares add up to its gradient."
        if not left:
            says += f" This was the last: {share.name} is complete."
        elif share.tensor.is_leaf:
            says += f" {counted(left, 'share')} still to come."
        else:
            says += f" {counted(left, 'share')} still to come: only then may {x} pass its gradient on."
        return {
            "says": says,
            "before": None if before is None else self._arrays.place(before),
            "share": self._arrays.place(share.array),
            "total": self._arrays.place(share.total),
        }

    def _gives(self, tensor: Any, name: str, gradient: np.ndarray, number: int, of: int) -> dict[str, Any]:
        return {
            "node": self._nodes[id(tensor)],
            "name": name,
            "array": self._arrays.place(gradient),
            "state": "complete" if number == of else f"{number} of {of} shares",
        }

    def _called(self, tensor: Any) -> str:
        return self._walk.nodes[self._nodes[id(tensor)]].name

    def _made(self, tensor: Any) -> str:
        """The equation of the step that made it."""
        return cut(self._steps[tensor], EQUATION)

    def _equation(
        self, name: str, sign: str, expression: str, operands: Mapping[str, np.ndarray], array: int
    ) -> dict[str, Any]:
        """parts: texts, and [name, where its array is] for the operands and the sizes.  array: the result's."""
        parts: list[Any] = []
        for quoted, word, other in PARTS.findall(expression):
            if word in operands:
                parts.append([word, self._arrays.place(operands[word])])
            elif word in self._walk.sizes:
                parts.append([word, self._arrays.place(np.array(self._walk.sizes[word]))])
            elif parts and type(parts[-1]) is str:
                parts[-1] += quoted or word or other
            else:
                parts.append(quoted or word or other)
        return {"name": name, "sign": sign, "parts": parts, "array": array}

    def _fault(self, fault: Any) -> dict[str, Any]:
        """What each tensor's gradient becomes, the sentence that says why, and where the walk had to stop."""
        walk, J = self._walk, self._end.tensor
        wrong = wrong_gradients(J, fault, m=walk.m)
        rows = []
        for visit in walk.backward:
            got = wrong.gradients.get(visit.tensor)
            if got is not None and walk.m > 1 and visit.tensor.is_leaf:
                got = got / walk.m
            rows.append((visit, got))
        return {
            "fault": fault,
            "says": verdict(walk, fault, rows, wrong.stopped),
            "rows": [
                {
                    "name": visit.name,
                    "node": self._nodes[id(visit.tensor)],
                    "right": self._arrays.place(visit.gradient),
                    "wrong": None if got is None else self._arrays.place(got),
                    "off": difference(visit.gradient, got),
                }
                for visit, got in rows
            ],
        }


def _listed(parts: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _check(name: str, expression: str, operands: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> str | None:
    """The equation with the shape of each operand: W.T (5, 3) @ dZ (3, 9) → dA (5, 9); None where all are numbers."""
    if not shape and not any(array.ndim for array in operands.values()):
        return None
    text, pending = "", None
    for quoted, word, other in PARTS.findall(expression):
        if pending is not None:
            text += f".T {pending[::-1]}" if quoted == ".T" else f" {pending}"
            if quoted == ".T":
                pending = None
                continue
        pending = operands[word].shape if word in operands else None
        text += quoted or word or other
    return f"{text if pending is None else f'{text} {pending}'} → {name} {shape}"

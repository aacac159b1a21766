"""What the picture of a graph shows: which boxes, which arrows between them, in which frames, and what it leaves out.

Up to 60 tensors stand in full, with the gradients flowing back; up to 300, if most results have names, each in a short
box.  Beyond, groups close and what is alike becomes one box, and the picture says so.
"""

import re
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .box import Box, full_box, group_box, many_box, short_box
from .folding import Fold, Vertex, fold_sums, folded, quotient, users_of
from .graph import Graph, rule_texts
from .grouping import Group, layers, modules, nested

__all__ = ["Edge", "FULL", "Frame", "GROUPS", "Look", "Scene", "scene"]

#: The most boxes that stand in full, and the most in any picture.
FULL, LIMIT = 60, 300

#: `around=` shows so many rings of neighbours, fewer if they do not fit into so many boxes, and at least one.
RINGS, AROUND = 2, 30

#: What differs in the titles of groups that are alike: W[3] is told as W[l].
NUMBER = re.compile(r"\d+")

#: What `group=` may be, and what it frames.
GROUPS = {
    "auto": "layers and modules",
    "layers": "what the names W1, b1, Z1, A1 tell",
    "modules": "what each nn.Module made",
    "none": "nothing",
}


class Look(NamedTuple):
    """What `draw` was asked for."""

    values: bool
    grads: bool
    shapes: bool
    group: str
    depth: int | None


class Edge(NamedTuple):
    """From the box `tail` to the box `head`, the way the data flows; a gradient flows back.  text: uncut."""

    tail: str
    head: str
    kind: Literal["forward", "gradient"]
    text: str = ""


class Frame(NamedTuple):
    """Boxes under one title.  parent: the number of the frame around it, or None."""

    title: str
    parent: int | None
    boxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """boxes: inputs before their users.  note: what the picture leaves out, "" if nothing.

    box_of: {number of a node: the id of the box that stands for it}.  end: the id of the end's box, if it is there.
    """

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    frames: tuple[Frame, ...]
    note: str
    box_of: dict[int, str]
    end: str | None


def scene(graph: Graph, look: Look, around: int | None) -> Scene:
    """The picture of the graph.  around: only the neighbourhood of this node."""
    groups = _groups(graph, look.group)
    kept = set(range(len(graph))) if around is None else _neighbourhood(graph, around, groups, look.depth)
    fold, closed = _fold(graph, groups, look.depth, kept)
    reached = {fold[k] for k in kept if fold[k] in closed}
    kept |= {k for k in range(len(graph)) if fold[k] in reached}  # a group is told as a whole
    shown = sorted({fold[k] for k in kept})
    members: dict[int, list[int]] = {i: [] for i in shown[-LIMIT:]}
    for k in sorted(kept):
        if fold[k] in members:
            members[fold[k]].append(k)
    full = len(members) <= FULL
    rules = rule_texts(graph) if full and look.grads else None
    boxes = _boxes(graph, look, members, closed, full, rules or {})
    edges = _edges(graph, fold, members, rules)
    frames = _frames(groups, members, closed)
    note = _note(graph, members, kept, bool(closed), len(shown) - len(members), full, look.grads)
    box_of = {k: f"n{i}" for i, mine in members.items() for k in mine}
    return Scene(boxes, edges, frames, note, box_of, box_of.get(len(graph) - 1))


def _groups(graph: Graph, how: str) -> list[Group]:
    leaf = [not graph.op(i) for i in range(len(graph))]
    found: list[Group] = []
    if how in ("auto", "layers"):
        found += layers({i: graph.whole(i) for i in graph.named}, graph.inputs, leaf)
    if how in ("auto", "modules"):
        found += modules(graph.made, graph.inputs, [graph.kind(i) == "parameter" for i in range(len(graph))])
    return nested(found, frozenset(i for i in range(len(graph)) if not leaf[i]))


def _neighbourhood(graph: Graph, around: int, groups: Sequence[Group], depth: int | None) -> set[int]:
    """What is near to this node; a group that `depth` closes counts as one."""
    fold: Fold = list(range(len(graph))) if depth is None else _closed(graph, groups, depth)[0]
    inputs = quotient(graph.alike, fold)
    users = users_of(inputs)
    found = ring = {fold[around]}
    for number in range(RINGS):
        ring = {y for x in ring for y in (*inputs[x], *users[x])} - found
        if number and len(found) + len(ring) > AROUND:
            break
        found = found | ring
    return {k for k in range(len(graph)) if fold[k] in found}


def _fold(graph: Graph, groups: Sequence[Group], depth: int | None, kept: set[int]) -> tuple[Fold, dict[int, str]]:
    """(the fold, {last node of a closed group: its title})."""
    open_fold: Fold = list(range(len(graph)))
    deepest = max((_depth(groups, g) for g in range(len(groups))), default=0)
    if depth is not None:
        return _closed(graph, groups, depth)
    results = [i for i in kept if graph.op(i)]
    if len(kept) <= FULL or (len(kept) <= LIMIT and sum(i in graph.named for i in results) >= len(results) / 2):
        return open_fold, {}
    fold, closed = open_fold, dict[int, str]()
    for levels in reversed(range(deepest + 2 if groups else 1)):
        fold, closed = _closed(graph, groups, levels)
        if len({fold[k] for k in kept}) <= FULL:
            break
        fold = folded(_alike(graph, fold, closed), fold, FULL)
        if len({fold[k] for k in kept}) <= FULL:
            break
    if len({fold[k] for k in kept}) > FULL and len(kept) <= LIMIT:  # nothing is gained
        return open_fold, {}
    return fold, closed


def _alike(graph: Graph, fold: Fold, closed: Mapping[int, str]) -> list[Vertex]:
    """The nodes; closed groups are alike that hold the same."""
    inside: dict[int, Counter[Hashable]] = {i: Counter() for i in closed}
    for k, i in enumerate(fold):
        if i in inside:
            inside[i][graph.alike[k].label] += 1
    nodes = list(graph.alike)
    for i, labels in inside.items():
        nodes[i] = Vertex(("group", frozenset(labels.items())), "group", nodes[i].inputs)
    return nodes


def _depth(groups: Sequence[Group], g: int) -> int:
    depth = 0
    while (parent := groups[g].parent) is not None:
        g, depth = parent, depth + 1
    return depth


def _closed(graph: Graph, groups: Sequence[Group], levels: int) -> tuple[Fold, dict[int, str]]:
    """With the groups open that have fewer than so many around them, and the next ones closed."""
    fold = list(range(len(graph)))
    closed: dict[int, str] = {}
    for g, group in enumerate(groups):
        if _depth(groups, g) == levels:
            last = max(group.members)
            closed[last] = group.title
            for k in group.members:
                fold[k] = last
    return fold, closed


def _boxes(
    graph: Graph,
    look: Look,
    members: Mapping[int, Sequence[int]],
    closed: Mapping[int, str],
    full: bool,
    rules: Mapping[tuple[int, int], Sequence[str]],
) -> tuple[Box, ...]:
    sums: dict[int, list[str]] = {}  # node -> the shares of its gradient
    for (_, x), texts in rules.items():
        sums.setdefault(x, []).extend(texts)
    runs = fold_sums(graph.alike, list(range(len(graph)))) if len(members) < len(graph) else []
    found = []
    for i, mine in members.items():
        if i in closed:
            times = sum(k in closed for k in mine)
            name = f"{times} × {NUMBER.sub('l', closed[i])}" if times > 1 else closed[i]
            found.append(group_box(graph, i, mine, name, values=look.values, shapes=look.shapes))
        elif len(mine) > 1:
            last = sorted({runs[k] for k in mine})
            terms, rest = divmod(graph.terms(mine), len(last)) if len(mine) > len(last) else (0, 0)
            found.append(many_box(graph, i, mine, last, 0 if rest else terms, values=look.values, shapes=look.shapes))
        elif full:
            found.append(full_box(graph, i, sums.get(i, ()), values=look.values, shapes=look.shapes))
        else:
            found.append(short_box(graph, i, shapes=look.shapes))
    return tuple(found)


def _edges(
    graph: Graph,
    fold: Fold,
    members: Mapping[int, Sequence[int]],
    rules: Mapping[tuple[int, int], Sequence[str]] | None,
) -> tuple[Edge, ...]:
    """The arrows between boxes; one for all that run between the same two, if either stands for several nodes."""
    found: dict[Edge, None] = {}
    several: list[Edge] = []
    for i, mine in members.items():
        for k in mine:
            for x in graph.inputs[k]:
                tail = fold[x]
                if tail not in members or tail == i:
                    continue
                single = len(mine) == len(members[tail]) == 1
                forward = Edge(f"n{tail}", f"n{i}", "forward")
                if single:
                    several.append(forward)
                else:
                    found[forward] = None
                ruled = single and rules  # drawn below, an arrow for each rule
                if rules is not None and not ruled and x in graph.gradients and k in graph.gradients:
                    name = f"d{graph.whole(tail)}" if len(members[tail]) == 1 else ""
                    found[Edge(f"n{tail}", f"n{i}", "gradient", name)] = None
            if rules is not None:
                for x in dict.fromkeys(graph.inputs[k]):
                    if fold[x] in members and len(mine) == len(members[fold[x]]) == 1:
                        several += [Edge(f"n{x}", f"n{i}", "gradient", text) for text in rules.get((k, x), ())]
    return (*several, *found)


def _frames(
    groups: Sequence[Group], members: Mapping[int, Sequence[int]], closed: Mapping[int, str]
) -> tuple[Frame, ...]:
    """The open groups of two boxes or more; a box stands in the innermost that holds all it stands for."""
    inside: dict[int, list[str]] = {g: [] for g in range(len(groups))}
    for i, mine in members.items():
        around = [g for g, group in enumerate(groups) if group.members.issuperset(mine)]
        if i in closed:
            around = [g for g in around if len(groups[g].members) > len(mine)]
        if around:
            inside[around[-1]].append(f"n{i}")
    counts = [len(inside[g]) for g in range(len(groups))]
    for g in reversed(range(len(groups))):  # parents come first
        parent = groups[g].parent
        if parent is not None:
            counts[parent] += counts[g]
    number: dict[int, int] = {}
    found: list[Frame] = []
    for g, group in enumerate(groups):
        if counts[g] > 1:
            number[g] = len(found)
            parent = group.parent
            found.append(Frame(group.title, None if parent is None else number[parent], tuple(inside[g])))
    return tuple(found)


def _note(
    graph: Graph,
    members: Mapping[int, Sequence[int]],
    kept: Collection[int],
    closed: bool,
    left_out: int,
    full: bool,
    grads: bool,
) -> str:
    """What the picture leaves out."""
    parts = []
    shown = sum(map(len, members.values()))
    if len(kept) < len(graph):
        parts.append(f"{len(kept)} of {len(graph)} tensors: a neighbourhood.")
    if shown > len(members):
        how = (
            "what is alike is one box" if not closed else "layers and modules are closed, and what is alike is one box"
        )
        parts.append(f"{shown} tensors in {len(members)} boxes: {how}.")
    if left_out:
        parts.append(f"{left_out} boxes nearer to the inputs are left out: draw(t, around=...) shows a part in full.")
    if not full:
        arrows = ", and no arrows show how these flow" if grads and len(graph.gradients) > 1 else ""
        parts.append(f"Short boxes: values and gradients are in their titles{arrows}.")
    return " ".join(parts)

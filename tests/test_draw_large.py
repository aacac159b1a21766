"""draw(t): frames around layers and modules, and graphs too large to show tensor by tensor."""

import random
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from pictures import SVG, boxes_of, parameter

from tinygrad_edu import Tensor, derive, functions, nn
from tinygrad_edu.derivation.walking import walk
from visualize import draw
from visualize.errors import OptionError
from visualize.folding import Vertex, fold_alike, fold_leaves, fold_loops, fold_sums
from visualize.grouping import Group, layers, modules, nested


def network(*sizes, m=5):
    """J of a DeepNetwork: its boxes are W, b, Z, A of each layer, X and J."""
    X = Tensor(np.random.default_rng(0).standard_normal((sizes[0], m)), name="X")
    J = functions.binary_cross_entropy(nn.DeepNetwork(sizes, seed=1)(X), np.ones((sizes[-1], m)))
    J.name = "J"
    return J


def frames_of(drawing):
    return [frame.title for frame in drawing._scene.frames]


def heads_of(drawing):
    """The first line of every box."""
    return [lines[0] for _, lines, _ in boxes_of(drawing).values()]


# Layers and modules


def test_layers_are_framed_in_the_notation_of_the_course():
    drawing = draw(network(3, 4, 2, 1))
    assert frames_of(drawing) == [f"layer {l}: W[{l}], b[{l}] → Z[{l}], A[{l}]" for l in (1, 2, 3)]
    assert all(len(frame.boxes) == 4 for frame in drawing._scene.frames)
    root = ET.fromstring(drawing.svg)
    titles = [g.find(f"{SVG}text") for g in root.iter(f"{SVG}g") if g.get("class") == "frame"]
    assert ["".join(t.itertext()) for t in titles] == frames_of(drawing)


def test_what_has_no_name_and_stands_inside_a_layer_belongs_to_it():
    W, b = (parameter(np.ones((2, n)), name) for n, name in ((2, "W1"), (1, "b1")))
    X = Tensor(np.ones((2, 3)), name="X")
    t = W @ X
    Z1 = t + b
    Z1.name = "Z1"
    A1 = 1 / (1 + np.exp(-Z1))
    A1.name = "A1"
    V = parameter(np.ones((1, 2)), "W2")
    Z2 = V @ A1
    Z2.name = "Z2"
    J = (np.tanh(Z2) ** 2).sum()
    (first,) = [frame for frame in draw(J)._scene.frames if frame.title.startswith("layer 1")]
    assert len(first.boxes) == 8  # W1, b1, W1 @ X, Z1, -Z1, exp, 1 + exp, A1


def test_names_that_only_look_like_layers_are_not_framed():
    w1, x1 = parameter(2.0, "w1"), parameter(3.0, "x1")
    W2, Z9 = parameter(2.0, "W2"), parameter(1.0, "Z9")
    assert frames_of(draw(np.tanh(w1 * x1 + W2) * np.exp(Z9) + 1.0)) == []


class Block(nn.Module):
    def __init__(self, n, seed):
        super().__init__()
        self.inner, self.outer = nn.Dense(n, n, seed=seed), nn.Dense(n, n, seed=seed + 1)

    def forward(self, x):
        return x + self.outer(np.tanh(self.inner(x)))


class Net(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.blocks, self.head = [Block(4, seed) for seed in range(blocks)], nn.Dense(4, 1, seed=0)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def of_blocks(count):
    J = (Net(count)(np.ones((4, 5))) ** 2).mean()
    J.name = "J"
    return J


def test_modules_are_framed_one_in_the_other_by_the_names_of_their_attributes():
    frames = draw(of_blocks(2))._scene.frames
    assert [(frame.title, frame.parent) for frame in frames] == [
        ("Net", None),
        ("blocks.0: Block", 0),
        ("blocks.1: Block", 0),
    ]


def test_parameters_of_one_name_are_called_by_their_path_everywhere():
    J = of_blocks(1)
    paths = ["blocks.0.inner.W", "blocks.0.inner.b", "blocks.0.outer.W", "blocks.0.outer.b", "head.W", "head.b"]
    assert sorted(name for name in heads_of(draw(J)) if " " not in name and "." in name) == paths
    nodes = walk(J).nodes
    assert sorted(node.called for node in nodes if node.kind == "parameter") == paths
    names = [path.replace(".", "_") for path in paths]
    assert sorted(node.name for node in nodes if node.kind == "parameter") == names
    assert {f"d{name}" for name in names} <= {line.split(" = ")[0] for line in str(derive(J)).splitlines()}
    alone = draw((nn.Dense(4, 1, seed=0)(np.ones((4, 5))) ** 2).mean())
    assert {"W", "b"} <= set(heads_of(alone))


def test_a_module_that_holds_itself_has_paths_too():
    net = Net(1)
    net.me = [net]
    assert "head.W" in heads_of(draw((net(np.ones((4, 5))) ** 2).mean()))


def test_depth_says_how_many_levels_are_open():
    J = of_blocks(2)
    closed = draw(J, depth=0)
    assert "Net" in heads_of(closed) and frames_of(closed) == []
    assert len(heads_of(closed)) == 4  # the input, the net, the square, the mean
    half = draw(J, depth=1)
    assert [head for head in heads_of(half) if "Block" in head] == ["blocks.0: Block", "blocks.1: Block"]
    assert heads_of(draw(J, depth=9)) == heads_of(draw(J))
    assert "layers and modules are closed" in closed._scene.note


def test_group_chooses_what_is_framed():
    J = network(3, 4, 2, 1)
    assert frames_of(draw(J, group="none")) == []
    assert frames_of(draw(J, group="modules")) == []  # the whole network, and single steps, would say nothing
    assert len(frames_of(draw(J, group="layers"))) == 3
    for wrong in ("layer", 3, ["layers"]):
        with pytest.raises(OptionError, match=r"group=.*one of auto, layers, modules, none"):
            draw(J, group=wrong)
    for wrong in (-1, 1.0, "1", True):
        with pytest.raises(OptionError, match=r"depth=.*a whole number from 0 on"):
            draw(J, depth=wrong)


def test_a_group_that_overlaps_another_gives_up_what_they_share():
    found = nested([Group("a", frozenset({0, 1, 2, 3})), Group("b", frozenset({3, 4, 5}))], frozenset(range(9)))
    assert found == [Group("a", frozenset({0, 1, 2, 3})), Group("b", frozenset({4, 5}))]


def test_what_is_left_of_groups_is_as_if_each_were_compared_with_each():
    rng = random.Random(7)
    for _ in range(60):
        groups = [Group(str(k), frozenset(rng.sample(range(40), rng.randint(1, 20)))) for k in range(12)]
        chosen = []
        for group in sorted(groups, key=lambda g: (-len(g.members), max(g.members))):
            members = group.members
            for other in chosen:
                if not members <= other.members:
                    members -= other.members
            around = [k for k, other in enumerate(chosen) if members <= other.members]
            room = len(chosen[around[-1]].members) if around else 40
            if 2 <= len(members) <= room - 2:
                chosen.append(Group(group.title, members, around[-1] if around else None))
        assert nested(groups, frozenset(range(40))) == chosen


def test_data_and_shared_parameters_stay_outside_a_module():
    from visualize.grouping import Made

    inputs = [(), (), (), (1, 2), (0, 3), (2, 4)]  # 0: data, 1: own parameter, 2: shared parameter
    (group,) = modules([Made("m", 4, frozenset({0}))], inputs, [False, True, True, False, False, False])
    assert group.members == {1, 3, 4}


def test_a_layer_needs_a_result():
    assert layers({0: "W1", 1: "b1"}, [(), ()], [True, True]) == []


# Neighbourhoods


def test_around_shows_a_neighbourhood_and_says_so():
    J = network(3, *[4] * 20, 1)
    near = draw(J, around="Z9")
    heads = [head.split(" = ")[0] for head in heads_of(near)]
    assert {"W9", "b9", "A8", "A9", "Z9"} <= set(heads) and "Z1" not in heads and "J" not in heads
    assert near._scene.note.startswith(f"{len(heads)} of 87 tensors: a neighbourhood.")
    assert heads_of(draw(J, around=J.inputs[0])) == heads_of(draw(J, around="A21"))


@pytest.mark.parametrize("steps", [400, 1200])
def test_around_shows_the_gradients_that_flow_there_in_a_graph_of_any_size(steps):
    h = parameter(0.5, "x")
    w = parameter(2.0, "w")
    for _ in range(steps):
        h = np.sin(h)
    middle = h * w
    middle.name = "middle"
    end = middle + middle * 3.0
    for _ in range(steps):
        end = np.cos(end)
    view = draw(end, around="middle")
    gradients = [edge for edge in view._scene.edges if edge.kind == "gradient"]
    forward = [(edge.tail, edge.head) for edge in view._scene.edges if edge.kind == "forward"]
    assert sorted((edge.tail, edge.head) for edge in gradients) == sorted(forward)
    text = str(view)
    if 2 * steps < 1000:
        assert any("* w" in edge.text for edge in gradients) and " = dt" in text
    else:
        assert "dmiddle" in [edge.text for edge in gradients]


def test_around_shows_two_rings_at_most():
    J = network(3, 4, 4, 4, 1)
    heads = [head.split(" = ")[0] for head in heads_of(draw(J, around="Z2"))]
    assert sorted(heads) == sorted(["Z2", "W2", "b2", "A1", "A2", "Z1", "Z3"])


def test_around_shows_closed_groups_whole():
    view = draw(network(3, *[4] * 6, 1), around="Z3", depth=0)
    groups = [box for box in view._scene.boxes if box.kind == "group"]
    assert [box.name[:7] for box in groups] == [f"layer {l}" for l in (1, 2, 3, 4, 5)]
    assert {box.stands_for for box in groups} == {4}


def test_around_refuses_what_is_not_there():
    J = network(3, 4, 1)
    with pytest.raises(OptionError, match="around='Z7': no tensors of this graph are called so"):
        draw(J, around="Z7")
    with pytest.raises(OptionError, match="this Tensor is not in the graph of J"):
        draw(J, around=Tensor(1.0))


# Large graphs


def test_more_than_60_tensors_stand_in_short_boxes():
    J = network(3, *[4] * 20, 1)
    drawing = draw(J)
    assert len(heads_of(drawing)) == 87
    assert all(len(lines) == 2 for _, lines, _ in boxes_of(drawing).values())
    assert drawing._scene.note == (
        "Short boxes: values and gradients are in their titles, and no arrows show how these flow."
    )
    (W5,) = [title for _, lines, title in boxes_of(drawing).values() if lines[0] == "W5"]
    assert "\nvalue: " in W5 and "\ngradient: " in W5


def test_a_graph_of_more_than_60_tensors_without_names_is_folded_if_it_then_fits():
    w, h = parameter(0.5, "w"), Tensor(1.0, name="h")
    for _ in range(50):
        h = np.tanh(h * w)
    drawing = draw(h)
    assert len(heads_of(drawing)) < 10 and "102 tensors" in drawing._scene.note
    assert any(edge.kind == "gradient" for edge in drawing._scene.edges)


def test_only_the_end_itself_is_marked_as_the_end():
    J = network(3, 4, 4, 4, 1)
    classes = [classes for classes, _, _ in boxes_of(draw(J, around="Z1")).values()]
    assert classes and not any("end" in each for each in classes)
    assert sum("end" in each for each, _, _ in boxes_of(draw(J, around="A4")).values()) == 1


def test_a_sum_has_its_name_its_value_and_the_number_of_its_terms():
    xs = [parameter(float(i)) for i in range(100)]
    loss = sum(np.exp(x * 0.01) for x in xs)
    loss.name = "loss"
    (box,) = [box for box in draw(loss * 2.0)._scene.boxes if "sum of" in box.name]
    told = dict(box.told)
    assert box.name == "loss = sum of 100" and told["value"] == repr(float(loss.data)) and told["gradient"] == "2.0"


def test_more_than_300_tensors_close_their_layers():
    drawing = draw(network(3, *[4] * 90, 1))
    heads = heads_of(drawing)
    assert len(heads) < 60 and "367 tensors" in drawing._scene.note
    assert any("89 ×" in head or "88 ×" in head for head in heads)


def test_blocks_that_are_alike_are_one_block_so_many_times():
    drawing = draw(of_blocks(60))
    assert "59 × tanh(·)" in heads_of(drawing)  # the first adds the data, not a result, to its own
    assert frames_of(drawing) == ["Net", "blocks.0: Block"]


@pytest.mark.slow
def test_a_chain_of_200_000_is_two_boxes():
    t = parameter(1.0)
    for _ in range(200_000):
        t = np.tanh(t)
    drawing = draw(t)
    assert heads_of(drawing) == ["t1", "200000 × tanh(·)"]
    assert repr(drawing) == "<Drawing of 200000 × tanh(·): 200001 tensors>"


def demo(examples):
    """The demonstration network of micrograd: 337 parameters, every one a scalar."""
    rng = random.Random(0)
    sizes = [2, 16, 16, 1]

    def weight():
        return parameter(rng.uniform(-1, 1))

    net = [[([weight() for _ in range(a)], weight()) for _ in range(b)] for a, b in pairwise(sizes)]
    losses = []
    for _ in range(examples):
        x = [Tensor(rng.random()), Tensor(rng.random())]
        for l, layer in enumerate(net):
            sums = [sum((wi * xi for wi, xi in zip(w, x)), b) for w, b in layer]
            x = [functions.relu(z) for z in sums] if l < 2 else sums
        losses.append(functions.relu(1 + rng.choice([-1.0, 1.0]) * x[0]))
    penalty = sum(p * p for layer in net for w, b in layer for p in (*w, b))
    return sum(losses) * (1 / examples) + 1e-4 * penalty


def test_the_scalar_network_of_micrograd_folds_to_its_layers():
    drawing = draw(demo(5))
    heads = heads_of(drawing)
    assert len(heads) < 40
    assert {"256 × parameter", "80 × relu(·)", "80 × sum of 17", "337 × (· * ·)", "sum of 337"} <= set(heads)
    together = [box for box in drawing._scene.boxes if box.kind == "parameter"]
    assert sum(box.stands_for for box in together) == 337


def test_a_recurrent_network_shows_its_loop_once():
    W, h, J = parameter(np.eye(3) * 0.5, "W"), Tensor(np.zeros((3, 1)), name="h0"), 0.0
    for i in range(100):
        h = np.tanh(W @ h + np.full((3, 1), float(i)))
        J = J + (h * h).sum()
    drawing = draw(J)
    heads = heads_of(drawing)
    assert len(heads) < 20 and [head for head in heads if head.startswith(("99 × tanh", "100 × tanh"))]
    (loop,) = [box.id for box in drawing._scene.boxes if "× tanh" in box.rows[0].pieces[0][0]]
    back = [
        e for e in drawing._scene.edges if e.kind == "forward" and e.tail == loop and int(e.head[1:]) < int(loop[1:])
    ]
    assert len(back) <= 1


def test_what_cannot_be_folded_is_cut_and_the_picture_says_what_is_left_out():
    rng = np.random.default_rng(0)
    ts = [parameter(1.0)]
    kinds = (np.exp, np.tanh, np.sin, np.cos, np.arctan)
    for _ in range(600):
        ts.append(kinds[rng.integers(5)](ts[-1]) * ts[int(rng.integers(len(ts)))])
    drawing = draw(ts[-1])
    assert len(heads_of(drawing)) == 300
    assert "901 boxes nearer to the inputs are left out: draw(t, around=...)" in drawing._scene.note


# Folds by themselves


def test_a_sum_whose_parts_are_used_elsewhere_is_no_run():
    leaf = Vertex("x", "", ())
    plus = [Vertex("+", "add", (0, 1)), Vertex("+", "add", (2, 0)), Vertex("+", "add", (3, 1))]
    assert fold_sums([leaf, leaf, *plus], list(range(5))) == [0, 1, 4, 4, 4]
    used = Vertex("exp", "exp", (3,))
    assert fold_sums([leaf, leaf, *plus, used], list(range(6))) == list(range(6))


def test_alike_is_what_does_the_same_with_the_same_for_the_same():
    leaf, other = Vertex("x", "", ()), Vertex("y", "", ())
    nodes = [
        leaf,
        leaf,
        other,
        Vertex("f", "f", (0,)),
        Vertex("f", "f", (1,)),
        Vertex("f", "f", (2,)),
        Vertex("g", "g", (3, 4, 5)),
    ]
    assert fold_alike(nodes, list(range(7))) == [1, 1, 2, 4, 4, 5, 6]


def test_a_loop_must_go_on_from_what_came_before():
    leaf = Vertex("x", "", ())
    apart = [
        leaf,
        Vertex("f", "f", (0,)),
        leaf,
        Vertex("f", "f", (2,)),
        leaf,
        Vertex("f", "f", (4,)),
        Vertex("g", "g", (1, 3, 5)),
    ]
    fold = fold_loops(apart, list(range(7)))
    assert fold == [4, 5, 4, 5, 4, 5, 6]  # leaf and step, three times
    crossed = [leaf, *(Vertex("f", "f", (max(0, i - 2),)) for i in range(1, 4))]
    assert fold_loops(crossed, list(range(4))) == [0, 1, 2, 3]


def test_leaves_that_the_same_nodes_use_are_one_from_three_on():
    leaf = Vertex("x", "", ())
    assert fold_leaves([leaf, leaf, Vertex("f", "f", (0, 1))], [0, 1, 2]) == [0, 1, 2]
    assert fold_leaves([leaf, leaf, leaf, Vertex("f", "f", (0, 1, 2))], [0, 1, 2, 3]) == [2, 2, 2, 3]

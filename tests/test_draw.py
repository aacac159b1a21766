"""draw(t): what the picture says, how it is laid out, saved and refused."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import graphviz
import numpy as np
import pytest

from tinygrad_edu import Tensor, functions
from tinygrad_edu.errors import ChangedDataError, GraphFreedError, TinygradEduError
from visualize import Drawing, draw
from visualize.errors import GraphTooLargeError, LayoutError, NotDrawableError, OptionError, SaveError
from visualize.graph import LIMIT, read_graph
from visualize.layout import _run_dot, layout_dot
from visualize.svg import THEMES

SVG = "{http://www.w3.org/2000/svg}"


def boxes_of(drawing):
    """{id: (classes, lines, title)} as read from the picture itself."""
    root = ET.fromstring(drawing.svg)
    found = {}
    for g in root.iter(f"{SVG}g"):
        if "id" in g.attrib:
            lines = ["".join(text.itertext()) for text in g.findall(f"{SVG}text")]
            found[g.get("id")] = (g.get("class").split(), lines, g.findtext(f"{SVG}title"))
    return found


def box_named(drawing, name):
    """The lines of the box whose first line is `name`, alone or left of an equals sign."""
    (box,) = [b for b in boxes_of(drawing).values() if b[1][0].split(" = ")[0] == name]
    return box


def arrows_of(drawing):
    root = ET.fromstring(drawing.svg)
    return [g.findtext(f"{SVG}title") for g in root.iter(f"{SVG}g") if g.get("class") == "arrow"]


def parameter(data, name=None):
    return Tensor(data, requires_grad=True, name=name)


def layer():
    """J = mean((W @ X + b)^2) with the names on the tensors."""
    rng = np.random.default_rng(3)
    W, b = parameter(rng.standard_normal((3, 4)), "W"), parameter(np.zeros((3, 1)), "b")
    X = Tensor(rng.standard_normal((4, 5)), name="X")
    Z = W @ X + b
    Z.name = "Z"
    J = (Z * Z).mean()
    J.name = "J"
    return J, W, b, X, Z


# What it says


def test_a_scalar_graph_shows_equations_values_and_gradients():
    a, b = parameter(2.0, "a"), parameter(-3.0, "b")
    J = a * b + a
    J.name = "J"
    J.backward()
    drawing = draw(J)
    assert box_named(drawing, "a")[1] == ["a", "parameter · float64", "value 2.0", "grad  -2.0"]  # b + 1
    assert box_named(drawing, "b")[1] == ["b", "parameter · float64", "value -3.0", "grad  2.0"]
    assert box_named(drawing, "t1")[1] == ["t1 = a * b", "multiply · float64", "value -6.0", "grad  1.0"]
    assert box_named(drawing, "J")[1] == ["J = t1 + a", "add · float64", "value -4.0", "grad  1.0"]
    assert sorted(arrows_of(drawing)) == ["a → J", "a → t1", "b → t1", "t1 → J"]


def test_arrays_show_shape_range_and_a_gradient_of_the_same_shape():
    J, W, _b, X, Z = layer()
    dW = 2 / 15 * Z.data @ X.data.T  # by hand
    lines = box_named(draw(J), "W")[1]
    assert lines[2] == f"value (3, 4) {W.data.min():.3g} … {W.data.max():.3g}"
    assert lines[3] == f"grad  (3, 4) {dW.min():.3g} … {dW.max():.3g}"


def test_tiny_arrays_are_shown_in_full_and_every_digit_is_in_the_title():
    x = parameter([1 / 3, 2.0], "x")
    classes, lines, title = box_named(draw((x * x).sum()), "x")
    assert lines[2:] == ["value (2,) [0.3333, 2.0]", "grad  (2,) [0.6667, 4.0]"]
    assert title == f"x\nparameter, shape (2,), float64\nvalue: [{1 / 3!r}, 2.0]\ngradient: [{2 / 3!r}, 4.0]"
    assert classes == ["box", "parameter"]


def test_kinds_differ_in_colour_class_and_in_outline():
    W, X, Y = parameter(np.ones((2, 3)), "W"), Tensor(np.ones((3, 2)), name="X"), np.zeros((2, 2))
    drawing = draw((W @ X - Y).sum(), names={"Y": Y})
    kinds = {name: box_named(drawing, name)[0][1] for name in ("W", "X", "Y", "t1")}
    assert kinds == {"W": "parameter", "X": "input", "Y": "constant", "t1": "result"}
    outlines = {}
    for g in ET.fromstring(drawing.svg).iter(f"{SVG}g"):
        if "id" in g.attrib:
            commands = "".join(c for c in g.find(f"{SVG}path").get("d") if c.isalpha())
            outlines[g.get("class").split()[1]] = commands
    assert len(set(outlines.values())) == 4


def test_only_the_end_is_marked_as_the_end():
    drawing = draw(layer()[0])
    assert [b[1][0].split(" = ")[0] for b in boxes_of(drawing).values() if "end" in b[0]] == ["J"]


def test_ids_are_in_topological_order():
    steps = read_graph(layer()[0], None, False)
    assert [s.id for s in steps] == [f"n{i}" for i in range(len(steps))]
    for i, step in enumerate(steps):
        assert all(int(x[1:]) < i for x in step.inputs)


def test_a_tensor_used_twice_is_one_box_with_two_arrows():
    a = parameter(3.0, "a")
    drawing = draw(a + a)
    assert len(boxes_of(drawing)) == 2
    assert arrows_of(drawing) == ["a → t1", "a → t1"]
    assert box_named(drawing, "a")[1][3] == "grad  2.0"


@pytest.mark.parametrize(
    ("build", "equation"),
    [
        (lambda x: x * 2.0, "t1 = x * 2.0"),
        (lambda x: 2 / x, "t1 = 2 / x"),
        (lambda x: x ** (-0.5), "t1 = x ** (-0.5)"),
        (lambda x: -x, "t1 = -x"),
        (lambda x: x.T, "t1 = x.T"),
        (lambda x: x.transpose(1, 0), "t1 = transpose(x, axes=(1, 0))"),
        (lambda x: x @ x, "t1 = x @ x"),
        (lambda x: x.sum(), "t1 = sum(x)"),
        (lambda x: x.sum(axis=1, keepdims=True), "t1 = sum(x, axis=1, keepdims=True)"),
        (lambda x: x[0, 1:], "t1 = x[0, 1:]"),
        (lambda x: x[..., None, ::2], "t1 = x[..., None, ::2]"),
        (lambda x: x[[0, 0, 1]], "t1 = x[[0, 0, 1]]"),
        (lambda x: x * np.float64(0.25), "t1 = x * 0.25"),
        (lambda x: x * np.array(0.25), "t1 = x * 0.25"),
        (lambda x: np.tanh(x), "t1 = tanh(x)"),
        (lambda x: x.astype(np.float32), "t1 = astype(x, dtype=float32)"),
        (lambda x: functions.softmax(x, axis=0), "t1 = softmax(x, axis=0)"),
    ],
)
def test_an_operation_stands_as_on_the_board(build, equation):
    x = parameter(np.eye(2) + 1, "x")
    assert box_named(draw(build(x)), "t1")[1][0] == equation


def test_given_names_win_and_locals_will_do():
    W, Y = parameter([1.0, 2.0], "its own name"), np.array([3.0, 4.0])
    raw = np.array([5.0, 6.0])
    X = Tensor(raw)
    J = (W * X + Y).sum()
    drawing = draw(J, names=locals())
    first = {b[1][0].split(" = ")[0] for b in boxes_of(drawing).values()}
    assert {"W", "Y", "J"} <= first and first & {"X", "raw"}
    assert "its own name" not in drawing.svg


def test_names_that_a_notebook_gives_by_itself_are_passed_over():
    x = parameter(2.0)
    assert box_named(draw(x, names={"_": x, "_12": x, "x": x}), "x")[1][2] == "value 2.0"


def test_an_array_given_by_name_names_the_tensor_that_shares_it():
    raw = np.array([5.0, 6.0])
    drawing = draw((parameter([1.0, 2.0], "W") * Tensor(raw)).sum(), names={"X": raw})
    assert box_named(drawing, "X")[0][1] == "input"


def test_made_up_names_avoid_the_names_in_the_graph():
    t1 = parameter(2.0, "t1")
    assert box_named(draw(t1 * t1 + t1), "t2")[1][0] == "t2 = t1 * t1"


def test_options_leave_out_what_they_name():
    J = layer()[0]
    assert box_named(draw(J, values=False), "W")[1][2] == "shape (3, 4)"
    assert not any("grad" in line for box in boxes_of(draw(J, grads=False)).values() for line in box[1])
    assert "float64" not in "".join(line for b in boxes_of(draw(J, shapes=False)).values() for line in b[1])
    assert box_named(draw(J, values=False, grads=False, shapes=False), "J")[1] == ["J = mean(t2)", "mean"]


def test_an_end_of_several_entries_is_drawn_without_gradients_and_the_description_says_so():
    x = parameter([1.0, 2.0], "x")
    drawing = draw(x * x)
    assert "grad" not in "".join(line for b in boxes_of(drawing).values() for line in b[1])
    assert "t1 has 2 entries" in ET.fromstring(drawing.svg).findtext(f"{SVG}desc")


def test_a_tensor_without_a_graph_is_one_box():
    drawing = draw(Tensor([1, 2], name="x"))
    assert box_named(drawing, "x")[1] == ["x", "input · int64", "value (2,) [1, 2]"]
    assert repr(drawing) == "<Drawing of x: 1 tensor>"


def test_nan_and_inf_are_counted_and_do_not_warn():
    x = parameter(np.array([0.0, 1.0, -1.0, 4.0, 9.0]), "x")
    with np.errstate(all="ignore"):
        y = np.log(x)
        J = y.sum()
    y.name = "y"
    drawing = draw(J)
    assert box_named(drawing, "y")[1][2] == "value (5,) 0.0 … 2.2, 1 nan, 1 inf"
    assert box_named(drawing, "x")[1][3].endswith("-1.0 … 1.0, 1 inf")


# What it leaves alone


def test_drawing_touches_no_grad():
    J, W, b, _X, Z = layer()
    draw(J).svg
    assert J.grad is W.grad is b.grad is Z.grad is None
    J.backward()
    dW, bits = W.grad, W.grad.data.tobytes()
    draw(J).svg
    assert W.grad is dW and W.grad.data.tobytes() == bits and Z.grad is None


def test_a_drawing_shows_the_graph_as_it_was_when_drawn():
    J, W, *_ = layer()
    drawing, before = draw(J), draw(J).svg
    W.data = W.data * 2
    assert drawing.svg == before


# What it refuses


def test_a_freed_graph_is_refused_with_the_cure():
    J, *_ = layer()
    J.backward(retain_graph=False)
    with pytest.raises(GraphFreedError, match=r"freed by backward\(retain_graph=False\).*run the forward pass again"):
        draw(J)
    with pytest.raises(GraphFreedError, match="draw it before that call"):
        draw(J, grads=False)


def test_changed_data_is_refused_and_drawn_without_gradients():
    J, W, *_ = layer()
    J.backward()
    W.data = W.data - 0.1
    with pytest.raises(ChangedDataError, match=r"draw\(t, grads=False\)"):
        draw(J)
    assert len(boxes_of(draw(J, grads=False))) == 7


def test_a_chain_of_200_000_is_refused_promptly_without_recursion_or_layout(monkeypatch):
    monkeypatch.setattr("visualize.layout._run_dot", lambda source: pytest.fail("no layout for a refused graph"))
    monkeypatch.setattr("visualize.graph.backpropagate", lambda *a, **k: pytest.fail("no gradients either"))
    t = parameter(1.0)
    for _ in range(200_000):
        t = t + 1.0
    with pytest.raises(GraphTooLargeError, match=rf"200001 tensors.*up to {LIMIT}: draw a part"):
        draw(t)


def test_the_largest_graph_allowed_is_drawn():
    t = parameter(1.0)
    for _ in range(LIMIT - 1):
        t = t + 1.0
    assert len(boxes_of(draw(t))) == LIMIT
    with pytest.raises(GraphTooLargeError):
        draw(t + 1.0)


def test_only_a_tangled_graph_gets_straight_arrows():
    chain, tangle = parameter(1.0), [parameter(1.0)]
    for i in range(200):
        chain = chain + 1.0
        tangle.append(tangle[-1] * tangle[i // 3])
    assert "splines=line" not in layout_dot(draw(chain)._boxes, "LR")
    assert "splines=line" in layout_dot(draw(tangle[-1])._boxes, "LR")
    assert len(boxes_of(draw(tangle[-1]))) == 201


@pytest.mark.parametrize("thing", [3.0, np.ones(3), None, [Tensor(1.0)]])
def test_what_is_no_tensor_is_refused(thing):
    with pytest.raises(NotDrawableError, match=f"this is a {type(thing).__name__}"):
        draw(thing)


def test_wrong_options_are_refused():
    x = Tensor(1.0)
    with pytest.raises(OptionError, match="directions are LR, TB, RL, BT"):
        draw(x, direction="left")
    with pytest.raises(NotDrawableError, match=r'names=\{"W": W'):
        draw(x, names={x: "x"})


def test_every_error_is_ours_and_the_builtin():
    pairs = {GraphTooLargeError: ValueError, LayoutError: RuntimeError, NotDrawableError: TypeError}
    pairs |= {OptionError: ValueError, SaveError: OSError}
    assert all(issubclass(e, TinygradEduError) and issubclass(e, b) for e, b in pairs.items())


# The layout


def test_a_missing_layout_engine_is_one_error_with_the_cure(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = draw(layer()[0])
    assert "digraph" in drawing.source  # DOT needs none
    with pytest.raises(LayoutError, match=r'pip install "tinygrad_edu\[draw\]"'):
        drawing.save(tmp_path / "graph.svg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for `dot` is a shell script")
def test_a_dot_on_the_path_serves_without_pygraphviz_and_gets_the_same_dot(monkeypatch, tmp_path):
    drawing = draw(layer()[0])
    seen = []
    monkeypatch.setattr("visualize.layout._run_program", seen.append)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    with pytest.raises(TypeError):
        drawing.svg
    monkeypatch.undo()
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/input\ncat {tmp_path}/output\n")
    program.chmod(0o755)
    (tmp_path / "output").write_text(_run_dot(seen[0]))
    expected = draw(layer()[0]).svg
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert drawing.svg == expected
    assert (tmp_path / "input").read_text() == seen[0]


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for `dot` is a shell script")
def test_a_dot_that_fails_is_a_layout_error(monkeypatch, tmp_path):
    (tmp_path / "dot").write_text("#!/bin/sh\ncat >/dev/null\nexit 3\n")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(LayoutError, match="could not lay the graph out"):
        draw(layer()[0]).svg


@pytest.mark.parametrize("direction", ["LR", "TB", "RL", "BT"])
def test_boxes_do_not_overlap_and_follow_the_direction(direction):
    drawing = draw(layer()[0], direction=direction)
    root = ET.fromstring(drawing.svg)
    places = {}
    for g in root.iter(f"{SVG}g"):
        if "id" in g.attrib:
            x, y = map(float, g.get("transform")[len("translate(") : -1].split())
            numbers = g.find(f"{SVG}path").get("d").replace("M", " ").replace("H", " ").replace("V", " ")
            places[g.get("id")] = (x, y, numbers)
    box = {b.id: (places[b.id][0], places[b.id][1], b.width, b.height) for b in drawing._boxes}
    ids = list(box)
    for i, a in enumerate(ids):
        for b in ids[:i]:
            (ax, ay, aw, ah), (bx, by, bw, bh) = box[a], box[b]
            assert ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay
    axis, sign = {"LR": (0, 1), "TB": (1, 1), "RL": (0, -1), "BT": (1, -1)}[direction]
    for b in drawing._boxes:
        for x in b.inputs:
            centre, before = (box[k][axis] + box[k][axis + 2] / 2 for k in (b.id, x))
            assert sign * centre > sign * before
    width, height = float(root.get("width")), float(root.get("height"))
    assert all(x >= 0 and x + w <= width and y >= 0 and y + h <= height for x, y, w, h in box.values())


def test_the_text_fits_into_its_box_in_the_widest_common_font():
    for box in draw(layer()[0])._boxes:
        for line in box.lines:
            assert sum(len(text) for text, _ in line) * 0.62 * 12 <= box.width - 10


SCRIPT = """
import numpy as np
from tinygrad_edu import Tensor
from visualize import draw
W, X = Tensor(np.eye(3), requires_grad=True, name="W"), Tensor(np.ones((3, 2)))
drawing = draw((np.tanh(W @ X) * np.full((3, 2), 0.5) + W.sum()).sum())
print(drawing.svg + drawing.source)
"""


def test_two_processes_with_different_hash_seeds_draw_the_same_bytes():
    root = Path(__file__).resolve().parent.parent
    outputs = []
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        run = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, check=True, cwd=root)
        outputs.append(run.stdout)
    assert outputs[0] == outputs[1]
    assert b"digraph" in outputs[0] and b"</svg>" in outputs[0]


# What becomes of it


def test_it_is_described_for_those_who_do_not_see_it():
    root = ET.fromstring(draw(layer()[0]).svg)
    assert root.get("role") == "img"
    assert [root[0].tag, root[1].tag] == [f"{SVG}title", f"{SVG}desc"]
    assert root.findtext(f"{SVG}title") == "Graph of J"
    assert root.findtext(f"{SVG}desc").splitlines() == [
        "The computation of J, drawn left to right: 2 parameters, 1 input, 4 results.",
        "t1 = W @ X",
        "Z = t1 + b",
        "t2 = Z * Z",
        "J = mean(t2)",
    ]


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_enough_contrast_on_every_box(theme):
    colours = THEMES[theme]
    style = ET.fromstring(draw(layer()[0]).svg).findtext(f"{SVG}style")
    assert style.count("prefers-color-scheme:dark") == 1
    assert all(part in style for value in colours.values() for part in value.split())
    for kind in ("parameter", "input", "constant", "result"):
        for role in ("name", "number", "quiet", "gradient"):
            a, b = sorted((luminance(colours[role]), luminance(colours[kind].split()[0])))
            assert (b + 0.05) / (a + 0.05) >= 4.5, (kind, role)


def test_a_style_reaches_nothing_outside_the_picture():
    style = ET.fromstring(draw(layer()[0]).svg).findtext(f"{SVG}style")
    rules = [line for line in style.splitlines() if "{" in line and not line.startswith("@media")]
    assert rules and all(line.startswith(".tinygrad-edu-graph ") for line in rules)


def test_a_notebook_gets_the_picture():
    drawing = draw(layer()[0])
    assert drawing._repr_mimebundle_() == {"image/svg+xml": drawing.svg, "text/plain": "<Drawing of J: 7 tensors>"}
    assert drawing._repr_svg_() == drawing.svg
    json.dumps(drawing._repr_mimebundle_())


def test_the_layout_is_made_once_and_only_when_looked_at(monkeypatch):
    from visualize import drawing as module

    calls, original = [], module.lay_out
    monkeypatch.setattr(module, "lay_out", lambda *a: calls.append(1) or original(*a))
    picture = draw(layer()[0])
    assert calls == []
    assert picture.svg is picture.svg and len(calls) == 1


def test_save_writes_what_the_suffix_says(tmp_path):
    drawing = draw(layer()[0])
    assert drawing.save(str(tmp_path / "a.svg")) == tmp_path / "a.svg"
    drawing.save(tmp_path / "a.SVG")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == drawing.svg
    for name in ("a.dot", "a.gv"):
        assert drawing.save(tmp_path / name).read_text(encoding="utf-8") == drawing.source
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".tmp"]


@pytest.mark.parametrize("name", ["graph.png", "graph.pdf", "graph", "graph.svg.bak"])
def test_another_suffix_is_refused(tmp_path, name):
    with pytest.raises(OptionError, match=r"saved as \.svg or \.dot"):
        draw(Tensor(1.0)).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_one_error_and_leaves_the_old_file(tmp_path, monkeypatch):
    drawing = draw(Tensor(1.0))
    with pytest.raises(SaveError, match=r"cannot write .*missing"):
        drawing.save(tmp_path / "missing" / "graph.svg")
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(SaveError, match="cannot write"):
        drawing.save(tmp_path / "folder.svg")
    (tmp_path / "graph.svg").write_text("old")

    def full(self, *args, **kwargs):
        self.touch()
        raise OSError(28, "No space left on device")

    def busy(source, target):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", busy)
        with pytest.raises(SaveError, match="Permission denied"):
            drawing.save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text() == "old"
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(SaveError, match="No space left on device"):
        drawing.save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.svg", "graph.svg"]


def test_a_tensor_draws_itself():
    J = layer()[0]
    drawing = J.draw(direction="TB")
    assert isinstance(drawing, Drawing) and drawing.svg == draw(J, direction="TB").svg


def test_the_source_is_dot_with_the_real_texts():
    pygraphviz = pytest.importorskip("pygraphviz")
    J = layer()[0]
    parsed = pygraphviz.AGraph(string=draw(J).source)
    assert parsed.number_of_nodes() == 7 and parsed.number_of_edges() == 7
    labels = [node.attr["label"] for node in parsed.nodes()]
    assert any(label.startswith(r"Z = t1 + b\ladd · float64\l") for label in labels)
    assert graphviz.Source(draw(J).source).source.startswith("digraph")

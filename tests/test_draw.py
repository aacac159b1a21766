"""draw(t): what the picture says, how it is laid out, saved and refused."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from pictures import SVG, arrows_of, box_named, boxes_of, layer, parameter

from tinygrad_edu import Tensor, functions
from tinygrad_edu.errors import ChangedDataError, GraphFreedError, TinygradEduError
from visualize import draw
from visualize.errors import ConversionError, LayoutError, NotDrawableError, OptionError, SaveError
from visualize.graph import read_graph
from visualize.layout import layout_dot

# What it says


def test_a_scalar_graph_shows_equations_values_and_gradients():
    a, b = parameter(2.0, "a"), parameter(-3.0, "b")
    J = a * b + a
    J.name = "J"
    J.backward()
    drawing = draw(J)
    assert box_named(drawing, "a")[1] == [
        *["a", "parameter · float64", "value 2.0", "grad  -2.0"],  # b + 1
        "      = dJ + dt1 * b",
    ]
    assert box_named(drawing, "b")[1] == ["b", "parameter · float64", "value -3.0", "grad  2.0"]
    assert box_named(drawing, "t1")[1] == ["t1 = a * b", "multiply · float64", "value -6.0", "grad  1.0"]
    assert box_named(drawing, "J")[1] == ["J = t1 + a", "add · float64", "value -4.0", "grad  1.0"]
    forward = ["a → J", "a → t1", "b → t1", "t1 → J"]
    back = ["J ⇢ a: dJ", "J ⇢ t1: dJ", "t1 ⇢ a: dt1 * b", "t1 ⇢ b: dt1 * a"]
    assert sorted(arrows_of(drawing)) == sorted(forward + back)


def test_arrays_show_shape_range_and_a_gradient_of_the_same_shape():
    J, W, _b, X, Z = layer()
    dW = 2 / 15 * Z.data @ X.data.T  # by hand
    lines = box_named(draw(J), "W")[1]
    assert lines[2] == f"value (3, 4) {W.data.min():.3g} … {W.data.max():.3g}, mean {W.data.mean():.3g}"
    assert lines[3] == f"grad  (3, 4) {dW.min():.3g} … {dW.max():.3g}, mean {dW.mean():.3g}"


def test_tiny_arrays_are_shown_in_full_and_every_digit_is_in_the_title():
    x = parameter([1 / 3, 2.0], "x")
    classes, lines, title = box_named(draw((x * x).sum()), "x")
    assert lines[2:4] == ["value (2,) [0.3333, 2.0]", "grad  (2,) [0.6667, 4.0]"]
    told = f"x\nparameter, shape (2,), float64\nvalue: [{1 / 3!r}, 2.0]\ngradient: [{2 / 3!r}, 4.0]"
    assert title.startswith(told)
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
    graph = read_graph(layer()[0], None, False)
    assert [box.id for box in draw(layer()[0])._scene.boxes] == [f"n{i}" for i in range(len(graph))]
    for i, inputs in enumerate(graph.inputs):
        assert all(x < i for x in inputs)


def test_a_tensor_used_twice_is_one_box_with_two_arrows():
    a = parameter(3.0, "a")
    drawing = draw(a + a)
    assert len(boxes_of(drawing)) == 2
    assert arrows_of(drawing) == ["a → t1", "a → t1", "t1 ⇢ a: dt1", "t1 ⇢ a: dt1"]
    assert box_named(drawing, "a")[1][3:] == ["grad  2.0", "      = dt1 + dt1"]


@pytest.mark.parametrize(
    ("build", "equation"),
    [
        (lambda x: x * 2.0, "t1 = x * 2.0"),
        (lambda x: 2 / x, "t1 = 2 / x"),
        (lambda x: x ** (-0.5), "t1 = x ** -0.5"),
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


def test_boxes_and_arrows_call_a_tensor_the_same():
    x, y = parameter([[1.0], [2.0]], "in put"), parameter([[3.0, 4.0]], "sum")
    z = parameter([[3.0]], "sum")
    view = draw((y @ x + z).sum())
    assert box_named(view, "t1")[1][0] == "t1 = sum @ in put"
    assert box_named(view, "t2")[1][0] == "t2 = t1 + sum_2"
    texts = {edge.text for edge in view._scene.edges if edge.kind == "gradient"}
    assert texts == {"dt1 @ in put.T", "sum.T @ dt1", "dt2", "broadcast_to(dt3, shape=(1, 1))"}


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


def test_a_complex_end_is_drawn_without_gradients_and_the_description_says_so():
    z = parameter(1.0 + 2.0j, "z")
    view = draw(z * z, names={})
    assert "grad" not in str(view)
    assert "Without gradients: t1 is complex; take its real part, or its size." in view.source
    assert "z.real" not in str(view) and "grad " in str(draw((z * z).real))


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


def test_only_a_tangled_graph_gets_straight_arrows():
    chain, tangle = parameter(1.0), [parameter(1.0)]
    for i in range(200):
        chain = chain + 1.0
        tangle.append(tangle[-1] * tangle[i // 3])
        tangle[-1].name = f"p{i}"
    assert "splines=line" not in layout_dot(draw(chain, group="none")._scene, "LR")
    assert "splines=line" in layout_dot(draw(tangle[-1])._scene, "LR")
    assert len(boxes_of(draw(tangle[-1]))) == 201


@pytest.mark.parametrize("thing", [3.0, np.ones(3), None, [Tensor(1.0)]])
def test_what_is_no_tensor_is_refused(thing):
    with pytest.raises(NotDrawableError, match=f"this is a {type(thing).__name__}"):
        draw(thing)


@pytest.mark.parametrize("option", ["values", "grads", "shapes"])
def test_what_is_neither_true_nor_false_is_refused(option):
    with pytest.raises(OptionError, match=f"{option}=array.*: it is True or False"):
        draw(parameter(1.0), **{option: np.array([1, 2])})


def test_wrong_options_are_refused():
    x = Tensor(1.0)
    with pytest.raises(OptionError, match="direction='left': it is one of LR, TB, RL, BT"):
        draw(x, direction="left")
    with pytest.raises(NotDrawableError, match=r'names=\{"W": W'):
        draw(x, names={x: "x"})


def test_every_error_is_ours_and_the_builtin():
    pairs = {ConversionError: RuntimeError, LayoutError: RuntimeError, NotDrawableError: TypeError}
    pairs |= {OptionError: ValueError, SaveError: OSError}
    assert all(issubclass(e, TinygradEduError) and issubclass(e, b) for e, b in pairs.items())

"""`stepper`: its picture, the names in it, and how the page grows with the graph."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from calls import leaf
from walks import data_of, named_layer

from visualize import drawing, stepper
from visualize.errors import LayoutError


def test_a_step_of_many_inputs_is_not_written_out_at_each_of_them():
    size = [len(stepper(np.concatenate([leaf([1.0 * i]) for i in range(n)]).sum())) for n in (200, 400)]
    assert size[1] < 2.2 * size[0]


def test_every_tensor_and_array_has_its_box_in_the_picture():
    W, X = leaf([[1.0, 2.0]]), np.ones((2, 3))
    page = stepper((W @ X * np.array(0.5) * 3).sum())
    boxes = re.findall(r'<g class="box [^"]*" id="n(\d+)".*?<title>(\w+)', page)
    names = [node["name"] for node in data_of(page)["nodes"]]
    assert [names[int(i)] for i, _ in boxes] == [name for _, name in boxes]
    assert len(boxes) == len(names)


def test_a_notebook_shows_the_page_and_an_interpreter_its_size():
    page = stepper(named_layer()[0])
    steps = len(data_of(page)["steps"])
    assert repr(page) == f'<page of {steps} steps; to keep it: stepper(J, "steps.html")>'
    frame = ET.fromstring(page._repr_html_())
    assert frame.tag == "iframe" and frame.get("srcdoc") == " ".join(page.split("\n"))


def test_one_name_has_one_value_where_the_course_divides_by_m():
    W, b, X = leaf([[1.0, 2.0]], "W"), leaf([[0.5]], "b"), np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 5.0]])
    data = data_of(stepper(((W @ X + b) ** 2).mean(), convention="course"))
    (step,) = [step for step in data["steps"] if step["title"].startswith("db")]
    assert step["title"] == "db = sum(dt2, axis=1, keepdims=True) / m"
    assert step["equations"][-1]["label"] == "this share" and step["head"]["array"] == step["gives"]["array"]
    m = step["head"]["parts"][-1]
    assert m[0] == "m" and data["arrays"][m[1]]["text"] == "3"


def test_a_number_with_a_name_is_shown_with_its_value():
    x = leaf([1.0, 2.0, 4.0], "x")
    data = data_of(stepper((x * x).mean(), names={"m": 3}))
    parts = [part for step in data["steps"] for each in step.get("equations", ()) for part in each["parts"]]
    assert {
        data["arrays"][part[1]]["text"] for part in parts if part[0] == "m" and len(part) == 2 and type(part) is list
    } == {"3"}


def test_an_axis_of_one_entry_is_summed_in_the_singular():
    b = leaf([1.0, 2.0], "b")
    steps = data_of(stepper((b + np.ones((1, 2))).sum()))["steps"]
    (says,) = [step["stretch"]["says"] for step in steps if "stretch" in step]
    assert "each entry was used once" in says and "axis 0 (1 entry)" in says


@pytest.mark.parametrize("named", [False, True])
def test_an_array_that_is_a_number_has_no_box_with_a_name_or_without(named):
    x, c = leaf([1.0, 3.0], "x"), np.array(2.0)
    page = stepper((x * c).sum(), names={"c": c} if named else None)
    boxes = re.findall(r'<g class="box [^"]*" id="n(\d+)".*?<title>(\w+)', page)
    assert [node["name"] for node in data_of(page)["nodes"]] == [name for _, name in boxes] == ["x", "t1", "J"]
    assert "t1 = x * 2.0" in page


def test_a_long_name_is_shortened_whatever_it_is_the_name_of():
    w, long = leaf(2.0), "a_name_that_is_longer_than_any_equation_can_bear"
    data = data_of(stepper(w * w, names={long: w, "m": 5}))
    assert [(node["name"], node["called"]) for node in data["nodes"][:1]] == [(long[:20], long)]


def test_a_graph_that_is_folded_in_its_picture_has_all_of_its_steps():
    h = leaf([0.5], "x")
    for _ in range(450):
        h = np.sin(h)
    page = stepper(h.sum())
    assert 0 < page.count('<g class="box ') < 60
    data = data_of(page)
    assert len(data["steps"]) == 1 + 451 + 1 + 451
    boxes = dict(re.findall(r'<g class="box [^"]*" id="(n\d+)".*?<title>([^\n<]*)', page))
    assert {node["box"][0] for node in data["nodes"]} == set(boxes)
    assert [node["box"][1] for node in data["nodes"]][1:451] == ["450 × sin(·)"] * 450


def test_without_a_layout_engine_the_page_has_its_table_and_everything_else(monkeypatch):
    def lay_out(*args, **options):
        raise LayoutError("no layout engine")

    with_picture = stepper(named_layer()[0])
    monkeypatch.setattr(drawing, "lay_out", lay_out)
    page = stepper(named_layer()[0])
    assert '<g class="box ' in with_picture and '<g class="box ' not in page
    assert data_of(page) == data_of(with_picture)

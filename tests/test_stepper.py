"""`stepper`: what the page says, that nothing in it can do harm, and what the three faults make of a graph."""

import base64
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from calls import leaf
from test_derive import COURSE, network
from test_heatmaps import decoded
from walks import Elements, data_of, diamond, gradients_of, meeting, named_layer, numbers_of, stretched

import tinygrad_edu as tg
from tinygrad_edu import functions as F
from tinygrad_edu.derivation.walking import walk
from tinygrad_edu.errors import GradientError, ShapeError, TinygradEduError
from visualize import stepper
from visualize.errors import OptionError, SaveError
from visualize.faults import FAULTS, wrong_gradients
from visualize.text import visible

# What it says


@pytest.mark.parametrize("build", [diamond, stretched, meeting, named_layer])
def test_the_numbers_on_the_page_are_those_of_backward_to_the_last_digit(build):
    J, _ = build()
    data = data_of(stepper(J))
    found = gradients_of(data)
    values = {node["name"]: node["array"] for node in data["nodes"]}
    steps = [step for step in data["steps"] if step["phase"] == "forward"]
    J.backward(retain_grads=True)
    for visit in walk(J).backward:
        np.testing.assert_array_equal(found[visit.name], visit.tensor.grad.data)
    assert len(found) == data["gradients"]
    np.testing.assert_array_equal(numbers_of(data["arrays"][values["J"]]), J.data)
    assert [data["nodes"][step["lit"][0]]["kind"] for step in steps] == ["result"] * len(steps)


def test_gradients_that_were_worked_out_by_hand_stand_on_the_page():
    found = gradients_of(data_of(stepper(meeting()[0])))
    assert {name: float(x) for name, x in found.items()} == {"dJ": 1, "dt1": 1, "du": 13, "da": 39, "db": 26}


def test_the_page_steps_forward_and_then_backward_through_every_equation_of_the_course():
    steps = data_of(stepper(network()[0], convention="course"))["steps"]
    assert [step["phase"] for step in steps] == ["start"] + 7 * ["forward"] + 13 * ["backward"]
    assert [step["title"] for step in steps[1:4]] == ["Z1 = W1 @ X + b1", "A1 = relu(Z1)", "Z2 = W2 @ A1 + b2"]
    assert steps[8]["title"] == "dJ = m"
    titles = [step["title"] for step in steps[9:]]
    assert sorted(titles) == sorted(COURSE.splitlines())
    divided = [step["divided"]["equation"] for step in steps if "divided" in step]
    assert [equation["name"] for equation in divided] == ["dW3", "db3", "dW2", "db2", "dW1", "db1"]
    assert divided[0]["parts"][-2] == ".T / " and divided[0]["parts"][-1][0] == "m"


def test_the_shapes_are_checked_in_the_equation():
    steps = {step["title"]: step for step in data_of(stepper(network()[0]))["steps"]}
    assert steps["dA1 = W2.T @ dZ2"]["check"] == "W2.T (3, 2) @ dZ2 (2, 5) → dA1 (3, 5), the shape of A1"
    assert steps["dZ2 = dA2 * (Z2 > 0)"]["check"] == "dA2 (2, 5) * (Z2 (2, 5) > 0) → dZ2 (2, 5), the shape of Z2"
    assert steps["Z1 = W1 @ X + b1"]["check"] == "W1 (3, 4) @ X (4, 5) + b1 (3, 1) → Z1 (3, 5)"
    assert not any(step.get("check") for step in data_of(stepper(meeting()[0]))["steps"])  # of numbers there is nothing


def test_an_equation_knows_its_operands_and_takes_no_argument_for_one():
    axis, sum_ = leaf([[1.0, 2.0]], "axis"), leaf([[3.0], [4.0]], "T")
    steps = data_of(stepper((axis * sum_).sum()))["steps"]
    (equation,) = next(step for step in steps if step["title"].startswith("dT"))["equations"]
    words = [part if isinstance(part, str) else part[0] for part in equation["parts"]]
    assert words == ["sum(", "dt1", " * ", "axis", ", axis=1, keepdims=True)"]


def test_a_sum_over_stretched_axes_is_called_out_with_its_reason():
    steps = {step["title"]: step for step in data_of(stepper(stretched()[0]))["steps"]}
    stretch = steps["drow = sum(dt2, axis=(0, 1))"]["stretch"]
    assert stretch["says"] == (
        "Broadcasting had stretched row from (2,) to (2, 3, 2) in t2 = t1 + row: each entry was used 6 times. Each use "
        "hands back its part, and the parts add up: the rule gave (2, 3, 2), which is summed over axis 0 (2 entries) "
        "and axis 1 (3 entries)."
    )
    assert "stretch" not in steps["dt2 = dt3 * number"]


def test_where_gradients_meet_the_running_sum_is_shown():
    data = data_of(stepper(meeting()[0]))
    shares = [step for step in data["steps"] if step["title"].startswith("du")]
    assert [step["title"] for step in shares] == ["du = dJ", "du += dt1 * u", "du += dt1 * u"]
    totals = [float(numbers_of(data["arrays"][step["meet"]["total"]])) for step in shares]
    assert totals == [1, 7, 13]
    assert [step["gives"]["state"] for step in shares] == ["1 of 3 shares", "2 of 3 shares", "complete"]
    assert shares[0]["meet"]["before"] is None
    assert shares[1]["meet"]["says"].endswith("1 share still to come: only then may u pass its gradient on.")
    assert shares[2]["meet"]["says"].endswith("This was the last: du is complete.")


def test_a_large_array_is_the_heatmap_of_its_means_and_says_so():
    W = leaf(np.linspace(-2.0, 1.0, 40 * 100).reshape(40, 100), "W")
    W.data[0, 0], W.data[39, 99] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        data = data_of(stepper((W * 1.0).sum()))
    array = next(data["arrays"][node["array"]] for node in data["nodes"] if node["name"] == "W")
    heat = array["heat"]
    means = W.data.reshape(40, 50, 2).mean(axis=2)
    scale = np.abs(means[0, 1])
    assert (heat["rows"], heat["columns"], float(heat["most"])) == (40, 50, pytest.approx(scale, rel=1e-2))
    pixels = decoded(heat["picture"])
    finite = np.isfinite(means)
    assert (pixels[~finite] == [204, 121, 167, 255]).all() and (~finite).sum() == 2
    np.testing.assert_allclose(pixels[finite][:, 3], 255 * np.abs(means[finite]) / scale, atol=255 / 62 + 0.5)
    assert (pixels[finite][:, 2] == np.where(means[finite] < 0, 178, 0))[pixels[finite][:, 3] > 0].all()
    assert heat["notes"] == ["a cell is the mean of 1 × 2 entries", "pink: nan or infinite"]
    assert "nan" in array["text"] and "inf" in array["text"]


def test_arrays_of_the_same_bytes_and_another_shape_are_told_apart():
    x = leaf([[1.0, 2.0, 3.0]], "x")
    data = data_of(stepper((x.T * 1.0).sum()))
    assert [data["arrays"][node["array"]]["shape"] for node in data["nodes"][:2]] == ["(1, 3)", "(3, 1)"]


def test_nan_inf_and_zero_with_a_sign_are_shown_as_they_are():
    x = leaf([np.nan, np.inf, -np.inf, -0.0, 1e-300], "x")
    with np.errstate(all="ignore"):
        data = data_of(stepper((x * 1.0).sum()))
    array = next(data["arrays"][node["array"]] for node in data["nodes"] if node["name"] == "x")
    assert [entry[1] for entry in array["rows"][0]] == ["nan", "inf", "-inf", "-0.0", "1e-300"]


def test_small_arrays_of_every_kind_have_their_own_digits():
    x = tg.Tensor(np.array([0.1, 1 / 3], np.float32), requires_grad=True, name="x")
    mask = np.array([True, False])
    z = tg.Tensor(np.array([1 + 2j, 0.1j]), requires_grad=True, name="z")
    data = data_of(stepper((x * mask).sum() + np.abs(z * z).sum(), names={"mask": mask}))
    digits = {
        node["name"]: [entry[1] for entry in data["arrays"][node["array"]]["rows"][0]] for node in data["nodes"][:2]
    }
    assert digits["x"] == ["0.1", "0.33333334"]
    assert digits["mask"] == ["True", "False"]


# The page


def test_the_page_asks_for_nothing_and_allows_its_own_style_and_script_alone():
    page = stepper(named_layer()[0], names={"c": np.ones(3)})
    elements = Elements(page)
    policy = next(a["content"] for tag, a in elements.found if a.get("http-equiv") == "Content-Security-Policy")
    (style,), (_, script) = elements.inside["style"], elements.inside["script"]
    for kind, text in (("style-src", style), ("script-src", script)):
        assert f"{kind} 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert ".tinygrad-edu-graph .box" in style
    for tag, attributes in elements.found:
        assert "style" not in attributes and not any(name.startswith("on") for name in attributes), tag
        assert tag not in ("img", "iframe", "object", "form", "base")
        assert attributes.get("href", "data:,") == "data:,"
    assert "innerHTML" not in script and "eval" not in script
    assert "http" not in re.sub(r"http-equiv|http://www\.w3\.org/2000/svg", "", page)


HOSTILE = {
    "markup": "<script>alert(1)</script>",
    "the end of a script": "</script><img src=x onerror=alert(1)>",
    "a start and an end of a script": "<!--<script </script ",
    "the end of a comment or section": "--> ]]> <!--",
    "quotes": "\"'`",
    "a backslash": "\\N \\n \\u003c",
    "NUL": "a\x00b",
    "bidi marks": "\u202eevil\u202c \u2066x",
    "line separators": "a\u2028b\u2029c",
    "a lone surrogate": "a\ud800b",
    "a template": "{{script}} ${x}",
    "ten kilobytes": "long " * 2000,
    "only signs": "!!!",
    "an underscore": "_",
    "Hebrew": "שלום",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("given", [False, True], ids=["the tensor's own", "in names="])
def test_a_hostile_name_comes_through_whole_and_harmless(name, given):
    plain = [tag for tag, _ in Elements(stepper((leaf([1.0], "W") * 2.0).sum())).found]
    W = leaf([1.0], None if given else name)
    page = stepper((W * 2.0).sum(), names={name: W} if given else None)
    page.encode("utf-8")
    assert [tag for tag, _ in Elements(page).found] == plain
    node = data_of(page)["nodes"][0]
    if not (given and name.startswith("_")):  # names= passes over what begins so: notebooks keep results as _
        assert (node["called"] or node["name"]) == visible(name)
    assert len(node["name"]) <= 24 and node["name"].isidentifier()
    assert "\x00" not in page and "\u2028" not in page and "\u202e" not in page


def test_long_names_that_begin_alike_stay_apart():
    a, b = leaf([1.0], "an" * 300 + "a"), leaf([2.0], "an" * 300 + "b")
    data = data_of(stepper((a * b).sum(), names={"m": 7}))
    first, second = data["nodes"][:2]
    assert first["name"] != second["name"] and first["called"][-1] + second["called"][-1] == "ab"
    assert len(data["steps"][1]["title"]) < 60


def test_the_same_graph_gives_the_same_bytes_in_every_process():
    program = (
        "import sys, hashlib; sys.path.insert(0, 'tests')\n"
        "from walks import named_layer; from visualize import stepper\n"
        "print(hashlib.sha256(stepper(named_layer(9, 30)[0]).encode()).hexdigest())"
    )
    found = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True,
            cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        found.add(run.stdout)
    found.add(hashlib.sha256(stepper(named_layer(9, 30)[0]).encode()).hexdigest() + "\n")
    assert len(found) == 1


def test_the_page_of_a_network_for_the_digits_stays_small():
    net = tg.nn.DeepNetwork([64, 128, 64, 1], seed=1)
    rng = np.random.default_rng(0)
    Y = (rng.uniform(size=(1, 200)) > 0.5).astype(float)
    J = F.binary_cross_entropy(net(rng.standard_normal((64, 200))), Y)
    assert len(stepper(J, convention="course").encode()) < 400_000


def test_the_page_is_written_whole_or_not_at_all(tmp_path):
    J, tensors = named_layer()
    path = tmp_path / "backprop.html"
    text = stepper(J, path)
    assert path.read_bytes() == text.encode() and text.startswith("<!DOCTYPE html>")
    assert all(t.grad is None for t in tensors.values())
    with pytest.raises(SaveError, match="cannot write"):
        stepper(J, tmp_path / "nowhere" / "backprop.html")
    with pytest.raises(OptionError, match=r"cannot save 'backprop.svg': a stepper is a page, saved as .html"):
        stepper(J, tmp_path / "backprop.svg")
    assert os.listdir(tmp_path) == ["backprop.html"]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: stepper(np.ones(1)), GradientError, r"^stepper\(\) takes a Tensor"),
        (lambda x: stepper(tg.Tensor(1.0)), GradientError, "nothing to walk through"),
        (
            lambda x: stepper((x * x).sum(), convention="course"),
            GradientError,
            r'has no means .* give it, names={"m": 209}',
        ),
        (lambda x: stepper(x * 2.0), ShapeError, "starts from one number"),
        (lambda x: wrong_gradients(x.sum(), "typo"), OptionError, "fault='typo': the faults are order, assign"),
    ],
)
def test_bad_input_is_refused(call, kind, message):
    with pytest.raises(kind, match=message) as caught:
        call(leaf([1.0, 2.0], "x"))
    assert isinstance(caught.value, TinygradEduError)


# Breaking it


def broken(J, **options):
    """{fault: (its sentence, {name: what it got, or None}, {name: what is wrong with it})}"""
    data = data_of(stepper(J, **options))
    found = {}
    for fault in data["faults"]:
        got = {
            row["name"]: None if row["wrong"] is None else numbers_of(data["arrays"][row["wrong"]])
            for row in fault["rows"]
        }
        found[fault["fault"]] = fault["says"], got, {row["name"]: row["off"] for row in fault["rows"] if row["off"]}
    return found


def test_without_topological_order_the_late_shares_reach_nothing_behind():
    """t1 = u * u goes first, its first share 6 makes u pass on 6 * 3 and 6 * 2; du = 13 comes too late."""
    says, got, off = broken(meeting()[0])["order"]
    assert {name: float(x) for name, x in got.items()} == {"dJ": 1, "dt1": 1, "du": 13, "da": 18, "db": 12}
    assert off == {"da": "off by up to 21.0", "db": "off by up to 14.0"}
    assert says == (
        "2 of 5 gradients are wrong. u is used in 3 places and passed its gradient on when the first share had come; "
        "the rest never reached what lies before it."
    )


def test_with_assignment_only_the_last_share_is_left():
    """The shares of u are 1, 6 and 6."""
    says, got, off = broken(meeting()[0])["assign"]
    assert {name: float(x) for name, x in got.items()} == {"dJ": 1, "dt1": 1, "du": 6, "da": 18, "db": 12}
    assert sorted(off) == ["da", "db", "du"]
    assert says.startswith("3 of 5 gradients are wrong. u is used in 3 places, and each share overwrote the one before")


def test_without_the_broadcast_sum_gradients_have_the_stretched_shape():
    w, b = leaf([[2.0]], "w"), leaf([[0.0]], "b")
    J = (w * np.array([[1.0, 2.0, 4.0]]) + b).sum()
    says, got, off = broken(J)["broadcast"]
    np.testing.assert_array_equal(got["dw"], [[1.0, 2.0, 4.0]])
    np.testing.assert_array_equal(got["db"], [[1.0, 1.0, 1.0]])
    assert off == {"dw": "shape (1, 3) instead of (1, 1)", "db": "shape (1, 3) instead of (1, 1)"}
    assert says.startswith("2 of 5 gradients are wrong. b was stretched from (1, 1) to (1, 3)")


def test_a_shape_that_a_later_rule_cannot_take_stops_the_walk_and_is_named():
    """Six entries have no room in the (1, 2) that v is."""
    v = leaf([[1.0, 2.0]], "v")
    d = v.reshape(2)
    d.name = "d"
    says, got, off = broken((d + np.ones((3, 2))).sum())["broadcast"]
    assert got["dv"] is None and off["dv"] == "never computed"
    assert got["dd"].shape == (3, 2)
    assert says.endswith(
        "The walk then stops: the rule of d = reshape(v, shape=2) for v cannot take a gradient of shape (3, 2), "
        "where (2,) belongs."
    )


def test_where_a_fault_changes_nothing_the_page_says_so_and_why():
    x = leaf([1.0, 2.0], "x")
    found = broken(np.sin(x).sum())
    assert all(not off for _, _, off in found.values())
    assert found["order"][0] == found["assign"][0]
    assert found["order"][0] == (
        "Nothing changes here: no tensor feeds two steps, so every gradient is a single share."
    )
    assert found["broadcast"][0] == (
        "Nothing changes here: no operand was stretched by broadcasting, so there is nothing to sum."
    )
    says, _, off = broken((x * x + np.sin(x)).sum())["order"]
    assert not off and "only leaves (x) feed several steps" in says
    zero = leaf([0.0], "zero")
    h = np.sin(zero)
    says, _, off = broken((h * h).sum())["order"]
    assert not off and "by luck" in says


def test_the_faults_follow_the_course_s_convention_too():
    J, _ = named_layer()
    gradient, course = broken(J), broken(J, convention="course")
    m = 3 * 4
    for fault in FAULTS:
        for name, wrong in gradient[fault][1].items():
            times = 1 if name in ("dW", "db") else m
            np.testing.assert_allclose(course[fault][1][name], times * wrong, rtol=1e-12)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_long_chain_needs_no_recursion(fault):
    h = leaf([0.5], "x")
    for _ in range(3000):
        h = np.sin(h)
    assert len(wrong_gradients(h.sum(), fault).gradients) == 3002

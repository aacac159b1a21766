"""histograms(activations, gradients): bars that count, and dead units and vanishing gradients in words."""

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import HOSTILE, SVG, assert_texts_fit, texts

from tinygrad_edu import Tensor
from tinygrad_edu.errors import ShapeError
from visualize import distribution, findings, histograms
from visualize.errors import NotDrawableError

RNG = np.random.default_rng(1)
RELU = np.maximum(RNG.standard_normal((6, 50)), 0.01)


def picture(*args, **kw):
    return ET.fromstring(histograms(*args, **kw).svg)


def ends(d):
    return float(d.axis.ticks[0][1]), float(d.axis.ticks[-1][1])


# Bins


@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e200])
def test_bars_count_as_numpy_counts_and_leave_zeros_out(scale):
    a = RNG.standard_normal((30, 40)) * scale
    a[a > scale] = 0
    d = distribution(a)
    expected, _ = np.histogram(a[a != 0] / scale, bins=40, range=[end / scale for end in ends(d)])
    assert abs(np.cumsum(d.counts) - np.cumsum(expected)).max() <= 2  # an entry on an edge may round either way
    assert sum(d.counts) == np.count_nonzero(a) and d.zeros == a.size - np.count_nonzero(a)
    assert math.isclose(d.rms / scale, math.sqrt(((a / scale) ** 2).mean())) and d.largest == abs(a).max()


@settings(max_examples=60)
@given(st.lists(st.floats(), max_size=30))
def test_every_entry_is_counted_once_whatever_it_is(values):
    d = distribution(values)
    assert sum(d.counts) + d.zeros + d.not_finite == len(values) == d.size
    assert_texts_fit(picture({"A": values}))


def test_silent_rows_are_those_that_are_zero_everywhere():
    a = np.array([[0.0, 0.0], [0.0, 1.0], [-0.0, 0.0], [np.nan, 0.0]])
    assert distribution(a).silent == (0, 2)
    assert distribution(np.zeros((3, 0))).silent == () and distribution(np.zeros(3)).silent == ()


# What is pointed out


def test_dead_units_are_named_in_the_picture_and_in_its_description():
    A = RELU.copy()
    A[[1, 4]] = 0
    sentence = "A1: 2 of 6 units are dead, 0 on all 50 examples: units 2, 5."
    root = picture({"A1": A, "A2": RELU})
    assert sentence in " ".join(texts(root, "name")) and sentence in root.findtext(f"{SVG}desc")
    A[0] = 0
    A[1, 3] = 1
    assert findings({"A1": distribution(A)}, {}) == ["A1: 2 of 6 units are dead, 0 on all 50 examples: units 1, 5."]
    assert findings({"A1": distribution(RELU)}, {}) == ["No unit is dead: each answers to some example."]


def test_many_dead_units_are_counted_rather_than_listed():
    d = distribution(np.zeros((9, 4)))
    (said,) = findings({"A1": d}, {})
    assert said == "A1: 9 of 9 units are dead, 0 on all 4 examples: units 1, 2, 3, 4, 5, 6 and 3 more."
    (said,) = findings({f"A{l}": d for l in range(1, 9)}, {})
    assert said.startswith("Dead units, 0 on all examples: 9 of 9 in A1, ") and said.endswith(
        "A6 and in 2 more layers."
    )
    assert len(findings({f"A{l}": d for l in range(3)}, {})) == 3


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (1e-4, 0.2, "Gradients vanish on the way to the first layer: dW1 has rms 0.0001, dW3 0.2."),
        (3e3, 2.0, "Gradients explode on the way to the first layer: dW1 has rms 3e+03, dW3 2.0."),
        (0.01, 0.2, "Gradients neither vanish nor explode: dW1 has rms 0.01, dW3 0.2."),
        (0.0, 0.2, "Gradients vanish on the way to the first layer: dW1 has rms 0.0, dW3 0.2."),
        (0.0, 0.0, "Gradients are 0: dW1 has rms 0.0, dW3 0.0; nothing is learned any more."),
    ],
)
def test_the_first_layers_gradient_is_held_against_the_last_ones(first, last, said):
    grads = {"dW1": np.full((2, 2), first), "dW2": np.ones((2, 2)), "dW3": np.full((1, 2), -last)}
    root = picture({}, grads)
    assert said in root.findtext(f"{SVG}desc") and said in " ".join(texts(root, "name"))


def test_what_is_not_finite_is_pointed_out_first():
    grads = {"dW1": distribution([1.0, np.nan, -np.inf]), "dW2": distribution([1.0])}
    assert findings({}, grads)[0] == "dW1: 2 of 3 entries are nan or infinite."
    assert "2 not finite" in texts(picture({}, grads), "quiet")


@pytest.mark.parametrize("broken", ["dW1", "dW2"])
def test_gradients_that_are_nan_are_not_called_small(broken):
    grads = {name: distribution([np.nan, 0.0] if name == broken else [0.0]) for name in ("dW1", "dW2")}
    assert findings({}, grads) == [f"{broken}: 1 of 2 entries are nan or infinite."]


# The picture


def test_activations_stand_left_and_gradients_right_each_layer_in_a_row():
    root = picture({"A1": RELU, "Z2": RELU}, {"dW1": RELU, "dW2": RELU})
    panels = [g for g in root.iter(f"{SVG}g") if g.get("class") == "panel"]
    places = [tuple(map(float, re.findall(r"[\d.]+", g.get("transform")))) for g in panels]
    assert [texts(g, "name")[0] for g in panels] == ["A1", "dW1", "Z2", "dW2"]
    assert places[0][0] == places[2][0] < places[1][0] == places[3][0]
    assert places[0][1] == places[1][1] < places[2][1] == places[3][1]


def test_bars_are_as_high_as_their_counts():
    root = picture({"A": [1.0] * 30 + [2.0] * 15})
    (bars,) = [p.get("d") for p in root.iter(f"{SVG}path") if p.get("class") == "bar"]
    tops = [80 - float(y) for y in re.findall(r"V([\d.]+)h", bars)]
    assert tops == [80, 40]


def test_zeros_are_counted_in_words():
    assert "75 % are 0" in texts(picture({"A": [0.0, 0, 0, 1]}), "quiet")
    assert "all 0" in texts(picture({"A": [[0.0, 0.0]]}), "quiet")
    assert "empty" in texts(picture({"A": np.zeros((3, 0))}), "quiet")


def test_a_scalar_a_tensor_and_a_lone_side_are_drawn():
    assert_texts_fit(picture({"A": 2.0}))
    assert_texts_fit(picture({"A": Tensor([[1.0]], requires_grad=True)}))
    narrow, wide = picture({}, {"dW": RELU}), picture({"A": RELU}, {"dW": RELU})
    assert float(narrow.get("width")) < float(wide.get("width"))
    assert repr(histograms({"A": RELU}, {"dA": RELU})) == "<Histograms of A, dA>"


def test_of_many_layers_the_middle_ones_are_left_out():
    root = picture({f"A{l}": RELU for l in range(20)}, {f"dW{l}": RELU for l in range(20)})
    assert "Left out below: the 8 layers in the middle." in texts(root, "name")
    assert sum(g.get("class") == "panel" for g in root.iter(f"{SVG}g")) == 24


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_shown_within_its_room(name):
    A = RELU * 1e-200
    A[3] = 0
    assert_texts_fit(picture({name: A}, {name: A, "dW2": RELU}, title=name))


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (({},), ShapeError, "both are empty"),
        (([1.0],), NotDrawableError, "activations is {name: array}"),
        (({"A": ["x"]},), NotDrawableError, r"activations\['A'\]"),
        (({"A": [1j]},), NotDrawableError, "complex"),
        (({"A": [1.0]}, {"dW": None}), NotDrawableError, r"gradients\['dW'\]"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(args, error, message):
    with pytest.raises(error, match=message):
        histograms(*args)

"""boundary(predict, X, y): the regions that a classifier sees, and the examples in them."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from pictures import HOSTILE, SVG, assert_texts_fit, texts

from tinygrad_edu import Tensor
from tinygrad_edu.errors import ShapeError
from visualize import boundary
from visualize.decision import MARKS, SIDE
from visualize.errors import NotDrawableError, OptionError

RNG = np.random.default_rng(2)
X = RNG.uniform(-1, 1, (2, 80))
Y = (X[0] > 0).astype(int)


def right_half(X):
    return (X[0] > 0).astype(int)


def picture(*args, **kw):
    return ET.fromstring(boundary(*args, **kw).svg)


def regions(root):
    """{class: share of the plot} by adding up the rectangles of each region."""
    found = {}
    for g in root.iter(f"{SVG}g"):
        for path in g.findall(f"{SVG}path"):
            if path.get("class") == "region":
                sizes = re.findall(r"h([\d.]+)v([\d.]+)h-", path.get("d"))
                found[g.get("class")] = sum(float(w) * float(h) for w, h in sizes) / SIDE**2
    return found


def marks(root):
    """[(class, [(x, y), ...], which mark)] of the examples and, last of each class, of its key."""
    found = []
    for g in root.iter(f"{SVG}g"):
        for path in g.findall(f"{SVG}path"):
            if path.get("class") == "mark":
                d = path.get("d")
                shape = next(i for i, mark in enumerate(MARKS) if d.endswith(mark))
                places = [tuple(map(float, p.split())) for p in re.findall(r"M(-?[\d.]+ -?[\d.]+)", d)]
                found.append((g.get("class"), places, shape))
    return found


@pytest.mark.parametrize(
    "predict",
    [
        right_half,
        lambda X: right_half(X)[None],
        lambda X: 1 / (1 + np.exp(-5 * X[:1])),
        lambda X: 1 / (1 + np.exp(-5 * X[0])),
        lambda X: Tensor(np.stack([-X[0], X[0]]), requires_grad=True),
        lambda X: (X[0] > 0).astype(float),
        lambda X: X[0] > 0,
    ],
)
def test_labels_and_probabilities_of_any_shape_give_the_same_picture(predict):
    assert boundary(predict, X, Y).svg == boundary(right_half, X, Y).svg


def test_regions_cover_the_plane_in_their_shares_with_a_line_between():
    root = picture(lambda X: np.where(X[1] > 0.5, 2, right_half(X)), X, Y)
    shares = regions(root)
    assert shares.keys() == {"c0", "c1", "c2"} and sum(shares.values()) == pytest.approx(1)
    # the axes reach from -1.5 to 1.5: the upper third is class 2, half of the rest is class 1
    assert shares["c2"] == pytest.approx(1 / 3, abs=0.01) and shares["c1"] == pytest.approx(1 / 3, abs=0.01)
    (edge,) = [p.get("d") for p in root.iter(f"{SVG}path") if p.get("class") == "edge"]
    assert edge == f"M0 120h{SIDE}M180 120v240"
    assert "2: 0, 0 wrong; its region covers 33 % of the plane." in root.findtext(f"{SVG}desc")


def test_examples_stand_where_they_are_with_a_mark_of_their_class():
    points = np.array([[-1.0, 1.0, 0.5], [-1.0, 1.0, 0.0]])
    root = picture(right_half, points, np.array([0, 1, 1]))
    (zero, of_zero, circle), _, (one, of_one, square), _ = marks(root)
    unit = SIDE / 3  # from -1.5 to 1.5
    assert (zero, one) == ("c0", "c1") and circle != square
    assert of_zero == [(unit / 2, 2.5 * unit)] and of_one == [(2.5 * unit, unit / 2), (2 * unit, 1.5 * unit)]


def test_wrong_examples_are_counted_by_class():
    root = picture(lambda X: np.zeros(X.shape[1], int), X, Y, names=["left", "right"])
    assert texts(root, "name")[-2:] == ["left", "right"]
    left, right = (Y == 0).sum(), (Y == 1).sum()
    assert f"{left}, 0 wrong" in texts(root, "quiet") and f"{right}, {right} wrong" in texts(root, "quiet")
    assert repr(boundary(right_half, X, Y)) == "<Decision boundary: 80 examples, 2 classes>"


def test_thirty_classes_differ_in_colour_or_mark():
    y = np.arange(30)
    looks = marks(picture(lambda X: np.zeros(X.shape[1], int), RNG.uniform(size=(2, 30)), y))
    assert len({(colour, shape) for colour, _, shape in looks}) == 30


def test_one_class_and_one_example_and_equal_examples_are_drawn():
    zeros = lambda X: np.zeros(X.shape[1], int)
    assert regions(picture(zeros, np.ones((2, 1)), np.zeros(1, int))) == {"c0": pytest.approx(1)}
    assert_texts_fit(picture(zeros, np.ones((2, 5)), np.zeros(5, int)))


def test_examples_that_are_not_finite_are_left_out_and_counted():
    points = X.copy()
    points[0, 3], points[1, 5] = np.nan, np.inf
    root = picture(right_half, points, Y)
    assert "2 not finite, left out" in texts(root, "quiet")
    assert sum(len(places) for _, places, _ in marks(root)) == 78 + 2
    assert_texts_fit(picture(right_half, np.full((2, 2), np.nan), np.zeros(2, int)))


def test_of_many_examples_every_few_are_drawn_and_all_are_counted():
    points = RNG.uniform(-1, 1, (2, 3000))
    root = picture(right_half, points, right_half(points))
    assert "1 example in 5 is drawn" in texts(root, "quiet")
    assert sum(len(places) for _, places, _ in marks(root)) == 600 + 2
    assert sum(int(t.split(",")[0]) for t in texts(root, "quiet") if t.endswith(" wrong")) == 3000


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e300])
def test_any_name_is_shown_within_its_room(name, scale):
    root = picture(right_half, X * scale, Y, names=[name, "b"], features=(name, name), title=name)
    assert_texts_fit(root)


def test_even_a_noisy_boundary_stays_a_small_picture():
    assert len(boundary(lambda X: RNG.integers(0, 2, X.shape[1]), X, Y).svg) < 900_000
    assert len(boundary(right_half, X, Y).svg) < 12_000


@pytest.mark.parametrize(
    ("predict", "points", "y", "error", "message"),
    [
        (right_half, np.ones((3, 4)), np.zeros(4, int), ShapeError, r"X is \(3, 4\)"),
        (right_half, np.ones((2, 4)), np.zeros(3, int), ShapeError, r"y is \(3,\)"),
        (right_half, np.ones((2, 0)), np.zeros(0, int), ShapeError, r"\(2, 0\)"),
        (right_half, X, Y * 0.3, NotDrawableError, "labels are whole numbers"),
        (right_half, X, -Y, NotDrawableError, "y holds"),
        (lambda X: np.zeros(3), X, Y, ShapeError, r"predict\(X\) is \(3,\)"),
        (lambda X: np.array(["a"] * X.shape[1]), X, Y, NotDrawableError, "labels are whole numbers"),
        (right_half, X, Y * 30, OptionError, "31 classes"),
        (right_half, X * 1.7e308, Y, OptionError, "scale it"),
        (right_half, [["a", "b"]] * 2, [0, 1], NotDrawableError, "real numbers"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(predict, points, y, error, message):
    with pytest.raises(error, match=message):
        boundary(predict, points, y)

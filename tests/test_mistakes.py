"""confusion_matrix(counts) and mistakes(X, y, predicted): which classes, and which examples, are taken for others."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from pictures import HOSTILE, SVG, assert_texts_fit, contrast, texts
from test_heatmaps import decoded

from tinygrad_edu.errors import ShapeError
from visualize import confusion_matrix, confusions, mistakes
from visualize.canvas import SHADE_STEPS, THEMES
from visualize.errors import NotDrawableError

COUNTS = np.array([[5, 2, 0], [0, 4, 0], [1, 0, 0]])
NAMES = ["ant", "bee", "cat"]


def matrix(*args, **kw):
    return ET.fromstring(confusion_matrix(*args, **kw).svg)


def cells(root):
    """[[(shade, text, what it says), ...], ...] as drawn."""
    rows = [g for g in root.iter(f"{SVG}g") if g.get("class") == "row"]
    return [
        [(g.find(f"{SVG}rect").get("class"), g.findtext(f"{SVG}text"), g.findtext(f"{SVG}title")) for g in row]
        for row in rows
    ]


# Confusion


def test_every_count_stands_in_its_row_and_column():
    drawn = cells(matrix(COUNTS, NAMES))
    assert [[int(text.replace("·", "0")) for _, text, _ in row] for row in drawn] == COUNTS.tolist()
    assert drawn[0][1][2] == "ant predicted as bee: 2, 28.6 %"
    assert texts(matrix(COUNTS, NAMES), "name") == ["ant", "ant", "bee", "bee", "cat", "cat"]


def test_shades_are_the_shares_of_a_row_in_one_colour_right_and_in_another_wrong():
    shades = [[shade for shade, _, _ in row] for row in cells(matrix([[9, 1], [0, 5000]]))]
    assert shades == [["right9", "wrong2"], ["wrong0", "right10"]]
    assert cells(matrix([[3, 7], [0, 1]]))[0][1][0] == "wrong7"
    few = cells(matrix([[100000, 1], [0, 0]]))
    assert few[0][1][0] == "wrong2" and few[1][1][0] == "right0"  # a single error is seen, an empty row is no error


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_can_be_read_on_every_shade(theme):
    style = matrix([[1]]).findtext(f"{SVG}style")
    light, dark = style.split("@media (prefers-color-scheme:dark)")
    fills = re.findall(r"\.(right|wrong)(\d+)\{fill:(#[0-9a-f]{6})\}", dark if theme == "dark" else light)
    assert len(fills) == 2 * (SHADE_STEPS + 1)
    assert all(contrast(fill, THEMES[theme]["number"]) >= 4.5 for _, _, fill in fills)
    strengths = [contrast(fill, THEMES[theme]["paper"]) for kind, _, fill in fills if kind == "right"]
    assert strengths == sorted(strengths) and strengths[0] == 1


def test_it_says_in_words_who_is_taken_for_whom():
    desc = matrix(COUNTS, NAMES).findtext(f"{SVG}desc")
    assert desc.splitlines()[0].startswith("9 of 12 examples on the diagonal are right")
    assert desc.splitlines()[1:] == ["ant taken for bee: 2.", "cat taken for ant: 1."]
    assert confusions(COUNTS, NAMES, 1) == ["ant taken for bee: 2.", "Other errors: 1."]
    assert confusions(np.eye(3, dtype=int)) == []


def test_of_many_classes_those_with_the_most_errors_are_shown():
    counts = 50 * np.eye(40, dtype=int)
    counts[39, 38], counts[7, 39] = 9, 3
    root = matrix(counts)
    shown = texts(root, "name")
    assert len(cells(root)) == 20 and {"39", "38", "7"} <= set(shown)
    assert "The 20 classes with the most errors, of 40." in texts(root, "quiet")
    assert "39 taken for 38: 9." in root.findtext(f"{SVG}desc")
    assert "3, 5.7 %" in next(t for row in cells(root) for _, _, t in row if t.startswith("7 predicted as 39"))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("counts", [[[3]], [[10**12, 1], [1, 0]], np.ones((25, 25), int)])
def test_any_class_name_and_any_count_are_shown_within_their_room(name, counts):
    assert_texts_fit(matrix(counts, [name] * len(counts), title=name))


@pytest.mark.parametrize(
    ("counts", "names", "error", "message"),
    [
        ([[1, 2]], None, ShapeError, r"\(1, 2\)"),
        (np.zeros((0, 0), int), None, ShapeError, r"\(0, 0\)"),
        ([[1.0]], None, NotDrawableError, "whole numbers"),
        ([[-1]], None, NotDrawableError, "whole numbers"),
        ([[1]], ["a", "b"], ShapeError, "2 names for 1 classes"),
    ],
)
def test_what_is_no_table_of_counts_is_refused(counts, names, error, message):
    with pytest.raises(error, match=message):
        confusion_matrix(counts, names)


# Mistakes

RNG = np.random.default_rng(4)
X = RNG.uniform(size=(12, 6))
Y = np.array([0, 1, 2, 0, 1, 2])
SAID = np.array([0, 2, 2, 1, 1, 0])  # wrong: 1, 3, 5
SURE = np.array([0.9, 0.4, 0.9, 0.996, 0.9, 0.7])


def shown(root):
    """[(pixels, is, said)] as drawn."""
    examples = [g for g in root.iter(f"{SVG}g") if g.get("class") == "example"]
    return [(decoded(g.find(f"{SVG}image").get("href")), *texts(g, "name"), *texts(g, "number")) for g in examples]


def test_only_wrong_examples_are_shown_the_surest_first_with_both_labels():
    root = ET.fromstring(mistakes(X, Y, SAID, probabilities=SURE, names=NAMES, shape=(3, 4)).svg)
    assert [labels for _, *labels in shown(root)] == [
        ["is ant", "said bee, 100 %"],
        ["is cat", "said ant, 70 %"],
        ["is bee", "said cat, 40 %"],
    ]
    for (pixels, *_), i in zip(shown(root), (3, 5, 1)):
        assert abs(pixels - 255 * (1 - X[:, i].reshape(3, 4))).max() <= 0.5
    assert "3 of 6 examples" in texts(root, "quiet")
    assert root.findtext(f"{SVG}desc").splitlines()[:2] == ["3 of 6 examples.", "ant taken for bee, 100 %."]


def test_without_probabilities_they_keep_their_order():
    root = ET.fromstring(mistakes(X, Y, SAID, shape=(3, 4), most=2).svg)
    assert [labels for _, *labels in shown(root)] == [["is 1", "said 2"], ["is 0", "said 1"]]
    assert "3 of 6 examples, the first 2" in texts(root, "quiet")


def test_no_mistake_is_said_to_be_none():
    root = ET.fromstring(mistakes(X, Y, Y, shape=(4, 3)).svg)
    assert shown(root) == [] and "All 6 examples are right." in texts(root, "quiet")
    assert_texts_fit(root)
    assert repr(mistakes(X, Y, SAID, shape=(4, 3))) == "<3 of 6 examples classified wrong>"


def test_pixels_that_are_not_finite_are_grey():
    pixels, *_ = shown(ET.fromstring(mistakes([[np.nan], [0.0], [np.inf], [1.0]], [0], [1]).svg))[0]
    assert pixels.ravel().tolist() == [128, 255, 0, 0]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("most", [1, 24])
def test_any_name_is_shown_beside_its_image(name, most):
    y = np.arange(9) % 3
    picture = mistakes(np.ones((4, 9)), y, (y + 1) % 3, names=[name] * 3, most=most, probabilities=y / 2, title=name)
    assert_texts_fit(ET.fromstring(picture.svg))


@pytest.mark.parametrize(
    ("args", "options", "error", "message"),
    [
        ((X, Y[:5], SAID), {"shape": (3, 4)}, ShapeError, r"y is \(5,\)"),
        ((X, Y, SAID), {}, ShapeError, "12 rows, no image of 3 x 3; give shape="),
        ((X, Y / 2, SAID), {"shape": (3, 4)}, NotDrawableError, "give integers"),
        ((X, Y, SAID), {"shape": (3, 4), "probabilities": [1.0]}, ShapeError, r"probabilities is \(1,\)"),
        ((X * 1j, Y, SAID), {"shape": (3, 4)}, NotDrawableError, "complex"),
    ],
)
def test_what_are_no_images_is_refused(args, options, error, message):
    with pytest.raises(error, match=message):
        mistakes(*args, **options)

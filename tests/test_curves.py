"""curves(epochs, panels): the lines, ticks and labels of training curves, in the picture and in words."""

import math
import xml.etree.ElementTree as ET
from decimal import localcontext
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import HOSTILE, SVG, assert_texts_fit, contrast, texts

from tinygrad_edu import Tensor
from tinygrad_edu.errors import ShapeError, TinygradEduError
from visualize.axis import apart, epoch_axis, linear_axis, log_axis, value_axis
from visualize.canvas import COLOURS, GRID, ROLES, THEMES
from visualize.errors import NotDrawableError, OptionError, SaveError
from visualize.plot import DASHES, HEIGHT, WIDTH
from visualize.training_curves import curves

NAN, INF = math.nan, math.inf


def picture(epochs, panels, **kw):
    return ET.fromstring(curves(epochs, panels, **kw).svg)


def panels_of(root):
    return [g for g in root.iter(f"{SVG}g") if g.get("class") == "panel"]


def points_of(d):
    """[[(x, y), ...], ...]: the runs of a path, from its own text."""
    return [[tuple(map(float, p.split())) for p in run.split("L")] for run in d.split("M")[1:]]


def lines_of(panel):
    """The runs of every line, without the keys beside the labels."""
    paths = [p.get("d") for p in panel.iter(f"{SVG}path") if p.get("class") == "line"]
    return [points_of(d) for d in paths if "L" in d]


# What the picture says


def test_every_panel_has_its_name_its_lines_and_their_last_values():
    root = picture(
        [1, 2, 3], {"cost": {"train": [3, 2, 1.25]}, "accuracy": {"train": [0, 0.5, 1], "test": [0, 0, 0.4]}}
    )
    cost, accuracy = panels_of(root)
    assert texts(cost, "name") == ["cost", "train"] and texts(cost, "number") == ["1.25"]
    assert texts(accuracy, "name") == ["accuracy", "train", "test"] and texts(accuracy, "number") == ["1.0", "0.4"]


def test_a_line_stands_where_its_values_are():
    root = picture([0, 1, 4], {"cost": {"train": [1.0, 0.0, 0.25]}})
    assert lines_of(root) == [[[(0, 0), (WIDTH / 4, HEIGHT), (WIDTH, HEIGHT * 0.75)]]]


def test_title_desc_and_role_say_it_in_words():
    root = picture([1, 2], {"cost": {"a": [0.7, 0.1], "b": [1, 2], "c": [5, 5]}}, title="Digits & more")
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Digits & more" and texts(root, "title") == ["Digits & more"]
    assert root.findtext(f"{SVG}desc") == (
        "Line charts over 2 epochs, 1 to 2.\n"
        "cost: a falls from 0.7 at epoch 1 to 0.1 at epoch 2. b rises from 1.0 at epoch 1 to 2.0 at epoch 2. "
        "c stays at 5.0 from epoch 1 to 2."
    )


def test_values_that_are_not_finite_leave_gaps_and_are_counted():
    root = picture(range(1, 8), {"cost": {"a": [5, 4, NAN, 3, INF, 2, 1], "b": [NAN] * 7}})
    (runs,) = lines_of(root)
    assert [len(run) for run in runs] == [2, 2]
    dots = [c for c in root.iter(f"{SVG}circle")]
    assert len(dots) == 2  # the lone 3 and the end of a
    assert "9 not finite" in texts(root, "quiet") and texts(root, "number") == ["1.0", "nan"]
    desc = root.findtext(f"{SVG}desc")
    assert "2 of 7 values, the first at epoch 3, are nan or infinite and left out" in desc
    assert "b has no finite value" in desc


def test_a_single_epoch_is_a_dot_in_the_middle():
    root = picture([7], {"cost": {"train": [0.5]}})
    (dot,) = root.iter(f"{SVG}circle")
    assert float(dot.get("cx")) == WIDTH / 2 and lines_of(root) == []
    assert "7" in texts(root, "quiet") and "train is 0.5 at epoch 7" in root.findtext(f"{SVG}desc")


def test_a_name_keeps_its_colour_and_dash_in_every_panel_and_names_differ_in_both():
    names = list("abcde")
    root = picture([1, 2], {"p": {n: [1, 2] for n in names}, "q": {n: [1, 2] for n in reversed(names)}})
    first, second = (
        {
            g.findtext(f"{SVG}text"): (g.get("class"), g.findall(f"{SVG}path")[-1].get("stroke-dasharray"))
            for g in panel.findall(f"{SVG}g")
            if g.find(f"{SVG}text") is not None
        }
        for panel in panels_of(root)
    )
    assert first == second
    assert len({look for look, _ in first.values()}) == len({dash for _, dash in first.values()}) == len(names)
    assert len({(i % len(COLOURS["light"]), i % len(DASHES)) for i in range(30)}) == 30


def test_the_scale_is_logarithmic_beyond_two_decades_except_for_an_accuracy():
    assert value_axis([[2.0, 0.01]]).is_log and value_axis([[0.7, 900.0]]).is_log
    assert not value_axis([[1.0, 0.01]]).is_log  # two decades, not more
    assert not value_axis([[2.0, 0.0]]).is_log and not value_axis([[2.0, -1.0]]).is_log
    assert not value_axis([[0.001, 0.9], [0.002, 0.8]]).is_log and not value_axis([[0.1, 97.0]]).is_log
    root = picture([1, 2], {"cost": {"train": [2, 0.001]}})
    assert "log scale" in texts(root, "quiet") and "cost (logarithmic scale):" in root.findtext(f"{SVG}desc")


# Axes


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.1, 0.3], "0.10 0.15 0.20 0.25 0.30"),
        ([0, 1], "0.0 0.2 0.4 0.6 0.8 1.0"),
        ([-30, 90], "-50 0 50 100"),
        ([5, 5], "2 3 4 5 6 7 8"),
        ([0.6, 0.2], "0.2 0.3 0.4 0.5 0.6"),
        ([0, 0], "-1.0 -0.5 0.0 0.5 1.0"),
        ([1, 1 + 1e-15], "0.4 0.6 0.8 1.0 1.2 1.4 1.6"),  # rounding errors are no curve
        ([0, 4e-9], "0 1e-9 2e-9 3e-9 4e-9"),
        ([-1.7e308, 1.7e308], "-2e308 -1e308 0 1e308 2e308"),
        ([5e-324, 5e-323], "0 1e-323 2e-323 3e-323 4e-323 5e-323"),
    ],
)
def test_ticks_are_round_and_short(values, expected):
    assert [text for _, text in linear_axis(values).ticks] == expected.split()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_every_value_and_tick_is_within_its_axis(values):
    axis = value_axis([values])
    assert all(-1e-9 <= axis.place(v) <= 1 + 1e-9 for v in values)
    labelled = [(place, text) for place, text in axis.ticks if text]
    assert 2 <= len(labelled) <= 8 and len({text for _, text in labelled}) == len(labelled)
    assert all(0 <= place <= 1 for place, _ in axis.ticks)
    for place, text in labelled:  # a tick stands where its text says
        if 1e-290 < abs(float(text)) < INF:
            assert axis.place(float(text)) == pytest.approx(place, abs=1e-6)


@given(st.lists(st.integers(-(10**20), 10**20), min_size=2, max_size=9, unique=True).map(sorted))
def test_epoch_ticks_are_whole_numbers_between_the_first_and_the_last(epochs):
    axis = epoch_axis(epochs)
    assert axis.place(epochs[0]) == 0 and axis.place(epochs[-1]) == 1
    assert 1 <= len(axis.ticks) <= 7
    assert all(float(text).is_integer() and 0 <= place <= 1 for place, text in axis.ticks)


def test_a_log_axis_has_powers_of_ten_at_equal_distances():
    axis = log_axis([1e-7, 1.0])
    places, powers = zip(*[tick for tick in axis.ticks if tick[1]])
    assert powers == ("1e-6", "1e-4", "1e-2", "1e0")
    assert np.ptp(np.diff(places)) == pytest.approx(0, abs=1e-12)


def test_the_callers_decimal_context_changes_nothing():
    before = curves([1, 2, 3], {"cost": {"train": [1 / 3, 1 / 6, 1 / 7]}}).svg
    with localcontext() as context:
        context.prec = 2
        assert curves([1, 2, 3], {"cost": {"train": [1 / 3, 1 / 6, 1 / 7]}}).svg == before


# Texts have room


@given(st.lists(st.floats(-50, 250), min_size=1, max_size=9))
def test_labels_are_pushed_apart_no_further_than_needed(wanted):
    end = 190.0
    places = apart(wanted, 17, end)
    assert all(-1e-9 <= p <= end + 1e-9 for p in places)
    ordered = sorted(places)
    assert all(b - a >= 17 - 1e-9 for a, b in pairwise(ordered))
    by_wish = [places[i] for i in sorted(range(len(wanted)), key=lambda i: wanted[i])]
    assert by_wish == ordered
    if all(b - a >= 17.01 for a, b in pairwise(sorted(wanted))) and min(wanted) >= 0 and max(wanted) <= end:
        assert places == pytest.approx(wanted)


@pytest.mark.parametrize("values", [[1, 1, 1], [1e300, -1e300, 3], [1e-300, 2e-300, 3e-300], [9e99, NAN, 1e-99]])
@pytest.mark.parametrize("epochs", [[1, 2, 3], [10**6, 2 * 10**6, 3 * 10**6], [-(10**15), 0, 10**15 + 1]])
@pytest.mark.parametrize("count", [1, 2, 20])
def test_texts_stay_inside_and_never_overlap(values, epochs, count):
    assert_texts_fit(picture(epochs, {"cost": {f"run {i}": values for i in range(count)}, "x": {"a": values}}))


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_shown_within_its_room_in_a_well_formed_picture(name):
    assert_texts_fit(picture([1, 2], {name: {name: [1, NAN], "x": [2, 0.001]}, "other": {"b": [1, 2]}}, title=name))


@settings(max_examples=50)
@given(st.text(), st.lists(st.floats(), min_size=1, max_size=4))
def test_any_text_and_any_floats_give_a_well_formed_picture(name, values):
    assert_texts_fit(picture(range(len(values)), {name: {name: values}}, title=name))


def test_four_panels_take_two_rows():
    one, four = (picture([1, 2], {str(i): {"a": [1, 2]} for i in range(n)}) for n in (3, 4))
    assert four.get("width") == one.get("width") and float(four.get("height")) > 1.5 * float(one.get("height"))
    assert_texts_fit(four)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_lines_and_grid_stand_out_as_they_should(theme):
    paper = THEMES[theme]["paper"]
    assert all(contrast(THEMES[theme][colour], paper) >= 4.5 for role, colour in ROLES.items() if role != "paper")
    assert all(contrast(colour, paper) >= 3 for colour in COLOURS[theme])
    assert contrast(GRID[theme], paper) < 1.6
    style = picture([1], {"a": {"b": [1]}}).findtext(f"{SVG}style")
    light, dark = style.split("@media (prefers-color-scheme:dark)")
    assert all(colour in (dark if theme == "dark" else light) for colour in (*COLOURS[theme], paper))


# The object, and what is refused


def test_the_same_curves_give_the_same_picture_and_save_writes_it(tmp_path):
    panels = {"cost": {"train": np.array([2.0, 1.0], dtype=np.float32), "test": [Tensor(2.0), Tensor(1.5)]}}
    first, second = curves(np.array([1, 2]), panels), curves([1, 2], panels)
    assert first.svg == second.svg and repr(first) == "<Curves of cost: 2 epochs>"
    assert first._repr_svg_() == first.svg == first._repr_mimebundle_()["image/svg+xml"]
    path = first.save(tmp_path / "c.SVG")
    assert path.read_text(encoding="utf-8") == first.svg
    with pytest.raises(OptionError, match=r"\.svg"):
        first.save(tmp_path / "c.jpg")
    with pytest.raises(SaveError):
        first.save(tmp_path / "missing" / "c.svg")
    assert [p.name for p in tmp_path.iterdir()] == ["c.SVG"]


def test_a_png_and_a_pdf_are_written_where_their_converter_is_installed(tmp_path):
    pytest.importorskip("vl_convert", reason="vl-convert-python is not installed: pip install -e '.[images]'")
    picture = curves([1, 2], {"cost": {"train": [2.0, 1.0]}})
    assert picture.save(tmp_path / "c.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.save(tmp_path / "c.PDF").read_bytes().startswith(b"%PDF-")


def test_a_thousand_epochs_stay_a_small_picture():
    assert len(curves(range(1000), {"cost": {"train": np.linspace(2, 1, 1000)}}).svg) < 30_000


@pytest.mark.parametrize(
    ("epochs", "panels", "error", "message"),
    [
        ([1, 2], {"cost": {"train": [1]}}, ShapeError, r"panels\['cost'\]\['train'\] has 1 value, epochs has 2"),
        ([1], {"cost": {"train": []}}, ShapeError, "has 0 values, epochs has 1"),
        ([], {"cost": {"train": []}}, ShapeError, "epochs is empty"),
        ([1], {}, ShapeError, "panels is empty"),
        ([1], {"cost": {}}, ShapeError, r"panels\['cost'\] is empty"),
        ([1], {"cost": [1]}, NotDrawableError, "panels is {panel: {line: values}}"),
        ([1], [("cost", [1])], NotDrawableError, "panels is {panel: {line: values}}"),
        ([1], {"cost": {"train": ["x"]}}, NotDrawableError, "not a list of numbers"),
        ([1], {"cost": {"train": 1.0}}, NotDrawableError, "not a list of numbers"),
        ([1], {"cost": {"train": [10**400]}}, NotDrawableError, "not a list of numbers"),
        ([1.5], {"cost": {"train": [1]}}, NotDrawableError, "whole numbers"),
        (20, {"cost": {"train": [1]}}, NotDrawableError, "whole numbers"),
        ([1, 1], {"cost": {"train": [1, 2]}}, OptionError, "must increase, and 1 comes after 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(epochs, panels, error, message):
    with pytest.raises(error, match=message) as caught:
        curves(epochs, panels)
    assert isinstance(caught.value, TinygradEduError)

"""draw(t) with names that nobody should use: the picture stays well-formed, safe and complete."""

import unicodedata
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinygrad_edu import Tensor
from visualize import draw
from visualize.text import array_text, columns, cut, ems, histogram, isolated, number_text, visible

SVG = "{http://www.w3.org/2000/svg}"

HOSTILE = [
    "<script>alert(1)</script>",
    "]]>",
    "<![CDATA[x",
    "<!-- x -->",
    "&amp; &lt; &#0; &bogus;",
    r"\N",
    r"\G\l\n\r\E",
    "ends with a backslash \\",
    '"quotes"',
    '\\"both',
    "'",
    "a\x00b",
    "line\nbreak\r\ttab",
    "\x1b[31mred\x7f\x85",
    "{|}",
    "a:b",
    "a->b; c [label=x]",
    "<lambda>",
    "<b>html</b>",
    "<",
    "node",
    "digraph",
    "x" * 10_000,
    "e" + "\u0301" * 10_000,
    "\u202eright to left\u202c\u2066",
    "שלום",
    "مرحبا",
    "重み",
    "👨‍👩‍👧 🎉",
    "e\u0301\u0323",
    "\ud800",
    "\ufffe\uffff\U0001ffff",
    "\u2028\u2029\ufeff\u00ad\u200b",
    " leading  and   many spaces ",
    "javascript:alert(1)",
    "url(#x)",
    "%s {} %(name)s",
]


def picture(name):
    x = Tensor(2.0, requires_grad=True, name=name)
    return draw(x * x)


def check(name):
    drawing = picture(name)
    root = ET.fromstring(drawing.svg.encode("utf-8"))
    allowed = {"svg", "title", "desc", "style", "rect", "g", "path", "text", "tspan"}
    assert {element.tag for element in root.iter()} == {SVG + tag for tag in allowed}
    assert not [a for element in root.iter() for a in element.attrib if a.startswith("on") or "href" in a]
    titles = [g.findtext(f"{SVG}title") for g in root.iter(f"{SVG}g") if "id" in g.attrib]
    if name:
        shown = titles[0].split("\n")[0].strip("\u2068\u2069")
        assert shown == visible(name)  # nothing lost
    for box in drawing._scene.boxes:
        for row in box.rows:
            assert columns("".join(text for text, _ in row.pieces)) <= 60
            assert all(len(text) <= 400 for text, _ in row.pieces)
    return drawing


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_shown_and_do_nothing(name):
    check(name)


@given(st.text())
@example("\x00")
@settings(deadline=None, max_examples=150)
def test_any_name_gives_a_well_formed_picture_with_the_name_in_it(name):
    check(name)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_graphviz_reads_the_source_and_shows_the_name_as_it_is(name):
    pygraphviz = pytest.importorskip("pygraphviz")
    drawing = picture(name)
    parsed = pygraphviz.AGraph(string=drawing.source)
    assert sorted(parsed.nodes()) == ["n0", "n1"] and parsed.number_of_edges() == 4
    if len(name) < 1000:  # Graphviz's own SVG must say it as well
        parsed.node_attr["fontname"] = "monospace"
        svg = ET.fromstring(parsed.draw(format="svg", prog="dot"))
        node = next(g for g in svg.iter(f"{SVG}g") if g.findtext(f"{SVG}title") == "n0")
        first = next(node.iter(f"{SVG}text")).text or ""
        assert first.replace("\xa0", " ").strip() == isolated(cut(visible(name), 24)).strip()


@given(st.text())
@settings(deadline=None, max_examples=60)
def test_graphviz_reads_the_source_of_any_name(name):
    pygraphviz = pytest.importorskip("pygraphviz")
    assert pygraphviz.AGraph(string=picture(name).source).number_of_edges() == 4  # twice forward, twice back


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_layout_never_sees_a_name(name):
    from visualize.layout import layout_dot

    drawing = picture(name)
    dot = layout_dot(drawing._scene, "LR")
    assert dot.isascii()
    assert "label" in dot and "value" not in dot


@given(st.text(st.characters()))
def test_visible_text_is_legal_xml_of_one_line_and_stays_as_it_is(text):
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert visible(shown) == shown
    assert all(c in shown for c in text if c.isprintable())


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(2, 50))
def test_a_cut_text_fits_and_is_a_beginning(text, limit):
    short = cut(text, limit)
    assert columns(short) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@pytest.mark.parametrize(
    ("text", "width"),
    [("W1", 2), ("重み", 4), ("ＷＩＤＥ", 8), ("🎉", 2), ("e\u0301\u0323", 1), ("\u2068שלום\u2069", 4), ("…·", 2)],
)
def test_a_text_is_measured_in_columns(text, width):
    assert columns(text) == width
    assert 0.5 * width <= ems(text) <= 0.62 * width


def test_a_tower_of_combining_marks_is_cut_before_it_leaves_its_box():
    assert cut("e" + "\u0301" * 4 + "x", 24) == "e" + "\u0301" * 4 + "x"
    assert cut("e" + "\u0301" * 9, 24) == "e" + "\u0301" * 4 + "…"


def test_names_that_look_alike_stay_on_their_line():
    a, b = (Tensor([1.0, 2.0], requires_grad=True, name=name) for name in ("a\nb", "a\\nb"))
    texts = [edge.text for edge in draw((a * b).sum())._scene.edges if edge.kind == "gradient"]
    assert texts == ["dt1 * a\\nb_1", "dt1 * a\\nb", "broadcast_to(dt2, shape=(2,))"]


def test_a_right_to_left_name_cannot_reorder_an_equation():
    x = Tensor(2.0, requires_grad=True, name="שלום")
    (equation,) = [text for b in draw(x * 3.0)._scene.boxes if "=" in (text := b.rows[0].pieces[0][0])]
    assert equation == "t1 = \u2068שלום\u2069 * 3.0"


def test_a_histogram_of_the_largest_and_smallest_numbers_does_not_overflow():
    assert histogram(np.array([-1e308] * 4 + [1e308] * 4)) == (8, *[0] * 10, 8)
    assert histogram(np.array([1e308] + [0.0] * 7)) == (8, *[0] * 10, 2)
    assert histogram(np.array([5e-324] + [0.0] * 7))[0] == 8


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, "-0.0"),
        (float("nan"), "nan"),
        (-float("inf"), "-inf"),
        (123456.0, "1.235e+05"),
        (np.float32(0.1), "0.1"),
        (10**20, "100000000000000000000"),
        (True, "True"),
        (1 - 2j, "1.0-2.0j"),
        (np.complex64(0.5), "0.5+0.0j"),
    ],
)
def test_a_number_is_written_as_python_would(value, text):
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.zeros((0, 3)), "empty"),
        (np.arange(10), "0 … 9"),
        (np.arange(6) > 3, "2 of 6 True"),
        (np.ones((2, 2)), "[[1.0, 1.0], [1.0, 1.0]]"),
        (np.ones(5), "all 1.0"),
        (np.full(5, np.nan), "5 nan"),
        (np.arange(5) * 1j, "|z| 0.0 … 4.0"),
    ],
)
def test_an_array_is_one_short_line(array, text):
    assert array_text(array) == text

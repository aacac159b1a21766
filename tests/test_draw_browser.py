"""draw(t) in a real browser: every text in its box, in every font; pages that keep their policy, for every reader."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from browser import chromium, opened, overflowing, violations
from test_draw_large import network, of_blocks
from test_draw_text import HOSTILE

from tinygrad_edu import Tensor
from visualize import draw
from visualize.documents import inlined, page

FONTS = ["monospace", "DejaVu Sans Mono", "Liberation Mono", "Courier New", "Noto Sans Mono CJK JP"]


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


def page_of(drawing, tmp_path):
    return drawing.save(tmp_path / "page.html").read_text(encoding="utf-8")


def hostile():
    """One graph of which every tensor has a name that nobody should use."""
    total = Tensor(np.ones((2, 3)), requires_grad=True, name="x")
    for name in HOSTILE:
        total = total + Tensor(np.ones((2, 1)), requires_grad=True, name=name)
        total.name = f"{name} sum"
    return total.sum()


GRAPHS = {
    "scalars": lambda: (Tensor(2.0, requires_grad=True, name="a") * Tensor(-3.0, requires_grad=True)).sum(),
    "layers": lambda: network(3, 4, 2, 1),
    "many layers": lambda: network(3, *[4] * 20, 1),
    "folded": lambda: of_blocks(60),
    "hostile": hostile,
}


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_a_page_keeps_its_policy_and_no_text_leaves_its_box(browser, tmp_path, graph, direction):
    html = page_of(draw(GRAPHS[graph](), direction=direction), tmp_path)
    with opened(browser, html) as page:
        assert overflowing(page) == []
        assert page.locator("svg").count() == 1


@pytest.mark.parametrize("font", FONTS)
def test_no_text_leaves_its_box_in_another_font(browser, tmp_path, monkeypatch, font):
    monkeypatch.setattr("visualize.canvas.FONTS", f'"{font}"' if " " in font else font)
    for graph in ("layers", "hostile"):
        with opened(browser, page_of(draw(GRAPHS[graph]()), tmp_path)) as page:
            assert overflowing(page) == []


def test_drawings_of_two_themes_in_one_document_keep_their_own_paper(browser):
    pictures = [draw(GRAPHS["scalars"](), theme=theme).svg for theme in ("dark", "light")]
    elements, styles = zip(*map(inlined, pictures))
    body = "".join(ET.tostring(element, encoding="unicode", method="html") for element in elements)
    with opened(browser, page("Both", body, "\n".join(styles))) as shown:
        fills = shown.locator(".paper").evaluate_all("all => all.map(x => getComputedStyle(x).fill)")
    assert fills == ["rgb(22, 24, 29)", "rgb(255, 255, 255)"]


def test_the_measure_notices_a_text_that_is_too_wide(browser, tmp_path, monkeypatch):
    monkeypatch.setattr("visualize.canvas.FONTS", "monospace;letter-spacing:2px")
    with opened(browser, page_of(draw(GRAPHS["layers"]()), tmp_path)) as page:
        assert overflowing(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_is_accessible_and_never_wider_than_the_screen(browser, tmp_path, scheme, width):
    html = page_of(draw(network(3, 4, 2, 1)), tmp_path)
    with opened(browser, html, scheme=scheme, width=width) as page:
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_table_says_every_digit(browser, tmp_path):
    x = Tensor([1 / 3, 2.0], requires_grad=True, name="x")
    with opened(browser, page_of(draw((x * x).sum()), tmp_path)) as page:
        cells = page.locator("tbody tr").first.locator("td").all_inner_texts()
    assert cells[1:] == [f"[{1 / 3!r}, 2.0]", f"[{2 / 3!r}, 4.0]"]

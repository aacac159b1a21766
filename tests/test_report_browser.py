"""report.html in a real browser: under its policy, in both themes, on a phone, read by axe and by the keyboard."""

import numpy as np
import pytest
from browser import chromium, opened, overflowing, violations
from pictures import HOSTILE

from tinygrad_edu.cli import main
from visualize import boundary, confusion_matrix, curves, heatmaps, histograms, mistakes, training_report

pytestmark = pytest.mark.slow

#: Decoding a picture fails where its PNG is damaged.
DECODE = """async () => {
    const images = [...document.querySelectorAll('svg image')];
    await Promise.all(images.map(image => {
        const one = new Image();
        one.src = image.getAttribute('href');
        return one.decode();
    }));
    return images.length;
}"""

PAPERS = "() => [...document.querySelectorAll('svg .paper')].map(paper => getComputedStyle(paper).fill)"

RENDERING = "() => getComputedStyle(document.querySelector('image')).imageRendering"

#: Boxes that reach beyond the page although they should scroll by themselves.
TOO_WIDE = """() => document.documentElement.scrollWidth - window.innerWidth"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


def made(folder, *options):
    assert main(["train", "--out", str(folder), "--quiet", *options]) == 0
    return (folder / "report.html").read_text(encoding="utf-8")


def own_data(path):
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    X = rng.normal(size=(300, 2)) + 3 * np.array([[0, 0], [1, 0], [0, 1]])[y]
    np.savez(path, X=X, y=y)
    return str(path)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """{what it is of: the text of its report}."""
    folder = tmp_path_factory.mktemp("reports")
    return {
        "digits": made(folder / "a"),
        "plane": made(folder / "b", "--data", own_data(folder / "<b>.npz"), "--layers", "8", "--epochs", "3"),
        "hostile": hostile(),
    }


def hostile():
    name = " ".join(HOSTILE)
    epoch = {"number": 3, "cost": 0.5, "train_accuracy": 0.75, "test_accuracy": 0.5, "seconds": 1.0}
    row = {"name": name, "text": name, "shape": [1, 2], "largest": 1.0, "by_hand": 1.0, "numeric": 3e-9, "probed": 2}
    record = {
        "task": name,
        "settings": {"data": "<script>alert(1)</script>", "dtype": name},
        "layer_dims": [2, 1],
        "activations": [name],
        "versions": {name: name},
        "proof": [row],
        "history": [epoch],
        "confusion": [[1, 1], [0, 0]],
        "class_names": [name, "</style><script>alert(1)</script>"],
        "interrupted": True,
    }
    pictures = {
        "curves": curves([1, 2], {n: {n: [1.0, 2.0] for n in HOSTILE} for n in HOSTILE}, title=name),
        "weights": heatmaps([0], {n: [np.eye(3)] for n in HOSTILE}, title=name),
        "before": histograms({n: np.eye(3) for n in HOSTILE}, {n: np.zeros((2, 2)) for n in HOSTILE}, title=name),
        "confusion": confusion_matrix(np.eye(len(HOSTILE), dtype=int), HOSTILE, title=name),
        "mistakes": mistakes(np.ones((4, 9)), np.arange(9), np.arange(9)[::-1], names=HOSTILE, title=name),
        "boundary": boundary(
            lambda X: (X[0] > 0).astype(int), np.eye(2), [0, 1], names=HOSTILE, features=(name, name), title=name
        ),
    }
    return training_report(record, pictures, [name])


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("of", ["digits", "plane", "hostile"])
def test_it_loads_fits_and_can_be_read_by_everybody(browser, reports, of, scheme, width):
    with opened(browser, reports[of], scheme=scheme, width=width) as page:
        assert page.evaluate(TOO_WIDE) <= 0
        assert overflowing(page) == []
        assert violations(page) == []
        assert "Training report: " in page.title()


def test_every_image_in_it_is_a_picture_that_the_browser_can_decode(browser, reports):
    with opened(browser, reports["digits"]) as page:
        assert page.evaluate(DECODE) > 36


def test_the_style_of_the_page_reaches_its_pictures_and_follows_the_theme(browser, reports):
    papers = []
    for scheme in ("light", "dark"):
        with opened(browser, reports["digits"], scheme=scheme) as page:
            papers.append(page.evaluate(PAPERS))
            assert (
                page.evaluate("() => getComputedStyle(document.querySelector('image')).imageRendering") == "pixelated"
            )
    assert set(papers[0]) == {"rgb(255, 255, 255)"} and set(papers[1]) == {"rgb(22, 24, 29)"}


def test_wide_pictures_are_reached_and_scrolled_with_the_keyboard(browser, reports):
    with opened(browser, reports["digits"], width=390) as page:
        links = page.locator("nav a").count()
        boxes = page.locator(".scroll").count()
        seen = []
        for _ in range(links + boxes):
            page.keyboard.press("Tab")
            seen.append(page.evaluate("() => document.activeElement.getAttribute('aria-label')"))
        labels = [label for label in seen if label]
        assert len(labels) == boxes and all(label.endswith("scrolls sideways") for label in labels)
        page.locator(".scroll").first.focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        page.wait_for_function("() => document.activeElement.scrollLeft > 0")


@pytest.mark.parametrize(("width", "beside"), [(1280, True), (390, False)])
def test_settings_and_versions_stand_side_by_side_where_there_is_room(browser, reports, width, beside):
    with opened(browser, reports["digits"], width=width) as page:
        settings, versions = (page.locator(f"h2#{key}").bounding_box() for key in ("settings", "versions"))
    assert (settings["y"] == versions["y"]) == beside and (settings["x"] < versions["x"]) == beside


def test_links_lead_to_their_headings(browser, reports):
    with opened(browser, reports["digits"]) as page:
        page.locator("nav a", has_text="Confusion").click()
        box = page.locator("h2#confusion").bounding_box()
        assert 0 <= box["y"] < 900


def test_a_page_with_a_damaged_style_is_noticed(browser, reports):
    damaged = reports["digits"].replace("</style>", "/* more */</style>")
    with pytest.raises(AssertionError, match="console"), opened(browser, damaged):
        pass

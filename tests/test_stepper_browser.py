"""The stepper in a real browser: its keys, its numbers, its links, its faults, and who can read it."""

import json
import re

import numpy as np
import pytest
from browser import chromium, opened, overflowing, violations
from calls import leaf
from test_derive import network
from walks import data_of, diamond, meeting, named_layer, stretched

import tinygrad_edu as tg
from tinygrad_edu.derivation.walking import walk
from visualize import drawing, stepper
from visualize.errors import LayoutError

#: Every number inside an element, with every digit, matrix by matrix and row by row.
NUMBERS = "e => [...e.querySelectorAll('.scalar, td[title]')].map(x => x.title)"


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


def at(page):
    """The number of the step that the page shows, from 1."""
    return int(page.locator("#place").inner_text().split()[0])


def until(page, happened):
    """Wait for it; the page's policy forbids the string that wait_for_function would evaluate in it."""
    for _ in range(150):
        if happened():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it does not happen")


def outcome(page):
    """What the rule of this step gave, every digit."""
    block = page.locator("#equations > .scroll .outcome").last
    return [float(x) for x in block.evaluate(NUMBERS)]


@pytest.mark.slow
@pytest.mark.parametrize("build", [diamond, stretched, named_layer])
def test_the_arrow_key_reaches_every_step_and_the_numbers_are_the_engine_s(browser, build):
    J, _ = build()
    w = walk(J)
    J.backward(retain_grads=True)
    with opened(browser, stepper(J)) as page:
        for number, step in enumerate(w.forward, 2):
            page.keyboard.press("ArrowRight")
            assert at(page) == number
            assert page.locator("#title").inner_text() == str(step)
            if step.array.size <= 12:
                assert outcome(page) == step.tensor.data.ravel().tolist()
        page.keyboard.press("ArrowRight")
        assert page.locator("#title").inner_text() == "dJ = 1"
        for share in w.shares:
            page.keyboard.press("ArrowRight")
            assert page.locator("#title").inner_text() == str(share)
            assert page.locator("#known tr.new").inner_text().startswith(share.name)
            if share.of == 1 and not share.summed and share.array.size <= 12:
                assert outcome(page) == share.tensor.grad.data.ravel().tolist()
            if share.number == share.of > 1:
                (total,) = [float(x) for x in page.locator(".note .outcome").last.evaluate(NUMBERS)][:1]
                assert total == share.tensor.grad.data.ravel()[0]
        assert at(page) == len(w.forward) + len(w.shares) + 2
        assert page.locator("#forth").is_disabled()
        page.keyboard.press("ArrowRight")
        assert at(page) == len(w.forward) + len(w.shares) + 2


def test_every_key_and_button_does_what_it_says(browser):
    with opened(browser, stepper(meeting()[0])) as page:
        last = page.locator("#slider").get_attribute("max")
        assert last == "11"
        page.keyboard.press("End")
        assert at(page) == 11
        page.keyboard.press("ArrowLeft")
        assert at(page) == 10
        page.keyboard.press("Home")
        assert at(page) == 1
        for button, place in (("forth", 2), ("last", 11), ("back", 10), ("first", 1)):
            page.locator(f"#{button}").click()
            assert at(page) == place
        page.keyboard.press("1")
        page.keyboard.press("0")
        assert at(page) == 10
        page.wait_for_timeout(1100)
        page.keyboard.press("7")
        assert at(page) == 7
        page.locator("#slider").fill("4")
        assert at(page) == 4
        page.locator("#slider").press("ArrowRight")
        assert at(page) == 5
        page.keyboard.press("?")
        assert at(page) == 5
        page.locator("h1").click()
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("?")
        assert page.locator("#keys").is_visible()
        page.keyboard.press("?")
        assert page.locator("#keys").is_hidden()
        page.keyboard.press("d")
        assert page.locator("#digits").get_attribute("aria-pressed") == "true"


@pytest.mark.slow
def test_what_can_be_scrolled_scrolls_by_the_keys_that_step_elsewhere(browser):
    net = network()[0]
    for _ in range(30):
        net = np.sin(net)
    with opened(browser, stepper(net)) as page:
        page.keyboard.press("9")
        for selector, key, side in [("#picture", "ArrowRight", "Left"), ("#known", "End", "Top")]:
            box = page.locator(selector)
            box.evaluate("e => { e.style.scrollBehavior = 'auto'; e.style.maxHeight = '3rem'; e.scrollTo(0, 0); }")
            box.focus()
            page.keyboard.press(key)
            until(page, lambda box=box, side=side: box.evaluate(f"e => e.scroll{side}") > 0)
            assert at(page) == 9
        page.locator("#first").focus()
        page.keyboard.press("ArrowRight")
        assert at(page) == 10


def test_it_plays_at_the_chosen_speed_to_the_end_and_pauses(browser):
    with opened(browser, stepper(meeting()[0]), fragment="step=9") as page:
        page.locator("#speed").select_option("fast")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(" ")
        assert page.locator("#play").get_attribute("aria-label") == "Pause"
        page.keyboard.press(" ")
        assert page.locator("#play").get_attribute("aria-label") == "Play"
        page.locator("#play").click()
        page.locator("#place", has_text="11 of 11").wait_for(timeout=5000)
        assert page.locator("#play").get_attribute("aria-label") == "Play"


def test_a_link_leads_to_its_step_and_each_step_has_its_link(browser):
    with opened(browser, stepper(meeting()[0]), fragment="step=6") as page:
        assert at(page) == 6
        page.keyboard.press("ArrowRight")
        assert page.evaluate("location.hash") == "#step=7"
        page.evaluate("location.hash = '#step=3'")
        page.locator("#place", has_text="3 of").wait_for(timeout=2000)
        for nonsense in ("0", "-2", "99", "1e9", "x", "2.5", "%3Cscript%3E"):
            page.evaluate(f"location.hash = '#step={nonsense}'")
            page.wait_for_timeout(30)
            assert 1 <= at(page) <= 11
        page.evaluate("location.hash = '#step=4&break=assign'")
        page.locator("#verdict.bad").wait_for(timeout=2000)
        assert at(page) == 4


def test_breaking_it_puts_the_wrong_numbers_beside_the_right_ones(browser):
    """Right: du = 13, da = 39, db = 26.  The last share of u alone: 6, 18, 12.  Too early: da = 18, db = 12."""
    right = {"dJ": 1, "dt1": 1, "du": 13, "da": 39, "db": 26}
    wrong = {"assign": {"du": 6, "da": 18, "db": 12}, "order": {"da": 18, "db": 12}, "broadcast": {}}
    with opened(browser, stepper(meeting()[0])) as page:
        assert page.locator("#faults").is_hidden()
        page.keyboard.press("b")
        for fault, expected in wrong.items():
            page.locator(f"input[value={fault}]").check()
            seen, marked = {}, {}
            for row in page.locator("#wrong > table > tbody > tr").all():
                cells = row.locator("> td").all()
                name = cells[0].inner_text()
                seen[name] = float(cells[1].locator(".scalar").get_attribute("title"))
                if cells[2].locator(".wrong").count():
                    red = cells[2].locator(".scalar")
                    marked[name] = float(red.get_attribute("title"))
                    assert red.evaluate("e => getComputedStyle(e).color") == "rgb(179, 0, 27)"
            assert seen == right and marked == expected
            assert page.locator(".box.broken").count() == len(expected)
        assert page.locator("#verdict").inner_text().startswith("Nothing changes here: no operand was stretched")
        assert page.evaluate("location.hash") == "#step=1&break=broadcast"
        page.locator("#break").click()
        assert page.locator("#faults").is_hidden() and page.locator(".box.broken").count() == 0


def test_the_box_of_the_step_is_lit_and_what_is_not_known_is_hollow(browser):
    J, _ = meeting()
    page_text = stepper(J)
    names = [node["name"] for node in data_of(page_text)["nodes"]]
    with opened(browser, page_text, fragment="step=2") as page:

        def boxes(kind):
            return sorted(names[int(x.get_attribute("id")[1:])] for x in page.locator(f".box.{kind}").all())

        assert (boxes("lit"), boxes("near"), boxes("hollow")) == (["u"], ["a", "b"], ["J", "t1"])
        page.evaluate("location.hash = '#step=7'")
        page.locator("#place", has_text="7 of").wait_for()
        assert page.locator("#title").inner_text() == "du = dJ"
        assert (boxes("lit"), boxes("near"), boxes("part"), boxes("hollow")) == (["u"], ["J"], ["u"], ["a", "b"])
        assert page.locator(".arrow.lit").count() == 1


def test_the_box_that_stands_for_a_step_is_lit_where_the_picture_is_folded(browser):
    h = leaf([0.5], "x")
    for _ in range(450):
        h = np.sin(h)
    with opened(browser, stepper(h.sum())) as page:
        for step in (3, 200, 452, 453, 700):
            page.evaluate(f"location.hash = 'step={step}'")
            until(page, lambda step=step: at(page) == step)
            assert page.locator(".box.lit").count() == 1
        assert page.locator(".box.part").count() == 1 and page.locator(".box.hollow").count() == 1


def test_the_lit_arrow_points_where_the_step_goes(browser):
    J, _ = meeting()
    shown = "e => getComputedStyle(e).display != 'none'"
    with opened(browser, stepper(J)) as page:
        for key, ahead, back in (("ArrowRight", True, False), ("End", False, True)):
            page.keyboard.press(key)
            lit = page.locator(".arrow.lit")
            assert lit.count()
            assert lit.locator(".head").first.evaluate(shown) is ahead
            assert lit.locator(".back").first.evaluate(shown) is back
        head, box = (
            page.locator(where).first.bounding_box() for where in (".arrow.lit .back", ".box.lit > path:first-of-type")
        )
        for start, size in (("x", "width"), ("y", "height")):  # the gradient arrives at the box of the input
            assert box[start] - 4 <= head[start] + head[size] and head[start] <= box[start] + box[size] + 4


def test_what_is_summed_is_shown_as_the_equation_it_was_before_the_sum(browser):
    html = stepper(stretched()[0])
    titles = [step["title"] for step in data_of(html)["steps"]]
    place = titles.index("drow = sum(dt2, axis=(0, 1))") + 1
    with opened(browser, html, fragment=f"step={place}") as page:
        assert page.locator(".note .math").first.inner_text() == "drow before the sum = dt2"


PIXELS = """async img => {
    await img.decode();
    const [width, height] = [img.naturalWidth, img.naturalHeight];
    const canvas = Object.assign(document.createElement("canvas"), {width, height});
    const context = canvas.getContext("2d");
    context.drawImage(img, 0, 0);
    return [width, height, ...context.getImageData(0, 0, width, height).data];
}"""


def test_a_heatmap_goes_from_blue_over_paper_to_orange(browser):
    W = leaf(np.linspace(-1.0, 1.0, 81).reshape(9, 9), "W")
    with opened(browser, stepper((W * 1.0).sum()), fragment="step=2") as page:
        image = page.locator("#equations img[alt^='Heatmap of W, (9, 9)']").first
        width, height, *pixels = image.evaluate(PIXELS)
        assert (width, height) == (9, 9)
        colours = [pixels[4 * i : 4 * i + 4] for i in (0, 40, 80)]
        assert colours[0] == [0, 114, 178, 255] and colours[1][3] == 0 and colours[2] == [213, 94, 0, 255]
        assert "scale −1.0" in page.locator(".legends").inner_text()
        assert page.locator(".legends img").first.evaluate(PIXELS)[:2] == [63, 1]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_any_kind_of_step(browser, scheme):
    J, _ = named_layer()
    text = stepper(J, convention="course")
    steps = data_of(text)["steps"]
    wanted = [1, 2] + [i for i, step in enumerate(steps, 1) if {"stretch", "meet", "divided"} & step.keys()]
    with opened(browser, text, scheme=scheme) as page:
        for number in wanted:
            page.evaluate(f"location.hash = '#step={number}&break=broadcast'")
            page.locator("#place", has_text=f"{number} of").wait_for()
            page.evaluate("document.querySelector('#keys').hidden = false")
            page.evaluate("document.querySelector('#tensors').open = true")
            assert violations(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 320, 768, 1280])
@pytest.mark.parametrize("build", [network, lambda: named_layer(30, 50)], ids=["a network", "large arrays"])
def test_no_step_makes_the_page_wider_than_the_window(browser, build, width):
    text = stepper(build()[0], convention="course")
    with opened(browser, text, width=width) as page:
        for number in range(1, len(data_of(text)["steps"]) + 1):
            page.evaluate(f"location.hash = '#step={number}&break=order'")
            page.locator("#place", has_text=f"{number} of").wait_for()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), number
        assert overflowing(page) == []


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "\u202eevil", "x" * 10_000]
)
def test_a_hostile_name_stays_text(browser, name):
    W = leaf([1.0, 2.0], name)
    with opened(browser, stepper((W * 2.0).sum()), width=390) as page:
        for _ in range(6):
            page.keyboard.press("ArrowRight")
        page.locator("#tensors summary").click()
        shown = page.locator("#nodes").inner_text()
        assert name.replace("\u202e", "\\u202e") in shown
        assert page.locator("script").count() == 2 and page.locator("img").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_each_step_is_announced(browser):
    with opened(browser, stepper(meeting()[0])) as page:
        page.keyboard.press("End")
        text = page.locator("#announcer").text_content()
        assert text == "Step 11 of 11. Backward through u = a * b, towards b. db = du * a"
        assert page.locator("#announcer").get_attribute("aria-live") == "polite"


def test_motion_is_reduced_where_the_reader_asks_for_it(browser):
    for motion, expected in (("reduce", "auto"), ("no-preference", "smooth")):
        with opened(browser, stepper(meeting()[0]), motion=motion) as page:
            assert page.locator("#picture").evaluate("e => getComputedStyle(e).scrollBehavior") == expected


def test_without_a_picture_everything_else_works(browser, monkeypatch):
    def lay_out(*args, **options):
        raise LayoutError("no layout engine")

    monkeypatch.setattr(drawing, "lay_out", lay_out)
    with opened(browser, stepper(meeting()[0])) as page:
        page.keyboard.press("End")
        assert at(page) == 11
        assert page.locator("#nodes table tbody tr").count() == 5
        assert page.locator("#nodes").is_visible()
        assert violations(page) == []


def test_the_page_holds_under_a_header_that_forbids_more(browser):
    text = stepper(named_layer()[0])
    hashes = re.findall(r"(style-src|script-src) '(sha256-[^']+)'", text)
    policy = "default-src 'none'; " + "; ".join(f"{kind} '{value}'" for kind, value in hashes)
    with opened(browser, text.replace('<link rel="icon" href="data:,">', ""), policy=policy) as page:
        page.keyboard.press("End")
        assert at(page) == len(data_of(text)["steps"])
        assert json.loads(page.locator("#data").text_content())["end"] == "J"


def test_nan_and_inf_are_read_as_they_are(browser):
    x = tg.Tensor([np.nan, np.inf, -1.0], requires_grad=True, name="x")
    with opened(browser, stepper((x * 2.0).sum()), fragment="step=2") as page:
        digits = page.locator("#equations .outcome").evaluate(NUMBERS)
        assert digits == ["nan", "inf", "-2.0"]

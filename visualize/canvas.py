"""What all pictures are drawn with: an SVG element with title and words, texts, fonts, colours, style sheets.

Built with ElementTree, so nothing that a name contains can become markup.  Every style is confined to its own kind
of picture, and follows the reader's light or dark scheme.
"""

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Sequence

from .box import COLUMN, FONT_SIZE
from .text import columns, cut, ems, isolated

__all__ = [
    "COLOURS",
    "FONTS",
    "GAP",
    "GRID",
    "MARGIN",
    "MIDDLE",
    "ROLES",
    "SHADES",
    "SHADE_STEPS",
    "THEMES",
    "TITLE",
    "TITLE_SCALE",
    "add_text",
    "add_title",
    "add_x_ticks",
    "coordinate",
    "new_svg",
    "picture_style",
    "style",
    "style_sheet",
    "text_element",
    "wrapped",
]

FONTS = 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace'

#: Theme -> role -> colour.  Borders are Okabe and Ito's colours; every text has a contrast of 4.5 or more on
#: every box of its theme, which a test computes.
THEMES = {
    "light": {
        "paper": "#ffffff",
        "arrow": "#555555",
        "name": "#1b1b1b",
        "number": "#1b1b1b",
        "quiet": "#555555",
        "gradient": "#9c3a00",
        "parameter": "#fdf0d9 #e69f00",
        "input": "#e0eefa #0072b2",
        "constant": "#f8e8f1 #cc79a7",
        "result": "#e2f4ee #009e73",
        "group": "#f2efe6 #7a6a2f",
        "frame": "#f4f5f7",
    },
    "dark": {
        "paper": "#16181d",
        "arrow": "#b0b4bc",
        "name": "#f4f4f4",
        "number": "#f4f4f4",
        "quiet": "#b9bec7",
        "gradient": "#ffab70",
        "parameter": "#3a2c0c #e69f00",
        "input": "#0d2b40 #56b4e9",
        "constant": "#3a2231 #cc79a7",
        "result": "#0b3327 #009e73",
        "group": "#2b281c #cdbd7a",
        "frame": "#22252b",
    },
}

#: Theme -> Okabe and Ito's colours that have a contrast of 3 or more on its paper; every text has 4.5.
COLOURS = {
    "light": ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000"),
    "dark": ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442"),
}
ROLES = {"paper": "paper", "title": "name", "name": "name", "number": "number", "quiet": "quiet"}
GRID = {"light": "#e3e5e9", "dark": "#30343c"}

#: Theme -> the strongest shade of a table's cell that is right, and of one that is wrong, over the paper.
SHADES = {"light": (("#56b4e9", 0.9), ("#e69f00", 0.9)), "dark": (("#0072b2", 0.9), ("#d55e00", 0.62))}
SHADE_STEPS = 10

MARGIN = 20  # around the picture
TITLE = 30  # height of the title
TITLE_SCALE = 1.25
GAP = 8  # between a line or axis and its text
MIDDLE = 4  # from the middle of a text to its baseline

#: Beside ASCII, these are in every monospaced font; a line with anything else is fitted to its columns.
USUAL = "…·"


def new_svg(kind: str, size: tuple[float, float], title: str, description: str, css: str) -> ET.Element:
    """An empty picture of this kind, "curves", "picture" or "graph", that says in words what it will show."""
    width, height = map(coordinate, size)
    attributes = {"class": f"tinygrad-edu-{kind}", "role": "img", "width": width, "height": height}
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **attributes, "viewBox": f"0 0 {width} {height}"})
    ET.SubElement(root, "title").text = title
    ET.SubElement(root, "desc").text = description
    ET.SubElement(root, "style").text = css
    ET.SubElement(root, "rect", {"class": "paper", "width": width, "height": height})
    return root


def add_title(root: ET.Element, title: str, width: float) -> None:
    """The title above everything, or as much of it as fits into the picture's width."""
    room = int((width - 2 * MARGIN) / (COLUMN * TITLE_SCALE))
    add_text(root, MARGIN, MARGIN + 14, cut(title, room), "title")


def add_text(parent: ET.Element, x: float, y: float, text: str, role: str, anchor: str = "start") -> None:
    """A line of text in the style of this role; an empty one is left out."""
    if not text:
        return
    element = text_element(parent, x, y, text, TITLE_SCALE if role == "title" else 1.0)
    element.set("class", role)
    if anchor != "start":
        element.set("text-anchor", anchor)
    element.text = isolated(text)


def add_x_ticks(
    plot: ET.Element, ticks: Iterable[tuple[float, str]], size: tuple[float, float], room: tuple[float, float]
) -> None:
    """Marks below a plot of this size, with a text each that stays in the room from left to right.

    A text that would touch the one before it is left out.
    """
    (width, height), (left, right), free = size, room, -math.inf
    for place, text in ticks:
        ET.SubElement(plot, "path", {"class": "axis", "d": f"M{coordinate(place * width)} {coordinate(height)}v4"})
        half = columns(text) * COLUMN / 2
        x = min(max(place * width, left + half), right - half)
        if x - half > free:
            add_text(plot, x, height + 18, text, "quiet", "middle")
            free = x + half + COLUMN


def text_element(parent: ET.Element, x: float, y: float, text: str, scale: float = 1.0) -> ET.Element:
    """An element as wide as this text, which is still to be put in; scale: of its font."""
    element = ET.SubElement(parent, "text", {"x": coordinate(x), "y": coordinate(y), "xml:space": "preserve"})
    if not all(c.isascii() or c in USUAL for c in text):  # glyphs of another font
        element.set("textLength", coordinate(ems(text) * FONT_SIZE * scale))
        element.set("lengthAdjust", "spacingAndGlyphs")
    return element


def style(kind: str, shared: Sequence[str], themed: Callable[[str], Sequence[str]]) -> str:
    """The style sheet of a kind of training picture: what all have, what is `shared`, and what each theme has."""
    rules = [
        f".title{{font-size:{FONT_SIZE * TITLE_SCALE:g}px;font-weight:bold}}",
        ".name{font-weight:bold}",
        ".grid,.axis{fill:none;stroke-width:1}",
        *shared,
    ]
    return style_sheet(kind, rules, lambda theme: [*_colours(theme), *themed(theme)])


def style_sheet(kind: str, shared: Sequence[str], themed: Callable[[str], Sequence[str]], theme: str = "auto") -> str:
    """The style sheet of a kind of picture, confined to it: what is `shared`, and what its theme has.

    theme: "auto" follows the reader's scheme; "light" and "dark" do not.
    """
    rules = [
        f"text{{font:{FONT_SIZE}px {FONTS};direction:ltr}}",
        *shared,
        *themed("light" if theme == "auto" else theme),
    ]
    lines = [_confined(kind, rule) for rule in rules]
    if theme == "auto":
        inner = "\n".join(_confined(kind, rule) for rule in themed("dark"))
        lines.append(f"@media (prefers-color-scheme:dark){{\n{inner}\n}}")
    return "\n".join(lines)


def picture_style() -> str:
    """The style sheet that heatmaps, histograms, boundaries, images and tables share: a page needs it once."""
    shared = [
        ".cells{image-rendering:pixelated}",
        ".frame{fill:none;stroke-width:1}",
        ".bar,.mark{fill:currentColor}",
        ".mark{stroke-width:.8}",
        ".region{fill:currentColor;fill-opacity:.22}",
        ".edge{fill:none;stroke-width:1.2}",
        ".diagonal{stroke-width:2}",
    ]
    return style("picture", shared, _shades)


def _shades(name: str) -> list[str]:
    theme = THEMES[name]
    rules = [f".frame,.edge{{stroke:{theme['quiet']}}}", f".mark{{stroke:{theme['paper']}}}"]
    for kind, (colour, most) in zip(("right", "wrong"), SHADES[name]):
        for k in range(SHADE_STEPS + 1):
            rules.append(f".{kind}{k}{{fill:{_blended(theme['paper'], colour, most * k / SHADE_STEPS)}}}")
    if name == "dark":  # blue and vermilion become the sky blue and orange of COLOURS; pictures of ink stay as they are
        rules.append(".diverging{filter:brightness(1.6)}")
    return rules


def _blended(paper: str, colour: str, share: float) -> str:
    parts = (round((1 - share) * int(paper[i : i + 2], 16) + share * int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in parts)


def _confined(kind: str, rule: str) -> str:
    selectors, block = rule.split("{")[0].split(","), rule[rule.index("{") :]
    return ",".join(f".tinygrad-edu-{kind} {selector}" for selector in selectors) + block


def _colours(name: str) -> list[str]:
    theme = THEMES[name]
    rules = [f".{role}{{fill:{theme[color]}}}" for role, color in ROLES.items()]
    rules += [f".grid{{stroke:{GRID[name]}}}", f".axis{{stroke:{theme['quiet']}}}"]
    return rules + [f".c{i}{{color:{colour}}}" for i, colour in enumerate(COLOURS[name])]


def wrapped(text: str, limit: int) -> list[str]:
    """The text in lines of at most `limit` columns, broken between words; a word that is longer is cut.

    >>> wrapped("no unit is dead", 8)
    ['no unit', 'is dead']
    """
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if columns(longer) <= limit:
            lines[-1] = longer
        else:
            lines += [cut(word, limit)]
    return [line for line in lines if line]


def coordinate(x: float) -> str:
    """A coordinate, to a tenth of a pixel.

    >>> coordinate(2.04), coordinate(1 / 3)
    ('2', '0.3')
    """
    return f"{x:.1f}".removesuffix(".0")

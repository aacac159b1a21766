"""Read what a picture says from the SVG itself."""

import xml.etree.ElementTree as ET

import numpy as np

from tinygrad_edu import Tensor
from visualize.text import columns

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ["<b>&amp;]]>", "a\x00b\n", "\u202eשלום", "重み" * 40, "", "\ud800", "W" * 500, "{%s}", "e" + "\u0301" * 99]


def boxes_of(drawing):
    """{id: (classes, lines, title)} as read from the picture itself."""
    root = ET.fromstring(drawing.svg)
    found = {}
    for g in root.iter(f"{SVG}g"):
        if "id" in g.attrib:
            lines = ["".join(text.itertext()) for text in g.findall(f"{SVG}text")]
            found[g.get("id")] = (g.get("class").split(), lines, g.findtext(f"{SVG}title"))
    return found


def box_named(drawing, name):
    """The lines of the box whose first line is `name`, alone or left of an equals sign."""
    (box,) = [b for b in boxes_of(drawing).values() if b[1][0].split(" = ")[0] == name]
    return box


def arrows_of(drawing):
    """What the arrows say: "a → J" along the data, "J ⇢ a: dJ * b" for a gradient."""
    root = ET.fromstring(drawing.svg)
    return [g.findtext(f"{SVG}title") for g in root.iter(f"{SVG}g") if "arrow" in g.get("class", "").split()]


def parameter(data, name=None):
    return Tensor(data, requires_grad=True, name=name)


def layer():
    """J = mean((W @ X + b)^2) with the names on the tensors."""
    rng = np.random.default_rng(3)
    W, b = parameter(rng.standard_normal((3, 4)), "W"), parameter(np.zeros((3, 1)), "b")
    X = Tensor(rng.standard_normal((4, 5)), name="X")
    Z = W @ X + b
    Z.name = "Z"
    J = (Z * Z).mean()
    J.name = "J"
    return J, W, b, X, Z


def texts(element, role):
    return [t.text for t in element.iter(f"{SVG}text") if t.get("class") == role]


def text_boxes(root):
    """(left, top, right, bottom) of every text, in columns of 0.62 em and lines of 1.2 em."""

    def walk(element, x, y):
        if move := element.get("transform"):
            dx, dy = map(float, move.removeprefix("translate(").rstrip(")").split())
            x, y = x + dx, y + dy
        for child in element:
            if child.tag == f"{SVG}text":
                em = 15 if child.get("class") == "title" else 12
                width = columns(child.text) * 0.62 * em
                left = x + float(child.get("x")) - {"end": width, "middle": width / 2}.get(child.get("text-anchor"), 0)
                base = y + float(child.get("y"))
                yield left, base - 0.93 * em, left + width, base + 0.24 * em
            yield from walk(child, x, y)

    return list(walk(root, 0.0, 0.0))


def assert_texts_fit(root):
    width, height = float(root.get("width")), float(root.get("height"))
    boxes = text_boxes(root)
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0 and top >= 0 and right <= width and bottom <= height
        for l2, t2, r2, b2 in boxes[:i]:
            assert right <= l2 + 0.1 or r2 <= left + 0.1 or bottom <= t2 + 0.1 or b2 <= top + 0.1


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]  # WCAG 2.2
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear))


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)

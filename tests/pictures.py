"""Read what a picture says from the SVG itself."""

import xml.etree.ElementTree as ET

import numpy as np

from tinygrad_edu import Tensor

SVG = "{http://www.w3.org/2000/svg}"


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

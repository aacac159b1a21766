"""Graphs to walk over, and what a stepper's page says, read from the page itself."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
from calls import leaf

import tinygrad_edu as tg


def diamond() -> tuple[tg.Tensor, dict[str, tg.Tensor]]:
    """P feeds two steps, and one of them twice; A feeds two."""
    A, B = leaf([[1.0, 2.0]], "A"), leaf([[3.0], [5.0]], "B")
    P = A * B
    P.name = "P"
    return (P * P + A + np.exp(P)).sum(), {"A": A, "B": B, "P": P}


def stretched() -> tuple[tg.Tensor, dict[str, tg.Tensor]]:
    """Operands that broadcasting stretches in one axis, in several, and gives new axes."""
    X = np.arange(12.0).reshape(2, 3, 2)
    b, row, number = leaf(np.ones((2, 1, 1)), "b"), leaf([0.5, 2.0], "row"), leaf(3.0, "number")
    return ((X * b + row) * number).mean(), {"b": b, "row": row, "number": number}


def meeting() -> tuple[tg.Tensor, dict[str, tg.Tensor]]:
    """a = 2, b = 3, u = a * b, J = u * u + u: du = 6 + 6 + 1 = 13, da = 13 * 3, db = 13 * 2."""
    a, b = leaf(2.0, "a"), leaf(3.0, "b")
    u = a * b
    u.name = "u"
    return u * u + u, {"a": a, "b": b, "u": u}


def named_layer(rows: int = 3, m: int = 4) -> tuple[tg.Tensor, dict[str, tg.Tensor]]:
    """J = mean((tanh(Z) + Z)^2) with Z = W @ X + b: broadcasting, a tensor that feeds two steps, and a mean."""
    rng = np.random.default_rng(3)
    W, b = leaf(rng.standard_normal((rows, 2)), "W"), leaf(np.zeros((rows, 1)), "b")
    Z = W @ tg.Tensor(rng.standard_normal((2, m)), name="X") + b
    Z.name = "Z"
    return ((np.tanh(Z) + Z) ** 2).mean(), {"W": W, "b": b, "Z": Z}


def data_of(page: str) -> dict[str, Any]:
    """The data that the page's script reads."""
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert "<" not in text and "&" not in text  # nothing in it can end the script, or begin anything
    return dict(json.loads(text))


def numbers_of(array: dict[str, Any], dtype: Any = np.float64) -> np.ndarray:
    """The array that stands on the page with every digit."""
    shape = tuple(int(n) for n in re.findall(r"\d+", array["shape"]))
    return np.array([[entry[1] for entry in row] for row in array["rows"]]).astype(dtype).reshape(shape)


def gradients_of(data: dict[str, Any]) -> dict[str, np.ndarray]:
    """{name: the gradient that the page ends up with}."""
    found = {step["gives"]["name"]: step["gives"] for step in data["steps"] if "gives" in step}
    assert {gives["state"] for gives in found.values()} == {"complete"}
    return {name: numbers_of(data["arrays"][gives["array"]]) for name, gives in found.items()}


class Elements(HTMLParser):
    """The elements of a page, as (tag, attributes), and the text inside each style and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open = ""
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {"style": [], "script": []}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.open = tag
        if tag in self.inside:
            self.inside[tag].append("")

    def handle_data(self, data: str) -> None:
        if self.open in self.inside:
            self.inside[self.open][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self.open = ""

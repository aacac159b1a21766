"""Make the pictures of README anew: python docs/pictures/make.py, with the extras draw and browser and a Chromium.

The page of the stepper and the report are photographed as they stand; look at them before you commit them.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_edu as tg
from visualize import draw, stepper

HERE = Path(__file__).resolve().parent
README = HERE.parent.parent / "README.md"
NEURON = "neuron.svg"


def scalars() -> tg.Tensor:
    """J = a * (a * b + c): a is used twice."""
    a, b, c = (tg.Tensor(x, requires_grad=True, name=name) for name, x in (("a", 2.0), ("b", -3.0), ("c", 10.0)))
    J = a * (a * b + c)
    J.name = "J"
    return J


def network(sizes: list[int], m: int) -> tg.Tensor:
    """The cost of a network on scanned digits, odd or even."""
    digits = tg.data.load_digits(float)
    X = tg.Tensor(digits.X_train[: sizes[0], :m], name="X")
    Y = tg.Tensor(digits.y_train[None, :m] % 2 * 1.0, name="Y")
    J = tg.functions.binary_cross_entropy(tg.nn.DeepNetwork(sizes, seed=1)(X), Y)
    J.name = "J"
    return J


def layer() -> tg.Tensor:
    """The cost of one layer, its bias stretched over four examples."""
    W1 = tg.Tensor(np.eye(2, 3) + 0.1, requires_grad=True, name="W1")
    b1 = tg.Tensor([[0.5], [-0.5]], requires_grad=True, name="b1")
    Z1 = W1 @ tg.Tensor(np.random.default_rng(0).standard_normal((3, 4)), name="X") + b1
    A1 = np.tanh(Z1)
    J = ((A1 - 1) ** 2).mean()
    Z1.name, A1.name, J.name = "Z1", "A1", "J"
    return J


def neuron(folder: Path) -> None:
    """README's first example, with its picture written here."""
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[:1]
    exec(code.replace(f'"{NEURON}"', repr(str(folder / NEURON))), {})


def photograph(page: Any, address: str, out: Path, size: tuple[int, int]) -> None:
    """What the browser shows of a page of this size."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(address)
    page.wait_for_timeout(500)  # moving things come to rest
    page.screenshot(path=out)


def main() -> None:
    """All of them."""
    from playwright.sync_api import sync_playwright  # an extra that the tests, which read this file, do without

    neuron(HERE)
    draw(scalars()).save(HERE / "scalars.svg")
    draw(network([64, 128, 64, 1], 200)).save(HERE / "network.svg")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place)
        stepper(layer(), folder / "stepper.html")
        train = [sys.executable, "-m", "tinygrad_edu", "train", "--quiet", "--out", str(folder / "run")]
        subprocess.run(train, check=True)
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(device_scale_factor=1.5)
        photograph(page, f"{(folder / 'stepper.html').as_uri()}#step=14", HERE / "stepper.png", (1000, 960))
        photograph(page, f"{(folder / 'run' / 'report.html').as_uri()}#weights", HERE / "report.png", (1120, 900))
        browser.close()


if __name__ == "__main__":
    main()

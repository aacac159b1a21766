"""One small expression: its graph, its picture, and where each gradient comes from.

You see J = a * (a * b + c) taken apart into steps, and J's gradient go back through them.  You learn that a
gradient is the product of the local slopes along a path to J, and that paths add up: `a` is used twice.

Run: python examples/scalar_graph.py [FOLDER]      the picture goes into FOLDER, by default runs/examples
"""

import sys
from pathlib import Path

import tinygrad_edu as tg
from visualize import draw

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/examples")

a = tg.Tensor(2.0, requires_grad=True, name="a")
b = tg.Tensor(-3.0, requires_grad=True, name="b")
c = tg.Tensor(10.0, requires_grad=True, name="c")
e = a * b
d = e + c
J = a * d
e.name, d.name, J.name = "e", "d", "J"

J.backward(retain_grads=True)  # without retain_grads, only the leaves a, b, c would keep theirs

reasons = [
    (J, "J = a * d", "dJ/dJ = 1: where the way back starts"),
    (d, "d = e + c", "dJ * a = 1 * 2: for each factor, the other one"),
    (e, "e = a * b", "dd * 1: a sum hands its gradient to both terms"),
    (c, "c", "dd * 1: this is the other term"),
    (b, "b", "de * a = 2 * 2"),
    (a, "a", "dJ * d + de * b = 1 * 4 + 2 * (-3): two ways, added"),
]
print("step       value  gradient  why (da is short for dJ/da)")
for t, step, why in reasons:
    print(f"{step:9}{t:7.1f}{t.grad:10.1f}  {why}")

nudge = 1e-6
change = ((a + nudge) * ((a + nudge) * b + c) - J) / nudge
print(f"\nThe same without calculus: a goes up by {nudge}, J moves {change:.4f} times as much.")

folder.mkdir(parents=True, exist_ok=True)
print(f"The picture: {draw(J).save(folder / 'scalar_graph.svg')}")

"""Samples of rules.rounding."""

import numpy as np

from .drawing import Draws, sample

draw = Draws(10)
normal, positive, within = draw.normal, draw.positive, draw.within


def between(*shape: int) -> np.ndarray:
    """Both signs, all at least 0.1 away from the multiples of 0.5."""
    halves = draw.rng.integers(-6, 6, shape) / 2
    return np.asarray(halves + within(0.1, 0.4, *shape))


for op in ("ceil", "fix", "floor", "fraction", "rint", "round", "spacing", "trunc"):
    for shape in ((3, 4), (5,), (), (0, 2)):
        sample(op, between(*shape), skip="complex")
sample("round", between(3), decimals=0, skip="complex")
sample("round", between(2, 3) / 10, decimals=1, skip="complex")
sample("round", between(3) * 100, decimals=-2, skip="complex")
sample("signbit", np.array([[0.0, -0.0, 1.5], [-2.0, np.inf, -np.inf]]))
sample("signbit", normal())
for take in (0, 1):
    sample("modf", between(2, 3), take=take, skip="complex")
    sample("modf", between(), take=take, skip="complex")

# Quotients at least 0.1 away from whole numbers

for op in ("floor_divide", "fmod", "remainder"):
    for shape in ((3, 4), (4,), (), (0, 3)):
        divisor = positive(*shape) * np.sign(normal(*shape))
        sample(op, between(*shape) * divisor, divisor, skip="complex")
    sample(op, between(2, 3), np.array([-1.0, 0.5, 2.0]), skip="complex")
    sample(op, between(3, 1), np.array([1.0, -0.5, -2.0]), skip="complex")
    sample(op, between(), np.array([[1.0], [-2.0]]), skip="complex")
    sample(op, between(4), np.array(-2.0), skip="complex")
    sample(op, between(3) * 2.5, 2.5, skip="complex")
    sample(op, between(3), -1, skip="complex")
    sample(op, 7.3, np.array([2.0, -3.0, 0.7]), skip="complex")
    sample(op, between(3) * np.array([1, 2, 3]), np.array([1, 2, 3]), skip="complex float32")
for take in (0, 1):
    sample("divmod", between(2, 3) * 1.5, np.array([1.5, -1.5, 3.0]), take=take, skip="complex")
    sample("divmod", between(3) * 2, 2, take=take, skip="complex")
    sample("divmod", 7.3, np.array([2.0, -3.0, 0.7]), take=take, skip="complex")

sample("heaviside", normal(3, 4), normal(4), skip="complex")
sample("heaviside", normal(3, 1), normal(4), skip="complex")
sample("heaviside", normal(3), 0.5, skip="complex")
sample("heaviside", normal(), normal(), skip="complex")
sample("heaviside", np.array([0, 1, -1]), normal(3), skip="complex float32")
sample("heaviside", 0.0, normal(2), skip="complex")
sample("copysign", normal(3, 4), normal(3, 4), skip="complex")
sample("copysign", normal(3, 1), normal(4), skip="complex")
sample("copysign", normal(4), -1.0, skip="complex")
sample("copysign", normal(4), np.array([0.5, -3.0, np.inf, -np.inf]), skip="complex")
sample("copysign", 2.5, normal(4), skip="complex")
sample("copysign", normal(), normal(), skip="complex")
sample("copysign", normal(0), normal(1), skip="complex")

sample("nan_to_num", normal(3, 4), skip="complex")
sample("nan_to_num", normal(), nan=1.0, posinf=2.0, neginf=-2.0, skip="complex")
sample("nan_to_num", normal(0, 2), skip="complex")

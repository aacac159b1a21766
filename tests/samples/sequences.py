"""Samples of rules.sequences."""

import operator

import numpy as np

from .drawing import Draws, sample

draw = Draws(12)
normal, within, distinct, complex_normal = draw.normal, draw.within, draw.distinct, draw.complex_normal

# Running sums and products

for op in ("cumsum", "cumprod", "nancumsum", "nancumprod"):
    sample(op, normal(3, 4), axis=0)
    sample(op, normal(3, 4), axis=1)
    sample(op, normal(2, 3, 2), axis=-2)
    sample(op, normal(2, 3, 2), axis=0)
    sample(op, normal(3, 2), axis=None)
    sample(op, normal(3, 2))
    sample(op, normal(5), axis=-1)
    sample(op, normal(1, 8), axis=-1)
    sample(op, normal())
    sample(op, normal(), axis=0)
    sample(op, normal(1))
    sample(op, normal(0), axis=0)
    sample(op, normal(0, 2))
    sample(op, complex_normal(2, 3), axis=1)
for op in ("cumprod", "nancumprod"):
    sample(op, np.array([2.0, 0.0, 3.0, 1.5]))
    sample(op, np.array([[2.0, 0.0, 3.0, 0.0, 1.5], [0.0, 0.0, 1.0, 2.0, 0.5]]), axis=1)
    sample(op, within(0.8, 1.2, 17))
for op in ("nancumsum", "nancumprod"):
    sample(op, np.array([[2.0, np.nan, 3.0], [np.nan, 0.5, 1.5]]), axis=1)
    sample(op, np.array([[2.0, np.nan, 3.0], [np.nan, 0.5, 1.5]]))
    sample(op, np.array([1 + 2j, complex(np.nan, 1.0), 2 - 1j]))
    sample(op, np.array([1.5, np.nan, 0.5]), dtype=np.float64, skip="float32 complex")
for op in ("cumsum (more)", "cumprod (more)"):
    sample(op, normal(2, 3), axis=1, dtype=np.float64, skip="float32 complex")
    sample(op, normal(3), dtype=np.complex128, skip="float32 complex")
for op in ("cumulative_sum", "cumulative_prod"):
    if hasattr(np, op):
        sample(op, normal(4))
        sample(op, normal(4), include_initial=True)
        sample(op, normal(2, 3), axis=0)
        sample(op, normal(2, 3), axis=-1, include_initial=True)
        sample(op, normal(2, 3, 2), axis=-2, include_initial=True)
        sample(op, normal())
        sample(op, normal(), include_initial=True)
        sample(op, normal(2), include_initial=True, dtype=np.float64, skip="float32 complex")

# Differences, slopes and areas

for n in (0, 1, 2, 3):
    sample("diff", normal(5), n=n)
    sample("diff", normal(2, 4), n=n)
for axis in (0, 1, -2):
    sample("diff", normal(3, 4, 2), axis=axis)
sample("diff", normal(3, 4), 1, 0, normal(2, 4))
sample("diff", normal(1), n=1)
sample("diff", complex_normal(2, 3))
sample("diff", normal(3, 2), 2, 0, normal(1, 2), normal(2, 2))
sample("diff", normal(2, 3), 1, -1, normal(), normal())
sample("diff", normal(2, 3), append=0.5)
sample("diff", normal(2, 3, 2), 1, 0, 0.5, normal())
sample("diff", normal(3), prepend=[0.5, 1.0], n=2)
sample("ediff1d", normal(4))
sample("ediff1d", normal(2, 3), normal(2), normal(1, 3))
sample("ediff1d", normal(3), 0.5, normal())
sample("ediff1d", normal(3), to_begin=[1.0, 2.0])
sample("ediff1d", normal(1), to_end=99.0)

POINTS = np.array([0.0, 0.5, 1.5, 1.75, 3.0])
for edge_order in (1, 2):
    sample("gradient", normal(5), edge_order=edge_order)
    sample("gradient", normal(5), 0.5, edge_order=edge_order)
    sample("gradient", normal(5), np.array(0.5), edge_order=edge_order)
    sample("gradient", normal(5), POINTS, edge_order=edge_order)
    sample("gradient", normal(5), (0, 1, 3, 4, 7), edge_order=edge_order)
    sample("gradient", normal(5), np.array([0, 1, 3, 4, 7], np.uint8), edge_order=edge_order)
    sample("gradient", normal(5), np.arange(5.0), edge_order=edge_order)
    sample("gradient", normal(4, 5), POINTS, axis=1, edge_order=edge_order)
    sample("gradient", normal(5, 2, 2), POINTS, axis=0, edge_order=edge_order)
    sample("gradient", normal(3, 4), axis=-2, edge_order=edge_order)
    sample("gradient", complex_normal(4), POINTS[:4], edge_order=edge_order)
    for take in (0, 1):
        sample("gradient", normal(3, 4), edge_order=edge_order, take=take)
        sample("gradient", normal(3, 4), 0.5, edge_order=edge_order, take=take)
        sample("gradient", normal(3, 4), np.array(0.5), edge_order=edge_order, take=take)
    sample("gradient", normal(3, 5), 0.5, POINTS, edge_order=edge_order, take=1)
    sample("gradient", normal(3, 2, 5), np.arange(5) ** 2, np.array(2.0), axis=(2, 0), edge_order=edge_order, take=1)
    sample("gradient", normal(3, 2, 5), POINTS, 2.0, axis=(2, 0), edge_order=edge_order, take=0)
    sample("gradient", normal(edge_order + 1), edge_order=edge_order)
sample("gradient", np.array([1, 4, 2, 0]), POINTS[:4], skip="complex")

sample("trapezoid", normal(5))
sample("trapezoid", normal(2, 5), POINTS)
sample("trapezoid", normal(5, 2), POINTS, axis=0)
sample("trapezoid", normal(2, 3, 2), POINTS[:3], axis=-2)
sample("trapezoid", normal(2, 3), normal(2, 3))
sample("trapezoid", normal(3, 2), normal(3, 2), axis=0)
sample("trapezoid", normal(2, 3), normal(2, 1), axis=0)
sample("trapezoid", normal(2, 4), dx=0.5, axis=1)
sample("trapezoid", normal(2, 4), None, normal(3))
sample("trapezoid", normal(5), (0, 1, 3, 4, 7))
sample("trapezoid", np.array([1, 4, 2]), POINTS[:3])
sample("trapezoid", complex_normal(3), POINTS[:3])
sample("trapezoid", normal(1))

sample("unwrap", np.array([0.5, 3.0, -3.0, -1.5, 2.5, 9.0]), skip="complex")
sample("unwrap", normal(2, 4) * 3, skip="complex")
sample("unwrap", normal(4, 2) * 3, axis=0, period=2.5, skip="complex")
sample("unwrap", normal(2, 4) * 3, discont=2.0, period=3.0, axis=-2, skip="complex")
sample("unwrap", normal(1), skip="complex")

# Between the knots of a line

INSIDE = np.array([[0.1, 0.6, 1.3], [1.6, 2.4, 2.9]])
HEIGHTS = np.array([0.5, -1.0, 2.0, 1.5, -0.5])
for ends in ({}, {"left": 0.3, "right": -0.4}, {"left": 0.3}, {"right": 0.3}):
    sample("interp", INSIDE, POINTS, HEIGHTS, skip="complex float32", **ends)
    sample("interp", np.array([-0.5, 1.0, 3.5]), POINTS, HEIGHTS, skip="complex float32", **ends)
sample("interp", np.array([-0.5, 3.5, 1.0]), POINTS, HEIGHTS, normal(), normal(), skip="complex float32")
sample("interp", np.array(1.2), POINTS, HEIGHTS, skip="complex float32")
sample("interp", 1.2, POINTS, HEIGHTS, skip="complex float32")
sample("interp", normal(0), POINTS[:2], HEIGHTS[:2], skip="complex float32")
sample("interp", (0.2, 1.2), [0, 1, 2], normal(3), skip="complex float32")
sample("interp", within(0.1, 0.9, 3), [0, 1], [5, 3], skip="complex float32")
sample("interp", np.array([1.2, 0.2]), [0, 1, 2], np.array([1 + 1j, 2 - 1j, 0.5j]), skip="complex float32")
sample("interp", (0.5, 1.5, 1.0), (1.0,), np.array([3.0]), skip="complex float32")
sample("interp", (0.5, 1.5, 1.0), (1.0,), np.array([3.0]), 1.0, 2.0, skip="complex float32")
for period in (2.5, -2.5):
    sample("interp", np.array([-3.3, 0.2, 1.2, 2.4, 7.9]), np.array([0.3, 4.1, 1.1, 2.3]), HEIGHTS[:4], period=period,
           skip="complex float32")  # fmt: skip
sample("interp", np.array([0.5, 2.6]), np.array([0.3]), np.array([1.5]), period=2, skip="complex float32")

# Sums of products of neighbours

for op in ("convolve", "correlate"):
    for mode in ("full", "same", "valid"):
        for m, n in ((5, 3), (3, 5), (4, 2), (2, 4), (4, 3), (3, 4), (2, 2), (1, 3), (3, 1)):
            sample(op, normal(m), normal(n), mode=mode, skip="complex" if op == "correlate" else "")
        sample(op, complex_normal(4), complex_normal(2), mode=mode)
        sample(op, complex_normal(2), normal(4), mode=mode)
        sample(op, normal(3), complex_normal(4), mode=mode)
        sample(op, normal(3), np.array([1, -2]), mode=mode, skip="float32 complex")
        sample(op, (1.0, 2.0, -1.0), normal(2), mode=mode, skip="complex float32")
    sample(op, normal(3), normal(2), skip="complex" if op == "correlate" else "")
sample("convolve", normal(), normal(3))
sample("convolve", normal(2), 1.5, skip="float32")
sample("convolve", 1.5, normal(2), mode="same", skip="float32")

# Polynomials

sample("polyval", normal(4), normal(2, 3))
sample("polyval", normal(1), normal(2))
sample("polyval", normal(3), normal())
sample("polyval", normal(3), 2.0)
sample("polyval", (2.0, -1.0, 0.5), normal(3))
sample("polyval", normal(3, 2), normal(2))
sample("polyval", normal(2), (1.0, 2.0))
sample("polyval", complex_normal(3), complex_normal(2))
sample("vander", normal(3))
sample("vander", normal(3), skip="float32", N=4)
sample("vander", normal(3), skip="float32", N=4, increasing=True)
sample("vander", normal(2), N=2)
sample("vander", complex_normal(3), increasing=True)

# Whatever function of a vector

for function in (np.square, operator.itemgetter(1), operator.itemgetter(slice(None, None, -2))):
    for axis in (0, 1, -1):
        sample("apply_along_axis", function, axis, normal(3, 2, 2))
    sample("apply_along_axis", function, -1, normal(4))
sample("apply_along_axis", np.multiply, 1, normal(2, 3), 0.5)

# Along a line

sample("linspace", normal(), normal(), num=4)
sample("linspace", normal(), 2.0, num=5, endpoint=False)
sample("linspace", 1, normal(3), num=2)
sample("linspace", normal(2, 1), normal(3), num=3, axis=1)
sample("linspace", normal(2), normal(2), num=3, axis=-1)
sample("linspace", normal(2), normal(), num=1)
sample("linspace", normal(2), normal(), num=0)
sample("linspace", complex_normal(2), normal(), num=3)
sample("linspace", normal(2), normal(), num=4, retstep=True, take=0)
sample("linspace", normal(2), normal(), num=4, retstep=True, take=1)
sample("linspace", normal(), normal())
sample("linspace", np.array([250, 3], np.uint8), np.array([5], np.uint8), num=3)
sample("linspace", np.array([5], np.uint8), 2, num=3)
sample("linspace", normal(2, 3), normal(), num=4, axis=-1)
sample("linspace", normal(2), normal(), num=2, retstep=True, take=1)

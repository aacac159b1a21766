"""Samples of rules.statistics."""

import numpy as np

from .drawing import Draws, sample

draw = Draws(11)
normal, positive, distinct, complex_normal = draw.normal, draw.positive, draw.distinct, draw.complex_normal

# Reductions that pass over NaN

HOLES = np.array([[True, False, False, True], [False, False, True, False], [False, True, False, False]])
HALF = np.array([[True, True, True, True], [False, True, True, True], [True, True, True, False]])


def with_holes(*shape: int) -> np.ndarray:
    """Distinct numbers, and NaN."""
    return np.where(np.broadcast_to(HOLES[:, : shape[-1]], shape), np.nan, distinct(*shape))


for op in ("nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nanmedian"):
    skip = "complex" if op in ("nanvar", "nanstd", "nanmedian") else ""
    sample(op, with_holes(3, 4), skip=skip)
    sample(op, with_holes(3, 4), axis=0, skip=skip)
    sample(op, with_holes(3, 4), axis=1, keepdims=True, skip=skip)
    sample(op, with_holes(2, 3, 4), axis=(0, -1), skip=skip)
    sample(op, with_holes(2, 3, 4), axis=(0, 1), keepdims=True, skip=skip)
    sample(op, distinct(2, 3), axis=-1, skip=skip)
    sample(op, np.array([np.nan, 1.5, 0.5]), skip=skip)
    if op != "nanstd":
        sample(op, distinct(), skip=skip)
for op in ("nansum", "nanprod", "nanmean", "nanvar", "nanstd"):
    sample(op, np.array([[1 + 2j, complex(np.nan, 1), 2 - 1j], [0.5j, 1 - 1j, complex(1, np.nan)]]), axis=1)
    skip = "complex" if op in ("nanvar", "nanstd") else ""
    sample(op, with_holes(3, 4), axis=1, where=HALF, skip=skip)
    sample(op, with_holes(3, 4), axis=1, dtype=np.float64, skip="complex float32")
for op in ("nansum", "nanprod"):
    sample(op, np.array([[np.nan, np.nan], [1.5, np.nan]]), axis=1)
    sample(op, with_holes(3, 4), axis=0, initial=1.5)
    sample(op, with_holes(3, 4), where=HALF, initial=-2.0)
for op in ("nanvar", "nanstd"):
    sample(op, with_holes(3, 4), axis=1, ddof=1, skip="complex")
    sample(op, with_holes(3, 4), axis=1, correction=1, where=HALF, keepdims=True, skip="complex")
    sample(op, with_holes(3, 4), axis=1, mean=np.array([[0.2], [0.1], [-0.3]]), skip="complex")
for op in ("nanmax (more)", "nanmin (more)"):
    sample(op, with_holes(3, 4), axis=1, initial=0.07)
    sample(op, with_holes(3, 4), axis=0, keepdims=True, initial=0.0, where=HALF)
    sample(op, np.array([[np.nan, np.nan], [1.5, np.nan]]), axis=1, initial=1.0)

for op in ("nanargmax", "nanargmin"):
    sample(op, with_holes(3, 4))
    sample(op, with_holes(3, 4), axis=0)
    sample(op, with_holes(3, 4), axis=-1, keepdims=True)
    sample(op, np.array([np.nan, 1.0, 2.0, 1.0, 2.0]))

for axis in (None, 0, 1, -1, (0, 1)):
    sample("ptp", distinct(3, 4), axis=axis)
    sample("ptp", distinct(3, 4), axis=axis, keepdims=True)
sample("ptp", distinct(1))

# Medians and quantiles

for op in ("median", "nanmedian"):
    for shape in ((5,), (4,), (1,), (2,), ()):
        sample(op, distinct(*shape), skip="complex")
    sample(op, distinct(3, 4), axis=0, skip="complex")
    sample(op, distinct(3, 4), axis=-1, keepdims=True, skip="complex")
    sample(op, distinct(2, 3, 4), axis=(0, 2), skip="complex")
    sample(op, distinct(2, 3, 2), axis=(-1, 0), keepdims=True, skip="complex")
    sample(op, distinct(2, 3), axis=[0, 1], skip="complex")
    sample(op, distinct(2, 3), keepdims=True, overwrite_input=False, skip="complex")
    sample(op, distinct(0, 3), axis=1, skip="complex")
sample("median", complex_normal(5))
sample("median", complex_normal(2, 4), axis=1)
sample("nanmedian", np.array([[2.0, np.nan, 1.0, 3.0], [np.nan, np.nan, 1.5, np.nan]]), axis=1, skip="complex")

# Not at the quantiles of an entry, where the slope jumps.  Where z jumps, q has no gradient: then it is no array
Q, SAME = np.array([[0.11, 0.37], [0.55, 0.77]]), ((0.11, 0.37), (0.55, 0.77))
CONTINUOUS = ("linear", "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased")
JUMPING = (
    "midpoint",
    "averaged_inverted_cdf",
    "lower",
    "higher",
    "nearest",
    "inverted_cdf",
    "closest_observation",
)
for q in (0.77, np.array(0.77), Q[0], Q):
    sample("quantile", distinct(3, 4), q, axis=1, skip="complex")
    sample("nanquantile", with_holes(3, 4), q, axis=1, skip="complex")
sample("quantile", distinct(2, 3), Q[0], skip="complex")
sample("quantile", distinct(2, 3, 4), Q[0], axis=(0, 2), skip="complex")
sample("quantile", distinct(2, 3, 4), Q, axis=(-1, 0), keepdims=True, skip="complex")
sample("quantile", distinct(0, 3), Q[0], axis=1, skip="complex")
for op in ("quantile", "nanquantile"):
    sample(op, distinct(2, 3), 0.77, axis=0, keepdims=True, skip="complex")
    sample(op, distinct(3), SAME, skip="complex float32")
    sample(op, np.array([4, 1, 3, 9]), Q[0], skip="complex")
    sample(op, distinct(), Q[0], skip="complex")
    for q in (0, 1.0, (0, 1), (0.0, 0.25, 1.0)):
        sample(op, distinct(5), q, skip="complex")
    sample(op, np.array([4, 1, 3, 9, 2]), (0, 1))
    sample(op, np.array([4, 1, 3, 9, 2]), 0.3)
    sample(op, distinct(5), (0, 1), method="weibull", skip="complex")
for op in ("percentile", "nanpercentile"):
    sample(op, distinct(3, 4), 77, axis=1, skip="complex")
    sample(op, distinct(3, 4), 100 * Q, axis=1, skip="complex")
    sample(op, distinct(2, 3), (11.0, 77), keepdims=True, method="hazen", skip="complex")
for method in CONTINUOUS + JUMPING:
    sample("quantile", distinct(2, 5), Q if method in CONTINUOUS else SAME, axis=1, method=method, skip="complex")
    sample("quantile", distinct(4), (0.01, 0.99), method=method, skip="complex")
    sample("nanquantile", with_holes(3, 4), Q if method in CONTINUOUS else SAME, axis=1, method=method, skip="complex")
for method in ("lower", "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf"):
    sample("quantile", distinct(5), (0.0, 0.2, 0.25, 0.5, 0.625, 0.75, 1.0), method=method, skip="complex")

# Averages and covariances

for axis in (None, 0, 1, -1, (0, 1)):
    sample("average", normal(3, 4), axis=axis)
    sample("average", normal(3, 4), axis, positive(3, 4))
    sample("average", normal(3, 4), axis, positive(3, 4), keepdims=True)
sample("average", normal(3, 4), 0, positive(3))
sample("average", normal(3, 4), -1, positive(4), keepdims=True)
sample("average", normal(3, 2, 2), 1, [1, 3])
sample("average", normal(3, 2, 2), (2, 0), positive(2, 3))
sample("average", normal(2, 3), weights=[[1.0, 2.0, 3.0], [0.0, 1.0, 0.5]])
sample("average", normal(3, 2), axis=0, returned=True, take=0)
sample("average", normal(3, 2), 1, positive(2), returned=True, take=0)
sample("average", np.array([[1, 2], [3, 4]]), 1, positive(2), returned=True, take=1, skip="float32")
sample("average", np.array([[1, 2], [3, 4]]), 0, positive(2, 2), returned=True, keepdims=True, take=1, skip="float32")
sample("average", complex_normal(2, 3), 1, complex_normal(3))
sample("average", np.array([1, 2, 3], np.int8), 0, positive(3))
sample("average", (1.0, 2.0, 4.0), 0, positive(3), skip="float32")
sample("average", normal(2, 3, 1), (1, 2, 0), positive(3, 1, 2))

# There is a conjugate in them, which the complex step would meet
for op in ("cov", "corrcoef"):
    sample(op, normal(3, 5), skip="complex")
    sample(op, normal(5, 2), rowvar=False, skip="complex")
    sample(op, normal(2, 4), normal(1, 4), skip="complex")
    sample(op, normal(4), normal(4), skip="complex")
    sample(op, normal(4, 2), normal(4, 1), False, skip="complex")
    sample(op, normal(4), normal(4, 2), False, skip="complex")
    sample(op, complex_normal(2, 4), skip="complex")
    sample(op, normal(2, 4), complex_normal(4), skip="complex")
    sample(op, np.array([[1, 2, 4], [3, 1, 1]]), normal(3), skip="complex")
    sample(op, normal(2, 4), dtype=np.float64, skip="complex")
sample("cov", normal(5), skip="complex")
sample("cov", normal(2, 2), skip="complex")
sample("cov", normal(3), (1.0, 2.0, 4.0), skip="complex")
sample("cov", normal(2, 5), bias=True, skip="complex")
sample("cov", normal(2, 5), ddof=2, skip="complex")
sample("cov", normal(2, 5), fweights=[1, 2, 1, 3, 1], skip="complex")
sample("cov", normal(2, 5), fweights=np.array([1, 2, 1, 3, 1]), ddof=0, skip="complex")
sample("cov", normal(2, 4), None, True, False, None, None, positive(4), skip="complex")
sample("cov", normal(2, 4), None, True, True, None, None, positive(4), skip="complex")
sample("cov", normal(2, 4), None, True, False, 2, np.array([3, 2, 1, 2]), positive(4), skip="complex")
sample("cov", normal(2, 4), normal(2, 4), aweights=[0.5, 1.0, 2.0, 0.25], skip="complex")
sample("average", normal(2, 3, 4), (0, 1), positive(2, 3), returned=True, take=0)
sample("average", normal(2, 2), 1, complex_normal(2))

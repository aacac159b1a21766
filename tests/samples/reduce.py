"""Samples of rules.reduce, and of the activations that have an axis."""

import numpy as np

from .drawing import Draws, sample

draw = Draws(2)
normal, within, distinct, complex_normal = draw.normal, draw.within, draw.distinct, draw.complex_normal

for op in ("softmax", "log_softmax"):
    for shape, axis in (((3, 4), 0), ((3, 4), 1), ((2, 3, 4), -2), ((4,), 0), ((4,), -1), ((3, 1), 1), ((2, 0), 0)):
        sample(op, normal(*shape), axis=axis)

reductions = [
    ("sum", normal, ""), ("mean", normal, ""), ("var", normal, "complex"), ("std", normal, "complex"),
    ("prod", normal, ""), ("max", distinct, ""), ("min", distinct, ""), ("logsumexp", normal, ""),
]  # fmt: skip
for op, values, skip in reductions:
    sample(op, values(3, 4), axis=None, skip=skip)
    sample(op, values(3, 4), axis=None, keepdims=True, skip=skip)
    sample(op, values(3, 4), axis=0, skip=skip)
    sample(op, values(3, 4), axis=1, keepdims=True, skip=skip)
    sample(op, values(3, 4), axis=-1, skip=skip)
    sample(op, values(2, 3, 4), axis=-2, keepdims=True, skip=skip)
    sample(op, values(2, 3, 4), axis=(0, 2), skip=skip)
    sample(op, values(2, 3, 4), axis=(-1, 0), skip=skip)
    sample(op, values(2, 3, 2), axis=(2, 1), keepdims=True, skip=skip)
    sample(op, values(2, 3), axis=(0, 1), skip=skip)
    sample(op, values(2, 3), axis=(1,), skip=skip)
    sample(op, values(5), axis=0, skip=skip)
    sample(op, values(5), axis=None, skip=skip)
    sample(op, values(2, 3), axis=np.int64(1), skip=skip)
    sample(op, values(0, 3), axis=1, skip=skip)
    if op != "std":  # of one entry: 0, where its slope is infinite
        sample(op, values(2, 3), axis=(), skip=skip)
        sample(op, values(), axis=None, skip=skip)
        sample(op, values(2, 1), axis=1, skip=skip)
        sample(op, values(1, 1), axis=None, keepdims=True, skip=skip)
for op in ("sum", "prod"):
    sample(op, normal(2, 3))
    sample(op, normal(0))
    sample(op, normal(0, 3), axis=0)
    sample(op, normal(2, 0, 3), axis=(0, 1), keepdims=True)
for op in ("var", "std"):
    sample(op, normal(3, 4), ddof=1, skip="complex")
    sample(op, normal(3, 4), axis=0, ddof=1, skip="complex")
    sample(op, normal(2, 3, 4), axis=(0, -1), ddof=2, keepdims=True, skip="complex")
    sample(op, normal(5), axis=0, ddof=0.5, skip="complex")
sample("prod", np.array([2.0, 0.0, 3.0]))
sample("prod", np.array([2.0, 0.0, 3.0, 0.0]))
sample("prod", np.array([0.0, 0.0, 0.0]))
sample("prod", np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 1.5], [1.0, -2.0, 0.5]]), axis=1)
sample("prod", np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 1.5]]), axis=0, keepdims=True)
sample("prod", within(0.8, 1.2, 9))
sample("prod", within(0.8, 1.2, 2, 17), axis=-1)
sample("logsumexp", np.array([-30.0, 0.5, 1.0]), axis=0)
for op in ("argmax", "argmin"):
    sample(op, distinct(3, 4))
    sample(op, distinct(3, 4), axis=-1, keepdims=True)
    sample(op, np.array([1.0, 1.0, 0.0, 0.0]), axis=0)
for op in ("any", "all"):
    sample(op, np.array([[0.0, 1.0], [2.0, 3.0]]), axis=0)
    sample(op, np.array([[0.0, -0.0], [2.0, 3.0]]), axis=(1,), keepdims=True)
    sample(op, normal(0))

# Complex numbers; prod has them above, in its complex step
for op in ("sum", "mean", "prod", "var", "std"):
    sample(op, complex_normal(2, 3))
    sample(op, complex_normal(2, 3), axis=1, keepdims=True)
    sample(op, complex_normal(2, 2, 2), axis=(0, -1))
for op in ("var", "std"):
    sample(op, complex_normal(2, 3), axis=0, ddof=1)
for op in ("max", "min"):
    sample(op, complex_normal(2, 3), axis=-1)

# With the arguments that the primitives do not take

HALF = np.array([[True, False, True, True], [False, True, True, False], [True, True, False, True]])
for op, initial in (("sum", 2.5), ("prod", -1.5), ("mean", None), ("var", None), ("std", None)):
    more, skip = f"{op} (more)", "complex" if op in ("var", "std") else ""
    sample(more, normal(3, 4), where=HALF, skip=skip)
    sample(more, normal(3, 4), axis=1, where=HALF, skip=skip)
    sample(more, normal(3, 4), axis=0, keepdims=True, where=HALF, skip=skip)
    sample(more, normal(2, 3, 2), axis=(0, -1), where=HALF[:, 1:3], keepdims=True, skip=skip)
    sample(more, normal(3, 4), axis=-1, where=[True, False, True, True], skip=skip)
    sample(more, normal(3, 4), axis=-1, where=HALF[:, :1] | True, skip=skip)
    sample(more, normal(2, 3), axis=1, where=np.True_, skip=skip)
    sample(more, normal(2, 3), axis=0, dtype=np.float64, skip=f"{skip} float32 complex")
    sample(more, np.array([[1.5, np.nan, -0.5], [np.inf, 2.0, 1.0]]), where=[[True, False, True], [False, True, True]],
           axis=1, skip=skip)  # fmt: skip
    sample(more, complex_normal(3, 4), axis=1, where=HALF)
    if initial is not None:
        sample(more, normal(2, 3), initial=initial)
        sample(more, normal(3, 4), axis=1, keepdims=True, initial=np.float64(initial), where=HALF)
        sample(more, normal(0, 2), axis=0, initial=initial)
        sample(more, normal(3, 4), axis=1, where=HALF & (np.arange(3) != 1)[:, None])  # nothing is left of a row
for op in ("var (more)", "std (more)"):
    sample(op, normal(3, 4), axis=1, where=HALF, ddof=1, skip="complex")
    sample(op, normal(3, 4), axis=0, correction=1, skip="complex")
    sample(op, normal(3, 4), axis=0, correction=1, ddof=0, keepdims=True, where=True, skip="complex")
    sample(op, normal(3, 4), axis=1, ddof=0.5, where=HALF, skip="complex")
    sample(op, normal(3, 4), axis=1, mean=np.array([[0.5], [-0.5], [0.25]]), skip="complex")
    sample(op, normal(3, 4), mean=0.5, where=HALF, ddof=1, skip="complex")
    sample(op, complex_normal(2, 3), axis=1, mean=np.array([[0.5j], [1.0]]))
for op in ("max (more)", "min (more)"):
    sample(op, distinct(3, 4), axis=1, initial=0.0)
    sample(op, distinct(3, 4), axis=0, initial=-0.12, where=HALF)
    sample(op, distinct(3, 4), axis=-1, keepdims=True, initial=np.float64(0.12), where=HALF)
    sample(op, distinct(3, 4), initial=0.0, where=[True, False, True, True])
    sample(op, distinct(2, 3), axis=1, initial=0.0, where=[[False], [True]])
    sample(op, np.array([[1.5, np.nan], [np.nan, 2.0]]), axis=1, initial=1.7, where=[[True, False], [False, True]])
    sample(op, np.array([1.5, np.inf, -np.inf, 2.0]), initial=1.7, where=[True, False, False, True])
    sample(op, normal(0, 2), axis=0, initial=0.5)
    sample(op, normal(2, 0), axis=-1, keepdims=True, initial=0.5)
    sample(op, np.array([[3, 1], [2, 5]]), axis=0, initial=2, where=[[True, False], [True, True]])
    sample(op, complex_normal(2, 3), axis=1, initial=0.1, where=[True, False, True])

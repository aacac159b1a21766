"""Samples of rules.linalg."""

import numpy as np

from .drawing import Draws, sample

draw = Draws(3)
normal, complex_normal = draw.normal, draw.complex_normal

for a, b in [
    ((2, 3), (3, 4)), ((1, 3), (3, 1)), ((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (2, 3, 4)),
    ((3,), (2, 1, 3, 2)), ((2, 4, 3), (3,)), ((2, 1, 2, 3), (3,)), ((5, 2, 3), (5, 3, 4)), ((2, 3), (5, 3, 2)),
    ((5, 2, 3), (3, 2)), ((1, 2, 3), (4, 3, 2)), ((2, 1, 2, 3), (3, 3, 2)), ((2, 3), (1, 3, 4)),
    ((3, 1, 2, 2), (1, 2, 2, 3)), ((2, 0), (0, 3)), ((0, 2), (2, 3)), ((2, 3), (3, 0)), ((0,), (0,)),
    ((0, 2, 3), (3, 2)),
]:  # fmt: skip
    sample("matmul", normal(*a), normal(*b))
sample("affine", normal(3, 4), normal(4, 5), normal(3, 1))
sample("affine", normal(1, 2), normal(2, 3), normal(1, 1))
for shape in ((3, 5), (5,), ()):
    sample("affine", normal(3, 4), normal(4, 5), normal(*shape))
sample("affine", normal(2, 3), normal(3, 1), normal(2, 1))
sample("affine", normal(2, 3), normal(3, 0), normal(2, 1))
sample("affine", normal(2, 0), normal(0, 3), normal(2, 1))
for a, b in [
    ((2, 3), (3, 4)), ((3,), (3,)), ((), (2, 3)), ((2, 3), ()), ((2, 3), (3,)), ((2, 3), (2, 3, 4)), ((3,), (2, 3, 4)),
    ((2, 2, 3), (3,)), ((2, 1, 3), (2, 2, 3, 2)),
]:  # fmt: skip
    sample("dot", normal(*a), normal(*b))
sample("dot", normal(2, 3), 2.0)
sample("dot", 2.0, normal(3))
sample("matmul", complex_normal(2, 3), complex_normal(3, 2))
sample("matmul", normal(2, 3), complex_normal(2, 3, 1))
sample("affine", complex_normal(2, 3), complex_normal(3, 2), complex_normal(2, 1))
sample("dot", complex_normal(2, 3), complex_normal(2, 3, 2))

for shapes in (
    ((2, 3), (3, 4)), ((2, 3), (3, 4), (4, 2)), ((4, 2), (2, 3), (3, 1)), ((3,), (3, 2), (2,)), ((3,), (3, 2)),
    ((2, 3), (3, 2), (2,)), ((3,), (3,)), ((2, 3), (3, 1), (1, 4), (4, 2)), ((2,), (2, 3), (3, 2), (2,)),
    ((1, 2), (2, 3), (3, 0), (0, 2), (2, 2)),
):  # fmt: skip
    sample("multi_dot", *(normal(*shape) for shape in shapes))
sample("multi_dot", complex_normal(2, 3), normal(3, 2), complex_normal(2, 2))

for a, b, axes in [
    ((2, 3), (3, 4), 1), ((2, 3, 2), (3, 2, 2), 2), ((2, 3), (2, 2), 0), ((2, 3), (3, 2), ((0, 1), (1, 0))),
    ((2, 3, 4), (4, 2, 1), ((0, 2), (1, 0))), ((2, 3, 4), (4, 2, 1), ([2, 0], [0, 1])), ((2, 3), (4, 3), (-1, -1)),
    ((3, 2), (2, 1, 3), (0, 2)), ((3,), (3,), 1), ((), (2, 3), 0), ((), (), 0), ((2, 3, 2), (2, 2), ((-3,), (-1,))),
    ((0, 2), (2, 3), 1), ((2, 0), (0, 3), 1), ((2, 3), (2, 3, 2), ((1, 0), (1, 0))),
]:  # fmt: skip
    sample("tensordot", normal(*a), normal(*b), axes=axes)
sample("tensordot", normal(2, 3, 2), normal(3, 2))
sample("tensordot", complex_normal(2, 3), complex_normal(3, 2), axes=1)
sample("tensordot", normal(2, 3), complex_normal(2, 3), axes=((0,), (0,)))

for a, b in [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 3), (4, 3)), ((2, 1, 3), (2, 3)), ((), (3,)), ((2,), ()),
    ((0,), (0,)), ((2, 0), (3, 0)),
]:  # fmt: skip
    sample("inner", normal(*a), normal(*b))
sample("inner", 2.0, normal(3), skip="float32")
sample("inner", normal(3), 2.0, skip="float32")
sample("inner", complex_normal(2, 3), complex_normal(3))

for a, b in [((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1, 3), (4, 3)), ((0,), (0,)), ((2, 0), (0,))]:
    sample("vecdot", normal(*a), normal(*b), skip="complex")
sample("vecdot", complex_normal(2, 3), complex_normal(3))
sample("vecdot", normal(3), complex_normal(2, 3))
sample("vecdot", complex_normal(3), normal(3))
sample("linalg.vecdot", normal(2, 1, 3), normal(2, 3), skip="complex")
sample("linalg.vecdot", normal(3, 2), normal(3, 1), skip="complex", axis=0)
sample("linalg.vecdot", complex_normal(2, 3, 2), complex_normal(3, 2), axis=-2)
if hasattr(np, "matvec"):
    for a, b in [((2, 3), (3,)), ((2, 3), (4, 3)), ((2, 2, 3), (3,)), ((2, 1, 2, 3), (3, 3)), ((2, 0), (0,))]:
        sample("matvec", normal(*a), normal(*b))
        sample("vecmat", normal(*b), normal(*a[:-2], a[-1], a[-2]), skip="complex")
    sample("matvec", complex_normal(2, 3), complex_normal(3))
    sample("vecmat", complex_normal(3), complex_normal(3, 2))
    sample("vecmat", complex_normal(3), normal(2, 3, 2))
sample("vdot", normal(3), normal(3), skip="complex")
sample("vdot", normal(2, 3), normal(3, 2), skip="complex")
sample("vdot", normal(), normal(), skip="complex")
sample("vdot", normal(0), normal(0), skip="complex")
sample("vdot", complex_normal(2, 2), complex_normal(4))

for a, b in [((3,), (2,)), ((2, 2), (3,)), ((), (3,)), ((1,), (2, 1, 2)), ((0,), (3,))]:
    sample("outer", normal(*a), normal(*b))
sample("outer", 2.0, normal(3))
sample("outer", complex_normal(2), complex_normal(3))
sample("linalg.outer", normal(3), normal(2))
sample("linalg.outer", complex_normal(2), normal(3))
for a, b in [((2,), (3,)), ((2, 3), (2, 2)), ((2,), (2, 3)), ((2, 1, 2), (2, 2)), ((), (2, 2)), ((2,), ()), ((), ())]:
    sample("kron", normal(*a), normal(*b))
sample("kron", complex_normal(2, 2), complex_normal(2))
sample("kron", 2.0, normal(3))
for a, b in [((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1, 3), (2, 3)), ((0, 3), (3,))]:
    sample("cross", normal(*a), normal(*b))
sample("cross", normal(3, 2), normal(2, 3), axisa=0)
sample("cross", normal(2, 3), normal(3, 2), axisb=0, axisc=0)
sample("cross", normal(2, 3, 2), normal(3, 2), axis=-2)
sample("cross", complex_normal(2, 3), complex_normal(3))
sample("linalg.cross", normal(2, 3), normal(2, 3))
sample("linalg.cross", normal(3, 2), normal(3, 1), axis=0)
sample("linalg.vecdot", normal(3, 2, 4), normal(3, 2, 4), skip="complex", axis=0)
sample("cross", normal(3, 2, 4), normal(3, 2, 4), axis=0)

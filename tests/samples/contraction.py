"""Samples of rules.contraction."""

import numpy as np

from .drawing import Draws, sample

draw = Draws(12)
normal, complex_normal = draw.normal, draw.complex_normal

# Explicit and implicit, with one operand
for subscripts, shape in [
    ("ij->ij", (2, 3)), ("ij->ji", (2, 3)), ("ji", (2, 3)), ("ij->i", (2, 3)), ("ij->", (2, 3)), ("ijk->j", (2, 3, 2)),
    ("ii->i", (3, 3)), ("ii", (3, 3)), ("ii->", (3, 3)), ("iij->ij", (2, 2, 3)), ("iji->j", (2, 3, 2)),
    ("iii->i", (2, 2, 2)), ("iijj->ij", (2, 2, 2, 2)), ("iij->j", (2, 2, 3)), ("jii->ij", (3, 2, 2)), ("->", ()),
    ("...->...", (2, 3)), ("...ij->...ji", (2, 2, 3)), ("i...->...", (2, 3)), ("i...->i...", (3,)),
    ("...ii", (2, 3, 3)), ("i...i->...i", (2, 3, 2)), ("b...", (2, 3)), ("ij->j", (0, 3)), ("ij->i", (2, 1)),
    ("ii->i", (1, 1)), (" i j -> j i ", (2, 3)), ("ba", (2, 3)), ("Ab", (2, 3)),
]:  # fmt: skip
    sample("einsum", subscripts, normal(*shape))
# Two operands, and lengths of 1 that stretch
for subscripts, a, b in [
    ("ij,jk->ik", (2, 3), (3, 2)), ("ij,jk", (2, 3), (3, 2)), ("ij,jk->", (2, 3), (3, 2)), ("i,i", (3,), (3,)),
    ("i,j->ij", (2,), (3,)), ("i,j", (2,), (3,)), ("j,i", (2,), (3,)), ("ij,ij->ij", (2, 3), (2, 3)),
    ("ij,ij->i", (2, 3), (2, 3)), ("ij,kl->il", (2, 3), (2, 2)), ("ij,kl->", (2, 3), (2, 2)), (",i->i", (), (3,)),
    ("i,->", (3,), ()), ("bij,bjk->bik", (2, 2, 3), (2, 3, 1)), ("ii,i->i", (3, 3), (3,)),
    ("ii,ij->j", (3, 3), (3, 2)), ("ij,ji->", (2, 3), (3, 2)), ("iij,jk->k", (2, 2, 3), (3, 2)),
    ("ij,k->ki", (2, 3), (2,)), ("ii,jj->ij", (2, 2), (3, 3)), ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
    ("...ij,...jk->...ik", (1, 2, 3), (2, 3, 1)), ("...ij,...jk", (2, 1, 2, 1), (2, 1, 3)),
    ("...i,...i->...", (2, 3), (3,)), ("...,...", (2, 1), (3,)), ("i...,j...->ij", (2, 1), (2, 3)),
    ("...i,i...->i", (3,), (3,)), ("ij,ij->ij", (2, 1), (2, 3)), ("ij,jk->ik", (2, 1), (3, 2)),
    ("ij,jk->ik", (2, 3), (1, 2)), ("i,i->", (1,), (3,)), ("ij,ij", (1, 3), (2, 1)), ("ii,i->i", (1, 1), (3,)),
    ("ij,jk->ik", (2, 0), (0, 3)), ("ij,jk->ik", (0, 2), (2, 3)),
]:  # fmt: skip
    optimize = {"optimize": True} if subscripts == "i...,j...->ij" else {}  # which alone sums over an ellipsis
    sample("einsum", subscripts, normal(*a), normal(*b), **optimize)
# Three operands and more, in NumPy's order of contraction
for subscripts, *shapes in [
    ("ij,jk,kl->il", (2, 3), (3, 2), (2, 3)), ("i,ij,j->", (2,), (2, 3), (3,)),
    ("ij,kj,lj->ikl", (2, 3), (2, 3), (2, 3)), ("ii,ij,kj->k", (2, 2), (2, 3), (2, 3)),
    ("ij,kk,l->il", (2, 3), (2, 2), (3,)), ("i,i,i->i", (3,), (3,), (1,)), ("...i,ij,...j->...", (2, 3), (3, 2), (2,)),
    ("a,b,c,d->ad", (2,), (2,), (2,), (2,)),
]:  # fmt: skip
    for optimize in (False, True):
        sample("einsum", subscripts, *(normal(*shape) for shape in shapes), optimize=optimize)
sample("einsum", "ij,jk->ik", normal(2, 3), normal(3, 2), optimize=True)
sample("einsum", "ij,jk,kl->il", normal(2, 3), normal(3, 2), normal(2, 2), optimize="optimal")
sample("einsum", "ij,jk,kl->il", normal(2, 3), normal(3, 2), normal(2, 2), optimize=["einsum_path", (1, 2), (0, 1)])
# Lists of axes by number
sample("einsum", normal(2, 3), (0, 1), normal(3, 2), (1, 2), (0, 2))
sample("einsum", normal(2, 3), (0, 1), normal(3, 2), (1, 2))
sample("einsum", normal(2, 3), (1, 0))
sample("einsum", normal(2, 3), (30, 2))
sample("einsum", normal(3, 3), (0, 0), ())
sample("einsum", normal(2, 3), [0, 1], [1])
sample("einsum", normal(2, 2, 3), (Ellipsis, 0, 1), normal(3), (1,), (0, Ellipsis))
sample("einsum", normal(2, 3), (0, 1), normal(3, 2), (1, 2), normal(2), (2,), (0,), optimize=True)
# Complex, mixed, and numbers
sample("einsum", "ij,jk->ik", complex_normal(2, 3), complex_normal(3, 2))
sample("einsum", "ii,ij->j", complex_normal(2, 2), normal(2, 3))
sample("einsum", "ij,j,k->ik", normal(2, 3), complex_normal(3), normal(2), optimize=True)
sample("einsum", "ij->", complex_normal(2, 3))
sample("einsum", "i,->i", normal(3), 2.0)
sample("einsum", "ij,j->i", np.array([[1, 0, 2], [0, 1, 1]]), normal(3))
# The step that all of these record
sample("contract", normal(2, 3), normal(3, 2), subscripts="ij,jk->ik", optimize=False)
sample("contract", normal(2, 2, 3), normal(3), subscripts="iij,k", optimize=True)
sample("contract", normal(2, 3), complex_normal(1, 3), normal(2), subscripts="...i,ki,...->...k", optimize=False)

"""Sums of products over named axes: einsum, and what is an einsum by another name.  Floor 2: NumPy only.

    np.einsum("ij,jk->ik", A, B)          # z[i, k] = sum over j of A[i, j] * B[j, k]

The gradient for one operand is again such a sum: of dz and the other operands, over the letters that this operand
lacks.  For A above, "ik,jk->ij" of dZ and B, which is dZ @ B.T.  Two things cannot be written that way: an operand
that was summed over a letter of its own gets the same gradient along it, and one that gave only its diagonal
("ii->i") gets its gradient on the diagonal.
"""

from functools import lru_cache
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..primitives import composition, primitive
from .arguments import refuse
from .shape import broadcast_to


@lru_cache(maxsize=256)
def spelled_out(subscripts: str, axes: tuple[int, ...]) -> tuple[str, ...]:
    """The letters of each operand, and at last those of the result, with a letter for each axis under an ellipsis.

    axes: how many each operand has.

    >>> spelled_out("ij,jk", (2, 2)), spelled_out("...i->...", (3,))
    (('ij', 'jk', 'ik'), ('abi', 'ab'))
    """
    left, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    hidden = [n - len(term.replace("...", "")) for term, n in zip(terms, axes)]
    free = [letter for letter in ascii_letters if letter not in subscripts][: max(hidden)]
    dots = ["".join(free[len(free) - n :]) for n in hidden]  # they line up at the right, as broadcasting does
    if not arrow:
        once = [letter for letter in sorted(set(left) - set(",.")) if left.count(letter) == 1]
        result = "..." + "".join(once)
    return tuple(term.replace("...", d) for term, d in zip([*terms, result], [*dots, "".join(free)]))


def contract_dx(dz: Any, z: Any, *operands: Any, subscripts: str, optimize: Any, index: int) -> Any:
    """The contraction of dz and the other operands that has the letters of operand number `index`."""
    x = operands[index]
    *terms, result = spelled_out(subscripts, tuple(map(np.ndim, operands)))
    factors = [dz, *operands[:index], *operands[index + 1 :]]
    names = [result, *terms[:index], *terms[index + 1 :]]
    wanted = ""
    for letter, length in zip(terms[index], x.shape):
        if letter in wanted:  # a diagonal was taken: a letter of its own, and an identity that ties it to the first
            other = next(c for c in ascii_letters if c not in "".join((wanted, *terms, *names)))
            factors.append(np.eye(length, dtype=x.dtype))
            names.append(letter + other)
            letter = other
        wanted += letter
    found = "".join(letter for letter in wanted if letter in "".join(names))
    dx = contract(*factors, subscripts=f"{','.join(names)}->{found}", optimize=bool(optimize) or len(factors) > 2)
    sizes = dict(zip(found, dx.shape))
    shape = tuple(sizes.get(letter, 1) for letter in wanted)  # 1 along a letter that only x has
    whole = np.broadcast_shapes(shape, x.shape)
    return dx if dx.shape == whole else broadcast_to(dx.reshape(shape), shape=whole)


@primitive(doperands=contract_dx)
def contract(*operands: Any, subscripts: str, optimize: Any) -> Any:
    """z = np.einsum(subscripts, *operands): products of entries under equal letters, summed over letters z lacks."""
    try:
        return np.einsum(subscripts, *operands, optimize=optimize)
    except ValueError as error:
        shapes = list(map(np.shape, operands))
        reason = fault(subscripts, shapes) or str(error).strip(". ")
        raise ShapeError(
            f"einsum({subscripts!r}): the operands are {', '.join(map(str, shapes))}; {reason}."
        ) from error


def fault(subscripts: str, shapes: list[tuple[int, ...]]) -> str:
    """What NumPy says less clearly: a wrong number of operands, a letter for two lengths, a lost ellipsis."""
    left, arrow, right = subscripts.partition("->")
    if left.count(",") + 1 != len(shapes):
        return f"the subscripts are for {left.count(',') + 1} operands, and there are {len(shapes)}"
    *terms, result = spelled_out(subscripts, tuple(map(len, shapes)))
    if list(map(len, terms)) != list(map(len, shapes)):
        return ""
    lengths: dict[str, tuple[int, int]] = {}
    for number, (term, shape) in enumerate(zip(terms, shapes)):
        for letter, length in zip(term, shape):
            known, where = lengths.get(letter, (1, number))
            if length != known and 1 not in (length, known):
                return f"{letter!r} is {known} in operand {where} and {length} in operand {number}"
            if known == 1:
                lengths[letter] = (length, number)
    if arrow and "..." in left and "..." not in right:
        return f"the axes under '...' are missing in the result: write '->...{result}'"
    return ""


@composition(np.einsum)
def einsum(
    *operands: Any, optimize: Any = False, out: Any = None, dtype: Any = None, order: str = "K", casting: str = "safe"
) -> Any:
    """Sum of products over named axes, in all of NumPy's ways of saying it.

    operands: a string and arrays, or arrays each followed by a list of numbers for its axes, and at last a list for
    the result.  optimize: let NumPy choose the order in which the arrays are multiplied, which pays for three or more.
    Raises NoRuleError for out=, dtype= and the like; ShapeError, quoting the subscripts, where lengths do not fit.
    """
    refuse(
        "einsum",
        out=out,
        dtype=dtype,
        order=None if order == "K" else order,
        casting=None if casting == "safe" else casting,
    )
    if isinstance(operands[0], str):
        return contract(*operands[1:], subscripts=operands[0], optimize=optimize)
    left = ",".join(map(letters, operands[1::2]))
    if len(operands) % 2 == 0:
        return contract(*operands[::2], subscripts=left, optimize=optimize)
    return contract(*operands[:-1:2], subscripts=f"{left}->{letters(operands[-1])}", optimize=optimize)


def letters(axes: Any) -> str:
    """The letters for a list of numbers and Ellipsis, in NumPy's order: A to Z, then a to z."""
    return "".join("..." if i is Ellipsis else (ascii_uppercase + ascii_lowercase)[i] for i in axes)

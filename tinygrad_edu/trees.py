"""Nested dicts, lists and tuples of arrays: walk them, compare them, lay them out in one flat array.  Floor 1.

    flat, unravel = ravel({"W": np.ones((2, 3)), "b": np.zeros(2)})
    flat.shape                   # (8,)
    unravel(flat)["W"].shape     # (2, 3)

A tree is a leaf, or a dict, list or tuple (also a named one) of trees; None inside a tree stands for nothing at all.
Each leaf has a place, written as in Python: `["layers"][0].W`.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .errors import DTypeError, ShapeError
from .operands import numbers

__all__ = ["leaves", "match_leaves", "places", "ravel", "rebuild"]

CONTAINERS = (dict, list, tuple)


def rebuild(f: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with f(leaf) for each leaf, in the order of `places`.

    >>> rebuild(lambda x: 2 * x, {"a": 1, "b": (2, None)})
    {'a': 2, 'b': (4, None)}
    """
    if not isinstance(tree, CONTAINERS):
        return f(tree)
    if isinstance(tree, dict):
        new = {} if type(tree) is dict else copy.copy(tree)  # an OrderedDict, a defaultdict
        for key, x in tree.items():
            new[key] = None if x is None else rebuild(f, x)
        return new
    parts: list[Any] = [None if x is None else rebuild(f, x) for x in tree]
    return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)


def leaves(tree: Any) -> Iterator[Any]:
    """The leaves alone, in the order of `places`.

    >>> list(leaves({"a": 1, "b": (2, None, [3])}))
    [1, 2, 3]
    """
    if not isinstance(tree, CONTAINERS):
        yield tree
        return
    for x in tree.values() if isinstance(tree, dict) else tree:
        if x is not None:
            yield from leaves(x)


def places(tree: Any) -> list[tuple[str, Any]]:
    """The pairs (place, leaf), in order; a tree that is itself a leaf has the place "".

    >>> places({"a": 1, "b": (2, None, [3])})
    [("['a']", 1), ("['b'][0]", 2), ("['b'][2][0]", 3)]
    """
    branches = _branches(tree)
    if branches is None:
        return [("", tree)]
    return [(step + place, leaf) for _, step, x in branches if x is not None for place, leaf in places(x)]


def match_leaves(tree: Any, other: Any, name: str, other_name: str) -> Iterator[tuple[Any, Any, str, str]]:
    """(leaf, what the other tree has there, the names of the two) for each leaf of `tree`, in the order of `places`.

    Raises ShapeError, in the names of the two trees, where the other has another structure.

    >>> list(match_leaves({"a": 1.0}, {"a": [2, 3]}, "x", "dx"))
    [(1.0, [2, 3], "x['a']", "dx['a']")]
    """
    branches = _branches(tree)
    if branches is None:
        yield tree, other, name, other_name
        return
    others = _branches(other)
    if others is None or {key for key, _, _ in branches} != {key for key, _, _ in others}:
        raise ShapeError(f"{other_name} is {_outline(other)} and {name} is {_outline(tree)}: give both one structure.")
    for key, step, x in branches:
        if x is not None:
            yield from match_leaves(x, other[key], name + step, other_name + step)


def _branches(tree: Any) -> list[tuple[Any, str, Any]] | None:
    """(key, key as it is written, branch) for each branch of a dict, list or tuple; None for a leaf."""
    if isinstance(tree, dict):
        return [(key, f"[{key!r}]", x) for key, x in tree.items()]
    if isinstance(tree, list | tuple):
        fields = getattr(tree, "_fields", None)
        return [(i, f".{fields[i]}" if fields else f"[{i}]", x) for i, x in enumerate(tree)]
    return None


def _outline(tree: Any) -> str:
    branches = _branches(tree)
    if branches is None:
        return f"a {type(tree).__name__}"
    return f"a {type(tree).__name__} with {', '.join(step for _, step, _ in branches) or 'nothing in it'}"


def ravel(tree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """(flat, unravel): all entries of a tree in one 1-D array, and the way back, `unravel(flat)`.

    tree: arrays, Tensors or numbers in nested dicts, lists and tuples.  So an optimizer that knows only vectors, such
    as scipy.optimize.minimize, can drive a dict of parameters.  `flat` is a new array of the leaves' common dtype, a
    Tensor if a leaf is one; unravel takes an array or a Tensor, and gives new leaves of the old shapes and dtypes (of
    a complex entry the real part, where the leaf was real).  Both are differentiable.
    Raises DTypeError for integers, ShapeError (from unravel) for an array of another length.

    >>> import tinygrad_edu as tg
    >>> flat, unravel = tg.ravel({"W": np.array([[1.0, 2.0]]), "b": np.array([3.0])})
    >>> slope = tg.grad(lambda v: (unravel(v)["W"] ** 2).sum() + unravel(v)["b"].sum())
    >>> slope(flat)
    array([2., 4., 1.])
    >>> unravel(flat - 0.5 * slope(flat))  # a step of descent
    {'W': array([[0., 0.]]), 'b': array([2.5])}
    """
    leaves = []
    for place, leaf in places(tree):
        x = leaf if hasattr(leaf, "__tinygrad_record__") else numbers(leaf)
        if x.dtype.kind not in "fc":
            raise DTypeError(
                f"ravel: tree{place} is {x.dtype}; only float and complex entries go into the flat array: "
                f"write 2.0 instead of 2, and keep settings outside the tree."
            )
        leaves.append(x)
    flat = np.concatenate([np.ravel(x) for x in leaves]) if leaves else np.zeros(0)
    shapes, dtypes = [x.shape for x in leaves], [x.dtype for x in leaves]
    ends = np.cumsum([x.size for x in leaves], dtype=int).tolist()
    size, dtype = int(flat.size), flat.dtype
    skeleton = rebuild(lambda x: 0, tree)

    def unravel(flat: Any) -> Any:
        """The tree whose entries are those of the flat array."""
        flat = flat if hasattr(flat, "__tinygrad_record__") else numbers(flat)
        if tuple(flat.shape) != (size,):
            raise ShapeError(f"unravel: the array is {tuple(flat.shape)}; the tree has {size} entries: give ({size},).")
        if flat.dtype.kind == "c" and dtype.kind != "c":
            raise DTypeError(f"unravel: the array is {flat.dtype}, the tree {dtype}: take np.real() first.")
        pieces = zip([0, *ends], ends, shapes, dtypes)
        return rebuild(lambda x: _piece(flat, *next(pieces)), skeleton)

    return flat, unravel


def _piece(flat: Any, start: int, end: int, shape: tuple[int, ...], dtype: Any) -> Any:
    piece = flat[start:end].reshape(shape)
    if piece.dtype.kind == "c" and dtype.kind != "c":
        piece = np.real(piece)
    if type(piece) is np.ndarray:
        return piece.astype(dtype)[()]  # of its own: SciPy writes into its vector
    return piece if piece.dtype == dtype else piece.astype(dtype)

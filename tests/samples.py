"""What every operation is tried on: one line per sample, for the suites in test_rules*.py.

    sample("sum", normal(3, 4), axis=-1, keepdims=True)

is op `sum` of the registry on an input of shape (3, 4).  A name that is no primitive ("split") is a sample for that
composition.  Inputs that are float arrays are differentiated; others are handed over as they are.

Inputs lie inside the domain and at least 0.02 away from kinks, which have their own tests.  skip: "complex" where
forward is not analytic as written, "second" without a second derivative, "float32" where NumPy itself leaves float32.
"""

import itertools
from typing import Any, NamedTuple

import numpy as np

rng = np.random.default_rng(20)


class Sample(NamedTuple):
    """One call of one operation."""

    op: str
    inputs: tuple[Any, ...]
    params: dict[str, Any]
    skip: frozenset[str]
    take: Any  # for an op of several results: which of them

    def __str__(self) -> str:
        shapes = [str(x.shape) if isinstance(x, np.ndarray) else repr(x) for x in self.inputs]
        shapes = shapes if len(shapes) < 5 else [f"{len(shapes)} inputs"]
        params = [f"{key}={value!r}" for key, value in self.params.items()]
        return " ".join(f"{self.op}({', '.join(shapes + params)})".split())


SAMPLES: list[Sample] = []


def sample(op: str, *inputs: Any, skip: str = "", take: Any = None, **params: Any) -> None:
    inputs = tuple(np.asarray(x) if isinstance(x, np.generic | list) else x for x in inputs)
    SAMPLES.append(Sample(op, inputs, params, frozenset(skip.split()), take))


def normal(*shape: int) -> Any:
    """Both signs, none within 0.1 of 0."""
    x = rng.standard_normal(shape)
    return np.asarray(x + np.copysign(0.1, x))


def within(low: float, high: float, *shape: int) -> Any:
    return np.asarray(rng.uniform(low, high, shape))


def positive(*shape: int) -> Any:
    return within(0.5, 2.0, *shape)


def distinct(*shape: int) -> Any:
    """Both signs, all at least 0.1 apart and 0.05 away from 0."""
    n = int(np.prod(shape))
    return np.asarray(rng.permutation(np.arange(n) - n // 2).reshape(shape) * 0.1 + 0.05)


def one_hot(classes: int, m: int) -> Any:
    return np.eye(classes)[:, rng.integers(classes, size=m)]


# Two operands, broadcast in every way

for op in ("add", "subtract", "multiply", "divide"):
    divisor = positive if op == "divide" else normal
    for a, b in [
        ((3, 4), (3, 4)), ((3, 4), (3, 1)), ((3, 4), (4,)), ((3, 1), (4,)), ((1, 4), (2, 3, 1)), ((2, 1, 4), (1, 3, 1)),
        ((4,), ()), ((), ()), ((1, 1), ()), ((0,), (0,)), ((0, 3), (3,)), ((0, 3), (1, 1)), ((), (2, 3)),
    ]:  # fmt: skip
        sample(op, normal(*a), divisor(*b))
    sample(op, normal(3), 2.5)
    sample(op, 2.5, divisor(3))
    sample(op, normal(), 2)
    sample(op, 2, divisor())
    sample(op, normal(3), np.array([1, 2, 3]), skip="float32")
    sample(op, np.array([[1], [2]]), divisor(3), skip="float32")
    sample(op, normal(3), np.array([True, True, True]))

sample("power", positive(3, 4), normal(3, 4))
sample("power", positive(3, 4), normal(3, 1))
sample("power", positive(4), normal(3, 1))
sample("power", positive(), normal())
sample("power", positive(2, 1), normal())
sample("power", positive(0, 3), normal(3))
sample("power", positive(3), np.array([0.0, 1.0, 2.0]))  # d2/da db at b = 0 is 1 / a
sample("power", positive(3), np.array([-1.0, 0.0, 3.0]))
sample("power", normal(4), np.array([0, 1, 2, 3]), skip="float32")
sample("power", normal(2, 3), np.array([[2], [1]]), skip="float32")
for exponent in (0, 1, 2, 3, 0.0, 2.0, True):
    sample("power", normal(3), exponent)
sample("power", normal(), 2)
sample("power", normal(2, 2), 5, skip="complex")
for exponent in (-1, -2, 0.5, -0.5, 1.5, -1.0):
    sample("power", positive(3), exponent)
sample("power", normal(3), -1)
sample("power", normal(3), -3)
sample("power", 2.0, normal(3))
sample("power", 3, normal(2, 2))
sample("power", 0.5, normal())
sample("power", 1, normal(2))
sample("power", 0.0, positive(3))
sample("power", np.array([2, 3]), normal(2), skip="float32")

for op in ("maximum", "minimum"):
    sample(op, distinct(3, 4), distinct(3, 4) + 0.025)
    sample(op, distinct(3, 4), distinct(4) + 0.025)
    sample(op, distinct(3, 1), distinct(2, 1, 4) + 0.025)
    sample(op, distinct(4), 0.0)
    sample(op, 0.1, distinct(4))
    sample(op, distinct(), distinct() + 1)
    sample(op, distinct() + 1, distinct())
    sample(op, distinct(0), distinct(1))

for op in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    sample(op, np.array([True, False, True]), np.array([True, True, False]))
    sample(op, np.array([[6], [3]]), np.array([5, 3]))
sample("invert", np.array([5, -3]))
for op in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or"):
    sample(op, np.array([[1.0, 2.0, -0.0]]), np.array([[1.0], [0.0]]))
    sample(op, normal(3), 0.5)
    sample(op, normal(), normal())
    sample(op, normal(0), normal(1))
for op in ("logical_not", "isnan", "isinf", "isfinite"):
    sample(op, np.array([[0.0, 1.0, np.nan], [np.inf, -np.inf, -0.0]]))
    sample(op, normal())
    sample(op, normal(0))

sample("where", np.array([[True, False], [False, True]]), normal(2, 2), normal(2, 2))
sample("where", np.array([True, False]), normal(2, 2), normal(2, 1))
sample("where", np.array([[True], [False]]), normal(), normal(3))
sample("where", np.array([[True], [False]]), normal(2), normal(2))
sample("where", np.array([1, 0, 2]), normal(3), 0.0)
sample("where", np.array([True, False]), 1.0, normal(2))
sample("where", True, normal(2), normal(2))
sample("where", np.array(False), normal(), normal())
sample("where", np.zeros((0,), bool), normal(0), normal(1))

# One operand, element by element

NOT_ANALYTIC = {"abs", "conjugate", "erf", "real", "sigmoid", "sign", "softplus"}
for draw, ops in (
    (
        normal,
        ("abs", "arctan", "conjugate", "cos", "cosh", "erf", "exp", "expm1", "leaky_relu", "negative", "positive"),
    ),
    (normal, ("positive", "real", "relu", "sigmoid", "sign", "sin", "sinh", "softplus", "square", "tanh")),
    (positive, ("log", "log1p", "sqrt")),
    (lambda *shape: within(-0.9, 0.9, *shape), ("arccos", "arcsin", "tan")),
):
    for op, shape in itertools.product(ops, ((3, 4), (5,), (), (1, 1), (0, 2), (2, 3, 2))):
        sample(op, draw(*shape), skip="complex" if op in NOT_ANALYTIC else "")
sample("log1p", within(-0.9, -0.1, 4))
for op in ("square", "tanh"):
    sample(op, np.array([0.0, -0.0, 1.0]))
sample("erf", np.array([0.0, 0.4, -0.8, 0.87, -1.2, 1.3, 2.5, -2.9, 3.5]), skip="complex")
sample("erf", normal(40, 5), skip="complex")
sample("sigmoid", np.array([-20.0, -0.0, 0.0, 20.0]), skip="complex")
sample("softplus", np.array([-20.0, -0.5, 0.5, 20.0]), skip="complex")
sample("leaky_relu", normal(3, 4), negative_slope=0.3)
sample("leaky_relu", normal(), negative_slope=-0.5)
sample("astype", normal(3), dtype=np.dtype(np.float64), skip="complex float32")
sample("astype", normal(2, 0), dtype=np.dtype(np.float64), skip="complex float32")

# Along an axis

for op in ("softmax", "log_softmax"):
    for shape, axis in (((3, 4), 0), ((3, 4), 1), ((2, 3, 4), -2), ((4,), 0), ((4,), -1), ((3, 1), 1), ((2, 0), 0)):
        sample(op, normal(*shape), axis=axis)

reductions = [
    ("sum", normal, ""), ("mean", normal, ""), ("var", normal, "complex"), ("std", normal, "complex"),
    ("prod", normal, ""), ("max", distinct, ""), ("min", distinct, ""), ("logsumexp", normal, ""),
]  # fmt: skip
for op, draw, skip in reductions:
    sample(op, draw(3, 4), axis=None, skip=skip)
    sample(op, draw(3, 4), axis=None, keepdims=True, skip=skip)
    sample(op, draw(3, 4), axis=0, skip=skip)
    sample(op, draw(3, 4), axis=1, keepdims=True, skip=skip)
    sample(op, draw(3, 4), axis=-1, skip=skip)
    sample(op, draw(2, 3, 4), axis=-2, keepdims=True, skip=skip)
    sample(op, draw(2, 3, 4), axis=(0, 2), skip=skip)
    sample(op, draw(2, 3, 4), axis=(-1, 0), skip=skip)
    sample(op, draw(2, 3, 2), axis=(2, 1), keepdims=True, skip=skip)
    sample(op, draw(2, 3), axis=(0, 1), skip=skip)
    sample(op, draw(2, 3), axis=(1,), skip=skip)
    sample(op, draw(5), axis=0, skip=skip)
    sample(op, draw(5), axis=None, skip=skip)
    sample(op, draw(2, 3), axis=np.int64(1), skip=skip)
    sample(op, draw(0, 3), axis=1, skip=skip)
    if op != "std":  # of one entry: 0, where its slope is infinite
        sample(op, draw(2, 3), axis=(), skip=skip)
        sample(op, draw(), axis=None, skip=skip)
        sample(op, draw(2, 1), axis=1, skip=skip)
        sample(op, draw(1, 1), axis=None, keepdims=True, skip=skip)
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
sample("cumsum", normal(3, 4), axis=0)
sample("cumsum", normal(3, 4), axis=1)
sample("cumsum", normal(2, 3, 2), axis=-2)
sample("cumsum", normal(3, 2), axis=None)
sample("cumsum", normal(3, 2))
sample("cumsum", normal(5), axis=-1)
sample("cumsum", normal())
sample("cumsum", normal(0), axis=0)
sample("cumsum", normal(0, 2))

for op in ("argmax", "argmin"):
    sample(op, distinct(3, 4))
    sample(op, distinct(3, 4), axis=-1, keepdims=True)
    sample(op, np.array([1.0, 1.0, 0.0, 0.0]), axis=0)
sample("argsort", distinct(3, 4))
sample("argsort", distinct(3, 4), axis=0)
for op in ("any", "all"):
    sample(op, np.array([[0.0, 1.0], [2.0, 3.0]]), axis=0)
    sample(op, np.array([[0.0, -0.0], [2.0, 3.0]]), axis=(1,), keepdims=True)
    sample(op, normal(0))

# Products of matrices

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
    ((2, 3), (3, 4)), ((3,), (3,)), ((), (2, 3)), ((2, 3), ()), ((2, 3), (3,)), ((2, 3), (2, 3, 4)),
    ((3,), (2, 3, 4)), ((2, 2, 3), (3,)), ((2, 1, 3), (2, 2, 3, 2)),
]:  # fmt: skip
    sample("dot", normal(*a), normal(*b))
sample("dot", normal(2, 3), 2.0)
sample("dot", 2.0, normal(3))

# Losses

sample("binary_cross_entropy", within(0.1, 0.9, 1, 6), within(0, 1, 1, 6))
sample("binary_cross_entropy", within(0.1, 0.9, 2, 3), np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]))
sample("binary_cross_entropy", within(0.1, 0.9), within(0, 1))
sample("binary_cross_entropy_with_logits", normal(1, 6), within(0, 1, 1, 6), skip="complex")
sample("binary_cross_entropy_with_logits", normal(2, 3) * 5, np.ones((2, 3)), skip="complex")
sample("binary_cross_entropy_with_logits", normal(), within(0, 1), skip="complex")
sample("cross_entropy", normal(3, 5), one_hot(3, 5), axis=0)
sample("cross_entropy", normal(5, 3), one_hot(3, 5).T, axis=-1)
sample("cross_entropy", normal(3, 4), within(0, 1, 3, 4), axis=0)
sample("cross_entropy", normal(2, 3, 4), within(0, 1, 2, 3, 4), axis=1)
sample("cross_entropy", normal(4), one_hot(4, 1)[:, 0], axis=0)
for shape in ((3, 4), (5,), ()):
    sample("mse", normal(*shape), normal(*shape))

# Rearranging

for shape in ((3, 4), (-1,), -1):
    sample("reshape", normal(2, 6), shape=shape)
sample("reshape", normal(2, 3, 2), shape=(2, -1))
sample("reshape", normal(), shape=(1, 1))
sample("reshape", normal(1), shape=())
sample("reshape", normal(0, 3), shape=(3, 0))
sample("transpose", normal(2, 3))
sample("transpose", normal(2, 3, 4))
for axes in ((1, 2, 0), (-1, 0, 1), [2, 0, -2]):
    sample("transpose", normal(2, 3, 4), axes=axes)
sample("transpose", normal(3))
sample("transpose", normal())
sample("transpose", normal(0, 2), axes=(1, 0))
sample("swapaxes", normal(2, 3, 4), axis1=0, axis2=-1)
sample("swapaxes", normal(2, 3, 4), axis1=1, axis2=0)
sample("swapaxes", normal(2, 3), axis1=1, axis2=1)
sample("moveaxis", normal(2, 3, 4), source=0, destination=-1)
sample("moveaxis", normal(2, 3, 4), source=(0, -1), destination=(1, 0))
sample("moveaxis", normal(2, 3, 4, 2), source=[0, 1], destination=[-1, -2])
for axis in (None, -1, (0, 2)):
    sample("squeeze", normal(1, 3, 1), axis=axis)
sample("squeeze", normal(1, 1))
for axis in (0, -1, (0, 2, -1)):
    sample("expand_dims", normal(2, 3), axis=axis)
sample("expand_dims", normal(), axis=0)
sample("ravel", normal(2, 3))
sample("ravel", normal())
sample("flip", normal(2, 3))
sample("flip", normal(2, 3), axis=0)
sample("flip", normal(2, 3, 2), axis=(0, -1))
sample("flip", normal(4), axis=-1)
sample("flip", normal(0, 2), axis=1)
sample("broadcast_to", normal(3, 1), shape=(3, 4))
sample("broadcast_to", normal(3), shape=(2, 3))
sample("broadcast_to", normal(), shape=(2, 3))
sample("broadcast_to", normal(), shape=())
sample("broadcast_to", normal(1), shape=4)
sample("broadcast_to", normal(2, 1, 3), shape=(2, 2, 4, 3))
sample("broadcast_to", normal(1, 3), shape=(0, 3))
sample("clip", distinct(3, 4), a_min=-0.3, a_max=0.3)
sample("clip", distinct(3, 4), a_min=-0.3, a_max=None)
sample("clip", distinct(3, 4), a_min=None, a_max=0.3)
sample("clip", distinct(3, 4), a_min=np.array([-0.3, -0.2, -0.1, 0.0]), a_max=np.array([[0.1], [0.2], [0.3]]))
for op in ("zeros_like", "ones_like", "shape", "ndim", "size"):
    sample(op, normal(2, 3))
    sample(op, normal())
    sample(op, normal(0, 2))
sample("size", normal(2, 3), axis=-1)

# Indexing: (shape, key); the array keys name some entries twice

MASK = np.array([[True, False, True], [False, True, True]])
KEYS: list[tuple[tuple[int, ...], list[Any]]] = [
    ((), [(), None, ...]),
    ((3,), [(), True, False]),
    ((0, 3), [slice(None)]),
    ((4,), [1, -1, slice(1, 3), slice(None, None, -1), slice(3, None, -2), slice(2, 2), None, ..., np.array(2)]),
    ((4,), [[0, 0, 1], np.array([3, -1, 3, 0]), np.array([[0, 2], [2, 2]]), np.zeros(0, int)]),
    ((4,), [np.array([True, False, True, True]), [True, False, False, True], np.zeros(4, bool)]),
    ((3, 4), [1, np.int64(-2), (1, 2), (slice(None), 1), (slice(None), slice(1, 3)), (..., 0)]),
    ((3, 4), [(None, 1, slice(None, None, 2)), (slice(None), None, slice(2, 0, -1)), (np.array(1), np.array(2))]),
    ((3, 4), [[0, 2], np.array([[0, 2], [2, 2]]), ([0, 1, 0], [1, 2, 1]), (np.array([[0], [2]]), np.array([1, 1, 3]))]),
    ((3, 4), [(slice(None), [1, 1, 0]), (1, [0, 0, 2]), (np.array([True, False, True]), [1, 1])]),
    ((3, 4), [(slice(None), np.array([False, True, True, False]))]),
    ((2, 3), [MASK, (np.array([True, False]), slice(None)), (None, None), (None, MASK)]),
    ((2, 3, 4), [(0, ..., -1), ([1, 1], slice(None), [0, 0]), (slice(None), [0, 2, 0], slice(1, 3)), (..., [0, 0])]),
    ((2, 3, 4), [([0, 1], None, [2, 2]), (None, ..., [1, 1], 2), MASK, (..., np.array([True, False, False, True]))]),
]
for shape, key in ((shape, key) for shape, keys in KEYS for key in keys):
    sample("getitem", normal(*shape), key=key)
    block = normal(*shape)[key].shape
    sample("scatter_add", normal(*block), key=key, shape=shape)
    sample("index_set", normal(*shape), normal(*block), key=key)
    sample("index_set", normal(*shape), normal(), key=key)
sample("index_set", normal(3, 4), normal(4), key=slice(1, 3))
sample("index_set", normal(3, 4), normal(3, 1), key=(slice(None), [0, 2, 0]))
sample("index_set", normal(3, 4), normal(1, 4), key=1)
sample("index_set", normal(3), 2.5, key=0)
sample("index_set", np.zeros(3), normal(2), key=[2, 0])

# Joining, cutting, padding

sample("concatenate", normal(2, 3), normal(4, 3))
sample("concatenate", normal(2, 3), normal(2, 1), normal(2, 2), axis=1)
sample("concatenate", normal(2, 3), normal(2, 1), axis=-1)
sample("concatenate", normal(2, 3, 2), normal(2, 1, 2), axis=-2)
sample("concatenate", normal(2, 3), normal(4), normal(), axis=None)
sample("concatenate", normal(3))
sample("concatenate", normal(2), normal(0), normal(3))
sample("concatenate", normal(2), np.array([1.0, 2.0]), np.array([1, 2]), normal(1), skip="float32")
sample("concatenate", *(normal(1 + i % 3, 2) for i in range(20)))
sample("stack", normal(2, 3), normal(2, 3))
sample("stack", normal(2, 3), normal(2, 3), normal(2, 3), axis=1)
sample("stack", normal(2, 3), normal(2, 3), axis=-1)
sample("stack", normal(2, 3), normal(2, 3), axis=-2)
for inputs in ([normal(), normal(), normal()], [normal(3)]):
    sample("stack", *inputs)
sample("stack", normal(0), normal(0), axis=-1)
sample("stack", *(normal(2) for _ in range(9)), axis=1)
sample("split", normal(6), indices_or_sections=3, take=1)
for cuts, take in (([1, 4], 1), ((1, 4), 2)):
    sample("split", normal(6, 2), indices_or_sections=cuts, take=take)
sample("split", normal(2, 6), indices_or_sections=2, axis=1, take=0)
sample("split", normal(2, 6), indices_or_sections=np.array([2, 3]), axis=-1, take=1)
for cuts, take in (([2, 9], 1), ([2, 9], 2), ([-2], 1)):
    sample("split", normal(5), indices_or_sections=cuts, take=take)
sample("split", normal(0, 2), indices_or_sections=3, take=2)
for pad_width in (2, (1, 2), [(1, 2)]):
    sample("pad", normal(3), pad_width=pad_width)
for width in (1, (2,), (0, 2), ((1, 2),), ((1,), (2,)), ((1, 0), (2, 3)), 0):
    sample("pad", normal(2, 3), pad_width=width)
sample("pad", normal(2, 3), pad_width=np.array([[1, 0], [0, 3]]), constant_values=1.5)
sample("pad", normal(0, 2), pad_width=1, mode="constant", constant_values=((1.0, 2.0), (3.0, 4.0)))

# Random: no gradient; only its shape and dtype are promised

for shape, rate in (((3, 4), 0.5), ((), 0.2)):
    sample("dropout_mask", normal(*shape), rate=rate, rng=np.random.default_rng(0))

"""Samples of rules.elementwise, of special and of the elementwise activations."""

import itertools

import numpy as np

from .drawing import Draws, sample

draw = Draws(1)
normal, positive, within, distinct = draw.normal, draw.positive, draw.within, draw.distinct

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

for op in ("fmax", "fmin"):
    sample(op, distinct(3, 4), distinct(3, 4) + 0.025)
    sample(op, distinct(3, 1), distinct(2, 1, 4) + 0.025)
    sample(op, distinct(4), 0.0)
    sample(op, 0.1, distinct(4))
    sample(op, distinct(), distinct() + 1)
    sample(op, distinct() + 1, distinct())
    sample(op, distinct(0), distinct(1))

for op in ("arctan2", "hypot", "logaddexp", "logaddexp2"):
    for a, b in [
        ((3, 4), (3, 4)), ((3, 1), (4,)), ((1, 4), (2, 3, 1)), ((4,), ()), ((), ()), ((), (2, 3)), ((0, 3), (3,)),
    ]:  # fmt: skip
        sample(op, normal(*a), normal(*b), skip="complex")
    sample(op, normal(3), 2.5, skip="complex")
    sample(op, -2.5, normal(3), skip="complex")
    sample(op, normal(), 2, skip="complex")
    sample(op, normal(3), np.array([1, -2, 3]), skip="complex float32")
for exponent in (normal(3, 4), normal(3, 1), 2, 0, -1.5, np.array([[2], [0], [-3]])):
    sample("float_power", positive(3, 4), exponent, skip="float32")
sample("float_power", 2.0, normal(3), skip="float32")
sample("float_power", np.array([2, 3]), normal(2, 1), skip="float32")
for b in (np.array([[2, 0], [-3, 1]]), np.array(2), 3):
    sample("ldexp", normal(2, 2), b, skip="complex")
sample("ldexp", normal(), np.array([1, -1]), skip="complex")

for op in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    sample(op, np.array([True, False, True]), np.array([True, True, False]))
    sample(op, np.array([[6], [3]]), np.array([5, 3]))
sample("invert", np.array([5, -3]))
for op in (
    "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or", "logical_xor",
):  # fmt: skip
    sample(op, np.array([[1.0, 2.0, -0.0]]), np.array([[1.0], [0.0]]))
    sample(op, normal(3), 0.5)
    sample(op, normal(), normal())
    sample(op, normal(0), normal(1))
for op in ("logical_not", "isnan", "isinf", "isfinite", "isposinf", "isneginf"):
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

NOT_ANALYTIC = {"abs", "relu", "conjugate", "erf", "real", "sigmoid", "sign", "softplus"}
NOT_ANALYTIC |= {"cbrt", "deg2rad", "degrees", "fabs", "rad2deg", "radians"}
for values, ops in (
    (
        normal,
        ("abs", "arctan", "conjugate", "cos", "cosh", "erf", "exp", "expm1", "leaky_relu", "negative", "positive"),
    ),
    (normal, ("positive", "real", "relu", "sigmoid", "sign", "sin", "sinh", "softplus", "square", "tanh")),
    (normal, ("arcsinh", "deg2rad", "degrees", "exp2", "fabs", "rad2deg", "radians", "reciprocal", "sinc")),
    (positive, ("cbrt", "log", "log10", "log1p", "log2", "sqrt")),
    (lambda *shape: within(1.1, 3.0, *shape), ("arccosh",)),
    (lambda *shape: within(-0.9, 0.9, *shape), ("arccos", "arcsin", "arctanh", "tan")),
):
    for op, shape in itertools.product(ops, ((3, 4), (5,), (), (1, 1), (0, 2), (2, 3, 2))):
        sample(op, values(*shape), skip="complex" if op in NOT_ANALYTIC else "")
sample("log1p", within(-0.9, -0.1, 4))
for op in ("square", "tanh"):
    sample(op, np.array([0.0, -0.0, 1.0]))
sample("erf", np.array([0.0, 0.4, -0.8, 0.87, -1.2, 1.3, 2.5, -2.9, 3.5]), skip="complex")
sample("erf", normal(40, 5), skip="complex")
sample("sigmoid", np.array([-20.0, -0.0, 0.0, 20.0]), skip="complex")
sample("softplus", np.array([-20.0, -0.5, 0.5, 20.0]), skip="complex")
sample("leaky_relu", normal(3, 4), negative_slope=0.3)
sample("leaky_relu", normal(), negative_slope=-0.5)
sample("cbrt", -positive(3), skip="complex")
sample("sinc", np.array([0.0, -0.0, 1e-9, -1e-3]), skip="complex")  # NumPy's own is coarse there
sample("sinc", np.array([0.9, 0.95, -0.96, 1.0, 7.3]))
for order in (0, 1, 2, 3):
    sample("sinc_derivative", np.array([0.0, 1e-9, -1e-3, 0.95, -0.96, 1.0, 7.3]), order=order)
sample("sinc_derivative", normal(2, 2), order=1)
sample("sinc_derivative", normal(), order=1)
sample("sinc_derivative", normal(0), order=2)
sample("gammaln", positive(3, 4), skip="complex")
sample("gammaln", np.array([-3.3, -0.5, 0.2, 1.0, 2.0, 30.0]), skip="complex")
sample("gammaln", positive(), skip="complex")
sample("gammaln", positive(0, 2), skip="complex")
for order in (0, 1, 2):
    sample("polygamma", positive(2, 3), order=order, skip="complex")
    sample("polygamma", np.array([-3.3, -0.5, 0.3, 0.6, 2.0, 30.0]), order=order, skip="complex")
    sample("polygamma", positive(), order=order, skip="complex")
sample("astype", normal(3), dtype=np.dtype(np.float64), skip="complex float32")
sample("astype", normal(2, 0), dtype=np.dtype(np.float64), skip="complex float32")

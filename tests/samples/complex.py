"""Samples of rules.complex, and of every other operation that takes complex numbers."""

import numpy as np

from .drawing import Draws, sample

draw = Draws(8)
normal, complex_normal, within = draw.normal, draw.complex_normal, draw.within

for op in ("angle", "conjugate", "imag", "real"):
    for values in (normal, complex_normal):
        for shape in ((3, 4), (), (0, 2)):
            sample(op, values(*shape), skip="complex")
for deg in (True, False):
    sample("angle", complex_normal(2, 2), deg=deg)
sample("real_if_close", complex_normal(2, 3))
sample("real_if_close", np.array([1.5 + 0j, -2.5 + 1e-14j]))
sample("real_if_close", np.array([1.5 + 1e-6j, -2.5 - 2e-6j]), tol=1e4)
sample("real_if_close", np.array([1.5 + 0.5j, -2.5 + 0j]), tol=2)
sample("real_if_close", normal(3), skip="complex")
for op in ("isreal", "iscomplex"):
    sample(op, np.array([1 + 2j, 1 + 0j, 0j]))
    sample(op, normal())
for op in ("isfinite", "isinf", "isnan", "logical_not"):
    sample(op, np.array([1 + 2j, 0j, complex(np.nan, 1), complex(0, np.inf)]))

# One operand

ENTIRE = ("cos", "cosh", "exp", "exp2", "expm1", "negative", "positive", "sin", "sinc", "sinh", "square")
WITH_CUTS = ("arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "log", "log10", "log1p", "log2", "sqrt")
for op in (*ENTIRE, *WITH_CUTS, "abs", "reciprocal", "sign", "tan", "tanh"):
    sample(op, complex_normal(2, 3))
    sample(op, complex_normal())
sample("sinc", np.array([0j, 1e-9j, 0.1 - 0.2j, 0.95j, 2 + 1j]))
for op in ("rint", "round"):
    sample(op, np.array([1.2 + 0.7j, -0.8 - 2.1j]))
sample("round", np.array([1.12 + 0.77j]), decimals=1)
sample("nan_to_num", complex_normal(2, 3))
sample("astype", complex_normal(3), dtype=np.dtype(np.complex128), skip="float32")
sample("astype", normal(3), dtype=np.dtype(np.complex128), skip="complex float32")

# Two operands: complex and complex, complex and real, real and complex, an array and a number

for op in ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "fmax", "fmin", "float_power"):
    skip = "float32" if op == "float_power" else ""
    sample(op, complex_normal(3, 4), complex_normal(4), skip=skip)
    sample(op, complex_normal(2, 2), normal(2, 1), skip=skip)
    sample(op, normal(2, 2), complex_normal(2, 2), skip=skip)
    sample(op, complex_normal(), complex_normal(), skip=skip)
    sample(op, complex_normal(3), 2.5, skip=skip)
    sample(op, 1.5 - 0.5j, complex_normal(3), skip=skip)
    sample(op, complex_normal(3), 2 + 1j, skip=skip)
    sample(op, -2, complex_normal(3), skip=skip)
    sample(op, normal(3), 0.5j, skip=f"complex {skip}")
    sample(op, 0.5j, normal(3), skip=f"complex {skip}")
for exponent in (0, 1, 2, -1, 3.0, 0j, np.array([0, 1, 2])):
    sample("power", complex_normal(3), exponent, skip="float32" if isinstance(exponent, np.ndarray) else "")
sample("power", np.array([-0.5, -1.5]), np.array([2 + 1j, 1 - 1j]))
for op in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_xor"):
    sample(op, np.array([1 + 2j, 1 + 0j, 0j]), np.array([1 + 2j, 1 + 1j, 1.0]))
sample("where", np.array([[True], [False]]), complex_normal(2), normal(2))
sample("where", np.array([True, False]), complex_normal(2, 2), 0.0)
sample("clip", complex_normal(3), a_min=-0.5, a_max=0.5 + 0.5j)

# Many entries

for op in ("sum", "mean", "prod", "var", "std", "max", "min", "logsumexp"):
    sample(op, complex_normal(2, 3), axis=None)
    sample(op, complex_normal(2, 3), axis=0)
    sample(op, complex_normal(2, 3), axis=(0, -1), keepdims=True)
for op in ("var", "std"):
    sample(op, complex_normal(3, 4), axis=-1, ddof=1)
sample("prod", np.array([2 + 1j, 0j, 1 - 1j]))
sample("cumsum", complex_normal(2, 3))
sample("cumsum", complex_normal(2, 3), axis=0)
for op in ("softmax", "log_softmax"):
    sample(op, complex_normal(2, 3), axis=-1)
for op in ("argmax", "argmin", "argsort", "any", "all"):
    sample(op, complex_normal(3))

# Products

for a, b in (((2, 3), (3, 2)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 2, 3), (3, 2))):
    for op in ("matmul", "dot"):
        sample(op, complex_normal(*a), complex_normal(*b))
        sample(op, complex_normal(*a), normal(*b))
        sample(op, normal(*a), complex_normal(*b))
sample("affine", complex_normal(2, 3), complex_normal(3, 2), complex_normal(2, 1))
sample("affine", complex_normal(2, 3), normal(3, 2), normal(2, 1))

# Entries that only move

for key in (1, slice(None, None, -1), [0, 0, 2], np.array([True, False, True])):
    sample("getitem", complex_normal(3, 2), key=key)
    sample("scatter_add", complex_normal(3, 2)[key], key=key, shape=(3, 2))
    sample("index_set", complex_normal(3, 2), complex_normal(2), key=key)
sample("index_set", complex_normal(3), normal(3), key=slice(None))
sample("concatenate", complex_normal(2), normal(3))
sample("stack", complex_normal(2), normal(2), axis=-1)
sample("split", complex_normal(4), indices_or_sections=2, take=1)
sample("pad", complex_normal(2, 2), pad_width=1, constant_values=1j)
sample("reshape", complex_normal(2, 3), shape=(3, 2))
sample("transpose", complex_normal(2, 3))
sample("swapaxes", complex_normal(2, 3), axis1=0, axis2=1)
sample("moveaxis", complex_normal(2, 3, 2), source=0, destination=-1)
sample("squeeze", complex_normal(2, 1))
sample("expand_dims", complex_normal(2), axis=0)
sample("ravel", complex_normal(2, 2))
sample("flip", complex_normal(2, 2), axis=0)
sample("broadcast_to", complex_normal(2), shape=(3, 2))

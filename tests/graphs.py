"""Random graphs of 5 to 60 operations, real or with complex numbers on the way, for the tests against HIPS autograd.

A graph is a list of steps drawn from a seed.  The same steps run with NumPy's functions on our Tensors, and with
`autograd.numpy` on arrays; the two share nothing but NumPy.  Where autograd has a fault, a comment says which.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

REAL = [
    lambda xp, x: xp.sin(x),
    lambda xp, x: xp.tanh(x) - 0.5,
    lambda xp, x: xp.exp(-x * x),
    lambda xp, x: xp.log(1.5 + x * x),
    lambda xp, x: xp.sqrt(0.5 + x * x) / 2,
    lambda xp, x: 1 / (2 + xp.cos(x)),
    lambda xp, x: xp.arctan(3 * x),
    lambda xp, x: xp.abs(x - 0.1234),
    lambda xp, x: xp.maximum(x, 0.0321),
    lambda xp, x: xp.where(x > 0.0123, x, 0.2 * x),
    lambda xp, x: xp.clip(x, -0.777, 0.888),
    lambda xp, x: (1 + xp.abs(x)) ** 0.7,
    lambda xp, x: 0.9**x,
    lambda xp, x: -x + 0.25,
    lambda xp, x: xp.log1p(x * x) - xp.expm1(-x * x),
    lambda xp, x: xp.arcsin(0.9 * xp.sin(x)) + xp.arccos(xp.tanh(x) / 2),
    lambda xp, x: xp.sinh(xp.tanh(x)) / xp.cosh(x / 20),
    lambda xp, x: xp.tan(xp.tanh(x)),
    lambda xp, x: xp.square(x) / (1 + xp.abs(x)),
    lambda xp, x: xp.arcsinh(x) - xp.arctanh(xp.tanh(x) / 2) + xp.arccosh(1.5 + x * x),
    lambda xp, x: xp.log2(1.5 + x * x) + xp.log10(2 + xp.sin(x)) - xp.exp2(-xp.abs(x)),
    lambda xp, x: xp.reciprocal(2 + xp.fabs(x)) + xp.deg2rad(x) - xp.rad2deg(x) / 100,
    lambda xp, x: xp.sinc(x / 3 + 0.321) + xp.nan_to_num(x) / 5,
    lambda xp, x: xp.abs(x * (0.6 + 0.8j) - 0.3),
    lambda xp, x: xp.real(xp.exp(1j * x) * xp.conjugate(2 - x * 1j)),
]
REAL_PAIRS = [
    lambda xp, a, b: a + b,
    lambda xp, a, b: a - b,
    lambda xp, a, b: a * b,
    lambda xp, a, b: a / (1.5 + b * b),
    lambda xp, a, b: xp.maximum(a, b),
    lambda xp, a, b: xp.minimum(a, b * 0.5),
    lambda xp, a, b: xp.where(a > b, a * 0.5 + 0 * b, b + 0 * a),  # autograd's where does not undo broadcasting
    lambda xp, a, b: (1.1 + xp.sin(a)) ** xp.tanh(b),
    lambda xp, a, b: xp.matmul(a, b) / 2,
    lambda xp, a, b: xp.dot(a, b) / 2,
    lambda xp, a, b: xp.inner(a, b) / 2,
    lambda xp, a, b: xp.tensordot(a, b, 1) / 2,
    lambda xp, a, b: xp.outer(xp.ravel(a)[:3], xp.ravel(b)[:4]),
    lambda xp, a, b: xp.kron(xp.ravel(a)[:3], xp.ravel(b)[:2]),
    lambda xp, a, b: xp.einsum("...i,...j->...j", a, b) / 2,
    lambda xp, a, b: xp.logaddexp(a, b) + xp.logaddexp2(a, 0.5 * b),
    lambda xp, a, b: xp.arctan2(a, 0.7 + b * b),
    lambda xp, a, b: xp.fmax(a, b * 0.7) + xp.fmin(a * 0.3, b),
    lambda xp, a, b: xp.mod(a, 1.5 + b * b),
]
REDUCTIONS = [
    lambda xp, x, **k: xp.sum(x, **k),
    lambda xp, x, **k: xp.mean(x, **k),
    lambda xp, x, **k: xp.var(x, **k),
    lambda xp, x, **k: xp.std(x, **k),
    lambda xp, x, **k: xp.max(x, **k),
    lambda xp, x, **k: xp.min(x, **k),
    lambda xp, x, **k: xp.prod(0.7891 + x, **k),
]
#: Of a square matrix that has an inverse, and of a positive definite one.
OF_MATRICES = [
    lambda xp, A, P: xp.linalg.inv(A),
    lambda xp, A, P: xp.linalg.det(A) / 10,
    lambda xp, A, P: xp.linalg.slogdet(A)[1],
    lambda xp, A, P: xp.linalg.solve(A, P[..., :2]),
    lambda xp, A, P: xp.linalg.cholesky(P),
    lambda xp, A, P: xp.linalg.norm(A),
    lambda xp, A, P: xp.linalg.eigh(P)[0],
    lambda xp, A, P: xp.linalg.svd(A, full_matrices=False)[1],
    lambda xp, A, P: xp.linalg.pinv(A),
    lambda xp, A, P: xp.trace(A) * xp.diagonal(P, 0, -1, -2),
    lambda xp, A, P: xp.triu(A) + xp.tril(P, -1),
]
COMPLEX = [  # + 0j where autograd forgets that a real operand has a real gradient
    lambda xp, x: x * (0.6 - 0.8j),
    lambda xp, x: xp.conjugate(x) + 0.5j,
    lambda xp, x: xp.exp(0.2j * x),
    lambda xp, x: xp.sin(x / 3),
    lambda xp, x: xp.cos(x / 3) - x,
    lambda xp, x: xp.sqrt(3 + x * xp.conjugate(x)),
    lambda xp, x: xp.log(3 + 0.2 * x * xp.conjugate(x) + 0.1j * x),
    lambda xp, x: (x + 1j) / (2 + xp.abs(x)),
    lambda xp, x: xp.abs(x - (0.1234 + 0.2345j)) * x,
    lambda xp, x: xp.real(x) * (1 + 2j) - x,
    lambda xp, x: xp.real(x * 1j) - 1j * xp.real(x),
    lambda xp, x: 0.5 * x**2 - 0.1 * x**3,
    lambda xp, x: xp.where(xp.real(x) > 0.0123, x + 0j, 0.2j * xp.conjugate(x)),
    lambda xp, x: xp.tanh(xp.real(x)) + 1j * xp.abs(x),
    lambda xp, x: xp.angle(x + 3j) * xp.imag(x * (1 + 1j)),
    lambda xp, x: xp.fft.fft(x + 0j) / 2,
    lambda xp, x: xp.fft.ifft(x + 0j, axis=0),
    lambda xp, x: xp.fft.fft2(x + 0j) / 3,
    lambda xp, x: xp.fft.fftshift(x),
]
COMPLEX_PAIRS = [
    lambda xp, a, b: a + 1j * b,
    lambda xp, a, b: a - b,
    lambda xp, a, b: a * b / 2,
    lambda xp, a, b: a * xp.conjugate(b) / 2,
    lambda xp, a, b: a / (1.5 + xp.abs(b)),
    lambda xp, a, b: xp.maximum(xp.abs(a), xp.real(b)) * a,
    lambda xp, a, b: xp.matmul(a + 0j, b + 0j) / 2,
]
COMPLEX_REDUCTIONS = [  # autograd's var and prod take no complex numbers
    lambda xp, x, **k: xp.sum(x, **k) / 2,
    lambda xp, x, **k: xp.mean(x, **k),
    lambda xp, x, **k: xp.max(xp.abs(x), **k) * 1j,
]

Step = Callable[..., Any]


def draw_reduction(rng: Any, shape: tuple[int, ...], reductions: Sequence[Step]) -> Step:
    f, keepdims = reductions[rng.integers(len(reductions))], bool(rng.integers(2))
    axis = [None, int(rng.integers(-len(shape), len(shape))), tuple(range(len(shape)))[-2:]][rng.integers(3)]
    if f is REDUCTIONS[-1] and not isinstance(axis, int):
        axis = -1  # autograd's prod takes one axis
    return lambda xp, x: f(xp, x, axis=axis, keepdims=keepdims)


def draw_index(rng: Any, shape: tuple[int, ...]) -> Step:
    n = shape[0]
    key: Any = [
        int(rng.integers(-n, n)),
        slice(int(rng.integers(n)), None),
        slice(None, None, -1),
        rng.integers(-n, n, size=int(rng.integers(1, 5))),  # entries may come twice
        np.arange(n) % 2 == 0,
        (Ellipsis, slice(0, 1)),
        (slice(None), None),
        (rng.integers(n, size=(2, 2)), *([rng.integers(shape[1], size=2)] if len(shape) > 1 else [])),
    ][rng.integers(8)]
    return lambda xp, x: x[key]


def draw_move(rng: Any, shape: tuple[int, ...]) -> Step:
    axes = tuple(int(i) for i in rng.permutation(len(shape)))
    i, j = (int(k) for k in rng.integers(len(shape), size=2))
    moves: list[Step] = [
        lambda xp, x: xp.reshape(x, (-1,)),
        lambda xp, x: xp.reshape(x, (*shape[::-1], 1)),
        lambda xp, x: x.T,
        lambda xp, x: xp.transpose(x, axes),
        lambda xp, x: xp.swapaxes(x, i, j),
        lambda xp, x: xp.moveaxis(x, i, j),
        lambda xp, x: xp.expand_dims(x, i),
        lambda xp, x: xp.squeeze(x),
        lambda xp, x: xp.flip(x, i) if xp is np else x[(slice(None),) * i + (slice(None, None, -1),)],
        lambda xp, x: xp.cumsum(x, axis=i),
        lambda xp, x: xp.concatenate([x, x * 0.5], axis=i),
        lambda xp, x: xp.stack([x, xp.cos(x)], axis=i),
        lambda xp, x: xp.pad(x, 1, mode="constant"),
        lambda xp, x: xp.broadcast_to(xp.expand_dims(x, 0), (2, *x.shape)),
        lambda xp, x: xp.ravel(x)[::2],
        lambda xp, x: xp.split(x, [1], axis=j)[-1],
        lambda xp, x: xp.roll(x, 2, axis=j),
        lambda xp, x: xp.repeat(x, 2),  # autograd's repeat, sort, rot90 and rfft are wrong or raise for much else
        lambda xp, x: xp.tile(x, (2, *[1] * (x.ndim - 1))),  # one number a axis: autograd takes the first ones
        lambda xp, x: xp.rot90(x, j),
        lambda xp, x: xp.diff(x, axis=j),
        lambda xp, x: xp.vstack([x, -x]) if x.ndim > 1 else xp.hstack([x, -x]),
        lambda xp, x: xp.sort(xp.ravel(xp.real(x))),
        lambda xp, x: xp.real(xp.fft.fft(x, axis=j)) / 2,
        lambda xp, x: xp.abs(xp.fft.rfft(xp.real(xp.concatenate([x, x + 1], axis=-1))) + 3),
    ]
    return moves[rng.integers(len(moves))]


def draw_matrix(rng: Any, shape: tuple[int, ...]) -> Step:
    f, n = OF_MATRICES[rng.integers(len(OF_MATRICES))], shape[-2]
    turn = np.triu(np.full((n, n), 0.3), 1)

    def step(xp: Any, x: Any) -> Any:
        P = xp.matmul(x, xp.swapaxes(x, -1, -2)) / shape[-1] + np.diag(np.arange(1.0, n + 1))
        return f(xp, P + turn - turn.T, P)

    return step


class Graph(NamedTuple):
    """Inputs, steps with the places of their operands, and a weight for each value that no step uses."""

    inputs: list[np.ndarray]
    steps: list[tuple[Step, list[int]]]
    weights: dict[int, np.ndarray]

    def values(self, xp: Any, inputs: Sequence[Any]) -> list[Any]:
        """The inputs and the result of every step, computed with the functions of xp."""
        values = list(inputs)
        for step, places in self.steps:
            values.append(step(xp, *(values[i] for i in places)))
        return values

    def number(self, xp: Any, inputs: Sequence[Any]) -> Any:
        """J, the sum of weight * value over the values that no step uses; the real part of complex ones."""
        values = self.values(xp, inputs)
        return sum(_real(xp, xp.sum(values[i] * w)) for i, w in self.weights.items())

    def several(self, xp: Any, inputs: Sequence[Any]) -> Any:
        """An array of at most 12 numbers: J, and entries of the values that no step uses."""
        values = self.values(xp, inputs)
        ends = [xp.ravel(_real(xp, values[i] * w)) for i, w in self.weights.items()]
        return xp.concatenate([xp.reshape(sum(xp.sum(z) for z in ends), (1,)), *ends])[:12]


def _real(xp: Any, x: Any) -> Any:
    return xp.real(x) if x.dtype.kind == "c" else x


def fitting(f: Step, *arrays: Any) -> Any:
    """The result of a step if it is of use: small enough, with an entry and finite."""
    try:
        z = np.asarray(f(np, *arrays))
    except (ValueError, IndexError):
        return None
    return z if 0 < z.size <= 200 and z.ndim <= 4 and np.isfinite(z).all() and np.abs(z).max() < 50 else None


def draw_graph(seed: int, complex_numbers: bool = False) -> Graph:
    """The graph of a seed: of real numbers, or of real and complex inputs and complex steps."""
    rng = np.random.default_rng(seed)
    if complex_numbers:
        singles, pairs, reductions = COMPLEX, COMPLEX_PAIRS, COMPLEX_REDUCTIONS
    else:
        singles, pairs, reductions = REAL, REAL_PAIRS, REDUCTIONS
    shapes = [(3, 4), (4,), (3, 1), (4, 2), (2, 3, 4), ()]
    inputs = [rng.standard_normal(shapes[i]) for i in rng.integers(len(shapes), size=int(rng.integers(2, 5)))]
    if complex_numbers:
        inputs[1:] = [x + 1j * rng.standard_normal(x.shape) for x in inputs[1:]]
    values, steps, unused = list(inputs), [], set(range(len(inputs)))
    target = int(rng.integers(5, 61))
    while len(steps) < target:
        places = [len(values) - 1 - int(i) % len(values) for i in rng.geometric(0.15, size=2)]
        x = values[places[0]]
        kind = rng.integers(11)
        step: Step
        if kind < 3:
            step, places = singles[rng.integers(len(singles))], places[:1]
        elif kind < 7:
            step = pairs[rng.integers(len(pairs))]
        elif x.ndim == 0 or (kind == 10 and (x.ndim == 1 or complex_numbers)):
            continue
        else:
            draws = [lambda r, s: draw_reduction(r, s, reductions), draw_index, draw_move, draw_matrix]
            step, places = draws[kind - 7](rng, x.shape), places[:1]
        z = fitting(step, *(values[i] for i in places))
        flat = kind == 7 and z is not None and np.abs(z).min() < 1e-6  # std has no slope where all entries are equal
        if z is not None and not flat:
            unused = unused - set(places) | {len(values)}
            steps.append((step, places))
            values.append(z)
    weights = {i: rng.standard_normal(values[i].shape) for i in sorted(unused)}
    return Graph(inputs, steps, weights)

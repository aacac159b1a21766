"""A hundred random graphs of 5 to 60 operations: the gradients against those of HIPS autograd.

A graph is a list of steps drawn from a seed.  The same steps run with NumPy's functions on our Tensors, and with
`autograd.numpy` on arrays; the two share nothing but NumPy.
"""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from tinygrad_edu import Tensor, grad

ELEMENTWISE = [
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
]
PAIRS = [
    lambda xp, a, b: a + b,
    lambda xp, a, b: a - b,
    lambda xp, a, b: a * b,
    lambda xp, a, b: a / (1.5 + b * b),
    lambda xp, a, b: xp.maximum(a, b),
    lambda xp, a, b: xp.minimum(a, b * 0.5),
    lambda xp, a, b: xp.where(a > b, a * 0.5 + 0 * b, b + 0 * a),  # autograd's where does not undo broadcasting
    lambda xp, a, b: (1.1 + xp.sin(a)) ** xp.tanh(b),
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


def draw_reduction(rng, shape):
    f, keepdims = REDUCTIONS[rng.integers(len(REDUCTIONS))], bool(rng.integers(2))
    axis = [None, int(rng.integers(-len(shape), len(shape))), tuple(range(len(shape)))[-2:]][rng.integers(3)]
    if f is REDUCTIONS[-1] and not isinstance(axis, int):
        axis = -1  # autograd's prod takes one axis
    return lambda xp, x: f(xp, x, axis=axis, keepdims=keepdims)


def draw_index(rng, shape):
    n = shape[0]
    key = [
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


def draw_move(rng, shape):
    axes = tuple(int(i) for i in rng.permutation(len(shape)))
    i, j = (int(k) for k in rng.integers(len(shape), size=2))
    moves = [
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
    ]
    return moves[rng.integers(len(moves))]


def fitting(f, *arrays):
    """The result of a step if it is of use: real, small enough, with an entry and finite."""
    try:
        z = f(np, *arrays)
    except ValueError:
        return None
    z = np.asarray(z)
    return z if 0 < z.size <= 200 and z.ndim <= 4 and np.isfinite(z).all() and np.abs(z).max() < 50 else None


def draw_graph(seed):
    """(inputs, [(step, the places of its operands)], weights): the end is sum(weights * everything unused)."""
    rng = np.random.default_rng(seed)
    shapes = [(3, 4), (4,), (3, 1), (4, 2), (2, 3, 4), ()]
    inputs = [rng.standard_normal(shapes[i]) for i in rng.integers(len(shapes), size=int(rng.integers(2, 5)))]
    values, steps, unused = list(inputs), [], set(range(len(inputs)))
    target = int(rng.integers(5, 61))
    while len(steps) < target:
        recent = [len(values) - 1 - int(i) % len(values) for i in rng.geometric(0.15, size=2)]
        x = values[recent[0]]
        kind = rng.integers(10)
        if kind < 3:
            step, places = ELEMENTWISE[rng.integers(len(ELEMENTWISE))], recent[:1]
        elif kind < 6:
            step, places = PAIRS[rng.integers(len(PAIRS))], recent
        elif kind < 7:
            step, places = (lambda xp, a, b: xp.matmul(a, b) / 2), recent
        elif x.ndim == 0:
            continue
        else:
            step, places = [draw_reduction, draw_index, draw_move][kind - 7](rng, x.shape), recent[:1]
        z = fitting(step, *(values[i] for i in places))
        flat = kind == 7 and z is not None and np.abs(z).min() < 1e-6  # std has no slope where all entries are equal
        if z is not None and not flat:
            unused = unused - set(places) | {len(values)}
            steps.append((step, places))
            values.append(z)
    weights = {i: rng.standard_normal(values[i].shape) for i in sorted(unused)}
    return inputs, steps, weights


def run(xp, inputs, steps, weights):
    values = list(inputs)
    for step, places in steps:
        values.append(step(xp, *(values[i] for i in places)))
    return sum(xp.sum(values[i] * w) for i, w in weights.items())


@pytest.mark.parametrize("seed", range(100))
def test_a_random_graph_has_the_gradients_that_autograd_finds(seed):
    inputs, steps, weights = draw_graph(seed)
    expected = autograd.grad(lambda xs: run(anp, xs, steps, weights))(inputs)
    tensors = [Tensor(x, requires_grad=True) for x in inputs]
    J = run(np, tensors, steps, weights)
    np.testing.assert_allclose(J.item(), run(np, inputs, steps, weights), rtol=1e-12)
    J.backward()
    for x, t, dx in zip(inputs, tensors, expected):
        got = np.zeros(x.shape) if t.grad is None else t.grad.data
        np.testing.assert_allclose(got, dx, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("seed", range(100, 125))
def test_the_second_derivative_along_a_line_agrees_too(seed):
    """d/ds of u . grad J(x + s v) at s = 0, by our nested grad, against autograd's."""
    inputs, steps, weights = draw_graph(seed)
    rng = np.random.default_rng(seed)
    u, v = ([rng.standard_normal(x.shape) for x in inputs] for _ in range(2))

    def along(xp, gradient):
        def slope(s):
            dx = gradient(lambda xs: run(xp, xs, steps, weights))([x + s * b for x, b in zip(inputs, v)])
            return sum(xp.sum(a * d) for a, d in zip(u, dx))

        return gradient(slope)(0.0)

    np.testing.assert_allclose(along(np, grad), along(anp, autograd.grad), rtol=1e-8, atol=1e-8)


def test_the_graphs_are_of_many_sizes_and_use_every_kind_of_step():
    graphs = [draw_graph(seed)[1] for seed in range(100)]
    sizes = [len(steps) for steps in graphs]
    assert min(sizes) <= 8 and max(sizes) >= 55
    used = {step for steps in graphs for step, _ in steps}
    assert set(ELEMENTWISE) | set(PAIRS) <= used

"""Random graphs: gradients, Hessian-vector products and Jacobians against those of HIPS autograd."""

import warnings

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from graphs import COMPLEX, COMPLEX_PAIRS, REAL, REAL_PAIRS, Graph, draw_graph

import tinygrad_edu as tg

GRAPHS = pytest.mark.parametrize("seed", range(100))
SOME = pytest.mark.parametrize("seed", range(100, 130))
NUMBERS = pytest.mark.parametrize("complex_numbers", [False, True], ids=["real", "complex"])


def directions(graph: Graph, seed: int) -> list[np.ndarray]:
    """One array for each input, of its shape and dtype."""
    rng = np.random.default_rng(seed)
    real = [rng.standard_normal((2, *x.shape)) for x in graph.inputs]
    return [v[0] + 1j * v[1] if x.dtype.kind == "c" else v[0] for x, v in zip(graph.inputs, real)]


def assert_all_close(got, expected, rtol=1e-9):
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * max(1, np.abs(b).max()))


@NUMBERS
@GRAPHS
def test_a_random_graph_has_the_gradients_that_autograd_finds(seed, complex_numbers):
    graph = draw_graph(seed, complex_numbers)
    expected = autograd.grad(lambda xs: graph.number(anp, xs))(graph.inputs)
    tensors = [tg.Tensor(x, requires_grad=True) for x in graph.inputs]
    J = graph.number(np, tensors)
    np.testing.assert_allclose(J.item(), graph.number(np, graph.inputs), rtol=1e-12)
    J.backward()
    assert_all_close([np.zeros(t.shape) if t.grad is None else t.grad.data for t in tensors], expected)


@NUMBERS
@SOME
def test_a_random_graph_has_the_hessian_vector_products_that_autograd_finds(seed, complex_numbers):
    """By autograd the gradient of <grad J, v>, by us tg.hvp, and a second backward() over the first one's graph."""
    graph = draw_graph(seed, complex_numbers)
    v = directions(graph, seed)

    def slope(xp, gradient, xs):
        return sum(xp.real(xp.sum(a * d)) for a, d in zip(v, gradient(xs)))

    first = autograd.grad(lambda xs: graph.number(anp, xs))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # where the gradient is constant, autograd warns
        expected = autograd.grad(lambda xs: slope(anp, first, xs))(graph.inputs)

    tensors = [tg.Tensor(x, requires_grad=True) for x in graph.inputs]
    graph.number(np, tensors).backward(create_graph=True)
    gradients = [np.zeros(t.shape) if t.grad is None else t.grad for t in tensors]
    for t in tensors:
        t.grad = None
    total = slope(np, lambda _: gradients, tensors)
    if getattr(total, "requires_grad", False):
        total.backward()
    assert_all_close([np.zeros(t.shape) if t.grad is None else t.grad.data for t in tensors], expected, 1e-8)
    if not complex_numbers:
        assert_all_close(tg.hvp(lambda xs: graph.number(np, xs))(graph.inputs, v), expected, 1e-8)


@NUMBERS
@SOME
def test_a_random_graph_has_the_jacobian_that_autograd_finds(seed, complex_numbers):
    graph = draw_graph(seed, complex_numbers)
    x, *others = graph.inputs
    expected = autograd.jacobian(lambda x: graph.several(anp, [x, *others]))(x)
    J = tg.jacobian(lambda x: graph.several(np, [x, *others]))(x)
    assert_all_close([J], [expected])


@pytest.mark.parametrize("seed", range(130, 150))
def test_the_second_derivative_along_a_line_agrees_too(seed):
    """d/ds of u . grad J(x + s v) at s = 0, by our nested grad, against autograd's."""
    graph = draw_graph(seed)
    u, v = directions(graph, seed), directions(graph, seed + 1)

    def along(xp, grad):
        def slope(s):
            moved = [x + s * b for x, b in zip(graph.inputs, v)]
            return sum(xp.sum(a * d) for a, d in zip(u, grad(lambda xs: graph.number(xp, xs))(moved)))

        return grad(slope)(0.0)

    np.testing.assert_allclose(along(np, tg.grad), along(anp, autograd.grad), rtol=1e-8, atol=1e-8)


def test_the_graphs_are_of_many_sizes_and_use_every_kind_of_step():
    for complex_numbers, kinds in ((False, REAL + REAL_PAIRS), (True, COMPLEX + COMPLEX_PAIRS)):
        graphs = [draw_graph(seed, complex_numbers) for seed in range(100)]
        sizes = [len(graph.steps) for graph in graphs]
        assert min(sizes) <= 8 and max(sizes) >= 55
        assert set(kinds) <= {step for graph in graphs for step, _ in graph.steps}
        ends = [graph.values(np, graph.inputs)[-1].dtype.kind for graph in graphs]
        assert ("c" in ends) == complex_numbers

"""Gradients of real losses through complex numbers: those of HIPS autograd, of difference quotients and of formulas."""

from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from oracles import assert_close, assert_records, finite_difference

import tinygrad_edu as tg
from tinygrad_edu.errors import DTypeError

RNG = np.random.default_rng(12)
Z, W = RNG.uniform(0.4, 1.5, (2, 2, 3)) * np.exp(1j * RNG.uniform(-3, 3, (2, 2, 3)))
X = RNG.uniform(0.5, 1.5, (2, 3))
N = Any  # NumPy, or HIPS autograd's

# A real loss of complex z, complex w and real x
LOSSES: dict[str, Callable[[N, Any, Any, Any], Any]] = {
    "abs": lambda n, z, w, x: n.sum(n.abs(z * w) * x),
    "abs squared": lambda n, z, w, x: n.sum(n.abs(z - w * x) ** 2),
    "angle": lambda n, z, w, x: n.sum(n.angle(z * x + w) * x),
    "angle in degrees": lambda n, z, w, x: n.sum(n.angle(z * w, True) * x),
    "real and imag": lambda n, z, w, x: n.sum(n.real(z) * n.imag(w) * x + n.imag(z * w)),
    "conj": lambda n, z, w, x: n.sum(n.imag(n.conj(z) * w * x)),
    "exp": lambda n, z, w, x: n.sum(n.real(n.exp(1j * x * z) * w)),
    "log": lambda n, z, w, x: n.sum(n.imag(n.log(z) * n.log(w + x))),
    "sqrt": lambda n, z, w, x: n.sum(n.real(n.sqrt(z * x) / w)),
    "sin and cos": lambda n, z, w, x: n.sum(n.real(n.sin(z) * n.cos(w)) + n.imag(n.tan(z * x / 4))),
    "sinh and cosh": lambda n, z, w, x: n.sum(n.imag(n.sinh(z) * n.cosh(w * x)) + n.real(n.tanh(w))),
    "inverse functions": lambda n, z, w, x: n.sum(n.real(n.arcsin(z) + n.arccos(w) * x) + n.imag(n.arctan(z * w))),
    "inverse hyperbolic": lambda n, z, w, x: n.sum(n.real(n.arcsinh(z) * n.arctanh(w)) + n.imag(n.arccosh(w) * x)),
    "other bases": lambda n, z, w, x: n.sum(n.real(n.exp2(z) * n.log10(w)) * x + n.imag(n.log2(w) * n.expm1(z))),
    "reciprocal": lambda n, z, w, x: n.sum(n.imag(n.reciprocal(z) * x + 1 / w)),
    "powers": lambda n, z, w, x: n.sum(n.real(z**3 * x + w**-2) + n.imag(z**0.5) + n.real(w ** (1 + 2j))),
    "complex powers": lambda n, z, w, x: n.sum(n.real(z**w + x**z)),
    "square": lambda n, z, w, x: n.sum(n.real(n.square(z) * w) * x),
    "where": lambda n, z, w, x: n.sum(n.real(n.where(x > 1, z * w, x) * w)),
    "sums and means": lambda n, z, w, x: n.abs(n.sum(z * w)) * n.real(n.mean(z, axis=0)[1]) + n.sum(x),
    "products of entries": lambda n, z, w, x: n.abs(n.prod(z * x)) + n.imag(n.prod(w, axis=0)[0]),
    "cumsum": lambda n, z, w, x: n.sum(n.real(n.cumsum(z, axis=1) * w) * x),
    "matmul": lambda n, z, w, x: n.sum(n.abs(n.matmul(z, n.conj(n.transpose(w)))) + n.imag(n.matmul(z, x.T))),
    "dot": lambda n, z, w, x: n.real(n.dot(z[0], w[1])) + n.sum(n.abs(n.dot(n.transpose(z), x))),
    "indices": lambda n, z, w, x: n.sum(n.abs(z[[0, 0, 1]] * w[1] * x[0])),
    "concatenate": lambda n, z, w, x: n.sum(n.abs(n.concatenate((z, x)) * n.concatenate((w, z)))),
    "stack and reshape": lambda n, z, w, x: n.sum(n.imag(n.reshape(n.stack((z, w)), (6, 2)) ** 2)) + n.sum(x),
    "fft": lambda n, z, w, x: n.sum(n.abs(n.fft.fft(z) * n.fft.ifft(w)) * x),
}

#: What HIPS autograd gets wrong (degrees, the branch of arccosh) or cannot do (some mixed dtypes).
BEYOND_HIPS = {"angle in degrees", "inverse hyperbolic", "where", "dot", "concatenate"}


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in BEYOND_HIPS])
def test_gradients_of_real_losses_are_those_of_hips_autograd(name: str) -> None:
    loss = LOSSES[name]
    expected = autograd.grad(lambda *args: loss(anp, *args), argnum=(0, 1, 2))(Z, W, X)
    for dx, e, x in zip(tg.grad(lambda *args: loss(np, *args), argnums=(0, 1, 2))(Z, W, X), expected, (Z, W, X)):
        assert dx.dtype == x.dtype
        assert_close(dx, np.real(e) if x is X else e, 1e-12)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_gradients_of_real_losses_are_their_difference_quotients(loss: Any) -> None:
    dz, dw, dx = tg.grad(lambda *args: loss(np, *args), argnums=(0, 1, 2))(Z, W, X)
    assert_close(dz, finite_difference(lambda z: loss(np, z, W, X), Z), 1e-8)
    assert_close(dw, finite_difference(lambda w: loss(np, Z, w, X), W), 1e-8)
    assert_close(dx, finite_difference(lambda x: loss(np, Z, W, x), X), 1e-8)


@pytest.mark.parametrize("name", ["abs", "angle", "complex powers", "matmul", "fft"])
def test_hessian_products_through_complex_numbers_are_difference_quotients_of_the_gradient(name: str) -> None:
    def slope(x: Any) -> Any:
        return np.sum(W.real * tg.grad(lambda x: LOSSES[name](np, Z * x, W, x))(x))

    assert_close(tg.grad(slope)(X), finite_difference(slope, X), 1e-8)


@pytest.mark.parametrize(
    "f, slope",
    [(np.sin, np.cos), (np.exp, np.exp), (np.log, lambda z: 1 / z), (lambda z: z**3, lambda z: 3 * z**2)],
)
def test_an_analytic_function_has_its_own_derivative_with_no_conjugate(f: Any, slope: Any) -> None:
    np.testing.assert_allclose(tg.grad(lambda z: np.sum(np.real(f(z))))(Z), slope(Z), rtol=1e-14)
    np.testing.assert_allclose(tg.grad(lambda z: np.sum(np.imag(f(z))))(Z), -1j * slope(Z), rtol=1e-14)


@pytest.mark.parametrize("f", [np.abs, np.angle, lambda z: np.real(np.sign(z)), lambda z: np.angle(z, deg=True)])
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_size_angle_and_sign_are_flat_at_zero_to_every_order(f: Any, dtype: Any) -> None:
    z = tg.Tensor(np.array([0, -0.0, 3 + 4j], dtype), requires_grad=True)
    f(z).sum().backward(create_graph=True)
    np.testing.assert_array_equal(z.grad.data[:2], [0, 0])
    assert z.grad.dtype == dtype
    first, z.grad = z.grad, None
    np.real(first).sum().backward()
    np.testing.assert_array_equal(z.grad.data[:2], [0, 0])
    assert z.grad.data[2] != 0


def test_the_parts_of_a_complex_number_point_where_they_grow() -> None:
    """The gradient is dJ/dx - i dJ/dy."""
    z = 3 + 4j
    for f, expected in (
        (np.real, 1),
        (np.imag, -1j),
        (np.abs, (3 - 4j) / 5),
        (np.angle, (-4 - 3j) / 25),
        (lambda t: np.angle(t, deg=True), (-4 - 3j) / 25 * 180 / np.pi),
        (lambda t: np.real(np.conj(t)), 1),
        (lambda t: np.imag(np.conj(t)), 1j),
    ):
        np.testing.assert_allclose(tg.grad(f)(z), expected, rtol=1e-15)


def test_real_numbers_have_flat_angles_and_imaginary_parts() -> None:
    x = np.array([-2.0, 0.0, 3.0])
    for f in (np.angle, np.imag, lambda t: np.angle(t, deg=True)):
        dx = tg.grad(lambda t, f=f: np.sum(f(t)))(x)
        np.testing.assert_array_equal(dx, np.zeros(3), strict=True)
    np.testing.assert_array_equal(tg.grad(lambda t: np.sum(np.real(t)))(x), np.ones(3))


def test_what_is_nearly_real_becomes_real_and_the_rest_stays() -> None:
    near, far = (tg.Tensor(x, requires_grad=True) for x in (np.array([2 + 1e-14j]), np.array([2 + 1e-6j])))
    assert_records(np.real_if_close(near), np.array([2.0]))
    assert_records(np.real_if_close(far), far.data)
    assert_records(np.real_if_close(far, tol=1e10), np.array([2.0]))
    eps = np.finfo(float).eps  # the tolerance is 100 of them
    assert np.real_if_close(tg.Tensor([2 + 99.5j * eps])).dtype == np.float64
    assert np.real_if_close(tg.Tensor([2 + 100.5j * eps])).dtype == np.complex128
    np.real_if_close(near).backward(np.array([3.0]))
    np.testing.assert_array_equal(near.grad.data, [3 + 0j])
    np.real_if_close(far).backward(np.array([3 - 1j]))
    np.testing.assert_array_equal(far.grad.data, [3 - 1j])


def test_which_numbers_are_real_is_an_answer() -> None:
    z = tg.Tensor([1 + 1j, 2 + 0j], requires_grad=True)
    for f, expected in ((np.isreal, [False, True]), (np.iscomplex, [True, False])):
        np.testing.assert_array_equal(f(z).data, expected)
        assert not f(z).requires_grad


def test_a_negative_number_has_a_logarithm_in_a_complex_power() -> None:
    """d/db a^b = a^b log(a), where log(-2) = log(2) + i pi."""
    b = np.array([1 + 1j, 0.5 - 2j])
    expected = (-2 + 0j) ** b * (np.log(2) + 1j * np.pi)
    for a in (-2, -2.0, -2 + 0j, np.array(-2.0), np.array([-2.0, -2.0]), np.array([-2 + 0j, -2 + 0j])):
        np.testing.assert_allclose(tg.grad(lambda t, a=a: np.sum(np.real(a**t)))(b), expected, rtol=1e-14)


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_the_sign_of_a_zero_says_on_which_side_of_the_cut_a_power_lies(zero: float) -> None:
    a, b = complex(-2, zero), np.array([1 + 1j, 0.5 - 2j])
    for base in (a, np.array(a), np.array([a, a])):
        expected = np.power(base, b) * complex(np.log(2), np.copysign(np.pi, zero))
        np.testing.assert_allclose(tg.grad(lambda t, a=base: np.sum(np.real(a**t)))(b), expected, rtol=1e-14)


def test_a_complex_base_of_zero_is_flat() -> None:
    for zero in (0, 0.0, 0j, np.array(0j), np.zeros(2)):
        np.testing.assert_array_equal(
            tg.grad(lambda b, a=zero: np.sum(np.real(a**b)))(np.array([1 + 1j, 2j + 3])), [0, 0]
        )
    for exponent in (0, 0j, np.array(0j)):
        np.testing.assert_array_equal(tg.grad(lambda t, b=exponent: np.real(t**b))(0j), 0)


@pytest.mark.parametrize(
    "f",
    [
        lambda t: t * 1j, lambda t: (2 - 1j) / t, lambda t: t ** (1 + 1j), lambda t: (1 + 2j) ** t, lambda t: 1j - t,
        lambda t: np.where([True, False], t, 1j), lambda t: np.exp(1j * np.pi * t), np.angle, np.imag, np.abs,
        lambda t: np.nan_to_num(t * 1j), lambda t: np.sign(t * 1j), lambda t: np.conj(t) * 2j,
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float32, np.complex64])
def test_pythons_complex_numbers_do_not_widen_single_precision(f: Any, dtype: Any) -> None:
    x = tg.Tensor(np.array([1.5, 2.5], dtype), requires_grad=True)
    for create_graph in (False, True):
        z = f(x)
        assert z.dtype in (np.float32, np.complex64)
        z.backward(np.ones(2), create_graph=create_graph, retain_grads=True)
        assert z.grad.dtype == z.dtype
        assert x.grad.dtype == dtype


TARGET = np.array([1 - 2j, -0.5 + 1j])


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda p: tg.optim.SGD(p, lr=0.05),
        lambda p: tg.optim.SGD(p, lr=0.02, momentum=0.8),
        lambda p: tg.optim.Adam(p, 0.1),
    ],
    ids=["SGD", "momentum", "Adam"],
)
def test_optimizers_walk_downhill_in_the_complex_plane(optimizer: Any) -> None:
    """A linear fit with complex weights: the way down is along the conjugate of the gradient."""
    A = np.random.default_rng(3).standard_normal((8, 2)) + 1j * np.random.default_rng(4).standard_normal((8, 2))
    w = tg.Tensor(np.zeros(2, complex), requires_grad=True, name="w")
    walk = optimizer([w])
    losses = []
    for _ in range(300):
        walk.zero_grad()
        J = np.mean(np.abs(A @ w - A @ TARGET) ** 2)
        J.backward()
        walk.step()
        losses.append(float(J))
    assert losses[1] < losses[0]
    assert losses[-1] < 1e-3 * losses[0]
    np.testing.assert_allclose(w.data, TARGET, atol=0.05)


@pytest.mark.parametrize("f", [np.arctan2, np.hypot, np.logaddexp, np.copysign, np.remainder, np.fmod, np.heaviside])
def test_what_has_no_complex_meaning_says_so(f: Any) -> None:
    z = tg.Tensor([1 + 1j], requires_grad=True, name="z")
    with pytest.raises(DTypeError, match="z is complex128"):
        f(z, 1.0)
    with pytest.raises(DTypeError, match="z is complex128"):
        f(1.0, z)

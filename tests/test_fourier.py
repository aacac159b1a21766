"""Fourier transforms are linear: their gradients are read off unit vectors, exactly, and off HIPS autograd."""

from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from oracles import assert_close, assert_records

import tinygrad_edu as tg
from tinygrad_edu.errors import DTypeError, IndexingError, NoRuleError, ShapeError
from tinygrad_edu.primitives import registry

RNG = np.random.default_rng(13)
NORMS = [None, "backward", "ortho", "forward"]
ONE_AXIS = [np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft]
FROM_REAL = {np.fft.rfft, np.fft.ihfft}


def draw(*shape: int, real: bool = False) -> np.ndarray:
    x = RNG.standard_normal(shape)
    return x if real else x + 1j * RNG.standard_normal(shape)


def gradient(f: Callable[[Any], Any], x: np.ndarray, dz: np.ndarray) -> np.ndarray:
    t = tg.Tensor(x, requires_grad=True)
    f(t).backward(dz)
    return t.grad.data


def by_unit_vectors(f: Callable[[Any], Any], x: np.ndarray, dz: np.ndarray) -> np.ndarray:
    """The gradient of real(sum(dz * f(x))) for a linear f: what f makes of each unit vector, and of i times it."""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        for unit in (1, 1j) if np.iscomplexobj(x) else (1,):
            e = np.zeros_like(x)
            e[i] = unit
            dx[i] += np.sum(dz * f(e)).real / unit
    return dx


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("f", ONE_AXIS, ids=lambda f: f.__name__)
def test_a_transform_of_any_length_to_any_length_has_the_transposed_map_as_its_gradient(f: Any, norm: Any) -> None:
    for length in range(1, 7):
        for n in (None, 1, 2, 3, 4, 5, 8, 9):
            if n is None and length == 1 and f in (np.fft.irfft, np.fft.hfft):
                continue  # of length 0
            for real in (True,) if f in FROM_REAL else (True, False):
                x = draw(2, length, real=real)
                z = f(x, n, -1, norm)
                dz = draw(*z.shape, real=z.dtype.kind == "f")
                actual = gradient(lambda t, n=n: f(t, n, -1, norm), x, dz)
                assert_close(actual, by_unit_vectors(lambda e, n=n: f(e, n, -1, norm), x, dz), 1e-14)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn"])
def test_transforms_along_several_axes_have_the_transposed_map_too(name: str, norm: Any) -> None:
    f = getattr(np.fft, name)
    for s, axes in ((None, None), (None, (0, 2)), ((3, 2, 5), (2, 0, 1)), ((4, -1), (1, -1)), (None, (1, 1))):
        x = draw(2, 3, 4, real=name == "rfftn")
        z = f(x, s, axes, norm)
        dz = draw(*z.shape, real=z.dtype.kind == "f")
        actual = gradient(lambda t, s=s, axes=axes: f(t, s, axes, norm), x, dz)
        assert_close(actual, by_unit_vectors(lambda e, s=s, axes=axes: f(e, s, axes, norm), x, dz), 1e-14)


SEVERAL_AXES = ["fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn"]
HIPS = ["fft", "ifft", "rfft", "irfft", *SEVERAL_AXES]


@pytest.mark.parametrize("norm", [None, "ortho"])
@pytest.mark.parametrize("name", [*HIPS, "fftshift", "ifftshift"])
def test_gradients_are_those_of_hips_autograd(name: str, norm: Any) -> None:
    x = draw(4, 6, real=name.startswith("r"))
    options = {} if name.endswith("shift") else {"norm": norm}
    weights = draw(*getattr(np.fft, name)(x, **options).shape)

    def loss(n: Any, t: Any) -> Any:
        return n.sum(n.abs(getattr(n.fft, name)(t, **options) * weights) ** 2)

    assert_close(tg.grad(lambda t: loss(np, t))(x), autograd.grad(lambda t: loss(anp, t))(x), 1e-13)


@pytest.mark.parametrize("norm, size", [("backward", 6), ("ortho", 1), ("forward", 1 / 6)])
def test_the_energy_of_a_spectrum_is_that_of_the_signal(norm: str, size: float) -> None:
    """Parseval: sum |fft(x)|^2 = size sum |x|^2, whose gradient is 2 size conj(x)."""
    for x in (draw(6), draw(6, real=True)):
        dx = tg.grad(lambda t: np.sum(np.abs(np.fft.fft(t, norm=norm)) ** 2))(x)
        np.testing.assert_allclose(dx, 2 * size * x.conj(), rtol=1e-13)


@pytest.mark.parametrize("there, back", [("fft", "ifft"), ("rfft", "irfft"), ("ihfft", "hfft"), ("rfftn", "irfftn")])
@pytest.mark.parametrize("norm", NORMS)
def test_there_and_back_the_gradient_comes_through_unchanged(there: str, back: str, norm: Any) -> None:
    x, dz = draw(3, 4, real=True), draw(3, 4, real=True)
    z = tg.Tensor(x, requires_grad=True)
    y = np.real(getattr(np.fft, back)(getattr(np.fft, there)(z, norm=norm), norm=norm))
    y.backward(dz)
    assert_close(y.data, x, 1e-14)
    assert_close(z.grad.data, dz, 1e-14)


def test_a_convolution_by_spectra_has_the_gradients_and_the_mixed_derivative_of_the_sums() -> None:
    """J = sum(w * convolve(a, b)): dJ/da = correlate(w, b), and d2J/da db takes u to correlate(w, u)."""
    a, b, u, w = draw(5, real=True), draw(3, real=True), draw(5, real=True), draw(7, real=True)

    def J(a: Any, b: Any) -> Any:
        return np.sum(w * np.fft.irfft(np.fft.rfft(a, 7) * np.fft.rfft(b, 7), 7))

    da, db = tg.grad(J, argnums=(0, 1))(a, b)
    assert_close(da, np.correlate(w, b, "valid"), 1e-14)
    assert_close(db, np.correlate(w, a, "valid"), 1e-14)
    mixed = tg.grad(lambda b: np.sum(u * tg.grad(J)(a, b)))(b)
    assert_close(mixed, np.correlate(w, u, "valid"), 1e-14)


@pytest.mark.parametrize("f", [*ONE_AXIS, np.fft.fft2, np.fft.irfft2, np.fft.fftshift], ids=lambda f: f.__name__)
def test_single_precision_stays_single(f: Any) -> None:
    x = draw(3, 4, real=f in FROM_REAL)
    x = x.astype(np.float32 if f in FROM_REAL else np.complex64)
    t = tg.Tensor(x, requires_grad=True)
    z = f(t)
    assert_records(z, f(x))
    assert z.dtype in (np.float32, np.complex64)
    z.backward(np.ones(z.shape), create_graph=True)
    assert t.grad.dtype == x.dtype


def test_a_gradient_that_fits_is_not_cut() -> None:
    x = tg.Tensor(draw(5), requires_grad=True)
    np.fft.fft(x).backward(tg.Tensor(draw(5), requires_grad=True), create_graph=True)
    assert x.grad.op.name == "fft"


def test_the_rule_of_a_transform_from_real_numbers_is_that_of_the_complex_one() -> None:
    x, dz = draw(5, real=True), draw(3)
    dx = registry["rfft"].rules[0](dz, np.fft.rfft(x), x, n=None, axis=-1, norm=None)
    np.testing.assert_array_equal(dx, np.fft.fft(dz, 5))


@pytest.mark.parametrize("shape", [(4,), (5,), (2, 3), (3, 1, 4)])
def test_the_shifts_undo_each_other_forward_and_backward(shape: tuple[int, ...]) -> None:
    x, dz = draw(*shape), draw(*shape)
    np.testing.assert_array_equal(gradient(lambda t: np.fft.ifftshift(np.fft.fftshift(t)), x, dz), dz)
    np.testing.assert_array_equal(gradient(np.fft.fftshift, x, dz), np.fft.ifftshift(dz))
    np.testing.assert_array_equal(gradient(lambda t: np.fft.ifftshift(t, axes=0), x, dz), np.fft.fftshift(dz, axes=0))


def test_lengths_without_axes_belong_to_the_last_ones() -> None:
    x = draw(2, 3, 4)
    with pytest.warns(DeprecationWarning):
        expected = np.fft.fftn(x, (5, 2))
    assert_records(np.fft.fftn(tg.Tensor(x, requires_grad=True), (5, 2)), expected)


@pytest.mark.parametrize("f", [np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn], ids=lambda f: f.__name__)
def test_axes_are_transformed_in_numpys_order_so_that_no_bit_differs(f: Any) -> None:
    if f is np.fft.rfftn and np.__version__ < "2.1":
        pytest.skip("NumPy 2.0 takes the axes in another order")
    x = draw(7, 6, 10, real=f is np.fft.rfftn)
    np.testing.assert_array_equal(f(tg.Tensor(x)).data, f(x))


def test_what_cannot_be_transformed_is_named() -> None:
    x, real = tg.Tensor(draw(3, 4), requires_grad=True, name="x"), tg.Tensor(draw(3, 4, real=True), requires_grad=True)
    for call in (np.fft.rfft, np.fft.rfftn, np.fft.rfft2, np.fft.ihfft):
        with pytest.raises(DTypeError, match=r"^rfft\(.*complex128"):
            call(x)
    for call in (np.fft.fft, np.fft.irfft, np.fft.hfft, np.fft.ifft):
        with pytest.raises(ShapeError, match="n=0"):
            call(x, 0)
        with pytest.raises(ShapeError, match=r"norm='both'.*Invalid norm value both"):
            call(x, norm="both")
        with pytest.raises(IndexingError, match="axis=2"):
            call(x, axis=2)
    for name in SEVERAL_AXES:
        with pytest.raises(IndexingError, match=rf"^{name}: the array is \(3, 4\); axis -3 is out of bounds"):
            getattr(np.fft, name)(x, axes=(-3, 1))
    with pytest.raises(ShapeError, match=r"^fft2: s=\(2,\) has 1 lengths, axes=\(0, 1\) has 2 axes"):
        np.fft.fft2(x, s=(2,), axes=(0, 1))
    for call in (np.fft.rfftn, np.fft.irfftn):
        with pytest.raises(ShapeError, match=rf"^{call.__name__}: axes=\(\) names no axis"):
            call(real, axes=())
    with pytest.raises(ShapeError, match=r"data points \(0\)"):
        np.fft.irfft(x[:, :1])


@pytest.mark.parametrize("f", [np.fft.fft, np.fft.ifft, np.fft.irfft], ids=lambda f: f.__name__)
def test_a_place_for_the_result_is_refused(f: Any) -> None:
    x = tg.Tensor(draw(3), requires_grad=True)
    with pytest.raises(NoRuleError, match="'out'"):
        f(x, out=np.zeros(3))


@pytest.mark.parametrize("f", [np.fft.hfft, np.fft.fftn, np.fft.irfft2], ids=lambda f: f.__name__)
def test_a_place_for_the_result_of_a_composition_is_refused_too(f: Any) -> None:
    x = tg.Tensor(draw(3, 3), requires_grad=True)
    with pytest.raises(TypeError, match="'out'"):
        f(x, out=np.zeros(3))

"""`Derivation.source`: a module of NumPy alone that gives the numbers of the engine, for every operation."""

import ast
import subprocess
import sys

import numpy as np
import pytest
from calls import named, run_module
from oracles import DIFFERENTIABLE, each, is_complex, random_like, recorded, tensors, wrt

import tinygrad_edu as tg
from tinygrad_edu import functions as F
from tinygrad_edu.errors import DomainError, NoRuleError
from tinygrad_edu.primitives import registry

rng = np.random.default_rng(21)


def assert_same(actual, expected):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    largest = np.abs(expected[np.isfinite(expected)]).max(initial=0)
    np.testing.assert_allclose(actual, expected, rtol=1e-15, atol=1e-15 * largest)


@pytest.mark.filterwarnings("ignore")
@each(DIFFERENTIABLE)
def test_every_operation_is_written_in_numpy(sample):
    xs = tensors(sample, sample.inputs, wrt(sample))
    for i in wrt(sample):
        xs[i].name = f"x{i}"
    z = recorded(sample, xs)
    terms = tg.Tensor(random_like(z, 1), name="w") * z
    J = (np.real(terms) if is_complex(z) else terms).sum()
    d = tg.derive(J)
    constants = {name: x.data for x, name in d.names.of.items() if x.op is None}
    value, gradients = run_module(d.source(), constants)
    J.backward()
    assert_same(value, J.data)
    for i in wrt(sample):
        assert_same(gradients[f"dx{i}"], xs[i].grad.data)


def network(dtype=float, **options):
    net = tg.nn.DeepNetwork([4, 3, 2, 1], seed=1, dtype=dtype, **options)
    X, Y = rng.standard_normal((4, 5)).astype(dtype), (np.arange(5)[None] % 2).astype(dtype)
    return F.binary_cross_entropy(net(X), tg.Tensor(Y, name="Y"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_s_module_gives_the_engine_s_gradients_to_the_last_bit(dtype):
    J = network(dtype)
    d = tg.derive(J)
    J.backward(retain_grads=True)
    tensors = named(J)
    value, gradients = run_module(d.source(), {name: t.data for name, t in tensors.items()})
    np.testing.assert_array_equal(value, J.data)
    for name, t in tensors.items():
        if t.requires_grad:
            np.testing.assert_array_equal(gradients[f"d{name}"], t.grad.data, strict=True)


def test_a_module_serves_other_data():
    J, other = network(), network()
    d = tg.derive(J)
    tensors = named(other)
    other.backward()
    for name, dx in run_module(d.source(), {name: t.data for name, t in tensors.items()})[1].items():
        if tensors[name[1:]].is_leaf:
            assert_same(dx, tensors[name[1:]].grad.data)


def test_the_course_s_module_has_m_and_its_lines():
    source = tg.derive(network(), convention="course").source("backprop")
    assert "def backprop(cache):\n" in source
    assert "    m = 5\n" in source
    assert "    A1 = np.maximum(Z1, 0)  # (3, 5)\n" in source
    assert "    dW2 = dZ2 @ A1.T / m  # (2, 3)\n" in source
    J = network()
    J.backward()
    tensors = named(J)
    _, gradients = run_module(tg.derive(J, convention="course").source(), {name: t.data for name, t in tensors.items()})
    for name in ("W1", "b1", "W2", "b2", "W3", "b3"):
        np.testing.assert_allclose(gradients[f"d{name}"], tensors[name].grad.data, rtol=1e-13)


def test_a_module_refuses_shapes_that_it_was_not_written_for():
    d = tg.derive(network(), convention="course")
    values = {name: t.data for name, t in named(network()).items()}
    values["X"], values["Y"] = np.ones((4, 50)), np.ones((1, 50))
    with pytest.raises(ValueError, match=r"X is \(4, 50\), written for \(4, 5\): derive again with this shape"):
        run_module(d.source(), values)


def test_float32_numbers_of_one_loop_are_told_apart():
    x = tg.Tensor(np.ones(2, np.float32), requires_grad=True, name="x")
    y = x
    for i in range(6):
        y = y * np.float32(i + 0.5)
    d = tg.derive(y.sum())
    _, gradients = run_module(d.source(), {"x": x.data})
    np.testing.assert_allclose(gradients["dx"], np.prod(np.arange(6) + 0.5), rtol=1e-6)


def test_a_wider_constant_widens_the_module_s_result_too():
    w = tg.Tensor(np.array([0.3, 0.7], np.float32), requires_grad=True, name="w")
    J = (w * np.asarray(0.1)).sum()
    d = tg.derive(J)
    constants = {name: x.data for x, name in d.names.of.items() if x.op is None}
    assert_same(run_module(d.source(), constants)[0], J.data)


def test_a_gradient_that_is_a_number_is_an_array_of_the_right_dtype():
    for dtype in (np.float32, np.float64):
        f = tg.Tensor(np.arange(3).astype(dtype), requires_grad=True, name="f")
        for J, names in ((f.mean(), {"m": 3}), (f.sum(), None), ((f * 2).mean(), {"m": 3}), (f[0] * 1.0, None)):
            dx = run_module(tg.derive(J, names=names).source(), {"f": f.data})[1]["df"]
            assert (dx.dtype, dx.shape) == (dtype, (3,))
    w = tg.Tensor(2.0, requires_grad=True, name="w")
    assert run_module(tg.derive(w * 1.0).source(), {"w": w.data})[1]["dw"].dtype == np.float64


def test_one_of_several_lambdas_on_a_line_is_the_right_one():
    twice = tg.primitive(lambda x: x * 2, name="twice over", dx=lambda dz, z, x: dz * 2)
    x = tg.Tensor([1.0, 3.0], requires_grad=True, name="x")
    value, gradients = run_module(tg.derive((twice(x) ** 2).sum()).source(), {"x": x.data})
    assert float(value) == 40.0
    assert_same(gradients["dx"], 8 * x.data)


def squared(x):
    return x * x


# fmt: off
absolute, square = tg.primitive(lambda x: abs(x), name="absolutely", dx=lambda dz, z, x: dz * np.sign(x)), tg.primitive(lambda x: squared(x), name="squared by", dx=lambda dz, z, x: dz * 2 * x)  # noqa: E501
# fmt: on
cosine = tg.primitive(lambda x: np.cos(x), name="cosine of", dx=lambda dz, z, x: -dz * np.sin(x))


def test_lambdas_that_differ_in_a_name_alone_are_told_apart():
    x = tg.Tensor([1.0, 3.0], requires_grad=True, name="x")
    value, gradients = run_module(tg.derive(square(x).sum()).source(), {"x": x.data})
    assert float(value) == 10.0
    assert_same(gradients["dx"], 2 * x.data)


def test_a_lambda_of_a_module_is_copied():
    x = tg.Tensor([1.0, 3.0], requires_grad=True, name="x")
    value, gradients = run_module(tg.derive(cosine(x).sum()).source(), {"x": x.data})
    assert_same(value, np.cos(x.data).sum())
    assert_same(gradients["dx"], -np.sin(x.data))


@pytest.mark.parametrize("name", ["forward", "1x", "class", "a b", "", "np", None])
def test_a_function_needs_a_name_of_its_own(name):
    with pytest.raises(DomainError, match="this is no name for a function"):
        tg.derive(network()).source(name)


def test_a_step_that_cannot_be_written_is_named():
    x = tg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    d = tg.derive(tg.checkpoint(lambda t: np.exp(t))(x).sum())
    with pytest.raises(NoRuleError, match="cannot be written as NumPy source"):
        d.source()


def test_an_op_of_ones_own_with_a_known_name_is_not_taken_for_the_other():
    x = tg.Tensor([-1.0, 2.0], requires_grad=True, name="x")
    before = registry["relu"]
    try:
        leaky = tg.primitive(leaked, name="relu", dx=lambda dz, z, x: dz * np.where(x > 0, 1.0, 0.1))
        d = tg.derive(leaky(x).sum())
    finally:
        registry["relu"] = before
    value, gradients = run_module(d.source(), {"x": x.data})
    assert (float(value), list(gradients["dx"])) == (1.9, [0.1, 1.0])


def leaked(x):
    return np.where(x > 0, x, 0.1 * x)


def test_second_derivatives_have_a_module_too():
    x = tg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    np.sin(x).sum().backward(create_graph=True)
    d = tg.derive((x.grad * x.grad).sum())
    values = {name: t.data for t, name in d.names.of.items() if t.op is None}
    assert_same(run_module(d.source(), values)[1]["dx"], -2 * np.cos(x.data) * np.sin(x.data))


def test_a_module_imports_nothing_but_numpy_and_runs_alone(tmp_path):
    source = tg.derive(network(activations=["tanh", "relu", "sigmoid"])).source()
    modules = {a.name for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Import) for a in n.names}
    assert modules == {"numpy"}
    (tmp_path / "step.py").write_text(source)
    call = "import step, sys; assert 'tinygrad_edu' not in sys.modules; print(sorted(vars(step)))"
    out = subprocess.run([sys.executable, "-c", call], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert "'backward', 'binary_cross_entropy', 'forward'" in out


def test_the_same_graph_gives_the_same_text():
    assert len({tg.derive(network()).source() for _ in range(3)}) == 1


def test_an_operation_of_ones_own_is_copied_with_what_it_needs():
    x = tg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    d = tg.derive(cubed(x).sum())
    assert_same(run_module(d.source(), {"x": x.data})[1]["dx"], 3 * x.data**2)
    assert "def cubed(x):" in d.source()


EXPONENT = 3


def powered(x):
    return x**EXPONENT


@tg.primitive(dx=lambda dz, z, x: dz * 3 * x * x)
def cubed(x):
    """z = x^3."""
    return powered(x)

"""`vjp`, `jvp`, aux and trees: the numbers, the structures, and what is refused.  `grad` itself is in test_grad.py."""

from collections import namedtuple

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from autograd.differential_operators import make_jvp, make_vjp
from calls import SIMPLE, is_plain, parameter
from oracles import assert_close, finite_difference, random_like

from tinygrad_edu import Tensor, grad, jvp, value_and_grad, vjp
from tinygrad_edu.errors import DTypeError, GradientError, ShapeError, TinygradEduError

Pair = namedtuple("Pair", "W b")
rng = np.random.default_rng(5)
X = rng.uniform(0.5, 1.5, (2, 3))
V = rng.uniform(0.5, 1.5, (2, 3))

FUNCTIONS = {
    **SIMPLE,
    "to more entries": lambda xp, x: xp.concatenate([x @ x.T, xp.tanh(x @ x.T)]),
    "linear": lambda xp, x: 2.0 * x.T,
    "one entry": lambda xp, x: x[1, 2],
    "rows": lambda xp, x: x[[0, 0, 1]] ** 3,
}
each_function = pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS.keys())


# Numbers


@pytest.mark.parametrize("transform", [grad, value_and_grad])
def test_errors_name_the_transform_that_was_called(transform):
    name = transform.__name__
    for call, message in (
        (lambda: transform(np.sum, 3)(1.0), rf"^{name}\(argnums=3\) needs"),
        (lambda: transform(lambda x: x)(X), rf"^{name}: <lambda> returned shape \(2, 3\)"),
        (lambda: transform(lambda x: x * 1j)(1.0), rf"^{name}: <lambda> returned a complex number"),
        (lambda: transform(lambda x: 1.0)(1.0), rf"^{name}: <lambda> returned a float"),
        (lambda: transform(np.sum)(1), rf"^{name}: args\[0\] cannot be differentiated"),
        (lambda: transform(None)(1.0), rf"^{name} takes a function"),
    ):
        with pytest.raises(TinygradEduError, match=message):
            call()


@each_function
def test_vjp_agrees_with_autograd(f):
    pull, z = make_vjp(lambda x: f(anp, x))(X)
    dz = random_like(z, 1)
    value, pullback = vjp(lambda x: f(np, x), X)
    assert is_plain(value)
    np.testing.assert_array_equal(value, z)
    for k in (1.0, 2.0, -0.5):
        (dx,) = pullback(k * dz)
        assert is_plain(dx)
        assert_close(dx, k * pull(dz), 1e-14)


@each_function
def test_jvp_agrees_with_autograd(f):
    z, expected = make_jvp(lambda x: f(anp, x))(X)(V)
    value, tangent = jvp(lambda x: f(np, x), (X,), (V,))
    assert is_plain(value) and is_plain(tangent)
    np.testing.assert_array_equal(value, z)
    assert_close(tangent, expected, 1e-14)


@each_function
def test_jvp_and_vjp_are_each_others_transpose(f):
    value, tangent = jvp(lambda x: f(np, x), (X,), (V,))
    dz = random_like(value, 2)
    (dx,) = vjp(lambda x: f(np, x), X)[1](dz)
    assert np.isclose(np.sum(dz * tangent), np.sum(dx * V), rtol=1e-13)


def central(f, x, v, h=1e-3):
    """The derivative of f at x along v."""
    return (8 * (f(x + h * v) - f(x - h * v)) - (f(x + 2 * h * v) - f(x - 2 * h * v))) / (12 * h)


COMPLEX = {
    "analytic": lambda z: np.exp(z) * z,
    "conjugate": lambda z: np.conj(z) * z[0],
    "real": lambda z: np.real(z * z) + np.imag(z),
    "absolute": lambda z: np.abs(z) ** 3,
    "mixed": lambda z: np.real(z) * z,
}


@pytest.mark.parametrize("f", COMPLEX.values(), ids=COMPLEX.keys())
def test_complex_tangents_and_gradients_agree_with_finite_differences(f):
    z, v = np.array([0.7 + 0.4j, -0.3 + 0.9j]), np.array([0.5 - 1j, 1.2 + 0.3j])
    value, tangent = jvp(f, (z,), (v,))
    np.testing.assert_array_equal(value, f(z))
    assert_close(tangent, central(f, z, v), 1e-9)
    assert tangent.dtype == value.dtype
    dz = random_like(value, 3)
    (dx,) = vjp(f, z)[1](dz)
    assert_close(dx, finite_difference(lambda z: np.sum(dz * f(z)), z), 1e-9)  # d/dx - i d/dy of the real part


def test_a_real_argument_of_a_complex_function_moves_on_the_real_line():
    f = lambda x: np.exp(1j * x)
    value, tangent = jvp(f, (np.array([0.3]),), (np.array([2.0]),))
    np.testing.assert_allclose(tangent, 2j * np.exp(0.3j), rtol=1e-14)
    (dx,) = vjp(f, np.array([0.3]))[1](np.array([1j]))
    np.testing.assert_allclose(dx, np.real(1j * 1j * np.exp(0.3j)), rtol=1e-14)
    assert dx.dtype == np.float64


def test_several_primals_give_several_gradients_and_tangents_add_up():
    a, b = np.array([1.0, 2.0]), np.array([[3.0], [4.0]])
    value, pullback = vjp(lambda a, b: a * b, a, b)
    da, db = pullback(np.array([[1.0, 10.0], [100.0, 1000.0]]))
    np.testing.assert_array_equal(da, [403.0, 4030.0])
    np.testing.assert_array_equal(db, [[21.0], [2100.0]])
    _, tangent = jvp(lambda a, b: a * b, (a, b), (np.array([1.0, 0.0]), np.array([[0.0], [5.0]])))
    np.testing.assert_array_equal(tangent, [[3.0, 0.0], [9.0, 10.0]])


def test_float32_stays_float32():
    x = np.ones(3, np.float32)
    for f in (np.tanh, lambda x: x):
        value, pullback = vjp(f, x)
        assert value.dtype == pullback(np.ones(3))[0].dtype == np.float32
        value, tangent = jvp(f, (x,), (np.ones(3),))
        assert value.dtype == tangent.dtype == np.float32


@pytest.mark.parametrize("constant", [np.sign, lambda x: Tensor([1.0, 2.0]), lambda x: np.ones_like(x)])
def test_a_constant_has_gradients_and_tangents_of_zero(constant):
    x = np.array([1.0, -2.0])
    np.testing.assert_array_equal(vjp(constant, x)[1](np.ones(2))[0], [0.0, 0.0], strict=True)
    np.testing.assert_array_equal(jvp(constant, (x,), (np.ones(2),))[1], [0.0, 0.0], strict=True)


def test_an_argument_that_is_not_used_has_gradient_zero_and_adds_no_tangent():
    x, y = np.ones(2), np.ones((3, 1), np.float32)
    _, dy = vjp(lambda x, y: x * x, x, y)[1](np.ones(2))
    np.testing.assert_array_equal(dy, np.zeros((3, 1), np.float32), strict=True)
    _, tangent = jvp(lambda x, y: x * x, (x, y), (x, y))
    np.testing.assert_array_equal(tangent, [2.0, 2.0])


# Structures


def layered(p):
    pair, (scale,) = p["pair"], p["scale"]
    Z = pair.W * scale + pair.b
    return {"Z": Z, "rest": (Z.sum(), [scale * 2])}


def layered_case():
    p = {"pair": Pair(np.array([[1.0, 2.0]]), np.array([3.0])), "scale": (np.array(4.0, np.float32),), "none": None}
    dz = {"Z": np.array([[1.0, 10.0]]), "rest": [100.0, [np.array(1000.0)]]}
    return p, dz


def test_vjp_of_trees():
    p, dz = layered_case()
    value, pullback = vjp(layered, p)
    np.testing.assert_array_equal(value["Z"], [[7.0, 11.0]])
    assert value["rest"] == (18.0, [8.0]) and type(value["rest"]) is tuple
    (dp,) = pullback(dz)
    np.testing.assert_array_equal(dp["pair"].W, [[404.0, 440.0]])  # (dZ + d sum) * scale
    np.testing.assert_array_equal(dp["pair"].b, [211.0])
    assert dp["scale"] == (101.0 + 2 * 110.0 + 2000.0,) and dp["scale"][0].dtype == np.float32
    assert dp["none"] is None and type(dp["pair"]) is Pair


def test_jvp_of_trees():
    p, _ = layered_case()
    dp = {"pair": Pair([[1.0, 0.0]], [0.5]), "scale": [2], "none": None}
    _, tangent = jvp(layered, (p,), (dp,))
    np.testing.assert_array_equal(tangent["Z"], [[4.0 + 2.0 + 0.5, 4.0 + 0.5]])
    assert tangent["rest"] == (11.0, [4.0]) and type(tangent["rest"][1]) is list
    assert tangent["rest"][1][0].dtype == np.float32


def test_outputs_of_different_kinds_are_seeded_apart():
    f = lambda x: (x * x, np.exp(1j * x), (x * 2).astype(np.float32))
    x, dx = np.array([0.5]), np.array([3.0])
    value, tangent = jvp(f, (x,), (dx,))
    assert [t.dtype for t in tangent] == [z.dtype for z in value] == [np.float64, np.complex128, np.float32]
    for t, expected in zip(tangent, (2 * x * dx, 1j * np.exp(1j * x) * dx, 2 * dx)):
        np.testing.assert_allclose(t, expected, rtol=1e-14)
    (back,) = vjp(f, x)[1]((np.array([1.0]), np.array([1.0 - 2.0j]), np.array([10.0])))
    np.testing.assert_allclose(back, 2 * x + np.real((1 - 2j) * 1j * np.exp(1j * x)) + 20, rtol=1e-14)


def test_nothing_inside_a_tree_stays_nothing():
    assert grad(lambda p: p["w"] * 2)({"w": 1.0, "b": None, "more": [None]}) == {"w": 2.0, "b": None, "more": [None]}


# Aux


def test_grad_and_value_and_grad_hand_aux_through():
    def cost(x, y):
        z = x * y
        return (z * z).sum(), {"z": z, "text": "kept", "constant": Tensor([1.0]), "none": None, "n": 3}

    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    dx, aux = grad(cost, has_aux=True)(x, y)
    np.testing.assert_array_equal(dx, 2 * x * y * y)
    np.testing.assert_array_equal(aux["z"], x * y)
    assert is_plain(aux["z"]) and is_plain(aux["constant"])
    assert (aux["text"], aux["none"], aux["n"]) == ("kept", None, 3)
    (value, aux), (dy, dx) = value_and_grad(cost, (1, 0), has_aux=True)(x, y)
    assert value == 9.0 + 64.0 and is_plain(aux["z"])
    np.testing.assert_array_equal(dy, 2 * y * x * x)


def test_aux_has_no_gradient_of_its_own():
    assert grad(lambda x: (x * x, x**3), has_aux=True)(3.0) == (6.0, 27.0)


def test_aux_keeps_a_captured_parameter_and_follows_the_arguments_kind():
    w, x = parameter(3.0), parameter(2.0)
    _, aux = grad(lambda x: ((x * x).sum(), (w, w * x, x * 2)), has_aux=True)(2.0)
    assert aux[0] is w and type(aux[1]) is Tensor and aux[1].requires_grad and is_plain(aux[2])
    _, aux = grad(lambda x: ((x * x).sum(), (x * 2, Tensor(1.0))), has_aux=True)(x)
    aux[0].sum().backward()
    assert x.grad.item() == 2.0 and type(aux[1]) is Tensor


def test_vjp_hands_aux_through():
    value, pullback, aux = vjp(lambda x: (x * x, x + 1), np.array([3.0]), has_aux=True)
    assert (value, pullback(np.ones(1))[0], aux) == (9.0, 6.0, 4.0)


@pytest.mark.parametrize("result", [lambda x: x, lambda x: (x,), lambda x: (x, x, x)])
def test_without_a_pair_aux_is_refused(result):
    with pytest.raises(GradientError, match=r"grad: with has_aux=True, <lambda> returns a pair \(value, aux\); got a"):
        grad(lambda x: result(x), has_aux=True)(1.0)


# Errors


@pytest.mark.parametrize("result", [3.0, None, np.ones(1), {}, (Tensor(1.0), [2.0])], ids=repr)
def test_what_has_no_graph_is_refused_with_its_type_and_place(result):
    def cost(x):
        return result

    message = r"cost returned a \w+( at \[1\]\[0\])?, which has no graph: .*math\.exp\(\)"
    for transform in (lambda f: vjp(f, 1.0), lambda f: jvp(f, (1.0,), (1.0,))):
        with pytest.raises(GradientError, match=message):
            transform(cost)


def test_a_tuple_from_a_function_for_grad_is_told_of_aux():
    with pytest.raises(GradientError, match=r"returned a tuple.*a pair \(value, aux\) needs has_aux=True"):
        grad(lambda x: (x, x))(1.0)


def test_an_output_of_integers_is_told_of_aux():
    with pytest.raises(DTypeError, match=r"vjp: <lambda> returned int64 at \[1\].*has_aux=True"):
        vjp(lambda x: (x, np.argmax(x)), np.ones(2))


CONFIGURED = {"w": np.ones(2), "config": [1.0, {"lr": 3}]}


@pytest.mark.parametrize(
    "transform, name",
    [
        (lambda f, p: grad(f, argnums=1)(0.0, p), r"grad: args\[1\]\['config'\]\[1\]\['lr'\]"),
        (lambda f, p: vjp(f, 0.0, p), r"vjp: primals\[1\]\['config'\]\[1\]\['lr'\]"),
        (lambda f, p: jvp(f, (0.0, p), (0.0, p)), r"jvp: primals\[1\]\['config'\]\[1\]\['lr'\]"),
    ],
)
@pytest.mark.parametrize("setting, words", [(3, "int64, and .*2.0 instead of 2"), (True, "bool"), ("relu", "this str")])
def test_a_setting_among_the_parameters_is_named_by_its_place(transform, name, setting, words):
    with pytest.raises(DTypeError, match=f"{name} cannot be differentiated by: .*{words}"):
        transform(lambda x, p: x, {"w": np.ones(2), "config": [1.0, {"lr": setting}]})


@pytest.mark.parametrize("dz", [np.ones(3), 1.0, np.ones((1, 2)), [1.0]], ids=str)
def test_a_seed_of_another_shape_is_refused_with_both(dz):
    with pytest.raises(ShapeError, match=r"vjp: dz is \(.*; the value is \(2,\): they must be the same"):
        vjp(lambda x: x * 2, np.ones(2))[1](dz)


def test_seeds_and_tangents_of_another_structure_are_refused():
    _, pullback = vjp(lambda x: {"a": x}, 1.0)
    with pytest.raises(ShapeError, match=r"vjp: dz is a float and the value is a dict with \['a'\]"):
        pullback(1.0)
    with pytest.raises(ShapeError, match=r"vjp: dz\['a'\] is \(2,\); the value\['a'\] is \(\)"):
        pullback({"a": np.ones(2)})
    with pytest.raises(ShapeError, match=r"tangents is a tuple with \[0\] and primals is a tuple with \[0\], \[1\]"):
        jvp(lambda a, b: a, (1.0, 2.0), (1.0,))
    with pytest.raises(ShapeError, match=r"jvp: tangents\[0\]\['w'\] is \(3,\); primals\[0\]\['w'\] is \(2,\)"):
        jvp(lambda p: p["w"], ({"w": np.ones(2)},), ({"w": np.ones(3)},))


def test_complex_seeds_for_real_values_are_refused():
    with pytest.raises(DTypeError, match="dz is complex and the value is float64"):
        vjp(lambda x: x, 1.0)[1](1j)
    with pytest.raises(DTypeError, match=r"tangents\[0\] is complex and primals\[0\] is float64"):
        jvp(lambda x: x, (1.0,), (1j,))


@pytest.mark.parametrize("primals, tangents, name", [(np.ones(2), (1.0,), "primals"), ((1.0,), 1.0, "tangents")])
def test_primals_and_tangents_are_tuples(primals, tangents, name):
    with pytest.raises(DTypeError, match=rf"jvp: {name} is a tuple with one entry per argument, such as \(x,\)"):
        jvp(lambda x: x, primals, tangents)


@pytest.mark.parametrize("transform", [lambda J: grad(J)(1.0), lambda J: vjp(J, 1.0), lambda J: jvp(J, (1.0,), (1.0,))])
def test_a_value_in_place_of_the_function_is_refused(transform):
    with pytest.raises(DTypeError, match=r"takes a function, and got a Tensor: give f itself, not f\(x\)"):
        transform(Tensor(1.0))


@pytest.mark.parametrize("argnums", ["x", 1.0, (0, "x"), None])
def test_argnums_that_are_no_numbers_are_refused(argnums):
    with pytest.raises(DTypeError, match=r"argnums=.*: give the number of an argument, counted from 0"):
        grad(lambda x: x, argnums)


def test_the_made_functions_and_the_traced_arguments_have_names():
    assert grad(np.sin).__name__ == "grad(sin)"
    assert value_and_grad(np.sin).__doc__ == "value_and_grad(sin): made by tinygrad_edu.value_and_grad."
    names = []
    grad(lambda x, y: names.extend([x.name, y.name]) or x * y, (0, 1))(Tensor(1.0, name="x"), parameter(1.0, name="y"))
    assert names == ["x", "y"]


def test_argnums_may_be_a_numpy_integer_or_a_range():
    f = lambda x, y: x * y
    assert grad(f, np.int64(1))(2.0, 3.0) == 2.0
    assert grad(f, range(2))(2.0, 3.0) == (3.0, 2.0)


def test_a_hundred_matrices_agree_with_autograd():
    generator = np.random.default_rng(0)
    f = lambda xp, A, b: xp.tanh(A @ b) * xp.sum(A, axis=1) + xp.exp(-A[:, 0])
    for _ in range(100):
        n, m = generator.integers(1, 5, size=2)
        A, b, dz = (generator.normal(size=shape) for shape in ((n, m), (m,), (n,)))
        for got, i in zip(vjp(lambda A, b: f(np, A, b), A, b)[1](dz), range(2)):
            assert_close(got, autograd.grad(lambda A, b, dz=dz: anp.sum(dz * f(anp, A, b)), i)(A, b), 1e-13)

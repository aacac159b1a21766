"""`derive`: the equations of a recorded graph in the reader's names, exactly as one writes them by hand."""

import re
import threading

import numpy as np
import pytest
from calls import leaf, named

import tinygrad_edu as tg
from tinygrad_edu import functions as F
from tinygrad_edu.errors import ChangedDataError, DomainError, GradientError, GraphFreedError, ShapeError

rng = np.random.default_rng(12)

COURSE = """\
dA3 = -Y / A3 + (1 - Y) / (1 - A3)
dZ3 = dA3 * A3 * (1 - A3)
dW3 = dZ3 @ A2.T / m
db3 = sum(dZ3, axis=1, keepdims=True) / m
dA2 = W3.T @ dZ3
dZ2 = dA2 * (Z2 > 0)
dW2 = dZ2 @ A1.T / m
db2 = sum(dZ2, axis=1, keepdims=True) / m
dA1 = W2.T @ dZ2
dZ1 = dA1 * (Z1 > 0)
dW1 = dZ1 @ X.T / m
db1 = sum(dZ1, axis=1, keepdims=True) / m"""


def network(m=5):
    """(J, its tensors by name)."""
    net = tg.nn.DeepNetwork([4, 3, 2, 1], seed=1)
    Y = tg.Tensor((np.arange(m)[None] % 2).astype(float), name="Y")
    J = F.binary_cross_entropy(net(rng.standard_normal((4, m))), Y)
    return J, named(J)


def test_the_equations_of_the_course_are_exactly_those():
    assert str(tg.derive(network()[0], convention="course")) == COURSE


@pytest.mark.parametrize(("names", "size"), [({"m": 5}, "m"), (None, "5")])
def test_the_gradient_itself_has_its_1_over_m_at_the_loss_alone(names, size):
    loss, *others = COURSE.replace(" / m", "").splitlines()
    expected = [loss.replace("= ", f"= 1 / {size} * (") + ")", *others]
    assert str(tg.derive(network()[0], names=names)).splitlines() == expected


@pytest.mark.parametrize("convention", ["gradient", "course"])
def test_every_equation_computes_what_it_says(convention):
    """In the course's convention dZ and dA are m times the gradient, dW and db the gradient itself."""
    J, tensors = network()
    J.backward(retain_grads=True, retain_graph=True)
    values = {name: t.data for name, t in tensors.items()} | {"sum": np.sum, "m": 5}
    for line in str(tg.derive(J, convention=convention)).splitlines():
        exec(line, values)
    for name, t in tensors.items():
        if t.grad is not None:
            times = 5 if convention == "course" and not t.is_leaf else 1
            np.testing.assert_allclose(values[f"d{name}"], times * t.grad.data, rtol=1e-12)


def test_the_course_s_factor_is_that_of_any_mean_over_examples():
    A, Y = leaf(rng.uniform(0.2, 0.8, (1, 4)), "A"), tg.Tensor(np.ones((1, 4)), name="Y")
    labels = tg.Tensor(np.eye(2)[:, [0, 1, 1]], name="Y")
    for J, text in (
        (F.mse(A, Y), "dA = 2 * (A - Y) / m"),
        (F.binary_cross_entropy_with_logits(A, Y), "dA = (sigmoid(A) - Y) / m"),
        (((A - Y) ** 2).mean(), "dA = 2 * (A - Y) / m"),
        (
            F.cross_entropy(leaf(rng.standard_normal((2, 3)), "Z"), labels, axis=0),
            "dZ = (softmax(Z, axis=0) * sum(Y, axis=0, keepdims=True) - Y) / m",
        ),
    ):
        assert str(tg.derive(J, convention="course")) == text


PARENTHESES = {
    "a difference of a difference": (lambda x, y: x * (x - (y - x)), "dx = x - (y - x) + x + x\ndy = -x"),
    "a product with a sum": (lambda x, y: (x + y) * y, "dx = y\ndy = x + y + y"),
    "a whole power": (lambda x, y: x**3 * y, "dy = x ** 3\ndx = y * 3 * x ** 2"),
    "a square": (lambda x, y: x**2 * y, "dy = x ** 2\ndx = y * 2 * x"),
    "a sign": (lambda x, y: -x * y, "dy = -x\ndx = -y"),
    "a function": (lambda x, y: np.sin(x * y) * 1.0, "t1 = cos(x * y)\ndx = t1 * y\ndy = t1 * x"),
    "a quotient": (lambda x, y: x / y, "dx = 1 / y\ndy = -(x / y) / y"),
}


@pytest.mark.parametrize("case", PARENTHESES)
def test_parentheses_stand_where_precedence_needs_them(case):
    f, expected = PARENTHESES[case]
    x, y = leaf([1.0, 2.0], "x"), leaf([3.0, 5.0], "y")
    assert str(tg.derive(f(x, y).sum())) == expected


def test_what_is_used_twice_gets_a_name_and_what_is_used_once_is_part_of_its_user():
    x = leaf([1.0, 2.0], "x")
    h = x * 3.0
    assert str(tg.derive((h * np.exp(h)).sum())) == "t1 = x * 3.0\nt2 = exp(t1)\ndx = (t2 + t1 * t2) * 3.0"
    h.name = "h"
    assert str(tg.derive((h * np.exp(h)).sum())) == "t1 = exp(h)\ndh = t1 + h * t1\ndx = dh * 3.0"


def test_names_are_given_by_identity_to_tensors_and_arrays():
    W, X = leaf([[1.0, 2.0]]), np.ones((2, 3))
    J = np.tanh(W @ X).mean()
    assert str(tg.derive(J)) == "t2 = tanh(t1 @ c1)\ndt1 = 1 / 3 * (1 - t2 * t2) @ c1.T"
    assert str(tg.derive(J, names=locals())) == "t1 = tanh(W @ X)\ndW = 1 / 3 * (1 - t1 * t1) @ X.T"
    assert str(tg.derive(J, names={"lambda": W, "data set": X, "n": 3})).startswith("t1 = tanh(lambda_ @ data_set)\n")


def test_two_tensors_of_one_name_are_told_apart():
    a, b = leaf([1.0], "W"), leaf([2.0], "W")
    assert str(tg.derive((a * b).sum())) == "dW = W_2\ndW_2 = W"


def test_only_the_gradients_that_are_asked_for_are_derived():
    J, tensors = network()
    course = COURSE.splitlines()
    assert str(tg.derive(J, [tensors["W3"], tensors["Z3"]], convention="course")).splitlines() == course[:3]
    assert str(tg.derive(J, tensors["A2"], convention="course")).splitlines() == [*course[:2], course[4]]


def test_second_derivatives_derive_too():
    x, u = leaf([1.0, 2.0], "x"), tg.Tensor([3.0, 4.0], name="u")
    np.sin(x).sum().backward(create_graph=True)
    text = str(tg.derive((x.grad * u).sum()))
    values = {"x": x.data, "u": u.data, "sin": np.sin, "cos": np.cos}
    values["c1"] = np.ones(2)
    exec(text, values)
    np.testing.assert_allclose(values["dx"], -u.data * np.sin(x.data), rtol=1e-15)


def test_no_gradient_is_touched_no_hook_is_called_and_the_graph_stays():
    J, tensors = network()
    tensors["W1"].register_hook(lambda dW: pytest.fail("a hook was called"))
    tg.derive(J)
    assert all(t.grad is None for t in tensors.values())
    tg.derive(J, convention="course").source()


def test_other_threads_do_not_appear():
    x = leaf([1.0], "x")
    running, stop = threading.Event(), threading.Event()

    def busy():
        y = leaf([2.0], "y")
        while not stop.is_set():
            (y * y).sum().backward()
            running.set()

    thread = threading.Thread(target=busy)
    thread.start()
    running.wait()
    try:
        texts = {str(tg.derive((np.exp(x) * x).sum())) for _ in range(50)}
    finally:
        stop.set()
        thread.join()
    assert texts == {"t1 = exp(x)\ndx = t1 + x * t1"}


def test_a_long_chain_is_cut_into_lines_and_none_is_too_long():
    h = leaf([0.5], "x")
    for _ in range(3000):
        h = np.sin(h)
    d = tg.derive(h.sum())
    assert max(len(str(e)) for e in d.equations) < 250
    assert len(d.equations) > 300


def test_shapes_stand_beside_the_equations_on_demand():
    d = tg.derive(network()[0], convention="course")
    shapes = [e.shape for e in d.equations]
    assert shapes[:4] == [(1, 5), (1, 5), (1, 2), (1, 1)]
    assert [line.split("  # ")[1] for line in d.text(shapes=True).splitlines()] == list(map(str, shapes))


def test_a_notebook_shows_the_course_s_notation():
    latex = tg.derive(network()[0], convention="course").latex()
    assert latex.startswith("\\begin{aligned}\n")
    assert r"dA^{[3]} &= \frac{-Y}{A^{[3]}} + \frac{1 - Y}{1 - A^{[3]}} \\" in latex
    assert r"dZ^{[2]} &= dA^{[2]} \odot \left(Z^{[2]} > 0\right) \\" in latex
    assert r"dW^{[2]} &= \frac{dZ^{[2]} \, A^{[1]\top}}{m} \\" in latex
    assert latex.count("{") == latex.count("}")


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: tg.derive(np.ones(1)), GradientError, "derive.. takes a Tensor, .*this is a ndarray"),
        (lambda x: tg.derive(x * 2.0), ShapeError, "starts from one number"),
        (lambda x: tg.derive(x), ShapeError, "starts from one number"),
        (lambda x: tg.derive(tg.Tensor(1.0)), GradientError, "nothing to derive"),
        (lambda x: tg.derive(x.sum(), leaf([1.0], "y")), GradientError, "no gradient with respect to y"),
        (lambda x: tg.derive(x.sum(), ["x"]), GradientError, "no gradient with respect to this str"),
        (lambda x: tg.derive(x.sum(), convention="math"), DomainError, "convention='math'"),
        (lambda x: tg.derive(x.sum(), convention="course"), GradientError, "needs m, .* has no means"),
        (lambda x: tg.derive(x.mean() * x[:1].mean(), convention="course"), GradientError, "has 2 means"),
        (lambda x: tg.derive(x.sum(), []), GradientError, "leave wrt out"),
        (lambda x: tg.derive(x.sum(), 5), GradientError, "a Tensor or a list of them; this is a int"),
        (lambda x: tg.derive(x.sum(), names=["x"]), GradientError, "names= maps names"),
    ],
)
def test_bad_input_is_refused_with_its_cure(call, kind, message):
    with pytest.raises(kind, match=message):
        call(leaf([1.0, 2.0], "x"))


def test_a_freed_graph_says_how_to_keep_it():
    x = leaf([1.0], "x")
    J = (x * x).sum()
    J.backward(retain_graph=False)
    with pytest.raises(GraphFreedError, match="run the forward pass again"):
        tg.derive(J)


def test_m_stands_for_the_mean_s_size_and_for_no_other_number():
    A = leaf([[0.5]], "A")
    Y = tg.Tensor([[1.0]], name="Y")
    assert str(tg.derive(F.binary_cross_entropy(A, Y), convention="course")) == "dA = (-Y / A + (1 - Y) / (1 - A)) / m"
    A, Y = leaf([[0.5, 0.25]], "A"), tg.Tensor([[1.0, 0.0]], name="Y")
    assert str(tg.derive(F.mse(A, Y), convention="course")) == "dA = 2 * (A - Y) / m"
    x = leaf([1.0, 2.0, 4.0], "x")
    assert str(tg.derive((x**3).sum(), names={"epochs": 2, "x": x, "_": 3})) == "dx = 3 * x ** 2"


def test_m_names_the_examples_of_a_cross_entropy_too():
    Z, Y = leaf(rng.standard_normal((2, 3)), "Z"), tg.Tensor(np.eye(2)[:, [0, 1, 1]], name="Y")
    expected = "dZ = 1 / {} * (softmax(Z, axis=0) * sum(Y, axis=0, keepdims=True) - Y)"
    assert str(tg.derive(F.cross_entropy(Z, Y, axis=0), names={"m": 3})) == expected.format("m")
    assert str(tg.derive(F.cross_entropy(Z, Y, axis=0))) == expected.format("3")


def test_what_is_asked_for_or_has_a_name_keeps_its_line():
    x, y = leaf([1.0, 2.0], "x"), leaf([3.0, 5.0], "y")
    h = x * y
    assert str(tg.derive((h * h).sum(), h)) == "dt1 = t1 + t1"
    N = -y
    N.name = "N"
    Z = x + N
    Z.name = "Z"
    assert str(tg.derive((Z * Z).sum())) == "dZ = Z + Z\ndx = dZ\ndN = dZ\ndy = -dZ"
    with pytest.raises(GradientError, match="no gradient with respect to"):
        tg.derive(Z[0], Z[0])


def test_many_names_take_no_longer_each():
    h = leaf([0.5], "x")
    for _ in range(3000):
        h = np.sin(h) * h
        h.name = "h"
    names = [e.name for e in tg.derive(h.sum()).equations]
    assert len(set(names)) == len(names) > 3000


def test_slices_and_dots_are_written_out():
    W = leaf([[1.0, -2.0, 0.5]], "W")
    text = str(tg.derive((W[..., 1:] ** 2).sum()))
    assert text == "dW = scatter_add(2 * W[..., 1:], key=(..., slice(1, None, None)), shape=(1, 3))"


def test_data_replaced_after_the_forward_pass_is_noticed():
    W = leaf([1.0, 2.0], "W")
    J = (np.sin(W) * 2.0).sum()
    W.data = W.data * 2
    with pytest.raises(ChangedDataError, match="the data of W was replaced"):
        tg.derive(J)


def test_a_size_s_name_is_its_own_alone():
    w, X = leaf([1.0, 2.0, 4.0], "w"), np.ones(3)
    for name in ("np", "c1", "J", "dw", "lambda", "ﬁ"):
        d = tg.derive(np.mean((w * X) ** 2), names={name: np.int64(3)})
        (size,) = d.names.sizes.values()
        names = [size.name, *d.names.of.values()]
        assert len(set(names)) == len(names)
        assert f"1 / {size.name}" in str(d)


@pytest.mark.parametrize(("one", "other"), [("ﬁ", "fi"), ("²", "2"), ("__debug__", "x"), ("a b", "a_b")])
def test_names_that_python_reads_as_one_are_told_apart(one, other):
    d = tg.derive((leaf([1.0, 2.0], one) * leaf([3.0, 4.0], other)).sum())
    module = {}
    exec(d.source(), module)
    gradients = module["backward"](module["forward"](np.array([1.0, 2.0]), np.array([3.0, 4.0]))[1])
    assert sorted(g[0] for g in gradients.values()) == [1.0, 3.0]


@pytest.mark.parametrize(
    ("m", "dtype"), [(0, np.float64), (-1, np.float64), (70000, np.float16)], ids=["zero", "negative", "too large"]
)
def test_an_m_that_cannot_be_is_refused(m, dtype):
    w = tg.Tensor(np.ones((1, 2), dtype), requires_grad=True, name="w")
    with pytest.raises(DomainError, match=f"m={m}: m is 1 or more"):
        tg.derive(F.mse(w, np.zeros((1, 2), dtype)), convention="course", names={"m": m})


def test_complex_and_boolean_constants_have_latex_too():
    W = tg.Tensor(np.array([1 + 2j, 2, 3]), requires_grad=True, name="W")
    latex = tg.derive((abs(W ** (-1j)) ** 2).mean()).latex()
    assert r"t_{1} &= W^{(-0-1j)} \\" in latex
    assert (
        r"\cdot (-0-1j) \odot W^{\operatorname{where}\left(\operatorname{logical\_and}\left(W = 0,\, False\right)"
        in latex
    )


def test_an_index_of_what_has_an_index_is_no_double_subscript():
    x = tg.Tensor([1.0, 2.0, 3.0], requires_grad=True, name="x")
    latex = tg.derive(np.prod(x) * x[1:].sum() + np.linalg.norm(x)).latex()
    assert re.search(r"\{t_\{\d+\}\}_\{\[", latex)
    assert not re.search(r"t_\{\d+\}_\{", latex)
    assert r"\mathrm{keepdims}=\mathrm{False}" in latex


def rows(regularized=False):
    """A network of two layers with its examples in rows, as in docs/convention.md, and the cost."""
    X, T = rng.standard_normal((5, 4)), tg.Tensor(np.ones((5, 2)), name="T")
    V1, V2 = leaf(rng.standard_normal((3, 4)), "W1"), leaf(rng.standard_normal((2, 3)), "W2")
    Z = F.relu(X @ V1.T) @ V2.T
    Z.name = "Z"
    return F.mse(Z, T)


def test_what_is_transposed_twice_is_itself():
    text = str(tg.derive(rows()))
    assert "dZ @ W2 * (t1 > 0)" in text
    assert ".T.T" not in text


def test_a_transposed_of_a_transposed_is_no_double_superscript():
    W, X = leaf(rng.standard_normal((3, 2)), "W1"), tg.Tensor(np.ones((3, 4)), name="X")
    N = W.T
    N.name = "N"
    latex = tg.derive(((N @ X) ** 2).sum(), names={"N": N}).latex()
    assert r"dW^{[1]} &= dN^{\top}" in latex
    y = leaf([[1.0, 2.0]], "y")
    assert r"\left(y^{\top}\right)^{3}" in tg.derive((y.T**4).sum()).latex()
    assert not re.search(r"\^\{[^{}]*(\{[^{}]*\})?[^{}]*\}\^", tg.derive(rows()).latex())


def test_latex_brackets_a_product_of_entries_before_a_matrix_product():
    W1, W2 = leaf(rng.standard_normal((3, 4)), "W1"), leaf(rng.standard_normal((1, 3)), "W2")
    X, Y = tg.Tensor(np.ones((4, 5)), name="X"), tg.Tensor(np.ones((1, 5)), name="Y")
    latex = tg.derive(F.mse(F.sigmoid(W2 @ np.tanh(W1 @ X)), Y)).latex()
    assert (
        r"dW^{[1]} &= \left(W^{[2]\top} \, t_{3} \odot \left(1 - t_{1} \odot t_{1}\right)\right) \, X^{\top}" in latex
    )
    assert r"dW^{[2]} &= t_{3} \, t_{1}^{\top} \\" in latex

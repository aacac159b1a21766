"""einsum: the gradients that people derive by hand, other people's, and what its errors say."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.errors import NoRuleError, ShapeError
from tinygrad_edu.rules import contraction

rng = np.random.default_rng(0)


def gradients(subscripts, *arrays, dz=None, **options):
    """The gradients of sum(dz * einsum(...)) for all operands."""
    xs = [tg.Tensor(x, requires_grad=True) for x in arrays]
    z = np.einsum(subscripts, *xs, **options)
    z.backward(np.ones(z.shape) if dz is None else dz)
    return [x.grad.data for x in xs]


def test_the_gradient_of_a_matrix_product_is_the_one_of_the_course():
    W, A, dZ = rng.standard_normal((3, 4)), rng.standard_normal((4, 5)), rng.standard_normal((3, 5))
    dW, dA = gradients("lp,pm->lm", W, A, dz=dZ)
    np.testing.assert_allclose(dW, dZ @ A.T, rtol=1e-13)
    np.testing.assert_allclose(dA, W.T @ dZ, rtol=1e-13)


def test_a_letter_of_one_operand_alone_gives_the_same_gradient_along_it():
    da, db = gradients("ij,k->k", np.ones((2, 3)), np.array([1.0, 5.0]))
    np.testing.assert_array_equal(da, np.full((2, 3), 6.0))
    np.testing.assert_array_equal(db, [6, 6])


def test_the_gradient_of_a_diagonal_lies_on_the_diagonal():
    (da,) = gradients("ii->i", rng.standard_normal((3, 3)), dz=np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(da, np.diag([1.0, 2.0, 3.0]))
    (da,) = gradients("ii", rng.standard_normal((3, 3)), dz=np.array(2.0))
    np.testing.assert_array_equal(da, 2 * np.eye(3))
    (da,) = gradients("iii->i", np.zeros((2, 2, 2)), dz=np.array([1.0, 2.0]))
    np.testing.assert_array_equal(da, [[[1, 0], [0, 0]], [[0, 0], [0, 2]]])


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("ij,jk,kl->il", [(4, 5), (5, 6), (6, 3)]),
        ("ij,jk,kl", [(4, 5), (5, 6), (6, 3)]),
        ("bhqd,bhkd->bhqk", [(2, 2, 4, 3), (2, 2, 5, 3)]),
        ("...qd,...kd->...qk", [(2, 2, 4, 3), (2, 5, 3)]),
        ("i,ij,j->", [(4,), (4, 5), (5,)]),
        ("ab,cd,b->ac", [(4, 5), (6, 3), (5,)]),
    ],
)
@pytest.mark.parametrize("optimize", [False, True])
def test_gradients_agree_with_another_library(subscripts, shapes, optimize):
    arrays = [rng.standard_normal(shape) for shape in shapes]
    dz = rng.standard_normal(np.einsum(subscripts, *arrays).shape)
    actual = gradients(subscripts, *arrays, dz=dz, optimize=optimize)
    for i, dx in enumerate(actual):
        expected = autograd.grad(lambda *xs: anp.sum(dz * anp.einsum(subscripts, *xs)), i)(*arrays)
        np.testing.assert_allclose(dx, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("optimize", "operands", "expected"), [(False, 2, False), (True, 2, True), (False, 3, True)])
def test_with_three_factors_the_gradient_is_multiplied_in_the_best_order(monkeypatch, optimize, operands, expected):
    """One after the other takes n^3 steps, all at once n^4."""
    subscripts = ",".join(["ij", "jk", "kl"][:operands])
    xs = [tg.Tensor(np.ones((2, 2)), requires_grad=True) for _ in range(operands)]
    z = np.einsum(subscripts, *xs, optimize=optimize).sum()
    seen = []
    monkeypatch.setattr(contraction.np, "einsum", lambda *args, optimize: seen.append(optimize) or np.ones((2, 2)))
    z.backward()
    assert seen == [expected] * operands


@pytest.mark.parametrize("optimize", [False, True])
def test_a_letter_of_two_lengths_is_named_with_the_operands_and_the_subscripts(optimize):
    a, b = tg.Tensor(np.ones((2, 3))), np.ones((4, 5))
    with pytest.raises(
        ShapeError, match=r"einsum\('ij,jk->ik'\): .*\(2, 3\), \(4, 5\); 'j' is 3 in operand 0 and 4 in"
    ):
        np.einsum("ij,jk->ik", a, b, optimize=optimize)
    with pytest.raises(ShapeError, match=r"'i' is 2 in operand 0 and 3 in operand 0\."):
        np.einsum("ii", a)
    with pytest.raises(ShapeError, match=r"'j' is 3 in operand 1 and 4 in operand 2\."):  # 1 stretches, 3 does not
        np.einsum("ij,ij,ij", np.ones((2, 1)), a, np.ones((2, 4)))
    with pytest.raises(ShapeError, match=r"'b' is 3 in operand 0 and 2 in operand 1\."):  # under the ellipsis
        np.einsum("...,...", a, np.ones(2))

    with pytest.raises(ShapeError, match=r"'i' is 3 in operand 0 and 5 in operand 2\."):
        np.einsum("i,i,i", tg.Tensor(np.ones(3)), np.ones(1), np.ones(5))


@pytest.mark.parametrize(
    ("optimize", "reason"),
    [(False, "contains too many subscripts for operand 0."), (True, "number of indices for operand 0.")],
)
def test_lengths_are_not_blamed_for_a_wrong_number_of_subscripts(optimize, reason):
    with pytest.raises(ShapeError) as caught:
        np.einsum("ijk,ki->j", tg.Tensor(np.ones((2, 3))), np.ones((4, 5)), optimize=optimize)
    message = str(caught.value)
    assert message.endswith(reason)
    assert not message.endswith("..")


def test_an_ellipsis_that_is_kept_is_not_blamed_for_another_fault():
    with pytest.raises(ShapeError, match="'k' which never appeared in an input"):
        np.einsum("...i->...k", tg.Tensor(np.ones((2, 3))))


def test_the_gradient_of_a_product_is_one_contraction():
    """Nothing more to read, where no axis was stretched or summed alone."""
    a, b = (tg.Tensor(np.ones(shape), requires_grad=True) for shape in ((2, 3), (3, 4)))
    np.einsum("ij,jk->ik", a, b).backward(np.ones((2, 4)), create_graph=True)
    assert a.grad.op.name == b.grad.op.name == "contract"


def test_axes_under_an_ellipsis_must_go_somewhere():
    with pytest.raises(ShapeError, match=r"einsum\('\.\.\.i,i->i'\).*write '->\.\.\.i'\."):
        np.einsum("...i,i->i", tg.Tensor(np.ones((2, 3))), np.ones(3))


@pytest.mark.parametrize(
    ("subscripts", "operands", "reason"),
    [
        ("ij,jk->ik", 1, "the subscripts are for 2 operands, and there are 1"),
        ("ij,jk->ik", 3, "the subscripts are for 2 operands, and there are 3"),
        ("ijk->i", 1, "too many subscripts for operand 0"),
        ("i->i", 1, "more dimensions than subscripts"),
        ("ij->k", 1, "'k' which never appeared"),
        ("ij->ii", 1, "'i' multiple times"),
        ("...$", 1, "invalid subscript '\\$'|'\\$' is not"),
        ("i$", 1, "'\\$' in einsum|'\\$' in einstein"),
        ("ii", 1, "\\(1 != 3\\)"),
    ],
)
def test_what_else_is_wrong_is_said_by_numpy_after_the_subscripts(subscripts, operands, reason):
    shape = (1, 3) if subscripts == "ii" else (2, 2)
    with pytest.raises(ShapeError, match=reason) as caught:
        np.einsum(subscripts, *(tg.Tensor(np.ones(shape)) for _ in range(operands)))
    assert str(caught.value).startswith(f"einsum({subscripts!r}): the operands are {shape}")


@pytest.mark.parametrize(
    "options", [{"dtype": float}, {"order": "C"}, {"casting": "no"}, {"out": np.zeros(2)}, {"out": np.zeros((2, 2))}]
)
def test_what_no_rule_covers_is_refused_and_named(options):
    x = tg.Tensor(np.ones((2, 3)), requires_grad=True)
    (key,) = options
    with pytest.raises(NoRuleError, match=rf"(?s)einsum\(\.\.\., {key}=.*leave it out"):
        np.einsum("ij->i", x, **options)


def test_harmless_values_of_the_same_arguments_pass():
    x = tg.Tensor(np.ones((2, 3)), requires_grad=True)
    z = np.einsum("ij->i", x, out=None, dtype=None, order="K", casting="safe")
    assert z.requires_grad
    wide = np.einsum("ij->i", tg.Tensor(np.ones((2, 3), np.float32)), dtype=np.float64)  # nobody wants a gradient
    assert wide.dtype == np.float64


def test_numbers_stand_for_letters_in_numpys_order():
    """26 is after 25 as a is after Z."""
    x = rng.standard_normal((2, 3))
    for axes in ([0, 1], [1, 0], [25, 26], [26, 25], [51, 0]):
        np.testing.assert_array_equal(np.einsum(tg.Tensor(x), axes).data, np.einsum(x, axes))
    assert contraction.letters([0, 25, 26, 51, Ellipsis]) == "AZaz..."


def test_float32_stays_float32():
    for dx in gradients("ii,ij->", *(rng.standard_normal(s).astype(np.float32) for s in ((3, 3), (3, 4)))):
        assert dx.dtype == np.float32

"""What a hostile user found: each was a wrong number, or a crash that named nothing."""

import copy
import pickle
import sys
import threading

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, grad
from tinygrad_edu import functions as F
from tinygrad_edu.errors import DeclarationError, DTypeError, GradientError, ShapeError


def leaf(data, name=None):
    return Tensor(data, requires_grad=True, name=name)


@pytest.mark.parametrize("f", [F.sigmoid, F.softplus], ids=["sigmoid", "softplus"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, bool])
def test_activations_of_whole_numbers_do_not_wrap_around(f, dtype):
    x = np.array([0, 1, 100]).astype(dtype)
    np.testing.assert_array_equal(f(x), f(x.astype(float)))


@pytest.mark.parametrize("f", [F.softmax, F.log_softmax, F.logsumexp])
def test_softmax_of_whole_numbers_does_not_wrap_around(f):
    x = np.array([-128, 127], np.int8)
    np.testing.assert_array_equal(f(x, axis=0), f(x.astype(float), axis=0))


def test_an_index_changed_later_does_not_move_the_gradient():
    w, index = leaf(np.ones(4)), np.array([0, 1])
    a = w[index]
    index[:] = [2, 3]
    (a.sum() + 2 * w[index].sum()).backward()
    assert w.grad.data.tolist() == [1, 1, 2, 2]


def test_an_input_handed_over_by_name_gets_its_gradient():
    op = tg.primitive(lambda x, y: x * y, name="by_name", dx=lambda dz, z, x, y: dz * y, dy=lambda dz, z, x, y: dz * x)
    x, y = leaf(2.0), leaf(3.0)
    op(x, y=y).backward()
    assert (x.grad.item(), y.grad.item()) == (3.0, 2.0)


def test_a_required_parameter_that_is_left_out_raises_on_tensors_too():
    op = tg.primitive(lambda x, *, k: x * k, name="needs_k", dx=lambda dz, z, x, *, k: dz * k)
    for x in (2.0, leaf(2.0)):
        with pytest.raises(TypeError, match="k"):
            op(x)


def test_declaring_a_rule_for_a_function_that_has_one_is_refused():
    with pytest.raises(DeclarationError, match="tanh has a rule already"):
        tg.primitive(np.tanh, name="mine", dx=lambda dz, z, x: dz)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_masked_arrays_and_matrices_are_refused_by_name():
    for other in (np.ma.array([1.0, 99.0], mask=[0, 1]), np.matrix([[1.0, 2.0]])):
        with pytest.raises(DTypeError, match=type(other).__name__):
            leaf([1.0, 2.0]) * other


def test_variance_of_a_complex_step_agrees_with_finite_differences():
    C = np.array([1 + 2j, -1 + 0.5j, 0.3 - 1j])
    x = leaf([0.4, -0.3, 0.9])
    np.real(np.var(x * C)).backward()
    np.testing.assert_allclose(x.grad.data, tg.numeric.finite_difference(lambda v: np.var(v * C), x.data), rtol=1e-9)


def test_a_masked_logit_of_minus_infinity_leaves_the_loss_finite():
    Z = leaf([-np.inf, 1.0, 2.0])
    J = F.cross_entropy(Z, np.array(1), axis=0)
    J.backward()
    assert J.item() == pytest.approx(np.log(1 + np.e))
    assert np.isfinite(Z.grad.data).all()


def test_the_second_derivative_of_a_linear_function_is_zero():
    assert grad(grad(lambda x: 3 * x))(2.0) == 0
    assert grad(grad(grad(lambda x: x * x)))(2.0) == 0
    assert grad(grad(lambda x: F.relu(x)))(2.0) == 0


def test_a_leaf_crosses_processes_without_its_clock():
    w = leaf(np.ones(2), "w")
    for _ in range(3):
        w.data = w.data * 0.5
    for twin in (pickle.loads(pickle.dumps(w)), copy.deepcopy(w)):
        J = (twin * twin).sum()
        grad(lambda x: x * x)(2.0)
        J.backward()
        assert twin.grad.data.tolist() == [0.25, 0.25] and twin.name == "w" and w.grad is None
    with pytest.raises(GradientError, match="detach"):
        pickle.dumps(w * 2)


@pytest.mark.parametrize("f", [np.sum, np.max, np.min, np.prod, np.cumsum])
def test_a_number_reduced_along_axis_0_has_a_gradient(f):
    x = leaf(2.0)
    f(x, axis=0).sum().backward()
    assert x.grad.data == 1.0


def test_one_no_grad_serves_several_threads():
    shared, barrier, seen = tg.no_grad(), threading.Barrier(2), []

    def work():
        with shared:
            barrier.wait()
            inside = (leaf(1.0) * 2).requires_grad
            barrier.wait()
        seen.append((inside, (leaf(1.0) * 2).requires_grad))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [(False, True)] * 2


def test_grad_takes_only_what_can_be_one():
    w = leaf(np.ones(2), "w")
    with pytest.raises(DTypeError, match=r"grad of w.*ndarray"):
        w.grad = np.zeros(2)
    with pytest.raises(ShapeError, match=r"\(3, 1\)"):
        w.grad = Tensor(np.zeros((3, 1)))


def test_a_number_where_a_matrix_is_needed_is_one_of_our_errors():
    with pytest.raises((DTypeError, ShapeError), match="affine"):
        tg.nn.Dense(2, 1, seed=0)(1.0)


def test_a_module_that_knows_its_parent_is_walked_once():
    class Child(tg.nn.Module):
        def __init__(self, parent):
            super().__init__()
            self.parent, self.w = parent, leaf([1.0])

    class Parent(tg.nn.Module):
        def __init__(self):
            super().__init__()
            self.child = Child(self)

    assert [name for name, _ in Parent().named_parameters()] == ["child.w"]
    assert len(list(Parent().modules())) == 2


def test_a_gradient_that_is_the_data_itself_is_copied():
    op = tg.primitive(lambda x: (x * x) / 2, name="half_square", dx=lambda dz, z, x: x)
    x = leaf([1.0, 2.0])
    op(x).backward(np.ones(2))
    assert not np.shares_memory(x.grad.data, x.data)


def test_threads_that_share_a_leaf_lose_no_gradient():
    w = Tensor(np.ones(3), requires_grad=True)
    X = np.ones((20, 3))

    def work():
        for _ in range(300):
            (X @ w).sum().backward()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert w.grad.data.tolist() == [24000.0] * 3

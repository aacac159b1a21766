"""Optimizers against numbers worked out by hand, and against loops written here in NumPy alone."""

import math

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor
from tinygrad_edu.errors import DomainError, GradientError
from tinygrad_edu.optim import SGD, Adam, Optimizer, adam_update, momentum_update, sgd_update

RATES = [0.5, np.float64(0.5), np.float32(0.5), 1]


def parameter(*values, dtype=float, gradient=None):
    p = Tensor(np.array(values, dtype), requires_grad=True)
    if gradient is not None:
        p.grad = Tensor(np.array(gradient, dtype))
    return p


def gradients(steps, size=4, seed=0):
    return np.random.default_rng(seed).standard_normal((steps, size))


def run(optimizer, p, dps):
    """The parameter after each step."""
    path = []
    for dp in dps:
        p.grad = Tensor(dp.astype(p.dtype))
        optimizer.step()
        path.append(p.data)
    return np.array(path)


# By hand


def test_sgd_moves_against_the_gradient():
    p = parameter(1.0, -2.0, gradient=[0.5, -4.0])
    SGD([p], lr=0.1).step()
    assert np.allclose(p.data, [0.95, -1.6], rtol=0, atol=1e-16)


def test_momentum_by_hand():
    # v: 1, 1.5, 1.75;  p: 0 - 0.1 * (1, 2.5, 4.25)
    p = parameter(0.0)
    path = run(SGD([p], lr=0.1, momentum=0.5), p, np.ones((3, 1)))
    assert np.allclose(path[:, 0], [-0.1, -0.25, -0.425], rtol=1e-15)


def test_momentum_under_a_constant_gradient_is_a_geometric_series():
    p, lr, momentum, n = parameter(0.0), 0.01, 0.9, 50
    path = run(SGD([p], lr=lr, momentum=momentum), p, np.ones((n, 1)))
    t = np.arange(1, n + 1)
    # v_t = (1 - mu^t) / (1 - mu), and p_n = -lr * (v_1 + ... + v_n)
    expected = -lr * (t - momentum * (1 - momentum**t) / (1 - momentum)) / (1 - momentum)
    assert np.allclose(path[:, 0], expected, rtol=1e-12)


def test_sgd_on_a_parabola_shrinks_by_a_constant_factor():
    p = parameter(3.0)  # J = 2 p^2, dJ/dp = 4 p, so p shrinks by 1 - 4 lr
    optimizer = SGD([p], lr=0.05)
    for _ in range(20):
        optimizer.zero_grad()
        (2 * p * p).sum().backward()
        optimizer.step()
    assert math.isclose(p.data[0], 3 * 0.8**20, rel_tol=1e-12)


def test_the_first_step_of_adam_is_lr_against_the_sign():
    dp = np.array([1e-3, -7.0, 1e5, 0.0])
    p = parameter(0, 0, 0, 0, gradient=dp)
    Adam([p], lr=0.02).step()
    assert np.allclose(p.data, -0.02 * np.sign(dp), rtol=2e-5)
    assert p.data[3] == 0


def test_adam_under_a_constant_gradient_moves_lr_each_step():
    p = parameter(0.0)  # v^ = g and s^ = g^2 at every t
    path = run(Adam([p], lr=0.01), p, np.full((30, 1), 4.0))
    assert np.allclose(path[:, 0], -0.01 * np.arange(1, 31), rtol=1e-8)


def test_two_steps_of_adam_by_hand():
    # beta1 = beta2 = 1/2, g = 1, 2: v = 1/2, 5/4; s = 1/2, 9/4; v^ = 1, 5/3; s^ = 1, 3
    p = parameter(0.0)
    path = run(Adam([p], lr=1.0, betas=(0.5, 0.5), eps=1e-300), p, np.array([[1.0], [2.0]]))
    assert np.allclose(path[:, 0], [-1, -1 - 5 / 3 / math.sqrt(3)], rtol=1e-15)


# Against independent loops


def test_sgd_with_momentum_is_the_loop_of_numpy():
    dps, p0 = gradients(40), np.array([1.0, 2.0, -3.0, 0.0])
    p, expected, v = parameter(*p0), p0.copy(), np.zeros(4)
    path = run(SGD([p], lr=0.03, momentum=0.8), p, dps)
    for got, dp in zip(path, dps):
        v *= 0.8
        v += dp
        expected -= 0.03 * v
        assert np.allclose(got, expected, rtol=1e-13, atol=1e-14)


def test_adam_is_the_loop_of_numpy():
    dps, p0 = gradients(60), np.array([1.0, 2.0, -3.0, 0.0])
    p, expected, m, v = parameter(*p0), p0.copy(), np.zeros(4), np.zeros(4)
    path = run(Adam([p], lr=0.05, betas=(0.8, 0.95), eps=1e-6), p, dps)
    for t, (got, g) in enumerate(zip(path, dps), start=1):
        m = 0.8 * m + 0.2 * g
        v = 0.95 * v + 0.05 * g**2
        m_hat, v_hat = m / (1 - 0.8**t), v / (1 - 0.95**t)
        expected = expected - 0.05 * m_hat / (np.sqrt(v_hat) + 1e-6)
        assert np.allclose(got, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.1), lambda p: SGD(p, 0.1, 0.9), lambda p: Adam(p, 0.1)])
def test_float32_follows_float64_and_stays_float32(make):
    dps = gradients(20)
    p32, p64 = parameter(1, 2, 3, 4, dtype=np.float32), parameter(1, 2, 3, 4)
    path32, path64 = (run(make([p]), p, dps) for p in (p32, p64))
    assert path32.dtype == p32.grad.dtype == np.float32
    assert np.allclose(path32, path64, rtol=1e-5, atol=1e-5)


# How parameters are treated


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.1), lambda p: SGD(p, 0.1, 0.9), lambda p: Adam(p, 0.1)])
def test_step_rebinds_the_data_and_writes_into_nothing(make):
    start, dp = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    p = Tensor(start, requires_grad=True)
    p.grad = Tensor(dp)
    optimizer = make([p])
    for _ in range(3):
        before, copy = p.data, p.data.copy()
        optimizer.step()
        assert p.data is not before and np.array_equal(before, copy)
    assert start.tolist() == [1, 2] and dp.tolist() == [3, 4]


def test_parameters_without_a_gradient_stay_and_keep_their_state():
    p, q = parameter(1.0, gradient=[1.0]), parameter(1.0)
    optimizer = Adam([p, q], lr=0.1)
    kept = q.data
    for _ in range(5):
        optimizer.step()
    assert q.data is kept
    q.grad = Tensor([3.0])
    optimizer.step()
    assert math.isclose(q.data[0], 0.9, rel_tol=1e-7)  # its own first step: lr against the sign


def test_state_belongs_to_each_parameter():
    dps = gradients(10, size=2)
    together = [parameter(1.0), parameter(5.0)]
    both = Adam(together, lr=0.1)
    for dp in dps:
        for p, g in zip(together, dp):
            p.grad = Tensor([g])
        both.step()
    for i, start in enumerate((1.0, 5.0)):
        alone = parameter(start)
        run(Adam([alone], lr=0.1), alone, dps[:, i : i + 1])
        assert np.array_equal(alone.data, together[i].data)


def test_the_learning_rate_may_change_between_steps():
    p = parameter(0.0, gradient=[1.0])
    optimizer = SGD([p], lr=0.5)
    optimizer.step()
    optimizer.lr = 0.25
    optimizer.step()
    assert p.data[0] == -0.75


@pytest.mark.parametrize("lr", RATES)
@pytest.mark.parametrize("make", [SGD, lambda p, lr: SGD(p, lr, 0.5), Adam])
def test_a_learning_rate_of_any_number_type_leaves_float32_alone(make, lr):
    p = parameter(0.0, dtype=np.float32, gradient=[1.0])
    optimizer = make([p], lr)
    optimizer.step()
    assert p.dtype == np.float32 and math.isclose(p.data[0], -lr, rel_tol=1e-6)
    optimizer.lr = np.float64(0.25)  # as a schedule made by np.linspace hands it over
    optimizer.step()
    assert p.dtype == np.float32


def test_zero_grad_forgets_and_without_it_gradients_add_up():
    p = parameter(2.0)
    optimizer = SGD([p], lr=1.0)
    for _ in range(2):
        (3 * p).sum().backward()
    assert p.grad.data[0] == 6
    optimizer.zero_grad()
    assert p.grad is None


def test_updating_between_forward_and_backward_is_noticed():
    p = parameter(2.0, gradient=[1.0])
    J = (p * p).sum()
    SGD([p], lr=0.1).step()
    with pytest.raises(GradientError, match="replaced"):
        J.backward()


# Errors


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (lambda: [], "empty"),
        (lambda: parameter(1.0), r"write \[W\]"),
        (lambda: [Tensor([1.0], name="X")], "X is no parameter"),
        (lambda: [parameter(1.0) * 2], "the result of multiply is no parameter"),
        (lambda: [np.ones(2)], "no parameter"),
    ],
)
def test_what_is_no_parameter_is_refused(parameters, words):
    with pytest.raises(GradientError, match=words):
        SGD(parameters(), lr=0.1)


def test_a_used_up_generator_is_noticed():
    net = tg.nn.Dense(2, 1, seed=0)
    parameters = net.parameters()
    SGD(parameters, lr=0.1)
    with pytest.raises(GradientError, match="a generator used twice"):
        SGD(parameters, lr=0.1)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: SGD(p, lr=0.0),
        lambda p: SGD(p, lr=-1.0),
        lambda p: Adam(p, lr=math.nan),
        lambda p: Adam(p, lr=math.inf),
        lambda p: SGD(p, lr=0.1, momentum=1.0),
        lambda p: SGD(p, lr=0.1, momentum=-0.1),
        lambda p: Adam(p, betas=(1.0, 0.9)),
        lambda p: Adam(p, betas=(0.9, math.nan)),
        lambda p: Adam(p, eps=0.0),
    ],
)
def test_rates_out_of_range_are_refused(make):
    with pytest.raises(DomainError):
        make([parameter(1.0)])


def test_step_before_backward_says_so_and_changes_nothing():
    p = parameter(1.0)
    optimizer = Adam([p])
    with pytest.raises(GradientError, match=r"call backward\(\) first"):
        optimizer.step()
    assert p.data[0] == 1 and optimizer.steps == 0


def test_an_optimizer_without_an_update_is_abstract():
    with pytest.raises(NotImplementedError):
        Optimizer([parameter(1.0, gradient=[1.0])], lr=0.1).step()


# Updates are expressions: fed with Tensors they give a graph


def test_the_slope_of_a_step_by_its_learning_rate():
    p, dp = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    # J = |p - lr dp|^2, dJ/dlr = -2 dp . (p - lr dp)
    slope = tg.grad(lambda lr: (sgd_update(p, dp, lr) ** 2).sum())(0.1)
    assert math.isclose(slope, -2 * dp @ (p - 0.1 * dp), rel_tol=1e-14)


def test_momentum_update_on_tensors_gives_gradients():
    v, momentum, lr = Tensor([2.0], requires_grad=True), 0.5, 0.1
    new_p, new_v = momentum_update(Tensor([1.0]), Tensor([3.0]), v, lr, momentum)
    assert new_v.data.tolist() == [4.0] and math.isclose(new_p.data[0], 0.6)
    new_p.sum().backward()
    assert math.isclose(v.grad.data[0], -lr * momentum)


def test_adam_update_on_tensors_has_the_slope_of_finite_differences():
    dp, v, s = np.array([0.5, -1.0]), np.array([0.1, 0.2]), np.array([0.3, 0.4])

    def moved(lr, dp):
        return (adam_update(np.ones(2), dp, v, s, 3, lr, 0.9, 0.99, 1e-8)[0] ** 3).sum()

    assert tg.gradcheck(moved, [np.array(0.1), dp])
    for x in adam_update(Tensor(np.ones(2)), Tensor(dp), v, s, 3, 0.1, 0.9, 0.99, 1e-8):
        assert type(x) is Tensor


def test_a_parameter_listed_twice_is_refused():
    p = Tensor([1.0], requires_grad=True)
    with pytest.raises(GradientError, match="twice"):
        SGD([p, p], lr=0.1)

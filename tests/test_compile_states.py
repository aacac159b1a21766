"""What a compiled function depends on, and what it changes: nothing is read once and then repeated."""

import numpy as np
import pytest
from trainers import OPTIMIZERS, Trainer, batch, same

import tinygrad_edu as tg
from tinygrad_edu import functions
from tinygrad_edu.errors import CompileError, DomainError


def test_a_rate_that_is_changed_between_calls_is_seen():
    a, b = Trainer(OPTIMIZERS["Adam"]), Trainer(OPTIMIZERS["Adam"], compiled=True)
    for i in range(5):
        for trainer in (a, b):
            trainer.optimizer.lr = 0.1 / (1 + i)
            trainer.step(*batch(i))
    same(a.everything(), b.everything())
    assert b.step.traces == 1


def test_random_steps_draw_anew_at_each_call():
    a, b = Trainer(dropout=0.5), Trainer(dropout=0.5, compiled=True)
    costs = []
    for _ in range(5):
        X, Y = batch(0)
        costs.append(float(b.step(X, Y)))
        assert float(a.step(X, Y)) == costs[-1]
    same(a.everything(), b.everything())
    assert len(set(costs)) == 5


def test_a_seed_that_is_set_between_calls_is_seen():
    x = np.ones(50)
    f = tg.compile(lambda x: functions.dropout(x))
    f(x)
    tg.seed(3)
    first = [f(x), f(x)]
    tg.seed(3)
    same([f(x), f(x)], first)
    tg.seed(3)
    same([functions.dropout(x), functions.dropout(x)], first)


def test_a_generator_is_for_steps_to_draw_from():
    rng, other = np.random.default_rng(0), np.random.default_rng(0)
    with pytest.raises(CompileError, match=r"draws random numbers by itself.*functions\.dropout"):
        tg.compile(lambda x: x * rng.random())(np.ones(3))
    rng = np.random.default_rng(0)
    f = tg.compile(lambda x: functions.dropout(x, rng=rng))
    same([f(np.ones(9)) for _ in range(3)], [functions.dropout(np.ones(9), rng=other) for _ in range(3)])


def test_training_mode_belongs_to_the_signature():
    a, b = Trainer(dropout=0.5), Trainer(dropout=0.5, compiled=True)
    for i in range(6):
        for trainer in (a, b):
            trainer.dropout.train(i % 2 == 0)
            trainer.step(*batch(0))
    same(a.everything(), b.everything())
    assert b.step.traces == 2


def test_no_grad_belongs_to_the_signature():
    W = tg.Tensor([1.0, 2.0], requires_grad=True)
    f = tg.compile(lambda x: (W * x).requires_grad)
    assert f(np.ones(2)) is True
    with tg.no_grad():
        assert f(np.ones(2)) is False
    assert f.traces == 2


def test_new_data_of_a_parameter_is_read():
    W = tg.Tensor([1.0, 2.0], requires_grad=True)
    f = tg.compile(lambda x: (W * x).sum())
    assert float(f(np.ones(2))) == 3.0
    W.data = np.array([5.0, 6.0])
    assert float(f(np.ones(2))) == 11.0
    W.data[0] = 0.0
    assert float(f(np.ones(2))) == 6.0
    assert f.traces == 1


def test_a_parameter_that_is_frozen_between_calls_stays_as_it_is():
    a, b = Trainer(), Trainer(compiled=True)
    for trainer in (a, b):
        trainer.step(*batch(0))
        W = next(iter(trainer.net.parameters()))
        W.grad = None
        W.requires_grad = False
        trainer.step(*batch(1))
    same(a.everything(), b.everything())
    assert b.step.traces == 2


def test_captured_arrays_are_read_by_reference():
    X = np.array([1.0, 2.0])
    f = tg.compile(lambda c: np.multiply(c, X).sum())
    for value in (1.0, 7.0):
        X[0] = value
        assert f(np.float64(2.0)) == 2 * (value + 2)
    part = tg.compile(lambda c: (c * X[:1]).sum())
    for value in (1.0, 7.0, 9.0):
        X[0] = value
        assert part(np.float64(2.0)) == 2 * value
    assert f.traces == part.traces == 1


def test_a_captured_variable_that_gets_another_value_is_traced_again():
    X, scale = np.ones(2), 1.0
    f = tg.compile(lambda c: (c * X).sum() * scale)
    assert f(np.float64(2.0)) == 4.0
    X = np.full(2, 5.0)
    assert f(np.float64(2.0)) == 20.0
    scale = 10.0
    assert f(np.float64(2.0)) == 200.0


def test_a_python_count_inside_raises_and_changes_nothing():
    W = tg.Tensor([1.0], requires_grad=True)
    n = 0

    def step(x):
        nonlocal n
        n += 1
        W.data = W.data - x / n
        return W.data.sum()

    with pytest.raises(CompileError, match=r"step sets n, and later calls would not.*keep it in a Tensor"):
        tg.compile(step)(np.ones(1))
    assert W.data == 1.0


LEAKS = {
    ".item()": lambda J, x: J.item(),
    ".numpy()": lambda J, x: J.numpy() * 2,
    "float": lambda J, x: float(J),
    "int": lambda J, x: int(J),
    "complex": lambda J, x: complex(J),
    "a branch": lambda J, x: J if J > 0 else -J,
    "a format": lambda J, x: f"{J:.3f}",
    "repr": lambda J, x: str(J),
    "a list": lambda J, x: x.tolist(),
    "an array": lambda J, x: np.asarray(x),
    "a range": lambda J, x: range(x.astype(int)[0]),
    "a question": lambda J, x: 1.0 in x,
    "an index": lambda J, x: x[x > 0],
    "a NumPy function without a rule": lambda J, x: np.histogram(x),
    "random numbers": lambda J, x: J * np.random.random(),
    "a seed": lambda J, x: functions.dropout(x, rng=0),
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_a_value_that_would_be_repeated_raises_and_changes_nothing(leak):
    W = tg.Tensor([3.0, 4.0], requires_grad=True, name="W")

    def step(x):
        J = (W * x).sum()
        J.backward()
        W.data = W.data - W.grad.data
        return leak(J, x)

    before = W.data
    f = tg.compile(step)
    for _ in range(2):
        with pytest.raises(CompileError, match=r"^compile: .*: .*\.$"):
            f(np.array([1.0, 2.0]))
        assert W.data is before and W.grad is None and f.traces == 0
    assert float(W.data[0]) == 3.0  # and Tensors give their numbers again
    assert float(tg.Tensor(1.0)) == 1.0


def test_data_read_inside_stays_recorded():
    W = tg.Tensor([1.0, 2.0], requires_grad=True)
    f = tg.compile(lambda x: (W.data * x.data).sum() + W.detach().sum())
    for value in (1.0, 5.0):
        W.data = np.full(2, value)
        for x in (1.0, 2.0):
            assert float(f(np.full(2, x))) == 2 * value * x + 2 * value


def test_a_gradient_from_before_raises():
    trainer = Trainer(compiled=True)
    plain = Trainer()
    plain.step(*batch(0))
    W = next(iter(plain.net.parameters()))

    @tg.compile
    def step(X, Y):
        J = functions.binary_cross_entropy_with_logits(plain.net.logits(X), Y)
        J.backward()

    before = W.grad.data.copy()
    with pytest.raises(CompileError, match=r"W\d has a \.grad from before this call.*zero_grad\(\)"):
        step(*batch(0))
    same(W.grad.data, before)
    trainer.step(*batch(0))


def test_gradients_that_a_call_leaves_are_there_and_its_own():
    W = tg.Tensor([1.0, 2.0], requires_grad=True)

    @tg.compile
    def gradient(x):
        W.grad = None
        (W * W * x).sum().backward()

    found = []
    for x in (1.0, 2.0, 3.0):
        assert gradient(np.full(2, x)) is None
        found.append(W.grad)
    assert [g.data.tolist() for g in found] == [[2.0, 4.0], [4.0, 8.0], [6.0, 12.0]]
    found[-1].data[0] = 100.0
    gradient(np.ones(2))
    assert W.grad.data.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("fast", [False, None])
def test_gradients_of_two_tensors_share_no_memory(fast):
    found = []
    for compiled in (False, True):
        W, V = tg.Tensor([1.0, 2.0], requires_grad=True), tg.Tensor([5.0, 6.0], requires_grad=True)

        def step(x, W=W, V=V):
            W.grad = V.grad = None
            ((W + V) * x).sum().backward()
            return W.grad, V.grad

        step = tg.compile(step, fast=fast) if compiled else step
        for _ in range(2):
            results = step(np.array([1.0, 2.0]))
        assert not compiled or not any(np.shares_memory(r.data, p.grad.data) for r in results for p in (W, V))
        for p in (W, V):
            p.grad.data[...] *= 0.5
        found.append([W.grad.data, V.grad.data])
    same(*found)
    assert found[1][0].tolist() == [0.5, 1.0]


def test_results_do_not_share_memory_with_later_calls_or_states():
    W = tg.Tensor(np.ones(3), requires_grad=True)

    @tg.compile
    def step(x):
        y = W * x
        W.data = W.data + 1
        return [y, y.reshape(3, 1), y.T, W, x, W.data]

    calls = [[getattr(z, "numpy", lambda z=z: z)() for z in step(np.full(3, float(i)))] for i in range(4)]
    kept = [[np.array(z) for z in zs] for zs in calls]
    step(np.full(3, 50.0))
    for zs, expected in zip(calls, kept, strict=True):
        for z, e in zip(zs, expected, strict=True):
            same(z, e)
            assert not np.shares_memory(z, W.data)
    assert [zs[3][0] for zs in calls] == [2.0, 3.0, 4.0, 5.0]


def test_arrays_that_a_user_holds_are_not_written_to():
    start = np.ones(3)
    W = tg.Tensor(start, requires_grad=True)

    @tg.compile
    def step(x):
        W.data = W.data * x

    seen = []
    for i in range(6):
        step(np.full(3, 2.0))
        seen.append(W.data if i % 2 else W.data[1:])
    assert start.tolist() == [1.0, 1.0, 1.0]
    assert [a[0] for a in seen] == [2.0**i for i in range(1, 7)]
    assert step.traces == 1


def test_a_parameter_that_was_written_is_newer_than_steps_that_used_it():
    trainer = Trainer(compiled=True)
    trainer.step(*batch(0))
    for p in trainer.net.parameters():
        p.grad = None
    J = trainer.net.logits(batch(0)[0]).sum()
    trainer.step(*batch(0))
    with pytest.raises(tg.errors.ChangedDataError):
        J.backward()


def test_states_that_exchange_their_data():
    a, b = tg.Tensor([1.0]), tg.Tensor([2.0])

    @tg.compile
    def swap():
        a.data, b.data = b.data, a.data

    for expected in ([2.0, 1.0], [1.0, 2.0], [2.0, 1.0]):
        swap()
        assert [a.data[0], b.data[0]] == expected


def test_two_tensors_of_one_array_are_told_apart_when_they_part():
    array = np.ones(2)
    a, b = tg.Tensor(array), tg.Tensor(array)
    f = tg.compile(lambda: (a * 10 + b).sum())
    assert [float(f()), float(f())] == [22.0, 22.0]
    b.data = np.zeros(2)
    assert float(f()) == 20.0


def test_data_that_nobody_else_holds_is_updated_in_place():
    trainer = Trainer(compiled=True)
    trainer.step(*batch(0))
    trainer.step(*batch(0))
    arrays = [id(p._array) for p in trainer.net.parameters()]
    for i in range(3):
        trainer.step(*batch(i))
    assert [id(p._array) for p in trainer.net.parameters()] == arrays


def test_labels_differ_from_call_to_call_and_a_wrong_one_is_refused():
    Z = tg.Tensor(np.random.default_rng(0).standard_normal((3, 4)), requires_grad=True, name="Z")
    f = tg.compile(lambda y: functions.cross_entropy(Z, y, axis=0))
    for y in ([0, 1, 2, 0], [2, 2, 1, 0]):
        y = np.array(y)
        same(f(y), functions.cross_entropy(Z, y, axis=0).detach())
    with pytest.raises(DomainError, match="Z has 3 classes"):
        f(np.array([0, 1, 2, 3]))
    assert f.traces == 1


def test_two_tensors_on_one_array_part_where_the_function_lets_them():
    data = np.zeros(1)
    a, b = tg.Tensor(data), tg.Tensor(data)

    @tg.compile
    def step():
        a.data = a.data + 1
        b.data = a.data

    for count in (1.0, 2.0, 3.0, 4.0):
        step()
        assert (a.data, b.data) == (count, count)


def test_verify_puts_no_other_array_into_a_tensor_that_is_only_read():
    W = tg.Tensor([1.0, 2.0])
    data = W.data
    f = tg.compile(lambda x: (W * x).sum(), verify=True)
    for _ in range(3):
        f(np.ones(2))
    assert W.data is data


class Growing:
    """Numbers that a function finds in a way that no guard sees."""

    def __init__(self):
        self.table = np.zeros(1)

    def count(self):
        return np.int64(self.table[0]).item()


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x, n: (x * 1.0, n), "a result of the compiled"),
        (lambda x, n: [x] * (n + 1), "the number of results"),
        (lambda x, n: [x] * (3 - n), "the number of results"),
        (lambda x, n: [0.5] * (n + 1), "the number of results"),
    ],
    ids=["a number", "more arrays", "fewer arrays", "more numbers"],
)
def test_verify_compares_python_values_and_how_many_results_there_are(f, message):
    growing = Growing()
    compiled = tg.compile(lambda x: f(x, growing.count()), verify=True)
    compiled(np.ones(1))
    growing.table[0] += 1
    with pytest.raises(CompileError, match=message):
        compiled(np.ones(1))

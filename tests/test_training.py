"""Training to the end: no NaN, no silent stop, the same numbers for the same seed, and the promised accuracy."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from tinygrad_edu import data, manual
from tinygrad_edu.data import Split
from tinygrad_edu.errors import DataError, DomainError
from tinygrad_edu.nn import DeepNetwork
from tinygrad_edu.optim import SGD, Adam
from tinygrad_edu.training import accuracy, confusion, fit, predict, targets


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """As in the command: for products this small, a second thread costs more than it brings."""
    with threadpool_limits(1):
        yield


def digits(classes, dtype=np.float64):
    split = data.load_digits(dtype)
    return split if classes == 10 else split._replace(y_train=split.y_train % 2, y_test=split.y_test % 2)


def network(classes, seed, dtype=np.float64, hidden=(128, 64)):
    outputs, last = (10, "softmax") if classes == 10 else (1, "sigmoid")
    return DeepNetwork([64, *hidden, outputs], ["relu"] * len(hidden) + [last], seed=seed, dtype=dtype)


def train(net, optimizer, split, seed=0, epochs=5, batch_size=64):
    return list(fit(net, optimizer, split, epochs=epochs, batch_size=batch_size, rng=np.random.default_rng(seed)))


def cost_by_hand(net, split):
    X, Y = split.X_train.astype(float), targets(net, split.y_train).astype(float)
    parameters = {name: p.data.astype(float) for name, p in net.named_parameters()}
    AL, _ = manual.L_model_forward(X, parameters, net.activations)
    return manual.compute_cost(AL, Y, net.activations[-1])


RUNS = [
    (SGD, 0.5, 2),
    (SGD, 0.5, 10),
    (SGD, 0.1, 2),
    (SGD, 0.1, 10),
    (Adam, 0.5, 2),
    (Adam, 0.5, 10),
    (Adam, 0.1, 2),
    (Adam, 0.1, 10),
    (Adam, 0.002, 2),
    (Adam, 0.002, 10),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("optimizer", "lr", "classes"), RUNS)
def test_twenty_runs_up_to_a_learning_rate_of_one_half_end_with_a_finite_cost(optimizer, lr, classes, dtype):
    split, net = digits(classes, dtype), network(classes, seed=RUNS.index((optimizer, lr, classes)), dtype=dtype)
    history = train(net, optimizer(net.parameters(), lr), split)
    assert [epoch.number for epoch in history] == [0, 1, 2, 3, 4, 5]
    assert all(np.isfinite(epoch.cost) for epoch in history)
    for p in net.parameters():
        assert np.isfinite(p.data).all() and p.dtype == dtype
    if (optimizer, lr) in ((SGD, 0.5), (SGD, 0.1), (Adam, 0.002)):  # rates that this problem can be trained at
        assert history[-1].cost < 0.5 * history[0].cost
        assert history[-1].test_accuracy > 0.85


# Seeds on which nothing was tuned; 1 is the command's default.
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("classes", "bound"), [(2, 0.97), (10, 0.96)])
def test_the_main_job_reaches_its_accuracy(classes, bound, seed):
    net = network(classes, seed)
    history = train(net, Adam(net.parameters(), 0.002), digits(classes), seed, epochs=30)
    assert history[-1].test_accuracy >= bound


def test_the_state_of_an_epoch_is_that_of_the_hand_written_network():
    split, net = digits(10), network(10, seed=0, hidden=(16,))
    for epoch in fit(net, SGD(net.parameters(), 0.2), split, epochs=3, batch_size=100, rng=np.random.default_rng(0)):
        assert np.isclose(epoch.cost, cost_by_hand(net, split), rtol=1e-12)
        parameters = {name: p.data for name, p in net.named_parameters()}
        for X, y, got in (
            (split.X_train, split.y_train, epoch.train_accuracy),
            (split.X_test, split.y_test, epoch.test_accuracy),
        ):
            AL, _ = manual.L_model_forward(X, parameters, net.activations)
            assert got == np.mean(AL.argmax(axis=0) == y)


@pytest.mark.parametrize("classes", [2, 10])
def test_full_batch_training_is_the_hand_written_loop(classes):
    """The course's loop, `update_parameters` after `L_model_backward`, gives the same network."""
    split, net = digits(classes), network(classes, seed=4, hidden=(12, 7))
    X, Y = split.X_train, targets(net, split.y_train)
    parameters = manual.initialize_parameters_deep(net.layer_dims, 4)
    for _ in range(10):
        AL, caches = manual.L_model_forward(X, parameters, net.activations)
        grads = manual.L_model_backward(AL, Y, caches, net.activations)
        parameters = manual.update_parameters(parameters, grads, 0.1)
    train(net, SGD(net.parameters(), 0.1), split, epochs=10, batch_size=X.shape[1])
    for name, p in net.named_parameters():
        assert np.allclose(p.data, parameters[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_seed_gives_the_same_run_bit_for_bit(dtype):
    def run(seed):
        net = network(2, seed=3, dtype=dtype)
        history = train(net, Adam(net.parameters(), 0.01), digits(2, dtype), seed, epochs=2)
        return [(e.cost, e.train_accuracy, e.test_accuracy) for e in history], net.state_dict()

    (history, state), (again, state_again), (other, _) = run(0), run(0), run(1)
    assert history == again and history != other
    assert all(np.array_equal(state[name], state_again[name]) for name in state)


def test_leaving_the_loop_keeps_the_weights_so_far():
    split, net = digits(2), network(2, seed=0, hidden=(8,))
    for epoch in fit(net, Adam(net.parameters(), 0.01), split, epochs=9, batch_size=64, rng=np.random.default_rng(0)):
        if epoch.number == 2:
            break
    assert np.isclose(epoch.cost, cost_by_hand(net, split), rtol=1e-12)


def test_training_leaves_the_data_alone_and_no_graph_behind():
    split, net = digits(2), network(2, seed=0, hidden=(8,))
    copies = [array.copy() for array in split]
    train(net, SGD(net.parameters(), 0.1), split, epochs=1)
    assert all(np.array_equal(a, b) for a, b in zip(split, copies))
    assert all(p.is_leaf and p.grad.is_leaf for p in net.parameters())


def test_an_exhausted_run_says_how_many_seconds_it_took():
    net = network(2, seed=0, hidden=(8,))
    seconds = [e.seconds for e in train(net, SGD(net.parameters(), 0.1), digits(2), epochs=3)]
    assert seconds == sorted(seconds) and seconds[0] >= 0


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid:RuntimeWarning")
@pytest.mark.parametrize(("optimizer", "lr"), [(SGD, 1e200), (Adam, 1e200)])
def test_a_cost_that_is_no_longer_finite_names_the_epoch_and_the_rate(optimizer, lr):
    net = network(2, seed=0, hidden=(8,))
    numbers = []
    with pytest.raises(DomainError, match=r"after epoch 1: lower the learning rate, 1e\+200"):
        for epoch in fit(
            net, optimizer(net.parameters(), lr), digits(2), epochs=3, batch_size=64, rng=np.random.default_rng(0)
        ):
            numbers.append(epoch.number)
    assert numbers == [0]


# What is counted


def test_targets_are_a_row_for_one_unit_and_one_hot_columns_for_several():
    y = np.array([0, 2, 1])
    one, three = DeepNetwork([2, 1], seed=0, dtype=np.float32), DeepNetwork([2, 3], ["softmax"], seed=0)
    assert targets(one, y % 2).tolist() == [[0, 0, 1]] and targets(one, y).dtype == np.float32
    assert targets(three, y).tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    with pytest.raises(DataError):
        targets(three, np.array([3]))


def test_predictions_are_the_sign_or_the_largest_logit():
    one, three = DeepNetwork([1, 1], seed=0), DeepNetwork([1, 3], ["softmax"], seed=0)
    one.layers[0].W.data = np.array([[2.0]])
    assert predict(one, np.array([[-1.0, 0.0, 0.1, 1.0]])).tolist() == [0, 0, 1, 1]
    three.layers[0].W.data = np.array([[1.0], [-1.0], [0.0]])
    assert predict(three, np.array([[1.0, -1.0]])).tolist() == [0, 1]
    assert accuracy(three, np.array([[1.0, -1.0, 1.0, 1.0]]), np.array([0, 0, 0, 1])) == 0.5


def test_confusion_counts_rows_as_they_are_and_columns_as_they_were_said():
    counts = confusion(np.array([0, 0, 0, 1, 2]), np.array([0, 1, 1, 1, 0]), 3)
    assert counts.tolist() == [[1, 2, 0], [0, 1, 0], [1, 0, 0]]


def test_one_example_and_batches_larger_than_the_data_are_fine():
    split = Split(np.ones((2, 1)), np.array([1]), np.ones((2, 1)), np.array([1]))
    net = DeepNetwork([2, 1], seed=0)
    assert train(net, SGD(net.parameters(), 1.0), split, epochs=20, batch_size=1000)[-1].test_accuracy == 1

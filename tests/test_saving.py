"""Copies and files: deepcopy and pickle of tensors, modules and optimizers; weights in an .npz without any code."""

import copy
import os
import pickle
import threading
import zipfile

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor
from tinygrad_edu.errors import DataError, DTypeError, ShapeError
from tinygrad_edu.nn import DeepNetwork, Module, load_weights, save_weights

COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda x: pickle.loads(pickle.dumps(x))}
each_copy = pytest.mark.parametrize("twin_of", COPIES.values(), ids=COPIES)


def trained(optimizer_of, steps, network=None, optimizer=None):
    """(network, optimizer) after some steps of training."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((4, 9)), rng.integers(2, size=(1, 9)) * 1.0
    network = network or DeepNetwork([4, 3, 1], seed=0)
    optimizer = optimizer or optimizer_of(network.parameters())
    for _ in range(steps):
        optimizer.zero_grad()
        tg.functions.binary_cross_entropy_with_logits(network.logits(X), Y).backward()
        optimizer.step()
    return network, optimizer


OPTIMIZERS = {
    "SGD": lambda parameters: tg.optim.SGD(parameters, 0.1, momentum=0.9),
    "Adam": lambda parameters: tg.optim.Adam(parameters, 0.1),
}


@each_copy
@pytest.mark.parametrize("optimizer_of", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_copy_of_network_and_optimizer_trains_on_as_the_original_does(twin_of, optimizer_of):
    network, optimizer = trained(optimizer_of, 3)
    twin, twins_optimizer = twin_of((network, optimizer))
    before = twin.state_dict()
    trained(optimizer_of, 2, network, optimizer)
    for name, array in twin.state_dict().items():  # nothing is shared
        np.testing.assert_array_equal(array, before[name])
    trained(optimizer_of, 2, twin, twins_optimizer)
    for name, array in network.state_dict().items():
        np.testing.assert_array_equal(twin.state_dict()[name], array)


@each_copy
def test_a_copied_tensor_has_its_facts_and_memory_of_its_own(twin_of):
    x = Tensor(np.array([1.0, 2.0], np.float32), requires_grad=True, name="x")
    x.register_hook(lambda dx: dx)  # functions are not copied
    (x * x).sum().backward()
    twin = twin_of(x)
    assert (twin.name, twin.dtype, twin.requires_grad, twin.is_leaf) == ("x", np.float32, True, True)
    np.testing.assert_array_equal(twin.grad.data, x.grad.data)
    assert not np.shares_memory(twin.data, x.data) and not np.shares_memory(twin.grad.data, x.grad.data)
    (twin * 3).sum().backward()
    np.testing.assert_array_equal(twin.grad.data, [5, 7])


def test_weights_come_back_from_a_file(tmp_path):
    network, _ = trained(OPTIMIZERS["SGD"], 2)
    other = DeepNetwork([4, 3, 1], seed=5)
    save_weights(network, tmp_path / "w.npz")
    load_weights(other, tmp_path / "w.npz")
    for name, array in network.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], array)
    with np.load(tmp_path / "w.npz") as archive:  # NumPy reads it as well
        assert set(archive.files) == set(network.state_dict())
    assert os.listdir(tmp_path) == ["w.npz"]


def test_a_parameter_may_be_called_as_numpys_own_arguments_are(tmp_path):
    class Odd(Module):
        def __init__(self, value):
            super().__init__()
            self.file, self.args = (Tensor([value], requires_grad=True) for _ in range(2))

    save_weights(Odd(1.0), tmp_path / "w.npz")
    odd = Odd(2.0)
    load_weights(odd, tmp_path / "w.npz")
    assert odd.file.data == odd.args.data == 1.0


class Bomb:
    """Unpickling it would make a directory."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_no_code_runs_on_load(tmp_path):
    network = DeepNetwork([2, 1], seed=0)
    before = network.state_dict()
    bomb = np.array([Bomb(tmp_path / "exploded")], dtype=object)
    np.savez(tmp_path / "w.npz", **{name: bomb for name in before})
    (tmp_path / "w.pickle").write_bytes(pickle.dumps(Bomb(tmp_path / "exploded")))
    for file in ("w.npz", "w.pickle"):
        with pytest.raises(DataError, match=r"no readable .*: it holds .*, and objects are never loaded\.$"):
            load_weights(network, tmp_path / file)
    assert not (tmp_path / "exploded").exists()
    for name, array in network.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_file_that_does_not_fit_changes_nothing(tmp_path):
    network = DeepNetwork([2, 3, 1], seed=0)
    before = network.state_dict()
    first, *rest = before
    contents = {
        DataError: {first: before[first]},
        ShapeError: {**before, rest[-1]: np.ones((7, 7))},
        DTypeError: {**before, rest[-1]: np.full(before[rest[-1]].shape, "a")},
    }
    for error, state in contents.items():
        np.savez(tmp_path / "w.npz", **state)
        with pytest.raises(error):
            load_weights(network, tmp_path / "w.npz")
        for name, array in network.state_dict().items():
            np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"text"])
def test_a_broken_file_is_named(tmp_path, content):
    (tmp_path / "w.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"w\.npz is no readable \.npz file of weights"):
        load_weights(DeepNetwork([2, 1]), tmp_path / "w.npz")
    with pytest.raises(DataError, match=r"none\.npz does not exist"):
        load_weights(DeepNetwork([2, 1]), tmp_path / "none.npz")


def test_a_failed_save_keeps_the_file_that_was_there(tmp_path, monkeypatch):
    network = DeepNetwork([2, 1], seed=0)
    save_weights(network, tmp_path / "w.npz")
    content = (tmp_path / "w.npz").read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "open", full)
    with pytest.raises(DataError, match=r"w\.npz cannot be written: No space left on device"):
        save_weights(network, tmp_path / "w.npz")
    assert (tmp_path / "w.npz").read_bytes() == content
    assert os.listdir(tmp_path) == ["w.npz"]
    with pytest.raises(DataError, match="cannot be written"):
        save_weights(network, tmp_path / "no folder" / "w.npz")


def test_threads_may_save_to_one_path(tmp_path):
    network = DeepNetwork([200, 200, 1], seed=0)
    threads = [threading.Thread(target=save_weights, args=(network, tmp_path / "w.npz")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load_weights(DeepNetwork([200, 200, 1]), tmp_path / "w.npz")
    assert os.listdir(tmp_path) == ["w.npz"]


def test_two_parameters_of_one_name_are_not_saved_as_one():
    network = DeepNetwork([2, 3, 1], seed=0)
    network.layers[1].W.name = "W1"
    with pytest.raises(DataError, match="two parameters of this DeepNetwork are called W1"):
        network.state_dict()


def test_complex_parameters_come_back(tmp_path):
    class Phase(Module):
        def __init__(self, value):
            super().__init__()
            self.z = Tensor([value], requires_grad=True)

    save_weights(Phase(1 + 2j), tmp_path / "w.npz")
    phase = Phase(0j)
    load_weights(phase, tmp_path / "w.npz")
    assert phase.z.data == 1 + 2j

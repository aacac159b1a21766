"""The command `tinygrad-edu train`: what it prints and what it writes, run in this process."""

import json
import os
from xml.etree import ElementTree

import numpy as np
import pytest

from tinygrad_edu import __version__
from tinygrad_edu.cli import main
from tinygrad_edu.data import load_digits
from tinygrad_edu.nn import DeepNetwork
from tinygrad_edu.training import accuracy

FILES = ["curves.svg", "graph.svg", "report.html", "run.json", "weights.npz"]
PROOF = ["dA3", "dZ3", "dZ3", "dW3", "db3", "dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"]


pytestmark = pytest.mark.usefixtures("place")


def strict(text):
    def refuse(name):
        raise ValueError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def train(*options, folder="run"):
    """The record of a run that must succeed."""
    assert main(["train", "--out", folder, *options]) == 0
    assert sorted(os.listdir(folder)) == sorted(FILES + ["scaling.npz"] * ("--data" in options))
    with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
        return strict(file.read())


def reload(record, folder="run"):
    """A new network with the weights of the run, and how a user's own X was scaled."""
    state, scaling = {}, {}
    for name, members in (("weights", state), ("scaling", scaling)):
        path = os.path.join(folder, f"{name}.npz")
        if os.path.exists(path):
            with np.load(path) as arrays:
                members.update(arrays)
    net = DeepNetwork(record["layer_dims"], record["activations"], seed=0, dtype=record["settings"]["dtype"])
    net.load_state_dict(state)
    return net, scaling


def own_data(path="own.npz", classes=2, N=200, features=3, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(N) % classes
    X = rng.standard_normal((N, features)) * [[1, 100, 0.01][:features]] + 5
    X[:, 0] += 3 * y
    np.savez(path, X=X, y=y)
    return X, y


# The main job


@pytest.fixture(scope="module")
def main_job(tmp_path_factory):
    """(exit status, folder, record) of the default run."""
    folder = tmp_path_factory.mktemp("job") / "run"
    status = main(["train", "--out", str(folder)])
    return status, folder, strict((folder / "run.json").read_text(encoding="utf-8"))


def test_the_default_run_reaches_its_accuracy_and_says_how(main_job):
    status, folder, record = main_job
    assert status == 0 and sorted(os.listdir(folder)) == FILES
    assert record["history"][-1]["test_accuracy"] >= 0.97
    assert record["layer_dims"] == [64, 128, 64, 1] and record["activations"] == ["relu", "relu", "sigmoid"]
    assert record["settings"] == {
        "data": None,
        "classes": 2,
        "layers": [128, 64],
        "optimizer": "adam",
        "lr": 0.002,
        "epochs": 30,
        "batch_size": 64,
        "seed": 1,
        "dtype": "float64",
    }
    assert record["versions"].keys() == {"tinygrad_edu", "numpy", "python"}
    assert record["versions"]["tinygrad_edu"] == __version__ and record["versions"]["numpy"] == np.__version__
    assert record["interrupted"] is False


def test_its_proof_is_within_the_bounds(main_job):
    rows = main_job[2]["proof"]
    assert [row["name"] for row in rows] == PROOF
    assert max(row["by_hand"] for row in rows) <= 1e-12
    assert max(row["numeric"] for row in rows) <= 1e-6
    assert all(row["probed"] >= 1 for row in rows)


def test_its_history_has_every_epoch(main_job):
    history = main_job[2]["history"]
    assert [e["number"] for e in history] == list(range(31))
    assert all(np.isfinite(list(e.values())).all() for e in history)
    assert history[-1]["cost"] < 0.02 < history[0]["cost"]


def test_its_confusion_adds_up_to_the_test_examples(main_job):
    record = main_job[2]
    counts = np.array(record["confusion"])
    assert record["class_names"] == ["even", "odd"]
    assert counts.sum(axis=1).tolist() == np.bincount(load_digits().y_test % 2).tolist()
    assert counts.trace() / counts.sum() == record["history"][-1]["test_accuracy"]


def test_its_weights_give_the_reported_accuracy(main_job):
    net, _ = reload(main_job[2], main_job[1])
    digits, last = load_digits(), main_job[2]["history"][-1]
    assert accuracy(net, digits.X_test, digits.y_test % 2) == last["test_accuracy"]
    assert accuracy(net, digits.X_train, digits.y_train % 2) == last["train_accuracy"]


@pytest.mark.parametrize("name", ["graph.svg", "curves.svg"])
def test_its_pictures_are_well_formed(main_job, name):
    text = (main_job[1] / name).read_text(encoding="utf-8")
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    wanted = ["W1", "W2", "W3", "A3", "J"] if name == "graph.svg" else ["cost", "accuracy", "train", "test"]
    assert all(word in text for word in wanted)


def test_the_same_seed_repeats_the_run(main_job):
    again = train("--epochs", "3")
    for before, after in zip(main_job[2]["history"], again["history"]):
        assert {**before, "seconds": 0} == {**after, "seconds": 0}
    assert again["proof"] == main_job[2]["proof"]


# Options


def test_ten_classes_reach_their_accuracy():
    record = train("--classes", "10", "--quiet")
    assert record["history"][-1]["test_accuracy"] >= 0.96
    assert record["layer_dims"] == [64, 128, 64, 10] and record["activations"][-1] == "softmax"
    assert max(row["by_hand"] for row in record["proof"]) <= 1e-12
    assert max(row["numeric"] for row in record["proof"]) <= 1e-6
    assert np.shape(record["confusion"]) == (10, 10)
    digits = load_digits()
    assert accuracy(reload(record)[0], digits.X_test, digits.y_test) == record["history"][-1]["test_accuracy"]


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        (["--layers", "9"], {"layers": [9]}),
        (["--layers", "9", "8", "7"], {"layers": [9, 8, 7]}),
        (["--dtype", "float32"], {"dtype": "float32"}),
        (["--optimizer", "sgd"], {"optimizer": "sgd", "lr": 0.3}),
        (["--optimizer", "sgd", "--lr", "0.5"], {"optimizer": "sgd", "lr": 0.5}),
        (["--seed", "0", "--batch-size", "100000"], {"seed": 0, "batch_size": 100000}),
        (["--seed", str(2**32 - 1), "--batch-size", "17"], {"seed": 2**32 - 1, "batch_size": 17}),
    ],
)
def test_options_arrive_in_the_run_and_in_its_record(options, settings):
    record = train("--epochs", "2", *options)
    assert settings.items() <= record["settings"].items()
    assert [e["number"] for e in record["history"]] == [0, 1, 2]
    net, _ = reload(record)
    assert list(net.layer_dims) == [64, *settings.get("layers", [128, 64]), 1]
    with np.load("run/weights.npz") as state:
        assert {array.dtype for array in state.values()} == {np.dtype(settings.get("dtype", "float64"))}
    digits = load_digits(record["settings"]["dtype"])
    assert accuracy(net, digits.X_test, digits.y_test % 2) == record["history"][-1]["test_accuracy"]


def test_without_out_runs_are_numbered(capsys):
    for n in (1, 2):
        assert main(["train", "--epochs", "1", "--quiet"]) == 0
        assert capsys.readouterr().out.rstrip().endswith(f"written to runs/odd-even-{n}")
    assert main(["train", "--epochs", "1", "--quiet", "--classes", "10"]) == 0
    assert sorted(os.listdir("runs")) == ["odd-even-1", "odd-even-2", "ten-digits-1"]


def test_a_run_that_ends_first_takes_the_number_and_the_other_takes_the_next(monkeypatch):
    from tinygrad_edu.command import train as train_command

    def overtaken(*args, **options):
        os.makedirs("runs/odd-even-1/by-another-run", exist_ok=True)
        return predict(*args, **options)

    predict = train_command.predict
    monkeypatch.setattr(train_command, "predict", overtaken)
    assert main(["train", "--epochs", "1", "--quiet"]) == 0
    assert sorted(os.listdir("runs/odd-even-2")) == FILES


@pytest.mark.parametrize("out", ["a run", "Läufe/走る", "deep/er/run"])
def test_out_may_have_any_name(out):
    train("--epochs", "1", folder=out)


# Your own data


@pytest.mark.parametrize(("classes", "last"), [(2, [1, "sigmoid"]), (3, [3, "softmax"]), (20, [20, "softmax"])])
def test_own_data_is_scaled_trained_and_can_be_used_again(classes, last, capsys):
    X, y = own_data(classes=classes)
    record = train("--data", "own.npz", "--layers", "16", "--epochs", "20", "--lr", "0.02")
    assert [record["layer_dims"][-1], record["activations"][-1]] == last
    assert record["settings"]["data"] == "own.npz" and record["settings"]["classes"] == classes
    net, scaling = reload(record)
    right = accuracy(net, (X.T - scaling["mean"]) / scaling["std"], y)
    history, counts = record["history"][-1], np.array(record["confusion"])
    m_test = counts.sum()
    share = (history["train_accuracy"] * (len(y) - m_test) + history["test_accuracy"] * m_test) / len(y)
    assert np.isclose(right, share, rtol=1e-12) and right > (0.8 if classes < 20 else 0.2)
    assert ("taken for" in capsys.readouterr().out) == (classes == 20)


def test_own_data_without_out_is_named_after_the_file(place):
    own_data("my data.npz")
    assert main(["train", "--data", "my data.npz", "--epochs", "1", "--quiet"]) == 0
    assert os.listdir("runs") == ["my data-1"]


@pytest.mark.parametrize("trait", ["constant", "outlier", "outliers", "tiny"])
def test_data_with_odd_columns_trains_without_nan(trait):
    X, y = own_data(N=1000)
    if trait == "constant":
        X[:, 1] = 0.1
    if trait == "outlier":
        X[7, 1] = 1e9
    if trait == "outliers":
        X[:4] = 1e12
    if trait == "tiny":
        X[:, 1] = 1e-300 * X[:, 2]
    np.savez("own.npz", X=X, y=y)
    record = train("--data", "own.npz", "--layers", "8", "--epochs", "3")
    assert all(np.isfinite(e["cost"]) for e in record["history"])
    assert max(row["by_hand"] for row in record["proof"]) <= 1e-12
    assert max(row["numeric"] for row in record["proof"]) <= 1e-5


# What is printed


def test_the_report_fits_eighty_columns(capsys):
    train("--epochs", "12")
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines())) <= 80
    for words in ("digits, odd or even: 64-128-64-1", "A3 - Y  (from logits)", "by hand", "epoch 12: cost"):
        assert words in out
    assert out.splitlines()[-1].endswith("written to run")


@pytest.mark.parametrize("options", [["--classes", "10"], ["--layers", *["12"] * 15], ["--layers", "1000"]])
def test_wide_tables_fit_too(capsys, options):
    train("--epochs", "1", *options)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_quiet_prints_one_line(capsys):
    train("--epochs", "1", "--quiet")
    out, err = capsys.readouterr()
    assert out.count("\n") == 1 and err == ""
    assert out.startswith("epoch 1: test accuracy ") and out.endswith("written to run\n")


def test_version_and_help_are_printed(capsys):
    for arguments, words in ((["--version"], __version__), (["--help"], "train"), (["train", "--help"], "--layers")):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 0 and words in capsys.readouterr().out

"""training_report(record, pictures) and the report.html of a run: its numbers, its order, its words, its safety."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from pictures import HOSTILE

from tinygrad_edu.cli import main
from tinygrad_edu.command.snapshots import snapshot, snapshot_epochs, spread_columns
from tinygrad_edu.errors import DataError
from tinygrad_edu.nn import DeepNetwork
from tinygrad_edu.numeric import slope_at
from tinygrad_edu.training import cost
from visualize import PICTURES, boundary, confusion_matrix, curves, heatmaps, histograms, mistakes, training_report
from visualize.documents import inlined, page
from visualize.errors import OptionError

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Reader(HTMLParser):
    """Reads a page strictly: every element is closed in order.  Keeps elements, texts, tables, attributes."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.words, self.tables = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names))
        self.elements.append((tag, dict(attributes)))
        if tag == "table":
            self.tables.append({"caption": "", "rows": []})
        if tag == "tr":
            self.tables[-1]["rows"].append([])
        if tag in ("td", "th"):
            self.tables[-1]["rows"][-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "table" in self.open:
            if "caption" in self.open:
                self.tables[-1]["caption"] += data
            elif {"td", "th"} & set(self.open):
                self.tables[-1]["rows"][-1][-1] += data
        if "style" not in self.open:
            self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module", params=["2", "10"])
def run(request, tmp_path_factory):
    """(the text of the report, the record) of a short run on the digits."""
    folder = tmp_path_factory.mktemp("report") / "run"
    assert main(["train", "--out", str(folder), "--quiet", "--epochs", "8", "--classes", request.param]) == 0
    html = (folder / "report.html").read_text(encoding="utf-8")
    return html, json.loads((folder / "run.json").read_text(encoding="utf-8"))


def record(**changes):
    epoch = {"number": 3, "cost": 0.5, "train_accuracy": 0.75, "test_accuracy": 0.5, "seconds": 1.0}
    row = {"name": "dW1", "text": "1/m dZ1 @ X.T", "shape": [1, 2], "largest": 1.0, "by_hand": 2e-16, "numeric": 3e-9}
    return {
        "task": "digits",
        "settings": {"data": None, "lr": 0.1, "layers": [4, 3]},
        "layer_dims": [2, 4, 3, 1],
        "activations": ["relu", "relu", "sigmoid"],
        "versions": {"numpy": "2.0"},
        "proof": [{**row, "probed": 2}],
        "history": [epoch],
        "confusion": [[1, 1], [0, 0]],
        "class_names": ["even", "odd"],
        "interrupted": False,
        **changes,
    }


def summary(**changes):
    """The paragraph on top."""
    (text,) = re.findall(r'<p class="summary">(.*?)</p>', training_report(record(**changes), {}))
    return text


# A run's report


def test_its_tables_have_the_numbers_of_the_record(run):
    html, written = run
    settings, versions, proof, epochs = Reader(html).tables[:4]
    assert ["batch size", "64"] in settings["rows"] and ["learning rate", "0.002"] in settings["rows"]
    assert ["network", " - ".join(map(str, written["layer_dims"]))] in settings["rows"]
    assert versions["rows"][1:] == [[name, version] for name, version in written["versions"].items()]
    assert len(proof["rows"]) == len(written["proof"]) + 1
    for shown, row in zip(proof["rows"][1:], written["proof"]):
        assert shown[0] == row["name"] and shown[1].split() == row["text"].split() and shown[5] == "yes"
        assert float(shown[3]) == pytest.approx(row["by_hand"], rel=0.5)
        assert float(shown[4]) == pytest.approx(row["numeric"], rel=0.5)
    history = {str(e["number"]): e for e in written["history"]}
    numbers = [row[0] for row in epochs["rows"][1:]]
    assert numbers[0] == "0" and numbers[-1] == "8" and len(numbers) == 7
    for number, J, train, test, _ in epochs["rows"][1:]:
        assert float(J) == pytest.approx(history[number]["cost"], rel=1e-3)
        assert train == f"{100 * history[number]['train_accuracy']:.1f} %"
        assert test == f"{100 * history[number]['test_accuracy']:.1f} %"


def test_its_summary_says_how_good_the_network_is_and_that_the_proof_held(run):
    html, written = run
    (text,) = re.findall(r'<p class="summary">(.*?)</p>', html)
    last = written["history"][-1]
    assert f"{100 * last['test_accuracy']:.1f} % of 359 test examples right" in text
    assert f"{100 * last['train_accuracy']:.1f} % of the training examples" in text
    assert f"all {len(written['proof'])} gradients agree" in text
    assert "dead" in text and "Gradients neither vanish nor explode: dW1 has rms" in text


def test_it_is_read_in_order_with_a_heading_and_a_link_for_each_part(run):
    html, _ = run
    reader = Reader(html)
    ids = [attributes["id"] for attributes in reader.all("h2")]
    assert ids == ["settings", "versions", "proof", "epochs", *[key for key in PICTURES if key != "boundary"]]
    assert [a["href"] for a in reader.all("a")] == [f"#{key}" for key in ids]
    assert [s["aria-labelledby"] for s in reader.all("section")] == ids
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(reader.all(landmark)) == 1
    assert all(table["caption"] for table in reader.tables)
    assert all("scope" in th for th in reader.all("th"))


def test_every_picture_has_its_words_and_can_be_scrolled_by_keyboard(run):
    html, _ = run
    reader = Reader(html)
    assert len(reader.all("svg")) == len(reader.all("desc")) == len(PICTURES) - 1
    assert all(svg["role"] == "img" for svg in reader.all("svg"))
    boxes = [div for div in reader.all("div") if div.get("class") == "scroll"]
    assert len(boxes) == len(PICTURES) + 1
    assert all(div["tabindex"] == "0" and div["aria-label"] and div["role"] == "group" for div in boxes)


def test_wrong_digits_come_with_the_probability_of_what_was_said(run):
    html, written = run
    shares = [int(share) for share in re.findall(r"said \w+, (\d+) %", html)]
    wrong = np.array(written["confusion"])
    assert len(shares) == min(24, wrong.sum() - wrong.trace()) and shares == sorted(shares, reverse=True)
    assert min(shares) >= 100 / len(wrong)


def test_it_runs_nothing_loads_nothing_and_is_small(run):
    html, _ = run
    reader = Reader(html)
    assert len(html.encode()) < 1_500_000
    assert not reader.all("script") and len(reader.all("style")) == 1
    for _, attributes in reader.elements:
        assert "style" not in attributes and not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src", "xlink:href"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    (css,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert "url(" not in css and "@import" not in css
    assert all(f".tinygrad-edu-{kind} " in css for kind in ("curves", "graph.auto", "picture"))
    ids = re.findall(r' id="([^"]*)"', html)
    assert len(ids) == len(set(ids))


def test_two_features_get_their_boundary_in_the_units_of_the_data(place):
    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    X = rng.normal(size=(120, 2)) + [[1000, 0.001]] + 4 * y[:, None]
    np.savez("<b>plane.npz", X=X, y=y)
    options = ["--quiet", "--epochs", "60", "--layers", "8", "--lr", "0.02"]
    assert main(["train", "--data", "<b>plane.npz", "--out", "run", *options]) == 0
    html = Path("run/report.html").read_text(encoding="utf-8")
    reader = Reader(html)
    assert "boundary" in [h["id"] for h in reader.all("h2")] and "mistakes" not in [h["id"] for h in reader.all("h2")]
    wrong = [re.fullmatch(r"48, (\d+) wrong", word) for word in reader.words]
    assert sum(int(found[1]) for found in wrong if found) <= 5 and len([found for found in wrong if found]) == 2
    assert "1000" in reader.words and "<b>" not in html and "&lt;b&gt;plane, 2 classes" in html


def test_a_boundary_of_many_examples_counts_all_and_says_that_it_draws_some(place):
    X = np.random.default_rng(0).normal(size=(1500, 2))
    np.savez("plane.npz", X=X, y=(X[:, 0] > 0).astype(int))
    assert main(["train", "--data", "plane.npz", "--out", "run", "--quiet", "--epochs", "1", "--layers", "2"]) == 0
    words = Reader(Path("run/report.html").read_text(encoding="utf-8")).words
    counts = [re.fullmatch(r"(\d+), \d+ wrong", word) for word in words]
    assert sum(int(found[1]) for found in counts if found) == 1200 and "1 example in 2 is drawn" in words


def test_a_run_stopped_in_its_first_epochs_has_its_report_too(place, monkeypatch):
    from tinygrad_edu.command import train as command

    def stopped(*args, **options):
        yield next(fit(*args, **options))
        raise KeyboardInterrupt

    fit = command.fit
    monkeypatch.setattr(command, "fit", stopped)
    assert main(["train", "--out", "run", "--quiet"]) == 130
    html = Path("run/report.html").read_text(encoding="utf-8")
    assert "Training was stopped early, after epoch 0" in html and "epoch 0: " not in html.split("<main>")[0]


# What the command records


def test_gradients_of_a_snapshot_are_finite_differences_of_the_cost():
    import visualize

    rng = np.random.default_rng(3)
    net = DeepNetwork([3, 4, 2], ["tanh", "softmax"], seed=0)
    X, Y = rng.standard_normal((3, 300)), np.eye(2)[:, rng.integers(0, 2, 300)]
    before = net.state_dict()
    seen = snapshot(visualize, net, X, Y, 5, closely=True)
    some = spread_columns(300, 256)

    def J(W):
        net.layers[0].W.data = W
        J = float(cost(net, X[:, some], Y[:, some]))
        net.layers[0].W.data = before["W1"]
        return J

    W = before["W1"].copy()
    for i in ((0, 0), (3, 2)):
        assert seen.gradients["dW1"].cells[i] == pytest.approx(slope_at(J, W, i, 1e-5), rel=1e-6)
    assert seen.number == 5 and list(seen.weights) == ["W1", "W2"] and (seen.weights["W2"].cells == before["W2"]).all()
    assert list(seen.activations) == ["A1", "Z2"] and seen.activations["A1"].shape == (4, 300)
    assert seen.activations["Z2"].largest == pytest.approx(abs(net.logits(X).data).max())
    assert seen.slopes["dW1"].rms == seen.gradients["dW1"].rms
    assert all(p.grad is None for p in net.parameters())
    quick = snapshot(visualize, net, X, Y, 5, closely=False)
    assert quick.activations == quick.slopes == {}


@pytest.mark.parametrize(
    ("epochs", "expected"), [(1, [0, 1]), (3, [0, 1, 2, 3]), (1000, [0, 200, 400, 600, 800, 1000])]
)
def test_snapshots_are_spread_over_the_run_with_both_ends(epochs, expected):
    assert sorted(snapshot_epochs(epochs)) == expected


# The summary


def test_overfitting_is_pointed_out_from_five_points_on():
    def history(train, test):
        return [{"number": 1, "cost": 1.0, "train_accuracy": train, "test_accuracy": test, "seconds": 0.1}]

    assert "over-fitting: test accuracy is 25.0 points below" in summary()
    assert "No sign of over-fitting" in summary(history=history(0.95, 0.91))
    assert "Look at over-fitting" in summary(history=history(0.95, 0.89))
    worse = summary(history=[*history(0.9, 0.95), *[{**history(0.99, 0.9)[0], "number": 2}]])
    assert "best after epoch 1, 95.0 %" in worse


def test_a_proof_that_failed_is_said_first_and_marked_in_its_table():
    bad = {**record()["proof"][0], "by_hand": 1e-3}
    assert "The proof failed for dW1: do not trust the training." in summary(proof=[bad])
    assert "The proof held: all 1 gradients agree with the hand-written equations to 2e-16" in summary()
    html = training_report(record(proof=[bad]), {})
    assert '<td class="bad">NO</td>' in html and Reader(html).tables[2]["rows"][1][-1] == "NO"


def test_findings_are_part_of_the_summary():
    (text,) = re.findall(r'<p class="summary">(.*?)</p>', training_report(record(), {}, ["A1: 2 units < 3 are dead."]))
    assert text.endswith("A1: 2 units &lt; 3 are dead.")


# Hostile names, and what is refused


@pytest.mark.parametrize("name", [*HOSTILE, "</style><script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_no_name_becomes_markup_and_none_is_lost(name):
    pictures = {
        "curves": curves([1], {name: {name: [1.0]}}, title=name),
        "weights": heatmaps([0], {name: [np.eye(2)]}, title=name),
        "before": histograms({name: np.eye(2)}, {name: np.eye(2)}, title=name),
        "confusion": confusion_matrix([[1]], [name], title=name),
        "mistakes": mistakes([[1.0]], [0], [1], names=[name, name], title=name),
        "boundary": boundary(lambda X: np.zeros(X.shape[1], int), [[1.0]] * 2, [0], names=[name], title=name).svg,
    }
    written = record(task=name, settings={"data": name, name: name}, class_names=[name, "b"], versions={name: name})
    html = training_report(written, dict(reversed(pictures.items())), [name])
    html.encode("utf-8")
    reader = Reader(html)
    assert [h["id"] for h in reader.all("h2")][4:] == list(pictures)
    assert not {"script", "img", "b"} & {tag for tag, _ in reader.elements}
    assert "\x00" not in html and not any(n.startswith("on") for _, attributes in reader.elements for n in attributes)
    if name.isascii() and name.isprintable() and name:
        assert ["data file", name] in reader.tables[0]["rows"] and f"Training report: {name}" in reader.words


def test_an_unknown_picture_and_an_empty_record_are_refused():
    with pytest.raises(OptionError, match="no place for photo; there are curves"):
        training_report(record(), {"photo": "<svg/>"})
    with pytest.raises(DataError, match="no history"):
        training_report(record(history=[]), {})


@pytest.mark.parametrize("key", ["activations", "class_names", "confusion", "settings", "task", "versions"])
def test_a_record_without_one_of_its_parts_is_refused_by_the_name_of_the_part(key):
    part = {name: value for name, value in record().items() if name != key}
    with pytest.raises(DataError, match=f"no {key}"):
        training_report(part, {})


def test_a_proof_whose_rows_are_no_equations_is_refused():
    with pytest.raises(DataError, match="row of the proof"):
        training_report(record(proof=[{"name": "dW1"}]), {})


def test_a_page_names_its_style_and_script_by_hash_and_refuses_what_would_end_them():
    import base64
    import hashlib

    text = page("a & b", "<main></main>", "main{}", "f()")
    (css,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    assert css.endswith("}\n\nmain{}") and "prefers-color-scheme: dark" in css
    for name, source in (("style", css), ("script", "f()")):
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in text and f"<{name}>{source}</{name}>" in text
    assert "<title>a &amp; b</title>" in text and "script-src" not in page("a", "", "b{}")
    for css, script in (("</STYLE>", None), ("", "'</script>'")):
        with pytest.raises(OptionError, match="would end it"):
            page("a", "", css, script)


def test_an_inlined_picture_gives_its_style_to_the_page():
    element, css = inlined(curves([1], {"cost": {"train": [1.0]}}).svg)
    assert element.tag == "svg" and element.find("style") is None and ".tinygrad-edu-curves" in css


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(tmp_path):
    program = (
        "import numpy as np, hashlib\n"
        "from visualize import *\n"
        "a = np.random.default_rng(0).standard_normal((70, 9))\n"
        "y = np.arange(9) % 3\n"
        "made = [heatmaps([0], {'W1': [a]}), histograms({'A1': a}, {'dW1': a}),\n"
        "        confusion_matrix(np.ones((3, 3), int)),\n"
        "        boundary(lambda X: (X[0] > 0).astype(int), a[:2], y), mistakes(abs(a[:64]), y, y[::-1])]\n"
        "print(hashlib.sha256(''.join(p.svg for p in made).encode()).hexdigest())\n"
    )
    root = str(Path(__file__).resolve().parent.parent)
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(said) == 1

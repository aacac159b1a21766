"""Each script in examples/ runs without a warning, prints numbers known from elsewhere, and writes where it says."""

import ast
import os
import re
import runpy
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tinygrad_edu import data, manual

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"

#: What each script leaves in its folder.
WRITES = {
    "deep_network": {"deep_network.npz"},
    "gradient_check": set(),
    "logistic_regression": set(),
    "planar_classifier": set(),
    "scalar_graph": {"scalar_graph.svg"},
    "second_derivative": set(),
}
NUMBER = r"(-?\d+(?:\.\d+)?(?:e[-+]\d+)?)"


def files_in(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """run(name, *arguments) -> (what it prints, the folder it was run in); each call of this module runs once."""

    @cache
    def run(name, *arguments):
        sandbox = tmp_path_factory.mktemp(name)
        here, temporary = sandbox / "here", sandbox / "temporary"
        here.mkdir()
        temporary.mkdir()
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
            "OPENBLAS_NUM_THREADS": "1",  # a second thread would wait for a core that another program holds
            "TMPDIR": str(temporary),
        }
        before = files_in(EXAMPLES)
        done = subprocess.run(
            [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), *arguments],
            cwd=here,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert files_in(EXAMPLES) == before
        assert not files_in(temporary)
        return done.stdout, here

    return run


def numbers(pattern, text):
    """The numbers that stand where the pattern has a #, one row for each place it matches."""
    found = re.findall(re.escape(pattern).replace(r"\#", r"\s*" + NUMBER).replace(r"\ ", r"\s+"), text)
    assert found, f"{pattern!r} is nowhere in:\n{text}"
    return np.array(found, float)


def test_every_file_in_examples_is_tested():
    assert {path.name for path in EXAMPLES.iterdir() if path.name != "__pycache__"} == {f"{n}.py" for n in WRITES}


@pytest.mark.parametrize("name", WRITES)
def test_example_is_short_and_says_how_to_run_it_and_what_it_writes(name):
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert 15 <= len(source.splitlines()) <= 60
    last = ast.get_docstring(ast.parse(source)).splitlines()[-1]
    where = " [FOLDER]      the .+ FOLDER, by default runs/examples" if WRITES[name] else "      writes no file"
    assert re.fullmatch(f"Run: python examples/{name}.py" + where.replace("[", r"\["), last)


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITES)
def test_example_runs_without_a_warning_and_writes_only_where_it_says(name, run):
    printed, here = run(name)
    assert 5 <= len(printed.splitlines()) <= 40
    assert max(map(len, printed.splitlines())) <= 80
    assert files_in(here) == {os.path.join("runs", "examples", file) for file in WRITES[name]}


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in WRITES if WRITES[name]])
def test_example_writes_into_the_folder_it_is_given(name, run):
    _, here = run(name, "new/folder")
    assert files_in(here) == {os.path.join("new", "folder", file) for file in WRITES[name]}


@pytest.mark.slow
def test_scalar_graph_prints_the_partial_derivatives_and_draws_its_graph(run):
    printed, here = run("scalar_graph")
    a, b, c = 2.0, -3.0, 10.0  # J = a^2 b + a c
    J, d, e = a**2 * b + a * c, a * b + c, a * b
    expected = {"J": (J, 1), "d": (d, a), "e": (e, a), "c": (c, a), "b": (b, a**2), "a": (a, 2 * a * b + c)}
    rows = re.findall(rf"^(\w)(?: = \w . \w)? +{NUMBER} +{NUMBER}  ", printed, flags=re.MULTILINE)
    assert {name: (float(value), float(slope)) for name, value, slope in rows} == expected
    assert numbers("J moves # times", printed) == pytest.approx(2 * a * b + c)
    picture = (here / "runs" / "examples" / "scalar_graph.svg").read_text(encoding="utf-8")
    texts = " ".join(ET.fromstring(picture).itertext())
    assert all(equation in texts for equation in ("J = a * d", "d = e + c", "e = a * b"))


@pytest.mark.slow
def test_logistic_regression_prints_what_the_hand_written_network_reaches(run):
    printed, _ = run("logistic_regression")
    X, Y, X_test, Y_test = _threes_and_eights()
    parameters = {"W1": np.zeros((1, 64)), "b1": np.zeros((1, 1))}
    costs = []
    for _ in range(301):
        A, caches = manual.L_model_forward(X, parameters, ["sigmoid"])
        costs.append(manual.compute_cost(A, Y))
        last, parameters = parameters, manual.update_parameters(parameters, manual.L_model_backward(A, Y, caches), 0.5)
    reached = numbers("step #: cost #", printed)
    np.testing.assert_allclose(reached[:, 1], [costs[int(step)] for step in reached[:, 0]], atol=6e-7)
    assert reached[0].tolist() == [0, pytest.approx(np.log(2), abs=6e-7)]  # W = 0 knows nothing
    A_test, _ = manual.L_model_forward(X_test, last, ["sigmoid"])
    assert numbers("test accuracy: #", printed) == pytest.approx(np.mean((A_test > 0.5) == Y_test), abs=6e-5)
    assert numbers("largest difference #", printed) <= 1e-12


def _threes_and_eights():
    digits = data.load_digits()
    parts = []
    for X, y in ((digits.X_train, digits.y_train), (digits.X_test, digits.y_test)):
        chosen = np.isin(y, [3, 8])
        parts += [X[:, chosen], (y[chosen] == 8).reshape(1, -1) * 1.0]
    return parts


@pytest.mark.slow
def test_planar_classifier_passes_90_percent_where_a_line_cannot(capsys):
    example = runpy.run_path(str(EXAMPLES / "planar_classifier.py"))
    printed = capsys.readouterr().out
    ((_, straight),) = numbers("logistic regression: cost #, test accuracy #", printed)
    ((cost, bent),) = numbers("one hidden layer : cost #, test accuracy #", printed)
    assert straight < 0.65  # the flower is symmetric: whatever the line, about half of each side is of either colour
    assert bent > 0.9
    layers = example["model"].hidden, example["model"].output
    parameters = {f"{p.name}{l}": p.data for l, layer in enumerate(layers, start=1) for p in (layer.W, layer.b)}
    A, _ = manual.L_model_forward(example["X_test"], parameters, ["tanh", "sigmoid"])
    assert bent == pytest.approx(np.mean((A > 0.5) == example["Y_test"]), abs=6e-5)
    A, _ = manual.L_model_forward(example["X"], parameters, ["tanh", "sigmoid"])
    assert cost == pytest.approx(manual.compute_cost(A, example["Y"]), abs=1e-3)  # printed before the last step


@pytest.mark.slow
def test_planar_classifier_draws_a_plane_that_agrees_with_its_points(run):
    printed, _ = run("planar_classifier")
    picture = printed.splitlines()[4:]
    pairs = [(row[column], row[column + 39]) for row in picture for column in range(37) if row[column] != " "]
    assert len(picture) == 19
    assert len(pairs) > 100
    assert np.mean([point == answer for point, answer in pairs]) > 0.85


@pytest.mark.slow
def test_deep_network_leaves_weights_that_reach_its_accuracy_in_numpy_alone(run):
    printed, here = run("deep_network")
    with np.load(here / "runs" / "examples" / "deep_network.npz") as weights:
        parameters = dict(weights)
    assert {name: p.shape for name, p in parameters.items()} == dict(
        W1=(128, 64), b1=(128, 1), W2=(64, 128), b2=(64, 1), W3=(10, 64), b3=(10, 1)
    )
    digits = data.load_digits(np.float32)
    A, _ = manual.L_model_forward(digits.X_test, parameters, ["relu", "relu", "softmax"])
    accuracy = np.mean(A.argmax(axis=0) == digits.y_test)
    assert accuracy >= 0.96
    assert numbers("after loading: test accuracy #", printed) == pytest.approx(accuracy, abs=6e-5)
    assert numbers("a new network: test accuracy #", printed) < 0.3  # untrained: about one in ten
    assert numbers("epoch 20: cost #, test accuracy #", printed)[0, 1] == pytest.approx(accuracy, abs=6e-5)


@pytest.mark.slow
def test_gradient_check_names_the_wrong_gradients_and_no_other(capsys):
    example = runpy.run_path(str(EXAMPLES / "gradient_check.py"))
    printed = capsys.readouterr().out
    learner, course = printed.split("the course's equations")
    verdict = re.compile(r"gradient of (\w\d) .*: (agrees|\d+ of \d+ differ)")
    assert dict(verdict.findall(learner)) == dict(
        W1="4 of 4 differ", b1="2 of 2 differ", W2="agrees", b2="1 of 1 differ"
    )
    assert dict(verdict.findall(course)) == dict.fromkeys(["W1", "b1", "W2", "b2"], "agrees")
    ((rule, slope, ratio),) = numbers("b2[0, 0]: rule #, finite difference #, ratio #", learner)
    assert ratio == 8  # no 1/m, and m is 8
    assert rule == pytest.approx(8 * slope)

    AL, caches = manual.L_model_forward(example["X"], example["parameters"], ["tanh", "sigmoid"])
    true = manual.L_model_backward(AL, example["Y"], caches, ["tanh", "sigmoid"])
    weight = slope / true["db2"].item()  # gradcheck may weigh the cost with a constant
    for name in ("W1", "b1"):
        slopes = numbers(f"{name}[#, #]: rule #, finite difference #", learner)[:, 3]
        np.testing.assert_allclose(slopes, weight * true[f"d{name}"].ravel(), rtol=1e-7)


@pytest.mark.slow
def test_second_derivative_prints_the_known_answers(run):
    printed, _ = run("second_derivative")
    x, first, second, curvature = numbers("at x = #: y' = #, y'' = #, curvature #", printed).T
    y = np.sqrt(1 - x**2)  # the circle: y' = -x / y, y'' = -1 / y^3
    np.testing.assert_allclose(first, -x / y, atol=6e-6)
    np.testing.assert_allclose(second, -1 / y**3, atol=6e-6)
    np.testing.assert_allclose(curvature, 1, atol=1e-11)
    newton = numbers("step #: x = #", printed)[:, 1]  # the Babylonian 3/2, 17/12, 577/408, ...
    known = [3 / 2, 17 / 12, 577 / 408, 665857 / 470832, np.sqrt(2)]
    np.testing.assert_allclose(newton, known, rtol=0, atol=2e-15)
    apart = numbers("cost #, u and sin(pi x) at most # apart", printed)[:, 1]
    assert apart[0] > 0.5
    assert apart[-1] < 0.002

"""draw(t): how the picture is laid out, described, shown and saved."""

import base64
import hashlib
import json
import multiprocessing
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import graphviz
import numpy as np
import pytest
from pictures import SVG, layer

from tinygrad_edu import Tensor
from visualize import Drawing, draw
from visualize.canvas import THEMES
from visualize.errors import ConversionError, LayoutError, OptionError, SaveError
from visualize.files import _plain
from visualize.layout import _run_dot, layout_dot

# The layout


def test_a_missing_layout_engine_is_one_error_with_the_cure(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = draw(layer()[0])
    assert "digraph" in drawing.source  # DOT needs none
    with pytest.raises(LayoutError, match=r'pip install "tinygrad_edu\[draw\]"'):
        drawing.save(tmp_path / "graph.svg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for `dot` is a shell script")
def test_a_dot_on_the_path_serves_without_pygraphviz_and_gets_the_same_dot(monkeypatch, tmp_path):
    drawing = draw(layer()[0])
    seen = []
    monkeypatch.setattr("visualize.layout._run_program", seen.append)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    with pytest.raises(TypeError):
        drawing.svg
    monkeypatch.undo()
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/input\ncat {tmp_path}/output\n")
    program.chmod(0o755)
    (tmp_path / "output").write_text(_run_dot(seen[0]))
    expected = draw(layer()[0]).svg
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert drawing.svg == expected
    assert (tmp_path / "input").read_text() == seen[0]


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for `dot` is a shell script")
def test_a_dot_that_fails_is_a_layout_error(monkeypatch, tmp_path):
    (tmp_path / "dot").write_text("#!/bin/sh\ncat >/dev/null\nexit 3\n")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(LayoutError, match="could not lay the graph out"):
        draw(layer()[0]).svg


@pytest.mark.parametrize("answer", ["", "hello", "{}", '{"bb": 3}', "[]"])
def test_an_answer_that_is_no_layout_is_a_layout_error(monkeypatch, answer):
    monkeypatch.setattr("visualize.layout._run_dot", lambda source: answer)
    with pytest.raises(LayoutError, match="answered what is no layout"):
        draw(layer()[0]).svg


@pytest.mark.skipif(os.name != "posix", reason="only there a program is what its first bytes say")
def test_a_dot_that_is_no_program_is_a_layout_error(monkeypatch, tmp_path):
    (tmp_path / "dot").write_bytes(b"\x7fnothing")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LayoutError, match="could not lay the graph out"):
        draw(layer()[0]).svg


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
def test_a_process_that_was_forked_while_another_thread_drew_can_draw(monkeypatch):
    from visualize import layout

    with layout._one_at_a_time:  # as another thread would hold it
        child = multiprocessing.get_context("fork").Process(target=lambda: draw(layer()[0]).svg)
        child.start()
        child.join(30)
        assert child.exitcode == 0


def test_a_given_tensor_that_is_used_all_along_gets_straight_arrows_before_the_layout_takes_seconds():
    W, h = Tensor([[0.5]], requires_grad=True, name="W"), Tensor([[1.0]], name="h")
    few = np.tanh(W @ np.tanh(W @ h)).sum()
    for _ in range(14):
        h = np.tanh(W @ h)
    assert "splines=line" not in layout_dot(draw(few)._scene, "TB")
    assert "splines=line" in layout_dot(draw(h.sum())._scene, "TB")


@pytest.mark.parametrize("direction", ["LR", "TB", "RL", "BT"])
def test_boxes_do_not_overlap_and_follow_the_direction(direction):
    drawing = draw(layer()[0], direction=direction)
    root = ET.fromstring(drawing.svg)
    places = {}
    for g in root.iter(f"{SVG}g"):
        if "id" in g.attrib:
            x, y = map(float, g.get("transform")[len("translate(") : -1].split())
            numbers = g.find(f"{SVG}path").get("d").replace("M", " ").replace("H", " ").replace("V", " ")
            places[g.get("id")] = (x, y, numbers)
    box = {b.id: (places[b.id][0], places[b.id][1], b.width, b.height) for b in drawing._scene.boxes}
    ids = list(box)
    for i, a in enumerate(ids):
        for b in ids[:i]:
            (ax, ay, aw, ah), (bx, by, bw, bh) = box[a], box[b]
            assert ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay
    axis, sign = {"LR": (0, 1), "TB": (1, 1), "RL": (0, -1), "BT": (1, -1)}[direction]
    for edge in drawing._scene.edges:
        centre, before = (box[k][axis] + box[k][axis + 2] / 2 for k in (edge.head, edge.tail))
        assert sign * centre > sign * before
    width, height = float(root.get("width")), float(root.get("height"))
    assert all(x >= 0 and x + w <= width and y >= 0 and y + h <= height for x, y, w, h in box.values())


def test_the_text_fits_into_its_box_in_the_widest_common_font():
    for box in draw(layer()[0])._scene.boxes:
        for row in box.rows:
            assert sum(len(text) for text, _ in row.pieces) * 0.62 * 12 <= box.width - 10 - 48 * bool(row.bars)


SCRIPT = """
import numpy as np
from tinygrad_edu import Tensor, nn
from tinygrad_edu.functions import binary_cross_entropy
from visualize import draw
W, X = Tensor(np.eye(3), requires_grad=True, name="W"), Tensor(np.ones((3, 2)))
drawing = draw((np.tanh(W @ X) * np.full((3, 2), 0.5) + W.sum()).sum())
print(drawing.svg + drawing.source)
x = Tensor(np.ones(3), requires_grad=True)
for i in range(200):
    x = np.tanh(x) * float(i)
print(draw(x.sum()).svg)
J = binary_cross_entropy(nn.DeepNetwork([3, 4, 2, 1], seed=1)(np.ones((3, 2))), np.ones((1, 2)))
print(draw(J).svg + draw(J, depth=0).source)
"""


def test_two_processes_with_different_hash_seeds_draw_the_same_bytes():
    root = Path(__file__).resolve().parent.parent
    outputs = []
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        run = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, check=True, cwd=root)
        outputs.append(run.stdout)
    assert outputs[0] == outputs[1]
    assert b"digraph" in outputs[0] and b"</svg>" in outputs[0]


# What becomes of it


def test_it_is_described_for_those_who_do_not_see_it():
    root = ET.fromstring(draw(layer()[0]).svg)
    assert root.get("role") == "img"
    assert [root[0].tag, root[1].tag] == [f"{SVG}title", f"{SVG}desc"]
    assert root.findtext(f"{SVG}title") == "Graph of J"
    assert root.findtext(f"{SVG}desc").splitlines() == [
        "The computation of J, drawn top to bottom: 2 parameters, 1 input, 4 results.",
        "t1 = W @ X",
        "Z = t1 + b",
        "t2 = Z * Z",
        "J = mean(t2)",
    ]


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_enough_contrast_on_every_box(theme):
    colours = THEMES[theme]
    style = ET.fromstring(draw(layer()[0]).svg).findtext(f"{SVG}style")
    assert style.count("prefers-color-scheme:dark") == 1
    assert all(part in style for value in colours.values() for part in value.split())
    for kind in ("parameter", "input", "constant", "result", "group", "frame", "paper"):
        for role in ("name", "number", "quiet", "gradient"):
            a, b = sorted((luminance(colours[role]), luminance(colours[kind].split()[0])))
            assert (b + 0.05) / (a + 0.05) >= 4.5, (kind, role)


def test_a_style_reaches_nothing_outside_the_picture():
    style = ET.fromstring(draw(layer()[0]).svg).findtext(f"{SVG}style")
    rules = [line for line in style.splitlines() if "{" in line and not line.startswith("@media")]
    assert rules and all(line.startswith(".tinygrad-edu-graph.auto ") for line in rules)


def test_drawings_of_two_themes_in_one_document_share_no_rule():
    dark, light = (ET.fromstring(draw(layer()[0], theme=theme).svg) for theme in ("dark", "light"))
    selectors = [{line.split("{")[0] for line in root.findtext(f"{SVG}style").splitlines()} for root in (dark, light)]
    assert all(selectors) and not selectors[0] & selectors[1]
    assert [root.get("class") for root in (dark, light)] == ["tinygrad-edu-graph dark", "tinygrad-edu-graph light"]


def test_a_notebook_gets_the_picture():
    drawing = draw(layer()[0])
    assert drawing._repr_mimebundle_() == {"image/svg+xml": drawing.svg, "text/plain": "<Drawing of J: 7 tensors>"}
    assert drawing._repr_svg_() == drawing.svg
    json.dumps(drawing._repr_mimebundle_())


def test_the_layout_is_made_once_and_only_when_looked_at(monkeypatch):
    from visualize import drawing as module

    calls, original = [], module.lay_out
    monkeypatch.setattr(module, "lay_out", lambda *a: calls.append(1) or original(*a))
    picture = draw(layer()[0])
    assert calls == []
    assert picture.svg is picture.svg and len(calls) == 1


def test_save_writes_what_the_suffix_says(tmp_path):
    drawing = draw(layer()[0])
    assert drawing.save(str(tmp_path / "a.svg")) == tmp_path / "a.svg"
    drawing.save(tmp_path / "a.SVG")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == drawing.svg
    for name in ("a.dot", "a.gv"):
        assert drawing.save(tmp_path / name).read_text(encoding="utf-8") == drawing.source
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".tmp"]


def test_the_policy_of_a_page_names_its_one_style_by_its_hash(tmp_path):
    html = draw(layer()[0]).save(tmp_path / "a.html").read_text(encoding="utf-8")
    (css,) = re.findall("<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(css.encode("utf-8")).digest()).decode("ascii")
    assert f"style-src 'sha256-{digest}';" in html and " style=" not in html and "<script" not in html


def test_png_and_pdf_are_the_picture_in_the_light_scheme(tmp_path):
    pytest.importorskip("vl_convert", reason="vl-convert-python is not installed: pip install -e '.[images]'")
    drawing = draw(layer()[0])
    root = ET.fromstring(drawing.svg)
    png = drawing.save(tmp_path / "a.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(png[i : i + 4], "big") for i in (16, 20))
    assert abs(width - 2 * float(root.get("width"))) <= 2 and abs(height - 2 * float(root.get("height"))) <= 2
    assert drawing.save(tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
    assert "prefers-color-scheme" not in _plain(drawing.svg)


def test_png_and_pdf_without_a_converter_are_one_error_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    for name in ("a.png", "a.pdf"):
        with pytest.raises(ConversionError, match=r'pip install "tinygrad_edu\[images\]", or save an \.svg'):
            draw(layer()[0]).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_page_has_the_picture_and_a_table_of_its_boxes(tmp_path):
    drawing = draw(layer()[0])
    html = drawing.save(tmp_path / "a.html").read_text(encoding="utf-8")
    assert html.count("<svg") == 1 and html.count("<tr>") == 1 + 7
    assert (
        '<th scope="row">Z = t1 + b</th><td>add, shape (3, 5), float64; the sum of 2 gradients dt2 * Z + dt2 * Z</td>'
        in html
    )
    assert "<h1>Graph of J</h1>" in html and "<script" not in html


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_holds_whatever_scheme_the_reader_has(theme):
    style = ET.fromstring(draw(layer()[0], theme=theme).svg).findtext(f"{SVG}style")
    other = {"light": "dark", "dark": "light"}[theme]
    assert "@media" not in style
    assert THEMES[theme]["paper"] in style and THEMES[other]["paper"] not in style
    with pytest.raises(OptionError, match="theme='black': it is one of auto, light, dark"):
        draw(layer()[0], theme="black")


def test_printing_a_drawing_shows_its_boxes_as_text():
    x = Tensor(2.0, requires_grad=True, name="x")
    assert str(draw(x * 3.0)).splitlines() == [
        *("x", "    parameter · float64", "    value 2.0", "    grad  3.0"),
        *("t1 = x * 3.0", "    multiply · float64", "    value 6.0", "    grad  1.0"),
    ]


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "target.svg").write_text("old")
    (tmp_path / "link.svg").symlink_to(tmp_path / "target.svg")
    drawing = draw(Tensor(1.0))
    assert drawing.save(tmp_path / "link.svg") == tmp_path / "link.svg"
    assert (tmp_path / "link.svg").is_symlink()
    assert (tmp_path / "target.svg").read_text(encoding="utf-8") == drawing.svg


@pytest.mark.parametrize("name", ["x\0.svg", "\ud800\udc00x\ud800.svg"])
def test_a_name_that_no_file_can_have_is_one_error(tmp_path, name):
    with pytest.raises(SaveError, match="cannot write"):
        draw(Tensor(1.0)).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["graph.jpg", "graph", "graph.svg.bak"])
def test_another_suffix_is_refused(tmp_path, name):
    with pytest.raises(OptionError, match=r"saved as \.svg, \.html, \.png, \.pdf, \.dot, \.gv"):
        draw(Tensor(1.0)).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_one_error_and_leaves_the_old_file(tmp_path, monkeypatch):
    drawing = draw(Tensor(1.0))
    with pytest.raises(SaveError, match=r"cannot write .*missing"):
        drawing.save(tmp_path / "missing" / "graph.svg")
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(SaveError, match="cannot write"):
        drawing.save(tmp_path / "folder.svg")
    (tmp_path / "graph.svg").write_text("old")

    def full(self, *args, **kwargs):
        self.touch()
        raise OSError(28, "No space left on device")

    def busy(source, target):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", busy)
        with pytest.raises(SaveError, match="Permission denied"):
            drawing.save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text() == "old"
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SaveError, match="No space left on device"):
        drawing.save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.svg", "graph.svg"]


def test_a_tensor_draws_itself():
    J = layer()[0]
    drawing = J.draw(direction="TB")
    assert isinstance(drawing, Drawing) and drawing.svg == draw(J, direction="TB").svg


def test_the_source_is_dot_with_the_real_texts():
    pygraphviz = pytest.importorskip("pygraphviz")
    J = layer()[0]
    parsed = pygraphviz.AGraph(string=draw(J).source)
    assert parsed.number_of_nodes() == 7 and parsed.number_of_edges() == 7 + 6  # Z twice; X wants no gradient
    labels = [node.attr["label"] for node in parsed.nodes()]
    assert any(label.startswith(r"Z = t1 + b\ladd · float64\l") for label in labels)
    assert graphviz.Source(draw(J).source).source.startswith("digraph")

"""README's code does what README says."""

import re
from pathlib import Path

import numpy as np

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_the_first_example_prints_what_its_comment_says_and_draws_the_picture(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(BLOCKS[0], {})
    promised = re.search(r"print\(W\.grad\) +# (.*)", BLOCKS[0]).group(1)
    assert capsys.readouterr().out.strip() == promised
    A = 1 / (1 + np.exp(-np.array([[1.0 - 4.0 + 0.5, 3.0 - 2.0 + 0.5]])))  # by hand: dW = 1/m (A - Y) X.T
    dW = (A - [[0.0, 1.0]]) @ np.array([[1.0, 3.0], [2.0, 1.0]]).T / 2
    assert promised == f"Tensor({np.array2string(dW, separator=', ')})"
    assert (tmp_path / "neuron.svg").read_text(encoding="utf-8").startswith(("<svg", "<?xml"))


def test_every_code_block_runs():
    namespace = {}
    for block in BLOCKS:
        exec(re.sub(r"^J\.draw.*$", "", block, flags=re.MULTILINE), namespace)
    assert namespace["report"]
    assert namespace["costs"][-1] < namespace["costs"][0] and namespace["step"].traces == 1
    net, X, Y = namespace["net"], namespace["X"], namespace["Y"]
    A1 = np.maximum(net.layers[0].W.data @ X + net.layers[0].b.data, 0)  # by hand: dW3 = 1/m (A3 - Y) A2.T
    A2 = np.maximum(net.layers[1].W.data @ A1 + net.layers[1].b.data, 0)
    A3 = 1 / (1 + np.exp(-(net.layers[2].W.data @ A2 + net.layers[2].b.data)))
    dW3 = namespace["module"]["backward"](namespace["cache"])["dW3"]
    np.testing.assert_allclose(dW3, (A3 - Y) @ A2.T / 32, rtol=1e-9)


def test_every_link_leads_to_a_file():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (Path(__file__).parent.parent / target).exists(), target

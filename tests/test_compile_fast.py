"""Fused loops give what NumPy gives, to rounding; where there is no numba, nothing is different."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from graphs import draw_graph
from trainers import OPTIMIZERS, Trainer, batch, same

import tinygrad_edu as tg
from tinygrad_edu.compiler.compiled import has_numba
from tinygrad_edu.compiler.fusion import FEW, FUSIBLE, FUSIBLE_IF_FEW
from tinygrad_edu.compiler.loops import EXPRESSIONS
from tinygrad_edu.errors import CompileError

pytest.importorskip("numba")

SPECIAL = np.array([[0.0, -0.0, 1.5, -2.0, np.nan, np.inf, -np.inf]])
UFUNCS = sorted((f for f in FUSIBLE | FUSIBLE_IF_FEW if isinstance(f, np.ufunc)), key=lambda f: f.__name__)
BINARY = [f for f in UFUNCS if f.nin == 2]
UNARY = [f for f in UFUNCS if f.nin == 1]


def close(a, b, digits=None):
    """The same dtypes and shapes, and the same numbers to rounding."""
    a, b = (np.asarray(x.data if isinstance(x, tg.Tensor) else x) for x in (a, b))
    assert a.dtype == b.dtype and a.shape == b.shape
    tolerance = 0 if a.dtype == bool else np.finfo(a.dtype).eps * 64
    np.testing.assert_allclose(a, b, tolerance, tolerance * np.abs(b[np.isfinite(b)]).max(initial=0))


def check(f, *args):
    """The first call runs f itself; later ones are the program, which has a loop."""
    compiled = tg.compile(f, fast=True)
    with np.errstate(all="ignore"):
        for _ in range(3):
            got, expected = compiled(*args), f(*args)
            for a, b in zip(*(x if isinstance(x, tuple) else (x,) for x in (got, expected)), strict=True):
                close(a, b)
    assert "def loop1(" in compiled.source
    return compiled.source[compiled.source.index("def setup(") :]  # behind the loops' own texts


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("f", BINARY, ids=lambda f: f.__name__)
def test_each_function_of_two_arrays_does_what_numpys_does(f, dtype):
    x, y = SPECIAL.astype(dtype), SPECIAL.T.astype(dtype)
    grid = np.broadcast_to(x, (7, 7)).copy()
    check(lambda x, y: (f(x, y), x + 1, f(x, 0.5), f(2, x)), grid, y)
    if f not in (np.subtract, np.divide):
        check(lambda x, y: np.where(f(x > 0, y > 0), x, y) + 1, grid, grid.T.copy())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("f", UNARY, ids=lambda f: f.__name__)
def test_each_function_of_one_array_does_what_numpys_does(f, dtype):
    check(lambda x: (f(x), x - 1), SPECIAL.astype(dtype))


def test_every_fusible_function_has_an_expression():
    assert set(EXPRESSIONS) == FUSIBLE | FUSIBLE_IF_FEW


@pytest.mark.parametrize("f", sorted(FUSIBLE_IF_FEW, key=lambda f: f.__name__), ids=lambda f: f.__name__)
def test_of_many_entries_numpy_computes_the_functions_that_it_is_faster_at(f):
    sources = [check(lambda x: (f(x * 0.5) + x, x - 1), np.linspace(0.1, 2, n)) for n in (FEW, FEW + 1)]
    assert [f"{f.__name__}(" in source for source in sources] == [False, True]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, 1, 2, (0, 1), (0, 2), (1, 2), (0, 1, 2), -1])
def test_sums_over_any_axes_end_a_loop(axis, keepdims):
    x = np.random.default_rng(0).standard_normal((4, 3, 5)).astype(np.float32)

    def f(x, b):
        z = x * 2 - b
        return z.sum(axis=axis, keepdims=keepdims), z

    for b in (x[:, :, :1], x[0], x[0, 0], x[:, :1], x.copy()):
        check(f, x, b.copy())


def test_sums_of_float32_do_not_lose_digits():
    x = np.full(1_000_001, 0.1, np.float32)
    f = tg.compile(lambda x: (x * 1).sum(), fast=True)
    f(x)
    assert abs(float(f(x)) / (float(x[0]) * x.size) - 1) < 1e-7


def test_arrays_in_any_order_in_memory():
    x = np.random.default_rng(0).standard_normal((4, 3, 5))
    check(lambda x: ((x * 2 + 1).sum(axis=1), x - 1), x.transpose(2, 0, 1))
    check(lambda x: ((x * 2 + 1).sum(axis=1), x - 1), np.asfortranarray(x))
    check(lambda x, y: (x * 2 + y, x * 2 - 1), x, x.transpose(2, 1, 0).copy().transpose(2, 1, 0))
    check(lambda x: (x[:, ::2] * 2).sum() + (x * 2).sum(), x)
    check(lambda x: ((x * 2 + 1).sum(axis=0), x[None] - 1), x[:, :1])


def test_arguments_may_be_read_only_and_lie_anywhere():
    memory = bytearray(8 * 6 + 1)
    odd = np.frombuffer(memory, np.float64, 6, offset=1).reshape(2, 3)
    odd[...] = np.arange(6.0).reshape(2, 3)
    fixed = np.arange(6.0).reshape(2, 3)
    fixed.flags.writeable = False
    check(lambda x, y: x * 2 + y - 1, odd, fixed)


def test_an_argument_that_is_a_state_keeps_its_numbers():
    W = tg.Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True, name="W")

    @tg.compile(fast=True)
    def step(x):
        W.data = W.data * 0.5 + x
        return (W * 2 - x).sum()

    for _ in range(3):
        kept, before = W.data, W.data.copy()
        close(step(W.data), (before * 1.5 * 2 - before).sum())
        same(kept, before)
        W.data = np.asfortranarray(W.data)


def test_a_read_tensor_may_be_laid_out_anew():
    c = tg.Tensor(np.arange(6.0).reshape(2, 3), name="c")
    f = tg.compile(lambda x: x * c + c - 1, fast=True)
    x = np.ones((2, 3))
    for new in (np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(3, 2).T, np.arange(12.0).reshape(2, 6)[:, ::2]):
        c.data = new
        close(f(x), x * new + new - 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_training_is_the_same_to_rounding(make, dtype):
    a, b = (Trainer(make, dtype=dtype, dropout=0.3, **options) for options in ({}, {"compiled": True, "fast": True}))
    for i in range(5):
        close(a.step(*batch(i, dtype=dtype)).detach(), b.step(*batch(i, dtype=dtype)))
    for x, y in zip(a.everything(), b.everything(), strict=True):
        np.testing.assert_allclose(x, y, *((1e-3, 1e-5) if dtype == np.float32 else (1e-9, 1e-12)))
    assert " loop1(" in b.step.source and b.step.traces == 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_random_graphs_are_the_same_to_rounding(seed):
    graph = draw_graph(seed, False)
    sides = [[tg.Tensor(x, requires_grad=True) for x in graph.inputs] for _ in range(2)]

    def step(tensors):
        J = graph.number(np, tensors)
        J.backward()
        return J, [t.grad for t in tensors]

    compiled = tg.compile(lambda: step(sides[1]), fast=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(2):
            for t in (*sides[0], *sides[1]):
                t.grad = None
            (J, gradients), (J_fast, fast) = step(sides[0]), compiled()
    np.testing.assert_allclose(J_fast.data, J.data, 1e-9)
    for a, b in zip(gradients, fast, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_allclose(b.data, a.data, 1e-9, 1e-9 * np.abs(a.data).max(initial=0))


def test_verify_compares_to_rounding():
    f = tg.compile(lambda x: (x * 1.1 - 0.3).sum(axis=0), fast=True, verify=True)
    x = np.random.default_rng(0).standard_normal((1000, 7)).astype(np.float32)
    for _ in range(5):
        f(x)
    hidden = np.ones(1)
    g = tg.compile(lambda x: x * 2 + np.exp(hidden[0]), fast=True, verify=True)
    g(x)
    hidden += 0.5
    with pytest.raises(CompileError, match="is not what the function gives"):
        g(x)


@pytest.fixture
def _without_numba(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)  # importing it raises ImportError
    has_numba.cache_clear()
    yield
    has_numba.cache_clear()


@pytest.mark.usefixtures("_without_numba")
def test_without_numba_fast_is_refused_and_else_nothing_changes():
    with pytest.raises(CompileError, match=r"pip install 'tinygrad_edu\[fast\]'"):
        tg.compile(lambda x: x + 1, fast=True)
    f = tg.compile(lambda x: x * 2 + 1)
    for _ in range(2):
        same(f(SPECIAL), SPECIAL * 2 + 1)
    assert "loop" not in f.source


SCRIPT = """
import numpy as np, tinygrad_edu as tg
f = tg.compile(lambda x: x * 2 + 1, fast=True)
f(np.ones(3)); print(f(np.ones(3)))
"""


@pytest.mark.slow
def test_machine_code_is_kept_and_needs_no_place_to_be_kept(tmp_path):
    home = tmp_path / "cache"

    def run(**environment):
        """What numba says that it does with the files."""
        command = [sys.executable, "-W", "error", "-c", SCRIPT]
        environment["NUMBA_DEBUG_CACHE"] = "1"
        result = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        *said, printed = result.stdout.splitlines()
        assert printed == "[3. 3. 3.]" and result.stderr == ""
        return " ".join(said)

    assert "data saved" in run(XDG_CACHE_HOME=str(home))
    files = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}
    assert {path.suffix for path in files} >= {".py", ".nbi", ".nbc"}
    assert "data loaded" in run(XDG_CACHE_HOME=str(home))
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()} == files
    for path in files:  # cut short, all of them
        path.write_bytes(path.read_bytes()[:20])
    run(XDG_CACHE_HOME=str(home))
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the directory should be")
    run(XDG_CACHE_HOME=str(blocked))


def test_arrays_of_the_other_byte_order_are_computed_with():
    x = np.array([1.0, 2.0, 3.0], np.dtype(float).newbyteorder("S"))
    W = tg.Tensor(x.copy(), requires_grad=True)

    def cost(x):
        W.grad = None
        J = ((W * x + 2.0) * x).sum() + np.tanh(W).sum()
        J.backward()
        return J

    for f in (lambda x: (x * 2 + 1) * x, cost):
        compiled = tg.compile(f)
        for given in (x, tg.Tensor(x), x[::-1], x, tg.Tensor(x), x[::-1]):
            close(getattr(compiled(given), "_array", compiled(given)), getattr(f(given), "_array", f(given)))


@pytest.mark.parametrize("f", [lambda x: x[::-1].copy(), lambda x: x[::-1] ** 1])
def test_a_loop_goes_over_the_copy_of_an_array_that_lies_otherwise(f):
    check(lambda x: (f(x).reshape(-1) * 2 + 1).sum(), np.arange(4.0))

"""`detect_anomaly`: the first NaN or inf, by op, entries and line; and arrays changed between forward and backward."""

import gc
import threading
import tracemalloc
import warnings

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, anomaly
from tinygrad_edu import functions as F
from tinygrad_edu.errors import AnomalyError, ChangedDataError, GradientError
from tinygrad_edu.primitives import registry


def leaf(data, name="x"):
    return Tensor(data, requires_grad=True, name=name)


def line_of(function, text):
    """The line number of this file at which `text` stands in a function."""
    with open(__file__) as f:
        lines = f.read().splitlines()
    start = function.__code__.co_firstlineno
    return next(n for n, line in enumerate(lines[start:], start + 1) if text in line)


# Forward


@pytest.mark.parametrize(
    ("f", "x", "message"),
    [
        (np.log, [1.0, 0.0, 2.0], r"log\(x\) made -inf in 1 of 3 entries, first at \[1\]: x is \(3,\) and was 0 there"),
        (np.log, [[1.0, -4.0]], r"log\(x\) made NaN in 1 of 2 entries, first at \[0, 1\]: .* was -4 there"),
        (np.exp, [800.0, 900.0], r"exp\(x\) made inf in 2 of 2 entries, first at \[0\]: x is \(2,\) and was 800"),
        (lambda x: 1 / x, [0.0, 1.0], r"divide\(1, x\) made inf in 1 of 2 entries"),
        (lambda x: x**-1.0, [2.0, 0.0], r"power\(x, -1.0\) made inf"),
        (np.sqrt, -1.0, r"sqrt\(x\) made NaN: x is \(\) and was -1 there"),
        (lambda x: x @ x, [1e200, 1e200], r"matmul\(x, x\) made inf: x is \(2,\); x is \(2,\)\."),
        (lambda x: x.sum() * 1e300, [1e10], r"multiply\(a, 1e\+300\) made inf"),
    ],
)
def test_the_first_step_that_makes_one_is_named_with_its_operands_and_entries(f, x, message):
    with tg.detect_anomaly(), pytest.raises(AnomalyError, match=message):
        np.sin(f(leaf(x)))


def test_constants_are_watched_as_well():
    with tg.detect_anomaly(), pytest.raises(AnomalyError, match=r"log\(p\) made -inf"):
        np.log(Tensor([0.0], name="p"))
    with tg.detect_anomaly(), tg.no_grad(), pytest.raises(AnomalyError, match=r"log\(x\) made -inf"):
        np.log(leaf([0.0]))


def cost(p):
    q = p * 2
    logarithm = np.log(q - 2)
    return logarithm.sum()


def test_the_error_names_the_users_own_line():
    with tg.detect_anomaly(), pytest.raises(AnomalyError) as caught:
        cost(leaf([3.0, 1.0], "p"))
    text = str(caught.value)
    assert f'File "{__file__}", line {line_of(cost, "logarithm = ")}, in cost\n' in text
    assert "    logarithm = np.log(q - 2)" in text


def test_what_comes_in_as_inf_or_nan_is_nobodys_fault_below():
    x = leaf([1.0, -np.inf, np.inf])
    with tg.detect_anomaly():
        y = np.exp(np.minimum(x, 1.0)) + x
        np.maximum(y, -np.inf)
        F.softmax(np.where([True, False, True], leaf([1.0, 2.0, 3.0]), -np.inf), axis=0)
        Tensor([np.nan]) + leaf([1.0])
    with tg.detect_anomaly(), pytest.raises(AnomalyError, match=r"subtract\(x, x\) made NaN in 2 of 3"):
        x - x


def test_the_safe_form_is_shown_with_the_users_names():
    with tg.detect_anomaly():
        with pytest.raises(AnomalyError) as caught:
            np.log(leaf([0.0], "p"))
        assert "np.where(ok, np.log(np.where(ok, p, 1.0)), 0.0)" in str(caught.value)
        with pytest.raises(AnomalyError) as caught:
            leaf([1.0], "a") / leaf([0.0], "b")
        assert "np.where(ok, a / np.where(ok, b, 1.0), 0.0)" in str(caught.value)
        with pytest.raises(AnomalyError) as caught:
            leaf([1e300], "a") * leaf([1e300], "b")
        assert "np.where" not in str(caught.value)


#: What it is done to -> a step, a good operand, its slope there, and bad operands.
UNSAFE = {
    "sqrt": (np.sqrt, 4.0, 1 / 4, [0.0, -1.0]),
    "cbrt": (np.cbrt, 8.0, 1 / 12, [0.0]),
    "log": (np.log, 4.0, 1 / 4, [0.0, -1.0]),
    "log2": (np.log2, 4.0, 1 / (4 * np.log(2)), [0.0, -1.0]),
    "log10": (np.log10, 4.0, 1 / (4 * np.log(10)), [0.0, -1.0]),
    "log1p": (np.log1p, 3.0, 1 / 4, [-1.0, -2.0]),
    "reciprocal": (np.reciprocal, 2.0, -1 / 4, [0.0]),
    "arcsin": (np.arcsin, 0.6, 1.25, [1.0, -1.0, 2.0]),
    "arccos": (np.arccos, 0.6, -1.25, [1.0, -1.0, 2.0]),
    "arccosh": (np.arccosh, 1.25, 4 / 3, [1.0, 0.5]),
    "arctanh": (np.arctanh, 0.6, 1 / 0.64, [1.0, -1.0, 2.0]),
    "divide": (lambda x: 3.0 / x, 2.0, -3 / 4, [0.0]),
    "power": (lambda x: x**0.5, 4.0, 1 / 4, [0.0, -1.0]),
}


@pytest.mark.parametrize(("name", "bad"), [(name, bad) for name in UNSAFE for bad in UNSAFE[name][3]])
def test_the_safe_form_that_is_printed_works(name, bad):
    f, good, slope, _ = UNSAFE[name]
    x, ok = leaf([good, bad]), np.array([True, False])
    with tg.detect_anomaly():
        with pytest.raises(AnomalyError) as caught:
            np.where(ok, f(x), 0.0).sum().backward()
        cure = str(caught.value).split("ok marking what to keep:\n    ")[1]
        J = eval(cure, {"np": np, "ok": ok, "x": x}).sum()
        J.backward()
    assert J.item() == pytest.approx(f(good), rel=1e-14)
    np.testing.assert_allclose(x.grad.data, [slope, 0.0], rtol=1e-14)


def test_every_safe_form_is_tried_and_every_step_that_leaves_entries_out_is_an_operation():
    assert set(UNSAFE) == set(anomaly.SAFE_FORMS)
    assert set(registry) >= anomaly.CHOOSES


@pytest.mark.parametrize("choose", [np.nanmax, np.nanmin])
def test_a_nanmax_that_left_the_entry_out_is_named(choose):
    x = leaf([0.0, 0.0])
    with tg.detect_anomaly():
        root = np.sqrt(x * x)
        J = choose(np.stack([root[0], root[1] + (1.0 if choose is np.nanmax else -1.0)]))
        with pytest.raises(AnomalyError, match=f"an entry that `{choose.__name__}` did not take"):
            J.backward()


# Backward


def untaken(x):
    root = np.sqrt(x)
    return np.where(x.data > 0, root, 0.0).sum()


def test_zero_times_infinity_in_an_untaken_branch_is_recognised():
    with tg.detect_anomaly():
        J = untaken(leaf([4.0, 0.0, 9.0]))
        with pytest.raises(AnomalyError) as caught:
            J.backward()
    text = str(caught.value)
    assert "backward of sqrt(x): the gradient for x is NaN in 1 of 3 entries, first at [1]" in text
    assert f"line {line_of(untaken, 'root = ')}, in untaken\n    root = np.sqrt(x)" in text
    assert "an entry that `where` did not take" in text
    assert f"line {line_of(untaken, 'return np.where')}, in untaken" in text
    assert "0 * inf" in text
    assert "np.where(ok, np.sqrt(np.where(ok, x, 1.0)), 0.0)" in text


def test_an_infinite_slope_is_named_and_is_no_zero_times_infinity():
    x = leaf([4.0, 0.0])
    with tg.detect_anomaly():
        J = np.sqrt(x).sum()
        with pytest.raises(AnomalyError, match=r"backward of sqrt\(x\): the gradient for x is inf in 1 of 2") as caught:
            J.backward()
    assert "0 * inf" not in str(caught.value)
    assert x.grad is None


def test_the_first_rule_of_the_walk_is_named_and_not_those_behind_it():
    a, b = leaf([4.0, 0.0], "a"), leaf([1.0, 2.0], "b")
    with tg.detect_anomaly():
        J = np.sqrt(np.sin(a) ** 2 * np.cos(b) ** 2).sum()
        with pytest.raises(AnomalyError, match=r"^backward of sqrt\(x\)"):
            J.backward()


def test_second_derivatives_are_watched():
    with tg.detect_anomaly():
        x = leaf([0.0, 1.0])
        (x**1.5).sum().backward(create_graph=True)
        with pytest.raises(AnomalyError, match=r"backward of power\(x, 0.5\)"):
            x.grad.sum().backward()


def test_warnings_of_numpy_do_not_come_before_the_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with tg.detect_anomaly(), pytest.raises(AnomalyError):
            np.log(leaf([0.0]))
    with pytest.warns(RuntimeWarning):
        np.log(leaf([0.0]))


# Arrays that change


def test_an_array_that_a_step_captured_is_read_only_inside_and_writable_after():
    X, W = np.ones((2, 3)), leaf(np.ones((3, 2)), "W")
    with tg.detect_anomaly():
        Z = X @ W
        for write in (
            lambda: X.__setitem__(0, 5.0),
            lambda: W.data.__setitem__((0, 0), 5.0),
            lambda: Z.data.__iadd__(1.0),
            lambda: np.add(X, 1, out=X),
            lambda: X.fill(2.0),
        ):
            with pytest.raises(ValueError, match="read-only"):
                write()
    for array in (X, W.data, Z.data):
        assert array.flags.writeable
    X[0] = 5.0


def test_arrays_are_let_go_when_the_graph_is_walked_or_gone():
    x = np.ones(3)
    W = leaf(np.ones(3), "W")
    optimizer = tg.optim.SGD([W], lr=0.1)
    with tg.detect_anomaly():
        for _ in range(3):
            optimizer.zero_grad()
            J = (W * x).sum()
            assert not x.flags.writeable
            J.backward()
            optimizer.step()
            x += 1
            W.data[0] = 0.5
        J = (W * x).sum()
        J.backward(retain_graph=True)
        assert not x.flags.writeable
        del J
        assert x.flags.writeable
        tg.grad(lambda v: (v * x).sum())(W.data)
        assert x.flags.writeable and W.data.flags.writeable


def test_an_array_that_was_read_only_stays_so():
    x = np.ones(3)
    x.flags.writeable = False
    with tg.detect_anomaly():
        (leaf(np.ones(3)) * x).sum().backward()
    assert not x.flags.writeable


def test_views_become_writable_again_with_their_base():
    x = leaf(np.arange(6.0))
    with tg.detect_anomaly():
        y = x.reshape(2, 3)
        z = y.T * 1.0
    for t in (x, y, z):
        assert t.data.flags.writeable


@pytest.mark.parametrize("inside", [True, False])
def test_a_change_through_an_older_view_is_found_in_backward(inside):
    buffer = np.arange(4.0)
    view = buffer[1:]
    with tg.detect_anomaly():
        W = leaf(view, "W")
        J = (W * W).sum()
        buffer[2] = 7
        if inside:
            with pytest.raises(ChangedDataError, match=r"the entries of W were changed after multiply had used them"):
                J.backward()
    if not inside:
        with pytest.raises(ChangedDataError, match=r"entries of W .*\n  File .*test_anomaly.py.*\n.*J = \(W \* W\)"):
            J.backward()
    assert W.grad is None


def test_an_input_array_refilled_after_the_block_is_found_in_backward():
    batch = np.ones(3)
    W = leaf(np.ones(3), "W")
    with tg.detect_anomaly():
        J = (W * batch).sum()
    batch[:] = 2.0
    with pytest.raises(ChangedDataError, match=r"the entries of b were changed after multiply"):
        J.backward()


def test_a_rule_that_writes_into_its_gradient_is_stopped():
    def spoil(dz, z, x):
        dz *= 2
        return dz

    twice = tg.primitive(lambda x: 2 * x, name="twice", dx=spoil)
    with tg.detect_anomaly():
        J = twice(leaf(np.ones(3))).sum()
        with pytest.raises(ValueError, match="read-only"):
            J.backward()


# The block itself


def test_nothing_is_watched_outside_and_in_other_threads():
    seen = []

    def work():
        with np.errstate(all="ignore"):
            seen.append(np.log(leaf([0.0])).data[0])

    with tg.detect_anomaly():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    with np.errstate(all="ignore"):
        seen.append(np.log(leaf([0.0])).data[0])
    assert seen == [-np.inf, -np.inf]


def test_blocks_nest_and_end_with_an_exception():
    x = np.ones(2)
    with pytest.raises(ZeroDivisionError), tg.detect_anomaly():
        with tg.detect_anomaly():
            J = (leaf(np.ones(2)) * x).sum()
        assert x.flags.writeable
        J = (leaf(np.ones(2)) * x).sum()
        1 / 0
    assert x.flags.writeable and J.requires_grad


def test_it_decorates_functions_and_refuses_generators():
    @tg.detect_anomaly()
    def log(x):
        return np.log(x)

    for _ in range(2):
        with pytest.raises(AnomalyError):
            log(leaf([0.0]))
    with pytest.raises(GradientError, match=r"@detect_anomaly\(\) on steps, whose body runs later"):

        @tg.detect_anomaly()
        def steps():
            yield


def test_gradients_are_the_same_inside():
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((4, 7)), rng.integers(2, size=(1, 7)) * 1.0
    plain, watched = (tg.nn.DeepNetwork([4, 5, 1], seed=0) for _ in range(2))
    F.binary_cross_entropy_with_logits(plain.logits(X), Y).backward()
    with tg.detect_anomaly():
        F.binary_cross_entropy_with_logits(watched.logits(X), Y).backward()
    for p, q in zip(plain.parameters(), watched.parameters(), strict=True):
        np.testing.assert_array_equal(p.grad.data, q.grad.data)
        assert q.grad.data.flags.writeable


def test_a_long_watched_loop_keeps_no_arrays():
    W = leaf(np.ones(1000), "W")
    with tg.detect_anomaly():
        for _ in range(5):
            np.sin(W).sum().backward()
        gc.collect()
        tracemalloc.start()
        for _ in range(200):
            np.sin(W).sum()  # dropped without a walk
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert size < 100_000  # one array of 8 kB for each step would be 1.6 MB


def test_gradients_that_overflow_when_they_add_up_are_named():
    x = leaf(1e-300)
    with tg.detect_anomaly():
        y = x * 1.0
        with pytest.raises(AnomalyError, match=r"the gradient of the result of multiply is inf.*shares were added up"):
            (y * 1e308 + y * 1e308).backward()
        y = x * 1.0
        y.register_hook(lambda dy: dy * np.nan)
        with pytest.raises(AnomalyError, match=r"the gradient of the result of multiply is NaN.*or a hook"):
            y.backward()


def test_an_old_infinity_elsewhere_hides_no_new_one():
    mask = np.array([0.0, -np.inf])
    with tg.detect_anomaly():
        with pytest.raises(AnomalyError, match=r"exp\(x\) made inf in 1 of 2 entries, first at \[0\]"):
            np.exp(leaf([1000.0, 1.0]) + mask)
        with pytest.raises(AnomalyError, match=r"log\(x\) made -inf in 1 of 2 entries, first at \[1\]"):
            np.log(leaf([np.nan, 0.0]))
        (leaf([1.0, 2.0]) * np.array([np.inf, 1.0])) + mask


def test_a_tensor_made_as_a_view_inside_is_writable_after():
    x = leaf(np.arange(6.0))
    with tg.detect_anomaly():
        J, head = (x * x).sum(), x[:3]
        J.backward()
    head.data[0] = 2.0
    x.data[0] = 3.0

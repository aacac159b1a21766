"""The second run of a checkpointed function: the same random numbers, and whatever else changed is noticed."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from calls import gradients, leaf

import tinygrad_edu as tg
from tinygrad_edu import Tensor, checkpoint, functions, grad, no_grad
from tinygrad_edu.errors import ChangedDataError, GradientError, GraphFreedError
from visualize import draw

# Random numbers


def rate(x, rng=None):
    return functions.dropout(x, 0.5, rng=rng)


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_dropout_draws_the_same_mask_twice_and_leaves_the_generator_as_after_one_run(depth):
    f = lambda h: rate(h * 2) * rate(h)
    for _ in range(depth):
        f = checkpoint(lambda h, f=f: f(h) + rate(h))
    x, results = leaf(np.ones(50)), []
    for how in (lambda f: f, checkpoint):
        tg.seed(7)
        J = (how(f)(x) * rate(x)).sum()
        after_forward = tg.randomness.generator().bit_generator.state
        (dx,) = gradients(J, x, create_graph=True)
        slope = x.grad
        (ddx,) = gradients((slope * slope).sum(), x)
        assert tg.randomness.generator().bit_generator.state == after_forward
        results.append((J.item(), dx, ddx, tg.randomness.generator().random()))
    for plain, checkpointed in zip(*results):
        np.testing.assert_array_equal(plain, checkpointed)


def test_a_new_seed_between_the_runs_changes_nothing():
    x = leaf(np.ones(50))
    tg.seed(1)
    z = checkpoint(rate)(x)
    tg.seed(2)
    (dx,) = gradients(z.sum(), x)
    np.testing.assert_array_equal(dx, z.data)
    assert tg.randomness.generator().random() == np.random.default_rng(2).random()


def test_layers_and_arguments_with_a_generator_of_their_own_draw_the_same_numbers():
    x, layer, g = leaf(np.ones(50)), tg.nn.Dropout(0.5, seed=3), np.random.default_rng(4)
    z = checkpoint(lambda x, rng: layer(x) * rate(x, rng) * rng.uniform(1, 2, 50) * rate(x, 5))(x, g)
    states = layer.rng.bit_generator.state, g.bit_generator.state
    (dx,) = gradients(z.sum(), x)
    np.testing.assert_allclose(dx, 3 * z.data, rtol=1e-14)
    assert (layer.rng.bit_generator.state, g.bit_generator.state) == states


def test_random_numbers_from_elsewhere_are_noticed():
    g, x = np.random.default_rng(0), leaf(np.ones(50))
    z = checkpoint(lambda x: x * g.random(50))(x)
    with pytest.raises(ChangedDataError, match=r"<lambda> gave another result when it ran again.*or from one that is"):
        z.sum().backward()
    assert x.grad is None


def test_threads_do_not_disturb_each_others_checkpoints():
    tg.seed(0)
    w = leaf(np.ones(100))

    def job(k):
        z = checkpoint(lambda x: rate(x) * w)(leaf(np.full(100, float(k))))
        total = 0.0
        for _ in range(5):
            total = total + grad(lambda v: (checkpoint(lambda v: rate(v) * k)(v)).sum())(np.ones(100)).sum()
        (dw,) = [grad(lambda u: (z * u).sum())(np.ones(100)).data]
        return np.array_equal(dw, z.data)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(job, range(1, 30)))


# What must not go wrong in silence


def change_parameter(w, c, box):
    w.data = w.data + 1


def change_constant(w, c, box):
    c.data = c.data + 1


def change_setting(w, c, box):
    box["factor"] = 3.0


def change_array(w, c, box):
    box["array"] += 1


@pytest.mark.parametrize(
    "change, message",
    [
        (change_parameter, "the data of w was replaced after checkpoint had used it"),
        (change_constant, "the data of c was replaced after checkpoint had used it"),
        (change_setting, "checkpoint: <lambda> gave another result when it ran again"),
        (change_array, "checkpoint: <lambda> gave another result when it ran again"),
    ],
)
@pytest.mark.parametrize("how", ["captured", "arguments", "nested"])
def test_whatever_changed_between_the_runs_is_noticed(change, message, how):
    w, c, x = leaf([2.0], "w"), Tensor([5.0], name="c"), leaf([3.0])
    box = {"factor": 1.0, "array": np.ones(1)}
    f = lambda x, w, c: (x - 3) * w * c + x * box["factor"] * box["array"]  # neither w nor c changes the value at 3
    if how == "captured":
        z = checkpoint(lambda x: f(x, w, c))(x)
    elif how == "arguments":
        z = checkpoint(lambda x, w, c: f(x, w, c))(x, w, c)
    else:
        z = checkpoint(lambda x: checkpoint(lambda x: f(x, w, c))(x) * 1.0)(x)
    change(w, c, box)
    with pytest.raises(ChangedDataError, match=message):
        z.sum().backward()
    assert x.grad is None and w.grad is None


def test_a_result_that_differs_by_rounding_only_is_taken():
    x, turn = leaf([1.0, np.nan]), [0]

    def f(x):
        turn[0] += 1
        return x * (3 + 1e-12 * turn[0])

    assert gradients(checkpoint(f)(x).sum(), x)[0][0] == 3 + 2e-12
    z = checkpoint(lambda x: x * (3 + 1e-6 * turn[0]))(x)
    turn[0] += 1
    with pytest.raises(ChangedDataError):
        z.sum().backward()


def test_a_tiny_result_that_differs_is_noticed():
    x, box = leaf([1.0, np.inf]), [1e-12]
    z = checkpoint(lambda x: x * box[0])(x)
    assert gradients(z.sum(), x)[0].tolist() == [1e-12, 1e-12]
    z = checkpoint(lambda x: x * box[0])(x)
    box[0] = 2e-12
    with pytest.raises(ChangedDataError):
        z.sum().backward()


@pytest.mark.parametrize("other", [lambda x: (x,), lambda x: (1.0, x * 2), lambda x: (x, np.stack([x, x]))])
def test_another_number_or_kind_of_results_is_noticed(other):
    x, turn = leaf([1.0]), [0]

    def f(x):
        turn[0] += 1
        return (x, x * 2) if turn[0] == 1 else other(x)

    with pytest.raises(ChangedDataError, match="f gave another result"):
        sum((z**2).sum() for z in checkpoint(f)(x)).backward()


def test_a_tensor_that_is_found_only_the_second_time_is_noticed():
    x, ws = leaf([1.0]), [leaf([2.0]), leaf([2.0])]
    z = checkpoint(lambda x: ws[0] * x)(x)
    ws.reverse()
    with pytest.raises(ChangedDataError, match="gave another result"):
        z.sum().backward()


def test_a_tensor_computed_between_the_runs_is_noticed_and_keeps_its_graph():
    w, x = leaf([2.0]), leaf([3.0])
    box = [w * 1.0]
    z = checkpoint(lambda x: box[0] * w * x)(x)
    box[0] = w * 1.0
    with pytest.raises(ChangedDataError, match="gave another result"):
        z.sum().backward()
    assert gradients(box[0].sum(), w) == [[1.0]]


def test_an_error_in_the_second_run_leaves_nothing_half_done():
    x, late, broken = leaf([1.0, 2.0]), leaf([3.0, 4.0]), []

    def f(x):
        rate(x)
        if broken:
            raise KeyboardInterrupt
        return x * x

    J = (checkpoint(f)(x) + late).sum()
    broken.append(1)
    with no_grad():
        with pytest.raises(KeyboardInterrupt):
            J.backward()
        assert not (x * 2).requires_grad
    assert x.grad is None and late.grad is None and tg.randomness.lenders.get() == ()
    broken.clear()
    J.backward()
    np.testing.assert_array_equal(x.grad.data, [2.0, 4.0])


def test_an_error_in_the_first_run_is_passed_on():
    with pytest.raises(ZeroDivisionError):
        checkpoint(lambda x: 1 / 0)(leaf(1.0))
    assert tg.randomness.lenders.get() == () and (leaf(1.0) * 2).requires_grad


def test_backward_inside_no_grad_runs_the_function_with_its_graph():
    x = leaf([3.0])
    J = checkpoint(lambda x: x * x)(x).sum()
    with no_grad():
        assert gradients(J, x) == [[6.0]]


def test_a_parameter_made_inside_is_refused():
    with pytest.raises(GradientError, match=r"checkpoint: f makes w, or replaces its data.*outside"):

        def f(x):
            return leaf([1.0], "w") * x

        checkpoint(f)(2.0)
    w = leaf([2.0], "w")

    def g(x):
        z = w * x
        w.data = w.data * 2
        return z

    with pytest.raises(GradientError, match=r"checkpoint: g makes w, or replaces its data"):
        checkpoint(g)(2.0)


def test_results_in_an_object_of_the_users_are_refused():
    class Result:
        def __init__(self, z):
            self.z = z

    with pytest.raises(GradientError, match=r"checkpoint: <lambda> returned a Result at \[1\], whose gradients would"):
        checkpoint(lambda x: (x, Result(x)))(leaf(1.0))


def test_a_step_that_leaks_out_raises_when_it_is_walked():
    leaked, x = [], leaf([1.0])
    z = checkpoint(lambda x: leaked.append(x * 2) or leaked[-1] * x)(x)
    with pytest.raises(GraphFreedError):
        leaked[0].sum().backward()
    assert leaked[0].data == [2.0] and gradients(z.sum(), x) == [[4.0]]


def test_a_parameter_frozen_after_the_forward_pass_gets_no_gradient():
    w, x = leaf([2.0]), leaf([3.0])
    z = checkpoint(lambda x: w * x)(x)
    w.requires_grad = False
    assert gradients(z.sum(), w, x) == [None, [2.0]]


def test_a_checkpoint_is_drawn_as_one_step_with_the_name_of_its_function():
    w = leaf([2.0], "w")

    @checkpoint
    def block(x):
        return np.tanh(w * x)

    source = draw(block(leaf([3.0], "x"))).source
    assert "checkpoint(x, w, f=block)" in source and "tanh" not in source

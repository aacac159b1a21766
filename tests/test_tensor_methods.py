"""What a Tensor has of an array's operators and methods beyond those that the samples try."""

import operator

import numpy as np
import pytest

from tinygrad_edu import Tensor, no_grad
from tinygrad_edu.errors import MutationError

X = np.array([[7.5, -2.5, 3.25], [-7.0, 4.0, 0.5]])


@pytest.fixture
def x():
    return Tensor(X, requires_grad=True, name="x")


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x // 2, lambda x: 7 // x, lambda x: x % 2, lambda x: 7 % x, lambda x: x // -X, lambda x: X % x,
        lambda x: divmod(x, 2)[0], lambda x: divmod(x, 2)[1], lambda x: divmod(7, x)[0], lambda x: divmod(7, x)[1],
        lambda x: x.round(), lambda x: x.round(1),
        lambda x: x.flatten(), lambda x: x.flatten("F"), lambda x: x.mT, lambda x: x.real, lambda x: x.imag,
        lambda x: x.conjugate(), lambda x: x.sum(where=X > 0), lambda x: x.max(axis=1, initial=5.0),
        lambda x: x.mean(where=X > 0, axis=0), lambda x: x.prod(initial=2.0),
    ],
)  # fmt: skip
def test_it_gives_what_an_array_gives_and_records(f, x):
    expected, z = f(X), f(x)
    assert type(z) is Tensor and z.requires_grad
    np.testing.assert_array_equal(z.data, expected)


def test_steps_are_flat_and_remainders_are_not(x):
    (x // 2 * 1.0).sum().backward()
    np.testing.assert_array_equal(x.grad.data, np.zeros_like(X))
    x.grad = None
    (x % 2).sum().backward()
    np.testing.assert_array_equal(x.grad.data, np.ones_like(X))


def test_the_parts_of_a_complex_tensor_have_gradients():
    z = Tensor([3 + 4j], requires_grad=True)
    (z.real * 2 + z.imag * 5).sum().backward()
    assert z.grad.item() == 2 - 5j


@pytest.mark.parametrize(
    ("change", "cure"),
    [
        (lambda x: x.sort(), r"x\.sort\(\.\.\.\) would change it.*use np\.sort\(x\)"),
        (lambda x: x.partition(1), r"np\.partition"),
        (lambda x: x.fill(0.0), r"np\.full_like"),
        (lambda x: x.put(0, 1.0), r"x\.at\[i\]\.set"),
    ],
)
def test_methods_that_would_change_it_are_refused(change, cure, x):
    with pytest.raises(MutationError, match=cure):
        change(x)
    np.testing.assert_array_equal(x.data, X)


UPDATES = {
    "+": operator.iadd, "-": operator.isub, "*": operator.imul, "/": operator.itruediv, "//": operator.ifloordiv,
    "%": operator.imod, "**": operator.ipow, "@": operator.imatmul,
}  # fmt: skip


@pytest.mark.parametrize("symbol", UPDATES)
def test_no_update_replaces_a_parameter_in_silence(symbol):
    W = Tensor(np.array([[2.0, 1.0], [0.5, 3.0]]), requires_grad=True, name="W")
    v = np.array([[2.0, 1.0], [1.0, 2.0]])
    with no_grad(), pytest.raises(MutationError) as caught:
        UPDATES[symbol](W, v)
    text = str(caught.value)
    assert text.startswith(f"W {symbol}= ... inside no_grad()") and f"`W.data = W.data {symbol} ...`" in text
    for t in (W, W.detach()):  # recorded, or no parameter: a new tensor, as for numbers
        z = UPDATES[symbol](t, v)
        assert z is not t and z.requires_grad == t.requires_grad
        np.testing.assert_array_equal(z.data, UPDATES[symbol](W.data.copy(), v))
    with no_grad():
        c = UPDATES[symbol](W.detach(), v)
    np.testing.assert_array_equal(c.data, z.data)


def test_at_wants_the_entries_named_before_they_are_set(x):
    for call in (lambda: x.at.set(0.0), lambda: x.at.add(1.0)):
        with pytest.raises(MutationError, match=r"name the entries first, x\.at\[i\]\.(set|add)\(v\).*x\.at\[\.\.\.\]"):
            call()
    np.testing.assert_array_equal(x.at[None].set(0.0).data, np.zeros_like(X))
    np.testing.assert_array_equal(x.at[...].add(1.0).data, X + 1.0)

"""What the activations and losses refuse, and that they say which of them refused which operand."""

import numpy as np
import pytest

from tinygrad_edu import Tensor
from tinygrad_edu import functions as F
from tinygrad_edu.errors import DTypeError, IndexingError, ShapeError

Z = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: F.sigmoid(np.array([1j])), DTypeError, "sigmoid(Z): Z is complex128; give real numbers."),
        (lambda: F.tanh(None), DTypeError, "tanh(Z): Z is None; give numbers."),
        (lambda: F.relu(None), DTypeError, "relu(Z): Z is None; give numbers."),
        (lambda: F.relu(["a"]), DTypeError, "relu(Z): a Tensor holds numbers; this list became an array of dtype <U1."),
        (lambda: F.relu([1j]), DTypeError, "relu(x): x is complex128; complex numbers have no order"),
        (lambda: F.softplus([1j]), DTypeError, "softplus(Z): Z is complex128; give real numbers."),
        (lambda: F.softmax(Tensor([1j], name="Z2"), axis=0), DTypeError, "softmax(Z2): Z2 is complex128"),
        (lambda: F.leaky_relu([1j]), DTypeError, "leaky_relu(Z): Z is complex128"),
        (lambda: F.log_softmax([1j], axis=0), DTypeError, "log_softmax(Z): Z is complex128"),
        (lambda: F.logsumexp([1j], axis=0), DTypeError, "logsumexp(Z): Z is complex128"),
        (lambda: F.erf(np.array([1j])), DTypeError, "erf(x): x is complex128"),
        (lambda: F.gammaln(np.array([1j])), DTypeError, "gammaln(x): x is complex128"),
        (lambda: F.digamma(np.array([1j])), DTypeError, "digamma(x): x is complex128"),
        (lambda: F.polygamma(1, np.array([1j])), DTypeError, "polygamma(x): x is complex128"),
        (lambda: F.affine(Z, None, Z), DTypeError, "affine(A): A is None; give numbers."),
        (lambda: F.dropout(None), DTypeError, "dropout(A): A is None; give numbers."),
        (lambda: F.dropout(np.array([1, 2])), DTypeError, "dropout(A): A is int64; give floats."),
        (lambda: F.mse(Z, None), DTypeError, "mse(Y): Y is None; give numbers."),
        (
            lambda: F.mse(Z, Z * 1j),
            DTypeError,
            "mse(A, Y): A is float64, Y is complex128; a loss compares real numbers.",
        ),
        (
            lambda: F.binary_cross_entropy_with_logits(Z * 1j, Z),
            DTypeError,
            "binary_cross_entropy_with_logits(Z, Y): Z is complex128, Y is float64; a loss compares real numbers.",
        ),
        (
            lambda: F.cross_entropy(Z, Z, axis=4),
            IndexingError,
            "cross_entropy: axis=4 is no axis of Z, which is (2, 3).",
        ),
        (lambda: F.cross_entropy(Z, Z, axis=None), ShapeError, "cross_entropy: axis=None is no axis of Z, which is"),
        (lambda: F.cross_entropy(Z * 1j, Z, axis=0), DTypeError, "cross_entropy(Z): Z is complex128"),
    ],
)
def test_the_function_and_the_operand_are_named(call, kind, message):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("f", [F.relu, F.sigmoid, F.tanh, F.softplus, F.erf, F.leaky_relu])
def test_numbers_and_lists_are_taken_as_floats(f):
    for given in ([1, -2], (True, False), [1.0, -2.0]):
        result = f(given)
        assert result.dtype == np.float64
        np.testing.assert_array_equal(result, f(np.array(given, float)))
    assert f(2) == f(np.array(2.0))

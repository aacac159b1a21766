"""A small network with its optimizer, trained by a step as it is or compiled, for the tests of `tg.compile`."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import functions, nn, optim


def same(a, b):
    """The same numbers, dtypes and kinds, bit by bit."""
    assert type(a) is type(b)
    if isinstance(a, tuple | list):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    else:
        a, b = (np.asarray(x.data if isinstance(x, tg.Tensor) else x) for x in (a, b))
        assert a.dtype == b.dtype and a.shape == b.shape
        assert a.tobytes() == b.tobytes()


def batch(seed, n=4, m=8, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, m)).astype(dtype), (rng.random((1, m)) > 0.5).astype(dtype)


class Trainer:
    """A network and its optimizer, and the step as it is or compiled."""

    def __init__(self, make=lambda p: optim.SGD(p, 0.1), *, compiled=False, dtype=np.float64, dropout=0.0, **options):
        self.net = nn.DeepNetwork([4, 6, 5, 1], seed=0, dtype=dtype)
        self.dropout = nn.Dropout(dropout, seed=1)
        self.optimizer = make(self.net.parameters())
        self.step = tg.compile(self.plain, **options) if compiled else self.plain

    def plain(self, X, Y):
        J = functions.binary_cross_entropy_with_logits(self.net.logits(self.dropout(X)), Y)
        self.optimizer.zero_grad()
        J.backward()
        self.optimizer.step()
        return J

    def everything(self):
        moments = [x.data for pair in getattr(self.optimizer, "moments", ()) for x in pair]
        velocities = [x.data for x in getattr(self.optimizer, "velocities", ())]
        grads = [p.grad.data for p in self.net.parameters() if p.grad is not None]
        return [*(p.data for p in self.net.parameters()), *moments, *velocities, *grads, self.optimizer.steps]


OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.1, momentum=0.9),
    "Adam": lambda p: optim.Adam(p, 0.01),
}

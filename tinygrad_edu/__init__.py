"""tinygrad_edu: an autograd engine that you can read in an evening.

    import tinygrad_edu as tg

    x = tg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    J = (x * x).sum()
    J.backward()
    x.grad                      # Tensor([2., 4.])

Read the code in this order: `primitives`, `rules/elementwise`, `backprop`, `tensor`.
"""

from . import data, errors, functions, manual, nn, optim
from .errors import TinygradEduError
from .modes import no_grad
from .numeric import gradcheck
from .primitives import primitive
from .randomness import seed
from .tensor import Tensor
from .transforms import grad, value_and_grad

__all__ = [
    "Tensor",
    "TinygradEduError",
    "data",
    "errors",
    "functions",
    "grad",
    "gradcheck",
    "manual",
    "nn",
    "no_grad",
    "optim",
    "primitive",
    "seed",
    "value_and_grad",
]

__version__ = "0.1.0"

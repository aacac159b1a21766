"""tinygrad_edu: an autograd engine that you can read in an evening.

    import tinygrad_edu as tg

    x = tg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    J = (x * x).sum()
    J.backward()
    x.grad                      # Tensor([2., 4.])

Read the code in this order: `primitives`, `rules/elementwise`, `backprop`, `tensor`.
"""

from . import data, errors, functions, manual, nn, optim
from .anomaly import detect_anomaly
from .checkpointing import checkpoint
from .compiler import compile
from .derivation import derive
from .errors import TinygradEduError
from .jacobians import elementwise_grad, hessian, hvp, jacobian, per_example_grad
from .modes import no_grad
from .numeric import gradcheck
from .primitives import primitive
from .randomness import seed
from .tensor import Tensor
from .transforms import grad, jvp, value_and_grad, vjp
from .trees import ravel

__all__ = [
    "Tensor",
    "TinygradEduError",
    "checkpoint",
    "compile",
    "data",
    "derive",
    "detect_anomaly",
    "elementwise_grad",
    "errors",
    "functions",
    "grad",
    "gradcheck",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "manual",
    "nn",
    "no_grad",
    "optim",
    "per_example_grad",
    "primitive",
    "ravel",
    "seed",
    "value_and_grad",
    "vjp",
]

__version__ = "0.1.0"

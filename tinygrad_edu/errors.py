"""Every error this library raises on purpose.  Floor 0: imports nothing of ours.

Catch `TinygradEduError` for all of them, or the builtin you would expect anyway: each error is both.

    TinygradEduError
    ├── ShapeError          (ValueError)    shapes or axes that do not fit
    │   └── IndexingError   (IndexError)    an index or an axis that points outside
    ├── MatrixError         (LinAlgError)   a matrix without an inverse, a root or a decomposition
    ├── DTypeError          (TypeError)     a dtype that has no gradient, or no number in it
    ├── DomainError         (ValueError)    a value that an operation, layer or optimizer cannot take
    ├── DataError           (ValueError)    a data file or array that cannot be trained on
    ├── GradientError       (RuntimeError)  a backward pass that cannot be right
    │   ├── NoRuleError     (TypeError)     a gradient is wanted where no rule is known
    │   ├── GraphFreedError                 the graph was freed, or already walked
    │   └── ChangedDataError                data replaced between forward and backward
    ├── AnomalyError        (FloatingPointError)  a NaN or inf, made inside detect_anomaly()
    ├── CompileError        (RuntimeError)  a function that `compile` cannot replay
    ├── MutationError       (TypeError)     an assignment into a Tensor
    ├── ShadowedModuleError (ImportError)   another file stands where the package `visualize` should be
    └── DeclarationError    (TypeError)     a primitive whose rules do not fit its inputs
"""

import numpy as np

__all__ = [
    "AnomalyError",
    "ChangedDataError",
    "CompileError",
    "DTypeError",
    "DataError",
    "DeclarationError",
    "DomainError",
    "GradientError",
    "GraphFreedError",
    "IndexingError",
    "MatrixError",
    "MutationError",
    "NoRuleError",
    "ShadowedModuleError",
    "ShapeError",
    "TinygradEduError",
]


class TinygradEduError(Exception):
    """The root: everything raised on purpose by this library."""


class ShapeError(TinygradEduError, ValueError):
    """Shapes or axes that do not fit; the message has every operand's name and shape."""


class IndexingError(ShapeError, IndexError):
    """An index that points outside its axis, or the number of an axis that the tensor does not have."""


class MatrixError(TinygradEduError, np.linalg.LinAlgError):
    """A matrix that is singular, not positive definite, or whose decomposition does not converge."""


class DTypeError(TinygradEduError, TypeError):
    """A dtype that cannot carry a gradient (integers), or is no number (object)."""


class DomainError(TinygradEduError, ValueError):
    """A value outside the set that an operation, layer or optimizer accepts, or a cost that is no longer finite."""


class DataError(TinygradEduError, ValueError):
    """A data file or array that cannot be trained on."""


class GradientError(TinygradEduError, RuntimeError):
    """A backward pass that was asked for and cannot be right."""


class NoRuleError(GradientError, TypeError):
    """A gradient is wanted through a function, or for an input, that has no rule."""


class GraphFreedError(GradientError):
    """The graph was freed by `retain_graph=False`, or was already walked once."""


class ChangedDataError(GradientError):
    """A tensor's data was replaced after the forward pass had used it."""


class AnomalyError(TinygradEduError, FloatingPointError):
    """Inside `detect_anomaly()`, a step or a rule made a NaN or inf out of finite numbers."""


class CompileError(TinygradEduError, RuntimeError):
    """A function that `compile` cannot replay, because Python saw a value that may differ at the next call."""


class MutationError(TinygradEduError, TypeError):
    """An assignment into a Tensor: the graph would no longer tell the truth."""


class ShadowedModuleError(TinygradEduError, ImportError):
    """Another file stands where the package `visualize` would be imported from."""


class DeclarationError(TinygradEduError, TypeError):
    """A primitive was declared with rules that do not fit its inputs."""

"""Module: something with parameters that maps tensors to tensors.  Floor 6."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..errors import DataError, DTypeError, ShapeError
from ..modes import chooses
from ..tensor import Tensor

__all__ = ["Module"]


class Module:
    """Abstract: subclasses set Tensors and Modules as attributes and define `forward`.

    Parameters are the attributes that are leaf Tensors with requires_grad=True, in the order they were set;
    those of Modules (also in lists, tuples and dicts) follow with the attribute's name in front: "layers.0.W".

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.a = Tensor([2.0], requires_grad=True, name="a")
    ...
    ...     def forward(self, x):
    ...         return self.a * x
    >>> Scale()(np.array([3.0])).data, [name for name, _ in Scale().named_parameters()]
    (array([6.]), ['a'])
    """

    def __init__(self) -> None:
        self.training = True

    @property
    def training(self) -> bool:
        """Whether the module is being trained, which dropout asks; `train()` and `eval()` set it."""
        chooses(self, "_training")
        return self._training

    @training.setter
    def training(self, wanted: bool) -> None:
        chooses(self, "_training")
        self._training = wanted

    def forward(self, *inputs: Any) -> Any:
        """What the module computes; subclasses define it, users call the module itself."""
        raise NotImplementedError(f"{type(self).__name__} has to define forward().")

    def __call__(self, *inputs: Any) -> Any:
        """forward(*inputs).  The result remembers this module and its inputs, so that pictures can group by module."""
        result = self.forward(*inputs)
        for out in (result,) if type(result) is Tensor else result if isinstance(result, tuple | list) else ():
            if type(out) is Tensor and out.op is not None:
                for x in inputs:
                    if x is out:  # an input handed through is none of its making, and would come to point at itself
                        break
                else:
                    marks = out.extras["modules"] if out.extras and "modules" in out.extras else ()
                    out._remember("modules", (*marks, (self, inputs)))
        return result

    def _children(self) -> Iterator[tuple[str, Any]]:
        return _inside("", vars(self))

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        """(name, leaf tensor), each once, whether or not it requires a gradient just now."""
        seen: set[Any] = {id(self)}
        pending = list(self._children())
        while pending:
            name, child = pending.pop(0)
            if id(child) not in seen:
                seen.add(id(child))
                if isinstance(child, Module):
                    pending[:0] = [(f"{name}.{rest}", x) for rest, x in child._children()]
                elif child.is_leaf:
                    yield name, child

    def _by_name(self) -> dict[str, Tensor]:
        named: dict[str, Tensor] = {}
        for name, t in self._tensors():
            if name in named:
                raise DataError(f"two parameters of this {type(self).__name__} are called {name}: rename one of them.")
            named[name] = t
        return named

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """(name, parameter), each once; a frozen one, with requires_grad=False, is left out."""
        return ((name, t) for name, t in self._tensors() if t.requires_grad)

    def parameters(self) -> Iterator[Tensor]:
        """The parameters, each once."""
        return (p for _, p in self.named_parameters())

    def modules(self) -> Iterator["Module"]:
        """This module and those inside it."""
        seen: set[int] = set()
        pending: list[Any] = [self]
        while pending:
            module = pending.pop(0)
            if isinstance(module, Module) and id(module) not in seen:
                seen.add(id(module))
                yield module
                pending[:0] = [child for _, child in module._children()]

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        """(name, module) for each module directly inside this one."""
        return ((name, child) for name, child in self._children() if isinstance(child, Module))

    def train(self, mode: bool = True) -> "Module":
        """Set training mode here and inside: dropout drops only then.  Returns the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> "Module":
        """train(False)."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Set every parameter's `.grad` to None."""
        for p in self.parameters():
            p.grad = None

    def state_dict(self) -> dict[str, np.ndarray]:
        """{name: a copy of the tensor's data}, ready for `np.savez`; frozen parameters are in it too."""
        return {name: t.data.copy() for name, t in self._by_name().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set every parameter from {name: array}, cast to its dtype.

        Raises DataError if names are missing or unknown, ShapeError or DTypeError for arrays that do not fit;
        then no parameter has been changed.
        """
        parameters = self._by_name()
        missing, unknown = sorted(parameters.keys() - state.keys()), sorted(state.keys() - parameters.keys())
        if missing or unknown:
            facts = []
            if missing:
                facts.append(f"missing {', '.join(missing)}")
            if unknown:
                facts.append(f"unknown {', '.join(unknown)}")
            raise DataError(f"state_dict does not fit this {type(self).__name__}: {'; '.join(facts)}.")
        new = {name: np.asarray(value.data if isinstance(value, Tensor) else value) for name, value in state.items()}
        for name, p in parameters.items():
            if new[name].shape != p.shape:
                raise ShapeError(f"state_dict: {name} is {new[name].shape}; this {type(self).__name__} has {p.shape}.")
            if new[name].dtype.kind not in ("biufc" if p.dtype.kind == "c" else "biuf"):
                raise DTypeError(f"state_dict: {name} is {new[name].dtype}; this parameter is {p.dtype}.")
        for name, p in parameters.items():
            p.data = new[name].astype(p.dtype)


def _inside(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """(name, Tensor or Module) in nested lists, tuples and dicts."""
    if isinstance(value, Tensor | Module):
        yield prefix, value
    elif isinstance(value, list | tuple | dict):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _inside(f"{prefix}.{key}" if prefix else str(key), item)

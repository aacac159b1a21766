"""What single tensors ask of a backward pass: functions that see, or replace, their gradient.  Floor 3."""

from collections.abc import Callable
from typing import Any, final

import numpy as np

from .errors import DTypeError, ShapeError
from .modes import capturing

__all__ = ["HookHandle", "hooks_of", "read_only", "run_hooks"]


@final
class HookHandle:
    """What `register_hook` gives back: `handle.remove()` takes the hook off; also at the end of `with handle:`.

    >>> from tinygrad_edu import Tensor
    >>> x = Tensor(3.0, requires_grad=True)
    >>> with x.register_hook(lambda dx: -dx):
    ...     (x * x).backward()
    >>> x.grad
    Tensor(-6.)
    """

    __slots__ = ("tensor",)

    def __init__(self, tensor: Any, hook: Callable[[Any], Any]):
        if not callable(hook):
            raise DTypeError(f"register_hook: the hook is {hook!r}; give a function of the gradient.")
        self.tensor = tensor
        self._put({**(hooks_of(tensor) or {}), self: hook})

    def remove(self) -> None:
        """Take the hook off; nothing happens the second time."""
        hooks = hooks_of(self.tensor) or {}
        self._put({handle: hook for handle, hook in hooks.items() if handle is not self})

    def _put(self, hooks: dict[Any, Any]) -> None:
        capture = capturing()
        if capture is not None:
            capture.hooks(self.tensor)
        self.tensor._remember("hooks", hooks)

    def __enter__(self) -> "HookHandle":
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def hooks_of(t: Any) -> Any:
    """The hooks of t, in an object of their own at each change; None where there are none."""
    return (t.extras or {}).get("hooks") or None


def run_hooks(t: Any, dz: Any) -> Any:
    """dz after the hooks of t, of which there are some.

    Raises ShapeError or DTypeError for what a hook returned.
    """
    node = type(t)
    for hook in t.extras["hooks"].values():
        new = hook(dz if type(dz) is node else node(read_only(dz)))
        if new is None:
            continue
        capture = capturing()
        if capture is not None:
            capture.refuse(
                f"compile: a hook of {t._label()} gives another gradient, which a compiled function cannot repeat: "
                f"take the hook off, and change the gradient in the function, between backward() and the update."
            )
        array = np.array(new.data if type(new) is node else new)  # a copy: the hook may use its own again
        if array.shape != t.shape or array.dtype.kind not in "fc":
            kind = ShapeError if array.shape != t.shape else DTypeError
            raise kind(
                f"a hook of {t._label()} returned {array.dtype} of shape {array.shape}; the gradient is {t.dtype} of "
                f"shape {t.shape}: return a gradient like it, or None to leave it."
            )
        if array.dtype.kind == "c" and t.dtype.kind != "c":
            raise DTypeError(
                f"a hook of {t._label()} returned {array.dtype}; the gradient is {t.dtype}: take np.real()."
            )
        new = +new if type(dz) is node and type(new) is node else array
        dz = new if new.dtype == t.dtype else new.astype(t.dtype)
    return dz


def read_only(dz: Any) -> Any:
    """A view of an array that cannot be written to: others may still read the gradient.  A number stays a number.

    NumPy rounds a number and an array of one entry differently here and there, and being watched changes no digit.
    """
    if not isinstance(dz, np.ndarray):
        return dz
    view = dz.view()
    view.flags.writeable = False
    return view

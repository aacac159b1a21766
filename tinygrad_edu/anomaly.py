"""Find the step that made a NaN or inf, and the array that changed behind the graph's back.  Floor 2.

    with tg.detect_anomaly():
        J = cost(W)              # raises at the first step, forward or backward, whose result is not finite,
        J.backward()             # and names the line of yours that made the step

Inside, every array that a recorded step still needs is read-only until the graph is walked or gone, so NumPy raises
where somebody writes into one.  A write through an older view passes NumPy; a checksum notices it in backward.
"""

import linecache
import os
import sys
import weakref
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .errors import AnomalyError, ChangedDataError
from .explanations import operand_names
from .modes import Mode, Observer, current_watch, watching

__all__ = ["Captured", "Line", "Watch", "check_captured", "detect_anomaly", "user_line"]

#: Frames of these folders are not the user's.
NOT_YOURS = tuple(os.path.dirname(os.path.abspath(path)) + os.sep for path in (__file__, np.__file__))

#: Steps that leave entries out, and so hand back gradients of 0.
CHOOSES = {"where", "maximum", "minimum", "fmax", "fmin", "max", "min", "nanmax", "nanmin", "index_set"}

#: Where these have a finite value and a finite slope.
SAFE_POINTS = dict.fromkeys(("sqrt", "cbrt", "log", "log2", "log10", "log1p", "reciprocal"), 1.0)
SAFE_POINTS |= {"arcsin": 0.0, "arccos": 0.0, "arctanh": 0.0, "arccosh": 2.0}
#: How to keep an entry out of a step, written with the operand names in place of {0}, {1}.
SAFE_FORMS = {
    "divide": "np.where(ok, {0} / np.where(ok, {1}, 1.0), 0.0)",
    "power": "np.where(ok, np.where(ok, {0}, 1.0) ** {1}, 0.0)",
}
SAFE_FORMS |= {f: f"np.where(ok, np.{f}(np.where(ok, {{0}}, {safe})), 0.0)" for f, safe in SAFE_POINTS.items()}
#: What overflows, and which functions take the exponential without doing so.
OVERFLOW = {"exp", "exp2", "expm1", "sinh", "cosh"}


class detect_anomaly(Mode):
    """Raise at the first NaN or inf, and wherever an array is changed that backward still needs.

    `with tg.detect_anomaly(): ...`, or as a decorator; per thread and per async task.  The AnomalyError names the op,
    its operands and their shapes, how many entries and where, and the line that made the step.  Arrays that recorded
    steps hold are read-only inside; NumPy raises ValueError at the line that writes into one, and backward() raises
    ChangedDataError for one that was changed through a view.  Several times slower: for debugging.

    >>> import numpy as np, tinygrad_edu as tg
    >>> x = tg.Tensor([4.0, 0.0], requires_grad=True, name="x")
    >>> with tg.detect_anomaly():
    ...     J = np.where(x.data > 0, np.sqrt(x), 0.0).sum()  # finite, and yet ...
    ...     J.backward()
    Traceback (most recent call last):
        ...
    tinygrad_edu.errors.AnomalyError: backward of sqrt(x): the gradient for x is NaN in 1 of 2 entries, first at [1]...
    """

    variable = current_watch

    def opened(self) -> "Watch":
        """A new watch."""
        watch = Watch()
        watching.append(watch)
        watch.quiet.__enter__()
        return watch

    def closed(self, value: "Watch") -> None:
        """Make every array writable again."""
        watching.remove(value)
        value.quiet.__exit__()
        value.close()


class Line(NamedTuple):
    """A line of the user's program."""

    path: str
    number: int
    function: str

    def __str__(self) -> str:
        text = linecache.getline(self.path, self.number).strip()
        return f'File "{self.path}", line {self.number}, in {self.function}' + (f"\n    {text}" if text else "")


class Captured(NamedTuple):
    """What a watched step remembers: where it was made, and the (label, array, checksum) of what its rules read."""

    line: Line | None
    arrays: tuple[tuple[str, np.ndarray, int], ...]
    release: Any  # a weakref.finalize: called at most once, at the latest when the step's tensor dies


class Watch(Observer):
    """What an open `detect_anomaly()` knows: which arrays it made read-only, and for how many steps."""

    def __init__(self) -> None:
        self.held: dict[int, list[Any]] = {}  # id(array) -> [weak reference, steps, checksum, whether it was writable]
        self.stuck: list[Any] = []  # views whose base is still held
        self.quiet: Any = np.errstate(all="ignore")  # a warning would say less, and sooner where warnings are errors

    def stepped(self, out: Any, op: Any, inputs: Sequence[Any], params: Any) -> None:
        """A step was taken: look at its result, and hold what it captured, if it was recorded."""
        line = user_line()
        values = [getattr(x, "_array", x) for x in inputs]
        names = operand_names(op, inputs)
        self._look(out._array, op, values, names, line)
        if out.op is not None:
            arrays = [(n, a) for n, a in zip(names, values) if isinstance(a, np.ndarray)]
            arrays.append((out.name or f"the result of {op.name}", out._array))
            captured = tuple((name, array, self._hold(array)) for name, array in arrays)
            release = weakref.finalize(out, self._release, [id(array) for _, array in arrays])
            release.atexit = False
            out._remember("captured", Captured(line, captured, release))

    def _look(self, z: np.ndarray, op: Any, values: list[Any], names: list[str], line: Line | None) -> None:
        bad = _not_finite(z)
        if bad is None:
            return
        if isinstance(op.forward, np.ufunc) and op.forward.signature is None:  # entry by entry
            nan, inf = (sum(np.broadcast_to(test(a), z.shape) for a in values) > 0 for test in (np.isnan, np.isinf))
            made = np.isnan(z) & ~nan
            bad = made if made.any() else np.isinf(z) & ~(inf | nan)
            if not bad.any():
                return  # handed on, not made here
        else:
            before = {_kind(np.asarray(a)) for a in values}
            if "NaN" in before or (_kind(z) != "NaN" and before - {"finite"}):
                return
        kind = _kind(z[bad])
        text = f"{op.name}({', '.join(names)}) made {_some(kind, bad)}: {_facts(names, values, bad)}.{_from(line)}"
        safe = _safe_form(op, names)
        if op.name in OVERFLOW:
            text += "\nIt overflows: tg.functions has sigmoid, softplus, softmax, logsumexp and losses that do not."
        if safe:
            text += f"\nLeaving these entries out of its result is too late, their gradient is 0 * inf = NaN: {safe}"
        raise AnomalyError(text)

    def passed_back(self, dx: Any, dz: Any, x: Any, t: Any, walked: Sequence[Any]) -> None:
        """The rule of step t gave dx for x from dz; walked: t, and the steps before it in the walk."""
        dx, dz = (np.asarray(getattr(a, "_array", a)) for a in (dx, dz))
        bad = _not_finite(dx)
        if bad is None or _not_finite(dz) is not None:
            return
        names = operand_names(t.op, t.inputs)
        i = next(i for i, y in enumerate(t.inputs) if y is x)
        values = [getattr(y, "_array", y) for y in t.inputs]
        text = (
            f"backward of {t.op.name}({', '.join(names)}): the gradient for {names[i]} is {_some(_kind(dx), bad)}: "
            f"{_facts(names, values, bad)}.{_from(_made_at(t))}"
        )
        if not np.any(dz[bad] if dz.shape == dx.shape else dz):
            text += (
                f"\nThe gradient that came in is 0 there{_untaken(t, walked)}\nand the slope is infinite: 0 * inf = NaN"
            )
            safe = _safe_form(t.op, names)
            text += f". {safe[0].upper()}{safe[1:]}" if safe else ""
        raise AnomalyError(text)

    def added_up(self, dz: Any, t: Any, seed: Any) -> None:
        """The gradient of t is complete: its shares were finite, so their sum, or a hook, made what is not."""
        dz, seed = (np.asarray(getattr(a, "_array", a)) for a in (dz, seed))
        bad = _not_finite(dz)
        if bad is not None and _not_finite(seed) is None:
            raise AnomalyError(
                f"the gradient of {t._label()} is {_some(_kind(dz), bad)}, after its finite shares were added up and "
                f"its hooks were called: an overflow, or a hook.{_from(_made_at(t))}"
            )

    def release_graph(self, end: Any) -> None:
        """The graph behind `end` has been walked for the last time: let go of its arrays."""
        found = {end}
        pending = [end]
        for t in pending:
            if t.extras is not None and "captured" in t.extras:
                t.extras["captured"].release()
            for x in t.inputs:
                if type(x) is type(end) and x not in found:
                    found.add(x)
                    pending.append(x)

    def close(self) -> None:
        """Let go of everything."""
        arrays = [entry[0]() for entry in self.held.values() if entry[3]]
        self.held.clear()
        for array in sorted((a for a in arrays if a is not None), key=lambda a: a.base is not None):
            self._thaw(array)
        self._retry()
        self.stuck.clear()

    def _hold(self, array: np.ndarray) -> int:
        """The array's checksum; it is read-only from now on."""
        entry = self.held.get(id(array))
        if entry is None:
            key, held = id(array), self.held
            forget = weakref.ref(array, lambda _: held.pop(key, None))
            base = self.held.get(id(array.base))  # a view of a held array is as writable as that was
            writable = array.flags.writeable or bool(base and base[3])
            entry = self.held[key] = [forget, 0, _checksum(array), writable]
            array.flags.writeable = False
        entry[1] += 1
        return int(entry[2])

    def _release(self, keys: list[int]) -> None:
        for key in keys:
            entry = self.held.get(key)
            if entry is not None:
                entry[1] -= 1
                if not entry[1]:
                    del self.held[key]
                    array = entry[0]()
                    if entry[3] and array is not None:
                        self._thaw(array)
        self._retry()

    def _thaw(self, array: np.ndarray) -> None:
        try:
            array.flags.writeable = True
        except ValueError:  # a view: NumPy wants its base to be writable first
            self.stuck.append(weakref.ref(array))

    def _retry(self) -> None:
        stuck, self.stuck = self.stuck, []
        for reference in stuck:
            array = reference()
            if array is not None:
                self._thaw(array)


def check_captured(t: Any) -> None:
    """Raise ChangedDataError if an array that the watched step `t` needs is no longer what it was."""
    captured = t.extras["captured"]
    for name, array, checksum in captured.arrays:
        if _checksum(array) != checksum:
            raise ChangedDataError(
                f"the entries of {name} were changed after {t.op.name} had used them (through a view or another name "
                f"for the same memory), so the gradient would be wrong: write into a copy.{_from(captured.line)}"
            )


def user_line() -> Line | None:
    """The line, outside this library and NumPy, that is being executed; None if there is none."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith(NOT_YOURS):
            return Line(code.co_filename, frame.f_lineno, code.co_name)
        frame = frame.f_back  # type: ignore[assignment]
    return None


def _checksum(array: np.ndarray) -> int:
    return zlib.crc32(array.tobytes())


def _not_finite(a: np.ndarray) -> Any:
    """Where a is NaN or, without any NaN, inf; None if nowhere."""
    if a.dtype.kind not in "fc":
        return None
    if np.isfinite(a).all():
        return None
    nan = np.isnan(a)
    return nan if nan.any() else np.isinf(a)


def _kind(a: np.ndarray) -> str:
    if a.dtype.kind not in "fc" or np.isfinite(a).all():
        return "finite"
    return "NaN" if np.isnan(a).any() else "-inf" if np.isneginf(a.real).any() else "inf"


def _some(kind: str, bad: np.ndarray) -> str:
    first = f", first at [{', '.join(map(str, np.argwhere(bad)[0]))}]" if bad.ndim else ""
    return f"{kind} in {np.count_nonzero(bad)} of {bad.size} entries{first}" if bad.size > 1 else kind


def _facts(names: Sequence[str], values: Sequence[Any], bad: np.ndarray) -> str:
    """Each operand's shape, and what it was at the first bad entry."""
    return "; ".join(f"{name} is {np.shape(a)}{_entry(a, bad)}" for name, a in zip(names, values))


def _entry(a: Any, bad: np.ndarray) -> str:
    """What the operand was at the first bad entry, if the two have the same axes."""
    try:
        value = np.broadcast_to(a, bad.shape)[tuple(np.argwhere(bad)[0])]
    except ValueError:
        return ""
    return f" and was {value:.6g} there"


def _safe_form(op: Any, names: Sequence[str]) -> str:
    form = SAFE_FORMS.get(op.name)
    return f"make the operand safe before the step, ok marking what to keep:\n    {form.format(*names)}" if form else ""


def _made_at(t: Any) -> Line | None:
    """The line that made a watched step."""
    captured = (t.extras or {}).get("captured")
    return captured.line if captured else None


def _from(line: Line | None) -> str:
    return f"\n  {line}" if line else ""


def _untaken(t: Any, walked: Sequence[Any]) -> str:
    """The step, walked before t, that leaves entries out and so made the gradient 0."""
    earlier = walked[: next(i for i, s in enumerate(walked) if s is t)]
    for s in reversed(earlier):
        if s.op is not None and s.op.name in CHOOSES:
            return f", an entry that `{s.op.name}` did not take{_from(_made_at(s))}"
    return ""

"""The program as text: a function that makes the views once, and in it the function that takes the steps.  Floor 6."""

import keyword
import re
from typing import Any, NamedTuple

import numpy as np

from .buffers import Plan, allocated
from .loops import View, loop_of
from .program import Call, Program, Value

__all__ = ["Written", "written"]


#: NumPy wants to be told that their third argument is where the result goes.
NAMED_OUT = {np.maximum, np.minimum}


class Written(NamedTuple):
    """source: the text.  names: what its free names stand for.  loops: the texts of those that numba compiled."""

    source: str
    names: dict[str, Any]
    loops: list[str]


def written(program: Program, plan: Plan, arguments: list[Value], numbers: list[Value]) -> Written:
    """`setup(states...)` returns `step(arguments..., numbers...)`."""
    return _Writer(program, plan, arguments, numbers).text()


class _Writer:
    def __init__(self, program: Program, plan: Plan, arguments: list[Value], numbers: list[Value]):
        self.program, self.plan = program, plan
        self.arguments, self.numbers = arguments, numbers
        self.used = {x for call in program.calls for x in call.values}
        self.names: dict[str, Any] = {}
        self.of: dict[Any, str] = {}
        self.taken: dict[str, int] = {"setup": 0, "step": 0}
        self.setup: list[str] = []
        self.lines: list[str] = []
        self.loops: list[str] = []
        self.fixed: set[Value] = set()  # in the same memory at every call
        self.memory: dict[Any, np.ndarray] = {}

    def text(self) -> Written:
        for i, x in enumerate(self.arguments, 1):
            self.of[x] = self._name(f"x{i}")
        for x in self.program.states:
            self._call(x, x.name or "state")
            self.fixed.add(x)
        for x in self.numbers:
            self._bind(x, x.array, "number")
        for call in self.program.calls:
            self._line(call)
        ends = self.program.results
        results = [self._result(x, x in ends[:i]) for i, x in enumerate(ends)]
        for i, text in enumerate(results):
            if not text.isidentifier():  # before its memory gets a state's new data
                results[i] = self._name("r", numbered=True)
                self.lines.append(f"{results[i]} = {text}")
        self._copy()
        states = ", ".join(self.of[x] for x in self.program.states)
        arguments = ", ".join(self.of[x] for x in self.arguments)
        body = [*self.lines, f"return ({', '.join(results)}{',' if results else ''})"]
        lines = [f"def setup({states}):", *(f"    {line}" for line in self.setup), f"    def step({arguments}):"]
        lines += [f"        {line}" for line in body] + ["    return step"]
        return Written("\n".join(lines) + "\n", self.names, self.loops)

    def _copy(self) -> None:
        """Put new data into states, of each other's old data too."""
        ready = []
        for state, x in self.plan.copies:
            text = self._arg(x)
            if x.root.origin == "state":
                name = self._name("old", numbered=True)
                self.lines.append(f"{name} = {self._function(np.array)}({text})")
                text = name
            ready.append((self._arg(state), text))
        self.lines += [f"{self._function(np.copyto)}({state}, {text})" for state, text in ready]

    def _line(self, call: Call) -> None:
        for out in call.outs:
            place = self.plan.places.get(out)
            if place is not None and place.state is not None:
                self.of[out] = self.of[place.state]
                self.fixed.add(out)
            elif place is not None:
                self._bind(out, allocated(place, out, self.memory), "t")
        if call.kind == "loop":
            self._loop(call)
            return
        out = call.out
        if out in self.plan.places:
            self.lines.append(self._into(call, self.of[out]))
            return
        name = self._call(out, "v")
        text = self._plain(call)
        if not out.array.ndim and out in self.used:  # NumPy gives a scalar, which lacks what arrays can do
            text = f"{self._function(np.asarray)}({text})"
        text = f"{name} = {text}"
        if call.kind == "view" and all(x in self.fixed or x.origin == "constant" for x in call.values):
            self.fixed.add(out)
            self.setup.append(text)
        else:
            self.lines.append(text)

    def _loop(self, call: Call) -> None:
        from .machine import machine_code  # numba takes a while to import, and may not be there

        loop = loop_of(call, self._memory_of)
        code = machine_code(loop)
        if code not in self.of:
            self.of[code] = self._name("loop", numbered=True)
            self.names[self.of[code]] = code
            self.loops.append(loop.text.replace("def loop(", f"def {self.of[code]}(", 1))
        self.lines.append(f"{self.of[code]}({', '.join(self._seen_as(*each) for each in loop.parameters)})")

    def _memory_of(self, x: Value) -> Any:
        """Equal for values that are in one place."""
        place = self.plan.places.get(x)
        return x if place is None else place.state or (place, x.start)

    def _seen_as(self, x: Value, view: View) -> str:
        """An array as a loop takes it."""
        text = self._arg(x)
        foreign = x.origin == "state" and x.base is None and x not in self.program.writes
        if view.axes is not None:
            text = f"{text}.transpose({view.axes})"
        if foreign and x.array.size > 1:  # somebody else's array, which may lie in memory otherwise the next time
            text = f"{self._function(np.ascontiguousarray)}({text})"
        if view.shape is not None:
            text = f"{text}.reshape({view.shape})"
        if foreign or x not in self.fixed or text == self.of[x]:
            return text
        if text not in self.of:
            self.of[text] = self._name("v", numbered=True)
            self.setup.append(f"{self.of[text]} = {text}")
        return self.of[text]

    def _into(self, call: Call, out: str) -> str:
        if call.kind == "cast":
            return f"{self._function(np.copyto)}({out}, {self._arg(call.args[0])}, 'unsafe')"
        if call.kind == "reduce":
            axis, keepdims = call.options["axis"], call.options["keepdims"]
            tail = ", True" if keepdims else ""
            return f"{self._function(call.function)}({self._arg(call.args[0])}, {axis}, None, {out}{tail})"
        name = "out=" if call.function in NAMED_OUT else ""
        return f"{self._function(call.function)}({self._operands(call)}, {name}{out})"

    def _plain(self, call: Call) -> str:
        operands = self._operands(call)
        if call.function is np.ndarray.__getitem__:
            key = call.args[1]
            return f"{self._arg(call.args[0])}[{_subscript(key) or self._arg(key)}]"
        options = "".join(f", {key}={self._arg(x)}" for key, x in call.options.items())
        return f"{self._function(call.function)}({operands}{options})"

    def _operands(self, call: Call) -> str:
        if call.kind != "elementwise":
            return ", ".join(map(self._arg, call.args))
        dtypes = {x.array.dtype for x in call.values}
        dtype = dtypes.pop() if len(dtypes) == 1 else None
        return ", ".join(self._typed(x, dtype) for x in call.args)

    def _typed(self, x: Any, dtype: np.dtype[Any] | None) -> str:
        """An operand; a Python number as an array of its own, which NumPy need not convert at each call."""
        if type(x) in (int, float) and dtype is not None and dtype.kind == "f":
            key = (type(x), repr(x), dtype)
            if key not in self.of:
                self.of[key] = self._name(f"c{_identifier(repr(x))}")
                self.names[self.of[key]] = np.array(x, dtype)
            return self.of[key]
        return self._arg(x)

    def _arg(self, x: Any) -> str:
        if type(x) is Value:
            if x not in self.of and x in self.plan.places:
                self._bind(x, allocated(self.plan.places[x], x, self.memory), "block")
            elif x not in self.of:
                self._bind(x, x.array, x.name or "a")
            return self.of[x]
        if x is None or type(x) in (bool, int, str):
            return repr(x)
        if isinstance(x, tuple | list):
            inner = ", ".join(map(self._arg, x))
            return f"({inner}{',' if len(x) == 1 else ''})" if isinstance(x, tuple) else f"[{inner}]"
        name = self._name("k", numbered=True)
        self.names[name] = x
        return name

    def _result(self, x: Value, again: bool) -> str:
        """What is handed out: never memory that the next call writes to, or that is handed out already."""
        made_anew = x.call is not None and x.base is None and x not in self.plan.places
        return self._arg(x) if made_anew and not again else f"{self._function(np.array)}({self._arg(x)})"

    def _function(self, f: Any) -> str:
        if f not in self.of:
            owner = getattr(f, "__self__", None)
            text = f"{owner.__name__}_{f.__name__}" if isinstance(owner, np.ufunc) else getattr(f, "__name__", "f")
            self.of[f] = self._name(_identifier(text) or "f")
            self.names[self.of[f]] = f
        return self.of[f]

    def _bind(self, x: Value, array: np.ndarray, stem: str) -> None:
        self.names[self._call(x, stem)] = array
        self.fixed.add(x)

    def _call(self, x: Value, stem: str) -> str:
        self.of[x] = self._name(_identifier(stem) or "v", numbered=x.name is None)
        return self.of[x]

    def _name(self, stem: str, numbered: bool = False) -> str:
        """A name that nothing else has: the stem, or the stem and a number."""
        stem = f"_{stem}" if stem[0].isdigit() or keyword.iskeyword(stem) else stem
        if not numbered and stem not in self.taken:
            self.taken[stem] = 0
            return stem
        while True:
            self.taken[stem] = self.taken.get(stem, 0) + 1
            name = f"{stem}{'_' if stem[-1].isdigit() else ''}{self.taken[stem]}"
            if name not in self.taken:
                self.taken[name] = 0
                return name


def _identifier(text: str) -> str:
    """What of a text may stand in a name."""
    return re.sub(r"\W", "_", text).strip("_") if text.isascii() else ""


def _subscript(key: Any) -> str:
    """An index as it is written, or "" where it holds an array."""
    parts = key if isinstance(key, tuple) else (key,)
    texts = []
    for k in parts:
        if type(k) is slice:
            ends = [k.start, k.stop, *([k.step] if k.step is not None else [])]
            if not all(x is None or type(x) is int for x in ends):
                return ""
            texts.append(":".join("" if x is None else str(x) for x in ends))
        elif k is Ellipsis:
            texts.append("...")
        elif k is None or type(k) is int:
            texts.append(str(k))
        else:
            return ""
    return (", ".join(texts) + ("," if len(texts) == 1 and isinstance(key, tuple) else "")) if texts else "()"

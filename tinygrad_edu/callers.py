"""Which call of Python's is asking for a number: `float(t)` is fine, `math.exp(t)` would lose a gradient.  Floor 1.

All of them call `t.__float__()`, and a function written in C has no frame.  The bytecode of the frame that made the
call tells them apart: walking back over the arguments leads to what was loaded to be called.
"""

import dis
from types import CodeType, FrameType
from typing import Any

__all__ = ["asked_by"]

NAMES = {
    "LOAD_NAME",
    "LOAD_GLOBAL",
    "LOAD_FAST",
    "LOAD_DEREF",
    "LOAD_CLASSDEREF",
    "LOAD_FAST_CHECK",
    "LOAD_FAST_BORROW",
}
ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD"}
JUMPS = {*dis.hasjrel, *dis.hasjabs}


def asked_by(frame: FrameType) -> tuple[str, Any]:
    """(kind, what): ("store", None) for `a[i] = t`, ("index", None) for `a[t]`, ("call", f) for `f(t)`; or ("", None).

    what is None where the function called cannot be told, and its name where only that can be.
    """
    key = id(frame.f_code), frame.f_lasti
    known = _KNOWN.get(key)
    if known is None:
        if len(_KNOWN) >= 256:
            _KNOWN.clear()
        known = _KNOWN[key] = frame.f_code, *_reached(frame.f_code, frame.f_lasti)
    _, kind, names = known
    if not names or names == ("float",):  # the common call, soon answered
        return kind, float if names else None
    found = _MISSING
    for scope in (frame.f_locals, frame.f_globals, frame.f_builtins):
        if found is _MISSING:
            found = scope.get(names[0], _MISSING)
    for name in names[1:]:
        found = getattr(found, name, _MISSING)
    return kind, names[-1] if found is _MISSING else found


_MISSING = object()
#: What was found, by the id of the code, which is kept so that the id stays its own: hashing code takes long.
_KNOWN: dict[tuple[int, int], tuple[CodeType, str, tuple[str, ...]]] = {}


def _reached(code: CodeType, at: int) -> tuple[str, tuple[str, ...]]:
    """The kind of instruction that the code is at, and, of a call, the dotted name of what is called."""
    steps = [i for i in dis.get_instructions(code) if i.offset <= at]
    last = steps.pop()
    if last.opname == "STORE_SUBSCR":
        return "store", ()
    if last.opname == "BINARY_SUBSCR" or (last.opname == "BINARY_OP" and last.argrepr == "[]"):
        return "index", ()
    if not last.opname.startswith("CALL") or last.arg is None or last.opname == "CALL_FUNCTION_EX":
        return "", ()
    if steps and steps[-1].opname == "PRECALL":  # Python 3.11 makes a call in two
        steps.pop()
    missing = last.arg + (last.opname in ("CALL_FUNCTION_KW", "CALL_KW"))  # the keywords' names lie on the stack too
    while missing > 0 and steps:  # back over the arguments
        step = steps.pop()
        if step.opcode in JUMPS:
            return "call", ()  # an argument with an if in it
        missing -= dis.stack_effect(step.opcode, step.arg if step.opcode >= dis.HAVE_ARGUMENT else None)
    names: list[str] = []
    while not missing and steps:  # back over the function
        step = steps.pop()
        if step.opname in ATTRIBUTES or step.opname in NAMES:
            names.insert(0, str(step.argval))
        if step.opname in NAMES:
            return "call", tuple(names)
        if step.opname not in ATTRIBUTES and step.opname != "PUSH_NULL":
            break
    return "call", ("", *names[-1:]) if names else ()

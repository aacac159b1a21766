"""What a function's code alone tells: the names in it, the globals it sets, the seeds it leaves out.  Floor 6."""

import dis
import types
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Facts", "facts"]

#: What makes a generator of random numbers, another one each time where no seed is given.
MAKERS = {"default_rng", "RandomState", "SeedSequence", "Random", "PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"}
#: With these, code reads attributes whose names are texts.
BY_TEXT = {"__dict__", "attrgetter", "getattr", "hasattr", "setattr", "vars"}
#: With these, code reads attributes that it need not name at all.
WHOLE = {"__annotations__", "__dataclass_fields__", "__dict__", "__slots__", "asdict", "astuple", "dir", "fields"}
WHOLE |= {"getmembers", "vars"}


class Facts(NamedTuple):
    """What code names and does.

    names: of variables and attributes.  texts: that may be names of attributes.  reads, sets: the globals that it
    reads and sets.  imports: the modules that it imports.  unseeded: a maker of generators that is called without a
    seed wherever the code runs through.  wholly: whether it may read attributes that neither names nor texts tell.
    """

    names: frozenset[str]
    texts: frozenset[str]
    reads: frozenset[str]
    sets: frozenset[str]
    imports: frozenset[str]
    unseeded: str | None
    wholly: bool


@lru_cache(4096)
def facts(code: types.CodeType) -> Facts:
    """The facts of this code and of the functions inside it."""
    codes = list(_codes(code))
    names = {name for c in codes for name in c.co_names}
    texts: set[str] = set()
    if names & BY_TEXT:
        found_texts = [x.split(".") for c in codes for x in c.co_consts if isinstance(x, str)]  # "a.b" of attrgetter
        texts = {x for parts in found_texts if all(map(str.isidentifier, parts)) for x in parts}
    found: dict[str, set[str]] = {"LOAD_GLOBAL": set(), "STORE_GLOBAL": set(), "IMPORT_NAME": set()}
    unseeded, wholly = None, bool(names & WHOLE)
    for c in codes:
        every = list(dis.get_instructions(c))
        steps = [x for x in every if x.opname not in ("PRECALL", "PUSH_NULL", "CACHE")]
        for step in steps:
            if step.opname in found:
                found[step.opname].add(str(step.argval))
        if names & MAKERS:
            unseeded = unseeded or _unseeded(steps)
        wholly = wholly or not _is_told(every)
    reads, sets, imports = map(frozenset, found.values())
    return Facts(frozenset(names | texts), frozenset(texts), reads, sets, imports, unseeded, wholly)


def _is_told(steps: list[dis.Instruction]) -> bool:
    """Whether each getattr has a text for a name, and no `match` takes an object apart."""
    if any(x.opname == "MATCH_CLASS" for x in steps):
        return False
    starts = [i for i, x in enumerate(steps, 1) if x.argval == "getattr" and x.opname.startswith("LOAD")]
    return all(_takes_text(steps[i:]) for i in starts)


def _takes_text(steps: list[dis.Instruction]) -> bool:
    """Whether the second of the arguments that these steps put together is a text that is written out."""
    depth, text = 0, False
    for step in steps:
        before, depth = depth, depth + dis.stack_effect(step.opcode, step.arg, jump=False)
        if depth <= 0:  # the call
            return text
        if depth == before + 1 == 2:
            text = step.opname == "LOAD_CONST"
        elif depth < 2 or (depth == 2 < before and step.opcode not in (*dis.hasjrel, *dis.hasjabs)):
            text = False  # it was part of something else
    return False


def _unseeded(steps: list[dis.Instruction]) -> str | None:
    jumps = [x for x in steps if x.opcode in (*dis.hasjrel, *dis.hasjabs) and x.opname != "FOR_ITER"]
    for made, call in pairwise(steps):
        bare = made.argval in MAKERS and call.opname.startswith("CALL") and call.arg == 0
        if bare and not any(x.offset < made.offset < x.argval for x in jumps):  # it may be passed over
            return str(made.argval)
    return None


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code, and that of the functions inside it."""
    yield code
    for x in code.co_consts:
        if isinstance(x, types.CodeType):
            yield from _codes(x)

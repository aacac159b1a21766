"""Damage the book of rules in one place at a time, and list what the tests do not notice.

    python tests/mutants.py                        the whole book
    python tests/mutants.py reduce linalg:matmul   a chapter, one operation of another
    python tests/mutants.py --sample 200           some, for a quick look
    python tests/mutants.py --list reduce          what would be done

A mutant is killed by a test that fails.  One that no test notices is a gap in the suite, or changes no number; then it
has a claim with its reason in tests/damage/equivalents.py, and the claim is checked on many inputs.  Writes nothing
into the checkout.  Exit: 0 if all are killed or equivalent, 1 for survivors and false claims, 2 if nothing was tried.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the imports proper come once Python has been told where its caches go
    from damage.campaign import Verdict
    from damage.chapters import Chapter, Mutant

WIDTH = 80
TESTS = Path(__file__).absolute().parent


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python tests/mutants.py", description=__doc__, formatter_class=raw)
    parser.add_argument("where", nargs="*", metavar="CHAPTER[:OP]", help="what to damage (default: the whole book)")
    parser.add_argument("--list", action="store_true", help="list the mutants, try none")
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="which N (default: 0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="trials at a time (default: one a core)")
    return parser.parse_args(arguments)


def chosen(book: "dict[str, Chapter]", options: argparse.Namespace) -> "list[Mutant]":
    """The mutants that are asked for.  Raises LookupError for a place that has none."""
    everything = [m for chapter in book.values() for m in chapter.mutants()]
    mutants = [m for m in everything if not options.where or {m.chapter, m.place} & set(options.where)]
    unknown = sorted(set(options.where) - {m.place for m in mutants} - set(book))
    if unknown:
        raise LookupError(f"nothing to damage in {', '.join(unknown)}; chapters: {', '.join(book)}")
    if options.sample is not None and options.sample < len(mutants):
        mutants = random.Random(options.seed).sample(mutants, options.sample)
    return mutants


def prepare(scratch: str) -> None:
    """Import from this checkout, one thread a trial, and everything that is written goes to the scratch folder."""
    sys.path[:] = [str(TESTS), str(TESTS.parent), *(p for p in sys.path if Path(p or ".").resolve() != TESTS)]
    sys.pycache_prefix = tempfile.tempdir = scratch
    sys.dont_write_bytecode = False
    os.chdir(TESTS.parent)
    os.environ |= {"HYPOTHESIS_STORAGE_DIRECTORY": scratch, "TMPDIR": scratch}
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def show(what: str, done: int, of: int) -> None:
    """Progress, for people only."""
    if sys.stderr.isatty():
        print(f"\r{what}: {done} of {of}".ljust(WIDTH - 1), end="\r" if done == of else "", file=sys.stderr, flush=True)


def wrapped(text: str, first: str) -> str:
    lines = textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=" " * len(first))
    return "\n".join(lines)


def described(mutant: "Mutant") -> str:
    return "\n".join([str(mutant), wrapped(mutant.before, "    - "), wrapped(mutant.after, "    + ")])


def finding(verdict: "Verdict") -> str:
    """What is wrong with a claim, or what is known of a survivor."""
    claim = ""
    if verdict.claim and verdict.claim.exact:
        claim = wrapped(f"claimed to be equivalent ({verdict.claim.reason}), which is false:", "    ")
    if verdict.killer:
        known = f"killed by {verdict.killer}"
    else:
        known = f"differs at {verdict.difference}" if verdict.difference else "no difference found in numbers"
    return "\n".join(filter(None, [claim, wrapped(known, "    ")]))


def table(verdicts: "Sequence[Verdict]") -> str:
    """One line a chapter."""
    lines = [f"{'chapter':16}{'mutants':>9}{'killed':>9}{'by time-out':>13}{'equivalent':>12}{'survive':>9}"]
    for chapter in [*dict.fromkeys(v.mutant.chapter for v in verdicts), "all"]:
        mine = [v for v in verdicts if chapter in (v.mutant.chapter, "all")]
        killed, late = sum(v.killer != "" for v in mine), sum(v.killer == "time-out" for v in mine)
        same = sum(v.is_equivalent for v in mine)
        lines.append(f"{chapter:16}{len(mine):9}{killed:9}{late:13}{same:12}{len(mine) - killed - same:9}")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    options = parsed(arguments)
    scratch = tempfile.mkdtemp(prefix="mutants-")
    try:
        prepare(scratch)
        return report(options)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def report(options: argparse.Namespace) -> int:
    """Try what is asked for, print what is wrong, and give the exit code."""
    from damage.chapters import read_book

    start = time.monotonic()
    book = read_book()
    try:
        mutants = chosen(book, options)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(map(described, mutants)))
        return 0
    from damage.campaign import Campaign, CannotTry

    campaign = Campaign(book, options.jobs, show)
    try:
        verdicts = campaign.run(mutants)
    except CannotTry as error:
        print(f"The book cannot be tried as it is: {error}", file=sys.stderr)
        return 2
    if campaign.failing:
        print(f"{len(campaign.failing)} tests fail without any damage, so they have no say:", file=sys.stderr)
        print("\n".join(sorted(campaign.failing)), file=sys.stderr)
    faults = [v for v in verdicts if v.is_fault]
    for v in faults:
        print(described(v.mutant), finding(v), sep="\n")
    print(table(verdicts))
    print(f"{time.monotonic() - start:.0f} seconds")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""All the trials: which mutants are killed, by which test, which are equivalent, and which survive."""

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from . import equivalents, measure, trial
from .chapters import Chapter, Mutant
from .reach import Marked, Place, Reach
from .workers import Died, in_children

#: Test files that say nothing about the book of rules, or run it in other processes.
ELSEWHERE = """
    benchmarks callers cli curves data draw examples floors manual mutants proof readme reference runs shadowing
    training
"""

Show = Callable[[str, int, int], None]


class CannotTry(RuntimeError):
    """The book as it is cannot be imported, so nothing can be said about a damage."""


class Verdict(NamedTuple):
    """What became of a mutant."""

    mutant: Mutant
    killer: str  # the test that failed, "" if none did
    claim: equivalents.Claim | None = None
    difference: str = ""  # the input that tells it from the undamaged book, for those that no test killed

    @property
    def is_equivalent(self) -> bool:
        return not self.killer and self.claim is not None and not self.difference

    @property
    def is_fault(self) -> bool:
        """A gap of the suite, or a claim that does not hold."""
        return not self.is_equivalent and (not self.killer or (self.claim is not None and self.claim.exact))


class Campaign:
    """The chapters, and how many trials run at a time."""

    def __init__(self, chapters: dict[str, Chapter], workers: int, show: Show):
        self.chapters, self.workers, self.show = chapters, workers, show
        self.reach = Reach(self.chapters.values())
        #: The tests that fail on the book as it is, so that their failure says nothing about a damage.
        self.failing: set[str] = set()

    def run(self, mutants: Sequence[Mutant]) -> list[Verdict]:
        """What becomes of each.  Raises CannotTry."""
        self._prepare()
        self._try_undamaged({place for m in mutants for place in self.reach.of(m)})
        killers = dict(self._answers("samples", [partial(self._by_samples, m) for m in mutants]))
        left = [i for i in range(len(mutants)) if not killers[i]]
        if left:
            tests = self._named_tests()
            jobs = [partial(self._by_name, mutants[i], tests) for i in left]
            killers |= {left[n]: killer for n, killer in self._answers("named tests", jobs)}
            left = [i for i in left if not killers[i]]
        differences = dict(zip(left, self._differences([mutants[i] for i in left])))
        claims = [next((c for c in equivalents.CLAIMS if c.covers(m)), None) for m in mutants]
        return [Verdict(m, killers[i], claims[i], differences.get(i, "")) for i, m in enumerate(mutants)]

    def _damage(self, mutant: Mutant) -> tuple[str, Any]:
        return mutant.chapter, self.chapters[mutant.chapter].compiled(mutant)

    # In a child each

    def _by_samples(self, mutant: Mutant) -> str:
        return trial.by_samples(self.failing, self.reach.of(mutant), *self._damage(mutant))

    def _by_name(self, mutant: Mutant, tests: dict[str, set[Place]]) -> str:
        return trial.by_name(self._touching(mutant, tests), *self._damage(mutant))

    def _outcomes(self, mutant: Mutant) -> list[measure.Outcome]:
        return measure.outcomes(self.reach.of(mutant), *self._damage(mutant))

    # In this process

    def _answers(self, what: str, jobs: Sequence[Callable[[], Any]]) -> Iterator[tuple[int, Any]]:
        self.show(what, 0, len(jobs))
        for done, (number, answer) in enumerate(in_children(jobs, self.workers), 1):
            self.show(what, done, len(jobs))
            yield number, str(answer) if isinstance(answer, Died) else answer

    def _prepare(self) -> None:
        """Import once, for all trials, what does not belong to the checkout."""
        for _, names in self._answers("preparing", [trial.imported]):
            if isinstance(names, str):
                raise CannotTry(names)
            for name in names:
                with suppress(ImportError):
                    importlib.import_module(name)

    def _try_undamaged(self, reached: Iterable[Place]) -> None:
        by_chapter: dict[str, set[Place]] = {}
        for place in reached:
            by_chapter.setdefault(place[0], set()).add(place)
        jobs = [partial(trial.undamaged, places) for places in by_chapter.values()]
        for _, failures in self._answers("undamaged", jobs):
            if isinstance(failures, str):
                raise CannotTry(failures)
            self.failing |= failures

    def _named_tests(self) -> dict[str, set[Place]]:
        """{test: what in the book it runs}, for the tests that do not go over the samples."""
        skipped = tuple(f"test_{name}" for name in ELSEWHERE.split())
        files = [path for path in sorted(trial.TESTS.glob("test_*.py")) if not path.name.startswith(skipped)]
        found: dict[str, set[Place]] = {}
        marked = {name: Marked(chapter).compiled() for name, chapter in self.chapters.items()}
        jobs = [partial(trial.places_run, file, marked) for file in files]
        for number, answer in self._answers("what tests run", jobs):
            ran, failures = ({}, {f"{files[number].name}: {answer}"}) if isinstance(answer, str) else answer
            found |= ran
            self.failing |= failures
        return found

    def _touching(self, mutant: Mutant, tests: dict[str, set[Place]]) -> set[str]:
        """The tests that run the damaged place; for a constant, which is read at import only, what uses it."""
        place = (mutant.chapter, mutant.owner)
        touching = {test for test, ran in tests.items() if place in ran}
        return touching or {test for test, ran in tests.items() if ran & self.reach.of(mutant)}

    def _differences(self, mutants: Sequence[Mutant]) -> list[str]:
        reached = [frozenset(self.reach.of(m)) for m in mutants]
        different = sorted(set(reached), key=sorted)
        jobs = [partial(measure.outcomes, places) for places in different]
        undamaged = {different[n]: answer for n, answer in self._answers("numbers, undamaged", jobs)}
        found = [""] * len(mutants)
        for n, answer in self._answers("numbers", [partial(self._outcomes, m) for m in mutants]):
            whole = undamaged[reached[n]]
            if isinstance(answer, str) or isinstance(whole, str):
                found[n] = f"no numbers ({answer if isinstance(answer, str) else whole})"
            else:
                found[n] = measure.difference(whole, answer)
        return found

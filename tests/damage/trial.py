"""One trial: import the library with a damaged chapter, run tests until one fails.  For a child process of its own."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from .chapters import BOOK
from .reach import Place
from .workers import limit

ROOT = BOOK.parents[1]
TESTS = ROOT / "tests"

#: Seconds of computing that one test, of all samples of an operation perhaps, may take; a damaged loop may never end.
PATIENCE = 20.0

OPTIONS = [
    "-x", "-c", str(ROOT / "setup.cfg"), "--rootdir", str(ROOT), "-o", "addopts=", "-p", "no:cacheprovider",
    "-p", "no:terminal", "-W", "ignore::pytest.PytestAssertRewriteWarning",
    "-p", "no:unraisableexception",  # it collects garbage, which takes as long as all the rest
]  # fmt: skip


class Substitute:
    """Has Python run other code where it would read the files of some chapters."""

    def __init__(self, codes: dict[str, Any], **names: Any):
        self.codes, self.names = codes, names

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        package, _, chapter = name.rpartition(".")
        if package == "tinygrad_edu.rules" and chapter in self.codes:
            return importlib.util.spec_from_file_location(name, BOOK / f"{chapter}.py", loader=self)
        return None

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        vars(module).update(self.names)
        exec(self.codes[module.__name__.rpartition(".")[2]], vars(module))


class Chosen:
    """A plugin of pytest: only some tests, each with a limit of its own; remembers the one that failed."""

    def __init__(self, wanted: Callable[[Any], bool]):
        self.wanted, self.failed = wanted, ""
        self.failures: set[str] = set()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = filter(self.wanted, items)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Any:
        limit(PATIENCE)
        return (yield)

    def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
        if call.excinfo is None or call.excinfo.errisinstance(pytest.skip.Exception):
            return None
        return pytest.TestReport(item.nodeid, item.location, {}, "failed", None, call.when)  # without sources: faster

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid
            self.failures.add(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed and not self.failed:
            self.failed = f"collecting {report.nodeid}"


class Noting(Chosen):
    """Also notes which places of the book each test runs."""

    def __init__(self, wanted: Callable[[Any], bool], ran: set[Place]):
        super().__init__(wanted)
        self.ran = ran
        self.places: dict[str, set[Place]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Any:
        limit(PATIENCE)
        self.ran.clear()
        try:
            return (yield)
        finally:
            self.places[item.nodeid] = set(self.ran)


def start(codes: dict[str, Any], **names: Any) -> str:
    """Import the library, with other code for some chapters.  Returns the error if that fails."""
    limit(PATIENCE)
    sys.meta_path.insert(0, Substitute(codes, **names))
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]  # no shrinking: one failure is enough
    profile = hypothesis.settings(database=None, deadline=None, phases=phases)
    hypothesis.settings.register_profile("mutants", profile)
    hypothesis.settings.load_profile("mutants")
    try:
        importlib.import_module("tinygrad_edu")
        importlib.import_module("oracles")
    except Exception as error:
        return f"importing: {type(error).__name__}: {error}"
    return ""


def _start_undamaged(codes: dict[str, Any] | None = None, **names: Any) -> None:
    error = start(codes or {}, **names)
    if error:
        raise ImportError(error)


def restrict(reached: Collection[Place]) -> set[str]:
    """Leave only the samples of the operations that the damage reaches; returns their names."""
    primitives = importlib.import_module("tinygrad_edu.primitives")
    rules = importlib.import_module("tinygrad_edu.rules")
    name_of = importlib.import_module("oracles").name_of
    modules = {chapter: vars(getattr(rules, chapter)) for chapter in rules.__all__}
    objects = {id(modules[chapter].get(name)) for chapter, name in reached if chapter in modules}

    def is_reached(op: Any) -> bool:
        f = getattr(op, "forward", op)
        home = getattr(f, "__module__", None) or "", getattr(f, "__qualname__", "")
        return id(op) in objects or (home[0].rpartition(".")[2], home[1].partition(".")[0]) in reached

    names = {name for name, op in primitives.registry.items() if is_reached(op)}
    for table, more in ((primitives.numpy_functions, ""), (primitives.wider, " (more)")):
        names |= {name_of(f) + more for f, op in table.items() if is_reached(op)}
    samples = importlib.import_module("samples").SAMPLES
    samples[:] = [s for s in samples if s.op in names]
    del sys.modules["oracles"]  # it keeps a list of the samples
    return names


def imported() -> list[str]:
    """The modules that trials import from elsewhere than the checkout, for their parent to have ready."""
    _start_undamaged()
    _run(_sampling()[:1], Chosen(lambda item: False))
    return [name for name, m in sys.modules.items() if not str(getattr(m, "__file__", "")).startswith(str(ROOT))]


def undamaged(reached: Collection[Place]) -> set[str]:
    """The tests over the samples that fail on the book as it is."""
    _start_undamaged()
    restrict(reached)
    plugin = Chosen(has_sample)
    _run(_sampling(), plugin, "--maxfail=100000")
    return plugin.failures


def by_samples(failing: Collection[str], reached: Collection[Place], chapter: str, code: Any) -> str:
    """The first test over the samples that fails, apart from those that fail anyway, or "" if none does."""
    error = start({chapter: code})
    if error:
        return error
    restrict(reached)
    return _run(_sampling(), Chosen(lambda item: has_sample(item) and item.nodeid not in failing))


def _sampling() -> list[str]:
    """The files that have tests over the samples."""
    return [str(path) for path in sorted(TESTS.glob("test_*.py")) if "@each(" in path.read_text()]


def by_name(tests: Collection[str], chapter: str, code: Any) -> str:
    """The first of these tests that fails, or ""."""
    files = sorted({str(ROOT / test.partition("::")[0]) for test in tests})
    return start({chapter: code}) or _run(files, Chosen(lambda item: item.nodeid in tests))


def places_run(file: Path, marked: dict[str, Any]) -> tuple[dict[str, set[Place]], set[str]]:
    """(the places that each quick test of a file runs, the tests that fail); samples left aside."""
    ran: set[Place] = set()
    _start_undamaged(marked, __ran__=ran)
    plugin = Noting(lambda item: not has_sample(item) and item.get_closest_marker("slow") is None, ran)
    _run([str(file)], plugin, "--maxfail=100000")
    return {t: places for t, places in plugin.places.items() if places and t not in plugin.failures}, plugin.failures


def has_sample(item: Any) -> bool:
    """Whether a test is one of those that run over all samples."""
    parameters = getattr(item, "callspec", None)
    return parameters is not None and any(type(p).__name__ == "Samples" for p in parameters.params.values())


def _run(files: list[str], plugin: Chosen, *options: str) -> str:
    if files:
        code = pytest.main([*OPTIONS, *options, *files], plugins=[plugin])
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.TESTS_FAILED):
            return plugin.failed or f"pytest: {code!r}"
    return plugin.failed

"""The house: floors that import only downwards, short files, complete and sorted `__all__`, documented names."""

import ast
import doctest
import importlib
import inspect
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import tinygrad_edu
import visualize

PACKAGE = Path(tinygrad_edu.__file__).parent
VISUALIZE = PACKAGE.parent / "visualize"

#: Top-level name -> floor, as in the design. A module that is not here fails the suite: give it a floor.
FLOORS = {
    "errors": 0,
    "modes": 1, "operands": 1, "primitives": 1, "callers": 1, "explanations": 1, "randomness": 1, "shadowing": 1,
    "trees": 1,
    "rules": 2, "anomaly": 2,
    "backprop": 3, "contents": 3, "hooks": 3, "conversions": 3, "operators": 3, "protocols": 3,
    "tensor": 4,
    "transforms": 5, "pullbacks": 5, "jacobians": 5, "checkpointing": 5, "functions": 5, "numeric": 5,
    "tracing": 5,
    "nn": 6, "optim": 6, "data": 6, "derivation": 6, "compiler": 6,
    "training": 7, "proof": 7, "command": 7,
    "cli": 8, "__main__": 9,
    "__init__": 10,  # the roof: gathers the names, and nobody imports from it
    "manual": None,  # an island
}  # fmt: skip
#: Modules with a function of their name: what a command does, a NumPy function, and what no package hands out.
NAMESAKES = {
    *("command/train", "command/derive", "command/draw"),
    "rules/shape",
    *("compiler/capture", "derivation/lines", "tinygrad_edu/tracing"),
}
#: The libraries beside NumPy and Python's own that a module may use.
LIBRARIES = {"command": {"rich", "threadpoolctl"}, "compiler": {"numba"}}
#: Where `visualize` may be imported, and there only inside a function.
DRAWS = {"shadowing"}
#: The chapters of the book of rules: their names are read through the registry.
CHAPTERS = {f"rules/{path.name}" for path in (PACKAGE / "rules").glob("[!_]*.py")} - {"rules/arguments.py"}

FILES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}
DRAWING_FILES = {str(path.relative_to(PACKAGE.parent)): path for path in sorted(VISUALIZE.rglob("*.py"))}
BESIDE = [PACKAGE.parent / folder for folder in ("tests", "examples", "benchmarks", "docs")]
EVERYTHING = [*FILES.values(), *DRAWING_FILES.values(), *(path for folder in BESIDE for path in folder.rglob("*.py"))]
each_file = pytest.mark.parametrize("file", FILES)
every_file = pytest.mark.parametrize("path", [*FILES.values(), *DRAWING_FILES.values()], ids=[*FILES, *DRAWING_FILES])


def top(file):
    """`rules/shape.py` -> `rules`."""
    return Path(file).with_suffix("").parts[0]


def imports(file, source):
    """(the absolute name of what is imported, whether inside a function) for each import in a file."""
    tree = ast.parse(source)
    lazy = {
        inner for f in ast.walk(tree) if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef) for inner in ast.walk(f)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node in lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = ["tinygrad_edu", *Path(file).parts[:-1]]
            base = home[: len(home) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:  # `from . import x` names modules, `from .x import f` a name inside one
                whole = module.count(".") == 0 and module == "tinygrad_edu"
                yield (f"{module}.{alias.name}" if whole else module), node in lazy


def faults(file, source):
    """What is wrong with the imports of a file, as sentences."""
    own = top(file)
    if own not in FLOORS:
        yield f"{own} has no floor: add it to FLOORS"
        return
    for name, lazy in imports(file, source):
        root, *rest = name.split(".")
        if root == "tinygrad_edu":
            target = rest[0] if rest else "__init__"
            if target in (own, "__version__"):
                continue
            if own == "manual":
                yield f"manual is an island and imports {name}"
            elif target not in FLOORS:
                yield f"{file} imports {name}, which is no module with a floor"
            elif FLOORS[own] < (FLOORS[target] or 0):
                yield f"{file} (floor {FLOORS[own]}) imports {name} (floor {FLOORS[target]})"
            elif FLOORS[target] is None and FLOORS[own] < 6:
                yield f"{file} imports the island {name}"
        elif root == "visualize":
            if own not in DRAWS or not lazy:
                yield f"{file} imports visualize"
        elif root not in sys.stdlib_module_names and root not in {"numpy", *LIBRARIES.get(own, ())}:
            yield f"{file} imports {root}"


@each_file
def test_each_module_imports_only_downwards(file):
    assert not list(faults(file, FILES[file].read_text()))


@pytest.mark.parametrize(
    "file, line",
    [
        ("backprop.py", "from .tensor import Tensor"),
        ("backprop.py", "from tinygrad_edu.tensor import Tensor"),
        ("backprop.py", "import tinygrad_edu.tensor"),
        ("backprop.py", "import tinygrad_edu"),
        ("backprop.py", "from . import tensor"),
        ("backprop.py", "def f():\n    from .tensor import Tensor"),
        ("backprop.py", "if TYPE_CHECKING:\n    from .tensor import Tensor"),
        ("rules/shape.py", "from ..backprop import unbroadcast"),
        ("rules/shape.py", "from .. import backprop"),
        ("rules/shape.py", "import scipy"),
        ("errors.py", "from .primitives import primitive"),
        ("manual/forward.py", "from ..errors import ShapeError"),
        ("manual/forward.py", "from tinygrad_edu import functions"),
        ("manual/forward.py", "import rich"),
        ("tensor.py", "from visualize import draw"),
        ("shadowing.py", "import visualize"),
        ("nn/layers.py", "from ..cli import main"),
        ("newcomer.py", "import numpy"),
    ],
)
def test_an_upward_import_is_found(file, line):
    assert list(faults(file, line))


@pytest.mark.parametrize(
    "file, line",
    [
        ("tensor.py", "from .backprop import backpropagate\nfrom .rules import shape\nimport numpy as np, sys"),
        ("rules/shape.py", "from .elementwise import add\nfrom ..primitives import primitive"),
        ("shadowing.py", "def f():\n    import visualize"),
        ("manual/forward.py", "from .checks import check\nfrom . import activations\nimport numpy.linalg"),
        ("command/reports.py", "from ..data import load_digits\nfrom .. import manual\nimport rich.table"),
    ],
)
def test_a_downward_import_is_let_through(file, line):
    assert not list(faults(file, line))


def test_modules_of_one_floor_import_each_other_in_no_circle():
    graph = {}
    for file, path in FILES.items():
        if top(file) != "__init__":
            names = [name.split(".") for name, _ in imports(file, path.read_text())]
            targets = {name[1] for name in names if name[0] == "tinygrad_edu" and len(name) > 1}
            graph.setdefault(top(file), set()).update(targets - {top(file)})
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("path", DRAWING_FILES.values(), ids=DRAWING_FILES.keys())
def test_visualize_imports_public_modules_only(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tinygrad_edu"):
            assert not any(alias.name.startswith("_") for alias in node.names)


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_file_passes_400_lines(path):
    assert len(path.read_text().splitlines()) <= 400


@every_file
def test_every_file_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text()))
    assert not re.search(r"util|helper|misc|manager", path.stem)


@pytest.mark.parametrize("file", [f for f in FILES if FLOORS.get(top(f)) in range(10)])
def test_a_docstring_that_names_a_floor_names_the_right_one(file):
    doc = ast.get_docstring(ast.parse(FILES[file].read_text()))
    named = re.findall(r"\bFloor (\d)", doc)
    assert [int(floor) for floor in named] in ([], [FLOORS[top(file)]])
    assert named or FLOORS[top(file)] > 5 or Path(file).name == "__init__.py"


# Public names


def public_names(tree):
    """The functions and classes that a module defines, and what a package's `__init__` gathers from its own files."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            yield from (target.id for target in node.targets)


@every_file
def test_no_public_function_has_the_name_of_its_module(path):
    """`from . import page` would mean one or the other."""
    defined = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
    assert path.stem not in defined or f"{path.parent.name}/{path.stem}" in NAMESAKES


@every_file
def test_all_is_sorted_and_complete(path):
    source = path.read_text()
    tree = ast.parse(source)
    defined = {name for name in public_names(tree) if not name.startswith("_")}
    if path.name == "__init__.py":
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.level:
                defined |= {alias.asname or alias.name for alias in node.names} - {"annotations"}
    listed = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
    ]
    if any(str(path).endswith(chapter) for chapter in CHAPTERS) and not listed:
        return
    assert listed or not defined, f"no __all__, and it defines {sorted(defined)}"
    for names in listed:
        assert names == sorted(set(names))
        assert defined <= set(names), f"missing in __all__: {sorted(defined - set(names))}"


@each_file
def test_every_name_in_all_exists(file):
    name = "tinygrad_edu." + file.removesuffix(".py").replace("/", ".").removesuffix("__init__")
    if top(file) != "__main__":
        module = importlib.import_module(name.rstrip("."))
        for public in getattr(module, "__all__", ()):
            assert hasattr(module, public)


def offered():
    """(name, function or class) for all that `tinygrad_edu` and `visualize` offer, one module deep."""
    for package in (tinygrad_edu, visualize):
        for name in package.__all__:
            thing, whole = getattr(package, name), f"{package.__name__}.{name}"
            if inspect.ismodule(thing):
                yield from ((f"{whole}.{inner}", getattr(thing, inner)) for inner in thing.__all__)
            else:
                yield whole, thing


OFFERED = {name: thing for name, thing in offered() if callable(thing)}


@pytest.mark.parametrize("name", OFFERED)
def test_every_public_name_has_a_docstring(name):
    assert inspect.getdoc(OFFERED[name])


def needs_example(thing):
    """Errors and abstract classes are seen at work elsewhere."""
    return not (inspect.isclass(thing) and (issubclass(thing, BaseException) or thing.__doc__.startswith("Abstract")))


@pytest.mark.parametrize("name", [name for name, thing in OFFERED.items() if needs_example(thing)])
def test_every_public_name_has_a_runnable_example(name):
    thing = OFFERED[name]
    texts = [thing.__doc__ or ""]
    if inspect.isclass(thing):
        texts += [getattr(method, "__doc__", None) or "" for method in vars(thing).values()]
    assert any(doctest.DocTestParser().get_examples(text) for text in texts)

"""Write docs/rules.md and docs/numpy.md from the registry.

    python docs/generate.py            write both
    python docs/generate.py --check    write nothing; exit with 1 if one of them is not up to date

The text of a rule is read from the source of its chapter: the expression of a lambda, the first sentence of the
docstring of a named function.  What HIPS autograd differentiates is asked of HIPS autograd (the extra `test`).
"""

import ast
import inspect
import re
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from tinygrad_edu import rules
from tinygrad_edu.primitives import Primitive, numpy_functions, registry, wider

HERE = Path(__file__).parent

#: The chapters in reading order.
CHAPTERS = (
    "elementwise rounding complex special reduce statistics sequences shape indexing joining sorting linalg "
    "contraction inverses decompositions norms fourier activation loss random"
).split()

#: Newer ones have more functions: the pages are compared under this series only.
SERIES = ".".join(np.__version__.split(".")[:2])

HEAD = f"""# {{title}}

<!-- Written by `python docs/generate.py` from the registry, with NumPy {SERIES}: edit the code, not this page. -->

{{text}}
"""

RULES = """Every operation that records, by chapter of [the book of rules](../tinygrad_edu/rules). `z` is the
result and `dz` the gradient of the end with respect to it; `dx` is the gradient for the input `x`. What
broadcasting stretched, the engine sums again, so no rule has a word for it. Every rule is NumPy that may be
fed with Tensors: it has derivatives of its own. "constant" means that no gradient flows through: the result
is an answer, an index or a shape. Gradients for complex numbers follow the convention that
[convention.md](convention.md) explains."""

TABLE = """HIPS autograd is the classic among the libraries that differentiate NumPy. This page holds its
every differentiable function of `autograd.numpy`, `numpy.linalg` and `numpy.fft` against this one. A *rule*
is a primitive with a derivative of its own, a *composition* is built from such; both have derivatives of
every order. [rules.md](rules.md) has the equations."""

#: What HIPS autograd differentiates by a wrapper in Python rather than by a rule.
WRAPPERS = "append array column_stack concatenate hstack mean row_stack select stack std var vstack".split()
#: Parts of HIPS autograd's machinery, not functions of NumPy.
MACHINERY = {"array_from_args", "concatenate_args", "make_diagonal", "truncate_pad"}
#: What to write instead.  Where NumPy does not ask its arguments who should run a function, no library can have it.
INSTEAD = {
    "array": "NumPy asks nobody: `np.stack([a, b])`",
    "full": "NumPy asks nobody: `np.full_like(x, t)`, `np.broadcast_to(t, shape)`",
    "row_stack": "NumPy's old name for `vstack`, which is here",
}
#: What HIPS autograd lacks, or gets wrong, and people ask for.
LACKING = (
    "flip cumprod median quantile percentile take take_along_axis nansum nanmean ptp interp sort average convolve cbrt"
).split()
FURTHER = (
    "nanmax nanmin nanvar nanstd nanprod ediff1d trapezoid vdot correlate partition cov corrcoef unwrap polyval "
    "apply_along_axis delete insert compress extract vander nancumsum nancumprod copysign fmod heaviside float_power "
    "logaddexp choose copy resize block meshgrid hypot linalg.cond linalg.matrix_power linalg.qr linalg.lstsq "
    "linalg.norm linalg.eigvalsh linalg.multi_dot linalg.tensorsolve linalg.matrix_norm linalg.vector_norm "
    "linalg.vecdot fft.hfft fft.ihfft"
).split()


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check compare them."""
    stale = []
    for name, text in (("rules.md", reference()), ("numpy.md", comparison())):
        path = HERE / name
        if not path.exists() or path.read_text() != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text)
    if stale:
        print(f"{', '.join(stale)}: {'not up to date' if '--check' in arguments else 'written'}")
    return int(bool(stale) and "--check" in arguments)


# rules.md


def reference() -> str:
    """The rules reference, as Markdown."""
    assert set(CHAPTERS) == set(rules.__all__), set(CHAPTERS) ^ set(rules.__all__)
    functions: dict[int, list[Callable[..., Any]]] = {}
    for table in (numpy_functions, wider):
        for f, op in table.items():
            functions.setdefault(id(op), []).append(f)
    count = sum(1 for op in registry.values() if of_the_book(op))
    parts = [HEAD.format(title="The rules", text=RULES)]
    parts.append(f"{count} primitives, and what is composed of them; {len(numpy_functions)} functions of NumPy.\n")
    for chapter in CHAPTERS:
        module = getattr(rules, chapter)
        lambdas = Lambdas(module)
        rows = [row(op, functions.get(id(op), []), lambdas) for op in operations(module)]
        doc = inspect.getdoc(module) or ""
        first, _, rest = doc.partition("\n\n")
        title = re.sub(r"\s+Floor 2(: NumPy only)?\.", "", " ".join(first.split())).rstrip(".")
        rest = re.sub(r"(?m)^((?: {4}.*\n?)+)", lambda m: f"```python\n{textwrap.dedent(m[1])}```\n", rest + "\n")
        parts.append(f"## {title}\n\n{rest.strip()}\n" if rest.strip() else f"## {title}\n")
        parts.append("| operation | NumPy | forward | gradients | notes |\n|---|---|---|---|---|\n" + "".join(rows))
    return "\n".join(parts)


def of_the_book(op: Any) -> bool:
    """Whether an operation is declared in a chapter, and not by a test or a user."""
    return any(op is thing for chapter in CHAPTERS for thing in vars(getattr(rules, chapter)).values())


def operations(module: Any) -> Iterator[Any]:
    """The primitives and compositions that a chapter declares, in its order."""
    composed = {id(op) for table in (numpy_functions, wider) for op in table.values()}
    for thing in vars(module).values():
        if type(thing) is Primitive:
            if declared_in(thing, module):
                yield thing
        elif isinstance(thing, FunctionType) and id(thing) in composed and thing.__module__ == module.__name__:
            yield thing


def declared_in(op: Primitive, module: Any) -> bool:
    """Whether the chapter itself declares op: chapters import operations from one another."""
    tree = ast.parse(inspect.getsource(module))
    names = {alias.asname or alias.name for n in tree.body if isinstance(n, ast.ImportFrom) for alias in n.names}
    return not any(vars(module).get(name) is op for name in names)


def row(op: Any, functions: list[Callable[..., Any]], lambdas: "Lambdas") -> str:
    """A line of a chapter's table."""
    primitive = type(op) is Primitive
    name = f"`{op.name}`" if primitive else ""
    numpy = "<br>".join(f"`{qualified(f)}`" for f in functions)
    equation, notes = described(op.forward if primitive else op)
    if not primitive:
        gradients = "those of its parts"
    elif not op.rules:
        gradients = "constant"
    else:
        rule_of = [(op.inputs[0], op.rules.rule)] if op.variadic else zip(op.inputs, op.rules)
        gradients = "<br>".join(lambdas.text(x, rule) for x, rule in rule_of if rule is not None)
    if not equation:
        of = qualified(functions[0]) if functions else op.name
        equation = f"`z = {of}({', '.join((*op.inputs, *op.defaults))})`"
    notes = ". ".join(text.rstrip(".") for text in (op.note if primitive else "", notes) if text)
    cells = (name, numpy, equation, gradients, notes)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def qualified(f: Callable[..., Any]) -> str:
    """`np.linalg.norm`"""
    home = getattr(f, "__module__", None) or "numpy"
    return f"{home.replace('numpy', 'np', 1)}.{f.__name__}"


def described(function: Any) -> tuple[str, str]:
    """(the equation in the first line of a docstring, the rest as one paragraph); NumPy's own need no words."""
    if isinstance(function, np.ufunc) or not getattr(function, "__module__", "").startswith("tinygrad_edu"):
        return "", ""
    first, _, rest = (inspect.getdoc(function) or "").partition("\n\n")
    return " ".join(first.split()), " ".join(rest.partition(">>>")[0].split())


class Lambdas:
    """The lambdas of a chapter as they are written."""

    def __init__(self, module: Any):
        self.source = inspect.getsource(module)
        self.found: dict[tuple[str, int], ast.Lambda] = {}
        for node in ast.walk(ast.parse(self.source)):
            if isinstance(node, ast.keyword) and isinstance(node.value, ast.Lambda):
                self.found[node.arg or "", node.value.lineno] = node.value

    def text(self, x: str, rule: Any) -> str:
        """The rule for input x."""
        if rule.__name__ != "<lambda>":
            return f"`d{x}`: {described(rule)[0].rstrip('.') or rule.__name__}"
        node = self.found["d" + x, rule.__code__.co_firstlineno]
        text = " ".join((ast.get_source_segment(self.source, node.body) or "").split())
        return f"`d{x} = {text}`"


# numpy.md


def comparison() -> str:
    """The table beside HIPS autograd, as Markdown."""
    rows, answered, all_of_them = [], 0, 0
    for name in differentiated_by_hips():
        all_of_them += 1
        standing = standing_of(name)
        answered += standing in ("rule", "composition")
        rows.append(f"| `{name}` | {standing} |\n")
    lacking, further = ([(name, standing_of(name)) for name in names] for names in (LACKING, FURTHER))
    share = f"**{answered} of {all_of_them}** ({100 * answered / all_of_them:.1f} %)"
    parts = [
        HEAD.format(title="Where we stand beside HIPS autograd", text=TABLE),
        f"## What HIPS autograd differentiates: {share}\n",
        "| function | here |\n|---|---|\n" + "".join(rows),
        "## What it lacks or gets wrong, and people ask for\n",
        "| function | here |\n|---|---|\n" + "".join(f"| `{n}` | {s} |\n" for n, s in lacking),
        "## Further ones\n",
        "| function | here |\n|---|---|\n" + "".join(f"| `{n}` | {s} |\n" for n, s in further),
    ]
    return "\n".join(parts)


def differentiated_by_hips() -> list[str]:
    """The names, as `abs` and `linalg.inv`, of all that has a gradient in HIPS autograd."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import autograd.numpy as anp
        from autograd.core import primitive_vjps
        from autograd.numpy import fft, linalg
    names = []
    for prefix, module in (("", anp), ("linalg.", linalg), ("fft.", fft)):
        for name in sorted(dir(module)):
            f = getattr(module, name)
            known = callable(f) and f.__hash__ is not None and f in primitive_vjps
            wrapped = (not prefix and name in WRAPPERS) or (prefix, name) == ("linalg.", "norm")
            if (known or wrapped) and name not in MACHINERY and numpy_function(prefix + name) is not None:
                names.append(prefix + name)
    return names


def numpy_function(name: str) -> Any:
    """np.linalg.inv for "linalg.inv"; None where this NumPy has no such function."""
    f: Any = np
    for part in name.split("."):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some names are on their way out
            f = getattr(f, part, None)
    return f


def standing_of(name: str) -> str:
    """ "rule", "composition", or a sentence."""
    op = numpy_functions.get(numpy_function(name))
    if op is None:
        return INSTEAD.get(re.sub(r".*\.", "", name), "no")
    if type(op) is Primitive:
        return "rule" if op.rules else "constant"
    return "composition"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The functions that a module needs beside NumPy's, copied from the book of rules.  Floor 6."""

import ast
import builtins
import inspect
import textwrap
import types
from collections.abc import Collection
from typing import Any, final

import numpy as np

from ..errors import NoRuleError
from ..primitives import Primitive

__all__ = ["Copies"]


@final
class Copies:
    """Function by function, each after those that it calls, without annotations and decorators."""

    def __init__(self, taken: Collection[str]) -> None:
        self._taken = {*taken, *dir(builtins)}
        self._texts: dict[str, str] = {}
        self._names: dict[int, str] = {}  # id(what has been copied) -> its name in the module
        self._modules = {"np": "import numpy as np"}

    def imports(self) -> list[str]:
        """The import statements, sorted."""
        return sorted(self._modules.values())

    def texts(self) -> list[str]:
        """The definitions, with empty lines between."""
        return [line for text in self._texts.values() for line in ("", text, "")]

    def add(self, thing: Any, name: str | None = None) -> str:
        """Copy a function, a primitive's forward function or a constant, and what it needs; returns its name."""
        if id(thing) in self._names:
            return self._names[id(thing)]
        forward = thing.forward if isinstance(thing, Primitive) else thing
        wish = str(name or getattr(thing, "name", None) or getattr(thing, "__name__", "constant"))
        own = wish if wish.isidentifier() else "function"
        while own in self._taken:
            own = f"{own}_"
        self._taken.add(own)
        self._names[id(thing)] = own
        self._texts[own] = self._copied(forward, own)  # after what it needs
        return own

    def _copied(self, thing: Any, name: str) -> str:
        if isinstance(thing, np.ufunc):
            return f"{name} = np.{thing.__name__}"
        if isinstance(thing, type) and issubclass(thing, Exception):
            return f"class {name}(Exception):\n    pass"
        if isinstance(thing, types.FunctionType):
            return self._function(thing, name)
        if not isinstance(thing, bool | int | float | str | tuple | dict):
            raise NoRuleError(f"{name} cannot be written as NumPy source: {thing!r} has no source.")
        return f"{name} = {thing!r}"

    def _function(self, function: types.FunctionType, name: str) -> str:
        try:
            text = inspect.getsource(function)
            tree = ast.parse(textwrap.dedent(text))
        except (OSError, TypeError, SyntaxError):
            raise NoRuleError(f"{name} cannot be written as NumPy source: its own source is not at hand.") from None
        defined = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))
        named = next(defined, None) if function.__name__ != "<lambda>" else None
        if named is None:
            lambdas = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda)]
            lambdas = [node for node in lambdas if _is_from(node, function, text)]
            if not lambdas:
                raise NoRuleError(f"{name} cannot be written as NumPy source: declare its function with def.")
            return f"{name} = {ast.unparse(self._mapped(lambdas[-1], function))}"  # the innermost
        named.decorator_list, named.name, named.returns = [], name, None
        for node in ast.walk(named):
            if isinstance(node, ast.arg):
                node.annotation = None
        named.body = list(map(_without_annotation, named.body))
        return ast.unparse(ast.fix_missing_locations(self._mapped(named, function)))

    def _mapped(self, tree: Any, function: types.FunctionType) -> Any:
        """The tree, with the names that it takes from its module as they are in this one."""
        around = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
        bound = {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
        bound |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id not in bound and node.id in around:
                thing = around[node.id]
                if isinstance(thing, types.ModuleType) and thing.__name__.split(".")[0] not in ("numpy", "math"):
                    raise NoRuleError(f"{function.__name__} cannot be written as NumPy source: it uses {node.id}.")
                if isinstance(thing, types.ModuleType):
                    as_name = "" if thing.__name__ == node.id else f" as {node.id}"
                    self._modules[node.id] = f"import {thing.__name__}{as_name}"
                elif (getattr(thing, "__module__", None) or "").split(".")[0] in ("numpy", "math"):
                    node.id = self._imported(thing)
                else:
                    node.id = self.add(thing, node.id if not isinstance(thing, Primitive) else None)
        return tree

    def _imported(self, thing: Any) -> str:
        """How the module calls what is NumPy's or Python's."""
        name = str(thing.__name__)
        if getattr(np, name, None) is thing:
            return f"np.{name}"
        self._modules[name] = f"from {thing.__module__} import {name}"
        return name


def _without_annotation(node: ast.stmt) -> ast.stmt:
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return ast.copy_location(ast.Assign([node.target], node.value), node)
    return node


def _is_from(node: ast.Lambda, function: types.FunctionType, text: str) -> bool:
    """Whether the function was compiled from this lambda, one of several in the text, or from one inside it."""
    ours = function.__code__
    if not hasattr(ours, "co_positions"):  # Python 3.10
        codes = compile(ast.Expression(node), "", "eval").co_consts
        (code,) = (c for c in codes if isinstance(c, types.CodeType))
        names = (code.co_names, code.co_varnames) == (ours.co_names, ours.co_varnames)
        return names and (code.co_code, code.co_consts) == (ours.co_code, ours.co_consts)
    shift = len(text) - len(text.lstrip()) - (len(textwrap.dedent(text)) - len(textwrap.dedent(text).lstrip()))
    first = inspect.getsourcelines(function)[1]
    places = [(line - first + 1, column - shift) for line, _, column, _ in ours.co_positions() if line and column]
    end = (node.end_lineno or 0, node.end_col_offset or 0)
    return all((node.lineno, node.col_offset) <= place <= end for place in places)

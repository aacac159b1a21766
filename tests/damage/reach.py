"""Which operations a damage can reach: the names that use the damaged one, directly or through others."""

import ast
from collections.abc import Iterable
from typing import Any

from .chapters import Chapter, Mutant, defined, top_level

#: The chapter and a name on its top level.
Place = tuple[str, str]


class Reach:
    """Who uses whom in the book of rules."""

    def __init__(self, chapters: Iterable[Chapter]):
        self.users: dict[Place, set[Place]] = {}
        self.places: dict[str, list[Place]] = {}
        for chapter in chapters:
            self._read(chapter)

    def _read(self, chapter: Chapter) -> None:
        imported: dict[str, Place] = {}
        places = self.places.setdefault(chapter.name, [])
        own = {name for statement in top_level(chapter.tree) for name in defined(statement)}
        for statement in top_level(chapter.tree):
            if isinstance(statement, ast.ImportFrom) and statement.level == 1:
                for alias in statement.names:
                    imported[alias.asname or alias.name] = (statement.module or alias.name, alias.name)
            names = [(chapter.name, name) for name in defined(statement)]
            if not names:
                continue
            places.append(names[0])
            for name in _read_names(statement):
                source = imported.get(name, (chapter.name, name) if name in own else None)
                if source:
                    self.users.setdefault(source, set()).update(names)
            self.users.setdefault(names[0], set()).update(names[1:])

    def of(self, mutant: Mutant) -> set[Place]:
        """The damaged name and all that use it; everything in the chapter for a damage outside of any name."""
        if not mutant.owner:
            return set(self.places[mutant.chapter])
        reached = {(mutant.chapter, mutant.owner)}
        found = list(reached)
        for place in found:
            new = self.users.get(place, set()) - reached
            reached |= new
            found += new
        return reached


class Marked(ast.NodeTransformer):
    """Has every function and lambda of a chapter note, when it runs, in which top-level name it stands."""

    def __init__(self, chapter: Chapter):
        self.tree = ast.parse(chapter.path.read_text(), str(chapter.path))
        for statement in top_level(self.tree):
            self.place: Place = (chapter.name, next(iter(defined(statement)), ""))
            self.visit(statement)

    def compiled(self) -> Any:
        """The code of the module; it wants a set `__ran__` among its names."""
        return compile(ast.fix_missing_locations(self.tree), "marked", "exec")

    def _mark(self) -> Any:
        return ast.parse(f"__ran__.add({self.place!r})", mode="eval").body

    def visit_FunctionDef(self, node: Any) -> Any:
        self.generic_visit(node)
        node.body.insert(int(ast.get_docstring(node) is not None), ast.Expr(self._mark()))
        return node

    def visit_Lambda(self, node: Any) -> Any:
        self.generic_visit(node)
        node.body = ast.BoolOp(ast.Or(), [self._mark(), node.body])  # set.add gives None
        return node


def _read_names(statement: Any) -> set[str]:
    """The names that a statement takes from outside."""
    names = [n for n in ast.walk(statement) if isinstance(n, ast.Name)]
    local = {n.id for n in names if isinstance(n.ctx, ast.Store)} if isinstance(statement, ast.FunctionDef) else set()
    arguments = {n.arg for n in ast.walk(statement) if isinstance(n, ast.arg)}
    return {n.id for n in names if isinstance(n.ctx, ast.Load)} - local - arguments

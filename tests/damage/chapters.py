"""One chapter of the book of rules, damaged in one place: which places there are, and what can be done to each.

The damage is done to the syntax tree: a sign lost, an operator swapped, a factor lost, an axis changed.  Text for
people (docstrings, messages, annotations) and the names under which operations are registered stay as they are.
"""

import ast
import copy
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

BOOK = Path(__file__).absolute().parents[2] / "tinygrad_edu" / "rules"

OPERATORS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,), ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,), ast.Pow: (ast.Mult,), ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,),
    ast.BitXor: (ast.BitOr,), ast.LShift: (ast.RShift,), ast.RShift: (ast.LShift,),
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.And: (ast.Or,), ast.Or: (ast.And,),
}  # fmt: skip

#: Functions and methods that are easily taken for one another, both ways.
TWINS = """
    sin cos, sinh cosh, arcsin arccos, arcsinh arccosh, tan tanh, arctan arctanh, exp expm1, log log1p, log2 log10,
    sqrt cbrt, exp2 square, floor ceil, rint trunc, max min, maximum minimum, fmax fmin, nanmax nanmin, argmax argmin,
    nanargmax nanargmin, sum mean, nansum nanmean, var std, prod cumprod, cumsum diff, any all, ones zeros,
    ones_like zeros_like, real imag, triu tril, add subtract, multiply divide, logical_and logical_or, less less_equal,
    greater greater_equal, equal not_equal, isnan isinf, fft ifft, fft2 ifft2, fftn ifftn, rfft irfft, rfft2 irfft2,
    rfftn irfftn, hfft ihfft, fftshift ifftshift, rfftfreq fftfreq, deg2rad rad2deg, inner outer, hstack vstack,
    sort argsort, partition argpartition, left right, lower higher, prepend append, bitwise_and bitwise_or
"""
SWAPS = {a: b for pair in TWINS.split(",") for a, b in (pair.split(), pair.split()[::-1])}

#: Calls that are not replaced by their argument: it would be the same number, or no number at all.
BARE = {"int", "float", "bool", "complex", "tuple", "list", "dict", "set", "len", "isinstance", "hasattr", "getattr"}
#: Functions that do not care about the order of their arguments.
SYMMETRIC = {
    "maximum", "minimum", "fmax", "fmin", "logical_and", "logical_or", "add", "multiply", "hypot", "equal", "not_equal",
    "swapaxes", "result_type", "promote_types", "broadcast_shapes",
}  # fmt: skip
MODULES = {"np", "math", "operator", "functools", "itertools"}
#: Fields that are for readers, or hold no expression.
SILENT = {"annotation", "returns", "type_comment", "ctx", "type_params"}


class Edit(NamedTuple):
    """A node of a syntax tree gives its place to another one."""

    holder: Any
    field: str
    place: int | None  # in the field's list, if it is one
    node: Any


class Mutant(NamedTuple):
    """The book with one place damaged."""

    chapter: str
    owner: str  # the name that the damaged top-level statement defines
    line: int
    what: str
    before: str  # the statement or the rule around the place
    after: str
    edit: Edit

    @property
    def place(self) -> str:
        return f"{self.chapter}:{self.owner}"

    @property
    def change(self) -> str:
        return f"{self.before} -> {self.after}"

    def __str__(self) -> str:
        return f"{self.place}, line {self.line}: {self.what}"


class Chapter:
    """The syntax tree of one file of the book."""

    def __init__(self, path: Path):
        self.name, self.path = path.stem, path
        self.tree = ast.parse(path.read_text(), str(path))
        rules = (k.value for n in ast.walk(self.tree) if _registers(n) for k in _rules_of(n))
        rules = [r.args[0] if _is_call(r, "partial") else r for r in rules]
        named = {r.id for r in rules if isinstance(r, ast.Name)}
        functions = [s for s in top_level(self.tree) if isinstance(s, ast.FunctionDef) and s.name in named]
        #: The lambdas and return statements that give a gradient.
        self.rules = {*rules, *(n for f in functions for n in ast.walk(f) if isinstance(n, ast.Return))}

    def compiled(self, mutant: Mutant | None = None) -> Any:
        """The code of the module, with the damage of `mutant`."""
        undamaged = _put(mutant.edit) if mutant else None
        try:
            return compile(ast.fix_missing_locations(self.tree), str(self.path), "exec")
        finally:
            if undamaged:
                _put(undamaged)

    def mutants(self) -> Iterator[Mutant]:
        """Every damage of the chapter, once."""
        seen = set()
        for statement in top_level(self.tree):
            owner = next(iter(defined(statement)), "")
            for node, shown, place in self._places(statement, statement):
                before = _header(shown)
                for what, new in self._damages(node):
                    edit = Edit(*place, ast.copy_location(new, node))
                    undamaged = _put(edit)
                    after = _header(new if shown is node else shown)
                    _put(undamaged)
                    if after != before and (owner, node.lineno, after) not in seen:
                        seen.add((owner, node.lineno, after))
                        yield Mutant(self.name, owner, node.lineno, what, before, after, edit)

    def _places(self, node: Any, shown: Any) -> Iterator[tuple[Any, Any, tuple[Any, str, int | None]]]:
        """(node, the statement or lambda it stands in, where it hangs) for all that may be damaged below a node."""
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Raise | ast.JoinedStr | ast.Assert):
            return
        if isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "__all__" for t in node.targets):
            return
        for field, value in ast.iter_fields(node):
            if field in SILENT or (_registers(node) and field != "keywords"):
                continue
            several = isinstance(value, list)
            for place, child in enumerate(value if several else [value]):
                if not isinstance(child, ast.AST) or (field == "decorator_list" and not _registers(child)):
                    continue
                if _registers(node) and child not in _rules_of(node):
                    continue
                around = child if isinstance(child, ast.stmt | ast.Lambda) else shown
                if hasattr(child, "lineno"):
                    yield child, around, (node, field, place if several else None)
                yield from self._places(child, around)

    def _damages(self, node: Any) -> Iterator[tuple[str, Any]]:
        """(what is done, the new node) for each damage that this node may take."""
        yield from _expression(node)
        yield from _statement(node)
        match node:
            case ast.Lambda(args=args, body=body) if node in self.rules:
                yield "a sign added", ast.Lambda(args, _negated(body))
                yield "a conj added", ast.Lambda(args, _conjugated(body))
            case ast.Return(value=value) if value is not None:
                yield "a sign added", ast.Return(_negated(value))
                yield "nothing returned", ast.Return(ast.Constant(None))
                if node in self.rules:
                    yield "a conj added", ast.Return(_conjugated(value))
            case ast.Call() if _registers(node):
                rules = _rules_of(node)
                for a, b in pairwise(rules):
                    others = [k for k in node.keywords if k not in (a, b)]
                    exchanged = [ast.keyword(a.arg, b.value), ast.keyword(b.arg, a.value)]
                    yield "rules exchanged", ast.Call(node.func, node.args, [*others, *exchanged])


def read_book() -> dict[str, Chapter]:
    """The chapters by name."""
    return {path.stem: Chapter(path) for path in sorted(BOOK.glob("[!_]*.py"))}


def _expression(node: Any) -> Iterator[tuple[str, Any]]:
    match node:
        case ast.UnaryOp(op=op, operand=x):
            yield {ast.USub: "a sign lost", ast.Not: "a `not` lost"}.get(type(op), "an operator lost"), x
        case ast.BinOp(left=a, op=op, right=b):
            for other in OPERATORS.get(type(op), ()):
                yield "an operator changed", ast.BinOp(a, other(), b)
            if not isinstance(op, ast.MatMult):
                yield "an operand lost", a
                yield "an operand lost", b
            if not isinstance(op, ast.Add | ast.Mult | ast.BitOr | ast.BitAnd | ast.BitXor):
                yield "operands swapped", ast.BinOp(b, op, a)
        case ast.BoolOp(op=op, values=values):
            yield "an operator changed", ast.BoolOp(OPERATORS[type(op)][0](), values)
            for i in range(len(values)):
                rest = values[:i] + values[i + 1 :]
                yield "a condition lost", ast.BoolOp(op, rest) if len(rest) > 1 else rest[0]
        case ast.Compare(left=a, ops=ops, comparators=others):
            for i, op in enumerate(ops):
                for other in OPERATORS[type(op)]:
                    yield "a comparison changed", ast.Compare(a, [*ops[:i], other(), *ops[i + 1 :]], others)
            match others:
                case [ast.Constant(value=str(kinds))] if len(kinds) > 1 and isinstance(ops[0], ast.In | ast.NotIn):
                    for kind in kinds:  # of dtypes: "fc"
                        yield "a letter lost", ast.Compare(a, ops, [ast.Constant(kinds.replace(kind, ""))])
        case ast.IfExp(body=a, orelse=b):
            yield "a branch lost", a
            yield "a branch lost", b
        case ast.Constant(value=bool(value)):
            yield "a constant changed", ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield "a constant changed", ast.Constant(value + 1)
            if value:
                yield "a constant changed", ast.Constant(value - 1)
        case ast.Constant(value=float() | complex() as value):
            yield "a constant changed", ast.Constant(value * 1.001 if value else 1.0)
        case ast.Constant(value=str(value)) if value in SWAPS:
            yield "a constant changed", ast.Constant(SWAPS[value])
        case ast.Slice(lower=lower, upper=upper, step=step):
            if lower is not None:
                yield "a bound lost", ast.Slice(None, upper, step)
            if upper is not None:
                yield "a bound lost", ast.Slice(lower, None, step)
            if step is not None:
                yield "a step lost", ast.Slice(lower, upper, None)
        case ast.Subscript(value=x, slice=ast.Slice() | ast.Tuple(), ctx=ast.Load()):
            yield "an index lost", x
        case ast.Attribute(value=x, attr="T" | "real" | "imag"):
            yield "an attribute lost", x
        case ast.Attribute(value=x, attr=name, ctx=ctx) if name in SWAPS:
            yield "a function changed", ast.Attribute(x, SWAPS[name], ctx)
        case ast.Call(func=f, args=args, keywords=keywords) if not _registers(node):
            yield from _call(node, f, args, keywords)
        case ast.comprehension(ifs=[_, *_]):
            yield "a condition lost", ast.comprehension(node.target, node.iter, [], node.is_async)


def _call(node: Any, f: Any, args: list[Any], keywords: list[Any]) -> Iterator[tuple[str, Any]]:
    method = isinstance(f, ast.Attribute) and _root(f) not in MODULES
    if method:
        yield "a method lost", f.value
    elif args and not isinstance(args[0], ast.Starred | ast.GeneratorExp) and _name(f) not in BARE:
        yield "a function lost", args[0]
    if isinstance(f, ast.Name) and f.id in SWAPS:
        swapped = ast.Attribute(ast.Name("np", ast.Load()), SWAPS[f.id], ast.Load())
        yield "a function changed", ast.Call(swapped, args, keywords)
    for i in range(0 if method else 1, len(args)):
        yield "an argument lost", ast.Call(f, args[:i] + args[i + 1 :], keywords)
    for i in range(len(args) - 1):
        if _name(f) not in BARE | SYMMETRIC:
            yield "arguments swapped", ast.Call(f, [*args[:i], args[i + 1], args[i], *args[i + 2 :]], keywords)
    for i in range(len(keywords)):
        yield "an argument lost", ast.Call(f, args, keywords[:i] + keywords[i + 1 :])


def _statement(node: Any) -> Iterator[tuple[str, Any]]:
    match node:
        case ast.If(body=body, orelse=orelse):
            yield "a condition fixed", ast.If(ast.Constant(False), body, orelse)
            yield "a condition fixed", ast.If(ast.Constant(True), body, orelse)
        case ast.While(body=body, orelse=orelse):
            yield "a loop lost", ast.While(ast.Constant(False), body, orelse)
        case ast.For(target=target, body=body, orelse=orelse):
            yield "a loop lost", ast.For(target, ast.Tuple([], ast.Load()), body, orelse)
        case ast.AugAssign(target=target, op=op, value=value):
            yield "a statement lost", ast.Pass()
            for other in OPERATORS.get(type(op), ()):
                yield "an operator changed", ast.AugAssign(target, other(), value)
        case ast.Expr(value=ast.Call()):
            yield "a statement lost", ast.Pass()
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            yield "a statement lost", ast.Pass()
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(value)):
                yield "a statement lost", ast.Pass()
        case ast.With(body=body):
            yield "a `with` lost", ast.If(ast.Constant(True), body, [])
        case ast.Break():
            yield "a break lost", ast.Pass()
        case ast.Continue():
            yield "a continue lost", ast.Pass()


def top_level(tree: ast.Module) -> list[Any]:
    """The statements of a module, with those that an `if` keeps for some versions of NumPy."""
    return [s for statement in tree.body for s in (statement.body if isinstance(statement, ast.If) else [statement])]


def defined(statement: Any) -> list[str]:
    """The names that a top-level statement defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    return [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def used(statement: Any) -> set[str]:
    """The names that a top-level statement reads."""
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _put(edit: Edit) -> Edit:
    """Do it; the answer undoes it."""
    holder, field, place, node = edit
    value = getattr(holder, field)
    if place is None:
        setattr(holder, field, node)
        return edit._replace(node=value)
    old, value[place] = value[place], node
    return edit._replace(node=old)


def _header(node: Any) -> str:
    """The source of a statement without its block, on one line."""
    if isinstance(node, ast.FunctionDef):
        node = ast.FunctionDef(node.name, node.args, [ast.Pass()], [], node.returns, lineno=1)
    elif hasattr(node, "body") and isinstance(node.body, list):
        node = copy.copy(node)
        node.body, node.orelse = [ast.Pass()], []
    return " ".join(ast.unparse(node).removesuffix("pass").split())


def _negated(x: Any) -> Any:
    return ast.UnaryOp(ast.USub(), x)


def _conjugated(x: Any) -> Any:
    return ast.Call(ast.Attribute(x, "conj", ast.Load()), [], [])


def _is_call(node: Any, *names: str) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in names


def _registers(node: Any) -> bool:
    """A call that makes an operation: its names stay, its rules may be damaged."""
    return _is_call(node, "primitive", "composition") or (isinstance(node, ast.Call) and _registers(node.func))


def _rules_of(call: Any) -> list[Any]:
    return [k for k in call.keywords if k.arg and k.arg.startswith("d")]


def _name(f: Any) -> str:
    return getattr(f, "id", getattr(f, "attr", ""))


def _root(f: Any) -> str:
    """`np` of np.linalg.inv."""
    while isinstance(f, ast.Attribute):
        f = f.value
    return getattr(f, "id", "")

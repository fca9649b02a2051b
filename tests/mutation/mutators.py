"""Change one thing in a module's syntax tree at a time.

General tools leave out properties, class bodies and tables at module level; here the order of
outcomes and the table of readers live in just these places, so we make our own changes.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_SWAPS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitAnd: (ast.BitOr,),
}
_CALLS = {
    "any": "all", "all": "any", "min": "max", "max": "min", "startswith": "endswith",
    "endswith": "startswith",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One changed module. `line` is where; `before` and `after` the changed piece as source.

    `function` is the dotted name of the function whose body is changed, "" outside of functions.
    """

    module: str
    number: int
    line: int
    kind: str
    before: str
    after: str
    tree: ast.Module
    function: str = ""

    @property
    def name(self) -> str:
        return f"{self.module}:{self.line} {self.kind}: {self.before} -> {self.after}"


def mutants(module: str, source: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    skipped = _left_alone(tree)
    places = [node for node in ast.walk(tree) if id(node) not in skipped]
    index = {id(node): number for number, node in enumerate(ast.walk(tree))}
    inside = dict(_bodies(tree))
    found = []
    for node in places:
        for kind, replacement in _changes(node):
            changed = _replaced(tree, index[id(node)], replacement)
            line = getattr(node.iter if isinstance(node, ast.comprehension) else node, "lineno", 0)
            words = (_source(node), _source(replacement))
            found.append((line, kind, *words, changed, inside.get(id(node), "")))
    found.sort(key=lambda one: one[0])
    for number, (line, kind, before, after, changed, function) in enumerate(found):
        yield Mutant(module, number, line, kind, before, after, changed, function)


def _bodies(tree: ast.AST, name: str = "") -> Iterator[tuple[int, str]]:
    """Every node that runs when a function is called, with the function's dotted name."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            inside = (inner for part in node.body for inner in ast.walk(part))
            yield from ((id(inner), f"{name}{node.name}") for inner in inside)
        elif isinstance(node, ast.ClassDef):
            yield from _bodies(node, f"{name}{node.name}.")


def _source(node: ast.AST | None) -> str:
    text = "nothing" if node is None else " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else f"{text[:87]}..."


def _left_alone(tree: ast.Module) -> set[int]:
    """Docstrings, annotations, imports and names for export change nothing that runs."""
    parts = (part for node in ast.walk(tree) for part in _decoration(node))
    return {id(inner) for part in parts if part is not None for inner in ast.walk(part)}


def _decoration(node: ast.AST) -> list[ast.AST | None]:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return [node]
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return [node]
        case ast.FunctionDef():
            arguments = [*node.args.args, *node.args.kwonlyargs]
            return [node.returns, *(one.annotation for one in arguments), *node.decorator_list]
        case ast.AnnAssign():
            return [node.annotation]
        case ast.ClassDef():
            return [*node.decorator_list, *node.bases]
    return []


def _replaced(tree: ast.Module, number: int, replacement: ast.AST | None) -> ast.Module:
    """A copy of the tree in which the node with that number is another one, or gone."""
    changed = copy.deepcopy(tree)
    target = list(ast.walk(changed))[number]
    for parent in ast.walk(changed):
        for field, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, field, replacement)
            elif isinstance(value, list) and any(one is target for one in value):
                place = next(i for i, one in enumerate(value) if one is target)
                value[place : place + 1] = [] if replacement is None else [replacement]
                if not value and field == "body":
                    value.append(ast.Pass())
    return ast.fix_missing_locations(changed)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    match node:
        case ast.Compare():
            yield from _compare(node)
        case ast.BoolOp() | ast.BinOp():
            yield from _operator(node)
        case ast.Constant():
            yield from _constant(node)
        case ast.Call():
            yield from _call(node)
        case _:
            yield from _statement(node)


def _statement(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    match node:
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield "drop", node.operand
        case ast.If() | ast.IfExp():
            yield from _condition(node)
        case ast.comprehension() | ast.Return():
            yield from _parts(node)
        case ast.AugAssign():
            yield from _operator(node)
            yield "drop", None
        case ast.Expr() | ast.Continue():
            yield "drop", None


def _compare(node: ast.Compare) -> Iterator[tuple[str, ast.AST]]:
    for position, operator in enumerate(node.ops):
        for other in _SWAPS.get(type(operator), ()):
            operators = list(node.ops)
            operators[position] = other()  # type: ignore[call-overload]
            yield "compare", ast.Compare(node.left, operators, node.comparators)


def _operator(node: ast.BoolOp | ast.BinOp | ast.AugAssign) -> Iterator[tuple[str, ast.AST]]:
    for other in _SWAPS.get(type(node.op), ()):
        changed = copy.copy(node)
        changed.op = other()  # type: ignore[assignment]
        yield "operator", changed
    if isinstance(node, ast.BoolOp):
        for left_out in range(len(node.values)):
            rest = [one for place, one in enumerate(node.values) if place != left_out]
            yield "operand", rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _constant(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        yield "constant", ast.Constant(not value)
    elif isinstance(value, int):
        yield "constant", ast.Constant(value + 1)
    elif isinstance(value, str):
        yield "constant", ast.Constant(f"X{value}X" if value else "X")


def _call(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name in _CALLS:
        changed = copy.deepcopy(node)
        if isinstance(changed.func, ast.Name):
            changed.func.id = _CALLS[name]
        elif isinstance(changed.func, ast.Attribute):
            changed.func.attr = _CALLS[name]
        yield "call", changed
    if name == "sorted":
        yield "call", ast.Call(ast.Name("list", ast.Load()), node.args, [])
    for place, keyword in enumerate(node.keywords):
        rest = [one for number, one in enumerate(node.keywords) if number != place]
        if keyword.arg is not None:
            yield f"without {keyword.arg}", ast.Call(node.func, node.args, rest)


def _condition(node: ast.If | ast.IfExp) -> Iterator[tuple[str, ast.AST]]:
    for value in (True, False):
        changed = copy.copy(node)
        changed.test = ast.Constant(value)
        yield f"always {value}".lower(), changed
    if isinstance(node.test, ast.UnaryOp):
        return
    changed = copy.copy(node)
    changed.test = ast.UnaryOp(ast.Not(), node.test)
    yield "turned", changed


def _parts(node: ast.comprehension | ast.Return) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Return):
        if node.value is not None and not _is_none(node.value):
            yield "nothing", ast.Return(ast.Constant(None))
        return
    for place in range(len(node.ifs)):
        changed = copy.copy(node)
        changed.ifs = [one for number, one in enumerate(node.ifs) if number != place]
        yield "unfiltered", changed


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None

"""Every hint that the source can give."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from sources import FILES, PACKAGE, tree_of

_WITHOUT_TEXT = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop, ast.alias)
_Place = tuple[ast.AST, tuple[ast.FunctionDef, ...]]


class _Module(NamedTuple):
    path: str
    places: list[_Place]
    """Each node, and the functions in which it stands, the outermost first."""
    constants: dict[str, ast.expr]


@cache
def hints_in_source() -> dict[str, str]:
    """Return the pattern of every text that the package puts into a hint, and where it stands."""
    texts = {path: path.read_text("utf-8") for path in FILES}
    by_parameter = _hint_parameters(_modules(texts, re.compile("(hint|cure): ")))
    calls = re.compile(rf"hint|cure|(?<!def )\b(?:{'|'.join(by_parameter)})\(")
    found: dict[str, str] = {}
    for module in _modules(texts, calls):
        for expression, scope in _roots(module, by_parameter):
            for pattern in _texts(expression, scope, module, ()):
                found.setdefault(pattern, f"{module.path}:{expression.lineno}")
    return found


def _modules(texts: dict[Path, str], about: re.Pattern[str]) -> list[_Module]:
    """Return the modules of which a text says something about hints."""
    return [_module(path, text, about) for path, text in texts.items() if about.search(text)]


def _module(path: Path, text: str, about: re.Pattern[str]) -> _Module:
    tree = tree_of(path)
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    before = [0, *accumulate(about.search(line) is not None for line in text.split("\n"))]
    places: list[_Place] = []
    _add_places(places, tree, (), before)
    return _Module(str(path.relative_to(PACKAGE)), places, constants)


def _add_places(
    places: list[_Place], node: ast.AST, within: tuple[ast.FunctionDef, ...], before: list[int]
) -> None:
    """Add all that a node holds, but for what is on lines without hints, as most of it is.

    `before` is how many lines about hints there are before the end of each line. Generators within
    generators would take twice as long.
    """
    all_of_it = bool(within) and _is_hint(within[-1].name)
    for child in ast.iter_child_nodes(node):
        line = getattr(child, "lineno", None)
        on_lines = line is None or before[child.end_lineno] > before[line - 1]  # type: ignore[attr-defined]
        if (on_lines or all_of_it) and not isinstance(child, _WITHOUT_TEXT):
            places.append((child, within))
            inside = (*within, child) if isinstance(child, ast.FunctionDef) else within
            _add_places(places, child, inside, before)


def _is_hint(name: str) -> bool:
    return name.endswith(("hint", "cure")) and re.search(r"(^|_)(hint|cure)$", name) is not None


def _hint_parameters(modules: list[_Module]) -> dict[str, int]:
    """Return, for what takes a hint by position, at which."""
    found = {}
    for module in modules:
        for node, _ in module.places:
            names: list[str] = []
            if isinstance(node, ast.FunctionDef):
                names = [argument.arg for argument in node.args.args if argument.arg != "self"]
            elif isinstance(node, ast.ClassDef):
                fields = (n for n in node.body if isinstance(n, ast.AnnAssign))
                names = [n.target.id for n in fields if isinstance(n.target, ast.Name)]
            for i in (i for i, name in enumerate(names) if _is_hint(name)):
                found[node.name] = i  # type: ignore[attr-defined]
    return found


def _roots(
    module: _Module, by_parameter: dict[str, int]
) -> Iterator[tuple[ast.expr, ast.FunctionDef | None]]:
    """Yield each expression that becomes a hint, and the outermost function in which it stands."""
    for node, within in module.places:
        scope = within[0] if within else None
        if isinstance(node, ast.keyword):
            if node.arg == "hint":
                yield node.value, scope
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if len(node.args) > (place := by_parameter.get(name, 99)):
                yield node.args[place], scope
        elif isinstance(node, ast.Return) and within and _is_hint(within[-1].name):
            yield node.value or ast.Constant(None), scope


def _texts(  # noqa: C901 - a table
    node: ast.expr,
    scope: ast.FunctionDef | None,
    module: _Module,
    seen: tuple[str, ...],
) -> Iterator[str]:
    """Yield the patterns of the texts that an expression may be."""

    def inner(other: ast.expr, *names: str) -> Iterator[str]:
        return _texts(other, scope, module, (*seen, *names))

    match node:
        case ast.Constant(value=str(text)):
            if len(text) > len(", ..."):
                yield re.escape(text)
        case ast.JoinedStr():
            yield _pattern(node)
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    yield from inner(part.value)
        case ast.Call(args=[ast.GeneratorExp(elt=each)]):
            yield from inner(each)
        case ast.IfExp():
            yield from inner(node.body)
            yield from inner(node.orelse)
        case ast.BoolOp():
            for value in node.values:
                yield from inner(value)
        case ast.BinOp():
            yield from inner(node.left)
            yield from inner(node.right)
        case ast.Name(id=name) if name not in seen:
            for value in _values_of(name, scope, module):
                yield from inner(value, name)


def _pattern(node: ast.JoinedStr) -> str:
    return "".join(
        re.escape(part.value)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
        else ".*"
        for part in node.values
    )


def _values_of(name: str, scope: ast.FunctionDef | None, module: _Module) -> Iterator[ast.expr]:
    """Yield what a variable or a constant may be."""
    for node in _loops_and_assignments(scope) if scope else ():
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id == name:
                    yield node.value
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    for one, value in zip(target.elts, node.value.elts, strict=True):
                        if isinstance(one, ast.Name) and one.id == name:
                            yield value
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Tuple):
            yield from _values_of_loop(name, node, module)
    if name in module.constants:
        yield module.constants[name]


@cache
def _loops_and_assignments(scope: ast.FunctionDef) -> list[ast.AST]:
    return [node for node in ast.walk(scope) if isinstance(node, ast.Assign | ast.For)]


def _values_of_loop(name: str, loop: ast.For, module: _Module) -> Iterator[ast.expr]:
    """Yield what a name is in a loop over the items of a constant: ``key, (what, hint)``."""
    pair: Any = loop.target.elts[-1]  # type: ignore[attr-defined]
    names = [part.id for part in getattr(pair, "elts", ()) if isinstance(part, ast.Name)]
    constant = getattr(getattr(getattr(loop.iter, "func", None), "value", None), "id", "")
    table: Any = module.constants.get(constant)
    if name in names and isinstance(table, ast.Dict):
        for value in table.values:
            yield value.elts[names.index(name)]  # type: ignore[attr-defined]

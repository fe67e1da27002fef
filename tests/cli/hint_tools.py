"""Hints, as what a user does who follows them; and every hint that the source can give."""

import ast
import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import xentcli
from xentcli.cli.command import load_command
from xentcli.cli.names import command_names

_PACKAGE = Path(xentcli.__file__).parent
_FILES = ("LOGITS", "LOG_PROBS", "PROBS", "FILE", "A")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


class Way(NamedTuple):
    """One way out that a hint names."""

    text: str
    command: list[str] | None
    """None where words say what to do, and no option and no command."""


def ways_of(hint: str, command: list[str], fill: Mapping[str, str]) -> list[Way]:
    """Return the commands that a hint leads to, each of its ways by itself.

    Parameters
    ----------
    hint : str
        A hint.
    command : list of str
        What was typed.
    fill : mapping
        What somebody who knows the files writes for the words in capitals.
    """
    parts = re.split(r"; |,? or (?=(?:[a-z]+:? ){0,4}--|xent )|, (?=--)|\? (?=xent )", hint)
    return [Way(part, _followed(part, command, fill)) for part in parts]


def _followed(part: str, command: list[str], fill: Mapping[str, str]) -> list[str] | None:
    if part.endswith("--help"):
        return None
    if meant := re.match(r"did you mean (--[a-z-]+)(?: (\S+))?\??$", part):
        typed = [option for option in command if option.startswith("--")]
        wrong = [option for option in typed if option not in _options(command[0])]
        if wrong:
            return [meant[1] if word == wrong[0] else word for word in command]
    if left := re.match(r"leave (--[a-z-]+) out", part):
        command, part = _without(command, left[1]), part[left.end() :]
        return _with(command, list(_named(part, command[0], fill)))
    meant = re.search(r"\bxent ([a-z-]+)((?: [^,;?]+)?)", part)
    if meant and meant[1] in command_names():
        return _replaced(meant[1], meant[2], command, fill)
    found = list(_named(part, command[0], fill))
    return _with(command, found) if found else None


def _replaced(
    name: str, rest: str, command: list[str], fill: Mapping[str, str]
) -> list[str] | None:
    """Return the command that a hint writes out, with the files that were typed."""
    files, others = _typed(command)
    words: list[str] = []
    for word in _words(rest):
        if not (word.startswith("--") or word.isupper() or (words and words[-1].startswith("--"))):
            break
        words.append(fill.get(word, word))
    taken = 0
    for i, word in enumerate(words):
        if word in _FILES or word in ("LABELS", "B"):
            words[i] = files[min(taken, len(files) - 1)] if word != "LABELS" else files[-1]
            taken += 1
    kept = [pair for pair in others if pair[0] in _options(name) and pair[0] not in words]
    if "LABELS" not in rest:
        words += files[taken:]
    return [name, *words, *(word for pair in kept for word in pair)]


def _typed(command: list[str]) -> tuple[list[str], list[list[str]]]:
    """Return the files of a command, and its other options."""
    takes, files, others = _options(command[0]), [], []
    words = iter(command[1:])
    for word in words:
        if not word.startswith("-") or word == "-":
            files.append(word)
        elif word in ("--logits", "--probs", "--log-probs", "--labels"):
            files.append(next(words))
        else:
            others.append([word, next(words)] if takes.get(word) else [word])
    return files, others


def _named(part: str, name: str, fill: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield each option that a hint names, with its value."""
    takes = _options(name)
    for match in _OPTION.finditer(part):
        option = match[0]
        assert option in takes, f"xent {name} has no option {option}: {part}"
        if not takes[option]:
            yield [option]
            continue
        rest = part[match.end() :]
        assert rest.startswith(" "), f"{option} without a value: {part}"
        value = next(iter(_words(rest)))
        value = value if value == "," else value.rstrip(",?")
        value = fill.get(f"{option} {value}", fill.get(value, value))
        assert not re.search(r"\b[A-Z]+\b", value) or value in _FILES, f"{value} stands for: {part}"
        yield [option, value]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _without(command: list[str], option: str) -> list[str]:
    at = command.index(option)
    return command[:at] + command[at + 1 + _options(command[0])[option] :]


def _with(command: list[str], options: list[list[str]]) -> list[str]:
    """Return a command with these options; one that it has gets the new value."""
    kept = list(command)
    for option in options:
        if option[-1] in _FILES:
            kept = _as_other_input(kept, option[0])
            continue
        if option[0] == "--labels":
            files, others = _typed(kept)
            kept = [kept[0], files[0], *(word for pair in others for word in pair)]
        other = option[0].replace("--", "--no-", 1)
        other = option[0].replace("--no-", "--", 1) if option[0].startswith("--no-") else other
        kept = [word for word in kept if word != other]
        if option[0] in kept:
            at = kept.index(option[0])
            kept[at : at + len(option)] = option
        else:
            kept += option
    return kept


def _as_other_input(command: list[str], option: str) -> list[str]:
    """Return a command whose first file is what this option says it is."""
    files, others = _typed(command)
    return [command[0], option, *files, *(word for pair in others for word in pair)]


@cache
def _options(name: str) -> dict[str, bool]:
    """Return the options of a command, and whether each takes a value."""
    found = {}
    commands = [name] if name in command_names() else ["loss", "nll"]
    for parameter in (each for command in commands for each in load_command(command).params):
        for flag in (*parameter.opts, *parameter.secondary_opts):
            found[flag] = not getattr(parameter, "is_flag", False)
    return found


# What the source can say


class _Module(NamedTuple):
    path: str
    tree: ast.Module
    nodes: list[ast.AST]
    constants: dict[str, ast.expr]
    functions: dict[str, ast.FunctionDef]


@cache
def hints_in_source() -> dict[str, str]:
    """Return the pattern of every text that the package puts into a hint, and where it stands."""
    texts = {path: path.read_text() for path in sorted(_PACKAGE.rglob("*.py"))}
    named = [_module(path, text) for path, text in texts.items() if re.search("hint|cure", text)]
    by_parameter = _hint_parameters(named)
    calls = re.compile(rf"hint|cure|\b(?:{'|'.join(by_parameter)})\(")
    modules = [_module(path, text) for path, text in texts.items() if calls.search(text)]
    found: dict[str, str] = {}
    for module in modules:
        for expression, scope in _roots(module, by_parameter):
            for pattern in _texts(expression, scope, module, modules, ()):
                found.setdefault(pattern, f"{module.path}:{expression.lineno}")
    return found


@cache
def _module(path: Path, text: str) -> _Module:
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    functions = {n.name: n for n in nodes if isinstance(n, ast.FunctionDef)}
    return _Module(str(path.relative_to(_PACKAGE)), tree, nodes, constants, functions)


def _is_hint(name: str) -> bool:
    return re.search(r"(^|_)(hint|cure)$", name) is not None


def _hint_parameters(modules: list[_Module]) -> dict[str, int]:
    """Return, for what takes a hint by position, at which."""
    places = {}
    for module in modules:
        for node in module.nodes:
            names: list[str] = []
            if isinstance(node, ast.FunctionDef):
                names = [argument.arg for argument in node.args.args if argument.arg != "self"]
            elif isinstance(node, ast.ClassDef):
                fields = (n for n in node.body if isinstance(n, ast.AnnAssign))
                names = [n.target.id for n in fields if isinstance(n.target, ast.Name)]
            for i in (i for i, name in enumerate(names) if _is_hint(name)):
                places[node.name] = i  # type: ignore[attr-defined]
    return places


def _roots(
    module: _Module, by_parameter: dict[str, int]
) -> Iterator[tuple[ast.expr, ast.FunctionDef | None]]:
    """Yield each expression that becomes a hint, and the function in which it stands."""
    scopes: list[tuple[ast.AST, ast.FunctionDef | None]] = [(module.tree, None)]
    scopes += [(function, function) for function in module.functions.values()]
    for top, scope in scopes:
        for node in ast.walk(top) if scope else ast.iter_child_nodes(top):
            for inner in ast.walk(node) if scope is None and not _is_code(node) else [node]:
                if isinstance(inner, ast.keyword) and inner.arg == "hint":
                    yield inner.value, scope
                elif isinstance(inner, ast.Call):
                    name = getattr(inner.func, "id", getattr(inner.func, "attr", ""))
                    if len(inner.args) > (place := by_parameter.get(name, 99)):
                        yield inner.args[place], scope
                elif scope and _is_hint(scope.name) and isinstance(inner, ast.Return):
                    yield inner.value or ast.Constant(None), scope


def _is_code(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef)


def _texts(  # noqa: C901 - a table
    node: ast.expr,
    scope: ast.FunctionDef | None,
    module: _Module,
    modules: list[_Module],
    seen: tuple[str, ...],
) -> Iterator[str]:
    """Yield the patterns of the texts that an expression may be."""

    def inner(other: ast.expr, *names: str) -> Iterator[str]:
        return _texts(other, scope, module, modules, (*seen, *names))

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
    for node in ast.walk(scope) if scope else ():
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


def _values_of_loop(name: str, loop: ast.For, module: _Module) -> Iterator[ast.expr]:
    """Yield what a name is in a loop over the items of a constant: ``key, (what, hint)``."""
    pair: Any = loop.target.elts[-1]  # type: ignore[attr-defined]
    names = [part.id for part in getattr(pair, "elts", ()) if isinstance(part, ast.Name)]
    constant = getattr(getattr(getattr(loop.iter, "func", None), "value", None), "id", "")
    table: Any = module.constants.get(constant)
    if name in names and isinstance(table, ast.Dict):
        for value in table.values:
            yield value.elts[names.index(name)]  # type: ignore[attr-defined]

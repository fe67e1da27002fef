"""Hostile text takes time in proportion to its length, in whatever regular expression meets it.

Ratios of processor time are compared: 16 times the text takes 16 times as long, and where a regular
expression goes back to try again, 256 times or without end.
"""

import ast
import pkgutil
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from in_one_test import in_one_test
from sources import PACKAGE, tree_of

import xentcli
from xentcli.cli import nearest
from xentcli.formats import column_names, inline
from xentcli.formats.csv import list_cells, numbers
from xentcli.formats.json import printed
from xentcli.storage import names
from xentcli.text import json_text, links_of, shown_text, shown_url, split_names, visible

CHARACTERS = 400
MOST_RATIO = 64.0
UNNOTICED_SECONDS = 0.00003  # a quadratic one of so many characters takes longer
REPEATED = (
    *("1", "1,", "1 ", "1.", "1e", "a", "a-", "a_", "A", "Aa", " ", "\n", "\r", '"', '" ', '\\"'),
    *("[", "]", "[ ", "(", "( ", "()", "::", ":", "a:", "/", ".", "-", "\x85", "é", "'"),
)
BEGINNINGS = ("", "(", '"', "1")
ENDINGS = ("", "x\n!", "]")


class Expression:
    """A regular expression of the package, and the methods that it is used with."""

    def __init__(self, place: str, pattern: "re.Pattern[Any]", methods: set[str]) -> None:
        self.place, self.pattern, self.methods = place, pattern, methods

    def use(self, text: str) -> None:
        """Use it in all of its ways; `search` stands for all that look at every place."""
        content: Any = text if isinstance(self.pattern.pattern, str) else text.encode()
        for method in self.methods:
            if method in ("match", "fullmatch"):
                getattr(self.pattern, method)(content)
            else:
                deque(self.pattern.finditer(content), maxlen=0)


def expressions() -> Iterator[Expression]:
    """Yield the regular expressions of every module whose parts are constants."""
    for info in pkgutil.walk_packages(xentcli.__path__, "xentcli."):
        if info.name.endswith("__main__"):
            continue
        path = Path(PACKAGE.parent, *info.name.split("."))
        path = path / "__init__.py" if info.ispkg else path.with_suffix(".py")
        if "import re\n" not in path.read_text("utf-8"):  # what draws takes long to import
            continue
        module, tree = import_module(info.name), tree_of(path)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            of = call.func.value if isinstance(call.func, ast.Attribute) else None
            if isinstance(of, ast.Name) and of.id == "re" and call.args:
                yield from expression(module, tree, call)


def expression(module: ModuleType, tree: ast.Module, call: ast.Call) -> Iterator[Expression]:
    """Yield what one call compiles, unless it is made of what is known only when it runs."""
    assert isinstance(call.func, ast.Attribute)
    flags = [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    places = {"compile": slice(1, 2), "match": slice(2, 3), "fullmatch": slice(2, 3)}
    flags += call.args[places[call.func.attr]] if call.func.attr in places else []
    try:
        values = [value(module, node) for node in (call.args[0], *flags)]
    except NameError:
        return
    pattern = values[0] if isinstance(values[0], re.Pattern) else re.compile(*values)
    methods = {call.func.attr}
    if call.func.attr == "compile":
        given = [name for name, known in vars(module).items() if known is pattern]
        uses = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
        methods = {node.attr for node in uses if ast.unparse(node.value) in given}
    yield Expression(f"{module.__name__}:{call.lineno}", pattern, methods)


def value(module: ModuleType, node: ast.expr) -> Any:
    """Return what an expression of a module's constants is."""
    return eval(compile(ast.Expression(node), "constants", "eval"), vars(module))  # noqa: S307


def grows(use: Callable[[str], object], text: Callable[[int], str], count: int) -> bool:
    """Whether 16 times the text takes far more than 16 times as long."""
    for times in (1, 4):
        if seconds(use, text(times * count)) < UNNOTICED_SECONDS * times**2:
            return False
    most = MOST_RATIO * seconds(use, text(count), times=5)
    large = text(16 * count)
    return seconds(use, large) > most and seconds(use, large) > most  # again, if something hindered


def seconds(use: Callable[[str], object], text: str, times: int = 1) -> float:
    """Return the processor time of one use; the least of several."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        use(text)
        taken.append(time.process_time() - start)
    return min(taken)


def test_no_regular_expression_goes_back_again_and_again() -> None:
    found = [*expressions()]
    assert len(found) > 50
    bad = {
        (each.place, start, piece, end)
        for each in found
        for start in BEGINNINGS
        for piece in REPEATED
        for end in ENDINGS
        if grows(each.use, lambda n: start + piece * (n // len(piece)) + end, CHARACTERS)  # noqa: B023
    }
    assert not bad


def test_one_that_does_is_found() -> None:
    slow = Expression("", re.compile(r"\d+\.?\d*"), {"fullmatch"})
    assert grows(slow.use, lambda n: "1" * n + "x", CHARACTERS)


@in_one_test
@pytest.mark.parametrize(
    ("use", "text"),
    [
        (links_of, lambda n: "::" * n + "]"),
        (shown_url, lambda n: "http://host/" + "::" * n + "]"),
        (shown_text, lambda n: "a" * n + " ://"),
        (split_names, lambda n: '"a" ' * n),
        (visible, lambda n: "\x9b" * n),
        (json_text, lambda n: "\u202e" * n),
        (names.suffix_of, lambda n: "http://host" + "/a." * n),
        (names.is_url, lambda n: "a::" * n),
        (inline.is_inline, lambda n: "1" * n + "x"),
        (inline.is_inline, lambda n: "1 , " * n + "x"),
        (numbers.is_almost_number, lambda n: "1" * n + "x"),
        (list_cells.is_list, lambda n: "(" + " " * n + "x"),
        (printed.as_lists, lambda n: "(" + '\\"' * n),
        (lambda text: printed.as_json(text, "a"), lambda n: "[" + '\\"' * n),
        (column_names.names_several, lambda n: "a-" * n + "\n"),
        (nearest.unknown_command, lambda n: "_" * n),
    ],
)
def test_what_reads_text_of_users_and_files(
    use: Callable[[str], object], text: Callable[[int], str]
) -> None:
    assert not grows(use, text, 5 * CHARACTERS)

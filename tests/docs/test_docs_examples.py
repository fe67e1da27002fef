"""README, the pages and CONTRIBUTING, run: each command prints what it is shown to print.

A ``console`` block is what a terminal of 80 columns shows: lines that begin with ``$ ``, typed one
after the other in one shell, each followed by its output. A ``python`` block may say
``# -> result`` behind an expression, going on in comments below it, with ``...`` for what is left
out. What is no example of the command stands in ``bash`` or ``text`` blocks, which are not run.
"""

import ast
import doctest
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from doc_tools import (
    PAGES,
    README,
    ROOT,
    WRITTEN,
    Example,
    command_in,
    examples,
    is_install,
    same_elsewhere,
    typed,
)

CONSOLE = [example for page in WRITTEN for example in examples(page, "console")]
EXAMPLES = [example for example in CONSOLE if not is_install(example)]
PYTHON = [example for page in (README, *PAGES) for example in examples(page, "python")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a folder with the sample data and the command, where the examples leave files."""
    there = tmp_path_factory.mktemp("docs")
    with command_in(there):
        yield there


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 10
    assert PYTHON


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_console_examples(example: Example, folder: Path) -> None:
    assert same_elsewhere(typed(example, folder)) == same_elsewhere(example.code)


def test_install_commands_are_those_that_are_checked() -> None:
    """They are not run here: .ci/run does so, in a fresh environment."""
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    checked = {line.strip().removesuffix(" || exit 1").replace(" --quiet", "") for line in lines}
    installs = [example for example in CONSOLE if is_install(example) and example.page == README]
    shown = [command for example in installs for command in example.commands]
    assert len(shown) == 2
    assert set(shown) <= checked


def said_results(code: str) -> Iterator[tuple[str, str | None]]:
    """Yield the statements of a block, each with what it is said to give."""
    lines = code.splitlines()
    for statement in ast.parse(code).body:
        end = statement.end_lineno or 1
        said = re.search(r"# -> (.*)", lines[end - 1])
        more = []
        for line in lines[end:] if said else []:
            if not line.startswith("#"):
                break
            more.append(line.lstrip("# "))
        source = ast.get_source_segment(code, statement) or ""
        yield source, "\n".join([said[1], *more]) if said else None


@pytest.mark.parametrize("example", PYTHON, ids=str)
def test_python_examples(example: Example, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    same = doctest.OutputChecker().check_output
    names: dict[str, Any] = {}
    for source, said in said_results(example.code):
        if said is None:
            exec(source, names)  # noqa: S102
            continue
        got = repr(eval(source, names))  # noqa: S307
        spaced = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        assert same(said, got, spaced), f"{source} gives {got}, not {said}"

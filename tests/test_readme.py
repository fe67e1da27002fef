"""README.md, run: each command prints what it shows there, and it names every command and option.

A ``console`` block is what a terminal of 80 columns shows: lines that begin with ``$ ``, typed one
after the other in one shell, each followed by its output. A ``python`` block may say
``# -> result`` behind an expression, going on in comments below it, with ``...`` for what is left
out.
"""

import ast
import doctest
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from xentcli.cli.app import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[Any]:
    """Return the content of each block of a language, named by the line where it begins."""
    return [
        pytest.param(match[2], id=f"line {README.count(chr(10), 0, match.start()) + 2}")
        for match in BLOCK.finditer(README)
        if match[1] == language
    ]


def commands(block: str) -> list[str]:
    return [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]


def installs(block: str) -> bool:
    return any(command.startswith("pip ") for command in commands(block))


CONSOLE = blocks("console")
EXAMPLES = [param for param in CONSOLE if not installs(param.values[0])]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with the sample data and the command, where the examples leave files."""
    there = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "sample_data", there / "sample_data")
    (there / ".bin").mkdir()
    script = there / ".bin" / "xent"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m xentcli "$@"\n')
    script.chmod(0o755)
    return there


def environment(folder: Path) -> dict[str, str]:
    path = os.pathsep.join([str(folder / ".bin"), str(Path(sys.executable).parent)])
    shown = {"COLUMNS": "80", "LINES": "24", "TERM": "xterm", "NO_COLOR": "1"}
    found = {"PATH": f"{path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    return {**os.environ, **shown, **found}


def run_at_terminal(script: str, folder: Path) -> str:
    """Return what a terminal shows when bash runs a script."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 80))
    written = bytearray()

    def read() -> None:
        try:
            while part := os.read(leader, 2**16):
                written.extend(part)
        except OSError:  # the last program has closed its side
            return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        subprocess.run(
            ["bash", "-c", script],  # noqa: S607
            cwd=folder,
            env=environment(folder),
            stdin=follower,
            stdout=follower,
            stderr=follower,
            check=False,
            timeout=60,
        )
    finally:
        os.close(follower)
        reader.join(timeout=60)
        os.close(leader)
    return written.decode()


def without_trailing_space(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def test_the_readme_has_examples() -> None:
    assert EXAMPLES


def same_elsewhere(screen: str) -> str:
    """Round what may differ in the last digits on another kind of processor, as README says.

    Numbers to 6 digits, rounding errors to 0, and the space that aligns them to one.
    """

    def rounded(match: re.Match[str]) -> str:
        number = float(match[0])
        return "0" if abs(number) < 1e-12 else f"{number:.6g}"

    screen = re.sub(r"-?\d+\.\d*(e-?\d+)?", rounded, without_trailing_space(screen))
    return re.sub(r" +", " ", screen)


@pytest.mark.parametrize("block", EXAMPLES)
def test_console_examples(block: str, folder: Path) -> None:
    typed = [(shlex.quote(f"$ {command}"), command) for command in commands(block)]
    script = "\n".join(f"printf '%s\\n' {shown}\n{command}" for shown, command in typed)
    assert same_elsewhere(run_at_terminal(script, folder)) == same_elsewhere(block)


def test_install_commands_are_those_that_are_checked() -> None:
    """They are not run here: .ci/run does so, in a fresh environment."""
    checked = (ROOT / ".ci" / "run").read_text().replace(" --quiet", "").splitlines()
    shown = [c for param in CONSOLE if installs(param.values[0]) for c in commands(param.values[0])]
    assert len(shown) == 2
    assert set(shown) <= set(checked)


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


@pytest.mark.parametrize("code", blocks("python"))
def test_python_examples(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    same = doctest.OutputChecker().check_output
    names: dict[str, Any] = {}
    for source, said in said_results(code):
        if said is None:
            exec(source, names)  # noqa: S102
            continue
        got = repr(eval(source, names))  # noqa: S307
        spaced = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        assert same(said, got, spaced), f"{source} gives {got}, not {said}"


# Completeness


def registered() -> dict[str, set[str]]:
    """Return the options of each command that there is."""
    group: Any = get_command(app)
    context = group.make_context("xent", [], resilient_parsing=True)
    found = {}
    for name in group.list_commands(context):
        parameters = group.get_command(context, name).get_params(context)
        flags = {flag for p in parameters for flag in (*p.opts, *p.secondary_opts)}
        found[name] = {flag for flag in flags if flag.startswith("-")}
    return found


REGISTERED = registered()
FLAG = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def table_rows(title: str) -> list[list[str]]:
    """Return the cells of the tables in the section with this heading, headers included."""
    section = README.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip()[1:-1].split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]


def documented() -> dict[str, set[str]]:
    """Return the options that the tables give each command.

    A table of options has the commands in its second column, or holds those of every command;
    what says where the input is stands in the table of commands.
    """
    found = {name: {"-h", "--help"} for name in REGISTERED}
    computing = [name for name in REGISTERED if "--json" in REGISTERED[name]]
    for cells in table_rows("Commands"):
        if match := re.match(r"`xent ([a-z-]+)", cells[0]):
            found[match[1]].update(FLAG.findall(" ".join(cells)))
    for option, *of, _ in table_rows("Options"):
        for name in of[0].split(", ") if of else computing:
            if name in REGISTERED:
                found[name].update(FLAG.findall(option))
    return found


def test_every_command_is_documented() -> None:
    first = [cells[0] for cells in table_rows("Commands")]
    shown = [match[1] for cell in first if (match := re.match(r"`xent ([a-z-]+)", cell))]
    assert shown == list(REGISTERED)


@pytest.mark.parametrize("name", REGISTERED)
def test_every_option_is_documented_where_it_is(name: str) -> None:
    assert documented()[name] - {"--version"} == REGISTERED[name]

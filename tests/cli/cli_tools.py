"""Ways to run the command: in this process, in its own, and at a terminal."""

import csv
import io
import json
import os
import shlex
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Protocol

import pytest
from forked_command import ForkedCommand
from pseudo_terminal import PseudoTerminal, terminal_environment

from xentcli.cli.app import main

Argument = str | Path


class Outcome(NamedTuple):
    """What a run left behind."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def err(self) -> str:
        return self.stderr.decode()

    @property
    def json(self) -> Any:
        """The object on standard output."""
        return strict_json(self.stdout)

    @property
    def table(self) -> list[dict[str, str]]:
        """The rows of CSV on standard output, of a run without an error."""
        assert self.code == 0, self.err
        return list(csv.DictReader(io.StringIO(self.out)))

    @property
    def number(self) -> float:
        """The number on standard output, of a run without an error."""
        assert self.code == 0, self.err
        return float(self.out)


class Screen(NamedTuple):
    """What a run wrote to a terminal."""

    code: int
    text: str

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.text.splitlines()]


def assert_fits(screen: Screen, columns: int) -> None:
    """Check that a run did what it should, without colour and in lines of this width."""
    assert screen.code == 0, screen.text
    assert "\x1b" not in screen.text
    assert max(map(len, screen.lines)) <= columns


class Run(Protocol):
    """Runs the command in this process, into files, with a pipe or a file for its input."""

    def __call__(self, *arguments: Argument, stdin: bytes | Path | None = None) -> Outcome: ...


class Terminal(Protocol):
    """Runs the command in this process, at a terminal, without colour unless `env` has it."""

    def __call__(
        self, *arguments: Argument, columns: int = 80, env: Mapping[str, str] | None = None
    ) -> Screen: ...


def strict_json(text: str | bytes) -> Any:
    """Return what JSON says: no NaN, no Infinity, no name twice, nothing that a terminal obeys."""
    text = text.decode() if isinstance(text, bytes) else text
    assert text.replace("\n", "").isprintable(), ascii(text)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), f"a name is there twice: {pairs}"
        return dict(pairs)

    return json.loads(text, parse_constant=_refuse, object_pairs_hook=once)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


class Refusal(NamedTuple):
    """What a run said that did not do what it should."""

    error: str
    hint: str
    """Empty where there is none."""


def refusal(outcome: Outcome, code: int = 1) -> Refusal:
    """Return the one error of a run and its hint, beside which only notes are printed."""
    assert (outcome.code, outcome.stdout) == (code, b""), outcome
    lines = [line for line in outcome.err.splitlines() if not line.startswith("note: ")]
    error, hint = [*lines, ""][:2]
    assert error.startswith("error: "), outcome
    assert "a mistake in xent" not in error, outcome
    assert len(lines) <= 2, outcome
    assert not hint or hint.startswith("hint: "), outcome
    return Refusal(error.removeprefix("error: "), hint.removeprefix("hint: "))


def ok(outcome: Outcome) -> str:
    """Return what a run without an error says, beside which nothing is printed."""
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def call_main(arguments: tuple[Argument, ...], stdin: bytes | Path | None) -> int:
    """Call the entry point as the script `xent` does; return the exit code."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", ResourceWarning)  # the end of the process closes inputs
        patch.setattr(sys, "argv", ["xent", *map(str, arguments)])
        patch.setattr(sys, "stdin", stack.enter_context(_open_stdin(stdin)))
        patch.setattr("xentcli.formats.files._waiting", {})  # a process has looked at no input
        try:
            main()
        except SystemExit as stop:
            return int(stop.code or 0)


@contextmanager
def _open_stdin(content: bytes | Path | None) -> Iterator[Any]:
    """Open a file, or a pipe with this content, which must be short enough for its buffer."""
    if not isinstance(content, bytes):
        with Path(content or os.devnull).open() as file:
            yield file
        return
    reading, writing = os.pipe()
    with os.fdopen(reading) as stream:
        assert os.write(writing, content) == len(content)
        os.close(writing)
        yield stream


def command(*arguments: Argument) -> list[str]:
    """Return the command as a user without the script on the path types it."""
    return [sys.executable, "-m", "xentcli", *map(str, arguments)]


def run_process(
    *arguments: Argument, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> Outcome:
    """Run the command in a process of its own."""
    done = subprocess.run(
        command(*arguments),
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, **(env or {})},
        timeout=60,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def run_shell(line: str, folder: Path) -> Outcome:
    """Run a line of bash in a folder; `xentcli` in it is the command, in a process of its own."""
    return _run_bash(line, folder, shlex.join(command()))


def run_forked(line: str, folder: Path) -> Outcome:
    """Do the same, but for a command that is a fork, which takes a fifth of the time.

    A fork has the standard streams and no other, and starts and ends in its own way.
    """
    with ForkedCommand(folder.with_name("forked")) as forked:
        return _run_bash(line, folder, shlex.quote(str(forked.script)))


def _run_bash(line: str, folder: Path, xentcli: str) -> Outcome:
    script = f'xentcli() {{ {xentcli} "$@"; }}; set -o pipefail; {line}'
    done = subprocess.run(
        ["bash", "-c", script],  # noqa: S607
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def run_at_terminal(
    arguments: tuple[Argument, ...], columns: int, env: Mapping[str, str] | None
) -> Screen:
    """Run the command in this process; standard output and error are a terminal."""
    terminal = PseudoTerminal(columns)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NO_COLOR", raising=False)
        for name, value in terminal_environment(columns, env).items():
            patch.setenv(name, value)
        with open(terminal.follower, "w", closefd=False, encoding="utf-8") as stream:
            patch.setattr(sys, "stdout", stream)
            patch.setattr(sys, "stderr", stream)
            code = call_main(arguments, None)
    return Screen(code, terminal.close())

"""What a terminal is: its colours, encoding and width, and the progress bar."""

import os
import subprocess
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pytest
from cli_tools import (
    Run,
    Screen,
    Terminal,
    command,
    run_at_terminal,
)
from in_one_test import in_one_folder
from pseudo_terminal import PseudoTerminal

from xentcli.render import progress

pytestmark = pytest.mark.usefixtures("folder", "index")
ESCAPE = "\x1b"


@pytest.fixture
def index(folder: Path) -> None:
    """Write a file with a column that is no class, of which a note tells."""
    (folder / "index.csv").write_text(",a,b\n0,1,2\n")


# Colour

COMMANDS = [
    ["loss", "z.csv", "y.csv"],
    ["explain", "z.csv", "y.csv"],
    ["softmax", "z.csv"],
    ["one-hot", "y.csv"],
    ["info", "z.csv"],
    ["softmax", "missing.csv"],
    ["softmax", "index.csv"],
    ["softmax", "z.csv", "--temperature", "0"],
]


@in_one_folder
@pytest.mark.parametrize("arguments", COMMANDS)
def test_colour_only_where_it_is_wanted(terminal: Terminal, arguments: list[str]) -> None:
    assert ESCAPE in terminal(*arguments, env={}).text
    assert ESCAPE not in terminal(*arguments, "--color", "never", env={}).text


@in_one_folder
@pytest.mark.parametrize("arguments", [COMMANDS[0], *COMMANDS[-3:]])
def test_no_color_wins_over_auto(terminal: Terminal, arguments: list[str]) -> None:
    for more in ([], ["--color", "auto"]):
        assert ESCAPE not in terminal(*arguments, *more, env={"NO_COLOR": "1"}).text
    assert ESCAPE in terminal(*arguments, "--color", "always", env={"NO_COLOR": "1"}).text


def test_usage_errors_heed_color_never(terminal: Terminal) -> None:
    for arguments in (["softmax", "z.csv", "--bogus"], ["softmax", "z.csv", "--axis", "x"]):
        assert ESCAPE not in terminal(*arguments, "--color", "never", env={}).text


def test_color_always_colours_a_pipe(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    outcome = run("softmax", "index.csv", "--color", "always")
    assert ESCAPE in outcome.err
    assert ESCAPE not in outcome.out, "data stay data"
    assert ESCAPE in run("softmax", "missing.csv", "--color", "always").err


# Terminals of processes


def test_the_terminal_of_a_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as in this process, and the width is asked of the terminal itself.

    In an ASCII locale an ellipsis may look odd; it does not end the run.
    """
    np.save(folder / "big.npy", np.zeros((100, 3)))
    terminal = PseudoTerminal(40)
    kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    done = subprocess.run(
        command("softmax", "big.npy"),
        cwd=folder,
        env={**kept, "TERM": "xterm", "NO_COLOR": "1", "PYTHONIOENCODING": "ascii"},
        stdin=terminal.follower,
        stdout=terminal.follower,
        stderr=terminal.follower,
        check=False,
        timeout=60,
    )
    found = Screen(done.returncode, terminal.close())
    monkeypatch.chdir(folder)
    here = run_at_terminal(("softmax", "big.npy"), 40, {"NO_COLOR": "1"})
    assert "…" in here.text
    assert found == here._replace(text=here.text.encode("ascii", "backslashreplace").decode())


def test_bytes_are_not_shown_at_a_terminal(terminal: Terminal) -> None:
    screen = terminal("softmax", "z.npy", "--to", "npy")
    assert screen.code == 2
    assert "error: npy is no text for a terminal" in screen.text


# The progress bar


class Clock:
    """A clock by which the work takes some seconds: it is read first when the work begins."""

    def __init__(self, seconds: float) -> None:
        self._times = chain([7.0], repeat(7.0 + seconds))

    def monotonic(self) -> float:
        return next(self._times)


def test_progress_is_for_terminals_and_for_work_of_a_second(
    terminal: Terminal, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["loss", "--logits", "z.npy", "--labels", "y.npy"]

    def bar_is_seen(seconds: float, *more: str) -> bool:
        monkeypatch.setattr(progress, "time", Clock(seconds))
        return "5 of 5 rows" in terminal(*arguments, *more).text

    assert bar_is_seen(1.0)
    assert not bar_is_seen(0.9)
    assert not bar_is_seen(1.0, "--quiet")
    monkeypatch.setattr(progress, "time", Clock(1.0))
    assert run(*arguments).err == ""

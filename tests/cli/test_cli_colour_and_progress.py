"""What a terminal is: its colours, encoding and width, and the progress bar."""

import contextlib
import os
import re
import subprocess
import time
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
from pseudo_terminal import PseudoTerminal, terminal_environment

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
    assert ESCAPE not in terminal(*arguments, env={"NO_COLOR": "1"}).text
    assert ESCAPE not in terminal(*arguments, "--color", "never", env={}).text
    both = terminal(*arguments, "--color", "always", env={"NO_COLOR": "1"})
    assert ESCAPE not in both.text, "NO_COLOR wins"


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


def at_own_terminal(folder: Path, columns: int, arguments: list[str], **env: str) -> Screen:
    """Run the command in a process of its own, whose streams are a terminal of this width."""
    terminal = PseudoTerminal(columns)
    kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        env={**kept, "TERM": "xterm", **env},
        stdin=terminal.follower,
        stdout=terminal.follower,
        stderr=terminal.follower,
        check=False,
        timeout=60,
    )
    return Screen(done.returncode, terminal.close())


def test_the_terminal_of_a_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as in this process, and the width is asked of the terminal itself."""
    found = at_own_terminal(folder, 40, ["softmax", "z.csv"], NO_COLOR="1")
    monkeypatch.chdir(folder)
    assert found == run_at_terminal(("softmax", "z.csv"), 40, {"NO_COLOR": "1"})


def test_output_that_a_terminal_cannot_encode(folder: Path) -> None:
    """In an ASCII locale an ellipsis may look odd; it does not end the run."""
    np.save(folder / "big.npy", np.zeros((100, 3)))
    screen = at_own_terminal(folder, 80, ["softmax", "big.npy"], PYTHONIOENCODING="ascii")
    assert screen.code == 0, screen.text
    assert "15 of 100 rows" in re.sub(r"\x1b\[[\d;]*m", "", screen.text)


def test_bytes_are_not_shown_at_a_terminal(terminal: Terminal) -> None:
    screen = terminal("softmax", "z.npy", "--to", "npy")
    assert screen.code == 2
    assert "error: npy is no text for a terminal" in screen.text


# The progress bar


def watch(folder: Path, stderr: int | None) -> subprocess.Popen[bytes]:
    """Start a loss of four blocks that come through a pipe."""
    arguments = ["loss", "--logits", "-", "--labels", "four.npy", "--jobs", "1"]
    return subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env={**os.environ, **terminal_environment(80, {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if stderr is None else stderr,
    )


def test_progress_is_for_terminals_and_for_work_of_a_second(folder: Path) -> None:
    np.save(folder / "four.npy", np.zeros(4, np.int64))
    np.save(folder / "four_logits.npy", np.zeros((4, 2**20), np.float16))
    content = (folder / "four_logits.npy").read_bytes()
    first = len(content) - 3 * 2**21
    slow, fast = PseudoTerminal(80), PseudoTerminal(80)
    processes = [watch(folder, stderr) for stderr in (slow.follower, None, fast.follower)]
    for process, part in zip(processes, (content[:first], content[:first], content), strict=True):
        assert process.stdin
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(part)
            process.stdin.flush()
    time.sleep(1.1)  # the pipe holds less than a block, so all have begun
    for process in processes[:2]:
        assert process.stdin
        process.stdin.write(content[first:])
    ends = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert [float(out) for out, _ in ends] == [pytest.approx(20 * np.log(2))] * 3
    assert re.search(r"\d of 4 rows", slow.close())
    assert fast.close() == ""
    assert ends[1][1] == b""

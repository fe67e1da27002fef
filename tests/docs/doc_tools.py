"""What is written beside the code, and how a terminal shows the examples in it."""

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
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from forked_command import ForkedCommand

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"
PAGES = sorted((ROOT / "xentcli" / "docs").glob("*.md"))
WRITTEN = (README, CONTRIBUTING, *PAGES)

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """A block of code of a page."""

    page: Path
    line: int
    language: str
    code: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """What is typed in a ``console`` block."""
        return [line[2:] for line in self.code.splitlines() if line.startswith("$ ")]


def examples(page: Path, language: str) -> list[Example]:
    """Return the blocks of a language."""
    text = page.read_text("utf-8")
    return [
        Example(page, text.count("\n", 0, match.start()) + 2, language, match[2])
        for match in _BLOCK.finditer(text)
        if match[1] == language
    ]


def environment(folder: Path) -> dict[str, str]:
    """Return the variables of a terminal of 80 columns that finds the command in a folder."""
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    shown = {"COLUMNS": "80", "LINES": "24", "TERM": "xterm", "NO_COLOR": "1"}
    return {**os.environ, **shown, "PATH": path, "PYTHONPATH": str(ROOT)}


def screen_of(script: str, folder: Path, variables: dict[str, str]) -> str:
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
            env=variables,
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


def table_rows(text: str, title: str) -> list[list[str]]:
    """Return the cells of the tables in the section with this heading, headers left out."""
    section = text.split(f"\n## {title}\n")[1].split("\n## ", maxsplit=1)[0]
    found = []
    for table in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
        for line in table.splitlines()[2:]:
            cells = re.split(r"(?<!\\)\|", line.strip()[1:-1])
            found.append([cell.replace("\\|", "|").strip() for cell in cells])
    return found


def typed(example: Example, folder: Path) -> str:
    """Type the commands of an example at a terminal; return what it shows, commands included."""
    lines = [(shlex.quote(f"$ {command}"), command) for command in example.commands]
    script = "\n".join(f"printf '%s\\n' {shown}\n{command}" for shown, command in lines)
    screen = screen_of(script, folder, environment(folder / ".bin"))
    return "\n".join(line.rstrip() for line in screen.splitlines()).strip("\n") + "\n"


@contextmanager
def command_in(folder: Path) -> Iterator[None]:
    """Fill a folder with the sample data, and with the command of this tree for as long as this."""
    shutil.copytree(ROOT / "sample_data", folder / "sample_data")
    with ForkedCommand(folder / ".bin"):
        yield


def is_install(example: Example) -> bool:
    """Whether the example makes an environment, which only .ci/run does."""
    return any(command.startswith("pip ") for command in example.commands)


def same_elsewhere(screen: str) -> str:
    """Round what may differ in the last digits on another kind of processor, as the pages say.

    Numbers to 6 digits, rounding errors to 0, and the space that aligns them to one.
    """

    def rounded(match: re.Match[str]) -> str:
        number = float(match[0])
        return "0" if abs(number) < 1e-12 else f"{number:.6g}"

    return re.sub(r" +", " ", re.sub(r"-?\d+\.\d*(e-?\d+)?", rounded, screen))

"""Real shells at a terminal, whose completion is asked by the tab key."""

import os
import pty
import select
import signal
import termios
import time
from pathlib import Path
from typing import Self

from forked_command import ForkedCommand

_TIMEOUT_SECONDS = 60
# zsh would read the beginnings of a thousand files, which complete what other commands take.
_START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "bind 'set bell-style none'"),
    "zsh": (
        ["zsh", "-f", "-i"],
        """unsetopt beep PROMPT_SP; bindkey -e; autoload -Uz compinit $^fpath/_*files(N)
        fpath=(${fpath:#*/Completion/[^B]*}); compinit -u -D""",
    ),
}
_LINE_START = "\x01"  # control-A


class Shell:
    """An interactive shell in a folder, with the completion of `xent` set up."""

    def __init__(self, name: str, folder: Path) -> None:
        binaries = folder / ".bin"
        self._command = ForkedCommand(binaries).__enter__()
        self._name = name
        arguments, setup = _START[name]
        environment = {
            **os.environ,
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            "TERM": "dumb" if name == "bash" else "xterm",
            "PS1": "> ",
            "HOME": str(folder),
        }
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            os.chdir(folder)
            os.execvpe(arguments[0], arguments, environment)  # noqa: S606
        termios.tcsetwinsize(self._terminal, (50, 200))
        self._seen = ""
        self._count = 0
        self.run(setup)
        self.run(f'eval "$(xent completion {name})"')

    def run(self, line: str) -> str:
        """Run a command and return what it prints."""
        self._count += 1
        begin, end = f"begin{self._count}.", f"end{self._count}."
        # The marks are made by the shell, so that the echo of what is typed does not hold them.
        marks = [f"printf '%s\\n' {mark[:3]}''{mark[3:]}" for mark in (begin, end)]
        self._type(f"{marks[0]}; {line}; {marks[1]}\n")
        return self._wait_for(begin, end)

    def complete(self, typed: str) -> list[str]:
        """Type something and a tab, and return the words of the line that the shell makes of it."""
        self._count += 1
        begin, end = f"begin{self._count}.", f"end{self._count}."
        self._type(f"{typed}\t")
        if self._name == "zsh":
            time.sleep(0.05)  # what follows a tab at once, it takes for pasted text
        self._type(f" {end[:3]}''{end[3:]}{_LINE_START}printf '%s\\n' {begin[:3]}''{begin[3:]} \n")
        return self._wait_for(begin, end).split("\n")

    def _type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def _wait_for(self, begin: str, end: str) -> str:
        """Return what stands between two lines on the screen, once both are there."""
        until = time.monotonic() + _TIMEOUT_SECONDS
        while f"{begin}\n" not in self._seen or f"{end}\n" not in self._seen:
            if time.monotonic() > until:
                raise AssertionError(self._seen)
            if select.select([self._terminal], [], [], 0.2)[0]:
                part = os.read(self._terminal, 2**16)
                self._seen = (self._seen + part.decode(errors="replace")).replace("\r\n", "\n")
        text, self._seen = self._seen.split(f"{end}\n", 1)
        return text.split(f"{begin}\n", 1)[1].removesuffix("\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._command.__exit__()
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._terminal)

"""A terminal that a test opens for what it runs."""

import os
import pty
import termios
import threading
from collections.abc import Mapping


class PseudoTerminal:
    """A terminal of a given width: `follower` is the side that a program sees."""

    def __init__(self, columns: int, lines: int = 24) -> None:
        self._leader, self.follower = pty.openpty()
        termios.tcsetwinsize(self.follower, (lines, columns))
        self._content = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._leader, 2**16)
            except OSError:  # the last follower is closed
                return
            if not part:
                return
            self._content += part

    def close(self) -> str:
        """Close this process's side and return everything that was written."""
        os.close(self.follower)
        self._reader.join(timeout=60)
        os.close(self._leader)
        return self._content.decode().replace("\r\n", "\n")


def terminal_environment(columns: int, env: Mapping[str, str] | None) -> dict[str, str]:
    """Return the variables that describe a terminal."""
    size = {"COLUMNS": str(columns), "LINES": "24", "TERM": "xterm-256color"}
    return {**size, **({"NO_COLOR": "1"} if env is None else env)}

"""The command as a script whose runs are forks of a process that has imported the package.

    with ForkedCommand(folder):
        subprocess.run(["xent", "info", "z.npy"], env={"PATH": f"{folder}:/usr/bin"})

A shell runs the script, which hands its arguments, variables and streams to that process; the fork
that gets them calls the entry point. So the many examples of the pages and words to complete do not
each import all anew. Whatever is about the start or the end of a process runs in one of its own.
"""

import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, Self

from forking import forking_of

# Does what `forking.start` does, and ends as the fork does. It must start fast.
_CLIENT = """
import os, sys, _socket
closed = ""
for i in range(3):
    try:
        os.fstat(i)
    except OSError:
        closed += str(os.open(os.devnull, os.O_RDWR))  # the lowest that is free, which is this one
variables = {**os.environ, "XENT_TESTS_CLOSED": closed}
request = "forked_command:main", sys.argv[2:], os.getcwd(), variables
message = repr(request).encode()
connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
connection.connect(sys.argv[1])
streams = b"".join(i.to_bytes(4, sys.byteorder) for i in range(3))
connection.sendmsg([len(message).to_bytes(8, "little")], [(1, _socket.SCM_RIGHTS, streams)])
while message:
    message = message[connection.send(message):]
answer = connection.recv(8, _socket.MSG_WAITALL)
code = int.from_bytes(answer[4:], "little", signed=True)
if code < 0:
    os.kill(os.getpid(), -code)
os._exit(code)
"""


class ForkedCommand:
    """A script ``xent`` in a folder, for as long as this."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        client = folder / "client.py"
        client.write_text(_CLIENT)
        self.script = folder / "xent"
        words = [sys.executable, "-I", "-S", str(client), forking_of("xentcli.*")]
        self.script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        self.script.chmod(0o755)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.script.unlink()


def main() -> NoReturn:
    """Call the entry point in a fork, and end without taking apart what was imported."""
    from xentcli.__main__ import main as run

    for descriptor in map(int, os.environ.pop("XENT_TESTS_CLOSED")):  # as Python finds them closed
        os.close(descriptor)
        name = ("stdin", "stdout", "stderr")[descriptor]
        setattr(sys, name, None)
        setattr(sys, f"__{name}__", None)
    code = 0
    try:
        run()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(code)

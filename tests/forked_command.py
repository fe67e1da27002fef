"""The command as a script whose runs are forks of a process that has imported the package.

    with ForkedCommand(folder) as command:
        subprocess.run(["xent", "info", "z.npy"], env={"PATH": f"{folder}:/usr/bin"})

A shell runs the script, which hands its arguments, variables and streams to that process; the fork
that gets them calls the entry point. So the many examples of the pages and words to complete do not
each import all anew. Whatever is about the start or the end of a process runs in one of its own.
"""

import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

# Reads all that `_receive` needs, connects, and ends as the fork does. It must start fast.
_CLIENT = """
import os, sys, _socket
message = repr((sys.argv[2:], os.getcwd(), dict(os.environ))).encode()
connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
connection.connect(sys.argv[1])
streams = b"".join(i.to_bytes(4, sys.byteorder) for i in range(3))
connection.sendmsg([len(message).to_bytes(8, "little")], [(1, _socket.SCM_RIGHTS, streams)])
while message:
    message = message[connection.send(message):]
code = int.from_bytes(connection.recv(4), "little", signed=True)
if code < 0:
    os.kill(os.getpid(), -code)
os._exit(code)
"""


class ForkedCommand:
    """A process that runs the command in forks, and a script ``xent`` in a folder that asks it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._temporary = TemporaryDirectory()  # the path of a socket must be short
        self._socket = str(Path(self._temporary.name) / "socket")
        client = folder / "client.py"
        client.write_text(_CLIENT)
        script = folder / "xent"
        words = [sys.executable, "-I", "-S", str(client), self._socket]
        script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        script.chmod(0o755)

    def __enter__(self) -> Self:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(self._socket)
        listening.listen()
        with listening:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(listening.fileno())],
                pass_fds=[listening.fileno()],
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._temporary.cleanup()


# In the process


def _serve(listening: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that answer
    while True:
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _answer(connection)
            os._exit(0)
        connection.close()


def _answer(connection: socket.socket) -> None:
    """Run the command in a fork, and send how it ended."""
    size, streams, _, _ = socket.recv_fds(connection, 8, 3)
    message = bytearray()
    while len(message) < int.from_bytes(size, "little"):
        message += connection.recv(2**16)
    pid = os.fork()
    if pid == 0:
        connection.close()
        _run(message.decode(), streams)
    for stream in streams:
        os.close(stream)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    connection.sendall(code.to_bytes(4, "little", signed=True))


def _run(message: str, streams: list[int]) -> None:
    """Become the command, as far as a fork can."""
    import ast

    from xentcli.__main__ import main

    arguments, folder, variables = ast.literal_eval(message)
    for descriptor, stream in enumerate(streams):
        os.dup2(stream, descriptor)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.argv = ["xent", *arguments]
    try:
        main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    import gc
    import pkgutil
    from importlib import import_module

    import xentcli

    for module in pkgutil.walk_packages(xentcli.__path__, "xentcli."):
        import_module(module.name)
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))

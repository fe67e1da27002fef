"""The command as a script whose runs are forks of a process that has imported the package.

    with ForkedCommand(folder):
        subprocess.run(["xent", "info", "z.npy"], env={"PATH": f"{folder}:/usr/bin"})

A shell runs the script, which hands its arguments, variables and streams to that process; the fork
that gets them calls the entry point. So the many examples of the pages and words to complete do not
each import all anew. Whatever is about the start or the end of a process runs in one of its own.
The process is started once, by whoever asks first, and ends with the one that has started it.
"""

import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
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
_SELDOM = ("xentcli.render.pictures.", "xentcli.render.report.", "xentcli.execution.dask")


class ForkedCommand:
    """A script ``xent`` in a folder, for as long as this."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        client = folder / "client.py"
        client.write_text(_CLIENT)
        self._script = folder / "xent"
        words = [sys.executable, "-I", "-S", str(client), _forking().socket]
        self._script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        self._script.chmod(0o755)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._script.unlink()


class _Forking:
    """The process that forks; it ends when nobody has this end of a pipe open any more."""

    def __init__(self) -> None:
        self.socket = str(Path(mkdtemp()) / "socket")  # the path of a socket must be short
        open_there, self._open = os.pipe()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            listening.bind(self.socket)
            listening.listen()
            descriptors = [listening.fileno(), open_there]
            subprocess.run(
                [sys.executable, __file__, *map(str, descriptors)],
                pass_fds=descriptors,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                check=True,
            )
        os.close(open_there)


@cache
def _forking() -> _Forking:
    return _Forking()


# In the process


def _serve(listening: socket.socket, open_there: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that answer
    while open_there not in select.select([listening, open_there], [], [])[0]:
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            os.close(open_there)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _answer(connection)
            os._exit(0)
        connection.close()
    shutil.rmtree(Path(listening.getsockname()).parent)


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
    if os.fork():
        os._exit(0)  # so that the tests have no child that goes on

    import gc
    import pkgutil
    from importlib import import_module

    import xentcli

    # What draws, and what speaks to clusters, would make every fork cost twice as much.
    for module in pkgutil.walk_packages(xentcli.__path__, "xentcli."):
        if not module.name.startswith(_SELDOM):
            import_module(module.name)
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))

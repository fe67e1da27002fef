"""A process that has imported what takes long, and forks: each fork is told what to call.

    forking = forking_of("xentcli.*")
    forked = start(forking, "xentcli.__main__:main", ["info", "z.npy"], folder, os.environ)
    assert forked.wait() == 0

It is started once, by whoever asks first, and ends with the process that has started it; where
several workers run the tests, it is for all of them, and ends with what has started these.
"""

import ast
import atexit
import fcntl
import gc
import os
import pkgutil
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from typing import NoReturn

SECONDS = 180
SHARED = "XENT_TESTS_FORKING"
"""Names the folder in which workers find the sockets of one another's processes."""
_SELDOM = ("xentcli.render.pictures.", "xentcli.render.report.", "xentcli.execution.dask")


def share_forking() -> None:
    """Let the workers that this process starts share theirs, which end with this process."""
    folder = Path(mkdtemp())
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(folder / "alive"))
    listening.listen()
    os.environ[SHARED] = str(folder)
    atexit.register(shutil.rmtree, folder)
    atexit.register(listening.close)


@cache
def forking_of(*modules: str, **variables: str) -> str:
    """Start a process that imports modules, packages whole by ``name.*``; return its socket."""
    shared = os.environ.get(SHARED)
    if shared is None:
        open_there, _open_until_this_process_ends = os.pipe()
        return _started(open_there, modules, variables)
    name = sha256(repr((modules, sorted(variables.items()))).encode()).hexdigest()
    with Path(shared, name).open("a+") as known:
        fcntl.flock(known, fcntl.LOCK_EX)
        known.seek(0)
        path = known.read()
        if not path:
            alive = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            alive.connect(str(Path(shared, "alive")))
            path = _started(alive.detach(), modules, variables)
            known.write(path)
        return path


def _started(open_there: int, modules: Sequence[str], variables: Mapping[str, str]) -> str:
    """Start a process that ends when the other end of a descriptor is closed."""
    path = str(Path(mkdtemp()) / "socket")  # it must be short
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(path)
        listening.listen()
        descriptors = [listening.fileno(), open_there]
        subprocess.run(
            [sys.executable, __file__, *map(str, descriptors), *modules],
            pass_fds=descriptors,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **variables},
            check=True,
        )
    os.close(open_there)
    return path


def _readable(*descriptors: int, seconds: float | None = None) -> list[int]:
    """Wait until something can be read from one, and return which; `select` ends at 1,023."""
    poll = select.poll()
    for each in descriptors:
        poll.register(each, select.POLLIN)
    return [each for each, _ in poll.poll(None if seconds is None else 1000 * seconds)]


class Forked:
    """A fork that calls a function, as whoever waits for it sees it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._code: int | None = None
        self.pid = int.from_bytes(connection.recv(4, socket.MSG_WAITALL), "little")

    def poll(self) -> int | None:
        """Return how it ended, as the module subprocess has it, or None while it has not."""
        if self._code is None and _readable(self._connection.fileno(), seconds=0):
            return self.wait()
        return self._code

    def wait(self) -> int:
        """Wait until it has ended, and return how."""
        if self._code is None:
            answer = self._connection.recv(4, socket.MSG_WAITALL)
            self._code = int.from_bytes(answer, "little", signed=True)
            self._connection.close()
        return self._code


def start(
    forking: str,
    function: str,
    arguments: Sequence[str],
    *,
    folder: Path,
    variables: Mapping[str, str],
    streams: Sequence[int],
) -> Forked:
    """Have a fork call a function, ``module:name``, as a script with arguments would.

    Parameters
    ----------
    forking : str
        What `forking_of` returns.
    streams : sequence of int
        The descriptors of standard input, output and error.
    """
    message = repr((function, list(arguments), str(folder), dict(variables))).encode()
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(SECONDS)
    connection.connect(forking)
    socket.send_fds(connection, [len(message).to_bytes(8, "little")], streams)
    connection.sendall(message)
    return Forked(connection)


def said_by(function: str, arguments: Sequence[str], folder: Path) -> str:
    """Return what a function of the tests says in a fork that has imported the package.

    How the fork ends stands before it.
    """
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with TemporaryFile("w+") as said, Path(os.devnull).open() as nothing:
        streams = [nothing.fileno(), said.fileno(), said.fileno()]
        forking = forking_of("xentcli.*")
        forked = start(
            forking, function, arguments, folder=folder, variables=variables, streams=streams
        )
        code = forked.wait()
        said.seek(0)
        return f"{code} {said.read()}".strip()


# In the process


def _serve(listening: socket.socket, open_there: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that answer
    while open_there not in _readable(listening.fileno(), open_there):
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
    """Call a function in a fork; send the fork's number, and how it ended."""
    size, streams, _, _ = socket.recv_fds(connection, 8, 3)
    message = bytearray()
    while len(message) < int.from_bytes(size, "little"):
        message += connection.recv(2**16)
    pid = os.fork()
    if pid == 0:
        connection.close()
        _become(ast.literal_eval(message.decode()), streams)
    for stream in streams:
        os.close(stream)
    connection.sendall(pid.to_bytes(4, "little"))
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    with suppress(BrokenPipeError):
        connection.sendall(code.to_bytes(4, "little", signed=True))


def _become(request: tuple[str, list[str], str, dict[str, str]], streams: list[int]) -> NoReturn:
    """Become the process that was meant, as far as a fork can."""
    function, arguments, folder, variables = request
    for descriptor, stream in enumerate(streams):
        os.dup2(stream, descriptor)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys.path[:0] = variables.get("PYTHONPATH", "").split(os.pathsep)
    if config := sys.modules.get("dask.config"):
        config.refresh()
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    module, _, name = function.partition(":")
    sys.argv = [name, *arguments]
    try:
        getattr(import_module(module), name)()
    except SystemExit as stop:
        _end(stop.code)
    _end(0)


def _end(code: str | int | None) -> NoReturn:
    """Leave to the system, as the command does, what a fork would copy to take it apart.

    That took as long as a short run. What dask leaves behind may say something when it is taken
    apart, and threads may go on.
    """
    if isinstance(code, int) and "distributed" not in sys.modules and threading.active_count() == 1:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def import_all(*names: str) -> None:
    """Import modules, and packages whole by ``name.*``, before the forks that use them."""
    for name in names:
        module = import_module(name.removesuffix(".*"))
        # What draws, and what speaks to clusters, would make every fork cost twice as much.
        within = module.__path__ if name.endswith(".*") else ()
        for each in pkgutil.walk_packages(within, f"{module.__name__}."):
            if not each.name.startswith(_SELDOM):
                import_module(each.name)
    if "xentcli.cli.app" in sys.modules:
        _make_commands()
    gc.freeze()


def _make_commands() -> None:
    """Have typer make each command, which took a quarter of what a fork that runs one does."""
    from xentcli.cli import app, command, names

    app._made()
    for name in names.command_names():
        command.load_command(name)


if __name__ == "__main__":
    if os.fork():
        os._exit(0)  # so that the tests have no child that goes on
    import_all(*sys.argv[3:])
    _serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))

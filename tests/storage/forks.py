"""Runs of the command in processes that may be killed: forks of one that has imported everything.

    server = Forks()
    server.run(["softmax", "z.npy", "-o", "out.csv"], Fault("write", 3, "SIGKILL"))

The server is a process of its own, which has one thread, so that it may fork.
"""

import gc
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

CALLS = ("open", "write", "pwrite", "fsync", "close", "replace", "link", "unlink")
"""The calls of the system by which output gets to its place."""


class Fault(NamedTuple):
    """What goes wrong at the n-th call, from the opening of the output on."""

    call: str = "open"
    n: int = 0
    what: str = "SIGKILL"
    """A signal, or an error's number: of this call, or with a + of all that follow too.

    Or "nothing": each call of any kind happens, and is told.
    """


class Ended(NamedTuple):
    """How a run ended."""

    code: int
    """As a shell has it: 128 + the number of the signal that killed it."""
    error: str
    reached: list[str]
    """The calls at which the fault happened."""


class Forks:
    """The server, seen from the tests."""

    def __init__(self) -> None:
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def run(
        self,
        arguments: Iterable[str],
        fault: Fault | None = None,
        *,
        folder: Path,
        limit: int | None = None,
        unprivileged: bool = False,
    ) -> Ended:
        """Run the command; `limit` is the size that a file can have."""
        wanted = [list(arguments), fault or Fault(), str(folder), limit, unprivileged]
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        return Ended(*json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the server."""
        self._process.communicate(timeout=30)


# In the server


class _Failing:
    """Stands for a function of the system."""

    def __init__(self, call: str, fault: Fault) -> None:
        self.function: Callable[..., Any] = getattr(os, call)
        self.call = call
        self.fault = fault
        self.calls = 0

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.calls += 1
        what = self.fault.what.removesuffix("+")
        lasting = what != self.fault.what
        if what == "nothing":
            os.writev(2, [f"\0{self.call}\0".encode()])
            return self.function(*arguments, **options)
        if self.calls != self.fault.n and not (lasting and self.calls > self.fault.n):
            return self.function(*arguments, **options)
        os.writev(2, [f"\0{self.call}\0".encode()])  # says that it happens
        if what.startswith("SIG"):
            os.kill(os.getpid(), getattr(signal, what))
            return self.function(*arguments, **options)
        if self.call == "close":
            self.function(*arguments)
        raise OSError(int(what), os.strerror(int(what)))


def _serve() -> None:
    from xentcli.__main__ import main

    for line in sys.stdin:
        arguments, fault, folder, limit, unprivileged = json.loads(line)
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)
            os.dup2(writing, 2)
            sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
            os.chdir(folder)
            _limit(limit, unprivileged=unprivileged)
            _set(Fault(*fault))
            sys.argv = ["xent", *arguments]
            try:
                main()
            except SystemExit as stop:
                with suppress(OSError):
                    sys.stderr.flush()
                os._exit(stop.code if isinstance(stop.code, int) else 0)
            os._exit(99)
        os.close(writing)
        with open(reading, encoding="utf-8") as stream:  # noqa: PTH123
            error = stream.read()
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        said, reached = error.split("\0")[::2], error.split("\0")[1::2]
        print(json.dumps([code if code >= 0 else 128 - code, "".join(said), reached]))  # noqa: T201
        sys.stdout.flush()


def _run_once() -> None:
    """Import and make what runs need, and no more: with everything, a fork takes twice the time."""
    import numpy as np

    from xentcli.__main__ import main

    with TemporaryDirectory() as folder:
        np.save(f"{folder}/z.npy", np.zeros((2, 3), np.float32))
        for name in ("a.csv.gz", "a.npy.zst"):
            sys.argv = [
                "xent",
                "softmax",
                f"{folder}/z.npy",
                "--jobs",
                "1",
                "-o",
                f"{folder}/{name}",
            ]
            with suppress(SystemExit):
                main()


def _set(fault: Fault) -> None:
    """Let the fault happen from where the command opens its output."""
    from xentcli.storage import open as opening

    place = opening._open_place

    def begin(*arguments: Any, **options: Any) -> Any:
        for call in CALLS if fault.what == "nothing" else (fault.call,):
            setattr(os, call, _Failing(call, fault))
        return place(*arguments, **options)

    if fault.n or fault.what == "nothing":
        opening._open_place = begin


def _limit(size: int | None, *, unprivileged: bool) -> None:
    if size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    if unprivileged and os.geteuid() == 0:
        _drop_capabilities()


def _drop_capabilities() -> None:
    """Make root a user like any other, whom permissions bind."""
    import ctypes

    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    none = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, none):
        raise OSError(ctypes.get_errno(), "capset")


if __name__ == "__main__":
    _run_once()
    gc.freeze()
    _serve()

"""Opens standard input and output, and descriptors that are already open: ``/dev/fd/3``."""

import errno
import fcntl
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from xentcli.errors import reading, writing
from xentcli.storage.inputs import Input
from xentcli.storage.local_inputs import input_of
from xentcli.storage.outputs import Output

_NAMED_STREAMS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_DESCRIPTOR = r"/dev/fd/([0-9]{1,9})|/proc/(?:self|thread-self)/fd/([0-9]{1,9})"
_MOST_LINKS = 40


def standard_input() -> Input:
    """Open standard input, and go on where it was last read."""
    with reading("<stdin>"):
        if sys.stdin is None:
            raise OSError(errno.EBADF, "it is closed")
        file: IO[bytes] = open(os.dup(sys.stdin.fileno()), "rb", buffering=0)  # noqa: PTH123, SIM115
        return input_of("<stdin>", file, sys.stdin.fileno())


@contextmanager
def standard_output() -> Iterator[Output]:
    """Open standard output, and go on behind what was printed before."""
    with writing("<stdout>"):
        if sys.stdout is None or sys.__stdout__ is None:
            raise OSError(errno.EBADF, "it is closed")
        sys.stdout.flush()
    yield Output("<stdout>", sys.stdout.fileno(), seekable=False)


def descriptor_of(path: str) -> int | None:
    """Return the open descriptor that a path such as ``/dev/stdout`` or ``/dev/fd/3`` means.

    If a shell has redirected it to a file, bytes are added there behind those of other programs;
    the file neither counts as existing nor is replaced.
    """
    for _ in range(_MOST_LINKS):
        path = os.path.abspath(path)  # noqa: PTH100 - Path.absolute leaves `..`
        if path in _NAMED_STREAMS:
            return _NAMED_STREAMS[path]
        if "/fd/" in path and (match := re.fullmatch(_DESCRIPTOR, path)):
            return int(match[1] or match[2])
        if not os.path.islink(path):  # noqa: PTH114 - also of a path that is too long for the system
            return None
        path = str(Path(path).parent / Path(path).readlink())
    return None


def check_descriptor(name: str, descriptor: int) -> None:
    """Raise OutputError now if an open descriptor cannot be written to later."""
    with writing(name):
        started_with = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
        if descriptor < len(started_with) and started_with[descriptor] is None:
            raise OSError(errno.EBADF, "it is closed")  # another file may have that number by now
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        if flags & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "it is open for reading")


@contextmanager
def writing_descriptor(name: str, descriptor: int) -> Iterator[Output]:
    """Write to an open descriptor, behind what others have written to it."""
    with writing(name):
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        copy = os.dup(descriptor)
    try:
        yield Output(name, copy, seekable=False)
    finally:
        os.close(copy)

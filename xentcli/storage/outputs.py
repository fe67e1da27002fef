"""Bytes to write: a file that appears whole or not at all, a device or pipe, or standard output."""

import errno
import os
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xentcli.errors import OutputError, Stopped

STANDARD_OUTPUT = "-"
_LONGEST_STEM = 200  # bytes; a file's name has at most 255
_SENT = 2**23  # bytes at a time; with 2**26 the disk idles at the start and the end


class Output:
    """An open place for bytes."""

    def __init__(self, name: str, descriptor: int, *, seekable: bool) -> None:
        self.name = name
        self.seekable = seekable
        self._descriptor = descriptor
        self._written = self._sent = 0

    def write(self, data: bytes | memoryview) -> None:
        """Write all of `data`."""
        view = memoryview(data).cast("B") if len(data) else memoryview(b"")
        self._written += len(view)
        with writing(self.name):
            while view:
                view = view[os.write(self._descriptor, view) :]
        if self.seekable and self._written - self._sent >= _SENT:
            self._send()

    def _send(self) -> None:
        """Have the system begin to put on the disk what was written, not only at the fsync.

        On Linux this is what the advice does first; elsewhere it does no harm.
        """
        if advise := getattr(os, "posix_fadvise", None):
            with suppress(OSError):
                length = self._written - self._sent
                advise(self._descriptor, self._sent, length, os.POSIX_FADV_DONTNEED)
        self._sent = self._written

    def rewrite(self, offset: int, data: bytes) -> None:
        """Replace bytes that were written already; only if seekable."""
        with writing(self.name):
            while data:
                count = os.pwrite(self._descriptor, data, offset)
                offset, data = offset + count, data[count:]


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Turn what the system says while `name` is written into one line that names it."""
    try:
        yield
    except BrokenPipeError as error:
        raise Stopped(signal.SIGPIPE) from error
    except OSError as error:
        reason = (
            "it exists already" if error.errno == errno.EEXIST else (error.strerror or "").lower()
        )
        hint = "--force overwrites it" if error.errno == errno.EEXIST else None
        raise OutputError(f"{name}: cannot be written: {reason}", hint=hint) from error


def check_output(path: str, *, force: bool) -> None:
    """Raise OutputError now if `path` cannot be written later."""
    if path == STANDARD_OUTPUT:
        return
    with writing(path):
        target = Path(os.path.realpath(path))
        if Path(path).is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a directory")
        if Path(path).is_file() and not force:
            raise FileExistsError(errno.EEXIST, "exists")
        if not Path(path).exists() and not target.parent.is_dir():
            raise OutputError(f"{path}: cannot be written: there is no folder {target.parent}")


@contextmanager
def open_output(path: str, *, force: bool = False) -> Iterator[Output]:
    """Open `path` for writing; ``-`` is standard output.

    A regular file is written beside its place and moved there when the block ends without an
    error; a device or pipe is written as it comes.
    """
    check_output(path, force=force)
    if path == STANDARD_OUTPUT:
        with writing("<stdout>"):
            if sys.stdout is None:
                raise OSError(errno.EBADF, "it is closed")
            sys.stdout.flush()
        yield Output("<stdout>", sys.stdout.fileno(), seekable=False)
        return
    if Path(path).exists() and not Path(path).is_file():  # a device, a pipe
        with writing(path):
            descriptor = os.open(path, os.O_WRONLY)
        try:
            yield Output(path, descriptor, seekable=False)
        finally:
            os.close(descriptor)
        return
    with _replacing(path, Path(os.path.realpath(path)), force=force) as output:
        yield output


@contextmanager
def _replacing(name: str, target: Path, *, force: bool) -> Iterator[Output]:
    stem = target.name if len(os.fsencode(target.name)) < _LONGEST_STEM else "xent"
    temporary = target.with_name(f".{stem}.{os.urandom(6).hex()}.tmp")
    with writing(name):
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        try:
            with writing(name):
                if target.exists():
                    os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
            yield Output(name, descriptor, seekable=True)
            with writing(name):
                os.fsync(descriptor)
        finally:
            with writing(name):
                os.close(descriptor)
        with writing(name):
            _put_in_place(temporary, target, force=force)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _put_in_place(temporary: Path, target: Path, *, force: bool) -> None:
    if force:
        temporary.replace(target)
    else:
        # A link, unlike a rename, never overwrites what somebody else put there meanwhile.
        try:
            target.hardlink_to(temporary)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if target.exists():
                raise FileExistsError(errno.EEXIST, "exists") from None
            temporary.replace(target)
        else:
            temporary.unlink()
    with suppress(OSError):
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

"""Bytes to write: a file or URL that appears whole or not at all, a device, standard output.

What is written is compressed as the name's extension says.
"""

import errno
import os
import signal
import stat
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from xentcli.errors import OutputError, Stopped, XentError
from xentcli.storage.compression import CODECS, Codec
from xentcli.storage.names import compression_suffix_of, is_url, local_name

STANDARD_OUTPUT = "-"
_LONGEST_STEM = 200  # bytes; a file's name has at most 255
_SENT = 2**23  # bytes at a time; with 2**26 the disk idles at the start and the end
_ON_THE_WAY = 8  # parts that the disk is given time for


class Output:
    """An open place for bytes."""

    def __init__(self, name: str, descriptor: int, *, seekable: bool) -> None:
        self.name = name
        self.seekable = seekable
        self._descriptor = descriptor
        self._written = self._sent = 0
        self._on_the_way: deque[tuple[int, int]] = deque()

    def write(self, data: bytes | memoryview) -> None:
        """Write all of `data`."""
        view = memoryview(data).cast("B") if len(data) else memoryview(b"")
        self._written += len(view)
        with writing(self.name):
            while view:
                view = view[os.write(self._descriptor, view) :]
        if self.seekable and self._written - self._sent >= _SENT:
            self._send(self._sent, self._written)
            self._sent = self._written

    def write_at(self, offset: int, data: bytes | memoryview) -> None:
        """Write all of `data` at a place, in any thread or forked process; only if seekable."""
        view, end = memoryview(data), offset
        with writing(self.name):
            while view:
                count = os.pwrite(self._descriptor, view, end)
                end, view = end + count, view[count:]
        self._send(offset, end)

    def _send(self, start: int, end: int) -> None:
        """Have the system put on the disk what was written, not only at the fsync, and forget it.

        On Linux the advice does the one at first, and the other when it is given again later: a
        long output takes the memory of a few parts, not that of other programs' files.
        """
        if not hasattr(os, "posix_fadvise"):
            return
        self._on_the_way.append((start, end))
        self._advise(start, end)
        if len(self._on_the_way) > _ON_THE_WAY:
            self._advise(*self._on_the_way.popleft())

    def _advise(self, start: int, end: int) -> None:
        with suppress(OSError):
            os.posix_fadvise(self._descriptor, start, end - start, os.POSIX_FADV_DONTNEED)


class _Compressed(Output):
    """Compresses what is written to another output."""

    def __init__(self, inner: Output, codec: Codec) -> None:
        self.name = inner.name
        self.seekable = False
        self._inner = inner
        self._compressor = codec.compressor()

    def write(self, data: bytes | memoryview) -> None:
        """Write all of `data`."""
        if content := self._compressor.compress(memoryview(data)):
            self._inner.write(content)

    def finish(self) -> None:
        """Write what the compressor still holds."""
        self._inner.write(self._compressor.flush())


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


def check_output(name: str, *, force: bool) -> None:
    """Raise OutputError now if `name` cannot be written later."""
    if name == STANDARD_OUTPUT:
        return
    _codec_for(name)
    path = local_name(name)
    if is_url(path):
        from xentcli.storage.remote import check_target

        check_target(name, force=force)
        return
    with writing(name):
        target = Path(os.path.realpath(path))
        if Path(path).is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a directory")
        if Path(path).is_file() and not force:
            raise FileExistsError(errno.EEXIST, "exists")
        if not Path(path).exists() and not target.parent.is_dir():
            raise OutputError(f"{name}: cannot be written: there is no folder {target.parent}")


@contextmanager
def open_output(name: str, *, force: bool = False) -> Iterator[Output]:
    """Open `name` for writing; ``-`` is standard output.

    A regular file is written beside its place and moved there when the block ends without an
    error, a URL is written to a temporary file and sent off; a device or pipe is written as it
    comes.
    """
    check_output(name, force=force)
    codec = _codec_for(name)
    with _open_place(name, force=force) as output:
        if codec is None:
            yield output
        else:
            compressed = _Compressed(output, codec)
            yield compressed
            compressed.finish()


def _codec_for(name: str) -> Codec | None:
    codec = CODECS.get(compression_suffix_of(name))
    if codec is not None:
        try:
            codec.compressor()
        except XentError as error:
            raise OutputError(f"{name}: {error.message}", hint=error.hint) from error
    return codec


def _open_place(name: str, *, force: bool) -> AbstractContextManager[Output]:
    """Open what the bytes go to as they are."""
    if name == STANDARD_OUTPUT:
        return _standard_output()
    path = local_name(name)
    if is_url(path):
        return _uploading(name, force=force)
    if Path(path).exists() and not Path(path).is_file():  # a device, a pipe
        return _streaming(name, path)
    return _replacing(name, Path(os.path.realpath(path)), force=force)


@contextmanager
def _standard_output() -> Iterator[Output]:
    with writing("<stdout>"):
        if sys.stdout is None:
            raise OSError(errno.EBADF, "it is closed")
        sys.stdout.flush()
    yield Output("<stdout>", sys.stdout.fileno(), seekable=False)


@contextmanager
def _streaming(name: str, path: str) -> Iterator[Output]:
    with writing(name):
        descriptor = os.open(path, os.O_WRONLY)
    try:
        yield Output(name, descriptor, seekable=False)
    finally:
        os.close(descriptor)


@contextmanager
def _uploading(name: str, *, force: bool) -> Iterator[Output]:
    import tempfile

    from xentcli.storage.remote import upload

    with tempfile.TemporaryFile() as file:
        yield Output(f"a temporary copy of {name}", file.fileno(), seekable=True)
        file.seek(0)
        upload(file, name, force=force)


@contextmanager
def _replacing(name: str, target: Path, *, force: bool) -> Iterator[Output]:
    stem = target.name if len(os.fsencode(target.name)) < _LONGEST_STEM else "xent"
    temporary = target.with_name(f".{stem}.{os.urandom(6).hex()}.tmp")
    try:
        with writing(name):
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
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

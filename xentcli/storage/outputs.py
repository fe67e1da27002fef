"""An output: a descriptor to which bytes are written, as they are or compressed."""

import os
import select
from collections import deque
from contextlib import suppress

from xentcli.errors import writing
from xentcli.storage.compression import Codec

_SENT_BYTES = 2**23  # at a time; with 2**26 the disk idles at the start and the end
_PARTS_ON_THE_WAY = 8  # that the disk is given time to write


class Output:
    """An open place for bytes.

    Parameters
    ----------
    name : str
        The name that messages show.
    descriptor : int
        The descriptor that is written to; the caller closes it.
    seekable : bool
        Whether any place can be written at any time, by any thread or forked process.
    """

    def __init__(self, name: str, descriptor: int, *, seekable: bool) -> None:
        self.name = name
        self.seekable = seekable
        self._descriptor = descriptor
        self._written = self._sent = 0
        self._on_the_way: deque[tuple[int, int]] = deque()

    @property
    def is_terminal(self) -> bool:
        """Whether the output is a terminal, where somebody reads along."""
        return self._descriptor >= 0 and os.isatty(self._descriptor)

    def write(self, data: bytes | memoryview) -> None:
        """Write all of `data`."""
        view = memoryview(data).cast("B") if len(data) else memoryview(b"")
        self._written += len(view)
        with writing(self.name):
            while view:
                try:
                    view = view[os.write(self._descriptor, view) :]
                except BlockingIOError:  # a pipe that does not block is full
                    _wait_for_room(self._descriptor)
        if self.seekable and self._written - self._sent >= _SENT_BYTES:
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
        """Have the system put written bytes on the disk before the fsync, and drop them.

        On Linux the advice starts the writing when it is first given, and drops the pages when it
        is given again later: a long output takes the memory of a few parts, and the files of other
        programs stay in memory.
        """
        if not hasattr(os, "posix_fadvise"):
            return
        self._on_the_way.append((start, end))
        self._advise(start, end)
        if len(self._on_the_way) > _PARTS_ON_THE_WAY:
            self._advise(*self._on_the_way.popleft())

    def _advise(self, start: int, end: int) -> None:
        with suppress(OSError):
            os.posix_fadvise(self._descriptor, start, end - start, os.POSIX_FADV_DONTNEED)


def _wait_for_room(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    poll.poll()


class CompressedOutput(Output):
    """Compresses what is written to another output."""

    is_terminal = False

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

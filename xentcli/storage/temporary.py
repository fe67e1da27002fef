"""Keeps copies on disk of inputs that can be read, or outputs that can be written, only once."""

import os
from collections.abc import Iterator
from typing import IO, Any

from xentcli.errors import keeping, reading

_PART_BYTES = 2**20


class TemporaryCopy:
    """A file without a name, which is gone when nothing refers to it.

    Parameters
    ----------
    of : str
        The name of the original in messages.
    """

    def __init__(self, of: str) -> None:
        import tempfile

        self._of = of
        with keeping(of):
            self.file: IO[Any] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self.name = f"a temporary copy of {of} in {tempfile.gettempdir()}"

    def write(self, data: bytes | memoryview) -> None:
        """Write all of `data` behind what is there."""
        view = memoryview(data).cast("B") if len(data) else memoryview(b"")
        with keeping(self._of):
            while view:
                view = view[os.write(self.file.fileno(), view) :]

    def size(self) -> int:
        """Return how many bytes were written."""
        return os.fstat(self.file.fileno()).st_size

    def parts(self) -> Iterator[bytes]:
        """Yield everything that was written."""
        start = 0
        while part := self._part(start):
            yield part
            start += len(part)

    def _part(self, start: int) -> bytes:
        with reading(self.name):
            return os.pread(self.file.fileno(), _PART_BYTES, start)

"""Cells of any length for the csv module, whose limit of 128 KiB holds for the whole process."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_LONGEST_CHARACTERS = 2**31 - 1  # as pandas has it; lines have a limit anyway


class _Limit:
    """The limit of the process while somebody reads: it is set back when the last one is done."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._readers = 0
        self._before = 0

    def lift(self) -> None:
        with self._lock:
            if not self._readers:
                self._before = csv.field_size_limit(_LONGEST_CHARACTERS)
            self._readers += 1

    def set_back(self) -> None:
        with self._lock:
            self._readers -= 1
            if not self._readers:
                csv.field_size_limit(self._before)


_LIMIT = _Limit()


@contextmanager
def long_cells() -> Iterator[None]:
    """Let cells be as long as their lines, in any thread, and leave the process as it was."""
    _LIMIT.lift()
    try:
        yield
    finally:
        _LIMIT.set_back()

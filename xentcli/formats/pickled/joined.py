"""Arrays of one file as one array: the batches of a list."""

import threading
from collections.abc import Callable, Sequence
from typing import ClassVar

from xentcli.formats.base import IndexedSource
from xentcli.formats.in_sequence import ArraysInSequence

_MOST_OPEN = 8  # each keeps the memory that it reads into


class JoinedSource(ArraysInSequence):
    """Arrays with rows of one shape and dtype, one after the other.

    Parameters
    ----------
    parts : sequence of callable
        What opens each of them; there may be thousands.
    lengths : sequence of int
        The rows of each.
    """

    of_this_process: ClassVar[tuple[str, ...]] = ("unchanged", "_parts", "_latest", "_lock")

    def __init__(
        self, parts: Sequence[Callable[[], IndexedSource]], lengths: Sequence[int]
    ) -> None:
        self._parts, self.batches = parts, lengths
        self._latest: dict[int, IndexedSource] = {}
        self._lock = threading.Lock()
        first = self._part(0)
        self.name, self.format, self.notes = first.name, first.format, []
        self.size, self.unchanged = first.size, first.unchanged
        self.dtype, self.stored_dtype = first.dtype, first.stored_dtype
        self.tileable, self.shareable = first.tileable, first.shareable
        self._set_lengths(lengths)
        self.shape = (self._ends[-1], *first.shape[1:])

    def _part(self, i: int) -> IndexedSource:
        with self._lock:
            source = self._latest.pop(i, None) or self._parts[i]()
            self._latest[i] = source  # moves it to the end, as the latest
            if len(self._latest) > _MOST_OPEN:
                del self._latest[next(iter(self._latest))]
            return source

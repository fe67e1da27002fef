"""Numbers of all rows, kept until every row was seen: in memory if they are few, else on disk."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import reading
from xentcli.pipeline.flow import Part
from xentcli.pipeline.kept_rows import Keys

Array = NDArray[Any]
_ROWS_IN_MEMORY = 2**19  # 9 bytes each, 13 with a column


class Spool:
    """Keeps numbers, whether each came true, and columns, and yields them any number of times."""

    def __init__(self) -> None:
        self.rows = 0
        self.hits = 0
        self.columns: tuple[Array, Array] | None = None
        """How many rows and hits each of several labels has."""
        self._waiting: list[Keys] = []
        self._waiting_rows = 0
        self._written: list[tuple[int, int, bool]] = []
        self._file: Any = None

    def add(self, keys: Keys) -> None:
        """Keep some rows."""
        self.rows += keys.values.size
        self.hits += int(np.count_nonzero(keys.hits))
        if keys.columns is not None:
            size = int(keys.columns.max(initial=-1)) + 1
            counts = [
                np.bincount(each, minlength=size)
                for each in (keys.columns, keys.columns[keys.hits])
            ]
            before = self.columns or (np.zeros(0, np.int64), np.zeros(0, np.int64))
            self.columns = _added(before[0], counts[0]), _added(before[1], counts[1])
        self._waiting.append(keys)
        self._waiting_rows += keys.values.size
        if self._waiting_rows > _ROWS_IN_MEMORY:
            self._write()

    def counts_of(self, column: int) -> tuple[int, int]:
        """Return how many rows and hits one of several labels has; the last may have none."""
        rows, hits = (int(each[column]) if column < each.size else 0 for each in self.columns or ())
        return rows, hits

    def _write(self) -> None:
        if self._file is None:
            from xentcli.storage.temporary import TemporaryCopy

            self._file = TemporaryCopy("the rows' confidences")
        for keys in self._waiting:
            start = self._file.size()
            for part in keys:
                if part is not None and part.size:
                    self._file.write(np.ascontiguousarray(part).view(np.uint8).data)
            self._written.append((start, keys.values.size, keys.columns is not None))
        self._waiting, self._waiting_rows = [], 0

    def parts(self) -> Iterator[tuple[Array, Array]]:
        """Yield the numbers of all rows and what came true."""
        for keys in self._all():
            yield keys.values, keys.hits

    def all_parts(self) -> Iterator[tuple[Array, Array, Array | None]]:
        """Yield the same, with the columns."""
        for keys in self._all():
            yield keys.values, keys.hits, keys.columns

    def _all(self) -> Iterator[Keys]:
        for start, rows, has_columns in self._written:
            size = (13 if has_columns else 9) * rows
            with reading(self._file.name):
                data = np.frombuffer(os.pread(self._file.file.fileno(), size, start), np.uint8)
            values, hits = data[: 8 * rows].view(np.float64), data[8 * rows : 9 * rows]
            columns = data[9 * rows :].copy().view(np.int32) if has_columns else None
            yield Keys(values, hits.view(np.bool_), columns)
        yield from self._waiting

    def close(self) -> None:
        """Release what was kept."""
        if self._file is not None:
            self._file.file.close()


def _added(one: Array, other: Array) -> Array:
    size = max(one.size, other.size)
    total: Array = np.zeros(size, np.int64)
    total[: one.size] += one
    total[: other.size] += other
    return total


class Spools:
    """One spool for each name that the parts of a run keep numbers under."""

    def __init__(self, names: Iterable[str]) -> None:
        self._spools = {name: Spool() for name in names}

    def __getitem__(self, name: str) -> Spool:
        return self._spools[name]

    def close(self) -> None:
        """Release all that was kept."""
        for spool in self._spools.values():
            spool.close()

    def watch(self, parts: Iterable[Part[Any]]) -> Iterator[Part[Any]]:
        """Hand parts on, and keep their numbers."""
        for part in parts:
            for name, keys in (part.kept or {}).items():
                self._spools[name].add(keys)
            yield part._replace(kept=None)

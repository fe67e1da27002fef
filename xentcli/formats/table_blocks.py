"""Pieces of sources: blocks, which are encoded still, and the tables that they decode to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xentcli.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

Shape = tuple[int | None, ...]
"""An array's shape; the first length is None where only the end of the file tells it."""


class Table(Record):
    """Decoded rows: the numbers, and each row's label and id where the file holds them too.

    Numbers or text: labels may be class names, ids whatever names a row.
    """

    values: NDArray[Any]
    labels: NDArray[Any] | None = None
    ids: NDArray[Any] | None = None

    @classmethod
    def joined(cls, tables: list[Table]) -> Table:
        """Return the rows of several tables, of which all or none hold labels and ids, as one."""
        if len(tables) == 1:
            return tables[0]

        def join(parts: Sequence[Any]) -> Any:
            return None if parts[0] is None else np.concatenate(parts)

        return cls(*map(join, zip(*tables, strict=True)))

    def copied(self) -> Table:
        """Return the same rows in memory of their own, in plain arrays that pickle."""
        return Table(*(None if part is None else np.array(part) for part in self))  # type: ignore[arg-type]


class Block(Record):
    """Consecutive slices of an axis of a source, still encoded: plain data that pickles, no code.

    `Source.decode` reads, parses and converts it.
    """

    start: int
    rows: int
    axis: int = 0
    content: Any = None
    """Bytes, or where the source finds them; None where start, rows and axis say it all."""


def cuts(length: int, step: int) -> Iterator[tuple[int, int]]:
    """Cut slices 0 to `length` into pieces of `step`: where each begins, and how many it has."""
    for start in range(0, length, step):
        yield start, min(step, length - start)

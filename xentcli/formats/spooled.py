"""Numbers that were decoded from a format whose rows come in order, kept on the disk."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from xentcli.formats.arrays import ArraySource
from xentcli.formats.sources import Source, Table
from xentcli.formats.stored import Stored
from xentcli.storage.inputs import Input
from xentcli.storage.temporary import TemporaryCopy


class SpooledArray(ArraySource):
    """A copy of the numbers of a source, of which any slice is read; it names places as that does.

    Parameters
    ----------
    data : Input
        The numbers, row by row.
    stored : Stored
        Their shape and dtype.
    origin : Source
        What they were decoded from.
    """

    of_this_process: ClassVar[tuple[str, ...]] = (*ArraySource.of_this_process, "origin")

    def __init__(self, data: Input, stored: Stored, origin: Source) -> None:
        super().__init__(data, stored, origin.format, origin.name)
        self.origin = origin
        self.size, self.notes, self.columns = origin.size, origin.notes, origin.columns
        self.header, self.stored_dtype = origin.header, origin.stored_dtype
        self.unchanged = origin.unchanged

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place as the origin does."""
        return self.origin.place(index)


def spooled(source: Source, tables: Iterable[Table]) -> SpooledArray:
    """Write the numbers of a source, without labels and ids, to a file that has no name."""
    copy = TemporaryCopy(source.name)
    rows, dtype = 0, source.dtype
    for table in tables:
        copy.write(np.ascontiguousarray(table.values, dtype).data)
        rows += len(table.values)
    shape = (rows, *(n or 0 for n in source.shape[1:]))
    size = copy.size()
    return SpooledArray(
        Input(source.name, copy.file, size, shareable=True), Stored(shape, dtype, 0, size), source
    )

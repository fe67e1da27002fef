"""Numbers that were decoded from a format whose rows come in order, kept on the disk."""

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.arrays import ArraySource
from xentcli.formats.sources import Source
from xentcli.formats.stored import Stored
from xentcli.formats.table_blocks import Table
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
    labels, ids : ndarray, optional
        What stood beside the rows, in memory.
    """

    of_this_process: ClassVar[tuple[str, ...]] = (*ArraySource.of_this_process, "origin")

    def __init__(
        self,
        data: Input,
        stored: Stored,
        origin: Source,
        labels: NDArray[Any] | None = None,
        ids: NDArray[Any] | None = None,
    ) -> None:
        super().__init__(data, stored, origin.format, origin.name)
        self.origin = origin
        self.size, self.notes, self.columns = origin.size, origin.notes, origin.columns
        self.header, self.stored_dtype = origin.header, origin.stored_dtype
        self.unchanged = origin.unchanged
        self.labelled, self.label_row = origin.labelled, origin.label_row
        self.label_dtype = origin.label_dtype
        self.id_column = origin.id_column
        self.tileable = labels is None and ids is None
        self._beside = (labels, ids)

    def read(self, start: int, rows: int, axis: int = 0) -> Table:
        """Read a slice; labels and ids go with slices of the first axis."""
        values = super().read(start, rows, axis).values
        these = slice(start, start + rows) if axis == 0 else slice(None)
        return Table(values, *(None if each is None else each[these] for each in self._beside))

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place as the origin does."""
        return self.origin.place(index)


def spooled(source: Source, tables: Iterable[Table]) -> SpooledArray:
    """Write the numbers of a source to a file that has no name; labels and ids stay in memory."""
    copy = TemporaryCopy(source.name)
    rows, dtype = 0, source.dtype
    beside: list[Table] = []
    for table in tables:
        copy.write(np.ascontiguousarray(table.values, dtype).data)
        rows += len(table.values)
        if table.labels is not None or table.ids is not None:
            beside.append(table._replace(values=np.empty((0,))).copied())
    labels = ids = None
    if beside:
        _, labels, ids = Table.joined(beside)
    shape = (rows, *(n or 0 for n in source.shape[1:]))
    size = copy.size()
    data = Input(source.name, copy.file, size, shareable=True)
    return SpooledArray(data, Stored(shape, dtype, 0, size), source, labels, ids)

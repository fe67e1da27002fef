"""How a Parquet file is cut into record batches."""

from collections.abc import Iterator

from xentcli.errors import InputError
from xentcli.formats.arrow.library import parquet
from xentcli.formats.arrow.pages import LARGEST_PAGE_BYTES, check_pages, chunks_of
from xentcli.formats.arrow.table_files import RecordBatch, RowGroups, TablePiece
from xentcli.storage.inputs import Input

_BUFFER_BYTES = 2**25  # for all columns together
_SMALLEST_COLUMN_BYTES, _LARGEST_COLUMN_BYTES = 2**13, 2**20  # of the buffer, for one column
_MOST_BLOCKS_OF_GROUP = 4  # a row group of no more blocks is decoded in one go


class ParquetFile:
    """A Parquet file: small row groups are decoded by whoever needs them, large ones in order.

    Attributes
    ----------
    page_bytes : int
        What a page may take, which pyarrow reads as a whole.
    """

    page_bytes = LARGEST_PAGE_BYTES

    def __init__(self, data: Input) -> None:
        self._data = data
        self._chunks = chunks_of(data) or []
        file = parquet().ParquetFile(data.as_file(), pre_buffer=False)
        self._metadata = file.metadata
        self.schema = file.schema_arrow
        self._checked: set[tuple[int, tuple[str, ...]]] = set()
        self.notes: list[str] = []
        self.rows: int | None = self._metadata.num_rows
        groups = self._metadata.num_row_groups
        self._groups = [self._metadata.row_group(i).num_rows for i in range(groups)]
        if min(self._groups, default=0) < 0 or sum(self._groups) != self.rows:
            raise InputError(
                f"{data.name}: {self.rows} rows are promised, and {sum(self._groups)} in row groups"
            )

    def first(self, columns: tuple[str, ...], rows: int) -> RecordBatch | None:
        """Read the first rows."""
        return next(self._batches(columns, range(len(self._groups)), rows), None)

    def pieces(self, columns: tuple[str, ...], rows: int) -> Iterator[TablePiece]:
        """Cut at row groups, and within those that are large."""
        first = count = 0
        for group, length in enumerate([*self._groups, 0]):
            large, last = length > _MOST_BLOCKS_OF_GROUP * rows, group == len(self._groups)
            if large or last or count >= rows:
                if count:
                    yield TablePiece(count, RowGroups(first, group, rows))
                first, count = group, 0
            if large:
                for batch in self._batches(columns, range(group, group + 1), rows):
                    yield TablePiece(batch.num_rows, [batch])
                first = group + 1
            else:
                count += length

    def read(self, columns: tuple[str, ...], groups: RowGroups) -> list[RecordBatch]:
        """Decode row groups."""
        first, stop, rows = groups
        return list(self._batches(columns, range(first, stop), rows))

    def _batches(self, columns: tuple[str, ...], groups: range, rows: int) -> Iterator[RecordBatch]:
        """Decode row groups, `rows` rows at a time, with a reader of their own."""
        self._check_pages(columns, groups)
        # Without a buffer, all of a row group's bytes are read before the first row.
        share = max(_BUFFER_BYTES // len(columns), _SMALLEST_COLUMN_BYTES)
        file = parquet().ParquetFile(
            self._data.as_file(),
            metadata=self._metadata,
            buffer_size=min(share, _LARGEST_COLUMN_BYTES),
            pre_buffer=False,
            page_checksum_verification=True,  # of pages that have one
        )
        batches: Iterator[RecordBatch] = file.iter_batches(
            rows, row_groups=list(groups), columns=list(columns), use_threads=False
        )
        return batches

    def _check_pages(self, columns: tuple[str, ...], groups: range) -> None:
        """Check the pages of columns, once in each row group."""
        for group in groups:
            if (group, columns) not in self._checked:
                wanted = set(columns)
                for chunk in self._chunks[group]:
                    if chunk.column in wanted:
                        check_pages(self._data, chunk, self.page_bytes)
                self._checked.add((group, columns))

"""How Parquet files, Arrow files and Arrow streams are cut into record batches."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from xentcli.errors import InputError
from xentcli.formats.arrow.library import parquet, pyarrow
from xentcli.formats.arrow.pages import check_pages
from xentcli.storage.inputs import Input

RecordBatch = Any
_BUFFER_BYTES = 2**25  # for all columns of a Parquet file together
_SMALLEST_BYTES, _LARGEST_BYTES = 2**13, 2**20  # for one of them
_FEW_BLOCKS = 4  # a row group of so many times the rows that are wanted is decoded in one go
_END = b"\xff\xff\xff\xff\0\0\0\0"  # of a stream that was closed


class RowGroups(NamedTuple):
    """Consecutive row groups of a file, which whoever decodes them reads."""

    first: int
    stop: int
    batch_rows: int
    """Rows that are decoded at a time."""


class Piece(NamedTuple):
    """Consecutive rows: how many, and where they are, or themselves where only order tells."""

    rows: int
    content: RowGroups | list[RecordBatch]


class TableFile(Protocol):
    """A file of columns."""

    schema: Any
    rows: int | None
    notes: list[str]

    def pieces(self, columns: tuple[str, ...], rows: int) -> Iterator[Piece]:
        """Cut some columns into pieces of about `rows` rows."""

    def read(self, columns: tuple[str, ...], groups: RowGroups) -> list[RecordBatch]:
        """Decode row groups, in any thread."""

    def first(self, columns: tuple[str, ...], rows: int) -> RecordBatch | None:
        """Return the first rows of columns, up to so many, or more; None if there is none."""


class ParquetFile:
    """A Parquet file: small row groups are decoded by whoever needs them, large ones in order."""

    def __init__(self, data: Input) -> None:
        self._data = data
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

    def pieces(self, columns: tuple[str, ...], rows: int) -> Iterator[Piece]:
        """Cut at row groups, and within those that are large."""
        first = count = 0
        for group, length in enumerate([*self._groups, 0]):
            large, last = length > _FEW_BLOCKS * rows, group == len(self._groups)
            if large or last or count >= rows:
                if count:
                    yield Piece(count, RowGroups(first, group, rows))
                first, count = group, 0
            if large:
                for batch in self._batches(columns, range(group, group + 1), rows):
                    yield Piece(batch.num_rows, [batch])
                first = group + 1
            else:
                count += length

    def read(self, columns: tuple[str, ...], groups: RowGroups) -> list[RecordBatch]:
        """Decode row groups."""
        first, stop, rows = groups
        return list(self._batches(columns, range(first, stop), rows))

    def _batches(self, columns: tuple[str, ...], groups: range, rows: int) -> Iterator[RecordBatch]:
        """Decode row groups, `rows` rows at a time, with a reader of their own."""
        # Without a buffer, all of a row group's bytes are read before the first row.
        self._check_pages(columns, groups)
        buffer = min(max(_BUFFER_BYTES // len(columns), _SMALLEST_BYTES), _LARGEST_BYTES)
        file = parquet().ParquetFile(
            self._data.as_file(), metadata=self._metadata, buffer_size=buffer, pre_buffer=False
        )
        batches: Iterator[RecordBatch] = file.iter_batches(
            rows, row_groups=list(groups), columns=list(columns), use_threads=False
        )
        return batches

    def _check_pages(self, columns: tuple[str, ...], groups: range) -> None:
        """Check the pages of columns, once for each row group."""
        places = None
        for group in groups:
            if (group, columns) in self._checked:
                continue
            row_group = self._metadata.row_group(group)
            if places is None:
                paths = self._metadata.schema
                wanted = set(columns)
                places = [
                    i for i in range(len(paths)) if paths.column(i).path.split(".")[0] in wanted
                ]
            for i in places:
                check_pages(self._data, row_group.column(i))
            self._checked.add((group, columns))


class ArrowFile:
    """An Arrow IPC file (Feather version 2): a record batch is read whole, then cut."""

    def __init__(self, data: Input) -> None:
        self._data = data
        if data.peek(4) == b"FEA1":
            raise InputError(
                f"{data.name}: this is version 1 of Feather",
                hint="pandas.read_feather(old).to_feather(new) writes version 2",
            )
        reader = pyarrow().ipc.open_file(data.as_file())
        self.schema = reader.schema
        self.notes: list[str] = []
        # pyarrow 25 cannot count without reading everything.
        self.rows: int | None = reader.count_rows() if hasattr(reader, "count_rows") else None

    def first(self, columns: tuple[str, ...], rows: int) -> RecordBatch | None:
        """Read the first batch that is not empty."""
        batches = (batch for batch in self._batches(columns) if batch.num_rows)
        return next((batch.slice(0, rows) for batch in batches), None)

    def pieces(self, columns: tuple[str, ...], rows: int) -> Iterator[Piece]:
        """Cut record batches."""
        for batch in self._batches(columns):
            for start in range(0, batch.num_rows, rows):
                part = batch.slice(start, rows)
                yield Piece(part.num_rows, [part])

    def read(self, columns: tuple[str, ...], groups: RowGroups) -> list[RecordBatch]:
        """Do nothing: there are no row groups."""
        raise AssertionError(f"{columns}, {groups}: pieces carry their batches")

    def _batches(self, columns: tuple[str, ...]) -> Iterator[RecordBatch]:
        reader = pyarrow().ipc.open_file(self._data.as_file(), options=self._options(columns))
        for i in range(reader.num_record_batches):
            yield _valid(reader.get_batch(i))

    def _options(self, columns: tuple[str, ...]) -> Any:
        fields = [self.schema.get_field_index(name) for name in columns]
        return pyarrow().ipc.IpcReadOptions(use_threads=False, included_fields=sorted(fields))


class ArrowStream(ArrowFile):
    """An Arrow IPC stream, which does not say how many rows it has."""

    def __init__(self, data: Input) -> None:
        self._data = data
        self.schema = pyarrow().ipc.open_stream(data.as_file()).schema
        self.rows = None
        end = bytearray(len(_END))
        data.read_at((data.size or 0) - len(end), memoryview(end))
        cut = f"{data.name}: the stream has no end mark: some of it may be missing"
        self.notes = [] if end == _END else [cut]

    def _batches(self, columns: tuple[str, ...]) -> Iterator[RecordBatch]:
        reader = pyarrow().ipc.open_stream(self._data.as_file(), options=self._options(columns))
        yield from map(_valid, reader)


def _valid(batch: RecordBatch) -> RecordBatch:
    """Check what pyarrow takes on trust: lengths and offsets that point outside its memory."""
    batch.validate(full=True)
    return batch


TABLE_FILES: dict[str, Callable[[Input], TableFile]] = {
    "parquet": ParquetFile,
    "arrow": ArrowFile,
    "arrows": ArrowStream,
}
"""What opens a file of each format."""

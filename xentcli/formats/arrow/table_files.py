"""What a file of columns offers, whatever its format: a schema, and record batches by pieces."""

from collections.abc import Iterator
from typing import Any, Protocol

from xentcli.formats.arrow.types import has_no_values, with_numbers
from xentcli.records import Record
from xentcli.storage.inputs import Input

RecordBatch = Any


class RowGroups(Record):
    """Consecutive row groups of a file, which whoever decodes them reads."""

    first: int
    stop: int
    batch_rows: int
    """Rows that are decoded at a time."""


class TablePiece(Record):
    """Consecutive rows: how many, and the row groups that hold them, or the rows themselves."""

    rows: int
    content: RowGroups | list[RecordBatch]


class TableFile(Protocol):
    """A file of columns."""

    schema: Any
    rows: int | None
    notes: list[str]

    def pieces(self, columns: tuple[str, ...], rows: int) -> Iterator[TablePiece]:
        """Cut some columns into pieces of about `rows` rows."""

    def read(self, columns: tuple[str, ...], groups: RowGroups) -> list[RecordBatch]:
        """Decode row groups, in any thread."""

    def first(self, columns: tuple[str, ...], rows: int) -> RecordBatch | None:
        """Return the first rows of columns, up to so many, or more; None if there is none."""


def open_table_file(data: Input, format_: str) -> TableFile:
    """Open a file of one of the three formats."""
    if format_ == "parquet":
        from xentcli.formats.arrow.parquet_file import ParquetFile

        return ParquetFile(data)
    from xentcli.formats.arrow.ipc_files import ArrowFile, ArrowStream

    return ArrowFile(data) if format_ == "arrow" else ArrowStream(data)


def schema_of(file: TableFile) -> Any:
    """Return the schema of a file; where there are no rows, columns of no type hold numbers."""
    untyped = [field.name for field in file.schema if has_no_values(field.type)]
    has_rows = bool(file.rows) or (
        file.rows is None and untyped and file.first((untyped[0],), 1) is not None
    )
    return file.schema if has_rows or not untyped else with_numbers(file.schema)

"""The rows of a table as objects, for columns that hold no numbers."""

from collections.abc import Iterator, Sequence
from typing import Any

from xentcli.errors import InputError
from xentcli.formats.arrow.library import understood
from xentcli.formats.arrow.table_files import RowGroups, open_table_file
from xentcli.storage.inputs import Input

_ROWS = 1000  # how many are read at a time


def names_of(data: Input, format_: str) -> list[str]:
    """Return the names of the columns."""
    with understood(data.name, InputError, f"reading {format_}"):
        names: list[str] = open_table_file(data.spooled(), format_).schema.names
    return names


def rows_of(
    data: Input, format_: str, columns: Sequence[str], rows: int = _ROWS
) -> Iterator[dict[str, Any]]:
    """Yield each row's values by column, of those columns that there are."""
    with understood(data.name, InputError, f"reading {format_}"):
        file = open_table_file(data.spooled(), format_)
        names = tuple(name for name in columns if name in file.schema.names)
        for piece in file.pieces(names, rows):
            content = piece.content
            batches = file.read(names, content) if isinstance(content, RowGroups) else content
            for batch in batches:
                yield from batch.to_pylist()

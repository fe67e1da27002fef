"""Columns that are read as a class, though their names say that they are something else."""

from xentcli.formats.base import ReadOptions
from xentcli.text import name_option

_NO_CLASS = {"label", "labels", "target", "y_true", "id", "idx", "index", "row_id"}


def doubts(file: str, columns: tuple[str, ...] | None, options: ReadOptions) -> list[str]:
    """Return a note for each column that was not asked for and does not sound like a class."""
    if options.columns is not None or options.labels or columns is None or len(columns) < 3:
        return []
    odd = [column for column in columns if column.casefold() in _NO_CLASS]
    return [
        f"{file}: column {column!r} is read as one of {len(columns)} classes "
        f"(else --drop {name_option(column)})"
        for column in odd
    ]

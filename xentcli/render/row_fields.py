"""The fields of single rows in JSON and CSV."""

from collections.abc import Iterable
from typing import Any

from xentcli.results.records import field_names
from xentcli.results.row_names import Names


def fields_of_row(found: Names, row: Any) -> dict[str, Any]:
    """Return the fields of a row, with its index where rows have several axes.

    If there are several files, its place is among them.
    """
    fields = {name: getattr(row, name) for name in field_names(row)}
    if row.place is None:
        del fields["place"]
    index = found.row_index(row.row)
    return fields if len(index) == 1 else {**fields, "index": index}


def with_place(names: Iterable[str], rows: Iterable[Any]) -> list[str]:
    """Return the names of columns, and that of the place if there are several files."""
    return [*names, *(["place"] if any(row.place is not None for row in rows) else [])]

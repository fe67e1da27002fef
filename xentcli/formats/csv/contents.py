"""What the columns of a CSV file hold: classes, and what stands beside them."""

from collections.abc import Sequence

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions, Shape
from xentcli.formats.column_groups import ENOUGH_ROWS, ColumnKind, groups_of
from xentcli.formats.contents import Content
from xentcli.formats.csv.list_cells import JUDGED_ROWS, is_list, row_shape
from xentcli.formats.csv.numbers import is_number
from xentcli.formats.csv.source import CsvSource
from xentcli.storage.inputs import Input


def contents(data: Input, options: ReadOptions, usual_delimiter: str) -> list[Content]:
    """Return what the columns of a file hold, by its first rows; nothing if they are one array."""
    one = CsvSource(data, options._replace(any_columns=True), usual_delimiter)
    if one.fields == 1:  # its other rows tell whether the first is a name
        one = CsvSource(data, options._replace(labels=True), usual_delimiter)
    names, rows, fields = one.names, one.first_rows(ENOUGH_ROWS), one.fields
    cells = [[row[i] for row in rows if len(row) > i] for i in range(fields)]
    numeric = [i for i in range(fields) if cells[i] and all(map(is_number, cells[i]))]
    kinds = [_kind(i, names, cells[i]) for i in numeric]
    groups = groups_of(kinds)
    if len(numeric) == fields and len(groups) < 2:
        return []
    listed = []
    if groups:
        columns = tuple(kind.choice for kind in kinds)
        listed.append(Content(None, (None, len(columns)), "float64", None, columns, groups))
    for i in range(fields):
        if i not in numeric:
            choice = _choice(i, names)
            read = (choice,) if not listed else ()  # without numbers, its rows are counted
            texts = tuple(cells[i])
            name = choice if fields > 1 else None
            if texts and all(map(is_list, texts[:JUDGED_ROWS])):
                if fields == 1:
                    return []
                row = _length_of(texts[0])
                listed.append(Content(name, (None, *row), "float64", None, (choice,)))
                continue
            some = [text for text in texts if text.strip()]
            dtype = "float64" if some and all(map(is_number, some)) else "text"
            listed.append(Content(name, (None,), dtype, None, read, (), texts))
    return listed


def _length_of(cell: str) -> Shape:
    """Return the shape of a list, as far as it is one."""
    try:
        return row_shape(cell, "")[0]
    except InputError:
        return (None,)


def _choice(field: int, names: tuple[str, ...] | None) -> str:
    """Return what chooses a column: its name, or without a header its number."""
    return names[field] if names else str(field + 1)


def _kind(field: int, names: tuple[str, ...] | None, cells: Sequence[str]) -> ColumnKind:
    numbers = {float(cell) for cell in cells}
    whole = all(number.is_integer() for number in numbers)
    return ColumnKind(
        names[field] if names else None,
        _choice(field, names),
        whole=whole and len(numbers) > 1 and not numbers <= {0.0, 1.0},
        fractions=not whole,
        dtype="float64",
    )

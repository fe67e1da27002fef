"""What the first lines of a file decide: delimiter, header, index column, columns to read."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions
from xentcli.formats.csv.cells import RowLayout, check_quotes, decode, squeeze
from xentcli.formats.csv.columns import Columns, are_names, choose, find_index, is_label
from xentcli.formats.csv.delimiter import DELIMITERS, delimiter_of, without_sep_line
from xentcli.formats.csv.numbers import (
    cure,
    is_almost_number,
    is_cut,
    is_decimal_comma,
    is_number,
    with_point,
)

_LABEL_ROWS = 1000  # that decide whether labels are names


@dataclass(frozen=True)
class Beginning:
    """What the first lines of a file decide.

    Attributes
    ----------
    layout : RowLayout
        Of the rows.
    header_lines : int
        How many lines the header takes.
    columns : Columns
        The fields that are read.
    label_names : bool
        Whether the labels are names, the first text that is read.
    padded : bool
        Whether any number of blanks stands between cells.
    notes : list of str
        What was decided beyond the plain cases.
    """

    layout: RowLayout
    header_lines: int
    columns: Columns
    label_names: bool
    padded: bool
    notes: list[str]


def read_beginning(head: bytes, name: str, options: ReadOptions, usual_delimiter: str) -> Beginning:
    """Decide how to read a file that starts with `head`, which ends at a line end."""
    text = decode(head, name, 1).removeprefix("# ")  # as np.savetxt begins a header
    notes: list[str] = []
    text, said = without_sep_line(text)
    delimiter = delimiter_of(text, said, options, usual_delimiter)
    if said is None and delimiter not in (options.delimiter, usual_delimiter):
        notes.append(f"{name}: cells are separated by {DELIMITERS[delimiter]}")
    squeezed = squeeze(text.encode()).decode() if delimiter == " " else text
    padded, text = squeezed != text, squeezed
    rows = _rows(text, delimiter, name, options.decimal)
    first, header_lines = next(rows, ([], 0))
    second, _ = next(rows, (None, 0))
    if second is None:
        check_quotes(head, delimiter, name, 1)
    labelled = options.labels or options.label_column is not None
    needs_more = labelled or (second is not None and len(second) == len(first) + 1)
    others = [cells for cells, _ in islice(rows, _LABEL_ROWS if needs_more else 0)]
    others = others if second is None else [second, *others]
    is_header, note = _decide_header(first, second, others, name, options)
    notes += [note] if note else []
    names = _names(first, others, name) if is_header else None
    index = find_index(names, second, options)
    if index is not None:
        notes.append(f"{name}: the first column, without a name, counts the rows and is left out")
    fields = len(names or first)
    columns = choose(names, fields, 0 if index is None else 1, name, options)
    label_names = labelled and _labels_are_names(
        others if is_header else [first, *others], names, columns, options
    )
    values, texts = _roles(columns, label_names=label_names)
    labels = columns.values if columns.label is None else (columns.label,)
    layout = RowLayout(
        delimiter, fields, names, values, texts, index, labels if labelled else (), options.decimal
    )
    header_lines = (header_lines if is_header else 0) + (said is not None)
    return Beginning(layout, header_lines, columns, label_names, padded, notes)


def _rows(
    text: str, delimiter: str, name: str, decimal: str = "."
) -> Iterator[tuple[list[str], int]]:
    """Yield the cells of each row, and how many lines are read then."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            points = cells if decimal == "." else [with_point(cell) for cell in cells]
            yield points, reader.line_num
    except csv.Error as error:
        raise InputError(f"{name}:{reader.line_num}: {error}") from error


_MISSING = {"", "na", "n/a", "null", "none"}


def _counts(cells: list[str], at_least: int = 2) -> bool:
    """Whether cells are 0, 1, 2, ..."""
    return len(cells) >= at_least and all(c.strip() == str(i) for i, c in enumerate(cells))


def _decide_header(
    first: list[str],
    second: list[str] | None,
    others: list[list[str]],
    name: str,
    options: ReadOptions,
) -> tuple[bool, str | None]:
    """Return whether the first row is a header, and what the user should know about that."""
    if options.header is not None:
        return options.header, None
    beside = (options.label_column, options.id_column)
    said = {*beside, *(options.columns or ()), *options.drop}
    if any(cell.strip() in said and not is_number(cell) for cell in first):
        return True, None
    if options.labels and len(first) == 1 and not is_number(first[0]):
        if not is_label(first[0], (cells[0] for cells in others if cells), options.classes):
            return True, None
        return False, f"{name}: the first row is read as a label (else --header)"
    # Labels and ids that the user finds by number may be text in a file without a header.
    by_number = {int(column) - 1 for column in beside if column and column.isdecimal()}
    if second is not None and len(second) != len(first):
        second = None
    return _judge({i: cell for i, cell in enumerate(first) if i not in by_number}, second, name)


def _judge(first: dict[int, str], second: list[str] | None, name: str) -> tuple[bool, str | None]:
    """Decide by the first row's cells, each with its field, and by the second row."""
    cells = list(first.values())
    numeric = [is_number(cell) for cell in cells]
    unnamed = first.get(0) == "" and len(first) > 1
    if _counts(cells[1:] if unnamed else cells, at_least=1 if unnamed else 2):
        note = f"{name}: the first row counts the columns: read as a header (else --no-header)"
        return True, note
    if all(numeric):
        return False, None
    missing = [i for i, cell in first.items() if cell.strip().lower() in _MISSING]
    if any(numeric) and missing and len(missing) + sum(numeric) == len(first):
        i = missing[0]
        what = repr(first[i]) if first[i].strip() else "an empty cell"
        raise InputError(
            f"{name}:1: column {i + 1}: {what} among numbers",
            hint="if the first row is a header: --header",
        )
    for i, cell in first.items():
        if is_almost_number(cell):
            known = is_cut(cell) or is_decimal_comma(cell)
            hint = cure(cell, None) if known else "say which with --header or --no-header"
            raise InputError(
                f"{name}:1: column {i + 1}: {cell[:40]!r} may be a name or a number", hint=hint
            )
    if not any(numeric) or second is None:
        return True, None
    named = [i for i, cell in first.items() if not is_number(cell)]
    counting = _counts([cell for cell in cells if is_number(cell)])
    if counting or all(is_number(second[i]) for i in named):
        return True, f"{name}: the first row is read as a header (else --no-header)"
    raise InputError(
        f"{name}:1: the first row has both numbers and text, and may be a header or data",
        hint="say which with --header or --no-header",
    )


def _names(first: list[str], others: list[list[str]], file: str) -> tuple[str, ...] | None:
    """Return the names of all columns."""
    names = tuple(cell.strip() for cell in first)
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        if name and name in seen:
            raise InputError(
                f"{file}:1: two columns are named {name!r}: {seen[name] + 1} and {i + 1}",
                hint="rename one, or read the first row as data with --no-header",
            )
        seen[name] = i
    return ("", *names) if _lacks_a_name(names, others) else names or None


def _lacks_a_name(names: tuple[str, ...], others: list[list[str]]) -> bool:
    """Whether there is no name for the first column, R's names of rows: text, or 1, 2, 3, ..."""
    if min(len(names), len(others)) < 2 or {len(cells) for cells in others} != {len(names) + 1}:
        return False
    start = others[0][0]
    return bool(others[0][-1].strip()) and (start in ("0", "1") or not is_number(start))


def _labels_are_names(
    rows: list[list[str]], names: tuple[str, ...] | None, columns: Columns, options: ReadOptions
) -> bool:
    field = columns.label
    if field is None:  # a file of labels, unless it holds class probabilities
        if len(columns.values) > 1:
            return False
        field = columns.values[0]
    classes = options.classes
    if columns.label is not None and not classes and names:
        classes = tuple(names[i] for i in columns.values)
    return are_names((cells[field] for cells in rows if len(cells) > field), classes)


def _roles(columns: Columns, *, label_names: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the fields that are read as numbers, and those that are read as text."""
    values, label, ids = columns
    id_field = () if ids is None else (ids,)
    if label is None:
        return ((), values) if label_names else (values, id_field)
    return (values, (label, *id_field)) if label_names else ((*values, label), id_field)

"""What the first lines of a file say: delimiter, header, index column, columns to read."""

import csv
import io
from dataclasses import dataclass

from xentcli.errors import InputError
from xentcli.formats.csv.cells import Layout, decode, is_almost_number, is_number
from xentcli.formats.interface import ReadOptions

_SAMPLE = 20  # lines that decide on the delimiter
_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar", " ": "a space"}


@dataclass(frozen=True)
class Beginning:
    """What the first lines of a file decide."""

    layout: Layout
    header_lines: int
    notes: list[str]


def read_beginning(head: bytes, name: str, options: ReadOptions, usual_delimiter: str) -> Beginning:
    """Decide how to read a file that starts with `head`, which ends at a line end."""
    text = decode(head, name, 1)
    notes: list[str] = []
    delimiter = options.delimiter or _find_delimiter(text, usual_delimiter)
    if options.delimiter is None and delimiter != usual_delimiter:
        notes.append(f"{name}: cells are separated by {_DELIMITERS[delimiter]}")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        first = next(reader, [])
        header_lines = reader.line_num
        second = next(reader, None)
    except csv.Error as error:
        raise InputError(f"{name}:1: {error}") from error
    is_header, note = _decide_header(first, second, name, options.header)
    if note:
        notes.append(note)
    names = tuple(cell.strip() for cell in first) if is_header else None
    if names and names[0].startswith("# "):  # as np.savetxt writes a header
        names = (names[0].removeprefix("# "), *names[1:])
    if names:
        _check_names(names, name)
    index = _is_index(names, second, options)
    if index:
        notes.append(f"{name}: the first column, without a name, counts the rows and is left out")
    values = _choose(names, len(first), index, name, options)
    layout = Layout(delimiter, len(first), names, values, index)
    return Beginning(layout, header_lines if is_header else 0, notes)


def _find_delimiter(text: str, usual: str) -> str:
    """Return the delimiter that cuts every sampled line into as many cells, best into numbers."""
    lines = text.splitlines()[:_SAMPLE]
    lines = lines[:-1] if len(lines) == _SAMPLE else lines
    candidates = []
    for delimiter in (usual, *(d for d in _DELIMITERS if d != usual)):
        try:
            rows = [cells for cells in csv.reader(lines, delimiter=delimiter) if cells]
        except csv.Error:
            continue
        widths = {len(cells) for cells in rows}
        if len(widths) == 1 and widths.pop() > 1:
            last = rows[-1] if delimiter == "," else [cell.replace(",", ".") for cell in rows[-1]]
            numbers = sum(map(is_number, last)) / len(last)
            if delimiter != " " or numbers == 1.0:
                candidates.append((numbers, delimiter))
    if not candidates:
        return usual
    best = max(numbers for numbers, _ in candidates)
    return next(delimiter for numbers, delimiter in candidates if numbers == best)


_MISSING = {"", "na", "n/a", "null", "none"}


def _counts(cells: list[str], at_least: int = 2) -> bool:
    """Whether cells are 0, 1, 2, ..."""
    return len(cells) >= at_least and all(c.strip() == str(i) for i, c in enumerate(cells))


def _decide_header(
    first: list[str], second: list[str] | None, name: str, said: bool | None
) -> tuple[bool, str | None]:
    """Return whether the first row is a header, and what the user should know about that."""
    if said is not None:
        return said, None
    numeric = [is_number(cell) for cell in first]
    unnamed = first[:1] == [""] and len(first) > 1
    if _counts(first[1:] if unnamed else first, at_least=1 if unnamed else 2):
        note = f"{name}: the first row counts the columns: read as a header (else --no-header)"
        return True, note
    if all(numeric):
        return False, None
    missing = [i for i, cell in enumerate(first) if cell.strip().lower() in _MISSING]
    if any(numeric) and missing and len(missing) + sum(numeric) == len(first):
        i = missing[0]
        what = repr(first[i]) if first[i].strip() else "an empty cell"
        raise InputError(
            f"{name}:1: column {i + 1}: {what} among numbers",
            hint="if the first row is a header: --header",
        )
    for i, cell in enumerate(first):
        if is_almost_number(cell):
            raise InputError(
                f"{name}:1: column {i + 1}: {cell[:40]!r} may be a name or a number",
                hint="say which with --header or --no-header",
            )
    if not any(numeric) or second is None or len(second) != len(first):
        return True, None
    named = [i for i, number in enumerate(numeric) if not number]
    counting = _counts([first[i] for i, number in enumerate(numeric) if number])
    if counting or all(is_number(second[i]) for i in named):
        return True, f"{name}: the first row is read as a header (else --no-header)"
    raise InputError(
        f"{name}:1: the first row has both numbers and text, and may be a header or data",
        hint="say which with --header or --no-header",
    )


def _check_names(names: tuple[str, ...], file: str) -> None:
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        if name and name in seen:
            raise InputError(
                f"{file}:1: two columns are named {name!r}: {seen[name] + 1} and {i + 1}",
                hint="rename one, or read the first row as data with --no-header",
            )
        seen[name] = i


def _is_index(
    names: tuple[str, ...] | None, second: list[str] | None, options: ReadOptions
) -> bool:
    """Whether the first column is the index that pandas writes: no name, counting from 0.

    One that does not count is an error that its first row raises, unless the user says that there
    is a header, or which columns to read.
    """
    if not names or names[0] or len(names) < 2 or options.columns is not None or second is None:
        return False
    if "1" in options.drop and "1" not in names:
        return False
    return second[:1] == ["0"] or (options.header is None and is_number(second[0]))


def _choose(
    names: tuple[str, ...] | None, fields: int, index: bool, file: str, options: ReadOptions
) -> tuple[int, ...]:
    """Return the fields to read: the chosen columns, then the label column."""
    label = None
    if options.label_column is not None:
        label = _field(options.label_column, names, fields, file)
    if options.columns is not None:
        chosen = [_field(column, names, fields, file) for column in options.columns]
    else:
        chosen = list(range(1 if index else 0, fields))
    dropped = {_field(column, names, fields, file) for column in options.drop}
    values = [field for field in chosen if field not in dropped and field != label]
    if not values:
        raise InputError(f"{file}: no column is left to read")
    return (*values, label) if label is not None else tuple(values)


def _field(column: str, names: tuple[str, ...] | None, fields: int, file: str) -> int:
    """Find a column by its name, or by its number from 1."""
    if names and column in names:
        return names.index(column)
    if column.isdecimal() and 1 <= int(column) <= fields:
        return int(column) - 1
    there = (
        f"it has {', '.join(map(repr, names[:12]))}" if names else f"it has columns 1 to {fields}"
    )
    more = ", ..." if names and len(names) > 12 else ""
    raise InputError(f"{file}: there is no column {column!r}; {there}{more}")

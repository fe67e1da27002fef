"""Whether the first row of a CSV file is a header, and what it names."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from itertools import islice

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions
from xentcli.formats.column_names import is_pattern, number_of
from xentcli.formats.csv.label_cells import is_label
from xentcli.formats.csv.numbers import (
    MISSING,
    cure,
    is_almost_number,
    is_cut,
    is_decimal_comma,
    is_flag,
    is_number,
)
from xentcli.text import is_count

_MOST_DIGITS = 9  # of a number that names a column


def _counts(cells: list[str], at_least: int = 2) -> bool:
    """Whether cells are 0, 1, 2, ..., in the order of numbers or of text: 0, 1, 10, 11, 2."""
    counted = [str(i) for i in range(len(cells))]
    cells = [cell.strip() for cell in cells]
    return len(cells) >= at_least and cells in (counted, sorted(counted))


def _names_one_row(first: list[str], second: list[str]) -> bool:
    """Whether whole numbers above one row of fractions name its columns.

    Two columns may be the number of each class and its weight.
    """
    names = {cell.strip() for cell in first}
    whole = all(map(str.isdecimal, names)) and len(names) == len(first) == len(second)
    return whole and len(first) > 2 and not all(cell.strip().isdecimal() for cell in second)


def _numbers_columns(first: dict[int, str], others: Iterable[list[str]]) -> bool:
    """Whether cells are 0, 1, 2, ... in any order, and all numbers below written as fractions.

    1 and 0 alone may well be the probabilities of a row.
    """
    names = [cell.strip() for cell in first.values()]
    counted = sorted(names) == sorted(map(str, range(len(names))))
    return len(names) >= 3 and counted and _are_fractions(first, others)


def _counts_on(first: dict[int, str], others: Iterable[list[str]]) -> bool:
    """Whether cells are three or more whole numbers that count, as years do, above fractions."""
    names = [cell.strip() for cell in first.values()]
    if len(names) < 3 or not all(map(is_count, names)) or len(names[0]) > _MOST_DIGITS:
        return False
    start = int(names[0])
    counted = names == [str(start + i) for i in range(len(names))]
    return counted and _are_fractions(first, others)


def _are_fractions(fields: Iterable[int], rows: Iterable[list[str]]) -> bool:
    """Whether rows have cells in these fields, none of which is written as a whole number."""
    fields = list(fields)
    cells = [cells[i].strip() for cells in rows for i in fields if i < len(cells)]
    return bool(cells) and not any(cell.lstrip("+-").isdecimal() for cell in cells)


def decide_header(
    first: list[str],
    second: list[str] | None,
    others: Iterable[list[str]],
    name: str,
    options: ReadOptions,
    *,
    in_quotes: bool = False,
) -> tuple[bool, str | None]:
    """Return whether the first row is a header, and what the user should know about that.

    It is one if it is `in_quotes`, and numbers below it are not.
    """
    one_below = options.one_row and _names_one_row(first, second or [])
    if one_below or options.header is not None:
        return one_below or bool(options.header), None
    beside = (options.label_column, options.id_column)
    named_columns = {*beside, *(options.columns or ()), *options.drop}
    patterns = [column for column in named_columns if column and is_pattern(column)]
    for cell in (cell.strip() for cell in first):
        named = cell in named_columns or any(fnmatchcase(cell, pattern) for pattern in patterns)
        if named and not is_number(cell):
            return True, None
    if options.labels and len(first) == 1 and not is_number(first[0]):
        if not is_label(first[0], (cells[0] for cells in others if cells), options.classes):
            return True, None
        what = "name of a group" if options.names else "label"
        return False, f"{name}: the first row is read as a {what} (else --header)"
    # Labels and ids that the user finds by number may be text in a file without a header.
    by_number = {number - 1 for column in beside if (number := number_of(column or ""))}
    cells = {i: cell for i, cell in enumerate(first) if i not in by_number}
    if in_quotes and all(map(is_number, first)):
        return True, f"{name}: the first row, in quotes, is read as a header (else --no-header)"
    same_width = second is not None and len(second) == len(first)
    return _judge_cells(cells, second if same_width else None, others, name)


def _judge_cells(
    cells: dict[int, str], second: list[str] | None, others: Iterable[list[str]], name: str
) -> tuple[bool, str | None]:
    """Decide by the first row's cells, each with its field, and the rows below."""
    if _counts(list(cells.values())):
        return _judge_counting(cells, others, name)
    if _numbers_columns(cells, others):
        raise InputError(
            f"{name}:1: the first row numbers the columns in another order, and may be a header or "
            "data: all numbers below it are fractions",
            hint="say which with --header or --no-header",
        )
    if _counts_on(cells, others):
        shown = ", ".join(cell.strip() for cell in [*cells.values()][:3])
        return False, f"{name}: the first row, {shown}, is read as data (else --header)"
    return _judge(cells, second, name)


def _judge_counting(
    first: dict[int, str], others: Iterable[list[str]], name: str
) -> tuple[bool, str | None]:
    """Decide whether 0, 1, 2, ... is the header that pandas writes, by the numbers below it."""
    below = [cells[i] for cells in others for i in first if i < len(cells)]
    if not any(map(str.strip, below)):
        return False, None
    if all(cell.strip().lstrip("+-").isdecimal() for cell in below if cell.strip()):
        raise InputError(
            f"{name}:1: the first row counts the columns, and may be a header or data: all numbers "
            "below it are whole",
            hint="say which with --header or --no-header",
        )
    return True, f"{name}: the first row counts the columns: read as a header (else --no-header)"


def _judge(first: dict[int, str], second: list[str] | None, name: str) -> tuple[bool, str | None]:
    """Decide by the first row's cells, each with its field, and by the second row."""
    cells = list(first.values())
    numeric = [is_number(cell) for cell in cells]
    if first.get(0) == "" and _counts(cells[1:], at_least=1):
        note = f"{name}: the first row counts the columns: read as a header (else --no-header)"
        return True, note
    if all(numeric):
        return False, None
    missing = [i for i, cell in first.items() if cell.strip().lower() in MISSING]
    if any(numeric) and missing and len(missing) + sum(numeric) == len(first):
        i = missing[0]
        what = repr(first[i]) if first[i].strip() else "an empty cell"
        raise InputError(
            f"{name}:1: column {i + 1}: {what} among numbers",
            hint="if the first row is a header: --header",
        )
    for i, cell in first.items():
        if is_almost_number(cell):
            raise _either(name, i, cell)
    if not any(numeric) or second is None:
        return True, None
    named = [i for i, cell in first.items() if not is_number(cell)]
    counting = _counts([cell for cell in cells if is_number(cell)])
    odd = [i for i in named if first[i].strip() and not _is_word(first[i])]
    if odd and not counting:
        raise _either(name, odd[0], first[odd[0]])
    if counting or all(is_number(second[i]) for i in named):
        return True, f"{name}: the first row is read as a header (else --no-header)"
    raise InputError(
        f"{name}:1: the first row has both numbers and text, and may be a header or data",
        hint="say which with --header or --no-header",
    )


def _is_word(cell: str) -> bool:
    """Whether a cell may name a column among numbers, as ``?``, ``'1.5'`` and ``true`` do not."""
    cell = cell.strip()
    return (cell[0].isalpha() or cell[0] == "_") and not is_flag(cell)


def _either(name: str, field: int, cell: str) -> InputError:
    known = is_cut(cell) or is_decimal_comma(cell)
    return InputError(
        f"{name}:1: column {field + 1}: {cell[:40]!r} may be a name or a number",
        hint=cure(cell, None) if known else "say which with --header or --no-header",
    )


def check_one_row(first: list[str], name: str, options: ReadOptions) -> None:
    """Raise InputError if the only row of a file of labels holds names of classes, not columns."""
    cells = [cell.strip() for cell in first]
    if len(cells) < 2 or any(map(is_number, cells)):
        return
    if len({*cells}) < len(cells) or {*cells} <= {*options.classes}:
        raise InputError(
            f"{name}:1: {len(cells)} names of classes in one row",
            hint="labels that are names stand one a line",
        )


def names_of(first: list[str], others: Iterable[list[str]], file: str) -> tuple[str, ...] | None:
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


def _lacks_a_name(names: tuple[str, ...], others: Iterable[list[str]]) -> bool:
    """Whether the header lacks a name for R's first column of row names: text or 1, 2, 3, ..."""
    two = [*islice(others, 2)]
    if min(len(names), len(two)) < 2 or any(len(cells) != len(names) + 1 for cells in others):
        return False
    start, *_, last = two[0]
    return bool(last.strip()) and (start in ("0", "1") or not is_number(start))

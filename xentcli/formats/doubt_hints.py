"""Hints for columns that may be no class: leave them out, or say which columns are classes."""

from collections.abc import Sequence

from xentcli.formats.column_looks import Column
from xentcli.formats.column_names import SHOWN_NAMES
from xentcli.formats.column_words import OF_ROWS, WORDS, may_be_ids, says_ids, words_of
from xentcli.text import name_option

NAME_THEM = "name the columns of the classes: --columns A,B,..., or 3-12, or 'logit_*'"


def is_of_rows(column: Column) -> bool:
    """Whether a column certainly names or counts rows, and so holds no value of a class."""
    named = not OF_ROWS.isdisjoint(words_of(column.name)) and not column.look.has_fractions
    return column.look.is_text or named


def by_id(doubtful: Sequence[Column], names: Sequence[str], partner: Sequence[str]) -> str | None:
    """Return how to match rows by a doubtful column that the file of labels has, too."""
    ids = [column for column in doubtful if column.name and may_be_ids(column.name)]
    found = [column for column in ids if column.name in partner] or [
        column for column in ids if says_ids(column.name)
    ]
    theirs = [name for name in partner if says_ids(name) and name not in names]
    if not found or not (found[0].name in partner or theirs):
        return None
    name = name_option(found[0].name)
    if found[0].name in partner:
        return f"match rows by it: --id-column {name}; if rows are in the same order: --drop {name}"
    return (
        f"to match rows by it, call it {theirs[0]!r}, as the other file does; if rows are in the "
        f"same order: --drop {name}"
    )


def hint(
    columns: Sequence[Column],
    doubtful: list[Column],
    rest: list[Column],
    names: Sequence[str],
) -> str:
    """Say the two ways out: leave out what is in doubt, or name the classes."""
    fractions = [column for column in rest if column.look.has_fractions]
    rest = fractions or rest  # 0 and 1 beside fractions may be labels
    few = len(rest) < 2 and not (rest and all(map(is_of_rows, doubtful)))
    drop = _options(doubtful, names)
    classes = _options(rest, names) if len(rest) <= SHOWN_NAMES else None
    if not few and drop is None and classes is not None:
        return f"name the columns of the classes: --columns {classes}"
    if few or drop is None or len(doubtful) > max(SHOWN_NAMES, len(rest)):
        return NAME_THEM
    way = "name the classes"
    if all(map(_may_be_class, doubtful)):
        way = "if it is a class" if len(doubtful) == 1 else "if they are classes"
        classes = listed_or_range(columns, names)
    return f"leave out what is none: --drop {drop}, or {way}: --columns {classes or 'A,B,...'}"


def listed_or_range(columns: Sequence[Column], names: Sequence[str]) -> str | None:
    """Return what an option says of all these columns: their names, or a range of numbers."""
    if len(columns) <= SHOWN_NAMES:
        return _options(columns, names)
    first, last = columns[0].number, columns[-1].number
    together = last - first + 1 == len(columns)
    return f"{first}-{last}" if together and {str(first), str(last)}.isdisjoint(names) else None


def _options(columns: Sequence[Column], names: Sequence[str]) -> str | None:
    """Return how an option names columns: each by its name, or else by its number."""
    found = []
    for column in columns:
        number = str(column.number)
        by_name = column.name and names.count(column.name) == 1
        if not by_name and number in names:  # another column's name
            return None
        found.append(name_option(column.name if by_name else number))
    return ",".join(found)


def _may_be_class(column: Column) -> bool:
    """Whether a column that is in doubt may be a class all the same."""
    look = column.look
    return not look.is_text and (look.has_fractions or WORDS.isdisjoint(words_of(column.name)))

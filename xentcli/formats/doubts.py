"""Finds columns that may be no class, by their names or by what stands in them.

Both formats of tables ask here, with what they know of the first rows, before anything is read.
"""

from collections.abc import Callable, Sequence

from xentcli.errors import DoubtfulColumns
from xentcli.formats.class_words import has_opposite, is_tag
from xentcli.formats.column_looks import Column
from xentcli.formats.column_names import is_one_pattern, listed, pattern
from xentcli.formats.column_words import (
    NAME_WORDS,
    OF_ROWS,
    WORDS,
    says_ids,
    says_measure,
    words_of,
)
from xentcli.formats.doubt_hints import by_id, hint, is_of_rows
from xentcli.formats.doubt_notes import is_phrase, is_sentence, notes
from xentcli.formats.label_columns import ROUNDED_TO_4
from xentcli.formats.several_arrays import check_sides
from xentcli.formats.side_by_side import are_twice_numbered
from xentcli.formats.strays import are_letters, strays

_MOST_WHOLE_SHARE = 0.1  # the largest in columns of fractions, 0 and 1 apart


def is_numbered(names: Sequence[str]) -> bool:
    """Whether several columns are named alike but for a number, so that each is a class."""
    return len(names) > 1 and all(names) and is_one_pattern(names) and not are_twice_numbered(names)


def are_sure(names: Sequence[str], of_labels: Sequence[str] = ()) -> bool:
    """Whether names alone decide what `check` says of columns of floating point."""
    words = {word for name in names for word in words_of(name)}
    plain = words.isdisjoint(OF_ROWS) and not any(" " in name for name in names)
    return plain and is_numbered(names) and set(names).isdisjoint(of_labels)


def check(
    file: str,
    columns: Sequence[Column],
    names: Sequence[str],
    partner: Sequence[str] = (),
    of_labels: Sequence[str] = (),
    sum_to_one: Callable[[list[int], float], bool] = lambda _, __: False,
) -> list[str]:
    """Return notes about columns that are read as classes; `names` are those of all columns.

    `partner` are the columns of other files of these rows, and `of_labels` those of the file of
    labels among them, if they stand in another file. Fields that `sum_to_one` row by row, and do
    not without those whose names are in doubt, are the probabilities of classes.

    Raises
    ------
    DoubtfulColumns
        If something speaks against one of them, or several.
    """
    if len(columns) < 2 or not any(map(_says_something, columns)):
        return []
    if _name_classes(of_labels, columns):  # and so they name no rows
        partner, of_labels = [name for name in partner if name not in of_labels], ()
    reasons = _reasons(columns, of_labels)
    several = check_sides(file, [c for i, c in enumerate(columns) if i not in reasons], names)
    reasons = dict(sorted({**strays([column.name for column in columns]), **reasons}.items()))
    doubtful = [column for i, column in enumerate(columns) if i in reasons]
    rest = [column for i, column in enumerate(columns) if i not in reasons]
    if not reasons or _are_probabilities(columns, doubtful, rest, sum_to_one):
        return [*several, *notes(file, columns)]
    first = doubtful[0]
    message = f"{file}: {first.shown} may be no class: {next(iter(reasons.values()))}"
    if len(doubtful) > 1:
        shown = listed(column.name or str(column.number) for column in doubtful)
        message = f"{file}: {len(doubtful)} of {len(columns)} columns may be no classes: {shown}"
    way = by_id(doubtful, names, partner) or hint(columns, doubtful, rest, names)
    error = DoubtfulColumns(message, hint=way)
    if len(doubtful) == 1 and first.name and says_ids(first.name):
        error.ids = first.name
    raise error


def _are_probabilities(
    columns: Sequence[Column],
    doubtful: Sequence[Column],
    rest: Sequence[Column],
    sum_to_one: Callable[[list[int], float], bool],
) -> bool:
    """Whether rows are probabilities with all columns, and are none without those in doubt.

    A small loss beside probabilities is neither needed for their sum nor seen in it.
    """
    if not rest or not all(column.look.has_fractions for column in doubtful):
        return False
    fields, others = ([column.number - 1 for column in each] for each in (columns, rest))
    return sum_to_one(fields, ROUNDED_TO_4) and not sum_to_one(others, ROUNDED_TO_4)


def _says_something(column: Column) -> bool:
    """Whether a column has a name, or holds anything that could speak against it without one."""
    look = column.look
    return bool(column.name or look.is_text or look.is_whole or look.is_binary)


def _reasons(columns: Sequence[Column], of_labels: Sequence[str]) -> dict[int, str]:
    """Return what speaks against each column that is in doubt."""
    reasons: dict[int, str] = {}
    numbered = is_numbered([column.name for column in columns])
    whole, flags = _whole_beside_fractions(columns), _flags_beside_fractions(columns)
    for i, column in enumerate(columns):
        if column.look.is_text and not numbered:
            reasons[i] = f"it holds {column.look.holds}"
        elif i in whole:
            reasons[i] = "it holds whole numbers, and others hold fractions"
    listed_words = {
        i: words for i, column in enumerate(columns) if (words := _listed(column, columns))
    }
    free = {*range(len(columns))} - {*listed_words, *reasons}
    families = _families(listed_words, columns)
    fits = [family for family in families if not free - family]
    innocent = fits[0] if len(fits) == 1 and not _several_kinds(fits[0], listed_words) else set()
    values = [i for i, column in enumerate(columns) if not is_of_rows(column)]
    if len(values) == 1 and not columns[values[0]].look.is_whole:  # id, score
        innocent = {*innocent, *values}
    for i, words in listed_words.items():
        if i not in innocent and i not in reasons:
            reasons[i] = f"its name says {words[0]!r}"
    for i in _shared(columns, of_labels) - {*reasons}:
        reasons[i] = "the file of labels has such a column, too"
    for i in flags - {*reasons}:
        reasons[i] = "it holds only 0 and 1, and others hold fractions"
    return dict(sorted(reasons.items()))


def _shared(columns: Sequence[Column], of_labels: Sequence[str]) -> set[int]:
    """Return the columns without fractions that labels have too, where others have fractions."""
    if not any(column.look.has_fractions for column in columns):
        return set()
    whole = [i for i, column in enumerate(columns) if not column.look.has_fractions]
    return {i for i in whole if columns[i].name and columns[i].name in of_labels}


def _name_classes(of_labels: Sequence[str], columns: Sequence[Column]) -> bool:
    """Whether labels are a column for each class: they have columns that hold fractions here."""
    fractions = {column.name for column in columns if column.look.has_fractions}
    return not fractions.isdisjoint(of_labels)


def _listed(column: Column, columns: Sequence[Column]) -> list[str]:
    """Return the words of a name that speak against it."""
    look = column.look
    counts = look.some_integers and not look.has_fractions
    against = WORDS | NAME_WORDS if counts else WORDS
    names = [other.name for other in columns]
    if is_tag(column.name, names):
        return []
    words = [word for word in words_of(column.name) if word in against]
    words = [word for word in words if not has_opposite(word, column.name, names)]
    if not words:
        return [column.name] if says_measure(column.name) else []
    if words == ["y"] and are_letters(names):  # x, y, z
        return []
    if words_of(column.name) == ("true",):  # and false
        return []
    if is_sentence(column, words) and all(map(is_phrase, columns)):
        return []
    return [word for word in words if not (look.has_fractions and word in OF_ROWS)]


def _whole_beside_fractions(columns: Sequence[Column]) -> set[int]:
    """Return the columns of whole numbers, where others hold next to nothing but fractions."""
    fractions = [column.look.whole for column in columns if column.look.has_fractions]
    whole = [i for i, column in enumerate(columns) if column.look.is_whole]
    if not fractions or sum(fractions) / len(fractions) > _MOST_WHOLE_SHARE:
        return set()
    return _without_siblings(whole, columns)


def _without_siblings(places: Sequence[int], columns: Sequence[Column]) -> set[int]:
    """Return the columns whose names differ from each column of fractions in more than a number."""
    if not places:
        return set()
    named = {pattern(column.name) for column in columns if column.look.has_fractions} - {None}
    return {i for i in places if pattern(columns[i].name) not in named}


def _flags_beside_fractions(columns: Sequence[Column]) -> set[int]:
    """Return the columns of 0 and 1, where all others are written as fractions throughout."""
    numbers = [column.look for column in columns if not column.look.is_text]
    others = [look for look in numbers if not look.is_binary]
    if not others or not all(look.has_fractions and not look.some_integers for look in others):
        return set()
    flags = [i for i, column in enumerate(columns) if column.look.is_binary]
    return _without_siblings(flags, columns)


def _families(listed_words: dict[int, list[str]], columns: Sequence[Column]) -> list[set[int]]:
    """Return sets of columns whose names have the same listed word at the same place."""
    families: dict[tuple[str, int], set[int]] = {}
    for i, listed_here in listed_words.items():
        words = words_of(columns[i].name)
        for place, word in enumerate(words):
            if word in listed_here and len(words) > 1:
                families.setdefault((word, place), set()).add(i)
                families.setdefault((word, place - len(words)), set()).add(i)
    several = [family for family in families.values() if len(family) > 1]
    largest: list[set[int]] = []
    for family in sorted(several, key=len, reverse=True):
        if not any(family <= other for other in largest):
            largest.append(family)
    return largest


def _several_kinds(family: set[int], listed_words: dict[int, list[str]]) -> bool:
    """Whether some of a family have more such words than others: ``y_true``, ``y_pred``."""
    return len({tuple(listed_words[i]) for i in family}) > 1

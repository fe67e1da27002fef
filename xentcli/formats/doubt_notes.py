"""Notes on columns that are read as classes, though they may be something else."""

from collections.abc import Sequence

from xentcli.formats.column_looks import Column
from xentcli.formats.column_names import listed
from xentcli.formats.column_words import (
    NAME_WORDS,
    OF_IDS,
    OF_ROWS,
    WORDS,
    may_be_measure,
    words_of,
)
from xentcli.text import name_option

_SENTENCE_WORDS = 3  # the least that make a sentence
_MOST_LISTED_SHARE = 1 / 3  # the largest share of a sentence's words
_ID_WORDS = OF_IDS | NAME_WORDS


def notes(file: str, columns: Sequence[Column]) -> list[str]:
    """Return notes about columns that may be no class, of which none is in doubt."""
    kinds = _flags, _sentences, _ids, _measures
    return [note for kind in kinds for note in kind(file, columns)]


def is_phrase(column: Column) -> bool:
    """Whether a column holds text, or its name is of several words."""
    return column.look.is_text or len(column.name.split()) >= _SENTENCE_WORDS


def is_sentence(column: Column, listed_words: Sequence[str]) -> bool:
    """Whether few words of a name, which is a sentence, speak against a column of fractions."""
    words = words_of(column.name)
    few = len(listed_words) <= _MOST_LISTED_SHARE * len(words)
    return few and len(column.name.split()) > _SENTENCE_WORDS and column.look.has_fractions


def _sentences(file: str, columns: Sequence[Column]) -> list[str]:
    """Return notes about classes whose names are sentences in which a listed word stands."""
    found = {}
    for column in columns:
        words = [word for word in words_of(column.name) if word in WORDS - OF_ROWS]
        if words and is_sentence(column, words) and all(map(is_phrase, columns)):
            found[column.name] = words[0]
    if not found:
        return []
    name, word = next(iter(found.items()))
    more = f", and {len(found) - 1} more like it" if len(found) > 1 else ""
    what = f"column {name!r} is read as a class, though its name says {word!r}"
    return [f"{file}: {what}{more} (else --drop {name_option(name)})"]


def _ids(file: str, columns: Sequence[Column]) -> list[str]:
    """Return a note on a column of fractions that is named as ids are, and others are not.

    It may be a class, as the language 'id' is one.
    """
    named = [each for each in columns if not _ID_WORDS.isdisjoint(words_of(each.name))]
    if len(named) != 1 or not named[0].look.has_fractions:
        return []
    name = named[0].name
    what = f"column {name!r} is read as a class, though its name says that it names rows"
    return [f"{file}: {what} (else --drop {name_option(name)})"]


def _measures(file: str, columns: Sequence[Column]) -> list[str]:
    """Return a note on columns that are named as measures are, where two others are not."""
    named = [column.name for column in columns if may_be_measure(column.name)]
    if not named or len(columns) - len(named) < 2:  # `length, mass, time` are classes
        return []
    shown = " and ".join(map(repr, named)) if len(named) < 3 else listed(named)
    what = f"column {shown} is read as a class, though its name may be that of a measure"
    if len(named) > 1:
        what = f"columns {shown} are read as classes, though their names may be those of measures"
    return [f"{file}: {what} (else --drop {','.join(map(name_option, named))})"]


def _flags(file: str, columns: Sequence[Column]) -> list[str]:
    """Return a note where one column holds only 0 and 1, and others some fractions."""
    binary = [column for column in columns if column.look.is_binary]
    others = [column for column in columns if not column.look.is_binary]
    fractions = all(column.look.has_fractions for column in others)
    if len(binary) != 1 or not others or not fractions:
        return []
    column = binary[0]
    drop = name_option(column.name) if column.name else str(column.number)
    what = f"{column.shown} holds only 0 and 1, and is read as one of {len(columns)} classes"
    return [f"{file}: {what} (else --drop {drop})"]

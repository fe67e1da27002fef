"""Columns that may be no class: their names say so, or what stands in them.

Both formats of tables ask here, with what they know of the first rows, before anything is read.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.column_names import is_one_pattern, listed
from xentcli.formats.column_words import OF_ROWS, WORDS, words_of
from xentcli.text import name_option

_SHOWN = 12  # names in a hint
_FEW_ROWS = 10  # that may hold whole numbers by chance
_MOST_WHOLE = 0.1  # of the numbers in columns of fractions, 0 and 1 apart


class Look(NamedTuple):
    """What the first rows of a column hold.

    Attributes
    ----------
    rows : int
        How many were seen.
    is_text : bool
        Whether most cells are no numbers, but text or something else.
    has_fractions : bool
        Whether there are numbers that are not whole.
    is_whole : bool
        Whether all are whole numbers, neither constant nor all 0 and 1.
    whole : float
        The share of whole numbers, 0 and 1 apart.
    is_binary : bool
        Whether there are 0 and 1, written as whole numbers, and nothing else.
    holds : str
        What cells that are no numbers are.
    """

    rows: int = 0
    is_text: bool = False
    has_fractions: bool = False
    is_whole: bool = False
    whole: float = 0.0
    is_binary: bool = False
    holds: str = "text"


def look_at(values: Any, *, integers: bool) -> Look:
    """Return what numbers look like, that are or are not stored or written as integers."""
    values = np.asarray(values, np.float64)
    whole = np.isfinite(values) & (values == np.floor(values))
    few = (values == 0) | (values == 1)
    if not values.size:
        return Look()
    certain = integers or values.size >= _FEW_ROWS
    constant = bool((values == values[0]).all())
    return Look(
        values.size,
        has_fractions=bool((np.isfinite(values) & ~whole).any()),
        is_whole=bool(whole.all() and certain and not constant and not few.all()),
        whole=float((whole & ~few).mean()),
        is_binary=bool(integers and few.all() and not constant),
    )


class Column(NamedTuple):
    """A column that would be read as a class."""

    name: str
    number: int
    """From 1."""
    look: Look = Look()

    @property
    def shown(self) -> str:
        """How a message calls it."""
        return f"column {self.name!r}" if self.name else f"column {self.number}"


def check(file: str, columns: Sequence[Column], names: Sequence[str]) -> list[str]:
    """Return notes about columns that are read as classes; `names` are all there are.

    Raises
    ------
    InputError
        If something speaks against one of them, or several.
    """
    if len(columns) < 2:
        return []
    reasons = _reasons(columns)
    if not reasons:
        return _binary(file, columns)
    doubtful = [column for i, column in enumerate(columns) if i in reasons]
    rest = [column for i, column in enumerate(columns) if i not in reasons]
    first = doubtful[0]
    message = f"{file}: {first.shown} may be no class: {next(iter(reasons.values()))}"
    if len(doubtful) > 1:
        shown = listed(column.name or str(column.number) for column in doubtful)
        message = f"{file}: {len(doubtful)} of {len(columns)} columns may be no classes: {shown}"
    raise InputError(message, hint=_hint(doubtful, rest, names))


def _reasons(columns: Sequence[Column]) -> dict[int, str]:
    """Return what speaks against each column that is in doubt."""
    reasons: dict[int, str] = {}
    whole = _whole_beside_fractions(columns)
    numbered = is_one_pattern([column.name for column in columns])
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
    values = [i for i, column in enumerate(columns) if not _is_of_rows(column)]
    if len(values) == 1 and not columns[values[0]].look.is_whole:  # id, score
        innocent = {*innocent, *values}
    for i, words in listed_words.items():
        if i not in innocent and i not in reasons:
            reasons[i] = f"its name says {words[0]!r}"
    return dict(sorted(reasons.items()))


def _listed(column: Column, columns: Sequence[Column]) -> list[str]:
    """Return the words of a name that speak against it."""
    words = [word for word in words_of(column.name) if word in WORDS]
    if words == ["y"] and all(len(other.name) <= 1 for other in columns):  # x, y, z
        return []
    if words == words_of(column.name) == ["true"]:  # and false
        return []
    return [word for word in words if not (column.look.has_fractions and word in OF_ROWS)]


def _is_of_rows(column: Column) -> bool:
    """Whether a column is certain to hold no value of a class, but what names or counts rows."""
    named = not OF_ROWS.isdisjoint(words_of(column.name)) and not column.look.has_fractions
    return column.look.is_text or named


def _whole_beside_fractions(columns: Sequence[Column]) -> set[int]:
    """Return the columns of whole numbers, where others hold next to nothing but fractions."""
    numbers = [column for column in columns if not column.look.is_text]
    fractions = [column.look.whole for column in numbers if column.look.has_fractions]
    whole = {i for i, column in enumerate(columns) if column.look.is_whole}
    if not fractions or sum(fractions) / len(fractions) > _MOST_WHOLE:
        return set()
    names = [column.name for column in numbers]
    if len(whole) < len(numbers) and all(names) and is_one_pattern(names):
        return set()
    return whole


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


def _hint(doubtful: list[Column], rest: list[Column], names: Sequence[str]) -> str:
    """Say the two ways out: leave out what is in doubt, or name the classes."""

    def option(column: Column) -> str:
        usable = column.name and names.count(column.name) == 1
        return name_option(column.name if usable else str(column.number))

    fractions = [column for column in rest if column.look.has_fractions]
    rest = fractions or rest  # 0 and 1 beside fractions may be labels
    few = len(rest) < 2 and not (rest and all(map(_is_of_rows, doubtful)))
    if few or len(doubtful) > max(_SHOWN, len(rest)):
        return "name the columns of the classes: --columns A,B,..., or 3-12, or 'logit_*'"
    drop = ",".join(map(option, doubtful))
    if len(rest) <= _SHOWN:
        return f"leave out what is none: --drop {drop}, or name the classes: --columns " + ",".join(
            map(option, rest)
        )
    return f"leave out what is none: --drop {drop}, or name the classes: --columns A,B,..."


def _binary(file: str, columns: Sequence[Column]) -> list[str]:
    """Return a note where a column holds only 0 and 1 beside columns of fractions."""
    binary = [column for column in columns if column.look.is_binary]
    others = [column for column in columns if not column.look.is_binary]
    fractions = all(column.look.has_fractions for column in others)
    if len(binary) != 1 or not others or not fractions:
        return []
    column = binary[0]
    drop = name_option(column.name) if column.name else str(column.number)
    what = f"{column.shown} holds only 0 and 1, and is read as one of {len(columns)} classes"
    return [f"{file}: {what} (else --drop {drop})"]

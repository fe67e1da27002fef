"""How the user says which columns: by name, by number, as a range of numbers, by a pattern."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from xentcli.errors import InputError
from xentcli.formats.decimal_names import are_decimals
from xentcli.records import Record
from xentcli.text import is_count

SHOWN_NAMES = 12
"""Names of columns in a message, at most."""
_MOST_DIGITS = 18
_WORD_BOUNDARIES = "_-. :=/()[]<>{}\"'"


class ColumnNames(Record):
    """The columns of a table.

    Attributes
    ----------
    file : str
        What messages call the table.
    names : tuple of str or None
        One for each column, if they have any.
    width : int
        How many columns there are.
    """

    file: str
    names: tuple[str, ...] | None
    width: int

    def find(self, column: str) -> int:
        """Return the place of a column, given its name, or else its number from 1."""
        place = self._place(column)
        if place is None:
            raise self._not_there(column)
        return place

    def find_all(self, columns: Iterable[str]) -> list[int]:
        """Return the places of columns: ``label``, ``2``, ``3-12``, ``logit_*``; each once.

        A range or a pattern adds those that are not named before.

        Raises
        ------
        InputError
            If one is not there, or some numbers are names here and others are not.
        """
        columns = list(columns)
        self._check_numbers(columns)
        return list(dict.fromkeys(place for column in columns for place in self._all(column)))

    def choose(self, columns: Iterable[str]) -> tuple[list[int], list[str]]:
        """Return the places of classes as `find_all` does, and notes on how they were found.

        Raises
        ------
        InputError
            If one is named twice, too: a class that counts twice changes all probabilities.
        """
        columns = list(columns)
        found = self.find_all(columns)
        named: set[int] = set()
        for column in columns:
            place = self._place(column)
            if place in named:
                raise InputError(f"{self.file}: column {column!r} is named twice")
            named.update(self._all(column))
        return found, [*self._notes(columns), *self._unnamed(found)]

    def _notes(self, columns: Iterable[str]) -> list[str]:
        """Say that numbers are taken for names, if they might count the columns as well."""
        numbers = self._numbers(columns)
        elsewhere = [text for text in numbers if self._place(text) != int(text) - 1]
        if not elsewhere or any(not 1 <= int(text) <= self.width for text in numbers):
            return []
        place = self.find(elsewhere[0])
        what = f"column {elsewhere[0]!r} is the one of that name, which is number {place + 1}"
        return [f"{self.file}: {what}"]

    def _unnamed(self, found: Iterable[int]) -> list[str]:
        """Say which of these has no name, if others have: it is most often the index of pandas."""
        names = self.names or ()
        unnamed = [place + 1 for place in found if any(names) and is_unnamed(names[place])]
        what = "has no name: it may be an index, and no class"
        return [f"{self.file}: column {number} {what}" for number in unnamed]

    def name(self, column: str) -> str:
        """Return the name of a column that has one."""
        return (self.names or ())[self.find(column)]

    def names_of(self, columns: Iterable[str]) -> list[str]:
        """Return the names of columns that have one."""
        return [(self.names or ())[place] for place in self.find_all(columns)]

    def check_once(self, names: Iterable[str]) -> None:
        """Raise InputError if one of these names stands for several columns."""
        counts = Counter(self.names or ())
        for name in names:
            if counts[name] > 1:
                self._place(name)

    def _check_numbers(self, columns: Iterable[str]) -> None:
        """Raise InputError if one number is the name of a column, and another only its number."""
        names = set(self.names or ())
        numbers = self._numbers(columns)
        by_name = [text for text in numbers if text in names]
        by_number = [text for text in numbers if text not in names]
        if by_name and by_number:
            what = f"{by_name[0]!r} is the name of a column, and {by_number[0]!r} is none"
            raise InputError(
                f"{self.file}: {what}",
                hint=f"where names are numbers, columns go by name: {listed(self.names or ())}",
            )

    def _numbers(self, columns: Iterable[str]) -> list[str]:
        """Return the numbers that stand for a column, also as the end of a range."""
        texts: list[str] = []
        for column in columns:
            whole = self._place(column) is not None or is_pattern(column)
            texts += [column] if whole else _ends(column) or ()
        return [text for text in texts if is_count(text) and self._place(text) is not None]

    def _all(self, column: str) -> Iterable[int]:
        place = self._place(column)
        if place is not None:
            return [place]
        if is_pattern(column):
            names = enumerate(self.names or ())
            found = [i for i, name in names if fnmatchcase(name, column) and not is_unnamed(name)]
            if found:
                return found
            raise self._not_there(column)
        first, last = map(self._place, _ends(column) or (None, None))
        if first is None or last is None:
            raise self._not_there(column)
        if last < first:
            raise InputError(f"{self.file}: columns {column!r} run backwards")
        return range(first, last + 1)

    def _place(self, column: str | None) -> int | None:
        if column is None:
            return None
        if self.names and column in self.names:
            if self.names.count(column) > 1:
                several = self.names.count(column)
                raise InputError(f"{self.file}: {several} columns are named {column!r}")
            return self.names.index(column)
        number = number_of(column)
        return number - 1 if number is not None and 1 <= number <= self.width else None

    def _not_there(self, column: str) -> InputError:
        there = f"columns 1 to {self.width}" if self.names is None else listed(self.names)
        return InputError(f"{self.file}: there is no column {column!r}; it has {there}")


def names_several(column: str) -> bool:
    """Whether what the user writes for a column may stand for several: ``4-6``, ``label_*``."""
    return is_pattern(column) or _ends(column) is not None


def number_of(text: str) -> int | None:
    """Return the number that names a column; None for text, or for a number too long for one."""
    return int(text) if is_count(text) and len(text) <= _MOST_DIGITS else None


def _ends(column: str) -> tuple[str, str] | None:
    """Return the first and the last column of a range, if this may be one."""
    first, dash, last = column[1:].partition("-")
    return (column[:1] + first, last) if dash and last else None


def is_pattern(column: str) -> bool:
    """Whether a name stands for several: ``logit_*``."""
    return any(character in column for character in "*?[")


def is_unnamed(name: str) -> bool:
    """Whether a column has no name, or the one that pandas gives an index without a name."""
    return re.fullmatch(r"(__index_level_[0-9]+__)?", name) is not None


def listed(names: Iterable[str]) -> str:
    """Return names for a message, not too many of them."""
    names = list(names)
    return ", ".join(map(repr, names[:SHOWN_NAMES])) + (", ..." if len(names) > SHOWN_NAMES else "")


def is_one_pattern(names: Sequence[str]) -> bool:
    """Whether names are the same but for a number: ``logit_0, logit_1``, or ``0, 1, 10``."""
    patterns = {*map(pattern, names)}
    return len(patterns) == 1 and patterns != {None}


def pattern(name: str) -> str | None:
    """Return a name with 0 in place of its numbers; None where it has none."""
    return re.sub(r"[0-9]+", "0", name) if re.search(r"[0-9]", name) else None


def without_shared(names: Iterable[str]) -> tuple[str, ...]:
    """Return names without the words with which all of them begin, or all of them end.

    ``prob_cat, prob_dog`` are ``cat, dog``. Nothing is returned where names share no word,
    or where the rest would not tell them apart.
    """
    whole = tuple(names)
    start, end = _shared_ends(whole)
    return tuple(name[start : len(name) - end] for name in whole) if start or end else ()


def without_some_shared(names: Sequence[str]) -> dict[str, int]:
    """Return the places of names without some of the words with which all of them begin.

    ``prob_class_0, prob_class_1``, of which `without_shared` leaves ``0, 1``, may be called
    ``class_0, class_1``. What two places would be called is left out.
    """
    start, end = _shared_ends(tuple(names))
    begins = [i for i in range(1, start) if names[0][i - 1] in _WORD_BOUNDARIES]
    found = [(n[i : len(n) - end], at) for i in (*begins, start) for at, n in enumerate(names)]
    counts = Counter(name for name, _ in found)
    some = found[: len(begins) * len(names)]
    return {name: at for name, at in some if counts[name] == 1}


def _shared_ends(names: tuple[str, ...]) -> tuple[int, int]:
    """Return how many characters all names begin and end with, if the rest tells them apart."""
    if len(names) < 2 or are_decimals(names):  # 1.5, 2.5 are no 1, 2
        return 0, 0
    start = _shared(names)
    end = _shared(tuple(name[start:][::-1] for name in names))
    rest = {name[start : len(name) - end] for name in names}
    return (start, end) if all(rest) and len(rest) == len(names) else (0, 0)


def _shared(names: tuple[str, ...]) -> int:
    """Return how many characters, up to the end of a word, all names begin with."""
    low, high = min(names), max(names)
    length = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    rests = [name[length:] for name in names]
    if low[:length] and not low[length - 1 : length].isdigit() and all(map(str.isdecimal, rests)):
        return length  # p0, p1, ...
    ends = [i + 1 for i, character in enumerate(low[:length]) if character in _WORD_BOUNDARIES]
    return ends[-1] if ends else 0

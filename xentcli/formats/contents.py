"""What a file of several arrays or columns holds, as its beginning describes it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from xentcli.formats.sources import Shape

ENOUGH_ROWS = 1000
"""How many rows of a column tell what it holds."""

_BESIDE = (  # compiled when it is first asked for: most commands never do
    r"unnamed: \d+|y|file|path|fold|split|group|usage|score|loss|weights?|sample[_ ]?weights?"
    r"|(?:.*[ _.-])?(?:id|idx|index|key|no)|(?:row|file)?[ _]?names?"
    r"|(?:y[ _]?)?(?:true|truth|label|target|pred|predicted|prediction)s?"
)
_TRUTH = r"(?:.*[ _.-])?(?:y|true|truth|labels?|targets?|classes|gold|answers?)"
_IDS = r"(?:.*[ _.-])?(?:id|ids|idx|index|key|no)"
_VALUES = r"logit|prob|pred|score|output"


class ColumnGroup(NamedTuple):
    """Columns that are one array, among all that are read together.

    Attributes
    ----------
    name : str or None
        The name or the number of a single column; None for several.
    places : tuple of int
        Their places among the columns that are read.
    columns : tuple of str or None
        Their names, where they have some.
    choice : tuple of str
        How a user names them: by name, or by number from 1.
    dtype : str
        The names of what is stored.
    """

    name: str | None
    places: tuple[int, ...]
    columns: tuple[str, ...] | None
    choice: tuple[str, ...]
    dtype: str


class Content(NamedTuple):
    """An array of a file, or columns that are read together.

    Attributes
    ----------
    name : str or None
        The key of an array, or the name or number of a column; None for several columns.
    shape : Shape
        The shape, as far as the file's beginning tells it.
    dtype : str
        The name of what is stored.
    key : str or None
        The `ReadOptions.key` that reads it; None for columns.
    columns : tuple of str
        The `ReadOptions.columns` that read them; empty where they are not read.
    groups : tuple of ColumnGroup
        The arrays that the columns read together make up.
    texts : tuple of str
        The first values of a column that is not numbers.
    """

    name: str | None
    shape: Shape
    dtype: str
    key: str | None = None
    columns: tuple[str, ...] = ()
    groups: tuple[ColumnGroup, ...] = ()
    texts: tuple[str, ...] = ()


class ColumnKind(NamedTuple):
    """A column of numbers: its name, if it has one, and what its first rows say."""

    name: str | None
    choice: str
    whole: bool
    """Whether all are whole numbers, neither constant nor all 0 and 1."""
    fractions: bool
    dtype: str


def names_no_class(name: str) -> bool:
    """Whether a column's name is that of something beside the classes: an id, a label, a fold."""
    return re.fullmatch(_BESIDE, _words(name)) is not None


def names_labels(name: str) -> bool:
    """Whether an array or a column is called what labels are called."""
    return re.fullmatch(_TRUTH, _words(name)) is not None


def names_ids(name: str) -> bool:
    """Whether an array or a column is called what ids are called."""
    return re.fullmatch(_IDS, _words(name)) is not None


def names_values(name: str) -> bool:
    """Whether an array is called what logits and probabilities are called."""
    return re.search(_VALUES, _words(name)) is not None


def _words(name: str) -> str:
    """Return a name in small letters, with its words apart: ``passenger id``."""
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", name.strip()).lower()


def groups_of(columns: Sequence[ColumnKind]) -> tuple[ColumnGroup, ...]:
    """Return columns of numbers as arrays: those of the classes, and each other one by itself."""
    some_fractions = any(column.fractions for column in columns)
    beside = {
        i
        for i, column in enumerate(columns)
        if (column.name is not None and names_no_class(column.name))
        or (some_fractions and column.whole)
    }
    classes = [i for i in range(len(columns)) if i not in beside]
    if not classes:  # every name is that of something beside the classes
        classes = [i for i in sorted(beside) if columns[i].fractions]
        beside -= set(classes)
    groups = [[i] for i in sorted(beside)]
    return tuple(_group(columns, places) for places in sorted([classes, *groups]) if places)


def _group(columns: Sequence[ColumnKind], places: Sequence[int]) -> ColumnGroup:
    choice = tuple(columns[i].choice for i in places)
    names = tuple(columns[i].name or "" for i in places) if columns[0].name is not None else None
    dtype = ", ".join(dict.fromkeys(columns[i].dtype for i in places))
    return ColumnGroup(choice[0] if len(places) == 1 else None, tuple(places), names, choice, dtype)

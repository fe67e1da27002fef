"""What the first rows of a column look like: text, fractions, whole numbers, 0 and 1."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_LARGEST_WHOLE = 2.0**53
_JUDGED_CELLS = 50_000  # of all columns together
_FEWEST_JUDGED_ROWS = 20  # however many columns there are
_FEW_ROWS = 10  # so few rows may hold whole numbers by chance


def judged_rows(columns: int) -> int:
    """Return how many rows decide what so many columns hold."""
    return max(_FEWEST_JUDGED_ROWS, _JUDGED_CELLS // max(1, columns))


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
    some_integers : bool
        Whether any number is stored or written as an integer.
    holds : str
        What cells that are no numbers are.
    """

    rows: int = 0
    is_text: bool = False
    has_fractions: bool = False
    is_whole: bool = False
    whole: float = 0.0
    is_binary: bool = False
    some_integers: bool = False
    holds: str = "text"


def look_at(values: Any, *, integers: bool, some_integers: bool = False) -> Look:
    """Return what numbers look like; the flags say whether all or some were written as integers."""
    column = np.asarray(values, np.float64).reshape(-1, 1)
    all_, some = np.array([integers]), np.array([some_integers])
    return looks_at(column, integers=all_, some_integers=some)[0]


def looks_at(
    table: NDArray[np.float64], *, integers: NDArray[np.bool_], some_integers: NDArray[np.bool_]
) -> list[Look]:
    """Return what the columns of a table (rows, columns) look like."""
    rows, columns = table.shape
    if not rows:
        return [Look()] * columns
    finite = np.isfinite(table)
    whole = finite & (table == np.floor(table))
    few = (table == 0) | (table == 1)
    certain = integers | (rows >= _FEW_ROWS)
    # float64 does not tell ids apart that are so large
    varies = ((table != table[0]) | (np.abs(table) >= _LARGEST_WHOLE)).any(axis=0)
    only_few = few.all(axis=0)
    facts = zip(
        (finite & ~whole).any(axis=0).tolist(),
        (whole.all(axis=0) & certain & varies & ~only_few).tolist(),
        (whole & ~few).mean(axis=0).tolist(),
        (integers & only_few & varies).tolist(),
        (integers | some_integers).tolist(),
        strict=True,
    )
    alike: dict[Look, Look] = {}  # a million columns mostly look like a few
    return [alike.setdefault(look, look) for each in facts for look in (Look(rows, False, *each),)]


class Column(NamedTuple):
    """A column that would be read as a class."""

    name: str
    number: int
    """Its number, counted from 1."""
    look: Look = Look()

    @property
    def shown(self) -> str:
        """What messages call it."""
        return f"column {self.name!r}" if self.name else f"column {self.number}"

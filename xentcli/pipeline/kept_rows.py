"""Numbers of rows that are kept until all have been seen."""

from typing import Any, NamedTuple

from numpy.typing import NDArray

from xentcli.core.row_facts import RowFacts

Array = NDArray[Any]


class Keys(NamedTuple):
    """Numbers of rows that are sorted when all have been seen, and whether each came true.

    Attributes
    ----------
    values : ndarray of float64 of shape (N,)
        The numbers.
    hits : ndarray of bool of shape (N,)
        Whether what each number is the score of came true.
    columns : ndarray of int32 of shape (N,) or None
        Which of several labels each number belongs to.
    """

    values: Array
    hits: Array
    columns: Array | None = None


def kept_of(facts: RowFacts, kept: tuple[str, ...]) -> dict[str, Keys] | None:
    """Return what is kept of rows until all have been seen."""
    if not kept or facts["outcome"] is None:
        return None
    measured = slice(None) if facts["measured"] is None else facts["measured"]
    hits, columns = facts["outcome"][measured], facts.facts.get("column")
    if columns is not None:
        columns = columns[measured]
    facts_of = {"confidence": "forecast", "score": "score"}
    return {name: Keys(facts[facts_of[name]][measured], hits, columns) for name in kept}

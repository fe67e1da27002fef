"""The result that counts rows."""

from typing import NamedTuple


class RowCounts(NamedTuple):
    """How many rows there are, how many are not ignored, and how many of these are finite."""

    rows: int = 0
    used: int = 0
    measured: int = 0

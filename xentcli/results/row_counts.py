"""How many rows count in what."""

from typing import NamedTuple


class RowCounts(NamedTuple):
    """How many rows there are, how many are not ignored, and how many are finite besides."""

    rows: int = 0
    used: int = 0
    measured: int = 0

"""The result of accuracy: how often the label is the prediction."""

from xentcli.records import Record


class Accuracy(Record):
    """The share of rows whose label is the prediction; None if no row has a label.

    Attributes
    ----------
    value : float or None
        hits / n.
    low, high : float or None
        The interval of 95 %, by Wilson.
    hits, n : int
        How many used rows have their label at the first maximum, and how many are used.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    hits: int = 0
    n: int = 0

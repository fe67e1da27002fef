"""What all rows came to: what a work on rows says of them when all are read."""

from typing import Any

from xentcli.metrics.interface import States
from xentcli.pipeline.flow import Total
from xentcli.records import Record


class Measured(Record):
    """What all rows came to, and how they were read.

    Attributes
    ----------
    results : dict
        The result of each metric, by its name.
    total : Total
        What all blocks came to.
    num_classes, unpaired : int
        The length of a row; rows without a label.
    lead : tuple of int
        The shape of one number for each row.
    class_names : tuple of str or None
        The names of the classes, or of several labels of a row.
    notes : list of str
        What was decided about rows, and what is odd about them.
    probabilities : bool
        Whether labels are class probabilities.
    """

    results: dict[str, Any]
    total: Total[States]
    num_classes: int
    unpaired: int
    lead: tuple[int, ...]
    class_names: tuple[str, ...] | None
    notes: list[str]
    probabilities: bool = False

"""Measures by group, and errors by cluster."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xentcli.results.measure import Measure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Group:
    """The measures of the rows of one group, by name: loss, accuracy, brier, ece.

    Binary ones of several labels have auroc and average_precision too.
    """

    name: str
    rows: int
    metrics: dict[str, Measure] = field(default_factory=dict)


@dataclass(frozen=True)
class Groups:
    """The rows of each value of a column, or of each slice of an axis, in order."""

    groups: Sequence[Group] = ()


@dataclass(frozen=True)
class ClusterErrors:
    """Errors of means where the rows of a cluster are not independent of one another.

    Attributes
    ----------
    clusters : int
        How many there are.
    metrics : dict of str to Measure
        The means, with these errors, and intervals by Student's t of clusters - 1 degrees.
    """

    clusters: int = 0
    metrics: dict[str, Measure] = field(default_factory=dict)

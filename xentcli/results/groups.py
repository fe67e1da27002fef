"""The results for groups and clusters of rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from xentcli.results.measure import Measure


@dataclass(frozen=True, slots=True)
class Group:
    """The measures of the rows of one group, by name: loss, accuracy, brier, ece.

    Groups of binary rows of several labels have auroc and average_precision too.
    """

    name: str
    rows: int
    metrics: dict[str, Measure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClusteredGroup(Group):
    """A group whose errors come from the clusters that its rows are in, and how many these are."""

    clusters: int = 0


def measured_names(groups: Iterable[Group]) -> list[str]:
    """Return the names of the measures that any of some groups has, in the order of the groups."""
    return list(dict.fromkeys(name for group in groups for name in group.metrics))


def with_measures(groups: Iterable[Group], names: Sequence[str]) -> tuple[Group, ...]:
    """Return groups with only the measures of these names, or no groups if they have none of them.

    Examples
    --------
    >>> sea = Group("sea", 2, {"loss": Measure(0.5), "accuracy": Measure(1.0)})
    >>> [measured_names(with_measures([sea], names)) for names in (["accuracy"], ["bits"])]
    [['accuracy'], []]
    """
    found = tuple(
        replace(
            group, metrics={name: group.metrics[name] for name in names if name in group.metrics}
        )
        for group in groups
    )
    return found if measured_names(found) else ()


@dataclass(frozen=True)
class Groups:
    """The groups in order, one for each value of a column or each slice of an axis."""

    groups: Sequence[Group] = ()


@dataclass(frozen=True)
class ClusterErrors:
    """Errors of means if the rows of a cluster depend on one another.

    Attributes
    ----------
    clusters : int
        How many clusters there are.
    metrics : dict of str to Measure
        The means with these errors, and intervals by Student's t with clusters - 1 degrees.
    nameless : bool
        Whether one of the clusters is of all rows for which none is named.
    """

    clusters: int = 0
    metrics: dict[str, Measure] = field(default_factory=dict)
    nameless: bool = False


@dataclass(frozen=True)
class GroupErrors:
    """The errors within each group, in the order of the groups, by the clusters of its rows."""

    groups: Sequence[ClusterErrors] = ()

"""What is shown of groups of rows where some measures are asked for by name."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xentcli.results.comparison import Comparison
    from xentcli.results.groups import Group
    from xentcli.results.measures import Measures

_WITH_EVERYTHING = ("all", "groups")


def shown_groups(
    found: "Measures | Comparison", names: Sequence[str] | None, by: str | None
) -> "Sequence[Group]":
    """Return groups with what is asked for: everything, or the measures of these names.

    Those that nobody asked for by `--by`, as the tasks of samples, are shown only as a table.
    """
    from xentcli.results.groups import with_measures

    if names is None or any(name in _WITH_EVERYTHING for name in names):
        return found.groups
    measures = [name for name in names if name in found.metrics]
    return () if by is None or not measures else with_measures(found.groups, measures)


def not_of_groups(
    found: "Measures | Comparison", names: Sequence[str] | None, by: str | None
) -> Iterator[str]:
    """Say which of the measures that are asked for groups do not have."""
    from xentcli.results.groups import measured_names

    if names is None or by is None or any(name in _WITH_EVERYTHING for name in names):
        return
    there = measured_names(found.groups)
    for name in names:
        if there and name in found.metrics and name not in there:
            yield f"{name} is not measured of groups, which have {', '.join(there)}"

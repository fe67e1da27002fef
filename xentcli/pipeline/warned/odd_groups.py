"""Which measures that are asked for are not measured of groups of rows."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xentcli.results.comparison import Comparison
    from xentcli.results.measures import Measures

_WITH_EVERYTHING = ("all", "groups")


def are_everything(names: Sequence[str] | None) -> bool:
    """Whether measures of these names are all that groups have."""
    return names is None or any(name in _WITH_EVERYTHING for name in names)


def not_of_groups(
    found: "Measures | Comparison", names: Sequence[str] | None, by: object
) -> Iterator[str]:
    """Say which of the measures that are asked for groups do not have."""
    from xentcli.results.groups import measured_names

    if names is None or by is None or are_everything(names):
        return
    there = measured_names(found.groups)
    for name in names:
        if there and name in found.metrics and name not in there:
            yield f"{name} is not measured of groups, which have {', '.join(there)}"

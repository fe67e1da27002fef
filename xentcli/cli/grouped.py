"""What is shown of groups of rows where some measures are asked for by name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xentcli.pipeline.result_warnings import are_everything

if TYPE_CHECKING:
    from xentcli.results.comparison import Comparison
    from xentcli.results.groups import Group
    from xentcli.results.measures import Measures


def shown_groups(
    found: "Measures | Comparison", names: Sequence[str] | None, by: str | None
) -> "Sequence[Group]":
    """Return groups with what is asked for: everything, or the measures of these names.

    Those that nobody asked for by `--by`, as the tasks of samples, are shown only as a table.
    """
    from xentcli.results.groups import with_measures

    if names is None or are_everything(names):
        return found.groups
    measures = [name for name in names if name in found.metrics]
    return () if by is None or not measures else with_measures(found.groups, measures)


def note_of_groups(form: str, names: Sequence[str] | None, by: str | None) -> list[str]:
    """Say where groups are, if they are asked for by `--by` alone and the result is CSV."""
    if by is None or names is not None or form != "file":
        return []
    return ["these are the measures of all rows: --metric groups prints those of each group"]

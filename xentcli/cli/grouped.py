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


def note_of_groups(
    form: str, names: Sequence[str] | None, by: str | None, groups: "Sequence[Group]"
) -> list[str]:
    """Say where groups and other tables are, if they are asked for and the CSV has none."""
    if form != "file" or (names is None and by is None):
        return []
    if names is None:
        return ["these are the measures of all rows: --metric groups prints those of each group"]
    from xentcli.pipeline.measures.measure_plan import TABLES_OF
    from xentcli.pipeline.pairs.pair_names import PAIR_TABLES

    known = {*TABLES_OF, *PAIR_TABLES} - ({"groups"} if not groups else set())
    tables = [name for name in names if name in known]
    if not tables or len(names) < 2 or "all" in names:
        return []
    one = f"--metric {tables[0]} alone prints this table, and --json has all"
    return [f"CSV is one table, here that of the measures, without {', '.join(tables)}: {one}"]

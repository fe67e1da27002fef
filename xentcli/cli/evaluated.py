"""The forms of an evaluation, and the warnings beside it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from xentcli.cli.grouped import note_of_groups, shown_groups
from xentcli.cli.output import Forms
from xentcli.cli.telling import Telling
from xentcli.pipeline.result_warnings import of_measures

if TYPE_CHECKING:
    from xentcli.pipeline.criterion import Criterion
    from xentcli.pipeline.measure import Options
    from xentcli.results.measures import Measures
    from xentcli.results.verdict import Verdict


def tell(
    telling: Telling,
    found: "Measures",
    asked: "Options",
    criterion: "Criterion",
    name: str,
    by: str | None,
    doubts: Iterable[str] = (),
) -> None:
    """Judge and write an evaluation of rows of this name, grouped `by` what the user says."""
    notes = telling.keeper.judge(found.metrics, found.num_classes, found.rows)
    telling.tell(
        found,
        partial(forms, found, asked, by),
        found.provenance,
        [*found.notes, *notes],
        [*doubts, *of_measures(found, asked, criterion, name, by)],
    )
    notes = note_of_groups(telling.output.form, asked.metrics, by, found.groups)
    telling.common.tell_notes(notes)


def forms(
    found: "Measures",
    asked: "Options",
    by: str | None,
    verdicts: "tuple[Verdict, ...]" = (),
) -> Forms:
    """Return a screen for a terminal, CSV for a pipe, or the bare number of one measure."""
    names = asked.metrics
    shown = found.only(
        name
        for name in asked.asked(binary=found.binary)
        if names is None or name in names or name not in found.inapplicable
    )
    shown = replace(shown, groups=shown_groups(found, names, by))

    def json() -> dict[str, Any]:
        from xentcli.render.evaluation_json import evaluation_object

        return evaluation_object(found, verdicts)

    def table(width: int) -> Iterator[Any]:
        from shutil import get_terminal_size

        from xentcli.render.evaluation import evaluation_screen, evaluation_tables

        if names is None:
            return evaluation_screen(shown, width, get_terminal_size().lines)
        return evaluation_tables(shown, shown.tables, width)

    def text(delimiter: str) -> str:
        from xentcli.render.evaluation_text import evaluation_rows

        return evaluation_rows(shown, names, delimiter)

    if names is not None and len(names) == 1 and names[0] in found.metrics and not shown.groups:
        value = found.metrics[names[0]].value
        return Forms(json, table, number=float("nan") if value is None else value)
    return Forms(json, table, text)

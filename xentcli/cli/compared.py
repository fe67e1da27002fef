"""The forms of a comparison, and the warnings beside it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from xentcli.cli.grouped import note_of_groups, shown_groups
from xentcli.cli.output import Forms
from xentcli.cli.telling import Telling
from xentcli.pipeline.result_warnings import of_models

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper
    from xentcli.pipeline.compare import Compared, PairOptions
    from xentcli.pipeline.criterion import Criterion
    from xentcli.results.comparison import Comparison
    from xentcli.results.provenance import Provenance
    from xentcli.results.verdict import Verdict


def tell(
    telling: Telling,
    found: "Compared",
    asked: "PairOptions",
    source: "Provenance",
    names: Sequence[str],
    criteria: "Sequence[Criterion]",
    by: str | None,
    doubts: Iterable[str] = (),
) -> None:
    """Judge and write a comparison of models of these names, grouped `by` what the user says."""
    notes = judge(telling.keeper, found.comparisons)
    telling.tell(
        found.comparisons,
        partial(forms, found.comparisons, asked, source, by),
        source,
        [*found.notes, *notes],
        [*doubts, *of_models(found, asked, names, criteria, by)],
        drawn=found.comparisons[0],
    )
    of_groups = note_of_groups(telling.output.form, asked.metrics, by, found.comparisons[0].groups)
    telling.common.tell_notes(of_groups)


def judge(keeper: "Gatekeeper", comparisons: "Sequence[Comparison]") -> list[str]:
    """Judge each comparison, so that the keeper has all verdicts; return notes."""
    notes: list[str] = []
    verdicts: list[Verdict] = []
    several = len(comparisons) > 1
    names = [each.new for each in comparisons]
    for i, each in enumerate(comparisons):
        notes += keeper.judge(each.metrics, each.num_classes, each.rows, (names, i))
        for verdict in keeper.verdicts:
            message = f"{each.new}: {verdict.message}" if several else verdict.message
            verdicts.append(verdict._replace(message=message))
    keeper.verdicts = tuple(verdicts)
    return list(dict.fromkeys(notes))


def forms(
    comparisons: "Sequence[Comparison]",
    asked: "PairOptions",
    source: "Provenance",
    by: str | None,
    verdicts: "tuple[Verdict, ...]" = (),
) -> Forms:
    """Return a verdict and a table for a terminal, CSV for a pipe, or one measure's number."""
    names = asked.metrics
    shown = [
        replace(each.only(names), groups=shown_groups(each, names, by)) for each in comparisons
    ]

    def table(width: int) -> Iterator[Any]:
        from xentcli.render.comparison import comparison_screen, comparison_tables

        if names is None:
            return comparison_screen(shown, width)
        return comparison_tables(shown, names, width)

    return forms_of(shown, names, source, verdicts, table, in_full=comparisons)


def forms_of(
    comparisons: "Sequence[Comparison]",
    names: Sequence[str] | None,
    source: "Provenance",
    verdicts: "tuple[Verdict, ...]",
    table: Callable[[int], Iterable[Any]],
    in_full: "Sequence[Comparison] | None" = None,
) -> Forms:
    """Return the forms of comparisons, given that for a terminal; one measure is a bare number.

    JSON has them `in_full`, where what is shown is only a part.
    """

    def json() -> dict[str, Any]:
        from xentcli.render.comparison_text import comparison_object

        return comparison_object(in_full or comparisons, source, verdicts)

    def text(delimiter: str) -> str:
        from xentcli.render.comparison_text import comparison_rows

        return comparison_rows(comparisons, names, delimiter)

    if names is None or not len(names) == len(comparisons) == 1 or comparisons[0].groups:
        return Forms(json, table, text)
    measure = comparisons[0].metrics.get(names[0])
    if measure is None:
        return Forms(json, table, text)
    if measure.value is None and (bound := getattr(measure, "text", "")):
        return Forms(json, table, lambda _: f"{bound}\n")
    return Forms(json, table, number=float("nan") if measure.value is None else measure.value)

"""What ``xent compare`` does with models whose rows are known in part: bases, and lists."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xentcli.cli import comparing
from xentcli.cli.bounded import of_rows
from xentcli.cli.loss_options import Gates, RowFlags
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination, Forms
from xentcli.errors import UsageError

if TYPE_CHECKING:
    from xentcli.pipeline.partly_compared import Models
    from xentcli.pipeline.reading import Reader
    from xentcli.results.comparison import Comparison
    from xentcli.results.provenance import Provenance
    from xentcli.results.verdict import Verdict


def find(
    paths: Sequence[str],
    labels: Sequence[str],
    flags: RowFlags,
    reader: "Reader",
    common: Common,
    *,
    probs: bool,
) -> "Models | None":
    """Open models whose rows are known in part; None of whole rows."""
    from xentcli.pipeline.inputs import expand, may_be_partly

    files = [reader.file(each) for path in paths for each in expand(path)]
    if not files or not may_be_partly(files[0]):
        return None
    from xentcli.pipeline.partly import TopOptions
    from xentcli.pipeline.partly_compared import open_models

    options = TopOptions(
        labels=list(labels),
        label_name=flags.label_key or flags.label_column,
        ignored=tuple(flags.ignore_index or (-100,)),
        shift=flags.shift,
        label_base=flags.label_base or 0,
        probs=probs,
    )
    return open_models(files, options, common.how)


def check(
    models: "Models",
    metrics: Sequence[str] | None,
    refused: Mapping[str, object],
    flags: RowFlags,
    labels: Sequence[str],
) -> None:
    """Raise UsageError if something is asked for that needs whole rows."""
    if not models.are_bases:
        flags = flags._replace(ignore_index=None, shift=0, label_base=None)
        flags = flags._replace(label_key=None, label_column=None)
    elif labels:
        raise UsageError(f"--labels is not for {models.what}")
    if given := [name for name, value in {**refused, **of_rows(flags)}.items() if value]:
        raise UsageError(f"{given[0]} is not for {models.what}")
    for name in metrics or ():
        if name not in (*models.names, "all", *(("percentiles",) if models.are_bases else ())):
            known = ", ".join(models.names)
            raise UsageError(f"--metric: {name!r} is not measured of {models.what}: {known}")


def run(
    models: "Models",
    metrics: Sequence[str] | None,
    writing: Writing,
    common: Common,
    gates: Gates,
    *,
    digest: bool,
) -> None:
    """Compare models with the first one, write what is known of their rows, and judge it."""
    keeper = gates.keeper(models.names)
    output = Destination("compare", writing, common)
    output.check(is_text=False)
    keeper.open()
    common.tell_notes(models.notes)
    found = []
    for i in range(1, len(models.sources)):
        with common.run(models.sources[0]) as how:
            found.append(models.compared(i, how))
    paths = models.paths
    provenance = comparing.provenance(models.sources, None, paths, None, digest=digest)
    notes: list[str] = []
    verdicts: tuple[Verdict, ...] = ()
    for each in found:
        notes += keeper.judge(each.metrics, each.num_classes)
        verdicts += keeper.verdicts
    keeper.verdicts = verdicts
    output.write(_forms([_chosen(each, metrics) for each in found], metrics, provenance, verdicts))
    common.tell_notes([*(note for each in found for note in each.notes), *notes])
    keeper.exit()


def _chosen(found: "Comparison", metrics: Sequence[str] | None) -> "Comparison":
    """Return the measures that were asked for."""
    if metrics is None or "all" in metrics:
        return found
    return replace(found, metrics={name: found[name] for name in metrics if name in found.metrics})


def _forms(
    found: "Sequence[Comparison]",
    names: Sequence[str] | None,
    source: "Provenance",
    verdicts: "tuple[Verdict, ...]",
) -> Forms:
    """Return all lines for a terminal, CSV for a pipe, or one measure's bare number."""

    def json() -> dict[str, Any]:
        from xentcli.render.comparison_text import comparison_object

        return comparison_object(found, source, verdicts)

    def table(width: int) -> Iterator[Any]:
        from xentcli.render.bounded import bases_sentence
        from xentcli.render.comparison import comparison_tables

        if names is None or "all" in names:
            yield from map(bases_sentence, found)
        yield from comparison_tables(found, names or (), width)

    def text(delimiter: str) -> str:
        from xentcli.render.comparison_text import comparison_rows

        return comparison_rows(found, names, delimiter)

    if names is not None and len(names) == len(found) == 1 and names[0] in found[0].metrics:
        measure = found[0].metrics[names[0]]
        if measure.value is not None:
            return Forms(json, table, number=measure.value)
        shown = getattr(measure, "text", "") or "nan"
        return Forms(json, table, lambda _: f"{shown}\n")
    return Forms(json, table, text)

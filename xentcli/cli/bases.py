"""What ``xent compare`` does with two bases of llama-perplexity."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xentcli.cli import comparing
from xentcli.cli.bounded import of_rows
from xentcli.cli.loss_options import Gates, RowFlags
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination, Forms
from xentcli.cli.reading import Reading
from xentcli.errors import UsageError

if TYPE_CHECKING:
    from xentcli.results.comparison import Comparison
    from xentcli.results.provenance import Provenance
    from xentcli.results.verdict import Verdict


def are_bases(paths: Sequence[str], reading: Reading) -> bool:
    """Whether the first of the files is a base."""
    if reading.lm_head:
        return False
    from xentcli.pipeline.inputs import expand
    from xentcli.pipeline.kld import is_base

    first = list(expand(paths[0]))
    return len(first) == 1 and is_base(reading.file(first[0]))


def refused(flags: RowFlags, **others: Any) -> dict[str, Any]:
    """Return what is given of options that are for rows of classes with labels of their own."""
    return {f"--{name.strip('_')}": value for name, value in others.items()} | of_rows(flags)


def run_bases(
    paths: Sequence[str],
    metrics: list[str] | None,
    refused: dict[str, Any],
    writing: Writing,
    reading: Reading,
    common: Common,
    gates: Gates,
    *,
    digest: bool,
) -> None:
    """Compare bases with the first one, write all that llama-perplexity says, and judge it."""
    if given := [name for name, value in refused.items() if value]:
        raise UsageError(f"{given[0]} is not for bases of llama-perplexity")
    from xentcli.pipeline.inputs import expand
    from xentcli.pipeline.kld import compare_bases, open_base
    from xentcli.pipeline.names import OF_BASES

    for name in metrics or ():
        if name not in (*OF_BASES, "percentiles", "all"):
            raise UsageError(f"--metric: {name!r} is not measured of bases: {', '.join(OF_BASES)}")
    keeper = gates.keeper(OF_BASES)
    output = Destination("compare", writing, common)
    output.check(is_text=False)
    if keeper is not None:
        keeper.open()
    files = [path for name in paths for path in expand(name)]
    base, *others = (open_base(reading.file(path)) for path in files)
    found = []
    for other in others:
        with common.run(base) as run:
            found.append(compare_bases(base, other, run))
    provenance = comparing.provenance([base, *others], None, files, None, digest=digest)
    notes: list[str] = []
    verdicts: tuple[Verdict, ...] = ()
    for each in found:
        notes += [] if keeper is None else keeper.judge(each.metrics, each.num_classes)
        verdicts += () if keeper is None else keeper.verdicts
    if keeper is not None:
        keeper.verdicts = verdicts
    output.write(_forms([_chosen(each, metrics) for each in found], metrics, provenance, verdicts))
    common.tell_notes([*(note for each in found for note in each.notes), *notes])
    if keeper is not None:
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

"""What ``xent compare`` does with models whose rows are known in part: bases, and lists."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from xentcli.cli import comparing
from xentcli.cli.bounded import of_rows, refuse
from xentcli.cli.compared import forms_of, judge
from xentcli.cli.loss_options import Gates, GivenOptions, RowFlags
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Forms
from xentcli.cli.reports import Drawn
from xentcli.cli.states import check_state, write_state
from xentcli.cli.telling import Telling
from xentcli.errors import UsageError
from xentcli.pipeline.result_warnings import of_no_rows

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper
    from xentcli.pipeline.in_part.partly_compared import Models
    from xentcli.pipeline.inputs.reading import Reader
    from xentcli.pipeline.saved_states.states import SavedState
    from xentcli.results.comparison import Comparison
    from xentcli.results.provenance import Provenance
    from xentcli.results.verdict import Verdict


def find(
    paths: Sequence[str],
    labels: Sequence[str],
    given: GivenOptions,
    reader: "Reader",
    *,
    probs: Sequence[bool],
    cluster: str | None,
) -> "Models | None":
    """Open models whose rows are known in part; None for whole rows."""
    from xentcli.pipeline.opening import expand, may_be_partly

    models = [[reader.file(each) for each in expand(path)] for path in paths]
    files = [each[0] for each in models]
    if not files or not may_be_partly(files[0]):
        return None
    from xentcli.pipeline.in_part.partly import TopOptions
    from xentcli.pipeline.in_part.partly_compared import open_models

    flags = given.flags
    options = TopOptions(
        labels=list(labels),
        label_name=flags.label_key or flags.label_column,
        ignored=tuple(flags.ignore_index or (-100,)),
        shift=flags.shift,
        label_base=flags.label_base or 0,
        cluster=cluster,
    )
    opened = open_models(files, [options._replace(probs=each) for each in probs], given.common.how)
    for path, found in zip(paths, models, strict=True) if opened is not None else ():
        if len(found) > 1:  # for whole rows, a pattern is one model too
            raise UsageError(f"{path}: {len(found)} files match: name one file of each model")
    return opened


def check(
    models: "Models",
    metrics: Sequence[str] | None,
    refused: Mapping[str, object],
    flags: RowFlags,
    labels: Sequence[str],
) -> None:
    """Raise UsageError if anything asked for needs whole rows."""
    if not models.are_bases:
        flags = flags.without_labels()
    elif labels:
        raise UsageError(f"--labels is not for {models.what}")
    refuse({**refused, **of_rows(flags)}, models.what)
    for name in metrics or ():
        if name not in (*models.names, "all", *(("percentiles",) if models.are_bases else ())):
            known = ", ".join(models.names)
            raise UsageError(f"--metric: {name!r} is not measured of {models.what}: {known}")


def run(
    models: "Models",
    metrics: Sequence[str] | None,
    given: GivenOptions,
    *,
    digest: bool,
) -> None:
    """Compare models with the first one, write what is known of their rows, and judge it."""
    from xentcli.pipeline.in_part.partly_pairs import comparison_of

    common, state = given.common, given.loss.state
    check_state(state, given.writing)
    telling = _telling(models.names, given.writing, common, given.gates)
    common.tell_notes(models.notes)
    states = []
    for i in range(1, len(models.sources)):
        with common.run(models.sources[0]) as how:
            states.append(models.state(i, how))
    names, kinds, classes = [each.name for each in models.sources], models.kinds, models.num_classes
    provenance = comparing.provenance(models.sources, None, models.paths, None, digest=digest)
    found = [
        comparison_of(each, (names[0], name), (kinds[0], kind), classes, models.clustering)
        for each, name, kind in zip(states, names[1:], kinds[1:], strict=True)
    ]
    _tell(telling, found, metrics, provenance)
    if state is not None:
        from xentcli.cli.loss_inputs import criterion_of
        from xentcli.pipeline.saved_states.partly_states import state_of_partly

        criterion = criterion_of(given.flags, "logits")
        asked = None if metrics is None else tuple(metrics)
        saved = state_of_partly(models, states, asked, criterion, provenance.files)
        write_state(saved, state, given.writing)
    telling.keeper.exit()


def report(saved: "SavedState", writing: Writing, common: Common, gates: Gates) -> "Gatekeeper":
    """Write what a state says of models that are known in part, and judge it."""
    from xentcli.cli.evaluating import provenance_of
    from xentcli.pipeline.saved_states.partly_states import comparisons_of_partly, notes_of_lost
    from xentcli.pipeline.saved_states.states import damage

    kind = saved.header.pairs
    assert kind is not None  # noqa: S101 - asked before
    telling = _telling(kind.names, writing, common, gates)
    with damage(saved.name):
        found = comparisons_of_partly(saved)
    _tell(telling, found, kind.metrics, provenance_of(saved.header.files))
    common.tell_notes(notes_of_lost(kind))
    return telling.keeper


def _telling(names: Sequence[str], writing: Writing, common: Common, gates: Gates) -> Telling:
    """Return how a comparison by these measures is told; no page or picture shows it."""
    return Telling.of("compare", gates.keeper(names), Drawn(None, None), writing, common)


def _tell(
    telling: Telling,
    found: "Sequence[Comparison]",
    metrics: Sequence[str] | None,
    provenance: "Provenance",
) -> None:
    """Write what was asked for of comparisons, and judge them."""
    notes = judge(telling.keeper, found)
    chosen = [_chosen(each, metrics) for each in found]
    telling.tell(
        chosen,
        partial(_forms, chosen, metrics, provenance),
        provenance,
        list(dict.fromkeys([*(note for each in found for note in each.notes), *notes])),
        [*of_no_rows(found[0].rows, found[0].used)],
    )


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
    """Return all lines for a terminal, CSV for a pipe, or one measure's number or bound."""

    def table(width: int) -> Iterator[Any]:
        from xentcli.render.bounded import bases_sentence
        from xentcli.render.comparison import comparison_tables

        if names is None or "all" in names:
            yield from map(bases_sentence, found)
        yield from comparison_tables(found, names or (), width)

    return forms_of(found, names, source, verdicts, table)

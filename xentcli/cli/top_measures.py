"""What ``xent eval`` does with lists of each row's most probable classes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xentcli import __version__
from xentcli.cli.evaluating import ks_of
from xentcli.cli.loss_inputs import criterion_of
from xentcli.cli.loss_options import GivenOptions, LossFlags
from xentcli.cli.options import Common
from xentcli.cli.output import Destination, Forms, ready_output
from xentcli.cli.states import check_state, write_state
from xentcli.errors import UsageError
from xentcli.pipeline.result_warnings import of_no_rows

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper
    from xentcli.pipeline.in_part.partly import Partly
    from xentcli.results.bounds import TopMeasures
    from xentcli.results.measure import Measure
    from xentcli.results.provenance import FileFacts


def run_eval(
    opened: "Partly",
    files: "Sequence[Sequence[str]]",
    metrics: Sequence[str] | None,
    top_k: str,
    bins: int,
    refused: Mapping[str, object],
    given: GivenOptions,
) -> None:
    """Measure lists, write the exact numbers and the bounds, and judge them."""
    from xentcli.pipeline.in_part.partly import OF_LISTS
    from xentcli.pipeline.measures.measure_plan import ks_named
    from xentcli.pipeline.top_lists.top_measures import ListsKind, lists_measures, state_of_lists

    common, state = given.common, given.loss.state
    keeper = given.gates.keeper((*OF_LISTS, "top5_accuracy"))
    ks = {*ks_of(top_k), *ks_named([*(metrics or ()), *keeper.names])}
    known = (*OF_LISTS, *(f"top{k}_accuracy" for k in sorted(ks)))
    _check(opened.what, metrics, known, refused, given)
    check_state(state, given.writing)
    output = ready_output("eval", keeper, given.writing, common)
    kind = ListsKind.of(opened.lists[0], [*ks], bins)
    kind = replace(kind, metrics=None if metrics is None else tuple(metrics))
    of_values = opened.notes if kind.shows_values else []  # which loss it is, and how exact
    common.tell_notes([*opened.rows.sources[0].notes, *of_values])
    with common.run(opened.rows.sources[0]) as run:
        sums = state_of_lists(opened.lists, kind, run)
    facts = [*opened.files(*files)]
    write(lists_measures(sums, kind), metrics, facts, output, common, keeper)
    if state is not None:
        from xentcli.pipeline.saved_states.bounded_states import state_of_bounded

        criterion = criterion_of(given.flags, "logits")
        paths = files[0][: len(opened.parts)]
        saved = state_of_bounded("eval", sums, kind, criterion, facts, paths)
        write_state(saved, state, given.writing)
    keeper.exit()


def _check(
    what: str,
    metrics: Sequence[str] | None,
    known: Sequence[str],
    refused: Mapping[str, object],
    given: GivenOptions,
) -> None:
    """Raise UsageError if anything asked for needs whole rows."""
    from xentcli.cli import bounded

    bounded.refuse(refused, what)
    bounded.check_flags(given.flags.without_labels(), LossFlags(), what)
    for name in metrics or ():
        if name not in (*known, "all"):
            measured = ", ".join(known)
            raise UsageError(f"--metric: {name!r} is not measured of lists; these are: {measured}")


def write(
    found: "TopMeasures",
    metrics: Sequence[str] | None,
    files: "Sequence[FileFacts]",
    output: Destination,
    common: Common,
    keeper: "Gatekeeper",
) -> None:
    """Write what lists say, and judge it."""
    notes = keeper.judge(found.metrics, found.num_classes or 0, found.rows)
    more = keeper.beside({}) | {"files": list(files), "version": __version__}
    output.write(_forms(found, metrics, more))
    common.tell_notes([*found.notes, *notes])
    for warning in of_no_rows(found.rows, found.used):
        common.tell("warning", warning)


def _forms(found: "TopMeasures", names: Sequence[str] | None, more: Mapping[str, Any]) -> Forms:
    """Return a table, CSV for a pipe, or one measure's number or bound."""
    shown: dict[str, Measure] = found.metrics
    if names is not None and "all" not in names:
        shown = {name: found.metrics[name] for name in names}

    def json() -> dict[str, Any]:
        return {**found.named(), **more}

    def table(_width: int) -> Iterator[Any]:
        from xentcli.render.bounded import lists_tables

        return lists_tables(found, _applying(shown, names))

    def text(delimiter: str) -> str:
        from xentcli.render.measures import measure_rows

        return measure_rows(_applying(shown, names), delimiter)

    if names is not None and len(shown) == 1:
        (measure,) = shown.values()
        if measure.value is not None:
            return Forms(json, table, number=measure.value)
        bound = getattr(measure, "text", "") or "nan"
        return Forms(json, table, lambda _: f"{bound}\n")
    return Forms(json, table, text)


def _applying(shown: "Mapping[str, Measure]", names: Sequence[str] | None) -> "dict[str, Measure]":
    """Return the measures that were asked for, or by default those that apply."""
    return {
        name: measure
        for name, measure in shown.items()
        if names is not None or measure.value is not None or bool(getattr(measure, "text", ""))
    }

"""The part that ``xent loss`` and ``xent nll`` share: evaluation, output and warnings."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xentcli.cli import loss_inputs, slots
from xentcli.cli.loss_options import Gates, GivenOptions, LossFlags
from xentcli.cli.options import Common
from xentcli.cli.output import Destination, Forms, ready_output
from xentcli.cli.states import check_state, write_state
from xentcli.pipeline.inputs.output_kinds import check_name
from xentcli.pipeline.result_warnings import fitting_commands, of_error, of_loss

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper
    from xentcli.pipeline.evaluate import Criterion, Evaluation
    from xentcli.pipeline.opening import Source
    from xentcli.results.loss import LossSummary

_MEASURES = ("loss", "perplexity", "bits", "accuracy")


def run_loss(
    criterion: "Criterion",
    files: list[list[str]],
    given: GivenOptions,
    opened: "Source | None" = None,
) -> None:
    """Read logits and labels, write their loss, say what is odd about it, and judge it.

    A source that is `opened` already has its labels beside it, or needs none.
    """
    options, common = given.loss, given.common
    keeper = keeper_of(given.gates, criterion)
    from xentcli.pipeline.evaluate import evaluate
    from xentcli.pipeline.language.samples import doubts

    check_state(options.state, given.writing, options.reduction)
    output = ready_output(criterion.command, keeper, given.writing, common)
    criterion = _with_metrics(criterion, output, keeper, options)
    source, labels, weights = _open(criterion, files, given, opened)
    criterion = loss_inputs.with_weights_in_order(criterion, source, labels, given.common)
    if options.reduction == "none":
        whole = criterion.has_metrics_from_outside
        with output.array("losses", whole=whole) as sink, common.run(source) as run:
            evaluation = evaluate(source, labels, criterion, run, sink, weights)
            notes = _judge(keeper, evaluation)
            output.add_summary(keeper.beside(evaluation.summary.named()))
        common.tell_notes([*evaluation.notes, *notes])
    else:
        with common.run(source) as run:
            evaluation = evaluate(source, labels, criterion, run, None, weights)
        write_number(evaluation, output, keeper, common)
        if output.form != "file":  # a bare number has no error
            common.tell_notes(of_error(evaluation, criterion))
    for doubt in doubts(source):
        common.tell("warning", doubt)
    warn(evaluation, criterion, source.name, common)
    if options.state is not None:
        _write_state(evaluation, criterion, (source, labels), files, given, weights)
    keeper.exit()


def _open(
    criterion: "Criterion", files: list[list[str]], given: GivenOptions, opened: "Source | None"
) -> "tuple[Source, Source | None, Source | None]":
    """Open rows, their labels and their weights, and print notes about them."""
    from xentcli.pipeline.inputs.beside_files import new_notes

    weights = given.loss.sample_weight
    reader = given.reading.reader.with_files_beside([weights])
    source, labels = opened, None
    if source is None:
        source, labels = loss_inputs.open_rows(criterion, files, given.flags, given.writing, reader)
    given.common.tell_notes([*source.notes, *(labels.notes if labels else [])])
    check_name(criterion.kind, source)
    beside = slots.open_weights(reader, weights, source, labels)
    given.common.tell_notes(new_notes((beside,), (source, labels)))
    return source, labels, beside


def _with_metrics(
    criterion: "Criterion", output: Destination, keeper: "Gatekeeper", options: LossFlags
) -> "Criterion":
    """Return the same, with all measures that will be shown, kept or judged."""
    in_full = options.state is not None or output.form == "json"
    if in_full or (output.form == "table" and options.reduction != "none"):
        return criterion.with_all_metrics()
    if "accuracy" in keeper.names:
        return criterion._replace(metrics=("loss", "accuracy"))
    return criterion


def write_number(
    evaluation: "Evaluation",
    output: Destination,
    keeper: "Gatekeeper",
    common: Common,
) -> None:
    """Write a loss over all rows, judge it, and print notes about it."""
    notes = _judge(keeper, evaluation)
    output.write(_forms(evaluation.summary, keeper))
    common.tell_notes([*evaluation.notes, *notes])


def warn(evaluation: "Evaluation", criterion: "Criterion", name: str, common: Common) -> None:
    """Say what is odd about a loss; `name` is that of its logits."""
    for warning in of_loss(evaluation, criterion, name):
        common.tell("warning", warning)


def _write_state(
    evaluation: "Evaluation",
    criterion: "Criterion",
    sources: "tuple[Source, Source | None]",
    names: list[list[str]],
    given: GivenOptions,
    beside: "Source | None",
) -> None:
    """Write the state of a loss; `beside` has the weights of its rows."""
    from xentcli.pipeline.saved_states.loss_states import state_of
    from xentcli.pipeline.saved_states.state_rows import BesideRows

    assert evaluation.found is not None  # noqa: S101 - rows were read
    weight = given.loss.sample_weight
    weights = None if beside is None or weight is None else (beside, [weight])
    saved = state_of(
        criterion.command, evaluation.found, criterion, sources, names, beside=BesideRows(weights)
    )
    write_state(saved, given.loss.state, given.writing)


def keeper_of(gates: Gates, criterion: "Criterion") -> "Gatekeeper":
    """Return the judge of a loss by the measures that are computed here."""
    if criterion.picked:
        return gates.keeper(_MEASURES[:-1])
    return gates.keeper(_MEASURES, fitting_commands("eval")[criterion.kind])


def _judge(keeper: "Gatekeeper", evaluation: "Evaluation") -> list[str]:
    """Judge the mean loss and what goes with it, whatever the reduction; return notes."""
    if not keeper.gates:
        return []
    from xentcli.pipeline.measures.loss_measures import loss_measure, with_accuracy

    summary, results = evaluation.summary, evaluation.results
    accuracy = None if summary.accuracy is None else results["accuracy"]
    measures = with_accuracy(loss_measure(results["loss"]), accuracy)
    return keeper.judge(measures, summary.num_classes, summary.rows)


def _forms(summary: "LossSummary", keeper: "Gatekeeper") -> Forms:
    """Return one loss: a table at a terminal, the bare number in a pipe, an array in a file."""

    def table(_width: int) -> Iterator[object]:
        from xentcli.render.tables import loss_table

        yield loss_table(summary)

    return Forms(lambda: keeper.beside(summary.named()), table, number=summary.loss)

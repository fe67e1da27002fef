"""What ``xent loss`` and ``xent nll`` share: the evaluation, its output and its warnings."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from xentcli.cli import inputs
from xentcli.cli.options import Common, LossOptions, Writing
from xentcli.cli.output import Forms, Output
from xentcli.cli.parsing import check_temperature, parse_dtype, parse_weight
from xentcli.cli.reading import Reading

if TYPE_CHECKING:
    from xentcli.pipeline.evaluate import Criterion, Evaluation, Kind
    from xentcli.results.loss import LossSummary

_FITTING_COMMANDS = {
    "logits": "xent loss LOGITS LABELS",
    "log-probabilities": "xent nll LOG_PROBS LABELS",
    "probabilities": "xent nll --probs PROBS LABELS",
}


def check_files(files: list[list[str]], options: LossOptions) -> None:
    """Raise UsageError if two of the files are standard input."""
    inputs.only_one_standard_input(*(path for paths in files for path in paths), options.weight)


def criterion_of(
    options: LossOptions, kind: "Kind", label_smoothing: float = 0.0, temperature: float = 1.0
) -> "Criterion":
    """Return which loss the options ask for."""
    from xentcli.pipeline import evaluate
    from xentcli.pipeline.inputs import read_naming

    check_temperature(temperature)
    weight = evaluate.as_weight(parse_weight(options.weight))
    return evaluate.Criterion(
        kind,
        evaluate.LossOptions(
            weight, options.ignore_index, label_smoothing, options.label_base or 0
        ),
        options.reduction,
        options.class_axis,
        parse_dtype(options.dtype),
        temperature,
        propagate=options.non_finite == "propagate",
        shift=options.shift,
        naming=read_naming(options.classes, options.label_base),
        ids_wanted=options.id_column is not None,
    )


def run_loss(
    criterion: "Criterion",
    files: list[list[str]],
    options: LossOptions,
    writing: Writing,
    reading: Reading,
    common: Common,
) -> None:
    """Read logits and labels, write their loss, and say what is odd about it."""
    from xentcli.pipeline.evaluate import evaluate

    output = Output(criterion.command, writing, common)
    output.check(is_text=False)
    if output.form == "json" or (output.form == "table" and options.reduction != "none"):
        criterion = criterion._replace(metrics=("loss", "accuracy"))
    values, labels = files
    source, labels_source = inputs.open_both(
        reading,
        values,
        labels,
        options.label_column,
        options.label_key,
        shift=options.shift,
        id_column=options.id_column,
        classes=criterion.naming.classes,
        output=writing.output,
    )
    common.tell_notes([*source.notes, *(labels_source.notes if labels_source else [])])
    if options.reduction == "none":
        with output.array("losses") as sink, common.run(source) as run:
            evaluation = evaluate(source, labels_source, criterion, run, sink)
            output.add_summary(evaluation.summary)
    else:
        with common.run(source) as run:
            evaluation = evaluate(source, labels_source, criterion, run)
        output.write(_forms(evaluation.summary))
    common.tell_notes(evaluation.notes)
    for warning in _warnings(evaluation, criterion.kind, source.name):
        common.tell("warning", warning)


def _forms(summary: "LossSummary") -> Forms:
    """Return one loss: a table at a terminal, the bare number in a pipe, an array in a file."""

    def table(_width: int) -> Iterator[object]:
        from xentcli.render.tables import loss_table

        yield loss_table(summary)

    return Forms(lambda: summary, table, number=summary.loss)


def _warnings(evaluation: "Evaluation", kind: "Kind", name: str) -> Iterator[str]:
    """Say what is odd about a loss, and which command would fit what was given."""
    looks_like = evaluation.looks_like
    if looks_like in _FITTING_COMMANDS and looks_like != kind:
        fitting = _FITTING_COMMANDS[looks_like]
        yield f"{name}: these look like {looks_like}, not {kind}: {fitting} would fit"
    summary = evaluation.summary
    if summary.used == 0:
        nothing = "every label is ignored" if summary.num_classes else "there are no classes"
        if summary.rows == 0:
            nothing = "the shift leaves no row a label" if summary.unpaired else "there are no rows"
        yield f"nothing is used: {nothing}, so the mean is NaN"
    elif math.isnan(summary.loss):
        yield "the loss is NaN, as PyTorch's is: from NaN, 0 / 0, 0 * inf or inf - inf"
    elif math.isinf(summary.loss):
        yield "the loss is infinite: a label has probability 0"

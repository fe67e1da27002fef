"""What ``xent loss`` and ``xent nll`` share: the evaluation, its output and its warnings."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xentcli.cli import inputs
from xentcli.cli.loss_options import LossFlags
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination, Forms
from xentcli.cli.parsing import (
    check_temperature,
    parse_dtype,
    parse_rows,
    parse_weight,
    weight_order,
)
from xentcli.cli.reading import Reading
from xentcli.errors import InputError, MissingLabels, UsageError

if TYPE_CHECKING:
    from xentcli.pipeline.elements import BinaryOptions
    from xentcli.pipeline.evaluate import Criterion, Evaluation, Kind
    from xentcli.pipeline.inputs import Source
    from xentcli.results.loss import LossSummary

_PICKED_HINT = "if each number is the log-probability of its label already: --picked"
_FITTING_COMMANDS = {
    "logits": "xent loss LOGITS LABELS",
    "log-probabilities": "xent nll LOG_PROBS LABELS",
    "probabilities": "xent nll --probs PROBS LABELS",
}


def check_files(files: list[list[str]], options: LossFlags) -> None:
    """Raise UsageError if two of the files are standard input."""
    others = (options.weight, options.pos_weight, options.sample_weight)
    inputs.only_one_standard_input(*(path for paths in files for path in paths), *others)


def criterion_of(
    options: LossFlags, kind: "Kind", label_smoothing: float = 0.0, temperature: float = 1.0
) -> "Criterion":
    """Return which loss the options ask for."""
    from xentcli.pipeline import evaluate
    from xentcli.pipeline.inputs import read_naming

    check_temperature(temperature)
    weight = evaluate.as_weight(parse_weight(options.weight))
    ignored = tuple(options.ignore_index or ())
    propagate = options.non_finite == "propagate"
    return evaluate.Criterion(
        kind,
        evaluate.LossOptions(
            None if options.binary else weight,
            ignored or -100,
            label_smoothing,
            options.label_base or 0,
            nan_of_zero=propagate,
        ),
        options.reduction,
        options.class_axis,
        parse_dtype(options.dtype),
        temperature,
        propagate=propagate,
        shift=options.shift,
        naming=read_naming(options.classes, options.label_base),
        ids_wanted=options.id_column is not None,
        binary=_binary(options, kind, weight, ignored or (-100,)),
        rows=None if options.rows is None else parse_rows(options.rows),
    )


def _binary(
    options: LossFlags, kind: "Kind", weight: Any, ignored: tuple[int, ...]
) -> "BinaryOptions | None":
    """Return the options of a binary loss, if that is asked for.

    Raises
    ------
    UsageError
        If another option makes no sense with it.
    """
    if not options.binary:
        if options.pos_weight is not None:
            raise UsageError("--pos-weight needs --binary")
        return None
    if kind == "log-probabilities":
        raise UsageError(
            "--binary takes probabilities of class 1, --probs FILE, or logits, xent loss; "
            "not log-probabilities"
        )
    if kind == "probabilities" and options.pos_weight is not None:
        raise UsageError("--pos-weight goes with logits: xent loss --binary")
    refused = {
        "--class-axis": options.class_axis,
        "--shift": options.shift or None,
        "--label-base": options.label_base,
        "--classes": options.classes,
    }
    for name, value in refused.items():
        if value is not None:
            raise UsageError(f"{name} is for classes; with --binary each number has a label")
    from xentcli.pipeline.elements import BinaryOptions
    from xentcli.pipeline.evaluate import as_weight

    pos_weight = as_weight(parse_weight(options.pos_weight, "--pos-weight"))
    return BinaryOptions(weight, pos_weight, ignored, probs=kind == "probabilities")


def run_loss(
    criterion: "Criterion",
    files: list[list[str]],
    options: LossFlags,
    writing: Writing,
    reading: Reading,
    common: Common,
) -> None:
    """Read logits and labels, write their loss, and say what is odd about it."""
    from xentcli.pipeline.evaluate import evaluate

    output = Destination(criterion.command, writing, common)
    output.check(is_text=False)
    if output.form == "json" or (output.form == "table" and options.reduction != "none"):
        criterion = criterion.with_all_metrics()
    source, labels_source = _open(criterion, files, options, writing, reading)
    common.tell_notes([*source.notes, *(labels_source.notes if labels_source else [])])
    criterion = _with_weights_in_order(criterion, options, source)
    _check_kind(criterion, source)
    weights = inputs.open_weights(reading, options.sample_weight, source.id_column)
    if options.reduction == "none":
        with output.array("losses") as sink, common.run(source) as run:
            evaluation = evaluate(source, labels_source, criterion, run, sink, weights)
            output.add_summary(evaluation.summary)
    else:
        with common.run(source) as run:
            evaluation = evaluate(source, labels_source, criterion, run, None, weights)
        output.write(_forms(evaluation.summary))
    common.tell_notes(evaluation.notes)
    for warning in _warnings(evaluation, criterion, source.name):
        common.tell("warning", warning)


def _with_weights_in_order(
    criterion: "Criterion", options: LossFlags, source: "Source"
) -> "Criterion":
    """Return the same with class weights in the order of the logits' classes, by their names."""
    classes = criterion.naming.classes or source.columns or ()
    order = weight_order(options.weight, classes)
    if order is not None and criterion.options.weight is not None:
        loss = replace(criterion.options, weight=criterion.options.weight[order])
        criterion = criterion._replace(options=loss)
    binary = criterion.binary
    if binary is not None and order is not None and binary.weight is not None:
        binary = binary._replace(weight=binary.weight[order])
    order = weight_order(options.pos_weight, classes)
    if binary is not None and order is not None and binary.pos_weight is not None:
        binary = binary._replace(pos_weight=binary.pos_weight[order])
    return criterion._replace(binary=binary)


def _check_kind(criterion: "Criterion", source: "Source") -> None:
    """Raise InputError if an array that was found by its name says that it is of another kind."""
    name = source.name.rpartition(":")[2].casefold()
    by_name = any("by name" in note for note in source.notes)
    if by_name and "prob" in name and "log" not in name and criterion.kind != "probabilities":
        raise InputError(
            f"{source.name}: its name says probabilities, not {criterion.kind}",
            hint="xent nll --probs FILE; if they are none, whatever their name: --key NAME",
        )


def _open(
    criterion: "Criterion",
    files: list[list[str]],
    options: LossFlags,
    writing: Writing,
    reading: Reading,
) -> "tuple[Source, Source | None]":
    values, labels = files
    if criterion.picked:
        if labels or options.label_column or options.label_key:
            raise UsageError("--picked takes no labels: each number is that of its label already")
        return inputs.open_values(reading, values, options.id_column), None
    try:
        return inputs.open_both(
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
    except MissingLabels as error:
        if criterion.kind != "logits" and criterion.binary is None:
            error.hint = error.hint or _PICKED_HINT
        raise


def _forms(summary: "LossSummary") -> Forms:
    """Return one loss: a table at a terminal, the bare number in a pipe, an array in a file."""

    def table(_width: int) -> Iterator[object]:
        from xentcli.render.tables import loss_table

        yield loss_table(summary)

    return Forms(lambda: summary, table, number=summary.loss)


def _warnings(evaluation: "Evaluation", criterion: "Criterion", name: str) -> Iterator[str]:
    """Say what is odd about a loss, and which command would fit what was given."""
    kind, looks_like, summary = criterion.kind, evaluation.looks_like, evaluation.summary
    fits = looks_like == kind or (kind == "probabilities" and looks_like == "logits")
    if looks_like in _FITTING_COMMANDS and not fits:
        fitting = _FITTING_COMMANDS[looks_like]
        fitting = fitting.replace("nll", "nll --binary") if summary.binary else fitting
        yield f"{name}: these look like {looks_like}, not {kind}: {fitting} would fit"
    if missing := evaluation.missing:
        yield (
            f"{name}: rows whose probabilities do not sum to 1: {missing.rows:,}, by up to "
            f"{missing.most:.3g}; --normalize divides each row by its sum"
        )
    if summary.num_classes == 1:
        yield "the loss over one class is 0, whatever the logits are"
    yield from _not_finite(summary)


def _not_finite(summary: "LossSummary") -> Iterator[str]:
    if summary.used == 0:
        nothing = "every label is ignored" if summary.num_classes else "there are no classes"
        if summary.rows == 0:
            nothing = "the shift leaves no row a label" if summary.unpaired else "there are no rows"
        elif summary.picked:
            nothing = "no token has a log-probability"
        sums = summary.reduction == "sum"
        yield f"nothing is used: {nothing}, so the {'sum is 0' if sums else 'mean is NaN'}"
    elif math.isnan(summary.loss):
        yield "the loss is NaN, as PyTorch's is: from NaN, 0 / 0, 0 * inf or inf - inf"
    elif math.isinf(summary.loss):
        yield "the loss is infinite: a label has probability 0"

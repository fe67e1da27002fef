"""What ``xent loss`` and ``xent nll`` share: the evaluation, its output and its warnings."""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from xentcli.cli import inputs
from xentcli.cli.loss_options import Gates, LossFlags, RowFlags, with_gates
from xentcli.cli.options import Common, Writing
from xentcli.cli.output import Destination, Forms
from xentcli.cli.parsing import (
    parse_dtype,
    parse_rows,
    parse_temperature,
    parse_weight,
)
from xentcli.cli.reading import Reading
from xentcli.cli.states import check_state, write_state
from xentcli.errors import InputError, MissingLabels, UsageError

if TYPE_CHECKING:
    from xentcli.cli.gates import Gatekeeper
    from xentcli.pipeline.elements import BinaryOptions
    from xentcli.pipeline.evaluate import Criterion, Evaluation, Kind
    from xentcli.pipeline.inputs import Source
    from xentcli.pipeline.reading import Reader
    from xentcli.pipeline.weights import Weights
    from xentcli.results.loss import LossSummary

_PICKED_HINT = "if each number is the log-probability of its label already: --picked"
_FITTING_COMMANDS = {
    "logits": "xent loss LOGITS LABELS",
    "log-probabilities": "xent nll LOG_PROBS LABELS",
    "probabilities": "xent nll --probs PROBS LABELS",
}
_MEASURES = ("loss", "perplexity", "bits", "accuracy")
_COMMANDS_OF_ALL = {
    "logits": "xent eval LOGITS LABELS",
    "log-probabilities": "xent eval --log-probs LOG_PROBS LABELS",
    "probabilities": "xent eval --probs PROBS LABELS",
}


def check_files(
    files: list[list[str]],
    flags: RowFlags,
    options: LossFlags = LossFlags(),  # noqa: B008 - a named tuple
    gates: Gates = Gates(),  # noqa: B008 - a named tuple
) -> None:
    """Raise UsageError if two of the files are standard input."""
    others = (flags.weight, options.pos_weight, options.sample_weight, gates.baseline)
    inputs.only_one_standard_input(*(path for paths in files for path in paths), *others)


def criterion_of(
    flags: RowFlags,
    kind: "Kind",
    options: LossFlags = LossFlags(),  # noqa: B008 - a named tuple
    label_smoothing: float = 0.0,
    temperature: str = "1",
) -> "Criterion":
    """Return which loss the options ask for."""
    from xentcli.pipeline import evaluate
    from xentcli.pipeline.inputs import read_naming

    weights = parse_weight(flags.weight)
    weight = None if weights is None else evaluate.as_weight(weights.values)
    factors = parse_weight(options.pos_weight, "--pos-weight")
    ignored = tuple(flags.ignore_index or ())
    propagate = flags.non_finite == "propagate"
    return evaluate.Criterion(
        kind,
        evaluate.LossOptions(
            None if flags.binary else weight,
            ignored or -100,
            label_smoothing,
            flags.label_base or 0,
            nan_of_zero=propagate,
        ),
        options.reduction,
        flags.class_axis,
        parse_dtype(flags.dtype),
        parse_temperature(temperature),
        propagate=propagate,
        shift=flags.shift,
        naming=read_naming(flags.classes, flags.label_base),
        ids_wanted=flags.id_column is not None,
        binary=_binary(flags, factors, kind, weight, ignored or (-100,)),
        rows=None if flags.rows is None else parse_rows(flags.rows),
        weights=(weights, factors),
    )


def _binary(
    flags: RowFlags,
    pos_weight: "Weights | None",
    kind: "Kind",
    weight: Any,
    ignored: tuple[int, ...],
) -> "BinaryOptions | None":
    """Return the options of a binary loss, if that is asked for.

    Raises
    ------
    UsageError
        If another option makes no sense with it.
    """
    if not flags.binary:
        if pos_weight is not None:
            raise UsageError("--pos-weight needs --binary")
        return None
    if kind == "log-probabilities":
        raise UsageError(
            "--binary takes probabilities of class 1, --probs FILE, or logits, xent loss; "
            "not log-probabilities"
        )
    if kind == "probabilities" and pos_weight is not None:
        raise UsageError("--pos-weight goes with logits: xent loss --binary")
    refused = {
        "--class-axis": flags.class_axis,
        "--shift": flags.shift or None,
        "--label-base": flags.label_base,
        "--classes": flags.classes,
    }
    for name, value in refused.items():
        if value is not None:
            raise UsageError(f"{name} is for classes; with --binary each number has a label")
    from xentcli.pipeline.elements import BinaryOptions
    from xentcli.pipeline.evaluate import as_weight

    factor = None if pos_weight is None else as_weight(pos_weight.values)
    return BinaryOptions(weight, factor, ignored, probs=kind == "probabilities")


def run_loss(
    criterion: "Criterion",
    files: list[list[str]],
    flags: RowFlags,
    options: LossFlags,
    writing: Writing,
    reading: Reading,
    common: Common,
    gates: Gates,
) -> None:
    """Read logits and labels, write their loss, say what is odd about it, and judge it."""
    keeper = keeper_of(gates, criterion)
    from xentcli.pipeline.evaluate import evaluate
    from xentcli.pipeline.samples import doubts

    if options.state is not None and options.reduction == "none":
        raise UsageError(
            "--state is of one number, and --reduction none of one a row",
            hint="--reduction mean; the losses of rows are put together as their files are",
        )
    check_state(options.state, writing)
    output = Destination(criterion.command, writing, common)
    output.check(is_text=False)
    in_full = options.state is not None or output.form == "json"
    if in_full or (output.form == "table" and options.reduction != "none"):
        criterion = criterion.with_all_metrics()
    elif keeper is not None and "accuracy" in keeper.names:
        criterion = criterion._replace(metrics=("loss", "accuracy"))
    if keeper is not None:
        keeper.open()
    reader = reading.reader
    source, labels_source = open_rows(criterion, files, flags, writing, reader)
    common.tell_notes([*source.notes, *(labels_source.notes if labels_source else [])])
    criterion = with_weights_in_order(criterion, source)
    check_kind(criterion, source)
    weights = inputs.open_weights(reader, options.sample_weight, source.id_column)
    if options.reduction == "none":
        with output.array("losses") as sink, common.run(source) as run:
            evaluation = evaluate(source, labels_source, criterion, run, sink, weights)
            notes = _judge(keeper, evaluation)
            output.add_summary(with_gates(evaluation.summary._asdict(), keeper))
        common.tell_notes([*evaluation.notes, *notes])
    else:
        with common.run(source) as run:
            evaluation = evaluate(source, labels_source, criterion, run, None, weights)
        write_number(evaluation, output, keeper, common)
    for doubt in doubts(source):
        common.tell("warning", doubt)
    warn(evaluation, criterion, source.name, common)
    if options.state is not None:
        _write_state(evaluation, criterion, (source, labels_source), files, options, writing)
    if keeper is not None:
        keeper.exit()


def write_number(
    evaluation: "Evaluation",
    output: Destination,
    keeper: "Gatekeeper | None",
    common: Common,
) -> None:
    """Write a loss over all rows, judge it, and say what is to be noted about it."""
    notes = _judge(keeper, evaluation)
    output.write(_forms(evaluation.summary, keeper))
    common.tell_notes([*evaluation.notes, *notes])


def warn(evaluation: "Evaluation", criterion: "Criterion", name: str, common: Common) -> None:
    """Say what is odd about a loss; `name` is that of its logits."""
    for warning in _warnings(evaluation, criterion, name):
        common.tell("warning", warning)


def _write_state(
    evaluation: "Evaluation",
    criterion: "Criterion",
    sources: "tuple[Source, Source | None]",
    names: list[list[str]],
    options: LossFlags,
    writing: Writing,
) -> None:
    """Write the state of a loss."""
    from xentcli.pipeline.loss_states import state_of

    assert evaluation.found is not None  # noqa: S101 - rows were read
    weighted = options.sample_weight is not None
    saved = state_of(
        criterion.command, evaluation.found, criterion, sources, names, sample_weight=weighted
    )
    write_state(saved, options.state, writing)


def keeper_of(gates: Gates, criterion: "Criterion") -> "Gatekeeper | None":
    """Return what judges a loss by the measures that are computed here."""
    if criterion.picked:
        return gates.keeper(_MEASURES[:-1])
    return gates.keeper(_MEASURES, _COMMANDS_OF_ALL[criterion.kind])


def _judge(keeper: "Gatekeeper | None", evaluation: "Evaluation") -> list[str]:
    """Judge a mean loss and what goes with it, whatever the reduction; return what to note."""
    if keeper is None:
        return []
    from xentcli.pipeline.loss_measures import loss_measure, with_accuracy

    summary, results = evaluation.summary, evaluation.results
    accuracy = None if summary.accuracy is None else results["accuracy"]
    return keeper.judge(with_accuracy(loss_measure(results["loss"]), accuracy), summary.num_classes)


def with_weights_in_order(criterion: "Criterion", source: "Source") -> "Criterion":
    """Return the same with class weights in the order of the logits' classes, by their names."""
    classes = criterion.naming.classes or source.columns or ()
    order, other = (None if each is None else each.order(classes) for each in criterion.weights)
    if order is not None and criterion.options.weight is not None:
        loss = criterion.options.replaced(weight=criterion.options.weight[order])
        criterion = criterion._replace(options=loss)
    binary = criterion.binary
    if binary is not None and order is not None and binary.weight is not None:
        binary = binary._replace(weight=binary.weight[order])
    if binary is not None and other is not None and binary.pos_weight is not None:
        binary = binary._replace(pos_weight=binary.pos_weight[other])
    return criterion._replace(binary=binary, weights=(None, None))


def check_kind(criterion: "Criterion", source: "Source") -> None:
    """Raise InputError if an array that was found by its name says that it is of another kind."""
    name = source.name.rpartition(":")[2].casefold()
    by_name = any("by name" in note for note in source.notes)
    if by_name and "prob" in name and "log" not in name and criterion.kind != "probabilities":
        raise InputError(
            f"{source.name}: its name says probabilities, not {criterion.kind}",
            hint="xent nll --probs FILE; if they are none, whatever their name: --key NAME",
        )


def open_rows(
    criterion: "Criterion",
    files: list[list[str]],
    flags: RowFlags,
    writing: Writing,
    reader: "Reader",
) -> "tuple[Source, Source | None]":
    """Open what holds the rows, and their labels unless they stand beside them."""
    values, labels = files
    if criterion.picked:
        if labels or flags.label_column or flags.label_key:
            raise UsageError("--picked takes no labels: each number is that of its label already")
        return inputs.open_values(reader, values, flags.id_column), None
    try:
        return inputs.open_both(
            reader,
            values,
            labels,
            flags.label_column,
            flags.label_key,
            shift=flags.shift,
            id_column=flags.id_column,
            classes=criterion.naming.classes,
            output=writing.output,
        )
    except MissingLabels as error:
        if criterion.kind != "logits" and criterion.binary is None:
            error.hint = error.hint or _PICKED_HINT
        raise


def _forms(summary: "LossSummary", keeper: "Gatekeeper | None") -> Forms:
    """Return one loss: a table at a terminal, the bare number in a pipe, an array in a file."""

    def table(_width: int) -> Iterator[object]:
        from xentcli.render.tables import loss_table

        yield loss_table(summary)

    return Forms(lambda: with_gates(summary._asdict(), keeper), table, number=summary.loss)


def _warnings(evaluation: "Evaluation", criterion: "Criterion", name: str) -> Iterator[str]:
    """Say what is odd about a loss, and which command would fit what was given."""
    summary = evaluation.summary
    fitting = {
        kind: command.replace("nll", "nll --binary") if summary.binary else command
        for kind, command in _FITTING_COMMANDS.items()
    }
    yield from odd_kinds(name, criterion.kind, evaluation.looks_like, fitting)
    if missing := evaluation.missing:
        yield odd_sums(name, missing.rows, missing.most)
    if summary.num_classes == 1:
        yield "the loss over one class is 0, whatever the logits are"
    yield from _not_finite(summary)


def odd_kinds(
    name: str, kind: "Kind", looks_like: str, fitting: Mapping[str, str]
) -> Iterator[str]:
    """Say that a file looks like another kind, and which of the `fitting` commands takes that."""
    fits = looks_like == kind or (kind == "probabilities" and looks_like == "logits")
    if looks_like in fitting and not fits:
        yield f"{name}: these look like {looks_like}, not {kind}: {fitting[looks_like]} would fit"


def odd_sums(name: str, rows: int, most: float) -> str:
    """Say that rows of probabilities do not sum to 1."""
    return (
        f"{name}: rows whose probabilities do not sum to 1: {rows:,}, by up to {most:.3g}; "
        "--normalize divides each row by its sum"
    )


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

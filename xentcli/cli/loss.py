"""xent loss, xent nll."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from xentcli.cli import inputs, options
from xentcli.cli.arrays import array_sink, show, shows_table
from xentcli.cli.inputs import Reading
from xentcli.cli.options import Common, Writing
from xentcli.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from xentcli.pipeline.evaluate import Criterion, Evaluation, Kind
    from xentcli.results.loss import LossSummary


class LossFlags(NamedTuple):
    """What both commands can be told."""

    weight: Annotated[
        str | None,
        typer.Option(
            "--weight",
            metavar="FILE|1,2,0.5",
            help="A factor for each class: a file, or the numbers.",
        ),
    ] = None
    ignore_index: Annotated[
        int, typer.Option("--ignore-index", help="The label of rows to leave out.")
    ] = -100
    reduction: Annotated[
        options.Reduction, typer.Option("--reduction", help="none writes one loss a row.")
    ] = "mean"
    class_axis: Annotated[
        int | None,
        typer.Option("--class-axis", help="The axis of the classes.", show_default="as PyTorch"),
    ] = None
    shift: options.Shift = 0
    label_column: options.LabelColumn = None
    label_key: options.LabelKey = None
    label_base: options.LabelBase = None
    classes: options.ClassesOption = None
    id_column: options.IdColumn = None
    dtype: options.DtypeOption = None
    non_finite: options.NonFiniteOption = "error"

    def check_files(self, values: list[str], labels: list[str] | None) -> None:
        """Raise UsageError if two of the files are standard input, or ids have no rows to name."""
        inputs.only_one_standard_input(*values, *(labels or ()), self.weight)
        if self.id_column is not None and self.reduction != "none":
            raise UsageError(f"--id-column needs --reduction none: a {self.reduction} has no rows")


def loss(
    logits: options.LogitsOption,
    labels: options.LabelsOption = None,
    label_smoothing: Annotated[
        float, typer.Option("--label-smoothing", help="In [0, 1].", min=0.0, max=1.0)
    ] = 0.0,
    temperature: options.Temperature = 1.0,
    *,
    own: LossFlags,
    writing: Writing,
    reading: Reading,
    common: Common,
) -> None:
    """Cross entropy of logits: the mean of -log(softmax(logits)) at the labels."""
    options.check_temperature(temperature)
    own.check_files(logits, labels)
    criterion = _criterion(own, "logits", label_smoothing, temperature)
    criterion = criterion._replace(metrics=_metrics(own, writing, common))
    _run(criterion, logits, labels, own, writing, reading, common)


def nll(
    log_probs: Annotated[
        list[str] | None,
        typer.Option(
            "--log-probs", metavar="FILE", help=f"File of log-probabilities. {options.SEVERAL}"
        ),
    ] = None,
    probs: Annotated[
        list[str] | None,
        typer.Option("--probs", metavar="FILE", help="File of probabilities instead."),
    ] = None,
    labels: options.LabelsOption = None,
    *,
    own: LossFlags,
    writing: Writing,
    reading: Reading,
    common: Common,
) -> None:
    """Negative log likelihood of log-probabilities, or of probabilities."""
    values = log_probs or probs
    if not values or (log_probs and probs):
        raise UsageError("give one of --log-probs and --probs")
    own.check_files(values, labels)
    criterion = _criterion(own, "probabilities" if probs else "log-probabilities")
    criterion = criterion._replace(metrics=_metrics(own, writing, common))
    _run(criterion, values, labels, own, writing, reading, common)


def _criterion(
    own: LossFlags, kind: "Kind", label_smoothing: float = 0.0, temperature: float = 1.0
) -> "Criterion":
    from xentcli.pipeline.evaluate import Criterion, LossOptions, as_weight
    from xentcli.pipeline.naming import read_naming

    weight = as_weight(_weight(own.weight))
    return Criterion(
        kind,
        LossOptions(weight, own.ignore_index, label_smoothing, own.label_base or 0),
        own.reduction,
        own.class_axis,
        options.numpy_dtype(own.dtype),
        temperature,
        propagate=own.non_finite == "propagate",
        shift=own.shift,
        naming=read_naming(own.classes, own.label_base),
    )


def _metrics(own: LossFlags, writing: Writing, common: Common) -> tuple[str, ...]:
    """Return what is shown: a bare number in a pipe asks for the loss alone."""
    shows_all = common.json or (own.reduction != "none" and shows_table(writing))
    return ("loss", "accuracy") if shows_all else ("loss",)


def _weight(text: str | None) -> "ArrayLike | None":
    """Return class weights: the numbers themselves, or those in the file of that name."""
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        if "," in text and not Path(text).exists():
            raise UsageError(f"--weight {text}: neither numbers nor a file") from None
        from xentcli.pipeline.inputs import InputFile, ReadOptions, read_vector

        return read_vector(InputFile(text, options=ReadOptions(key_option=None)))


def _run(
    criterion: "Criterion",
    values: list[str],
    labels: list[str] | None,
    own: LossFlags,
    writing: Writing,
    reading: Reading,
    common: Common,
) -> None:
    from xentcli.pipeline.evaluate import evaluate
    from xentcli.pipeline.outputs import check_output, check_text_output

    if common.json:
        check_text_output(writing.output, writing.to, force=writing.force)
    else:
        check_output(writing.output, force=writing.force)
    source, labels_source = inputs.open_both(
        reading,
        values,
        labels,
        own.label_column,
        own.label_key,
        shift=own.shift,
        id_column=own.id_column,
        classes=criterion.naming.classes,
    )
    common.tell_all([*source.notes, *(labels_source.notes if labels_source else [])])
    if own.reduction == "none":
        with (
            array_sink(criterion.command, writing, common, key="losses") as sink,
            common.run(source) as run,
        ):
            evaluation = evaluate(source, labels_source, criterion, run, sink)
            sink.finish(evaluation.summary)
    else:
        with common.run(source) as run:
            evaluation = evaluate(source, labels_source, criterion, run)
        _write(evaluation.summary, writing, common)
    common.tell_all(evaluation.notes)
    for warning in _warnings(evaluation, criterion.kind, source.name):
        common.tell("warning", warning)


def _write(summary: "LossSummary", writing: Writing, common: Common) -> None:
    """Write one loss: a table at a terminal, the bare number in a pipe, an array in a file."""
    from xentcli.pipeline.outputs import number_file, text_file

    if common.json:
        from xentcli.render.json import to_json

        with text_file(writing.output, force=writing.force) as write:
            write(to_json(summary))
    elif shows_table(writing):
        from xentcli.render.tables import loss_table

        show(loss_table(summary), common)
    else:
        number_file(summary.loss, writing.output, writing.to, force=writing.force)


def _warnings(evaluation: "Evaluation", kind: "Kind", name: str) -> Iterator[str]:
    """Say what is odd about a loss, and which command would fit what was given."""
    fitting = {
        "logits": "xent loss --logits",
        "log-probabilities": "xent nll --log-probs",
        "probabilities": "xent nll --probs",
    }
    looks_like = evaluation.looks_like
    if looks_like in fitting and looks_like != kind:
        yield f"{name}: these look like {looks_like}, not {kind}: {fitting[looks_like]} would fit"
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

"""Decides which loss the options ask for, and opens its rows."""

from typing import TYPE_CHECKING, Any

from xentcli.cli import slots
from xentcli.cli.loss_options import GivenOptions, LossFlags, RowFlags
from xentcli.cli.options import Common, Writing
from xentcli.cli.parsing import parse_dtype, parse_rows, parse_temperature, parse_weight
from xentcli.errors import MissingLabels, UsageError

if TYPE_CHECKING:
    from xentcli.pipeline.element_work import BinaryOptions
    from xentcli.pipeline.evaluate import Criterion, Kind
    from xentcli.pipeline.inputs.labelled import LabelOptions
    from xentcli.pipeline.inputs.reading import Reader
    from xentcli.pipeline.inputs.weights import Weights
    from xentcli.pipeline.opening import Source

_PICKED_HINT = "if each number is the log-probability of its label already: --picked"


def check_files(files: list[list[str]], given: GivenOptions, *more: str | None) -> None:
    """Raise UsageError if two of the files are standard input."""
    weights = (given.flags.weight, given.loss.pos_weight, given.loss.sample_weight)
    others = (*weights, given.gates.baseline, *more)
    slots.only_one_standard_input(*(path for paths in files for path in paths), *others)


def check_second(inputs: list[list[str]], labels: list[str] | None, given: GivenOptions) -> None:
    """Raise InputError if the file at the place of labels may as well be one of more rows.

    `labels` are the files of labels that their option names.
    """
    slots.check_second(inputs, labels, given.reading.reader, label_options(given.flags, ()))


def criterion_of(
    flags: RowFlags,
    kind: "Kind",
    options: LossFlags = LossFlags(),  # noqa: B008 - never changed
    label_smoothing: float = 0.0,
    temperature: str = "1",
) -> "Criterion":
    """Return which loss the options ask for."""
    from xentcli.pipeline import evaluate
    from xentcli.pipeline.opening import read_naming

    weights = parse_weight(flags.weight)
    weight = None if weights is None else weights.checked("--weight")
    named = "--weight" if weights is None else weights.called("--weight")
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
            weight_name=named,
        ),
        options.reduction,
        flags.class_axis,
        parse_dtype(flags.dtype),
        parse_temperature(temperature, binary=flags.binary),
        propagate=propagate,
        shift=flags.shift,
        naming=read_naming(flags.classes, flags.label_base),
        ids_wanted=flags.id_column is not None,
        binary=_binary(flags, factors, kind, (weight, named), ignored or (-100,)),
        rows=None if flags.rows is None else parse_rows(flags.rows),
        weights=(weights, factors),
    )


def refuse_of_probs(option: str, *, normalize: bool, clip: float) -> None:
    """Raise UsageError if an option for probabilities is given; `option` says what holds these."""
    for name, given in (("--normalize", normalize), ("--clip", clip)):
        if given:
            raise UsageError(f"{name} is for rows of probabilities: {option}")


def hint_of_temperature(kind: "Kind") -> str:
    """Return how rows that are no logits can be divided by a temperature."""
    if kind == "log-probabilities":
        return "log-probabilities count as logits: give them as such"
    return "save the logits, or the logarithms of the probabilities, which count as logits"


def _binary(
    flags: RowFlags,
    pos_weight: "Weights | None",
    kind: "Kind",
    weight: tuple[Any, str],
    ignored: tuple[int, ...],
) -> "BinaryOptions | None":
    """Return the options of a binary loss, if one is asked for; weights come with their name.

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
    from xentcli.pipeline.element_work import BinaryOptions

    found = BinaryOptions(weight[0], None, ignored, kind == "probabilities", weight[1])
    if pos_weight is None:
        return found
    name = pos_weight.called("--pos-weight")
    return found._replace(pos_weight=pos_weight.checked("--pos-weight"), pos_weight_name=name)


def with_weights_in_order(
    criterion: "Criterion", source: "Source", labels: "Source | None", common: Common
) -> "Criterion":
    """Return the same, with class weights put in the order of the logits' classes by name.

    Logits without names have those of class probabilities. Where only weights name the classes, a
    note says that they go by number.

    Raises
    ------
    InputError
        If only they, or only the logits, have names, which number the classes in another order.
    """
    from xentcli.pipeline.inputs.weights import check_weight

    classes = criterion.naming.classes or source.columns or ()
    orders: list[list[int] | None] = [None, None]
    for i, weights in enumerate(criterion.weights):
        if weights is not None:
            names = classes or weights.names_in(labels)
            orders[i] = weights.order(names)
            check_weight(criterion, source, weights)
            common.tell_notes(() if names else weights.notes(source.name))
    order, other = orders
    if order is not None and criterion.options.weight is not None:
        loss = criterion.options.replaced(weight=criterion.options.weight[order])
        criterion = criterion._replace(options=loss)
    binary = criterion.binary
    if binary is not None and order is not None and binary.weight is not None:
        binary = binary._replace(weight=binary.weight[order])
    if binary is not None and other is not None and binary.pos_weight is not None:
        binary = binary._replace(pos_weight=binary.pos_weight[other])
    return criterion._replace(binary=binary, weights=(None, None))


def label_options(flags: RowFlags, classes: tuple[str, ...]) -> "LabelOptions":
    """Return what the user says about labels and ids."""
    from xentcli.pipeline.inputs.labelled import LabelOptions

    return LabelOptions(flags.label_column, flags.label_key, flags.id_column, flags.shift, classes)


def open_rows(
    criterion: "Criterion",
    files: list[list[str]],
    flags: RowFlags,
    writing: Writing,
    reader: "Reader",
) -> "tuple[Source, Source | None]":
    """Open the rows, and the labels unless they stand beside the rows."""
    values, labels = files
    if criterion.picked:
        if labels or flags.label_column or flags.label_key:
            raise UsageError("--picked takes no labels: each number is that of its label already")
        return slots.open_values(reader, values, flags.id_column), None
    try:
        from xentcli.pipeline.inputs.labelled import Opening, open_both

        named = label_options(flags, criterion.naming.classes)
        return open_both(values, labels, Opening(reader, named, [writing.output]))
    except MissingLabels as error:
        if criterion.kind != "logits" and criterion.binary is None:
            error.hint = error.hint or _PICKED_HINT
        raise

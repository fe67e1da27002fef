"""Decides what is odd about a result, once for the commands that warn of it and for Python."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from xentcli.pipeline.inputs.output_kinds import KINDS, MENDED

if TYPE_CHECKING:
    from xentcli.core.checks import Kind
    from xentcli.pipeline.compare import Compared, PairOptions
    from xentcli.pipeline.criterion import Criterion
    from xentcli.pipeline.evaluate import Evaluation
    from xentcli.pipeline.measures.measure_plan import Options
    from xentcli.results.comparison import Comparison
    from xentcli.results.loss import LossSummary
    from xentcli.results.measures import Measures
    from xentcli.results.temperature import FittedTemperature

_INPUT_OPTIONS: dict[str, str] = {kind: f"--input {name}" for name, kind in KINDS.items()}
_WITH_EVERYTHING, _OF_LOSS = ("all", "groups"), ("loss", "perplexity", "bits")
_NOTHING_USED = "nothing is used: "
_NO_ROWS, _EVERY_LABEL_IGNORED = "there are no rows", "every label is ignored"
_WITHOUT_LABELS = ("kl", "js", "infinite", "agreement")  # so begin measures that need none
_SO = {"mean": ", so the mean is NaN", "sum": ", so the sum is 0"}
_ONE_CLASS = "there is one class: its probability is 1, whatever the logits are"


def of_loss(evaluation: "Evaluation", criterion: "Criterion", name: str) -> Iterator[str]:
    """Say what is odd about a loss, and which command would fit what was given."""
    summary = evaluation.summary
    nll = "xent nll --binary" if summary.binary else "xent nll"
    fitting: dict[str, str] = {
        "logits": "xent loss LOGITS LABELS",
        "log-probabilities": f"{nll} LOG_PROBS LABELS",
        "probabilities": f"{nll} --probs PROBS LABELS",
    }
    yield from _of_kind(name, criterion.kind, evaluation.looks_like, fitting)
    if missing := evaluation.missing:
        yield _of_sums(name, missing.rows, missing.most)
    if summary.num_classes == 1:
        yield "the loss over one class is 0, whatever the logits are"
    yield from _of_total(summary, criterion.kind)


def of_error(evaluation: "Evaluation", criterion: "Criterion") -> Iterator[str]:
    """Say that the error of a mean loss takes rows for independent which `eval` does not."""
    found = evaluation.found
    rows_of_a_slice = 1 if found is None else math.prod(found.lead[1:])
    of_rows = criterion.binary is None and not criterion.picked and criterion.reduction == "mean"
    if of_rows and rows_of_a_slice > 1 and evaluation.summary.used > 1:
        yield (
            "the standard error takes each row for independent; xent eval takes those of a slice "
            "of the first axis to depend on one another"
        )


def of_no_rows(rows: int, used: int, reduction: str = "") -> Iterator[str]:
    """Say why no row is used, if none is, and what the reduction makes of that."""
    if not used:
        yield _NOTHING_USED + (_EVERY_LABEL_IGNORED if rows else _NO_ROWS) + _SO.get(reduction, "")


def of_measures(
    found: "Measures", asked: "Options", criterion: "Criterion", name: str, by: object
) -> Iterator[str]:
    """Say what is odd about what is measured of one model, and which command would fit."""
    commands = fitting_commands("eval", binary=found.binary)
    yield from _of_kind(name, criterion.kind, found.looks_like, commands)
    if found.missing_rows:
        yield _of_sums(name, found.missing_rows, found.missing_most)
    if (criterion.binary or criterion.options).weight is not None:
        yield "the weights of classes concern the loss alone"
    yield from of_no_rows(found.rows, found.used)
    if found.used and found.num_classes == 1 and not found.binary:
        yield _ONE_CLASS
    if _tells_of_losses(found, None if asked.metrics is None else (*asked.metrics, *asked.also)):
        yield from _of_mean(found.mean_loss, criterion.kind)
    for metric in asked.metrics or ():
        if metric in found.inapplicable:
            yield f"{metric} does not apply: {found.inapplicable[metric]}"
        elif metric in found.metrics and found.metrics[metric].value is None and found.used:
            yield f"{metric} does not apply"
    yield from _not_of_groups(found, asked.metrics, by)


def of_models(
    found: "Compared",
    asked: "PairOptions",
    names: Sequence[str],
    criteria: "Sequence[Criterion]",
    by: object,
) -> Iterator[str]:
    """Say what is odd about a comparison, and which option would fit what was given."""
    from xentcli.pipeline.measures.inapplicable import why_not_of_models

    each_model = zip(names, criteria, found.looks, found.sums, strict=True)
    options = _input_options(criteria, found.looks)
    for name, criterion, looks_like, sums in each_model:
        yield from _of_kind(name, criterion.kind, looks_like, options)
        if sums is not None and not criterion.normalize:
            yield _of_sums(name, sums.rows, sums.most)
    yield from _of_compared_rows(found, weighted=criteria[0].options.weight is not None)
    first = found.comparisons[0]
    names_of_losses = None if asked.metrics is None else (*asked.metrics, *asked.besides)
    if _tells_of_losses(first, names_of_losses):
        yield from _of_mean(first.mean_losses[0], criteria[0].kind, f"{first.base}: ")
    for each, criterion in zip(found.comparisons, criteria[1:], strict=True):
        if _tells_of_losses(each, names_of_losses):
            yield from _of_mean(each.mean_losses[1], criterion.kind, f"{each.new}: ")
    for metric in asked.metrics or ():
        if metric.startswith(_WITHOUT_LABELS):  # notes tell of those that are missing
            continue
        if metric in first.metrics and first.metrics[metric].value is None and first.used:
            yield f"{metric} does not apply{why_not_of_models(metric, first)}"
    yield from _not_of_groups(first, asked.metrics, by)


def of_temperature(
    found: "FittedTemperature",
    kind: "Kind",
    criterion: "Criterion",
    name: str,
    *,
    tested: str | None = None,
    weighted: bool,
) -> Iterator[str]:
    """Say what is odd about a temperature that was fitted to rows of this name and kind.

    `tested` is the name of the rows that it is reported on, too. `weighted` says whether rows have
    weights.
    """
    commands = fitting_commands("calibrate", binary=found.binary)
    yield from _of_kind(name, kind, found.looks_like, commands)
    yield from _of_mean(found.loss_before.value, "logits", f"{name}: ")
    if found.tested is not None and tested is not None:
        yield from _of_kind(tested, kind, found.tested.looks_like, commands)
        if found.tested.used:
            yield from _of_mean(found.tested.loss_before.value, "logits", f"{tested}: ")
    if (criterion.binary or criterion.options).weight is not None:
        yield "the weights of classes concern the temperature and the losses alone"
    if weighted:
        of_test = "" if found.tested is None else "; the rows to test on have no such weights"
        yield f"the weights of rows concern the temperature and the losses alone{of_test}"


def fitting_commands(command: str, *, binary: bool = False) -> dict[str, str]:
    """Return how `eval` or `calibrate` takes rows of each kind."""
    named = f"xent {command} --binary" if binary else f"xent {command}"
    return {
        "logits": f"{named} LOGITS LABELS",
        "log-probabilities": f"{named} --log-probs LOG_PROBS LABELS",
        "probabilities": f"{named} --probs PROBS LABELS",
    }


def are_everything(names: Sequence[str] | None) -> bool:
    """Whether measures of these names are all that groups have."""
    return names is None or any(name in _WITH_EVERYTHING for name in names)


def _input_options(criteria: "Sequence[Criterion]", looks: Sequence[str]) -> Mapping[str, str]:
    """Return the options for models that look like each kind: one, or one for each model."""
    each = [
        looks_like if _misfits(looks_like, criterion.kind) else criterion.kind
        for criterion, looks_like in zip(criteria, looks, strict=True)
    ]
    if len(set(each)) == 1:
        return _INPUT_OPTIONS
    return dict.fromkeys(_INPUT_OPTIONS, " ".join(_INPUT_OPTIONS[kind] for kind in each))


def _misfits(looks_like: str, kind: "Kind") -> bool:
    """Whether rows look like another kind than they are said to be."""
    fits = looks_like == kind or (kind == "probabilities" and looks_like == "logits")
    return looks_like in _INPUT_OPTIONS and not fits


def _of_kind(name: str, kind: "Kind", looks_like: str, fitting: Mapping[str, str]) -> Iterator[str]:
    """Say that a file looks like another kind, and which of `fitting` takes that."""
    fits = looks_like in fitting and _misfits(looks_like, kind)
    if way := f"{fitting[looks_like]} would fit" if fits else MENDED.get(looks_like):
        yield f"{name}: these look like {looks_like}, not {kind}: {way}"


def _of_sums(name: str, rows: int, most: float) -> str:
    """Say that rows of probabilities do not sum to 1."""
    return (
        f"{name}: rows whose probabilities do not sum to 1: {rows:,}, by up to {most:.3g}; "
        "--normalize divides each row by its sum"
    )


def _of_total(summary: "LossSummary", kind: "Kind") -> Iterator[str]:
    """Say why a loss is not finite, or is of no rows."""
    if summary.used == 0:
        nothing = _EVERY_LABEL_IGNORED if summary.num_classes else "there are no classes"
        if not summary.rows:
            nothing = "the shift leaves no row a label" if summary.unpaired else _NO_ROWS
        elif summary.picked:
            nothing = "no token has a log-probability"
        yield f"{_NOTHING_USED}{nothing}{_SO.get(summary.reduction, '')}"
    else:
        yield from _of_mean(summary.loss, kind)


def _of_mean(loss: float | None, kind: "Kind", model: str = "") -> Iterator[str]:
    """Say why a loss is not finite; `model` begins the sentence if there are several."""
    if loss is not None and math.isnan(loss):
        yield f"{model}the loss is NaN, as PyTorch's is: from NaN, 0 / 0, 0 * inf or inf - inf"
    elif loss is not None and math.isinf(loss):
        rounded = "; if it was rounded to 0: --clip EPS" if kind == "probabilities" else ""
        yield f"{model}the loss is infinite: a label has probability 0{rounded}"


def _tells_of_losses(found: "Measures | Comparison", names: Sequence[str] | None) -> bool:
    """Whether a loss is asked for, and rows with NaN, which are told of, do not explain it."""
    asked = are_everything(names) or any(word in each for each in names or () for word in _OF_LOSS)
    return asked and found.used > 0 and found.measured == found.used


def _of_compared_rows(found: "Compared", *, weighted: bool) -> Iterator[str]:
    """Say which rows count in which measures, unless all count in all."""
    first = found.comparisons[0]
    if weighted:
        yield "the weights of classes concern the losses alone"
    if not first.used:
        ignored = f"{_EVERY_LABEL_IGNORED} (divergences need none: leave the labels out)"
        yield _NOTHING_USED + (ignored if first.rows else _NO_ROWS)
    elif first.num_classes == 1:
        yield _ONE_CLASS
    for each in found.comparisons:
        if lost := each.used - each.measured:
            where = "in the losses alone" if each.labelled else "nowhere"
            what = "rows that hold NaN or +inf, or nothing but -inf, in one of the models"
            yield f"{each.new}: {what}: {lost:,}; they count {where}"


def _not_of_groups(
    found: "Measures | Comparison", names: Sequence[str] | None, by: object
) -> Iterator[str]:
    """Say which of the measures that are asked for groups do not have."""
    from xentcli.results.groups import measured_names

    if names is None or by is None or are_everything(names):
        return
    there = measured_names(found.groups)
    for name in names:
        if there and name in found.metrics and name not in there:
            yield f"{name} is not measured of groups, which have {', '.join(there)}"

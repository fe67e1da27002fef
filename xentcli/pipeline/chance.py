"""Tells of a loss that is higher than that of no knowledge: labels may be those of other rows."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from xentcli.formats.base import Source
from xentcli.pipeline.criterion import Criterion
from xentcli.results.loss import Loss

if TYPE_CHECKING:
    from xentcli.results.accuracy import Accuracy
    from xentcli.results.comparison import Comparison

_Mean = tuple[float | None, float | None, int | None]
"""A mean loss, its standard error, and of how many rows it is."""
_ERRORS = 3.0  # standard errors by which a loss is higher, so that few rows say nothing
_LEAST_ROWS = 30


def above_chance(
    loss: Loss,
    num_classes: int,
    labels: Source | None,
    criterion: Criterion,
    told: Sequence[str],
    accuracy: "Accuracy | None" = None,
) -> Iterator[str]:
    """Yield a note if a loss is clearly above that of equal probabilities for all classes.

    That is so where labels are in another order than the rows, or are those of other rows. Labels
    beside their rows, as in samples, are neither. A temperature below 1 may have the same effect,
    and weights of classes may make such a loss another one. Nothing is added to notes that have
    `told` of a shift, which explains it. An accuracy above chance is said, too: a model that is far
    too sure has such a loss with the right labels.
    """
    found = loss.mean, loss.standard_error, loss.counted
    if labels is not None and _are_above([found], num_classes, [criterion], told):
        yield f"the loss is {_above(num_classes, told, accuracy)}"


def all_above_chance(
    comparisons: "Sequence[Comparison]",
    num_classes: int,
    labels: Source | None,
    criteria: Sequence[Criterion],
    told: Sequence[str],
) -> Iterator[str]:
    """Yield a note if the losses of all models are so, if they are measured."""
    names = [(comparisons[0], "loss_base"), *((each, "loss_new") for each in comparisons)]
    measures = [found.metrics[name] for found, name in names if name in found.metrics]
    losses = [(each.value, each.standard_error, each.n) for each in measures]
    if labels is None or len(losses) < len(names):
        return
    if _are_above(losses, num_classes, criteria, told):
        which = "both" if len(losses) == 2 else "all"
        yield f"the losses of {which} models are {_above(num_classes, told)}"


def _are_above(
    losses: Sequence[_Mean], num_classes: int, criteria: Sequence[Criterion], told: Sequence[str]
) -> bool:
    for each in criteria:
        if each.binary or each.picked or each.options.weight is not None or each.temperature < 1.0:
            return False
    if num_classes < 2 or any("--shift" in note for note in told):
        return False
    return all(_is_above(each, math.log(num_classes)) for each in losses)


def _is_above(loss: _Mean, chance: float) -> bool:
    mean, error, rows = loss
    if mean is None or error is None or (rows or 0) < _LEAST_ROWS:
        return False
    return mean - _ERRORS * error > chance  # NaN is not


def _above(num_classes: int, told: Sequence[str], accuracy: "Accuracy | None" = None) -> str:
    shifted = any(note.startswith("rows without a label") for note in told)
    more = " Labels that are shifted already need no --shift" if shifted else ""
    classes = f"{num_classes:,} classes"
    above = f"above {math.log(num_classes):.4g}, that of equal probabilities for all {classes}"
    ask = "do the labels belong to these rows, in this order?"
    if accuracy is None and not more:  # not asked for
        more = " If they do, the model is far too sure"
    if accuracy is None or accuracy.low is None or accuracy.low * num_classes <= 1.0:
        return f"{above}: {ask}{more}"
    return (
        f"{above}, at an accuracy of {accuracy.value:.3g}: is the model far too sure "
        f"(xent calibrate), or do the labels belong to other rows?{more}"
    )

"""Tells of a loss that is higher than that of no knowledge: labels may be those of other rows."""

import math
from collections.abc import Iterator, Sequence

from xentcli.formats.base import Source
from xentcli.pipeline.criterion import Criterion
from xentcli.results.loss import Loss

_ERRORS = 3.0  # standard errors by which a loss is higher, so that few rows say nothing
_LEAST_ROWS = 30


def above_chance(
    loss: Loss, num_classes: int, labels: Source | None, criterion: Criterion, told: Sequence[str]
) -> Iterator[str]:
    """Yield a note if a loss is clearly above that of equal probabilities for all classes.

    That is so where labels are in another order than the rows, or are those of other rows. Labels
    beside their rows, as in samples, are neither. A temperature below 1 may have the same effect,
    and weights of classes may make such a loss another one. Nothing is added to notes that have
    `told` of a shift, which explains it.
    """
    if labels is None or criterion.binary or criterion.picked or num_classes < 2:
        return
    if criterion.options.weight is not None or criterion.temperature < 1.0:
        return
    chance = math.log(num_classes)
    clearly = loss.mean - _ERRORS * loss.standard_error > chance  # NaN is not
    if clearly and loss.counted >= _LEAST_ROWS and not any("--shift" in note for note in told):
        yield (
            f"the loss is above {chance:.4g}, that of equal probabilities for all {num_classes:,} "
            "classes: do the labels belong to these rows, in this order?"
        )

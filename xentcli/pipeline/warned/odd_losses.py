"""Warnings about a loss and its rows."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from xentcli.pipeline.warned.odd_kinds import kinds, sums

if TYPE_CHECKING:
    from xentcli.pipeline.evaluate import Criterion, Evaluation
    from xentcli.results.bounds import BoundedLoss
    from xentcli.results.loss import LossSummary

_FITTING_COMMANDS = {
    "logits": "xent loss LOGITS LABELS",
    "log-probabilities": "xent nll LOG_PROBS LABELS",
    "probabilities": "xent nll --probs PROBS LABELS",
}


def of_loss(evaluation: "Evaluation", criterion: "Criterion", name: str) -> Iterator[str]:
    """Say what is odd about a loss, and which command would fit what was given."""
    summary = evaluation.summary
    fitting = {
        kind: command.replace("nll", "nll --binary") if summary.binary else command
        for kind, command in _FITTING_COMMANDS.items()
    }
    yield from kinds(name, criterion.kind, evaluation.looks_like, fitting)
    if missing := evaluation.missing:
        yield sums(name, missing.rows, missing.most)
    if summary.num_classes == 1:
        yield "the loss over one class is 0, whatever the logits are"
    yield from _not_finite(summary)


def of_bounded_rows(found: "BoundedLoss") -> Iterator[str]:
    """Say what is odd about the loss of rows that are known in part."""
    if not found.used:
        yield "nothing is used: every label is ignored, so the mean is NaN"


def _not_finite(summary: "LossSummary") -> Iterator[str]:
    if summary.used == 0:
        nothing = "every label is ignored" if summary.num_classes else "there are no classes"
        if summary.rows == 0:
            nothing = "the shift leaves no row a label" if summary.unpaired else "there are no rows"
        elif summary.picked:
            nothing = "no token has a log-probability"
        of_sum = summary.reduction == "sum"
        yield f"nothing is used: {nothing}, so the {'sum is 0' if of_sum else 'mean is NaN'}"
    elif math.isnan(summary.loss):
        yield "the loss is NaN, as PyTorch's is: from NaN, 0 / 0, 0 * inf or inf - inf"
    elif math.isinf(summary.loss):
        yield "the loss is infinite: a label has probability 0"

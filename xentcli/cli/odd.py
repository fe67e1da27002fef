"""Warnings about a loss and its rows."""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xentcli.pipeline.evaluate import Criterion, Evaluation, Kind
    from xentcli.results.loss import LossSummary

COMMANDS_OF_EVAL = {
    "logits": "xent eval LOGITS LABELS",
    "log-probabilities": "xent eval --log-probs LOG_PROBS LABELS",
    "probabilities": "xent eval --probs PROBS LABELS",
}
"""The command that measures everything of rows of each kind."""
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


def kinds(name: str, kind: "Kind", looks_like: str, fitting: Mapping[str, str]) -> Iterator[str]:
    """Say that a file looks like another kind, and which of the `fitting` commands takes that."""
    fits = looks_like == kind or (kind == "probabilities" and looks_like == "logits")
    if looks_like in fitting and not fits:
        yield f"{name}: these look like {looks_like}, not {kind}: {fitting[looks_like]} would fit"


def sums(name: str, rows: int, most: float) -> str:
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
        of_sum = summary.reduction == "sum"
        yield f"nothing is used: {nothing}, so the {'sum is 0' if of_sum else 'mean is NaN'}"
    elif math.isnan(summary.loss):
        yield "the loss is NaN, as PyTorch's is: from NaN, 0 / 0, 0 * inf or inf - inf"
    elif math.isinf(summary.loss):
        yield "the loss is infinite: a label has probability 0"

"""The facts that every command may need; `fact` explains how they are registered.

`measure_facts` has the others.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary
from xentcli.core.dtypes import Doubles, Floats, Mask
from xentcli.core.fact import fact
from xentcli.core.given import Given, TileFacts
from xentcli.core.observer import Peaks
from xentcli.core.row_losses import losses_of_indices, nll_of_picked, pick

Array = NDArray[Any]


@fact("label", "labels")
def label(given: Given) -> NDArray[np.int64] | None:
    """Return the label of each row as a class from 0; ignored and wrong labels become 0."""
    return given.checked.index if given.checked else None


@fact("used", "labels")
def used(given: Given) -> Mask | None:
    """Return a mask of the rows that count in the loss; None if all do."""
    rows, num_classes = given.logits.shape
    if given.checked:
        return given.checked.used
    return None if num_classes else np.zeros(rows, np.bool_)  # as PyTorch: a mean of 0 / 0


@fact("weight", "labels")
def weight(given: Given) -> Doubles | None:
    """Return the weight of each row's label, 0 for ignored rows; None if used rows count 1."""
    return given.checked.weight if given.checked else None


@fact("picked", "before", needs=("label",), dtype=None)
def picked(tile: TileFacts, rows: Array) -> Array:
    """Return the number that each row holds for its label: a logit, a probability or its log."""
    return pick(rows, tile["label"])


@fact("peak")
def peak(given: Given) -> Floats:
    """Return the largest number of each row: a logit, a probability or its log."""
    return given.norm.peak


@fact("rest")
def rest(given: Given) -> Doubles:
    """Return the sum of ``exp(z - peak)`` without the peak's own, or of ``p / p[peak]``."""
    return given.norm.rest


@fact("loss", uses=("picked", "used"))
def loss(given: Given) -> Doubles:
    """Return the loss of each row in nats, multiplied by its weight; 0 for ignored rows."""
    if given.checked is None:
        soft = given.kind == "logits"
        return (given.against_probabilities if soft else given.nll_against_probabilities)[0]
    if given.kind == "logits":
        losses = losses_of_indices(
            given.logits,
            given.checked,
            given.options,
            given.norm,
            given["picked"],
            given.log_rest,
        )
    else:
        probs = given.kind == "probabilities"
        losses = nll_of_picked(given["picked"].astype(np.float64), given.checked, probs=probs)
    return losses if given["used"] is None else np.where(given["used"], losses, 0.0)


@fact("uneven")
def uneven(given: Given) -> Mask | None:
    """Return a mask of the rows whose label probabilities do not sum to 1; None for indices."""
    if given.checked:
        return None
    soft = given.kind == "logits"
    return (given.against_probabilities if soft else given.nll_against_probabilities)[1]


@fact("zeroed")
def zeroed(given: Given) -> Mask | None:
    """Return a mask of the rows where a class has probability 0 and log-probability -inf."""
    if given.checked or given.kind == "logits":
        return None
    return given.nll_against_probabilities[2]


@fact("hit", "peaks", needs=("label", "picked"), uses=("used",), dtype=np.bool_)
def hit(tile: TileFacts, found: Peaks) -> Mask:
    """Return a mask of the rows whose label is the predicted class.

    Ignored rows do not count, nor rows that hold NaN or +inf, or only -inf.
    """
    hits = found.are_at(tile["label"], tile["picked"])
    if tile["used"] is not None:
        hits &= tile["used"]
    return hits


@fact("measured", uses=("used", "peak"))
def measured(given: Given) -> Mask | None:
    """Return a mask of the rows that count in every measure besides the loss; None if all do.

    These are the used rows, except rows that hold NaN or +inf, or only -inf.
    """
    sound = np.isfinite(given["peak"])
    if given["used"] is not None:
        sound &= given["used"]
    return None if sound.all() else sound


@fact("confidence", needs=("peak", "rest"))
def confidence(given: Given) -> Doubles:
    """Return the probability of the prediction, which rows of probabilities hold themselves."""
    with np.errstate(all="ignore"):
        if given.kind == "logits":
            return 1.0 / (1.0 + given.norm.rest)
        largest: Doubles = given.norm.peak.astype(np.float64)
        return elementary.exp(largest) if given.kind == "log-probabilities" else largest

"""Facts that read the rows a second time, for the probabilities of all classes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from xentcli.core import elementary
from xentcli.core.bins import bins_of
from xentcli.core.cell_sums import CellSums
from xentcli.core.dtypes import Doubles, Places, widen
from xentcli.core.fact import fact
from xentcli.core.given import Given
from xentcli.core.row_passes import exponentials_of
from xentcli.core.tiled_rows import tiles

MOST_BINNED_CLASSES = 1000
"""If there were more classes, their bins would not fit into memory."""


@fact("divergence", uses=("rest", "confidence"))
def divergence(given: Given) -> Doubles | None:
    """Return the divergence KL(t || p) of each row, in nats, from its class probabilities t.

    It is None if the labels are class indices.
    """
    if given.checked:
        return None
    total = np.zeros(given.logits.shape[0])
    with np.errstate(all="ignore"):
        for tile in tiles(*given.logits.shape):
            mass = given.labels[tile].astype(np.float64, order="C")
            terms = mass * (elementary.log(mass) - _log_probabilities(given, tile))
            terms[mass == 0.0] = 0.0
            total[tile] = np.add.reduce(terms, axis=1)
    return total


class ClassBins(NamedTuple):
    """The M bins of probability of each class, class by class, from which its calibration follows.

    Attributes
    ----------
    hits : ndarray of shape (C * M,)
        How many rows of the bin have the class as their label.
    probabilities : CellSums of C * M cells
        The sums of the class's probability.
    """

    hits: Places
    probabilities: CellSums


@fact("class_bins", needs=("label", "confidence"), uses=("measured", "rest"))
def class_bins(given: Given) -> ClassBins | None:
    """Return the probabilities and the labels of each class, summed by bin of its probability.

    It is None if there are more than `MOST_BINNED_CLASSES` classes. The parameter ``class_bins``
    tells how many bins a class has.
    """
    bins: int = given.parameters["class_bins"]
    num_classes = given.logits.shape[1]
    if num_classes > MOST_BINNED_CLASSES:
        return None
    size = num_classes * bins
    hits, sums = np.zeros(size, np.int64), CellSums.zeros(size)
    first_cells = np.arange(num_classes) * bins
    for tile, every in probabilities_by_tile(given):
        measured = given["measured"]
        keep = slice(None) if measured is None else measured[tile]
        probs, label = every[keep], given["label"][tile][keep]
        cells = bins_of(probs.reshape(-1), bins).reshape(probs.shape) + first_cells
        own = cells[np.arange(len(label)), label]
        hits += np.bincount(own, minlength=size)
        sums += CellSums.of(probs.reshape(-1), cells.reshape(-1), size)
    return ClassBins(hits, sums)


@fact("suggestion", needs=("label", "confidence"), uses=("measured", "rest"))
def suggestion(given: Given) -> Places:
    """Return the class that may be each row's right label (Northcutt et al. 2021).

    It is the most probable of the classes that reach their threshold, or -1 if none does. The
    parameter ``thresholds`` has one number for each class.
    """
    thresholds: Doubles = given.parameters["thresholds"]
    found = np.full(given.logits.shape[0], -1)
    for tile, probs in probabilities_by_tile(given):
        with np.errstate(invalid="ignore"):
            confident = np.where(probs >= thresholds, probs, -1.0)
        best = confident.argmax(axis=1)
        reached = confident[np.arange(len(best)), best] >= 0.0
        found[tile] = np.where(reached, best, -1)
    return found


def probabilities_by_tile(given: Given) -> Iterator[tuple[slice, Doubles]]:
    """Read the rows again, and yield the probabilities of all classes tile by tile."""
    for tile in tiles(*given.logits.shape):
        with np.errstate(all="ignore"):
            yield tile, _probabilities(given, tile)


def _probabilities(given: Given, tile: slice) -> Doubles:
    values = widen(given.logits[tile])
    if given.kind == "probabilities":
        return values.astype(np.float64)
    if given.kind == "log-probabilities":
        return elementary.exp(values)
    shares = np.empty(values.shape, values.dtype)
    exponentials_of(values, given.norm.peak[tile], out=shares, exp=given.exp)
    probs: Doubles = shares * (1.0 / (1.0 + given.norm.rest[tile]))[:, None]
    return probs


def _log_probabilities(given: Given, tile: slice) -> Any:
    values = widen(given.logits[tile]).astype(np.float64)
    if given.kind == "probabilities":
        return elementary.log(values)
    if given.kind == "log-probabilities":
        return values
    part = given.norm.of(tile)
    return values - part.peak[:, None] - part.log_rest[:, None]

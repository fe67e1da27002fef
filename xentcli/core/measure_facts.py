"""The facts of all measures besides the loss; `fact` explains how they are registered."""

from typing import Any

import numpy as np

from xentcli.core import elementary
from xentcli.core.class_facts import probabilities_by_tile
from xentcli.core.dtypes import Doubles, Floats, Mask, Places
from xentcli.core.fact import fact
from xentcli.core.given import Given, TileFacts
from xentcli.core.observer import Exponentials, Peaks
from xentcli.core.products import sums_of_products
from xentcli.core.ranks import ranks
from xentcli.core.scratch import scratch


@fact("prediction", "peaks", dtype=np.int64, classes=True)
def prediction(tile: TileFacts, found: Peaks) -> Places:
    """Return the predicted class of each row: the first one that has the largest value."""
    del tile
    return found.first_places()


@fact("standing", "peaks", needs=("label", "picked"), dtype=np.int64, classes=True)
def standing(tile: TileFacts, found: Peaks) -> Places:
    """Return twice the number of classes that are ahead of the label, and 1 if one is level."""
    ahead, tied = ranks(found, tile["label"], tile["picked"])
    ahead *= 2
    ahead += tied
    return ahead


@fact("rank", needs=("standing", "peak"))
def rank(given: Given) -> Places:
    """Return the rank of the label, 0 for the first; the number of classes in rows without a peak.

    Rows without a peak hold NaN or +inf, or only -inf: for no k is their label among the first k.
    """
    rank: Places = given["standing"] >> 1
    sound = np.isfinite(given["peak"])
    if not sound.all():
        rank[~sound] = given.logits.shape[1]
    return rank


@fact("tied", needs=("standing",))
def tied(given: Given) -> Mask:
    """Return a mask of the rows in which another class has exactly the value of the label."""
    tied: Mask = (given["standing"] & 1).astype(np.bool_)
    return tied


@fact("squares", "after")
def squares(tile: TileFacts, found: Exponentials) -> Floats | float:
    """Return the sum of ``exp(z_j - peak)^2`` over each row, without the peak's own."""
    del tile
    terms = found.terms
    if found.class_axis == 0:
        squared = scratch("squares", terms.shape, terms.dtype)
        np.multiply(terms, terms, out=squared)
        return found.sum_over_classes(squared)
    return sums_of_products(terms, terms)


@fact("sum_of_squares", needs=("squares", "confidence"))
def sum_of_squares(given: Given) -> Doubles:
    """Return the sum of the squared probabilities over all classes of each row."""
    total: Doubles = (1.0 + given["squares"]) * given["confidence"] ** 2
    return total


@fact("logs", "after", gaps=True)
def logs(tile: TileFacts, found: Exponentials) -> Floats | float:
    """Return the sum of ``-t * log(t)`` over the exponentials t without the peak's own."""
    del tile
    terms, gaps = found.terms, found.gaps
    if gaps is not None:  # which are log(t)
        sums = _weighted_by(terms, gaps, found)
        lost = np.isnan(sums)
        if lost.any():  # 0 * -inf is 0 here
            chosen = np.flatnonzero(lost)
            at = (slice(None), chosen) if found.class_axis == 0 else chosen
            finite = np.maximum(gaps[at], np.finfo(gaps.dtype).min)
            sums = sums.copy()  # its memory is used again
            sums[chosen] = _weighted_by(terms[at], finite, found)
        surprise: Floats = 0.0 - sums
        return surprise
    products = scratch("logs", terms.shape, terms.dtype)
    np.maximum(terms, np.finfo(terms.dtype).tiny, out=products)  # 0 * log(tiny) is 0
    if products.dtype == np.float64:
        products = elementary.log(products)
    else:
        np.log(products, out=products)
    products *= terms
    return 0.0 - found.sum_over_classes(products)


def _weighted_by(terms: Floats, gaps: Floats, found: Exponentials) -> Any:
    if found.class_axis == 1:
        return sums_of_products(terms, gaps)
    products = scratch("logs", terms.shape, terms.dtype)
    np.multiply(terms, gaps, out=products)
    sums = found.sum_over_classes(products)
    return np.zeros(terms.shape[1]) if isinstance(sums, float) else sums


@fact("entropy", needs=("logs", "confidence", "rest"))
def entropy(given: Given) -> Doubles:
    """Return the entropy of each row's probabilities, ``-sum of p * log(p)``, in nats."""
    confidence = given["confidence"]
    with np.errstate(all="ignore"):
        if given.kind == "logits":
            found: Doubles = given.log_rest + confidence * given["logs"]
            return found
        surprise = (1.0 + given["rest"]) * -elementary.log(confidence)
        surprise = np.where(confidence > 0.0, surprise, 0.0)
        total: Doubles = np.multiply(confidence, surprise + given["logs"])
    return total


@fact("label_probability", needs=("picked", "peak", "rest", "confidence"))
def label_probability(given: Given) -> Doubles:
    """Return the probability that each row gives to its label, from 0 to 1."""
    with np.errstate(all="ignore"):
        value: Doubles = given["picked"].astype(np.float64)
        if given.kind == "probabilities":
            return value
        if given.kind == "log-probabilities":
            return elementary.exp(value)
        share: Doubles = given.exp(value - given["peak"])
        share *= given["confidence"]
    return share


@fact("brier", uses=("label_probability", "squares", "confidence", "rest"))
def brier(given: Given) -> Doubles:
    """Return the Brier score of each row, ``sum over j of (p_j - t_j)^2``, from 0 to 2.

    Here t is 1 at the label and 0 elsewhere, or the class probabilities that were given.
    """
    if given.checked is None:
        return _brier_against_probabilities(given)
    own, top = given["label_probability"], given["confidence"]
    with np.errstate(all="ignore"):
        total: Doubles = 1.0 - own
        if given.kind == "logits":  # no digit of a confident row is lost
            np.multiply(given["rest"], top, out=total, where=own == top)
        total *= total
        others = given["squares"] * top
        others *= top
        total += others
        np.subtract(top, own, out=others)
        others *= top + own
        total += others
        return total


def _brier_against_probabilities(given: Given) -> Doubles:
    total = np.zeros(given.logits.shape[0])
    for tile, probs in probabilities_by_tile(given):
        gaps = probs - given.labels[tile].astype(np.float64)
        total[tile] = np.einsum("ij,ij->i", gaps, gaps)
    return total


@fact("forecast", needs=("confidence",))
def forecast(given: Given) -> Doubles:
    """Return the probability whose calibration is measured: the confidence of each row."""
    confidence: Doubles = given["confidence"]
    return confidence


@fact("outcome", needs=("hit",))
def outcome(given: Given) -> Mask:
    """Return a mask of the rows in which the `forecast` came true: the hits."""
    hit: Mask = given["hit"]
    return hit


@fact("column", "labels")
def column(given: Given) -> None:
    """Return None, since only binary elements have several labels a row, each in its column."""
    del given

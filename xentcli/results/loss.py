"""A loss, and what ``xent loss`` and ``xent nll`` report."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

_NONE: Mapping[str, Any] = MappingProxyType({})


class Loss(NamedTuple):
    """A loss over all rows, in nats.

    Attributes
    ----------
    mean : float
        The quotient of the next two; NaN where nothing is used.
    loss_sum, weight_sum : float
        Over the used rows.
    rows, used, ignored : int
        How many there are, are not ignored, are ignored.
    uneven : int
        How many have class probabilities that do not sum to 1.
    perplexity, bits : float
        The mean's exponential, and the mean over ln 2.
    standard_error : float
        Of the mean; NaN where undefined.
    """

    mean: float
    loss_sum: float
    weight_sum: float
    rows: int
    used: int
    ignored: int
    uneven: int
    perplexity: float
    bits: float
    standard_error: float


class LossSummary(NamedTuple):
    """A loss over all rows, in nats.

    Attributes
    ----------
    loss : float
        What PyTorch returns: the mean, or the sum with reduction 'sum'.
    loss_sum, weight_sum : float
        The mean is their quotient.
    rows, used, ignored : int
        How many have a label, are not ignored, are ignored.
    unpaired : int
        How many have no label as many rows further on as was asked for, and are left out.
    num_classes : int
        The length of a row.
    perplexity, bits : float
        The mean's exponential, and the mean over ln 2.
    standard_error : float
        Of the mean; NaN where undefined.
    accuracy, accuracy_low, accuracy_high : float or None
        The share of used rows whose label is the prediction, and its interval of 95 %; None where
        it was not asked for, nothing is used, or the labels are class probabilities.
    hits : int or None
        How many rows that are.
    binary : bool
        Whether rows are elements with a binary cross entropy each.
    picked : bool
        Whether rows are log-probabilities of their labels already.
    metrics : mapping
        The results of metrics that are added from outside, by name.
    """

    command: str
    loss: float
    reduction: str
    loss_sum: float
    weight_sum: float
    rows: int
    used: int
    ignored: int
    unpaired: int
    num_classes: int
    perplexity: float
    bits: float
    standard_error: float
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    hits: int | None = None
    binary: bool = False
    picked: bool = False
    metrics: Mapping[str, Any] = _NONE

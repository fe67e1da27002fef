"""A loss, and the result of ``xent loss`` and ``xent nll``."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from xentcli.records import Record

_NONE: Mapping[str, Any] = MappingProxyType({})


class Loss(Record):
    """A loss over all rows, in nats.

    Attributes
    ----------
    mean : float
        The quotient of the next two; NaN if no row is used.
    loss_sum, weight_sum : float
        The sums over the used rows.
    rows, used, ignored : int
        How many rows there are, are not ignored, and are ignored.
    counted : int
        How many used rows are in the mean: those with a weight other than 0.
    uneven : int
        How many rows have class probabilities that do not sum to 1.
    perplexity, bits : float
        The mean's exponential, and the mean over ln 2.
    standard_error : float
        The standard error of the mean; NaN where undefined.
    """

    mean: float
    loss_sum: float
    weight_sum: float
    rows: int
    used: int
    ignored: int
    counted: int
    uneven: int
    perplexity: float
    bits: float
    standard_error: float


class LossSummary(Record):
    """A loss over all rows, in nats.

    Attributes
    ----------
    loss : float
        The loss that PyTorch returns: the mean, or the sum with reduction 'sum'.
    loss_sum, weight_sum : float
        The sums over the used rows, whose quotient is the mean.
    rows, used, ignored : int
        How many rows have a label, are not ignored, and are ignored.
    unpaired : int
        How many rows are left out because a shift leaves them no label.
    num_classes : int
        The length of a row.
    perplexity, bits : float
        The mean's exponential, and the mean over ln 2.
    standard_error : float
        The standard error of the mean; NaN where undefined.
    accuracy, accuracy_low, accuracy_high : float or None
        The share of used rows whose label is the prediction, and its interval of 95 %; None if it
        was not asked for, no row is used, or the labels are class probabilities.
    hits : int or None
        How many used rows have the prediction as their label.
    binary : bool
        Whether each element is a row with a binary cross entropy.
    picked : bool
        Whether rows hold only the log-probabilities of their labels.
    metrics : mapping
        The results of metrics that other packages add, by name.
    notes : tuple of str
        Notes and warnings, in Python; commands print them apart from results.
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
    notes: tuple[str, ...] = ()

    def named(self) -> dict[str, Any]:
        """Return the object for JSON, which has no notes."""
        return {name: value for name, value in self._asdict().items() if name != "notes"}

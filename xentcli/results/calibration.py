"""The result of calibration: how confidence compares with how often it is right."""

from dataclasses import dataclass

from xentcli.results.measure import NOTHING, Measure


@dataclass(frozen=True, slots=True)
class Bin:
    """The rows whose confidence is in a bin.

    Attributes
    ----------
    low, high : float
        The edges; the upper one belongs to the bin.
    rows : int
        How many rows there are; without any, the fields below are None.
    confidence, accuracy : float or None
        The mean confidence, and the share of rows whose prediction is right.
    accuracy_low, accuracy_high : float or None
        The interval of 95 % of that share.
    """

    low: float
    high: float
    rows: int
    confidence: float | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None


@dataclass(frozen=True)
class Calibration:
    """How far confidence is from how often it is right, in bins of equal width.

    Attributes
    ----------
    ece, ece_by_chance, mce, rmsce, rmsce_debiased, mean_confidence : Measure
        The errors and the mean confidence; the n of `mce` is how many rows its bin has.
    bins : tuple of Bin
        All bins, even empty ones.
    """

    ece: Measure = NOTHING
    ece_by_chance: Measure = NOTHING
    mce: Measure = NOTHING
    rmsce: Measure = NOTHING
    rmsce_debiased: Measure = NOTHING
    mean_confidence: Measure = NOTHING
    bins: tuple[Bin, ...] = ()

"""What ``xent loss`` and ``xent nll`` report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LossSummary:
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

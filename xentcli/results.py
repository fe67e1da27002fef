"""What a command can report: plain data, no I/O, no formatting."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
        How many there are, are not ignored, are ignored.
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
    num_classes: int
    perplexity: float
    bits: float
    standard_error: float


@dataclass(frozen=True)
class ArraySummary:
    """What a file holds."""

    file: str
    format: str
    shape: tuple[int, ...]
    dtype: str
    columns: tuple[str, ...] | None
    bytes: int | None
    minimum: float
    maximum: float
    mean: float
    nan: int
    positive_infinities: int
    negative_infinities: int
    looks_like: str
    memory: int
    """Bytes that a command on this file will use, about."""


@dataclass(frozen=True)
class Route:
    """One way to the mean loss, as it is written, and what it gives."""

    formula: str
    loss: float


@dataclass(frozen=True)
class Explanation:
    """Every step from logits to loss for a few rows of shape (N, C), in float64."""

    first_row: int
    columns: tuple[str, ...] | None
    labels: "NDArray[Any]"
    logits: "NDArray[Any]"
    softmax: "NDArray[Any]"
    softmax_sums: "NDArray[Any]"
    one_hot: "NDArray[Any]"
    log_of_softmax: "NDArray[Any]"
    log_softmax: "NDArray[Any]"
    terms: "NDArray[Any]"
    """-y * log(softmax), whose row sums are the row losses."""
    textbook_losses: "NDArray[Any]"
    row_losses: "NDArray[Any]"
    log_differences: "NDArray[Any]"
    """The largest difference between log(softmax) and log_softmax in each row."""
    underflows: int
    """Places where log(softmax) is -inf though log_softmax is not."""
    routes: tuple[Route, ...]
    difference: float
    """The largest difference between the routes."""

    def name(self, label: int) -> str:
        """Return the name of a class: its column's, or its number."""
        return self.columns[label] if self.columns else str(label)

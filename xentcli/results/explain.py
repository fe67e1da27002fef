"""The result of ``xent explain``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Route:
    """One way to the mean loss: its formula as text, and its result."""

    formula: str
    loss: float


@dataclass(frozen=True)
class Explanation:
    """Every step from logits to loss for a few rows of shape (N, C), in float64."""

    first_row: int
    """The place of the first row among all rows that have a label."""
    rows: tuple[tuple[int, ...], ...]
    """The index of each row: (n,), or (n, t) if the logits have more axes."""
    columns: tuple[str, ...] | None
    labels: "NDArray[Any] | None"
    """The class of each row, -100 for one that is left out; None for class probabilities."""
    used: "NDArray[Any]"
    """Whether a row counts: its label is not ignored."""
    label_smoothing: float
    weight: "NDArray[Any] | None"
    """A factor for each class."""
    weight_sum: float
    """What the mean divides by: the sum of the used rows' weights, or their number."""
    logits: "NDArray[Any]"
    softmax: "NDArray[Any]"
    softmax_sums: "NDArray[Any]"
    one_hot: "NDArray[Any] | None"
    targets: "NDArray[Any]"
    """The one-hot rows or class probabilities, smoothed if that is asked for."""
    log_of_softmax: "NDArray[Any]"
    log_softmax: "NDArray[Any]"
    terms: "NDArray[Any]"
    """-y * log(softmax), times the weights, whose row sums are the row losses."""
    textbook_losses: "NDArray[Any]"
    row_losses: "NDArray[Any]"
    log_differences: "NDArray[Any]"
    """The largest difference between log(softmax) and log_softmax in each row."""
    underflows: int
    """Places where log(softmax) is -inf though log_softmax is not."""
    routes: tuple[Route, ...]
    difference: float
    """The largest difference between the routes."""
    gradient: "NDArray[Any]"
    """The gradient of these rows' mean loss with respect to the logits: (softmax - one_hot) / N,
    without smoothing and weights."""
    temperature: float = 1.0
    """What the logits are divided by."""
    scaled_logits: "NDArray[Any] | None" = None
    """The logits divided by the temperature, unless that is 1."""
    others: bool = False
    """Whether there are other rows, which these numbers are not of."""

    def name(self, label: int) -> str:
        """Return the name of a class: that of its column, or its number; '' if it is ignored."""
        if label < 0:
            return ""
        return self.columns[label] if self.columns else str(label)

    def row_name(self, i: int) -> str:
        """Return the name of a row: 3, or [0, 3] if there are several axes of rows."""
        index = self.rows[i]
        return str(index[0]) if len(index) == 1 else str(list(index))

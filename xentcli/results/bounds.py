"""What is known of some rows exactly and of others only within bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from xentcli.results.measure import Measure

_MOST_DECIMALS = 8  # of a share in percent


@dataclass(frozen=True)
class Bounded(Measure):
    """A number that rows give exactly, or what it is at least and at most.

    The value is None unless every row is exact. What is known to some rounding has both.

    Attributes
    ----------
    lower_bound, upper_bound : float or None
        Of the number; None where there is none.
    exact : float or None
        The share of rows that are known.
    at_floors : float or None
        The number that llama-perplexity gives, which takes each floor for the value itself.
    """

    lower_bound: float | None = None
    upper_bound: float | None = None
    exact: float | None = None
    at_floors: float | None = None

    @property
    def is_bound(self) -> bool:
        """Whether the number is not known, but bounded."""
        return self.value is None and (self.lower_bound, self.upper_bound) != (None, None)

    @property
    def text(self) -> str:
        """The number, or the bounds with their signs; empty where nothing is known."""
        if self.value is not None:
            return repr(self.value)
        if not self.is_bound:
            return "" if self.at_floors is None else f"({self.at_floors!r} with floors as values)"
        signs = ((">=", self.lower_bound), ("<=", self.upper_bound))
        return ", ".join(f"{sign} {bound!r}" for sign, bound in signs if bound is not None)


class BoundedLoss(NamedTuple):
    """The negative log likelihood of rows of which some are only bounded, in nats.

    Attributes
    ----------
    command : str
        Which one it is of.
    reduction : str
        What `loss` is: the mean, or the sum.
    loss, total, perplexity, bits : Bounded
        The number, the sum over the rows, and what follows from the mean.
    rows, used, exact_rows : int
        How many there are, are not ignored, and are known.
    num_classes : int or None
        The length of a row; None where it is not known.
    why : str
        What the other rows do, as in: have a label outside the top 20.
    rounding : float
        By how much the mean of what is known may be wrong, since it is stored rounded.
    measures : mapping of str to Measure
        What else was measured.
    """

    command: str
    reduction: str
    loss: Bounded
    total: Bounded
    perplexity: Bounded
    bits: Bounded
    rows: int
    used: int
    exact_rows: int
    num_classes: int | None
    why: str
    rounding: float = 0.0
    measures: Mapping[str, Measure] = {}

    @property
    def metrics(self) -> dict[str, Measure]:
        """Everything that was measured, by name, for gates."""
        named = {"loss": self.loss, "perplexity": self.perplexity, "bits": self.bits}
        return {**named, **self.measures}

    def named(self) -> dict[str, Any]:
        """Return what JSON says: no number under the name of one that is only bounded."""
        found: dict[str, Any] = {"command": self.command}
        for name in ("loss", "perplexity", "bits"):
            measure: Bounded = getattr(self, name)
            prefix = "" if name == "loss" else f"{name}_"
            found[name] = measure.value
            found[f"{prefix}lower_bound"] = measure.lower_bound
            found[f"{prefix}upper_bound"] = measure.upper_bound
        return found | {
            "reduction": self.reduction,
            "loss_sum": self.total.value,
            "loss_sum_lower_bound": self.total.lower_bound,
            "weight_sum": float(self.used),
            "rounding": self.rounding,
            "exact": self.loss.exact,
            "exact_rows": self.exact_rows,
            "bounded_rows": self.used - self.exact_rows,
            "bounded_because": self.why if self.used > self.exact_rows else None,
            "rows": self.rows,
            "used": self.used,
            "ignored": self.rows - self.used,
            "num_classes": self.num_classes,
            "accuracy": None,
            "standard_error": self.loss.standard_error,
            "metrics": self.metrics,
        }


class TopMeasures(NamedTuple):
    """What lists of the most probable classes say of a model.

    Attributes
    ----------
    metrics : dict of str to Measure
        By name; what is only bounded has bounds in place of a value.
    rows, used : int
        How many there are, and are not ignored.
    num_classes, listed : int or None
        How many classes there are, and how many of them a row lists at most.
    exact : float or None
        The share of rows whose loss is known.
    why : str
        What the other rows do.
    notes : tuple of str
        What the user should know.
    """

    metrics: dict[str, Measure]
    rows: int
    used: int
    num_classes: int | None
    listed: int
    exact: float | None
    why: str
    notes: tuple[str, ...] = ()

    def named(self) -> dict[str, Any]:
        """Return what JSON says."""
        return {
            "command": "eval",
            "metrics": self.metrics,
            "rows": self.rows,
            "used": self.used,
            "ignored": self.rows - self.used,
            "num_classes": self.num_classes,
            "listed": self.listed,
            "exact": self.exact,
        }


def told_shares(found: BoundedLoss) -> str:
    """Return how many rows are exact, and what the others do."""
    return told_exact(found.loss.exact or 0.0, found.why)


def told_exact(exact: float, why: str) -> str:
    """Return which share of the rows is exact, and what the others do."""
    if not exact:
        return f"no row is exact: they {why}"
    others = _percent(1.0 - exact)
    return f"{_percent(exact)} of rows exact, {others} {why}"


def _percent(share: float) -> str:
    """Return a share in percent, to so many decimals that few rows are not taken for none."""
    decimals, percent = 1, 100.0 * share
    while decimals < _MOST_DECIMALS and 0.0 < share < 1.0:
        if 0.0 < float(f"{percent:.{decimals}f}") < 100.0:
            break
        decimals += 1
    return f"{percent:.{decimals}f} %"

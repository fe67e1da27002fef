"""Results that are exact for some rows and known only within bounds for others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from xentcli.results.measure import Measure

_MOST_DECIMALS = 8  # of a share in percent


@dataclass(frozen=True)
class Bounded(Measure):
    """A number that is known exactly, or its least and greatest possible values.

    The value is None unless every row is exact. A number that was stored rounded has a value and
    bounds.

    Attributes
    ----------
    lower_bound, upper_bound : float or None
        The bounds of the number; None if there are none.
    exact : float or None
        The share of rows that are exact.
    at_floors : float or None
        The number of llama-perplexity, which takes each floor for the value itself.
    at_floors_error : float or None
        Its standard error, of the same values.
    """

    lower_bound: float | None = None
    upper_bound: float | None = None
    exact: float | None = None
    at_floors: float | None = None
    at_floors_error: float | None = None

    @property
    def is_bound(self) -> bool:
        """Whether the number itself is unknown, but has a bound."""
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
    """The negative log likelihood of rows, in nats, if some rows have only bounds.

    Attributes
    ----------
    command : str
        The command that reports it.
    reduction : str
        Whether `loss` is the mean or the sum.
    loss, total, perplexity, bits : Bounded
        The mean or the sum, the sum, and the perplexity and bits of the mean.
    rows, used, exact_rows : int
        How many rows there are, how many are not ignored, and how many are exact.
    num_classes : int or None
        The length of a row; None if it is not known.
    why : str
        The words for why other rows are not exact: they "have a label outside the top 20".
    rounding : float
        The largest error of the mean over exact rows, whose numbers are stored rounded.
    measures : mapping of str to Measure
        The other measures by name.
    notes : tuple of str
        Notes and warnings, in Python; commands print them apart from results.
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
    notes: tuple[str, ...] = ()

    @property
    def metrics(self) -> dict[str, Measure]:
        """Everything that was measured, by name, for gates."""
        named = {"loss": self.loss, "perplexity": self.perplexity, "bits": self.bits}
        return {**named, **self.measures}

    def named(self) -> dict[str, Any]:
        """Return the object for JSON, in which a number that has only bounds is None."""
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
    """The measures of a model whose rows list only the most probable classes.

    Attributes
    ----------
    metrics : dict of str to Measure
        The measures by name; some have bounds in place of a value.
    rows, used : int
        How many rows there are, and how many are not ignored.
    num_classes, listed : int or None
        How many classes there are, and how many of them a row lists at most.
    exact : float or None
        The share of rows whose loss is known exactly.
    why : str
        The words for why other rows are not exact.
    notes : tuple of str
        Notes for the user.
    clusters : int or None
        How many clusters the errors of means come from.
    """

    metrics: dict[str, Measure]
    rows: int
    used: int
    num_classes: int | None
    listed: int
    exact: float | None
    why: str
    notes: tuple[str, ...] = ()
    clusters: int | None = None

    def named(self) -> dict[str, Any]:
        """Return the object for JSON."""
        return {
            "command": "eval",
            "metrics": self.metrics,
            "rows": self.rows,
            "used": self.used,
            "ignored": self.rows - self.used,
            "num_classes": self.num_classes,
            "listed": self.listed,
            "exact": self.exact,
            "clusters": self.clusters,
        }


def told_shares(found: BoundedLoss) -> str:
    """Return a phrase on how many rows are exact, and why the others are not."""
    return told_exact(found.loss.exact or 0.0, found.why)


def told_exact(exact: float, why: str) -> str:
    """Return a phrase on the share of rows that are exact, and why the others are not."""
    if not exact:
        return f"no row is exact: they {why}"
    others = _percent(1.0 - exact)
    return f"{_percent(exact)} of rows exact, {others} {why}"


def _percent(share: float) -> str:
    """Return a share in percent, with enough decimals to tell few rows from none."""
    decimals, percent = 1, 100.0 * share
    while decimals < _MOST_DECIMALS and 0.0 < share < 1.0:
        if 0.0 < float(f"{percent:.{decimals}f}") < 100.0:
            break
        decimals += 1
    return f"{percent:.{decimals}f} %"

"""The mean loss, what follows from it, and accuracy, as measures with their errors."""

import math
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from xentcli.metrics.intervals import share_error, wilson_interval
from xentcli.metrics.loss import perplexity_of
from xentcli.metrics.mean_state import loss_measure
from xentcli.metrics.names import MEASURES, top_of
from xentcli.results.accuracy import Accuracy
from xentcli.results.groups import ClusteredGroup, ClusterErrors, Group
from xentcli.results.measure import NOTHING, Measure

if TYPE_CHECKING:
    from xentcli.metrics.deferred import Deferred

__all__ = [
    "accuracy_measure",
    "groups_of",
    "loss_measure",
    "of_loss",
    "with_accuracy",
    "with_errors",
]

_AnyMeasure = TypeVar("_AnyMeasure", bound=Measure)
_SHARES = (
    *("accuracy", "accuracy_base", "accuracy_new", "agreement", "share_worse"),
    *(name for name, metric in MEASURES.items() if metric == "choices"),
)


def of_loss(loss: Measure, names: Container[str]) -> dict[str, Measure]:
    """Return those of the wanted measures that follow from the mean loss.

    Examples
    --------
    >>> of_loss(Measure(2.0, 0.5), ["perplexity"])["perplexity"].standard_error
    3.694528049465325
    """
    found = {}
    if "bits" in names:
        found["bits"] = _mapped(loss, lambda nats: nats / math.log(2.0), 1.0 / math.log(2.0))
    if "perplexity" in names:
        slope = 0.0 if loss.value is None else perplexity_of(loss.value)
        found["perplexity"] = _mapped(loss, perplexity_of, slope)
    return found


def _mapped(loss: Measure, function: Callable[[float], float], slope: float) -> Measure:
    value, low, high = (
        None if each is None else function(each) for each in (loss.value, loss.low, loss.high)
    )
    error = None if loss.standard_error is None else loss.standard_error * slope
    return Measure(value, error, low, high, loss.n)


def accuracy_measure(accuracy: Accuracy) -> Measure:
    """Return a share of rows with its error; nothing where no row has a label."""
    if accuracy.value is None:
        return NOTHING
    error = share_error(accuracy.hits, accuracy.n)
    return Measure(accuracy.value, error, accuracy.low, accuracy.high, accuracy.n)


def with_accuracy(loss: Measure, accuracy: Accuracy | None) -> dict[str, Measure]:
    """Return the measures of a command that computes a loss, with accuracy if it was computed."""
    found = {"loss": loss, **of_loss(loss, ("perplexity", "bits"))}
    if accuracy is not None:
        found["accuracy"] = accuracy_measure(accuracy)
    return found


def with_errors(
    values: dict[str, _AnyMeasure], errors: Mapping[str, Measure]
) -> dict[str, _AnyMeasure]:
    """Return measures with the errors that clusters give them."""
    found = dict(values)
    for name, error in errors.items():
        if name in found:
            low, high = error.low, error.high
            if name in _SHARES or top_of(name):
                low, high = _of_share(error)
            found[name] = replace(
                found[name], standard_error=error.standard_error, low=low, high=high
            )
    return found


def _of_share(mean: Measure) -> tuple[float | None, float | None]:
    """Return the interval of a share of rows, of which Student's t knows nothing.

    Where all rows of all clusters agree, t leaves no room for others. As many clusters as there are
    say no more than as many rows would.
    """
    if mean.low is None or mean.high is None or not mean.n:
        return None, None
    if mean.value in (0.0, 1.0):
        return wilson_interval(mean.n if mean.value else 0, mean.n)
    return max(0.0, mean.low), min(1.0, mean.high)


def groups_of(results: Mapping[str, Any], name: str, errors: str) -> Sequence[Group]:
    """Return the groups in the result of this name, with the errors that clusters give in them.

    `errors` names the result that has these errors, if rows depend on one another.
    """
    if name not in results:
        return ()
    groups: Deferred[Group] = results[name].groups
    return groups.joined(results[errors].groups, _clustered) if errors in results else groups


def _clustered(group: Group, errors: ClusterErrors) -> Group:
    metrics = with_errors(group.metrics, errors.metrics)
    return ClusteredGroup(group.name, group.rows, metrics, errors.clusters)

"""An earlier result, as ``--json`` printed it, that gates compare with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from xentcli.errors import InputError
from xentcli.metrics.mean_state import mean_measure
from xentcli.pipeline.gating.gates import Gate
from xentcli.pipeline.inputs.written import read_object
from xentcli.pipeline.measures.loss_measures import with_accuracy
from xentcli.results.accuracy import Accuracy
from xentcli.results.measure import NOTHING, Measure

_COUNTED = ("rows", "sequences", "documents")
_OURS = "a baseline is what an earlier run printed with --json"
_OF_STATES = "xent merge STATE --json prints the result of a state"
_EMPTIED = (
    "a shell empties the file that > names before the command reads it: write the new result to "
    "another file"
)


class Baseline(NamedTuple):
    """An earlier result.

    Attributes
    ----------
    name : str
        The file that it stands in, as messages show it.
    metrics : dict of str to Measure
        Its measures.
    num_classes : int or None
        The length of a row, where the result says so.
    models : tuple of (str, mapping)
        If several models were compared with a first one, the name of each, and its measures.
    """

    name: str
    metrics: Mapping[str, Measure]
    num_classes: int | None = None
    models: tuple[tuple[str, Mapping[str, Measure]], ...] = ()

    def of_models(self, names: Sequence[str]) -> "list[Baseline]":
        """Return what models of these names are compared with, each with its own measures.

        They go by their names, or by place if none of these is there and there are as many.

        Raises
        ------
        InputError
            If there are several models, and it is unknown which is which.
        """
        if not self.models:
            return [self] * len(names)
        known = dict(self.models)
        if set(names) <= known.keys() and len(known) == len(self.models):
            return [self._replace(metrics=known[name]) for name in names]
        if known.keys().isdisjoint(names) and len(names) == len(self.models):
            return [self._replace(metrics=metrics) for _, metrics in self.models]
        new = next((name for name in names if name not in known), names[0])
        raise InputError(
            f"{self.name}: it is about {', '.join(name for name, _ in self.models)}, not {new}",
            hint="compare the same models again, or as many others in their order",
        )

    def differences(
        self, gates: Iterable[Gate], metrics: Mapping[str, Measure], num_classes: int
    ) -> Iterator[str]:
        """Say where an earlier result is of other rows or classes than the one compared with it.

        Parameters
        ----------
        gates : iterable of Gate
            What is compared.
        metrics : mapping of str to Measure
            The measures of this result.
        num_classes : int
            The length of its rows.
        """
        names = dict.fromkeys(gate.measure for gate in gates if gate.kinds != {"number"})
        for name in names:
            before, now = (each.get(name, NOTHING).n for each in (self.metrics, metrics))
            if before is not None and now is not None and before != now:
                yield f"{self.name}: its {name} is of n = {before:,}, this one of n = {now:,}"
        if names and self.num_classes not in (None, num_classes):
            yield f"{self.name}: its rows have {self.num_classes:,} classes, these {num_classes:,}"


def read_baseline(path: str) -> Baseline:
    """Return the measures in a file that ``xent loss``, ``nll`` or another command made.

    Raises
    ------
    InputError
        If it holds no such result.
    """
    name, result = read_object(path, _OURS, _EMPTIED)
    if "xent_state" in result:
        raise InputError(f"{name}: the state of a run, and no result", hint=_OF_STATES)
    if not isinstance(command := result.get("command"), str):
        raise InputError(f"{name}: this is no result of xent", hint=_OURS)
    try:
        is_loss = command in ("loss", "nll") and "tokens" not in result
        metrics = _of_a_loss(result) if is_loss else _by_name(result["metrics"])
        metrics |= _counts(result)
        num_classes = result.get("num_classes")
        return Baseline(
            name,
            metrics,
            None if num_classes is None else _count(num_classes),
            tuple(
                (str(each["new"]), _by_name(each["metrics"]) | _counts(each))
                for each in result.get("comparisons") or ()
            ),
        )
    except KeyError as error:
        what = f"the result of xent {command} holds no measures"
        raise InputError(f"{name}: {what}: there is no {error}", hint=_OURS) from None
    except (TypeError, OverflowError) as error:
        raise InputError(f"{name}: this is no result of xent: {error}", hint=_OURS) from None


def _counts(result: dict[str, Any]) -> dict[str, Measure]:
    """Return how many rows, sequences or documents a result is of."""
    return {name: Measure(_count(result[name])) for name in _COUNTED if name in result}


def _by_name(metrics: Any) -> dict[str, Measure]:
    """Return the measures in a result, with everything that it says of each."""
    if not isinstance(metrics, dict) or not all(isinstance(m, dict) for m in metrics.values()):
        raise TypeError("its metrics are not by name")
    return {
        name: Measure(
            _number(found["value"]),
            _number(found["standard_error"]),
            _number(found["low"]),
            _number(found["high"]),
            None if found["n"] is None else _count(found["n"]),
        )
        for name, found in metrics.items()
    }


def _of_a_loss(result: dict[str, Any]) -> dict[str, Measure]:
    """Return the measures of a result of ``xent loss`` or ``xent nll``.

    With reduction 'sum', its loss is no mean; the measures are.
    """
    loss, weight = _number(result["loss"]), _number(result["weight_sum"])
    if result["reduction"] == "sum" and loss is not None:
        loss = loss / weight if weight else None
    used = _count(result["used"])
    mean = mean_measure(loss, _number(result["standard_error"]), used)
    share = _number(result["accuracy"])
    if share is None:
        return with_accuracy(mean, None)
    if not 0.0 <= share <= 1.0:
        raise TypeError(f"an accuracy of {share!r}")
    hits = _count(result["hits"]) if share else 0
    # Rows that are not finite count in the loss alone, so that `used` may be more.
    rows = round(hits / share) if share else used
    low, high = _number(result["accuracy_low"]), _number(result["accuracy_high"])
    return with_accuracy(mean, Accuracy(share, low, high, hits, rows))


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is no whole number")
    return value

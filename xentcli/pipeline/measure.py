"""Logits and labels to everything that is measured of one model."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from xentcli.errors import UsageError
from xentcli.metrics.clusters import MEANS
from xentcli.metrics.interface import from_outside
from xentcli.metrics.intervals import share_error, t_interval
from xentcli.metrics.names import MEASURES, TABLES, top_of
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.evaluate import Measured, measured
from xentcli.pipeline.inputs import RowSources, Run, Source
from xentcli.pipeline.spool import Spool, Spools
from xentcli.results.accuracy import Accuracy
from xentcli.results.loss import Loss
from xentcli.results.measures import NOTHING, Group, Groups, Measure, Measures, Ranks, Suspects

__all__ = ["MEASURES", "TABLES", "Options", "measure"]

MOST_CLASSWISE_CLASSES = 1000
_ON_REQUEST = ("classwise_ece", "equal_mass_ece", "suspects")
_BINARY_ONLY = ("auroc", "average_precision")
_TABLES_OF = {"confusions": "classes", "bins": "calibration", **{name: name for name in TABLES}}
_OF_LABELS = ("accuracy", "brier", "ece")  # that have a mean over several labels too


class Options(NamedTuple):
    """What is measured, and how.

    Attributes
    ----------
    metrics : tuple of str, optional
        Names of measures and of tables, or ``all``; else a sensible set.
    top_k : tuple of int
        Which top-k accuracies are in that set, and in ``all``.
    bins : int
        Of calibration.
    worst : int
        How many of the worst rows, and of suspects, are named.
    """

    metrics: tuple[str, ...] | None = None
    top_k: tuple[int, ...] = (5,)
    bins: int = 15
    worst: int = 10

    def check(self) -> None:
        """Raise UsageError if a name is none, or a number makes no sense."""
        for name in self.metrics or ():
            if name not in ("all", *MEASURES, *_TABLES_OF) and top_of(name) is None:
                raise UsageError(f"there is no measure {name!r}")
        if self.bins < 1 or self.worst < 0 or any(k < 1 for k in self.top_k):
            raise UsageError(
                "bins and k are 1 or more, and the number of worst rows is not below 0"
            )

    def names(self, *, binary: bool) -> tuple[str, ...]:
        """Return the measures and tables that are wanted, in the order of reporting."""
        tops = tuple(f"top{k}_accuracy" for k in self.top_k)
        every = list(MEASURES)
        place = every.index("accuracy") + 1
        every = [*every[:place], *([] if binary else tops), *every[place:], *_TABLES_OF]
        if self.metrics is None:
            left_out = {*_ON_REQUEST, *(("mrr",) if binary else _BINARY_ONLY)}
            return tuple(name for name in every if name not in left_out)
        if "all" in self.metrics:
            return tuple(dict.fromkeys([*every, *(n for n in self.metrics if n != "all")]))
        return tuple(dict.fromkeys(self.metrics))


def measure(
    logits: Source,
    labels: Source | None,
    criterion: Criterion,
    run: Run,
    options: Options = Options(),  # noqa: B008 - a named tuple
    *,
    sample_weight: Source | None = None,
    by: Source | Literal["axis0"] | None = None,
    cluster: Source | Literal["axis0", "rows"] | None = None,
) -> Measures:
    """Return everything that is measured of one model's outputs, in one read.

    Parameters
    ----------
    logits, labels : Source
        Labels are None where the file of the logits holds them too.
    criterion : Criterion
        What the rows hold, and the loss. Its metrics are chosen here.
    run : Run
        Threads and progress.
    options : Options
        What is measured.
    sample_weight : Source, optional
        A factor for each row; concerns the loss alone.
    by : Source or 'axis0', optional
        The group of each row, or of each slice of the first axis; or each slice is one.
    cluster : Source or 'axis0' or 'rows', optional
        Which rows depend on one another: those with the same name, or those of a slice of the
        first axis, which is the default where rows have several axes; or none.

    Raises
    ------
    UsageError
        If there is no such measure.
    InputError
        As `evaluate` says.

    Examples
    --------
    >>> import numpy as np
    >>> from xentcli.formats.base import MemorySource
    >>> from xentcli.pipeline.criterion import Criterion
    >>> from xentcli.pipeline.inputs import Run
    >>> logits = MemorySource("logits", np.array([[2.0, 0.0], [1.0, 3.0], [0.0, 1.0]]))
    >>> labels = MemorySource("labels", np.array([0, 1, 0]))
    >>> found = measure(logits, labels, Criterion(), Run(jobs=1))
    >>> found["accuracy"].value, found["accuracy"].n
    (0.6666666666666666, 3)
    >>> found.worst_rows[0].row, found.worst_rows[0].prediction
    (2, 1)
    """
    options.check()
    binary = criterion.binary is not None
    names = options.names(binary=binary)
    plan = _Plan(names, options, criterion, logits, by, cluster)
    beside = RowSources(
        sample_weight,
        None if isinstance(by, str) else by,
        None if isinstance(cluster, str) else cluster,
    )
    twice = "suspects" in names and not binary
    if twice:
        logits, labels = logits.kept(), None if labels is None else labels.kept()
        beside = RowSources(*(None if each is None else each.kept() for each in beside))
    spools = Spools(plan.kept)
    found = measured(logits, labels, plan.criterion(), run, None, beside, spools.watch)
    suspects = None
    if twice and found.results["class_confidence"].thresholds:
        thresholds = found.results["class_confidence"].thresholds
        again = plan.second(thresholds)
        suspects = measured(logits, labels, again, run).results["suspects"]
    return _Result(plan, found, spools, suspects).measures()


class _Plan:
    """Which states and which numbers of every row the measures need."""

    def __init__(
        self,
        names: tuple[str, ...],
        options: Options,
        criterion: Criterion,
        logits: Source,
        by: Source | str | None,
        cluster: Source | str | None,
    ) -> None:
        self.names = names
        self.options = options
        self.base = criterion
        self.binary = criterion.binary is not None
        self.by_slices = by == "axis0"
        self.several_labels = self.binary and len(logits.shape) > 1 and logits.shape[-1] != 1
        several_axes = len(logits.shape) > 2 and not self.binary
        self.clustered = cluster != "rows" and (cluster is not None or several_axes)
        self.by_default = cluster is None and self.clustered
        states = ["loss", "rows"]
        for name in names:
            metric = _TABLES_OF.get(name) or ("ranks" if top_of(name) else MEASURES.get(name, ""))
            states.append(metric)
        states = [s for s in dict.fromkeys(states) if s not in ("", "order", "suspects")]
        left_out = set()
        if by is None:
            left_out.add("groups")
        if self.binary:
            left_out |= {"ranks", "classwise"} | ({"classes"} if self.several_labels else set())
        if "suspects" in names and not self.binary:
            states.append("class_confidence")
        if self.several_labels:
            states.append("labels")
        if self.clustered:
            states.append("clusters")
        if not self.binary:
            states += from_outside()
        self.states = tuple(s for s in states if s not in left_out)

    @property
    def kept(self) -> tuple[str, ...]:
        """Which numbers of every row are kept."""
        score = self.binary and any(name in self.names for name in _BINARY_ONLY)
        equal_mass = "equal_mass_ece" in self.names
        return ("confidence",) * equal_mass + ("score",) * score

    def criterion(self) -> Criterion:
        """Return the criterion of the first read."""
        tops = tuple(k for name in self.names if (k := top_of(name)))
        of_bins = {"bins": self.options.bins}
        means = [name for name in self.names if name in MEANS or top_of(name)]
        if self.binary:
            means = [name for name in means if name != "mrr" and not top_of(name)]
        parameters: dict[str, dict[str, Any]] = {
            "ranks": {"ks": tops},
            "calibration": of_bins,
            "classwise": of_bins,
            "groups": of_bins,
            "labels": of_bins,
            "worst_rows": {"most": self.options.worst},
            "clusters": {"means": tuple(dict.fromkeys(("loss", *means)))},
        }
        return self.base._replace(
            metrics=self.states,
            parameters={name: parameters[name] for name in self.states if name in parameters},
            kept=self.kept,
            by_slices=self.by_slices,
        )

    def second(self, thresholds: tuple[float, ...]) -> Criterion:
        """Return that of the second read, which finds the suspects."""
        parameters = {"thresholds": thresholds, "most": self.options.worst}
        return self.base._replace(metrics=("loss", "suspects"), parameters={"suspects": parameters})


class _Result:
    """Puts together what was measured."""

    def __init__(
        self, plan: _Plan, found: Measured, spools: Spools, suspects: Suspects | None
    ) -> None:
        self.plan = plan
        self.found = found
        self.spools = spools
        self.suspects = suspects
        self.results: Mapping[str, Any] = found.results
        self.loss: Loss = found.results["loss"]
        self.uneven = plan.binary and self.loss.uneven > 0  # a label between 0 and 1 is neither
        self.by_label = self._by_label()

    def measures(self) -> Measures:
        """Return what is reported."""
        plan, found, results = self.plan, self.found, self.results
        counts, ranks = results["rows"], results.get("ranks")
        errors = results["clusters"] if plan.clustered else None
        values = dict(self._values())
        loss = {"loss": _loss_measure(self.loss)}
        if errors is not None:
            values, loss = (_with_errors(each, errors.metrics) for each in (values, loss))
        values.update(_of_loss(loss["loss"], values))
        classes, calibration = results.get("classes"), results.get("calibration")
        if self.uneven:
            classes = calibration = None
        missing = None if plan.base.normalize else found.total.remarks.get("sums")
        return Measures(
            metrics=values,
            rows=counts.rows,
            used=counts.used,
            measured=counts.measured,
            num_classes=found.num_classes,
            tied=ranks.tied if ranks is not None and ranks.top is not None else None,
            classes=classes.scores if classes else (),
            confusions=classes.confusions if classes else None,
            bins=calibration.bins if calibration else (),
            worst_rows=results["worst_rows"].rows if "worst_rows" in results else (),
            suspects=self.suspects,
            groups=results["groups"].groups if "groups" in results else (),
            labels=self.by_label,
            clusters=errors.clusters if errors else None,
            class_names=found.class_names,
            lead=found.lead,
            binary=plan.binary,
            looks_like=found.total.looks_like,
            missing_rows=missing.rows if missing else 0,
            missing_most=missing.most if missing else 0.0,
            notes=(*found.notes, *self._notes()),
            others={name: results[name] for name in from_outside() if name in results},
        )

    def _values(self) -> Iterator[tuple[str, Measure]]:
        for name in self.plan.names:
            if name in MEASURES or top_of(name):
                value = self._value(name)
                asked = self.plan.options.metrics is not None
                if asked or not self._is_left_out(name):
                    yield name, value

    def _is_left_out(self, name: str) -> bool:
        """Whether a measure of the default set does not concern such rows at all."""
        k = top_of(name)
        if k is not None:
            return self.found.num_classes <= k
        return name == "kl" and (self.plan.binary or self.results["kl"].value is None)

    def _value(self, name: str) -> Measure:
        if name in ("loss", "perplexity", "bits"):
            return _loss_measure(self.loss)
        metric = "ranks" if top_of(name) else MEASURES[name]
        if self.uneven and metric not in ("brier", "entropy"):
            return NOTHING
        if metric == "order":
            return self._of_order(name)
        if metric not in self.results:
            return NOTHING
        return _named(self.results[metric], metric, name)

    def _of_order(self, name: str) -> Measure:
        from xentcli.metrics.order import equal_mass_ece, in_order

        if name == "equal_mass_ece":
            spool = self.spools["confidence"]
            levels = in_order(spool.parts, spool.rows)
            return equal_mass_ece(levels, spool.rows, self.plan.options.bins)
        if not self.plan.binary:
            return NOTHING
        if self.by_label:
            from xentcli.metrics.order import mean_of

            return mean_of(group.metrics[name] for group in self.by_label)
        return _ranking_of(self.spools["score"])[name]

    def _by_label(self) -> tuple[Group, ...]:
        """Return the measures of each of several labels."""
        labels: Groups = self.results.get("labels") or Groups()
        if self.uneven:
            return tuple(
                replace(each, metrics={n: each.metrics[n] for n in ("loss", "brier")})
                for each in labels.groups
            )
        if "score" not in self.plan.kept:
            return labels.groups
        spool = self.spools["score"]
        return tuple(
            replace(each, metrics={**each.metrics, **_ranking_of(spool, int(each.name))})
            for each in labels.groups
        )

    def _notes(self) -> Iterator[str]:
        counts = self.results["rows"]
        if lost := counts.used - counts.measured:
            yield (
                f"rows that hold NaN or +inf, or nothing but -inf: {lost:,}; they count in the "
                "loss alone"
            )
        ranks: Ranks | None = self.results.get("ranks")
        if ranks is not None and ranks.tied:
            yield f"rows in which another class has the label's very value: {ranks.tied:,}"
        if self.plan.by_default:
            yield (
                "the errors of means take the rows of a slice of the first axis to depend on one "
                "another"
            )


def _loss_measure(loss: Loss) -> Measure:
    if not loss.used:
        return Measure(n=0)
    error = loss.standard_error if math.isfinite(loss.standard_error) else None
    return Measure(loss.mean, error, *t_interval(loss.mean, error, loss.used - 1), loss.used)


def _of_loss(loss: Measure, names: Iterable[str]) -> dict[str, Measure]:
    """Return what follows from the mean loss, of the measures that are wanted."""
    found = {}
    if "bits" in names:
        found["bits"] = _mapped(loss, lambda nats: nats / math.log(2.0), 1.0 / math.log(2.0))
    if "perplexity" in names:
        slope = 0.0 if loss.value is None else _exp(loss.value)
        found["perplexity"] = _mapped(loss, _exp, slope)
    return found


def _mapped(loss: Measure, function: Any, slope: float) -> Measure:
    value, low, high = (
        None if each is None else function(each) for each in (loss.value, loss.low, loss.high)
    )
    error = None if loss.standard_error is None else loss.standard_error * slope
    return Measure(value, error, low, high, loss.n)


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _named(result: Any, metric: str, name: str) -> Measure:
    """Return a measure of the result of its metric."""
    found: Measure
    if metric == "accuracy":
        return _accuracy_measure(result)
    if metric == "ranks":
        k = top_of(name)
        found = result.mrr if k is None else result.top.get(k, NOTHING)
    elif metric == "classes":
        found = result.averages.get(name, NOTHING)
    elif metric == "calibration":
        found = getattr(result, name)
    else:
        found = result
    return found


def _accuracy_measure(accuracy: Accuracy) -> Measure:
    if accuracy.value is None:
        return NOTHING
    error = share_error(accuracy.hits, accuracy.n)
    return Measure(accuracy.value, error, accuracy.low, accuracy.high, accuracy.n)


def _with_errors(values: dict[str, Measure], errors: Mapping[str, Measure]) -> dict[str, Measure]:
    """Return measures with the errors that clusters give them."""
    found = dict(values)
    for name, error in errors.items():
        if name in found:
            found[name] = replace(
                found[name],
                standard_error=error.standard_error,
                low=error.low,
                high=error.high,
            )
    return found


def _ranking_of(spool: Spool, column: int | None = None) -> dict[str, Measure]:
    """Return the measures of the order of all scores, or of those of one label of several."""
    from xentcli.metrics.order import in_order, parts_of_column, ranking

    if column is None or spool.columns is None:
        return ranking(in_order(spool.parts, spool.rows), spool.rows, spool.hits)._asdict()
    parts = parts_of_column(spool.all_parts, column)
    rows, hits = (int(each[column]) for each in spool.columns)
    return ranking(in_order(parts, rows), rows, hits)._asdict()

"""What was measured of one model, put together."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xentcli.core.class_facts import MOST_BINNED_CLASSES
from xentcli.metrics.interface import from_outside
from xentcli.metrics.names import MEASURES, top_of
from xentcli.pipeline.inputs.clustering import notes_of_errors
from xentcli.pipeline.measured import Measured
from xentcli.pipeline.measures.added_measures import added_measure, notes_of_added
from xentcli.pipeline.measures.inapplicable import NEEDS_A_CLASS, note_of_classes, reasons
from xentcli.pipeline.measures.loss_measures import (
    accuracy_measure,
    groups_of,
    loss_measure,
    of_loss,
    with_errors,
)
from xentcli.pipeline.measures.measure_plan import BINARY_ONLY, TABLES_OF, Plan, metric_name_of
from xentcli.pipeline.oddities import missing_sums
from xentcli.pipeline.spool import Spool, Spools
from xentcli.results.groups import Group
from xentcli.results.histogram import LossHistogram
from xentcli.results.measure import NOTHING, Measure
from xentcli.results.measures import Measures
from xentcli.results.rows import Ranks, Suspects

if TYPE_CHECKING:
    from xentcli.results.loss import Loss


class Report:
    """Puts together what was measured."""

    def __init__(
        self, plan: Plan, found: Measured, spools: Spools, suspects: Suspects | None
    ) -> None:
        self.plan = plan
        self.found = found
        self.spools = spools
        self.suspects = suspects
        self.results: Mapping[str, Any] = found.results
        self.loss: Loss = found.results["loss"]
        self.uneven = plan.binary and self.loss.uneven > 0  # a label between 0 and 1 is neither
        self.by_label = self._by_label()
        self.inapplicable = dict(reasons(plan, found, uneven=self.uneven))

    def measures(self) -> Measures:
        """Return what is reported."""
        plan, found, results = self.plan, self.found, self.results
        counts, ranks = results["rows"], results.get("ranks")
        errors = results["clusters"] if plan.clustering.applies else None
        values = dict(self._values())
        loss = {"loss": loss_measure(self.loss)}
        if errors is not None:
            values, loss = (with_errors(each, errors.metrics) for each in (values, loss))
        values.update(of_loss(loss["loss"], values))
        of_whole_labels = {} if self.uneven else results
        classes, calibration = map(of_whole_labels.get, ("classes", "calibration"))
        missing = missing_sums(plan.base, found.total.remarks)
        by_cluster = None if errors is None else errors.metrics
        return Measures(
            metrics=values,
            rows=counts.rows,
            used=counts.used,
            measured=counts.measured,
            num_classes=found.num_classes,
            tables=tuple(name for name in plan.names if name in TABLES_OF),
            tied=ranks.tied if ranks is not None and ranks.mrr.n else None,
            classes=classes.scores if classes else (),
            confusions=classes.confusions if classes else None,
            bins=calibration.bins if calibration else (),
            losses=self._losses(),
            worst_rows=results["worst_rows"].rows if "worst_rows" in results else (),
            suspects=self.suspects,
            groups=groups_of(results, "groups", "group_clusters"),
            labels=self.by_label,
            clusters=errors.clusters if errors else None,
            class_names=found.class_names,
            lead=found.lead,
            binary=plan.binary,
            looks_like=found.total.looks_like,
            missing_rows=missing.rows if missing else 0,
            missing_most=missing.most if missing else 0.0,
            notes=(*found.notes, *self._notes(), *notes_of_added(values, by_cluster)),
            mean_loss=loss["loss"].value,
            inapplicable={**self._of_one_class(values), **self.inapplicable},
            others=self._others(),
        )

    def _others(self) -> dict[str, Any]:
        """Return the results of metrics from outside that are no measures."""
        names = [name for name in from_outside() if name not in MEASURES]
        return {name: self.results[name] for name in names if name in self.results}

    def _of_one_class(self, values: Mapping[str, Measure]) -> dict[str, str]:
        """Return the measures that need labels of both classes, if one class is missing."""
        if not self.plan.binary or not self.results["rows"].measured:
            return {}
        missing = [name for name in BINARY_ONLY if name in values and values[name].value is None]
        return dict.fromkeys(missing, "it needs labels of both classes")

    def _losses(self) -> LossHistogram | None:
        """Return how losses are distributed, without hits where labels are between 0 and 1."""
        found: LossHistogram | None = self.results.get("losses")
        if found is None or not self.uneven:
            return found
        zero, infinite, *bins = (
            replace(each, hits=None) for each in (found.zero, found.infinite, *found.bins)
        )
        return replace(found, zero=zero, infinite=infinite, bins=tuple(bins))

    def _values(self) -> Iterator[tuple[str, Measure]]:
        for name in self.plan.names:
            if name in MEASURES or top_of(name):
                value = self._value(name)
                if value.n is None and not self.results["rows"].measured:
                    value = replace(value, n=0)  # no row was measured, as with the loss
                asked = self.plan.options.metrics is not None
                if asked or not self._is_left_out(name):
                    yield name, value

    def _is_left_out(self, name: str) -> bool:
        """Whether a measure of the default set means nothing for such rows."""
        k = top_of(name)
        if k is not None:
            return self.found.num_classes <= k
        if MEASURES[name] == "choices":
            return True
        return name == "kl" and (self.plan.binary or self.results["kl"].value is None)

    def _value(self, name: str) -> Measure:
        if name in ("loss", "perplexity", "bits"):
            return loss_measure(self.loss)
        metric = metric_name_of(name)
        if self.uneven and metric not in ("brier", "entropy"):
            return NOTHING
        if metric == "order":
            return self._of_order(name)
        if metric not in self.results:
            return NOTHING
        if metric in from_outside():
            return added_measure(name, self.results[metric])
        return _named(self.results[metric], metric, name)

    def _of_order(self, name: str) -> Measure:
        from xentcli.metrics.order import in_order
        from xentcli.metrics.ranking import equal_mass_ece, mean_of

        if name == "equal_mass_ece":
            spool = self.spools["confidence"]
            levels = in_order(spool.parts, spool.rows)
            return equal_mass_ece(levels, spool.rows, self.plan.options.bins)
        if not self.plan.binary:
            return NOTHING
        if self.by_label:
            return mean_of(group.metrics[name] for group in self.by_label)
        return _ranking_of(self.spools["score"])[name]

    def _by_label(self) -> tuple[Group, ...]:
        """Return the measures of each of several labels."""
        spool = None if self.uneven or "score" not in self.plan.kept else self.spools["score"]
        found = []
        for each in groups_of(self.results, "labels", "label_clusters"):
            metrics = each.metrics
            if self.uneven:
                metrics = {name: metrics[name] for name in ("loss", "brier")}
            if spool is not None:
                metrics = {**metrics, **_ranking_of(spool, int(each.name))}
            found.append(replace(each, name=self._label_name(each), metrics=metrics))
        return tuple(found)

    def _label_name(self, group: Group) -> str:
        """Return the name of one of several labels: its column's, or its number."""
        names = self.found.class_names
        return names[int(group.name)] if names else group.name

    def _notes(self) -> Iterator[str]:
        counts = self.results["rows"]
        if lost := counts.used - counts.measured:
            yield (
                f"rows that hold NaN or +inf, or nothing but -inf: {lost:,}; they count in the "
                "loss alone"
            )
        if "classwise" in self.results and self.found.num_classes > MOST_BINNED_CLASSES:
            yield f"classwise_ece is computed of up to {MOST_BINNED_CLASSES:,} classes"
        ranks: Ranks | None = self.results.get("ranks")
        if ranks is not None and ranks.tied:
            yield (
                f"rows in which another class has exactly the label's value: {ranks.tied:,}; "
                "of equal values the first one counts"
            )
        if NEEDS_A_CLASS in self.inapplicable.values() and self.plan.options.metrics is None:
            yield note_of_classes(", confusions and ece")
        yield from self.plan.clustering.notes
        yield from notes_of_errors(self.results.get("clusters"))


def _named(result: Any, metric: str, name: str) -> Measure:
    """Return a measure of the result of its metric."""
    found: Measure
    if metric == "accuracy":
        return accuracy_measure(result)
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


def _ranking_of(spool: Spool, column: int | None = None) -> dict[str, Measure]:
    """Return the measures of the order of all scores, or of those of one label of several."""
    from xentcli.metrics.order import in_order, parts_of_column
    from xentcli.metrics.ranking import ranking

    if column is None or spool.columns is None:
        return ranking(in_order(spool.parts, spool.rows), spool.rows, spool.hits)._asdict()
    parts = parts_of_column(spool.all_parts, column)
    rows, hits = spool.counts_of(column)
    return ranking(in_order(parts, rows), rows, hits)._asdict()

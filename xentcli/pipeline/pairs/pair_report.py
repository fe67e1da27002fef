"""What was measured of two models, put together."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from xentcli.core.checks import note_of_uneven
from xentcli.metrics.interface import States
from xentcli.metrics.names import OF_PAIRS
from xentcli.metrics.order import percentiles
from xentcli.pipeline.inputs.clustering import notes_of_errors
from xentcli.pipeline.measures.loss_measures import groups_of, of_loss, with_errors
from xentcli.pipeline.numbering import Numbering
from xentcli.pipeline.pairs.pair_errors import ONE_BY_ONE
from xentcli.pipeline.pairs.pair_plan import ERRORS_IN_GROUPS, PairPlan
from xentcli.pipeline.spool import Spool, Spools
from xentcli.results.comparison import (
    Comparison,
    PairedDivergences,
    PairedHits,
    PairedLoss,
    Percentile,
)
from xentcli.results.measure import NOTHING, Measure

_THOUSANDTHS = (0, 1, 10, 50, 100, 250, 500, 750, 900, 950, 990, 999, 1000)
_NAMED = {"median": 500, "p90": 900, "p95": 950, "p99": 990, "p999": 999}

OF_ORDER = (*(f"kl_{name}" for name in _NAMED), "percentiles")
"""Measures and tables that need every row at once."""


class PairedRows(NamedTuple):
    """The rows that models are compared on.

    Attributes
    ----------
    names : tuple of str
        What each model is called.
    temperatures : tuple of float
        What the logits of each are divided by.
    num_classes : int
        The length of a row.
    class_names : tuple of str or None
        The names of the classes.
    lead : tuple of int
        The shape of one number for each row.
    files : Numbering
        Which rows are of which file of the first model.
    """

    names: tuple[str, ...]
    temperatures: tuple[float, ...]
    num_classes: int
    class_names: tuple[str, ...] | None
    lead: tuple[int, ...]
    files: Numbering


def comparisons_of(
    plan: PairPlan, rows: PairedRows, pairs: Iterable[States], spools: Spools
) -> tuple[Comparison, ...]:
    """Return what is reported of each model but the first, whose states with it are `pairs`."""
    return tuple(
        PairReport(plan, rows, pair.compute(), spools, i).comparison()
        for i, pair in enumerate(pairs, 1)
    )


class PairReport:
    """Puts together what was measured of the first model and another one."""

    def __init__(
        self,
        plan: PairPlan,
        rows: PairedRows,
        results: Mapping[str, Any],
        spools: Spools,
        number: int,
    ) -> None:
        self.plan = plan
        self.rows = rows
        self.results = results
        self.number = number
        self.percentiles = {
            name: _percentiles(spools[f"{number} {name}"]) for name in ("kl", "delta_p")
        }

    def comparison(self) -> Comparison:
        """Return what is reported."""
        rows, counts = self.rows, self.results["rows"]
        base, new = (rows.temperatures[i] for i in (0, self.number))
        errors = self.results.get("pair_clusters")
        values = self._values()
        if errors is not None:
            values = with_errors(values, errors.metrics)
        values.update(_perplexities(values))
        if not counts.measured:  # each is of no rows, as the losses are
            values = {name: each if each.n else replace(each, n=0) for name, each in values.items()}
        tables = set(self.plan.names)
        changed = self.results.get("changed_rows")
        found = Comparison(
            base=_named(rows.names[0], base),
            new=_named(rows.names[self.number], new),
            temperature_base=base,
            temperature_new=new,
            metrics={name: values[name] for name in self.plan.names if name in values},
            rows=counts.rows,
            used=counts.used,
            measured=counts.measured,
            num_classes=rows.num_classes,
            labelled=self.plan.labelled,
            mean_losses=self._mean_losses(),
            percentiles=self._table() if "percentiles" in tables else (),
            changed_rows=changed.rows if changed and "changed_rows" in tables else (),
            groups=groups_of(self.results, "pair_groups", ERRORS_IN_GROUPS),
            clusters=errors.clusters if errors else None,
            clusters_of_losses=errors.metrics.get("loss_difference", NOTHING).n if errors else None,
            class_names=rows.class_names,
            pictures=self.results.get("pair_pictures") if self.plan.options.pictures else None,
            lead=rows.lead,
            notes=tuple(self._notes()),
        )
        return replace(found, changed_rows=rows.files.placed(found, found.changed_rows))

    def _mean_losses(self) -> tuple[float | None, float | None]:
        loss: PairedLoss = self.results["pair_loss"]
        return (loss.base.value, loss.new.value) if self.plan.labelled else (None, None)

    def _notes(self) -> Iterator[str]:
        """Say what stands behind means of rows whose values are not all finite."""
        loss: PairedLoss = self.results["pair_loss"]
        if self.number == 1:  # the others have the same clusters and labels
            yield from notes_of_errors(self.results.get("pair_clusters"))
            if loss.uneven:
                yield note_of_uneven(loss.uneven, ONE_BY_ONE)
        name = self.rows.names[self.number]
        apart: PairedDivergences = self.results["pair_divergences"]
        of_losses, of_divergences = (
            any(each.startswith(starts) for each in self.plan.names)
            for starts in (("loss", "share", "perplexity", "log_"), ("kl", "js", "infinite"))
        )
        if of_losses and loss.base.value == loss.new.value == math.inf:
            which = "with both models count as no difference"
            if math.isnan(loss.difference.value or 0.0):
                which = "with one model alone, with either of them: their mean difference is NaN"
            yield f"{name}: rows whose losses are infinite {which}"
        both = (("KL(base || new)", apart.kl), ("KL(new || base)", apart.kl_reverse))
        for which, kl in both if of_divergences else ():
            if rows := apart.n - (kl.n or 0):
                of_it = "measures of it are of the others" if kl.n else "nothing of it is measured"
                yield f"{name}: rows in which {which} is infinite: {rows:,}; {of_it}"

    def _values(self) -> dict[str, Measure]:
        loss: PairedLoss = self.results["pair_loss"]
        hits: PairedHits = self.results["pair_hits"]
        apart: PairedDivergences = self.results["pair_divergences"]
        n = hits.both + hits.only_base + hits.only_new + hits.neither
        values = dict.fromkeys(OF_PAIRS, NOTHING)
        if self.plan.labelled:
            values |= {
                "loss_base": loss.base,
                "loss_new": loss.new,
                "loss_difference": loss.difference,
                "loss_correlation": loss.correlation,
                "share_worse": loss.worse,
            }
        if n:
            table = {
                "both_right": hits.both,
                "only_base_right": hits.only_base,
                "only_new_right": hits.only_new,
                "neither_right": hits.neither,
            }
            values |= {name: Measure(count, n=n) for name, count in table.items()}
            values |= {
                "accuracy_base": hits.base,
                "accuracy_new": hits.new,
                "accuracy_difference": hits.difference,
                "mcnemar_p": Measure(hits.p, n=hits.only_base + hits.only_new),
                "delta_p": apart.delta_p,
                "rms_delta_p": apart.rms_delta_p,
            }
        values |= {"kl": apart.kl, "kl_reverse": apart.kl_reverse, "js": apart.js}
        values["infinite_rows"] = Measure(apart.infinite, n=apart.n)
        values["agreement"] = apart.agreement
        for name, thousandths in _NAMED.items():
            values[f"kl_{name}"] = Measure(self.percentiles["kl"].get(thousandths), n=apart.kl.n)
        values["kl_max"] = Measure(apart.largest, n=apart.kl.n)
        return values

    def _table(self) -> tuple[Percentile, ...]:
        kl, delta_p = self.percentiles["kl"], self.percentiles["delta_p"]
        return tuple(
            Percentile(each / 10.0, kl.get(each), delta_p.get(each))
            for each in _THOUSANDTHS
            if kl or delta_p
        )


def _named(name: str, temperature: float) -> str:
    """Return what a model is called; the same file at another temperature is another model."""
    return name if temperature == 1.0 else f"{name} (T = {temperature:.4g})"


def _percentiles(spool: Spool) -> dict[int, float]:
    if not spool.rows:
        return {}
    found = percentiles(spool.parts, spool.rows, _THOUSANDTHS)
    return dict(zip(_THOUSANDTHS, found, strict=True))


def _perplexities(values: Mapping[str, Measure]) -> dict[str, Measure]:
    """Return what follows from the mean losses, with errors that heed how they vary together."""
    base, new, difference = (values[f"loss_{name}"] for name in ("base", "new", "difference"))
    if base.value is None:
        return {}
    of_base, of_new = (of_loss(each, ("perplexity",))["perplexity"] for each in (base, new))
    return {
        "perplexity_base": of_base,
        "perplexity_new": of_new,
        "perplexity_ratio": of_loss(difference, ("perplexity",))["perplexity"],
        "log_perplexity_ratio": difference,
        "perplexity_difference": _perplexity_difference((of_base, of_new), (base, new, difference)),
    }


def _perplexity_difference(
    perplexities: tuple[Measure, Measure], losses: tuple[Measure, Measure, Measure]
) -> Measure:
    """Return new - base, with the error to first order: the covariance is that of the means."""
    base, new = (each.value or math.nan for each in perplexities)
    n, value = perplexities[0].n, new - base
    if math.isnan(value):  # one is unknown, or both are infinite
        return replace(NOTHING, n=n)
    errors = [each.standard_error for each in losses]
    if None in errors or not math.isfinite(value):
        return Measure(value, n=n)
    one, two, paired = (float(each or 0.0) for each in errors)
    # a power of two, so that the squares of large perplexities stay within float64
    scale = math.ldexp(1.0, math.frexp(max(base, new))[1] - 1)
    first, second = base / scale, new / scale
    # first**2 one**2 + second**2 two**2 - 2 first second covariance, with the covariance of the
    # means, (one**2 + two**2 - paired**2) / 2; in this form nothing cancels if both are alike
    variance = (first - second) * (first * one * one - second * two * two)
    variance += first * second * paired * paired
    return Measure(value, scale * math.sqrt(max(0.0, variance)), n=n)

"""What is measured of lists of the most probable classes: exact, or within bounds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from xentcli.core.bounds import brier_bounds, entropy_bounds
from xentcli.core.floors import only_largest, tell_first
from xentcli.formats.table_blocks import cuts
from xentcli.metrics.bounds import BoundsState
from xentcli.metrics.calibration import CalibrationState
from xentcli.metrics.clusters import ClustersState
from xentcli.metrics.top_lists import LabelPlaces, TopListsState, first_class_facts
from xentcli.pipeline.flow import Part, collect, joined
from xentcli.pipeline.in_part.bounded import of_bounded_loss
from xentcli.pipeline.inputs.clustering import Clustering, notes_of_errors
from xentcli.pipeline.run import Run
from xentcli.pipeline.top_lists.clustered_rows import (
    Facts,
    blocks_of,
    of_clusters,
    where_exact,
    with_errors_of_clusters,
)
from xentcli.pipeline.top_lists.top_rows import TopRows
from xentcli.results.bounds import TopMeasures
from xentcli.results.measure import NOTHING, Measure

OF_LISTS = (
    *("loss", "perplexity", "bits", "accuracy", "brier", "ece", "ece_by_chance", "mce", "rmsce"),
    *("rmsce_debiased", "mean_confidence", "entropy"),
)
"""What is measured of lists, besides ``top5_accuracy`` and the like."""
_OF_CALIBRATION = ("ece", "ece_by_chance", "mce", "rmsce", "rmsce_debiased", "mean_confidence")


@dataclass(frozen=True)
class ListsKind:
    """What a report needs to know of lists besides their sums, and what was asked for.

    Attributes
    ----------
    num_classes, listed : int or None
        How many classes there are; how many a row lists at most.
    kind, why : str
        What the values are; what a row does whose loss is only bounded.
    ks, bins
        The k of top-k accuracies; the bins of confidence.
    metrics : tuple of str or None
        The measures that are shown, where not all are.
    cluster : str or None
        What the user says of the rows that depend on one another.
    several_axes : bool
        Whether rows are in sequences.
    """

    num_classes: int | None
    listed: int
    kind: str
    why: str
    ks: tuple[int, ...]
    bins: int
    metrics: tuple[str, ...] | None = None
    cluster: str | None = None
    several_axes: bool = False

    @property
    def clustering(self) -> Clustering:
        """Whether rows depend on one another."""
        return Clustering.of(self.cluster, several_axes=self.several_axes)

    def shows(self, *names: str) -> bool:
        """Whether one of these measures is shown."""
        asked = self.metrics
        return asked is None or "all" in asked or not set(names).isdisjoint(asked)

    @property
    def shows_errors(self) -> bool:
        """Whether a mean is shown that has an error, whatever the rows list."""
        return self.shows("accuracy", "mean_confidence", *(f"top{k}_accuracy" for k in self.ks))

    @property
    def means(self) -> tuple[str, ...]:
        """The means whose errors clusters give."""
        tops = (f"top{k}_accuracy" for k in self.ks)
        return ("loss", "accuracy", *tops, "brier", "mean_confidence", "entropy")

    @property
    def tops(self) -> Iterator[int]:
        """The k of top-k accuracies, without those that are always 1 unless they are asked for."""
        for k in self.ks:
            if self.metrics is not None or k < (self.num_classes or k + 1):
                yield k

    @property
    def shows_values(self) -> bool:
        """Whether a measure is shown that needs more than the order of the classes."""
        asked = self.metrics
        return asked is None or not all(name.endswith("accuracy") for name in asked)

    @classmethod
    def of(cls, rows: TopRows, ks: Sequence[int], bins: int) -> "ListsKind":
        """Return what a report needs to know of some lists."""
        lists = rows.lists
        return cls(
            rows.num_classes,
            rows.listed,
            rows.kind,
            rows.why,
            tuple(sorted({*ks})),
            bins,
            cluster=lists.cluster,
            several_axes=lists.sequences is not None,
        )


class _ListsWork(NamedTuple):
    ks: tuple[int, ...]
    bins: int
    clusters: ClustersState | None
    """That of no rows, if rows depend on one another."""

    def part_of(self, rows: TopRows) -> Part[TopListsState]:
        """Measure the rows of a block, which may be more than are read at once."""
        pieces = [
            self._measured(rows.cut(*each)) for each in cuts(rows.num_rows, rows.rows_at_once)
        ]
        state = reduce(TopListsState.merge, (state for state, _ in pieces))
        if self.clusters is not None:
            facts = (facts for _, facts in pieces)
            found = of_clusters(self.clusters, rows, rows.lists.used, facts)
            state = replace(state, clusters=found)
        return Part(rows.num_rows, state=state)

    def _measured(self, rows: TopRows) -> tuple[TopListsState, Facts]:
        """Measure some rows, and return facts of those that are used."""
        bounds, used, _ = rows.bounds()
        loss = BoundsState.from_rows(bounds, used)
        values, indices = rows.read(0, rows.num_rows)
        labels, floor = rows.lists.labels, rows.floors(values)
        if used is not None:
            values, indices, labels = values[used], indices[used], labels[used]
            floor = None if floor is None else floor[used]
        places = LabelPlaces(only_largest(values, floor), indices, labels)
        last = np.iinfo(np.int64).max if rows.num_classes is None else rows.num_classes - 1
        rank = np.minimum(places.rank, last)  # of a label that is not listed, at most this
        hits = tuple(int((rank < k).sum()) for k in self.ks)
        state = TopListsState(
            self.ks, hits, len(labels), places.fewest, CalibrationState(self.bins), loss
        )
        losses = where_exact(bounds)
        losses = losses if used is None else losses[used]
        facts: dict[str, Any] = {"loss": losses, "rank": rank, "hit": rank == 0}
        if rows.kind != "log-probabilities":
            return state, facts
        count, slack = rows.num_classes, rows.slack
        entropy = entropy_bounds(values, count, slack=slack, floor=floor)
        brier = brier_bounds(values, indices, labels, count, slack=slack, floor=floor)
        first = first_class_facts(places, tell_first(values, floor))
        state = replace(
            state,
            calibration=state.calibration.from_rows(first),
            entropy=BoundsState.from_rows(entropy),
            brier=BoundsState.from_rows(brier),
        )
        facts |= {name: first[name] for name in ("forecast", "outcome")}
        return state, facts | {"brier": where_exact(brier), "entropy": where_exact(entropy)}


def state_of_lists(parts: Sequence[TopRows], kind: ListsKind, run: Run) -> TopListsState:
    """Return the state of all rows of lists.

    Parameters
    ----------
    parts : sequence of TopRows
        Lists and labels, of one kind and length, of one file after the other.
    kind : ListsKind
        What they are, and what is measured.
    run : Run
        Threads and progress.
    """
    ks, applies = tuple(sorted({1, *kind.ks})), kind.clustering.applies  # 1 is for accuracy
    blocks = (
        part.cut(*each)
        for part in parts
        for each in blocks_of(part, part.rows_at_once, clustered=applies)
    )
    work = _ListsWork(ks, kind.bins, ClustersState(kind.means) if applies else None)
    done = run.map(work.part_of, blocks, join=joined)
    progress = run.progress_of((sum(part.num_rows for part in parts),))
    sources = [source for part in parts for source in part.sources]
    total = collect(done, None, progress, lambda p, _: p.at(""), sources)
    return total.state or TopListsState(ks)


def lists_measures(state: TopListsState, kind: ListsKind) -> TopMeasures:
    """Return what lists say of a model; logits without log-sum-exp tell only loss and hits.

    There is no top-k accuracy for a k above the number of classes that a row lists, unless each
    label is among them.
    """
    loss, entropy, brier = state.bounds()
    shares = state.hit_shares()
    by_cluster = None if state.clusters is None else state.clusters.compute()
    if by_cluster is not None:
        loss = with_errors_of_clusters({"loss": loss}, by_cluster)["loss"]
    metrics: dict[str, Measure] = {
        "loss": loss,
        "perplexity": of_bounded_loss(loss, "perplexity"),
        "bits": of_bounded_loss(loss, "bits"),
    }
    metrics["accuracy"] = shares.get(1, NOTHING)
    metrics |= {f"top{k}_accuracy": shares.get(k, NOTHING) for k in kind.tops}
    errors = state.errors()
    metrics["brier"] = brier
    metrics |= {name: getattr(errors, name) for name in _OF_CALIBRATION}
    metrics["entropy"] = entropy
    if by_cluster is not None:
        metrics = with_errors_of_clusters(metrics, by_cluster)
    return TopMeasures(
        metrics=metrics,
        rows=state.loss.rows,
        used=state.rows,
        num_classes=kind.num_classes,
        listed=kind.listed,
        exact=loss.exact,
        why=kind.why,
        clusters=None if by_cluster is None else by_cluster.clusters,
        notes=(*_notes(kind, state), *notes_of_errors(by_cluster if kind.shows_errors else None)),
    )


def _notes(rows: ListsKind, state: TopListsState) -> Iterator[str]:
    """Say which of the measures asked for do not apply, or could be bounded more closely."""
    known = state.hit_shares()
    missing = [k for k in rows.tops if k not in known and rows.shows(f"top{k}_accuracy")]
    if missing and state.rows:
        listed = ", ".join(f"top {k}" for k in missing)
        yield f"some rows list {state.fewest} classes only: {listed} accuracy does not apply"
    if rows.shows_errors:
        yield from rows.clustering.notes
    if rows.kind != "log-probabilities":
        if rows.shows("brier", "entropy", *_OF_CALIBRATION):
            yield "calibration, Brier score and entropy need log-probabilities, or the log-sum-exp"
    elif rows.num_classes is None and rows.shows("brier", "entropy"):
        yield "--num-classes V would bound Brier score and entropy more closely"

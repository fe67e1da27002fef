"""What lm-evaluation-harness logs of choices, computed again from their log-likelihoods."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core.choices import gain, preferred
from xentcli.errors import InputError
from xentcli.formats.base import MemorySource, Source
from xentcli.formats.harness.collected import Samples
from xentcli.formats.harness.padded import NO_GOLD
from xentcli.metrics.hits_of_choices import ChoicesState, TaskHits
from xentcli.pipeline.measures.loss_measures import with_errors
from xentcli.results.measure import Measure
from xentcli.results.measures import Measures
from xentcli.text import shortened, visible

Hits = NDArray[np.bool_]
_ACC = "acc"
_SMALL = 1e-6  # logged numbers so near to 0 or 1 are taken for it


def docs_among(samples: Samples, rows: slice | None, ignored: Sequence[int]) -> Hits:
    """Return which docs are among some rows and are not left out by their only right choice."""
    among = np.zeros(len(samples.docs), np.bool_)
    among[slice(None) if rows is None else rows] = True
    among &= ~np.isin(samples.golds, ignored) | (samples.golds == NO_GOLD)
    return among


def state_of_choices(
    samples: Samples, clusters: NDArray[Any] | None, docs: Hits, *, complete: bool
) -> ChoicesState:
    """Return how many docs of each task are right by the measures of the choices' lengths.

    `clusters` names the cluster of each doc, from which errors come; if it is None, docs are
    independent. Clusters that are `complete` have no docs in other files. Only `docs` count.
    """
    hits = {name: each for name, each in _hits(samples) if name != _ACC}
    tasks = np.array(samples.tasks)
    found = {}
    for task in sorted({*tasks[docs].tolist()}):
        mine = docs & (tasks == task)
        of_task = {name: each[mine] for name, each in hits.items()}
        keys = None if clusters is None else clusters[mine]
        found[task] = TaskHits.of(of_task, int(mine.sum()), keys, complete=complete)
    return ChoicesState(found)


def with_shares(found: Measures, state: ChoicesState, names: tuple[str, ...]) -> Measures:
    """Add the measures of the choices' lengths that are wanted.

    Where groups are the tasks, each has them too.
    """
    groups = []
    for group in found.groups:
        of_task = state.tasks.get(group.name)
        fits = of_task is not None and of_task.docs == group.rows
        more = _shares(of_task) if of_task is not None and fits else {}
        groups.append(replace(group, metrics={**group.metrics, **more}))
    every = state.compute()
    shares = {name: each for name, each in _shares(every).items() if name in names}
    metrics = {**found.metrics, **shares}
    reasons = {name: why for name, why in found.inapplicable.items() if name not in every.hits}
    return replace(found, metrics=metrics, groups=tuple(groups), inapplicable=reasons)


def _shares(hits: TaskHits) -> dict[str, Measure]:
    """Return the share of docs that are right by each measure, with its error."""
    return with_errors(hits.shares(), hits.errors())


def _hits(samples: Samples) -> Iterator[tuple[str, Hits]]:
    """Yield each measure with the docs that are right by it."""
    values = samples.log_likelihoods
    if samples.kind != "choices":
        return
    yield _ACC, _right(samples, preferred(values))
    if samples.lengths is not None:
        yield "acc_norm", _right(samples, preferred(values, samples.lengths))
    if samples.sizes is not None:
        yield "acc_bytes", _right(samples, preferred(values, samples.sizes))
    if samples.unconditional is not None:
        gains = gain(values, samples.unconditional)
        yield "acc_mutual_info", _right(samples, preferred(gains))


def _right(samples: Samples, chosen: NDArray[Any]) -> Hits:
    found: Hits = samples.golds == chosen
    for row, golds in enumerate(samples.several_golds):
        if len(golds) > 1:
            found[row] = chosen[row] in golds
    return found


def contradictions(name: str, samples: Samples) -> Iterator[str]:
    """Yield warnings where the log-likelihoods contradict what was logged."""
    if samples.several_inputs:
        return  # the labels come from what was logged
    missing = [row for row, golds in enumerate(samples.several_golds) if not golds]
    if samples.kind == "choices" and missing:
        yield (
            f"{samples.place(missing[0])}: the target is none of the choices; such docs count in "
            f"no loss, and as wrong in the accuracies: {len(missing):,}"
        )
    for measure, hits in _hits(samples):
        logged = samples.logged.get(measure)
        if logged is None or np.isnan(logged).all():
            continue
        if not np.isin(logged[~np.isnan(logged)], (0.0, 1.0)).all():
            yield (
                f"{name}: the logged {measure} is no share of right choices, but a measure of the "
                "task's own, which is not computed here"
            )
            continue
        rows = np.flatnonzero((np.abs(logged - hits) > _SMALL) & ~np.isnan(logged))
        if rows.size:
            first = int(rows[0])
            doc = visible(shortened(samples.docs[first]))
            yield (
                f"{samples.place(first)}: doc {doc}: the logged {measure} is {logged[first]:g}, "
                f"and by the log-likelihoods {float(hits[first]):g}; such docs: {rows.size:,} of "
                f"{len(hits):,} (logged mean {np.nanmean(logged):.6g}, here {hits.mean():.6g})"
            )


def check_hashes(one: Samples, two: Samples) -> None:
    """Raise InputError if two models were asked about different docs under the same numbers.

    Their hashes tell, and, where these are missing or say nothing of the choices, how many choices
    there are and which is right: the new model is measured by the base's labels.
    """
    there = {doc: row for row, doc in enumerate(one.docs)}
    for row, doc in enumerate(two.docs):
        if (place := there.get(doc)) is None:
            continue
        if (differs := _difference(one, place, two, row)) is not None:
            raise InputError(
                f"{two.place(row)}: doc {visible(shortened(doc))} has {differs} than in "
                f"{one.place(place)}: the models were asked about different docs",
                hint="are both files of the same task, of the same version of its data?",
            )


def _difference(one: Samples, place: int, two: Samples, row: int) -> str | None:
    """Return what tells a doc of one model from that of the other."""
    hashes = (one.hashes[place], two.hashes[row])
    if None not in hashes and hashes[0] != hashes[1]:
        return "another doc_hash"
    if {one.kind, two.kind} != {"choices"} or one.several_inputs or two.several_inputs:
        return None
    if one.counts[place] != two.counts[row]:
        return "another number of choices"
    golds = [set(one.several_golds[place]), set(two.several_golds[row])]
    return "another right choice" if all(golds) and golds[0] != golds[1] else None


def tasks_of(samples: Samples) -> Source:
    """Return the task of each doc."""
    return MemorySource("task", np.array(samples.tasks))

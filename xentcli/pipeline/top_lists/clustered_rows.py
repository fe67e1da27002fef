"""The clusters of rows that are lists: how these are cut into blocks, and the sums of clusters."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from xentcli.core.bounds import Bounds
from xentcli.core.dtypes import Doubles
from xentcli.core.row_facts import Origin, RowFacts
from xentcli.formats.table_blocks import cuts
from xentcli.metrics.clusters import ClustersState
from xentcli.pipeline.inputs.clustering import Clustering
from xentcli.pipeline.measures.loss_measures import with_errors
from xentcli.pipeline.top_lists.top_inputs import TopLists
from xentcli.pipeline.top_lists.top_rows import TopRows
from xentcli.results.groups import ClusterErrors
from xentcli.results.measure import Measure

_State = TypeVar("_State", bound=ClustersState)
_AnyMeasure = TypeVar("_AnyMeasure", bound=Measure)
Facts = Mapping[str, NDArray[Any] | None]


def clustering_of(lists: TopLists) -> Clustering:
    """Return whether the rows of lists depend on one another."""
    return Clustering.of(lists.cluster, several_axes=lists.sequences is not None)


def blocks_of(rows: TopRows, step: int, *, clustered: bool) -> Iterator[tuple[int, int]]:
    """Cut rows into blocks of about `step`: where each begins, and how many rows it has.

    None ends within a slice of the first axis, where slices are clusters.
    """
    sequences, count = rows.lists.sequences, rows.num_rows
    if not clustered or sequences is None or rows.lists.clusters is not None:
        yield from cuts(count, step)
        return
    ends = np.append(np.flatnonzero(np.diff(sequences)) + 1, count)
    start = 0
    while start < count:
        place = max(
            int(np.searchsorted(ends, start + step, "right")) - 1,
            int(np.searchsorted(ends, start, "right")),
        )
        stop = int(ends[place])
        yield start, stop - start
        start = stop


def of_clusters(
    state: _State,
    rows: TopRows,
    used: NDArray[np.bool_],
    parts: Iterable[Facts],
) -> _State:
    """Return the state of the clusters of rows, given the facts of those that are used, in parts.

    `state` is that of no rows.
    """
    each = [*parts]
    facts = {
        name: None if values is None else np.concatenate([part[name] for part in each])
        for name, values in each[0].items()
    }
    keys = rows.lists.clusters
    count = int(np.count_nonzero(used))
    origin = Origin(clusters=None if keys is None else keys[used])
    found = RowFacts(count, 0, facts, origin=origin)
    if keys is not None:
        return state.from_rows(found)
    slices = rows.lists.sequences
    return state.of_slices(found, np.flatnonzero(used) if slices is None else slices[used])


def where_exact(bounds: Bounds) -> Doubles:
    """Return the numbers that are known, and 0 for others: of these, no mean has an error."""
    with np.errstate(invalid="ignore"):
        middle = (bounds.lower + bounds.upper) / 2.0
    return np.where(bounds.exact, middle, 0.0)


def with_errors_of_clusters(
    values: dict[str, _AnyMeasure], errors: ClusterErrors
) -> dict[str, _AnyMeasure]:
    """Return measures with the errors of those that are known, and not only bounded."""
    known = {name for name, each in values.items() if each.value is not None}
    return with_errors(values, {n: each for n, each in errors.metrics.items() if n in known})

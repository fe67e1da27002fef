"""Whether the errors of means take some rows to depend on one another."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.align import align
from xentcli.alignment.followers import RowSources
from xentcli.formats.base import Source
from xentcli.pipeline.criterion import Criterion
from xentcli.results.groups import ClusterErrors


class Clustering(NamedTuple):
    """Whether there are clusters of rows, and whether they are there although nobody named them."""

    applies: bool
    by_default: bool

    @classmethod
    def of(cls, cluster: Source | str | None, *, several_axes: bool) -> "Clustering":
        """Decide by the names of clusters; `several_axes` says if a slice holds several rows."""
        applies = cluster != "rows" and (cluster is not None or several_axes)
        return cls(applies, applies and cluster is None)

    @property
    def notes(self) -> Iterator[str]:
        """Say what the default decided."""
        if self.by_default:
            what = "the rows of a slice of the first axis to depend on one another"
            yield f"the errors of means take {what}"


def notes_of_errors(errors: ClusterErrors | None) -> Iterator[str]:
    """Say that rows without a cluster are taken to depend on one another."""
    if errors is not None and errors.nameless:
        yield "rows for which no cluster is named count as one cluster"


def clusters_of_rows(
    logits: Source, labels: Source | None, criterion: Criterion, cluster: Source | str | None
) -> NDArray[Any]:
    """Return the cluster of each row of some logits (N, C), which are read for it.

    Rows count here even if they have no label.
    """
    named = cluster if isinstance(cluster, Source) else None
    rows = align(
        logits,
        labels,
        class_axis=criterion.class_axis,
        naming=criterion.naming,
        tiles=False,
        beside=RowSources(clusters=named),
    )
    read = (rows.read(step, criterion.options) for step in rows.steps())
    found = [each.labels if each.clusters is None else each.clusters for each in read]
    whole = np.concatenate(found)
    return np.arange(len(whole)) if named is None else whole

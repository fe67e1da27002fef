"""Fits a temperature to a few of the rows, at which the search for that of all rows begins."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xentcli.alignment.followers import RowSources
from xentcli.core.root import RootSearch
from xentcli.errors import XentError
from xentcli.formats.base import IndexedSource, MemorySource, Source, Table, indexed
from xentcli.metrics.group_names import names_of, shown_order
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.evaluate import states_of_rows
from xentcli.pipeline.run import Run

if TYPE_CHECKING:
    from xentcli.metrics.slope_sums import SlopesOfRows

_ROWS_AT_A_TIME = 2**16
_SAMPLE_ROWS = 2048
_SAMPLE_ELEMENTS = 2**22
_FEWEST_SAMPLE_ROWS = 64
_RUN_ROWS = 8  # rows of a sample that are read at a time
_LEAST_ROUGH = 1e-30  # the least inverse temperature for float32
_NEAR_ZERO = 0.1  # for an inverse temperature, in units of one over the reach
_FEW_WRONG = 0.5  # rows below the peak that are assumed in a sample without any


class TemperatureRows(NamedTuple):
    """The rows that a temperature is fitted on, any of which can be read at any time."""

    logits: Source
    labels: Source | None
    sample_weight: Source | None = None
    clusters: Source | None = None

    @property
    def beside(self) -> RowSources:
        """What stands beside the rows."""
        return RowSources(self.sample_weight, None, self.clusters)


def rows_of(
    logits: Source,
    labels: Source | None,
    sample_weight: Source | None,
    cluster: Source | str | None,
) -> TemperatureRows:
    """Return rows that are read again and again, with what stands beside them."""
    rows = TemperatureRows(*(None if each is None else indexed(each) for each in (logits, labels)))  # type: ignore[arg-type]
    if sample_weight is not None:
        rows = rows._replace(sample_weight=indexed(sample_weight))
    if cluster is not None and not isinstance(cluster, str):
        rows = rows._replace(clusters=indexed(cluster))
    return rows


def numbers_of_clusters(clusters: Source) -> dict[str, int]:
    """Return each cluster's number in the order of names, which is by value if all are numbers."""
    names: set[str] = set()
    for block in clusters.blocks(_ROWS_AT_A_TIME):
        keys = clusters.decode(block).values.reshape(-1)
        names.update(names_of(keys, of_clusters=True)[0])
    ordered = tuple(sorted(names))
    return {ordered[i]: number for number, i in enumerate(shown_order(ordered))}


def slopes_criterion(
    criterion: Criterion,
    betas: tuple[float, ...],
    folds: int,
    *,
    fine: bool,
    ends: bool = False,
    **more: Any,
) -> Criterion:
    """Return a reader of slopes alone."""
    parameters = {"betas": betas, "fine": fine, "ends": ends, "folds": folds, **more}
    return criterion._replace(metrics=("slopes",), parameters={"slopes": parameters})


def start_of(rows: TemperatureRows, criterion: Criterion) -> float:
    """Return the inverse temperature of a few evenly spaced rows, or 1 if they have none.

    Float32 can hold it.
    """
    sample = _sample(rows._replace(clusters=None), criterion)
    if sample is None:
        return 1.0
    length = rows.logits.shape[0] or 1
    share = (sample.logits.shape[0] or 1) / length

    def read(beta: float) -> "SlopesOfRows":
        wanted = slopes_criterion(criterion, (beta,), 1, fine=False, ends=True)
        states = states_of_rows(sample.logits, sample.labels, wanted, Run(1), sample.beside)
        found: SlopesOfRows = states.compute()["slopes"]
        return found

    with suppress(XentError):  # what is wrong with rows is said when all are read
        beta = float(np.float32(_start_of_sample(read, share)))
        return beta if float32_holds(beta) else 1.0
    return 1.0


def _start_of_sample(read: "Callable[[float], SlopesOfRows]", share: float) -> float:
    """Return where to begin the search of all rows, of which a sample has this share."""
    found = read(1.0)
    counts, missing = found.counts, 0.0
    if not counts.rows or counts.infinite:
        return 1.0
    if counts.at_peak == counts.rows:  # a larger sample has labels elsewhere
        missing = _FEW_WRONG * found.ends.scale / counts.rows
    near_zero = _NEAR_ZERO / found.reach if found.reach > 0.0 else 1.0
    if found.ends.at_zero_within(0.0):  # as those of all rows need not be
        found, beta = read(near_zero), 0.0
    else:
        search = RootSearch(1.0, reach=found.reach, limit=found.limit + missing)
        while not search.fine:
            first, *others = found.betas[0].derivatives
            search.step((first + missing, *others))
            beta = search.place = float(np.float32(search.place))
            if not float32_holds(beta) or search.lost:
                return 1.0
            if not search.fine:
                found = read(beta)
    at = found.betas[0]
    if not (at.derivatives[1] > 0.0 and at.squares[0] >= 0.0):
        return beta or 1.0
    error = math.sqrt(at.squares[0]) / at.derivatives[1]
    return beta if beta > error else max(beta / 2.0, error * math.sqrt(share))


def float32_holds(beta: float) -> bool:
    """Whether float32 can compute with an inverse temperature."""
    return _LEAST_ROUGH < beta < 1.0 / _LEAST_ROUGH


def _sample(rows: TemperatureRows, criterion: Criterion) -> TemperatureRows | None:
    """Return a few evenly spaced rows, where all parts of them stand at the same place.

    Rows that are matched by ids, as those of the sample are too, may stand elsewhere: it is an
    error then to compute with it.
    """
    sources = [each for each in rows if each is not None]
    shape = rows.logits.shape
    length = shape[0] if shape else 0
    by_place = all(
        isinstance(each, IndexedSource) and each.shape[:1] == (length,) for each in sources
    )
    first_axis = criterion.class_axis in (0, -len(shape)) or (
        len(shape) < 2 and not criterion.binary
    )
    if not by_place or first_axis or criterion.shift or criterion.rows is not None or not length:
        return None
    slice_elements = max(1, math.prod(n or 0 for n in shape[1:]))
    count = min(_SAMPLE_ROWS, _SAMPLE_ELEMENTS // slice_elements)
    if count >= length:
        return rows
    if count < _FEWEST_SAMPLE_ROWS:
        return None
    runs = count // _RUN_ROWS
    starts = [i * (length - _RUN_ROWS) // (runs - 1) for i in range(runs)]
    labels, weight = (None if s is None else _rows_of(s, starts) for s in rows[1:3])
    return TemperatureRows(_rows_of(rows.logits, starts), labels, weight)


def _rows_of(source: Source, starts: Sequence[int]) -> MemorySource:
    """Return runs of rows as an array in memory."""
    if not isinstance(source, IndexedSource):
        raise TypeError("only of an indexed source any rows are read")
    table = Table.joined([source.read(start, _RUN_ROWS).copied() for start in starts])
    parts = {"labels": table.labels, "ids": table.ids}
    return MemorySource(source.name, table.values, source.columns, **parts, origin=source)

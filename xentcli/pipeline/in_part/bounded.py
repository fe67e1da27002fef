"""The loss of rows that a file gives only in part: exact, or within bounds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from xentcli.core.bounds import Bounds
from xentcli.core.row_losses import Reduction
from xentcli.formats.base import ArrayHeader, Source
from xentcli.metrics.bounds import BoundsState
from xentcli.pipeline.flow import Part, Remark, Sink, collect, joined
from xentcli.pipeline.measures.loss_measures import of_loss
from xentcli.pipeline.run import Run
from xentcli.results.bounds import Bounded, BoundedLoss, told_shares
from xentcli.results.measure import Measure
from xentcli.results.row_counts import RowCounts

UNWRITTEN = "unwritten"
"""The name of the remark that counts rows which hold nothing but zeros."""


class RowBounds(NamedTuple):
    """The negative log likelihoods of some rows, and which of the rows are not ignored."""

    bounds: Bounds
    used: NDArray[np.bool_] | None = None
    remarks: tuple[Remark, ...] = ()
    """What is odd about them: how many are `UNWRITTEN`, of which the user is told."""


@dataclass(frozen=True)
class BoundedSums:
    """The state of rows with some that are only bounded, and how many were never written."""

    bounds: BoundsState = BoundsState()  # noqa: RUF009 - it is frozen
    unwritten: int = 0

    def merge(self, other: "BoundedSums") -> "BoundedSums":
        """Return the state of both states' rows."""
        return BoundedSums(self.bounds.merge(other.bounds), self.unwritten + other.unwritten)

    def compute(self) -> RowCounts:
        """Return how many rows there are."""
        return RowCounts(self.bounds.rows, self.bounds.used, self.bounds.known.used)


@dataclass(frozen=True)
class BoundedKind:
    """What a report needs to know of bounded rows besides their sums: see `BoundedRows`.

    Of lists, `listed` is the length of the longest, which `why` names, and `values` what they hold.
    """

    num_classes: int | None
    why: str
    notes: tuple[str, ...] = ()
    listed: int = 0
    values: str = ""

    @classmethod
    def of(cls, rows: "BoundedRows") -> "BoundedKind":
        """Return what a report needs to know of some rows."""
        part = rows.parts[0] if isinstance(rows, JoinedRows) else rows
        listed, values = getattr(part, "listed", 0), getattr(part, "kind", "")
        return cls(rows.num_classes, rows.why, rows.notes, listed, values)

    def of_any_length(self) -> "BoundedKind":
        """Return the same of lists of any length, which bound the same numbers."""
        return replace(self, listed=0, why="") if self.values else self


class BoundedRows(Protocol):
    """Rows, some known only in part: data that give the bounds of each."""

    @property
    def sources(self) -> Sequence[Source]:
        """The files."""

    @property
    def num_rows(self) -> int | None:
        """How many rows there are."""

    @property
    def num_classes(self) -> int | None:
        """The length of a row; None where nothing tells it."""

    @property
    def why(self) -> str:
        """What a row does whose number is only bounded, as in: have a label outside the top 20."""

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes that go with their loss."""

    def blocks(self) -> Iterator["BoundedRows"]:
        """Yield the rows block by block: data, which any process takes."""

    def bounds(self) -> RowBounds:
        """Return the bounds of all rows."""


@dataclass(frozen=True)
class JoinedRows:
    """The rows of several files, one after the other."""

    parts: tuple[BoundedRows, ...]

    @property
    def sources(self) -> Sequence[Source]:
        """The files."""
        return [source for part in self.parts for source in part.sources]

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return sum(part.num_rows or 0 for part in self.parts)

    @property
    def num_classes(self) -> int | None:
        """The length of a row."""
        return self.parts[0].num_classes

    @property
    def why(self) -> str:
        """What a row does whose number is only bounded."""
        return self.parts[0].why

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes that go with their loss."""
        return self.parts[0].notes

    def blocks(self) -> Iterator[BoundedRows]:
        """Yield the rows of each block of each file."""
        for part in self.parts:
            yield from part.blocks()

    def bounds(self) -> RowBounds:
        """Refuse: files are cut one by one."""
        raise AssertionError("the rows of several files at once")


class _BoundedWork(NamedTuple):
    keeps_losses: bool

    def part_of(self, rows: BoundedRows) -> Part[BoundsState]:
        """Bound the rows of a block."""
        bounds, used, remarks = rows.bounds()
        losses = None
        if self.keeps_losses:
            losses = np.where(bounds.exact, (bounds.lower + bounds.upper) / 2.0, np.nan)
            losses = losses if used is None else np.where(used, losses, 0.0)
        return Part(len(bounds.lower), losses, BoundsState.from_rows(bounds, used), remarks=remarks)


def measure_bounded(
    rows: BoundedRows, command: str, reduction: Reduction, run: Run, sink: Sink | None = None
) -> tuple[BoundedLoss, list[str], BoundedSums]:
    """Return the loss of all rows, what the user should know of it, and the state of the rows.

    `sink` gets one loss a row, NaN where it is only bounded.
    """
    if sink is not None:
        sink.open(ArrayHeader((rows.num_rows,), np.dtype(np.float64), name="losses"))
    work = _BoundedWork(keeps_losses=sink is not None)
    of_codes = [source for source in rows.sources if source.format == "kld"]  # sent by reference
    parts = run.where(*of_codes).map(work.part_of, rows.blocks(), join=joined)
    progress = run.progress_of((rows.num_rows,))
    total = collect(parts, sink, progress, lambda problem, _: problem.at(""), rows.sources)
    unwritten = total.remarks.get(UNWRITTEN)
    sums = BoundedSums(total.state or BoundsState(), unwritten.rows if unwritten else 0)
    return *bounded_loss(sums, BoundedKind.of(rows), command, reduction), sums


def bounded_loss(
    sums: BoundedSums, rows: BoundedKind, command: str, reduction: str
) -> tuple[BoundedLoss, list[str]]:
    """Return what a state says of the loss, and what the user should know of it."""
    found = _loss_of(sums.bounds, rows, command, reduction)
    return found, [*_notes(found, reduction, sums.unwritten), *rows.notes]


def _loss_of(state: BoundsState, rows: BoundedKind, command: str, reduction: str) -> BoundedLoss:
    mean = state.compute()
    rounding = 0.0
    if mean.value is not None and mean.upper_bound is not None and mean.lower_bound is not None:
        rounding = (mean.upper_bound - mean.lower_bound) / 2.0
    return BoundedLoss(
        command=command,
        reduction=reduction,
        loss=state.compute(total=True) if reduction == "sum" else mean,
        total=state.compute(total=True),
        perplexity=of_bounded_loss(mean, "perplexity"),
        bits=of_bounded_loss(mean, "bits"),
        rows=state.rows,
        used=state.used,
        exact_rows=state.known.used,
        num_classes=rows.num_classes,
        why=rows.why,
        rounding=rounding,
    )


def of_bounded_loss(mean: Bounded, name: str) -> Bounded:
    """Return the measure of this name that follows from a mean loss, and from its bounds."""
    found, *bounds = (
        of_loss(each, (name,))[name]
        for each in (mean, Measure(mean.lower_bound), Measure(mean.upper_bound))
    )
    lower, upper = (each.value for each in bounds)
    return Bounded(
        found.value,
        found.standard_error,
        found.low,
        found.high,
        found.n,
        lower,
        upper,
        mean.exact,
    )


def _notes(found: BoundedLoss, reduction: str, unwritten: int) -> Iterator[str]:
    if unwritten:
        yield f"rows of nothing but zeros, of loss 0: {unwritten:,}; was the file written whole?"
    if found.used and found.loss.is_bound:
        which = "a lower bound" if found.loss.upper_bound is None else "bounds"
        yield f"{which} of the loss: {told_shares(found)}"
    if found.rounding:
        right = f"the mean is right to ±{found.rounding:.2g}"
        yield f"the log-probabilities are stored rounded: {right}"
    if reduction == "none" and found.exact_rows < found.used:
        yield f"rows of which only a bound is known are NaN: {found.used - found.exact_rows:,}"

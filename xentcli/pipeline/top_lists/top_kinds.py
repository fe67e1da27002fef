"""What the values of lists are, by their sums: log-probabilities, logits, or neither."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core.bounds import MOST_ABOVE_1, log_sums
from xentcli.core.floors import only_largest
from xentcli.errors import InputError
from xentcli.pipeline.run import Run
from xentcli.pipeline.top_lists.top_inputs import TopLists
from xentcli.pipeline.top_lists.top_rows import SLACKS, TopRows

_NEAR = 1e-5  # to 1, so that nothing is left to other classes
_MOST_CLASSES = 2**31  # where nothing says how many there are


class _ListSums(NamedTuple):
    """The range of the logarithms of rows' sums, and what speaks for probabilities."""

    least: float = math.inf
    most: float = -math.inf
    fractions: bool = True
    """Whether every value is between 0 and 1."""
    largest: float = 0.0
    """The largest sum of values themselves."""
    lack: float = math.inf
    """The least `_lacks` of a row."""
    scale: float = 1.0
    """How large logits are that have a log-sum-exp."""

    def merge(self, other: "_ListSums") -> "_ListSums":
        """Return the sums of both states' rows."""
        return _ListSums(
            min(self.least, other.least),
            max(self.most, other.most),
            self.fractions and other.fractions,
            max(self.largest, other.largest),
            min(self.lack, other.lack),
            max(self.scale, other.scale),
        )


def _sums_of(block: tuple[int, TopRows]) -> tuple[int, _ListSums]:
    """Return the sums of a block of the file with this number."""
    number, rows = block
    values, _ = rows.read(0, rows.num_rows)
    there = values > -np.inf
    listed = there.any(axis=1)
    some = log_sums(values)[listed]
    peaks = only_largest(values, rows.floors(values)).max(axis=1, initial=-np.inf)
    peaks = np.where(peaks > -np.inf, peaks, 0.0)  # where the largest is not listed
    classes = rows.num_classes or _MOST_CLASSES
    lacks = _lacks(values[listed], some, peaks[listed], classes)
    fractions = bool(((values >= 0.0) & (values <= 1.0) | ~there).all())
    plain = rows.lists.values.tile(0, rows.num_rows) if fractions else np.zeros((0, 1))
    sums = plain.astype(np.float64).sum(axis=1)
    least, most = float(some.min(initial=math.inf)), float(some.max(initial=-math.inf))
    lack = float(lacks.min(initial=math.inf))
    largest, scale = float(sums.max(initial=0.0)), _scale_of(rows, values)
    return number, _ListSums(least, most, fractions, largest, lack, scale)


def _scale_of(rows: TopRows, values: NDArray[np.float64]) -> float:
    """Return how large the logits of rows are, of which `values` are the log-probabilities.

    The log-sum-exp is added where it was rounded as they were.
    """
    sums = rows.lists.log_sum_exp
    if sums is None:
        return 1.0
    known = np.where(np.isfinite(sums), sums, 0.0)
    logits = np.abs(values + known[:, None])
    largest = float(logits[np.isfinite(logits)].max(initial=1.0))
    fewer_digits = np.ldexp(np.frexp(known)[0], round(-math.log2(rows.rounding)))
    rounded = bool((fewer_digits == np.round(fewer_digits)).all())
    return largest + (float(np.abs(known).max(initial=0.0)) if rounded else 0.0)


def _lacks(
    values: NDArray[np.float64],
    sums: NDArray[np.float64],
    peaks: NDArray[np.float64],
    classes: int,
) -> NDArray[np.float64]:
    """Return the logarithm of what rows lack to 1, over the most that other classes can have.

    Above 0, they cannot make it up: none is more probable than the most probable one.

    Parameters
    ----------
    values : ndarray of shape (N, K)
        The logarithms of rows, of which each has some.
    sums : ndarray of shape (N,)
        The logarithms of the rows' sums.
    peaks : ndarray of shape (N,)
        The largest logarithm of each row.
    classes : int
        How many classes there are at most.
    """
    others = classes - np.count_nonzero(values > -np.inf, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        lacking = np.log1p(-np.exp(np.minimum(sums, 0.0)))
        most = np.log(np.maximum(others, 0)) + peaks
        return np.where(others > 0, lacking - most, 0.0)


def told_apart(lists: Sequence[TopLists], run: Run) -> list[tuple[TopRows, list[str]]]:
    """Return lists with the kind of their values, by their sums, and notes for the user.

    Raises
    ------
    InputError
        If values are not the logarithms that the file says, or may be probabilities.
    """
    rows = [TopRows(each) for each in lists]
    sums = [_ListSums()] * len(rows)
    blocks = ((i, block) for i, each in enumerate(rows) for block in each.blocks())
    for i, found in run.map(_sums_of, blocks):
        sums[i] = sums[i].merge(found)
    return [_told(*each) for each in zip(rows, sums, strict=True)]


def _told(rows: TopRows, found: _ListSums) -> tuple[TopRows, list[str]]:
    lists = rows.lists
    tight, most = max(_NEAR, 2.0 * rows.slack), max(MOST_ABOVE_1, 4.0 * rows.slack)
    rows = replace(rows, scale=found.scale)
    above = found.most > math.log1p(max(most, 2.0 * rows.slack))
    if lists.log_sum_exp is not None or lists.probs:
        if above:
            what = "the log-sum-exp is not that of these values" if not lists.probs else ""
            raise InputError(
                f"{lists.values.name}: {what or 'rows sum to more than 1'}",
                hint="logits go with the log-sum-exp over all classes of the same rows",
            )
    elif found.fractions and above:
        return _of_fractions(rows, found.largest)
    too_small = rows.num_rows > 0 and math.inf > found.lack > math.log1p(tight)
    if above or too_small:
        return replace(rows, kind="logits"), [_logits_note(rows)]
    longest = lists.values.shape[-1] or 0
    whole = lists.num_classes is not None and lists.num_classes <= longest
    if found.least >= math.log1p(-tight) and not whole and rows.num_rows:
        note = (
            f"{lists.values.name}: every row of {longest} classes sums to 1, so they were "
            "normalised again: their values are taken for logits"
        )
        return replace(rows, kind="renormalised"), [note]
    notes = []
    if lists.called_logits:
        what = "no row sums to more than 1, so what is called logits is taken for log-probabilities"
        notes.append(f"{lists.values.name}: {what}")
    if lists.values.stored_dtype in SLACKS:
        right = f"{rows.rounding:.2g} of itself"
        if lists.log_sum_exp is not None:
            right = f"±{rows.rounding * rows.scale:.2g}, as its logits are"
        notes.append(
            f"{lists.values.name}: {lists.values.stored_dtype}: a loss is right to {right}"
        )
    return rows, notes


def _logits_note(rows: TopRows) -> str:
    return (
        f"{rows.lists.values.name}: raw logits without their log-sum-exp, so the loss is only "
        "bounded; --log-sum-exp FILE makes it exact"
    )


def _of_fractions(rows: TopRows, largest: float) -> tuple[TopRows, list[str]]:
    """Return rows whose values are between 0 and 1: logits, unless they may be probabilities."""
    if largest <= 1.0 + MOST_ABOVE_1:
        raise InputError(
            f"{rows.lists.values.name}: these may be probabilities: they are between 0 and 1, and "
            "no row sums to more than 1",
            hint="xent nll --probs FILE; of logits, save their log-sum-exp too",
        )
    return replace(rows, kind="logits"), [_logits_note(rows)]

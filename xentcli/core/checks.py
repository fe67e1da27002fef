"""Checks the values of logits and labels, and finds the row where something is wrong."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from xentcli.core.dtypes import Floats, is_floating
from xentcli.core.scales import Scale, scale_of
from xentcli.core.tiled_rows import LogitRows
from xentcli.errors import InputError, LabelError, NonFiniteError, ShapeError
from xentcli.records import Record

if TYPE_CHECKING:
    from xentcli.core.labels import LossOptions

Kind = Literal["logits", "log-probabilities", "probabilities"]
"""The kind of numbers in the rows from which a loss is computed."""
RowKind = Literal["logits", "log-probabilities", "probabilities", "unknown"] | Scale
"""What rows look like."""
_MOST_MISSING = 0.3  # how far the sum of a row of rounded probabilities may be from 1
_MOST_MISSING_ON_AVERAGE = 0.1  # the same for the mean of all sums

SEVERAL_LABELS_HINT = "several labels of a row are binary ones: --binary"
"""What helps where a row has several labels."""

MASKED = -(2**62) - 1
"""The label of a row that a mask beside the labels leaves out, whatever the labels ignore."""


def note_of_uneven(rows: int, cure: str = SEVERAL_LABELS_HINT) -> str:
    """Return a note on rows of class probabilities that do not sum to 1, which may be several 1."""
    return f"rows of class probabilities that do not sum to 1: {rows:,} ({cure})"


class Problem(Record):
    """The first place where something is wrong, and in how many rows the same is wrong."""

    error: type[InputError]
    row: int
    message: str
    rows: int
    input: str
    """The input where something is wrong: logits, labels, or another model's logits."""
    column: int | None = None
    hint: str | None = None
    label: int | None = None
    """The wrong label, if all wrong labels are the same."""
    name: str | None = None
    """The wrong label, if it is a name and not a number."""
    one_based: bool = False
    """Whether `hint` says that labels count from 1, which other rows may disprove."""

    def shifted(self, rows: int) -> "Problem":
        """Return the same problem for rows that start `rows` further down."""
        return self._replace(row=self.row + rows)

    def merge(self, later: "Problem") -> "Problem":
        """Return one problem for this one and one of the same kind in later rows."""
        rows = self.rows + later.rows
        if self.label == later.label:
            return self._replace(rows=rows)
        return self._replace(rows=rows, label=None, hint=None)

    def at(self, place: str) -> InputError:
        """Return the error to raise; `place` names the row."""
        more = f" ({self.rows} such rows)" if self.rows > 1 else ""
        return self.error(f"{place}: {self.message}{more}", hint=self.hint)


def merge_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return one problem for each kind and input, in the order of their first rows."""
    merged: dict[tuple[type[InputError], str], Problem] = {}
    for problem in problems:
        kind = problem.error, problem.input
        first = merged.get(kind)
        merged[kind] = first.merge(problem) if first else problem
    return tuple(sorted(merged.values(), key=lambda problem: problem.row))


def unravel(row: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the index of a row, counted in C order, of an array of `shape`."""
    return tuple(int(i) for i in np.unravel_index(row, shape)) if shape else ()


def row_index(row: int, inner: tuple[int, ...]) -> tuple[int, ...]:
    """Return the index of a row, counted in C order, whose later axes have the lengths `inner`.

    The length of the first axis need not be known.
    """
    n, rest = divmod(row, max(1, math.prod(inner)))
    return n, *unravel(rest, inner)


def index_of(row: int, shape: tuple[int, ...]) -> str:
    """Write a row's index as NumPy does: ``[3]`` or ``[3, 0, 2]``."""
    return str(list(unravel(row, shape))) if shape else ""


def whole_labels(labels: NDArray[Any]) -> tuple[NDArray[np.int64], tuple[Problem, ...]]:
    """Return labels as int64, and a problem if one is not a whole number that int64 holds.

    Integers of any width, bool and whole floats are labels.

    Raises
    ------
    LabelError
        If the dtype is of another kind.
    """
    if labels.dtype == np.int64:
        return labels, ()
    if labels.dtype.kind not in "iub" and not is_floating(labels.dtype):
        raise LabelError(f"labels must be integers, not {labels.dtype}")
    with np.errstate(invalid="ignore"):
        whole = labels.astype(np.int64)
        wrong = whole.astype(labels.dtype) != labels
    if labels.dtype.kind in "uf":
        wrong |= labels.astype(np.float64) >= 2.0**63
    rows = np.flatnonzero(wrong)
    if rows.size == 0:
        return whole, ()
    first = labels.reshape(-1)[rows[0]]
    what = "larger than any class" if 2**63 <= abs(first) < np.inf else "not a whole number"
    message, hint = f"label {first} is {what}", None
    if np.isnan(first):
        message = "a missing value (NaN) instead of a label"
        hint = "leave such rows out, or mark them, labels.fillna(-100), for --ignore-index -100"
    return whole, (Problem(LabelError, int(rows[0]), message, rows.size, "labels", hint=hint),)


def bounds_of(labels: NDArray[np.int64]) -> tuple[int, int]:
    """Return the least and the largest of some labels; 0 and -1 if there are none."""
    return (int(labels.min()), int(labels.max())) if labels.size else (0, -1)


def check_labels(
    labels: NDArray[np.int64],
    num_classes: int,
    used: NDArray[np.bool_] | None = None,
    *,
    base: int = 0,
    bounds: tuple[int, int] | None = None,
) -> tuple[Problem, ...]:
    """Return a problem if a used label is outside base..base+num_classes-1.

    `bounds` are those of the labels, if they are known.
    """
    top = base + num_classes - 1
    least, most = bounds_of(labels) if bounds is None else bounds
    if labels.size == 0 or (least >= base and most <= top):
        return ()
    flat = labels.reshape(-1)
    wrong = (flat < base) | (flat > top)
    if used is not None:
        wrong &= used.reshape(-1)
    rows = np.flatnonzero(wrong)
    if rows.size == 0:
        return ()
    counted = flat if used is None else flat[used.reshape(-1)]
    one_based = bool((flat[rows] == num_classes).all()) and base == 0 and 0 not in counted
    return (_outside(flat[rows], int(rows[0]), base, top, one_based=one_based),)


def _outside(
    labels: NDArray[np.int64], row: int, base: int, top: int, *, one_based: bool
) -> Problem:
    """Return the problem of labels outside base..top, of which the first stands in this row."""
    first = int(labels[0])
    message = f"label {first} is outside {base}..{top}"
    return Problem(
        LabelError,
        row,
        "the mask leaves this row out" if first == MASKED else message,
        labels.size,
        "labels",
        hint="labels look 1-based; try --label-base 1" if one_based else None,
        label=first if (labels == first).all() else None,
        one_based=one_based,
    )


def check_finite(logits: LogitRows, bad: NDArray[np.bool_]) -> tuple[Problem, ...]:
    """Return the problem of the rows that `bad` marks: the first NaN or +inf, or all -inf."""
    rows = np.flatnonzero(bad)
    if rows.size == 0:
        return ()
    row = int(rows[0])
    (values,) = logits[row : row + 1]
    places = np.flatnonzero(np.isnan(values) | (values == np.inf))
    column = int(places[0]) if places.size else None
    what = "every logit is -inf" if column is None else f"logit {values[column]:g}"
    hint = "--non-finite propagate computes what PyTorch does: NaN"
    return (Problem(NonFiniteError, row, what, rows.size, "logits", column, hint),)


def row_kind(rows: Floats) -> RowKind:
    """Return what rows of shape (N, C) look like, by their signs and sums."""
    if rows.size == 0 or rows.shape[1] < 2:
        return "unknown"
    wide = rows.astype(np.float64)
    tolerance = 2e-3 if rows.shape[1] < 1000 else 1e-2
    with np.errstate(all="ignore"):
        if wide.min() >= 0.0 and wide.max() <= 1.0:
            sums = wide.sum(axis=1)
            missing = np.abs(sums - 1.0).max()
            if missing < tolerance or _are_rounded(wide, sums):
                return "probabilities"
        if wide.max() <= 0.0 and (np.abs(np.exp(wide).sum(axis=1) - 1.0) < tolerance).all():
            return "log-probabilities"
        return scale_of(wide, tolerance) or "logits"


def _are_rounded(rows: NDArray[np.float64], sums: NDArray[np.float64]) -> bool:
    """Whether 1 to 4 decimals were kept, and this explains how far the sums are from 1."""
    for decimals in range(1, 5):
        scaled = rows * 10.0**decimals
        if (np.abs(scaled - np.rint(scaled)) <= 1e-6 * 10.0**decimals).all():
            most = min(_MOST_MISSING, rows.shape[1] * 0.5 * 10.0**-decimals) + 1e-9
            close = abs(float(sums.mean()) - 1.0) < _MOST_MISSING_ON_AVERAGE
            return close and bool(np.abs(sums - 1.0).max() <= most)
    return False


def check_options(options: "LossOptions", num_classes: int, *, probabilities: bool) -> None:
    """Raise if the options do not fit the classes or the kind of labels."""
    shape = None if options.weight is None else options.weight.shape
    if shape is not None and shape != (num_classes,):
        each = f"one number for each of the {num_classes} classes"
        raise ShapeError(f"{options.weight_name} must have {each}, not shape {shape}")
    if probabilities and max(options.ignored, default=-1) >= 0:
        raise InputError("ignore_index leaves out class indices; these labels are probabilities")

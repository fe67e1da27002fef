"""Rows of which a file keeps the most probable classes: what they are, and what they bound."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary
from xentcli.core.bounds import SLACK, Bounds, log_sums, nll_bounds, nll_bounds_of_logits
from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.pipeline.bounded import RowBounds
from xentcli.pipeline.top_inputs import TopLists

Kind = Literal["log-probabilities", "logits", "renormalised"]

_SLACKS = {"bfloat16": 2.0**-8, "float16": 2.0**-10}
"""By how much a sum of probabilities may be wrong, by the dtype of their logarithms."""
_ABOVE = 1e-3  # 1, and no sum of probabilities is there
_NEAR = 1e-5  # 1, and nothing is left to other classes
_NO_VALUE = -9999.0  # and below: padding
_BLOCK_ELEMENTS = 2**18
_SHORT_BITS = 16  # of a class, which a vocabulary of 32,768 classes or more does not fit in


@dataclass(frozen=True)
class TopRows:
    """Lists of classes, and what their values are."""

    lists: TopLists
    kind: Kind = "log-probabilities"

    @property
    def sources(self) -> tuple[Source, ...]:
        """The files."""
        return self.lists.values, self.lists.indices

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return math.prod(n or 0 for n in self.lists.values.shape[:-1])

    @property
    def listed(self) -> int:
        """K."""
        return self.lists.values.shape[-1] or 0

    @property
    def num_classes(self) -> int | None:
        """How many classes there are, if that is known."""
        return self.lists.num_classes

    @property
    def why(self) -> str:
        """What a row does whose number is only bounded."""
        if self.kind == "log-probabilities":
            return f"have a label outside the top {self.listed}"
        return f"list {self.listed} logits without their log-sum-exp"

    @property
    def slack(self) -> float:
        """By how much the sum of a row's probabilities may be wrong."""
        return _SLACKS.get(self.lists.values.stored_dtype, SLACK)

    def steps(self) -> Iterator[tuple[int, int]]:
        """Yield the first row of each block, and how many it has."""
        step = max(1, _BLOCK_ELEMENTS // max(1, self.listed))
        for start in range(0, self.num_rows, step):
            yield start, min(step, self.num_rows - start)

    def read(self, start: int, rows: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the values and classes of rows: log-probabilities, or logits without their sum.

        Raises
        ------
        InputError
            If a class is listed twice or is none, or a value is no number.
        """
        lists = self.lists
        values = lists.values.tile(start, rows).astype(np.float64)
        raw = lists.indices.tile(start, rows)
        with np.errstate(invalid="ignore"):
            indices = np.nan_to_num(raw, nan=-1).astype(np.int64)
            self._refuse(start, indices != np.nan_to_num(raw, nan=-1), "a class that is no integer")
        if lists.probs:
            wrong = (values < 0.0) | (values > 1.0 + _ABOVE)
            self._refuse(start, wrong, "a value that is no probability")
            values = elementary.log(values)
        padding = np.isnan(values) | (values <= _NO_VALUE)
        if lists.mask is not None:
            padding |= lists.mask.tile(start, rows) <= 0
        bits = 8 * lists.indices.dtype.itemsize
        if bits <= _SHORT_BITS:
            what = f"a class below -1: {bits} bits were too few for it"
            hint = "save the classes as int32"
            self._refuse(start, (indices < -1) & ~padding, what, hint)
        padding |= indices < 0
        values[padding] = -np.inf
        self._check(start, values, indices, padding)
        if lists.log_sum_exp is not None:
            values -= lists.log_sum_exp[start : start + rows, None]
        return values, indices

    def _check(
        self,
        start: int,
        values: NDArray[np.float64],
        indices: NDArray[np.int64],
        padding: NDArray[np.bool_],
    ) -> None:
        self._refuse(start, values == np.inf, "an infinite value")
        if self.num_classes is not None:
            outside = (indices >= self.num_classes) & ~padding
            self._refuse(start, outside, f"a class outside 0..{self.num_classes - 1}")
        apart = -2 - np.arange(indices.shape[1])  # padding repeats nothing
        ordered = np.sort(np.where(padding, apart, indices), axis=1)
        self._refuse(start, ordered[:, 1:] == ordered[:, :-1], "a class twice")

    def _refuse(
        self, start: int, wrong: NDArray[np.bool_], what: str, hint: str | None = None
    ) -> None:
        """Raise InputError that names the first row in which something is wrong."""
        rows = wrong.any(axis=1)
        if rows.any():
            row = start + int(np.argmax(rows))
            raise InputError(f"{self.place(row)}: the row lists {what}", hint=hint)

    def place(self, row: int) -> str:
        """Name a row."""
        source, lines = self.lists.values, self.lists.lines
        if lines is not None:
            return f"{source.name}:{lines[row]}"
        lead = tuple(n or 0 for n in source.shape[:-1])
        return source.place(tuple(int(i) for i in np.unravel_index(row, lead)))

    def bounds_of(self, start: int, rows: int) -> RowBounds:
        """Return the bounds of some rows' labels."""
        values, indices = self.read(start, rows)
        labels = self.lists.labels[start : start + rows]
        used = self.lists.used[start : start + rows]
        count = self.num_classes
        wrong = used & ((labels < 0) | (labels >= (np.inf if count is None else count)))
        if wrong.any():
            row = int(np.argmax(wrong))
            within = "below 0" if count is None else f"outside 0..{count - 1}"
            raise InputError(f"{self.place(start + row)}: label {labels[row]} is {within}")
        found: Bounds
        if self.kind == "log-probabilities":
            found = nll_bounds(values, indices, labels, count, slack=self.slack)
        else:
            found = nll_bounds_of_logits(values, indices, labels, count)
        return RowBounds(found, used)


def told_apart(lists: TopLists) -> tuple[TopRows, list[str]]:
    """Return lists with what their values are, by their sums, and what the user should know of it.

    Raises
    ------
    InputError
        If they are no logarithms of what the file says, or may be probabilities.
    """
    rows = TopRows(lists)
    tight = max(_NEAR, 2.0 * rows.slack)
    least, most, fractions = math.inf, -math.inf, True
    for step in rows.steps():
        values, _ = rows.read(*step)
        sums = log_sums(values)
        there = values > -np.inf
        some = sums[there.any(axis=1)]
        least = min(least, float(some.min(initial=math.inf)))
        most = max(most, float(some.max(initial=-math.inf)))
        fractions = fractions and bool(((values >= 0.0) & (values <= 1.0) | ~there).all())
    above = most > math.log1p(max(_ABOVE, 4.0 * rows.slack))
    if lists.log_sum_exp is not None or lists.probs:
        if above:
            what = "the log-sum-exp is not that of these values" if not lists.probs else ""
            raise InputError(
                f"{lists.values.name}: {what or 'rows sum to more than 1'}",
                hint="logits go with the log-sum-exp over all classes of the same rows",
            )
    elif fractions and above:
        return _of_fractions(rows)
    if above:
        return replace(rows, kind="logits"), [_logits_note(rows)]
    whole = lists.num_classes is not None and lists.num_classes <= rows.listed
    if least >= math.log1p(-tight) and not whole and rows.num_rows:
        note = (
            f"{lists.values.name}: every row of {rows.listed} classes sums to 1, so they were "
            "normalised again: their values are taken for logits"
        )
        return replace(rows, kind="renormalised"), [note]
    if lists.values.stored_dtype in _SLACKS:
        part = _SLACKS[lists.values.stored_dtype] / 2.0
        dtype = lists.values.stored_dtype
        return rows, [f"{lists.values.name}: {dtype}: a loss is right to {part:.2g} of itself"]
    return rows, []


def _logits_note(rows: TopRows) -> str:
    return (
        f"{rows.lists.values.name}: raw logits without their log-sum-exp: bounds alone are known; "
        "--log-sum-exp FILE makes them exact"
    )


def _of_fractions(rows: TopRows) -> tuple[TopRows, list[str]]:
    """Return rows whose values are between 0 and 1: logits, unless they may be probabilities."""
    sums = [rows.lists.values.tile(*step).astype(np.float64).sum(axis=1) for step in rows.steps()]
    if max((float(each.max(initial=0.0)) for each in sums), default=0.0) <= 1.0 + _ABOVE:
        raise InputError(
            f"{rows.lists.values.name}: these may be probabilities: they are between 0 and 1, and "
            "no row sums to more than 1",
            hint="xent nll --probs FILE; of logits, save their log-sum-exp too",
        )
    return replace(rows, kind="logits"), [_logits_note(rows)]

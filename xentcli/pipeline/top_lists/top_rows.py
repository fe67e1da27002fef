"""Rows for which a file keeps only the most probable classes, and the bounds that these give."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary
from xentcli.core.bounds import MOST_ABOVE_1, SLACK, Bounds, nll_bounds, nll_bounds_of_logits
from xentcli.core.floors import floors_of
from xentcli.core.picked import NO_VALUE
from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.formats.some_rows import SomeRows
from xentcli.formats.table_blocks import cuts
from xentcli.pipeline.in_part.bounded import RowBounds
from xentcli.pipeline.top_lists.top_inputs import TopLists

Kind = Literal["log-probabilities", "logits", "renormalised"]

SLACKS = {"bfloat16": 2.0**-8, "float16": 2.0**-10}
"""How far off a sum of probabilities may be, by the dtype of their logarithms."""
_DIGITS = {"bfloat16": 8, "float16": 11}  # in base 2
_BLOCK_ELEMENTS = 2**18
_SHORT_BITS = 16  # too few for the classes of a vocabulary of 32,768 or more


@dataclass(frozen=True)
class TopRows:
    """Lists of classes, and what their values are.

    Of logits with their log-sum-exp, `scale` is how large the numbers are whose rounding adds up.
    """

    lists: TopLists
    kind: Kind = "log-probabilities"
    scale: float = 1.0

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
        """K, of the longest list of all files."""
        return self.lists.listed

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
        """How far off the sum of a row's probabilities may be: as far as its logits, rounded."""
        slack = SLACKS.get(self.lists.values.stored_dtype, SLACK)
        return max(slack, self.scale * self.rounding)

    @property
    def rounding(self) -> float:
        """How far off a stored number may be, as a part of itself: half a step."""
        return 2.0 ** -_DIGITS.get(self.lists.values.stored_dtype, 24)

    @property
    def notes(self) -> tuple[str, ...]:
        """What goes with their loss: nothing."""
        return ()

    @property
    def rows_at_once(self) -> int:
        """How many rows are about one block."""
        return max(1, _BLOCK_ELEMENTS // max(1, self.listed))

    def blocks(self) -> Iterator["TopRows"]:
        """Yield the rows of each block by themselves."""
        return (self.cut(*each) for each in cuts(self.num_rows, self.rows_at_once))

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
        padding = np.isnan(values) | (values <= NO_VALUE)
        if lists.mask is not None:
            padding |= lists.mask.tile(start, rows) <= 0
        if lists.probs:
            wrong = ((values < 0.0) | (values > 1.0 + MOST_ABOVE_1)) & ~padding
            self._refuse(start, wrong, "a value that is no probability")
            values = elementary.log(np.where(padding, 0.0, values))
        bits = 8 * lists.indices.dtype.itemsize
        if bits <= _SHORT_BITS:
            what = f"a class below -1: {bits} bits were too few for it"
            hint = "save the classes as int32"
            self._refuse(start, (indices < -1) & ~padding, what, hint)
        padding |= indices < 0
        values[padding] = -np.inf
        self._check(start, values, indices, padding)
        if lists.log_sum_exp is not None:
            sums = lists.log_sum_exp[start : start + rows, None]
            known = np.isfinite(sums)
            wrong = lists.used[start : start + rows, None] & ~known
            what = "logits whose log-sum-exp is null, NaN or infinite"
            self._refuse(start, wrong, what, hint="-100, or a 0 in a mask, leaves a row out")
            values = np.where(known, values - np.where(known, sums, 0.0), -np.inf)
        return values, indices

    def floors(self, values: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return the floors of all rows, of which `read` has returned the values."""
        return floors_of(values, self.lists.largest)

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

    def cut(self, start: int, rows: int) -> "TopRows":
        """Return some rows by themselves."""
        lists, these = self.lists, slice(start, start + rows)
        arrays: dict[str, Any] = {
            name: SomeRows(each, start, rows)
            for name in ("values", "indices", "mask")
            if (each := getattr(lists, name)) is not None
        }
        for name in ("labels", "used", "log_sum_exp", "lines", "sequences", "clusters", "largest"):
            each = getattr(lists, name)
            arrays[name] = None if each is None else each[these]
        return replace(self, lists=lists._replace(**arrays))

    def bounds(self) -> RowBounds:
        """Return the bounds of all rows' labels."""
        values, indices = self.read(0, self.num_rows)
        labels, used = self.lists.labels, self.lists.used
        count = self.num_classes
        wrong = used & ((labels < 0) | (labels >= (np.inf if count is None else count)))
        if wrong.any():
            row = int(np.argmax(wrong))
            within = "below 0" if count is None else f"outside 0..{count - 1}"
            raise InputError(f"{self.place(row)}: label {labels[row]} is {within}")
        found: Bounds
        floor = self.floors(values)
        if self.kind == "log-probabilities":
            found = nll_bounds(values, indices, labels, count, slack=self.slack, floor=floor)
        else:
            found = nll_bounds_of_logits(values, indices, labels, count, floor=floor)
        return RowBounds(found, used)

"""The shift of language models: the row of logits at t predicts the label at t + shift."""

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from xentcli.formats.base import Shape, Source
from xentcli.records import Record

Array = NDArray[Any]


class Shift(Record):
    """How many rows further on the label of a row of logits stands, along the last row axis.

    Attributes
    ----------
    by : int
        The distance; 0 where each row of logits has its label beside it.
    across_blocks : bool
        Whether the rows have one axis only. The shift then runs along the axis that blocks are cut
        along, and labels are handed out from `offset` rows further down. Otherwise each block
        holds whole sequences, and its logits and labels are cut to those that belong together.
    """

    by: int = 0
    across_blocks: bool = False

    @property
    def offset(self) -> int:
        """How many rows further down the labels of a block begin."""
        return self.by if self.across_blocks else 0

    def lead(self, rows: Shape) -> Shape:
        """Return the shape of the rows that have a label, given the shape of all rows."""
        if not self.by or not rows:
            return rows
        *outer, last = rows
        return (*outer, None if last is None else max(0, last - self.by))

    def logits_with_a_label(self, logits: Array, axis: int, rows: int) -> Array:
        """Return the logits of a block that have a label; the shift runs along `axis`.

        If the shift runs across blocks, labels were found for the first `rows` rows.
        """
        if not self.by:
            return logits
        count = rows if self.across_blocks else max(0, logits.shape[axis] - self.by)
        return logits[(slice(None),) * axis + (slice(count),)]

    def labels_of_a_row(self, labels: Array, axis: int) -> Array:
        """Return the labels of a block that belong to a row of logits."""
        if not self.offset and self.by:
            return labels[(slice(None),) * axis + (slice(self.by, None),)]
        return labels

    def label_index(self, index: list[int]) -> list[int]:
        """Return where the label of the row at `index` stands."""
        return [*index[:-1], index[-1] + self.by] if index else index

    def notes(self, logits: Source, labels: Source | None, unpaired: int) -> Iterator[str]:
        """Say how many rows have no label, and whether labels are those of the next file."""
        if unpaired:
            yield f"rows without a label {self.by} further on, left out: {unpaired:,}"
        files = f"{len(logits.files):,} files into the next"
        if self.by and self.across_blocks and len(logits.files) > 1:
            if labels is not None and labels.is_sequence:
                yield f"the shift leads from none of {files}: tokens that none predicts are ignored"
            else:
                what = f"the shift leads from each of {files}, as in one text"
                yield f"{what}; if each is a text of its own, its first label must be -100"

"""An array in another shape: axes of length 1 make no difference."""

from collections.abc import Iterator

from xentcli.core.shapes import same_but_for_ones
from xentcli.errors import ShapeError
from xentcli.formats.base import (
    BLOCK_ELEMENTS,
    Block,
    MemorySource,
    Shape,
    Source,
    StreamSource,
    Table,
    read_whole,
)

_LARGEST_BYTES = 2**26  # of text that is read to see whether it is one row


class Reshaped(StreamSource):
    """A source whose rows have another shape, by axes of length 1."""

    of_this_process = ("unchanged",)

    def __init__(self, source: Source, row: Shape) -> None:
        for field in ("name", "format", "size", "dtype", "stored_dtype", "columns", "notes"):
            setattr(self, field, getattr(source, field))
        self.labelled, self.label_row = source.labelled, source.label_row
        self.id_column = source.id_column
        self.shareable, self.carries_bytes = source.shareable, source.carries_bytes
        self.unchanged = source.check_unchanged
        self.shape = (source.shape[0], *row)
        self._source = source

    def blocks(self, rows: int) -> Iterator[Block]:
        """Cut as the source does."""
        return self._source.blocks(rows)

    def decode(self, block: Block) -> Table:
        """Decode as the source does."""
        table = self._source.decode(block)
        return table._replace(values=table.values.reshape(len(table.values), *self.shape[1:]))

    def carried(self, block: Block) -> Block:
        """Return a block that can be decoded where the input cannot be read."""
        return self._source.carried(block)

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place as the source does."""
        row, *inner = index or (0,)
        rest = iter(inner)
        return self._source.place((row, *(0 if n == 1 else next(rest, 0) for n in self._inner)))

    @property
    def _inner(self) -> Shape:
        return self._source.shape[1:]


def in_shape(source: Source, shape: Shape) -> Source | None:
    """Return the array with these axes; None if it differs by more than axes of length 1."""
    if source.shape == shape:
        return source
    fits = same_but_for_ones(source.shape, shape)
    if fits and source.shape and shape and _same_rows(source.shape[0], shape[0]):
        return Reshaped(source, shape[1:])
    if not fits and None not in source.shape:
        return None
    if source.shape[:1] == (None,) and (source.size or 0) > _LARGEST_BYTES:
        return None
    whole = read_whole(source)  # its rows are along another axis, or its length is to be seen
    if not same_but_for_ones(whole.shape, shape):
        return None
    lengths = iter([n for n in whole.shape if n != 1])
    values = whole.reshape([1 if n == 1 else next(lengths) for n in shape])
    one_row = whole.ndim == 2 and len(whole) == 1 and values.ndim == 1
    return (OneRow if one_row else MemorySource)(source.name, values, origin=source)


class OneRow(MemorySource):
    """The numbers of a table's only row, one after the other."""

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place as the table does."""
        return super().place((0, *index) if index else ())


def in_one_row(logits: Source, labels: Source) -> tuple[Source, Source, bool]:
    """Return logits, labels one after the other, and True, if as many as classes stand in one row.

    There must be as many rows. One row for one row of logits is not that: class probabilities.
    What was looked at is returned readable again.
    """
    rows, *inner = logits.shape or (0,)
    two_axes = len(inner) == 1 and labels.shape == (None, *inner)
    if not two_axes or inner == [1] or labels.columns or rows not in (None, *inner):
        return logits, labels, False
    labels = labels.kept()
    if not _has_one_block_of(labels, 1):
        return logits, labels, False
    if rows is None:
        logits = logits.kept()
        if _has_one_block_of(logits, 1):
            return logits, labels, False
    return logits, OneRow(labels.name, read_whole(labels).reshape(-1), origin=labels), True


def _has_one_block_of(source: Source, rows: int) -> bool:
    """Whether the first block of a source that is read again has this many rows, and is all."""
    blocks = source.blocks(BLOCK_ELEMENTS)
    return [block.rows for _, block in zip(range(2), blocks, strict=False)] == [rows]


def _same_rows(one: int | None, other: int | None) -> bool:
    return one == other or (None in (one, other) and 1 not in (one, other))


def weights_of_rows(logits: Source, weights: Source, rows: Shape) -> Source:
    """Return weights of rows of this shape: one number for each.

    Raises
    ------
    ShapeError
        If there are not as many.
    """
    found = in_shape(weights, rows) if rows else weights
    if found is None:
        raise ShapeError(
            f"{weights.name}: weights of shape {weights.shape} for rows of shape {rows} "
            f"({logits.name}): one number for each row is needed"
        )
    return found


def names_of_rows(logits: Source, names: Source, rows: Shape) -> Source:
    """Return names of rows of this shape: one for each, or for each slice of the first axis.

    Raises
    ------
    ShapeError
        If there are not as many.
    """
    found = in_shape(names, rows) if rows else names
    if found is None:
        found = in_shape(names, rows[:1])
    if found is None:
        raise ShapeError(
            f"{names.name}: groups of shape {names.shape} for rows of shape {rows} "
            f"({logits.name}): one for each row is needed"
        )
    return found

"""Reads an array in another shape, from which it differs only by axes of length 1."""

from collections.abc import Iterator

from xentcli.core.shapes import ShapeFit, same_but_for_ones, show_shape
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

_LARGEST_BYTES = 2**26  # of a text that is read to find whether it is one row


class Reshaped(StreamSource):
    """A source whose rows are given another shape, which differs by axes of length 1."""

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
        """Cut blocks where the source does."""
        return self._source.blocks(rows)

    def decode(self, block: Block) -> Table:
        """Decode a block as the source does, in the other shape."""
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
    whole = read_whole(source)  # rows lie along another axis, or are not counted yet
    if not same_but_for_ones(whole.shape, shape):
        return None
    lengths = iter([n for n in whole.shape if n != 1])
    values = whole.reshape([1 if n == 1 else next(lengths) for n in shape])
    one_row = whole.ndim == 2 and len(whole) == 1 and values.ndim == 1
    return (OneRow if one_row else MemorySource)(source.name, values, origin=source)


def fitting(
    logits: Source, labels: Source, fit: ShapeFit, class_axis: int | None
) -> tuple[Source, Source, str | None]:
    """Return logits and labels without axes of length 1 that keep them from fitting, and a note.

    Each comes back as it was, or as a source that can be read twice, or in another shape.
    """
    before = show_shape(labels.shape)
    if class_axis in (None, 1, -1):
        logits, labels, found_row = _in_one_row(logits, labels)
        if found_row:
            return logits, labels, _read_as(labels, before)
    if fit.found:
        return logits, labels, None
    for axis in fit.expected:
        lead = fit.leads[axis]
        if lead and (found := in_shape(labels, lead)) is not None:
            return logits, found, _read_as(found, before)
    return logits, labels, None


def _read_as(labels: Source, before: str) -> str:
    return f"{labels.name}: shape {before} is read as {show_shape(labels.shape)}"


class OneRow(MemorySource):
    """The numbers of a table's only row, one after the other."""

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place as the table does."""
        return super().place((0, *index) if index else ())


def _in_one_row(logits: Source, labels: Source) -> tuple[Source, Source, bool]:
    """Return logits, labels, and whether labels that stand in one row were turned into a column.

    This takes as many labels as rows and as classes: one row of labels for one row of logits would
    be class probabilities. Sources that were looked at come back readable again.
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
    """Whether a source that can be read twice consists of one block with this many rows."""
    blocks = source.blocks(BLOCK_ELEMENTS)
    return [block.rows for _, block in zip(range(2), blocks, strict=False)] == [rows]


def _same_rows(one: int | None, other: int | None) -> bool:
    return one == other or (None in (one, other) and 1 not in (one, other))


def weights_of_rows(logits: Source, weights: Source, rows: Shape) -> Source:
    """Return weights in the shape of the rows: one number for each.

    Raises
    ------
    ShapeError
        If there are more or fewer of them than rows.
    """
    found = in_shape(weights, rows)
    if found is None:
        raise ShapeError(
            f"{weights.name}: weights of shape {show_shape(weights.shape)} for rows of shape "
            f"{show_shape(rows)} ({logits.name}): one number for each row is needed"
        )
    return found


def names_of_rows(logits: Source, names: Source, rows: Shape) -> Source:
    """Return names in the shape of the rows, or one name for each slice of the first axis.

    Raises
    ------
    ShapeError
        If there are more or fewer of them than rows or slices.
    """
    found = in_shape(names, rows)
    if found is None:
        found = in_shape(names, rows[:1])
    if found is None:
        raise ShapeError(
            f"{names.name}: groups of shape {show_shape(names.shape)} for rows of shape "
            f"{show_shape(rows)} ({logits.name}): one for each row is needed"
        )
    return found

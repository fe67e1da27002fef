"""Fits labels, and what else has a number for each row, to logits by their shapes.

Labels may lie in another shape that differs only by axes of length 1: they are then read as if they
had the shape that fits.
"""

from collections.abc import Iterator, Sequence

from xentcli.core.shapes import AnyShape, show_shape
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
from xentcli.records import Record

_LARGEST_BYTES = 2**26  # of a text that is read to find whether it is one row


class ShapeFit:
    """How labels may belong to logits, as far as their shapes tell.

    Attributes
    ----------
    labels : tuple of int or None
        The shape of the labels.
    leads : list of tuple of int or None
        The shape of the rows, for each axis that may hold the classes.
    axes : list of int
        The axes that may hold the classes because each of these rows has a label.
    alike : bool
        Whether labels have the logits' shape, as class probabilities have.
    expected : list of int
        The axes that hold the classes: the user's, or else PyTorch's, or else the last one.
    found : bool
        Whether labels fit as they are, with the classes along such an axis.
    of_one_layer : bool
        Whether labels fit hidden states, (..., layers, D), of which one layer were taken.
    """

    __slots__ = (
        "_logits",
        "alike",
        "axes",
        "expected",
        "found",
        "labels",
        "leads",
        "of_one_layer",
    )

    def __init__(self, shape: AnyShape, labels: AnyShape, class_axis: int | None = None) -> None:
        self._logits = shape, class_axis
        self.labels = labels
        self.leads = [(*shape[:axis], *shape[axis + 1 :]) for axis in range(len(shape))]
        self.axes = [
            axis
            for axis, lead in enumerate(self.leads)
            if fits(lead, self.labels) or (lead == () and fits((1,), self.labels))
        ]
        self.alike = fits(shape, self.labels)
        self.of_one_layer = fits(shape[:-2], self.labels)
        last = len(shape) - 1
        if class_axis is not None and -last <= class_axis + 1 <= last + 1:
            self.expected = [class_axis % len(shape)]
        else:
            self.expected = [min(1, last), last] if last > 1 else [last]
        self.found = self.alike or not {*self.axes}.isdisjoint(self.expected)

    def of(self, labels: AnyShape) -> "ShapeFit":
        """Return how labels of another shape may belong to the same logits."""
        shape, class_axis = self._logits
        return ShapeFit(shape, labels, class_axis)


def fits(one: Sequence[int | None], other: Sequence[int | None]) -> bool:
    """Whether two shapes are the same, as far as both are known."""
    return len(one) == len(other) and all(
        a is None or b is None or a == b for a, b in zip(one, other, strict=True)
    )


def same_but_for_ones(one: Sequence[int | None], other: Sequence[int | None]) -> bool:
    """Whether two shapes differ by axes of length 1 only, as far as both are known."""
    return fits(*([n for n in shape if n != 1] for shape in (one, other)))


class Fitted(Record):
    """Logits and labels in shapes that fit if possible, how these fit, and a note."""

    logits: Source
    labels: Source | None
    fit: ShapeFit
    note: str | None = None


def fitted(logits: Source, labels: Source | None, class_axis: int | None, *, by_id: bool) -> Fitted:
    """Return logits and labels without axes of length 1 that keep them from fitting.

    Each comes back as it was, or as a source that can be read twice, or in another shape. Where
    rows are matched `by_id`, labels may be more or fewer than rows.
    """
    if labels is None:
        there = (*logits.shape[:1], *logits.label_row)
        return Fitted(logits, None, ShapeFit(logits.shape, there, class_axis))
    if by_id:
        there = (None, *labels.shape[1:])  # as many as there are
        return Fitted(logits, labels, ShapeFit(logits.shape, there, class_axis))
    fit = ShapeFit(logits.shape, labels.shape, class_axis)
    may_be_a_row = len(labels.shape) == 2 and labels.shape[0] is None
    if not logits.shape or (fit.found and not may_be_a_row):
        return Fitted(logits, labels, fit)
    before = show_shape(labels.shape)
    logits, labels, changed = _without_ones(logits, labels, fit, class_axis)
    note = f"{labels.name}: shape {before} is read as {show_shape(labels.shape)}"
    return Fitted(logits, labels, fit.of(labels.shape), note if changed else None)


def _without_ones(
    logits: Source, labels: Source, fit: ShapeFit, class_axis: int | None
) -> tuple[Source, Source, bool]:
    """Return logits, labels, and whether the shape of the labels was changed."""
    if class_axis in (None, 1, -1):
        logits, labels, found_row = _in_one_row(logits, labels)
        if found_row:
            return logits, labels, True
    if fit.found:
        return logits, labels, False
    for axis in fit.expected:
        lead = fit.leads[axis]
        if lead and (found := in_shape(labels, lead)) is not None:
            return logits, found, True
    return logits, labels, False


def in_shape(source: Source, shape: Shape) -> Source | None:
    """Return the array with these axes; None if it differs by more than axes of length 1."""
    if source.shape == shape:
        return source
    fits = same_but_for_ones(source.shape, shape)
    one_row = source.shape[:1] == (1,) and shape[:1] == (None,)  # rows are not counted yet
    one_row = one_row and same_but_for_ones(source.shape[1:], shape[1:])
    if one_row or (fits and source.shape and shape and _same_rows(source.shape[0], shape[0])):
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


def _in_one_row(logits: Source, labels: Source) -> tuple[Source, Source, bool]:
    """Return logits, labels, and whether labels that stand in one row were turned into a column.

    This takes as many labels as rows and as classes: one row of labels for one row of logits would
    be class probabilities. Sources that were looked at come back readable again.
    """
    rows, *inner = logits.shape or (0,)
    two_axes = len(inner) == 1 and labels.shape == (None, *inner)
    if not two_axes or inner == [1] or labels.columns or rows not in (None, *inner):
        return logits, labels, False
    labels, one_row = _kept_one_row(labels)
    if one_row and rows is None:
        logits, one_label = _kept_one_row(logits)
        one_row = not one_label
    if not one_row:
        return logits, labels, False
    return logits, OneRow(labels.name, read_whole(labels).reshape(-1), origin=labels), True


def _kept_one_row(source: Source) -> tuple[Source, bool]:
    """Return a source that can be read again, and whether it has one row."""
    source = source.kept()
    blocks = source.blocks(BLOCK_ELEMENTS)
    return source, [block.rows for _, block in zip(range(2), blocks, strict=False)] == [1]


def _same_rows(one: int | None, other: int | None) -> bool:
    return one == other or (None in (one, other) and 1 not in (one, other))


class Reshaped(StreamSource):
    """A source whose rows are given another shape, which differs by axes of length 1."""

    of_this_process = ("unchanged",)

    def __init__(self, source: Source, row: Shape) -> None:
        for field in ("name", "format", "size", "dtype", "stored_dtype", "columns", "notes"):
            setattr(self, field, getattr(source, field))
        self.labelled, self.label_row = source.labelled, source.label_row
        self.label_dtype = source.label_dtype
        self.header, self.id_column = source.header, source.id_column
        self.shareable, self.carries_bytes = source.shareable, source.carries_bytes
        self.unchanged = source.check_unchanged
        self.shape = (source.shape[0], *row)
        self._source = source

    @property
    def origin(self) -> Source:
        """The source."""
        return self._source

    def kept(self) -> Source:
        """Return the same rows of a source that is readable more than once."""
        return Reshaped(self._source.kept(), self.shape[1:])

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


class OneRow(MemorySource):
    """The numbers of a table's only row, one after the other."""

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place as the table does."""
        return super().place((0, *index) if index else ())

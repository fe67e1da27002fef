"""Labels to one-hot rows, block by block."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.class_names import IGNORED, ClassNames
from xentcli.core.checks import Problem, check_labels, unravel, whole_labels
from xentcli.core.labels import NO_LABEL, LossOptions
from xentcli.core.one_hot import one_hot
from xentcli.core.tiled_rows import tiles
from xentcli.errors import InputError, LabelError, ShapeError
from xentcli.formats.base import ArrayHeader, Block, Source, blocks_along
from xentcli.pipeline.flow import Part, Sink, collect, least_label
from xentcli.pipeline.run import Run

Array = NDArray[Any]
_WIDEST_ROW_BYTES = 2**28


class EncodeWork(NamedTuple):
    """Turns a block's labels into class indices."""

    source: Source
    names: ClassNames
    options: LossOptions
    num_classes: int

    def part_of(self, block: Block) -> Part[Any]:
        """Return the class indices of a block, or what is wrong with its labels."""
        table = self.source.decode(block)
        found, used, problems = self.names.indices(table.values, self.options)
        base = used.label_base
        labels, fractions = whole_labels(found)
        remarks = (least_label(labels),) if labels.size else ()
        if problems := problems or fractions or check_labels(labels, self.num_classes, base=base):
            before = block.start * (labels[:1].size if labels.ndim else 1)
            return Part(
                block.rows, problems=tuple(p.shifted(before) for p in problems), remarks=remarks
            )
        return Part(block.rows, labels - base, remarks=remarks, ids=table.ids)


class LargestLabel(NamedTuple):
    """Returns the largest label of a block."""

    source: Source

    def in_block(self, block: Block) -> int:
        """Return the largest label; where there is none, a number below all labels."""
        return int(whole_labels(self.source.decode(block).values)[0].max(initial=NO_LABEL))


class _OneHotSink:
    """A sink of labels that passes on one-hot rows, a few at a time since they are much larger."""

    positional = False

    def __init__(self, sink: Sink, num_classes: int, dtype: np.dtype[Any]) -> None:
        self._sink = sink
        self._num_classes = num_classes
        self._dtype = dtype

    def open(self, header: ArrayHeader) -> None:
        self._sink.open(header)

    def write(self, rows: Array, ids: Array | None = None) -> None:
        labels = rows if rows.ndim else rows.reshape(1)
        width = self._num_classes * math.prod(rows.shape[1:])
        for tile in tiles(len(labels), width):
            hot = one_hot(labels[tile], self._num_classes, dtype=self._dtype)
            self._sink.write(hot if rows.ndim else hot[0], None if ids is None else ids[tile])

    def write_at(self, start: int, rows: Array) -> None:
        raise NotImplementedError


def encode(
    source: Source,
    classes: int | tuple[str, ...] | None,
    dtype: np.dtype[Any],
    sink: Sink,
    run: Run,
    *,
    label_base: int = 0,
    counted: bool = False,
) -> list[str]:
    """Write labels as one-hot rows.

    Parameters
    ----------
    source : Source
        Labels of any shape; read twice if `classes` is None.
    classes : int or tuple of str, optional
        How many there are, or their names; by default as many as the largest label needs.
    dtype : dtype
        The dtype of the rows.
    sink : Sink
        Gets an array with one more axis than the labels, the last.
    run : Run
        Threads and progress.
    label_base : int
        The label of the first class.
    counted : bool
        Whether numbers are sure to count the classes, whatever the classes are called.

    Returns
    -------
    list of str
        What the user should know about the meaning of labels.

    Raises
    ------
    LabelError
        If a label is no class; the message names the first.
    """
    names = ClassNames(classes if isinstance(classes, tuple) else (), counted)
    options = LossOptions(ignore_index=IGNORED, label_base=label_base)
    if classes is None:
        source = source.kept()
    count = _count_classes(source, classes, label_base, run)
    if count * dtype.itemsize > _WIDEST_ROW_BYTES:
        raise LabelError(
            f"{source.name}: one-hot rows of {count:,} classes",
            hint="is a label no class? --num-classes C says how many there are",
        )
    columns = names.names or None if source.shape else None
    shape = (*source.shape, count)
    sink.open(ArrayHeader(shape, dtype, columns, source.id_column, name="one_hot"))

    def error(problem: Problem, rows: int) -> InputError:
        shape = (rows, *(n or 0 for n in source.shape[1:])) if source.shape else ()
        return names.with_hint(problem).at(source.place(unravel(problem.row, shape)))

    work = EncodeWork(source, names, options, count)
    parts = run.map(work.part_of, blocks_along(source, 0, run.block_elements))
    hot = _OneHotSink(sink, count, dtype)
    collect(parts, hot, run.progress_of(source.shape), error, [source])
    return names.notes_on(source.dtype)


def _count_classes(
    source: Source, classes: int | tuple[str, ...] | None, label_base: int, run: Run
) -> int:
    """Return how many classes there are; where nobody says it, the largest label tells."""
    if classes is not None:
        return len(classes) if isinstance(classes, tuple) else classes
    if source.dtype.kind in "OUST":
        return 2  # False and True; whatever else is found has no class
    blocks = blocks_along(source, 0, run.block_elements)
    largest = max(run.map(LargestLabel(source).in_block, blocks), default=NO_LABEL)
    if largest == NO_LABEL:
        raise ShapeError(f"{source.name}: no labels to count the classes by: --num-classes")
    return max(1, largest - label_base + 1)

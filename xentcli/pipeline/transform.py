"""Logits to an array of the same shape, block by block: softmax and log-softmax."""

import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial, reduce
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.core.checks import Problem, check_finite, index_of, unravel
from xentcli.core.dtypes import Floats, computing_dtype, widen
from xentcli.core.normalizer import Normalizer, normalizer
from xentcli.core.shapes import as_rows, from_rows, show_shape, without_axis
from xentcli.core.softmax import Apply, along, log_probs_of, probs_of
from xentcli.errors import InputError, NonFiniteError, ShapeError
from xentcli.formats.base import ArrayHeader, Block, IndexedSource, Source, blocks_along
from xentcli.formats.coming import coming
from xentcli.formats.table_blocks import cuts
from xentcli.pipeline.flow import Part, Sink, Total, begin_of, collect
from xentcli.pipeline.loss_work import looks_of
from xentcli.pipeline.prepared import prepare
from xentcli.pipeline.rounding import rounding
from xentcli.pipeline.run import Run

Array = NDArray[Any]

_SHOWN_CLASSES = 5  # in a note


class Transform(NamedTuple):
    """Softmax or log-softmax along an axis, after a cast and a division by the temperature."""

    kind: Literal["softmax", "log-softmax"]
    axis: int = -1
    dtype: np.dtype[Any] | None = None
    temperature: float = 1.0
    propagate: bool = False

    @property
    def apply(self) -> Apply:
        """The function that turns rows into the output, given their normalizer."""
        return probs_of if self.kind == "softmax" else log_probs_of

    def __call__(self, values: Array) -> Array:
        """Return the transform of an array."""
        return along(self.prepared(values), self.axis, self.apply)

    def prepared(self, values: Array) -> Array:
        """Return the numbers that the formula works on."""
        return prepare(values, self.dtype, self.temperature)

    def rows(self, values: Array) -> Floats:
        """Return the numbers of an array that the formula works on, laid out as (N, C)."""
        return widen(as_rows(self.prepared(values), self.axis))


class RowWork(NamedTuple):
    """Transforms a block of whole rows."""

    source: Source
    function: Transform
    dtype: np.dtype[Any]

    def place_of(self, block: Block) -> str:
        """Name the first row of a block."""
        return begin_of(block, self.source)

    def coming(self, blocks: Sequence[Block]) -> AbstractContextManager[None]:
        """Have storage fetch the rows of these blocks, and no others, where they are elsewhere."""
        return coming([self.source], blocks)

    def part_of(self, block: Block) -> Part[Any]:
        """Return the output of a block, and what is wrong with its rows."""
        function = self.function
        values, _, ids = self.source.decode(block)
        out = function(values).astype(self.dtype, copy=False)
        looks_like = looks_of(as_rows(values, function.axis)) if block.start == 0 else None
        problems: tuple[Problem, ...] = ()
        if out.size and not function.propagate:
            bad = np.isnan(out.take(0, function.axis)).reshape(-1)
            found = check_finite(function.rows(values), bad) if bad.any() else ()
            problems = tuple(p.shifted(block.start * (len(bad) // len(out))) for p in found)
        remarks = rounding(values, function.dtype)
        return Part(block.rows, out, None, problems, looks_like, ids=ids, remarks=remarks)


class ColumnNorms(NamedTuple):
    """Computes the normalizer of the part of each column that a block holds."""

    source: Source
    function: Transform

    def norm_of(self, block: Block) -> Normalizer:
        """Return the normalizer of a block's part of each column."""
        return normalizer(self.function.rows(self.source.decode(block).values))


class ColumnWork(NamedTuple):
    """Transforms a block's part of each column, whose normalizer is known."""

    source: Source
    function: Transform
    dtype: np.dtype[Any]
    norm: Normalizer

    def part_of(self, block: Block) -> Part[Any]:
        """Return the output of a block."""
        table = self.source.decode(block)
        rows = self.function.rows(table.values)
        with np.errstate(all="ignore"):
            out = np.empty_like(rows)
            self.function.apply(rows, out, self.norm)
            out = out.astype(self.dtype, copy=False)
        shape = (block.rows, *tail_of(self.source)) if self.source.shape else ()
        remarks = rounding(table.values, self.function.dtype)
        return Part(block.rows, from_rows(out, shape, 0), ids=table.ids, remarks=remarks)


TransformWork = RowWork | ColumnWork


class PlacedWork(NamedTuple):
    """Writes the output of a block to its place, in the process that computed it."""

    work: TransformWork
    sink: Sink

    def part_of(self, block: Block) -> Part[Any]:
        """Compute and write a block."""
        part = self.work.part_of(block)
        if part.values is not None and not part.problems:
            self.sink.write_at(block.start, part.values)
        return part._replace(values=None)


def transform(source: Source, function: Transform, sink: Sink, run: Run) -> Total[Any]:
    """Write the transform of an array to a sink.

    Raises
    ------
    NonFiniteError
        If a row holds NaN or +inf, or nothing but -inf, unless the transform propagates. The
        message names the first place, after all rows were counted.
    """
    function = on_axis(source, function)
    sink.open(header_of(source, function))
    work = work_of(source, function, run)
    source = work.source
    blocks = blocks_along(source, 0, run.block_elements)
    if sink.positional and run.cluster is None:
        placed = PlacedWork(work, sink)
        parts = run.map(placed.part_of, blocks, shareable=source.shareable)
    else:
        parts = run.map(work.part_of, blocks)
    return collect(parts, sink, run.progress_of(source.shape), partial(error_of, work), [source])


def on_axis(source: Source, function: Transform) -> Transform:
    """Return the transform with its axis counted from the front.

    Raises
    ------
    ShapeError
        If there is no such axis.
    """
    ndim = len(source.shape)
    if not -max(1, ndim) <= function.axis < max(1, ndim):
        shape = show_shape(source.shape)
        raise ShapeError(f"{source.name}: there is no axis {function.axis} in shape {shape}")
    return function._replace(axis=function.axis % max(1, ndim))


def header_of(source: Source, function: Transform) -> ArrayHeader:
    """Return what a writer must know of the output."""
    name = "probs" if function.kind == "softmax" else "log_probs"
    dtype = function.dtype or computing_dtype(source.dtype)
    return ArrayHeader(source.shape, dtype, source.columns, source.id_column, name)


def work_of(source: Source, function: Transform, run: Run) -> TransformWork:
    """Return the work on a block; classes along the first axis are first read once."""
    dtype = header_of(source, function).dtype
    if function.axis:
        return RowWork(source, function, dtype)
    source = source.kept()
    return ColumnWork(source, function, dtype, _norm_of_columns(source, function, run))


def error_of(work: TransformWork, problem: Problem, rows: int) -> InputError:
    """Return the error of a problem, given the number of all rows."""
    source, axis = work.source, work.function.axis
    index = list(unravel(problem.row, without_axis((rows, *tail_of(source)), axis)))
    if problem.column is not None:
        index.insert(axis, problem.column)
    return problem.at(source.place(tuple(index)))


def tail_of(source: Source) -> tuple[int, ...]:
    """Return the shape of one row."""
    return tuple(n or 0 for n in source.shape[1:])


def _norm_of_columns(source: Source, function: Transform, run: Run) -> Normalizer:
    """Read a file whose columns are the rows of classes once, for their normalizers."""
    work = ColumnNorms(source, function)
    blocks = _even_blocks(source, run.block_elements)
    norms = run.map(work.norm_of, blocks, shareable=source.shareable)
    first = next(norms, Normalizer(np.zeros(0), np.zeros(0)))
    norm = reduce(Normalizer.merge, norms, first)
    bad = np.flatnonzero(np.isnan(norm.rest))
    if bad.size and not function.propagate:
        where = index_of(int(bad[0]), tail_of(source))
        raise NonFiniteError(
            f"{source.name}: along axis 0, {bad.size} of {len(norm.rest)} rows hold NaN or inf, or "
            f"nothing but -inf{where and '; the first is '}{where}",
            hint="--non-finite propagate computes what PyTorch does: NaN",
        )
    return norm


def _even_blocks(source: Source, elements: int) -> Iterator[Block]:
    """Cut alike whatever is cheap to read, since the last bits along axis 0 depend on the cuts."""
    if not isinstance(source, IndexedSource):
        return blocks_along(source, 0, elements)
    rows = max(1, elements // max(1, math.prod(tail_of(source))))
    length = (source.shape or (1,))[0] or 0
    return (Block(*each) for each in cuts(length, rows))


def notes_of_lost_names(
    columns: tuple[str, ...] | None, path: str, format_name: str | None
) -> Iterator[str]:
    """Say which classes the columns of an array are whose format has no names for them.

    This is for those whose numbers tell that they are in another order than the columns.
    """
    from xentcli.alignment.by_number import numbers_in_another_order
    from xentcli.pipeline.outputs import format_for, shown_name

    numbers = numbers_in_another_order(columns or ())
    if numbers and not format_for(path, format_name).has_columns:
        shown = ", ".join(map(str, numbers[:_SHOWN_CLASSES]))
        more = ", ..." if len(numbers) > _SHOWN_CLASSES else ""
        yield f"{shown_name(path)}: it holds no names: its columns are of the classes {shown}{more}"

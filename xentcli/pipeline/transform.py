"""An array to an array of the same rows, block by block: softmax, log-softmax, one-hot."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xentcli.core.checks import (
    Problem,
    check_finite,
    check_labels,
    index_of,
    unravel,
    whole_labels,
)
from xentcli.core.dtypes import Floats, computing_dtype, widen
from xentcli.core.labels import LossOptions
from xentcli.core.normalizer import Normalizer, normalizer
from xentcli.core.one_hot import one_hot
from xentcli.core.rows import tiles
from xentcli.core.shapes import without_axis
from xentcli.core.softmax import Apply, along, as_rows, from_rows, log_probs_of, probs_of
from xentcli.errors import InputError, LabelError, NonFiniteError, ShapeError
from xentcli.execution import ordered_map
from xentcli.formats.base import ArrayHeader, Block, Place, Source
from xentcli.pipeline.classes import IGNORED, ClassNames
from xentcli.pipeline.evaluate import looks_of, prepare
from xentcli.pipeline.flow import Part, Sink, Total, pour
from xentcli.pipeline.inputs import Run, blocks_along

Array = NDArray[Any]
_NO_LABEL = -(2**63)
_WIDEST = 2**28  # bytes of a one-hot row


@dataclass(frozen=True)
class Transform:
    """Softmax or log-softmax along an axis, after a cast and a division by the temperature."""

    kind: Literal["softmax", "log-softmax"]
    axis: int = -1
    dtype: np.dtype[Any] | None = None
    temperature: float = 1.0
    propagate: bool = False

    @property
    def apply(self) -> Apply:
        """What turns rows into the output, given their normalizer."""
        return probs_of if self.kind == "softmax" else log_probs_of

    def __call__(self, values: Array) -> Array:
        """Return the transform of an array."""
        return along(self.prepared(values), self.axis, self.apply)

    def prepared(self, values: Array) -> Array:
        """Return what the formulas see."""
        return prepare(values, self.dtype, self.temperature)


def transform(source: Source, function: Transform, sink: Sink, run: Run) -> Total[Any]:
    """Write the transform of an array to a sink.

    Raises
    ------
    NonFiniteError
        If a row holds NaN or +inf, or nothing but -inf, unless the transform propagates; names
        the first place, after all rows were seen and counted.
    """
    ndim = len(source.shape)
    if not -max(1, ndim) <= function.axis < max(1, ndim):
        raise ShapeError(f"{source.name}: there is no axis {function.axis} in shape {source.shape}")
    function = replace(function, axis=function.axis % max(1, ndim))
    dtype = function.dtype or computing_dtype(source.dtype)
    name = "probs" if function.kind == "softmax" else "log_probs"
    sink.open(ArrayHeader(source.shape, dtype, source.columns, source.id_column, name))
    if function.axis == 0:
        work = _down_the_file(source, function, dtype, run)
    else:
        work = partial(_rowwise, function, dtype)

    def error(problem: Problem, rows: int) -> InputError:
        index = list(unravel(problem.row, without_axis((rows, *_tail(source)), function.axis)))
        if problem.column is not None:
            index.insert(function.axis, problem.column)
        return problem.at(source.place(tuple(index)))

    place = sink.place
    if place is not None:
        work = partial(_placed, work, place)
    forks = place is not None and source.shareable
    parts = ordered_map(work, blocks_along(source), run.jobs, forks=forks)
    return pour(parts, sink, run.progress_of(source.shape), error, [source])


def _placed(work: Callable[[Block], Part[Any]], place: Place, block: Block) -> Part[Any]:
    """Write the output of a block where it belongs, by whoever computed it."""
    part = work(block)
    if part.values is not None and not part.problems:
        place(block.start, part.values)
    return part._replace(values=None)


def _tail(source: Source) -> tuple[int, ...]:
    """Return the shape of one row."""
    return tuple(n or 0 for n in source.shape[1:])


def _rowwise(function: Transform, dtype: np.dtype[Any], block: Block) -> Part[Any]:
    """Transform whole rows."""
    values, _, ids = block.decode()
    out = function(values).astype(dtype, copy=False)
    looks_like = None
    problems: tuple[Problem, ...] = ()
    if block.start == 0:
        looks_like = looks_of(values, function.axis)
    if out.size and not function.propagate:
        bad = np.isnan(out.take(0, function.axis)).reshape(-1)
        found: tuple[Problem, ...] = ()
        if bad.any():
            found = check_finite(widen(as_rows(function.prepared(values), function.axis)), bad)
        problems = tuple(p.shifted(block.start * (len(bad) // len(out))) for p in found)
    return Part(block.rows, out, problems=problems, looks_like=looks_like, ids=ids)


def _down_the_file(
    source: Source, function: Transform, dtype: np.dtype[Any], run: Run
) -> Callable[[Block], Part[Any]]:
    """Pass once over a file whose rows are its columns; return what a second pass does."""

    def rows_of(block: Block) -> Floats:
        return widen(as_rows(function.prepared(block.decode().values), 0))

    def norm_of(block: Block) -> Normalizer:
        return normalizer(rows_of(block))

    source.keep()
    norms = ordered_map(norm_of, blocks_along(source), run.jobs, forks=source.shareable)
    first = next(norms, Normalizer(np.zeros(0), np.zeros(0)))
    norm = reduce(Normalizer.merge, norms, first)
    bad = np.flatnonzero(np.isnan(norm.rest))
    if bad.size and not function.propagate:
        where = index_of(int(bad[0]), _tail(source))
        raise NonFiniteError(
            f"{source.name}: along axis 0, {bad.size} of {len(norm.rest)} rows hold NaN or inf, or "
            f"nothing but -inf{where and '; the first is '}{where}",
            hint="--non-finite propagate computes what PyTorch does: NaN",
        )

    def apply(block: Block) -> Part[Any]:
        table = block.decode()
        rows = widen(as_rows(function.prepared(table.values), 0))
        with np.errstate(all="ignore"):
            out = np.empty_like(rows)
            function.apply(rows, out, norm)
            out = out.astype(dtype, copy=False)
        shape = (block.rows, *_tail(source)) if source.shape else ()
        return Part(block.rows, from_rows(out, shape, 0), ids=table.ids)

    return apply


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
        How many there are, or their names; else as many as the largest label asks for.
    dtype : dtype
        Of the rows.
    sink : Sink
        Gets an array with one more axis than the labels, the last.
    run : Run
        Threads and progress.
    label_base : int
        The label of the first class.
    counted : bool
        Whether numbers count the classes for sure, whatever their names are.

    Returns
    -------
    list of str
        What the user should know about the meaning of labels.

    Raises
    ------
    LabelError
        If a label is no class; names the first.
    """
    names = ClassNames(classes if isinstance(classes, tuple) else (), counted)
    options = LossOptions(ignore_index=IGNORED, label_base=label_base)
    if classes is None and source.dtype.kind in "OUST":
        count = 2  # False and True; whatever else is found has no class
    elif classes is None:
        source.keep()
        largest = max(ordered_map(_largest, blocks_along(source), run.jobs), default=_NO_LABEL)
        if largest == _NO_LABEL:
            raise ShapeError(f"{source.name}: no labels to count the classes by: --num-classes")
        count = max(1, largest - label_base + 1)
    else:
        count = len(classes) if isinstance(classes, tuple) else classes
    if count * dtype.itemsize > _WIDEST:
        raise LabelError(
            f"{source.name}: one-hot rows of {count:,} classes",
            hint="is a label no class? --num-classes says how many there are",
        )
    columns = names.names or None if source.shape else None
    sink.open(ArrayHeader((*source.shape, count), dtype, columns, name="one_hot"))

    def work(block: Block) -> Part[Any]:
        found, used, problems = names.indices(block.decode().values, options)
        base = used.label_base
        labels, fractions = whole_labels(found)
        if problems := problems or fractions or check_labels(labels, count, base=base):
            before = block.start * (labels[:1].size if labels.ndim else 1)
            return Part(block.rows, problems=tuple(p.shifted(before) for p in problems))
        return Part(block.rows, labels - base)

    def error(problem: Problem, rows: int) -> InputError:
        shape = (rows, *_tail(source)) if source.shape else ()
        return names.with_hint(problem).at(source.place(unravel(problem.row, shape)))

    parts = ordered_map(work, blocks_along(source), run.jobs)
    pour(parts, _OneHot(sink, count, dtype), run.progress_of(source.shape), error, [source])
    return names.notes


@dataclass(frozen=True)
class _OneHot:
    """A sink of labels that hands on their one-hot rows, few at a time: they are much larger."""

    sink: Sink
    num_classes: int
    dtype: np.dtype[Any]
    place = None

    def open(self, header: ArrayHeader) -> None:
        self.sink.open(header)

    def write(self, rows: Array, ids: Array | None = None) -> None:
        labels = rows if rows.ndim else rows.reshape(1)
        width = self.num_classes * math.prod(rows.shape[1:])
        for tile in tiles(len(labels), width):
            hot = one_hot(labels[tile], self.num_classes, dtype=self.dtype)
            self.sink.write(hot if rows.ndim else hot[0], None if ids is None else ids[tile])


def _largest(block: Block) -> int:
    return int(whole_labels(block.decode().values)[0].max(initial=_NO_LABEL))

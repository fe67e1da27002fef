"""Losses of numbers that are rows by themselves: binary cross entropy, picked log-probabilities."""

import math
from collections.abc import Callable, Iterable

import numpy as np

from xentcli.alignment.axes import show_shape
from xentcli.alignment.beside import beside_rows
from xentcli.alignment.cutting import steps
from xentcli.alignment.ids import by_id
from xentcli.alignment.reshaped import in_shape
from xentcli.alignment.steps import chosen
from xentcli.core.binary import BinaryOptions, check_binary_weights
from xentcli.errors import ShapeError
from xentcli.formats.base import ArrayHeader, Shape, Source
from xentcli.metrics.interface import States
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.element_work import Elements, ElementWork
from xentcli.pipeline.flow import Part, Sink, Total, collect, joined
from xentcli.pipeline.inputs import RowSources
from xentcli.pipeline.run import Run

__all__ = ["BinaryOptions", "measure_elements"]


def measure_elements(
    values: Source,
    labels: Source | None,
    criterion: Criterion,
    run: Run,
    sink: Sink | None = None,
    beside: RowSources = RowSources(),  # noqa: B008 - a named tuple
    watch: Callable[[Iterable[Part[States]]], Iterable[Part[States]]] = iter,
) -> Total[States]:
    """Return what all elements come to; `evaluate` makes a result of it.

    Raises
    ------
    InputError
        If shapes do not fit, or something is no label, no probability or not finite.
    """
    if not values.shape:
        raise ShapeError(f"{values.name}: a single number; --binary and --picked take (N,)")
    if criterion.binary is not None:
        labels = _labels_of(values, labels)
        if None not in values.shape[1:]:
            check_binary_weights(criterion.binary, values.shape)
    elif labels is not None or values.labelled:
        raise ShapeError(f"{values.name}: --picked takes no labels: each number is its label's")
    sources, found = beside_rows(values, beside, values.shape[:1])
    matching = None
    if labels is not None:
        labels, matching = by_id(values, labels, "labels")
    matchings = (*([matching] if matching else []), *found)
    elements = Elements(values, labels, RowSources(*sources), matchings)
    if sink:
        sink.open(_header(values, criterion.rows))
    work = ElementWork(elements, criterion, keeps_losses=sink is not None)
    cut = steps(values, elements.followers, 0, run.block_elements)
    parts = run.map(
        work.part_of, chosen(cut, criterion.rows), shareable=elements.shareable, join=joined
    )
    for each in matchings if criterion.rows is None else ():
        parts = each.watch(parts)
    read_in = (values, labels, *sources)
    total = collect(watch(parts), sink, run.progress_of(values.shape), elements.error, read_in)
    notes = [note for each in matchings if (note := each.note)]
    return total._replace(notes=(*total.notes, *notes))


def _header(values: Source, rows: slice | None) -> ArrayHeader:
    shape: Shape = values.shape if rows is None else (None, *values.shape[1:])
    ids, columns = values.id_column, values.columns if len(values.shape) == 2 else None
    if ids is not None and columns is None:
        columns = ("loss",)
    return ArrayHeader(shape, np.dtype(np.float64), columns, ids, name="losses")


def _labels_of(values: Source, labels: Source | None) -> Source | None:
    """Return labels in the shape of the values."""
    if labels is None:
        if values.label_row and values.label_row == values.shape[1:]:
            return None
        if math.prod(n or 1 for n in values.shape[1:]) != 1:
            raise ShapeError(
                f"{values.name}: one column of labels, and {values.shape[-1]} of values",
                hint="choose the column of class 1: --columns NAME",
            )
        return None
    found = in_shape(labels, values.shape)
    if found is None:
        two = values.shape[-1] == 2 and len(values.shape) == 2
        classes = "two columns may be two classes, which need no --binary; else "
        raise ShapeError(
            f"{labels.name}: labels of shape {show_shape(labels.shape)} for values of shape "
            f"{show_shape(values.shape)} ({values.name}): with --binary each value has a label",
            hint=(classes if two else "") + "--columns NAME chooses the column of class 1",
        )
    return found

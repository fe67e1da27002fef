"""The rows of a step, laid out as the formulas take them."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.alignment.steps import Step, read, rows_before
from xentcli.alignment.tiled import TiledRows
from xentcli.core.checks import Problem
from xentcli.core.labels import NO_LABEL, LossOptions
from xentcli.core.shapes import rows_of, without_axis
from xentcli.formats.base import Table, read_whole

if TYPE_CHECKING:
    from xentcli.alignment.aligned import Aligned

Array = NDArray[Any]


class AlignedRows(NamedTuple):
    """Some rows of logits and their labels, laid out as the formulas take them.

    Attributes
    ----------
    logits : (N, C)
        An array, or an object that reads rows from the file when they are needed.
    labels : (N,) or (N, C)
        Class indices or class probabilities.
    lead : tuple of int
        The shape that N stands for.
    options : LossOptions
        The options of the loss, adapted to these labels.
    problems : tuple of Problem
        Labels that name no class.
    ids : array of shape (N,), optional
        The ids of the rows.
    matched : dict of str to array of int
        The places of labels, weights or names, if ids found them elsewhere than at their rows.
    sample_weight : array of shape (N,), optional
        A factor for each row.
    groups, clusters : array of shape (N,), optional
        The group that each row is measured with, and the rows that it depends on.
    """

    logits: Array | TiledRows
    labels: Array
    lead: tuple[int, ...]
    options: LossOptions
    problems: tuple[Problem, ...] = ()
    ids: Array | None = None
    matched: Mapping[str, Array] = {}
    sample_weight: Array | None = None
    groups: Array | None = None
    clusters: Array | None = None


def read_rows(
    aligned: "Aligned", step: Step, options: LossOptions, keep: slice | None = None
) -> AlignedRows:
    """Return the rows of a step that have a label, or only those in the slice `keep`."""
    rows = _tiles(aligned, step) if aligned.goes_by_tiles(step) else _arrays(aligned, step)
    logits, labels, ids, lead, places = rows
    beside, matched = _beside(aligned, step, lead, ids) if aligned.row_followers else ({}, {})
    if places is not None:
        matched["labels"] = places
    if keep is not None:
        logits, labels, ids = logits[keep], labels[keep], None if ids is None else ids[keep]
        beside = {what: values[keep] for what, values in beside.items()}
        whole, rest = divmod(len(labels), max(1, math.prod(lead[1:])))
        lead = (len(labels),) if rest else (whole, *lead[1:])
    problems: tuple[Problem, ...] = ()
    if aligned.unlabelled:
        options = LossOptions(ignore_index=NO_LABEL)
    elif labels.ndim == 1:
        labels, options, problems = aligned.names.indices(labels, options)
    weights = beside["weights"].astype(np.float64) if "weights" in beside else None
    return AlignedRows(
        logits,
        labels,
        lead,
        options,
        problems,
        ids,
        matched,
        weights,
        beside.get("groups"),
        beside.get("clusters"),
    )


def _tiles(aligned: "Aligned", step: Step) -> tuple[TiledRows, Array, None, tuple[int, ...], None]:
    lead = (step.rows, *(n or 0 for n in aligned.axes.lead[1:]))
    first = rows_before(step.block.start, aligned.axes.rows[1:])
    count = math.prod(lead)
    labels = np.zeros(count, np.int64)
    if not aligned.unlabelled:
        labels = _labels_of(aligned, step, None)[0].reshape(-1)
    return TiledRows(aligned.logits, first, count), labels, None, lead, None


def _labels_of(aligned: "Aligned", step: Step, ids: Array | None) -> tuple[Array, Array | None]:
    """Return the labels of a step, and their places if ids found them elsewhere."""
    follower = aligned.labels_follower
    if follower is None:
        raise AssertionError("labels stand beside the logits")
    if aligned.axes.cut_axis is None:
        return read_whole(follower.source), None
    there = read(follower, step.parts[0])
    labels, matched = there.values, None
    if follower.matching is not None:
        labels, matched = follower.matching.labels_of(ids, there, step.block.start)
    return aligned.axes.shift.labels_of_a_row(labels, aligned.axes.last_label_axis), matched


def _beside(
    aligned: "Aligned", step: Step, lead: tuple[int, ...], ids: Array | None
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the weights and names of a step's rows, and their places if found elsewhere by id."""
    found, matched = {}, {}
    parts = step.parts[1 if aligned.labels is not None else 0 :]
    for i, follower in enumerate(aligned.row_followers):
        if aligned.axes.cut_axis is None:
            values = read_whole(follower.source)
        else:
            there = read(follower, parts[i])
            values = there.values
            if follower.matching is not None:
                values, places = follower.matching.labels_of(ids, there, step.block.start)
                if places is not None:
                    matched[follower.what] = places
            if len(follower.source.shape) == len(aligned.axes.rows):
                last = len(aligned.axes.rows) - 1
                values = aligned.axes.shift.labels_of_a_row(values, last)
            else:
                values = np.repeat(values.reshape(-1), math.prod(lead[1:]))
        found[follower.what] = values.reshape(-1)
    return found, matched


def _arrays(
    aligned: "Aligned", step: Step
) -> tuple[Array, Array, Array | None, tuple[int, ...], Array | None]:
    """Return the rows of a step in memory."""
    axes = aligned.axes
    if axes.cut_axis is None:
        table = Table(read_whole(aligned.logits))
    else:
        table = aligned.logits.decode(step.block)
    labels, matched = table.labels, None
    if aligned.labels is not None:
        labels, matched = _labels_of(aligned, step, table.ids)
    values = axes.shift.logits_with_a_label(table.values, axes.last_row_axis, step.rows)
    if labels is None and aligned.unlabelled:
        labels = np.zeros(without_axis(values.shape, axes.class_axis), np.int64)
    if labels is None:
        raise AssertionError("a file of logits and labels has labels in each block")
    rows = rows_of(values, labels, axes.class_axis, one_hot=axes.probabilities)
    ids = None if table.ids is None else table.ids[: step.rows]
    return rows.values, rows.labels, ids, rows.lead, matched

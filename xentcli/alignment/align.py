"""Decides, once, how labels and what else stands beside rows belong to logits."""

from typing import TYPE_CHECKING

from xentcli.alignment.aligned import Aligned
from xentcli.alignment.axes import Axes, axes_alone, find_axes, fits, show_shape
from xentcli.alignment.class_names import class_names
from xentcli.alignment.naming import Naming
from xentcli.alignment.shard_counts import ShardCounts, shard_note
from xentcli.alignment.steps import Follower
from xentcli.core.shapes import without_axis
from xentcli.formats.base import Source, indexed

if TYPE_CHECKING:
    from xentcli.alignment.ids import Matching


def align(
    logits: Source,
    labels: Source | None,
    *,
    class_axis: int | None = None,
    shift: int = 0,
    naming: Naming = Naming(),  # noqa: B008 - a named tuple
    tiles: bool = False,
    sample_weight: Source | None = None,
    groups: Source | None = None,
    clusters: Source | None = None,
    labelled: bool = True,
) -> Aligned:
    """Decide how labels belong to logits.

    Parameters
    ----------
    logits, labels : Source
        Labels are None where each row of logits has its own beside it in the file.
    class_axis : int, optional
        The axis of the classes; by default PyTorch's 1, unless only the last one fits.
    shift : int
        How many rows further on the label of a row stands.
    naming : Naming
        What the user says about the names of classes.
    tiles : bool
        Whether the computation can read logits a tile at a time.
    sample_weight : Source, optional
        A factor for each row, or for each label.
    groups, clusters : Source, optional
        A name for each row, or for each slice of the first axis.
    labelled : bool
        Whether it is an error if there are no labels.

    Raises
    ------
    ShapeError
        If the labels, or those of one shard, do not fit the logits, as far as headers tell.
    """
    note: str | None = None
    axis_of_rows = 1 if len(logits.shape) == 1 or class_axis in (0, -len(logits.shape)) else 0
    by_id = labels is not None and None not in (logits.id_column, labels.id_column)
    if labels is not None and not by_id:
        ShardCounts(logits, Follower(labels), axis_of_rows).check()
        logits, labels, note = _fitting(logits, labels, class_axis)
        note = note or shard_note(logits, labels)
    if labels is None and not (labelled or logits.labelled):
        axes = axes_alone(logits, class_axis)
    else:
        axes = find_axes(logits, labels, class_axis, shift, by_id=by_id)
    beside = (sample_weight, groups, clusters)
    matchings: tuple[Matching, ...] = ()
    if any(beside):
        from xentcli.alignment.beside import beside_rows

        beside, matchings = beside_rows(logits, beside, axes.rows)
    if axes.cut_axis:
        logits = indexed(logits)
    if labels is not None and axes.labels_cut_axis:
        labels = indexed(labels)
    names = class_names(logits, axes, naming)
    if labels is not None and by_id:
        from xentcli.alignment import ids

        labels, matching = ids.by_id(logits, labels, "labels")
        matchings = (*((matching,) if matching else ()), *matchings)
    if matchings:
        from xentcli.alignment.ids import check_by_id

        check_by_id(logits, axes)
    tiled = tiles and can_be_tiled(logits, axes) and not matchings
    return Aligned(
        logits,
        labels,
        axes,
        names,
        tiled=tiled,
        matchings=matchings,
        beside=beside,
        note=note,
    )


def _fitting(
    logits: Source, labels: Source, class_axis: int | None
) -> tuple[Source, Source, str | None]:
    """Return logits and labels without axes of length 1 that keep them from fitting, and a note.

    Each comes back as it was, or as a source that can be read twice, or in another shape.
    """
    shape = logits.shape
    if class_axis in (None, 1, -1) and len(labels.shape) == 2 and labels.shape[0] is None:
        from xentcli.alignment.reshaped import in_one_row

        before = show_shape(labels.shape)
        logits, labels, found_row = in_one_row(logits, labels)
        if found_row:
            return logits, labels, _read_as(labels, before)
    if not shape or fits(shape, labels.shape):
        return logits, labels, None
    last = len(shape) - 1
    given = class_axis is not None and -last <= class_axis + 1 <= last + 1
    axes = (class_axis % len(shape),) if given and class_axis is not None else (min(1, last), last)
    leads = [without_axis(shape, axis) for axis in dict.fromkeys(axes)]
    if any(fits(lead, labels.shape) for lead in leads):
        return logits, labels, None
    from xentcli.alignment.reshaped import in_shape

    for lead in leads:
        if lead and (found := in_shape(labels, lead)) is not None:
            return logits, found, _read_as(found, show_shape(labels.shape))
    return logits, labels, None


def _read_as(labels: Source, before: str) -> str:
    return f"{labels.name}: shape {before} is read as {show_shape(labels.shape)}"


def can_be_tiled(logits: Source, axes: Axes) -> bool:
    """Whether few rows are read as cheaply as many, as the classes of a row lie side by side."""
    last = len(axes.logits) - 1
    return (
        0 < last == axes.class_axis
        and not axes.probabilities
        and (last < 3 or not axes.shift.by)
        and logits.tileable
    )

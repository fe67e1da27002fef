"""Decides, once, how labels and what else stands beside rows belong to logits."""

from typing import TYPE_CHECKING

from xentcli.alignment.aligned import Aligned
from xentcli.alignment.axes import axes_alone, find_axes
from xentcli.alignment.naming import Naming
from xentcli.alignment.shard_counts import shard_note
from xentcli.core.shapes import ShapeFit
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
    by_id = labels is not None and None not in (logits.id_column, labels.id_column)
    logits, labels, fit, note = _fitted(logits, labels, class_axis, by_id=by_id)
    if labels is None and not (labelled or logits.labelled):
        axes = axes_alone(logits, fit, class_axis)
    else:
        axes = find_axes(logits, labels, fit, class_axis, shift)
    beside = (sample_weight, groups, clusters)
    others = [each for each in (labels, *beside) if each and each.id_column is not None]
    if others and logits.id_column is not None:
        from xentcli.alignment import ids

        ids.check_by_id(logits, axes)
    matchings: tuple[Matching, ...] = ()
    if any(beside):
        from xentcli.alignment.beside import matched_beside

        beside, matchings = matched_beside(logits, beside, axes.rows)
    if axes.cut_axis:
        logits = indexed(logits)
    if labels is not None and axes.labels_cut_axis:
        labels = indexed(labels)
    names = naming.names_of(logits, axes)
    if labels is not None and by_id:
        labels, matching = ids.by_id(logits, labels, "labels")
        matchings = (*((matching,) if matching else ()), *matchings)
    tiled = tiles and axes.by_tiles and logits.tileable and not matchings
    return Aligned(
        logits, labels, axes, names, tiled=tiled, matchings=matchings, beside=beside, note=note
    )


def _fitted(
    logits: Source, labels: Source | None, class_axis: int | None, *, by_id: bool
) -> tuple[Source, Source | None, ShapeFit, str | None]:
    """Return logits and labels in shapes that fit if possible, how these fit, and a note."""
    there = (*logits.shape[:1], *logits.label_row) if labels is None else labels.shape
    there = (None, *there[1:]) if by_id else there  # as many as there are
    fit = ShapeFit(logits.shape, there, class_axis)
    if labels is None or by_id:
        return logits, labels, fit, None
    by_columns = len(logits.shape) == 1 or class_axis in (0, -len(logits.shape))
    note = shard_note(logits, labels, 1 if by_columns else 0)
    may_be_a_row = len(labels.shape) == 2 and labels.shape[0] is None
    if not logits.shape or (fit.found and not may_be_a_row):
        return logits, labels, fit, note
    from xentcli.alignment.reshaped import fitting

    logits, labels, found = fitting(logits, labels, fit, class_axis)
    return logits, labels, ShapeFit(logits.shape, labels.shape, class_axis), found or note

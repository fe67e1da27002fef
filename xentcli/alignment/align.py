"""Decides, once, how labels and what else stands beside rows belong to logits."""

from xentcli.alignment.aligned import Aligned
from xentcli.alignment.axes import axes_of, class_axis_of
from xentcli.alignment.by_number import check_order_of_labels
from xentcli.alignment.fitting import fitted
from xentcli.alignment.followers import RowSources, followers_of
from xentcli.alignment.naming import Naming
from xentcli.alignment.shard_counts import shard_note
from xentcli.errors import InputError
from xentcli.formats.base import Source, indexed


def align(
    logits: Source,
    labels: Source | None,
    *,
    class_axis: int | None = None,
    shift: int = 0,
    naming: Naming = Naming(),  # noqa: B008 - a named tuple
    tiles: bool = False,
    beside: RowSources = RowSources(),  # noqa: B008 - a named tuple
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
    beside : RowSources
        A factor for each row, or for each label; and names for each row, or for each slice of the
        first axis.
    labelled : bool
        Whether it is an error if there are no labels.

    Raises
    ------
    ShapeError
        If the labels, or those of one shard, do not fit the logits, as far as headers tell.
    InputError
        If the labels of docs, which are their own, are counted from another number than 0.
    """
    _check_base(labels or logits, naming)
    class_axis = class_axis_of((logits,), class_axis)
    by_id = labels is not None and None not in (logits.id_column, labels.id_column)
    note = None if labels is None or by_id else _note_of_shards(logits, labels, class_axis)
    logits, labels, fit, reshaped = fitted(logits, labels, class_axis, by_id=by_id)
    axes = axes_of(
        logits,
        labels,
        fit,
        class_axis,
        shift,
        alone=labels is None and not (labelled or logits.labelled),
    )
    offset = axes.shift.offset  # a shifted row has the weight and the names of its label
    axis = axes.labels_cut_axis or 0
    labels = indexed(labels) if labels and axis else labels
    followers = followers_of(
        logits,
        labels,
        beside,
        axes.rows,
        labels_axis=axis,
        offset=offset,
        only_by_place=axes.only_by_place,
    )
    by_place = all(each.matching is None for each in followers)
    if not naming.classes:
        check_order_of_labels(logits, labels)
    names = naming.names_of(logits, axes)
    logits = indexed(logits) if axes.cut_axis else logits
    tiled = tiles and axes.by_tiles and logits.tileable and by_place
    return Aligned(logits, followers, axes, names, tiled=tiled, note=reshaped or note)


def _check_base(labels: Source, naming: Naming) -> None:
    if naming.counted and labels.of_samples:
        raise InputError(
            f"{labels.name}: --label-base is for labels of a file of their own, and docs say which "
            "choice is right",
            hint="leave --label-base out",
        )


def _note_of_shards(logits: Source, labels: Source, class_axis: int | None) -> str | None:
    """Return how the shards of labels belong to those of logits, if their names count otherwise."""
    by_columns = len(logits.shape) == 1 or class_axis in (0, -len(logits.shape))
    return shard_note(logits, labels, int(by_columns))

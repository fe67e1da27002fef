"""Decides, once, how labels and what else stands beside rows belong to logits."""

from xentcli.alignment.aligned import Aligned
from xentcli.alignment.axes import axes_of
from xentcli.alignment.fitting import fitted
from xentcli.alignment.followers import RowSources, followers_of, leader_of_ids
from xentcli.alignment.naming import Naming
from xentcli.alignment.shard_counts import shard_note
from xentcli.formats.base import Source, indexed
from xentcli.formats.column_names import without_shared


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
    """
    by_id = labels is not None and None not in (logits.id_column, labels.id_column)
    by_columns = len(logits.shape) == 1 or class_axis in (0, -len(logits.shape))
    note = None
    if labels is not None and not by_id:
        note = shard_note(logits, labels, int(by_columns))
    logits, labels, fit, reshaped = fitted(logits, labels, class_axis, by_id=by_id)
    ids = leader_of_ids(logits, labels)
    others = [each for each in (labels, *beside) if each and each.id_column and each is not ids]
    axes = axes_of(
        logits,
        labels,
        fit,
        class_axis,
        shift,
        alone=labels is None and not (labelled or logits.labelled),
        by_id=bool(others) and ids.id_column is not None,
    )
    offset = axes.shift.offset  # a shifted row has the weight and the names of its label
    axis = axes.labels_cut_axis or 0
    labels = indexed(labels) if labels and axis else labels
    followers = followers_of(logits, labels, beside, axes.rows, labels_axis=axis, offset=offset)
    names = naming.names_of(logits, axes)
    logits = indexed(logits) if axes.cut_axis else logits
    by_place = all(each.matching is None for each in followers)
    tiled = tiles and axes.by_tiles and logits.tileable and by_place
    note = reshaped or note or _unnamed(logits, labels, named=bool(naming.classes))
    return Aligned(logits, followers, axes, names, tiled=tiled, note=note)


def _unnamed(logits: Source, labels: Source | None, *, named: bool) -> str | None:
    """Return a note if only labels name the classes, and the names do not count them."""
    names = labels.columns if labels is not None and len(labels.shape) == 2 else None
    if labels is None or not names or len(names) < 2 or logits.columns or named:
        return None
    counted = tuple(map(str, range(len(names))))
    if counted in (tuple(names), without_shared(names)):
        return None
    return (
        f"{logits.name}: its classes have no names; they are matched by number with {labels.name}"
    )

"""What belongs to the rows of a leader: labels, weights, names, the logits of another model."""

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from xentcli.alignment.last_decoded import decoded
from xentcli.alignment.shard_counts import shard_note
from xentcli.alignment.steps import FollowedRows, StepPart, rows_of_table
from xentcli.errors import InputError, ShapeError
from xentcli.formats.base import Block, Shape, Source, indexed
from xentcli.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xentcli.alignment.ids import Matching

Array = NDArray[Any]

_FOLLOWERS = ("labels", "weights", "groups", "clusters")


class RowSources(Record):
    """What stands beside rows: a factor for each, its group, and its cluster of dependent rows."""

    sample_weight: Source | None = None
    groups: Source | None = None
    clusters: Source | None = None


class Follower(Record):
    """A source whose rows belong to those of a leader.

    Attributes
    ----------
    source : Source
        The source, which is indexed if `axis` is not 0.
    what : str
        What messages call its rows.
    axis : int
        The axis that runs in step with the one along which the leader is cut.
    offset : int
        How many rows further down than the leader's rows its own begin.
    matching : Matching or None
        Finds its rows by id; they may then be more or fewer than the leader's.
    in_shards : bool
        Whether each of several files belongs to the leader's file at the same place.
    """

    source: Source
    what: str = "labels"
    axis: int = 0
    offset: int = 0
    matching: "Matching | None" = None
    in_shards: bool = True


def followers_of(
    leader: Source,
    labels: Source | None,
    beside: RowSources,
    rows: Shape,
    *,
    label_shape: Shape | None = None,
    labels_axis: int = 0,
    offset: int = 0,
    only_by_place: str | None = None,
) -> tuple[Follower, ...]:
    """Return the labels of a leader, and what stands beside its rows, which have a shape.

    Rows are found by id where both files have ids. Where they are not, there is one number or name
    for each row; or one name for each slice of the first axis. Labels are read in `label_shape`,
    unless it is None.

    Raises
    ------
    ShapeError
        If there are more or fewer of them than rows of this shape.
    InputError
        If both files have ids, and rows go `only_by_place`.
    """
    found = []
    named = leader_of_ids(leader, labels)
    for what, source in zip(_FOLLOWERS, (labels, *beside), strict=True):
        if source is None:
            continue
        ahead = leader if source is labels or source.id_column is None else named
        axis, each = (labels_axis, label_shape) if source is labels else (0, rows)
        found.append(
            following(
                ahead,
                source,
                what,
                each,
                axis=axis,
                offset=offset,
                only_by_place=only_by_place,
            )
        )
    return tuple(found)


def leader_of_ids(leader: Source, labels: Source | None) -> Source:
    """Return what has the ids of the leader's rows: these, or else their labels, if they have."""
    if leader.id_column is None and labels is not None and labels.id_column is not None:
        return labels
    return leader


def following(
    leader: Source,
    source: Source,
    what: str,
    rows: Shape | None = None,
    *,
    axis: int = 0,
    offset: int = 0,
    inputs: str | None = None,
    in_shards: bool = True,
    only_by_place: str | None = None,
) -> Follower:
    """Return a source as a follower, whose rows are found by id if both files have ids.

    The source is read in the shape `rows`, if that is given; by id, it may have more or fewer.
    `inputs` is what problems and matchings call it, if several inputs have rows of the same name.
    `only_by_place` says why rows cannot be found by id, if they cannot.

    Raises
    ------
    ShapeError
        If the source has no such shape.
    InputError
        If both files have ids, and rows go only by place.
    """
    by_id = None not in (leader.id_column, source.id_column)
    if rows is not None:
        rows = (*source.shape[:1], *rows[1:]) if by_id else rows
        source = _for_each_row(leader, source, what, rows)
    if not by_id:
        by_place = Follower(source, what, axis, offset, None, in_shards)
        _shard_note(leader, by_place)  # or an error
        return by_place
    if only_by_place is not None:
        column = leader.id_column
        raise InputError(f"{leader.name}: rows are matched by {column!r}, and {only_by_place}")
    from xentcli.alignment.ids import Matching

    source = source if source.reference is not None else indexed(source)
    matching = Matching(leader, source, what, inputs)
    return Follower(source, what, axis, offset, matching, in_shards)


def matchings_of(followers: "Iterable[Follower]") -> "tuple[Matching, ...]":
    """Return the matchings of those that are matched by id."""
    return tuple(each.matching for each in followers if each.matching is not None)


def notes_of_place(leader: Source, followers: "Iterable[Follower]") -> "Iterator[str]":
    """Yield a note for each follower without ids, if ids show the others' rows in two orders.

    There is another one on each whose files count otherwise than the leader's.
    """
    followers = tuple(followers)
    yield from filter(None, (_shard_note(leader, each) for each in followers))
    if any(matching.in_another_order for matching in matchings_of(followers)):
        for each in followers:
            by_place = each.matching is None and each.source.id_column is None
            if by_place and each.source.name != leader.name:
                place = f"no ids, so its {each.what} are taken in the order of {leader.name}"
                yield f"{each.source.name}: {place}"


def _shard_note(leader: Source, follower: Follower) -> "str | None":
    """Return how several files of what stands beside rows belong to the leader's, if they do."""
    if follower.what == "labels" or not follower.in_shards or follower.matching is not None:
        return None  # of labels it is known before they are followers
    return shard_note(leader, follower.source, follower.axis, follower.what)


def _for_each_row(leader: Source, source: Source, what: str, rows: Shape) -> Source:
    """Return a source in the shape of rows, or of slices of the first axis if it holds names."""
    from xentcli.alignment.fitting import in_shape
    from xentcli.alignment.misfits import hint_on_values
    from xentcli.core.shapes import show_shape

    found = in_shape(source, rows)
    if found is None and what in ("groups", "clusters"):
        found = in_shape(source, rows[:1])
    if found is None:
        of, needed, hint = "rows", "one for each row is needed", None
        if what == "weights":
            needed = "one number for each row is needed"
        elif what == "labels":
            of, needed = "values", "with --binary each value has a label"
            hint = hint_on_values(source, rows)
        raise ShapeError(
            f"{source.name}: {what} of shape {show_shape(source.shape)} for {of} of shape "
            f"{show_shape(rows)} ({leader.name}): {needed}",
            hint=hint,
        )
    return found


def read(follower: Follower, part: StepPart) -> FollowedRows:
    """Return the rows of a follower that belong to a step."""
    if isinstance(part, FollowedRows):
        return part
    if isinstance(part, Block):
        return rows_of_table(follower.source.decode(part))
    pieces = [
        rows_of_table(decoded.table(follower.source, piece.block), piece.first, piece.stop)
        for piece in part
    ]
    return FollowedRows.joined(pieces)


def matched(
    follower: Follower, part: StepPart, ids: Array | None, start: int
) -> tuple[Array, Array | None]:
    """Return the rows of a follower for those from `start` on, and their places if found by id.

    `ids` are the ids of the leader's rows; the places are None where they are the rows' own.
    """
    return places_of(follower, read(follower, part), ids, start)


def places_of(
    follower: Follower, there: FollowedRows, ids: Array | None, start: int
) -> tuple[Array, Array | None]:
    """Return what `matched` returns, of the rows of a follower at the places of the leader's."""
    if follower.matching is None:
        return there.values, None
    return follower.matching.labels_of(ids, there, start)

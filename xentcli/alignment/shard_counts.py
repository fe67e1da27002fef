"""Checks that a leader and its follower have as many shards, with the same rows in each."""

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from xentcli.errors import ShapeError
from xentcli.formats.base import Source
from xentcli.formats.inline import is_inline
from xentcli.formats.keys import HIDDEN_KEYS, LABELS_KEYS, LOGITS_KEYS, TOKEN_KEYS
from xentcli.storage.names import shown_name

if TYPE_CHECKING:
    from xentcli.formats.shards import Shards

_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}  # usual names of the parts of a data set
_ROLES = {
    word
    for keys in (LOGITS_KEYS, LABELS_KEYS, HIDDEN_KEYS, TOKEN_KEYS)
    for key in keys
    for word in key.split("_")
}  # of a file, whatever it counts
_NUMBERED = re.compile(r"[-_. ](\d{1,18})(?:\.[A-Za-z]\w*)*(?::[^/]*)?$")  # labels-2.npy


class ShardCounts:
    """Compares the rows of each shard of logits with those of its labels, once both are known.

    There is nothing to compare if one file holds all labels, or if classes lie along the first
    axis, so that shards are not cut by rows.
    """

    def __init__(self, leader: Source, source: Source, what: str, cut_axis: int | None) -> None:
        self._open: list[tuple[int, Any, Any]] = []
        self._what = what
        leader, source = _copied_from(leader), _copied_from(source)
        if cut_axis != 0 or not source.files:
            return
        shards = len(leader.files) or 1
        if len(source.files) != len(leader.files):
            raise ShapeError(
                f"{source.name}: {len(source.files)} files of {self._what}, and {shards} of logits "
                f"({leader.name})",
                hint=f"{self._what} must be in one file for all, or in one for each file of logits",
            )
        self._open = [(i, leader, source) for i in range(shards)]

    @property
    def waiting(self) -> bool:
        """Whether some counts are not known yet."""
        return bool(self._open)

    def check(self) -> None:
        """Raise ShapeError if a shard's rows differ from those of its labels.

        The rows of some formats are known only when they have been read.
        """
        self._open = [shard for shard in self._open if not self._agree(*shard)]

    def _agree(self, i: int, leader: "Shards", follower: "Shards") -> bool:
        """Return whether both counts are known; raise if they differ."""
        rows, count = leader.lengths[i], follower.lengths[i]
        if rows is None or count is None:
            return False
        if rows != count:
            place = follower.files[i].path, leader.files[i].path
            raise ShapeError(
                f"{place[0]}: {count} {self._what} for the {rows} rows of {place[1]}",
                hint=f"each file of {self._what} is for the file of logits at the same place in "
                "the order",
            )
        return True


def shard_note(leader: Source, follower: Source, cut_axis: int, what: str = "labels") -> str | None:
    """Return a note on which files belong to which, if their names count or say otherwise.

    `what` is what messages call the rows of the follower.

    Raises
    ------
    ShapeError
        If there are not as many of both, with as many rows as far as they are known; or if the
        numbers in their names differ, and not all by the same distance; or if their names are the
        same in another order, but for what all of them begin and end with.
    """
    ShardCounts(leader, follower, what, cut_axis).check()
    leader, follower = _copied_from(leader), _copied_from(follower)
    if "typed" in (leader.format, follower.format):
        return None  # numbers, of which those that are shown may end in dots
    if not leader.files or not follower.files:
        return note_of_places([leader.name], [follower.name])
    names = [[shown_name(file.path) for file in source.files] for source in (leader, follower)]
    return note_of_places(*names)


def note_of_places(leaders: Sequence[str], followers: Sequence[str]) -> str | None:
    """Return a note if the names of files and of those that belong to them do not go together.

    Raises
    ------
    ShapeError
        If they tell that the files of both stand in two orders.
    """
    if len(leaders) != len(followers) or any(map(is_inline, (*leaders, *followers))):
        return None
    if len(leaders) < 2:
        return next(filter(None, map(_note_of_names, leaders, followers)), None)
    names = leaders, followers
    one, other = map(_numbers, names)
    if one is None or other is None:
        for told_apart in (_texts, _stems):
            here, there = map(told_apart, names)
            if sorted(here) == sorted(there):
                _check_places(names, (here, there))
            elif not {*here}.isdisjoint(there):
                places = zip(*names, here, there, strict=True)
                first = next(f"{b} is for {a}" for a, b, this, that in places if this != that)
                return f"files are taken in order, though their names differ: {first}"
        return next(filter(None, map(_note_of_names, *names)), None)
    steps = {a - b for a, b in zip(one, other, strict=True)}
    if len(steps) > 1:
        _check_places(names, (one, other))
    if steps == {0}:
        return None
    first = f"{followers[0]} is for {leaders[0]}"
    return f"files are taken in order, though their names count differently: {first}"


def _check_places(names: Sequence[Sequence[str]], by: Sequence[Sequence[Any]]) -> None:
    """Raise ShapeError if files of both stand in two orders `by` what tells them apart."""
    for name, other, here, there in zip(*names, *by, strict=True):
        if here != there:
            raise ShapeError(
                f"{other} stands at the place of {name}",
                hint="name the files of both in the same order",
            )


def _copied_from(source: Source) -> Source:
    """Return what a source is a copy of, or another shape of, which knows its shards; or itself."""
    origin: Source | None = getattr(source, "origin", None)
    return source if origin is None else _copied_from(origin)


def _note_of_names(leader: str, follower: str) -> str | None:
    """Return a note if two files are named for other parts of the data: train and test, 1 and 2."""
    words = [
        ["", *(word for word in re.split(r"[^a-z]+", name.lower()) if word in _SPLITS)]
        for name in (leader, follower)
    ]
    one, other = words[0][-1], words[1][-1]  # the name of a file says more than its folder's
    if one and other and _SPLITS[one] != _SPLITS[other]:
        return f"{follower} says {other!r}, and {leader} {one!r}: do they belong together?"
    one, other = map(_counted, (leader, follower))
    if one and other and one[0] == other[0] and one[1] != other[1]:
        return f"{follower} and {leader} count differently: do they belong together?"
    return None


def _counted(name: str) -> tuple[list[str], int] | None:
    """Return what a name says it counts, and the number at its end: run-logits-2 counts a run."""
    end = _NUMBERED.search(name)
    if end is None:
        return None
    words = re.split(r"[^a-z]+", name[: end.start()].rpartition("/")[2].lower())
    return [word for word in words if len(word) > 1 and word not in _ROLES], int(end[1])


def _texts(names: Sequence[str]) -> list[str]:
    """Return what tells names apart, without what all of them begin and end with."""
    before = _shared(names)
    rest = [name[before:] for name in names]
    after = _shared([name[::-1] for name in rest])
    return [name[: len(name) - after] for name in rest]


def _stems(names: Sequence[str]) -> list[str]:
    """Return the names of files without their folders and extensions."""
    return [re.split(r"[/\\]", name)[-1].partition(".")[0] for name in names]


def _shared(names: Sequence[str]) -> int:
    """Return how many letters at their beginning all names share."""
    letters = zip(*names, strict=False)
    return sum(1 for _ in takewhile(lambda each: len({*each}) == 1, letters))


def _numbers(names: Sequence[str]) -> list[int] | None:
    """Return the numbers in which the names of shards differ; None if something else differs."""
    parts = [re.split(r"(\d+)", name) for name in names]
    if len({len(part) for part in parts}) != 1:
        return None
    varying = [i for i in range(len(parts[0])) if len({part[i] for part in parts}) > 1]
    if len(varying) != 1 or not varying[0] % 2:
        return None
    return [int(part[varying[0]]) for part in parts]

"""Shards of a leader beside shards of what follows it: as many files, the same rows in each."""

from typing import TYPE_CHECKING

from xentcli.errors import ShapeError
from xentcli.formats.base import Source
from xentcli.formats.shards import Shards

if TYPE_CHECKING:
    from xentcli.alignment.steps import Follower


class ShardCounts:
    """Compares the rows of each shard of logits with those of its labels, once both are known.

    Labels in one file are for all shards, and with classes along the first axis shards are no
    rows: then there is nothing to compare.
    """

    def __init__(self, leader: Source, follower: "Follower", cut_axis: int | None) -> None:
        self._open: list[tuple[int, Shards, Shards]] = []
        self._what = follower.what
        source = follower.source
        if cut_axis != 0 or not isinstance(source, Shards):
            return
        shards = len(leader.files) if isinstance(leader, Shards) else 1
        if not isinstance(leader, Shards) or len(source.files) != shards:
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

        Those of some formats are known only once they were read.
        """
        self._open = [shard for shard in self._open if not self._agree(*shard)]

    def _agree(self, i: int, leader: Shards, follower: Shards) -> bool:
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

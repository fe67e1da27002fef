"""Shards of logits beside shards of labels: as many files, and the same rows in each."""

from xentcli.errors import ShapeError
from xentcli.formats.base import Source
from xentcli.pipeline.shards import Shards


class ShardCounts:
    """Compares the rows of each shard of logits with those of its labels, once both are known.

    Labels in one file are for all shards, and with classes along the first axis shards are no
    rows: then there is nothing to compare.
    """

    def __init__(self, logits: Source, labels: Source | None, cut_axis: int | None) -> None:
        self._open: list[tuple[int, Shards, Shards]] = []
        if cut_axis != 0 or not isinstance(labels, Shards):
            return
        shards = len(logits.files) if isinstance(logits, Shards) else 1
        if not isinstance(logits, Shards) or len(labels.files) != shards:
            raise ShapeError(
                f"{labels.name}: {len(labels.files)} files of labels, and {shards} of logits "
                f"({logits.name})",
                hint="labels must be in one file for all, or in one for each file of logits",
            )
        self._open = [(i, logits, labels) for i in range(shards)]

    @property
    def waiting(self) -> bool:
        """Whether some counts are not known yet."""
        return bool(self._open)

    def check(self) -> None:
        """Raise ShapeError if a shard's rows differ from those of its labels.

        Those of some formats are known only once they were read.
        """
        self._open = [shard for shard in self._open if not _agree(*shard)]


def _agree(i: int, logits: Shards, labels: Shards) -> bool:
    """Return whether both counts are known; raise if they differ."""
    rows, count = logits.lengths[i], labels.lengths[i]
    if rows is None or count is None:
        return False
    if rows != count:
        place = labels.files[i].path, logits.files[i].path
        raise ShapeError(
            f"{place[0]}: {count} labels for the {rows} rows of {place[1]}",
            hint="each file of labels is for the file of logits at the same place in the order",
        )
    return True

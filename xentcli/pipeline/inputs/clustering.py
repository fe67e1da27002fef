"""Whether the errors of means take some rows to depend on one another."""

from collections.abc import Iterator
from typing import NamedTuple

from xentcli.formats.base import Source


class Clustering(NamedTuple):
    """Whether there are clusters of rows, and whether they are there although nobody named them."""

    applies: bool
    by_default: bool

    @classmethod
    def of(cls, cluster: Source | str | None, *, several_axes: bool) -> "Clustering":
        """Decide by the names of clusters; `several_axes` says if a slice holds several rows."""
        applies = cluster != "rows" and (cluster is not None or several_axes)
        return cls(applies, applies and cluster is None)

    @property
    def notes(self) -> Iterator[str]:
        """Say what the default decided."""
        if self.by_default:
            what = "the rows of a slice of the first axis to depend on one another"
            yield f"the errors of means take {what}"

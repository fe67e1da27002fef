"""The numbers of rows in several files, and the places that they stand for."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from xentcli.errors import InputError
from xentcli.pipeline.saved_states.state_rows import FileRows

if TYPE_CHECKING:
    from xentcli.results.comparison import ChangedRow
    from xentcli.results.measures import Measures
    from xentcli.results.row_names import Names
    from xentcli.results.rows import Suspect, WorstRow

PlacedRow = TypeVar("PlacedRow", "WorstRow", "Suspect", "ChangedRow")


class Numbering(NamedTuple):
    """Numbers rows through some files, one after the other in the given order.

    Attributes
    ----------
    files : tuple of (FileRows, int)
        The rows of a file, and how many rows stand before the file.
    """

    files: tuple[tuple[FileRows, int], ...]

    @classmethod
    def of(cls, rows: Sequence[FileRows]) -> "Numbering":
        """Count through files in their natural order, each whole if its length is known."""
        lengths: dict[str, int] = {}
        for each in rows:
            lengths[each.file] = max(lengths.get(each.file, 0), each.stop, each.length or 0)
        found: list[tuple[FileRows, int]] = []
        before = after = 0
        for i, each in enumerate(rows):
            if not each.file or not i or rows[i - 1].file != each.file:
                before = after
                after += lengths[each.file] if each.file else max(each.stop, each.length or 0)
            found.append((each, before))
        return cls(tuple(found))

    def place(self, index: tuple[int, ...]) -> str | None:
        """Return the file of a row, and its index there; None if there is one file."""
        row, *inner = index
        several = len({each.file for each, _ in self.files}) > 1
        for each, before in self.files if several else ():
            if each.start <= row - before < each.stop:
                return f"{each.name}[{','.join(map(str, (row - before, *inner)))}]"
        return None

    def placed(self, found: "Names", rows: Iterable[PlacedRow]) -> tuple[PlacedRow, ...]:
        """Return rows of a result with their places, where there are several files."""
        return tuple(replace(each, place=self.place(found.row_index(each.row))) for each in rows)

    def to(self, other: "Numbering", inner: int) -> Callable[[int], int]:
        """Return a function that turns numbers here into numbers there.

        `inner` is the number of rows in a slice of the first axis.
        """

        def number(row: int) -> int:
            place, rest = divmod(row, max(1, inner))
            for each, before in self.files:
                if each.start <= place - before < each.stop:
                    there = next(b for part, b in other.files if part.covers(each))
                    return (place - before + there) * inner + rest
            raise InputError(f"row {row} is in none of its files")

        return number


def with_places(measures: "Measures", files: Numbering) -> "Measures":
    """Return measures whose worst and suspect rows tell their file and place."""
    suspects = measures.suspects
    if suspects is not None:
        suspects = replace(suspects, rows=files.placed(measures, suspects.rows))
    worst = files.placed(measures, measures.worst_rows)
    return replace(measures, worst_rows=worst, suspects=suspects)

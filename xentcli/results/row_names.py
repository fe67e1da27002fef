"""The names of classes and rows in a result."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xentcli.results.comparison import ChangedRow
    from xentcli.results.rows import Suspect, WorstRow


class Names:
    """Gives the names of the classes and the rows of a result."""

    class_names: tuple[str, ...] | None
    lead: tuple[int, ...]

    def class_name(self, index: int) -> str:
        """Return the name of a class, which is that of its column or its number."""
        if self.class_names is None or index >= len(self.class_names):
            return str(index)
        return self.class_names[index]

    def row_index(self, row: int) -> tuple[int, ...]:
        """Return the index of a row among those that have a label: (3,), or (0, 3)."""
        index: list[int] = []
        for length in self.lead[:0:-1]:
            row, place = divmod(row, max(1, length))
            index.append(place)
        return (row, *index[::-1])

    def row_name(self, row: "WorstRow | Suspect | ChangedRow") -> str:
        """Return the name of a row in tables: its place in several files, or its index."""
        return row.place or ",".join(map(str, self.row_index(row.row)))

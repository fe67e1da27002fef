"""What the sinks that show an array have in common: they take its rows in order."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


class OrderedSink:
    """A sink whose rows come in order, from the first to the last."""

    positional = False

    def write_at(self, start: int, rows: "NDArray[Any]") -> None:
        """Refuse: nobody may ask for this."""
        raise AssertionError(f"{len(rows)} rows from {start} on, which must come in order")

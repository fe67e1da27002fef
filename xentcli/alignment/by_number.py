"""Says that classes go by number, where only one of two inputs names them."""

from collections.abc import Sequence

from xentcli.formats.column_names import without_shared
from xentcli.formats.sources import Source


def note_by_number(names: Sequence[str], named: str, lacking: str) -> str | None:
    """Return a note if names of classes in one input do more than count them.

    `named` is the input that has these names, and `lacking` the one without any.
    """
    counted = tuple(map(str, range(len(names))))
    if len(names) < 2 or counted in (tuple(names), without_shared(names)):
        return None
    return f"{lacking}: its classes have no names; they are matched by number with {named}"


def note_of_labels(logits: Source, labels: Source | None) -> str | None:
    """Return that note if labels name the columns that they share with the logits, alone."""
    names = labels.columns if labels is not None and len(labels.shape) == 2 else None
    if labels is None or not names or logits.columns:
        return None
    return note_by_number(names, labels.name, logits.name)

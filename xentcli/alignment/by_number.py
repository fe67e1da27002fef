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
    """Return that note if only one of both names the columns that they share."""
    if labels is None or len(labels.shape) != 2 or bool(labels.columns) == bool(logits.columns):
        return None
    there, lacking = (labels, logits) if labels.columns else (logits, labels)
    names = there.columns or ()
    shared = lacking.shape[1:] in ((None,), (len(names),))
    return note_by_number(names, there.name, lacking.name) if shared else None

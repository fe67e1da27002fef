"""The kinds of a model's outputs."""

import math
from typing import TYPE_CHECKING, Literal

from xentcli.errors import InputError

if TYPE_CHECKING:
    from xentcli.core.checks import Kind
    from xentcli.formats.base import Source

OutputKind = Literal["logits", "log-probs", "probs"]
"""What `input` may say, in options and in arguments."""
KINDS: "dict[str, Kind]" = {
    "logits": "logits",
    "log-probs": "log-probabilities",
    "probs": "probabilities",
}
"""The kinds by their names in options and in the argument `input`."""
MENDED: dict[str, str] = {
    "percents": "divide them by 100, and give them as probabilities",
    "negative log-probabilities": "change their sign",
    "log-probabilities to the base 10": f"multiply them by {math.log(10.0)}",
    "log-probabilities to the base 2": f"multiply them by {math.log(2.0)}",
}
"""What makes probabilities, or natural logarithms of them, of rows that look like each."""


def check_name(kind: "Kind", source: "Source") -> None:
    """Raise InputError if the name by which an array was found says that it is of another kind."""
    name = source.name.rpartition(":")[2].casefold()
    by_name = any("by name" in note for note in source.notes)
    if by_name and "prob" in name and "log" not in name and kind != "probabilities":
        raise InputError(
            f"{source.name}: its name says probabilities, not {kind}",
            hint="xent nll --probs FILE; if they are none, whatever their name: --key NAME",
        )

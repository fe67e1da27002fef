"""The kinds of a model's outputs."""

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


def check_name(kind: "Kind", source: "Source") -> None:
    """Raise InputError if the name by which an array was found says that it is of another kind."""
    name = source.name.rpartition(":")[2].casefold()
    by_name = any("by name" in note for note in source.notes)
    if by_name and "prob" in name and "log" not in name and kind != "probabilities":
        raise InputError(
            f"{source.name}: its name says probabilities, not {kind}",
            hint="xent nll --probs FILE; if they are none, whatever their name: --key NAME",
        )

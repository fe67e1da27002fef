"""The kinds of a model's outputs."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from xentcli.core.checks import Kind

OutputKind = Literal["logits", "log-probs", "probs"]
"""What `input` may say, in options and in arguments."""
KINDS: "dict[str, Kind]" = {
    "logits": "logits",
    "log-probs": "log-probabilities",
    "probs": "probabilities",
}
"""The kinds by their names in options and in the argument `input`."""

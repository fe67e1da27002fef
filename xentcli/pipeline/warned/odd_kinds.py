"""Warnings about rows that look like others than was said."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xentcli.core.checks import Kind

COMMANDS_OF_EVAL = {
    "logits": "xent eval LOGITS LABELS",
    "log-probabilities": "xent eval --log-probs LOG_PROBS LABELS",
    "probabilities": "xent eval --probs PROBS LABELS",
}
"""The command that measures everything of rows of each kind."""


def kinds(name: str, kind: "Kind", looks_like: str, fitting: Mapping[str, str]) -> Iterator[str]:
    """Say that a file looks like another kind, and which of the `fitting` commands takes that."""
    fits = looks_like == kind or (kind == "probabilities" and looks_like == "logits")
    if looks_like in fitting and not fits:
        yield f"{name}: these look like {looks_like}, not {kind}: {fitting[looks_like]} would fit"


def sums(name: str, rows: int, most: float) -> str:
    """Say that rows of probabilities do not sum to 1."""
    return (
        f"{name}: rows whose probabilities do not sum to 1: {rows:,}, by up to {most:.3g}; "
        "--normalize divides each row by its sum"
    )

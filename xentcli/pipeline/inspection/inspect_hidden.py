"""Which command fits hidden states, whose logits are the product with a model's head."""

import shlex
from collections.abc import Sequence

from xentcli.formats.keys import HIDDEN_KEYS, LABELS_KEYS, TOKEN_KEYS
from xentcli.pipeline.inspection.inspect import HIDDEN_STATES, FoundArray
from xentcli.results.info import ArraySummary

__all__ = ["HIDDEN_STATES", "command_of", "may_be_labels"]


def may_be_labels(found: FoundArray) -> bool:
    """Whether an array beside hidden states is labels, or the tokens, by its name."""
    return (found.summary.name or "").casefold() in LABELS_KEYS | TOKEN_KEYS


def command_of(
    path: str, states: FoundArray, beside: Sequence[FoundArray], lm_head: str | None
) -> str | None:
    """Return the command that fits hidden states; None if no head fits them.

    Parameters
    ----------
    path : str
        The name of the file.
    states : FoundArray
        The hidden states.
    beside : sequence of FoundArray
        What else the file holds.
    lm_head : str, optional
        The head that the user names.
    """
    array = states.summary
    name = (array.name or "").casefold()
    if array.name is not None and name not in HIDDEN_KEYS:
        return None
    words = ["xent loss", shlex.quote(path), "--lm-head", shlex.quote(lm_head or "MODEL_DIR")]
    labels = _first_of(beside, LABELS_KEYS)
    tokens = _first_of(beside, TOKEN_KEYS)
    found = labels or tokens
    if found is None:
        words.insert(2, "LABELS")
        return " ".join(words)
    if len(array.shape) > 2 and found.shape == array.shape[:-2]:
        words += ["--layer", "-1"]
    if labels is None:  # the tokens themselves: each state predicts the next one
        words += ["--shift", "1"]
    return " ".join(words)


def _first_of(found: Sequence[FoundArray], names: set[str]) -> ArraySummary | None:
    of_name = (each.summary for each in found if (each.summary.name or "").casefold() in names)
    return next(of_name, None)

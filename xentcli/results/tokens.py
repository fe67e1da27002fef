"""What ``xent nll`` reports of the log-probabilities in a server's answers."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from xentcli.results.measure import Measure

NAMES = {
    "prompt": ("loss", "perplexity", "bits", "bits_per_byte"),
    "generated": (
        "generated_nll",
        "generated_perplexity",
        "generated_bits",
        "generated_bits_per_byte",
    ),
}
"""What the same measures are called of tokens that were given, and of tokens that were made: how
much a model is surprised by what it drew itself is no loss."""


class TokenLoss(NamedTuple):
    """The negative log likelihood of tokens, in nats, with errors by sequence.

    Attributes
    ----------
    part : str
        Whether they are those of prompts, or those that the model generated.
    dialect : str
        Whose keys the answers have.
    reduction : str
        What `total` is: the mean, or the sum.
    total, total_sum : float
        The number, and the sum over the tokens.
    used, ignored : int
        How many tokens have a log-probability, and have none.
    first : int
        How many of the latter are the first of their sequence, which nothing stands before.
    sequences, requests, failed, silent : int
        How many sequences of tokens there are; requests, those that failed, and those without
        log-probabilities.
    bytes : int or None
        How many bytes the used tokens are, where every one tells.
    metrics : mapping of str to Measure
        By the names in `NAMES`; n is how many sequences they are of.
    """

    part: str
    dialect: str
    reduction: str
    total: float
    total_sum: float
    used: int
    ignored: int
    first: int
    sequences: int
    requests: int
    failed: int
    silent: int
    bytes: int | None
    metrics: Mapping[str, Measure]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the measures."""
        return NAMES[self.part]

    def named(self) -> dict[str, Any]:
        """Return what JSON says: numbers under the names that these tokens' measures have."""
        name = self.names[0]
        return {
            "command": "nll",
            "tokens": self.part,
            "dialect": self.dialect,
            name: self.total,
            "reduction": self.reduction,
            f"{name}_sum": self.total_sum,
            "used": self.used,
            "ignored": self.ignored,
            "first_tokens": self.first,
            "sequences": self.sequences,
            "requests": self.requests,
            "failed_requests": self.failed,
            "requests_without_log_probs": self.silent,
            **{other: self.metrics[other].value for other in self.names[1:]},
            "bytes": self.bytes,
            "standard_error": self.metrics[name].standard_error,
            "metrics": self.metrics,
        }

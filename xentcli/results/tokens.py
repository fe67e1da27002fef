"""The result of ``xent nll`` for log-probabilities in a server's answers."""

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
"""The names of the same measures for tokens of prompts and for generated tokens: the latter are no
loss, since the model drew these tokens itself."""


class TokenLoss(NamedTuple):
    """The negative log likelihood of tokens, in nats, with errors by sequence.

    Attributes
    ----------
    part : str
        ``prompt``, or ``generated`` for tokens that the model drew itself.
    dialect : str
        The kind of server whose keys the answers have.
    reduction : str
        Whether `total` is the mean or the sum.
    total, total_sum : float
        The mean or the sum, and the sum over the tokens.
    used, ignored : int
        How many tokens have a log-probability, and how many have none.
    first : int
        How many of the latter are the first of their sequence, so that nothing predicts them.
    sequences, requests, failed, silent : int
        How many sequences of tokens and requests there are, and how many requests failed or came
        without log-probabilities.
    bytes : int or None
        How many bytes the used tokens have; None if a token does not tell its bytes.
    metrics : mapping of str to Measure
        The measures by the names in `NAMES`; n is how many sequences they are over.
    notes : tuple of str
        Notes and warnings, in Python; commands print them apart from results.
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
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the measures."""
        return NAMES[self.part]

    def named(self) -> dict[str, Any]:
        """Return the object for JSON, with the names of measures for these tokens."""
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

"""The result of ``xent nll`` for log-likelihoods of whole texts."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from xentcli.results.groups import Group
from xentcli.results.measure import Measure

NAMES = ("loss", "byte_perplexity", "bits_per_byte", "word_perplexity", "loss_of_document")


class TextLoss(NamedTuple):
    """The negative log likelihood of texts, in nats, with errors by document.

    Attributes
    ----------
    loss : float
        The mean loss of a byte.
    loss_sum : float
        The sum over all texts.
    documents, bytes, words : int or None
        How many there are; words are None if the file does not tell them.
    metrics : mapping of str to Measure
        The measures by the names in `NAMES`; n is how many documents they are over.
    groups : tuple of Group
        The measures of each task, if there are several.
    notes : tuple of str
        Notes and warnings, in Python; commands print them apart from results.
    """

    loss: float
    loss_sum: float
    documents: int
    bytes: int
    words: int | None
    metrics: Mapping[str, Measure]
    groups: tuple[Group, ...] = ()
    notes: tuple[str, ...] = ()

    def named(self) -> dict[str, Any]:
        """Return the object for JSON."""
        return {
            "command": "nll",
            "loss": self.loss,
            "loss_sum": self.loss_sum,
            "documents": self.documents,
            "bytes": self.bytes,
            "words": self.words,
            **{name: self.metrics[name].value for name in NAMES[1:] if name in self.metrics},
            "standard_error": self.metrics["loss"].standard_error,
            "metrics": self.metrics,
            "groups": list(self.groups) or None,
        }

"""The negative log likelihood of whole texts, by byte and by word, as harnesses log them."""

from dataclasses import dataclass, replace

import numpy as np

from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.metrics.moments import Moments
from xentcli.metrics.texts import TextsState, TextSums
from xentcli.pipeline.language.samples import samples_of
from xentcli.pipeline.measures.loss_measures import of_loss
from xentcli.results.groups import Group
from xentcli.results.measure import NOTHING, Measure
from xentcli.results.texts import TextLoss
from xentcli.storage.paths import natural_key

NOTES = ("the loss is that of a byte; errors are by document",)
"""What the user should know of every loss of texts."""


@dataclass(frozen=True)
class TextsAsked:
    """Which filter's answers were asked for; None for the first there is."""

    key: str | None = None


def texts_state(source: Source) -> TextsState:
    """Return the state of texts.

    Raises
    ------
    InputError
        If the texts' numbers of bytes were not logged, or a log-likelihood is impossible.
    """
    samples, name = samples_of(source), source.name
    if samples is None:
        raise InputError(f"{name}: no samples of lm-evaluation-harness")
    losses, sizes, words = -samples.log_likelihoods, samples.bytes, samples.words
    if sizes is None:
        raise InputError(
            f"{name}: the bytes of the texts are not told: neither byte_perplexity nor "
            "bits_per_byte was logged",
            hint="the loss of a document: --reduction sum, or none",
        )
    if (odd := np.flatnonzero(~np.isfinite(losses) | (losses < 0))).size:
        row = int(odd[0])
        told = f"the log-likelihood {samples.log_likelihoods[row]:g} is none of a text"
        raise InputError(f"{samples.place(row)}: {told}")
    if (odd := np.flatnonzero(~(sizes >= 0))).size:
        raise InputError(f"{samples.place(int(odd[0]))}: the text has no count of bytes")
    tasks, names = {}, np.array(samples.tasks)
    for task in sorted({*samples.tasks}):
        rows = names == task
        tasks[task] = TextSums.of(losses[rows], sizes[rows], None if words is None else words[rows])
    return TextsState(tasks)


def loss_of_texts(state: TextsState, name: str) -> TextLoss:
    """Return the loss of texts, with errors that take documents, not bytes, as independent.

    Raises
    ------
    InputError
        If the texts, which messages call by `name`, have no byte.
    """
    total = state.total
    metrics = _measures(total, words=total.words is not None)
    if metrics["loss"].value is None:
        raise InputError(f"{name}: the texts have no byte")
    return TextLoss(
        metrics["loss"].value,
        float(total.documents.total),
        total.documents.clusters,
        int(float(total.bytes.weight)),
        None if total.words is None else int(float(total.words.weight)),
        metrics,
        tuple(
            Group(task, sums.documents.clusters, _measures(sums, words=total.words is not None))
            for task, sums in sorted(state.tasks.items(), key=lambda each: natural_key(each[0]))
        )
        if len(state.tasks) > 1
        else (),
    )


def measure_texts(source: Source) -> TextLoss:
    """Return the loss of texts."""
    return loss_of_texts(texts_state(source), source.name)


def _measures(sums: TextSums, *, words: bool) -> dict[str, Measure]:
    loss = _mean(sums.bytes)
    of_bytes = of_loss(loss, ("perplexity", "bits"))
    found = {
        "loss": loss,
        "byte_perplexity": of_bytes["perplexity"],
        "bits_per_byte": of_bytes["bits"],
    }
    if words and sums.words is not None:
        found["word_perplexity"] = of_loss(_mean(sums.words), ("perplexity",))["perplexity"]
    found["loss_of_document"] = _mean(sums.documents)
    return {name: replace(each, n=sums.documents.clusters) for name, each in found.items()}


def _mean(moments: Moments) -> Measure:
    return moments.compute() or NOTHING

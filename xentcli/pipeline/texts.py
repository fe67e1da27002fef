"""The negative log likelihood of whole texts, by byte and by word, as harnesses log them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.base import Source
from xentcli.formats.harness.collected import Samples
from xentcli.metrics.clusters import Moments
from xentcli.pipeline.loss_measures import of_loss
from xentcli.pipeline.samples import samples_of
from xentcli.results.groups import Group
from xentcli.results.measure import Measure
from xentcli.results.texts import TextLoss

Numbers = NDArray[np.float64]


def measure_texts(source: Source) -> TextLoss:
    """Return the loss of texts; its errors take the documents, not their bytes, as independent.

    Raises
    ------
    InputError
        If the bytes of the texts are not told, or a log-likelihood is none.
    """
    samples, name = samples_of(source), source.name
    if samples is None:
        raise InputError(f"{name}: no samples of lm-evaluation-harness")
    losses = -samples.log_likelihoods
    if samples.bytes is None:
        raise InputError(
            f"{name}: the bytes of the texts are not told: neither byte_perplexity nor "
            "bits_per_byte was logged",
            hint="the loss of a document: --reduction sum, or none",
        )
    if (odd := np.flatnonzero(~np.isfinite(losses) | (losses < 0))).size:
        row = int(odd[0])
        told = f"the log-likelihood {samples.log_likelihoods[row]:g} is none of a text"
        raise InputError(f"{samples.place(row)}: {told}")
    if (odd := np.flatnonzero(~(samples.bytes >= 0))).size:
        raise InputError(f"{samples.place(int(odd[0]))}: the text has no count of bytes")
    every = np.ones(len(losses), np.bool_)
    metrics = _measures(losses, samples.bytes, samples.words, every)
    if metrics["loss"].value is None:
        raise InputError(f"{name}: the texts have no byte")
    words = None if samples.words is None else int(samples.words.sum())
    return TextLoss(
        metrics["loss"].value,
        float(Moments.of(losses, np.ones_like(losses)).total),
        len(losses),
        int(samples.bytes.sum()),
        words,
        metrics,
        tuple(_groups(samples.tasks, losses, samples)) if samples.by_task else (),
    )


def _groups(tasks: Sequence[str], losses: Numbers, samples: Samples) -> Iterator[Group]:
    each = np.array(tasks)
    for task in dict.fromkeys(tasks):
        rows = each == task
        found = _measures(losses, samples.bytes, samples.words, rows)
        yield Group(task, int(rows.sum()), found)


def _measures(
    losses: Numbers, sizes: Numbers | None, words: Numbers | None, rows: NDArray[np.bool_]
) -> dict[str, Measure]:
    losses = losses[rows]

    def mean(weights: Numbers | None) -> Measure:
        if weights is None:
            return Measure()
        return Moments.of(losses, weights[rows], np.ones(len(losses), np.bool_)).compute() or (
            Measure()
        )

    loss = mean(sizes)
    of_bytes = of_loss(loss, ("perplexity", "bits"))
    found = {
        "loss": loss,
        "byte_perplexity": of_bytes["perplexity"],
        "bits_per_byte": of_bytes["bits"],
    }
    if words is not None:
        found["word_perplexity"] = of_loss(mean(words), ("perplexity",))["perplexity"]
    found["loss_of_document"] = mean(np.ones(len(rows)))
    return {name: replace(each, n=len(losses)) for name, each in found.items()}

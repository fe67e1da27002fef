"""Puts samples into arrays: a row for each doc, as wide as the most choices of any doc."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.harness.sample import LOGGED, Sample

Numbers = NDArray[np.float64]
NO_GOLD = -100
"""The label of a doc of which no single choice is right; PyTorch's `ignore_index`."""


def arrays_of(samples: Sequence[Sample]) -> dict[str, Any]:
    """Return the fields of `Samples` from `log_likelihoods` to `several_inputs`, by name."""
    choices = samples[0].kind == "choices"
    values = [each.log_likelihoods for each in samples]
    padded = _padded(values, -np.inf)
    counts = [len(each) for each in values]
    names = dict.fromkeys(name for each in samples for name in each.logged)
    return {
        "log_likelihoods": padded if choices or not padded.shape[1] else padded[:, 0],
        "counts": tuple(counts),
        "unconditional": _complete([each.unconditional for each in samples], counts, 0.0),
        "golds": _golds(samples, values),
        "several_golds": tuple(each.golds for each in samples),
        "lengths": _complete([each.lengths for each in samples], counts, 1.0),
        "sizes": _complete([each.sizes for each in samples], counts, 1.0),
        "words": _column([each.words for each in samples]),
        "bytes": _column([each.bytes for each in samples]),
        "greedy": _column([None if each.greedy is None else +each.greedy for each in samples]),
        "logged": {
            name: np.array([each.logged.get(name, np.nan) for each in samples], np.float64)
            for name in names
        },
        "several_inputs": any(each.several_inputs for each in samples),
    }


def _padded(rows: Sequence[Sequence[float]], beyond: float) -> Numbers:
    found = np.full((len(rows), max(map(len, rows))), beyond)
    for row, values in zip(found, rows, strict=True):
        row[: len(values)] = values
    return found


def _complete(rows: Sequence[list[float]], counts: list[int], beyond: float) -> Numbers | None:
    """Return the numbers of choices, if every doc has those of all of its choices."""
    if [len(each) for each in rows] != counts or not any(rows):
        return None
    return _padded(rows, beyond)


def _column(values: Sequence[float | None]) -> Numbers | None:
    return None if None in values else np.array(values, np.float64)


def _golds(samples: Sequence[Sample], values: Sequence[Sequence[float]]) -> NDArray[np.int64]:
    """Return the right choices; a target that is a number and a text is read as the log has it."""

    def hits(golds: Sequence[tuple[int, ...]]) -> int:
        return sum(
            bool(row) and (int(np.argmax(row)) in gold) == each.logged.get(LOGGED[0])
            for row, gold, each in zip(values, golds, samples, strict=True)
        )

    numbers = [each.golds for each in samples]
    if any(each.other_golds for each in samples):
        texts = [each.other_golds or each.golds for each in samples]
        numbers = texts if hits(texts) > hits(numbers) else numbers
    single = [gold[0] if len(gold) == 1 else NO_GOLD for gold in numbers]
    return np.array(single, np.int64)

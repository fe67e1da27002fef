"""Labels that may be wrong, against a loop over the rows that count."""

from typing import Any

import naive
import numpy as np
from close_to import close_to
from measure_tools import EVERYTHING, measured, rows_like


def test_the_least_probable_labels_come_first() -> None:
    """Rows that are ignored or hold NaN are neither suspect nor part of a class's mean."""
    logits, labels = rows_like(9, 150, 5)
    logits[::3, 2] += 3.0  # as of rows of one class with labels of another
    kept = (np.arange(150) % 4 != 1) & (np.arange(150) % 11 != 3)
    given, damaged = np.where(np.arange(150) % 4 == 1, -100, labels), logits.copy()
    damaged[np.arange(150) % 11 == 3, 1] = np.nan
    found = measured(damaged, given, EVERYTHING, propagate=True).suspects
    assert found is not None
    rows, probs = np.flatnonzero(kept), naive.softmax(logits[kept])
    wrong: list[Any] = naive.suspects(probs, labels[kept])
    assert (found.count, found.n) == (len(wrong), len(rows))
    assert len(wrong) > 10
    of_label = probs[np.arange(len(rows)), labels[kept]]
    order = sorted(wrong, key=lambda i: (of_label[i], i))[:10]
    assert [row.row for row in found.rows] == rows[order].tolist()
    assert [row.label for row in found.rows] == labels[kept][order].tolist()
    assert [row.label_probability for row in found.rows] == close_to(
        of_label[order].tolist(), rel=1e-12
    )
    thresholds = [probs[labels[kept] == c, c].mean() for c in range(5)]
    for row, i in zip(found.rows, order, strict=True):
        reached = [c for c in range(5) if probs[i, c] >= thresholds[c]]
        assert row.suggestion == max(reached, key=lambda c: probs[i, c])

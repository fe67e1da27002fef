"""Files that tests of the command line write or take, and what NumPy makes of their numbers."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parents[2] / "sample_data"
DIGITS = (DATA / "digits_logits.npy", DATA / "digits_labels.npy")
WEAK = DATA / "digits_weak_logits.npy"


def write_rows(path: str | Path, names: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a CSV file: a header of names, and a line a row."""
    lines = [",".join(names), *(",".join(map(str, row)) for row in rows)]
    Path(path).write_text("\n".join([*lines, ""]))


def log_softmax(logits: Any) -> Any:
    """Return log-probabilities along the last axis, of small logits."""
    z = np.asarray(logits, np.float64)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def losses(logits: Any, labels: Any) -> Any:
    """Return the cross entropy of each row by its definition."""
    return -np.take_along_axis(log_softmax(logits), np.asarray(labels)[..., None], -1)[..., 0]

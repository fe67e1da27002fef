"""Files that tests of the command line write or take."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from formulas import log_softmax

DATA = Path(__file__).parents[2] / "sample_data"
DIGITS = (DATA / "digits_logits.npy", DATA / "digits_labels.npy")
WEAK = DATA / "digits_weak_logits.npy"


def write_rows(path: str | Path, names: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a CSV file: a header of names, and a line a row."""
    lines = [",".join(names), *(",".join(map(str, row)) for row in rows)]
    Path(path).write_text("\n".join([*lines, ""]))


def log_probs(logits: Any) -> Any:
    """Return log-probabilities along the last axis, as a model saves them."""
    return log_softmax(logits).astype(np.float64)


def copy_files(source: Path, folder: Path) -> Path:
    """Copy what a folder holds into another, and return that."""
    for path in source.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder

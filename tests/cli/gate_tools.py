"""Four rows of three classes for gates to judge, and the words that ask for these."""

from pathlib import Path
from typing import Any

import numpy as np
from cli_files import log_probs
from formulas import cross_entropies

LOGITS = np.array([[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [1.0, 0.0, 0.5], [0.0, 0.0, 1.0]])
LABELS = np.array([0, 1, 2, 2])  # three of four are right
WORSE = LOGITS / 8


def mean_and_error(logits: Any) -> tuple[float, float]:
    """Return the mean loss and its standard error by the textbook."""
    losses = cross_entropies(logits, LABELS)
    return float(losses.mean()), float(losses.std(ddof=1) / 2)


LOSS, ERROR = mean_and_error(LOGITS)
WORSE_LOSS, WORSE_ERROR = mean_and_error(WORSE)


def save_rows(folder: Path) -> None:
    """Write logits, worse ones, log-probabilities, probabilities, and labels."""
    normalized = log_probs(LOGITS)
    arrays = {"z": LOGITS, "worse": WORSE, "lp": normalized, "p": np.exp(normalized), "y": LABELS}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)


def gates(*texts: str) -> list[str]:
    return [word for text in texts for word in ("--fail-if", text)]

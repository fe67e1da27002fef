"""Logits of three classes, and labels that name these; what tests of labels share."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import write_rows
from cli_tools import Outcome
from formulas import cross_entropies

NAMES = ["cat", "dog", "bird"]
LOGITS = np.random.default_rng(3).normal(size=(6, 3))
INDICES = np.array([0, 2, 1, 1, 0, 2])
LABELS = [NAMES[i] for i in INDICES]
LOSSES = cross_entropies(LOGITS, INDICES).astype(float)
LOSS = ["loss", "--reduction", "none", "--logits"]


@pytest.fixture(autouse=True)
def label_files(tmp_path: Path) -> None:
    """Write the logits with and without names, and the labels."""
    write_rows(tmp_path / "z.csv", NAMES, LOGITS)
    np.save(tmp_path / "z.npy", LOGITS)
    write_labels(LABELS, tmp_path / "y.csv")


def write_labels(labels: Iterable[Any], path: Path | str = "y.csv", header: str = "label") -> None:
    write_rows(path, [header], ([label] for label in labels))


def write_beside(path: str, names: Sequence[str], labels: Iterable[Any]) -> None:
    """Write the logits, and labels beside them."""
    rows = ([*row, label] for row, label in zip(LOGITS, labels, strict=True))
    write_rows(path, [*names, "label"], rows)


def assert_losses(outcome: Outcome, want: Any = LOSSES, note: str | None = "") -> None:
    """Check the losses of a run, and its note if there is to be one or none."""
    assert outcome.code == 0, outcome.err
    found = [float(line) for line in outcome.out.splitlines()]
    np.testing.assert_allclose(found, want, rtol=1e-14)
    assert note is None or outcome.err == note

"""Class probabilities whose header names the classes, beside logits without names."""

import numpy as np
import pytest
from cli_files import write_rows
from cli_tools import Run

LOGITS = np.random.default_rng(4).normal(size=(7, 3))
ONE_HOT = np.eye(3)[[0, 1, 2, 0, 1, 2, 2]]
LOSS = (np.log(np.exp(LOGITS).sum(axis=1)) - (LOGITS * ONE_HOT).sum(axis=1)).mean()
NOTE = "z.npy: its classes have no names; they are matched by number with y.csv"


@pytest.mark.parametrize(
    ("header", "said"), [("ant,bee,cat", True), ("y_0,y_1,y_2", False), ("0,1,2", False)]
)
def test_a_note_says_that_classes_go_by_number(run: Run, header: str, *, said: bool) -> None:
    np.save("z.npy", LOGITS)
    write_rows("y.csv", header.split(","), (0.8 * ONE_HOT + 0.1 * (1 - ONE_HOT)).tolist())
    outcome = run("loss", "z.npy", "y.csv")
    mixed = 0.7 * LOSS + 0.1 * (3 * np.log(np.exp(LOGITS).sum(axis=1)) - LOGITS.sum(axis=1)).mean()
    assert outcome.number == pytest.approx(mixed, rel=1e-12)
    assert (NOTE in outcome.err) == said
    if said:
        assert NOTE not in run("loss", "z.npy", "y.csv", "--classes", header).err

"""Rows of which a note tells: those that are not there, and those of a negative weight."""

import numpy as np
import pytest
from cli_tools import Run

from xentcli import calibrate, loss

ROWS = 40
RNG = np.random.default_rng(11)
LABELS = RNG.integers(0, 3, ROWS)
LOGITS = RNG.normal(size=(ROWS, 3)) + np.eye(3)[LABELS]
BIASED = LOGITS + np.array([0.0, 0.5, 0.0])


@pytest.fixture
def files(run: Run) -> Run:
    np.save("z.npy", LOGITS)
    np.save("new.npy", BIASED)
    np.save("y.npy", LABELS)
    np.save("bits.npy", np.eye(3)[LABELS])
    return run


COMMANDS = [
    ("loss", "z.npy", "y.npy"),
    ("loss", "z.npy", "bits.npy", "--binary"),
    ("eval", "z.npy", "y.npy"),
    ("compare", "z.npy", "new.npy", "--labels", "y.npy"),
    ("calibrate", "z.npy", "y.npy"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: "-".join(words[:2]))
def test_rows_past_the_end_are_noted(files: Run, words: tuple[str, ...]) -> None:
    """A part that is misnamed was smaller than it says, without a word."""
    ends = {"30:41": "note: z.npy: of rows 30:41, the last is 39\n", "30:40": "", "30:": ""}
    outcomes = [files(*words, "--rows", rows, "--json") for rows in ends]
    notes = ["".join(_of_the_end(each.err)) for each in outcomes]
    assert notes == [*ends.values()]
    assert len({each.stdout for each in outcomes}) == 1


def _of_the_end(text: str) -> list[str]:
    return [line for line in text.splitlines(keepends=True) if "the last is" in line]


def test_rows_of_sequences_are_those_of_the_first_axis(files: Run) -> None:
    np.save("z.npy", LOGITS.reshape(10, 4, 3))
    np.save("y.npy", LABELS.reshape(10, 4))
    words = ("loss", "z.npy", "y.npy", "--class-axis", "-1", "--shift", "1", "--rows")
    assert "the last is" not in files(*words, "8:10").err
    assert "note: z.npy: of rows 8:11, the last is 9\n" in files(*words, "8:11").err


def test_python_notes_them_too() -> None:
    want = "logits: of rows 0:100, the last is 39"
    assert want in loss(LOGITS, LABELS, rows=slice(0, 100)).notes
    assert [*calibrate(LOGITS, LABELS, rows=slice(0, 100)).notes].count(want) == 1
    assert want not in loss(LOGITS, LABELS, rows=slice(0, 40)).notes


@pytest.mark.parametrize(
    ("words", "weight", "said"),
    [
        (COMMANDS[0], ("--weight=1,-2,1",), f"rows of a negative weight: {(LABELS == 1).sum()}"),
        (COMMANDS[0], ("--sample-weight", "w.npy"), "rows of a negative weight: 3"),
        (COMMANDS[1], ("--sample-weight", "w.npy"), "rows of a negative weight: 9"),
        (COMMANDS[2], ("--weight=1,-2,1",), f"rows of a negative weight: {(LABELS == 1).sum()}"),
        (COMMANDS[3], ("--weight=1,-2,-1",), "classes of a negative weight: 2"),
    ],
    ids=["class", "row", "elements", "eval", "compare"],
)
def test_negative_weights_are_noted(
    files: Run, words: tuple[str, ...], weight: tuple[str, ...], said: str
) -> None:
    """PyTorch takes them; a mean over them may lie outside of all losses."""
    np.save("w.npy", np.where(np.arange(ROWS) < 3, -0.5, 1.0))
    assert f"note: {said}\n" in files(*words, *weight).err
    np.save("w.npy", np.ones(ROWS))
    positive = [word.replace("-2", "2").replace("-1", "1") for word in weight]
    assert "negative" not in files(*words, *positive).err

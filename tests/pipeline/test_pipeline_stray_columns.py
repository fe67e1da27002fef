"""A column beside the classes that no name tells of, as in an NPY file, is found by its numbers."""

from typing import Any

import numpy as np
import pytest
from formulas import log_softmax
from in_one_test import in_one_test
from numpy.typing import NDArray

from xentcli.alignment.aligned_rows import AlignedRows
from xentcli.core.labels import LossOptions
from xentcli.formats.base import MemorySource
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.stray_columns import notes_of_strays

Array = NDArray[Any]
DRAW = np.random.default_rng(11)
Z = DRAW.normal(size=(20, 3))
Y = DRAW.integers(0, 3, 20)
ROWS = np.arange(20.0)
SIDE = DRAW.uniform(2.0, 9.0, 20)
LOGS = log_softmax(Z)
LOGITS = Criterion()
THE_LABELS = "it holds the labels themselves"
WHOLE = "it holds whole numbers, as labels and numbers of rows are, and others hold fractions"
SUMS = "without it, the probabilities of each row sum to 1"


def beside(*parts: Array) -> Array:
    return np.column_stack(parts)


def notes(values: Array, criterion: Criterion = LOGITS, columns: Any = None) -> list[str]:
    source = MemorySource("z", values)
    source.columns = columns
    rows = AlignedRows(values, Y[: len(values)], (len(values),), LossOptions())
    return [*notes_of_strays(rows, source, criterion)]


@in_one_test
@pytest.mark.parametrize(
    ("values", "column", "why", "way"),
    [
        (beside(Z, Y), 4, THE_LABELS, " (else save array[:, :-1])"),
        (beside(Z[:5], Y[:5]), 4, THE_LABELS, " (else save array[:, :-1])"),
        (beside(ROWS, Z), 1, WHOLE, " (else save array[:, 1:])"),
        (beside(Z[:, :1], ROWS + 7, Z[:, 1:]), 2, WHOLE, ""),
        (beside(LOGS, SIDE), 4, SUMS, " (else save array[:, :-1])"),
        (beside(-SIDE, np.exp(LOGS)), 1, SUMS, " (else save array[:, 1:])"),
        (beside(LOGS, Y), 4, SUMS, " (else save array[:, :-1])"),
    ],
)
def test_it_is_a_note(values: Array, column: int, why: str, way: str) -> None:
    shown = f"column {column} of {values.shape[1]}"
    assert notes(values) == [f"z: {shown} is read as a class, though {why}{way}"]
    assert notes(values.astype(np.float32)) == notes(values)


def test_a_table_has_a_name_for_it() -> None:
    (note,) = notes(beside(LOGS, SIDE), columns=("cat", "dog", "fox", "fare"))
    assert note == f"z: column 'fare' is read as a class, though {SUMS} (else --drop fare)"
    kind = Criterion("probabilities")
    assert notes(beside(np.exp(LOGS), SIDE), kind) == [
        f"z: column 4 of 4 is read as a class, though {SUMS} (else save array[:, :-1])"
    ]
    assert notes(beside(Z, ROWS), columns=("cat", "dog", "fox", "fare")) == []  # it was chosen


@in_one_test
@pytest.mark.parametrize(
    "values",
    [
        Z,
        LOGS,
        np.exp(LOGS),
        Z.round(),
        (Z * 1000).astype(np.float16),  # large numbers of 16 bits are whole
        np.eye(3)[Y],
        beside(np.eye(3)[Y] * 2, Y),
        beside(Z, np.zeros(20)),
        beside(Z, Y == 1),
        beside(Z[:3], Y[:3]),
        beside(np.exp(LOGS), np.zeros(20)),
        beside(Z[:, :1], Y),
        np.where(np.eye(3)[Y] > 0, np.finfo(float).min, Z),
    ],
)
def test_classes_are_in_no_doubt(values: Array) -> None:
    assert notes(values.astype(np.float64)) == []

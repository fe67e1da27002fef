"""Labels that do not fit logits: what is said of both, and of columns that may be meant."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import log_probs, write_rows
from cli_tools import Run, refusal
from close_to import close_to
from in_one_test import in_one_test

Z = np.random.default_rng(7).normal(size=(6, 3))
ONE_COLUMN = "--label-column NAME reads one column"


def test_a_column_beside_one_for_each_class(run: Run) -> None:
    np.save("z.npy", Z)
    table = np.random.default_rng(8).dirichlet([1.0] * 3, 6)
    for beside in (0, 1, 2):
        columns = np.c_[table[:, :beside] + 1.0, table]
        write_rows(f"y{beside}.csv", [*"abcde"][: 3 + beside], columns.tolist())
    want = float(-(table * log_probs(Z)).sum(axis=1).mean())
    assert run("loss", "z.npy", "y0.csv").number == close_to(want, rel=1e-14)
    of_one = refusal(run("loss", "z.npy", "y1.csv"))
    assert "labels of shape (N, 4) do not fit logits of shape (6, 3)" in of_one.error
    assert of_one.hint == f"{ONE_COLUMN}, or --label-column 2-4 one for each class"
    got = run("loss", "z.npy", "y1.csv", "--label-column", "2-4").number
    assert got == close_to(want, rel=1e-14)
    assert refusal(run("loss", "z.npy", "y2.csv")).hint == ONE_COLUMN
    for name, columns, numbers in (
        ("last", np.c_[table, table[:, 0] + 1.0], "1-3"),
        ("either", np.c_[table, table[:, 0]], "2-4 or --label-column 1-3"),
        ("neither", np.c_[table[:, :2], table[:, 0] + 1.0, table[:, 2]], None),
    ):
        write_rows(f"{name}.csv", [*"abcd"], columns.tolist())
        hint = refusal(run("loss", "z.npy", f"{name}.csv")).hint
        more = f", or --label-column {numbers} one for each class" if numbers else ""
        assert hint == f"{ONE_COLUMN}{more}"
    got = run("loss", "z.npy", "last.csv", "--label-column", "1-3").number
    assert got == close_to(want, rel=1e-14)
    write_rows("ids.csv", ["id", *"abcd"], np.c_[np.arange(6) * 7, table[:, 0] + 1.0, table])
    hint = refusal(run("loss", "z.npy", "ids.csv", "--label-column", "2-5")).hint
    assert hint == f"{ONE_COLUMN}, or --label-column 3-5 one for each class"
    got = run("loss", "z.npy", "ids.csv", "--label-column", "3-5").number
    assert got == close_to(want, rel=1e-14)


def test_rows_are_called_columns_where_classes_lie_along_the_first_axis(run: Run) -> None:
    np.save("z.npy", Z.T)
    np.save("cube.npy", np.zeros((3, 2, 6)))
    np.save("y.npy", np.arange(4) % 3)
    along = ("y.npy", "--class-axis", "0")
    assert refusal(run("loss", "z.npy", "y.npy")).error == "y.npy: 4 labels for the 3 rows of z.npy"
    said = refusal(run("loss", "z.npy", *along)).error
    assert said == "y.npy: 4 labels for the 6 columns of z.npy"
    said = refusal(run("loss", "cube.npy", *along)).error
    assert "they must have shape (2, 6) (class indices)" in said


@in_one_test
@pytest.mark.parametrize(
    ("shape", "axis", "labels", "part"),
    [
        ((6, 3), -1, 5, "[:-1]"),
        ((3, 6), 0, 5, "[:, :-1]"),
        ((4, 5, 3), -1, (4, 4), "[:, :-1]"),
        ((4, 3, 5), 1, (4, 4), "[:, :, :-1]"),
    ],
)
def test_labels_that_are_shifted_already(
    run: Run, shape: tuple[int, ...], axis: int, labels: Any, part: str
) -> None:
    np.save("z.npy", np.zeros(shape))
    np.save("y.npy", np.zeros(labels, int))
    said = refusal(run("loss", "z.npy", "y.npy", "--class-axis", str(axis))).hint or ""
    assert f"Then logits{part} belong to them, and no shift" in said


@in_one_test
@pytest.mark.parametrize("name", ["z.csv", "z.jsonl"])
@pytest.mark.parametrize("rows", [[], ["--rows", ":1"], ["--rows", "1:"]])
def test_an_empty_line_among_logits_is_named_and_no_row(
    run: Run, name: str, rows: list[str]
) -> None:
    """It counted as a row, for which the error said that a label was missing."""
    lines = [f"[{a},{b}]" if name == "z.jsonl" else f"{a},{b}" for a, b in ((1, 2), (3, 5))]
    np.save("y.npy", [0, 1])
    Path(name).write_text("\n\n".join(lines))
    found = refusal(run("loss", name, "y.npy", *rows))
    assert (found.error, found.hint) == (f"{name}:2: an empty line", "delete it")
    Path(name).write_text("\n".join([*lines, "", " \n" if name == "z.jsonl" else "\n"]))
    losses = run("loss", name, "y.npy", "--reduction", "none").out.splitlines()
    want = {"": losses, ":1": losses[:1], "1:": losses[1:]}["".join(rows[1:])]
    assert run("loss", name, "y.npy", "--reduction", "none", *rows).out.splitlines() == want
    assert len(losses) == 2

"""Labels that stand beside the logits of one model or several that xent compare reads."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import write_rows
from cli_tools import Run
from compare_tools import (
    CLASSES,
    IDS,
    ONE,
    RNG,
    TRUE,
    TWO,
    WITH_LABELS,
    found,
    metrics_of,
    save_models,
    write_with_ids,
)


def test_labels_within_the_first_file(run: Run, compared: dict[str, Any]) -> None:
    for name, rows in (("a", ONE), ("b", TWO)):
        lines = [[*z, y] for z, y in zip(rows.tolist(), TRUE.tolist(), strict=True)]
        write_rows(f"{name}.csv", [*CLASSES, "label"], lines)
        np.savez(f"{name}.npz", logits=rows, labels=TRUE)
    column = ("--label-column", "label")
    assert found(run, "a.csv", "b.csv", *column) == compared
    assert found(run, "a.npz", "b.npz") == compared
    for labels in ("a.csv", "b.csv"):  # beside one of them, or in a file of their own
        assert found(run, "a.csv", "b.csv", "--labels", labels, *column) == compared


def test_labels_within_another_file(run: Run, compared: dict[str, Any]) -> None:
    column = ("--label-column", "label")
    write_with_ids("a.csv", ONE)
    rows = [[IDS[i], *TWO[i].tolist(), CLASSES[TRUE[i]]] for i in RNG.permutation(40)]
    write_rows("b.csv", ["id", *CLASSES, "label"], rows)
    assert found(run, "a.csv", "b.csv", *column) == compared
    write_rows("b.csv", [*CLASSES, "label"], [[*TWO[i].tolist(), TRUE[i]] for i in range(40)])
    outcome = run("compare", "one.npy", "b.csv", *column, "--json")
    assert metrics_of(outcome) == compared
    assert [file["role"] for file in outcome.json["files"]] == ["base", "new", "labels"]
    piped = run("compare", "one.npy", "-", *column, stdin=Path("b.csv").read_bytes())
    assert piped.code == 1
    assert "name the file of labels: --labels FILE" in piped.err


@pytest.mark.parametrize("ending", ["npz", "csv"])
def test_labels_of_each_model_tell_that_rows_are_in_two_orders(run: Run, ending: str) -> None:
    """As a loader that shuffles leaves them: those of the first model were taken for all."""
    save_models()
    place = np.roll(np.arange(40), 3)
    first = next(row for row in range(40) if TRUE[row] != TRUE[place][row])
    for name, order in (("a", np.arange(40)), ("b", np.arange(40)), ("c", place)):
        rows, labels = TWO[order], TRUE[order]
        np.savez(f"{name}.npz", logits=rows, labels=labels)
        lines = [[*z, y] for z, y in zip(rows.tolist(), labels.tolist(), strict=True)]
        write_rows(f"{name}.csv", [*CLASSES, "label"], lines)
    files = [f"{name}.{ending}" for name in "abc"]
    column = ("--label-column", "label") if ending == "csv" else ()
    there, here = (f"{name}.{ending}{':labels' * (not column)}" for name in "ca")
    said = f"{there}: the label of row {first} is {TRUE[place][first]}, and {TRUE[first]} in {here}"
    for asked in (files, files[::2]):
        outcome = run("compare", *asked, *column)
        assert outcome.err.splitlines()[-2].startswith(f"error: {said}: are these the same rows")
    if column:
        piped = run("compare", files[0], "-", *column, stdin=Path(files[2]).read_bytes())
        left = "<stdin>: column 'label' is left out: the labels of a.csv are taken for all"
        assert (piped.code, left in piped.err) == (0, True)
    drop = ("--drop", "label") if column else ()
    own = run("compare", *files[::2], *WITH_LABELS, *drop, "--metric", "loss_base", "--quiet")
    right = metrics_of(run("compare", *files[:2], *column, "--json"))
    assert own.number == right["loss_base"]["value"]


def test_a_shard_that_is_missing_is_told_before_labels_that_differ_below_it(run: Run) -> None:
    for i, rows in enumerate(np.split(np.arange(40), 5)):
        for name, values in (("a", ONE), ("b", TWO)):
            if (name, i) != ("b", 1):
                np.savez(f"{name}-{i}.npz", logits=values[rows], labels=TRUE[rows])
    outcome = run("compare", "a-*.npz", "b-*.npz")
    assert outcome.code == 1
    assert "note: b-1.npz: there is no such file, though" in outcome.err
    assert "error: b-*.npz: 32 rows, and a-*.npz has 40\n" in outcome.err


def test_labels_of_rows_with_ids_may_be_in_another_order(
    run: Run, compared: dict[str, Any]
) -> None:
    for name, rows, order in (("a", ONE, range(40)), ("b", TWO, range(39, -1, -1))):
        lines = [[IDS[i], *rows[i].tolist(), TRUE[i]] for i in order]
        write_rows(f"{name}.csv", ["id", *CLASSES, "label"], lines)
    assert found(run, "a.csv", "b.csv", "--label-column", "label") == compared

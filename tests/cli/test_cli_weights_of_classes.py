"""Weights of classes: those that pandas saved with an index, and those of another number."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_tools import Run, refusal

import xentcli as xent

LOGITS = np.random.default_rng(2).normal(size=(9, 3))
LABELS = np.arange(9) % 3
WEIGHTS = np.array([1.0, 2.0, 5.0])
LOSSES = np.log(np.exp(LOGITS).sum(axis=1)) - LOGITS[np.arange(9), LABELS]
LOSS = (LOSSES * WEIGHTS[LABELS]).sum() / WEIGHTS[LABELS].sum()


@pytest.fixture
def files(run: Run) -> Run:
    """Write logits with a header, and their labels."""
    pd.DataFrame(LOGITS, columns=["ant", "bee", "cat"]).to_csv("z.csv", index=False)
    np.save("y.npy", LABELS)
    return run


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("class,weight\nbee,2\nant,1\ncat,3\n", "may be no classes: 'class', 'weight'"),
        (",0\n1,2.0\n0,1.0\n2,3.0\n", "the first column, which has no name, does not count"),
    ],
    ids=["names", "index"],
)
def test_no_hint_names_options_of_other_files(files: Run, content: str, said: str) -> None:
    """Followed, those to --drop the column led to the same error."""
    Path("w.csv").write_text(content)
    error, hint = refusal(files("loss", "z.csv", "y.npy", "--weight", "w.csv"))
    assert said in error
    assert hint.endswith("in the order of the classes")
    assert "--" not in hint


@pytest.mark.parametrize("names", [["ant", "bee", "cat"], [10, 20, 30]])
def test_an_index_that_may_name_classes_is_an_error(files: Run, names: list[str | int]) -> None:
    frame = pd.DataFrame({"weight": WEIGHTS}, index=pd.Index(names))
    frame.iloc[[2, 0, 1]].to_parquet("w.parquet")
    error, hint = refusal(files("loss", "z.csv", "y.npy", "--weight", "w.parquet"))
    assert error.startswith("w.parquet: class weights go by place")
    assert hint.startswith("write one row, with a column for each class")


def test_what_the_hint_says_is_right(files: Run) -> None:
    pd.DataFrame([[5.0, 1.0, 2.0]], columns=["cat", "ant", "bee"]).to_parquet("row.parquet")
    pd.DataFrame({"weight": WEIGHTS}).to_parquet("alone.parquet")
    pd.Series(WEIGHTS).to_csv("counted.csv")
    for weights in ("row.parquet", "alone.parquet", "counted.csv"):
        found = files("loss", "z.csv", "y.npy", "--weight", weights).number
        assert found == pytest.approx(LOSS, rel=1e-12)


def test_an_error_of_their_number_names_their_file(files: Run) -> None:
    np.savetxt("four.csv", [[1.0, 2.0, 3.0, 4.0]], delimiter=",")
    np.save("hot.npy", np.eye(3)[LABELS])
    for command in (
        ["loss", "z.csv", "y.npy"],
        ["nll", "--probs", "z.csv", "y.npy"],
        ["eval", "z.csv", "y.npy"],
        ["compare", "z.csv", "z.csv", "--labels", "y.npy"],
        ["calibrate", "z.csv", "y.npy"],
    ):
        error = refusal(files(*command, "--weight", "four.csv")).error
        each = "must have one number for each of the 3 classes, not shape (4,)"
        assert error == f"four.csv: --weight {each}", command
        typed = refusal(files(*command, "--weight", "1,2,3,4")).error
        assert typed == error.removeprefix("four.csv: ")
    for option in ("--weight", "--pos-weight"):
        error = refusal(files("loss", "z.csv", "hot.npy", "--binary", option, "four.csv")).error
        assert error.startswith(f"four.csv: {option} of shape (4,) does not fit logits"), option


@pytest.mark.parametrize("names", [[0, 1, 2], [5, 7, 9]])
def test_numbers_above_one_row_of_weights_name_the_classes(files: Run, names: list[int]) -> None:
    """A file of two rows cannot hold two rows of weights."""
    pd.DataFrame(LOGITS, columns=names).to_csv("z.csv", index=False)
    np.save("y.npy", np.array(names)[LABELS])
    for order in ([0, 1, 2], [2, 0, 1]):
        moved = [names[i] for i in order]
        pd.DataFrame([WEIGHTS[order]], columns=moved).to_csv("row.csv", index=False)
        found = files("loss", "z.csv", "y.npy", "--header", "--weight", "row.csv").number
        assert found == pytest.approx(LOSS, rel=1e-12), order
        assert files("loss", "z.csv", "y.npy", "--header", "--weight", "1,2,5").number == found
    pd.DataFrame([WEIGHTS, WEIGHTS], columns=names).to_csv("row.csv", index=False)
    error = refusal(files("loss", "z.csv", "y.npy", "--header", "--weight", "row.csv")).error
    assert error.startswith("row.csv: one row or one column is needed, not shape (2, 3)")


@pytest.mark.parametrize("text", ["0,1.5\n1,2.5\n", "0,2\n1,2.5\n", "1,2,5\n1,2,5\n"])
def test_two_rows_of_numbers_are_no_weights(run: Run, text: str) -> None:
    """Numbers of classes beside their weights are two columns; whole numbers may be either."""
    classes = text.splitlines()[0].count(",") + 1
    Path("w.csv").write_text(text)
    np.save("z.npy", LOGITS[:, :classes])
    np.save("y.npy", LABELS % classes)
    error = refusal(run("loss", "z.npy", "y.npy", "--weight", "w.csv")).error
    needed = f"w.csv: one row or one column is needed, not shape (2, {classes})"
    assert error == needed or error.startswith("w.csv: column 1 may be no class")


def test_two_rows_of_numbers_may_be_names_above_weights(run: Run) -> None:
    """What the hint says gives the number: the weights alone, in the order of the classes."""
    np.save("z.npy", LOGITS)
    np.save("y.npy", LABELS)
    command = ["loss", "z.npy", "y.npy", "--weight", "w.csv"]
    row = ",".join(map(str, WEIGHTS))
    Path("w.csv").write_text(f"0.5,1.5,2.5\n{row}\n")
    refused = refusal(run(*command))
    assert refused.error == "w.csv: one row or one column is needed, not shape (2, 3)"
    assert refused.hint is not None
    assert refused.hint.endswith("; or the weights alone, in the order of the classes")
    Path("w.csv").write_text(f"{row}\n")
    assert run(*command).number == pytest.approx(LOSS, rel=1e-12)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_rows_to_test_on_have_the_weights_of_their_own_classes(
    files: Run, order: list[int]
) -> None:
    """Their classes may stand in another order than those of the rows that were fitted."""
    names = ["ant", "bee", "cat"]
    moved = [names[i] for i in order]
    pd.DataFrame(LOGITS[:, order], columns=moved).to_csv("moved.csv", index=False)
    pd.DataFrame([WEIGHTS], columns=names).to_csv("row.csv", index=False)
    pd.DataFrame({"label": np.array(names)[LABELS]}).to_csv("y.csv", index=False)
    fit = ("calibrate", "z.csv", "y.csv", "--folds", "0", "--json")
    found = files(*fit, "--test", "moved.csv", "y.csv", "--weight", "row.csv").json
    tested = found["tested"]["metrics"]
    assert tested["loss_before"]["value"] == pytest.approx(LOSS, rel=1e-12)
    for name in ("loss_before", "loss_after"):
        assert tested[name] == found["metrics"][name]
    hot, moved_hot = np.eye(3)[LABELS], np.eye(3)[LABELS][:, order]
    pd.DataFrame(hot, columns=names).to_csv("hot.csv", index=False)
    pd.DataFrame(moved_hot, columns=moved).to_csv("moved_hot.csv", index=False)
    binary = ("calibrate", "z.csv", "hot.csv", "--folds", "0", "--json", "--binary")
    found = files(*binary, "--test", "moved.csv", "moved_hot.csv", "--pos-weight", "row.csv").json
    losses = np.where(hot == 1, WEIGHTS, 1.0) * np.logaddexp(
        0.0, np.where(hot == 1, -1, 1) * LOGITS
    )
    tested = found["tested"]["metrics"]
    assert tested["loss_before"]["value"] == pytest.approx(losses.mean(), rel=1e-12)
    assert tested["loss_after"] == found["metrics"]["loss_after"]


def test_weights_that_may_be_of_other_classes_of_the_rows_to_test_on(files: Run) -> None:
    """As with the rows that are fitted, only one of weights and rows has the classes' numbers."""
    np.save("z.npy", LOGITS)
    pd.DataFrame(LOGITS[:, [2, 0, 1]], columns=["c2", "c0", "c1"]).to_csv("moved.csv", index=False)
    fit = ("calibrate", "z.npy", "y.npy", "--folds", "0", "--weight", "1,2,5")
    error = refusal(files(*fit, "--test", "moved.csv", "y.npy")).error
    assert error.startswith("--weight: its classes have no names, and those of moved.csv are numb")
    with pytest.raises(xent.XentError, match=r"and those of moved[.]csv are numbered"):
        xent.calibrate("z.npy", "y.npy", weight=WEIGHTS, folds=0, test=("moved.csv", "y.npy"))

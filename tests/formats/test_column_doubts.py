"""Columns that may be no class, in CSV and Parquet alike."""

from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from column_tools import FRAME, ROWS, Z, both, opened, refused, values
from in_one_test import in_one_test
from opening import csv_source

from xentcli.errors import InputError
from xentcli.text import split_names

NO_CLASSES = [
    "id", "Id", "ID", "IDs", "image_id", "PassengerId", "userid", "row-index", "idx", "Unnamed: 0",
    "fold", "cv_fold", "Fold 1", "split", "label", "labels", "true_label", "LabelIndex", "target",
    "y", "y_true", "y_pred", "yPred", "pred", "Prediction", "predicted class", "sample_weight",
    "score", "loss", "group", "Usage", "confidence",
]  # fmt: skip


@in_one_test
@pytest.mark.parametrize(
    ("name", "format_", "option"),
    zip(NO_CLASSES, cycle(["csv", "parquet"]), cycle(["drop", "drop", "columns", "columns"])),
)
def test_a_name_speaks_against_a_class(name: str, format_: str, option: str) -> None:
    beside = np.arange(ROWS) % 2  # which as numbers might be a class
    message, ways = refused(FRAME.assign(**{name: beside}), format_)
    assert message.startswith(f"f.{format_}: column {name!r} may be no class: its name says ")
    frame = FRAME.assign(**{name: beside})
    source = opened(frame, format_, **{option: split_names(ways[f"--{option}"])})
    assert (source.columns, values(source)) == (("cat", "dog", "fox"), Z.tolist())


@in_one_test
@both
@pytest.mark.parametrize("name", ["name", "file_name", "Key"])
@pytest.mark.parametrize("frame", [FRAME[:1], FRAME.round().astype(int)], ids=["row", "whole"])
def test_integers_that_name_rows_are_no_class(frame: pd.DataFrame, name: str, format_: str) -> None:
    """In one row, and beside whole logits, nothing but the name says so."""
    message, ways = refused(frame.assign(**{name: range(100, 100 + len(frame))}), format_)
    what = f"its name says {name.lower().rpartition('_')[2]!r}"
    assert message == f"f.{format_}: column {name!r} may be no class: {what}"
    assert ways["--drop"] == name


@in_one_test
@pytest.mark.parametrize(("at", "format_"), [(0, "csv"), (2, "parquet"), (3, "csv")])
@pytest.mark.parametrize(
    "column", [range(7, 7 + ROWS), [3, 5] * 6, [-1, 1] * 6, [0, 1] * 6, ["x"] * ROWS]
)
def test_what_a_column_holds_speaks_against_it(column: Any, at: int, format_: str) -> None:
    frame = FRAME.copy()
    frame.insert(at, "a,b", list(column))
    message, ways = refused(frame, format_)
    assert "column 'a,b' may be no class: it holds" in message
    source = opened(frame, format_, drop=split_names(ways["--drop"]))
    assert (source.columns, values(source)) == (("cat", "dog", "fox"), Z.tolist())


@in_one_test
@both
@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        FRAME.assign(bird=1),
        FRAME.assign(bird=[0.0, 1.0] * 6),
        FRAME.round().astype(int),
        FRAME.set_axis(["score_0", "score_1", "score_2"], axis=1),
        FRAME.set_axis(["cat score", "hot dog score", "fox score"], axis=1),
        FRAME.set_axis(["label0", "label1", "label2"], axis=1),
        FRAME.set_axis(["x", "y", "z"], axis=1),
        FRAME.set_axis(["de", "id", "en"], axis=1),  # fractions are no ids
        FRAME.set_axis(["key", "lock", "name"], axis=1),
        FRAME.iloc[:2].round().assign(cat=[0.5, 1.5]),
        FRAME.iloc[:, :1].set_axis(["score"], axis=1),
    ],
)
def test_nothing_speaks_against(frame: pd.DataFrame, format_: str) -> None:
    source = opened(frame, format_)
    assert source.columns == tuple(frame.columns)
    assert (
        values(source)
        == (frame if len(frame.columns) > 1 else frame.iloc[:, 0]).to_numpy(np.float64).tolist()
    )


@in_one_test
@both
@pytest.mark.parametrize(("rows", "doubted"), [(20, True), (19, False)])
def test_a_tenth_of_whole_numbers_is_next_to_none(
    format_: str, rows: int, *, doubted: bool
) -> None:
    """Two of so many cells are whole beside the fractions, as rounding makes them."""
    frame = pd.DataFrame(np.resize(Z, (rows, 2)), columns=["cat", "dog"])
    frame.iloc[:2] = 5.0
    frame = frame.assign(kind=np.arange(rows) % 3)
    if doubted:
        assert "column 'kind' may be no class" in refused(frame, format_)[0]
    else:
        assert opened(frame, format_).columns == ("cat", "dog", "kind")


@in_one_test
@both
@pytest.mark.parametrize(("rows", "doubted"), [(10, True), (9, False)])
def test_few_fractions_may_be_whole_by_chance(format_: str, rows: int, *, doubted: bool) -> None:
    frame = FRAME.iloc[:rows].assign(kind=np.arange(rows) % 3 + 1.0)
    if doubted:
        assert "column 'kind' may be no class" in refused(frame, format_)[0]
    else:
        assert opened(frame, format_).columns == ("cat", "dog", "fox", "kind")


def test_one_column_of_flags_is_noted_and_several_are_not() -> None:
    rows = [("0.5", "2.5", "0", "1"), ("3", "0.25", "1", "0"), ("4.5", "7", "1", "1")]
    for count, notes in ((2, 0), (3, 1), (4, 0)):
        text = "".join(",".join(row[:count]) + "\n" for row in [tuple("abcd"), *rows])
        found = csv_source(text).notes
        assert len(found) == notes
        assert all("column 'c' holds only 0 and 1, and is read as one of 3" in n for n in found)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_a_column_without_a_name_that_counts_the_rows_is_noted(first: int) -> None:
    """Beside whole numbers nothing else tells that it is an index."""
    text = "".join(f"{first + i},{5 * i % 7},3\n" for i in range(5))
    what = "column 1 counts the rows, and is read as a class (else --drop 1)"
    assert csv_source(text).notes == ([f"f.csv: {what}"] if first < 2 else [])
    assert csv_source(text, columns=("1-3",)).notes == []


SENTENCES = ["this is about a cat", "this is about a true label", "a photo of a dog"]


@both
def test_sentences_are_names_of_classes(format_: str) -> None:
    source = opened(FRAME.set_axis(SENTENCES, axis=1), format_)
    assert source.columns == tuple(SENTENCES)
    name = SENTENCES[1]
    what = f"column {name!r} is read as a class, though its name says 'true'"
    assert source.notes == [f"f.{format_}: {what} (else --drop '{name}')"]
    short = ["the red fox", "the grey wolf", "a fox with a score"]
    assert len(opened(FRAME.set_axis(short, axis=1), format_).notes) == 1
    like = [*SENTENCES[:2], "this is about a score"]
    assert "and 1 more like it" in opened(FRAME.set_axis(like, axis=1), format_).notes[0]


@in_one_test
@both
@pytest.mark.parametrize(
    "names",
    [
        ["red fox", "grey wolf", "confidence of the model"],  # no sentences beside it
        ["the red fox", "the grey wolf", "predicted label of this row"],
        ["the red fox", "the grey wolf", "the score"],
        ["the red fox", "the grey wolf", "the fox score"],
        ["the red fox", "the grey wolf", "is this the true label"],
    ],
)
def test_what_is_no_sentence_among_sentences_is_in_doubt(names: list[str], format_: str) -> None:
    message, _ = refused(FRAME.set_axis(names, axis=1), format_)
    assert f"column {names[2]!r} may be no class" in message
    whole = FRAME.set_axis(SENTENCES, axis=1).assign(**{SENTENCES[1]: np.arange(ROWS) % 3})
    assert f"column {SENTENCES[1]!r} may be no class" in refused(whole, format_)[0]


@both
def test_many_in_doubt_are_one_error(format_: str) -> None:
    frame = FRAME.assign(y_pred=0, fold=np.arange(ROWS), note="x")
    message, ways = refused(frame, format_)
    assert "3 of 6 columns may be no classes: 'y_pred', 'fold', 'note'" in message
    assert ways == {"--drop": "y_pred,fold,note", "--columns": "cat,dog,fox"}


@in_one_test
@both
@pytest.mark.parametrize(
    "names",
    [["score_0", "score_1", "target_0", "target_1"], ["true_a", "true_b", "pred_a", "pred_b"]],
)
def test_two_kinds_of_columns_are_not_taken_for_one(names: list[str], format_: str) -> None:
    frame = pd.DataFrame(np.c_[Z[:, :2], Z[:, :2]], columns=names)
    _, ways = refused(frame, format_)
    assert "--drop" not in ways
    pattern = f"{names[0].partition('_')[0]}_*"
    assert values(opened(frame, format_, columns=(pattern,))) == Z[:, :2].tolist()


@both
def test_the_judgement_needs_no_more_than_the_beginning(format_: str) -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(3000, 2)), columns=["a", "b"])
    frame["c"] = np.r_[frame["a"][:5], np.arange(2995)]
    assert opened(frame, format_).columns == ("a", "b", "c")


def test_a_measure_that_labels_have_too_names_no_rows() -> None:
    """Labels with a column for each class have the names of the classes."""
    names = ["cat", "dog", "temperature"]
    frame = pd.DataFrame(Z.round().astype(int), columns=names)
    with pytest.raises(InputError) as caught:
        opened(frame, "csv", partner=tuple(names), of_labels=tuple(names))
    assert "--id-column" not in (caught.value.hint or "")


@in_one_test
@both
def test_probabilities_of_all_columns_are_classes_whatever_their_names(format_: str) -> None:
    """They no longer are, if the sum needs no such column: a small loss changes no sum."""
    names = ["cat", "weight_scale", "target"]
    shares = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    frame = pd.DataFrame(shares.round(4), columns=names)
    assert opened(frame, format_).columns == tuple(names)
    for name, values_ in (
        ("loss", np.linspace(1e-7, 2e-6, ROWS)),
        ("loss", np.linspace(0.1, 0.9, ROWS)),
        ("label", np.zeros(ROWS)),
    ):
        beside = FRAME * 0 + shares
        message, ways = refused(beside.assign(**{name: values_}), format_)
        assert message.startswith(f"f.{format_}: column {name!r} may be no class")
        assert ways["--drop"] == name
    moved = frame.assign(target=frame.target + 0.01)
    assert "may be no classes" in refused(moved, format_)[0]

"""Columns that may be no class, in CSV and Parquet alike; which columns of labels hold them."""

import re
import shlex
import tempfile
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_one_test import in_one_test
from opening import csv_source, read_csv

from xentcli.errors import InputError
from xentcli.formats import registry
from xentcli.formats.base import ReadOptions, Source
from xentcli.formats.column_names import without_shared
from xentcli.formats.column_words import words_of
from xentcli.storage.inputs import Input
from xentcli.text import split_names

ROWS = 12
Z = np.random.default_rng(3).normal(size=(ROWS, 3))
FRAME = pd.DataFrame(Z, columns=["cat", "dog", "fox"])
both = pytest.mark.parametrize("format_", ["csv", "parquet"])


def opened(frame: pd.DataFrame, format_: str, **options: Any) -> Source:
    if format_ == "csv":
        return csv_source(frame.to_csv(index=False), **options)
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed with the source
    file.write(content := frame.to_parquet(index=False))
    data = Input("f.parquet", file, len(content), shareable=True)
    return registry.open_source(data, None, ReadOptions(**options))


def values(source: Source) -> list[Any]:
    return [row for block in source.blocks(100) for row in source.decode(block).values.tolist()]


def refused(frame: pd.DataFrame, format_: str) -> tuple[str, dict[str, str]]:
    """Return what is in doubt, and the options of the hint."""
    with pytest.raises(InputError) as caught:
        opened(frame, format_)
    words = [word.rstrip(",") for word in shlex.split(caught.value.hint or "")]
    ways = {w: words[i + 1] for i, w in enumerate(words) if w in ("--drop", "--columns")}
    return caught.value.message, ways


NO_CLASSES = [
    "id", "Id", "ID", "IDs", "image_id", "PassengerId", "userid", "row-index", "idx", "Unnamed: 0",
    "fold", "cv_fold", "Fold 1", "split", "label", "labels", "true_label", "LabelIndex", "target",
    "y", "y_true", "y_pred", "yPred", "pred", "Prediction", "predicted class", "sample_weight",
    "score", "loss", "group", "Usage", "confidence",
]  # fmt: skip


@in_one_test
@pytest.mark.parametrize(("name", "format_"), zip(NO_CLASSES, cycle(["csv", "parquet"])))
def test_a_name_speaks_against_a_class(name: str, format_: str) -> None:
    beside = np.arange(ROWS) % 2  # which as numbers might be a class
    message, ways = refused(FRAME.assign(**{name: beside}), format_)
    assert message.startswith(f"f.{format_}: column {name!r} may be no class: its name says ")
    frame = FRAME.assign(**{name: beside})
    for option, said in (("drop", ways["--drop"]), ("columns", ways["--columns"])):
        source = opened(frame, format_, **{option: split_names(said)})
        assert (source.columns, values(source)) == (("cat", "dog", "fox"), Z.tolist())


@in_one_test
@both
@pytest.mark.parametrize("at", [0, 2, 3])
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


@in_one_test
@both
@pytest.mark.parametrize(
    ("said", "columns"),
    [("2-3", "dog fox"), ("cat,3", "cat fox"), ("*o*", "dog fox"), ("fox,1-2", "fox cat dog")],
)
def test_columns_by_range_and_pattern(said: str, columns: str, format_: str) -> None:
    source = opened(FRAME, format_, columns=split_names(said))
    assert source.columns == tuple(columns.split())
    assert values(source) == FRAME[columns.split()].to_numpy().tolist()


@in_one_test
@both
@pytest.mark.parametrize("said", ["0-2", "2-9", "z*", "3-1", "2-", "-3"])
def test_columns_that_are_not_there(said: str, format_: str) -> None:
    with pytest.raises(InputError, match=re.escape(repr(said))):
        opened(FRAME, format_, columns=(said,))


# Files of labels


@in_one_test
@both
@pytest.mark.parametrize("beside", [{"id": range(ROWS)}, {"fold": 1, "filename": "x"}])
def test_one_column_of_labels_among_others(beside: dict[str, Any], format_: str) -> None:
    frame = pd.DataFrame({**beside, "target": np.arange(ROWS) % 3}, index=range(ROWS))
    source = opened(frame, format_, labels=True)
    assert (source.shape[1:], values(source)) == ((), frame["target"].tolist())
    assert "rows are matched by place" in source.notes[-1]


@both
def test_one_column_for_each_class_goes_by_name(format_: str) -> None:
    frame = FRAME[["fox", "cat", "dog"]].assign(Usage="Public")
    source = opened(frame, format_, labels=True, classes=("cat", "dog", "fox"))
    assert values(source) == Z.tolist()
    source = opened(frame, format_, labels=True, classes=("p_cat", "p_dog", "p_fox"))
    assert values(source) == Z.tolist()
    with pytest.raises(InputError, match="are not named as the classes"):
        opened(FRAME, format_, labels=True, classes=("a", "b", "c"))


# Headers


@in_one_test
@pytest.mark.parametrize("first", ["0,1,2", "0,1", "0,1,10,11,2,3,4,5,6,7,8,9"])
def test_a_first_row_that_counts(first: str) -> None:
    count = first.count(",") + 1
    fractions, whole = ",".join(["0.5"] * count), ",".join(["5"] * count)
    assert read_csv(f"{first}\n{fractions}\n").columns == tuple(first.split(","))
    alone = read_csv(first + "\n")
    assert (alone.columns, alone.values.tolist()) == (None, [list(map(float, first.split(",")))])
    with pytest.raises(InputError, match="may be a header or data") as caught:
        read_csv(f"{first}\n{whole}\n")
    assert {"--header", "--no-header"} <= set((caught.value.hint or "").split())


@in_one_test
@pytest.mark.parametrize(
    ("names", "rests"),
    [
        (("prob_cat", "prob_dog"), ("cat", "dog")),
        (("Status_C", "Status_CL", "Status_D"), ("C", "CL", "D")),
        (("cat score", "dog score"), ("cat", "dog")),
        (("p0", "p1", "p10"), ("0", "1", "10")),
        (("class_10", "class_11"), ("10", "11")),
        (("cat", "cattle"), ()),
        (("a_", "a_b"), ()),
        (("a",), ()),
    ],
)
def test_what_tells_names_apart(names: tuple[str, ...], rests: tuple[str, ...]) -> None:
    assert without_shared(names) == rests


def test_words() -> None:
    assert words_of("PassengerId") == ("passengerid",)
    assert words_of("trueLabel_2-IDs x") == ("true", "label", "2", "ids", "x")

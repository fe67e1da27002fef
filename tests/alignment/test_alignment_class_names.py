"""What labels mean: names in arrays of every kind of text, numbers that are names."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_one_test import in_one_test

from xentcli.alignment.class_names import IGNORED, ClassNames
from xentcli.core.labels import LossOptions
from xentcli.errors import LabelError

NAMES = ClassNames(("cat", "dog", "é"))
NUMBERS = np.dtype(np.int64)
TEXT = ["dog", " cat ", "é", "dog"]


@in_one_test
@pytest.mark.parametrize(
    "labels",
    [
        np.array(TEXT),
        np.array(TEXT, object),
        np.array(TEXT, np.dtypes.StringDType()),
        np.array([text.encode() for text in TEXT]),
        np.array([text.encode() for text in TEXT], object),
    ],
)
@pytest.mark.parametrize("shape", [(4,), (2, 2), (1, 4)])
def test_text_of_every_kind(labels: Any, shape: tuple[int, ...]) -> None:
    found, options, problems = NAMES.indices(labels.reshape(shape), LossOptions())
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, np.array([1, 0, 2, 1]).reshape(shape))
    assert (options.ignore_index, options.label_base, problems) == (IGNORED, 0, ())


@in_one_test
@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, "", "  "])
def test_what_is_missing(missing: Any) -> None:
    labels = np.array(["cat", missing, "dog", missing, "cow"], object)
    found, _, problems = NAMES.indices(labels, LossOptions())
    assert found.tolist() == [0, IGNORED, 1, IGNORED, IGNORED]
    (problem,) = problems
    assert (problem.error, problem.row, problem.rows) == (LabelError, 1, 3)
    assert problem.message == "an empty cell instead of a label"


@in_one_test
@pytest.mark.parametrize("dtype", ["i1", "u2", "i8", "f4", "f8"])
def test_numbers_of_every_kind_that_are_names(dtype: str) -> None:
    names = ClassNames(("7", "+3", "005"))
    assert names.numbers == (7, 3, 5)
    labels = np.array([5, 7, 3, 5, 100], dtype)
    found, _, problems = names.indices(labels, LossOptions(ignore_index=100))
    assert (found.tolist(), problems) == ([2, 0, 1, 2, IGNORED], ())
    _, _, (problem,) = names.indices(labels, LossOptions())
    assert (problem.row, problem.message) == (4, "label 100 is none of the 3 classes")


@in_one_test
@pytest.mark.parametrize(
    "names", [(), ("0", "1", "2"), ("cat", "1"), ("1", "01"), ("1.0", "2.0"), ("1" * 30, "2")]
)
def test_names_that_numbers_do_not_mean(names: tuple[str, ...]) -> None:
    classes = ClassNames(names)
    labels = np.array([1, 0])
    assert (classes.numbers, classes.notes_on(NUMBERS)) == ((), [])
    assert classes.indices(labels, LossOptions()).labels is labels


def test_the_hint_is_the_nearest_of_many_names() -> None:
    names = ClassNames(tuple(f"class number {i}" for i in range(2000)))
    _, _, (problem,) = names.indices(np.array(["class numbre 1234"]), LossOptions())
    assert problem.hint is None, "only the first of all blocks is worth the search"
    assert names.with_hint(problem).hint == "did you mean 'class number 1234'?"


def test_stars_are_counted_by_their_number() -> None:
    """Also where labels lack one of them: 1 was the second class."""
    classes = ClassNames(("1 star", "2 stars", "3 stars"), where="z.csv")
    assert classes.indices(np.array([1, 2]), LossOptions()).labels.tolist() == [0, 1]
    assert classes.indices(np.array(["2 stars"]), LossOptions()).labels.tolist() == [1]
    (note,) = classes.notes_on(NUMBERS)
    assert note == "z.csv: labels are columns: 1 star, 2 stars, 3 stars (else --label-base 0)"
    assert ClassNames(("1 star", "2 bars")).numbers == ClassNames(("2D", "3D")).numbers == ()


def test_a_note_says_where_the_first_of_two_classes_is_yes() -> None:
    says = "z.csv: label 0 is 'p_yes', and 1 is 'p_no', by place (else --columns p_no,p_yes)"
    columns, shorts = ("p_yes", "p_no"), ("yes", "no")
    for classes, notes in (
        (ClassNames(columns, where="z.csv", shorts=shorts), [says]),
        (ClassNames(columns[::-1], where="z.csv", shorts=shorts[::-1]), []),
        (ClassNames(columns, True, where="z.csv", shorts=shorts), []),
        (ClassNames(shorts), []),  # the user has listed them
        (ClassNames(("yes", "unsure", "no"), where="z.csv"), []),
    ):
        assert classes.notes_on(NUMBERS) == notes
        assert classes.notes_on(np.dtype(str)) == []
        assert classes.indices(np.array([0, 1]), LossOptions()).labels.tolist() == [0, 1]


@pytest.mark.parametrize("words", ["True,False", "TRUE,false", "is_true,is_false"])
def test_the_class_true_is_label_1(words: str) -> None:
    """In whatever order the columns stand; 0 was the class true where that is the first one."""
    columns = tuple(words.split(","))
    shorts = ("true", "false") if words.startswith("is_") else ()
    for names, order in ((columns, [1, 0]), (columns[::-1], [0, 1])):
        found = ClassNames(names, where="z.csv", shorts=shorts if order[0] else shorts[::-1])
        for labels in (np.array([0, 1]), np.array([0.0, 1.0]), np.array([False, True])):
            indices = found.indices(labels, LossOptions())
            np.testing.assert_array_equal(indices.labels.astype(np.int64), order)
            assert not indices.problems
        said = [f"z.csv: labels are columns: {', '.join(shorts or names)} (else --label-base 0)"]
        assert found.notes_on(NUMBERS) == (said if order[0] else [])


@in_one_test
@pytest.mark.parametrize(
    ("columns", "true"),
    [
        (("1", "0"), 0),
        (("0", "1"), 1),
        (("yes", "no"), 0),
        (("Negative", "Positive"), 1),
        (("cat", "dog"), 1),
        ((), 1),
    ],
)
def test_true_is_the_class_of_its_name_or_number(columns: tuple[str, ...], true: int) -> None:
    """Text and bools alike: those of CSV went by place, and those of Parquet by number."""
    classes = ClassNames(columns)
    for labels in (
        np.array([True, False]),
        np.array(["True", "False"]),
        np.array(["true", "FALSE"]),
    ):
        found, _, problems = classes.indices(labels, LossOptions())
        assert ([*map(int, found)], problems) == ([true, 1 - true], ())


@in_one_test
@pytest.mark.parametrize("labels", [np.array([True, False]), np.array(["True", "False"])])
@pytest.mark.parametrize("columns", [("a", "b", "c"), ("1", "2", "5", "7")])
def test_true_is_none_of_more_classes(labels: Any, columns: tuple[str, ...]) -> None:
    _, _, (problem,) = ClassNames(columns).indices(labels, LossOptions())
    assert problem.message == f"label 'True' is none of the {len(columns)} classes"

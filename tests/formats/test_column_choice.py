"""Columns that are chosen by number, name and pattern, those of labels, and what names say."""

import re
from typing import Any

import numpy as np
import pytest
from column_tools import FRAME, ROWS, Z, both, opened, values
from in_one_test import in_one_test

from xentcli.errors import InputError
from xentcli.formats.column_names import without_shared, without_some_shared
from xentcli.formats.column_words import words_of
from xentcli.text import split_names


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


def test_a_column_without_a_name_is_what_no_name_and_no_pattern_finds() -> None:
    """A name that is not there was taken for the index of pandas, which has none."""
    index = np.arange(ROWS) + 5
    first, last = FRAME.copy(), FRAME.assign(__index_level_0__=index)
    first.insert(0, "", index)
    for format_, frame, at in (("csv", first, "1"), ("parquet", last, "4")):
        for said in ("zebra", "0", "cat,0", "-", "zebra,cat"):
            for option in ("columns", "drop"):
                with pytest.raises(InputError, match=r"there is no column '(zebra|0|-)'"):
                    opened(frame, format_, **{option: split_names(said)})
        for said in ("*", "[!q]*", "cat,*"):
            source = opened(frame, format_, columns=split_names(said))
            assert (source.columns, source.notes) == (("cat", "dog", "fox"), [])
            assert values(source) == Z.tolist()
        source = opened(frame, format_, columns=(at, "cat"))
        what = f"column {at} has no name: it may be an index, and no class"
        assert [note.partition(": ")[2] for note in source.notes] == [what]
        assert [row[0] for row in values(source)] == index.tolist()


@in_one_test
@both
@pytest.mark.parametrize("beside", [{"id": range(ROWS)}, {"fold": 1, "filename": "x"}])
def test_one_column_of_labels_among_others(beside: dict[str, Any], format_: str) -> None:
    frame = FRAME[[]].assign(**beside, target=np.arange(ROWS) % 3)
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


@in_one_test
@pytest.mark.parametrize(
    ("names", "called"),
    [
        (("prob_class_0", "prob_class_1"), {"class_0": 0, "class_1": 1}),
        (("P class=cat", "P class=dog"), {"class=cat": 0, "class=dog": 1}),
        (("a_b_c1_x", "a_b_c2_x"), {"b_c1": 0, "b_c2": 1}),
        (("p_c_c_1", "p_c_1"), {"c_c_1": 0}),  # c_1 would be both
        (("prob_cat", "prob_dog"), {}),
        (("cat", "cattle"), {}),
        (("a_b",), {}),
        ((), {}),
    ],
)
def test_what_else_names_may_be_called(names: tuple[str, ...], called: dict[str, int]) -> None:
    assert without_some_shared(names) == called


def test_words() -> None:
    assert words_of("PassengerId") == ("passengerid",)
    assert words_of("trueLabel_2-IDs x") == ("true", "label", "2", "ids", "x")

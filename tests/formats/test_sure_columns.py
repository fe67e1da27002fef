"""Columns of fractions whose names alone decide: reading their first rows would change nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_one_test import in_one_test

from xentcli.errors import DoubtfulColumns
from xentcli.formats.column_looks import Column, looks_at
from xentcli.formats.column_words import OF_ROWS, WORDS
from xentcli.formats.doubts import are_sure, check

STEMS = ["c", "logit_", "class", "p.", "", "y_true_", "is_", *sorted(WORDS - OF_ROWS)]
CELLS = [0.0, 1.0, 2.0, 3.5, -1.0, np.nan]


def said(columns: list[Column]) -> object:
    try:
        return check("f", columns, [column.name for column in columns])
    except DoubtfulColumns as error:
        return str(error), error.hint


@given(st.sampled_from(STEMS), st.integers(2, 5), st.integers(0, 14), st.data())
def test_what_stands_in_them_changes_nothing(
    stem: str, width: int, rows: int, data: st.DataObject
) -> None:
    names = [f"{stem}{i}" for i in range(width)]
    assert are_sure(names)
    cells = st.lists(st.sampled_from(CELLS), min_size=rows * width, max_size=rows * width)
    table = np.array(data.draw(cells), np.float64).reshape(rows, width)
    floats = np.zeros(width, np.bool_)
    looks = looks_at(table, integers=floats, some_integers=floats)
    unread = [Column(name, i + 1) for i, name in enumerate(names)]
    read = [each._replace(look=look) for each, look in zip(unread, looks, strict=True)]
    assert said(read) == said(unread)


@in_one_test
@pytest.mark.parametrize(
    ("names", "partner"),
    [(["cat", "dog"], ()), (["c0"], ()), (["row_0", "row_1"], ()), (["c0", "c1"], ("c1",))],
)
def test_others_are_not_sure(names: list[str], partner: tuple[str, ...]) -> None:
    assert not are_sure(names, partner)

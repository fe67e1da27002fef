"""Whether the label is the prediction, and its rank among the classes, against plain NumPy."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from in_one_test import in_one_test
from row_facts_tools import CLASSES, KINDS, WIDE, Array, FromFile, facts_of

from xentcli.core import half_table


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentcli.core.tiled_rows.TILE_ELEMENTS", 64)
    monkeypatch.setattr(half_table, "_exp_is_fast", lambda: False)


def naive_hits(logits: Array, labels: Array, ignore: int = -100) -> Array:
    """Compare labels with np.argmax, where a row has a finite maximum."""
    wide = logits.astype(np.float64)
    fine = ~np.isnan(wide).any(axis=1) & np.isfinite(wide.max(axis=1))
    return np.asarray((wide.argmax(axis=1) == labels) & fine & (labels != ignore))


def naive_rank(row: Array, label: int) -> int:
    """Count, class by class."""
    ahead = [z > row[label] or (z == row[label] and j < label) for j, z in enumerate(row.tolist())]
    return sum(ahead)


@st.composite
def tied_rows(draw: st.DrawFn) -> tuple[Array, Array]:
    """Rows of very few different numbers, and labels."""
    num_classes = draw(st.sampled_from([*CLASSES, 64]))
    dtype = draw(st.sampled_from(["f8", "f4", "f2", ">f4", "i4"]))
    odd = [] if dtype == "i4" else [-np.inf, np.inf, np.nan, -0.0, 6e-8, -6e-8]
    numbers = draw(st.lists(st.sampled_from([0.0, 1.0, -1.0, 2.0, *odd]), min_size=1, max_size=3))
    rows = draw(st.integers(1, 9))
    places = draw(arrays(np.int8, (rows, num_classes), elements=st.integers(0, len(numbers) - 1)))
    labels = draw(arrays(np.int64, rows, elements=st.integers(-1, num_classes - 1)))
    return np.array(numbers)[places].astype(dtype), labels


@settings(max_examples=25, deadline=None)
@given(tied_rows(), st.sampled_from(KINDS), st.booleans())
def test_hits_and_ranks_among_ties(rows: tuple[Array, Array], kind: Any, from_file: bool) -> None:
    logits, labels = rows
    given_rows = FromFile(logits.copy()) if from_file else logits
    names = ("hit", "rank", "label", "used")
    found = facts_of(given_rows, labels, *names, kind=kind, ignore_index=-1)
    want = naive_hits(logits, labels, -1)
    np.testing.assert_array_equal(found["hit"], want)
    used = labels != -1
    np.testing.assert_array_equal((found["rank"] == 0) & used, want)
    fine = naive_hits(logits, logits.astype(np.float64).argmax(axis=1))
    for i in np.flatnonzero(fine & used):
        assert found["rank"][i] == naive_rank(logits[i], int(labels[i]))
    assert (found["rank"][~fine] == logits.shape[1]).all()
    np.testing.assert_array_equal(found["label"], np.where(used, labels, 0))


@in_one_test
@pytest.mark.parametrize("num_classes", CLASSES)
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2"])
@pytest.mark.parametrize("kind", KINDS)
def test_hits_of_ordinary_rows(num_classes: int, dtype: str, kind: Any) -> None:
    rng = np.random.default_rng(num_classes)
    logits = rng.normal(size=(60, num_classes)).astype(dtype)
    labels = np.where(rng.random(60) < 0.5, logits.argmax(axis=1), rng.integers(num_classes))
    found = facts_of(logits, labels, "hit", "peak", "picked", kind=kind)
    np.testing.assert_array_equal(found["hit"], logits.argmax(axis=1) == labels)
    np.testing.assert_array_equal(found["peak"], logits.max(axis=1))
    np.testing.assert_array_equal(found["picked"], logits[np.arange(60), labels])
    assert {found[name].dtype for name in ("peak", "picked")} == {np.dtype(np.float64)}


def test_hits_of_rows_that_are_looked_up() -> None:
    """Long float16 rows hold most values many times, the maximum too."""
    rng = np.random.default_rng(4)
    logits = (rng.normal(size=(12, WIDE + 3)) * 2.0).astype(np.float16)
    logits[1] = -np.abs(logits[1]) - np.float16(1.0)
    logits[2, 5] = np.nan
    logits[3, [7, 9]] = np.inf
    logits[4] = -np.inf
    logits[5, 100:] = logits[5].max()
    logits[6] = 0.0
    logits[7, 11] = -np.inf
    wide = np.nan_to_num(logits.astype(np.float64), nan=np.inf)
    first = wide.argmax(axis=1)
    for labels in (first, first + 1, np.zeros(12, np.int64)):
        for rows in (logits, FromFile(logits)):
            found = facts_of(rows, labels, "hit", "loss", "rank")
            np.testing.assert_array_equal(found["hit"], naive_hits(logits, labels))
            np.testing.assert_array_equal(found["rank"] == 0, found["hit"])


@in_one_test
@pytest.mark.parametrize("num_classes", [2039, 2040, 2041, 2048, 2049])
def test_ranks_where_the_count_of_a_row_fills_its_bytes(num_classes: int) -> None:
    """Eight classes are counted at once, each in a byte, while the rows are short enough."""
    rng = np.random.default_rng(num_classes)
    logits = np.array([rng.permutation(num_classes) for _ in range(6)]).astype(np.float32)
    want = np.array([0, 1, 8, num_classes // 2, num_classes - 2, num_classes - 1])
    labels = np.argsort(-logits, axis=1)[np.arange(6), want]
    np.testing.assert_array_equal(facts_of(logits, labels, "rank")["rank"], want)
    equal = facts_of(np.zeros((6, num_classes), np.float32), want, "rank")["rank"]
    np.testing.assert_array_equal(equal, want)

"""Rows are matched by id: in step, in another order, and not where an id is missing or left over.

The oracle is a join by pandas.
"""

import io
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from in_one_test import in_one_test

from xentcli.alignment.align import align
from xentcli.alignment.followers import RowSources
from xentcli.core.labels import LossOptions
from xentcli.errors import InputError
from xentcli.formats.base import MemorySource, ReadOptions, Source
from xentcli.formats.csv.source import CsvSource
from xentcli.storage.inputs import Input

ROWS = 30
IDS = [f"img {i}" for i in range(ROWS)]
Z = np.random.default_rng(1).normal(size=(ROWS, 2))
LABELS = np.arange(ROWS) % 2
LOGITS = pd.DataFrame(Z, columns=["cat", "dog"]).assign(key=IDS)
TRUTH = pd.DataFrame({"key": IDS, "label": LABELS})
ONE_HOT = pd.DataFrame({"key": IDS, "cat": 1.0 - LABELS, "dog": LABELS})
ORDER = np.random.default_rng(2).permutation(ROWS)


class Part(NamedTuple):
    rows: int
    matched: Mapping[str, Any]


def source(frame: pd.DataFrame, name: str, **options: Any) -> Source:
    content = frame.to_csv(index=False).encode()
    data = Input(name, io.BytesIO(content), len(content))
    return CsvSource(data, ReadOptions(id_column="key", **options), ",", block_bytes=64)


def labels_by_row(logits: pd.DataFrame, labels: pd.DataFrame) -> tuple[list[Any], str | None]:
    """Return the label of each row of logits, and the note about their order."""
    options = {"labels": True, "classes": ("cat", "dog")}
    aligned = align(source(logits, "z.csv"), source(labels, "y.csv", **options))
    found: list[Any] = []
    parts = []
    for step in aligned.steps(20):
        rows = aligned.read(step, LossOptions())
        found += rows.labels.tolist()
        parts.append(Part(step.rows, rows.matched))
    (matching,) = aligned.matchings
    assert len(list(matching.watch(parts))) == len(parts)
    return found, matching.note


@in_one_test
@pytest.mark.parametrize("labels", [TRUTH, ONE_HOT], ids=["indices", "one-hot"])
@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
def test_in_another_order(labels: pd.DataFrame, *, late: bool) -> None:
    order = np.r_[np.arange(20), 20 + np.argsort(ORDER[:10])] if late else ORDER
    found, note = labels_by_row(LOGITS, labels.iloc[order])
    want = LOGITS[["key"]].merge(labels, on="key").drop(columns="key").to_numpy().squeeze()
    assert found == want.tolist()
    assert note == "y.csv: in another order than z.csv; matched by 'key'"


def test_in_step_ids_may_be_doubled() -> None:
    found, note = labels_by_row(LOGITS.assign(key="same"), TRUTH.assign(key="same"))
    assert (found, note) == (LABELS.tolist(), None)


WRONG = {
    "missing": (LOGITS, TRUTH.iloc[ORDER[1:]], "there is no label with the id"),
    "one is left over": (
        LOGITS.iloc[ORDER[ORDER != 7]], TRUTH,
        "y.csv:9: there is no row with the id 'img 7' in z.csv",
    ),
    "two are left over": (
        LOGITS.iloc[ORDER[~np.isin(ORDER, (7, 9))]], TRUTH,
        "y.csv:9: there is no row with the id 'img 7' in z.csv (2 such labels)",
    ),
    "missing at the end": (LOGITS, TRUTH.iloc[:-1], "z.csv:31: there is no label with"),
    "left over": (LOGITS.iloc[ORDER[1:]], TRUTH, "there is no row with the id"),
    "left over at the end": (LOGITS.iloc[:-2], TRUTH, "y.csv:30: there is no row with"),
    "doubled labels": (
        LOGITS.iloc[ORDER], pd.concat([TRUTH, TRUTH.iloc[:1]]),
        "y.csv:32: a second label with the id 'img 0'; the first is in y.csv:2",
    ),
    "doubled rows": (
        LOGITS.iloc[[*range(29, 0, -1), 5]], TRUTH, "z.csv: two rows have the id 'img 5'",
    ),
}  # fmt: skip


@in_one_test
@pytest.mark.parametrize(("logits", "labels", "message"), WRONG.values(), ids=WRONG)
def test_ids_that_do_not_pair(logits: pd.DataFrame, labels: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError) as caught:
        labels_by_row(logits, labels)
    said = caught.value.message
    assert said == message if message.startswith("y.csv:9") else message in said


def test_a_bad_label_is_named_where_it_stands() -> None:
    labels = TRUTH.assign(label=np.array(["cat", "dog"])[LABELS]).iloc[ORDER].reset_index(drop=True)
    labels.loc[4, "label"] = "cta"
    options = {"labels": True, "classes": ("cat", "dog")}
    aligned = align(source(LOGITS, "z.csv"), source(labels, "y.csv", **options))
    (matching,) = aligned.matchings
    problems = []
    for step in aligned.steps(20):
        rows = aligned.read(step, LossOptions())
        matching.remember(step.block.start, step.rows, rows.matched.get("labels"))
        problems += [found.shifted(aligned.rows_before(step)) for found in rows.problems]
    [problem] = problems
    assert aligned.error(problem, ROWS).message.startswith("y.csv:6: label 'cta'")


@in_one_test
@pytest.mark.parametrize(
    "other", [np.arange(3), np.arange(3.0), np.array(["0", " 1", "2 "], object)]
)
def test_ids_are_compared_as_text(other: Any) -> None:
    logits = MemorySource("z", Z[:3], ids=np.array(["0", "1", "2"], object))
    labels = MemorySource("y", LABELS[:3], ids=other)
    logits.id_column = labels.id_column = "key"
    aligned = align(logits, labels)
    [step] = aligned.steps()
    assert not aligned.read(step, LossOptions()).matched


def test_without_any_label_the_first_id_has_none() -> None:
    logits = MemorySource("z", Z[:3], ids=np.arange(3))
    labels = MemorySource("y", LABELS[:0], ids=np.arange(0))
    logits.id_column = labels.id_column = "key"
    aligned = align(logits, labels)
    with pytest.raises(InputError, match="there is no label with the id '0' in y"):
        [aligned.read(step, LossOptions()) for step in aligned.steps()]


def test_ids_name_rows_whatever_stands_beside_them() -> None:
    logits = MemorySource("z", Z[:3, 0], ids=np.arange(3))
    labels, groups = (MemorySource(name, LABELS[:3], ids=np.arange(3)) for name in "yg")
    logits.id_column = labels.id_column = "key"
    with pytest.raises(InputError, match="matched by 'key', and here columns are samples"):
        align(logits, labels, beside=RowSources(groups=groups))
    groups.id_column = "key"
    with pytest.raises(InputError, match="matched by 'key', and here columns are samples"):
        align(logits, MemorySource("y", np.array(0)), beside=RowSources(groups=groups))


def test_a_shift_goes_by_place() -> None:
    with pytest.raises(InputError, match="matched by 'key', and --shift goes by their order"):
        align(source(LOGITS, "z.csv"), source(TRUTH, "y.csv", labels=True), shift=1)
    labels, weights = (MemorySource(name, LABELS, ids=np.arange(ROWS)) for name in "yw")
    labels.id_column = weights.id_column = "key"
    with pytest.raises(InputError, match="y: rows are matched by 'key', and --shift goes"):
        align(MemorySource("z", Z), labels, shift=1, beside=RowSources(weights))

"""Frames whose index speaks against taking their rows by place."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frame_data import CLASSES, LOSS, MOVED, ONE_HOT, Y, Z

import xentcli as xent
from xentcli.errors import InputError, ShapeError, UsageError


def test_the_same_rows_in_two_orders_are_an_error() -> None:
    for labels in (Y, Y.reset_index(drop=True), Y.set_axis(list("uvwxyz"))):
        assert float(xent.cross_entropy(Z, labels)) == pytest.approx(LOSS, rel=1e-12)
    for function in (xent.cross_entropy, xent.evaluate, xent.calibrate):
        with pytest.raises(InputError, match="the same rows in two orders") as caught:
            function(Z, Y.sort_index())
        assert caught.value.hint is not None
        assert "put both in one order" in caught.value.hint
    assert xent.evaluate(Z.to_numpy(), Y.to_numpy()).loss.value == pytest.approx(LOSS, rel=1e-12)
    # Predictions have an index of their own, which counts them.
    counted = Z.reset_index(drop=True), Y.set_axis(np.arange(6)[::-1].tolist())
    assert xent.evaluate(*counted).loss.value == pytest.approx(LOSS, rel=1e-12)


def test_a_note_says_that_rows_of_other_names_go_by_place() -> None:
    by_place, counted = ": rows go by place", Y.reset_index(drop=True)
    other = Y.set_axis([*"fedcbx"])
    first = ", first in row 5, 'x' and not 'a'"
    names = f"the index names rows, and that of {{}} counts{by_place}"
    cases: list[tuple[Any, Any, list[str]]] = [
        (Z, Y, []),
        (Z.to_numpy(), Y, []),
        (Z.reset_index(drop=True), counted, []),
        (Z, counted, [f"logits: {names.format('labels')}"]),
        (Z.reset_index(drop=True), Y, [f"labels: {names.format('logits')}"]),
        (
            Z.reset_index(drop=True),
            Y.set_axis([5, 0, 1, 2, 3, 4]),
            [f"labels: the index names rows in another order, and that of logits counts{by_place}"],
        ),
        (
            Z,
            other,
            [f"labels: the index names other rows than that of logits{first}{by_place}"],
        ),
    ]
    for logits, labels, notes in cases:
        for function in (xent.evaluate, xent.loss, xent.calibrate) if notes else (xent.loss,):
            found: Any = function(logits, labels)
            assert [note for note in found.notes if by_place in note] == notes, notes
    found = xent.compare(Z, Z.set_axis([*"fedcby"]), Y, by=other)
    assert [note.partition(":")[0] for note in found.notes if by_place in note] == ["new", "by"]
    assert all(each.startswith(("new: the index", "by: the index")) for each in found.notes[-2:])


def test_an_error_names_the_two_frames_in_two_orders() -> None:
    for given, said in (
        ({"labels": Y.sort_index()}, "logits and labels name the same rows in two orders"),
        ({"labels": Y, "by": Y.sort_index()}, "logits and by name the same rows in two orders"),
        ({"labels": ONE_HOT[MOVED]}, "logits and labels name the same classes in two orders"),
    ):
        with pytest.raises(InputError) as caught:
            xent.evaluate(Z, **given)
        assert caught.value.message == said


def test_rows_are_not_taken_for_classes() -> None:
    rows = pd.DataFrame(Z.to_numpy()[:3])
    labels = pd.Series([0, 1, 2], [2, 0, 1])
    right = np.log(np.exp(rows).sum(axis=1)) - np.diag(rows)
    assert float(xent.cross_entropy(rows, labels)) == pytest.approx(right.mean(), rel=1e-12)


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_frames_of_other_libraries(library: str) -> None:
    kind: Any = pa.Table.from_pandas
    if library == "polars":
        import polars as pl  # here, since it takes long and few tests need it

        kind = pl.from_pandas
    frame = Z.reset_index(drop=True)
    one, moved = kind(frame), kind(frame[MOVED])
    assert xent.evaluate(one, Y.to_numpy()).loss.value == pytest.approx(LOSS, rel=1e-12)
    for new in (moved, frame[MOVED]):
        with pytest.raises(InputError, match="the same classes in two orders"):
            xent.compare(one, new)
    for name in ("label", "id"):
        with pytest.raises(InputError, match=f"column '{name}' may be no class"):
            xent.evaluate(kind(frame.assign(**{name: Y.to_numpy()})), Y.to_numpy())


def test_an_index_that_counts_from_elsewhere_names_rows() -> None:
    """A slice of a frame has a range for its index, of which nothing was said."""
    z, y = Z.reset_index(drop=True), Y.reset_index(drop=True)
    with pytest.raises(InputError, match="logits and labels name the same rows in two orders"):
        xent.loss(z[1:], y[:0:-1])
    for labels, said in ((y[::-1], "names rows in another order"), (y[3:], "names rows, and")):
        notes = xent.loss(z[: len(labels)], labels).notes
        assert [note for note in notes if note.startswith(f"labels: the index {said}")]
    assert "names other rows" in xent.loss(z[::2], y[1::2]).notes[-1]
    for rows in (slice(3, None), slice(None, None, -1)):
        found = xent.loss(z[rows], y[rows])
        want = xent.loss(z[rows].to_numpy(), y[rows].to_numpy())
        assert (found.loss, found.notes) == (want.loss, want.notes)
    for columns in (slice(None, None, -1), slice(1, None)):
        frame = pd.DataFrame(Z.to_numpy()).iloc[:, columns]
        with pytest.raises(InputError, match="the columns are numbers, but not 0 to"):
            xent.loss(frame, y.clip(0, 1))


def test_numbers_behind_a_shared_word_that_do_not_count_the_columns() -> None:
    """Files match labels with them; frames went by place without a word, to another loss."""
    z, y = Z.to_numpy(), Y.to_numpy()
    for moved in (["logit_2", "logit_0", "logit_1"], ["p1", "p2", "p3"], ["v9", "v4", "v6"]):
        for measure in (xent.loss, xent.evaluate, xent.calibrate, xent.cross_entropy):
            with pytest.raises(InputError, match="the columns are numbers, but not 0 to 2"):
                measure(pd.DataFrame(z, columns=moved), y)
    want = xent.loss(z, y).loss
    assert xent.loss(pd.DataFrame(z, columns=["p0", "p1", "p2"]), y).loss == want
    assert xent.loss(pd.DataFrame(z, columns=["p1", "p2", "p3"]), y + 1, label_base=1).loss == want


def test_names_of_rows_that_are_missing() -> None:
    """NaN is not equal to itself, and pandas' NA is neither equal nor unequal to anything."""
    for missing in (np.nan, pd.NA, None, pd.NaT):
        rows = [missing, 1, 2, 3, 4, 5]
        z, y = Z.set_axis(rows), Y.set_axis(rows)
        found = xent.loss(z, y)
        assert found.loss == pytest.approx(LOSS, rel=1e-12)
        assert not [note for note in found.notes if "go by place" in note]
        with pytest.raises(InputError, match="the same rows in two orders"):
            xent.loss(z, y[::-1])


def test_a_batch_of_arrow_is_a_table() -> None:
    frame = Z.reset_index(drop=True).assign(id=range(6))
    batch = pa.RecordBatch.from_pandas(frame)
    with pytest.raises(InputError, match="column 'id' may be no class"):
        xent.loss(batch, Y.to_numpy())
    with pytest.raises(InputError, match="the same classes in two orders"):
        xent.compare(pa.RecordBatch.from_pandas(frame[CLASSES]), frame[MOVED])


def test_times_name_groups_as_their_csv_does(tmp_path: Path) -> None:
    """So do durations, lists of times of Python and pandas, and Parquet and Arrow files."""
    z, y = np.random.default_rng(3).normal(size=(4, 3)), [0, 1, 2, 0]
    for times in (
        ["2026-01-02", None, "2025-12-31", "2026-01-02"],
        ["2026-01-02 00:00:00", "2026-01-01 23:59:59", None, "1969-12-31 00:00:00"],
        ["2026-01-02 00:00:00.250", "2026-01-02", "2026-01-02", "2026-01-02"],
        ["2026-01-02 00:00:00.000000001", "2026-01-02", "2026-01-02", "2026-01-02"],
        [86_400 * 10**9, None, -2 * 86_400 * 10**9, 86_400 * 10**9],
        [3_661 * 10**9, 86_399 * 10**9, None, -(10**9)],
        [1_000, 2_500_000, -1_000, -1_000],
        [1, 86_399 * 10**9 + 1, None, -1],
    ):
        kind = "M8" if isinstance(times[0], str) else "m8"
        values = np.array([each or "NaT" for each in times], f"{kind}[ns]")
        series = pd.Series(values)
        series.to_frame("time").to_csv(tmp_path / "time.csv", index=False)
        np.save(tmp_path / "z.npy", z)
        np.save(tmp_path / "y.npy", y)
        files = tmp_path / "z.npy", tmp_path / "y.npy"
        want = xent.evaluate(*files, by=str(tmp_path / "time.csv"), metrics="groups").groups
        lists = [[*series], [*values]]
        if (values.astype(f"{kind}[us]") == values)[~np.isnat(values)].all():
            lists += [values.astype(f"{kind}[us]").tolist()]
        every: list[Any] = [series, values, *lists]
        for by in every:
            assert xent.evaluate(z, y, by=by, metrics="groups").groups == want
        for path in (tmp_path / "time.parquet", tmp_path / "time.arrow"):
            if path.suffix == ".parquet":  # in parts, of which one may need no fraction
                series.to_frame("time").to_parquet(path, row_group_size=1)
            else:
                series.to_frame("time").to_feather(path, chunksize=1)
            assert xent.evaluate(*files, by=str(path), metrics="groups").groups == want
    days = xent.evaluate(z, y, by=np.array(["2026-01", "2025"] * 2, "M8[M]"), metrics="groups")
    assert [each.name for each in days.groups or ()] == ["2025-01-01", "2026-01-01"]


def test_days_and_times_of_a_zone_name_groups_in_parquet_as_in_csv(tmp_path: Path) -> None:
    times = pd.Series(
        np.array(["2026-01-02T03:04", "2026-07-01T05:06", "NaT", "2026-07-01"], "M8[s]")
    )
    np.save(tmp_path / "z.npy", np.random.default_rng(3).normal(size=(4, 3)))
    np.save(tmp_path / "y.npy", [0, 1, 2, 0])
    for column, names in (
        (times.dt.tz_localize("Europe/Berlin"), 4),
        (pd.Series([None if pd.isna(each) else each.date() for each in times]), 3),
        (pd.Series([None if pd.isna(each) else each.time() for each in times]), 4),
    ):
        frame = column.to_frame("time")
        frame.to_csv(tmp_path / "time.csv", index=False)
        frame.to_parquet(tmp_path / "time.parquet")
        csv, parquet = (
            xent.evaluate(
                tmp_path / "z.npy",
                tmp_path / "y.npy",
                by=str(tmp_path / f"time.{kind}"),
                metrics="groups",
            ).groups
            for kind in ("csv", "parquet")
        )
        assert csv == parquet
        assert len(csv or ()) == names


def test_columns_that_are_objects_to_numpy_are_numbers() -> None:
    """Nullable columns, and lists in cells, were refused; a whole number was a name to labels."""
    frame, y = Z.reset_index(drop=True), Y.to_numpy()
    for given in (
        frame.astype("Float64"),
        frame.astype("double[pyarrow]"),
        frame.map(Decimal),
        pd.Series([*Z.to_numpy()]),
        pd.Series(Z.to_numpy().tolist()),
        pa.array(Z.to_numpy().tolist()),
    ):
        assert xent.loss(given, y).loss == pytest.approx(LOSS, rel=1e-12)
        assert xent.cross_entropy(given, y.astype(object)) == pytest.approx(LOSS, rel=1e-12)
        np.testing.assert_array_equal(xent.log_softmax(given), xent.log_softmax(frame))
    hot = pd.DataFrame(np.eye(3)[y]).astype("Int64")
    kinds: tuple[Any, ...] = (y.astype(object), [Fraction(each) for each in y.tolist()], hot)
    for labels in kinds:
        assert xent.evaluate(frame, labels).loss.value == pytest.approx(LOSS, rel=1e-12)
    assert xent.one_hot(y.astype(object)).tolist() == np.eye(3)[y].tolist()
    assert xent.binary_cross_entropy_with_logits(np.array([0], object), [1]) == np.log(2)
    odd: Any
    for odd, what in (
        (frame.astype("Float64").mask(frame > frame.max().min()), "objects such as <NA>"),
        ([[None, 1.0]], "objects such as None"),
        (pd.Series([[1.0, 2.0], [3.0]]), "rows of different lengths"),
    ):
        with pytest.raises(
            UsageError, match=f"logits: an array of numbers is needed, not of {what}"
        ):
            xent.loss(odd, y)
        with pytest.raises(ShapeError, match="object values are not real numbers"):
            xent.softmax(odd)

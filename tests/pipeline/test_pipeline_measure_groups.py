"""Groups of rows, and rows that depend on one another."""

import math

import naive
import numpy as np
import pandas as pd
import pytest
from close_to import close_to
from measure_tools import measured, rows_like, source
from pipeline_tools import run, set_block_rows

import xentcli as xent
from xentcli.core.labels import LossOptions
from xentcli.errors import InputError
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.measure import Options, measure
from xentcli.results.measure import NOTHING


def test_groups() -> None:
    logits, labels = rows_like(2, 90, 4)
    names = np.array(["b", "a", None, "c"], object)[np.arange(90) % 4]
    labels[::10] = -100
    found = measured(logits, labels, by=source(names), options=Options(bins=5))
    assert [group.name for group in found.groups] == ["", "a", "b", "c"]
    for group in found.groups:
        chosen = names == (group.name or None)
        alone = measured(logits[chosen], labels[chosen], Options(bins=5))
        assert group.rows == chosen.sum()
        for name in ("loss", "accuracy", "brier"):
            assert group.metrics[name] == alone[name], name
        assert group.metrics["ece"].value == close_to(alone["ece"].value, rel=1e-14)


def test_groups_of_one_row_and_numbers() -> None:
    logits, labels = rows_like(2, 12, 4)
    found = measured(logits, labels, by=source(np.arange(12.0)[::-1].copy()))
    assert [group.name for group in found.groups] == [str(i) for i in range(12)]
    hits = (logits.argmax(axis=1) == labels)[::-1]
    assert [group.metrics["accuracy"].value for group in found.groups] == hits.tolist()
    assert found.groups[0].metrics["loss"].standard_error is None


def test_very_many_groups_have_no_bins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentcli.metrics.groups.MOST_BINNED_GROUPS", 3)
    set_block_rows(monkeypatch, 2, 4)
    logits, labels = rows_like(2, 12, 4)
    for count, has_bins in ((3, True), (4, False)):
        names = source(np.arange(12) % count)
        found = measure(source(logits), source(labels), Criterion(), run(1), by=names)
        assert {group.metrics["ece"] != NOTHING for group in found.groups} == {has_bins}
        assert all(group.metrics["loss"].value for group in found.groups)
        assert found.groups[1:] == [*found.groups][1:]
        assert found.groups[-1] == found.groups[count - 1]
        assert found.groups == [*found.groups]


def test_slices_of_the_first_axis_are_groups_and_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, labels = rows_like(9, 60, 7)
    x, y = logits.reshape(12, 5, 7), labels.reshape(12, 5)
    probs = naive.softmax(logits)
    losses = -np.log(probs[np.arange(60), labels])
    sequence = np.repeat(np.arange(12), 5)
    wanted = {
        "loss": naive.cluster_error(losses, sequence),
        "accuracy": naive.cluster_error((logits.argmax(axis=1) == labels) * 1.0, sequence),
        "brier": naive.cluster_error(naive.brier(probs, labels), sequence),
        "mean_confidence": naive.cluster_error(probs.max(axis=1), sequence),
    }
    for block_rows in (5, 20):
        set_block_rows(monkeypatch, block_rows, 7)
        found = measure(source(x), source(y), Criterion(class_axis=-1), run(2), by="axis0")
        assert found.clusters == 12
        assert any("depend on one another" in note for note in found.notes)
        for name, error in wanted.items():
            assert found[name].standard_error == close_to(error, rel=1e-12), name
            assert found[name].n == 60
        assert found["loss"].high == pytest.approx(losses.mean() + 2.200985160 * wanted["loss"])
        assert [group.rows for group in found.groups] == [5] * 12
        assert found.groups[3].metrics["loss"].value == pytest.approx(losses[15:20].mean())
        assert found.row_index(found.worst_rows[0].row) == divmod(int(losses.argmax()), 5)
    plain = measure(source(x), source(y), Criterion(class_axis=-1), run(1), cluster="rows")
    want = losses.std(ddof=1) / math.sqrt(60)
    assert plain["loss"].standard_error == close_to(want, rel=1e-12)
    assert plain.clusters is None


def test_clusters_of_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, labels = rows_like(9, 60, 7)
    names = np.random.default_rng(4).integers(0, 9, 60)
    weight = np.linspace(0.5, 2.0, 7)
    losses = -np.log(naive.softmax(logits)[np.arange(60), labels])
    w = weight[labels]
    ratio = (losses * w).sum() / w.sum()
    parts = [((losses - ratio) * w)[names == name].sum() for name in np.unique(names)]
    groups = len(parts)
    want = math.sqrt(groups / (groups - 1) * sum(part**2 for part in parts)) / w.sum()
    set_block_rows(monkeypatch, 11, 7)
    criterion = Criterion(options=LossOptions(weight))
    found = measure(source(logits), source(labels), criterion, run(2), cluster=source(names))
    assert found["loss"].standard_error == close_to(want, rel=1e-12)
    assert found.clusters == groups
    error = naive.cluster_error((logits.argmax(axis=1) == labels) * 1.0, names)
    assert found["accuracy"].standard_error == close_to(error, rel=1e-12)


def test_shares_of_clusters_that_all_agree() -> None:
    """The interval of Student's t has no width there: that of as many rows has one."""
    logits, names = np.eye(3)[np.arange(40) % 3], np.arange(40) % 8
    z2, n = 1.959963984540054**2, 8
    for labels, ends in (
        (np.arange(40) % 3, (n / (n + z2), 1.0)),
        ((np.arange(40) + 1) % 3, (0.0, z2 / (n + z2))),
    ):
        found = measure(source(logits), source(labels), Criterion(), run(1), cluster=source(names))
        both = xent.compare(logits, 2 * logits, labels, cluster=names, jobs=1)
        for each in (found["accuracy"], both["accuracy_new"]):
            assert (each.low, each.high) == close_to(ends, rel=1e-12)
        assert (both["agreement"].low, both["agreement"].high) == close_to(
            (n / (n + z2), 1.0), rel=1e-12
        )
    one = xent.compare(logits, 2 * logits, labels, cluster=np.zeros(40, int), jobs=1)
    assert (one["agreement"].low, one["agreement"].high) == (None, None)


def test_names_of_too_few_rows() -> None:
    logits, labels = rows_like(9, 60, 7)
    with pytest.raises(InputError, match="groups"):
        measured(logits, labels, by=source(np.arange(59)))


def test_lists_of_integers_that_float64_rounds_name_groups() -> None:
    """NumPy makes floats of integers that no one integer dtype holds, or that stand beside them."""
    logits, labels = rows_like(9, 6, 3)
    for names in ([2**64 - 1, 2**64 - 2, -1] * 2, [2**53, 2**53 + 1, 0.5] * 2):
        found = xent.evaluate(logits, labels, by=names, cluster=names)
        assert {group.name: group.rows for group in found.groups} == {str(n): 2 for n in names}
        assert found.clusters == 3
    missing = pd.Series([True, None, False] * 2, dtype="boolean")
    found = xent.evaluate(logits, labels, by=missing)
    assert [group.name for group in found.groups] == ["", "False", "True"]

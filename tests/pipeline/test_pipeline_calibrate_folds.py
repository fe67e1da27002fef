"""Temperatures out of fold, and rows that depend on one another."""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from calibrate_tools import Array, fitted, problem, slope, source, where_it_changes_sign
from close_to import close_to
from pipeline_tools import run

from xentcli.core.binary_options import BinaryOptions
from xentcli.pipeline.calibrate import CalibrateOptions
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.measure import Options, measure
from xentcli.pipeline.temperatures import temperature

DATA = Path(__file__).parents[2] / "sample_data"


def test_folds() -> None:
    z, y = problem(5, 103)
    found = fitted(z, y, CalibrateOptions(folds=4, bins=7))
    mass = np.eye(6)[y]
    fold = np.arange(103) % 4
    losses = np.zeros(103)
    for i, each in enumerate(found.folds):
        out = fold == i
        want = where_it_changes_sign(slope(z[~out], mass[~out]))
        assert each.temperature == close_to(want, rel=2e-15)
        assert (each.fold, each.rows) == (i, out.sum())
        cooled = z[out] / want
        lse = np.log(np.exp(cooled).sum(axis=1))
        losses[out] = lse - cooled[np.arange(out.sum()), y[out]]
    assert found.loss_out_of_fold.value == close_to(losses.mean(), rel=1e-12)
    scales = np.array([each.temperature for each in found.folds])[fold][:, None]
    measured = measure(
        source(z / scales), source(y, "y"), Criterion(), run(), Options(("ece",), bins=7)
    )
    assert found.ece_out_of_fold.value == close_to(measured["ece"].value, rel=1e-12)


def test_folds_of_digits_are_right_to_the_last_digit() -> None:
    y = np.load(DATA / "digits_labels.npy")
    for name in ("digits_logits.npy", "digits_weak_logits.npy"):
        z = np.load(DATA / name)
        for i, each in zip(range(5), fitted(z, y, CalibrateOptions()).folds, strict=True):
            out = np.arange(450) % 5 == i
            want = where_it_changes_sign(slope(z[~out], np.eye(10)[y[~out]]))
            assert each.temperature == close_to(want, rel=1e-15), (name, i)


def test_folds_whose_temperatures_are_far_apart() -> None:
    for seed in (2, 6):
        z, y = problem(seed, 60)
        for i, each in zip(range(5), fitted(z, y, CalibrateOptions()).folds, strict=True):
            out = np.arange(60) % 5 == i
            want = where_it_changes_sign(slope(z[~out], np.eye(6)[y[~out]]))
            assert each.temperature == close_to(want, rel=2e-15), (seed, i)


def test_every_row_is_left_out_once() -> None:
    """Without a row of much weight the temperature is far off; without another, close."""
    for heavy in (1.0, 15.0):
        z, y = problem(7, 60)
        y[:3] = z[:3].argsort(axis=1)[:, 3]
        weight = np.where(np.arange(60) < 3, heavy, 1.0)
        mass = np.eye(6)[y] * weight[:, None]
        found = fitted(z, y, CalibrateOptions(folds=60), sample_weight=weight)
        assert len(found.folds) == 60
        for i in (0, 1, 2, *range(3, 60, 8)):  # the heavy ones, and some of the others
            each, out = found.folds[i], np.arange(60) == i
            want = where_it_changes_sign(slope(z[~out], mass[~out]))
            assert each.temperature == close_to(want, rel=4e-15), (heavy, i)
        assert found.passes < 8


def test_folds_are_slices_of_the_first_axis() -> None:
    z, y = problem(6, 120)
    flat = fitted(np.repeat(z, 2, axis=0), np.repeat(y, 2), CalibrateOptions(folds=0))
    deep = np.repeat(z, 2, axis=0).reshape(120, 2, 6)
    found = fitted(deep, np.repeat(y, 2).reshape(120, 2), CalibrateOptions(folds=3))
    assert found.temperature.value == flat.temperature.value
    want = fitted(z, y, CalibrateOptions(folds=3))
    assert [each.temperature for each in found.folds] == close_to(
        [each.temperature for each in want.folds], rel=1e-10
    )
    assert [each.rows for each in found.folds] == [80, 80, 80]


# Rows that depend on one another


def error_by_hand(z: Array, y: Array, weight: Array, groups: Array, beta: float) -> float:
    """Return the sandwich estimate of clusters."""
    g = z.max(axis=1, keepdims=True) - z
    p = np.exp(-beta * g) / np.exp(-beta * g).sum(axis=1, keepdims=True)
    mean = (p * g).sum(axis=1)
    spread = (weight * (p * (g - mean[:, None]) ** 2).sum(axis=1)).sum()
    score = weight * (g[np.arange(len(y)), y] - mean)
    totals = np.array([score[groups == each].sum() for each in np.unique(groups)])
    count = len(totals)
    return float(np.sqrt(count / (count - 1) * (totals**2).sum()) / (spread * beta))


def test_the_error_of_clusters_and_their_folds() -> None:
    z, y = problem(11, 200)
    rng = np.random.default_rng(4)
    groups = rng.integers(0, 23, 200)
    weight = rng.integers(0, 3, 200) * 0.5
    how = CalibrateOptions(folds=4)
    found = fitted(z, y, how, sample_weight=weight, cluster=groups)
    plain = fitted(z, y, how, sample_weight=weight)
    assert found.temperature.value == plain.temperature.value
    beta = 1 / (found.temperature.value or 0)
    want = error_by_hand(z, y, weight, groups, beta)
    assert found.log_temperature_error.value == close_to(want, rel=1e-9)
    there = weight > 0
    assert found.clusters == len(np.unique(groups[there]))
    fold = np.unique(groups, return_inverse=True)[1] % 4
    for i, each in zip(range(4), found.folds, strict=True):
        assert each.rows == (there & (fold == i)).sum()
        mass = np.eye(6)[y] * weight[:, None]
        out = where_it_changes_sign(slope(z[fold != i], mass[fold != i]))
        assert each.temperature == close_to(out, rel=1e-10)
    names = np.array([f"patient {each:03d}" for each in groups], object)
    same = fitted(z, y, how, sample_weight=weight, cluster=names)
    assert (same.metrics, same.folds) == (found.metrics, found.folds)
    order = rng.permutation(200)
    other = fitted(z[order], y[order], how, sample_weight=weight[order], cluster=groups[order])
    assert other.log_temperature_error.value == close_to(want, rel=1e-9)
    assert [each.rows for each in other.folds] == [each.rows for each in found.folds]


def test_slices_are_clusters_where_rows_have_several_axes() -> None:
    z, y = problem(12, 120)
    deep, labels = z.reshape(40, 3, 6), y.reshape(40, 3)
    found = fitted(deep, labels)
    beta = 1 / (found.temperature.value or 0)
    want = error_by_hand(z, y, np.ones(120), np.arange(120) // 3, beta)
    assert found.log_temperature_error.value == close_to(want, rel=1e-9)
    assert found.clusters == 40
    alone, flat = fitted(deep, labels, cluster="rows"), fitted(z, y)
    assert alone.log_temperature_error == flat.log_temperature_error
    assert alone.clusters is None
    assert fitted(z, y, cluster="axis0").clusters == 120


def test_clusters_of_binary_logits() -> None:
    rng = np.random.default_rng(6)
    z = rng.normal(size=150) * 2
    y = (z + rng.normal(size=150) * 3 > 0).astype(int)
    groups = rng.integers(0, 10, 150)
    found = fitted(z, y, CalibrateOptions(folds=2), binary=BinaryOptions(), cluster=groups)
    pairs = np.stack([np.zeros(150), z], axis=1)
    want = fitted(pairs, y, CalibrateOptions(folds=2), cluster=groups)
    assert found.log_temperature_error.value == close_to(want.log_temperature_error.value, rel=1e-9)
    assert [each.rows for each in found.folds] == [each.rows for each in want.folds]


def test_folds_of_logits_that_say_next_to_nothing() -> None:
    """The series of such a step has terms beyond the largest float64."""
    for seed, shape, scale in ((37, (48, 4), 1e3), (38, (64, 3), 1e-4), (56, (86, 4), 1e-3)):
        rng = np.random.default_rng(seed)
        rng.integers(20, 200), rng.integers(2, 6), rng.integers(-12, 13)
        z, y = rng.normal(size=shape) * scale, rng.integers(0, shape[1], shape[0])
        want = where_it_changes_sign(slope(z, np.eye(shape[1])[y]))
        found = fitted(z, y, CalibrateOptions(folds=5)).temperature.value
        assert found == close_to(want, rel=1e-12), seed


def test_folds_of_logits_that_are_equal_in_float32() -> None:
    """Rough derivatives say that there is no root, and the first fine step is a long one."""
    rng = np.random.default_rng(4)
    z, y = 1.1 + 1e-9 * rng.integers(-5, 6, size=(12, 3)), rng.integers(3, size=12)
    found = fitted(z, y, CalibrateOptions(folds=3))
    wide, mass = (z.astype(np.longdouble) - 1.1) * 1e9, np.eye(3)[y]
    temperatures = [each.temperature for each in found.folds] + [found.temperature.value]
    for fold, got in enumerate(temperatures):
        keep = np.arange(12) % 3 != fold  # every row at the end
        want = where_it_changes_sign(slope(wide[keep], mass[keep])) * 1e-9
        assert got == close_to(want, rel=1e-12)


def test_labels_that_hardly_know_of_the_logits_take_few_reads() -> None:
    rng = np.random.default_rng(8)
    z, y = rng.normal(size=(1800, 6)), rng.integers(0, 6, 1800)
    y[::40] = z[::40].argmax(axis=1)
    found = fitted(z, y, CalibrateOptions(folds=2))
    one_hot, fold = np.eye(6)[y], np.arange(1800) % 2
    assert (found.temperature.value or 0.0) > 10.0
    for i, each in zip(range(2), found.folds, strict=True):
        want = where_it_changes_sign(slope(z[fold != i], one_hot[fold != i]))
        assert each.temperature == close_to(want, rel=1e-11), i
    assert found.passes <= 4


def test_a_fold_without_a_temperature() -> None:
    z, _ = problem(20)
    y = z.argmax(axis=1)
    y[0] = z[0].argmin()  # of fold 0: without it every label is right
    found = fitted(z, y, CalibrateOptions(folds=5))
    assert found.temperature.value is not None
    assert found.loss_out_of_fold.value is None
    assert "without fold 0 there is no temperature: nothing is out of fold" in found.notes
    assert "loss and calibration 'after' are of the rows that were fitted" in found.notes
    assert found.passes < 12  # none of them in search of what is not there
    order, fold = np.argsort(z, axis=1), np.arange(120) % 5
    low = np.where(fold == 1, order[:, 1], order[:, 3])  # without some, the logits say nothing
    found = fitted(z, low, CalibrateOptions(folds=5))
    above = z[np.arange(120), low] - z.mean(axis=1)
    ends = [above[fold != i].sum() <= 0.0 for i in range(5)]
    assert [math.isnan(each.temperature) for each in found.folds] == ends
    assert 0 < sum(ends) < 5
    assert found.passes < 12
    few = fitted(z[:4], y[:4], CalibrateOptions(folds=5))
    assert few.folds == ()
    said = "not every one of the 5 folds has rows: nothing is out of fold; try fewer (--folds)"
    assert said in few.notes


def calls(rows: int, folds: int) -> int:
    """Return how many functions of Python are called for a temperature with folds."""
    z, y = problem(5, rows)
    count = 0

    def counted(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    fitted(z, y)  # what is imported at first
    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        fitted(z, y, CalibrateOptions(folds=folds))
    finally:
        sys.setprofile(before)
    return count


def test_many_folds_take_no_more_than_their_number() -> None:
    assert calls(100, 100) < 4 * calls(25, 25)  # four times as many rows, left out one by one
    assert calls(30, 160) < 4 * calls(30, 40)  # empty ones are seen in the first read


def test_more_folds_than_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    z, y = problem(5, 40)
    want = fitted(z, y, CalibrateOptions(folds=40))
    monkeypatch.setattr(temperature, "_MOST_PLACES", 3)
    found = fitted(z, y, CalibrateOptions(folds=40))
    assert found.passes > want.passes
    for one, other in zip(found.folds, want.folds, strict=True):
        assert one.temperature == close_to(other.temperature, rel=4e-15)

"""The temperature, against a bisection in extended precision; its laws; and where there is none."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pipeline_tools import csv_file, npy_file, npy_pipe, open_file, run, set_block_rows

from xentcli.core.labels import LossOptions
from xentcli.errors import InputError, UsageError
from xentcli.formats.base import MemorySource
from xentcli.formats.csv.source import CsvSource
from xentcli.formats.files import open_files
from xentcli.pipeline import calibrate as calibrating
from xentcli.pipeline import temperature_start
from xentcli.pipeline.calibrate import CalibrateOptions, calibrate
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.elements import BinaryOptions
from xentcli.pipeline.evaluate import evaluate
from xentcli.pipeline.measure import Options, measure
from xentcli.pipeline.opening import InputFile
from xentcli.results.temperature import FittedTemperature

Array = NDArray[Any]
DATA = Path(__file__).parents[2] / "sample_data"
FLOAT64 = np.dtype(np.float64)
NO_FOLDS = CalibrateOptions(folds=0)


def source(values: Any, name: str = "z") -> MemorySource:
    return MemorySource(name, np.asarray(values))


def fitted(
    logits: Any, labels: Any, how: CalibrateOptions = NO_FOLDS, **more: Any
) -> FittedTemperature:
    weight, cluster = more.pop("sample_weight", None), more.pop("cluster", None)
    beside = None if weight is None else source(weight, "w")
    criterion = Criterion(**more)
    return calibrate(
        source(logits),
        source(labels, "y"),
        criterion,
        run(),
        how,
        sample_weight=beside,
        cluster=cluster if cluster is None or isinstance(cluster, str) else source(cluster, "g"),
    )


def temperature_of(logits: Any, labels: Any, **more: Any) -> float:
    value = fitted(logits, labels, **more).temperature.value
    assert value is not None
    return value


def where_it_changes_sign(function: Callable[[Any], Any]) -> float:
    """Return 1/b where an increasing function of b is 0, by bisection in extended precision."""
    low, high = np.longdouble(-12), np.longdouble(12)
    for _ in range(90):
        middle = (low + high) / 2
        low, high = (middle, high) if function(np.exp(middle)) < 0 else (low, middle)
    return float(np.exp(-low))


def slope(z: Array, mass: Array) -> Callable[[Any], Any]:
    """Return the derivative of the summed loss along b; `mass` has all weights in it."""
    g = z.astype(np.longdouble).max(axis=1, keepdims=True) - z.astype(np.longdouble)
    finite = np.where(np.isinf(g), 0, g)

    def at(b: Any) -> Any:
        t = np.exp(-b * g)
        mean = (t * finite).sum(axis=1) / t.sum(axis=1)
        return (mass * finite).sum() - (mass.sum(axis=1) * mean).sum()

    return at


def problem(seed: int, rows: int = 120, num_classes: int = 6) -> tuple[Array, Array]:
    """Return logits and labels that these predict now and then."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(rows, num_classes)) * 3
    y = np.where(rng.random(rows) < 0.5, z.argmax(axis=1), rng.integers(0, num_classes, rows))
    return z, y


def digits(name: str = "digits") -> tuple[Array, Array]:
    return np.load(DATA / f"{name}_logits.npy"), np.load(DATA / "digits_labels.npy")


# Reference values


def test_digits() -> None:
    """Computed independently, the temperature in arithmetic of 40 digits."""
    found = fitted(*digits(), CalibrateOptions(), dtype=FLOAT64)
    assert found.temperature.value == pytest.approx(0.57247563916619417, rel=2e-16, abs=0)
    assert found.log_temperature_error.value == pytest.approx(0.1092, abs=5e-5)
    want = {
        "loss_before": 0.1565326157363130,
        "loss_after": 0.1111914824920989,
        "ece_before": 0.0689958158152885,
        "ece_after": 0.0114763319,
        "brier_before": 0.0613897637706970,
        "brier_after": 0.0492278148099794,
        "loss_out_of_fold": 0.1182845387,
    }
    for name, value in want.items():
        assert found.metrics[name].value == pytest.approx(value, rel=3e-9), name
    low, high = found.temperature.low, found.temperature.high
    assert low is not None
    assert high is not None
    assert low * high == pytest.approx(0.57247563916619417**2)


def test_what_is_reported_is_what_eval_says() -> None:
    z, y = digits("digits_weak")
    found = fitted(z, y)
    cooled = Criterion(temperature=found.temperature.value or 0.0)
    for when, criterion in (("before", Criterion()), ("after", cooled)):
        plain = evaluate(source(z), source(y, "y"), criterion, run()).summary
        assert found.metrics[f"loss_{when}"].value == plain.loss
        measured = measure(source(z), source(y, "y"), criterion, run(), Options(("ece", "brier")))
        for name in ("ece", "brier"):
            assert found.metrics[f"{name}_{when}"].value == measured[name].value


def test_the_error_is_the_sandwich_estimate() -> None:
    z, y = problem(3)
    found = fitted(z, y)
    beta = 1 / (found.temperature.value or 0)
    g = z.max(axis=1, keepdims=True) - z
    p = np.exp(-beta * g) / np.exp(-beta * g).sum(axis=1, keepdims=True)
    mean = (p * g).sum(axis=1)
    spread = (p * (g - mean[:, None]) ** 2).sum()
    score = g[np.arange(len(y)), y] - mean
    want = np.sqrt((score**2).sum()) / (spread * beta)
    assert found.log_temperature_error.value == pytest.approx(want, rel=1e-11)


def test_folds() -> None:
    z, y = problem(5, 103)
    found = fitted(z, y, CalibrateOptions(folds=4, bins=7))
    mass = np.eye(6)[y]
    fold = np.arange(103) % 4
    losses = np.zeros(103)
    for i, each in enumerate(found.folds):
        out = fold == i
        want = where_it_changes_sign(slope(z[~out], mass[~out]))
        assert each.temperature == pytest.approx(want, rel=1e-10)
        assert (each.fold, each.rows) == (i, out.sum())
        cooled = z[out] / want
        lse = np.log(np.exp(cooled).sum(axis=1))
        losses[out] = lse - cooled[np.arange(out.sum()), y[out]]
    assert found.loss_out_of_fold.value == pytest.approx(losses.mean(), rel=1e-12)
    scales = np.array([each.temperature for each in found.folds])[fold][:, None]
    measured = measure(
        source(z / scales), source(y, "y"), Criterion(), run(), Options(("ece",), bins=7)
    )
    assert found.ece_out_of_fold.value == pytest.approx(measured["ece"].value, rel=1e-12)


def test_folds_are_slices_of_the_first_axis() -> None:
    z, y = problem(6, 120)
    flat = fitted(np.repeat(z, 2, axis=0), np.repeat(y, 2), CalibrateOptions(folds=0))
    deep = np.repeat(z, 2, axis=0).reshape(120, 2, 6)
    found = fitted(deep, np.repeat(y, 2).reshape(120, 2), CalibrateOptions(folds=3))
    assert found.temperature.value == flat.temperature.value
    want = fitted(z, y, CalibrateOptions(folds=3))
    assert [each.temperature for each in found.folds] == pytest.approx(
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
    assert found.log_temperature_error.value == pytest.approx(want, rel=1e-9)
    there = weight > 0
    assert found.clusters == len(np.unique(groups[there]))
    fold = np.unique(groups, return_inverse=True)[1] % 4
    for i, each in enumerate(found.folds):
        assert each.rows == (there & (fold == i)).sum()
        mass = np.eye(6)[y] * weight[:, None]
        out = where_it_changes_sign(slope(z[fold != i], mass[fold != i]))
        assert each.temperature == pytest.approx(out, rel=1e-10)
    names = np.array([f"patient {each:03d}" for each in groups], object)
    same = fitted(z, y, how, sample_weight=weight, cluster=names)
    assert (same.metrics, same.folds) == (found.metrics, found.folds)
    order = rng.permutation(200)
    other = fitted(z[order], y[order], how, sample_weight=weight[order], cluster=groups[order])
    assert other.log_temperature_error.value == pytest.approx(want, rel=1e-9)
    assert [each.rows for each in other.folds] == [each.rows for each in found.folds]


def test_slices_are_clusters_where_rows_have_several_axes() -> None:
    z, y = problem(12, 120)
    deep, labels = z.reshape(40, 3, 6), y.reshape(40, 3)
    found = fitted(deep, labels)
    beta = 1 / (found.temperature.value or 0)
    want = error_by_hand(z, y, np.ones(120), np.arange(120) // 3, beta)
    assert found.log_temperature_error.value == pytest.approx(want, rel=1e-9)
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
    assert found.log_temperature_error.value == pytest.approx(
        want.log_temperature_error.value, rel=1e-9
    )
    assert [each.rows for each in found.folds] == [each.rows for each in want.folds]


# Everything that concerns the loss


@pytest.mark.parametrize("num_classes", [2, 6, 60])
def test_weights_ignored_rows_and_minus_infinity(num_classes: int) -> None:
    z, y = problem(7, 200, num_classes)
    rng = np.random.default_rng(8)
    z[5, (y[5] + 1) % num_classes] = -np.inf
    z[6] = 2.0
    z[9] = np.where(np.arange(num_classes) == y[9], 0.0, -np.inf)
    weight, sample_weight = rng.random(num_classes), rng.random(200)
    sample_weight[3] = 0.0
    marked = y.copy()
    marked[7] = -100
    found = fitted(
        z,
        marked,
        CalibrateOptions(folds=3),
        options=LossOptions(weight),
        sample_weight=sample_weight,
    )
    mass = np.eye(num_classes)[y] * (weight[y] * sample_weight * (marked != -100))[:, None]
    want = where_it_changes_sign(slope(z, mass))
    assert found.temperature.value == pytest.approx(want, rel=1e-15, abs=0)
    out = np.arange(200) % 3 == 1
    want = where_it_changes_sign(slope(z[~out], mass[~out]))
    assert found.folds[1].temperature == pytest.approx(want, rel=1e-10)


def test_a_label_of_minus_infinity_that_weighs_nothing() -> None:
    z, y = problem(9)
    weight = np.ones(120)
    weight[4], z[4, y[4]] = 0.0, -np.inf
    there = np.arange(120) != 4
    found = temperature_of(z, y, sample_weight=weight)
    assert found == pytest.approx(temperature_of(z[there], y[there]), rel=1e-15, abs=0)


def test_class_probabilities() -> None:
    z, y = problem(10)
    t = 0.3 * np.random.default_rng(1).dirichlet(np.ones(6), 120) + 0.7 * np.eye(6)[y]
    weight = np.linspace(0.5, 2, 6)
    found = fitted(z, t, CalibrateOptions(), options=LossOptions(weight))
    want = where_it_changes_sign(slope(z, t * weight))
    assert found.temperature.value == pytest.approx(want, rel=1e-15, abs=0)
    assert found.loss_out_of_fold.value is not None
    assert found.ece_before.value is None


def test_binary() -> None:
    rng = np.random.default_rng(11)
    z = rng.normal(size=(150, 3)) * 3
    y = (rng.random((150, 3)) < 1 / (1 + np.exp(-z / 2))).astype(float)
    y[3, 1], y[4] = -100, 0.3
    weight, pos_weight = rng.random(3) + 0.5, np.array([2.0, 1.0, 0.5])
    binary = BinaryOptions(weight, pos_weight, (-100,))
    found = fitted(z, y, CalibrateOptions(folds=4), binary=binary)
    used, wide = y != -100, z.astype(np.longdouble)

    def at(b: Any) -> Any:
        p = 1 / (1 + np.exp(-b * wide))
        terms = -pos_weight * y * wide * (1 - p) + (1 - y) * wide * p
        return (weight * terms)[used].sum()

    assert found.temperature.value == pytest.approx(where_it_changes_sign(at), rel=1e-15, abs=0)
    used[2::4] = False
    assert found.folds[2].temperature == pytest.approx(where_it_changes_sign(at), rel=1e-10)
    assert found.loss_out_of_fold.n == 449


def test_classes_on_another_axis_and_a_shift() -> None:
    z, y = problem(12)
    deep, labels = z.reshape(10, 12, 6), y.reshape(10, 12)
    want = temperature_of(z, y)
    assert temperature_of(deep, labels) == want
    assert temperature_of(np.moveaxis(deep, -1, 1), labels) == want
    moved = np.full((10, 13), 0)
    moved[:, 1:] = labels
    longer = np.concatenate([deep, np.zeros((10, 1, 6))], axis=1)
    assert temperature_of(longer, moved, shift=1) == pytest.approx(want, rel=1e-15, abs=0)


def test_log_probabilities_and_probabilities() -> None:
    z, y = problem(13)
    logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    want = temperature_of(z, y)
    assert temperature_of(logs, y) == pytest.approx(want, rel=1e-14)
    assert temperature_of(np.exp(logs), y, from_probs=True) == pytest.approx(want, rel=1e-13)
    one = 1 / (1 + np.exp(-z[:, 0]))
    binary, hot = BinaryOptions(), (y == 0) ^ (z[:, 0] > 0)
    assert temperature_of(one, hot, from_probs=True, binary=binary) == pytest.approx(
        temperature_of(z[:, 0], hot, binary=binary), rel=1e-12
    )
    with pytest.raises(InputError, match=r"z\[0, 0\]: probability 5.48027 is above 1 \(120 such"):
        temperature_of(z, y, from_probs=True)
    one[[3, 8]] = 1.5, -0.5
    with pytest.raises(InputError, match=r"z\[3\]: probability 1.5 \(2 such"):
        temperature_of(one, hot, from_probs=True, binary=binary)


# Laws


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.floats(1e-4, 1e4))
def test_scaling_logits_scales_the_temperature(seed: int, factor: float) -> None:
    z, y = problem(seed, 30, 4)
    if (y == z.argmax(axis=1)).all():
        return
    try:
        want = temperature_of(z, y)
    except InputError:
        return
    assert temperature_of(z * factor, y) == pytest.approx(want * factor, rel=4e-15, abs=0)
    assert temperature_of(z / want, y) == pytest.approx(1.0, rel=4e-15, abs=0)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 50))
def test_the_bisection_agrees(seed: int, num_classes: int) -> None:
    z, y = problem(seed, 40, num_classes)
    at = slope(z, np.eye(num_classes)[y])
    if at(np.longdouble(0)) >= 0 or (y == z.argmax(axis=1)).all():
        with pytest.raises(InputError, match="there is no temperature"):
            temperature_of(z, y)
        return
    assert temperature_of(z, y) == pytest.approx(where_it_changes_sign(at), rel=2e-15, abs=0)


def test_the_accuracy_does_not_change() -> None:
    z, y = digits("digits_weak")
    found = fitted(z, y)
    cooled = Criterion(temperature=found.temperature.value or 0.0)
    after = measure(source(z), source(y, "y"), cooled, run(), Options(("accuracy",)))
    assert found.accuracy == after["accuracy"]


def test_far_from_1() -> None:
    z, y = problem(14)
    want = temperature_of(z, y)
    for factor in (1e-30, 1e-9, 1e9, 1e30):
        value = temperature_of(z * factor, y)
        assert value == pytest.approx(want * factor, rel=4e-15, abs=0)


# Where there is none


def said(logits: Any, labels: Any, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        fitted(logits, labels, **more)
    assert caught.value.message.startswith("z: there is no temperature: ")
    return caught.value.message.removeprefix("z: there is no temperature: ")


def test_a_label_of_minus_infinity() -> None:
    z, y = problem(15)
    z[3, y[3]] = -np.inf
    assert said(z, y) == (
        "the loss is infinite at any temperature: rows whose label has a logit of -inf: 1 of 120"
    )


def test_equal_logits() -> None:
    z = np.array([[2.0, 2.0, -np.inf], [1.0, 1.0, 1.0]])
    assert said(z, [0, 2]).startswith("any is as good as any other")


def test_labels_at_the_largest_logits() -> None:
    z, _ = problem(16)
    assert said(z, z.argmax(axis=1)).startswith("the lower the temperature, the lower the loss")
    z[4] = 1.0  # a tie, which nothing decides
    assert said(z, z.argmax(axis=1)).startswith("the lower the temperature")


def test_logits_that_say_nothing() -> None:
    z, _ = problem(17)
    assert said(z, z.argmin(axis=1)).startswith("the higher the temperature, the lower the loss")
    even = np.array([[0.3, 0.1]] * 2)  # right as often as wrong
    assert said(even, [0, 1]).startswith("the higher the temperature")
    thirds = np.repeat([[0.1, 0.7, 0.4]], 3, axis=0)
    assert said(thirds, [0, 1, 2]).startswith("the higher the temperature")


def test_folds_of_logits_that_say_next_to_nothing() -> None:
    """The series of such a step has terms beyond the largest float64."""
    for seed, shape, scale in ((37, (48, 4), 1e3), (38, (64, 3), 1e-4), (56, (86, 4), 1e-3)):
        rng = np.random.default_rng(seed)
        rng.integers(20, 200), rng.integers(2, 6), rng.integers(-12, 13)
        z, y = rng.normal(size=shape) * scale, rng.integers(0, shape[1], shape[0])
        want = where_it_changes_sign(slope(z, np.eye(shape[1])[y]))
        found = fitted(z, y, CalibrateOptions(folds=5)).temperature.value
        assert found == pytest.approx(want, rel=1e-12, abs=0), seed


def test_the_cases_are_of_rows_that_weigh_something() -> None:
    z, y = problem(18)
    right = y == z.argmax(axis=1)
    assert said(z, y, sample_weight=right.astype(float)).startswith("the lower the temperature")
    assert said(z, np.where(right, y, -100)).startswith("the lower the temperature")
    assert said(z, np.full(120, -100)) == "no row is used, or has a weight above 0"
    assert said(z, y, sample_weight=-np.ones(120)) == "rows of a negative weight: 120"


def test_rows_that_are_not_finite() -> None:
    z, y = problem(19)
    z[3, 2] = np.nan
    with pytest.raises(InputError, match=r"z\[3, 2\]: logit nan"):
        fitted(z, y)
    assert said(z, y, propagate=True).startswith("the loss is NaN")


def test_labels_that_hardly_know_of_the_logits_take_few_reads() -> None:
    rng = np.random.default_rng(8)
    z, y = rng.normal(size=(1800, 6)), rng.integers(0, 6, 1800)
    y[::40] = z[::40].argmax(axis=1)
    found = fitted(z, y, CalibrateOptions(folds=2))
    one_hot, fold = np.eye(6)[y], np.arange(1800) % 2
    assert (found.temperature.value or 0.0) > 10.0
    for i, each in enumerate(found.folds):
        want = where_it_changes_sign(slope(z[fold != i], one_hot[fold != i]))
        assert each.temperature == pytest.approx(want, rel=1e-11, abs=0), i
    assert found.passes <= 4


def test_a_fold_without_a_temperature() -> None:
    z, _ = problem(20)
    y = z.argmax(axis=1)
    y[0] = z[0].argmin()  # of fold 0: without it every label is right
    found = fitted(z, y, CalibrateOptions(folds=5))
    assert found.temperature.value is not None
    assert found.loss_out_of_fold.value is None
    assert "without fold 0 there is no temperature: nothing is out of fold" in found.notes
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
    assert "not every one of the 5 folds has rows: nothing is out of fold" in few.notes


@pytest.mark.parametrize(
    "options", [CalibrateOptions(1), CalibrateOptions(-2), CalibrateOptions(5, 0)]
)
def test_numbers_that_make_no_sense(options: CalibrateOptions) -> None:
    with pytest.raises(UsageError):
        fitted(*problem(21), options)
    with pytest.raises(UsageError, match="divided"):
        fitted(*problem(21), temperature=2.0)


# The same bits


def everything(found: FittedTemperature) -> Any:
    return found.metrics, found.folds, found.bins_before, found.bins_after


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_jobs_blocks_and_shards_change_nothing(
    dtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    z, y = problem(22, 151, 12)
    z = z.astype(dtype)
    want = everything(fitted(z, y, CalibrateOptions(folds=3)))
    paths = []
    for i, part in enumerate((z[:1], z[1:90], z[90:])):
        paths.append(str(tmp_path / f"z-{i}.npy"))
        np.save(paths[-1], part)

    def of_shards(jobs: int) -> Any:
        shards = open_files(paths, InputFile)
        labels = source(y, "y")
        return everything(
            calibrate(shards, labels, Criterion(), run(jobs), CalibrateOptions(folds=3))
        )

    assert of_shards(1) == want
    set_block_rows(monkeypatch, 17, 12)
    assert of_shards(2) == want
    assert everything(fitted(z, y, CalibrateOptions(folds=3))) == want


def test_formats_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    z, y = problem(23, 90, 5)
    z = z.astype(np.float32)
    labels = source(y, "y")

    def of(opened: Any) -> Any:
        return everything(calibrate(opened, labels, Criterion(), run(), CalibrateOptions(folds=3)))

    want = of(source(z.astype(np.float64)))
    assert of(npy_file(tmp_path / "z.npy", z.astype(np.float64))) == want
    with npy_pipe(z.astype(np.float64)) as pipe:
        assert of(pipe) == want
    text = tmp_path / "z.csv"
    assert of(csv_file(text, z.astype(np.float64))) == want
    monkeypatch.setattr("xentcli.formats.memory._LARGEST_COPY_BYTES", 100)  # now on the disk
    assert of(open_file(text)) == want
    monkeypatch.undo()
    # float32 is another computation of the loss, but not of the temperature
    metrics = of(source(z))[0]
    assert metrics["temperature"] == want[0]["temperature"]
    assert metrics["loss_after"] == want[0]["loss_after"]


def test_the_order_and_the_start_change_nothing_but_the_last_digit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    z, y = problem(24, 200)
    want = temperature_of(z, y)
    order = np.random.default_rng(2).permutation(200)
    assert temperature_of(z[order], y[order]) == pytest.approx(want, rel=1e-15, abs=0)
    for start in (1e-6, 0.5, 40.0):
        monkeypatch.setattr(calibrating, "start_of", lambda *_, at=start: at)
        assert temperature_of(z, y) == pytest.approx(want, rel=1e-15, abs=0)


def test_a_sample_is_where_large_data_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    z, y = problem(25, 2000)
    monkeypatch.setattr(temperature_start, "_SAMPLE_ROWS", 160)
    found = fitted(z, y)
    assert found.passes <= 4
    rows = temperature_start.TemperatureRows(source(z), source(y, "y"))
    assert temperature_start.start_of(rows, Criterion()) == pytest.approx(
        1 / (found.temperature.value or 0), rel=0.2
    )
    # samples that have none: of labels at the peak, and of labels that know nothing
    order = np.argsort(z, axis=1)
    for labels, least, most in ((order[:, -1], 10.0, 1e4), (order[:, 0], 1e-4, 0.1)):
        rows = temperature_start.TemperatureRows(source(z), source(labels, "y"))
        assert least < temperature_start.start_of(rows, Criterion()) < most


def test_text_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    z, y = problem(26, 60, 4)
    both = np.column_stack([z, y])
    path = tmp_path / "both.csv"
    header = ",".join([*(f"c{i}" for i in range(4)), "label"])
    np.savetxt(path, both, "%.17g", ",", header=header, comments="")
    parsed: list[int] = []
    parse = CsvSource._parse

    def counted(self: CsvSource, text: bytes, block: Any) -> Any:
        parsed.append(block.rows)
        return parse(self, text, block)

    monkeypatch.setattr(CsvSource, "_parse", counted)
    for held in (2**25, 100):
        monkeypatch.setattr("xentcli.formats.memory._LARGEST_COPY_BYTES", held)
        parsed.clear()
        opened = open_files([str(path)], _with_labels)
        found = calibrate(opened, None, Criterion(), run(), CalibrateOptions(folds=3))
        assert sum(parsed) == 60
        assert everything(found) == everything(fitted(z, y, CalibrateOptions(folds=3)))


def _with_labels(path: str) -> InputFile:
    file = InputFile(path)
    return file._replace(options=file.options._replace(label_column="label"))


def test_other_files_are_reported_on() -> None:
    z, y = digits()
    weak, _ = digits("digits_weak")
    tested = (source(weak), source(y, "y"))
    found = calibrate(source(z), source(y, "y"), Criterion(), run(), NO_FOLDS, tested=tested)
    assert found.notes == ()
    assert found.tested is not None
    cooled = Criterion(temperature=found.temperature.value or 0.0)
    for when, criterion in (("before", Criterion()), ("after", cooled)):
        want = measure(source(weak), source(y, "y"), criterion, run(), Options(("loss", "ece")))
        for name in ("loss", "ece"):
            assert found.tested.metrics[f"{name}_{when}"] == want[name]

"""Comparisons of models: reference values, oracles, and the same bits however rows are cut."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from close_to import close_to
from hypothesis import given, settings
from hypothesis import strategies as st
from in_one_test import in_one_test

from xentcli.core.labels import LossOptions
from xentcli.formats.base import MemorySource, Source
from xentcli.formats.files import open_file
from xentcli.pipeline.compare import Compared, Model, PairOptions, compare
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.opening import InputFile
from xentcli.pipeline.run import Run
from xentcli.results.comparison import Comparison

Array = npt.NDArray[Any]
DATA = Path(__file__).parents[2] / "sample_data"
ALL = PairOptions(("all",))
WIDE = Criterion(dtype=np.dtype(np.float64))
RNG = np.random.default_rng(5)
ONE = RNG.normal(size=(60, 6)) * 3
TWO = ONE + RNG.normal(size=(60, 6))
TRUE = RNG.integers(0, 6, 60)


def source(values: Any, name: str = "rows") -> Source:
    return MemorySource(name, np.asarray(values))


def compared(
    one: Any, two: Any, labels: Any, criterion: Criterion = WIDE, **more: Any
) -> Comparison:
    models = [Model(source(each), criterion) for each in (one, two)]
    run = Run(jobs=1, block_elements=more.pop("block_elements", 2**20))
    there = None if labels is None else source(labels, "labels")
    return compare(models, there, run, ALL, **more).comparisons[0]


def digits(*names: str) -> Compared:
    models = [Model(open_file(InputFile(str(DATA / name))), WIDE) for name in names]
    return compare(models, open_file(InputFile(str(DATA / "digits_labels.npy"))), Run(jobs=1), ALL)


def test_reference_values() -> None:
    found = digits("digits_logits.npy", "digits_weak_logits.npy").comparisons[0]
    wanted = {
        "loss_difference": 0.5654103066051167,
        "kl": 0.4300940521863505,
        "kl_reverse": 0.9031931914519955,
        "js": 0.1215151598117356,
        "kl_median": 0.3527043417295066,
        "kl_max": 1.84751657749377,
        "mcnemar_p": 1.7763568394002505e-13,
        "both_right": 388,
        "only_base_right": 48,
        "only_new_right": 1,
        "neither_right": 13,
        "agreement": 398 / 450,
        "accuracy_difference": -47 / 450,
    }
    for name, value in wanted.items():
        assert found[name].value == close_to(value, rel=1e-13), name
    difference = found["loss_difference"]
    assert difference.standard_error == close_to(0.0205214265529057, rel=1e-12)
    assert difference.low == close_to(0.5250803377, rel=1e-9)
    assert difference.high == close_to(0.60574027548, rel=1e-10)
    assert found["kl"].standard_error == close_to(0.0131049824, rel=1e-8)
    assert found["accuracy_difference"].standard_error == close_to(0.014772231135651884, rel=1e-13)


def naive(one: Array, two: Array, labels: Array) -> dict[str, tuple[float, float]]:
    """Return measures and their errors as textbooks have them, in the longest floats there are."""
    logs = []
    for rows in (one, two):
        wide = rows.astype(np.longdouble)
        logs.append(wide - np.log(np.exp(wide).sum(axis=1, keepdims=True)))
    every = np.arange(len(labels))
    losses = [-each[every, labels] for each in logs]
    hits = [each.argmax(axis=1) == labels for each in logs]
    p, q = map(np.exp, logs)
    mean = np.log((p + q) / 2)
    delta = q[every, labels] - p[every, labels]
    kl = (p * (logs[0] - logs[1])).sum(axis=1)
    measured: dict[str, Any] = {
        "loss_base": losses[0],
        "loss_new": losses[1],
        "loss_difference": losses[1] - losses[0],
        "share_worse": losses[1] > losses[0],
        "accuracy_base": hits[0],
        "accuracy_new": hits[1],
        "accuracy_difference": hits[1] * 1.0 - hits[0],
        "kl": kl,
        "kl_reverse": (q * (logs[1] - logs[0])).sum(axis=1),
        "js": ((p * (logs[0] - mean)).sum(axis=1) + (q * (logs[1] - mean)).sum(axis=1)) / 2,
        "agreement": logs[0].argmax(axis=1) == logs[1].argmax(axis=1),
        "delta_p": delta,
    }
    n = len(labels)
    found = {
        name: (float(each.mean()), float(each.astype(np.longdouble).std(ddof=1) / np.sqrt(n)))
        for name, each in measured.items()
    }
    nan = math.nan
    for name, percent in {"median": 50, "p90": 90, "p95": 95, "p99": 99, "p999": 99.9}.items():
        found[f"kl_{name}"] = float(np.percentile(kl, percent)), nan
    found["kl_max"] = float(kl.max()), nan
    found["loss_correlation"] = float(np.corrcoef(*np.array(losses, np.float64))[0, 1]), nan
    found["rms_delta_p"] = float(np.sqrt((delta**2).mean())), nan
    ppl = np.exp([found["loss_base"][0], found["loss_new"][0]])
    u1, u2 = found["loss_base"][1], found["loss_new"][1]
    cov = float(np.cov(*np.array(losses, np.float64))[0, 1] / n)
    ratio_error = math.sqrt(u1**2 + u2**2 - 2 * cov)
    found["perplexity_base"] = ppl[0], ppl[0] * u1
    found["perplexity_new"] = ppl[1], ppl[1] * u2
    found["log_perplexity_ratio"] = math.log(ppl[1] / ppl[0]), ratio_error
    found["perplexity_ratio"] = ppl[1] / ppl[0], ppl[1] / ppl[0] * ratio_error
    spread = (ppl[0] * u1) ** 2 + (ppl[1] * u2) ** 2 - 2 * ppl[0] * ppl[1] * cov
    found["perplexity_difference"] = ppl[1] - ppl[0], math.sqrt(spread)
    return found


def test_every_measure_is_what_textbooks_say() -> None:
    found = compared(ONE, TWO, TRUE)
    for name, (value, error) in naive(ONE, TWO, TRUE).items():
        assert found[name].value == pytest.approx(value, rel=1e-11, abs=1e-15), name
        if not math.isnan(error):
            assert found[name].standard_error == close_to(error, rel=1e-9), name


def test_the_difference_of_large_perplexities_has_an_error() -> None:
    one, two = (np.asarray(each * 100.0, np.longdouble) for each in (ONE, TWO))
    losses = [np.logaddexp.reduce(z, axis=1) - z[np.arange(60), TRUE] for z in (one, two)]
    means = [each.mean() for each in losses]
    assert means[0] > 355  # the squares of such perplexities are beyond float64
    grown = np.exp(means[1]) * (losses[1] - means[1]) - np.exp(means[0]) * (losses[0] - means[0])
    found = compared(ONE * 100.0, TWO * 100.0, TRUE)["perplexity_difference"]
    assert found.value == close_to(float(np.exp(means[1]) - np.exp(means[0])), rel=1e-9)
    error = float(grown.std(ddof=1) / np.sqrt(np.longdouble(60)))
    assert found.standard_error == close_to(error, rel=1e-9)
    assert compared(ONE * 2e3, TWO * 2e3, TRUE)["perplexity_difference"].value is None


def test_clusters_sum_up_their_rows() -> None:
    clusters = np.repeat(np.arange(12), 5)
    found = compared(ONE, TWO, TRUE, cluster=source(clusters))
    plain = compared(ONE, TWO, TRUE)
    at_label = [(np.exp(z) / np.exp(z).sum(1)[:, None])[np.arange(60), TRUE] for z in (ONE, TWO)]
    d = np.log(at_label[0]) - np.log(at_label[1])
    squares = (at_label[1] - at_label[0]) ** 2
    root = 2.0 * math.sqrt(squares.mean())  # of a mean m, the root's error is that of m / 2 sqrt(m)
    by_row = {"loss_difference": d, "share_worse": d > 0.0, "rms_delta_p": squares / root}
    for name, values in by_row.items():
        sums = np.bincount(clusters, values - values.mean())
        error = math.sqrt(12 / 11 * (sums**2).sum()) / 60
        assert found[name].standard_error == close_to(error, rel=1e-10), name
        assert found[name].value == plain[name].value, name
    near = np.where(np.arange(60)[:, None] == 0, ONE[:, ::-1], ONE)  # another prediction in one row
    same = compared(ONE, near, TRUE, cluster=source(clusters))
    assert same["agreement"].high == 1.0
    assert found["kl"].standard_error != plain["kl"].standard_error
    assert found.clusters == 12


def test_class_weights_weigh_the_losses() -> None:
    weight = np.array([1.0, 2.0, 0.5, 3.0, 1.5, 0.25])
    found = compared(ONE, TWO, TRUE, WIDE._replace(options=LossOptions(weight)))
    w = weight[TRUE]
    losses = [-np.log(np.exp(z)[np.arange(60), TRUE] / np.exp(z).sum(axis=1)) for z in (ONE, TWO)]
    means = [float((w * each).sum() / w.sum()) for each in losses]
    assert found["loss_base"].value == close_to(means[0], rel=1e-12)
    assert found["loss_difference"].value == close_to(means[1] - means[0], rel=1e-11)
    assert found["kl"].value == compared(ONE, TWO, TRUE)["kl"].value


@settings(deadline=None, max_examples=8)
@given(st.integers(1, 40), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_what_holds_of_all(rows: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, two = rng.normal(size=(2, rows, classes)) * 5
    labels = rng.integers(0, classes, rows)
    there, back = compared(one, two, labels), compared(two, one, labels)
    for name in ("loss_difference", "accuracy_difference", "delta_p"):
        assert there[name].value == -(back[name].value or 0.0)
        assert there[name].standard_error == back[name].standard_error
    for name in ("js", "agreement", "mcnemar_p", "loss_correlation", "rms_delta_p"):
        assert there[name].value == back[name].value
    assert there["kl"].value == back["kl_reverse"].value
    assert (there["kl_max"].value or 0.0) >= (there["kl_median"].value or 0.0) >= 0.0
    assert 0.0 <= (there["js"].value or 0.0) <= math.log(2.0)
    same = compared(one, one, labels)
    assert [same[n].value for n in ("loss_difference", "kl", "js", "share_worse")] == [0.0] * 4
    assert same["mcnemar_p"].value == 1.0


@in_one_test
@pytest.mark.parametrize(
    ("classes", "dtype"),
    [(6, np.float64), (6, np.float16), (60, np.float32), (60, np.float16)],
)
def test_the_same_bits_however_rows_are_cut(tmp_path: Path, classes: int, dtype: Any) -> None:
    rng = np.random.default_rng(9)
    one, two = (rng.normal(size=(2, 301, classes)) * 4).astype(dtype)
    labels = rng.integers(0, classes, 301)
    for name, values in (("one", one), ("two", two), ("y", labels)):
        np.save(tmp_path / f"{name}.npy", values)
    names = [open_file(InputFile(str(tmp_path / f"{name}.npy"))) for name in ("one", "two", "y")]
    whole = compared(one, two, labels, Criterion())
    models = [Model(each, Criterion()) for each in names[:2]]
    run = Run(jobs=2 if dtype == np.float32 else 1, block_elements=400 if classes == 6 else 3000)
    found = compare(models, names[2], run, ALL).comparisons[0]
    assert found.metrics == whole.metrics
    assert found.percentiles == whole.percentiles
    assert found.changed_rows == whole.changed_rows


def test_some_rows_alone() -> None:
    found = compared(ONE, TWO, TRUE, WIDE._replace(rows=slice(7, 31)), block_elements=60)
    assert found.metrics == compared(ONE[7:31], TWO[7:31], TRUE[7:31]).metrics
    assert {each.row for each in found.changed_rows} <= {*range(7, 31)}


def test_classes_along_the_first_axis() -> None:
    found = compared(ONE.T, TWO.T, TRUE, WIDE._replace(class_axis=0), block_elements=60)
    assert found.metrics == compared(ONE, TWO, TRUE).metrics

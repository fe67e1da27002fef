"""A row of weight 0 is in no mean of losses: n, and errors, are those of the other rows alone."""

import math
from typing import Any

import numpy as np
import pytest

import xentcli as xent
from xentcli.render.comparison_verdict import verdict
from xentcli.render.temperature import interval_in_words

RNG = np.random.default_rng(3)
Z = RNG.normal(size=(60, 3)) * 3
NEW = Z + RNG.normal(size=Z.shape)
Y = np.where(RNG.random(60) < 0.7, Z.argmax(axis=1), RNG.integers(0, 3, 60))
CLUSTERS, GROUPS = np.arange(60) // 4, np.arange(60) // 20
ROWS = np.where(np.arange(60) % 3 == 0, 0.0, RNG.uniform(0.5, 2.0, 60))
CLASSES = [0.0, 1.0, 2.0]
WHOLE_CLUSTERS = np.where(CLUSTERS % 3 == 0, 0.0, 1.5)
OF_LOSSES = ("loss", "perplexity", "bits")
OF_PAIRS = ("loss_base", "loss_new", "loss_difference", "loss_correlation", "share_worse")
OF_FITS = ("temperature", "log_temperature_error", "loss_before", "loss_after")


def measures_of(found: Any, names: tuple[str, ...]) -> list[float]:
    """Return the numbers of measures, of their groups too, and their n."""
    measures = [found.metrics[name] for name in names]
    measures += [each.metrics[names[0]] for each in getattr(found, "groups", ())]
    numbers = [(m.value, m.standard_error, m.low, m.high, m.n) for m in measures]
    return [np.nan if each is None else each for measure in numbers for each in measure]


@pytest.mark.parametrize("beside", ["cluster", "by", "both", "nothing"])
def test_rows_of_a_class_that_weighs_0(beside: str) -> None:
    there = Y != 0
    given: dict[str, Any] = {"cluster": CLUSTERS, "by": GROUPS}
    given = {name: each for name, each in given.items() if beside in (name, "both")}
    alone = {name: each[there] for name, each in given.items()}
    options: Any = {"weight": CLASSES}
    every = xent.evaluate(Z, Y, **options, **given)
    some = xent.evaluate(Z[there], Y[there], **options, **alone)
    assert (every.used, every.metrics["accuracy"].n) == (60, 60)
    assert every.metrics["loss"].n == np.count_nonzero(there)
    np.testing.assert_allclose(measures_of(every, OF_LOSSES), measures_of(some, OF_LOSSES), 1e-13)
    two = xent.compare(Z, NEW, Y, **options, **given)
    fewer = xent.compare(Z[there], NEW[there], Y[there], **options, **alone)
    np.testing.assert_allclose(measures_of(two, OF_PAIRS), measures_of(fewer, OF_PAIRS), 1e-13)
    assert two.metrics["loss_difference"].n == np.count_nonzero(there)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_group_without_weight_has_the_mean_of_a_run_over_it_alone(smoothing: float) -> None:
    """Without weight it is NaN, as in PyTorch; where all labels are ignored there is none."""
    labels = np.where(GROUPS == 0, 0, np.where(GROUPS == 1, -100, Y))
    options: Any = {"weight": CLASSES}
    smooth: Any = {**options, "label_smoothing": smoothing}
    found = xent.evaluate(Z, labels, by=GROUPS, **smooth)
    pair = xent.compare(Z, NEW, labels, by=GROUPS, **options)
    wanted = []
    for i in range(3):
        rows = np.equal(GROUPS, i)
        alone = xent.evaluate(Z[rows], labels[rows], **smooth).metrics["loss"]
        two = xent.compare(Z[rows], NEW[rows], labels[rows], **options).metrics
        wanted.append(repr(alone.value))
        assert repr(found.groups[i].metrics["loss"]) == repr(alone)
        for name in OF_PAIRS[:3]:
            here = pair.groups[i].metrics[name]
            assert repr(here) == repr(two[name])
    assert wanted[:2] == ["nan", "None"]
    assert wanted[2] not in wanted[:2]


def test_an_infinite_loss_that_weighs_0_is_in_no_mean_of_the_other_model() -> None:
    """0 times infinity is NaN: that mean is lost, and the other one has the rows that weigh."""
    lost = NEW.copy()
    lost[np.flatnonzero(Y == 0)[::3], 0] = -np.inf
    found = xent.compare(Z, lost, Y, weight=CLASSES, by=GROUPS)
    there = Y != 0
    alone = xent.compare(Z[there], NEW[there], Y[there], weight=CLASSES, by=GROUPS[there])
    assert np.isnan(found.metrics["loss_new"].value or 0.0)
    names = ("loss_base",)
    np.testing.assert_allclose(measures_of(found, names), measures_of(alone, names), 1e-13)


@pytest.mark.parametrize(("weights", "cluster"), [(ROWS, None), (WHOLE_CLUSTERS, CLUSTERS)])
def test_rows_that_weigh_0(weights: Any, cluster: Any) -> None:
    there = weights > 0.0
    given: dict[str, Any] = {} if cluster is None else {"cluster": cluster}
    alone = {name: each[there] for name, each in given.items()}
    every = xent.calibrate(Z, Y, sample_weight=weights, folds=0, **given)
    some = xent.calibrate(Z[there], Y[there], sample_weight=weights[there], folds=0, **alone)
    np.testing.assert_allclose(measures_of(every, OF_FITS), measures_of(some, OF_FITS), 1e-12)
    assert (every.rows, every.used, every.metrics["temperature"].n) == (60, 60, there.sum())
    loss_of: Any = xent.loss
    loss, other = (
        loss_of(Z[rows], Y[rows], sample_weight=weights[rows]) for rows in (slice(None), there)
    )
    assert loss.standard_error == pytest.approx(other.standard_error, rel=1e-13)
    assert (loss.used, other.used) == (60, there.sum())


def test_a_row_that_smoothing_keeps_in_the_sum_counts() -> None:
    """Its label weighs 0, and the other classes do not: its loss is in the numerator."""
    found = xent.evaluate(Z, Y, weight=np.array(CLASSES), label_smoothing=0.1)
    assert found.metrics["loss"].n == 60


def test_weights_of_classes_do_not_correlate_losses_by_themselves() -> None:
    """The losses of two models that know nothing of each other share their rows' weights alone."""
    random = np.random.default_rng(11)
    labels, weights = random.integers(0, 3, 4000), np.array([0.1, 1.0, 8.0])
    one, other = random.normal(size=(2, 4000, 3))
    found = xent.compare(one, other, labels, weight=weights).metrics
    losses = [np.log(np.exp(z).sum(axis=1)) - z[np.arange(4000), labels] for z in (one, other)]
    w = weights[labels]
    apart = [w * (each - w @ each / w.sum()) for each in losses]
    want = apart[0] @ apart[1] / np.sqrt((apart[0] @ apart[0]) * (apart[1] @ apart[1]))
    assert found["loss_correlation"].value == pytest.approx(want, abs=1e-12)
    assert abs(want) < 0.05 < np.corrcoef(w * losses[0], w * losses[1])[0, 1]
    names = ("loss_base", "loss_new", "loss_difference")
    base, new, paired = (found[name].standard_error or 0.0 for name in names)
    assert paired**2 == pytest.approx(base**2 + new**2 - 2 * want * base * new, rel=1e-12)


def test_four_clusters_that_weigh_decide_as_little_as_four_clusters() -> None:
    some, sure = CLUSTERS % 4 == 0, Z * 8.0
    found = xent.calibrate(sure, Y, cluster=CLUSTERS, sample_weight=some)
    alone = xent.calibrate(sure[some], Y[some], cluster=CLUSTERS[some])
    assert ", but 4 clusters say little" in interval_in_words(found) == interval_in_words(alone)
    every = interval_in_words(xent.calibrate(sure, Y, cluster=CLUSTERS))
    assert every.endswith(": the model is too confident")
    labels, worse = np.where(some, 0, Y.clip(1)), Z.copy()
    worse[np.arange(60), labels] -= 5.0
    options: Any = {"cluster": CLUSTERS, "metrics": "loss_difference"}
    assert verdict(xent.compare(Z, worse, labels, **options))[1] == "worse"
    assert verdict(xent.compare(Z, worse, labels, **options, weight=[1, 0, 0]))[1] == "unclear"


@pytest.mark.parametrize("kind", ["logits", "log-probs", "probs"])
def test_a_class_that_weighs_0_and_has_a_probability_of_0(kind: Any) -> None:
    """0 * inf is NaN, as in PyTorch, and no number of the file is; +inf and NaN are refused."""
    probs, labels = np.array([[0.0, 0.5, 0.5], [0.2, 0.3, 0.5]]), np.array([[0.2, 0.3, 0.5]] * 2)
    with np.errstate(divide="ignore"):
        rows = probs if kind == "probs" else np.log(probs)
    for found in (
        xent.evaluate(rows, labels, input=kind, weight=CLASSES).loss,
        xent.compare(rows, rows, labels, input=kind, weight=CLASSES).loss_new,
    ):
        assert math.isnan(found.value or 0.0)
    for odd in (np.nan, np.inf) if kind == "log-probs" else (np.nan,):
        rows[1, 2] = odd
        with pytest.raises(xent.XentError, match=rf"\[1, 2\].* {odd}"):
            xent.evaluate(rows, labels, input=kind, weight=CLASSES, metrics="loss")

"""The errors of rows that depend on one another: out of fold, and of rows to test on."""

from typing import Any

import numpy as np
import pytest
from calibrate_tools import NO_FOLDS, Array, fitted, problem, source
from close_to import close_to
from in_one_test import in_one_test
from pipeline_tools import run

from xentcli.pipeline.calibrate import CalibrateOptions, OtherRows, calibrate
from xentcli.pipeline.criterion import Criterion
from xentcli.pipeline.measure import Options, measure

INDEPENDENT = "the errors of the rows to test on take each row for independent"


def error_of_mean(losses: Array, weight: Array, groups: Array) -> float:
    """Return the sandwich estimate of clusters, for a mean of losses that weigh."""
    mean = (losses * weight).sum() / weight.sum()
    off = (losses - mean) * weight
    totals = np.array([off[groups == each].sum() for each in np.unique(groups)])
    count = len(totals)
    return float(np.sqrt(count / (count - 1) * (totals**2).sum()) / weight.sum())


def losses_at(z: Array, y: Array, temperature: Array) -> Array:
    logs = z / temperature[:, None]
    logs = logs - np.logaddexp.reduce(logs, axis=1)[:, None]
    losses: Array = -logs[np.arange(len(y)), y]
    return losses


@in_one_test
@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_out_of_fold_has_the_error_of_clusters(weighted: bool) -> None:
    z, y = problem(41, 200)
    rng = np.random.default_rng(5)
    groups = rng.integers(0, 19, 200)
    z += np.eye(6)[y] * (groups % 4 - 1)[:, None]  # rows of one cluster are alike
    weight = rng.uniform(0.5, 2.0, 200) if weighted else np.ones(200)
    more: dict[str, Any] = {"sample_weight": weight} if weighted else {}
    found = fitted(z, y, CalibrateOptions(folds=4), cluster=groups, **more)
    temperature = np.array([each.temperature for each in found.folds])[groups % 4]
    losses = losses_at(z, y, temperature)
    want = error_of_mean(losses, weight, groups)
    out = found.loss_out_of_fold
    assert out.value == close_to((losses * weight).sum() / weight.sum(), rel=1e-12)
    assert out.standard_error == close_to(want, rel=1e-10)
    quantile = 2.10092204024096  # of Student's t, for 18 degrees of freedom
    assert out.high == close_to((out.value or 0.0) + quantile * want, rel=1e-10)
    alone = fitted(z, y, CalibrateOptions(folds=4), **more).loss_out_of_fold
    assert alone.standard_error != pytest.approx(want, rel=0.05)


def test_rows_to_test_on_have_the_errors_of_their_own_clusters() -> None:
    z, y = problem(42, 120)
    deep = source(z.reshape(40, 3, 6)), source(y.reshape(40, 3), "y")
    flat = source(z), source(y, "y")
    names = source(np.arange(120) // 3, "g")
    for cluster in (None, "axis0", "rows"):
        found = calibrate(
            *deep,
            Criterion(),
            run(),
            NO_FOLDS,
            cluster=cluster,
            tested=OtherRows(*deep, Criterion()),
        )
        assert found.tested is not None
        want = measure(*deep, Criterion(), run(), Options(("loss", "brier")), cluster=cluster)
        for name in ("loss", "brier"):
            assert found.tested.metrics[f"{name}_before"] == want[name]
        assert found.tested.clusters == found.clusters == (None if cluster == "rows" else 40)
        assert INDEPENDENT not in found.notes
    found = calibrate(
        *flat, Criterion(), run(), NO_FOLDS, cluster=names, tested=OtherRows(*flat, Criterion())
    )
    assert found.tested is not None
    plain = measure(*flat, Criterion(), run(), Options(("loss",)))
    assert found.tested.metrics["loss_before"] == plain["loss"]
    assert (found.clusters, found.tested.clusters) == (40, None)
    assert INDEPENDENT in found.notes

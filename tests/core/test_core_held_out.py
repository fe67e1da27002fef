"""Losses and confidences at temperatures next to that of all rows, and far from it."""

import numpy as np
from numpy.testing import assert_allclose

from xentcli.core.labels import LossOptions
from xentcli.core.row_facts import row_facts

NEXT, NEAR, FAR = (1.0, 1.001, 0.9995), (1.02, 0.97), (1.4, 0.2)


def test_rows_at_the_temperatures_of_their_folds() -> None:
    """By a series next to the temperature of all, by exponentials elsewhere, and of float32.

    Where the widest gap is known to be small, the series serves temperatures that are far away.
    Where the gaps are wide, few classes of some rows are near the peak.
    """
    rng = np.random.default_rng(7)
    for num_classes in (1, 2, 9, 300):
        z, y = rng.normal(size=(40, num_classes)) * 4, rng.integers(0, num_classes, 40)
        z[3:5, : num_classes // 2] = -np.inf
        y[3:5] = num_classes - 1
        z[6, -1] = 90.0
        weight, used = np.linspace(0.5, 2.0, num_classes), np.arange(40) != 5
        labels = np.where(used, y, -100)
        for scales, widest, factor in (
            (NEXT, np.inf, 1.0),
            (NEAR, np.inf, 1.0),
            (FAR, np.inf, 1.0),
            (FAR, np.inf, 30.0),
            (FAR, 0.5, 0.5 / 110.0),
        ):
            scale = np.array(scales)[np.arange(40) % len(scales), None]
            for dtype, error in ((np.float64, 3e-14), (np.float32, 2e-6)):
                case = f"{num_classes} {scales} {factor} {dtype}"
                found = row_facts(
                    (factor * z).astype(dtype),
                    labels,
                    LossOptions(weight),
                    ("held_out",),
                    parameters={"scales": scales, "widest": widest, "same_bits": True},
                )["held_out"]
                wide = (factor * z).astype(dtype).astype(np.longdouble) * scale
                wide -= wide.max(axis=1, keepdims=True)
                total = np.exp(wide).sum(axis=1)
                loss = (np.log(total) - wide[np.arange(40), y]) * weight[y] * used
                assert_allclose(found.loss, loss.astype(float), error, error, False, case)
                assert_allclose(found.forecast, (1 / total).astype(float), error, err_msg=case)

"""The range, mean and kind of an array's values."""

import math
from typing import Any

import numpy as np
import pytest
from in_one_test import in_one_test

from xentcli.metrics.summary import SummaryState


def test_range_mean_and_counts() -> None:
    rng = np.random.default_rng(0)
    for dtype in ("f8", "f4", "f2", "i4", "u1", "?"):
        values = (rng.normal(size=(60, 7)) * 50.0 + 100.0).astype(dtype)
        found = SummaryState.from_block(values).compute()
        wide = values.astype(np.float64)
        assert (found.minimum, found.maximum) == (wide.min(), wide.max())
        assert found.mean == math.fsum(wide.ravel()) / wide.size
        assert found.count == wide.size


def test_what_is_not_finite() -> None:
    values = np.array([[1.0, math.nan, math.inf], [-math.inf, math.nan, 2.0]])
    found = SummaryState.from_block(values).compute()
    assert (found.minimum, found.maximum) == (-math.inf, math.inf)
    assert (found.nan, found.positive_infinities, found.negative_infinities) == (2, 1, 1)
    assert math.isnan(found.mean)


def test_nothing() -> None:
    found = SummaryState().compute()
    assert all(map(math.isnan, (found.minimum, found.maximum, found.mean)))
    assert found.looks_like(2) == "numbers"


PROBS = np.random.default_rng(1).dirichlet(np.ones(5), size=40)


@in_one_test
@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (PROBS, "probabilities"),
        (PROBS.astype(np.float16), "probabilities"),
        (np.log(PROBS), "log-probabilities"),
        (np.log(PROBS) + 1.0, "logits"),
        (np.vstack([PROBS, PROBS + 1.0]), "logits"),
        (np.arange(40), "labels"),
        (np.arange(40.0), "labels"),
        (np.arange(40) + 0.5, "numbers"),
        (np.eye(4), "one-hot labels"),
        (np.arange(40.0)[:, None], "labels"),  # as MATLAB has them
        (np.arange(40.0)[:, None] - 9, "numbers"),
        (np.arange(40.0)[:, None] + 0.5, "unknown"),
    ],
)
def test_kinds(values: Any, kind: str) -> None:
    halves = [SummaryState.from_block(part) for part in np.array_split(values, 2)]
    assert halves[0].merge(halves[1]).compute().looks_like(values.ndim) == kind


def test_integers_that_float64_rounds_are_exact() -> None:
    for dtype, ends in (("i8", (-(2**62) - 1, 2**53 + 1)), ("u8", (2**53 + 1, 2**64 - 1))):
        values = np.array([*ends, sum(ends) // 2], dtype)
        parts = [SummaryState.from_block(values[i : i + 2]) for i in range(0, 4, 2)]
        found = parts[0].merge(parts[1]).merge(SummaryState()).compute()
        assert f"{found.minimum}, {found.maximum}" == f"{ends[0]}, {ends[1]}"

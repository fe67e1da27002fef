"""The errors of what two bases of llama-perplexity say, where rows are few."""

import math

import numpy as np
import pytest
from close_to import close_to
from in_one_test import in_one_test
from mpmath import mp

from xentcli.core.coded_pairs import LossBounds, PairRows
from xentcli.core.dtypes import Doubles
from xentcli.metrics.coded_bounds import Between
from xentcli.metrics.coded_pairs import CodedPairsState
from xentcli.metrics.names import OF_BASES


def pairs_of(base: Doubles, new: Doubles) -> PairRows:
    """Return rows without floors, whose codes have no steps."""
    zeros = np.zeros(len(base))
    bounds = LossBounds(base, base), LossBounds(new, new)
    return PairRows(base, new, *bounds, zeros, zeros, *[zeros > 0.0] * 4)


@in_one_test
@pytest.mark.parametrize("rows", [2, 10, 11])
def test_ten_rows_tell_no_error(rows: int) -> None:
    """The covariance of losses that go opposite ways is below 0: alone, it would be an error."""
    loss = np.linspace(1.0, 2.0, rows)
    pairs = pairs_of(loss, 3.0 - loss)
    found = CodedPairsState.from_rows(pairs).measures()
    errors = {name: found[name].standard_error for name in OF_BASES if "perplexity" in name}
    assert len(errors) == 5
    paired = np.std(3.0 - 2.0 * loss, ddof=1) / np.sqrt(rows)
    assert errors["log_perplexity_ratio"] == close_to(0.0 if rows <= 10 else paired, rel=1e-12)
    assert [each == 0.0 for each in errors.values()] == [rows <= 10] * 5


def test_equal_and_nearly_equal_losses() -> None:
    rng = np.random.default_rng(6)
    loss = rng.exponential(5.0, 300)
    noise = rng.normal(size=300) * 1e-5
    for new in (loss, loss + noise):
        pairs = pairs_of(loss, new)
        found = CodedPairsState.from_rows(pairs).measures()
        error = np.std(new - loss, ddof=1) / np.sqrt(300)
        assert found["log_perplexity_ratio"].value == close_to((new - loss).mean(), rel=1e-9)
        assert found["log_perplexity_ratio"].standard_error == close_to(error, rel=1e-3)
        ppl = np.exp([loss.mean(), new.mean()])
        apart = np.std(ppl[1] * new - ppl[0] * loss, ddof=1) / np.sqrt(300)
        assert found["perplexity_difference"].standard_error == close_to(apart, rel=1e-3)


def test_equal_bases_have_no_error() -> None:
    for seed in range(30):
        loss = np.random.default_rng(seed).exponential(5.0, 50)
        pairs = pairs_of(loss, loss)
        found = CodedPairsState.from_rows(pairs).measures()
        for name in ("log_perplexity_ratio", "perplexity_ratio", "perplexity_difference"):
            assert found[name].standard_error == 0.0, (seed, name)
        assert found["loss_correlation"].value == 1.0, seed


def test_the_largest_exponentials_that_float64_holds_are_bounds() -> None:
    bounds = Between(700.5, 709.5).exp()
    assert bounds == close_to([float(mp.exp(700.5)), float(mp.exp(709.5))], rel=1e-12)
    assert Between(709.5, 710.0).exp().most == math.inf

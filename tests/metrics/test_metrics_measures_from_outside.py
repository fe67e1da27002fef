"""A measure from outside: the mean of a fact with its error, and what is no measure."""

import math
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pytest
from close_to import close_to

from xentcli import evaluate
from xentcli.core import fact as facts_there_are
from xentcli.core.row_facts import fact
from xentcli.errors import XentError
from xentcli.metrics import interface
from xentcli.metrics.interface import register
from xentcli.metrics.mean_state import MeanState
from xentcli.results.measure import Measure

LOGITS = np.random.default_rng(3).normal(scale=0.1, size=(60, 5)).astype(np.float32)
LABELS = np.arange(60) % 5


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    fact("gap", "before", needs=("label", "picked"))(
        lambda tile, rows: np.asarray(rows[:, 0] - tile["picked"])
    )
    yield
    facts_there_are.forget("gap")
    interface.forget("margin")


class GapState(MeanState):
    """The mean of the gaps."""

    __slots__ = ()
    needs: ClassVar[tuple[str, ...]] = ("gap", "measured")


class OwnGapState(GapState):
    """One that computes it itself."""

    __slots__ = ()

    def compute(self) -> Measure:
        return super().compute()


def test_the_error_of_a_mean_of_a_fact_comes_from_the_clusters() -> None:
    logits, labels = LOGITS.reshape(10, 6, 5), LABELS.reshape(10, 6).copy()
    labels[3, 1] = -100
    used = labels.reshape(-1) >= 0
    gaps = np.where(used, LOGITS[:, 0] - LOGITS[np.arange(60), LABELS], 0).astype(np.float64)
    mean = gaps.sum() / 59
    sums, counts = gaps.reshape(10, 6).sum(axis=1), used.reshape(10, 6).sum(axis=1)
    by_cluster = math.sqrt(10 / 9 * ((sums - mean * counts) ** 2).sum()) / 59
    by_row = math.sqrt(((gaps - mean)[used] ** 2).sum() / 58 / 59)
    default = "the errors of means take the rows of a slice of the first axis to depend on one"
    for state, cluster, error, said in (
        (GapState, None, by_cluster, []),
        (GapState, "rows", by_row, []),
        (OwnGapState, "rows", by_row, []),
        (OwnGapState, None, by_row, ["the error of margin is what its metric computes"]),
    ):
        register("margin", measure=True)(state)
        found = evaluate(logits, labels, metrics=["margin"], cluster=cluster)
        assert found["margin"].value == close_to(mean, rel=1e-6)
        assert found["margin"].standard_error == close_to(error, rel=1e-6)
        expected = [] if cluster else [default]
        notes = [*zip(found.notes, [*expected, *said], strict=True)]
        assert all(note.startswith(start) for note, start in notes), notes
        assert found.others == {}  # what is a measure is shown as one


def test_a_measure_that_is_none_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    register("margin", measure=True)(GapState)
    for computed, said in [
        (Measure(np.float32(2.5), n=np.int64(3)), Measure(2.5, n=3)),  # type: ignore[arg-type]
        (Measure(), Measure()),
        (None, "computes None, which is no Measure of numbers"),
        (2.5, "computes 2.5, which is no Measure"),
        (Measure("x"), "computes a Measure whose value is 'x'"),  # type: ignore[arg-type]
        (Measure(1.0, n=1.5), "a Measure whose n is 1.5"),  # type: ignore[arg-type]
        (Measure(1.0, n=-3), "a Measure whose n is -3"),
        (Measure(10**400), "a Measure whose value is 1000"),
        (Measure(1.0, -0.5), "a Measure whose standard_error is -0.5"),
        (Measure(1.0, None, 5.0, -5.0), "computes the interval 5.0 to -5.0"),
    ]:
        monkeypatch.setattr(GapState, "compute", lambda _, found=computed: found)
        if isinstance(said, Measure):
            found = evaluate(LOGITS, LABELS, metrics=["margin"])
            assert repr(found["margin"]) == repr(said)
            assert found.notes == (() if said.n else ("margin does not apply",))
            continue
        with pytest.raises(XentError) as caught:
            evaluate(LOGITS, LABELS, metrics=["margin"])
        assert str(said) in str(caught.value)
    monkeypatch.setattr(GapState, "compute", lambda _: Measure(float("nan")))
    (note,) = evaluate(LOGITS, LABELS, metrics=["margin"]).notes
    assert note.startswith("margin is nan: ")

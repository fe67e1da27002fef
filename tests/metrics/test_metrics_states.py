"""What every state that merges must do: one harness for all of them."""

import copy
import itertools
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from xentcli.core.exact_sum import ExactSum
from xentcli.core.labels import LossOptions
from xentcli.core.normalizer import Normalizer, normalizer
from xentcli.core.row_losses import cross_entropy_rows
from xentcli.metrics.loss import LossState
from xentcli.metrics.summary import SummaryState

Array = npt.NDArray[Any]

RNG = np.random.default_rng(11)
LOGITS = RNG.normal(size=(500, 4)) * 30.0
LABELS = RNG.integers(-1, 4, 500)
LOGITS[7, 1] = -np.inf
WEIGHT = np.array([0.1, 3.0, 0.7, 1e-3])
CUTS = [0, 1, 8, 200, 201, 500]


def losses(part: slice, weight: Array | None = None) -> LossState:
    options = LossOptions(weight, ignore_index=-1)
    return LossState.from_block(cross_entropy_rows(LOGITS[part], LABELS[part], options))


def probability_losses(part: slice) -> LossState:
    probs = np.abs(LOGITS[part]) / 90.0
    finite = np.nan_to_num(LOGITS[part], neginf=0.0)
    return LossState.from_block(cross_entropy_rows(finite, probs, LossOptions()))


def columns(part: slice) -> Normalizer:
    """Return the normalizer of a few long rows, of which a block holds some classes."""
    return normalizer(np.ascontiguousarray(LOGITS[part].T))


@dataclass(frozen=True)
class Kind:
    """A kind of state: how a block becomes one, how two merge, and which one is empty."""

    from_block: Callable[[slice], Any]
    empty: Any
    merge: Callable[[Any, Any], Any] = lambda one, other: one.merge(other)
    same: Callable[[Any, Any], bool] = lambda one, other: one == other


def nearly(one: Normalizer, other: Normalizer) -> bool:
    """Compare normalizers, whose sums are rounded."""
    close = np.allclose(one.rest, other.rest, rtol=1e-14, atol=0.0, equal_nan=True)
    return np.array_equal(one.peak, other.peak) and close


KINDS = {
    "losses": Kind(losses, LossState()),
    "weighted losses": Kind(lambda part: losses(part, WEIGHT), LossState()),
    "losses of probabilities": Kind(probability_losses, LossState()),
    "losses of no rows": Kind(losses, losses(slice(0, 0))),
    "summary": Kind(lambda part: SummaryState.from_block(LOGITS[part]), SummaryState()),
    "summary of labels": Kind(lambda part: SummaryState.from_block(LABELS[part]), SummaryState()),
    "exact sum": Kind(
        lambda part: ExactSum.of(LOGITS[part]), ExactSum(), lambda one, other: one + other
    ),
    "normalizer": Kind(columns, normalizer(np.full((4, 1), -np.inf)), same=nearly),
}

each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def states(kind: Kind) -> list[Any]:
    return [kind.from_block(slice(*cut)) for cut in itertools.pairwise(CUTS)]


def merged(kind: Kind, parts: list[Any]) -> Any:
    total = kind.empty
    for part in parts:
        total = kind.merge(total, part)
    return total


@each_kind
def test_empty_changes_nothing(kind: Kind) -> None:
    for state in [*states(kind), kind.empty]:
        assert kind.same(kind.merge(state, kind.empty), state)
        assert kind.same(kind.merge(kind.empty, state), state)


@each_kind
def test_the_parts_make_the_whole(kind: Kind) -> None:
    assert kind.same(merged(kind, states(kind)), kind.from_block(slice(0, 500)))


@each_kind
def test_merging_is_associative(kind: Kind) -> None:
    for a, b, c in itertools.combinations(states(kind), 3):
        left, right = kind.merge(kind.merge(a, b), c), kind.merge(a, kind.merge(b, c))
        assert kind.same(left, right)


@each_kind
def test_the_order_does_not_matter(kind: Kind) -> None:
    want = merged(kind, states(kind))
    for order in itertools.permutations(states(kind)):
        assert kind.same(merged(kind, list(order)), want)


def test_what_is_merged_stays_as_it_is() -> None:
    """The other kinds of state hold nothing that could be changed in place."""
    kind = KINDS["normalizer"]
    one, other = states(kind)[1:3]
    before = copy.deepcopy((one, other))
    kind.merge(one, other)
    kind.merge(other, one)
    assert kind.same(one, before[0])
    assert kind.same(other, before[1])


@each_kind
def test_states_travel(kind: Kind) -> None:
    for state in states(kind):
        assert kind.same(pickle.loads(pickle.dumps(state)), state)  # noqa: S301


@each_kind
def test_a_state_does_not_keep_its_rows(kind: Kind) -> None:
    whole, few = kind.from_block(slice(0, 500)), kind.from_block(slice(0, 10))
    assert len(pickle.dumps(whole)) < len(pickle.dumps(few)) + 200

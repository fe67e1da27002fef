"""What every state that merges must do: one contract for all metrics, and for all other states."""

import copy
import functools
import itertools
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from xentcli.core.checks import Kind as Kinds
from xentcli.core.exact_sum import ExactSum
from xentcli.core.labels import LossOptions
from xentcli.core.normalizer import Normalizer, normalizer
from xentcli.core.row_facts import Origin, row_facts
from xentcli.errors import InputError
from xentcli.metrics.interface import States, metric_of
from xentcli.metrics.names import HOMES
from xentcli.metrics.state_json import from_plain, to_plain
from xentcli.metrics.summary import SummaryState
from xentcli.results.records import field_names

Array = npt.NDArray[Any]
RNG = np.random.default_rng(11)
LOGITS = RNG.normal(size=(500, 4)) * 30.0
LABELS = RNG.integers(-1, 4, 500)
LOGITS[7, 1] = -np.inf
WEIGHT = np.array([0.1, 3.0, 0.7, 1e-3])
IDS = np.array([f"row {i}" for i in range(500)], object)
GROUPS = np.array(["b", "a", None, "c"], object)[RNG.integers(0, 4, 500)]
CLUSTERS = RNG.integers(0, 20, 500)
PARAMETERS: dict[str, dict[str, Any]] = {
    "ranks": {"ks": (2, 3)},
    "calibration": {"bins": 4},
    "classwise": {"bins": 3},
    "groups": {"bins": 2},
    "worst_rows": {"most": 4},
    "suspects": {"thresholds": (0.5, 0.25, 0.125, 0.5), "most": 3},
}
CUTS = [0, 1, 8, 200, 201, 500]


def state_of(
    name: str,
    part: slice,
    rows: Array,
    labels: Array,
    options: LossOptions,
    kind: Kinds = "logits",
) -> Any:
    """Return a metric's state of rows that have a place, an id, a group and a cluster each."""
    states = States.empty([name], PARAMETERS)
    facts = row_facts(rows, labels, options, states.needs, kind=kind, parameters=states.parameters)
    return states.from_rows(facts.at(origin_of(part))).states[name]


def origin_of(part: slice) -> Origin:
    return Origin(part.start, 1, IDS[part], GROUPS[part], CLUSTERS[part])


def of_indices(name: str, part: slice, weight: Array | None = None) -> Any:
    """Return a metric's state of some rows with class indices, some of them ignored."""
    options = LossOptions(weight, ignore_index=-1)
    return state_of(name, part, LOGITS[part], LABELS[part], options)


def of_probabilities(name: str, part: slice) -> Any:
    probs = np.abs(LOGITS[part]) / 90.0
    finite = np.nan_to_num(LOGITS[part], neginf=0.0)
    return state_of(name, part, finite, probs, LossOptions())


def of_log_probs(name: str, part: slice) -> Any:
    options = LossOptions(WEIGHT, ignore_index=-1)
    rows = -np.abs(LOGITS[part])
    return state_of(name, part, rows, LABELS[part], options, "log-probabilities")


def of_all(part: slice) -> States:
    """Return the state of all metrics at once."""
    states = States.empty(HOMES, PARAMETERS)
    facts = row_facts(
        LOGITS[part],
        LABELS[part],
        LossOptions(None, -1),
        states.needs,
        parameters=states.parameters,
    )
    return states.from_rows(facts.at(origin_of(part)))


def columns(part: slice) -> Normalizer:
    """Return the normalizer of a few long rows, of which a block holds some classes."""
    return normalizer(np.ascontiguousarray(LOGITS[part].T))


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of state: how a block becomes one, how two merge, and which are empty."""

    from_block: Callable[[slice], Any]
    empty: Any
    of_no_rows: tuple[Any, ...] = ()  # which change nothing either
    merge: Callable[[Any, Any], Any] = lambda one, other: one.merge(other)
    same: Callable[[Any, Any], bool] = lambda one, other: one == other
    computes: bool = True  # and goes to JSON and back


def nearly(one: Normalizer, other: Normalizer) -> bool:
    """Compare normalizers, whose sums are rounded."""
    close = np.allclose(one.rest, other.rest, rtol=1e-14, atol=0.0, equal_nan=True)
    return np.array_equal(one.peak, other.peak) and close


def kinds_of(name: str) -> dict[str, Kind]:
    """Return the kinds of states that a metric makes."""
    empty = metric_of(name)(**PARAMETERS.get(name, {}))
    return {
        name: Kind(lambda part: of_indices(name, part), empty, (of_indices(name, slice(0, 0)),)),
        f"weighted {name}": Kind(lambda part: of_indices(name, part, WEIGHT), empty),
        f"{name} of class probabilities": Kind(lambda part: of_probabilities(name, part), empty),
        f"{name} of log-probabilities": Kind(lambda part: of_log_probs(name, part), empty),
    }


KINDS = {
    "all metrics": Kind(of_all, States.empty(HOMES, PARAMETERS)),
    "summary": Kind(lambda part: SummaryState.from_block(LOGITS[part]), SummaryState()),
    "summary of labels": Kind(lambda part: SummaryState.from_block(LABELS[part]), SummaryState()),
    "exact sum": Kind(
        lambda part: ExactSum.of(LOGITS[part]),
        ExactSum(),
        merge=lambda one, other: one + other,
        computes=False,
    ),
    "normalizer": Kind(columns, normalizer(np.full((4, 1), -np.inf)), same=nearly, computes=False),
}


@functools.cache
def _states(kind: Kind) -> tuple[Any, ...]:
    return tuple(kind.from_block(slice(*cut)) for cut in itertools.pairwise(CUTS))


def states(kind: Kind) -> list[Any]:
    return list(_states(kind))


def merged(kind: Kind, parts: list[Any]) -> Any:
    total = kind.empty
    for part in parts:
        total = kind.merge(total, part)
    return total


def empty_changes_nothing(kind: Kind) -> None:
    for empty in (kind.empty, *kind.of_no_rows):
        for state in [*states(kind), empty]:
            assert kind.same(kind.merge(state, empty), state)
            assert kind.same(kind.merge(empty, state), state)


def the_parts_make_the_whole(kind: Kind) -> None:
    assert kind.same(merged(kind, states(kind)), kind.from_block(slice(0, 500)))


def merging_is_associative(kind: Kind) -> None:
    for a, b, c in zip(*(states(kind)[i : i + 3] for i in range(3)), strict=True):
        left, right = kind.merge(kind.merge(a, b), c), kind.merge(a, kind.merge(b, c))
        assert kind.same(left, right)


def the_order_does_not_matter(kind: Kind) -> None:
    """Any order follows from these, and from how they may be grouped."""
    parts = states(kind)
    for one, other in itertools.combinations(parts, 2):
        assert kind.same(kind.merge(one, other), kind.merge(other, one))
    want = merged(kind, parts)
    for order in (parts[::-1], parts[2:] + parts[:2]):
        assert kind.same(merged(kind, order), want)


def test_what_is_merged_stays_as_it_is() -> None:
    """The other kinds of state hold nothing that could be changed in place."""
    kind = KINDS["normalizer"]
    one, other = states(kind)[1:3]
    before = copy.deepcopy((one, other))
    kind.merge(one, other)
    kind.merge(other, one)
    assert kind.same(one, before[0])
    assert kind.same(other, before[1])


def states_travel(kind: Kind) -> None:
    for state in states(kind):
        assert kind.same(pickle.loads(pickle.dumps(state)), state)


def a_state_does_not_keep_its_rows(kind: Kind) -> None:
    whole, half = kind.from_block(slice(0, 500)), kind.from_block(slice(0, 250))
    states = len(whole.states) if isinstance(whole, States) else 1
    assert len(pickle.dumps(whole)) < len(pickle.dumps(half)) + 5 * 250 * states  # bytes a row


# What only metrics and summaries do: compute, and go to JSON and back


def there_and_back(state: Any) -> Any:
    """Send a state through a reader of JSON that knows no whole numbers but float64."""
    plain = state.to_plain() if isinstance(state, States) else to_plain(state)
    text = json.dumps(plain, allow_nan=False)
    read = json.loads(text, parse_int=float)
    return States.from_plain(read) if isinstance(state, States) else from_plain(type(state), read)


def a_state_goes_to_json_and_back(kind: Kind) -> None:
    for state in [*states(kind), kind.empty, *kind.of_no_rows]:
        back = there_and_back(state)
        assert back == state
        assert repr(back) == repr(state)
        assert repr(back.compute()) == repr(state.compute())


def what_is_computed_is_frozen_and_changes_nothing(kind: Kind) -> None:
    for state in [*states(kind), kind.empty, *kind.of_no_rows]:
        before = copy.deepcopy(state)
        results = state.compute()
        assert kind.same(state, before)
        for result in results.values() if isinstance(results, dict) else [results]:
            assert field_names(result)
            with pytest.raises(AttributeError):
                setattr(result, field_names(result)[0], 0)


def what_is_no_state_is_said(kind: Kind) -> None:
    state = states(kind)[0]
    if isinstance(state, States):
        state = state.states["loss"]
    plain = to_plain(state)
    first = next(iter(plain))
    missing = {key: value for key, value in plain.items() if key != first}
    for damaged in (missing, {**plain, "other": 1}, {**plain, first: "text"}, 3):
        with pytest.raises(InputError, match="this is not the state of a"):
            from_plain(type(state), damaged)


LAWS = (
    empty_changes_nothing,
    the_parts_make_the_whole,
    merging_is_associative,
    the_order_does_not_matter,
    states_travel,
    a_state_does_not_keep_its_rows,
)
OF_COMPUTED = (
    a_state_goes_to_json_and_back,
    what_is_computed_is_frozen_and_changes_nothing,
    what_is_no_state_is_said,
)


@pytest.mark.parametrize("name", [*HOMES, *KINDS])
def test_what_holds_for_every_state(name: str) -> None:
    """All in one test for each metric, so that the states are made once."""
    kinds = {name: KINDS[name]} if name in KINDS else kinds_of(name)
    for kind_name, kind in kinds.items():
        for law in (*LAWS, *OF_COMPUTED) if kind.computes else LAWS:
            try:
                law(kind)
            except Exception as error:
                error.add_note(f"{law.__name__}: {kind_name}")
                raise

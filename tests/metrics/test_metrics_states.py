"""What every state that merges must do: one contract for all metrics, and for all other states."""

import copy
import itertools
import json
import pickle
from typing import Any

import pytest
from state_kinds import KINDS, Kind, kinds_of, merged, states, whole

from xentcli.errors import InputError
from xentcli.metrics.interface import States
from xentcli.metrics.names import HOMES
from xentcli.metrics.state_json import from_plain, to_plain
from xentcli.results.records import field_names


def of_some_sizes(kind: Kind) -> list[Any]:
    """Return the states of one row and of most rows."""
    return states(kind)[::3]


def empty_changes_nothing(kind: Kind) -> None:
    for empty in (kind.empty, *kind.of_no_rows):
        for state in [*of_some_sizes(kind), empty]:
            assert kind.same(kind.merge(state, empty), state)
            assert kind.same(kind.merge(empty, state), state)


def the_parts_make_the_whole(kind: Kind) -> None:
    assert kind.same(merged(kind, states(kind)), whole(kind))


def merging_is_associative(kind: Kind) -> None:
    parts = states(kind)
    for a, b, c in (parts[:3], parts[1:]):
        left, right = kind.merge(kind.merge(a, b), c), kind.merge(a, kind.merge(b, c))
        assert kind.same(left, right)


def the_order_does_not_matter(kind: Kind) -> None:
    """Any order follows from these, and from how they may be grouped."""
    parts = states(kind)
    for one, other in itertools.pairwise(parts):
        assert kind.same(kind.merge(one, other), kind.merge(other, one))
    for order in (parts[::-1], parts[2:] + parts[:2]):
        assert kind.same(merged(kind, order), whole(kind))


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
    half = kind.from_block(slice(0, 250))
    states = len(half.states) if isinstance(half, States) else 1
    assert len(pickle.dumps(whole(kind))) < len(pickle.dumps(half)) + 5 * 250 * states  # of a row


# What only metrics and summaries do: compute, and go to JSON and back


def there_and_back(state: Any) -> Any:
    """Send a state through a reader of JSON that knows no whole numbers but float64."""
    plain = state.to_plain() if isinstance(state, States) else to_plain(state)
    text = json.dumps(plain, allow_nan=False)
    read = json.loads(text, parse_int=float)
    return States.from_plain(read) if isinstance(state, States) else from_plain(type(state), read)


def a_state_goes_to_json_and_back(kind: Kind) -> None:
    for state in [*of_some_sizes(kind), kind.empty, *kind.of_no_rows]:
        back = there_and_back(state)
        assert back == state
        assert repr(back) == repr(state)  # types, too, of which all that is computed follows
    for state in (states(kind)[-1], kind.empty):
        assert repr(there_and_back(state).compute()) == repr(state.compute())


def what_is_computed_is_frozen_and_changes_nothing(kind: Kind) -> None:
    for state in [*of_some_sizes(kind), kind.empty, *kind.of_no_rows]:
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

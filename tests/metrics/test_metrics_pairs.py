"""What the states of two models must do: merge in any order, empty on either side, pickle, JSON."""

import functools
import itertools
import json
import pickle
from typing import Any

import numpy as np
import pytest
from in_one_test import in_one_test

from xentcli.core.labels import LossOptions
from xentcli.core.pair_facts import OF_A_MODEL, OF_LABELS, pair_facts
from xentcli.core.row_facts import Origin, RowFacts, row_facts
from xentcli.metrics.interface import States, from_outside, metric_of
from xentcli.metrics.names import PAIR_HOMES
from xentcli.metrics.state_json import from_plain, to_plain

RNG = np.random.default_rng(21)
ONE = RNG.normal(size=(300, 4)) * 5
TWO = ONE + RNG.normal(size=(300, 4))
TWO[9, 1] = ONE[250, 2] = -np.inf
LABELS = RNG.integers(-1, 4, 300)
GROUPS = np.array(["b", "a", None, "c"], object)[RNG.integers(0, 4, 300)]
CLUSTERS = RNG.integers(0, 20, 300)
IDS = np.array([f"row {i}" for i in range(300)], object)
CUTS = [0, 1, 9, 140, 141, 300]
WEIGHT = np.array([0.1, 3.0, 0.7, 1e-3])


@functools.cache
def facts_of(start: int, stop: int, *, weighted: bool = False, labelled: bool = True) -> RowFacts:
    part, options = slice(start, stop), LossOptions(WEIGHT if weighted else None, -1)
    labels = LABELS[part] if labelled else np.zeros(len(LABELS[part]), np.int64)
    needs = (*OF_A_MODEL, *OF_LABELS) if labelled else OF_A_MODEL
    one, two = (row_facts(rows[part], labels, options, needs) for rows in (ONE, TWO))
    origin = Origin(part.start, 1, IDS[part], GROUPS[part], CLUSTERS[part])
    return pair_facts(one.at(origin), two, (ONE[part], TWO[part]), ("logits", "logits"))


def state_of(name: str, start: int, stop: int, **more: bool) -> Any:
    return States.empty([name]).from_rows(facts_of(start, stop, **more)).states[name]


@in_one_test
@pytest.mark.parametrize("name", PAIR_HOMES)
@pytest.mark.parametrize("more", [{}, {"weighted": True}, {"labelled": False}], ids=str)
def test_states_merge_in_any_order_to_the_same_bits(name: str, more: dict[str, bool]) -> None:
    whole = state_of(name, 0, 300, **more)
    parts = [state_of(name, a, b, **more) for a, b in itertools.pairwise(CUTS)]
    empty = metric_of(name)()
    for order in [*itertools.permutations(range(5))][::61]:
        merged = empty
        for i in order:
            merged = merged.merge(parts[i])
        assert merged == whole
    grouped = parts[0].merge(parts[1]).merge(parts[2].merge(parts[3].merge(parts[4])))
    assert grouped.merge(empty) == empty.merge(grouped) == whole
    assert repr(whole.compute()) == repr(merged.compute())  # which may hold arrays
    assert pickle.loads(pickle.dumps(whole)) == whole
    assert from_plain(type(whole), json.loads(json.dumps(to_plain(whole)))) == whole


def test_they_are_no_metrics_of_one_model() -> None:
    for name in PAIR_HOMES:
        assert metric_of(name)()
    assert from_outside() == ()


def test_rows_that_did_not_change_are_not_listed() -> None:
    part = slice(0, 20)
    one = row_facts(ONE[part], LABELS[part], LossOptions(None, -1), (*OF_A_MODEL, *OF_LABELS))
    same = pair_facts(one, one, (ONE[part], ONE[part]), ("logits", "logits"))
    assert States.empty(["changed_rows"]).from_rows(same).states["changed_rows"].rows == ()

"""Every kind of state that merges: how a block becomes one, how two merge, and which are empty."""

import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from xentcli.core.checks import Kind as Kinds
from xentcli.core.exact_sum import ExactSum
from xentcli.core.labels import LossOptions
from xentcli.core.normalizer import Normalizer, normalizer
from xentcli.core.row_facts import Origin, row_facts
from xentcli.metrics.interface import States, metric_of
from xentcli.metrics.names import HOMES
from xentcli.metrics.summary import SummaryState

Array = npt.NDArray[Any]
RNG = np.random.default_rng(11)
LOGITS = RNG.normal(size=(500, 4)) * 30.0
LABELS = RNG.integers(-1, 4, 500)
LOGITS[7, 1] = -np.inf
WEIGHT = np.array([0.1, 3.0, 0.7, 1e-3])
IDS = np.array([f"row {i}" for i in range(500)], object)
GROUPS = np.array(["b", "a", None, "c"], object)[RNG.integers(0, 4, 500)]
CLUSTERS = RNG.integers(0, 8, 500)  # with 4 groups, half of the rows show all pairs
PARAMETERS: dict[str, dict[str, Any]] = {
    "ranks": {"ks": (2, 3)},
    "calibration": {"bins": 4},
    "classwise": {"bins": 3},
    "groups": {"bins": 2},
    "worst_rows": {"most": 4},
    "suspects": {"thresholds": (0.5, 0.25, 0.125, 0.5), "most": 3},
}
CUTS = [0, 1, 200, 201, 500]


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


def of_indices(name: str, part: slice) -> Any:
    """Return a metric's state of some rows with class indices, some of them ignored."""
    options = LossOptions(ignore_index=-1)
    return state_of(name, part, LOGITS[part], LABELS[part], options)


def of_probabilities(name: str, part: slice) -> Any:
    probs = np.abs(LOGITS[part]) / 90.0
    finite = np.nan_to_num(LOGITS[part], neginf=0.0)
    return state_of(name, part, finite, probs, LossOptions())


def of_log_probs(name: str, part: slice) -> Any:
    options = LossOptions(WEIGHT, ignore_index=-1)
    rows = -np.abs(LOGITS[part])
    return state_of(name, part, rows, LABELS[part], options, "log-probabilities")


def of_all(part: slice, *, named: bool = True) -> States:
    """Return the state of all metrics at once; without names, each row is a cluster of its own."""
    states = States.empty(HOMES, PARAMETERS)
    facts = row_facts(
        LOGITS[part],
        LABELS[part],
        LossOptions(None, -1),
        states.needs,
        parameters=states.parameters,
    )
    return states.from_rows(facts.at(origin_of(part) if named else Origin(part.start)))


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
        f"{name} of class probabilities": Kind(lambda part: of_probabilities(name, part), empty),
        f"weighted {name} of log-probabilities": Kind(lambda part: of_log_probs(name, part), empty),
    }


KINDS = {
    "all metrics": Kind(of_all, States.empty(HOMES, PARAMETERS)),
    "all metrics of rows without names": Kind(
        lambda part: of_all(part, named=False), States.empty(HOMES, PARAMETERS)
    ),
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


@functools.cache
def whole(kind: Kind) -> Any:
    """Return the state of all rows."""
    return kind.from_block(slice(0, 500))


def states(kind: Kind) -> list[Any]:
    return list(_states(kind))


def merged(kind: Kind, parts: list[Any]) -> Any:
    total = kind.empty
    for part in parts:
        total = kind.merge(total, part)
    return total

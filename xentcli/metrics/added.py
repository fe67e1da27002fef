"""What a metric from outside must have, and which facts it may read."""

import json
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, get_type_hints

from xentcli.core.row_facts import RowFacts
from xentcli.errors import InputError, XentError
from xentcli.metrics.mean_state import MeanState
from xentcli.metrics.names import HOMES, PAIR_HOMES
from xentcli.metrics.state_json import from_plain, to_plain
from xentcli.results.records import field_names

_VERBS = ("from_rows", "merge", "compute")
_HINT = "what a metric must have: xent help design"
_FIELDS = (
    "a state has annotated fields of int, float, bool, str and NDArray, and of tuple[int, ...], "
    "list[int], dict[str, int] and the like"
)
_ROUNDED = 1e-6  # relative to what is summed: far more than rounding, far less than a mistake
_MAY_BE_NONE = ("used", "measured", "weight", "uneven", "zeroed", "column")
_tried: set[type] = set()
"""The metrics of which a state was tried."""


def check_metric(name: str, metric: type) -> None:
    """Raise ValueError if a metric of this package has the name, or the class is no metric."""
    if name in HOMES or name in PAIR_HOMES:
        raise ValueError(f"there is a metric {name!r} in xent: give yours another name")
    if not isinstance(metric, type):
        raise ValueError(f"the metric {name!r} is a class, and {metric!r} is none")
    if lacks := [verb for verb in _VERBS if not callable(getattr(metric, verb, None))]:
        raise ValueError(f"the metric {name!r} has no {' and no '.join(lacks)}")
    needs = getattr(metric, "needs", None)
    if not isinstance(needs, tuple) or not all(isinstance(each, str) for each in needs):
        raise ValueError(f"the metric {name!r} needs a tuple of facts, and has needs = {needs!r}")
    mean = getattr(metric.from_rows, "__func__", None) is MeanState.from_rows.__func__  # type: ignore[attr-defined]
    if mean and (needs[:1] == ("measured",) or "measured" not in needs):
        raise ValueError(
            f"the metric {name!r} is a mean: needs = ('my_fact', 'measured'), not {needs!r}"
        )
    if is_dataclass(metric) and "needs" in {each.name for each in fields(metric)}:
        raise ValueError(f"the metric {name!r} has needs as a field: annotate it as a ClassVar")


def check_facts(name: str, state: Any) -> None:
    """Raise XentError if a metric needs a fact that there is not."""
    from xentcli.core import fact, facts  # noqa: F401 - registers them

    for need in needs_of(state):
        try:
            fact.plan((need,))
        except fact.UnknownFactError as error:
            missing = error.name
            whose = f"metric {name} needs" if missing == need else f"fact {need} is computed from"
            meant = get_close_matches(missing, fact.names(), 1)
            raise XentError(
                f"there is no fact {missing!r}, which the {whose}",
                hint=f"did you mean {meant[0]}?" if meant else "what facts are: xent help design",
            ) from None
        except ValueError as error:
            raise XentError(f"the metric {name}: {error}") from None


def check_made(name: str, verb: str, state: Any, metric: type) -> None:
    """Raise XentError if a metric's verb returns no state of it."""
    if not isinstance(state, metric):
        found, wanted = type(state).__name__, metric.__name__
        raise XentError(f"the metric {name}: {verb} returns {found}, and no {wanted}", hint=_HINT)


def empty_state(name: str, metric: type) -> Any:
    """Return the state of no rows of a metric from outside, whose facts there must be."""
    try:
        state = metric()
    except TypeError as error:
        what = f"{metric.__name__}() should be the state of no rows: {error}"
        raise XentError(f"the metric {name}: {what}", hint=_HINT) from error
    check_facts(name, state)
    return state


def checked_state(name: str, empty: Any, facts: RowFacts) -> Any:
    """Return the state of some rows.

    Raises
    ------
    XentError
        If it cannot be kept, if it merges wrong with that of no rows, if the states of two halves
        of the rows merge to another, or if a verb changes a state. The first state of each metric
        is tried: a sum that `merge` forgets would be a wrong number in files of several blocks
        alone, and what cannot be read again would be noticed by ``xent merge``.
    """
    metric = type(empty)
    if metric in _tried:
        return empty.from_rows(facts)
    nothing = _kept(name, empty)
    state = empty.from_rows(facts)
    check_made(name, "from_rows", state, metric)
    plain = _kept(name, state)
    if _kept(name, empty) != nothing:
        raise _wrong(name, "from_rows changes the state of no rows: it returns another one")
    _check_merge(name, state, plain)
    if _check_halves(name, empty, facts, plain):
        _tried.add(metric)
    return state


def _kept(name: str, state: Any) -> Any:
    """Return a state as values of JSON, from which it must be read again."""
    metric = type(state)
    if not hasattr(metric, "__dataclass_fields__") and not hasattr(metric, "_fields"):
        raise _wrong(name, f"{metric.__name__} is no dataclass and no named tuple")
    try:
        plain = to_plain(state)
        read = to_plain(from_plain(metric, json.loads(json.dumps(plain))))
    except (TypeError, InputError) as error:
        why = _mistaken_field(state) or error
        raise XentError(f"the metric {name}: {why}", hint=_FIELDS) from error
    if read != plain:
        raise XentError(f"the metric {name}: its state is another one after JSON", hint=_FIELDS)
    return plain


def _mistaken_field(state: Any) -> str | None:
    """Say which field of a state holds what its annotation does not say, if one does."""
    types = get_type_hints(type(state))
    for field in field_names(state):
        kind, value = types[field], getattr(state, field)
        if kind in (int, float, bool, str) and type(value) is not kind:
            try:
                from_plain(kind, to_plain(value))
            except (TypeError, InputError):
                held = type(value).__name__
                return f"its field {field!r}, annotated {kind.__name__}, holds {held}"
    return None


def _check_merge(name: str, state: Any, plain: Any) -> None:
    metric = type(state)
    empty, twin = metric(), from_plain(metric, plain)
    for one, other in ((state, empty), (empty, state), (state, twin)):
        before = to_plain(one), to_plain(other)
        merged = one.merge(other)
        check_made(name, "merge", merged, metric)
        if (to_plain(one), to_plain(other)) != before:
            raise _wrong(name, "merge changes a state that it is given: it returns another one")
        if other is not twin and to_plain(merged) != plain:
            raise _wrong(name, "merge with the state of no rows changes a state")


def _check_halves(name: str, empty: Any, facts: RowFacts, plain: Any) -> bool:
    """Check that two halves of the rows make the whole; return False if they cannot be halved.

    Sums that are not exact may differ by what rounding leaves, though other blocks will too.
    """
    inner = max(1, facts.origin.inner)
    middle = facts.rows // 2 // inner * inner
    if middle == 0:
        return False
    try:
        halves = [facts.some(slice(0, middle)), facts.some(slice(middle, facts.rows))]
    except TypeError:  # a fact is no array
        return True
    one, other = (empty.from_rows(half) for half in halves)
    for merged in (one.merge(other), other.merge(one)):
        if not _are_near(plain, to_plain(merged), facts.rows):
            raise _wrong(name, "merge of two halves of the rows gives another state than all rows")
    return True


def _are_near(one: Any, other: Any, rows: int) -> bool:
    """Whether values of JSON are the same but for the rounding of sums over so many rows."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_are_near(one[k], other[k], rows) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_are_near(*pair, rows) for pair in pairs)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= _ROUNDED * (abs(one) + abs(other) + rows)
    return bool(one == other)


def _wrong(name: str, what: str) -> XentError:
    return XentError(f"the metric {name}: {what}", hint=_HINT)


def applies(state: Any, facts: RowFacts) -> bool:
    """Whether all facts apply that a metric needs; None of a mask means that all rows are meant."""
    return all(need in _MAY_BE_NONE or facts[need] is not None for need in needs_of(state))


def needs_of(state: Any) -> tuple[str, ...]:
    """Return the facts that a state needs with its parameters."""
    needs: tuple[str, ...] = getattr(state, "wanted", state.needs)
    return needs


class AskedFacts(RowFacts):
    """The facts that a metric needs. To read another is an error: others may have asked for it."""

    def __init__(self, facts: RowFacts, name: str, needs: tuple[str, ...]) -> None:
        there = {need: facts[need] for need in needs}
        super().__init__(facts.rows, facts.num_classes, there, facts.problems, facts.origin)
        self._metric = name

    def __getitem__(self, name: str) -> Any:
        if name not in self.facts:
            raise XentError(
                f"the metric {self._metric} reads the fact {name!r}, which its needs do not name"
            )
        return super().__getitem__(name)

"""The interface of metrics: a state with three verbs, from_rows, merge and compute.

A state is plain data, so that it pickles and goes to JSON and back (`state_json`), and it merges
in any order and grouping to the same bits. A metric is a frozen dataclass that `register` takes.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, ClassVar, Protocol, Self, TypeVar

from xentcli.core.row_facts import RowFacts
from xentcli.metrics.names import HOMES, MEASURES, PAIR_HOMES
from xentcli.records import Record


class Metric(Protocol):
    """A metric's state. Without arguments, or with parameters alone, it is the state of no rows.

    A state hands its parameters on to the states that it makes. It may have these attributes:
    ``parameters``, those of its facts; ``wanted``, the facts that it needs with these parameters;
    and ``size``, how many groups it holds, if there may be many.
    """

    needs: ClassVar[tuple[str, ...]]
    """The facts of rows from which it is computed."""

    def from_rows(self, facts: RowFacts) -> Self:
        """Return the state of some rows; this is a class method if there are no parameters."""

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows; both stay as they are."""

    def compute(self) -> Any:
        """Return the result, a frozen dataclass."""


Class = TypeVar("Class", bound=type[Any])
_METRICS: dict[str, type[Any]] = {}


def register(name: str, *, measure: bool = False) -> Callable[[Class], Class]:
    """Register the decorated class as a metric.

    With `measure`, it computes a `Measure`, which ``xent eval --metric`` and gates know by this
    name. A metric of this package has lines in `names` instead, so that it need not be imported.

    Raises
    ------
    ValueError
        If the name is no text or taken, by a metric of this package or a word of gates and results;
        or if the class lacks what every metric has.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @register("ignored")
    ... @dataclass(frozen=True)
    ... class Ignored:
    ...     needs = ("used",)
    ...     rows: int = 0
    ...     @classmethod
    ...     def from_rows(cls, facts):
    ...         return cls(0 if facts["used"] is None else int((~facts["used"]).sum()))
    ...     def merge(self, other):
    ...         return Ignored(self.rows + other.rows)
    ...     def compute(self):
    ...         return self
    >>> States.empty(["ignored"])
    States(states={'ignored': Ignored(rows=0)})
    >>> forget("ignored")
    """
    if not isinstance(name, str):
        raise ValueError(f"a metric has a name: @register('my_metric'), not @register or {name!r}")
    if measure:
        from xentcli.metrics.taken import check_measure

        check_measure(name)

    def registered(metric: Class) -> Class:
        before = _METRICS.get(name)
        if before is not None and before.__module__ != metric.__module__:
            raise ValueError(f"there is a metric {name!r} in {before.__module__}")
        if not metric.__module__.startswith("xentcli.metrics."):
            from xentcli.metrics.added import check_metric

            check_metric(name, metric)
        _METRICS[name] = metric
        if measure:
            MEASURES[name] = name
        return metric

    return registered


def forget(name: str) -> None:
    """Remove a metric that was registered."""
    del _METRICS[name]
    MEASURES.pop(name, None)


def from_outside() -> tuple[str, ...]:
    """Return the names of the metrics that other packages have registered."""
    return tuple(name for name in _METRICS if name not in HOMES and name not in PAIR_HOMES)


def is_metric(name: str) -> bool:
    """Whether there is a metric with this name."""
    return name in _METRICS or _is_ours(name)


def metric_of(name: str) -> type[Metric]:
    """Return the metric with this name.

    Raises
    ------
    KeyError
        If there is no such metric.
    """
    home = HOMES.get(name) or PAIR_HOMES.get(name)
    if name not in _METRICS and home is not None:
        import_module(f"xentcli.metrics.{home}")
    if name not in _METRICS:
        raise KeyError(f"there is no metric {name!r}")
    return _METRICS[name]


class States(Record):
    """The states of several metrics of the same rows, by their names."""

    states: Mapping[str, Any]

    @classmethod
    def empty(
        cls, names: Iterable[str], parameters: Mapping[str, Mapping[str, Any]] | None = None
    ) -> "States":
        """Return the states of no rows; parameters are those of each metric, by its name."""
        given = parameters or {}
        return cls({name: _empty(name, given.get(name, {})) for name in names})

    @property
    def needs(self) -> tuple[str, ...]:
        """The facts from which the metrics are computed."""
        wanted = (getattr(each, "wanted", each.needs) for each in self.states.values())
        return tuple(dict.fromkeys(need for needs in wanted for need in needs))

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of their facts."""
        found: dict[str, Any] = {}
        for state in self.states.values():
            found.update(getattr(state, "parameters", {}))
        return found

    @property
    def size(self) -> int:
        """How many groups and clusters they hold sums of."""
        return sum(getattr(state, "size", 0) for state in self.states.values())

    def from_rows(self, facts: RowFacts) -> "States":
        """Return the same metrics' states of some rows."""
        made = {
            name: state.from_rows(facts) if _is_ours(name) else _from_rows(name, state, facts)
            for name, state in self.states.items()
        }
        return States(made)

    def merge(self, other: "States") -> "States":
        """Return the states of both states' rows.

        Raises
        ------
        ValueError
            If they are not of the same metrics.
        """
        if self.states.keys() != other.states.keys():
            raise ValueError(f"{[*self.states]} and {[*other.states]} are not the same metrics")
        merged = {name: state.merge(other.states[name]) for name, state in self.states.items()}
        for name, state in merged.items():
            if not _is_ours(name):
                from xentcli.metrics.added import check_made

                check_made(name, "merge", state, type(self.states[name]))
        return States(merged)

    def compute(self) -> dict[str, Any]:
        """Return the result of each metric."""
        return {name: state.compute() for name, state in self.states.items()}

    def result_of(self, name: str) -> Any:
        """Return the result of one metric."""
        return self.states[name].compute()

    def to_plain(self) -> dict[str, Any]:
        """Return the states exactly, as values that JSON can hold."""
        from xentcli.metrics.state_json import to_plain

        return {name: to_plain(state) for name, state in self.states.items()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "States":
        """Return the states that `to_plain` was given.

        Raises
        ------
        KeyError
            If there is no such metric.
        InputError
            If something is not a state of its metric.
        """
        from xentcli.metrics.state_json import from_plain

        return cls({name: from_plain(metric_of(name), part) for name, part in plain.items()})


def _is_ours(name: str) -> bool:
    return name in HOMES or name in PAIR_HOMES


def _empty(name: str, parameters: Mapping[str, Any]) -> Any:
    metric = metric_of(name)
    if _is_ours(name):
        return metric(**parameters)
    from xentcli.metrics.added import empty_state

    return empty_state(name, metric)


def _from_rows(name: str, state: Any, facts: RowFacts) -> Any:
    """Return the state of some rows of a metric from outside, after a look at it."""
    from xentcli.metrics.added import AskedFacts, applies, check_made, checked_state, needs_of

    if not applies(state, facts):
        return state
    made = checked_state(name, state, AskedFacts(facts, name, needs_of(state)))
    check_made(name, "from_rows", made, type(state))
    return made

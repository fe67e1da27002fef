"""What a metric from outside must have, and which facts it may read."""

from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any

from xentcli.core.row_facts import RowFacts
from xentcli.errors import XentError
from xentcli.metrics.names import HOMES, PAIR_HOMES

_VERBS = ("from_rows", "merge", "compute")


def check_metric(name: str, metric: type) -> None:
    """Raise ValueError if a metric of this package has the name, or the class is no metric."""
    if name in HOMES or name in PAIR_HOMES:
        raise ValueError(f"there is a metric {name!r} in xent: give yours another name")
    if lacks := [verb for verb in _VERBS if not callable(getattr(metric, verb, None))]:
        raise ValueError(f"the metric {name!r} has no {' and no '.join(lacks)}")
    needs = getattr(metric, "needs", None)
    if not isinstance(needs, tuple) or not all(isinstance(each, str) for each in needs):
        raise ValueError(f"the metric {name!r} needs a tuple of facts, and has needs = {needs!r}")
    if is_dataclass(metric) and "needs" in {each.name for each in fields(metric)}:
        raise ValueError(f"the metric {name!r} has needs as a field: annotate it as a ClassVar")


def check_facts(name: str, state: Any) -> None:
    """Raise XentError if a metric needs a fact that there is not."""
    from xentcli.core import fact, facts  # noqa: F401 - registers them

    for need in needs_of(state):
        try:
            fact.plan((need,))
        except KeyError:
            meant = get_close_matches(need, fact.names(), 1)
            raise XentError(
                f"there is no fact {need!r}, which the metric {name} needs",
                hint=f"did you mean {meant[0]}?" if meant else "what facts are: xent help design",
            ) from None
        except ValueError as error:
            raise XentError(f"the metric {name}: {error}") from None


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

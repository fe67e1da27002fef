"""Gates: conditions under which a result fails, such as ``loss > baseline + 2 se``."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import ge, gt, le, lt
from typing import Literal, NamedTuple

from xentcli.results.bounds import Bounded
from xentcli.results.measure import NOTHING, Measure
from xentcli.results.verdict import Verdict

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_OPPOSITES = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class Term(NamedTuple):
    """What is added to a bound, or taken from it: a number, the baseline, or standard errors.

    Attributes
    ----------
    sign : str
        ``+`` or ``-``.
    kind : str
        What it is.
    factor : float
        The number, or how many standard errors.
    typed : str
        The number as it was typed; empty where none was.
    """

    sign: Literal["+", "-"]
    kind: Literal["number", "baseline", "se"]
    factor: float = 1.0
    typed: str = ""

    @property
    def text(self) -> str:
        """The term without its sign."""
        return self.typed if self.kind == "number" else f"{self.typed} {self.kind}".strip()


class Gate(NamedTuple):
    """A condition under which a result fails: a measure, a comparison, and a bound.

    Examples
    --------
    >>> from xentcli.pipeline.gating.gate_text import parse_gate
    >>> gate = parse_gate("loss>baseline+2se", ["loss"])
    >>> gate.text, sorted(gate.kinds)
    ('loss > baseline + 2 se', ['baseline', 'se'])
    """

    measure: str
    comparison: str
    terms: tuple[Term, ...]

    @property
    def text(self) -> str:
        """The gate with one space between its words."""
        return f"{self.measure} {self.comparison} {_joined(self.terms, lambda t: t.text)}"

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of its terms; a gate that names the baseline or standard errors needs those."""
        return frozenset(term.kind for term in self.terms)


def _joined(terms: Sequence[Term], shown: Callable[[Term], str]) -> str:
    first, *rest = terms
    start = "-" if first.sign == "-" else ""
    return " ".join([start + shown(first), *(f"{term.sign} {shown(term)}" for term in rest)])


def judge(
    gates: Iterable[Gate],
    metrics: Mapping[str, Measure],
    baseline: Mapping[str, Measure] | None = None,
) -> tuple[Verdict, ...]:
    """Return what each gate says of some measures.

    A gate fails where its condition holds, and where nobody can tell because a number is missing or
    NaN. The standard error is that of the difference from the baseline, which is taken for
    independent; without a baseline, it is that of the measure.

    Examples
    --------
    >>> gate = Gate("accuracy", "<", (Term("+", "number", 0.95, "0.95"),))
    >>> judge([gate], {"accuracy": Measure(0.9375)})[0]
    Verdict(gate='accuracy < 0.95', failed=True, message='accuracy is 0.9375')
    """
    return tuple(_verdict(gate, metrics, baseline) for gate in gates)


class _Unknown(Exception):  # noqa: N818
    """A number that a gate needs is not there."""


def _verdict(
    gate: Gate, metrics: Mapping[str, Measure], baseline: Mapping[str, Measure] | None
) -> Verdict:
    this = metrics.get(gate.measure, NOTHING)
    before = None if baseline is None else baseline.get(gate.measure, NOTHING)
    bounded = isinstance(this, Bounded) and this.is_bound
    try:
        value = 0.0 if bounded else _value_of(this, gate.measure)
        if baseline is not None and gate.measure not in baseline and gate.kinds != {"number"}:
            raise _Unknown(f"the baseline has no {gate.measure}")
        base = _value_of(before or NOTHING, _before(gate)) if "baseline" in gate.kinds else 0.0
        error = _error_of(gate, this, before) if "se" in gate.kinds else 0.0
    except _Unknown as unknown:
        return Verdict(gate.text, failed=True, message=str(unknown))
    amounts = {"number": 1.0, "baseline": base, "se": error}
    bound, shown = _bound(gate, amounts), _joined(gate.terms, lambda term: _shown(term, amounts))
    if math.isnan(bound):
        return Verdict(gate.text, failed=True, message=f"{shown} is nan")
    if isinstance(this, Bounded) and bounded:
        return _of_bounds(gate, this, bound)
    failed = _COMPARISONS[gate.comparison](value, bound)
    holds = gate.comparison if failed else _OPPOSITES[gate.comparison]
    plain = gate.kinds == {"number"}
    message = f"{gate.measure} is {value!r}" if plain else f"{value!r} {holds} {shown}"
    return Verdict(gate.text, failed, message)


def _of_bounds(gate: Gate, this: Bounded, bound: float) -> Verdict:
    """Return what a gate says of a number that lies between bounds; it fails if it cannot tell."""
    lower = -math.inf if this.lower_bound is None else this.lower_bound
    upper = math.inf if this.upper_bound is None else this.upper_bound
    outcomes = {_COMPARISONS[gate.comparison](end, bound) for end in (lower, upper)}
    most = "" if this.upper_bound is None else f" and at most {upper!r}"
    message = f"{gate.measure} is at least {lower!r}{most}"
    if len(outcomes) > 1:
        message += ", which does not tell"
    return Verdict(gate.text, failed=True in outcomes, message=message)


def _bound(gate: Gate, amounts: Mapping[str, float]) -> float:
    """Return what a measure is compared with: its terms, added up in their order."""
    bound = 0.0
    for term in gate.terms:
        amount = term.factor * amounts[term.kind]
        bound = bound - amount if term.sign == "-" else bound + amount
    return bound


def _shown(term: Term, amounts: Mapping[str, float]) -> str:
    """Return a term with the number that its word stands for."""
    if term.kind == "number":
        return term.typed
    amount = repr(amounts[term.kind])
    return f"{term.typed} x {amount}" if term.typed else amount


def _before(gate: Gate) -> str:
    return f"the baseline's {gate.measure}"


def _value_of(measure: Measure, name: str) -> float:
    if measure.value is None:
        raise _Unknown(f"{name} has no value")
    if math.isnan(measure.value):
        raise _Unknown(f"{name} is nan")
    return measure.value


def _error_of(gate: Gate, this: Measure, before: Measure | None) -> float:
    """Return the standard error of a measure, or of its difference from that of the baseline."""
    errors = []
    for measure, name in ((this, gate.measure), (before, _before(gate))):
        if measure is not None:
            error = measure.standard_error
            if error is None or not math.isfinite(error):
                raise _Unknown(f"{name} has no standard error")
            errors.append(error)
    return math.hypot(*errors)

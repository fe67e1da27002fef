"""What metrics that were added to this package compute, checked before it is reported."""

import math
from collections.abc import Container, Iterator, Mapping
from numbers import Real
from typing import Any

from xentcli.errors import XentError
from xentcli.metrics.interface import from_outside
from xentcli.results.measure import NOTHING, Measure
from xentcli.text import shortened


def added_measure(name: str, result: Any) -> Measure:
    """Return the measure that an added metric has computed, with plain numbers.

    Raises
    ------
    XentError
        If it is no `Measure` of numbers.
    """
    numbers = vars(result) if isinstance(result, Measure) else {}
    if not numbers or not all(isinstance(each, Real | None) for each in numbers.values()):
        raise XentError(
            f"the metric {name} computes {shortened(repr(result))}, which is no Measure of numbers",
            hint="compute() returns a Measure: xent help design",
        )
    value, error, low, high = (
        None if each is None else float(each)
        for each in (result.value, result.standard_error, result.low, result.high)
    )
    return Measure(value, error, low, high, None if result.n is None else int(result.n))


def notes_of_added(
    measures: Mapping[str, Measure], by_cluster: Container[str] | None
) -> Iterator[str]:
    """Name the measures of added metrics that are NaN, or whose errors clusters did not give.

    `by_cluster` has the measures whose errors did; it is None if rows are independent.
    """
    for name in from_outside():
        found = measures.get(name, NOTHING)
        if found.value is not None and math.isnan(found.value):
            yield f"{name} is nan: that is what its metric, which was added to xent, computes"
        if by_cluster is not None and found.standard_error is not None and name not in by_cluster:
            yield f"the error of {name} is what its metric computes, whatever the clusters are"

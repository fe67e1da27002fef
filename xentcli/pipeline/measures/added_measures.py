"""What metrics that were added to this package compute, checked before it is reported."""

import math
import sys
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
    if not isinstance(result, Measure):
        raise _wrong(name, shortened(repr(result)), "no Measure of numbers")
    for field, number in vars(result).items():
        if not _fits(field, number):
            raise _wrong(name, f"a Measure whose {field} is {shortened(repr(number))}", "none")
    value, error, low, high = (
        None if each is None else float(each)
        for each in (result.value, result.standard_error, result.low, result.high)
    )
    if low is not None and high is not None and low > high:
        raise _wrong(name, f"the interval {low} to {high}", "none")
    return Measure(value, error, low, high, None if result.n is None else int(result.n))


def _fits(field: str, number: Any) -> bool:
    """Whether a field of a measure can be this."""
    if number is None:
        return True
    is_number = isinstance(number, Real)
    if not is_number or (isinstance(number, int) and abs(number) > sys.float_info.max):
        return False
    if field == "n":
        return bool(number >= 0 and number % 1 == 0)
    return field != "standard_error" or not number < 0


def _wrong(name: str, found: str, what: str) -> XentError:
    return XentError(
        f"the metric {name} computes {found}, which is {what}",
        hint="compute() returns a Measure of numbers, n a whole one: xent help design",
    )


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

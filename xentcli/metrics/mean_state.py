"""Computes the mean over rows of one number each, with its error."""

import math
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np

from xentcli.core.dtypes import Doubles
from xentcli.core.exact_sum import ExactSum
from xentcli.core.row_facts import RowFacts
from xentcli.errors import XentError
from xentcli.metrics.intervals import mean_error, share_error, t_interval, wilson_interval
from xentcli.results.measure import NOTHING, Measure

if TYPE_CHECKING:
    from xentcli.results.loss import Loss

_ZERO = ExactSum()


class _MeanSums(NamedTuple):
    total: ExactSum = _ZERO
    squares: ExactSum = _ZERO
    n: int = 0


class MeanState(_MeanSums):
    """The exact sums of a fact and of its squares over the rows that are measured.

    The fact is the first that it needs.
    """

    __slots__ = ()
    needs: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def from_rows(cls, facts: RowFacts) -> Self:
        """Return the state of some rows."""
        values, measured = facts[cls.needs[0]], facts["measured"]
        if values is None:
            return cls()
        if getattr(values, "shape", None) != (facts.rows,) or values.dtype.kind not in "biuf":
            raise _no_numbers(cls.needs[0], values, facts.rows)
        return cls.of(values if measured is None else values[measured])

    @classmethod
    def of(cls, values: Doubles) -> Self:
        """Return the state of rows with these numbers."""
        with np.errstate(all="ignore"):
            return cls(*ExactSum.with_squares(values), len(values))

    def merge(self, other: Self) -> Self:
        """Return the state of both states' rows."""
        total, squares = self.total + other.total, self.squares + other.squares
        return type(self)(total, squares, self.n + other.n)

    def compute(self) -> Measure:
        """Return the mean with its error; without rows, both are None."""
        return mean_of_sums(self.total, self.squares, self.n)


def _no_numbers(name: str, values: Any, rows: int) -> XentError:
    found = type(values).__name__
    if isinstance(values, np.ndarray):
        found = f"shape {values.shape} of {values.dtype}"
    return XentError(
        f"the fact {name} gives {found} for {rows} rows",
        hint="a mean is of a fact that gives one number for each row: xent help design",
    )


def mean_of_sums(total: ExactSum, squares: ExactSum, n: int) -> Measure:
    """Return the mean of n independent rows, given the sums of a number and of its squares."""
    if n == 0:
        return NOTHING
    return mean_measure(float(total) / n, mean_error(total, squares, n), n)


def mean_measure(mean: float | None, standard_error: float | None, n: int) -> Measure:
    """Return a mean of n rows with its interval; the error is None, or not finite, if undefined."""
    if mean is None:
        return Measure(n=n)
    if standard_error is not None and not math.isfinite(standard_error):
        standard_error = None
    return Measure(mean, standard_error, *t_interval(mean, standard_error, n - 1), n)


def loss_measure(loss: "Loss") -> Measure:
    """Return the mean loss with its interval, or n alone where no row is used."""
    return mean_measure(loss.mean if loss.used else None, loss.standard_error, loss.counted)


def share(hits: int, n: int) -> Measure:
    """Return a share of n rows, which is a mean of zeros and ones, with its interval."""
    if n == 0:
        return NOTHING
    return Measure(hits / n, share_error(hits, n), *wilson_interval(hits, n), n)

"""Computes shares of rows."""

from xentcli.metrics.intervals import share_error, wilson_interval
from xentcli.results.measure import Measure


def share(hits: int, n: int) -> Measure:
    """Return a share of n rows, with its interval."""
    return Measure(hits / n, share_error(hits, n), *wilson_interval(hits, n), n)

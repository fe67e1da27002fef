"""The passes over rows of logits (n, C) from which their normalizer follows."""

from collections.abc import Callable
from typing import Any

import numpy as np

from xentcli.core.dtypes import Doubles, Floats, Places
from xentcli.core.tiled_rows import row_by_row


def put_peaks(logits: Floats, peak: Floats, row_starts: Places) -> tuple[Places, Places]:
    """Put the maximum of each row (N, C) into `peak`.

    Return the first place of each, in its row and among all numbers.
    """
    places = logits.argmax(axis=1)
    at = places + row_starts
    logits.reshape(-1).take(at, out=peak, mode="wrap")  # "raise" would copy
    return places, at


def put_rest(terms: Floats, at: Places, rest: Doubles) -> None:
    """Put the sum of each row's terms into `rest`, without those of the maxima, which become 0."""
    terms.reshape(-1)[at] = 0.0
    rest[...] = np.add.reduce(terms, axis=1)


def exponentials_of(
    logits: Floats,
    peak: Floats,
    out: Floats,
    gaps: Floats | None = None,
    exp: Callable[..., Any] = np.exp,
) -> None:
    """Put ``exp(logits - peak)`` of rows (N, C) into `out`, and ``logits - peak`` into `gaps`."""
    with row_by_row(logits.shape[1]):
        put_exponentials(logits, peak, out, out if gaps is None else gaps, exp)


def put_exponentials(
    logits: Floats, peak: Floats, out: Floats, gaps: Floats, exp: Callable[..., Any] = np.exp
) -> None:
    """Do the same where ufuncs go `row_by_row` already."""
    np.subtract(logits, peak[:, None], out=gaps)
    exp(gaps, out=out)

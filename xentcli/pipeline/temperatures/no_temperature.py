"""Why rows have no temperature: the cases in which none is the best."""

import math
from collections.abc import Callable

from xentcli.errors import InputError
from xentcli.metrics.slope_sums import SlopeCounts, SlopeEnds, SlopesOfRows

_ZERO_SHARE = 2.0**-44  # rounding may make so large a share of a sum out of 0
_ROUGH_ZERO_SHARE = 1e-5  # the same for rough slopes, which are computed in float32


def check_counts(name: str, found: SlopesOfRows, at_zero: Callable[[], SlopesOfRows]) -> None:
    """Raise InputError if there is no temperature, and say why.

    Parameters
    ----------
    name : str
        The file of the logits.
    found : SlopesOfRows
        The slopes of all rows, at any inverse temperature.
    at_zero : callable
        Returns the same with fine ends.
    """
    why, hint = _why_not(found.counts)
    if why is None and math.isnan(found.ends.at_zero):
        why = "the loss is NaN: rows hold NaN or +inf, or nothing but -inf"
    doubtful = why is None and is_doubtful(found.ends)
    if doubtful and at_zero().ends.at_zero_within(_ZERO_SHARE):
        why = (
            "the higher the temperature, the lower the loss, and none is the best: on average "
            "the logit of the label is no higher than those of all classes"
        )
        hint = "are these the labels of these rows, in the same order?"
    if why is not None:
        raise InputError(f"{name}: there is no temperature: {why}", hint=hint)


def _why_not(counts: SlopeCounts) -> tuple[str | None, str | None]:
    """Return why no temperature is the best, as far as counts tell, and what to do about it."""
    for what, rows in (
        ("rows of a negative weight", counts.negative),
        ("rows whose weight is NaN or infinite", counts.unusable),
    ):
        if rows:
            return f"{what}: {rows:,}", None
    if not counts.rows:
        return "no row is used, or has a weight above 0", None
    if counts.infinite:
        why = "the loss is infinite at any temperature: rows whose label has a probability of 0"
        hint = "xent eval LOGITS LABELS --metric worst_rows names them"
        return f"{why}: {counts.infinite:,} of {counts.rows:,}", hint
    if counts.flat == counts.rows:
        return "any is as good as any other: the logits of each row are all equal", None
    if counts.at_peak == counts.rows:
        why = "the lower the temperature, the lower the loss, and none is the best"
        hint = "rows that the model gets wrong tell the temperature: fit more rows, or other ones"
        return f"{why}: every label is at the largest logit of its row", hint
    return None, None


def is_doubtful(ends: SlopeEnds) -> bool:
    """Whether only fine ends tell if the loss falls as long as the temperature rises."""
    return ends.at_zero_within(_ROUGH_ZERO_SHARE)


def has_root(ends: SlopeEnds) -> bool:
    """Whether some rows have a temperature, as far as the ends are exact."""
    return ends.below_peak > 0 and not ends.at_zero_within(_ZERO_SHARE)

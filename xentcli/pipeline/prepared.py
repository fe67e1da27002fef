"""What is done to numbers before a formula: logits of probabilities, casts, temperatures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError

Array = NDArray[Any]


def logits_of(probs: Array, *, binary: bool) -> Array:
    """Return logits that have these probabilities, in float64; binary ones are of class 1.

    What is no probability is found elsewhere, where rows have places; binary ones are checked here.

    Raises
    ------
    InputError
        If a binary number is no probability.
    """
    values: Array = probs.astype(np.float64)
    with np.errstate(all="ignore"):
        if binary and not ((values >= 0.0) & (values <= 1.0) | np.isnan(values)).all():
            raise InputError(
                "these are no probabilities: some are not between 0 and 1",
                hint="if these are logits: xent calibrate LOGITS LABELS",
            )
        logits: Array = np.log(values)
        return logits - np.log1p(-values) if binary else logits


def prepare(values: Array, dtype: np.dtype[Any] | None, temperature: float) -> Array:
    """Cast as PyTorch's ``dtype=`` does, then divide by the temperature, in float64."""
    with np.errstate(all="ignore"):
        if dtype is not None:
            values = values.astype(dtype)
        if temperature == 1.0:
            return values
        cooled: Array = values.astype(np.float64) / temperature
    if np.count_nonzero(np.isinf(cooled)) > np.count_nonzero(np.isinf(values)):
        raise InputError(f"logits divided by the temperature {temperature} are too large")
    return cooled

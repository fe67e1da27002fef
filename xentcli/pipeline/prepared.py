"""Prepares numbers for a formula: logits of probabilities, casts, temperatures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.core import elementary
from xentcli.core.dtypes import computing_dtype
from xentcli.errors import InputError

Array = NDArray[Any]

_LEAST_FOR_FLOAT32 = 1e-200  # the least temperature that makes no float32 logit infinite


def logits_of(probs: Array, *, binary: bool) -> Array:
    """Return logits that have these probabilities, in float64; binary ones are of class 1.

    A number that is no probability may give NaN here; it is reported where rows have places.
    """
    values: Array = probs.astype(np.float64)
    with np.errstate(all="ignore"):
        logits: Array = elementary.log(values)
        return logits - elementary.log1p(-values) if binary else logits


def prepare(values: Array, dtype: np.dtype[Any] | None, temperature: float) -> Array:
    """Cast as PyTorch's ``dtype=`` does, then divide by the temperature, in float64."""
    if dtype is None and temperature == 1.0:
        return values
    with np.errstate(all="ignore"):
        if dtype is not None:
            values = values.astype(dtype)
        if temperature == 1.0:
            return values
        cooled: Array = values.astype(np.float64)
        cooled /= temperature
    narrow = computing_dtype(values.dtype) == np.float32 and temperature > _LEAST_FOR_FLOAT32
    if narrow or temperature >= 1.0:
        return cooled
    # What masks a class, such as the least float64, may become -inf.
    if np.count_nonzero(np.isposinf(cooled)) > np.count_nonzero(np.isposinf(values)):
        raise InputError(f"logits divided by the temperature {temperature} are too large")
    return cooled

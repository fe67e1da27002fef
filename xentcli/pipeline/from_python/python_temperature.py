"""What `temperature` takes in the Python API: a number, a file of calibrate, or its result."""

import math
from os import PathLike, fspath
from typing import Any

from xentcli.core.checks import Kind
from xentcli.errors import InputError, UsageError
from xentcli.pipeline.inputs.written import read_temperature
from xentcli.results.temperature import FittedTemperature
from xentcli.text import shortened

Temperature = float | str | PathLike[Any] | FittedTemperature

_SHOWN_CHARACTERS = 60


def temperature_of(given: Temperature, kind: Kind, *, binary: bool = False) -> float:
    """Return what divides the outputs of a kind.

    Raises
    ------
    UsageError
        If it is neither a number above 0 nor a file, or the outputs cannot be divided.
    InputError
        If it was fitted to the other of both losses: the softmax's, or with `binary` the
        sigmoid's; or if the file holds none.
    """
    value = _value_of(given, binary=binary)
    if not 0.0 < value < math.inf:
        raise UsageError(f"temperature is above 0, not {value}")
    if kind != "logits" and value != 1.0:
        raise UsageError("temperature divides logits")
    return value


def _value_of(given: Temperature, *, binary: bool) -> float:
    if isinstance(given, FittedTemperature):
        if given.binary != binary:
            raise InputError(
                f"temperature was fitted with binary={given.binary}, which is another loss "
                "than here",
                hint=f"calibrate(logits, labels, binary={binary}) fits the one of this loss",
            )
        return float(given["temperature"].value or math.nan)
    if isinstance(given, (str, PathLike)):
        found = read_temperature(path := str(fspath(given)), binary=binary)
        if found is None:
            raise UsageError(f"temperature: there is no file {shortened(path, _SHOWN_CHARACTERS)}")
        return found
    return given

"""An object of JSON that a command wrote, and another one reads."""

import sys
from contextlib import closing
from typing import Any

from xentcli.errors import InputError
from xentcli.formats.json.document import content_of
from xentcli.formats.json.values import load
from xentcli.storage.names import STANDARD_STREAM, is_url
from xentcli.storage.open import open_input
from xentcli.storage.paths import is_there

_TEMPERATURE = "a temperature is a number, or stands in what calibrate -o FILE.json wrote"

_LARGEST = sys.float_info.max


def read_object(path: str, what: str, empty: str | None = None) -> tuple[str, dict[str, Any]]:
    """Return the name of a file as messages show it, and the object that it holds.

    Parameters
    ----------
    path : str
        The file.
    what : str
        The hint where it holds something else.
    empty : str, optional
        The hint where it holds nothing.

    Raises
    ------
    InputError
        If it holds no object.
    """
    name, result = _read(path, what, empty)
    if not isinstance(result, dict):
        raise InputError(f"{name}: this is no result of xent", hint=what)
    return name, result


def _read(path: str, what: str, empty: str | None = None) -> tuple[str, Any]:
    """Return the name of a file, and what its JSON says."""
    with closing(open_input(path)) as data:
        if not data.peek(1):
            raise InputError(f"{data.name}: the file is empty", hint=empty or what)
        name = data.name
        try:
            result = load(content_of(data), name, strict=True)
        except InputError as error:
            error.hint = error.hint or what
            raise
    return name, result


def read_temperature(path: str, *, binary: bool = False) -> float | None:
    """Return the temperature in a file that ``xent calibrate`` wrote; None if no such file exists.

    The file holds a result, or the number alone, which is what goes into a pipe. A result says
    whether it was fitted with --binary.

    Raises
    ------
    InputError
        If it holds none, or one of another loss.
    """
    if path != STANDARD_STREAM and not is_there(path) and not is_url(path):
        return None
    name, found = _read(path, _TEMPERATURE)
    if not isinstance(found, (dict, int, float)):
        raise InputError(f"{name}: this is no result of xent", hint=_TEMPERATURE)
    value: Any = found.get("temperature") if isinstance(found, dict) else found
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0.0 < value <= _LARGEST:
        what = "there is no temperature in it" if value is None else f"its temperature is {value!r}"
        if number and value > _LARGEST:  # a whole number has as many digits as it likes
            what = "its temperature is larger than any float64"
        raise InputError(f"{name}: {what}", hint=_TEMPERATURE)
    fitted = found.get("binary") if isinstance(found, dict) else None
    if not (fitted is None or isinstance(fitted, bool)):
        what = f"whether it was fitted with --binary is true or false, not {fitted!r}"
        raise InputError(f"{name}: {what}", hint=_TEMPERATURE)
    if isinstance(fitted, bool) and fitted != binary:
        which = "with --binary" if fitted else "without --binary"
        option = "--binary " if binary else ""
        raise InputError(
            f"{name}: its temperature was fitted {which}, which is another loss than here",
            hint=f"xent calibrate {option}LOGITS LABELS fits the one of this loss",
        )
    return float(value)

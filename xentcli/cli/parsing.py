"""Parses the text of options: rows, names, delimiters, dtypes, numbers."""

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from xentcli.errors import UsageError
from xentcli.text import read_float, shortened

if TYPE_CHECKING:
    import numpy as np

    from xentcli.pipeline.inputs.weights import Weights

Dtype = Literal["float16", "float32", "float64"]
Reduction = Literal["mean", "sum", "none"]
NonFinite = Literal["error", "propagate"]
Decimal = Literal[".", ","]
InputDtype = Literal["bfloat16"]
LogitsDtype = Literal["float32", "bfloat16", "float16"]

_MOST_DIGITS = 18
_DELIMITERS = {"tab": "\t", r"\t": "\t", "comma": ",", "semicolon": ";", "space": " "}


def parse_rows(text: str) -> slice:
    """Return the slice that ``0:3``, ``5:`` or ``7`` means."""
    match = re.fullmatch(r"(?a)(\d+)|(\d*):(\d*)", text)
    if not match:
        raise UsageError(f"--rows must be like 0:3, not {text!r}")
    one, start, stop = match.groups()
    if one:
        rows = slice(_row(one), _row(one) + 1)
    else:
        rows = slice(_row(start or "0"), _row(stop) if stop else None)
    if rows.stop is not None and rows.stop <= rows.start:
        raise UsageError(f"--rows {shortened(text)} has no row")
    return rows


def _row(digits: str) -> int:
    """Return the number of a row; the largest stands for any that is larger still."""
    return int(digits) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS


def parse_names(text: str | None) -> tuple[str, ...] | None:
    """Return the names of a list such as ``a,b,"c,d"``."""
    from xentcli.text import split_names

    return None if text is None else split_names(text)


def parse_delimiter(text: str | None) -> str | None:
    """Return the character that a delimiter such as ``;`` or ``tab`` means."""
    character = _DELIMITERS.get(text or "", text)
    if character is None:
        return None
    if len(character) != 1 or character in '\r\n"' or "\ud800" <= character <= "\udfff":
        shown = shortened(repr(text))
        raise UsageError(f"--delimiter must be one character, or 'tab', not {shown}")
    return character


def parse_dtype(name: str | None) -> "np.dtype[Any] | None":
    """Return the dtype of numbers that has this name."""
    return None if name is None else number_dtype(name)


def number_dtype(name: str) -> "np.dtype[Any]":
    """Return the dtype of numbers that has this name."""
    import numpy as np

    # NumPy would also read records, shapes, and whatever Python reads as a number.
    if re.fullmatch(r"[<>=]?[a-z]{1,8}[0-9]{0,2}", name):
        with suppress(TypeError):
            dtype = np.dtype(name)
            if dtype.kind in "fiub":
                return dtype
    shown = shortened(name)
    raise UsageError(f"--dtype must be a dtype of numbers, such as uint8, not {shown!r}")


def parse_temperature(text: str, *, binary: bool = False) -> float:
    """Return the temperature: the number itself, or the one in a file of ``xent calibrate``.

    Raises
    ------
    UsageError
        If it is neither a number above 0 nor a file.
    InputError
        If the file holds no temperature, or one that was fitted to the other of both losses:
        the softmax's, or with `binary` the sigmoid's.
    """
    try:
        value = read_float(text)
    except ValueError:
        from xentcli.pipeline.inputs.written import read_temperature

        found = read_temperature(text, binary=binary)
        if found is None:
            what = f"--temperature {shortened(text, 60)}: neither a number nor a file"
            raise UsageError(what) from None
        return found
    if not 0.0 < value < float("inf"):
        raise UsageError(f"--temperature must be positive and finite, not {value}")
    return value


def parse_weight(text: str | None, option: str = "--weight") -> "Weights | None":
    """Return class weights: the numbers themselves, or those in the file of this name."""
    if text is None:
        return None
    from xentcli.pipeline.inputs.weights import Weights, read_weights
    from xentcli.pipeline.opening import InputFile, ReadOptions

    try:
        return Weights([read_float(part) for part in text.split(",")])
    except ValueError:
        if "," in text and not os.path.exists(text):  # noqa: PTH110 - also of a very long text
            what = f"{option} {shortened(text, 60)}: neither numbers nor a file"
            raise UsageError(what) from None
        return read_weights(InputFile(text, options=ReadOptions(key_option=None, one_row=True)))

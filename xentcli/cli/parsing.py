"""What the text of options means: rows, names, delimiters, dtypes, numbers."""

import os
import re
from typing import TYPE_CHECKING, Any, Literal

from xentcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike

Dtype = Literal["float16", "float32", "float64"]
Reduction = Literal["mean", "sum", "none"]
NonFinite = Literal["error", "propagate"]
Decimal = Literal[".", ","]
InputDtype = Literal["bfloat16"]

_DELIMITERS = {"tab": "\t", r"\t": "\t", "comma": ",", "semicolon": ";", "space": " "}


def parse_rows(text: str) -> slice:
    """Return the slice that ``0:3``, ``5:`` or ``7`` means."""
    match = re.fullmatch(r"(\d+)|(\d*):(\d*)", text)
    if not match:
        raise UsageError(f"--rows must be like 0:3, not {text!r}")
    one, start, stop = match.groups()
    rows = (
        slice(int(one), int(one) + 1)
        if one
        else slice(int(start or 0), int(stop) if stop else None)
    )
    if rows.stop is not None and rows.stop <= rows.start:
        raise UsageError(f"--rows {text} has no row")
    return rows


def parse_names(text: str | None) -> tuple[str, ...] | None:
    """Return the names of a list such as ``a,b,"c,d"``."""
    from xentcli.text import split_names

    return None if text is None else split_names(text)


def parse_delimiter(text: str | None) -> str | None:
    """Return the character that a delimiter such as ``;`` or ``tab`` means."""
    character = _DELIMITERS.get(text or "", text)
    if character is not None and (len(character) != 1 or character in '\r\n"'):
        raise UsageError(f"--delimiter must be one character, or 'tab', not {text!r}")
    return character


def parse_dtype(name: str | None) -> "np.dtype[Any] | None":
    """Return the dtype of numbers that has this name."""
    return None if name is None else number_dtype(name)


def number_dtype(name: str) -> "np.dtype[Any]":
    """Return the dtype of numbers that has this name."""
    import numpy as np

    try:
        dtype = np.dtype(name)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "fiub":
        raise UsageError(f"--dtype must be a dtype of numbers, such as uint8, not {name!r}")
    return dtype


def parse_temperature(text: str) -> float:
    """Return what divides logits: the number itself, or that in a file of ``xent calibrate``.

    Raises
    ------
    UsageError
        If it is neither a number above 0 nor a file.
    InputError
        If the file holds no temperature.
    """
    try:
        value = float(text)
    except ValueError:
        from xentcli.pipeline.inputs import read_temperature

        found = read_temperature(text)
        if found is None:
            shown = text if len(text) <= 60 else f"{text[:57]}..."
            raise UsageError(f"--temperature {shown}: neither a number nor a file") from None
        return found
    if not 0.0 < value < float("inf"):
        raise UsageError(f"--temperature must be positive, not {value}")
    return value


def weight_order(text: str | None, classes: "Sequence[str]") -> list[int] | None:
    """Return the order of the classes in a file of weights whose header names them."""
    if text is None or not os.path.exists(text):  # noqa: PTH110 - also of a very long text
        return None
    from xentcli.pipeline.inputs import InputFile, ReadOptions, order_of_vector

    return order_of_vector(InputFile(text, options=ReadOptions(key_option=None)), classes)


def parse_weight(text: str | None, option: str = "--weight") -> "ArrayLike | None":
    """Return class weights: the numbers themselves, or those in the file of that name."""
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        if "," in text and not os.path.exists(text):  # noqa: PTH110 - also of a very long text
            shown = text if len(text) <= 60 else f"{text[:57]}..."
            raise UsageError(f"{option} {shown}: neither numbers nor a file") from None
        from xentcli.pipeline.inputs import InputFile, ReadOptions, read_vector

        return read_vector(InputFile(text, options=ReadOptions(key_option=None)))

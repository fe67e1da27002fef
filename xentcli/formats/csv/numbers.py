"""What is a number in a CSV file, and what to say about a cell that is none."""

import math
import re

from xentcli.text import NUMBER, shortened

_NUMBER = re.compile(NUMBER)
_ALMOST_NUMBER = re.compile(r"[+-]?(?:0x[0-9a-f]++|\.*+\d[\d\s_,.'%]*+|\d++/\d++)", re.A | re.I)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.A)
MISSING = {"", "na", "n/a", "null", "none"}
"""What stands, in lower case, in cells without a value."""


def is_number(cell: str) -> bool:
    """Whether a cell is a number as every CSV reader understands it."""
    return _NUMBER.fullmatch(cell.strip(" \t")) is not None


def is_almost_number(cell: str) -> bool:
    """Whether a cell is no number but looks as if it were meant as one: ``1,234``, ``0x10``."""
    return not is_number(cell) and _ALMOST_NUMBER.fullmatch(cell.strip()) is not None


def to_number(cell: str, decimal: str = ".") -> float:
    """Return the float64 nearest to a cell's number.

    Raises
    ------
    ValueError
        If it is no number, or larger than any float64; the message says which.
    """
    if decimal == ",":
        if "." in cell and (is_number(cell) or is_almost_number(cell)):
            raise ValueError(f"{shown(cell)} has a point, and the decimal mark is a comma")
        cell = with_point(cell)
    if not is_number(cell):
        raise ValueError(_why_no_number(cell))
    number = float(cell)
    if math.isinf(number) and "inf" not in cell.lower():
        raise ValueError(f"{shown(cell.strip())[1:-1]} is larger than any float64")
    return number


def with_point(cell: str) -> str:
    """Return a number with a decimal comma as one with a point; any other cell as it is."""
    return cell.replace(",", ".") if has_decimal_comma(cell) else cell


def has_decimal_comma(cell: str) -> bool:
    """Whether a cell is a number, if its one comma is a decimal mark."""
    return cell.count(",") == 1 and "." not in cell and is_number(cell.replace(",", "."))


def is_decimal_comma(cell: str) -> bool:
    """Whether the comma of a number can only be a decimal mark, not one between thousands."""
    return has_decimal_comma(cell) and _THOUSANDS.fullmatch(cell.strip()) is None


def shown(cell: str) -> str:
    """Return a cell in quotes, not too much of it."""
    return repr(shortened(cell))


def is_cut(cell: str) -> bool:
    """Whether a cell was cut when NumPy or pandas printed it."""
    return "..." in cell or "\u2026" in cell


def _why_no_number(cell: str) -> str:
    if not cell.strip():
        return "an empty cell"
    if has_decimal_comma(cell):
        return f"{shown(cell)} is not a number: a decimal comma, or a comma between thousands?"
    if is_cut(cell):
        return f"{shown(cell)} is not a number: printed in short, and cut where the dots stand"
    return f"{shown(cell)} is not a number"


def edges_of_cells(delimiter: str) -> tuple[bytes, bytes]:
    """Return what matches where a cell begins, and where one ends.

    A delimiter may take several bytes, each of which may be part of another character.
    """
    between = re.escape(delimiter.encode())
    start = rb"(?:(?<=[\r\n])|(?<=" + between + rb")|\A)"
    return start, rb"(?=[\r\n]|" + between + rb"|\Z)"


def fill_missing(content: bytes, delimiter: str) -> bytes:
    """Return content with NaN where a cell says that there is no value: null, None, NA, nothing.

    An empty line holds no cell.
    """
    start, end = edges_of_cells(delimiter)
    between = re.escape(delimiter.encode())
    words = rb'[ ]*(?:null|none|n/?a|<na>|"")[ ]*'
    nothing = rb"(?<=" + between + rb")" + end + rb"|" + start + rb"(?=" + between + rb")"
    return re.sub(start + words + end + rb"|" + nothing, b"nan", content, flags=re.I)


def fill_flags(content: bytes, delimiter: str) -> bytes:
    """Return content with 1 and 0 in place of cells that are true and false."""
    start, end = edges_of_cells(delimiter)
    cell = start + rb'[ ]*"?(?:(true)|false)"?[ ]*' + end
    return re.sub(cell, lambda match: b"1" if match[1] else b"0", content, flags=re.I)


def is_flag(cell: str) -> bool:
    """Whether a cell is true or false."""
    return cell.strip().lower() in ("true", "false")


def cure(cell: str, drop: str | None) -> str | None:
    """Say what to do about a cell that is no number; `drop` is how an option names its column."""
    without = f"leave the column out with --drop {drop}" if drop else None
    if "\0" in cell or is_cut(cell) or "[" in cell:
        whole = "write the whole array: numpy.save, numpy.savetxt, DataFrame.to_csv"
        return "is the text UTF-16? --encoding utf-16-le" if "\0" in cell else whole
    if cell.strip().lower() in MISSING:
        return f"fill it in, or {without}" if without else "fill it in"
    if has_decimal_comma(cell):
        unsure = "1,234 between thousands is written 1234; if commas are decimal: --decimal ,"
        return "--decimal , reads decimal commas" if is_decimal_comma(cell) else unsure
    if is_almost_number(cell) or is_number(cell):
        return "numbers are written like 1234, 1.5 or 1e-3"
    return without

"""The careful parser: text cells to numbers, and errors that name line and column."""

import csv
import io
import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.text import name_option

_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)", re.A | re.I)
_ALMOST_NUMBER = re.compile(r"[+-]?(?:0x[0-9a-f]+|[\d.]*\d[\d\s_,.'%]*|\d+/\d+)", re.A | re.I)
_ODD = re.compile(r'[_"\x00-\x08\x0b\x0c\x0e-\x1f]|[^\x00-\x7f]')


@dataclass(frozen=True)
class Layout:
    """How the rows of a file are cut into cells, and which of these are numbers to read.

    Attributes
    ----------
    delimiter : str
        Between cells.
    fields : int
        Cells in every row.
    names : tuple of str or None
        From the header, one for each field.
    values : tuple of int
        The fields that are read.
    index : bool
        Whether the first field counts the rows and is left out.
    """

    delimiter: str
    fields: int
    names: tuple[str, ...] | None
    values: tuple[int, ...]
    index: bool = False

    def column(self, field: int) -> str:
        """Name a field as a user would find it."""
        if self.names and self.names[field]:
            return f"column {self.names[field]!r}"
        return f"column {field + 1}"

    def option(self, field: int) -> str | None:
        """Return how an option names a field, if it can."""
        if self.names and self.names[field]:
            return name_option(self.names[field])
        number = str(field + 1)
        return None if self.names and number in self.names else number


def is_number(cell: str) -> bool:
    """Whether a cell is a number as every CSV reader understands it."""
    return _NUMBER.fullmatch(cell.strip(" \t")) is not None


def is_almost_number(cell: str) -> bool:
    """Whether a cell is no number but looks as if it were meant as one: ``1,234``, ``0x10``."""
    return not is_number(cell) and _ALMOST_NUMBER.fullmatch(cell.strip()) is not None


def to_number(cell: str) -> float:
    """Return the float64 nearest to a cell's number.

    Raises
    ------
    ValueError
        If it is no number, or larger than any float64; the message says which.
    """
    if not is_number(cell):
        raise ValueError(_why_no_number(cell))
    number = float(cell)
    if math.isinf(number) and "inf" not in cell.lower():
        raise ValueError(f"{cell.strip()} is larger than any float64")
    return number


def _why_no_number(cell: str) -> str:
    if not cell.strip():
        return "an empty cell"
    shown = repr(cell if len(cell) <= 40 else cell[:37] + "...")
    if re.fullmatch(r"\s*[+-]?\d+,\d+\s*", cell):
        return f"{shown} is not a number: a decimal comma, or a comma between thousands?"
    return f"{shown} is not a number"


def decode(content: bytes, name: str, first_line: int) -> str:
    """Return text from UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = first_line + content.count(b"\n", 0, error.start)
        byte = content[error.start]
        raise InputError(f"{name}:{line}: byte 0x{byte:02x} is not UTF-8 text") from error


def parse(
    content: bytes, layout: Layout, name: str, first_line: int, first_row: int
) -> NDArray[np.float64]:
    """Return the numbers of some whole lines, of shape (rows, values).

    Raises
    ------
    InputError
        Naming file, line and column of the first cell that is not as `layout` says.
    """
    text = decode(content, name, first_line)
    plain = not _ODD.search(text)  # else float() reads more than numbers
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter)
    rows: list[list[float]] = []
    line = first_line
    try:
        for cells in reader:
            if len(cells) != layout.fields:
                raise InputError(f"{name}:{line}: {_wrong_count(cells, layout)}")
            if layout.index:
                _check_index(cells[0], first_row + len(rows), f"{name}:{line}", layout)
            rows.append(_numbers(cells, layout, f"{name}:{line}", plain=plain))
            line = first_line + reader.line_num
    except csv.Error as error:
        raise InputError(f"{name}:{line}: {error}", hint="is a quote never closed?") from error
    return np.array(rows, np.float64).reshape(len(rows), len(layout.values))


def _numbers(cells: list[str], layout: Layout, place: str, *, plain: bool) -> list[float]:
    if plain:
        try:
            numbers = [float(cells[field]) for field in layout.values]
        except ValueError:
            pass
        else:
            if all(map(math.isfinite, numbers)):
                return numbers
    numbers = []
    for field in layout.values:
        try:
            numbers.append(to_number(cells[field]))
        except ValueError as error:
            raise InputError(
                f"{place}: {layout.column(field)}: {error}",
                hint=_hint(cells[field], layout, field, first_line=place.endswith(":1")),
            ) from error
    return numbers


def _hint(cell: str, layout: Layout, field: int, *, first_line: bool) -> str | None:
    if not cell.strip() or is_almost_number(cell):
        return None
    if first_line and layout.names is None:
        return "is the first row names? --header"
    which = layout.option(field)
    return f"leave the column out with --drop {which}" if which else None


def _wrong_count(cells: list[str], layout: Layout) -> str:
    if not cells:
        return "an empty line"
    return f"{len(cells)} cells where there should be {layout.fields}"


def _check_index(cell: str, row: int, place: str, layout: Layout) -> None:
    if cell == str(row):
        return
    which = layout.option(0)
    raise InputError(
        f"{place}: the first column, which has no name, does not count the rows: "
        f"{cell[:40]!r} where {row} should be",
        hint=f"leave it out with --drop {which}" if which else "name what to read: --columns A,B",
    )

"""The careful parser: text cells to numbers, and errors that name line and column."""

import csv
import io
import math
import re
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.column_words import names_rows
from xentcli.formats.csv.long_cells import long_cells
from xentcli.formats.csv.numbers import cure, is_almost_number, is_cut, to_number
from xentcli.records import Record
from xentcli.text import name_option

_NOT_PLAIN = re.compile(r'[_"\x00-\x08\x0b\x0c\x0e-\x1f]|[^\x00-\x7f]')


@dataclass(frozen=True)
class RowLayout:
    """How the rows of a file are cut into cells, and which of these are read as what.

    Attributes
    ----------
    delimiter : str
        What stands between cells.
    fields : int
        How many cells every row has.
    names : tuple of str or None
        The names in the header, one for each field.
    values : tuple of int
        The fields that are read as numbers.
    texts : tuple of int
        The fields that are read as text.
    index : int or None
        The number from which the first field counts the rows, if it does; it is then left out.
    labels : tuple of int
        The fields that hold labels, or several that may.
    decimal : str
        The decimal mark of numbers.
    index_hint : str or None
        What to do if the first field does not count the rows.
    """

    delimiter: str
    fields: int
    names: tuple[str, ...] | None
    values: tuple[int, ...]
    texts: tuple[int, ...] = ()
    index: int | None = None
    labels: tuple[int, ...] = ()
    decimal: str = "."
    index_hint: str | None = None

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


class Parsed(Record):
    """Some rows: numbers of shape (rows, values), and an array of str for each field of text."""

    numbers: NDArray[Any]
    texts: tuple[NDArray[Any], ...] = ()


def decode(content: bytes, name: str, first_line: int) -> str:
    """Return text from UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = first_line + content.count(b"\n", 0, error.start)
        byte = content[error.start]
        raise InputError(
            f"{name}:{line}: byte 0x{byte:02x} is not UTF-8 text",
            hint="--encoding NAME says what the text is in: latin-1, cp1252, utf-16, ...",
        ) from error


def outside_quotes(content: bytes, delimiter: str) -> bytes:
    """Return content of the same length with whatever stands in quotes overwritten."""
    if b'"' not in content:
        return content
    return _quoted(delimiter).sub(lambda match: b"x" * len(match[0]), content)


def squeeze(content: bytes) -> bytes:
    """Return content with one blank between cells and none around lines, except in quotes."""
    if b'"' in content:
        return _BLANKS_OUTSIDE_QUOTES.sub(
            lambda match: match[1] or (b" " if match[2] else b""), content
        )
    content = re.sub(rb"[ \t]+", b" ", content).removeprefix(b" ").removesuffix(b" ")
    return content.replace(b"\n ", b"\n").replace(b" \n", b"\n").replace(b" \r", b"\r")


_BLANKS_OUTSIDE_QUOTES = re.compile(
    rb'("[^"]*+(?:"|\Z))|(?:^|(?<=[\r\n]))[ \t]+|[ \t]+(?=[\r\n]|\Z)|([ \t]+)'
)


def check_quotes(content: bytes, delimiter: str, name: str, first_line: int) -> None:
    """Raise InputError if a quote is never closed, which would swallow all lines after it."""
    if b'"' not in content:
        return
    *_, last = None, *_quoted(delimiter).finditer(content)
    if last and last[1] is None:
        line = first_line + content.count(b"\n", 0, last.start())
        raise InputError(
            f"{name}:{line}: a quote is never closed",
            hint="a quote inside a quoted cell is written twice",
        )


@cache
def _quoted(delimiter: str) -> re.Pattern[bytes]:
    """Match a quoted cell, which begins only where a cell does, as in the csv module.

    Its group is the quote at the end, if there is one.
    """
    between = re.escape(delimiter.encode())
    # It begins with the quote, which is found at once, and then looks back at what stands before.
    begins = rb'"(?:(?<=[\r\n]")|(?<=' + between + rb'")|(?<=\A"))'
    return re.compile(begins + rb'[^"]*+(?:""[^"]*+)*+(?:(")|\Z)')


def parse(content: bytes, layout: RowLayout, name: str, first_line: int, first_row: int) -> Parsed:
    """Return the numbers and texts of some whole lines.

    Raises
    ------
    InputError
        Naming file, line and column of the first cell that is not as `layout` says.
    """
    text = decode(content, name, first_line)
    check_quotes(content, layout.delimiter, name, first_line)
    # float() reads more than numbers: 1_000, and digits of other scripts.
    plain = layout.decimal == "." and not _NOT_PLAIN.search(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter)
    rows: list[list[float]] = []
    texts: list[list[str]] = []
    line = first_line
    try:
        with long_cells():
            for cells in reader:
                place = f"{name}:{line}"
                if len(cells) != layout.fields:
                    raise _wrong_count(cells, layout, place)
                if layout.index is not None:
                    _check_index(cells[0], layout.index + first_row + len(rows), place, layout)
                rows.append(_numbers(cells, layout, place, plain=plain))
                texts.append([cells[field] for field in layout.texts])
                line = first_line + reader.line_num
    except csv.Error as error:
        raise InputError(f"{name}:{line}: {error}") from error
    numbers = np.array(rows, np.float64).reshape(len(rows), len(layout.values))
    return Parsed(numbers, tuple(np.array(column, object) for column in zip(*texts, strict=True)))


def line_of_row(content: bytes, layout: RowLayout, first_line: int, row: int) -> int:
    """Return the line in which a row of some whole lines begins."""
    reader = csv.reader(io.StringIO(content.decode(), newline=""), delimiter=layout.delimiter)
    with long_cells():
        for _ in islice(reader, row):
            pass
    return first_line + reader.line_num


def _numbers(cells: list[str], layout: RowLayout, place: str, *, plain: bool) -> list[float]:
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
            numbers.append(to_number(cells[field], layout.decimal))
        except ValueError as error:
            raise InputError(
                f"{place}: {layout.column(field)}: {error}",
                hint=_hint(cells, layout, field, first_line=place.endswith(":1")),
            ) from error
    return numbers


def _hint(cells: list[str], layout: RowLayout, field: int, *, first_line: bool) -> str | None:
    cell = cells[field]
    if first_line and layout.names is None and cell.strip() and not is_almost_number(cell):
        return "is the first row names? --header"
    if field in layout.labels and (len(layout.labels) > 1 or not cell.strip()):
        several = len(layout.labels) > 1
        hint = "mark rows to leave out by -100, for --ignore-index -100"
        return "which column holds the labels? --label-column NAME" if several else hint
    if layout.names and is_cut(layout.names[field]) and layout.fields == 1:  # of a printed array
        return cure(layout.names[field], None)
    option = layout.option(field)
    if layout.names and names_rows(layout.names[field]) and not is_almost_number(cell):
        return f"do these name the rows? --id-column {option}"
    # A column of text is in doubt as a whole: this is one bad cell, and the column may be a class.
    return cure(cell, option if layout.names and not layout.names[field] else None)


def _wrong_count(cells: list[str], layout: RowLayout, place: str) -> InputError:
    if not cells:
        return InputError(f"{place}: an empty line", hint="delete it")
    count = f"{len(cells)} cell{'s' if len(cells) > 1 else ''}"
    hint = None
    if len(cells) == layout.fields + 1 and not cells[-1]:
        hint = "the line ends with a delimiter that the first line does not end with"
    elif any(map(is_cut, cells)):
        hint = cure("...", None)
    elif len(cells) > layout.fields:
        hint = "does a number hold the delimiter? 1,234 must be written 1234, and 1,5 as 1.5"
    return InputError(f"{place}: {count} where there should be {layout.fields}", hint=hint)


def _check_index(cell: str, row: int, place: str, layout: RowLayout) -> None:
    if cell == str(row):
        return
    raise InputError(
        f"{place}: the first column, which has no name, does not count the rows: "
        f"{cell[:40]!r} where {row} should be",
        hint=layout.index_hint,
    )

"""Chooses the fastest of three parsers of CSV text that is not in doubt."""

import csv
import io
from collections.abc import Iterator

from xentcli.errors import InputError
from xentcli.formats.csv import cells, frame, plain_rows
from xentcli.formats.csv.cells import Parsed, RowLayout, outside_quotes
from xentcli.formats.csv.long_cells import long_cells
from xentcli.formats.large_integers import as_integers, may_be_rounded, number_of_cell


def parse(
    text: bytes, layout: RowLayout, name: str, line: int, rows: range, *, is_small: bool
) -> Parsed:
    """Return the cells of whole lines as numbers and text.

    `plain_rows` reads nothing but numbers, and `frame` has pandas read the columns; each of them
    returns None where it might read a cell otherwise than `cells` does, which reads everything,
    and says what is wrong with a cell. A small file does without `frame`, which imports pandas.

    Parameters
    ----------
    text : bytes
        The lines.
    layout : RowLayout
        How the rows are cut into cells.
    name : str
        The file, for messages.
    line : int
        The number of the first line in the file.
    rows : range
        The numbers of the rows in the file.
    is_small : bool
        Whether the file has less than a block.
    """
    pointed = _with_points(text, layout)
    parsed = None
    if pointed is not None:
        parsed = plain_rows.parse(pointed, layout, len(rows))
        if parsed is None and not is_small and layout.fields <= frame.MOST_FRAME_COLUMNS:
            parsed = frame.parse(pointed, layout, len(rows), rows.start)
    parsed = parsed or cells.parse(text, layout, name, line, rows.start)
    if set(layout.values) - set(layout.labels) and may_be_rounded(parsed.numbers, text):
        return parsed._replace(numbers=as_integers(parsed.numbers, _written(text, parsed, layout)))
    return parsed


def _written(text: bytes, parsed: Parsed, layout: RowLayout) -> Iterator[int | float]:
    """Yield the numbers of rows, and integers as their cells have them."""
    reader = csv.reader(io.StringIO(text.decode(), newline=""), delimiter=layout.delimiter)
    with long_cells():
        for row, numbers in zip(reader, parsed.numbers, strict=True):
            for field, number in zip(layout.values, numbers.tolist(), strict=True):
                yield number_of_cell(row[field], number)


def _with_points(content: bytes, layout: RowLayout) -> bytes | None:
    """Return content with decimal points, or None where a comma may be something else."""
    if layout.decimal == ".":
        return content
    doubtful = layout.delimiter == "," or layout.texts or b'"' in content or b"." in content
    return None if doubtful else content.replace(b",", b".")


def check_cell_count(
    text: bytes, line_end: bytes, layout: RowLayout, rows: int, name: str, first: int
) -> None:
    """Raise InputError if a very long line has more cells than a row, before they are made.

    The text holds so many `rows`, and its first line has the number `first` in the file `name`.
    """
    delimiter = layout.delimiter.encode()
    outside = outside_quotes(text, layout.delimiter)
    if outside.count(delimiter) <= rows * layout.fields:
        return
    for i, line in enumerate(outside.split(line_end)):
        there = line.count(delimiter) + 1
        if there > layout.fields:
            what = f"{there} cells where there should be {layout.fields}"
            raise InputError(f"{name}:{first + i}: {what}", hint="is there a line end missing?")

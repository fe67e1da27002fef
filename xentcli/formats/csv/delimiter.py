"""What stands between the cells of a file."""

import csv
import re

from xentcli.formats.base import ReadOptions
from xentcli.formats.csv.cells import squeeze
from xentcli.formats.csv.long_cells import long_cells
from xentcli.formats.csv.numbers import is_number

_SEP_LINE = re.compile(r'"?sep=(.)"?(?:\r\n|\n|\r)', re.I)
_SAMPLE_LINES = 20  # the most that decide on the delimiter
_MOSTLY = 0.5  # the share of a row's cells that are numbers
_LONGEST_CELL_CHARACTERS = 2**20  # the most of a cell of several lines
DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar", " ": "a space"}


def without_sep_line(text: str) -> tuple[str, str | None]:
    """Return text without the line by which Excel is told the delimiter, and the delimiter."""
    match = _SEP_LINE.match(text)
    return (text[match.end() :], match[1]) if match else (text, None)


def delimiter_of(text: str, declared: str | None, options: ReadOptions, usual: str) -> str:
    """Return the delimiter that the user or the file names, or else the one that is found.

    The user's delimiter counts only for files in which it occurs: labels may have another one.
    """
    named = options.delimiter
    if named is not None and (named in text or not options.labels):
        return named
    if options.decimal == "," and '"' not in text:
        text = text.replace(",", ".")
    return declared or _find_delimiter(text, usual)


def _find_delimiter(text: str, usual: str) -> str:
    """Return the delimiter that cuts sampled lines into equally many cells, numbers if it can."""
    lines = _sampled(text)
    candidates: list[tuple[float, str]] = []
    for delimiter in (usual, *(d for d in DELIMITERS if d != usual and d in text)):
        if delimiter == " ":
            lines = squeeze("\n".join(lines).encode()).decode().split("\n")
        try:
            with long_cells():
                rows = [cells for cells in csv.reader(lines, delimiter=delimiter) if cells]
        except csv.Error:
            continue
        numbers = _share_of_numbers(rows, delimiter)
        if delimiter == " " and any(others for others, _ in candidates) and _lacks_a_name(rows):
            continue  # the blank is in each row's name, which has a name in the header
        certain = numbers or len(rows) > 1
        if delimiter == " ":  # else between words; R counts its rows, which may end in a label
            counted = _lacks_a_name(rows) and rows[1][0] == "1"
            certain = numbers == 1.0 or (counted and (numbers or 0.0) >= _MOSTLY)
        if numbers is not None and certain:
            candidates.append((numbers, delimiter))
    if not candidates:
        return usual
    best = max(numbers for numbers, _ in candidates)
    return next(delimiter for numbers, delimiter in candidates if numbers == best)


def _lacks_a_name(rows: list[list[str]]) -> bool:
    """Whether the header is shorter than the rows, as R writes it."""
    return len(rows) > 1 and len(rows[0]) < len(rows[1])


def _sampled(text: str) -> list[str]:
    """Return the first lines, and as many more as a cell in quotes runs on."""
    *lines, rest = re.split(r"\r\n|\n|\r", text, maxsplit=_SAMPLE_LINES)
    if sum(line.count('"') for line in lines) % 2:
        for line in rest[:_LONGEST_CELL_CHARACTERS].splitlines():
            lines.append(line)
            if line.count('"') % 2:
                break
    return lines or [rest]


def _share_of_numbers(rows: list[list[str]], delimiter: str) -> float | None:
    """Return how many cells of a row are numbers, if all rows have equally many, at least two.

    The header that R writes lacks a name for the first column, which names the rows.
    """
    widths = {len(cells) for cells in rows[1:] or rows}
    width = widths.pop() if len(widths) == 1 else 0
    lacking = width - len(rows[0]) if rows else 0
    if width < 2 or lacking not in (0, 1) or (lacking and width < 3):
        return None
    last = next((cells for cells in reversed(rows) if "..." not in cells), rows[-1])
    last = last[lacking:]
    last = last if delimiter == "," else [cell.replace(",", ".") for cell in last]
    return sum(map(is_number, last)) / len(last)

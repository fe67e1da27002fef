"""The first rows of a file below its header, and what they say about its columns."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.column_looks import Look, look_at, looks_at
from xentcli.formats.csv import list_cells, plain_rows
from xentcli.formats.csv.cells import RowLayout
from xentcli.formats.csv.numbers import MISSING, is_almost_number, is_cut, is_flag, is_number
from xentcli.formats.label_columns import are_shares


class FirstRows:
    """Rows as lists of cells, which are read as far as they are asked for.

    Parameters
    ----------
    rows : iterable of list of str
        The rows.
    most : int
        How many of them decide.
    """

    def __init__(self, rows: Iterable[list[str]], most: int) -> None:
        self._rows = islice(rows, most)
        self._seen: list[list[str]] = []

    def __iter__(self) -> Iterator[list[str]]:
        """Yield the rows, always from the first one on."""
        i = 0
        while True:
            if i == len(self._seen):
                cells = next(self._rows, None)
                if cells is None:
                    return
                self._seen.append(cells)
            yield self._seen[i]
            i += 1

    def column(self, field: int) -> Iterator[str]:
        """Yield the cells of a column, where rows have one."""
        return (cells[field] for cells in self if len(cells) > field)

    def holds_lists(self, field: int) -> bool:
        """Whether most cells of a column are lists, as far as they hold anything."""
        cells = [
            cell for cell in islice(self.column(field), list_cells.JUDGED_ROWS) if cell.strip()
        ]
        return 2 * sum(map(list_cells.is_list, cells)) > len(cells)

    def sum_to_one(self, fields: list[int], *error: float) -> bool:
        """Whether columns hold shares of 1, row by row: class probabilities, or one-hot labels."""
        try:
            table = np.array([[_share(cells[i]) for i in fields] for cells in self])
        except (ValueError, IndexError):
            return False
        return are_shares(table.reshape(-1, len(fields)), *error)  # of no rows, too

    def are_flags(self, fields: Sequence[int]) -> bool:
        """Whether columns hold true and false, and nothing else."""
        rows = [[cells[i] for i in fields if len(cells) > i] for cells in self]
        return bool(rows) and all(all(map(is_flag, cells)) for cells in rows)

    def looks(self, fields: int) -> list[Look]:
        """Return what each of so many columns holds."""
        columns: Sequence[Sequence[str]]
        rows = list(self)
        if all(len(cells) == fields for cells in rows):
            columns = [*zip(*rows, strict=True)] or [()] * fields
        else:
            columns = [[cells[i] for cells in rows if len(cells) > i] for i in range(fields)]
        return list(map(look_at_cells, columns))


def _share(cell: str) -> float:
    return float(cell.strip().lower() == "true") if is_flag(cell) else float(cell)


def looks_of(content: str, delimiter: str, fields: int) -> list[Look] | None:
    """Return what columns of nothing but numbers hold; None if in doubt.

    Parameters
    ----------
    content : str
        Whole lines.
    """
    text = content.encode()
    text = text if text.endswith(b"\n") else text + b"\n"
    layout = RowLayout(delimiter, fields, None, tuple(range(fields)))
    parsed = plain_rows.parse(text, layout, text.count(b"\n"))
    if parsed is None:
        return None
    with_point = _cells_with_point(text, delimiter, fields)
    rows = len(parsed.numbers)
    return looks_at(parsed.numbers, integers=with_point == 0, some_integers=with_point < rows)


def _cells_with_point(text: bytes, delimiter: str, fields: int) -> NDArray[np.intp]:
    """Return how many cells of each column are not written as integers; rows are equally wide."""
    characters = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero((characters == ord(delimiter)) | (characters == ord("\n")))
    folded = characters | 0x20  # e and E alike; a point is its own
    marks = (characters == ord(".")) | (folded == ord("e"))
    starts = np.append(0, ends[:-1] + 1)
    has_mark = np.logical_or.reduceat(marks, starts).reshape(-1, fields)
    counts: NDArray[np.intp] = np.count_nonzero(has_mark, axis=0)
    return counts


def look_at_cells(cells: Iterable[str]) -> Look:
    """Return what the cells of a column hold; what is missing says nothing."""
    cells = list(cells)
    try:
        numbers = list(map(float, cells))
    except ValueError:
        cells = [cell.strip() for cell in cells]
        cells = [cell for cell in cells if cell.lower() not in MISSING]
        texts = [cell for cell in cells if _is_text(cell)]
        if 2 * len(texts) > len(cells):
            return Look(len(cells), is_text=True)
        cells = [cell for cell in cells if is_number(cell)]
        numbers = list(map(float, cells))
    whole = map(_is_integer, cells)
    integers = all(whole)
    some = integers or any(map(_is_integer, cells))
    return look_at(numbers, integers=integers, some_integers=some)


def _is_integer(cell: str) -> bool:
    return cell.strip().lstrip("+-").isdecimal()


def _is_text(cell: str) -> bool:
    almost = is_number(cell) or is_almost_number(cell) or is_cut(cell)
    return not almost and "\0" not in cell and not list_cells.is_list(cell)

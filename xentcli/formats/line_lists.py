"""Lists of the most probable classes in JSON lines or in pairs: read in order, kept on the disk."""

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import InputError
from xentcli.formats.json.values import decoded, fast, load, parser
from xentcli.formats.json.whole_lines import lines_of
from xentcli.formats.listed_pairs import is_pairs, of_pairs
from xentcli.formats.numbers_in_lines import NoNumberError, Numbers, count_of_classes, numbers_of
from xentcli.formats.ragged_rows import RaggedRows
from xentcli.formats.top_lists import TopKeys
from xentcli.storage.inputs import Input

Ragged = list[list[Any]]
_ROWS = 64  # rows of a table that are objects at a time


class LineLists(NamedTuple):
    """The rows of all JSON lines, one after the other.

    Attributes
    ----------
    values, indices : RaggedRows of shape (N, K)
        Padded with -inf, and -1.
    others : mapping of str to ndarray of shape (N,)
        Log-sum-exps, labels, masks of labels, whether any place of a row's list counts, and how
        many of the largest a row of pairs has, by their role; NaN is null.
    lines : ndarray of shape (N,)
        The number of the line of each row, from 1.
    sequences : ndarray of shape (N,) or None
        Which of the lines that are not empty each row is in, from 0; None if each is one row.
    documents : int
        How many lines are not empty.
    num_classes : int or None
        How many classes there are, as the lines say.
    """

    values: RaggedRows
    indices: RaggedRows
    others: Mapping[str, Numbers]
    lines: NDArray[np.int64]
    sequences: NDArray[np.int64] | None
    documents: int
    num_classes: int | None


class _Line(NamedTuple):
    """What one line holds."""

    values: Numbers
    indices: Numbers
    lengths: list[int]
    beside: Mapping[str, Numbers]
    is_row: bool = False
    """Whether it is one row, and no sequence of rows."""
    num_classes: int | None = None


def read_lines(data: Input, keys: TopKeys, format_: str = "json") -> LineLists:
    """Return the lists of JSON lines or, if they are pairs, of another table's rows.

    Each is of one row, or of the positions of a sequence.

    Raises
    ------
    InputError
        If a line lacks what the others have, or has lists that do not belong together.
    """
    roles = {role: getattr(keys, role) for role in ("log_sum_exp", "labels", "mask")}
    roles = {role: key for role, key in roles.items() if key}
    values, indices = RaggedRows(data.name, -np.inf), RaggedRows(data.name, -1.0)
    others = {role: array("d") for role in (*roles, *(("places",) if "mask" in roles else ()))}
    others |= {"largest": array("d")} if keys.values == keys.indices else {}
    places, counts, sequential, num_classes = array("q"), array("q"), False, None
    for number, found in _each_line(data, keys, roles, format_):
        if None not in (num_classes, found.num_classes) and num_classes != found.num_classes:
            what = f"{found.num_classes} classes, and the lines before have {num_classes}"
            raise InputError(f"{data.name}:{number}: {what}")
        num_classes = num_classes or found.num_classes
        values.add(found.values, found.lengths)
        indices.add(found.indices, found.lengths)
        for role, each in found.beside.items():
            others[role].frombytes(each.tobytes())
        places.extend([number] * len(found.lengths))
        counts.append(len(found.lengths))
        sequential |= not found.is_row
    beside = {role: np.array(each, np.float64) for role, each in others.items()}
    lines, count = np.array(places, np.int64), len(counts)
    sequences = np.repeat(np.arange(count), counts) if sequential else None
    closed = values.close(), indices.close()
    return LineLists(*closed, beside, lines, sequences, count, num_classes)


def _each_line(
    data: Input, keys: TopKeys, roles: Mapping[str, str], format_: str
) -> Iterator[tuple[int, _Line]]:
    """Yield the number of each line, or row, and what it holds."""
    of_numbers = keys.values != keys.indices and format_ == "json"
    simdjson = parser() if of_numbers and "mask" not in roles else None
    wanted = {keys.values, keys.indices, *roles.values()}
    wanted |= {keys.num_classes} if keys.num_classes else set()
    for number, line in _lines(data) if format_ == "json" else _rows(data, format_, wanted):
        try:
            found = None if simdjson is None else _fast(simdjson, line, keys, roles)
            if found is None:
                found = _careful(_document(data, number, line), keys, roles)
        except InputError:
            raise
        except NoNumberError as error:
            raise InputError(f"{data.name}:{number}: {error}") from error
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
            what = f"no lists under {keys.values!r} and {keys.indices!r}, as the lines before have"
            raise InputError(f"{data.name}:{number}: {what}") from error
        if found is None:
            raise InputError(f"{data.name}:{number}: lists of different lengths")
        yield number, found


def _lines(data: Input) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines_of(data), 1):
        if line.strip():
            yield number, line


def _rows(data: Input, format_: str, columns: Iterable[str]) -> Iterator[tuple[int, Any]]:
    from xentcli.formats.arrow.documents import rows_of

    yield from enumerate(rows_of(data, format_, [*columns], _ROWS))


def _document(data: Input, number: int, line: Any) -> Any:
    """Return what a line says; the row of a table is an object already."""
    if not isinstance(line, bytes):
        return line
    return load(decoded(line, f"{data.name}:{number}"), data.name, number)


def _fast(simdjson: Any, line: bytes, keys: TopKeys, roles: Mapping[str, str]) -> _Line | None:
    """Return a line of numbers in lists of one length; None for any other line."""
    try:
        document = simdjson.parse(line)
        values, indices = fast(document[keys.values]), fast(document[keys.indices])
        beside = {role: fast(document[key]) for role, key in roles.items()}
    except (ValueError, RuntimeError, TypeError, LookupError, AttributeError):
        return None
    if values is None or indices is None or values.ndim != 2 or values.shape != indices.shape:
        return None
    rows, listed = values.shape
    told = {role: each for role, each in beside.items() if each is not None}
    if len(told) < len(roles) or any(each.shape != (rows,) for each in told.values()):
        return None
    count = _count(document, keys)
    return _Line(values.reshape(-1), indices.reshape(-1), [listed] * rows, told, num_classes=count)


def _careful(document: Any, keys: TopKeys, roles: Mapping[str, str]) -> _Line | None:
    """Return what any line holds: lists that differ in their lengths, nulls, pairs, masks.

    The result is None where lists that belong together have different lengths.
    """
    values, indices = document[keys.values], document[keys.indices]
    beside = {role: document[key] for role, key in roles.items()}
    if keys.values == keys.indices:
        values, indices, beside["largest"] = of_pairs(values)
    first = values[0] if values else next(iter(beside.values()), None)
    is_row = not isinstance(first, list)
    if is_row:
        values, indices = [values], [indices]
        beside = {role: [each] for role, each in beside.items()}
    lengths = {len(values), len(indices), *map(len, beside.values())}
    if len(lengths) > 1 or [*map(len, values)] != [*map(len, indices)]:
        return None
    if "mask" in beside:
        values, beside["mask"], beside["places"] = _masked(values, beside["mask"])
    told = {role: numbers_of(each, math.nan) for role, each in beside.items()}
    flat = [[each for row in lists for each in row] for lists in (values, indices)]
    lengths_of_rows = [len(row) for row in values]
    numbers = numbers_of(flat[0], math.nan), numbers_of(flat[1], -1.0)
    return _Line(*numbers, lengths_of_rows, told, is_row, _count(document, keys))


def _count(document: Any, keys: TopKeys) -> int | None:
    """Return how many classes a line says that there are."""
    count = None if keys.num_classes is None else document.get(keys.num_classes)
    return None if count is None else count_of_classes(count)


def _masked(values: Ragged, mask: list[Any]) -> tuple[Ragged, list[Any], list[Any]]:
    """Return values without those that a mask of values leaves out.

    With them go a mask of the labels, and whether any value of each row counts.
    """
    if not mask or not isinstance(mask[0], list):
        return values, mask, [True] * len(values)
    kept = [
        [value if counts else None for value, counts in zip(row, each, strict=True)]
        for row, each in zip(values, mask, strict=True)
    ]
    return kept, [True] * len(mask), [any(each) for each in mask]


def values_in_lines(data: Input, key: str | None, format_: str) -> Iterator[tuple[int, Any]]:
    """Yield the number of each line, or row, and what it has under a key; None is nothing.

    Without a key it is the line itself.

    Raises
    ------
    InputError
        If a line is no object.
    """
    lines = _lines(data) if format_ == "json" else _rows(data, format_, [key or ""])
    for number, line in lines:
        document = _document(data, number, line)
        if key is not None and not isinstance(document, dict):
            raise InputError(f"{data.name}:{number}: no object with a {key!r}")
        yield number, document if key is None else document.get(key)


def pair_keys(data: Input, format_: str, columns: Iterable[str]) -> TopKeys | None:
    """Return the key of lists of pairs of a token and its log-probability, by the first line.

    `columns` of a table may hold them.
    """
    wanted = [*columns]
    if format_ != "json" and not wanted:
        return None
    lines = _lines(data) if format_ == "json" else _rows(data, format_, wanted)
    number, line = next(lines, (0, b"{}"))
    document = _document(data, number, line)
    found = [key for key, value in document.items() if is_pairs(value)]
    if data.seekable:  # what is opened only once is a copy, and any other file is opened again
        data.rewind()
    if len(found) != 1:
        return None
    return TopKeys(found[0], found[0])

"""Arrow's arrays to NumPy's: no null becomes a number, and no list is cut or filled up."""

import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xentcli.errors import RAGGED, InputError
from xentcli.formats.arrow.library import pyarrow
from xentcli.formats.arrow.types import (
    has_no_values,
    is_fixed,
    is_list,
    is_vector,
    number_dtype,
    numbers,
    plain,
    stored,
)
from xentcli.formats.arrow.vectors import length_of, vectors

Array = Any
_NULLS = (
    "pandas stores NaN as null; fill them, or leave such rows out; in labels, mark rows to leave "
    "out by -100, for --ignore-index -100"
)


class ColumnRows(NamedTuple):
    """The rows of a column that are converted, and where they stand, for messages."""

    file: str
    column: str
    start: int
    missing: bool = False
    """Whether null is NaN, and no mistake, in a column of floats."""

    def error(self, row: int, message: str, hint: str | None = None) -> InputError:
        """Return the error of one of the rows."""
        return InputError(
            f"{self.file}: row {self.start + row}: column {self.column!r}: {message}", hint=hint
        )

    def check_nulls(self, array: Array, per_row: int = 1) -> None:
        """Raise InputError if there is a null, unless numbers may be missing."""
        if not array.null_count or (self.missing and pyarrow().types.is_floating(array.type)):
            return
        nulls = np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False))
        last = self.start + len(array) // max(1, per_row) - 1
        more = f" ({len(nulls)} of them in rows {self.start} to {last})" if len(nulls) > 1 else ""
        raise self.error(int(nulls[0]) // per_row, f"it is null{more}", _NULLS)


def flat(array: Array, rows: ColumnRows, *, names: bool = False) -> NDArray[Any]:
    """Return a column of numbers, text or anything else without parts, of shape (rows,).

    Where these are `names`, some may be missing: they are NaN, or None in an array of objects.
    """
    array = plain(array)
    if names and array.null_count:
        floats = pyarrow().types.is_floating(array.type)  # of which NaN is missing, too
        return array.to_numpy(zero_copy_only=False) if floats else _objects(array)
    rows.check_nulls(array)
    if has_no_values(array.type):  # and no rows, of which none is null
        array = array.cast(pyarrow().int64())
    if number_dtype(array.type) is not None:
        return numbers(array)
    is_ = pyarrow().types
    if is_.is_timestamp(array.type) and array.type.tz:
        return _times_with_zone(array)
    if is_.is_time(array.type):
        return _times_of_day(array)
    if is_.is_date64(array.type):
        array = array.cast(pyarrow().date32())
    values: NDArray[Any] = array.to_numpy(zero_copy_only=False)
    return values


def _objects(array: Array) -> NDArray[Any]:
    return np.array(array.to_pylist(), object)


def times_of(array: Array, rows: ColumnRows) -> NDArray[Any]:
    """Return times that name groups, of which some may be missing: NaT, or None among objects."""
    array, is_ = plain(array), pyarrow().types
    if is_.is_date64(array.type):
        array = array.cast(pyarrow().date32())
    of_numpy = is_.is_date(array.type) or is_.is_duration(array.type)
    if of_numpy or (is_.is_timestamp(array.type) and not array.type.tz):
        values: NDArray[Any] = array.to_numpy(zero_copy_only=False)
        return values
    found = np.full(len(array), None, object)
    there = array.is_valid().to_numpy(zero_copy_only=False)
    found[there] = flat(array.drop_null() if array.null_count else array, rows)
    return found


def ids_of(array: Array, rows: ColumnRows) -> NDArray[Any]:
    """Return a column of ids; if some are missing, all as text, in which CSV has empty cells."""
    return flat(array, rows) if not array.null_count else _texts(plain(array).to_pylist())


def _texts(values: list[Any]) -> NDArray[Any]:
    whole = [int(v) if isinstance(v, float) and v.is_integer() else v for v in values]
    return np.array(["" if v is None else _text(v) for v in whole], object)


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _times_with_zone(array: Array) -> NDArray[Any]:
    """Return times with their zone, which NumPy lacks: as Python's, or as text if too fine."""
    pa = pyarrow()
    try:
        times = array.cast(pa.timestamp("us", array.type.tz)).to_pylist()
    except pa.ArrowInvalid:  # nanoseconds: `2020-01-01 01:00:00.000000001+0100`
        times = [_iso(text) for text in array.cast(pa.string()).to_pylist()]
    return np.array(times, dtype=object)


def _iso(text: str) -> str:
    """Return a time that Arrow shows, as ISO 8601 and Python have it."""
    return re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text.replace(" ", "T").replace("Z", "+00:00"))


def _times_of_day(array: Array) -> NDArray[Any]:
    """Return times of a day as Python's, or text where they are too fine for these."""
    pa = pyarrow()
    try:
        times = array.cast(pa.time64("us")).to_pylist()
    except pa.ArrowInvalid:  # nanoseconds
        times = array.cast(pa.string()).to_pylist()
    return np.array(times, dtype=object)


def wide(columns: list[Array], rows: list[ColumnRows], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return columns of numbers side by side, of shape (rows, columns)."""
    values = np.empty((len(columns[0]), len(columns)), dtype)
    for i, (column, place) in enumerate(zip(columns, rows, strict=True)):
        values[:, i] = flat(column, place)
    return values


def dense(array: Array, shape: tuple[int, ...], rows: ColumnRows) -> NDArray[Any]:
    """Return lists of the same length, or lists of lists, as an array of (rows, *shape)."""
    count, per_row, level = len(array), 1, 0
    array = stored(array)
    if is_vector(array.type):
        return vectors(array, shape[0], rows)
    while is_list(array.type):
        rows.check_nulls(array, per_row)
        if not is_fixed(array.type):
            _check_lengths(array, shape[level], per_row, rows)
        per_row *= array.type.list_size if is_fixed(array.type) else shape[level]
        array, level = stored(array.flatten()), level + 1
    array = plain(array)
    rows.check_nulls(array, per_row)
    return numbers(array).reshape(count, *shape)


def _check_lengths(array: Array, length: int, per_row: int, rows: ColumnRows) -> None:
    lengths = np.diff(array.offsets.to_numpy())
    wrong = np.flatnonzero(lengths != length)
    if wrong.size:
        what = f"a list of {lengths[wrong[0]]} where row 0 has one of {length}"
        raise rows.error(int(wrong[0]) // per_row, what, RAGGED)


def lengths_of(array: Array) -> tuple[int, ...]:
    """Return the lengths of the lists of an array of one row, from the outermost in."""
    lengths = []
    array = stored(array)
    if is_vector(array.type):
        return (length_of(array),)
    while is_list(array.type):
        lengths.append(array.type.list_size if is_fixed(array.type) else _first_length(array))
        array = stored(array.flatten())
    return tuple(lengths)


def _first_length(array: Array) -> int:
    return len(array[0]) if len(array) and array[0].is_valid else 0

"""Spark's vectors: a structure of type, size, indices and values, dense or sparse."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xentcli.formats.arrow.types import numbers, plain

if TYPE_CHECKING:
    from xentcli.formats.arrow.convert import ColumnRows

Array = Any
_MOST_CLASSES = 2**25  # the most of a sparse vector, whose zeros are filled in


def length_of(array: Array) -> int:
    """Return the length of the first vector; 0 where there is none."""
    return int(_sizes(_fields(array))[0]) if len(array) else 0


def vectors(array: Array, length: int, rows: "ColumnRows") -> NDArray[Any]:
    """Return Spark's vectors of one length, dense and sparse, as an array of (rows, length)."""
    rows.check_nulls(array)
    fields = _fields(array)
    rows.check_nulls(fields["values"])
    sizes = _sizes(fields)
    if (wrong := np.flatnonzero(sizes != length)).size:
        found = sizes[wrong[0]]
        raise rows.error(int(wrong[0]), f"a vector of {found} where row 0 has one of {length}")
    if length > _MOST_CLASSES:
        raise rows.error(0, f"a vector of {length}, and at most {_MOST_CLASSES} are read")
    counts, listed = _lengths(fields["values"]), plain(fields["values"].flatten())
    indices = plain(fields["indices"].flatten())
    if listed.null_count or indices.null_count:
        raise rows.error(0, "a vector in this or a later row has a null within")
    values, places = numbers(listed), numbers(indices)
    at = np.repeat(np.arange(len(array)), counts)
    within = np.arange(len(values)) - np.repeat(np.cumsum(counts) - counts, counts)
    sparse = ~_dense(fields)
    of_indices = np.where(sparse, _lengths(fields["indices"]), 0)
    wrong = np.flatnonzero((of_indices != counts) & sparse)
    if wrong.size or len(places) != of_indices.sum():
        row = int(wrong[0]) if wrong.size else 0
        raise rows.error(row, "a sparse vector with another number of indices than of values")
    columns = within.astype(np.int64)
    columns[np.repeat(sparse, counts)] = places
    if (wrong := np.flatnonzero((columns < 0) | (columns >= length))).size:
        raise rows.error(int(at[wrong[0]]), f"a vector's index is outside 0..{length - 1}")
    if (wrong := np.flatnonzero((np.diff(at) == 0) & (np.diff(columns) <= 0))).size:
        raise rows.error(int(at[wrong[0]]), "a vector's indices do not ascend")
    found = np.zeros((len(array), length), values.dtype)
    found[at, columns] = values
    return found


def _fields(array: Array) -> dict[str, Array]:
    names = [field.name for field in array.type]
    return dict(zip(names, array.flatten(), strict=True))


def _dense(fields: dict[str, Array]) -> NDArray[np.bool_]:
    """Return which vectors are dense: their type is 1; that of sparse ones is 0."""
    dense_: NDArray[np.bool_] = numbers(fields["type"].fill_null(0)) == 1
    return dense_


def _sizes(fields: dict[str, Array]) -> NDArray[np.int64]:
    """Return the lengths of vectors: sparse ones tell theirs."""
    told = numbers(fields["size"].fill_null(-1)).astype(np.int64)
    return np.where(_dense(fields), _lengths(fields["values"]), told)


def _lengths(lists: Array) -> NDArray[np.int64]:
    """Return the lengths of lists, 0 of those that are missing."""
    lengths = np.diff(lists.offsets.to_numpy()).astype(np.int64)
    found: NDArray[np.int64] = lengths * numbers(lists.is_valid())
    return found
